"""What one run published, in one form, whether it comes from files or from the state.

A snapshot holds the themes, the quotes under them, and the run's record: all that is needed to
compare two of them. It reads an output folder, a run of the state, or an edition.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.publish import read_run
from notesmine.publish.tables import FORMULA, SEPARATOR, unguard
from notesmine.records import Event, Evidence, Quote, Run
from notesmine.rulings import Ruling


class ThemeRow(Struct, frozen=True, kw_only=True):
    """The figures of a theme; ``rank`` is None for sub-themes and what nothing reports."""

    theme_id: str
    origin: str
    label: str
    parent_id: str | None
    documents: int
    passages: int
    open: int
    rank: int | None


class QuoteRow(Struct, frozen=True, kw_only=True):
    """A quote with every theme it stands under."""

    quote_id: str
    themes: tuple[str, ...]
    kind: str
    stance: str
    tier: str
    text: str
    doc_id: str
    path: str
    page: int | None
    copies: tuple[str, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True):
    """One run's publication. ``history`` holds the events of the runs before it, oldest first.

    ``rulings`` are its decisions about all passages, by quote id, where the state keeps them still.
    """

    name: str
    run: Run
    themes: dict[str, ThemeRow]
    quotes: dict[str, QuoteRow]
    history: tuple[Event, ...] = ()
    rulings: Mapping[str, Ruling] | None = None

    def there(self) -> dict[str, ThemeRow]:
        """Return the discovered themes, and the codes that something reports.

        A theme that was discovered is there with passages to review alone; a code of the codebook
        is listed whether it was found or not.
        """
        return {i: t for i, t in self.themes.items() if t.passages or t.origin == "emergent"}

    def reported(self) -> dict[str, ThemeRow]:
        """Return the themes that something reports."""
        return {i: t for i, t in self.themes.items() if t.passages}


def from_folder(out: Path, name: str) -> Snapshot:
    """Read an output folder; no state is needed.

    Raises
    ------
    InputError
        If ``run.json``, ``themes.csv`` or ``evidence.csv`` is missing or not what was written.
    """
    run = read_run(out)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    themes = {row.theme_id: row for row in _rows(out / "themes.csv", _theme_of)}
    quotes: dict[str, QuoteRow] = {}
    for row in _rows(out / "evidence.csv", _quote_of):
        quotes[row.quote_id] = _joined(quotes.get(row.quote_id), row)
    return Snapshot(name=name, run=run, themes=themes, quotes=quotes)


def _rows(path: Path, make: Any) -> list[Any]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [make(row) for row in csv.DictReader(stream)]
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}",
            "Name a folder that `notesmine run` wrote, with all its files.",
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        raise InputError(
            f"{path} is not a table that notesmine wrote: {error}",
            "Run `notesmine run` again; a spreadsheet program may have rewritten the file.",
        ) from error


def _theme_of(row: Mapping[str, str]) -> ThemeRow:
    return ThemeRow(
        theme_id=row["theme_id"],
        origin=row["origin"],
        label=_plain(row["label"]),
        parent_id=row["parent_id"] or None,
        documents=int(row["documents"]),
        passages=int(row["passages"]),
        open=int(row["open"]),
        rank=int(row["rank"]) if row.get("rank") else None,
    )


def _quote_of(row: Mapping[str, str]) -> QuoteRow:
    return QuoteRow(
        quote_id=row["quote_id"],
        themes=(row["theme_id"],),
        kind=row["kind"],
        stance=row["stance"],
        tier=row["tier"],
        text=unguard(row["text"], row.get("text_guarded") or "0"),
        doc_id=row["doc_id"],
        path=_plain(row["path"]),
        page=int(row["page"]) if row["page"] else None,
        copies=tuple(_plain(row["copies"]).split(SEPARATOR)) if row["copies"] else (),
    )


def _plain(cell: str) -> str:
    """Take away the apostrophe that guards a spreadsheet against a formula."""
    return unguard(cell, "1" if cell[1:].startswith(FORMULA) else "0")


def _joined(before: QuoteRow | None, row: QuoteRow) -> QuoteRow:
    if before is None:
        return row
    themes = tuple(sorted({*before.themes, *row.themes}))
    return msgspec.structs.replace(before, themes=themes)


def from_items(
    name: str, run: Run, items: Mapping[str, bytes], earlier: Iterable[Run] = ()
) -> Snapshot:
    """Make a snapshot of what the state keeps of a run or an edition.

    Parameters
    ----------
    name : str
    run : Run
    items : mapping of str to bytes
        As ``runrecord.shown`` made them, by id.
    earlier : iterable of Run
        The runs before it, oldest first, for what happened to its themes.
    """
    themes: dict[str, ThemeRow] = {}
    quotes: dict[str, QuoteRow] = {}
    for ident, body in items.items():
        item = evidence_in(body)
        # What is kept under another name than its own id is not what was published.
        if item is None or item.theme.theme_id != ident:
            continue
        themes[item.theme.theme_id] = _row_of(item)
        for quote in quotes_of(item):
            quotes[quote.quote_id] = _joined(
                quotes.get(quote.quote_id),
                QuoteRow(
                    quote_id=quote.quote_id,
                    themes=(item.theme.theme_id,),
                    kind=quote.kind,
                    stance=quote.stance,
                    tier=quote.tier,
                    text=quote.text,
                    doc_id=quote.doc_id,
                    path=quote.path,
                    page=quote.page,
                    copies=quote.copies,
                ),
            )
    before = tuple(earlier)
    return Snapshot(
        name=name,
        run=run,
        themes=themes,
        quotes=quotes,
        history=tuple(e for r in (*before, run) for e in r.events),
    )


def evidence_in(body: bytes) -> Evidence | None:
    """Return the evidence that a kept item holds; None for quotes and documents."""
    decoded = msgspec.msgpack.decode(body)
    if "evidence" not in decoded:
        return None
    return msgspec.convert(decoded["evidence"], Evidence)


def quotes_of(item: Evidence) -> list[Quote]:
    """Return every quote of a theme, in the order of publication."""
    groups = (item.impediments, item.resolved, item.enablers, item.proposals, item.review)
    return [quote for group in groups for quote in group]


def _row_of(item: Evidence) -> ThemeRow:
    return ThemeRow(
        theme_id=item.theme.theme_id,
        origin=item.theme.origin,
        label=item.theme.label,
        parent_id=item.theme.parent_id,
        documents=item.documents,
        passages=item.passages,
        open=item.open,
        rank=item.rank or None,
    )
