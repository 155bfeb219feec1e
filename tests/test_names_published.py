"""Published files hold no name that is masked, and `verify` proves what stands around brackets."""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from factory import Notes, bundle, themes
from notesmine import naming
from notesmine.config import Settings
from notesmine.evidence import Assigned, weigh
from notesmine.publish import Bundle, Check, input_rows, publish, table, verify, write_run
from notesmine.publish.tables import masks_of
from notesmine.records import Block, Coding, Document, Event, Judgement, Passage, Problem
from notesmine.segment import segment

#: Those that hold every quote; digest.docx has a choice of them.
FILES = ("evidence.csv", "report.html", "report.md", "evidence.xlsx")
FIRST = "2025-01-10 notes of Joanna Quill.txt"
SECOND = "second.txt"
HOSTILE = (
    "Joanna Quill wrote <script>alert(1)</script> and [a](javascript:alert(2)) about the server.",
    '=HYPERLINK("http://x.example","Joanna") stands in a cell of the list that @jquill keeps.',
    "[@key, p. 3] and $\\alpha_{1}$ 50% #5 & ~ ^ came from Joanna's mail to the help desk.",
    "[Person 3] stood in the note before, and [Joanna Quill] stood in brackets too.",
    "\u202eesrever\u202c text, a bell \x07, a null-width J\u200boanna and an emoji 😀 in one line.",
    "A very long line about Joanna: " + "word " * 2000 + "end.",
)
PLAIN = (
    "Joanna Quill said that nobody has been named who decides about the coder-list.",
    "After the café pilot of the building map @jquill was moved to other work.",
    "Bertil Ångman waits for the key to the room, and so does Joanna.",
)
HEAD = "Joanna Quill (@jquill)\nBertil Ångman (@bert)"
SECRET = ("Joanna", "joanna", "Quill", "jquill", "Bertil", "Ångman", "angman", "@bert")


def read(file: Path, path: str) -> Document:
    """The plainest reader: the text is the file, the first two lines list those present."""
    data = file.read_bytes()
    text = data.decode()
    sha = hashlib.sha256(data).hexdigest()
    blocks, at = [], 0
    for number, line in enumerate(text.split("\n")):
        kind = "attendance" if number < 2 else "paragraph"
        blocks.append(
            Block(type=kind, start=at, end=at + len(line), page=1)  # type: ignore[arg-type]
        )
        at += len(line) + 1
    return Document(
        doc_id=sha[:12], paths=(path,), sha256=sha, format="txt", text=text, blocks=tuple(blocks),
        title="Minutes by Joanna Quill", date="2025-01-10", meeting="Round of Bertil Ångman",
        organisation="Quillworks", people=("Joanna Quill", "@jquill", "Bertil Ångman", "@bert"),
        problems=(Problem(code="odd", message="a line of Joanna Quill is long", path=path),),
        furniture=("Joanna Quill, page 1",),
    )  # fmt: skip


def made(corpus: Path, out: Path, settings: Settings | None = None) -> Bundle:
    """Publish what a corpus of text files says, names masked as the settings ask."""
    settings = settings or Settings()
    files = sorted(p for p in corpus.rglob("*") if p.is_file())
    documents = {d.doc_id: d for f in files for d in [read(f, f.relative_to(corpus).as_posix())]}
    assigned: list[Assigned] = []
    passages: list[Passage] = []
    for document in documents.values():
        for block in document.blocks[2:]:
            passage = Passage(
                passage_id=f"p{block.start}", doc_id=document.doc_id, start=block.start,
                end=block.end, text=document.text[block.start : block.end], type="paragraph",
                speaker="Joanna Quill", heading_path=("Round of Joanna",),
                quotable="off the record" not in document.text[block.start : block.end],
            )  # fmt: skip
            passages.append(passage)
            judgement = Judgement(
                kind="impediment", scores={"impediment": 0.9}, why="said by Joanna",
                tier="confirmed",
            )  # fmt: skip
            coding = Coding(codes=(), stance="open")
            assigned.append(Assigned(passage, judgement, coding, ("ownership", "T-017")))
    known = [
        msgspec.structs.replace(t, label="joanna, coder", words=("joanna", "coder"))
        if t.theme_id == "T-017"
        else t
        for t in themes()
    ]
    evidence = weigh(documents, assigned, known, settings, 1)
    run = msgspec.structs.replace(
        bundle(Notes()).run,
        inputs=input_rows(documents.values()),
        skipped=({"path": "Joanna Quill.zip", "reason": "no document"},),
        events=(Event(theme_id="T-017", what="renamed", detail="joanna, map -> joanna, coder"),),
        settings={"publish": {"title": "Notes of Joanna Quill"}},
        problems=(Problem(code="people", message="Joanna Quill twice", path="people.csv"),),
        corpus="notes of Joanna Quill",
    )
    plain = Bundle(
        title="Notes of Joanna Quill", corpus="notes of Joanna Quill",
        documents=tuple(documents.values()), evidence=tuple(evidence), findings=(), run=run,
        source_prefix="../notes/",
    )  # fmt: skip
    masked, _ = naming.masked(plain, passages, settings, (), None, None)
    masked = naming.stated(masked, settings, again=True, abstained=0)
    hashes = publish(out, masked)
    write_run(out, msgspec.structs.replace(masked.run, outputs=hashes))
    return masked


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path]:
    corpus, out = tmp_path / "notes", tmp_path / "outputs"
    corpus.mkdir()
    (corpus / FIRST).write_text("\n".join((HEAD, *PLAIN)), "utf-8", newline="\n")
    (corpus / SECOND).write_text("\n".join((HEAD, *HOSTILE)), "utf-8", newline="\n")
    made(corpus, out)
    return corpus, out


def words_of(file: Path) -> str:
    """Return all that a published file says, its properties and parts included."""
    if file.suffix in {".docx", ".xlsx"}:
        with zipfile.ZipFile(file) as archive:
            parts = [n for n in archive.namelist() if n.endswith((".xml", ".rels"))]
            return "\n".join([*archive.namelist(), *(archive.read(n).decode() for n in parts)])
    return "" if file.suffix == ".png" else file.read_text("utf-8")


def verdicts(checks: list[Check], start: str = "") -> dict[str, Counter[str]]:
    return {f: Counter(c.verdict for c in checks if c.file == f and start in c.text) for f in FILES}


def test_no_file_holds_a_name(published: tuple[Path, Path]) -> None:
    _, out = published
    for file in (f for f in out.rglob("*") if f.is_file()):
        text = unicodedata.normalize("NFC", words_of(file)).replace("\u200b", "")
        for name in SECRET:
            assert name not in text.replace("Quillworks", ""), f"{name} in {file.name}"
    assert "[Person 1] said that nobody" in (out / "report.html").read_text("utf-8")


def test_hostile_text_comes_out_as_text(published: tuple[Path, Path]) -> None:
    _, out = published
    page = (out / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert any(r["text"].startswith("'=HYPERLINK") for r in rows)
    assert not any(v.startswith(("=", "+", "@")) for r in rows for v in r.values())
    assert any(r["text"].startswith("[Person 3] stood") for r in rows)
    json.loads((out / "references.json").read_text("utf-8"))
    json.loads((out / "run.json").read_text("utf-8"))


def test_brackets_are_declared(published: tuple[Path, Path]) -> None:
    corpus, out = published
    sources = {
        hashlib.sha256(f.read_bytes()).hexdigest()[:12]: f.read_text("utf-8")
        for f in corpus.iterdir()
    }
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = set()
    for row in rows:
        text = row["text"].removeprefix("'" * int(row["text_guarded"]))
        for mask in masks_of(row["masks"]):
            assert text[mask.start : mask.end].startswith("[Person")
            names.add(sources[row["doc_id"]][mask.source_start : mask.source_end])
    assert names == {"Joanna Quill", "@jquill", "Bertil Ångman", "Joanna", "J\u200boanna"}


def test_untouched_is_verbatim_everywhere(published: tuple[Path, Path]) -> None:
    corpus, out = published
    checks = verify(out, corpus, read)
    assert {c.verdict for c in checks} == {"verbatim"}
    assert all(v["verbatim"] == len(PLAIN) + len(HOSTILE) for v in verdicts(checks).values())
    assert [line.split()[:2] for line in table(checks)][1] == ["evidence.csv", "9"]


def rewrite(change: Callable[[str], str]) -> Callable[[Path], None]:
    def done(corpus: Path) -> None:
        file = corpus / FIRST
        file.write_text(change(file.read_text("utf-8")), "utf-8", newline="\n")

    return done


MUTATIONS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "one word": (rewrite(lambda t: t.replace("nobody has", "somebody has")), "changed", "alike"),
    "page before": (rewrite(lambda t: "A page before.\n" * 9 + t), "moved", "now at"),
    "renamed": (lambda c: (c / FIRST).rename(c / "other.txt"), "verbatim", "now other.txt"),
    "removed": (lambda c: (c / FIRST).unlink(), "lost", "no file"),
    "hyphen": (rewrite(lambda t: t.replace("coder-list", "coder-\nlist")), "changed", "hyphens"),
}


@pytest.mark.parametrize("what", sorted(MUTATIONS))
def test_what_became_of_a_source_is_told_apart(published: tuple[Path, Path], what: str) -> None:
    corpus, out = published
    change, verdict, detail = MUTATIONS[what]
    change(corpus)
    checks = verify(out, corpus, read)
    for counts in verdicts(checks, "who decides about").values():
        assert counts == {verdict: 1}
    mine = [c for c in checks if "who decides about" in c.text]
    assert all(detail in c.detail for c in mine)
    assert {c.verdict for c in checks if "HYPERLINK" in c.text} == {"verbatim"}


def test_another_normal_form_is_a_change_that_is_named(published: tuple[Path, Path]) -> None:
    corpus, out = published
    rewrite(lambda t: unicodedata.normalize("NFD", t))(corpus)
    checks = [c for c in verify(out, corpus, read) if "pilot" in c.text]
    assert {c.file for c in checks} >= set(FILES)
    assert {c.verdict for c in checks} == {"changed"}
    assert all("normal form" in c.detail for c in checks)


def test_of_equal_passages_the_one_with_the_same_neighbours_is_meant(tmp_path: Path) -> None:
    corpus, out = tmp_path / "notes", tmp_path / "outputs"
    corpus.mkdir()
    lines = [HEAD, "Before it came the question of the coder.", "Nobody knows.", "Then lunch."]
    (corpus / "a.txt").write_text("\n".join(lines), newline="\n")
    made(corpus, out)
    moved = "Hm. Nobody knows. Hm.\n" + "Filler.\n" * 40 + "\n".join(lines)
    (corpus / "a.txt").write_text(moved, newline="\n")
    check = next(c for c in verify(out, corpus, read) if c.text == "Nobody knows.")
    place = moved.rindex("Nobody knows.")
    assert check.verdict == "moved"
    assert f"characters {place} to" in check.detail


@pytest.mark.parametrize(
    "masks",
    ["0-10=0-2", "0-9=46-58", "0-10=46-999", "0-999=46-58", "0-10=46-90", "5-10=46-58"],
)
def test_a_bracket_that_does_not_fit_its_span_is_no_proof(
    published: tuple[Path, Path], masks: str
) -> None:
    corpus, out = published
    edit(out, "who decides about", masks=masks)
    checks = [c for c in verify(out, corpus, read) if "who decides about" in c.text]
    assert {c.verdict for c in checks} <= {"changed", "lost"}


def test_a_bracket_cannot_hide_a_statement(published: tuple[Path, Path]) -> None:
    corpus, out = published
    text = (corpus / FIRST).read_text("utf-8")
    start = text.index(PLAIN[0])
    edit(
        out, "who decides about", text="[Person 1]",
        masks=f"0-10={start}-{start + len(PLAIN[0])}",
    )  # fmt: skip
    assert [c.detail for c in verify(out, corpus, read) if c.text == "[Person 1]"] == [
        "a bracket hides more than a name"
    ]


def edit(out: Path, which: str, **cells: str) -> None:
    file = out / "evidence.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if which in row["text"]:
            row.update(cells)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)


def test_a_changed_file_with_a_masked_name_is_found_by_its_shape(
    published: tuple[Path, Path],
) -> None:
    corpus, out = published
    rewrite(lambda t: t + "\nOne more line.")(corpus)
    checks = [c for c in verify(out, corpus, read) if "who decides about" in c.text]
    assert {c.path for c in checks} == {"2025-01-10 notes of [Person 1].txt"}
    assert {c.verdict for c in checks} == {"verbatim"}
    assert all("changed since" in c.detail for c in checks)


def test_with_all_on_keep_nothing_is_masked(published: tuple[Path, Path], tmp_path: Path) -> None:
    corpus, _ = published
    settings = msgspec.convert({"people": {"mode": "keep"}}, Settings)
    shown = made(corpus, tmp_path / "kept", settings)
    assert not any(q.masks for _, q in shown.quotes())
    assert "Joanna Quill said" in (tmp_path / "kept" / "report.md").read_text("utf-8")
    assert {c.verdict for c in verify(tmp_path / "kept", corpus, read)} == {"verbatim"}


def test_the_report_says_what_was_masked(published: tuple[Path, Path]) -> None:
    _, out = published
    for name in ("report.html", "report.md"):
        text = (out / name).read_text("utf-8")
        assert "How names are protected" in text
        assert "brackets stand in the quotes" in text
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert run["counts"]["names"]["people"] == 2
    assert run["counts"]["names"]["brackets_in_quotes"]["@handle"] > 0


def test_renderers_get_no_text_of_a_document(published: tuple[Path, Path], tmp_path: Path) -> None:
    corpus, _ = published
    shown = made(corpus, tmp_path / "more")
    assert {d.text for d in shown.documents} == {"…"}
    assert not any(d.blocks or d.people or d.furniture for d in shown.documents)


def test_a_heading_below_a_closed_one_opens_nothing() -> None:
    lines = (
        *(("paragraph", 0, f"Line {n}.") for n in range(6)),
        ("heading", 2, "Off the record"), ("paragraph", 0, "The merger is decided."),
        ("heading", 3, "Budget"), ("paragraph", 0, "There is no money for it."),
        ("heading", 2, "Other business"), ("paragraph", 0, "The server is slow."),
    )  # fmt: skip
    text = "\n".join(t for _, _, t in lines)
    blocks = [
        Block(type=kind, level=level, start=text.index(t), end=text.index(t) + len(t))  # type: ignore[arg-type]
        for kind, level, t in lines
    ]
    document = Document(
        doc_id="d", paths=("a.md",), sha256="", format="md", text=text, blocks=tuple(blocks)
    )
    quotable = {p.text: p.quotable for p in segment(document)}
    assert not quotable["The merger is decided."]
    assert not quotable["There is no money for it."]
    assert quotable["The server is slow."]


def test_what_is_not_for_quotation_is_counted_and_never_shown(tmp_path: Path) -> None:
    corpus, out = tmp_path / "notes", tmp_path / "outputs"
    corpus.mkdir()
    lines = [
        HEAD,
        "The server is slow.",
        "The merger is decided, off the record.",
        "Lunch is late.",
    ]
    (corpus / "a.txt").write_text("\n".join(lines), newline="\n")
    whole = [HEAD.replace("@bert", "@bertil"), "All of it off the record: the zebra moves."]
    (corpus / "b.txt").write_text("\n".join(whole), newline="\n")
    made(corpus, out)
    for file in (f for f in out.rglob("*") if f.is_file()):
        text = words_of(file)
        assert "merger" not in text, file.name
        assert "zebra" not in text, file.name
    report = (out / "report.md").read_text("utf-8")
    assert "2 passages in 2 documents are marked not for quotation" in report
    counts = json.loads((out / "run.json").read_text("utf-8"))["counts"]["not_for_quotation"]
    assert counts == {"passages": 2, "documents": 2, "whole_documents": 1}
    assert "Note not for quotation" in (out / "report.html").read_text("utf-8")
