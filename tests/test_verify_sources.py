"""What became of a source is told apart in every published file, whatever format the source has."""

from __future__ import annotations

import io
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from factory import Notes, bundle, themes
from notesmine import naming
from notesmine.config import ReadSettings, Settings
from notesmine.evidence import Assigned, weigh
from notesmine.publish import Bundle, Check, input_rows, publish, verify, write_run
from notesmine.read import read_file
from notesmine.records import Coding, Document, Judgement
from notesmine.segment import segment
from notesmine.synthesis import findings

#: Everything that holds quotes.
FILES = {
    *("evidence.csv", "report.html", "report.md", "report.docx", "digest.docx", "evidence.xlsx"),
}
#: The only quote of its theme, so that each file has it.
TARGET = "Joanna Quill says that nobody decides about the coder-list of the café in the annex."
OTHERS = ("The map of buildings hangs on the wall, and no survey asks for it.",)
PRESENT = "Present: Joanna Quill, Bertil Ångman"
EXTRA = tuple(f"A sentence number {n} that was not there before." for n in range(30))


def markdown(pages: list[tuple[str, ...]]) -> bytes:
    lines = [f"- {line}" for page in pages for line in page]
    return "\n".join(["# Notes", "", PRESENT, "", "## Impediments", "", *lines, ""]).encode()


def docx(pages: list[tuple[str, ...]]) -> bytes:
    library = pytest.importorskip("docx")
    document = library.Document()
    document.add_heading("Notes", 1)
    document.add_paragraph(PRESENT)
    for number, page in enumerate(pages):
        if number:
            document.add_page_break()
        for line in page:
            document.add_paragraph(line, style="List Bullet")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pdf(pages: list[tuple[str, ...]]) -> bytes:
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    from matplotlib import get_data_path
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("DejaVu", f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    stream = io.BytesIO()
    canvas = canvas_module.Canvas(stream, invariant=True)
    for number, page in enumerate(pages):
        if number:
            canvas.showPage()
        canvas.setFont("DejaVu", 9)
        place = 780
        for line in (PRESENT, *page):
            for part in line.split("\n"):
                canvas.drawString(60, place, part)
                place -= 12
            place -= 10
    canvas.save()
    return stream.getvalue()


MAKERS: dict[str, Callable[[list[tuple[str, ...]]], bytes]] = {
    "md": markdown,
    "docx": docx,
    "pdf": pdf,
}


def read(file: Path, path: str) -> Document:
    return read_file(file, path, ReadSettings())


def corpus_of(folder: Path, kind: str) -> Path:
    """A note in one format, and another beside it that nobody touches."""
    folder.mkdir()
    (folder / f"note.{kind}").write_bytes(MAKERS[kind]([(TARGET,)]))
    (folder / "other.md").write_bytes(markdown([OTHERS]))
    return folder


def published(corpus: Path, out: Path) -> None:
    """Publish what the notes say, names masked, each passage an impediment."""
    files = sorted(f for f in corpus.rglob("*") if f.is_file())
    documents = {d.doc_id: d for f in files for d in [read(f, f.relative_to(corpus).as_posix())]}
    passages = [p for d in documents.values() for p in segment(d)]
    judgement = Judgement(kind="impediment", scores={"impediment": 0.9}, why="", tier="confirmed")
    coding = Coding(codes=(), stance="open")
    assigned = [
        Assigned(p, judgement, coding, ("ownership" if "coder" in p.text else "shelving",))
        for p in passages
        if "coder" in p.text or "map of buildings" in p.text
    ]
    assert len(assigned) == 2
    evidence = weigh(documents, assigned, themes(), Settings(), 1)
    run = msgspec.structs.replace(bundle(Notes()).run, inputs=input_rows(documents.values()))
    plain = Bundle(
        title="T", corpus="notes", documents=tuple(documents.values()), evidence=tuple(evidence),
        findings=tuple(findings(evidence, documents)), run=run,
    )  # fmt: skip
    masked, _ = naming.masked(plain, passages, Settings(), (), None, None)
    hashes = publish(out, masked)
    write_run(out, msgspec.structs.replace(masked.run, outputs=hashes))


def again(pages: list[tuple[str, ...]]) -> Callable[[Path, str], None]:
    def change(corpus: Path, kind: str) -> None:
        (corpus / f"note.{kind}").write_bytes(MAKERS[kind](pages))

    return change


def renamed(corpus: Path, kind: str) -> None:
    (corpus / "deep").mkdir()
    (corpus / f"note.{kind}").rename(corpus / "deep" / f"renamed.{kind}")


#: What is done to the source, the verdict, and what the detail says.
MUTATIONS: dict[str, tuple[Callable[[Path, str], object], str, str]] = {
    "nothing": (lambda corpus, _: corpus, "verbatim", ""),
    "one word": (again([(TARGET.replace("nobody", "somebody"),)]), "changed", "alike"),
    "page before": (again([EXTRA, (TARGET,)]), "moved", "now at characters"),
    "renamed": (renamed, "verbatim", "the file is now deep/renamed"),
    "removed": (lambda corpus, kind: (corpus / f"note.{kind}").unlink(), "lost", "no file"),
    "hyphen gone": (again([(TARGET.replace("-", ""),)]), "changed", "but for hyphens"),
    "hyphen soft": (again([(TARGET.replace("-", "\u2010"),)]), "changed", "but for hyphens"),
    "normal form": (
        again([(unicodedata.normalize("NFD", TARGET),)]), "changed", "another Unicode normal form",
    ),
    # What a bracket hides is not in the published file: the words around it are what is proven.
    "name shorter": (again([(TARGET.replace("Joanna", "Jo"),)]), "moved", "has changed since"),
}  # fmt: skip


@pytest.fixture(scope="module", params=sorted(MAKERS))
def reported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    corpus = corpus_of(folder / "notes", request.param)
    published(corpus, folder / "outputs")
    return request.param, corpus, folder / "outputs"


def of(checks: list[Check], words: str) -> list[Check]:
    return [c for c in checks if words in c.text]


@pytest.mark.parametrize("what", sorted(MUTATIONS))
def test_what_became_of_a_source_is_told_apart_in_every_file(
    reported: tuple[str, Path, Path], tmp_path: Path, what: str
) -> None:
    kind, corpus, out = reported
    notes = tmp_path / "copied elsewhere"
    shutil.copytree(corpus, notes)
    change, verdict, detail = MUTATIONS[what]
    change(notes, kind)
    checks = verify(out, notes, read)
    mine = of(checks, "decides about")
    assert {c.file for c in mine} == FILES
    assert {c.verdict for c in mine} == {verdict}
    assert all(detail in c.detail for c in mine)
    assert all(c.text.startswith("[Person 1] says") for c in mine)
    if what == "page before" and kind == "pdf":
        assert all("on page 2" in c.detail for c in mine)
    assert {c.verdict for c in of(checks, "map of buildings")} == {"verbatim"}


def test_a_word_broken_over_two_lines_of_a_page_is_the_same_word(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "notes", "pdf")
    published(corpus, tmp_path / "outputs")
    broken = TARGET.replace("nobody", "no-\nbody")
    (corpus / "note.pdf").write_bytes(pdf([(broken,)]))
    mine = of(verify(tmp_path / "outputs", corpus, read), "decides about")
    assert {c.file for c in mine} == FILES
    assert {c.verdict for c in mine} == {"verbatim"}
