"""``evidence.xlsx``: the tidy tables as sheets, with a first sheet that names every column.

Every text is written as a text cell, so that nothing is a formula or a link whatever it starts
with; whole dates are date cells. The bytes depend on the bundle alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import xlsxwriter

from notesmine.numerals import plural
from notesmine.publish import frames
from notesmine.publish.bundle import Bundle
from notesmine.publish.excerpts import read_ones, width
from notesmine.publish.text import day, moment, visible
from notesmine.publish.xlsx_columns import ABOUT, COLUMNS, WIDTHS

if TYPE_CHECKING:
    import pandas as pd

#: Characters of one cell. Excel's limit is 32,767 UTF-16 units: half as many characters fit.
PIECE = 16_000
DATES = {"date", "first_seen", "last_seen"}
PERCENT = {"share", "share_low", "share_high", "jaccard"}
DECIMALS = {"lift", "expected", "expected_errors", "score", "stability", "trend_p"}
WHOLE = re.compile(r"\d{4}-\d{2}-\d{2}")
OLDEST = "1900-03-01"  # Excel counts a 29 February 1900 that never was
WIDTH, WIDEST = 12, 70  # characters
LINE_HEIGHT, MOST_LINES = 13, 12  # points; lines of a row that is shown in full
READ_ME = 100  # width of the explanations
WRAPPED = 40  # width from which texts run over several lines
MATRIX = "Theme x document"
INK, PALE, LINE = "#1f3a4d", "#e8eef2", "#c5d0d8"


def render(bundle: Bundle) -> bytes:
    """Return the workbook."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {"title": visible(bundle.title), "created": moment(bundle.run.report_date), "author": ""}
    )
    tables = {
        "Themes": frames.themes(bundle),
        "Codings": _in_pieces(frames.codings(bundle)),
        MATRIX: _named(frames.theme_document(bundle), bundle),
        "Co-occurrence": frames.cooccurrence(bundle),
        "Saturation": frames.saturation(bundle),
        "Documents": frames.documents(bundle),
    }
    styles = _Styles(book)
    _read_me(book, styles, bundle, tables)
    for name, frame in tables.items():
        _sheet(book, styles, name, frame)
    book.close()
    return stream.getvalue()


class _Styles:
    """The looks of cells, each made once."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        self.head = book.add_format(
            base | {"bold": True, "font_color": "white", "bg_color": INK, "text_wrap": True}
        )
        self.steep = book.add_format(
            base
            | {
                "bold": True,
                "font_color": "white",
                "bg_color": INK,
                "rotation": 90,
                "align": "center",
            }
        )
        self.text = book.add_format(base)
        self.wrapped = book.add_format(base | {"text_wrap": True})
        self.date = book.add_format(base | {"num_format": "yyyy-mm-dd", "align": "center"})
        self.percent = book.add_format(base | {"num_format": "0.0%"})
        self.decimal = book.add_format(base | {"num_format": "0.00"})
        self.title = book.add_format(base | {"bold": True, "font_size": 16, "font_color": INK})
        self.section = book.add_format(
            base | {"bold": True, "font_size": 12, "font_color": INK, "bottom": 1}
        )
        self.one = book.add_format({"bg_color": INK, "font_color": "white"})
        self.none = book.add_format({"font_color": "#a0acb5"})

    def of(self, column: str) -> Any:
        if column in PERCENT or column.startswith("new_share_run_"):
            return self.percent
        if column in DECIMALS:
            return self.decimal
        if WIDTHS.get(column.rstrip("_0123456789"), WIDTH) >= WRAPPED:
            return self.wrapped
        return self.text


def _sheet(book: Any, styles: _Styles, name: str, frame: pd.DataFrame) -> None:
    """Write a table: header frozen, filters on, dates as dates, texts as texts."""
    sheet = book.add_worksheet(name)
    columns = [str(c) for c in frame.columns]
    fixed = len(frames.MATRIX_COLUMNS) if name == MATRIX else 1
    for at, column in enumerate(columns):
        steep = name == MATRIX and at >= fixed
        sheet.write_string(0, at, visible(column), styles.steep if steep else styles.head)
        wide = 6 if steep else WIDTHS.get(column.rstrip("_0123456789"), WIDTH)
        sheet.set_column(at, at, min(wide, WIDEST))
    sheet.set_row(0, 150 if name == MATRIX else 32)
    looks = [styles.of(c) for c in columns]
    wrapped = [
        (at, WIDTHS[c.rstrip("_0123456789")])
        for at, c in enumerate(columns)
        if looks[at] is styles.wrapped
    ]
    for number, row in enumerate(frame.itertuples(index=False, name=None), 1):
        lines = max([_lines(row[at], wide) for at, wide in wrapped], default=1)
        sheet.set_row(number, LINE_HEIGHT * min(lines, MOST_LINES) + 2)
        for at, value in enumerate(row):
            _cell(sheet, number, at, value, looks[at], styles, is_date=columns[at] in DATES)
    last = max(len(frame), 1)
    if name == MATRIX and len(columns) > fixed:
        area = (1, fixed, last, len(columns) - 1)
        for value, look in ((1, styles.one), (0, styles.none)):
            rule = {"type": "cell", "criteria": "==", "value": value, "format": look}
            sheet.conditional_format(*area, rule)
    sheet.freeze_panes(1, 3 if name == MATRIX else fixed)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.hide_gridlines(2)


def _lines(value: object, wide: int) -> int:
    """Return how many lines a text takes in a column; programs do not always fit rows to them."""
    text = value if isinstance(value, str) else ""
    return sum(max(1, -(-width(part) // wide)) for part in text.split("\n"))


def _cell(
    sheet: Any, row: int, column: int, value: Any, look: Any, styles: _Styles, *, is_date: bool
) -> None:
    if value is None or value != value:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, str):
        whole = _day(value) if is_date else None
        if whole is None:
            sheet.write_string(row, column, visible(value), look)
        else:
            sheet.write_datetime(row, column, whole, styles.date)
    else:
        sheet.write_number(row, column, float(value), look)


def _day(value: str) -> date | None:
    if not WHOLE.fullmatch(value[:10]) or value[:10] < OLDEST:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _in_pieces(frame: pd.DataFrame) -> pd.DataFrame:
    """Put text that is too long for a cell into further columns ``text_2``, and so on."""
    longest = max((len(t) for t in frame["text"]), default=0)
    place = list(frame.columns).index("text")
    whole = list(frame["text"])
    frame["text"] = [t[:PIECE] for t in whole]
    for n in range(1, -(-longest // PIECE)):
        part = [t[n * PIECE : (n + 1) * PIECE] or None for t in whole]
        frame.insert(place + n, f"text_{n + 1}", part)
    return frame


def _named(frame: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    """Head the columns of the matrix with the themes' names."""
    names = {e.theme.theme_id: f"{e.theme.label} ({e.theme.theme_id})" for e in bundle.evidence}
    return frame.rename(columns=names)


def _read_me(book: Any, styles: _Styles, bundle: Bundle, tables: dict[str, pd.DataFrame]) -> None:
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, READ_ME)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    read = read_ones(bundle.documents)
    sheet.write_string(0, 0, visible(bundle.title), styles.title)
    sheet.set_row(0, 24)
    facts = (
        ("Corpus", f"{visible(bundle.corpus)}: {plural(len(read), 'document')} read"),
        ("Newest note", day(bundle.run.report_date)),
        ("Run", bundle.run.run_id),
        ("Counting", ABOUT["counting"]),
        ("Texts", ABOUT["texts"]),
        ("Saturation", _reached(bundle)),
    )
    row = 2
    for name, said in facts:
        sheet.write_string(row, 0, name, styles.text)
        sheet.write_string(row, 1, said, styles.wrapped)
        sheet.set_row(row, LINE_HEIGHT * _lines(said, READ_ME) + 2)
        row += 1
    for name, frame in tables.items():
        row += 1
        sheet.set_row(row, 18)
        link = f"internal:'{name}'!A1"
        sheet.write_url(row, 0, link, styles.section, string=name)
        sheet.write_string(row, 1, f"{ABOUT[name]} Rows: {len(frame):,}.", styles.section)
        for column, said in _described(name, [str(c) for c in frame.columns]):
            row += 1
            sheet.write_string(row, 0, column, styles.text)
            sheet.write_string(row, 1, said, styles.wrapped)
        sheet.set_row(row, LINE_HEIGHT * _lines(said, READ_ME) + 2)
        row += 1


def _described(name: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return what each column means; those of the matrix that are themes are said once."""
    own = columns[: len(frames.MATRIX_COLUMNS)] if name == MATRIX else columns
    said = []
    for column in own:
        if column.startswith("new_share_run_"):
            said.append((column, COLUMNS["new_share_run"].format(run=column.rsplit("_", 1)[1])))
        elif re.fullmatch(r"text_\d+", column):
            said.append((column, COLUMNS["text_more"]))
        else:
            said.append((column, COLUMNS[column]))
    if name == MATRIX:
        said.append(("name (theme_id)", COLUMNS["matrix"]))
    return said


def _reached(bundle: Bundle) -> str:
    found = bundle.saturation
    if found is None or not found.base_themes:
        return "Not computed: too few documents, or none that reports an impediment."
    parts = [
        f"with run length {run} "
        + (f"reached after {n} documents ({n}+{run})" if n is not None else "not reached")
        for run, n in sorted(found.reached.items())
    ]
    return (
        f"Base of {found.base} documents with {plural(found.base_themes, 'theme')}, threshold "
        f"{found.threshold:.0%} of new information: {', '.join(parts)}. Documents in order of date."
    )
