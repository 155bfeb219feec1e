"""What changed between two publications: themes, evidence, documents, and what they were made with.

Works on two snapshots alone. What happened to a theme is read off its quotes by the rules of the
registry (a share of `SHARED` makes a theme the heir of another, a net change of `CHANGED` makes it
grown or faded); events on record add what quotes cannot tell, that a theme had been there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from notesmine.editions.snapshot import QuoteRow, Snapshot, ThemeRow
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


class DocumentChange(Struct, frozen=True, kw_only=True):
    """A document that was added, removed, changed, renamed or read otherwise."""

    what: Literal["added", "removed", "changed", "renamed", "status"]
    path: str
    doc_id: str
    before: str = ""


class QuoteChange(Struct, frozen=True, kw_only=True):
    """A quote gained, lost, judged otherwise, or taken over into a changed document.

    ``reason`` says why where it is known; ``before`` is the earlier id of the same words.
    """

    what: Literal["gained", "lost", "rejudged", "carried"]
    quote_id: str
    reason: str
    themes: tuple[str, ...]
    kind: str
    tier: str
    path: str
    text: str
    before: str = ""


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
    documents = _documents(a.run, b.run)
    heirs = _carried(a, b, documents)
    return Difference(
        a=_about(a),
        b=_about(b),
        themes=tuple(_themes(a, b, heirs)),
        documents=tuple(documents),
        quotes=tuple(_quotes(a, b, documents, heirs)),
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


# -- documents ------------------------------------------------------------------------------------


def _documents(a: Run, b: Run) -> list[DocumentChange]:
    """Tell documents apart by content first, then by path."""
    then, now = _inputs(a), _inputs(b)
    gone_paths = {p: i for i in then.keys() - now.keys() for p in _paths(then[i])}
    found, replaced = [], set()
    for ident in sorted(now.keys() - then.keys()):
        old = next((gone_paths[p] for p in _paths(now[ident]) if p in gone_paths), None)
        path = _paths(now[ident])[0]
        if old is None:
            found.append(DocumentChange(what="added", path=path, doc_id=ident))
        else:
            replaced.add(old)
            found.append(DocumentChange(what="changed", path=path, doc_id=ident, before=old))
    found += [
        DocumentChange(what="removed", path=_paths(then[i])[0], doc_id=i)
        for i in sorted(then.keys() - now.keys() - replaced)
    ]
    for ident in sorted(then.keys() & now.keys()):
        before, after = _paths(then[ident]), _paths(now[ident])
        if before != after:
            found.append(
                DocumentChange(
                    what="renamed",
                    path="; ".join(after),
                    doc_id=ident,
                    before="; ".join(before),
                )
            )
        if then[ident]["status"] != now[ident]["status"]:
            found.append(
                DocumentChange(
                    what="status",
                    path=f"{after[0]}: {now[ident]['status']}",
                    doc_id=ident,
                    before=str(then[ident]["status"]),
                )
            )
    return sorted(found, key=lambda d: (d.what, d.path, d.doc_id))


def _inputs(run: Run) -> dict[str, Mapping[str, Any]]:
    return {str(row["doc_id"]): row for row in run.inputs}


def _paths(row: Mapping[str, Any]) -> list[str]:
    return sorted(str(p) for p in row["paths"]) or [str(row["doc_id"])]


# -- quotes ---------------------------------------------------------------------------------------


def _carried(a: Snapshot, b: Snapshot, documents: Iterable[DocumentChange]) -> dict[str, str]:
    """Pair the quotes of a changed document with the same words in its new version.

    Returns
    -------
    dict of str to str
        Later quote id to earlier one. Ids cover the document's content, so that every quote of a
        changed document has a new one.
    """
    earlier = {d.doc_id: d.before for d in documents if d.what == "changed"}
    free: dict[tuple[str, str], list[str]] = {}
    for quote in sorted(a.quotes.values(), key=lambda q: q.quote_id):
        free.setdefault((quote.doc_id, _plain(quote.text)), []).append(quote.quote_id)
    pairs = {}
    for quote in sorted(b.quotes.values(), key=lambda q: q.quote_id):
        same = free.get((earlier.get(quote.doc_id, ""), _plain(quote.text)))
        if same:
            pairs[quote.quote_id] = same.pop(0)
    return pairs


def _plain(text: str) -> str:
    return " ".join(text.split())


def _quotes(
    a: Snapshot, b: Snapshot, documents: Iterable[DocumentChange], heirs: Mapping[str, str]
) -> list[QuoteChange]:
    changes = list(documents)
    old, new = _inputs(a.run), _inputs(b.run)
    changed = {d.doc_id for d in changes if d.what == "changed"}
    replaced = {d.before for d in changes if d.what == "changed"}
    carried = set(heirs.values())
    found = []
    for ident, quote in b.quotes.items():
        if ident in a.quotes:
            differs = _rejudged(a.quotes[ident], quote)
            if differs:
                found.append(_change("rejudged", quote, differs))
        elif ident in heirs:
            differs = _rejudged(a.quotes[heirs[ident]], quote)
            reason = "same words in the changed document" + (f"; {differs}" if differs else "")
            found.append(_change("carried", quote, reason, heirs[ident]))
        elif quote.doc_id in old:
            found.append(_change("gained", quote, "its document was there: judged otherwise"))
        else:
            reason = "document changed" if quote.doc_id in changed else "new document"
            found.append(_change("gained", quote, reason))
    for ident, quote in a.quotes.items():
        if ident in b.quotes or ident in carried:
            continue
        if quote.doc_id in replaced:
            reason = "document changed"
        elif quote.doc_id not in new:
            reason = "document removed"
        elif new[quote.doc_id]["status"] == "failed":
            reason = "document could not be read"
        else:
            reason = "its document is there: judged otherwise, a copy of another, or withheld"
        found.append(_change("lost", quote, reason))
    rank = {"gained": 0, "lost": 1, "rejudged": 2, "carried": 3}
    return sorted(found, key=lambda q: (rank[q.what], q.path, q.quote_id))


def _change(
    what: Literal["gained", "lost", "rejudged", "carried"],
    quote: QuoteRow,
    reason: str,
    before: str = "",
) -> QuoteChange:
    return QuoteChange(
        what=what,
        quote_id=quote.quote_id,
        reason=reason,
        themes=quote.themes,
        kind=quote.kind,
        tier=quote.tier,
        path=quote.path,
        text=quote.text,
        before=before,
    )


def _rejudged(then: QuoteRow, now: QuoteRow) -> str:
    """Say what is judged otherwise, in words; the empty text where nothing is."""
    parts = [
        f"{name} {before} -> {after}"
        for name, before, after in (
            ("kind", then.kind, now.kind),
            ("tier", then.tier, now.tier),
            ("stance", then.stance, now.stance),
            ("themes", ", ".join(then.themes) or "none", ", ".join(now.themes) or "none"),
        )
        if before != after
    ]
    return "; ".join(parts)


# -- themes ---------------------------------------------------------------------------------------


def _themes(a: Snapshot, b: Snapshot, heirs: Mapping[str, str]) -> list[ThemeChange]:
    then, now = a.reported(), b.reported()
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
    return ended - a.reported().keys()


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
