"""What people's corrections teach: a passage much like one that they coded goes with it.

Holds for every code, built-in ones too, and for no passage that is not that like: wider reach was
measured and does harm (see ``LIKE``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine.themes.likeness import cosines

#: From this cosine on, in the space that the fitting made, two passages are that like. Of pairs of
#: impediments in our own statements 99 of 100 have the same code there (143 pairs; 97 of 100 from
#: .80 on, in statements unseen at fitting too). Further off one correction is no rule: between .75
#: and .80 those near a statement that the scorer got wrong bear its right code in 22 of 100 cases,
#: and the scorer is right about them in 88.
LIKE = 0.85
#: Logistic of "has the same code" by cosine, fitted on pairs of statements unseen at fitting.
SLOPE, MIDDLE = 8.4, 0.654

Vectors = NDArray[np.float32]


class Taught(Struct, frozen=True, kw_only=True):
    """The words of passages that people gave a code, and of those that they took it from."""

    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class Bound(Struct, frozen=True):
    """What a score is at least, or at most, and why."""

    score: float
    at_least: bool
    why: str

    def hold(self, score: float) -> float:
        """Return the score within the bound."""
        return max(score, self.score) if self.at_least else min(score, self.score)


class Lessons:
    """What was taught, ready to be compared.

    Parameters
    ----------
    taught : mapping of code id to Taught
    encode : callable
        Gives the unit vectors (n, d) of texts in the space of the fitting; called only where
        something was taught.
    """

    def __init__(
        self, taught: Mapping[str, Taught], encode: Callable[[Sequence[str]], Vectors]
    ) -> None:
        self._encode = encode
        self.of = {
            code: (encode(said.yes) if said.yes else None, encode(said.no) if said.no else None)
            for code, said in sorted(taught.items())
            if said.yes or said.no
        }

    def bounds(self, passages: Sequence[str]) -> list[dict[str, Bound]]:
        """Return the bounds of codes for each passage.

        The nearer of what was given and what was taken away counts; equally near ones say nothing.
        """
        found: list[dict[str, Bound]] = [{} for _ in passages]
        if not self.of:
            return found
        vectors = self._encode(passages)
        for code, (yes, no) in self.of.items():
            for row, given, taken in zip(
                found, _nearest(vectors, yes), _nearest(vectors, no), strict=True
            ):
                near = max(given, taken)
                if near < LIKE or given == taken:
                    continue
                share = 1.0 / (1.0 + float(np.exp(-SLOPE * (near - MIDDLE))))
                row[code] = (
                    Bound(share, True, f"like a passage that people gave it {near:.2f}")
                    if given > taken
                    else Bound(1 - share, False, f"like one that people took it from {near:.2f}")
                )
        return found


def _nearest(vectors: Vectors, rows: Vectors | None) -> NDArray[np.float64]:
    if rows is None:
        return np.full(len(vectors), -1.0)
    nearest: NDArray[np.float64] = cosines(vectors, rows).max(axis=1)
    return nearest
