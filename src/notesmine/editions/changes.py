"""Documents and quotes of two publications: what came, what went, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from rapidfuzz import fuzz

from notesmine.editions.snapshot import QuoteRow, Snapshot
from notesmine.evidence.duplicates import SAME_STATEMENT, normalised
from notesmine.records import Run
from notesmine.rulings import Ruling

COPY = "counted as a copy of another statement"
EMERGENT = re.compile(r"T-\d+")
#: What happens to a quote; *regrouped* ones only stand under another discovered theme.
How = Literal["gained", "lost", "rejudged", "carried", "regrouped"]
#: By the place of a copy, the quotes that stand for it.
Heads = Mapping[str, Sequence[QuoteRow]]
ORDER: tuple[How, ...] = ("gained", "lost", "rejudged", "carried", "regrouped")


class DocumentChange(Struct, frozen=True, kw_only=True):
    """A document that was added, removed, changed, renamed or read otherwise."""

    what: Literal["added", "removed", "changed", "renamed", "status"]
    path: str
    doc_id: str
    before: str = ""


class QuoteChange(Struct, frozen=True, kw_only=True):
    """A quote gained, lost, judged otherwise, regrouped, or taken over into a changed document.

    ``reason`` says why where it is known; ``before`` is the earlier id of the same words.
    """

    what: How
    quote_id: str
    reason: str
    themes: tuple[str, ...]
    kind: str
    tier: str
    path: str
    text: str
    before: str = ""


# -- documents ------------------------------------------------------------------------------------


def documents_between(a: Run, b: Run) -> list[DocumentChange]:
    """Return what changed among the documents, told apart by content first, then by path."""
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


def carried(a: Snapshot, b: Snapshot, documents: Iterable[DocumentChange]) -> dict[str, str]:
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


def quotes_between(
    a: Snapshot, b: Snapshot, documents: Iterable[DocumentChange], heirs: Mapping[str, str]
) -> list[QuoteChange]:
    """Return the quotes gained, lost, judged otherwise and taken over, each with its reason."""
    changes = list(documents)
    old, new = _inputs(a.run), _inputs(b.run)
    changed = {d.doc_id for d in changes if d.what == "changed"}
    replaced = {d.before for d in changes if d.what == "changed"}
    taken_over = set(heirs.values())
    copies_then, copies_now = _heads(a), _heads(b)
    found = []
    for ident, quote in b.quotes.items():
        if ident in a.quotes:
            differs = _rejudged(a.quotes[ident], quote)
            if differs:
                how: How = "rejudged" if _judged(a.quotes[ident], quote) else "regrouped"
                found.append(_change(how, quote, differs))
        elif ident in heirs:
            differs = _rejudged(a.quotes[heirs[ident]], quote)
            reason = "same words in the changed document" + (f"; {differs}" if differs else "")
            found.append(_change("carried", quote, reason, heirs[ident]))
        elif quote.doc_id in old:
            failed = old[quote.doc_id]["status"] == "failed"
            then = "not read" if failed else _not_in(quote, old[quote.doc_id], a, copies_then)
            found.append(_change("gained", quote, f"its document was there: {then} then"))
        else:
            reason = "document changed" if quote.doc_id in changed else "new document"
            found.append(_change("gained", quote, reason))
    for ident, quote in a.quotes.items():
        if ident in b.quotes or ident in taken_over:
            continue
        if quote.doc_id in replaced:
            reason = "document changed"
        elif quote.doc_id not in new:
            reason = "document removed"
        elif new[quote.doc_id]["status"] == "failed":
            reason = "document could not be read"
        else:
            reason = (
                f"its document is there: {_not_in(quote, new[quote.doc_id], b, copies_now)} now"
            )
        found.append(_change("lost", quote, reason))
    return sorted(found, key=lambda q: (ORDER.index(q.what), q.path, q.quote_id))


def _heads(snapshot: Snapshot) -> Heads:
    """Return by place the quotes that have a copy there."""
    heads: dict[str, list[QuoteRow]] = {}
    for quote in snapshot.quotes.values():
        for place in quote.copies:
            heads.setdefault(place, []).append(quote)
    return heads


def _not_in(quote: QuoteRow, row: Mapping[str, Any], other: Snapshot, heads: Heads) -> str:
    """Say why a publication does not show a quote whose document it has, as far as it tells."""
    if _copied(quote, row, heads):
        return COPY
    if other.rulings is not None:
        return why_not(other.rulings.get(quote.quote_id), quote.kind)
    return "judged otherwise, read otherwise, or withheld"


def _copied(quote: QuoteRow, row: Mapping[str, Any], heads: Heads) -> bool:
    """Whether a quote stands among the copies of another there: by its place, and its words."""
    page = "" if quote.page is None else f" p. {quote.page}"
    words = normalised(quote.text)
    return any(
        head.kind == quote.kind and fuzz.ratio(words, normalised(head.text)) >= SAME_STATEMENT
        for path in _paths(row)
        for head in heads.get(path + page, ())
    )


def why_not(ruling: Ruling | None, kind: str) -> str:
    """Say what a run made of a passage that it does not publish as a quote of a kind."""
    if ruling is None:
        return "read otherwise: no passage is the same"
    if not ruling.quotable:
        return "marked as not for quotation"
    if ruling.kind != kind:
        return f"judged to be of the kind {ruling.kind}"
    return COPY if ruling.theme_ids else "under no theme"


def _change(
    what: How,
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


def _judged(then: QuoteRow, now: QuoteRow) -> bool:
    """Whether a quote is judged otherwise itself: its kind, tier, stance or codes."""
    before, after = (
        (q.kind, q.tier, q.stance, [t for t in q.themes if not EMERGENT.fullmatch(t)])
        for q in (then, now)
    )
    return before != after


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
