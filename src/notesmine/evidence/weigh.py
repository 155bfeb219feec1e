"""Weigh each theme: what reports it, how widely, since when, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from notesmine.config import Settings
from notesmine.evidence.assigned import (
    Assigned,
    Mention,
    date_of,
    is_quotable,
    month_of,
    was_read,
)
from notesmine.evidence.choose import choose
from notesmine.evidence.duplicates import collapse
from notesmine.evidence.life import closest
from notesmine.evidence.quotes import Quoter, identify
from notesmine.evidence.statistics import resample, trend
from notesmine.records import Document, Evidence, Kind, Quote, Theme


def weigh(
    documents: Mapping[str, Document],
    assigned: Sequence[Assigned],
    themes: Sequence[Theme],
    settings: Settings,
    seed: int,
    *,
    keys: Mapping[str, str] | None = None,
) -> list[Evidence]:
    """Gather and weigh the evidence of every theme.

    Parameters
    ----------
    documents : mapping of str to Document
        Everything read, by ``doc_id``.
    assigned : sequence of Assigned
        Judged passages, in any order.
    themes : sequence of Theme
    settings : Settings
        ``publish.quotes`` is the number of quotes chosen for a theme.
    seed : int
        Of the resampling.
    keys : mapping of str to str, optional
        Citation keys by ``doc_id``; publishing fills them in where they are not known yet.

    Returns
    -------
    list of Evidence
        Ranked: most documents first, then meetings, organisations, passages, the most recent, and
        the theme's id. Themes that nothing reports come last.
    """
    quoter = Quoter(documents, assigned, keys or {})
    emergent = frozenset(t.theme_id for t in themes if t.origin == "emergent")
    members: dict[str, list[Assigned]] = {t.theme_id: [] for t in themes}
    for item in assigned:
        for theme_id in dict.fromkeys(item.theme_ids):
            if theme_id in members:
                members[theme_id].append(item)
    read = sorted(d.doc_id for d in documents.values() if was_read(d))
    months = _months(documents, assigned, read)
    drafts: list[Evidence] = []
    holders: list[frozenset[str]] = []
    for theme in sorted(themes, key=lambda t: t.theme_id):
        mentions = _Mentions(members[theme.theme_id], documents)
        holders.append(frozenset(m.head.passage.doc_id for m in mentions.counted))
        drafts.append(_draft(theme, mentions, quoter, emergent, months, len(read), settings))
    return _ranked(_with_intervals(drafts, holders, read, seed))


def _months(
    documents: Mapping[str, Document], assigned: Sequence[Assigned], read: Sequence[str]
) -> dict[str, int]:
    """Count the documents of each month; one whose parts have own dates is in each of theirs."""
    pairs = {(d, month_of(documents[d].date)) for d in read}
    pairs |= {(i.passage.doc_id, month_of(date_of(i, documents))) for i in assigned}
    return dict(sorted(Counter(m for _, m in pairs if m).items()))


class _Mentions:
    """The distinct statements of a theme, by what they are to it; those not for quotation apart."""

    def __init__(self, items: Sequence[Assigned], documents: Mapping[str, Document]) -> None:
        def quotable(kind: Kind, tier: str | None = None) -> list[Mention]:
            found = _distinct(items, documents, kind, tier)
            return [m for m in found if is_quotable(m.head, documents)]

        self.counted = _distinct(items, documents, "impediment", "confirmed")
        self.shown = [m for m in self.counted if is_quotable(m.head, documents)]
        self.withheld = [m for m in self.counted if not is_quotable(m.head, documents)]
        self.review = quotable("impediment", "review")
        self.resolved = quotable("resolved")
        self.enablers = quotable("enabler")
        self.proposals = quotable("proposal")


def _distinct(
    items: Sequence[Assigned], documents: Mapping[str, Document], kind: Kind, tier: str | None
) -> list[Mention]:
    """Collapse the passages of a kind, and of a tier if one is named."""
    wanted = [i for i in items if i.judgement.kind == kind and tier in {None, i.judgement.tier}]
    return collapse(wanted, documents)


def _draft(
    theme: Theme,
    mentions: _Mentions,
    quoter: Quoter,
    emergent: frozenset[str],
    months: Mapping[str, int],
    read: int,
    settings: Settings,
) -> Evidence:
    """Everything about a theme that needs no other theme."""
    documents = quoter.documents
    counted, resolved = mentions.counted, mentions.resolved
    links = closest(counted, resolved, documents, emergent)
    standing = [m for n, m in enumerate(counted) if n not in links]
    anticipated = sum(m.head.coding.stance == "anticipated" for m in standing)
    dates = sorted(d for m in counted for i in m.places if (d := date_of(i, documents)))
    reporting = _documents_by_month(counted, documents)
    word, p = trend(reporting, months)
    holders = {m.head.passage.doc_id for m in counted}
    heads = [replace(m.head, pinned=any(i.pinned for i in m.places)) for m in mentions.shown]

    def quotes(group: Sequence[Mention]) -> tuple[Quote, ...]:
        return tuple(quoter.quote(m, theme.theme_id) for m in group)

    return Evidence(
        theme=theme,
        impediments=quotes(mentions.shown),
        resolved=quotes(resolved),
        enablers=quotes(mentions.enablers),
        proposals=quotes(mentions.proposals),
        review=quotes(mentions.review),
        documents=len(holders),
        meetings=len({_meeting(m.head, documents) for m in counted}),
        organisations=len({o for d in holders if (o := documents[d].organisation)}),
        passages=len(counted),
        open=len(standing) - anticipated,
        anticipated=anticipated,
        share=round(len(holders) / read, 6) if read else 0.0,
        expected_errors=round(sum(1.0 - m.head.probability() for m in counted), 4),
        first_seen=dates[0] if dates else None,
        last_seen=dates[-1] if dates else None,
        trend=word,
        trend_p=None if p is None else round(p, 6),
        by_month=reporting,
        months=dict(months),
        unquotable=len(mentions.withheld),
        withheld=tuple(identify(m.head) for m in mentions.withheld),
        reported_in=tuple(sorted(holders)),
        read=read,
        chosen=tuple(identify(heads[n]) for n in choose(heads, documents, settings.publish.quotes)),
        links=tuple(
            (identify(counted[i].head), identify(resolved[r].head))
            for i, r in sorted(links.items())
            if is_quotable(counted[i].head, documents)
        ),
    )


def _documents_by_month(
    counted: Sequence[Mention], documents: Mapping[str, Document]
) -> dict[str, int]:
    """Count the documents of each month that report, copies too; undated ones belong to none."""
    months: dict[str, set[str]] = {}
    for item in (i for m in counted for i in m.places):
        month = month_of(date_of(item, documents))
        if month:
            months.setdefault(month, set()).add(item.passage.doc_id)
    return {m: len(d) for m, d in sorted(months.items())}


def _meeting(item: Assigned, documents: Mapping[str, Document]) -> tuple[str, str]:
    """Return what makes two notes one meeting: the same name, or organisation, on the same day."""
    document = documents[item.passage.doc_id]
    date = date_of(item, documents)
    name = document.meeting.casefold() or document.organisation.casefold()
    return (name, date) if name and date else ("", document.doc_id)


def _with_intervals(
    drafts: Sequence[Evidence], holders: Sequence[frozenset[str]], read: Sequence[str], seed: int
) -> list[Evidence]:
    """Add the intervals of shares and ranks, all themes resampled together."""
    reports = np.array([[d in held for held in holders] for d in read], dtype=np.bool_)
    reports = reports.reshape(len(read), len(drafts))
    ids = {d.theme.theme_id for d in drafts}
    main = np.array([d.theme.parent_id not in ids for d in drafts], dtype=np.bool_)
    shares, ranks = resample(reports, seed, main)
    return [
        msgspec.structs.replace(
            draft,
            share_low=round(float(shares[n, 0]), 6),
            share_high=round(float(shares[n, 1]), 6),
            rank_low=int(ranks[n, 0]) if main[n] and draft.documents else 0,
            rank_high=int(ranks[n, 1]) if main[n] and draft.documents else 0,
        )
        for n, draft in enumerate(drafts)
    ]


def _ranked(drafts: Sequence[Evidence]) -> list[Evidence]:
    """Order by weight, and number the themes without a parent that something reports."""
    ids = {d.theme.theme_id for d in drafts}
    ordered = sorted(drafts, key=lambda e: e.theme.theme_id)
    ordered.sort(key=lambda e: e.last_seen or "", reverse=True)
    ordered.sort(key=lambda e: (-e.documents, -e.meetings, -e.organisations, -e.passages))
    ranked: list[Evidence] = []
    place = 0
    for item in ordered:
        main = item.documents > 0 and item.theme.parent_id not in ids
        place += main
        ranked.append(msgspec.structs.replace(item, rank=place if main else 0))
    return ranked
