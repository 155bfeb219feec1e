"""Which pairs of passages are worth comparing: a first look by arrays, before `Likeness` decides.

Everything here returns more than what is wanted, never less: sums of arrays may differ in their
last bits from exact ones, which alone decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.evidence.assigned import Assigned
from notesmine.evidence.ended import named_months, names_first_meeting, tickets
from notesmine.evidence.resolution import (
    MOST_THEMES,
    NAMED_TIME,
    SAME_THEME,
    SAME_TICKET,
    WORDS_WEIGHT,
    Likeness,
)

#: Passages compared with all others at once: their cosines are held in memory.
BLOCK = 256
#: More than sums of arrays and exact sums can differ by, rounding to six digits included.
SLACK = 1e-4


class Pool:
    """Passages to be compared with many others, held as arrays.

    Parameters
    ----------
    items : sequence of Assigned
    likeness : Likeness
        Of a corpus that holds them.
    """

    def __init__(self, items: Sequence[Assigned], likeness: Likeness) -> None:
        self.likeness = likeness
        self.number = len(items)
        self.rows = units(items)
        self.bare = ~self.rows.any(axis=1)
        texts = [i.passage.text for i in items]
        total = np.array([likeness.total[t] for t in texts], dtype=np.float64)
        self.size = np.sqrt(np.where(total > 0, total, np.inf))
        self.words = _holders(likeness.words[t] for t in texts)
        self.themes = _holders(i.theme_ids for i in items)
        self.tickets = _holders(tickets(t) for t in texts)

    def answered(self, later: Sequence[Assigned], bars: Sequence[float]) -> Iterator[list[int]]:
        """Yield, for each passage, the places of those that it may answer at its bar or above."""
        for first in range(0, len(later), BLOCK):
            part = later[first : first + BLOCK]
            held = zip(part, bars[first : first + BLOCK], self._near(part), strict=True)
            for item, bar, near in held:
                words = WORDS_WEIGHT * self._shared(item)
                # Without a vector words count twice.
                base = np.where(self.bare, words, near) if item.vector is not None else words
                yield np.flatnonzero(base + words + self._more(item) >= bar).tolist()

    def _more(self, item: Assigned) -> NDArray[np.float64]:
        """Return what themes, tickets and times may add at most, shape (pool,)."""
        shared = np.zeros(self.number)
        for theme in set(item.theme_ids) & self.themes.keys():
            shared[self.themes[theme]] += 1
        more = SAME_THEME * np.minimum(shared, MOST_THEMES) + SLACK
        text = item.passage.text
        for ticket in tickets(text) & self.tickets.keys():
            more[self.tickets[ticket]] += SAME_TICKET
        if named_months(text) or names_first_meeting(text):
            more += NAMED_TIME
        return np.asarray(more)

    def close(self, item: Assigned, least: float) -> list[int]:
        """Return the places of those whose cosine with a passage may reach the least."""
        return np.flatnonzero(self._near([item])[0] >= least - SLACK).tolist()

    def _near(self, items: Sequence[Assigned]) -> NDArray[np.float64]:
        """Return cosines, shape (items, pool); 0 where one was not embedded."""
        rows = units(items)
        if rows.shape[1] != self.rows.shape[1]:
            return np.zeros((len(items), self.number))
        return np.asarray(rows @ self.rows.T)

    def _shared(self, item: Assigned) -> NDArray[np.float64]:
        """Return the weight of words in common with each of the pool, 0..1, shape (pool,)."""
        found = np.zeros(self.number)
        for word in self.likeness.words[item.passage.text]:
            if word in self.words:
                found[self.words[word]] += self.likeness.weight[word]
        total = self.likeness.total[item.passage.text]
        return np.asarray(found / (self.size * math.sqrt(total))) if total else found


def _holders(groups: Iterable[Iterable[str]]) -> dict[str, NDArray[np.int64]]:
    """Return the places that hold each word."""
    found: dict[str, list[int]] = {}
    for n, words in enumerate(groups):
        for word in set(words):
            found.setdefault(word, []).append(n)
    return {word: np.array(places, dtype=np.int64) for word, places in found.items()}


def units(items: Sequence[Assigned]) -> NDArray[np.float64]:
    """Return unit vectors, shape (n, d); zeros for what was not embedded."""
    size = next((i.vector.shape[0] for i in items if i.vector is not None), 1)
    rows = np.zeros((len(items), size))
    for n, item in enumerate(items):
        if item.vector is not None:
            rows[n] = item.vector
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0))
