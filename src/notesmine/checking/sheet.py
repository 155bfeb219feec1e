"""The coding sheet as an XLSX file: passages to code, with lists to choose from, and a guide.

The same sample gives the same bytes: XlsxWriter dates every part alike, and no clock is asked.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from typing import Any

from notesmine.checking.drawing import Row, Sample
from notesmine.checking.guide import choices, lines
from notesmine.naming import Hide, as_written
from notesmine.publish.text import visible
from notesmine.themes.codebook import Codebook

PASSAGES, GUIDE, LISTS = "Passages", "Guide", "Lists"
#: The longest text of a cell that spreadsheet programs read, less room for the mark of a cut.
LONGEST = 32_000
#: Every file bears this date: what it says depends on the sample alone.
DATE = datetime.datetime(1980, 1, 1)  # noqa: DTZ001 - spreadsheets know no time zone


def render(
    sample: Sample,
    book: Codebook,
    *,
    titles: bool = False,
    all_passages: bool = False,
    hide: Hide = as_written,
) -> bytes:
    """Return the XLSX file of a sample.

    Parameters
    ----------
    sample : Sample
        Of its rows only id, text, heading and context are shown; the machine's answers, weights
        and strata stay in the state.
    book : Codebook
    titles : bool, default False
        Show the title and date of each passage's document.
    all_passages : bool, default False
        Whether the sample holds passages not for quotation, which the guide then says.
    hide : callable, optional
        Hides names; every word of the notes passes through it.
    """
    import xlsxwriter

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    file = xlsxwriter.Workbook(stream, options)
    file.set_properties({"title": "Coding sheet", "created": DATE})
    formats = _formats(file)
    passages = file.add_worksheet(PASSAGES)
    guide = file.add_worksheet(GUIDE)
    lists = file.add_worksheet(LISTS)
    kinds, codes = choices(sample.codes)
    for column, values in enumerate((kinds, codes)):
        for row, value in enumerate(values):
            lists.write_string(row, column, value)
    lists.hide()
    _write_passages(
        passages, sample.rows, formats, len(kinds), len(codes), titles=titles, hide=hide
    )
    guide.set_column(0, 0, 8)
    guide.set_column(1, 1, 18)
    guide.set_column(2, 2, 110)
    told = lines(book, sample.withheld, all_passages=all_passages)
    for row, (what, name, text) in enumerate(told):
        if not what and not name:
            for column in range(3):
                guide.write_blank(row, column, None, formats["title"])
            guide.write_string(row, 0, text, formats["title"])
            continue
        guide.write_string(row, 0, what, formats["text"])
        guide.write_string(row, 1, name, formats["bold"])
        guide.write_string(row, 2, text, formats["text"])
    file.close()
    return stream.getvalue()


def _formats(file: Any) -> dict[str, Any]:
    base = {"valign": "top", "text_wrap": True}
    return {
        "head": file.add_format({**base, "bold": True, "bg_color": "#DDE6EE", "bottom": 1}),
        "title": file.add_format({"bold": True, "bg_color": "#DDE6EE"}),  # may run over its cell
        "bold": file.add_format({**base, "bold": True}),
        "text": file.add_format(base),
        "dim": file.add_format({**base, "font_color": "#595959"}),
        "id": file.add_format({"valign": "top", "font_color": "#595959"}),
        "fill": file.add_format({**base, "bg_color": "#FFF8DC", "border": 1}),
    }


def _write_passages(
    sheet: Any,
    rows: Sequence[Row],
    formats: dict[str, Any],
    kinds: int,
    codes: int,
    *,
    titles: bool,
    hide: Hide,
) -> None:
    columns: list[tuple[str, int, str]] = [("Id", 14, "id"), ("Text", 70, "text")]
    columns += [("Kind", 13, "fill"), ("Code", 18, "fill"), ("Coder", 8, "fill")]
    columns += [("Remark", 24, "fill"), ("Heading", 26, "dim")]
    columns += [("Document", 30, "dim")] if titles else []
    columns += [("Before", 40, "dim"), ("After", 40, "dim")]
    for number, (name, width, _) in enumerate(columns):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, name, formats["head"])
    for number, row in enumerate(rows, 1):
        ruling = row.ruling
        values = {
            "Id": row.row_id,
            "Text": ruling.text,
            "Heading": " > ".join(ruling.heading_path),
            "Document": ", ".join(p for p in (ruling.title, ruling.date or "") if p),
            "Before": row.before,
            "After": row.after,
        }
        for column, (name, _, style) in enumerate(columns):
            text = values.get(name, "")
            if text:
                shown = text if name == "Id" else hide(text, ruling.doc_id)
                sheet.write_string(number, column, _cell(shown), formats[style])
            else:
                sheet.write_blank(number, column, None, formats[style])
    last = max(1, len(rows))
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.data_validation(
        1, 2, last, 2,
        {
            "validate": "list", "source": f"={LISTS}!$A$1:$A${kinds}",
            "error_title": "Kind", "error_message": "Choose one of the list; see the sheet Guide.",
        },
    )  # fmt: skip
    sheet.data_validation(
        1, 3, last, 3,
        {
            "validate": "list", "source": f"={LISTS}!$B$1:$B${codes}",
            # Only a warning: two codes may be typed with a semicolon between them.
            "error_type": "warning", "error_title": "Code",
            "error_message": "Not one code of the list. Two codes: write both, with a semicolon.",
        },
    )  # fmt: skip
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cell(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + " … (cut)"
