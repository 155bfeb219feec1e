"""A few notes, and decisions about their passages."""

from __future__ import annotations

from typing import Any

import msgspec

import factory
from notesmine.exchange.anchor import surroundings
from notesmine.exchange.decision import Decision

NOTE = "2025-01-10_meeting.md"


def notes() -> factory.Notes:
    made = factory.Notes()
    made.note(NOTE, "2025-01-10", format="md")
    made.say(NOTE, "Nobody decides who looks after the coder.", ("ownership",))
    made.say(NOTE, "The survey tool waits for its licence.", ("legal",), tier="review")
    made.say(NOTE, "We meet again in room four.", kind="status", probability=0.9)
    made.say(NOTE, "The register came late again.", ("data", "T-017"))
    return made


def on(made: factory.Notes, words: str, what: str, who: str = "anna", **more: Any) -> Decision:
    """A decision about the passage that begins with words."""
    item = next(a for a in made.assigned() if a.passage.text.startswith(words))
    document = made.documents()[item.passage.doc_id]
    start, end = item.passage.start, item.passage.end
    before, after = surroundings(document.text, start, end)
    return msgspec.convert(
        {
            "what": what, "who": who, "path": NOTE, "doc": document.doc_id, "start": start,
            "end": end, "text": item.passage.text, "before": before, "after": after, **more,
        },
        Decision,
    )  # fmt: skip
