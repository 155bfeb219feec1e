"""Codes for passages: the fitted scorer, cues, and likeness to the examples of a code.

Built-in codes are ranked by the scorer that was fitted on coded statements, helped by cues; a code
that a user adds is ranked by likeness to its definition and examples, and by its cues. What people
decided about much the same words comes last and bounds the score, see `taught`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.records import CodeScore, Coding, Kind
from notesmine.themes.codebook import Codebook, builtin_ids
from notesmine.themes.cues import CueFinder
from notesmine.themes.likeness import similarity, texts
from notesmine.themes.stance import stance
from notesmine.themes.taught import Bound, Lessons

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

#: From this calibrated score on a code is assigned (fitted: see ``bench/codes.py``).
ASSIGN = 0.30
#: A second or third code must come this close to the first.
NEAR_FIRST = 0.6
#: What a cue adds to the log-odds of its code, counted from `CUE_FLOOR` at least: four of five cues
#: name the right code on held-out statements, where this raises "right first" from .608 to .616
#: (writers) and from .481 to .491 (corpora).
CUE_LOGIT = 2.5
CUE_FLOOR = 0.05
#: Kinds that speak of a hindrance: what is coded, embedded, and set beside a theme.
CODED_KINDS: frozenset[Kind] = frozenset({"impediment", "resolved", "enabler", "proposal"})


class Coder:
    """Codes passages with a codebook.

    Parameters
    ----------
    codebook : Codebook
    encode : callable
        Gives the unit vectors (n, d) of texts by the packaged model; called only when the codebook
        holds codes of the user's own.
    lessons : Lessons, optional
        What people's corrections teach about codes in use.
    """

    def __init__(self, codebook: Codebook, encode: Encode, lessons: Lessons | None = None) -> None:
        self.codebook = codebook
        self._encode = encode
        self.codes = tuple(code.id for code in codebook.active())
        self._cues = CueFinder(codebook.active())
        built_in = builtin_ids()
        added = [code for code in codebook.active() if code.id not in built_in]
        rest = [code for code in codebook.active() if code.id in built_in] if added else []
        self._added: dict[str, Vectors] = {code.id: encode(texts(code)) for code in added}
        self._others: list[Vectors] = [encode(texts(code)) for code in rest]
        self._lessons = lessons or Lessons({}, encode)

    def code(
        self,
        passages: Sequence[str],
        kinds: Sequence[Kind],
        fitted: Sequence[Mapping[str, float]],
        *,
        everything: bool = True,
        untaught: Collection[int] = (),
    ) -> list[Coding]:
        """Rank the codes for passages and assign those that fit.

        Parameters
        ----------
        passages, kinds, fitted : sequences of length n
            Texts, their kinds, and the fitted scorer's probabilities by code.
        everything : bool, default True
            Rank the codes for passages of all kinds, those included to which none is assigned.
        untaught : collection of int
            Numbers of the passages that the lessons come from: of these the machine's own answer
            is wanted, not an echo.

        Returns
        -------
        list of Coding, length n
            The full ranking each; codes are assigned to impediments, resolutions, enablers and
            proposals only. Decisions, status and boilerplate speak of no hindrance.
        """
        rows = [i for i, kind in enumerate(kinds) if kind in CODED_KINDS]
        coded = [passages[i] for i in rows]
        likeness: dict[int, NDArray[np.float64]] = {}
        bounds: dict[int, dict[str, Bound]] = {}
        if self._added and rows:
            scores = similarity(self._encode(coded), self._added, self._others)
            likeness = {i: scores[at] for at, i in enumerate(rows)}
        if self._lessons.of:
            found = zip(rows, self._lessons.bounds(coded), strict=True)
            bounds = {
                i: {code: bound for code, bound in row.items() if code in self.codes}
                for i, row in found
                if i not in untaught
            }
        return [
            self._one(text, kind, fitted[i], likeness.get(i), bounds.get(i, {}))
            if everything or kind in CODED_KINDS
            else Coding(codes=(), stance=stance(kind, text))
            for i, (text, kind) in enumerate(zip(passages, kinds, strict=True))
        ]

    def _one(
        self,
        text: str,
        kind: Kind,
        fitted: Mapping[str, float],
        likeness: NDArray[np.float64] | None,
        bounds: Mapping[str, Bound],
    ) -> Coding:
        if not fitted:
            return Coding(codes=(), stance="none")
        score = dict.fromkeys(self.codes, 0.0)
        for code, probability in fitted.items():
            target = self._target(code)
            if target is not None:
                score[target] = score.get(target, 0.0) + probability
        why = {code: [f"scorer {score[code]:.2f}"] for code in score}
        for code, value in zip(self._added, likeness if likeness is not None else (), strict=False):
            score[code] = max(score[code], float(value))
            why[code] = [f"like its examples {value:.2f}"]
        words: dict[str, list[str]] = {}
        for hit in self._cues.find(text):
            words.setdefault(hit.code, []).append(hit.words)
        for code, hits in words.items():
            score[code] = _nudge(score[code], CUE_LOGIT)
            why[code].append(f"cues: {', '.join(dict.fromkeys(hits))}")
        for code, bound in bounds.items():
            score[code] = bound.hold(score[code])
            why[code].append(bound.why)
        ranked = sorted(score, key=lambda code: (-round(score[code], 6), code))
        best = score[ranked[0]] if ranked else 0.0
        floor = max(ASSIGN, NEAR_FIRST * best)
        return Coding(
            codes=tuple(
                CodeScore(
                    code=code,
                    score=round(score[code], 4),
                    assigned=kind in CODED_KINDS and score[code] >= floor,
                    why="; ".join(why[code]),
                )
                for code in ranked
            ),
            stance=stance(kind, text),
        )

    def _target(self, code: str) -> str | None:
        try:
            return self.codebook.resolve(code)
        except KeyError:  # the user's codebook left this one out
            return None


def _nudge(probability: float, logit: float) -> float:
    """Add to the log-odds of a probability."""
    odds = min(max(probability, CUE_FLOOR), 1 - 1e-3)
    odds = odds / (1 - odds) * float(np.exp(logit))
    return odds / (1 + odds)
