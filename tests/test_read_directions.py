"""The order of a page: parts that run to the left, columns, characters above their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesmine.config import ReadSettings
from notesmine.read import read_file
from notesmine.read.pdf_leftward import in_order, is_leftward, turned
from notesmine.read.pdf_lines import Word
from notesmine.read.pdf_scripts import join_scripts


def word(text: str, x0: float, base: float = 100.0, size: float = 10.0) -> Word:
    return Word(text, x0, x0 + 0.5 * size * len(text), base, base - size, base, size, False)


def texts(lines: list[list[Word]]) -> list[list[str]]:
    return [[w.text for w in line] for line in lines]


#: Parts of lines as they are written; the first says which way the line runs.
LINES = (
    ("החברה נפתחה בשנת ", "2024"),
    ("המחיר ", "17.50%", " כאן"),
    ("מערכת ", "Open Data Hub", " כאן"),
    ("עבודה עם ", "Python 3", " היום"),
    ("בתאריך ", "1403/09/19"),
    ("The word ", "שלום", " means peace in Hebrew."),
    ("We say ", "בוקר טוב", " each day, at 9."),
    ("Plain words, 2024.",),
)


def drawn(parts: tuple[str, ...]) -> str:
    """Return a line as a page shows it, from left to right."""
    leftward = is_leftward(parts[0])
    turn = [p[::-1] if is_leftward(p) else p for p in parts]
    return "".join(reversed(turn) if leftward else turn)


@pytest.mark.parametrize("parts", LINES)
def test_both_directions_of_a_line_are_read(tmp_path: Path, parts: tuple[str, ...]) -> None:
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    metrics: Any = pytest.importorskip("reportlab.pdfbase.pdfmetrics")
    from matplotlib import get_data_path
    from reportlab.pdfbase.ttfonts import TTFont

    metrics.registerFont(TTFont("DejaVu", f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    path = tmp_path / "one.pdf"
    page = canvas_module.Canvas(str(path))
    page.setFont("DejaVu", 11)
    page.drawString(72, 700, drawn(parts))
    page.save()
    assert read_file(path, path.name, ReadSettings()).text == "".join(parts)


@given(st.text("abXY019.,:/%()שלוםبج ", max_size=12))
def test_turning_loses_no_character(text: str) -> None:
    for leftward in (True, False):
        assert sorted(turned(text, leftward=leftward)) == sorted(text)


@given(st.lists(st.text("abXY019שלום", min_size=1, max_size=5), max_size=7), st.booleans())
def test_ordering_loses_no_word(said: list[str], leftward: bool) -> None:
    places = [60.0 * n for n in range(len(said))]
    line = [word(t, x) for t, x in zip(said, places[::-1] if leftward else places, strict=True)]
    assert sorted(w.text for w in in_order(line)) == sorted(said)


def test_indices_and_footnotes_come_back_into_their_lines() -> None:
    line = [word("Institute", 50), word("emits", 110), word("CO", 150), word("now", 180)]
    above = [word("3", 95.2, 96, 6)]
    below = [word("2", 160.2, 103, 6)]
    assert texts(join_scripts([above, line, below])) == [["Institute", "3", "emits", "CO2", "now"]]


def test_a_script_is_found_beside_another_column() -> None:
    line = [word("Institute", 50), word("emits", 110)]
    # The line of the next column stands at the height of the footnote's number.
    other = [word("3", 95.2, 96, 6), word("elsewhere", 300, 96)]
    assert texts(join_scripts([other, line])) == [["elsewhere"], ["Institute", "3", "emits"]]


def test_small_print_that_stands_apart_stays_apart() -> None:
    line = [word("Institute", 50), word("emits", 110)]
    far = [word("note", 220, 96, 6), word("elsewhere", 300, 96)]
    assert texts(join_scripts([far, line])) == [["note", "elsewhere"], ["Institute", "emits"]]


def test_a_fraction_is_one_word() -> None:
    line = [word("to", 50), word("\u20444", 65), word("inch", 85)]
    upper = [word("1", 63.5, 96, 5.5)]
    assert texts(join_scripts([upper, line])) == [["to", "1\u20444", "inch"]]


@pytest.mark.parametrize(("columns", "gutter"), [(2, 12), (3, 12), (2, 8.2)])
def test_columns_are_read_one_after_the_other(tmp_path: Path, columns: int, gutter: float) -> None:
    """As in three-column gazettes, and where LaTeX sets columns one font size apart."""
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    metrics: Any = pytest.importorskip("reportlab.pdfbase.pdfmetrics")
    path = tmp_path / "columns.pdf"
    page = canvas_module.Canvas(str(path))
    wide = 480 / columns
    said = []
    for number in range(columns):
        name = ("first", "second", "third")[number]
        for n in range(12):
            line = f"The {name} column, line {n}, goes on with some more words of it"
            line = line[: 8 + int(wide / 4.1)].strip()
            said.append(line)
            # Justified: the last word ends where the column does.
            text = page.beginText(60 + number * (wide + gutter), 700 - 10 * n)
            text.setFont("Helvetica", 8)
            spare = wide - metrics.stringWidth(line, "Helvetica", 8)
            text.setWordSpace(spare / line.count(" "))
            text.textOut(line)
            page.drawText(text)
    page.save()
    text = " ".join(read_file(path, path.name, ReadSettings()).text.split())
    places = [text.find(line) for line in said]
    assert -1 not in places
    assert places == sorted(places)
