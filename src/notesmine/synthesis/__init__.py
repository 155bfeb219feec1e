"""Findings: templated statements in plain words, each bound to the quotes that carry it.

This room writes sentences of counts; it invents nothing, and a statement about a theme that has no
quote to show is an error, not a sentence. It reads `Evidence` and writes `Finding`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notesmine.errors import CheckFailed
from notesmine.records import Document, Event, Evidence, Finding
from notesmine.synthesis import themes
from notesmine.synthesis.limits import limits
from notesmine.synthesis.news import news
from notesmine.synthesis.overview import overview
from notesmine.synthesis.wording import bind, span, spoken

__all__ = ["bind", "findings", "founded", "span", "spoken"]


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
        *overview(quotable),
        *news(events, {e.theme.theme_id: e for e in quotable}),
        *themes.told_once(quotable, themes.resolved),
        *themes.told_once(quotable, themes.returned),
        *(f for e in quotable if themes.is_main(e, quotable) if (f := themes.helps(e)) is not None),
        *(themes.theme(e) for e in quotable),
        *limits(evidence, documents, abstained),
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
