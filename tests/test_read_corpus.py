"""Finding files, metadata, and reading many: names, order, copies."""

from __future__ import annotations

import os
import random
import sys
import unicodedata
from pathlib import Path

import msgspec
import pytest

from notesmine.config import ReadSettings
from notesmine.read import find_files, read_documents, read_metadata, unmatched
from notesmine.records import Document

SETTINGS = ReadSettings(workers=2)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def test_control_files_are_skipped_with_a_reason(tmp_path: Path) -> None:
    names = (
        "README.md LICENSE metadata.csv people.csv notesmine.toml codebook.toml decisions.toml "
        ".hidden a/.git/x.md ~$a.docx"
    ).split()
    write(tmp_path, dict.fromkeys([*names, "a/b.md", "B.txt"], "Data is late."))
    found, skipped = find_files(tmp_path)
    assert [f.name for f in found] == ["B.txt", "a/b.md"]
    assert len(skipped) == len(names)
    assert all(s.reason for s in skipped)
    single, _ = find_files([tmp_path / "a" / "b.md"])
    assert single[0].name == "b.md"


def test_what_notesmine_wrote_is_no_part_of_the_corpus(tmp_path: Path) -> None:
    run = '{"run_id": "R", "parent_state": "", "outputs": {"evidence.csv": "0"}, "seed": 1}'
    written = {"run.json": run, "evidence.csv": "quote", "report.md": "Data is late."}
    write(tmp_path, {f"outputs/{name}": text for name, text in written.items()})
    write(tmp_path, {f"a/old/{name}": text for name, text in written.items()})
    write(tmp_path, dict.fromkeys([".notesmine/outputs/x.md", "state/x.md", "b/state/x.md"], "x"))
    write(tmp_path, {"a.md": "No server.", "theirs/run.json": "[1]", "theirs/evidence.csv": "x,y"})
    (tmp_path / "outputs" / "files").mkdir()
    write(tmp_path, {"outputs/files/b.md": "Data is late."})
    found, skipped = find_files(tmp_path, exclude=[tmp_path / "b" / ".." / "state"])
    assert [f.name for f in found] == [
        "a.md", "b/state/x.md", "theirs/evidence.csv", "theirs/run.json",
    ]  # fmt: skip
    assert skipped == []
    # What is named itself is read, whatever it holds.
    assert len(find_files(tmp_path / "outputs")[0]) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8_are_listed(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "No server."})
    root = os.fsencode(tmp_path)
    for name in (b"caf\xe9.md", b".caf\xe9", b"d\xe9/b.md", b".d\xe9/b.md"):
        path = Path(os.fsdecode(root + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_text("Data is late.", "utf-8")
    found, skipped = find_files(tmp_path)
    assert [f.name for f in found] == ["a.md"]
    reasons = {s.name: s.reason for s in skipped}
    assert reasons == {
        "caf\\xe9.md": "a file name that is not UTF-8",
        ".caf\\xe9": "a file name that is not UTF-8",
        "d\\xe9/b.md": "a file name that is not UTF-8",
        ".d\\xe9/": "hidden or temporary",
    }
    assert msgspec.json.encode(skipped)


@pytest.mark.parametrize(("delimiter", "bom"), [(",", ""), (";", "\ufeff")])
def test_metadata_is_read_leniently_and_complains_by_row(
    tmp_path: Path, delimiter: str, bom: str
) -> None:
    rows = [
        "Path,DATE,Organization,quotable",
        "a.md,2020-01-02,Census,no",
        "b.md,soon,,",
        ",2020-01-01,,",
    ]
    write(tmp_path, {"metadata.csv": bom + "\n".join(r.replace(",", delimiter) for r in rows)})
    metadata, problems = read_metadata(tmp_path)
    assert metadata["a.md"] == {"date": "2020-01-02", "organisation": "Census", "quotable": "no"}
    assert metadata["b.md"].get("date") is None
    assert [p.message.split(" ")[:2] for p in problems] == [["row", "3"], ["row", "4"]]


def test_metadata_comes_first_and_copies_are_one_document(tmp_path: Path) -> None:
    write(tmp_path, {"z.md": "# Call 03/04/2021\n\nData is late.", "a.md": "No server.",
                     "c/copy.md": "# Call 03/04/2021\n\nData is late."})  # fmt: skip
    found, _ = find_files(tmp_path)
    row = {"date": "2021-04-03", "title": "April call", "quotable": "no"}
    documents = list(read_documents(found, SETTINGS, {"z.md": row}))
    assert [d.paths for d in documents] == [("a.md",), ("c/copy.md", "z.md")]
    copy = documents[1]
    assert (copy.date, copy.date_source, copy.title, copy.quotable) == (
        "2021-04-03",
        "metadata.csv",
        "April call",
        False,
    )
    assert not copy.problems
    assert str(tmp_path) not in msgspec.json.encode(copy).decode()


def test_rows_that_match_no_file_are_problems(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "é.md") for form in ("NFC", "NFD"))
    rows = ["path,quotable", f"{composed},no", "", "A.md,no", "gone.md,no"]
    write(tmp_path, {"metadata.csv": "\n".join(rows), decomposed: "Data is late.",
                     "b/a.md": "No server."})  # fmt: skip
    found, _ = find_files(tmp_path)
    metadata, problems = read_metadata(tmp_path)
    assert not problems
    assert metadata.get(decomposed) == metadata[composed] == {"quotable": "no"}
    assert decomposed in metadata
    wrong, gone = unmatched(metadata, found)
    assert {wrong.code, gone.code} == {"metadata-unmatched"}
    assert "row 4 (A.md)" in wrong.message
    assert "b/a.md" in wrong.hint
    assert "row 5 (gone.md)" in gone.message
    assert [p.message.split(":")[0] for p in unmatched(dict(metadata), found)] == [
        "A.md", "gone.md",
    ]  # fmt: skip
    for given in (metadata, dict(metadata)):
        quotable = {d.paths[0]: d.quotable for d in read_documents(found, SETTINGS, given)}
        assert quotable == {decomposed: False, "b/a.md": True}


def test_no_copy_may_forbid_what_is_quoted(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(["a.md", "b.md", "c.md"], "Data is late."))
    rows = {"a.md": {"title": "One", "quotable": "yes"}, "c.md": {"title": "Two", "quotable": "No"}}
    found, _ = find_files(tmp_path)
    (document,) = read_documents(found, SETTINGS, rows)
    assert (document.title, document.quotable) == ("One", False)
    (document,) = read_documents(found, SETTINGS, {"a.md": rows["a.md"]})
    assert document.quotable


def test_order_of_results_is_order_of_input_and_every_document_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {f"{i:02}.md": f"# Note {i}\n\nData {i} is late." for i in range(30)})
    found, _ = find_files(tmp_path)
    shuffled = random.Random(3).sample(found, len(found))
    done: list[Document] = []
    documents = list(read_documents(shuffled, SETTINGS, {}, done.append))
    assert [d.paths[0] for d in documents] == [f.name for f in shuffled]
    assert sorted(d.paths for d in done) == sorted(d.paths for d in documents)


def test_names_do_not_change_what_is_read(tmp_path: Path) -> None:
    text = "# Note\n\n- Data is **late**\n"
    write(tmp_path / "1", {"a.md": text})
    write(tmp_path / "2", {"b.txt": text})
    one, two = (next(iter(read_documents(find_files(tmp_path / n)[0], SETTINGS))) for n in "12")
    assert (one.text, one.blocks, one.doc_id, one.format) == (
        two.text,
        two.blocks,
        two.doc_id,
        two.format,
    )


def test_a_consumer_that_stops_early_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path, {f"{i:02}.md": f"Data {i} is late." for i in range(20)})
    stream = read_documents(find_files(tmp_path)[0], SETTINGS)
    assert next(iter(stream)).paths == ("00.md",)
    stream.close()  # type: ignore[attr-defined]  # a generator, typed as an iterator


@pytest.mark.slow
def test_real_corpora_are_read_whole() -> None:
    root = Path(os.environ.get("NOTESMINE_DATA", "../shared/data")) / "corpora" / "tanf_sprints"
    if not root.is_dir():
        pytest.skip("shared data is not here (set NOTESMINE_DATA)")
    documents = list(read_documents(find_files(root)[0], SETTINGS))
    assert {d.status for d in documents} == {"ok"}
    assert sum(d.date is not None for d in documents) >= 95
