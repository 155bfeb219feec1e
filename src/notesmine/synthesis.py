"""Findings: templated statements in plain words, each bound to the quotes that carry it.

This room writes sentences of counts; it invents nothing, and a statement about a theme that has no
quote to show is an error, not a sentence. It reads `Evidence` and writes `Finding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from notesmine.errors import CheckFailed
from notesmine.records import Document, Event, Evidence, Finding, Quote, digest

#: How many impediments the overview names.
STRONGEST = 5
#: How many are named as open the longest.
OLDEST = 3
#: Documents below which shares are said to be rough: an interval then spans 40 points or more.
FEW_DOCUMENTS = 20
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NUMBERS = ("no", "one", "two", "three", "four", "five")


def findings(
    evidence: Sequence[Evidence],
    documents: Mapping[str, Document],
    *,
    events: Sequence[Event] = (),
    abstained: int = 0,
) -> list[Finding]:
    """State what the evidence says, and what it cannot say.

    Parameters
    ----------
    evidence : sequence of Evidence
        Ranked, as `weigh` returns it.
    documents : mapping of str to Document
        Everything read, by ``doc_id``.
    events : sequence of Event
        What happened to themes since the last run; empty for a first run.
    abstained : int
        Impediments without any theme.

    Returns
    -------
    list of Finding
        Kinds in this order: ``overview``, ``new``, ``resolved``, ``returned``, ``helps``,
        ``theme``, ``limits``.

    Raises
    ------
    CheckFailed
        If a finding about a theme has no quote.
    """
    quotable = [e for e in evidence if e.impediments]
    found = [
        *_overview(quotable),
        *_new(events, {e.theme.theme_id: e for e in quotable}),
        *(f for e in quotable if _closes(e) for f in [_resolved(e)]),
        *(f for e in quotable if e.returned for f in [_returned(e)]),
        *(f for e in quotable if e.enablers or e.proposals for f in [_helps(e)]),
        *(_theme(e) for e in quotable),
        *_limits(evidence, documents, abstained),
    ]
    return founded(found)


def founded(found: list[Finding]) -> list[Finding]:
    """Return findings, if each that is about a theme has a quote to show.

    Raises
    ------
    CheckFailed
        If one has none: it would be a sentence without evidence.
    """
    for finding in found:
        if finding.theme_id is not None and not finding.quote_ids:
            raise CheckFailed(
                f"the finding {finding.statement!r} has no quote to show",
                "This is a fault of the synthesis: please report it.",
            )
    return found


def bind(
    kind: str,
    statement: str,
    theme_id: str | None,
    quotes: Iterable[Quote | str],
    numbers: Mapping[str, float] | None = None,
    name: str = "",
) -> Finding:
    """Make a finding; its id stays the same while its kind, theme and name do."""
    ids = dict.fromkeys(q if isinstance(q, str) else q.quote_id for q in quotes)
    return Finding(
        finding_id="F-" + digest(kind, theme_id or "", name, length=8),
        kind=kind,
        statement=statement,
        theme_id=theme_id,
        quote_ids=tuple(ids),
        numbers=dict(numbers or {}),
    )


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1,200 passages``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def spoken(date: str | None) -> str:
    """Return a date's month in words: ``September 2024``."""
    if not date:
        return "an unknown date"
    part = date.split("-")
    if len(part) > 1 and part[1].isdigit() and 1 <= int(part[1]) <= len(MONTHS):
        return f"{MONTHS[int(part[1]) - 1]} {part[0]}"
    return date


def span(first: str | None, last: str | None) -> str:
    """Return a period in words.

    Examples
    --------
    >>> span("2024-09-12", "2025-11-13")
    'from September 2024 to November 2025'
    >>> span("2025-11-01", "2025-11-13")
    'in November 2025'
    """
    if not first or not last:
        return "in undated notes"
    one, two = spoken(first), spoken(last)
    return f"in {one}" if one == two else f"from {one} to {two}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _by_id(item: Evidence) -> dict[str, Quote]:
    return {q.quote_id: q for q in item.impediments}


def _first(item: Evidence) -> Quote | str:
    return item.chosen[0] if item.chosen else item.impediments[0]


def _overview(evidence: Sequence[Evidence]) -> list[Finding]:
    top = [e for e in evidence if e.rank][:STRONGEST]
    if not top:
        statement = "No impediment was found with enough confidence to be counted."
        return [bind("overview", statement, None, (), name="none")]
    shown = [f"{e.theme.label} ({e.documents} of {e.read})" for e in top]
    what = "impediment is" if len(top) == 1 else f"{NUMBERS[len(top)]} impediments are"
    strongest = bind(
        "overview",
        f"The most widely reported {what} {_listed(shown)}. They are ranked by the number of "
        "documents that report them, not by mentions; ties are decided by meetings, then "
        "organisations, then passages, then the most recent report.",
        None,
        [_first(e) for e in top],
        {f"documents.{e.theme.theme_id}": e.documents for e in top},
        name="strongest",
    )
    stated = [strongest, *_oldest([e for e in evidence if e.rank and e.open_since])]
    unsure = [e for e in top if e.rank_high - e.rank_low > 1]
    if not unsure:
        return stated
    places: dict[tuple[int, int], list[str]] = {}
    for item in unsure:
        places.setdefault((item.rank_low, item.rank_high), []).append(item.theme.label)
    ranks = [f"{_listed(names)} {a} to {b}" for (a, b), names in places.items()]
    return [
        *stated,
        bind(
            "overview",
            "The order is not certain. In 95% of resamples of the documents the places are: "
            f"{'; '.join(ranks)}.",
            None,
            [_first(e) for e in unsure],
            {f"rank_low.{e.theme.theme_id}": e.rank_low for e in unsure}
            | {f"rank_high.{e.theme.theme_id}": e.rank_high for e in unsure},
            name="order",
        ),
    ]


def _oldest(standing: Sequence[Evidence]) -> list[Finding]:
    """Name what has stood open for the longest time."""
    shown: list[tuple[Evidence, Quote]] = []
    for item in sorted(standing, key=lambda e: (e.open_since or "", e.rank)):
        first = [q for q in item.impediments if q.date == item.open_since]
        if first and len(shown) < OLDEST:
            shown.append((item, first[0]))
    if len(shown) < OLDEST:
        return []
    names = [f"{e.theme.label} (since {spoken(e.open_since)})" for e, _ in shown]
    return [
        bind(
            "overview",
            f"Reported first and with no solution in the notes since: {_listed(names)}.",
            None,
            [q for _, q in shown],
            name="oldest",
        )
    ]


def _theme(item: Evidence) -> Finding:
    """Write the paragraph under a theme's heading."""
    share = (
        f"{item.share:.0%}, 95% interval {item.share_low * 100:.0f}-{item.share_high * 100:.0f}%"
    )
    reported = (
        f"Reported in {item.documents} of {count(item.read, 'document')} ({share}), "
        f"{span(item.first_seen, item.last_seen)}; {count(item.passages, 'passage')}"
    )
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
    said = [(resolved, "reported resolved"), (item.anticipated, "anticipated")]
    parts = [reported + "".join(f"; {n} of them {what}" for n, what in said if n) + "."]
    if item.strength:
        parts.append(f"The evidence is graded {item.strength}.")
    if item.open_since and item.first_seen != item.last_seen:
        parts.append(f"What is open longest was reported in {spoken(item.open_since)}.")
    if item.expected_errors >= 0.5:
        wrong = max(1, round(item.expected_errors))
        verb = "is" if wrong == 1 else "are"
        parts.append(f"As the classifier estimates, about {wrong} of these {verb} none.")
    if item.organisations > 1:
        parts.append(f"Notes of {count(item.organisations, 'organisation')} report it.")
    if item.trend in {"rising", "falling"} and item.trend_p is not None:
        parts.append(
            f"The monthly share of notes that report it is {item.trend} "
            f"(Mann-Kendall p = {item.trend_p:.2f})."
        )
        numbers["trend_p"] = item.trend_p
    if item.unquotable:
        verb = "is" if item.unquotable == 1 else "are"
        parts.append(
            f"{count(item.unquotable, 'passage')} {verb} counted and not shown, being marked not "
            "for quotation."
        )
        numbers["unquotable"] = item.unquotable
    return bind("theme", " ".join(parts), item.theme.theme_id, item.impediments, numbers)


def _resolved(item: Evidence) -> Finding:
    known, solved = _by_id(item), {q.quote_id: q for q in item.resolved}
    pairs = [(known[a], solved[b]) for a, b in item.links if a in known and b in solved]
    closed = len({a.quote_id for a, _ in pairs})
    closing = {b.quote_id for _, b in pairs}
    last = max((b.date or "" for _, b in pairs), default="")
    stay = "stays" if item.open == 1 else "stay"
    still = f"{count(item.open, 'passage')} {stay} open" if item.open else "none is left open"
    if item.anticipated:
        still += f", {item.anticipated} more {'is' if item.anticipated == 1 else 'are'} anticipated"
    return bind(
        "resolved",
        f"{item.theme.label}: {closed} of {count(item.passages, 'passage')} "
        f"{'was' if closed == 1 else 'were'} later reported resolved, "
        f"last in {spoken(last or None)} ({count(len(closing), 'report')} of a solution); {still}.",
        item.theme.theme_id,
        [q for pair in pairs for q in pair],
        {"resolved": closed, "passages": item.passages, "open": item.open},
    )


def _closes(item: Evidence) -> bool:
    """Whether a counted passage was reported resolved; one to review is linked, and not counted."""
    to_review = {q.quote_id for q in item.review}
    return any(a not in to_review for a, _ in item.links)


def _returned(item: Evidence) -> Finding:
    known = {q.quote_id: q for q in (*item.impediments, *item.resolved)}
    pairs = [(known[a], known[b]) for a, b in item.returned if a in known and b in known]
    last = max((b.date or "" for _, b in pairs), default="")
    verb = "was" if len(pairs) == 1 else "were"
    return bind(
        "returned",
        f"{item.theme.label}: {count(len(pairs), 'passage')} {verb} written down after the same "
        f"problem had been reported resolved, last in {spoken(last or None)}.",
        item.theme.theme_id,
        [q for pair in pairs for q in pair],
        {"returned": len(pairs)},
    )


def _helps(item: Evidence) -> Finding:
    parts = []
    if item.enablers:
        verb = "reports" if len(item.enablers) == 1 else "report"
        parts.append(f"{count(len(item.enablers), 'passage')} {verb} what helped")
    if item.proposals:
        verb = "proposes" if len(item.proposals) == 1 else "propose"
        parts.append(f"{count(len(item.proposals), 'passage')} {verb} what to do")
    return bind(
        "helps",
        f"Against {item.theme.label}, {_listed(parts)}.",
        item.theme.theme_id,
        [*item.enablers, *item.proposals],
        {"enablers": len(item.enablers), "proposals": len(item.proposals)},
    )


WORDS = {
    "created": "is new since the last run",
    "grown": "has grown since the last run",
    "faded": "has gained no report since the last run",
    "returned": "is reported again",
    "split": "was split since the last run",
    "renamed": "has a new name since the last run",
}
GONE = {"retired", "merged"}


def _new(events: Sequence[Event], known: Mapping[str, Evidence]) -> list[Finding]:
    """Say what happened since the last run, of themes with evidence, and which ones are gone."""
    found: list[Finding] = []
    gone: set[str] = set()
    for event in sorted(events, key=lambda e: (e.what, e.theme_id)):
        item = known.get(event.theme_id)
        if event.what in GONE:
            gone.add(event.theme_id)
        elif item is not None and event.what in WORDS:
            detail = f": {event.detail.rstrip('.')}" if event.detail else ""
            found.append(
                bind(
                    "new",
                    f"{item.theme.label} ({event.theme_id}) {WORDS[event.what]}{detail}.",
                    event.theme_id,
                    item.chosen or item.impediments,
                    {"documents": item.documents, "passages": item.passages},
                    name=event.what,
                )
            )
    if gone:
        statement = (
            f"{count(len(gone), 'theme')} of earlier runs "
            f"{'has' if len(gone) == 1 else 'have'} no evidence in this one: "
            f"{_listed(sorted(gone))}. `notesmine show` tells what became of each."
        )
        found.append(bind("new", statement, None, (), {"gone": len(gone)}, name="gone"))
    return found


def _limits(
    evidence: Sequence[Evidence], documents: Mapping[str, Document], abstained: int
) -> list[Finding]:
    """Say what the corpus cannot say; no claim about a theme, so no quote."""
    everything = sorted(documents.values(), key=lambda d: d.doc_id)
    read = [d for d in everything if d.status in {"ok", "partial"} and d.text.strip()]
    failed = [d for d in everything if d.status == "failed"]
    empty = len(everything) - len(read) - len(failed)
    partial = [d for d in read if d.status == "partial"]
    undated = [d for d in read if not d.date]
    organisations = {d.organisation for d in read if d.organisation}
    hidden = [e for e in evidence if e.passages and not e.impediments]
    review = {q.quote_id for e in evidence for q in e.review}
    numbers = {
        "nothing": int(not read),
        "few": len(read) if len(read) < FEW_DOCUMENTS else 0,
        "one-organisation": int(len(organisations) == 1),
        "no-organisation": int(bool(read) and not organisations),
        "unread": len(failed),
        "empty": empty,
        "partial": len(partial),
        "undated": len(undated),
        "abstained": abstained,
        "review": len(review),
        "unquotable": len(hidden),
    }
    one = next(iter(organisations), "")
    return [
        bind(
            "limits",
            _filled(template, numbers[name], noun).replace("{one}", one),
            None,
            (),
            {name: numbers[name]},
            name=name,
        )
        for name, (noun, template) in LIMITS.items()
        if numbers[name]
    ]


def _filled(template: str, number: int, noun: str) -> str:
    """Fill in ``{n}``, and the word before or after the bar of ``{one thing|several}``."""
    chosen = r"\1" if number == 1 else r"\2"
    return re.sub(r"\{(\w+)\|(\w+)\}", chosen, template).replace("{n}", count(number, noun))


#: What the corpus cannot say: name, noun of the number ``{n}``, statement.
LIMITS = {
    "nothing": ("", "No document could be read: there is nothing to synthesise."),
    "few": ("document", "Only {n} could be read: shares are rough, as their intervals show."),
    "one-organisation": ("", "All notes that name an organisation come from {one}."),
    "no-organisation": ("", "No note names its organisation, so none can be compared."),
    "unread": ("document", "{n} could not be read."),
    "empty": ("document", "{n} without text, or left out."),
    "partial": ("document", "{n} could be read only in part."),
    "undated": ("document", "{n} without a date: counted, and in no month or trend."),
    "abstained": (
        "impediment",
        "{n} that {fits|fit} no theme {is|are} in no list of this report.",
    ),
    "review": ("further passage", "{n} may report impediments: not counted, to be reviewed."),
    "unquotable": ("theme", "{n} resting on passages not for quotation: counted, nothing shown."),
}
