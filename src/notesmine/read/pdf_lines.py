"""Glyphs into words, words into pieces of lines, pieces in order into lines of one page."""

from __future__ import annotations

import statistics
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from notesmine.read.pdf_leftward import in_order, is_leftward, turned
from notesmine.read.pdf_scripts import join_scripts

if TYPE_CHECKING:  # a page read by pdfplumber has the same shape, without pdfium
    from notesmine.read.pdf_glyphs import Glyph, Raw, Style

Box = tuple[float, float, float, float]
# A gap of this share of the font size separates words (agreement with pdfium .994 on 851 pages).
WORD_GAP = 0.15
# A gap of this many font sizes separates pieces of a line that may belong to different columns.
# LaTeX sets columns one font size apart.
PIECE_GAP = 0.97
SAME_BASELINE = 0.35  # of the font size
SMALLEST = 1.0  # points; smaller text is not meant to be read


class Word(Struct, array_like=True):
    """A run of characters without a gap."""

    text: str
    x0: float
    x1: float
    base: float
    top: float
    bottom: float
    size: float
    bold: bool


class Piece(Struct):
    """Words of one line that stand together; ``rows`` is set where it is a whole table."""

    words: list[Word]
    x0: float
    x1: float
    top: float
    bottom: float
    base: float
    size: float
    rows: list[list[str]] | None = None
    row_boxes: list[Box] | None = None


class Line(Struct, array_like=True):
    """One line of text in reading order, or a row of a table (then ``cells`` is set)."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    base: float
    size: float
    bold: bool
    column: int
    first_width: float
    gaps: tuple[tuple[float, float], ...] = ()
    cells: list[str] | None = None
    table: int = 0
    turned: bool = False
    shown: Box | None = None  # on the page as displayed, where that differs
    confidence: float | None = None  # of what was recognised in a picture


class Seen(Struct):
    """What of a page's text can be seen.

    ``invisible`` and ``doubled`` count letters left out; ``layer`` tells that the text is an
    invisible layer over a picture (recognised by OCR), which is read.
    """

    lines: list[list[Word]]
    invisible: int = 0
    doubled: int = 0
    layer: bool = False


def read_lines(raw: Raw, glyphs: list[Glyph]) -> Seen:
    """Turn glyphs into lines of words, without what cannot be seen or is printed twice."""
    styles = raw.styles
    seen = Seen([])
    if any(s.hidden for s in styles):
        letters = [g for g in glyphs if not g.text.isspace()]
        hidden = sum(styles[g.style].hidden for g in letters)
        area = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in raw.pictures)
        seen.layer = hidden > 0.8 * len(letters) and area > 0.3 * raw.width * raw.height
    doubtful = [(s.hidden and not seen.layer) or s.white or s.size < 2 * SMALLEST for s in styles]
    right, low = raw.width + 1, raw.height + 1
    kept: list[Glyph] = []
    unseen: list[Glyph] = []
    for g in glyphs:
        off_page = g.x1 < -1 or g.x0 > right or g.base < -1 or g.top > low
        if off_page or (doubtful[g.style] and _unseen(g, styles[g.style], raw, seen.layer)):
            if not g.text.isspace():
                unseen.append(g)
        else:
            kept.append(g)
    rows = _rows(kept, styles)
    seen.doubled = sum(_drop_doubles(row, styles) for row in rows)
    if unseen:  # a white copy under a coloured one is a halo, not hidden text
        places = {(g.text, round(g.x0 / 3), round(g.base / 3)) for row in rows for g in row}
        near = (-1, 0, 1)
        halo = sum(
            any(
                (g.text, round(g.x0 / 3) + i, round(g.base / 3) + j) in places
                for i in near
                for j in near
            )
            for g in unseen
        )
        seen.invisible, seen.doubled = len(unseen) - halo, seen.doubled + halo
    seen.lines = join_scripts([line for line in (_words(row, styles) for row in rows) if line])
    return seen


def _unseen(g: Glyph, style: Style, raw: Raw, is_layer: bool) -> bool:
    """Tell whether a character is hidden, too small to read, or white on nothing."""
    if style.hidden and not is_layer:
        return True
    if g.bottom - g.top < SMALLEST:
        return True
    if not style.white:
        return False
    x, y = (g.x0 + g.x1) / 2, g.base
    behind = (box for boxes in (raw.fills, raw.pictures) for box in boxes)
    return not any(a - 2 <= x <= c + 2 and b - 2 <= y <= d + 2 for a, b, c, d in behind)


def _rows(glyphs: list[Glyph], styles: list[Style]) -> list[list[Glyph]]:
    """Group glyphs by baseline; each row in reading order."""
    rows: list[list[Glyph]] = []
    first, smallest = 0.0, 0.0
    for g in sorted(glyphs, key=attrgetter("base")):
        size = max(styles[g.style].size, 1.0)
        if rows and g.base - first <= SAME_BASELINE * min(size, smallest):
            rows[-1].append(g)
        else:
            rows.append([g])
            first, smallest = g.base, size
    for row in rows:
        row.sort(key=attrgetter("x0"))
        if _leftward(row):
            row.sort(key=_by_right)
    return rows


def _by_right(g: Glyph) -> float:
    return -g.x1


def _leftward(row: list[Glyph] | list[Word]) -> bool:
    return is_leftward("".join(g.text for g in row))


def _drop_doubles(row: list[Glyph], styles: list[Style]) -> int:
    """Drop the second of two equal characters that fake bold prints a fraction of a point apart."""
    kept: list[Glyph] = []
    for g in row:
        for o in kept[:-4:-1]:
            if (
                o.text == g.text
                and o.style != g.style
                and abs(o.x0 - g.x0) < max(0.8, 0.12 * styles[g.style].size)
                and not g.text.isspace()
            ):
                break
        else:
            kept.append(g)
    dropped = len(row) - len(kept)
    row[:] = kept
    return dropped


def _words(row: list[Glyph], styles: list[Style]) -> list[Word]:
    words: list[Word] = []
    leftward = _leftward(row)
    w: Word | None = None
    for g in row:
        if g.text.isspace():
            w = None
            continue
        style = styles[g.style]
        if w is not None:
            gap = w.x0 - g.x1 if leftward else g.x0 - w.x1
            if gap <= WORD_GAP * max(style.size, w.size):
                w.text += g.text
                w.x0, w.x1 = min(w.x0, g.x0), max(w.x1, g.x1)
                if g.top < w.top:
                    w.top = g.top
                if g.bottom > w.bottom:
                    w.bottom = g.bottom
                continue
        w = Word(g.text, g.x0, g.x1, g.base, g.top, g.bottom, style.size, style.bold)
        words.append(w)
    if leftward or not all(w.text.isascii() for w in words):
        for w in words:
            w.text = turned(w.text, leftward=leftward)
    return words


def pieces_of(lines: list[list[Word]]) -> list[Piece]:
    """Split lines at gaps too wide for a space."""
    pieces: list[Piece] = []
    for line in lines:
        run: list[Word] = []
        for word in line:
            apart = max(word.x0 - run[-1].x1, run[-1].x0 - word.x1) if run else 0.0
            if run and apart > PIECE_GAP * max(run[-1].size, word.size):
                pieces.append(_piece(run))
                run = []
            run.append(word)
        pieces.append(_piece(run))
    return pieces


def _piece(words: list[Word]) -> Piece:
    return Piece(
        words,
        min(w.x0 for w in words),
        max(w.x1 for w in words),
        min(w.top for w in words),
        max(w.bottom for w in words),
        words[0].base,
        max(w.size for w in words),
    )


def lines_of(columns: list[list[list[Piece]]]) -> list[Line]:
    """Turn ordered pieces into lines; a table becomes one line a row."""
    lines: list[Line] = []
    tables = 0
    for number, rows in enumerate(columns):
        for row in rows:
            if row[0].rows is not None and row[0].row_boxes is not None:
                tables += 1
                for cells, (x0, top, x1, bottom) in zip(row[0].rows, row[0].row_boxes, strict=True):
                    lines.append(
                        Line(
                            "",
                            x0,
                            top,
                            x1,
                            bottom,
                            bottom,
                            row[0].size,
                            False,
                            number,
                            0.0,
                            (),
                            cells,
                            tables,
                        )
                    )
                continue
            words = [w for piece in row for w in in_order(piece.words)]
            if _leftward(words):  # pieces stand from left to right
                words = [w for piece in reversed(row) for w in in_order(piece.words)]
            letters = sum(len(w.text) for w in words)
            size = (
                max(words, key=lambda w: len(w.text)).size
                if len(words) < 4
                else statistics.median_low(w.size for w in words for _ in w.text[:8])
            )
            lines.append(
                Line(
                    " ".join(w.text for w in words),
                    row[0].x0,
                    min(p.top for p in row),
                    max(p.x1 for p in row),
                    max(p.bottom for p in row),
                    row[0].base,
                    round(size, 1),
                    sum(len(w.text) for w in words if w.bold) > 0.9 * letters,
                    number,
                    words[0].x1 - words[0].x0,
                    tuple((a.x1, b.x0) for a, b in pairwise(row)),
                )
            )
    return lines
