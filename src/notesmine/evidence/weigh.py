"""Weigh each theme: what reports it, how widely, since when, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from notesmine.config import Settings
from notesmine.evidence.assigned import (
    Assigned,
    Mention,
    date_of,
    is_quotable,
    moment,
    month_of,
    was_read,
)
from notesmine.evidence.choose import choose
from notesmine.evidence.duplicates import collapse
from notesmine.evidence.life import Lives, lives, reread, threads
from notesmine.evidence.quotes import Quoter, identify
from notesmine.evidence.resolution import Likeness
from notesmine.evidence.statistics import resample, trend
from notesmine.evidence.strength import grade
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
    likeness = Likeness(assigned, documents)
    assigned = reread(assigned, likeness, documents)
    quoter = Quoter(documents, assigned, keys or {})
    members: dict[str, list[Assigned]] = {t.theme_id: [] for t in themes}
    for item in assigned:
        for theme_id in dict.fromkeys(item.theme_ids):
            if theme_id in members:
                members[theme_id].append(item)
    read = sorted(d.doc_id for d in documents.values() if was_read(d))
    ordered = sorted(themes, key=lambda t: t.theme_id)
    mentions = {t.theme_id: _Mentions(members[t.theme_id], documents) for t in ordered}
    context = _Context(
        quoter=quoter,
        months=_months(documents, assigned, read),
        read=len(read),
        quotes=settings.publish.quotes,
        likeness=likeness,
        lives=_lives(mentions.values(), assigned, likeness, documents),
    )
    drafts = [_draft(theme, mentions[theme.theme_id], context) for theme in ordered]
    holders = [frozenset(d.reported_in) for d in drafts]
    organisations = len({o for d in read if (o := documents[d].organisation)})
    return [
        msgspec.structs.replace(item, strength=grade(item, organisations))
        for item in _ranked(_with_intervals(drafts, holders, read, seed))
    ]


@dataclass(frozen=True, slots=True)
class _Context:
    """What every theme is weighed with."""

    quoter: Quoter
    months: Mapping[str, int]
    read: int
    quotes: int
    likeness: Likeness
    lives: Lives


def _lives(
    themes: Iterable[_Mentions],
    assigned: Sequence[Assigned],
    likeness: Likeness,
    documents: Mapping[str, Document],
) -> Lives:
    """Link all problems and solutions; a statement under several themes is one, copies pooled."""
    problems: dict[str, Mention] = {}
    # A solution may be coded with no theme: it then stands under that of the problem it closes.
    homeless = _distinct([i for i in assigned if not i.theme_ids], documents, "resolved", None)
    solutions = {identify(m.head): m for m in homeless if is_quotable(m.head, documents)}
    for theme in themes:
        for pool, group in (
            (problems, (*theme.counted, *theme.review)),
            (solutions, theme.resolved),
        ):
            for mention in group:
                key = identify(mention.head)
                before = pool.get(key)
                if before is None or len(before.copies) < len(mention.copies):
                    pool[key] = mention
    return lives(list(problems.values()), list(solutions.values()), likeness, documents)


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


def _draft(theme: Theme, mentions: _Mentions, context: _Context) -> Evidence:
    """Everything about a theme that needs no other theme."""
    quoter, documents = context.quoter, context.quoter.documents
    counted = mentions.counted
    closed, back = context.lives.closed, context.lives.returned
    problems = [*counted, *mentions.review]
    # A solution stands under every theme whose problem it closes, whatever it was coded as.
    resolved = _with_linked(mentions.resolved, problems, context.lives, documents)
    standing = [m for m in counted if identify(m.head) not in closed]
    feared = [m for m in standing if m.head.coding.stance == "anticipated"]
    since = [d for m in standing if m not in feared and (d := date_of(m.head, documents))]
    dates = sorted(d for m in counted for i in m.places if (d := date_of(i, documents)))
    reporting = _documents_by_month(counted, documents)
    word, p = trend(reporting, context.months)
    holders = {m.head.passage.doc_id for m in counted}
    shown = mentions.shown
    heads = [replace(m.head, pinned=any(i.pinned for i in m.places)) for m in shown]
    ids = [identify(h) for h in heads]
    visible = {*ids, *(identify(m.head) for m in mentions.review)}

    def quotes(group: Sequence[Mention]) -> tuple[Quote, ...]:
        return tuple(quoter.quote(m, theme.theme_id) for m in group)

    return Evidence(
        theme=theme,
        impediments=quotes(shown),
        resolved=quotes(resolved),
        enablers=quotes(mentions.enablers),
        proposals=quotes(mentions.proposals),
        review=quotes(mentions.review),
        documents=len(holders),
        meetings=len({_meeting(m.head, documents) for m in counted}),
        organisations=len({o for d in holders if (o := documents[d].organisation)}),
        passages=len(counted),
        open=len(standing) - len(feared),
        anticipated=len(feared),
        share=round(len(holders) / context.read, 6) if context.read else 0.0,
        expected_errors=round(sum(1.0 - m.head.probability() for m in counted), 4),
        first_seen=dates[0] if dates else None,
        last_seen=dates[-1] if dates else None,
        trend=word,
        trend_p=None if p is None else round(p, 6),
        by_month=reporting,
        months=dict(context.months),
        unquotable=len(mentions.withheld),
        withheld=tuple(identify(m.head) for m in mentions.withheld),
        reported_in=tuple(sorted(holders)),
        read=context.read,
        chosen=tuple(ids[n] for n in choose(heads, documents, context.quotes)),
        links=tuple(
            (key, identify(answer.head))
            for m in problems
            if (key := identify(m.head)) in visible
            for answer in closed.get(key, ())
        ),
        threads=tuple(tuple(ids[n] for n in group) for group in threads(shown, context.likeness)),
        returned=tuple((identify(back[key].head), key) for key in ids if key in back),
        open_since=min(since, default=None),
    )


def _with_linked(
    resolved: Sequence[Mention],
    problems: Sequence[Mention],
    lives: Lives,
    documents: Mapping[str, Document],
) -> list[Mention]:
    """Add the solutions of a theme's problems, and those before a return, to its own."""
    own = {identify(m.head): m for m in resolved}
    for problem in problems:
        key = identify(problem.head)
        before = [lives.returned[key]] if key in lives.returned else []
        for answer in (*lives.closed.get(key, ()), *before):
            own.setdefault(identify(answer.head), answer)
    return sorted(own.values(), key=lambda m: moment(m.head, documents))


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
