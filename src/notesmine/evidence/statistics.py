"""Intervals, ranks and trends: small, seeded, and each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

#: Resamples of documents. At 2,000 the end of a 95 % interval is itself known to about one point.
RESAMPLES = 2_000
CHUNK = 100  # resamples drawn at once: 100 x documents integers are held in memory
#: Months with documents below which no test of a trend is made: at three the smallest two-sided
#: p of the test is .30, so that nothing could be found.
FEWEST_MONTHS = 4
#: Reports below which none is made either: one or two notes make no movement, whatever the p.
FEWEST_REPORTS = 5
#: Twenty themes are tested in a report; at .10 two of them would be said to move by chance.
TREND_LEVEL = 0.05


def resample(
    reports: NDArray[np.bool_], seed: int, main: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Bootstrap intervals of shares, and of ranks, over documents.

    All themes share the same resamples, so that their ranks can be compared within each.

    Parameters
    ----------
    reports : ndarray of bool, shape (n_documents, n_themes)
        Whether a document reports a theme; rows in canonical order.
    seed : int
    main : ndarray of bool, shape (n_themes,), optional
        The themes that are ranked against one another; all by default.

    Returns
    -------
    shares : ndarray of float64, shape (n_themes, 2)
        Lower and upper end of the 95 % percentile interval (Efron 1979), 0..1.
    ranks : ndarray of int64, shape (n_themes, 2)
        Best and worst rank in the central 95 % of resamples; equal counts share the better rank.
    """
    n, k = reports.shape
    if n == 0 or k == 0:
        return np.zeros((k, 2)), np.zeros((k, 2), dtype=np.int64)
    ranked = np.ones(k, dtype=np.bool_) if main is None else main
    rng = np.random.default_rng(seed)
    counts = np.empty((RESAMPLES, k), dtype=np.int64)
    matrix = reports.astype(np.int64)
    for first in range(0, RESAMPLES, CHUNK):
        picks = rng.integers(0, n, size=(CHUNK, n))
        for row, pick in enumerate(picks):
            counts[first + row] = np.bincount(pick, minlength=n) @ matrix
    shares = np.quantile(counts / n, [0.025, 0.975], axis=0).T
    field = np.sort(counts[:, ranked], axis=1)
    ranks = np.empty((RESAMPLES, k), dtype=np.int64)
    for row in range(RESAMPLES):
        above = field.shape[1] - np.searchsorted(field[row], counts[row], side="right")
        ranks[row] = 1 + above
    bounds = np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest").T.astype(np.int64)
    return shares, bounds


def mann_kendall(values: Sequence[float]) -> tuple[int, float]:
    """Test a series for a monotone trend.

    Mann (1945), Econometrica 13:245-259; Kendall (1975), Rank Correlation Methods: the normal
    approximation with continuity correction, its variance corrected for ties.

    Parameters
    ----------
    values : sequence of float
        In order of time.

    Returns
    -------
    s : int
        Rises minus falls over all pairs.
    p : float
        Two-sided; 1 where all values are equal.

    Examples
    --------
    >>> mann_kendall([1, 2, 3, 4, 5])[0]
    10
    >>> mann_kendall([2, 2, 2, 2])
    (0, 1.0)
    """
    n = len(values)
    series = np.asarray(values, dtype=np.float64)
    s = int(sum(np.sign(series[i + 1 :] - series[i]).sum() for i in range(n - 1)))
    _, ties = np.unique(series, return_counts=True)
    variance = (
        n * (n - 1) * (2 * n + 5) - sum(int(t) * (int(t) - 1) * (2 * int(t) + 5) for t in ties)
    ) / 18
    if variance <= 0 or s == 0:
        return s, 1.0
    z = (abs(s) - 1) / math.sqrt(variance)
    return s, math.erfc(z / math.sqrt(2))


def trend(reporting: Mapping[str, int], read: Mapping[str, int]) -> tuple[str, float | None]:
    """Put a trend in a word: rising, falling, steady, too few months or too few reports.

    The share of a month's documents that report the theme is tested over the months that have
    documents, so that a month without notes is no month without impediments.

    Parameters
    ----------
    reporting, read : mapping of str to int
        ``YYYY-MM`` to documents reporting the theme, and to all documents read.

    Returns
    -------
    word : str
    p : float or None
        None where nothing was tested.
    """
    months = sorted(m for m, n in read.items() if n)
    if len(months) < FEWEST_MONTHS:
        return "too few months", None
    if sum(reporting.values()) < FEWEST_REPORTS:
        return "too few reports", None
    s, p = mann_kendall([reporting.get(m, 0) / read[m] for m in months])
    if p >= TREND_LEVEL:
        return "steady", p
    return ("rising" if s > 0 else "falling"), p
