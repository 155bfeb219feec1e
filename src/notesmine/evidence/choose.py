"""Which quotes stand first: a greedy maximal-marginal rule (Carbonell & Goldstein 1998)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.evidence.assigned import Assigned, date_of, month_of
from notesmine.records import Document

#: Words of a quote that reads well by itself; beyond them readability falls off to zero.
SHORTEST, LONGEST = 8, 45

#: What a candidate earns. Coverage outweighs all else: six quotes from six notes say more than six
#: from one.
NEW_DOCUMENT, NEW_MONTH, PROBABILITY, TYPICAL, READABLE, REPETITION = 0.35, 0.2, 0.2, 0.15, 0.2, 0.2
#: More than all of that together: what people pinned stands first.
PINNED = 10.0


def readability(text: str) -> float:
    """Return 1 for 8 to 45 words, less for shorter and longer texts.

    Examples
    --------
    >>> readability("Nobody owns the register and nobody knows who decides")
    1.0
    >>> readability("No owner") < 0.3
    True
    """
    words = len(re.findall(r"\w+", text))
    if words < SHORTEST:
        return words / SHORTEST
    return 1.0 if words <= LONGEST else LONGEST / words


def choose(items: Sequence[Assigned], documents: Mapping[str, Document], number: int) -> list[int]:
    """Choose quotes that cover documents and months, are sure, typical, readable, and differ.

    Parameters
    ----------
    items : sequence of Assigned
        Candidates in canonical order, which breaks ties.
    documents : mapping of str to Document
    number : int
        How many at most; more only where people pinned more.

    Returns
    -------
    list of int
        Indexes into `items`, best first.
    """
    vectors = _unit(items)
    base = np.array(
        [
            PINNED * i.pinned
            + PROBABILITY * i.probability()
            + READABLE * readability(i.passage.text)
            for i in items
        ]
    )
    number = max(number, sum(i.pinned for i in items))
    if vectors is not None:
        centre = vectors.mean(axis=0)
        base = base + TYPICAL * np.clip(vectors @ centre, 0.0, 1.0)
    chosen: list[int] = []
    seen_documents: set[str] = set()
    seen_months: set[str | None] = {None}
    likeness = np.zeros(len(items))
    months = [month_of(date_of(i, documents)) for i in items]
    left = list(range(len(items)))
    while left and len(chosen) < number:
        gains = [
            round(
                float(base[i])
                + NEW_DOCUMENT * (items[i].passage.doc_id not in seen_documents)
                + NEW_MONTH * (months[i] not in seen_months)
                - REPETITION * float(likeness[i]),
                6,
            )
            for i in left
        ]
        best = left[gains.index(max(gains))]
        left.remove(best)
        chosen.append(best)
        seen_documents.add(items[best].passage.doc_id)
        seen_months.add(months[best])
        if vectors is not None:
            likeness = np.maximum(likeness, vectors @ vectors[best])
    return chosen


def _unit(items: Sequence[Assigned]) -> NDArray[np.float64] | None:
    """Return unit vectors of shape (n, d), or None unless every item has one of the same length."""
    vectors = [i.vector for i in items if i.vector is not None]
    if not vectors or len(vectors) < len(items) or len({v.shape for v in vectors}) > 1:
        return None
    matrix = np.stack(vectors).astype(np.float64)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(norms > 0, norms, 1.0))
