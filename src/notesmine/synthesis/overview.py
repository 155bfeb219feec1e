"""What stands out over all themes: the most widely reported, how sure the order is, the oldest."""

from __future__ import annotations

from collections.abc import Sequence

from notesmine.numerals import plural
from notesmine.records import Evidence, Finding, Quote
from notesmine.synthesis.themes import chosen_quote
from notesmine.synthesis.wording import NUMBERS, bind, listed, spoken

#: How many impediments the overview names.
STRONGEST = 5
#: Documents that make an impediment "widely reported"; where none has so many, all are named.
WIDELY = 2
#: How many are named as open the longest.
OLDEST = 3


def overview(evidence: Sequence[Evidence]) -> list[Finding]:
    """Name the strongest impediments, the oldest that are open, and how sure the order is."""
    main = [e for e in evidence if e.rank]
    if not main:
        statement = "No impediment was found with enough confidence to be counted."
        return [bind("overview", statement, None, (), name="none")]
    top = [e for e in main if e.documents >= WIDELY][:STRONGEST]
    if not top:
        return [_single(main), *_oldest(main)]
    shown = [f"{e.theme.label} ({e.documents} of {e.read})" for e in top]
    what = "impediment is" if len(top) == 1 else f"{NUMBERS[len(top)]} impediments are"
    strongest = bind(
        "overview",
        f"The most widely reported {what} {listed(shown)}. They are ranked by the number of "
        "documents that report them, not by mentions; ties are decided by meetings, then "
        "organisations, then passages, then the most recent report.",
        None,
        [chosen_quote(e) for e in top],
        {f"documents.{e.theme.theme_id}": e.documents for e in top},
        name="strongest",
    )
    return [strongest, *_oldest(main), *_order(top)]


def _single(main: Sequence[Evidence]) -> Finding:
    """Say that nothing is reported by more than one document."""
    return bind(
        "overview",
        f"No impediment is reported in more than one document: {plural(len(main), 'impediment')}"
        f" in {'one' if len(main) == 1 else 'one each'}, so that no ranking is meant.",
        None,
        [chosen_quote(e) for e in main[:STRONGEST]],
        {f"documents.{e.theme.theme_id}": e.documents for e in main[:STRONGEST]},
        name="strongest",
    )


def _order(top: Sequence[Evidence]) -> list[Finding]:
    unsure = [e for e in top if e.rank_high - e.rank_low > 1]
    if not unsure:
        return []
    places: dict[tuple[int, int], list[str]] = {}
    for item in unsure:
        places.setdefault((item.rank_low, item.rank_high), []).append(item.theme.label)
    ranks = [f"{listed(names)} {a} to {b}" for (a, b), names in places.items()]
    return [
        bind(
            "overview",
            "The order is not certain. In 95% of resamples of the documents the places are: "
            f"{'; '.join(ranks)}.",
            None,
            [chosen_quote(e) for e in unsure],
            {f"rank_low.{e.theme.theme_id}": e.rank_low for e in unsure}
            | {f"rank_high.{e.theme.theme_id}": e.rank_high for e in unsure},
            name="order",
        ),
    ]


def _oldest(main: Sequence[Evidence]) -> list[Finding]:
    """Name the impediments whose earliest open report is the oldest, if they were said again."""
    shown: list[tuple[Evidence, Quote]] = []
    standing = [e for e in main if e.open_since and e.documents >= WIDELY]
    for item in sorted(standing, key=lambda e: (e.open_since or "", e.rank)):
        first = [q for q in item.impediments if q.date == item.open_since]
        if first and len(shown) < OLDEST:
            shown.append((item, first[0]))
    if len(shown) < OLDEST:
        return []
    names = [
        f"{e.theme.label} (a report of {spoken(e.open_since)}; the theme was last reported in "
        f"{spoken(e.last_seen)})"
        for e, _ in shown
    ]
    return [
        bind(
            "overview",
            f"The oldest reports to which no later note was found to tell an end: {listed(names)}.",
            None,
            [q for _, q in shown],
            name="oldest",
        )
    ]
