"""Ruled tables: rows of cells from the lines drawn on a page, by pdfplumber's table geometry."""

from __future__ import annotations

from typing import Any

from notesmine.read.pdf_lines import Box, Piece, Word

MAX_EDGES = 1500  # a page of charts has more and no tables
MIN_RULINGS = 3
SNAP = 3.0  # points


def _edges(edges: list[Box]) -> list[dict[str, Any]]:
    """Edges in the shape that pdfplumber's functions take."""
    made = []
    for x0, top, x1, bottom in edges:
        orientation = "h" if x1 - x0 >= bottom - top else "v"
        made.append(
            {"x0": x0, "x1": x1, "top": top, "bottom": bottom, "orientation": orientation,
             "width": x1 - x0, "height": bottom - top, "object_type": "line"}
        )  # fmt: skip
    return made


def find_tables(edges: list[Box]) -> list[list[Box]]:
    """Return the cells of each ruled table with at least two rows and two columns."""
    long = [e for e in dict.fromkeys(edges) if max(e[2] - e[0], e[3] - e[1]) >= 4]
    vertical = sum(e[3] - e[1] > e[2] - e[0] for e in long)
    if len(long) > MAX_EDGES or vertical < MIN_RULINGS or len(long) - vertical < MIN_RULINGS:
        return []
    from pdfplumber import table as plumber

    merged = plumber.merge_edges(
        _edges(long),
        snap_x_tolerance=SNAP,
        snap_y_tolerance=SNAP,
        join_x_tolerance=SNAP,
        join_y_tolerance=SNAP,
    )
    crossings = plumber.edges_to_intersections(merged, SNAP, SNAP)
    if len(crossings) > MAX_EDGES * 2:
        return []
    cells = plumber.intersections_to_cells(crossings)
    tables: list[list[Box]] = plumber.cells_to_tables(cells)
    return [
        t for t in tables
        if len({round(b[1]) for b in t}) >= 2 and len({round(b[0]) for b in t}) >= 2
    ]  # fmt: skip


def _inside(word: Word, box: Box) -> bool:
    x, y = (word.x0 + word.x1) / 2, word.base - 0.3 * word.size
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


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
            outside: list[Word] = []
            here: dict[Box, list[Word]] = {}
            for word in line:
                cell = (
                    next((b for b in cells if _inside(word, b)), None)
                    if _inside(word, frame)
                    else None
                )
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
        # A frame round a page, or a box with a heading, is no table: one cell has nearly all.
        if len(filled) < 3 or (taken > 80 and longest > 0.8 * taken):
            continue
        lines = rest
        pieces.append(_table(cells, content, frame))
    return lines, pieces


def _table(cells: list[Box], content: dict[Box, list[list[Word]]], frame: Box) -> Piece:
    tops = sorted({round(b[1], 1) for b in cells})
    rows: list[list[str]] = []
    boxes: list[Box] = []
    for top in tops:
        row = sorted((b for b in cells if round(b[1], 1) == top), key=lambda b: b[0])
        texts = [" ".join(w.text for words in content[b] for w in words) for b in row]
        if any(texts):
            rows.append(texts)
            boxes.append((row[0][0], row[0][1], row[-1][2], max(b[3] for b in row)))
    size = next((w.size for b in cells for words in content[b] for w in words), 10.0)
    return Piece([], frame[0], frame[2], frame[1], frame[3], frame[1] + size, size, rows, boxes)
