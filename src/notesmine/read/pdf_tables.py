"""Ruled tables: rows of cells from the lines drawn on a page."""

from __future__ import annotations

from collections import Counter

from notesmine.read.pdf_leftward import in_order
from notesmine.read.pdf_lines import Box, Piece, Word

MAX_RULINGS = 1200  # lines after joining; a page of charts has more and no tables
MIN_RULINGS = 3
SNAP = 3.0  # points by which lines that meet may miss each other
SHORTEST = 4.0  # points; a shorter stroke rules nothing


def _merged(strokes: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join strokes of one direction, each (position, from, to), that lie on one line and touch."""
    lines: list[list[tuple[float, float, float]]] = []
    for stroke in sorted(strokes):
        if lines and stroke[0] - lines[-1][-1][0] <= SNAP / 2:
            lines[-1].append(stroke)
        else:
            lines.append([stroke])
    merged: list[tuple[float, float, float]] = []
    for group in lines:
        position = sum(s[0] for s in group) / len(group)
        start, end = -1e9, -1e9
        for _, a, b in sorted(group, key=lambda s: s[1]):
            if a <= end + SNAP:
                end = max(end, b)
            else:
                if end > start:
                    merged.append((position, start, end))
                start, end = a, b
        merged.append((position, start, end))
    return merged


def find_tables(edges: list[Box]) -> list[list[Box]]:
    """Return the cells of each ruled table with at least two rows and two columns.

    A cell is the smallest rectangle whose four corners are crossings of drawn lines; cells whose
    lines hang together are one table. (pdfplumber finds the same cells, in ten times the time.)
    """
    long = [e for e in dict.fromkeys(edges) if max(e[2] - e[0], e[3] - e[1]) >= SHORTEST]
    flat = _merged([(e[1], e[0], e[2]) for e in long if e[2] - e[0] >= e[3] - e[1]])
    tall = _merged([(e[0], e[1], e[3]) for e in long if e[2] - e[0] < e[3] - e[1]])
    if min(len(flat), len(tall)) < MIN_RULINGS or len(flat) + len(tall) > MAX_RULINGS:
        return []
    crossing = {
        (h, v)
        for h, (y, x0, x1) in enumerate(flat)
        for v, (x, y0, y1) in enumerate(tall)
        if x0 - SNAP <= x <= x1 + SNAP and y0 - SNAP <= y <= y1 + SNAP
    }
    along: dict[int, list[int]] = {}
    down: dict[int, list[int]] = {}
    for h, v in sorted(crossing):  # lines are sorted by position, so these are too
        along.setdefault(h, []).append(v)
        down.setdefault(v, []).append(h)
    tables: dict[int, list[Box]] = {}
    part = _parts(len(flat), len(tall), crossing)
    for h, v in sorted(crossing):
        right = [w for w in along[h] if tall[w][0] > tall[v][0] + SNAP]
        below = [g for g in down[v] if flat[g][0] > flat[h][0] + SNAP]
        cell = next(((w, g) for w in right for g in below if (g, w) in crossing), None)
        if cell:
            box = (tall[v][0], flat[h][0], tall[cell[0]][0], flat[cell[1]][0])
            tables.setdefault(part[h], []).append(box)
    return [
        t
        for t in tables.values()
        if len({round(b[1]) for b in t}) >= 2 and len({round(b[0]) for b in t}) >= 2
    ]


def _parts(flat: int, tall: int, crossing: set[tuple[int, int]]) -> list[int]:
    """Return the number of the connected group each line is in (union and find)."""
    root = list(range(flat + tall))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for h, v in sorted(crossing):
        root[find(flat + v)] = find(h)
    return [find(i) for i in range(flat + tall)]


def cut_tables(lines: list[list[Word]], edges: list[Box]) -> tuple[list[list[Word]], list[Piece]]:
    """Take the words inside ruled tables out of the lines.

    Returns
    -------
    tuple of (lines, tables)
        The lines without those words, and each table as a piece with its rows.
    """
    tables = find_tables(edges)
    pieces: list[Piece] = []
    for cells in tables:
        frame = (
            min(b[0] for b in cells),
            min(b[1] for b in cells),
            max(b[2] for b in cells),
            max(b[3] for b in cells),
        )
        content: dict[Box, list[list[Word]]] = {b: [] for b in cells}
        rest: list[list[Word]] = []
        taken = 0
        for line in lines:
            y = line[0].base - 0.3 * line[0].size
            level = [b for b in cells if b[1] - 1 <= y <= b[3] + 1]
            if not level:
                rest.append(line)
                continue
            outside: list[Word] = []
            here: dict[Box, list[Word]] = {}
            for word in line:
                x = (word.x0 + word.x1) / 2
                cell = next((b for b in level if b[0] - 1 <= x <= b[2] + 1), None)
                if cell is None:
                    outside.append(word)
                else:
                    here.setdefault(cell, []).append(word)
                    taken += 1
            for cell, words in here.items():
                content[cell].append(words)
            if outside:
                rest.append(outside)
        filled = [b for b in cells if content[b]]
        longest = max((sum(len(row) for row in content[b]) for b in filled), default=0)
        # A frame round a page, cards and charts are no tables: one cell has nearly all, or no two
        # rows have cells side by side.
        in_row = Counter(round(b[1]) for b in filled)
        rows = sum(n > 1 for n in in_row.values())
        if rows < 2 or (taken > 80 and longest > 0.8 * taken):
            continue
        lines = rest
        pieces.append(_table(cells, content, frame))
    return lines, pieces


def _table(cells: list[Box], content: dict[Box, list[list[Word]]], frame: Box) -> Piece:
    by_top: dict[float, list[Box]] = {}
    for box in cells:
        by_top.setdefault(round(box[1], 1), []).append(box)
    rows: list[list[str]] = []
    boxes: list[Box] = []
    for _, row in sorted(by_top.items()):
        row.sort()
        texts = [" ".join(w.text for words in content[b] for w in in_order(words)) for b in row]
        if any(texts):
            rows.append(texts)
            boxes.append((row[0][0], row[0][1], row[-1][2], max(b[3] for b in row)))
    size = next((w.size for b in cells for words in content[b] for w in words), 10.0)
    return Piece([], frame[0], frame[2], frame[1], frame[3], frame[1] + size, size, rows, boxes)
