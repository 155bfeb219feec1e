"""Write the sample corpus, byte for byte the same each time, from the texts in ``notes/``.

python tests/corpus_source/build.py                 writes corpus/
python tests/corpus_source/build.py --check corpus  compares instead, exit code 1 where it differs

A text begins with ``key: value`` lines up to ``---``. Below, every line is a block of its own:
a heading (#), a bullet (-), a numbered line (1.), a table row (|), speaker notes (Notes:), the
edges of a quoted mail (:::), or a paragraph. Markdown notes are the text as it stands.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import re
import sys
import textwrap
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx import Document
from pptx import Presentation
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Painter = Callable[[Any, Any], None]

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "corpus"
COLUMNS = ["path", "date", "organisation", "meeting", "title"]
ZIP_DATE = (2025, 12, 1, 0, 0, 0)
PREFIX = re.compile(r"(?P<mark>#{1,3} |- |\d+\. |Notes: |:::)")
KINDS = {"# ": "h1", "## ": "h2", "### ": "h3", "- ": "bullet", "Notes: ": "notes", ":::": "fence"}
BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Block:
    """One line of a text, or a whole table."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Note:
    """The source of one file of the corpus."""

    meta: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        """Name of the file in the corpus."""
        return self.meta["path"]

    @property
    def date(self) -> datetime:
        """Day of the meeting, at a fixed hour."""
        return datetime.fromisoformat(self.meta["date"]).replace(hour=16, tzinfo=UTC)

    @property
    def blocks(self) -> list[Block]:
        """The body, block by block."""
        found: list[Block] = []
        rows: list[tuple[str, ...]] = []
        for line in [*self.body.splitlines(), ""]:
            if line.startswith("|"):
                rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
                continue
            if rows:
                found.append(Block("table", rows=tuple(rows)))
                rows = []
            if line.strip():
                found.append(_block(line))
        return found


def _block(line: str) -> Block:
    match = PREFIX.match(line)
    if match is None:
        return Block("para", line)
    return Block(KINDS.get(match["mark"], "number"), line[match.end() :])


def read_notes() -> list[Note]:
    """All sources, in the order of their dates."""
    notes = []
    for source in sorted((HERE / "notes").glob("*.md")):
        head, body = source.read_text(encoding="utf-8").split("\n---\n", 1)
        notes.append(Note(dict(line.split(": ", 1) for line in head.splitlines()), body))
    return notes


# Markdown, plain text, mail and web page


def to_md(note: Note) -> bytes:
    """Return the text as it stands."""
    return note.body.encode()


def to_txt(note: Note) -> bytes:
    """Wrap at 76 characters, headings underlined."""
    lines: list[str] = []
    before = ""
    for block in note.blocks:
        if before and not (block.kind == before == "bullet"):
            lines.append("")
        before = block.kind
        if block.kind.startswith("h"):
            lines += [block.text, "=-"[block.kind != "h1"] * len(block.text)]
        else:
            lines += _wrap(block.text, "* " if block.kind == "bullet" else "")
    return "\n".join([*lines, ""]).encode()


def _wrap(text: str, mark: str = "", width: int = 76) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _mail_lines(body: str) -> Iterator[str]:
    edge = ""
    for line in body.splitlines():
        if line.startswith(":::"):
            edge = "> " if line == ":::quote" else ""
        elif line == "-- " or not line:
            yield (edge + line).rstrip() if edge else line
        else:
            mark = "- " if line.startswith("- ") else ""
            yield from (edge + part for part in _wrap(line.removeprefix(mark), mark, 72))


def to_eml(note: Note) -> bytes:
    """Write a mail in plain text, wrapped, the answered mails quoted."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = note.meta["from"]
    mail["To"] = note.meta["to"]
    mail["Subject"] = note.meta["title"]
    mail["Date"] = format_datetime(note.date)
    mail["Message-ID"] = f"<{note.meta['date']}.larch@norland.example>"
    mail.set_content("\n".join(_mail_lines(note.body)) + "\n", cte="quoted-printable")
    return mail.as_bytes()


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} - Project wiki</title>
<meta name="date" content="{date}">
<style>nav li {{ display: inline; }} aside {{ float: right; }}</style>
<script>window.wiki = {{"page": "larch-minutes", "editable": false}};</script>
</head>
<body>
<div class="cookie-banner">This wiki uses cookies. <button>Accept</button></div>
<header><a href="/">Project wiki</a>
<form action="/search"><input name="q" placeholder="Search the wiki"></form></header>
<nav><ul>
<li><a href="/">Home</a></li>
<li><a href="/larch">LARCH</a></li>
<li><a href="/larch/minutes">Minutes</a></li>
<li><a href="/larch/problems">Known problems</a></li>
<li><a href="/login">Log in</a></li>
</ul></nav>
<aside><h2>Recently changed</h2><ul>
<li><a href="/larch/board">Board of the sprint</a></li>
<li><a href="/larch/workshop">Workshop in Tarvania: how to get there</a></li>
</ul></aside>
<main>
{content}
</main>
<footer><p>Last edited by Priya Nandakar on {date}. Print this page. Back to top.</p></footer>
</body>
</html>
"""


def _markup(text: str) -> str:
    return BOLD.sub(r"<b>\1</b>", html.escape(text, quote=False))


def to_html(note: Note) -> bytes:
    """Write a page of a wiki, with its navigation around the content."""
    parts: list[str] = []
    for block in note.blocks:
        if block.kind == "bullet":
            if parts[-1] == "</ul>":
                parts.pop()
            else:
                parts.append("<ul>")
            parts += [f"<li>{_markup(block.text)}</li>", "</ul>"]
        elif block.kind == "table":
            rows = ["".join(f"<td>{_markup(cell)}</td>" for cell in row) for row in block.rows]
            parts.append("<table>\n<tr>" + "</tr>\n<tr>".join(rows) + "</tr>\n</table>")
        else:
            tag = block.kind if block.kind.startswith("h") else "p"
            parts.append(f"<{tag}>{_markup(block.text)}</{tag}>")
    page = PAGE.format(
        title=html.escape(note.meta["title"]), date=note.meta["date"], content="\n".join(parts)
    )
    return page.encode()


# Word and PowerPoint


def _stamp(properties: Any, note: Note) -> None:
    properties.author = properties.last_modified_by = "LARCH project"
    properties.title = note.meta["title"]
    properties.created = properties.modified = note.date.replace(tzinfo=None)


def _repack(document: Any) -> bytes:
    """Save and give every entry of the archive the same date."""
    raw, packed = io.BytesIO(), io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.create_system = 0
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


STYLES = {
    "h1": "Title",
    "h2": "Heading 1",
    "h3": "Heading 2",
    "bullet": "List Bullet",
    "number": "List Number",
    "para": "Normal",
}


def to_docx(note: Note) -> bytes:
    """Write minutes with headings, lists, a table of actions and a running footer."""
    document = Document()
    _stamp(document.core_properties, note)
    document.sections[0].footer.paragraphs[0].text = "LARCH project, minutes"
    for block in note.blocks:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Table Grid")
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
            document.add_paragraph()
        else:
            document.add_paragraph(block.text, STYLES[block.kind])
    return _repack(document)


def _slides(note: Note) -> Iterator[tuple[str, list[Block]]]:
    blocks = note.blocks
    starts = [place for place, block in enumerate(blocks) if block.kind == "h1"]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield blocks[start].text, blocks[start + 1 : end]


def to_pptx(note: Note) -> bytes:
    """Write slides with speaker notes; the first is the title slide."""
    deck = Presentation()
    _stamp(deck.core_properties, note)
    for number, (title, blocks) in enumerate(_slides(note)):
        slide = deck.slides.add_slide(deck.slide_layouts[min(number, 1)])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "\n".join(b.text for b in blocks if b.kind != "notes")
        spoken = "\n".join(b.text for b in blocks if b.kind == "notes")
        if spoken:
            slide.notes_slide.notes_text_frame.text = spoken
    return _repack(deck)


# PDF

pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))  # embedded, so that bullets can be read back


def _heading(size: float, before: float, after: float) -> ParagraphStyle:
    return ParagraphStyle(
        "heading",
        fontName="Helvetica-Bold",
        fontSize=size,
        leading=1.3 * size,
        spaceBefore=before,
        spaceAfter=after,
        keepWithNext=1,
    )


def _text(font: str, size: float, indent: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        "text",
        fontName=font,
        fontSize=size,
        leading=1.5 * size,
        leftIndent=indent,
        spaceAfter=0.6 * size,
        bulletFontName="Vera",
        bulletFontSize=size,
    )


REPORT = {
    "h1": _heading(20, 0, 14),
    "h2": _heading(14, 18, 8),
    "h3": _heading(11.5, 10, 5),
    "para": _text("Times-Roman", 13),
    "bullet": _text("Times-Roman", 13, 18),
}
SLIDE = {
    "h1": _heading(26, 0, 20),
    "para": _text("Helvetica", 15),
    "bullet": _text("Helvetica", 15, 22),
}
GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ]
)


def _flow(block: Block, styles: dict[str, ParagraphStyle]) -> list[Any]:
    if block.kind == "table":
        return [Table(block.rows, style=GRID, hAlign="LEFT"), Spacer(1, 10)]
    dot = "\u2022" if block.kind == "bullet" else None
    return [Paragraph(_markup(block.text), styles[block.kind], bulletText=dot)]


def _pdf(
    note: Note, flow: list[Any], size: tuple[float, float], furniture: Painter
) -> tuple[bytes, int]:
    """Return the file and its number of pages."""
    target = io.BytesIO()
    frame = SimpleDocTemplate(
        target,
        pagesize=size,
        leftMargin=2.5 * cm,
        topMargin=2.8 * cm,
        bottomMargin=2.5 * cm,
        rightMargin=2.5 * cm,
        title=note.meta["title"],
        author=note.meta["organisation"],
        invariant=1,
    )
    frame.build(flow, onFirstPage=furniture, onLaterPages=furniture)
    return target.getvalue(), frame.page


def _report_pdf(note: Note, total: int = 0) -> bytes:
    """Write a report on A4 with a running header and footer; a second pass knows the total."""
    width, height = A4

    def furniture(canvas: Any, frame: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(2.5 * cm, height - 1.5 * cm, note.meta["title"])
        canvas.drawRightString(width - 2.5 * cm, height - 1.5 * cm, note.meta["organisation"])
        canvas.drawString(2.5 * cm, 1.3 * cm, "LARCH project | internal working paper")
        canvas.drawRightString(width - 2.5 * cm, 1.3 * cm, f"Page {frame.page} of {total}")

    flow = [part for block in note.blocks for part in _flow(block, REPORT)]
    content, pages = _pdf(note, flow, A4, furniture)
    return content if pages == total else _report_pdf(note, pages)


def _slides_pdf(note: Note) -> bytes:
    """Write a slide deck as it is exported: landscape, a title and bullets on each page."""
    size = (25.4 * cm, 14.29 * cm)

    def furniture(canvas: Any, frame: Any) -> None:
        canvas.setFont("Helvetica", 9)
        canvas.drawString(2.5 * cm, 0.8 * cm, "LARCH | Sprint 8 review | February 2025")
        canvas.drawRightString(size[0] - 2.5 * cm, 0.8 * cm, str(frame.page))

    flow: list[Any] = []
    for title, blocks in _slides(note):
        flow += [part for block in [Block("h1", title), *blocks] for part in _flow(block, SLIDE)]
        flow.append(PageBreak())
    return _pdf(note, flow[:-1], size, furniture)[0]


def to_pdf(note: Note) -> bytes:
    """Write a report, or slides where the name says so."""
    return _slides_pdf(note) if "slides" in note.path else _report_pdf(note)


# The whole corpus

WRITERS: dict[str, Callable[[Note], bytes]] = {
    ".md": to_md,
    ".txt": to_txt,
    ".eml": to_eml,
    ".html": to_html,
    ".docx": to_docx,
    ".pptx": to_pptx,
    ".pdf": to_pdf,
}

README = """# Sample corpus

{count} notes of sprints and monthly meetings, {first} to {last}, of LARCH, a project that does not
exist. **They are illustrative: written for notesmine, with every person, office, product and figure
invented.** Any likeness to real ones is chance. Each note says so in a line of its own.

The files are built by `python tests/corpus_source/build.py` from the texts in
`tests/corpus_source/notes`; edit those, not the files here. What the notes contain is recorded in
`tests/expected.toml`. `metadata.csv` gives date, organisation and kind of meeting of each note.
This file is not a note.
"""


def metadata(notes: list[Note]) -> bytes:
    """Return the table that describes the notes."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(note.meta for note in notes)
    return table.getvalue().encode()


def build() -> dict[str, bytes]:
    """Return every file of the corpus by its name."""
    notes = read_notes()
    files = {note.path: WRITERS[Path(note.path).suffix](note) for note in notes}
    files["metadata.csv"] = metadata(notes)
    files["README.md"] = README.format(
        count=len(notes), first=notes[0].meta["date"], last=notes[-1].meta["date"]
    ).encode()
    return files


def differences(files: dict[str, bytes], folder: Path) -> list[str]:
    """Return the names that are missing, superfluous or different in the folder."""
    present = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    names = sorted(files.keys() | present.keys())
    return [name for name in names if files.get(name) != present.get(name)]


def main() -> int:
    """Write the corpus, or compare a folder with it."""
    parser = argparse.ArgumentParser(description="Write the sample corpus, or compare with it.")
    parser.add_argument("--check", metavar="DIR", type=Path, help="compare DIR, write nothing")
    folder: Path | None = parser.parse_args().check
    files = build()
    if folder is not None:
        changed = differences(files, folder)
        print("\n".join(f"differs: {name}" for name in changed) or f"{folder}: as built")
        return 1 if changed else 0
    CORPUS.mkdir(exist_ok=True)
    for name, content in files.items():
        (CORPUS / name).write_bytes(content)
    print(f"{len(files)} files in {CORPUS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
