"""What is new since the last run: themes formed, grown, split, returned, gone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from notesmine.numerals import plural
from notesmine.records import Event, Evidence, Finding
from notesmine.synthesis.wording import bind, listed, span

WORDS = {
    "created": "is a theme that the last run did not have",
    "grown": "has grown since the last run",
    "faded": "holds less than in the last run",
    "returned": "is reported again",
    "split": "was split since the last run",
    "renamed": "has a new name since the last run",
}
GONE = {"retired", "merged"}
_CHANGE = re.compile(r"(\d+) -> (\d+) passages: (\d+) more, (\d+) less")


def news(events: Sequence[Event], known: Mapping[str, Evidence]) -> list[Finding]:
    """Say what happened since the last run, of themes with evidence, and which ones are gone.

    A new theme may be made of old passages: their dates are said with it.
    """
    found: list[Finding] = []
    gone: set[str] = set()
    for event in sorted(events, key=lambda e: (e.what, e.theme_id)):
        item = known.get(event.theme_id)
        if event.what in GONE:
            gone.add(event.theme_id)
        elif item is not None and event.what in WORDS:
            detail = _detail(event, item)
            found.append(
                bind(
                    "new",
                    f"{item.theme.label} ({event.theme_id}) {WORDS[event.what]}"
                    f"{f': {detail}' if detail else ''}.",
                    event.theme_id,
                    item.chosen or item.impediments,
                    {"documents": item.documents, "passages": item.passages},
                    name=event.what,
                )
            )
    if gone:
        statement = (
            f"{plural(len(gone), 'theme')} of earlier runs "
            f"{'has' if len(gone) == 1 else 'have'} no evidence in this one: "
            f"{listed(sorted(gone))}. `notesmine show` tells what became of each."
        )
        found.append(bind("new", statement, None, (), {"gone": len(gone)}, name="gone"))
    return found


def _detail(event: Event, item: Evidence) -> str:
    """Put the registry's short hand in words."""
    detail = event.detail.rstrip(".")
    if event.what == "created":
        # The registry counts what is still to be reviewed too; here stands what the lists hold.
        return f"{plural(item.passages, 'passage')}, {span(item.first_seen, item.last_seen)}"
    change = _CHANGE.fullmatch(detail)
    if change:
        before, after, more, less = (int(n) for n in change.groups())
        moved = [f"{n} {what}" for n, what in ((more, "added"), (less, "taken out")) if n]
        return f"{plural(after, 'passage')}, {before} before ({listed(moved)})"
    return detail
