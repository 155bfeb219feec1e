"""Likeness of passages to a code's definition and examples, for codes that a user adds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from notesmine.themes.codebook import Code

#: Share of the nearest example in the mix; the rest is the mean of examples and definition.
NEAREST = 0.3
#: Logistic fitted on the built-in codebook, see ``similarity``.
SLOPE = 9.8
MIDDLE = 0.45
#: Decimals kept of a cosine, so that the order of a matrix product's sums leaves no trace.
DECIMALS = 5


def texts(code: Code) -> tuple[str, ...]:
    """Return the texts to embed for a code: name with definition first, then the examples."""
    return (f"{code.label}. {code.definition}", *code.examples)


def similarity(
    vectors: NDArray[np.float32], codebook_vectors: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Score passages against codes by what their examples and definitions say.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
        Of the passages; need not have length 1.
    codebook_vectors : mapping of code id to ndarray of shape (1 + examples, d)
        Of ``texts(code)``, in that order.

    Returns
    -------
    ndarray of shape (n, codes)
        Scores in 0..1, a column for each code in the mapping's order.

    Notes
    -----
    With cosines to the rows of a code, ``mix = NEAREST * max(examples) + (1 - NEAREST) *
    mean(rows)`` and ``score = 1 / (1 + exp(-SLOPE * (mix - MIDDLE)))``.

    The three constants come from the built-in codebook alone, no other text: each example held out
    in turn against all 17 codes, with the packaged MiniLM. The logistic is fitted to "is the code
    of this example" at its share of 1 in 17, so a score of .5 is as likely right as wrong there.
    The mean carries more than the nearest example (average precision .11 for the mean alone, .10
    with ``NEAREST = 0.3``, .08 for the nearest alone; chance .06) as examples of one code come from
    different subjects. By itself this is a weak judge of a code; vectors of an encoder that was
    fitted on hindrances need constants of their own.
    """
    if vectors.ndim != 2:
        raise ValueError(f"vectors must be a 2D array, got shape {vectors.shape}")
    columns = [mix(vectors, rows) for rows in codebook_vectors.values()]
    if not columns:
        return np.zeros((len(vectors), 0))
    mixed = np.stack(columns, axis=1)
    scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-SLOPE * (mixed - MIDDLE)))
    return scores


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = vectors.astype(np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = rows / np.where(length > 0, length, 1.0)
    return unit


def cosines(vectors: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosines of passages (n, d) to texts (m, d), shape (n, m), rounded."""
    return np.asarray(np.round(_unit(vectors) @ _unit(rows).T, DECIMALS))


def mix(vectors: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how like one code passages are, shape (n,), from -1 to 1.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
        Of the passages.
    rows : ndarray of shape (1 + examples, d)
        Of ``texts(code)``.
    """
    near = cosines(vectors, rows)
    examples = near[:, 1:] if len(rows) > 1 else near
    nearest, mean = examples.max(axis=1), near.mean(axis=1)
    return np.asarray(NEAREST * nearest + (1.0 - NEAREST) * mean)
