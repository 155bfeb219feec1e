"""What is said of one theme: how widely it is reported, what was resolved, came back, helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from notesmine.numerals import percent, plural
from notesmine.records import Evidence, Finding, Quote
from notesmine.synthesis.wording import bind, listed, probability, span, spoken

#: Share of passages expected to be wrong that is worth a sentence: half a passage.
WORTH_SAYING = 0.5


def theme(item: Evidence) -> Finding:
    """Write the paragraph under a theme's heading."""
    interval = f"95% interval {item.share_low * 100:.0f}-{item.share_high * 100:.0f}%"
    resolved = item.passages - item.open - item.anticipated
    numbers: dict[str, float] = {
        "documents": item.documents,
        "read": item.read,
        "share": item.share,
        "share_low": item.share_low,
        "share_high": item.share_high,
        "passages": item.passages,
        "meetings": item.meetings,
        "organisations": item.organisations,
        "resolved": resolved,
        "anticipated": item.anticipated,
        "expected_errors": item.expected_errors,
    }
    said = [(resolved, "later reported resolved"), (item.anticipated, "anticipated")]
    held = [f"{n} of them {what}" for n, what in said if n]
    parts = [
        f"Reported in {item.documents} of {plural(item.read, 'document')} "
        f"({percent(item.share)}, {interval}), {_period(item)}; "
        f"{plural(item.passages, 'passage')}{''.join(f'; {h}' for h in held)}."
    ]
    if item.strength == "single":
        parts.append("It rests on a single document.")
    elif item.strength:
        parts.append(f"The evidence is graded {item.strength}.")
    if item.open_since and item.first_seen != item.last_seen and item.open > 1:
        parts.append(f"The oldest report without a known end is of {spoken(item.open_since)}.")
    if item.expected_errors >= WORTH_SAYING:
        wrong = max(1, round(item.expected_errors))
        parts.append(
            f"By the classifier's own estimate about {wrong} of the {item.passages} "
            f"{'is' if wrong == 1 else 'are'} no impediment{'' if wrong == 1 else 's'}."
            if item.passages > 1
            else "By the classifier's own estimate it may be no impediment."
        )
    if item.organisations > 1:
        parts.append(f"Notes of {plural(item.organisations, 'organisation')} report it.")
    if item.trend in {"rising", "falling"} and item.trend_p is not None:
        parts.append(
            f"The monthly share of notes that report it is {item.trend} "
            f"(Mann-Kendall p {probability(item.trend_p)})."
        )
        numbers["trend_p"] = item.trend_p
    if item.unquotable:
        verb = "is" if item.unquotable == 1 else "are"
        parts.append(
            f"{plural(item.unquotable, 'passage')} {verb} counted and not shown, being marked not "
            "for quotation."
        )
        numbers["unquotable"] = item.unquotable
    return bind("theme", " ".join(parts), item.theme.theme_id, item.impediments, numbers)


def _period(item: Evidence) -> str:
    """Say when; what was only copied later is no later report."""
    dates = [q.date for q in item.impediments if q.date]
    last = max(dates, default=None)
    if item.unquotable or not last or not item.last_seen or last >= item.last_seen:
        return span(item.first_seen, item.last_seen)
    own = span(min(dates), last)
    if spoken(last) == spoken(item.last_seen):
        return own
    return f"{own} and copied until {spoken(item.last_seen)}"


def _quotes_of(
    links: Iterable[tuple[str, str]], first: Iterable[Quote], second: Iterable[Quote]
) -> list[tuple[Quote, Quote]]:
    """Return the quotes of links of which both ends can be shown."""
    one, two = ({q.quote_id: q for q in quotes} for quotes in (first, second))
    return [(one[a], two[b]) for a, b in links if a in one and b in two]


def resolved(item: Evidence) -> Finding | None:
    """Say how much of a theme was later reported resolved; what is to review is not counted."""
    pairs = _quotes_of(item.links, item.impediments, item.resolved)
    if not pairs:
        return None
    closed = len({a.quote_id for a, _ in pairs})
    closing = {b.quote_id for _, b in pairs}
    dates = sorted({spoken(b.date) for _, b in pairs})
    last = spoken(max(b.date or "" for _, b in pairs) or None)
    when = f"in {last}" if len(dates) == 1 else f"last in {last}"
    by = f" ({plural(len(closing), 'report')} of a solution)" if len(closing) != closed else ""
    still = f"of {item.open} no end was found" if item.open else "none is left open"
    if item.anticipated:
        still += f", {item.anticipated} more {'is' if item.anticipated == 1 else 'are'} anticipated"
    return bind(
        "resolved",
        f"{item.theme.label}: {closed} of {plural(item.passages, 'passage')} "
        f"{'was' if closed == 1 else 'were'} later reported resolved, {when}{by}; {still}.",
        item.theme.theme_id,
        [q for pair in pairs for q in pair],
        {"resolved": closed, "passages": item.passages, "open": item.open},
    )


def returned(item: Evidence) -> Finding | None:
    """Say what was written down again after it had been reported resolved."""
    everything = (*item.impediments, *item.resolved)
    pairs = _quotes_of(item.returned, everything, everything)
    if not pairs:
        return None
    last = spoken(max(b.date or "" for _, b in pairs) or None)
    verb = "was" if len(pairs) == 1 else "were"
    when = "" if len(pairs) == 1 else "last "
    return bind(
        "returned",
        f"{item.theme.label}: {plural(len(pairs), 'passage')} {verb} written down after the same "
        f"problem had been reported resolved, {when}in {last}.",
        item.theme.theme_id,
        [q for pair in pairs for q in pair],
        {"returned": len(pairs)},
    )


def helps(item: Evidence) -> Finding | None:
    """Count what is filed under a theme as help and as proposal.

    That it helps against this impediment nobody has said: it is of the same subject.
    """
    if not item.enablers and not item.proposals:
        return None
    parts: list[str] = []
    for group, one, many, what in (
        (item.enablers, "reports", "report", "what helped"),
        (item.proposals, "proposes", "propose", "what to do"),
    ):
        if group:
            parts.append(
                f"{plural(len(group), 'passage')} {one if len(group) == 1 else many} {what}"
            )
    return bind(
        "helps",
        f"On the subject of {item.theme.label}, {listed(parts)}.",
        item.theme.theme_id,
        [*item.enablers, *item.proposals],
        {"enablers": len(item.enablers), "proposals": len(item.proposals)},
    )


def told_once(
    evidence: Sequence[Evidence], tell: Callable[[Evidence], Finding | None]
) -> list[Finding]:
    """State something of each theme, but of a sub-theme only what no main theme has told."""
    main = {e.theme.theme_id for e in evidence if is_main(e, evidence)}
    told = {
        q
        for e in evidence
        if e.theme.theme_id in main and (f := tell(e)) is not None
        for q in f.quote_ids
    }
    found = []
    for item in evidence:
        finding = tell(item)
        if finding is not None and (
            item.theme.theme_id in main or not told.issuperset(finding.quote_ids)
        ):
            found.append(finding)
    return found


def is_main(item: Evidence, evidence: Sequence[Evidence]) -> bool:
    """Whether a theme is no part of another one that has evidence."""
    return all(item.theme.parent_id != e.theme.theme_id for e in evidence)


def chosen_quote(item: Evidence) -> Quote | str:
    """Return the quote that stands first under a theme."""
    return item.chosen[0] if item.chosen else item.impediments[0]
