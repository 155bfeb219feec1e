"""Word files, and the quotes of all office files: verbatim, cited, on two pages, in any look."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory import Notes, bundle, sample
from hostile import hostile
from notesmine.config import PublishSettings, Settings
from notesmine.errors import InputError
from notesmine.publish import (
    Bundle,
    digest_docx,
    figures,
    report_docx,
    verify,
    write_run,
)
from notesmine.publish.bundle import canonical
from notesmine.publish.excerpts import shortened, width
from notesmine.publish.published import docx_quotes, is_shortened, xlsx_quotes
from notesmine.publish.references import plain
from notesmine.publish.text import visible
from notesmine.publish.word import Writer
from notesmine.records import Document, Finding
from office import W, needs_office, office, part

# -- quotes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["out", "bad"])
def test_quotes_of_office_files_are_verbatim(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    source = canonical(bundle(sample()) if which == "out" else hostile())
    want = {q.quote_id: visible(q.text) for _, q in source.quotes()}
    rows = xlsx_quotes(folder / "evidence.xlsx")
    assert rows == [(q.quote_id, visible(q.text)) for _, q in source.quotes()]
    report = docx_quotes(folder / "report.docx")
    assert report
    assert set(report) <= set(want.items())
    for quote_id, text in docx_quotes(folder / "digest.docx"):
        assert text == want[quote_id] or is_shortened(text, want[quote_id])


def test_the_report_shows_every_chosen_quote(out: Path, made: Bundle) -> None:
    shown = {i for i, _ in docx_quotes(out / "report.docx")}
    for item in made.evidence:
        if item.rank:
            assert set(item.chosen) <= shown


def test_verify_reads_all_of_them(out: Path, made: Bundle, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "out")
    write_run(tmp_path / "out", made.run)
    by_path = {p: d for d in made.documents for p in d.paths}
    (tmp_path / "notes").mkdir()
    for path in by_path:
        (tmp_path / "notes" / path).write_bytes(b"")

    def read(_: Path, name: str) -> Document:
        return by_path[name]

    checks = verify(tmp_path / "out", tmp_path / "notes", read)
    files = {c.file for c in checks}
    assert files >= {"report.docx", "digest.docx", "evidence.xlsx", "report.html"}
    assert {c.verdict for c in checks} == {"verbatim"}
    book = openpyxl.load_workbook(tmp_path / "out" / "evidence.xlsx")
    cell = next(
        c for c in book["Codings"][2] if c.value == xlsx_quotes(out / "evidence.xlsx")[0][1]
    )
    cell.value = f"{cell.value} Really."
    book.save(tmp_path / "out" / "evidence.xlsx")
    body = (tmp_path / "out" / "digest.docx").read_bytes()
    words = docx_quotes(out / "digest.docx")[0][1][:20].encode()
    (tmp_path / "out" / "digest.docx").write_bytes(_replaced(body, words, b"Something else."))
    whole = docx_quotes(out / "report.docx")[0][1]
    body = (tmp_path / "out" / "report.docx").read_bytes()
    cut = f"{whole.rpartition(' ')[0]} …"  # a digest may say so, a report may not
    (tmp_path / "out" / "report.docx").write_bytes(_replaced(body, whole.encode(), cut.encode()))
    verdicts = {(c.file, c.verdict) for c in verify(tmp_path / "out", tmp_path / "notes", read)}
    for name in ("evidence.xlsx", "digest.docx", "report.docx"):
        assert (name, "changed") in verdicts


def test_a_digest_may_cut_long_quotes_at_a_word_and_no_shorter() -> None:
    whole = "Nobody was named who decides about the register, and so it waits, as it did in spring."
    words = whole.split()
    cuts = [" ".join(words[:n]) for n in range(1, len(words))]
    assert [c for c in cuts if is_shortened(f"{c} …", whole)] == [c for c in cuts if len(c) > 52]
    assert not is_shortened(f"{cuts[-1][:-2]} …", whole)
    assert not is_shortened(whole, whole)
    assert not is_shortened("N …", "Nobody decides about it.")


def _replaced(body: bytes, old: bytes, new: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as archive, zipfile.ZipFile(stream, "w") as copy:
        for name in archive.namelist():
            text = archive.read(name)
            if name == "word/document.xml":
                assert old in text
                text = text.replace(old, new)
            copy.writestr(name, text)
    return stream.getvalue()


@given(st.text(max_size=120))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_comes_back_from_a_word_file(tmp_path: Path, text: str) -> None:
    word = Writer("t", None)
    word.quote("Q-0123456789", text, "(here)", "a note")
    path = tmp_path / "one.docx"
    path.write_bytes(word.save())
    assert docx_quotes(path) == [("Q-0123456789", visible(text))]


def test_a_word_file_written_on_by_python_docx_keeps_its_quotes(out: Path, tmp_path: Path) -> None:
    document = docx.Document(str(out / "report.docx"))
    document.paragraphs[0].insert_paragraph_before("A sentence of the author's own.")
    document.save(str(tmp_path / "edited.docx"))
    assert docx_quotes(tmp_path / "edited.docx") == docx_quotes(out / "report.docx")


@pytest.mark.parametrize("reader", [docx_quotes, xlsx_quotes])
def test_what_is_no_office_file_says_so(reader: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(b"no zip at all")
    with pytest.raises(InputError, match=r"is no (Word file|workbook)"):
        reader(path)


@given(st.integers(4, 30), st.integers(60, 200))
def test_no_cut_leaves_half_a_bracket(words: int, most: int) -> None:
    text = " ".join(["[Person 12]: the list"] * words)
    cut = shortened(text, most)
    assert cut.count("[") == cut.count("]")
    assert cut == text or is_shortened(cut, text)


@given(st.text(max_size=400), st.integers(20, 200))
def test_shortened_words_are_the_first_words(text: str, most: int) -> None:
    cut = shortened(text, most)
    assert cut == text or (text.startswith(cut.removesuffix(" …")) and cut.endswith(" …"))
    if cut != text and most >= 60:
        assert is_shortened(cut, text)
    if "\n" not in text.strip():
        assert width(cut) <= most + 2


# -- Word -----------------------------------------------------------------------------------------


def test_every_quote_of_the_report_has_its_footnote(out: Path, made: Bundle) -> None:
    body, notes = part(out / "report.docx"), part(out / "report.docx", "word/footnotes.xml")
    texts = {
        n.get(f"{W}id"): "".join(t.text or "" for t in n.iter(f"{W}t")).strip()
        for n in notes.iter(f"{W}footnote")
    }
    documents = {d.doc_id: d for d in made.documents}
    quotes = {q.quote_id: q for _, q in made.quotes()}
    names = [b.get(f"{W}name") for b in body.iter(f"{W}bookmarkStart")]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z_]\w{0,39}", n) for n in names)
    seen = 0
    for mark in body.iter(f"{W}bookmarkStart"):
        found = re.fullmatch(r"Q_(\w+)_\d+", mark.get(f"{W}name"))
        if found is None:
            continue
        quote = quotes[f"Q-{found[1]}"]
        (reference,) = mark.getparent().iter(f"{W}footnoteReference")
        assert texts[reference.get(f"{W}id")].startswith(plain(documents[quote.doc_id], quote.page))
        seen += 1
    assert seen == len(texts) - 2 > 10  # less the two separators


def test_the_contents_list_the_headings_and_lead_to_them(out: Path) -> None:
    document = docx.Document(str(out / "report.docx"))
    body = part(out / "report.docx")
    headings = [
        p.text for p in document.paragraphs
        if p.style is not None and p.style.name in {"Heading 1", "Heading 2"}
    ]  # fmt: skip
    (contents,) = body.iter(f"{W}sdtContent")
    listed = [
        "".join(t.text or "" for t in h.iter(f"{W}t")) for h in contents.iter(f"{W}hyperlink")
    ]
    assert listed == headings
    assert len(listed) > 8
    assert "TOC" in "".join(i.text or "" for i in contents.iter(f"{W}instrText"))
    kinds = [f.get(f"{W}fldCharType") for f in contents.iter(f"{W}fldChar")]
    assert kinds == ["begin", "separate", "end"]
    anchors = {b.get(f"{W}name") for b in body.iter(f"{W}bookmarkStart")}
    assert {h.get(f"{W}anchor") for h in body.iter(f"{W}hyperlink")} <= anchors


@pytest.mark.parametrize("name", ["report.docx", "digest.docx"])
def test_figures_have_alternative_texts_and_files_no_author_and_no_clock(
    out: Path, name: str
) -> None:
    document = docx.Document(str(out / name))
    assert len(document.inline_shapes) == (5 if name == "report.docx" else 1)
    for shape in document.inline_shapes:
        assert len(shape._inline.docPr.get("descr")) > 60
    core = document.core_properties
    assert core.author == core.last_modified_by == core.comments == ""
    assert core.created == core.modified
    assert str(core.created).startswith("2025-10-23")
    with zipfile.ZipFile(out / name) as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [n for n in archive.namelist() if "thumbnail" in n]


def test_the_digest_says_what_is_asked_of_it(out: Path, made: Bundle) -> None:
    text = "\n".join(p.text for p in docx.Document(str(out / "digest.docx")).paragraphs)
    for said in ("The five most widely reported", "What is new", "What was resolved", "read next",
                 "15 documents read", "This is the first run"):  # fmt: skip
        assert said in text
    assert len(docx_quotes(out / "digest.docx")) == 6  # five, and the latest resolution
    top = [e for e in made.evidence if e.rank][:5]
    assert all(e.theme.label in text for e in top)


def test_a_theme_that_nobody_may_quote_keeps_its_place(made: Bundle) -> None:
    first, *rest = made.evidence
    silent = msgspec.structs.replace(
        first, impediments=(), resolved=(), enablers=(), proposals=(), chosen=(), links=(),
        unquotable=first.passages,
    )  # fmt: skip
    source = msgspec.structs.replace(made, evidence=(silent, *rest))
    digest = docx.Document(io.BytesIO(digest_docx.render(source, {})))
    said = next(p.text for p in digest.paragraphs if p.text.startswith("1. Nobody owns it"))
    assert said.endswith("Its passages are not for quotation.")
    assert "The five most widely reported impediments" in [p.text for p in digest.paragraphs]
    report = docx.Document(io.BytesIO(report_docx.render(source, {})))
    texts = [p.text for p in report.paragraphs]
    assert texts[texts.index("1. Nobody owns it") + 1 :].index(said[-35:]) < 4
    body = report.element.body
    anchors = {b.get(f"{W}name") for b in body.iter(f"{W}bookmarkStart")}
    assert {h.get(f"{W}anchor") for h in body.iter(f"{W}hyperlink")} <= anchors


def test_only_notes_for_quotation_are_recommended(made: Bundle) -> None:
    def recommended(source: Bundle) -> str:
        document = docx.Document(io.BytesIO(digest_docx.render(source, {})))
        texts = [p.text for p in document.paragraphs]
        return str(texts[texts.index("What to read next") + 1])

    first = recommended(made)
    assert first.startswith("Monthly meeting 1 (")
    assert first.endswith("no other note has more.")
    closed = tuple(
        msgspec.structs.replace(d, quotable=d.title != "Monthly meeting 1") for d in made.documents
    )
    second = recommended(msgspec.structs.replace(made, documents=closed))
    assert second.startswith("Monthly meeting 13 (")
    assert second.endswith("no other note that may be quoted has more.")


@pytest.mark.parametrize("quotes", [2, 9])
def test_a_theme_shows_as_many_quotes_as_are_asked_for(quotes: int, tmp_path: Path) -> None:
    notes = Notes()
    for n in range(14):
        note = notes.note(f"{n}.md", f"2025-{n % 12 + 1:02d}-10")
        kind: Any = "impediment" if n < 11 else "resolved"
        notes.say(note, f"Statement {n} of {'abcdefghijklmn'[n] * 9}.", ("ownership",), kind=kind)
    source = canonical(bundle(notes, settings=Settings(publish=PublishSettings(quotes=quotes))))
    item = source.evidence[0]
    assert len(item.chosen) == quotes
    problems, answers = ([q.quote_id for q in g] for g in (item.impediments, item.resolved))
    links = (*((problems[0], a) for a in answers[:2]), (problems[1], answers[2]))
    item = msgspec.structs.replace(item, links=links)
    source = msgspec.structs.replace(source, evidence=(item, *source.evidence[1:]))
    path = tmp_path / "report.docx"
    path.write_bytes(report_docx.render(source, {}))
    shown = [i for i, _ in docx_quotes(path)]
    assert len(shown) == len(set(shown))
    assert set(item.chosen) <= set(shown)
    left = {*problems, *answers} - set(shown)
    said = [p.text for p in docx.Document(str(path)).paragraphs if "further passage" in p.text]
    noun = "further passage" if len(left) == 1 else "further passages"
    assert said == ([f"{len(left)} {noun}: see ownership in evidence.xlsx."] if left else [])
    assert bool(left) == (quotes == 2)


def stress(letter: str) -> Bundle:
    """Names, quotes and lists that are all too long, of a letter that is wide."""
    notes = Notes()
    word = (letter * 11 + " ") if letter != "\n" else "two lines\n"
    themes = ("ownership", "shelving", "data", "capacity", "legal", "T-017")
    for n in range(12):
        path = notes.note(
            f"{n}.pdf", f"2025-{1 + n:02d}-10", title=word * 40, meeting=word * 20,
            organisation=f"{word * 20}{n}",
        )  # fmt: skip
        for theme in themes:
            notes.say(path, f"{word * 60}{theme} {n}", (theme,), page=n + 1, speaker=word * 9)
            notes.say(path, f"{word * 60} solved {theme} {n}", (theme,), kind="resolved")
    source = bundle(notes)
    new = tuple(
        Finding(finding_id=f"F-{n}", kind="new", statement=word * 30, theme_id=None, quote_ids=())
        for n in range(30)
    )
    evidence = tuple(
        msgspec.structs.replace(
            e,
            theme=msgspec.structs.replace(
                e.theme, label=word * 12, definition=word * 40, parent_id=None
            ),
            rank=n,
        )
        for n, e in enumerate(source.evidence, 1)
    )
    changed = {"title": word * 30, "corpus": word * 10, "evidence": evidence}
    return canonical(msgspec.structs.replace(source, findings=(*source.findings, *new), **changed))


@needs_office
@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="pdfinfo is not installed")
@pytest.mark.parametrize("which", ["sample", "hostile", "W", "漢", "\n", "none"])
def test_the_digest_has_two_pages(which: str, tmp_path: Path) -> None:
    if which == "sample":
        source = bundle(sample())
    elif which == "hostile":
        source = hostile()
    else:
        source = bundle(Notes()) if which == "none" else stress(which)
    source = canonical(source)
    path = tmp_path / "digest.docx"
    path.write_bytes(digest_docx.render(source, figures.render(source)))
    done = subprocess.run(
        ["pdfinfo", str(office(path, "pdf", tmp_path))], check=True, capture_output=True, text=True
    )
    assert re.search(r"^Pages:\s+2$", done.stdout, re.MULTILINE)
