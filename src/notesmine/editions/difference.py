"""What changed between two publications: themes, evidence, documents, and what they were made with.

Works on two snapshots alone. What happened to a theme is read off its quotes by the rules of the
registry (a share of `SHARED` makes a theme the heir of another, a net change of `CHANGED` makes it
grown or faded); events on record add what quotes cannot tell, that a theme had been there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from notesmine.editions.changes import (
    DocumentChange,
    QuoteChange,
    carried,
    documents_between,
    quotes_between,
)
from notesmine.editions.snapshot import Snapshot, ThemeRow
from notesmine.records import Run
from notesmine.themes.registry import CHANGED, SHARED

What = Literal[
    "new", "returned", "split", "grown", "unchanged", "changed", "faded", "merged", "retired"
]
#: In which order a reader wants to know of themes.
ORDER: tuple[What, ...] = (
    *("new", "returned", "split", "merged", "retired", "grown", "faded", "changed", "unchanged"),
)  # fmt: skip
LEAST = 2  # passages: a net change below this is no growth, however small the theme


class ThemeChange(Struct, frozen=True, kw_only=True):
    """A theme then and now; ``other`` names what it came from or went into."""

    theme_id: str
    what: What
    label: str
    then: ThemeRow | None
    now: ThemeRow | None
    other: tuple[str, ...] = ()
    renamed_from: str = ""


class Setting(Struct, frozen=True, kw_only=True):
    """Something the runs were made with that differs; None where one does not have it."""

    group: Literal["setting", "version", "model", "codebook", "seed"]
    name: str
    then: Any
    now: Any


class Difference(Struct, frozen=True, kw_only=True):
    """Everything that differs between two publications, A being the earlier one."""

    a: dict[str, Any]
    b: dict[str, Any]
    themes: tuple[ThemeChange, ...]
    documents: tuple[DocumentChange, ...]
    quotes: tuple[QuoteChange, ...]
    made_with: tuple[Setting, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        still = all(t.what == "unchanged" and not t.renamed_from for t in self.themes)
        return still and not (self.documents or self.quotes or self.made_with)


def compare(a: Snapshot, b: Snapshot) -> Difference:
    """Compare two publications, A the earlier one."""
    documents = documents_between(a.run, b.run)
    heirs = carried(a, b, documents)
    return Difference(
        a=_about(a),
        b=_about(b),
        themes=tuple(_themes(a, b, heirs)),
        documents=tuple(documents),
        quotes=tuple(quotes_between(a, b, documents, heirs)),
        made_with=tuple(_made_with(a.run, b.run)),
    )


def _about(snapshot: Snapshot) -> dict[str, Any]:
    run = snapshot.run
    return {
        "name": snapshot.name,
        "run_id": run.run_id,
        "report_date": run.report_date,
        "documents": len(run.inputs),
        "themes": len(snapshot.reported()),
        "quotes": len(snapshot.quotes),
        "confirmed_impediments": sum(
            q.kind == "impediment" and q.tier == "confirmed" for q in snapshot.quotes.values()
        ),
    }


# -- themes ---------------------------------------------------------------------------------------


def _themes(a: Snapshot, b: Snapshot, heirs: Mapping[str, str]) -> list[ThemeChange]:
    then, now = a.there(), b.there()
    moves = _moves(a, b, heirs)
    before = _reported_before(a)
    known = {e.theme_id for e in b.history if e.what == "returned"} - {
        e.theme_id for e in a.history if e.what == "returned"
    }
    found = []
    for ident in sorted(now.keys() - then.keys()):
        source = _source(ident, now, then, moves)
        returned = ident in known or ident in before
        what: What = "returned" if returned else ("split" if source else "new")
        found.append(_theme(ident, what, a, b, (source,) if source else ()))
    for ident in sorted(then.keys() - now.keys()):
        heir = _heir(ident, then, now, moves)
        # A code stays in the codebook when nothing reports it; a discovered theme ends.
        end: What = "faded" if ident in b.themes else "retired"
        found.append(_theme(ident, "merged" if heir else end, a, b, (heir,) if heir else ()))
    for ident in sorted(then.keys() & now.keys()):
        net = now[ident].passages - then[ident].passages
        enough = abs(net) >= max(LEAST, CHANGED * then[ident].passages)
        enough |= (then[ident].passages == 0) != (now[ident].passages == 0)
        same = _figures(then[ident]) == _figures(now[ident])
        kept: What = "unchanged" if same else "changed"
        found.append(_theme(ident, ("grown" if net > 0 else "faded") if enough else kept, a, b))
    return sorted(found, key=_place)


def _place(change: ThemeChange) -> tuple[int, int, str]:
    row = change.now or change.then
    return ORDER.index(change.what), (row.rank or 9999) if row else 9999, change.theme_id


def _figures(row: ThemeRow) -> tuple[int, int, int, int | None]:
    return row.documents, row.passages, row.open, row.rank


def _theme(
    ident: str, what: What, a: Snapshot, b: Snapshot, other: tuple[str, ...] = ()
) -> ThemeChange:
    then, now = a.themes.get(ident), b.themes.get(ident)
    label = (now or then or a.themes[ident]).label
    renamed = then.label if then and now and then.label != now.label else ""
    return ThemeChange(
        theme_id=ident, what=what, label=label, then=then, now=now, other=other,
        renamed_from=renamed,
    )  # fmt: skip


def _reported_before(a: Snapshot) -> set[str]:
    """Return the discovered themes that had ended before A, by the events on record."""
    ended = {e.theme_id for e in a.history if e.what in {"retired", "merged"}}
    return ended - a.there().keys()


class _Moves(Struct, frozen=True):
    """The impediments that both know: how many of a theme are left, known, and went where."""

    left: Counter[str]
    known: Counter[str]
    over: Counter[tuple[str, str]]


def _moves(a: Snapshot, b: Snapshot, heirs: Mapping[str, str]) -> _Moves:
    left, known = Counter[str](), Counter[str]()
    over = Counter[tuple[str, str]]()
    for ident, quote in b.quotes.items():
        old = a.quotes.get(heirs.get(ident, ident))
        if old is None or not quote.kind == old.kind == "impediment":
            continue
        left.update(old.themes)
        known.update(quote.themes)
        # A quote may stand under several themes: what it stood under before is no move.
        over.update((x, y) for x in old.themes for y in quote.themes if y not in old.themes)
    return _Moves(left, known, over)


def _source(
    ident: str, now: Mapping[str, ThemeRow], then: Mapping[str, ThemeRow], moves: _Moves
) -> str | None:
    """Return the discovered theme, still there, that gave a new one most of its known quotes."""
    return _largest(
        {
            x: n
            for (x, y), n in moves.over.items()
            if y == ident
            and x in now
            and x in then
            and now[ident].origin == then[x].origin == "emergent"
            and n >= SHARED * moves.known[ident]
        }
    )


def _heir(
    ident: str, then: Mapping[str, ThemeRow], now: Mapping[str, ThemeRow], moves: _Moves
) -> str | None:
    """Return the theme of the same origin that took most of an ended theme's remaining quotes."""
    return _largest(
        {
            y: n
            for (x, y), n in moves.over.items()
            if x == ident
            and y in now
            and then[ident].origin == now[y].origin
            and n >= SHARED * moves.left[ident]
        }
    )


def _largest(counts: Mapping[str, int]) -> str | None:
    return min(counts, key=lambda i: (-counts[i], i), default=None)


# -- what they were made with ---------------------------------------------------------------------


def _made_with(a: Run, b: Run) -> list[Setting]:
    found = [
        Setting(group="setting", name=name, then=then, now=now)
        for name, then, now in _differing(_flat(a.settings), _flat(b.settings))
    ]
    found += [
        Setting(group="version", name=name, then=then, now=now)
        for name, then, now in _differing(a.versions, b.versions)
    ]
    found += [
        Setting(
            group="codebook" if name.startswith("codebook") else "model",
            name=name,
            then=then,
            now=now,
        )
        for name, then, now in _differing(_flat(a.model), _flat(b.model))
    ]
    if a.seed != b.seed:
        found.append(Setting(group="seed", name="seed", then=a.seed, now=b.seed))
    return found


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    return [
        (name, a.get(name), b.get(name))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
