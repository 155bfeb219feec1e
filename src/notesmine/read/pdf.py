"""PDF: pages taken apart by pdfium, laid out and cross-checked, pdfplumber as second opinion."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pypdfium2
from msgspec import Struct

from notesmine.config import ReadSettings
from notesmine.errors import Damaged, Encrypted
from notesmine.read import (
    pdf_columns,
    pdf_document,
    pdf_fallback,
    pdf_glyphs,
    pdf_lines,
    pdf_tables,
)
from notesmine.read.builder import Draft
from notesmine.read.ocr import Recogniser
from notesmine.read.pdf_document import Page
from notesmine.read.tesseract import INSTALL, NO_TEXT

GARBLED_SHARE = 0.02  # of a page's characters without a meaning
AGREEMENT = 0.9  # F1 of words below which a page is reported
NONSENSE = 0.4  # F1 below which the layout is given up for pdfium's own order (mirrored pages)
PICTURE_SHARE = 0.4  # of the page's area that makes a page without text a picture of text
MANY_PATHS = 400  # text drawn as outlines leaves hundreds of paths and no characters
_TOKEN = re.compile(r"\w+")


class _Checked(Struct):
    """Tokens found by the layout and by pdfium's own text, for one page."""

    ours: Counter[str]
    theirs: Counter[str]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of tokens."""
        common = sum((self.ours & self.theirs).values())
        total = sum(self.ours.values()) + sum(self.theirs.values())
        return 2 * common / total if total else 1.0


def _open(data: bytes, settings: ReadSettings) -> Any:
    """Open with pdfium, trying the passwords of the settings; None if pdfium cannot."""
    locked = False
    for password in (None, *settings.passwords):
        try:
            document = pypdfium2.PdfDocument(data, password=password)
            len(document)
            return document
        except pypdfium2.PdfiumError as error:
            locked = locked or "password" in str(error).lower()
    if locked:
        raise Encrypted(
            "the PDF needs a password",
            "Add it to `passwords` under [read] in notesmine.toml, or save the file without one.",
        )
    return None


@contextmanager
def _page(document: Any, index: int) -> Iterator[tuple[Any, Any]]:
    page = document[index]
    try:
        text_page = page.get_textpage()
        try:
            yield page, text_page
        finally:
            text_page.close()
    finally:
        page.close()


def _lay_out(raw: pdf_glyphs.Raw, number: int) -> Page:
    """Turn one page's glyphs into lines in reading order."""
    result = Page(number=number, width=raw.width, height=raw.height, lines=[])
    seen = pdf_lines.read_lines(raw, raw.glyphs)
    result.invisible, result.doubled, result.ocr_layer = seen.invisible, seen.doubled, seen.layer
    lines, tables = pdf_tables.cut_tables(seen.lines, raw.edges)
    columns = pdf_columns.order(pdf_lines.pieces_of(lines) + tables, raw.width)
    result.lines = pdf_lines.lines_of(columns)
    for turn, glyphs in sorted(raw.turned.items()):
        result.lines += _turned(glyphs, turn, raw, 1000 * turn)
    result.lines += _slanted(raw, 9000)
    letters = sum(not g.text.isspace() for g in raw.glyphs + raw.slanted) + sum(
        map(len, raw.turned.values())
    )
    result.letters = letters
    result.garbled = raw.unmapped / letters if letters else 0.0
    area = raw.width * raw.height
    picture = max(((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in raw.pictures), default=0.0)
    total = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in raw.pictures)
    big = picture > PICTURE_SHARE * area or total > PICTURE_SHARE * area
    big = big or (letters == 0 and total > 0.03 * area)
    result.picture_of_text = letters < 12 and (big or raw.paths > MANY_PATHS)
    return result


def _turned(
    glyphs: list[pdf_glyphs.Glyph], turn: int, raw: pdf_glyphs.Raw, column: int
) -> list[pdf_lines.Line]:
    """Lay out text that stands on its side or its head; boxes are given as displayed."""
    wide = raw.width if turn == 2 else raw.height
    turned = msgspec.structs.replace(
        raw, width=wide, height=raw.height if turn == 2 else raw.width, fills=[(0, 0, 1e6, 1e6)]
    )
    seen = pdf_lines.read_lines(turned, glyphs)
    columns = pdf_columns.order(pdf_lines.pieces_of(seen.lines), wide)
    lines = pdf_lines.lines_of(columns)
    mostly = sum(map(len, raw.turned.values())) > len(raw.glyphs)
    for line in lines:
        high = raw.height if turn == 2 else raw.width
        # Turning back by a quarter is turning on by three.
        box = pdf_glyphs.turn_box((line.x0, line.top, line.x1, line.bottom), 4 - turn, wide, high)
        line.column += column
        line.turned = not mostly
        line.shown = box
    return lines


def _slanted(raw: pdf_glyphs.Raw, column: int) -> list[pdf_lines.Line]:
    """Text at a slant, line by line as drawn."""
    lines: list[pdf_lines.Line] = []
    run: list[pdf_glyphs.Glyph] = []
    for g in [*raw.slanted, None]:
        if g is not None and g.text not in "\r\n":
            run.append(g)
            continue
        text = " ".join("".join(x.text for x in run).split())
        if text:
            box = (
                min(x.x0 for x in run),
                min(x.top for x in run),
                max(x.x1 for x in run),
                max(x.bottom for x in run),
            )
            size = round(raw.styles[run[0].style].size, 1)
            lines.append(pdf_lines.Line(text, *box, box[3], size, False, column, 0.0, turned=True))
        run.clear()
    return lines


def _plain_lines(page: Page, text: str) -> list[pdf_lines.Line]:
    """Pdfium's own lines, for a page whose geometry makes no sense; they share one box."""
    boxes = [line.shown or (line.x0, line.top, line.x1, line.bottom) for line in page.lines]
    box = (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
    size = page.lines[0].size
    return [
        pdf_lines.Line(line, *box, box[1] + i * 1.2 * size, size, False, 0, 0.0, shown=box)
        for i, line in enumerate(re.sub(r"[\ufffe\u0002]\s*", "", text).splitlines())
        if line.strip()
    ]


def _tokens(text: str) -> Counter[str]:
    plain = re.sub(r"[\ufffe\u0002\u00ad]\s*|-\s*\n\s*", "", text)
    return Counter(_TOKEN.findall(plain.lower()))


def _check(page: Page, own_text: str) -> None:
    ours = " \n".join(
        " ".join(line.cells) if line.cells is not None else line.text for line in page.lines
    )
    checked = _Checked(_tokens(ours), _tokens(own_text))
    if (
        page.doubled
    ):  # pdfium's own text repeats what is printed twice: compare which words, not how often
        checked = _Checked(Counter(set(checked.ours)), Counter(set(checked.theirs)))
    page.agreement = checked.f1
    if page.agreement < NONSENSE and sum(checked.theirs.values()) > 20:
        page.lines = _plain_lines(page, own_text)


def read_pdf(data: bytes, draft: Draft, settings: ReadSettings) -> None:
    """Read a PDF.

    Parameters
    ----------
    data : bytes
        The whole file.
    draft : Draft
        Takes the blocks; its sink also gets each page as it is laid out.
    settings : ReadSettings
        Limits and passwords.
    """
    document = _open(data, settings)
    pages: list[Page] = []
    ocr = Recogniser(settings)
    plumber: Any = None
    if document is None or len(document) == 0:
        plumber = pdf_fallback.open_plumber(data)
        draft.problem(
            "second-reader", "pdfium does not open the file; it was read by pdfplumber",
            "Check some quotes against the file.",
        )  # fmt: skip
        total = len(plumber.pages)
    else:
        total = len(document)
        draft.title = (document.get_metadata_value("Title") or "").strip()
    draft.pages = total
    if total > settings.max_pages:
        draft.partial = True
        draft.problem(
            "too-large", f"only the first {settings.max_pages} of {total} pages were read",
            "Raise `max_pages` under [read] in notesmine.toml.",
        )  # fmt: skip
    for index in range(min(total, settings.max_pages)):
        try:
            if plumber is not None:
                page = _lay_out(pdf_fallback.take_page(plumber.pages[index]), index + 1)
            else:
                with _page(document, index) as (handle, text_page):
                    page = _lay_out(pdf_glyphs.take(handle, text_page), index + 1)
                    if page.letters:
                        _check(page, text_page.get_text_range())
                    if page.picture_of_text or not page.letters:
                        ocr.read(handle, page)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a page no library reads must not cost the others
            page = Page(number=index + 1, width=0, height=0, lines=[], failed=type(error).__name__)
        if page.garbled > GARBLED_SHARE and plumber is None:
            page = _second_opinion(data, index, page)
        pages.append(page)
        if draft.sink is not None:
            draft.sink(b"P" + msgspec.msgpack.encode(page))
    if document is not None:
        document.close()
    if all(p.failed for p in pages):
        raise Damaged("no page of the PDF can be read", "Open it and print it to PDF again.")
    _report(pages, draft, ocr)
    pdf_document.assemble(pages, draft)


def _second_opinion(data: bytes, index: int, page: Page) -> Page:
    """Read a garbled page with pdfplumber; keep the better reading."""
    try:
        with pdf_fallback.open_plumber(data) as plumber:
            other = _lay_out(pdf_fallback.take_page(plumber.pages[index]), index + 1)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - then the first reading stands
        return page
    return (
        other if other.letters >= 0.9 * page.letters and other.garbled < page.garbled / 2 else page
    )


# What may be wrong with a page: (code, message, hint).
_NO_TEXT = "the page has no text that could be read: it is a picture, or empty"
_DAMAGED = ("page-not-read", "the page is damaged", "Print the file to PDF again.")
_OCR = (
    "ocr-text",
    "the text is an invisible layer over a picture, so recognised by a machine",
    "Check quotes against the picture.",
)


_EMPTY = "Nothing is to be seen on it: its picture is empty or damaged. Look for the original file."


def _recognised(page: Page) -> tuple[str, str, str]:
    letters = sum(len(line.text) for line in page.lines)
    mean = sum((line.confidence or 0.0) * len(line.text) for line in page.lines) / letters
    left = f"; {page.unsure} lines too doubtful to keep were left out" if page.unsure else ""
    what = f"{page.recognised} words were recognised in the picture of the page"
    return (
        "ocr-read",
        f"{what}, with a mean confidence of {mean:.2f}{left}",
        "Check quotes against the picture.",
    )


def _why_not(ocr: Recogniser | None) -> str:
    """Say what to do about a page that is a picture."""
    if ocr is None or (not ocr.program and ocr.settings.ocr != "off"):
        return INSTALL
    if ocr.settings.ocr == "off":
        return 'Set `ocr = "auto"` under [read] in notesmine.toml, with tesseract installed.'
    if ocr.failed:
        return f"No words were recognised: {ocr.failed}. Raise `wall_seconds`, or run OCR yourself."
    return "No words were recognised in it. Look at the page."


def _report(pages: list[Page], draft: Draft, ocr: Recogniser | None = None) -> None:
    """Say what is missing or doubtful, page by page."""
    bare = not any(page.letters for page in pages)
    for page in pages:
        found: list[tuple[str, str, str]] = []
        if page.recognised:
            draft.problem(*_recognised(page), page=page.number)
        elif page.picture_of_text or (bare and not page.failed):
            found.append((NO_TEXT, _NO_TEXT, _EMPTY if page.blank else _why_not(ocr)))
        if page.failed:
            found.append(_DAMAGED)
        draft.partial = draft.partial or bool(found)
        if page.garbled > GARBLED_SHARE:
            what = f"{page.garbled:.0%} of the characters have no meaning (fonts without Unicode)"
            hint = "Export the file with embedded fonts, or run OCR over it."
            found.append(("garbled-text", what, hint))
        if page.ocr_layer:
            found.append(_OCR)
        if page.invisible:
            draft.repairs["invisible-characters-left-out"] += page.invisible
            what = f"{page.invisible} characters that nobody sees were left out"
            found.append(("invisible-text", what, "Look whether the page hides text on purpose."))
        elif page.agreement < AGREEMENT:
            what = f"two ways of reading agree on only {page.agreement:.0%} of the words"
            hint = "Check quotes from this page against the file."
            found.append(("words-uncertain", what, hint))
        for code, message, hint in found:
            draft.problem(code, message, hint, page=page.number)


def assemble_partial(frames: list[bytes], draft: Draft) -> None:
    """Put together the pages that were sent before the worker was stopped."""
    pages = [msgspec.msgpack.decode(frame, type=Page) for frame in frames]
    draft.partial = True
    _report(pages, draft)
    pdf_document.assemble(pages, draft)
