"""Pieces of lines in reading order: columns of running text, one after the other."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from itertools import pairwise

from notesmine.read.pdf_lines import SAME_BASELINE, Piece

WORD_SPACE = 1.1  # font sizes; a line that fills its column may have such spaces
MIN_COLUMN_LINES = 4
MIN_COLUMN_FILL = 0.55  # lines of running text fill their column; cells of a table do not
MAX_DEPTH = 12


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
    runs: list[tuple[float, int]] = []  # width and words
    for row in rows_of(pieces):
        end = -math.inf
        for piece in row:
            if piece.x0 - end <= WORD_SPACE * piece.size:  # a line set wide to fill its column
                runs[-1] = runs[-1][0] + piece.x1 - end, runs[-1][1] + len(piece.words)
            else:
                runs.append((piece.x1 - piece.x0, len(piece.words)))
            end = piece.x1
    filled = statistics.median(run / (right - left) for run, _ in runs)
    return filled >= MIN_COLUMN_FILL and statistics.mean(words for _, words in runs) >= 2.5


def _columns(pieces: list[Piece], width: float) -> bool:
    """Tell whether pieces read as one column of running text, or as two side by side."""
    if _prose(pieces, width):
        return True
    gaps: dict[int, list[float]] = {}
    for row in rows_of(pieces):
        for a, b in pairwise(row):
            gaps.setdefault(round((a.x1 + b.x0) / 8), []).append((a.x1 + b.x0) / 2)
    for found in sorted(gaps.values(), key=len, reverse=True)[:3]:
        x = statistics.median(found)
        left, right = _sides(pieces, x)
        if len(left) + len(right) == len(pieces) and _prose(left, width) and _prose(right, width):
            return True
    return False


def _sides(pieces: list[Piece], x: float) -> tuple[list[Piece], list[Piece]]:
    """Return what stands to the left and to the right of a line down the page."""
    return [p for p in pieces if p.x1 <= x], [p for p in pieces if p.x0 >= x]


def _gutter(rows: list[list[Piece]], width: float) -> tuple[int, int, float] | None:
    """Find the tallest run of rows with a clear gutter between two columns of running text."""
    candidates: Counter[int] = Counter()
    for row in rows:
        for a, b in pairwise(row):
            candidates[round((a.x1 + b.x0) / 2)] += 1
    # Columns whose baselines never coincide show no gap within a row: try their edges too.
    edges = sorted({round(p.x0) for row in rows for p in row})
    candidates.update(e - 4 for e in edges[1:][:40])
    best: tuple[int, int, int, float] | None = None
    for x in sorted(candidates, key=lambda x: (-candidates[x], x))[:120]:
        start = 0
        for end in range(len(rows) + 1):
            crossed = end == len(rows) or any(p.x0 < x < p.x1 for p in rows[end])
            if not crossed:
                continue
            if end - start >= MIN_COLUMN_LINES and (best is None or end - start > best[0]):
                run = [p for row in rows[start:end] for p in row]
                left, right = _sides(run, x)
                clear = left and right and min(p.x0 for p in right) - max(p.x1 for p in left) >= 6
                if clear and _columns(left, width) and _columns(right, width):
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
    above, run, below = ([p for row in part for p in row]
                         for part in (rows[:start], rows[start:end], rows[end:]))  # fmt: skip
    flat = [above, *_sides(run, x), below]
    return [column for part in flat for column in order(part, width, depth + 1)]
