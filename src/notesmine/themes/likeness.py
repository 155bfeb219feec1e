"""Likeness of passages to a code's definition and examples, for codes that a user adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.themes.codebook import Code
from notesmine.themes.space import unit_rows

#: Weight of the nearest example beside definition and mean example, which weigh one each.
NEAREST = 0.3
#: How much of the likeness to the nearest other codes is taken off, and how many they are.
CONTRAST = 0.6
RIVALS = 3
#: Logistic fitted by ``python -m bench.extended --fit``, see ``similarity``.
SLOPE = 9.6
MIDDLE = 0.294
#: Decimals kept of a likeness, so that the order of a matrix product's sums leaves no trace.
DECIMALS = 5

Vectors = NDArray[np.float32]


def texts(code: Code) -> tuple[str, ...]:
    """Return the texts to embed for a code: name with definition first, then the examples."""
    return (f"{code.label}. {code.definition}", *code.examples)


def similarity(
    vectors: Vectors, added: Mapping[str, Vectors], others: Sequence[Vectors]
) -> NDArray[np.float64]:
    """Score passages against codes by what their examples and definitions say.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
        Of the passages, by the packaged model; need not have length 1.
    added : mapping of code id to ndarray of shape (1 + examples, d)
        Of ``texts(code)``, in that order, of the codes asked about.
    others : sequence of ndarray of shape (1 + examples, d)
        The same of the codebook's other codes: what is like a code must be more like it than like
        them.

    Returns
    -------
    ndarray of shape (n, codes)
        Scores in 0..1, a column for each code in the mapping's order.

    Notes
    -----
    ``score = 1 / (1 + exp(-SLOPE * (contrast - MIDDLE)))`` with ``contrast`` as below. The
    constants were chosen and fitted on our own training statements, each of the 17 codes taken as
    unknown in turn and described by its definition and three examples, so that a score of .5 is as
    likely right as wrong among impediments. ``bench/extended.py`` measures it on other statements:
    average precision .43 where plain cosines reach .31 and chance is .06. Vectors of the fitted
    network served worse (.25 on four codes, .34 by cosine in the packaged model's space): what it
    did not learn to tell apart, it forgot.
    """
    if vectors.ndim != 2:
        raise ValueError(f"vectors must be a 2D array, got shape {vectors.shape}")
    if not added:
        return np.zeros((len(vectors), 0))
    columns = [contrast(vectors, rows, others) for rows in added.values()]
    scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-SLOPE * (np.stack(columns, 1) - MIDDLE)))
    return scores


def cosines(vectors: Vectors, rows: Vectors) -> NDArray[np.float64]:
    """Return the cosines of passages (n, d) to texts (m, d), shape (n, m), rounded."""
    return np.asarray(np.round(unit_rows(vectors) @ unit_rows(rows).T, DECIMALS))


def contrast(vectors: Vectors, rows: Vectors, others: Sequence[Vectors]) -> NDArray[np.float64]:
    """Return how much more passages are like one code than like its rivals, shape (n,).

    All vectors are centred on the mean of the other codes' texts first: what every hindrance
    shares says nothing about which one it is.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
    rows : ndarray of shape (1 + examples, d)
        Of the code's texts, definition first.
    others : sequence of ndarray of shape (1 + examples, d)
        Of the other codes' texts.
    """
    known = [unit_rows(other) for other in others]
    centre = np.concatenate(known).mean(axis=0) if known else 0.0
    passages = unit_rows(unit_rows(vectors) - centre)
    own = _near(passages, unit_rows(unit_rows(rows) - centre))
    if not known:
        return own
    rivals = np.stack([_near(passages, unit_rows(other - centre)) for other in known], axis=1)
    return np.asarray(own - CONTRAST * np.sort(rivals, axis=1)[:, -RIVALS:].mean(axis=1))


def _near(passages: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return likeness to definition, mean example and nearest example, summed by weight."""
    near = np.round(passages @ rows.T, DECIMALS)
    examples = near[:, 1:] if len(rows) > 1 else near
    return np.asarray(
        near[:, 0] + examples.mean(axis=1) + NEAREST * examples.max(axis=1), dtype=np.float64
    )
