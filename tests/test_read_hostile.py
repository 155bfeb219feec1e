"""Hostile files end as typed statuses: no crash, no hang, nothing of them in the parent."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

import msgspec
import pytest

import attacks
from notesmine.config import ReadSettings
from notesmine.read import find_files, read_documents, sandbox
from notesmine.read.worker import Request
from notesmine.records import Document

LIMITS = ReadSettings(cpu_seconds=12, wall_seconds=20, memory_mb=900, workers=2)
# What each attack must end as; brackets.md may run into the time limit on a slow machine.
EXPECTED = {
    "nested-flate.pdf": {"failed"},
    "text-bomb.pdf": {"failed", "partial"},
    "exponential-forms.pdf": {"failed"},
    "page-loop.pdf": {"failed"},
    "million-operators.pdf": {"failed"},
    "attachment.eml": {"ok"},
    "deep.md": {"partial"},
    "brackets.md": {"partial", "failed"},
    "one-line.txt": {"ok"},
    "dots.txt": {"ok"},
    "really-a-pdf.docx": {"ok"},
    "really-text.pdf": {"ok"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    folder = tmp_path_factory.mktemp("hostile")
    attacks.write_all(folder)
    found, _ = find_files(folder)
    return {d.paths[0]: d for d in read_documents(found, LIMITS)}


def test_every_attack_has_a_typed_status(results: dict[str, Document]) -> None:
    names = {path for d in results.values() for path in d.paths}
    assert names == set(attacks.ATTACKS)
    for name, document in results.items():
        assert document.status in EXPECTED.get(name, {"failed"}), (name, document.problems)
        if document.status != "ok":
            assert document.problems, name
        for problem in document.problems:
            assert problem.code, name
            assert problem.message, name
            assert "Traceback" not in problem.message, name
        for block in document.blocks:
            assert 0 <= block.start < block.end <= len(document.text), name


def test_codes_say_what_it_was(results: dict[str, Document]) -> None:
    def codes(name: str) -> set[str]:
        return {p.code for d in results.values() if name in d.paths for p in d.problems}

    assert codes("empty.pdf") == codes("empty.txt") == codes("blank.md") == {"empty"}
    assert codes("numbers.txt") == {"no-text"}
    assert codes("zip-bomb.docx") == codes("zip-bomb.pptx") == {"too-large"}
    assert codes("old.doc") == codes("note.rtf") == codes("binary.txt") == {"unsupported-format"}
    assert codes("really-a-pdf.docx") == {"wrong-extension"}
    for name in (
        "billion-laughs.docx",
        "external-entity.docx",
        "overlapping.docx",
        "escaping.docx",
    ):
        assert codes(name) == {"damaged"}, name


def test_names_inside_files_never_become_paths(results: dict[str, Document]) -> None:
    (problem,) = results["attachment.eml"].problems
    assert problem.code == "attachment-not-read"
    assert "'x.pdf'" in problem.message
    assert ".." not in problem.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
def test_pipes_and_links_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Data is late.")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "outside.txt").symlink_to("/etc/hostname")
    found, skipped = find_files(tmp_path)
    assert [f.name for f in found] == ["a.md"]
    assert [s.name for s in skipped] == ["loop.txt", "outside.txt", "pipe.txt", "up/"]


def test_what_was_read_before_a_kill_is_kept(tmp_path: Path) -> None:
    """Two good pages, then one that needs more memory than there is."""
    text = attacks.stream(zlib.compress(b"BT /F1 12 Tf 72 700 Td (The data is late again.) Tj ET"))
    bomb = b"BT /F1 10 Tf 10 700 Td " + b"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj " * 700_000 + b"ET"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 6 0 R 7 0 R] /Count 3 >>",
        page % 4,
        text,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        page % 4,
        page % 8,
        attacks.stream(zlib.compress(bomb, 9)),
    ]
    (tmp_path / "a.pdf").write_bytes(attacks.pdf(objects))
    found, _ = find_files(tmp_path)
    (document,) = read_documents(found, LIMITS)
    assert document.status == "partial"
    assert [b.page for b in document.blocks] == [1, 2]
    assert "too-large" in {p.code for p in document.problems}
    assert document.doc_id == document.sha256[:16] == found[0].sha256[:16]


def test_too_much_text_ends_as_partial(tmp_path: Path) -> None:
    body = "".join(attacks.paragraph(f"line {i * 7919 % 1_000_003} of it") for i in range(70_000))
    (tmp_path / "a.docx").write_bytes(attacks.docx(body))
    found, _ = find_files(tmp_path)
    (document,) = read_documents(found, msgspec.structs.replace(LIMITS, max_text_mb=1))
    assert document.status == "partial"
    assert document.text.startswith("line 0 of it\n")


def test_size_limit_is_checked_before_reading(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_bytes(b"data is late\n" * 100_000)
    found, _ = find_files(tmp_path)
    (document,) = read_documents(found, ReadSettings(max_file_mb=1))
    assert (document.status, document.problems[0].code) == ("failed", "too-large")
    assert document.sha256 == found[0].sha256


def test_workers_import_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys, notesmine.read.worker, notesmine.read.pdf, notesmine.read.docx, "
        "notesmine.read.markdown\n"
        "bad = {'torch', 'spacy', 'pandas', 'bertopic', 'transformers', 'numpy'} & "
        "set(sys.modules)\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_that_goes_wrong_beside_the_worker_stops_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        (tmp_path / name).write_text(f"Data {name} is late.", "utf-8")
    read = sandbox._Server.read

    def breaks(server: sandbox._Server, request: Request) -> Document:
        if request.name == "b.md":
            raise ValueError("unexpected")
        if request.name == "c.md":
            raise OSError
        return read(server, request)

    monkeypatch.setattr(sandbox._Server, "read", breaks)
    found, _ = find_files(tmp_path)
    documents = list(read_documents(found, ReadSettings(workers=1)))
    assert [d.status for d in documents] == ["ok", "failed", "failed", "ok"]
    messages = [(p.code, p.message) for d in documents for p in d.problems]
    assert messages == [
        ("damaged", "reading failed (ValueError)"),
        ("damaged", "reading failed (OSError)"),
    ]


def test_a_path_that_cannot_be_sent_is_a_failed_document(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Data is late.", "utf-8")
    found, _ = find_files(tmp_path)
    odd = msgspec.structs.replace(found[0], path=Path("caf\udce9.md"), sha256="0" * 64)
    first, second = read_documents([odd, found[0]], ReadSettings(workers=1))
    assert (first.status, first.problems[0].code) == ("failed", "damaged")
    assert second.status == "ok"
