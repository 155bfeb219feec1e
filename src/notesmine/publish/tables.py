"""The CSV tables: UTF-8, comma, LF, one header row.

A cell that a spreadsheet would take for a formula starts with an apostrophe here. In the ``text``
column of ``evidence.csv``, which equals the source's span, that is declared: ``text_guarded`` is 1
where one apostrophe has to be taken away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from notesmine.publish.bundle import Bundle

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
