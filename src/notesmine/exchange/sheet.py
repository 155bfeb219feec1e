"""A run as a workbook that people edit and bring back: one row a passage, one row a code.

The columns to fill in are yellow; what the machine said stands beside them, so that an import can
tell what a person changed from what a later run judged otherwise.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from typing import Any

from notesmine.exchange.names import Hide, shown
from notesmine.exchange.project import Project, coded
from notesmine.exchange.qdpx import line, source_names
from notesmine.publish.text import visible
from notesmine.records import KINDS
from notesmine.rulings import Ruling
from notesmine.themes.coding import CODED_KINDS

#: The longest text of a cell that spreadsheet programs read, less room for the mark of a cut.
LONGEST = 32_000
CUT = " … (cut)"
DATE = datetime.datetime(1980, 1, 1)  # noqa: DTZ001 - spreadsheets know no time zone
CODINGS, CODES, GUIDE = "Codings", "Codes", "Guide"
KEEP, PIN, VETO = "keep", "pin", "veto"
NO_CODE = "none"

#: Columns of the codings: name, width, style.
COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("Id", 14, "id"),
    ("Document", 30, "dim"),
    ("Date", 11, "dim"),
    ("Page", 6, "dim"),
    ("Text", 70, "text"),
    ("Kind", 13, "fill"),
    ("Codes", 24, "fill"),
    ("Decision", 11, "fill"),
    ("Who", 9, "fill"),
    ("Note", 26, "fill"),
    ("Tier", 11, "dim"),
    ("Probability", 10, "dim"),
    ("Machine kind", 13, "dim"),
    ("Machine codes", 24, "dim"),
    ("Machine decision", 11, "dim"),
    ("Heading", 28, "dim"),
)
CODE_COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("Code", 18, "id"),
    ("Name", 34, "fill"),
    ("Definition", 80, "fill"),
    ("Becomes", 20, "fill"),
    ("Who", 9, "fill"),
    ("Note", 26, "fill"),
    ("Passages", 10, "dim"),
    ("Machine name", 34, "dim"),
    ("Machine definition", 60, "dim"),
)
TOLD = (
    "Correct the yellow columns and bring the file back: notesmine import FILE --dry-run shows what"
    " it takes.",
    "Leave the columns Id and Machine … as they are: they tell what you changed. Rows may be"
    " sorted, filtered and deleted; a deleted row changes nothing.",
    f"Kind: one of {', '.join(KINDS)}.",
    "Codes: ids of the sheet Codes, several with a semicolon between them; none for no code. A name"
    " that is not there yet makes a new code.",
    f"Decision: {KEEP} confirms what the machine doubted, {PIN} shows the quote first, {VETO} keeps"
    " it from being quoted (it is still counted). Take the word away to undo it.",
    "Who: your name or initials. Note: why; it is kept with your decision.",
    "Sheet Codes: correct Name and Definition. Becomes: the id of the code that takes over, or the"
    " word retired. A new row with a new id (a-z, 0-9, hyphens), name, definition is a new code.",
)


def render(project: Project, hide: Hide) -> bytes:
    """Return the workbook of a run.

    All passages that speak of a hindrance are in it; the same run gives the same bytes.
    """
    import xlsxwriter

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    file = xlsxwriter.Workbook(stream, options)
    file.set_properties({"title": "Codings", "created": DATE})
    formats = _formats(file)
    codings, codes = file.add_worksheet(CODINGS), file.add_worksheet(CODES)
    guide, lists = file.add_worksheet(GUIDE), file.add_worksheet("Lists")
    for number, kind in enumerate(KINDS):
        lists.write_string(number, 0, kind)
    for number, word in enumerate((KEEP, PIN, VETO)):
        lists.write_string(number, 1, word)
    lists.hide()
    rows = rows_of(project, hide)
    _table(codings, COLUMNS, [[r[name] for name, _, _ in COLUMNS] for r in rows], formats)
    last = max(1, len(rows))
    for column, source in ((5, f"=Lists!$A$1:$A${len(KINDS)}"), (7, "=Lists!$B$1:$B$3")):
        codings.data_validation(
            1, column, last, column,
            {
                "validate": "list", "source": source,
                "error_title": COLUMNS[column][0],
                "error_message": "Choose one of the list; see the sheet Guide.",
            },
        )  # fmt: skip
    codings.freeze_panes(1, 1)
    _table(codes, CODE_COLUMNS, _codes(project, hide), formats)
    codes.freeze_panes(1, 1)
    guide.set_column(0, 0, 110)
    guide.write_string(0, 0, "How to correct this file", formats["head"])
    for number, text in enumerate(TOLD, 1):
        guide.write_string(number, 0, text, formats["text"])
    guide.write_string(len(TOLD) + 2, 0, f"Run {project.run.run_id}", formats["dim"])
    file.close()
    return stream.getvalue()


def rows_of(project: Project, hide: Hide) -> list[dict[str, str]]:
    """Return a row for each passage that bears codes, by date and place."""
    documents = sorted(project.documents.values(), key=lambda d: (d.date or "9999", d.doc_id))
    names = source_names(documents, hide)
    place = {d.doc_id: n for n, d in enumerate(documents)}
    ordered = sorted(
        (r for r in project.rulings if coded(r)),
        key=lambda r: (place.get(r.doc_id, len(place)), r.start),
    )
    known = {n.ident for n in project.nodes}
    return [_row(r, names.get(r.doc_id, r.path), known, hide) for r in ordered]


def _row(ruling: Ruling, name: str, known: set[str], hide: Hide) -> dict[str, str]:
    codes = "; ".join(dict.fromkeys(t for t in ruling.theme_ids if t in known))
    word = decision_of(ruling)
    return {
        "Id": ruling.quote_id,
        "Document": name,
        "Date": ruling.date or "",
        "Page": "" if ruling.page is None else str(ruling.page),
        "Text": passage_text(ruling, hide),
        "Kind": ruling.kind,
        "Codes": codes or NO_CODE,
        "Decision": word,
        "Who": "",
        "Note": "",
        "Tier": ruling.tier,
        "Probability": f"{ruling.probability:.2f}",
        "Machine kind": ruling.kind,
        "Machine codes": codes or NO_CODE,
        "Machine decision": word,
        "Heading": line(" > ".join(ruling.heading_path), ruling.doc_id, hide),
    }


def passage_text(ruling: Ruling, hide: Hide) -> str:
    """Return the words of a passage as they may leave, cut to what a cell holds."""
    text = visible(shown(ruling.text, ruling.doc_id, hide).text)
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT


def decision_of(ruling: Ruling) -> str:
    """Return the word for what holds of a passage now: veto, pin, or nothing."""
    if not ruling.quotable:
        return VETO
    if ruling.pinned:
        return PIN
    return ""


def _codes(project: Project, hide: Hide) -> list[list[str]]:
    rows = []
    for node in project.nodes:
        item = project.evidence.get(node.ident)
        if item is None:
            continue
        name = line(item.theme.label, "", hide)
        definition = line(node.description, "", hide)
        held = sum(node.ident in r.theme_ids and r.kind in CODED_KINDS for r in project.rulings)
        rows.append([node.ident, name, definition, "", "", "", str(held), name, definition])
    return rows


def _formats(file: Any) -> dict[str, Any]:
    base = {"valign": "top", "text_wrap": True}
    return {
        "head": file.add_format({**base, "bold": True, "bg_color": "#DDE6EE", "bottom": 1}),
        "text": file.add_format(base),
        "dim": file.add_format({**base, "font_color": "#595959"}),
        "id": file.add_format({"valign": "top", "font_color": "#595959"}),
        "fill": file.add_format({**base, "bg_color": "#FFF8DC", "border": 1}),
    }


def _table(
    sheet: Any,
    columns: Sequence[tuple[str, int, str]],
    rows: Sequence[Sequence[str]],
    formats: dict[str, Any],
) -> None:
    for number, (name, width, _) in enumerate(columns):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, name, formats["head"])
    for number, row in enumerate(rows, 1):
        for column, (text, (_, _, style)) in enumerate(zip(row, columns, strict=True)):
            if text:
                sheet.write_string(number, column, text, formats[style])
            else:
                sheet.write_blank(number, column, None, formats[style])
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
