"""A passage with everything the earlier stages decided about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine.records import Coding, Document, Judgement, Kind, Passage, Tier

#: Sorts undated passages after every dated one.
UNDATED = "9999"


class Machine(Struct, frozen=True, kw_only=True):
    """What the machine by itself said of a passage about which people decided.

    ``probability`` is that of an impediment, ``codes`` are those that it would assign.
    ``theme_ids`` adds the emergent theme where people left the passage among those that themes are
    sought in.
    """

    kind: Kind
    tier: Tier
    probability: float
    codes: tuple[str, ...]
    theme_ids: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """A judged passage and the themes it belongs to.

    ``theme_ids`` holds codes and emergent ids and may be empty; ``vector`` is a unit vector of
    shape ``(d,)``, or None where the passage was not embedded. Passages not for quotation belong
    in the list whatever their themes, since their words are kept out of the context of others.
    People may have ``pinned`` it, to be shown first; ``decided_by`` names who decided anything,
    ``decisions`` are the moments of what they decided, and ``machine`` is what stood there before.
    """

    passage: Passage
    judgement: Judgement
    coding: Coding
    theme_ids: tuple[str, ...] = ()
    vector: NDArray[np.float32] | None = None
    pinned: bool = False
    decided_by: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    machine: Machine | None = None

    def probability(self, kind: str = "impediment") -> float:
        """Probability that the passage is of a kind."""
        return float(self.judgement.scores.get(kind, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """A distinct statement: its earliest quotable wording, and the places it was copied to."""

    head: Assigned
    copies: tuple[Assigned, ...] = ()

    @property
    def places(self) -> tuple[Assigned, ...]:
        """The head and its copies."""
        return (self.head, *self.copies)


def date_of(item: Assigned, documents: Mapping[str, Document]) -> str | None:
    """Return the passage's own date, else its document's."""
    return item.passage.date or documents[item.passage.doc_id].date


def month_of(date: str | None) -> str | None:
    """Return ``YYYY-MM`` of an ISO date, None where there is no month.

    Examples
    --------
    >>> month_of("2025-03-14"), month_of("2025"), month_of(None)
    ('2025-03', None, None)
    """
    found = re.match(r"\d{4}-(0[1-9]|1[0-2])(?!\d)", date or "")
    return found[0] if found else None


def is_quotable(item: Assigned, documents: Mapping[str, Document]) -> bool:
    """Whether neither the passage nor its document is marked "not for quotation"."""
    return item.passage.quotable and documents[item.passage.doc_id].quotable


def moment(item: Assigned, documents: Mapping[str, Document]) -> tuple[str, str, int]:
    """Canonical place in time: date, then document, then position. Independent of input order."""
    return (
        date_of(item, documents) or UNDATED,
        item.passage.doc_id,
        item.passage.start,
    )


def was_read(document: Document) -> bool:
    """Whether a document belongs to the denominator of a share."""
    return document.status in {"ok", "partial"} and bool(document.text.strip())
