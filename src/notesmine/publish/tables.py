"""The CSV tables: UTF-8, comma, LF, one header row.

A cell that a spreadsheet would take for a formula starts with an apostrophe here. In the ``text``
column of ``evidence.csv``, which equals the source's span, that is declared: ``text_guarded`` is 1
where one apostrophe has to be taken away again. Brackets that stand for names are declared in
``masks``: ``start-end=start-end`` for each, offsets into the text and into the source.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from notesmine.publish.bundle import Bundle
from notesmine.records import Mask

THEME_COLUMNS = (
    *("theme_id", "origin", "label", "parent_id", "documents", "meetings", "organisations"),
    *("passages", "first_seen", "last_seen", "open", "resolved", "stability", "trend"),
    *("share", "share_low", "share_high", "rank", "rank_low", "rank_high", "expected_errors"),
    *("unquotable", "trend_p", "anticipated"),
)
EVIDENCE_COLUMNS = (
    *("quote_id", "theme_id", "kind", "stance", "tier", "text", "doc_id", "path", "title"),
    *("date", "page", "start", "end", "heading", "speaker", "citation_key", "copies"),
    *("score", "why", "text_guarded", "resolved_by"),
    *("before", "after", "masks"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SEPARATOR = "; "  # between the places of a cell that lists several


def guard(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate.

    Examples
    --------
    >>> guard("=HYPERLINK(1)"), guard("plain")
    ("'=HYPERLINK(1)", 'plain')
    """
    return "'" + text if text.startswith(FORMULA) else text


def unguard(text: str, guarded: str) -> str:
    """Take the declared apostrophe away again."""
    return text[1:] if guarded == "1" and text.startswith("'") else text


def masks_cell(masks: Sequence[Mask]) -> str:
    """Return the cell that declares brackets.

    Examples
    --------
    >>> masks_cell([Mask(start=0, end=10, source_start=40, source_end=47)])
    '0-10=40-47'
    """
    return SEPARATOR.join(f"{m.start}-{m.end}={m.source_start}-{m.source_end}" for m in masks)


def masks_of(cell: str) -> tuple[Mask, ...]:
    """Read the cell that declares brackets.

    Raises
    ------
    ValueError
        If it is not what `masks_cell` writes.
    """
    found = []
    for part in cell.split(SEPARATOR) if cell else ():
        numbers = re.fullmatch(r"(\d+)-(\d+)=(\d+)-(\d+)", part)
        if numbers is None:
            raise ValueError(f"{part!r} declares no bracket")
        start, end, source_start, source_end = map(int, numbers.groups())
        found.append(Mask(start=start, end=end, source_start=source_start, source_end=source_end))
    return tuple(found)


def themes_csv(bundle: Bundle) -> str:
    """Return the table of themes, ranked."""
    return csv_text(THEME_COLUMNS, theme_rows(bundle))


def theme_rows(bundle: Bundle) -> list[list[object]]:
    """Return the rows of ``themes.csv``, a cell for each of `THEME_COLUMNS`."""
    rows: list[list[object]] = []
    for item in bundle.evidence:
        theme = item.theme
        rows.append(
            [
                *(theme.theme_id, theme.origin, theme.label, theme.parent_id, item.documents),
                *(item.meetings, item.organisations, item.passages, item.first_seen),
                *(item.last_seen, item.open, item.passages - item.open - item.anticipated),
                *(theme.stability, item.trend, item.share, item.share_low, item.share_high),
                *(item.rank or None, item.rank_low or None, item.rank_high or None),
                *(item.expected_errors, item.unquotable, item.trend_p, item.anticipated),
            ]
        )
    return rows


def evidence_csv(bundle: Bundle) -> str:
    """Return the table of quotes: one row for each quote under each theme."""
    return csv_text(EVIDENCE_COLUMNS, evidence_rows(bundle))


def evidence_rows(bundle: Bundle) -> list[list[object]]:
    """Return the rows of ``evidence.csv``, a cell for each of `EVIDENCE_COLUMNS`."""
    rows: list[list[object]] = []
    for item, quote in bundle.quotes():
        closed = dict(item.links) if quote.kind == "impediment" else {}
        rows.append(
            [
                *(quote.quote_id, quote.theme_id, quote.kind, quote.stance, quote.tier, quote.text),
                *(quote.doc_id, quote.path, quote.title, quote.date, quote.page, quote.start),
                *(quote.end, " > ".join(quote.heading_path), quote.speaker, quote.citation_key),
                *(SEPARATOR.join(quote.copies), quote.score, quote.why),
                *(int(guard(quote.text) != quote.text), closed.get(quote.quote_id)),
                *(quote.context_before, quote.context_after, masks_cell(quote.masks)),
            ]
        )
    return rows


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV, formulas guarded; None is an empty cell."""
    stream = io.StringIO(newline="")
    plain = csv.writer(stream, lineterminator="\n")
    # Before Python 3.13 a lone CR is not quoted, and would end the row when read back.
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(columns)
    for row in rows:
        cells = ["" if c is None else guard(c) if isinstance(c, str) else c for c in row]
        has_cr = any(isinstance(c, str) and "\r" in c for c in cells)
        (quoting if has_cr else plain).writerow(cells)
    return stream.getvalue()
