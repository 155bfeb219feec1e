"""Glyphs into words, words into lines, lines in reading order: the geometry of one page."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # a page read by pdfplumber has the same shape, without pdfium
    from notesmine.read.pdf_glyphs import Glyph, Raw, Style

Box = tuple[float, float, float, float]
# A gap of this share of the font size separates words (agreement with pdfium .994 on 851 pages).
WORD_GAP = 0.15
# A gap of this many font sizes separates pieces of a line that may belong to different columns.
PIECE_GAP = 1.1
SAME_BASELINE = 0.35  # of the font size
SMALLEST = 1.0  # points; smaller text is not meant to be read
MIN_COLUMN_LINES = 4
MIN_COLUMN_FILL = 0.55  # lines of running text fill their column; cells of a table do not
MAX_DEPTH = 12


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


class Seen(Struct):
    """What of a page's text can be seen.

    ``invisible`` and ``doubled`` count letters left out; ``layer`` tells that the text is an
    invisible layer over a picture (recognised by OCR), which is read.
    """

    glyphs: list[Glyph]
    invisible: int
    doubled: int
    layer: bool


def visible(raw: Raw) -> Seen:
    """Drop what cannot be seen and what is printed twice."""
    styles = raw.styles
    letters = [g for g in raw.glyphs if not g.text.isspace()]
    hidden = sum(styles[g.style].hidden for g in letters)
    area = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in raw.pictures)
    is_layer = hidden > 0.8 * len(letters) and area > 0.3 * raw.width * raw.height
    kept: list[Glyph] = []
    unseen: list[Glyph] = []
    doubled = 0
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    behind = raw.fills + raw.pictures
    for g in raw.glyphs:
        style = styles[g.style]
        if _unseen(g, style, raw, behind, is_layer):
            if not g.text.isspace():
                unseen.append(g)
            continue
        # Fake bold prints a character twice, a fraction of a point apart.
        if not g.text.isspace() and _twice(g, seen, max(0.8, 0.12 * style.size)):
            doubled += 1
            continue
        seen.setdefault((g.text, int(g.base // 4), int(g.x0 // 8)), []).append(g)
        kept.append(g)
    # A white copy under a coloured one is a halo, not hidden text.
    hidden_text = [g for g in unseen if not _twice(g, seen, 2.0)]
    return Seen(kept, len(hidden_text), doubled + len(unseen) - len(hidden_text), is_layer)


def _unseen(g: Glyph, style: Style, raw: Raw, behind: list[Box], is_layer: bool) -> bool:
    """Tell whether a character is hidden, white on nothing, off the page, or too small to read."""
    height = g.bottom - g.top
    if style.hidden and not is_layer:
        return True
    if g.x1 < -1 or g.x0 > raw.width + 1 or g.base < -1 or g.base > raw.height + height:
        return True
    if height < SMALLEST and style.size < SMALLEST * 2:
        return True
    if not style.white:
        return False
    x, y = (g.x0 + g.x1) / 2, g.base
    return not any(a - 2 <= x <= c + 2 and b - 2 <= y <= d + 2 for a, b, c, d in behind)


def _twice(g: Glyph, seen: dict[tuple[str, int, int], list[Glyph]], tolerance: float) -> bool:
    """Tell whether another text object has put the same character in the same place."""
    row, column = int(g.base // 4), int(g.x0 // 8)
    return any(
        o.style != g.style and abs(o.x0 - g.x0) < tolerance and abs(o.base - g.base) < tolerance
        for key in (
            (row, column),
            (row - 1, column),
            (row, column - 1),
            (row + 1, column),
            (row, column + 1),
        )
        for o in seen.get((g.text, *key), ())
    )


def words_of(glyphs: list[Glyph], raw: Raw) -> list[list[Word]]:
    """Group glyphs by baseline and split them at gaps and spaces; one list of words a line."""
    styles = raw.styles
    rows: list[tuple[float, float, list[Glyph]]] = []
    for g in sorted(glyphs, key=lambda g: (g.base, g.x0)):
        size = max(styles[g.style].size, 1.0)
        if rows and g.base - rows[-1][0] <= SAME_BASELINE * min(size, rows[-1][1]):
            rows[-1][2].append(g)
        else:
            rows.append((g.base, size, [g]))
    lines = [_words(row, raw) for _, _, row in rows]
    return _join_scripts([line for line in lines if line])


def _words(row: list[Glyph], raw: Raw) -> list[Word]:
    words: list[Word] = []
    open_ = False
    # Arabic and Hebrew run from right to left; numbers in them are rare enough to go along.
    leftward = sum("\u0590" <= g.text <= "\u08ff" for g in row) * 2 > len(row)
    for g in sorted(row, key=lambda g: -g.x1 if leftward else g.x0):
        if g.text.isspace():
            open_ = False
            continue
        style = raw.styles[g.style]
        gap = (words[-1].x0 - g.x1 if leftward else g.x0 - words[-1].x1) if words else 0.0
        if open_ and gap <= WORD_GAP * max(style.size, words[-1].size):
            w = words[-1]
            w.text += g.text
            w.x0, w.x1 = min(w.x0, g.x0), max(w.x1, g.x1)
            w.top, w.bottom = min(w.top, g.top), max(w.bottom, g.bottom)
        else:
            words.append(Word(g.text, g.x0, g.x1, g.base, g.top, g.bottom, style.size, style.bold))
        open_ = True
    return words


def _join_scripts(lines: list[list[Word]]) -> list[list[Word]]:
    """Put superscripts and subscripts back into the line they belong to."""
    done: list[list[Word]] = []
    for line in lines:
        if done:
            above = done[-1]
            size_a, size_b = max(w.size for w in above), max(w.size for w in line)
            gap = line[0].base - above[0].base
            small, big = (above, line) if size_a < size_b else (line, above)
            if gap < 0.6 * max(size_a, size_b) and max(w.size for w in small) < 0.8 * max(
                w.size for w in big
            ):
                left, right = big[0].x0 - 1, big[-1].x1 + max(size_a, size_b)
                clear = all(
                    all(s.x1 <= w.x0 + 0.5 or s.x0 >= w.x1 - 0.5 for w in big)
                    and left <= s.x0 <= right
                    for s in small
                )
                if clear:
                    base = big[0].base
                    for w in small:
                        w.base = base
                    done[-1] = sorted([*above, *line], key=lambda w: w.x0)
                    continue
        done.append(line)
    return done


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


def rows_of(pieces: list[Piece]) -> list[list[Piece]]:
    """Group pieces by baseline, top to bottom, left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.base, p.x0)):
        same = rows and piece.rows is None and rows[-1][0].rows is None
        if same and piece.base - rows[-1][0].base <= SAME_BASELINE * min(
            piece.size, rows[-1][0].size
        ):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda p: p.x0) for row in rows]


def _prose(pieces: list[Piece], width: float) -> bool:
    """Tell whether pieces read as a column of running text rather than as cells."""
    if len(pieces) < MIN_COLUMN_LINES:
        return False
    left, right = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    if right - left < 0.12 * width:
        return False
    filled = statistics.median((p.x1 - p.x0) / (right - left) for p in pieces)
    return filled >= MIN_COLUMN_FILL and statistics.mean(len(p.words) for p in pieces) >= 2.5


def _gutter(rows: list[list[Piece]], width: float) -> tuple[int, int, float] | None:
    """Find the tallest run of rows with a clear gutter between two columns of running text."""
    candidates: dict[int, None] = {}
    for row in rows:
        for a, b in pairwise(row):
            candidates[round((a.x1 + b.x0) / 2)] = None
    # Columns whose baselines never coincide show no gap within a row: try their edges too.
    edges = sorted({round(p.x0) for row in rows for p in row})
    candidates.update(dict.fromkeys(e - 4 for e in edges[1:][:40]))
    best: tuple[int, int, int, float] | None = None
    for x in list(candidates)[:120]:
        start = 0
        for end in range(len(rows) + 1):
            crossed = end == len(rows) or any(p.x0 < x < p.x1 for p in rows[end])
            if not crossed:
                continue
            if end - start >= MIN_COLUMN_LINES and (best is None or end - start > best[0]):
                run = [p for row in rows[start:end] for p in row]
                left, right = [p for p in run if p.x1 <= x], [p for p in run if p.x0 >= x]
                clear = left and right and min(p.x0 for p in right) - max(p.x1 for p in left) >= 6
                if clear and _prose(left, width) and _prose(right, width):
                    best = (end - start, start, end, float(x))
            start = end + 1
    return (best[1], best[2], best[3]) if best else None


def order(pieces: list[Piece], width: float, depth: int = 0) -> list[list[list[Piece]]]:
    """Put pieces into reading order: a list of columns, each a list of rows."""
    rows = rows_of(pieces)
    found = _gutter(rows, width) if depth < MAX_DEPTH and len(rows) >= MIN_COLUMN_LINES else None
    if found is None:
        return [rows] if rows else []
    start, end, x = found
    run = [p for row in rows[start:end] for p in row]
    flat = [[p for row in rows[:start] for p in row], [p for p in run if p.x1 <= x],
            [p for p in run if p.x0 >= x], [p for row in rows[end:] for p in row]]  # fmt: skip
    return [column for part in flat for column in order(part, width, depth + 1)]


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
            words = [w for piece in row for w in piece.words]
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
