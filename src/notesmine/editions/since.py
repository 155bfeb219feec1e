"""What became of something cited from an edition: a theme, a quote, a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from notesmine.editions.changes import why_not
from notesmine.editions.freeze import Edition, find_edition
from notesmine.editions.snapshot import QuoteRow, Snapshot, ThemeRow, from_items
from notesmine.errors import InputError
from notesmine.numerals import plural
from notesmine.publish import describe
from notesmine.publish.text import one_line, visible
from notesmine.records import Document, Evidence, Quote, Run
from notesmine.rulings import Ruling, kept
from notesmine.runrecord import NAMES
from notesmine.store import Store

LISTED = 8  # quotes of a theme that are named one by one


class Now(Struct, frozen=True):
    """The newest run of the state, and the runs since an edition was made.

    ``inputs`` are its documents by id, ``ids`` the same by path; ``places`` are the paths that
    documents had in the edition, by id.
    """

    snapshot: Snapshot
    runs: tuple[Run, ...]
    rulings: dict[str, Ruling]
    inputs: dict[str, Mapping[str, Any]]
    ids: dict[str, str]
    places: dict[str, list[str]]
    text: Callable[[str], str | None]


def show(ident: str, name: str, store: Store, *, with_names: bool = False) -> list[str]:
    """Return what an edition says of an id, and what became of it since.

    Names are masked as in the edition; ``with_names`` shows the source's words.

    Raises
    ------
    InputError
        If there is no such edition, or it holds nothing of that id.
    """
    edition = find_edition(store, name)
    body = store.edition_item(edition.name, ident)
    decoded = msgspec.msgpack.decode(body) if body is not None else None
    if decoded is None or ident != _own_id(decoded):
        raise InputError(
            f"the release {edition.name!r} holds nothing with the id {ident!r}",
            "Ids stand in its themes.csv (ownership, T-001), evidence.csv (Q-...) and run.json;"
            f" without the release: notesmine show {ident}",
        )
    plain = store.edition_item(edition.name, NAMES + ident) if with_names else None
    runs = (*edition.before, edition.run)
    events = [(run, event) for run in runs for event in run.events if event.theme_id == ident]
    lines = [
        f"Release {edition.name}: notes to {edition.run.report_date or 'undated'},"
        f" {plural(len(edition.run.inputs), 'document')} ({edition.run.run_id})",
        "",
        *describe(ident, decoded if plain is None else msgspec.msgpack.decode(plain), events),
        "",
        "Since this release",
    ]
    return lines + [f"  {_indented(line)}" for line in since(decoded, edition, store)]


def _indented(line: str) -> str:
    """Return a line as it may be printed; what it is indented by stays."""
    return line[: len(line) - len(line.lstrip(" "))] + visible(one_line(line))


def _own_id(body: Mapping[str, Any]) -> str:
    if "evidence" in body:
        return str(body["evidence"]["theme"]["theme_id"])
    return str(body["quote"]["quote_id"] if "quote" in body else body["document"]["doc_id"])


def since(body: Mapping[str, Any], edition: Edition, store: Store) -> list[str]:
    """Say in lines what became of an item of an edition in the newest run of the state."""
    now = _now(edition, store)
    if now is None:
        return ["no run since: this is what stands now"]
    if "evidence" in body:
        return _theme(msgspec.convert(body["evidence"], Evidence), edition, now, store)
    document = msgspec.convert(body["document"], Document)
    if "quote" in body:
        return _quote(msgspec.convert(body["quote"], Quote), now)
    return _document(document, now)


def _now(edition: Edition, store: Store) -> Now | None:
    runs = store.runs()
    if not runs or runs[-1].run_id == edition.run.run_id:
        return None
    known = {edition.run.run_id, *(r.run_id for r in edition.before)}
    inputs = _inputs(runs[-1])
    return Now(
        snapshot=from_items("now", runs[-1], store.shown_by(runs[-1].run_id), runs[:-1]),
        runs=tuple(r for r in runs if r.run_id not in known),
        rulings={r.quote_id: r for r in kept(store) or ()},
        inputs=inputs,
        ids={str(p): i for i, row in inputs.items() for p in row["paths"]},
        places={i: sorted(map(str, row["paths"])) for i, row in _inputs(edition.run).items()},
        text=store.text_of,
    )


def _inputs(run: Run) -> dict[str, Mapping[str, Any]]:
    return {str(row["doc_id"]): row for row in run.inputs}


# -- themes ---------------------------------------------------------------------------------------


def _theme(item: Evidence, edition: Edition, now: Now, store: Store) -> list[str]:
    then = from_items(edition.name, edition.run, store.edition_items(edition.name))
    ident = item.theme.theme_id
    row, old = now.snapshot.themes.get(ident), then.themes[ident]
    lines = [
        f"{run.report_date or 'undated'}: {event.what} {event.detail} {' '.join(event.other)}"
        for run in now.runs
        for event in run.events
        if event.theme_id == ident
    ]
    if row is None:
        lines.append(_ended(ident, now))
    elif not row.passages:
        lines.append(_unreported(old, row))
    else:
        figures = (
            ("documents", old.documents, row.documents),
            ("passages", old.passages, row.passages),
            ("open", old.open, row.open),
            ("rank", old.rank or "-", row.rank or "-"),
        )
        changes = [f"{n} {a} -> {b}" for n, a, b in figures if a != b]
        lines.append("still reported; " + (", ".join(changes) or "the same figures"))
        if row.label != old.label:
            lines.append(f"now called {row.label}")
        if row.parent_id != old.parent_id:
            lines.append(
                f"now part of {row.parent_id}" if row.parent_id else "now stands by itself"
            )
    return lines + _quotes_of_theme(then, ident, now)


def _unreported(then: ThemeRow, now: ThemeRow) -> str:
    before = "as then" if not then.passages else f"then {plural(then.passages, 'passage')}"
    if now.origin == "code":
        return f"reported by no confirmed passage now ({before}); the code is still looked for"
    return f"still there, with no confirmed passage now ({before}): see those to review"


def _ended(ident: str, now: Now) -> str:
    """Say where a theme that is no longer listed went, following mergers to their end."""
    into = ident
    for run in now.runs:
        for event in run.events:
            if event.theme_id == into and event.what == "merged" and event.other:
                into = event.other[0]
    if into != ident:
        row = now.snapshot.themes.get(into)
        label = f" {row.label}" if row else " (no longer a theme itself)"
        return f"no longer a theme of its own; its passages went over to {into}{label}"
    return "no longer a theme, and no longer in the codebook if it was a code"


def _quotes_of_theme(then: Snapshot, ident: str, now: Now) -> list[str]:
    own = [q for q in then.quotes.values() if ident in q.themes]
    fates = [(q, _fate(q, now)) for q in own]
    gone = [(q, f) for q, f in fates if f[0] != "same"]
    lines = [
        f"of its {plural(len(own), 'quote')} then, {len(own) - len(gone)} stand unchanged"
        + (f", {len(gone)} not:" if gone else "")
    ]
    lines += [f"  {q.quote_id}  {f[1]}" for q, f in gone[:LISTED]]
    if len(gone) > LISTED:
        lines.append(f"  … and {len(gone) - LISTED} more: notesmine diff {then.name} OUTPUTS")
    return lines


# -- quotes ---------------------------------------------------------------------------------------


def _quote(quote: Quote, now: Now) -> list[str]:
    row = QuoteRow(
        quote_id=quote.quote_id, themes=(quote.theme_id,), kind=quote.kind, stance=quote.stance,
        tier=quote.tier, text=quote.text, doc_id=quote.doc_id, path=quote.path, page=quote.page,
        copies=quote.copies,
    )  # fmt: skip
    return [_fate(row, now, start=quote.start, end=quote.end, only=quote.theme_id)[1]]


def _fate(
    then: QuoteRow, now: Now, *, start: int = -1, end: int = -1, only: str = ""
) -> tuple[str, str]:
    """Return a word and a sentence for what became of a quote."""
    row = now.snapshot.quotes.get(then.quote_id)
    if row is not None:
        return _still(then, row, only)
    if then.doc_id in now.inputs:
        return "rejudged", "no longer published: " + _verdict(then, now)
    later = _later(then.doc_id, now)
    if later is None:
        return "removed", f"no longer published: its document {then.path} is not in the corpus"
    return "changed", _in_changed(then, later[1], now, start, end)


def _later(doc_id: str, now: Now) -> tuple[str, str] | None:
    """Return (path, id) of the document that stands where one of the edition stood."""
    paths = now.places.get(doc_id, [])
    return next(((p, now.ids[p]) for p in paths if p in now.ids), None)


def _still(then: QuoteRow, row: QuoteRow, only: str) -> tuple[str, str]:
    changes = [
        f"{name} {a} -> {b}"
        for name, a, b in (
            ("kind", then.kind, row.kind),
            ("tier", then.tier, row.tier),
            ("stance", then.stance, row.stance),
        )
        if a != b
    ]
    moved = only not in row.themes if only else set(row.themes) != set(then.themes)
    if moved:
        changes.append(f"now under {', '.join(row.themes)}")
    if changes:
        return "moved", "still published; " + ", ".join(changes)
    return "same", f"still published under {', '.join(row.themes)}"


def _verdict(then: QuoteRow, now: Now) -> str:
    """Say why a quote whose document is still there is no longer published."""
    if now.inputs[then.doc_id]["status"] == "failed":
        return "its document could not be read"
    ruling = now.rulings.get(then.quote_id)
    verdict = f"it is {why_not(ruling, then.kind)} now"
    if ruling is None or not ruling.quotable or ruling.kind == then.kind:
        return verdict
    return f"{verdict} (impediment with probability {ruling.probability:.2f})"


def _in_changed(then: QuoteRow, doc_id: str, now: Now, start: int, end: int) -> str:
    """Say whether the words still stand in the new version of their document."""
    said = f"its document {then.path} was changed"
    old, new = now.text(then.doc_id), now.text(doc_id)
    words = old[start:end] if old is not None and 0 <= start < end else then.text
    heir = next(
        (
            q.quote_id
            for q in now.snapshot.quotes.values()
            if q.doc_id == doc_id and q.text.split() == then.text.split()
        ),
        None,
    )
    if heir is not None:
        return f"{said}; the same words are published from it as {heir}"
    if new is None:
        return f"no longer published: {said}"
    if " ".join(words.split()) in " ".join(new.split()):
        return f"no longer published: {said}; the words still stand in it"
    return f"no longer published: {said}, and the words are gone"


# -- documents ------------------------------------------------------------------------------------


def _document(document: Document, now: Now) -> list[str]:
    row = now.inputs.get(document.doc_id)
    if row is not None:
        quotes = sum(q.doc_id == document.doc_id for q in now.snapshot.quotes.values())
        lines = [f"still in the corpus, {row['status']}; {plural(quotes, 'quote')} published"]
        paths = sorted(map(str, row["paths"]))
        if paths != now.places.get(document.doc_id, paths):
            lines.append(f"now named {', '.join(paths)}")
        return lines
    later = _later(document.doc_id, now)
    if later is not None:
        return [f"changed: {later[0]} is now the document {later[1]}"]
    return ["no longer in the corpus; what was published of it stays in this release"]
