"""How far two codings agree, and how right one is by the other: each function with its source.

Statistics are functions of how often each pair of answers occurs, and so is their resampling: a
table of a hundred thousand rows costs no more than one of a hundred.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

#: Resamples. At 2,000 the end of a 95 % interval is itself known to about one point.
RESAMPLES = 2_000
Z95 = 1.959963984540054  # normal quantile at .975
TINY = 1e-12  # below it a difference of shares is rounding
#: Rows that are resampled together, at least. A group of n rows shows (n - 1) / n of its spread:
#: 0 of 1, a half of 2 (intervals of 78 % instead of 95 %), four fifths of 5.
LEAST_ROWS = 5

Counts = NDArray[np.float64]
#: Of counts (b, n_labels) the statistic (b,); nan where it is not defined.
Statistic = Callable[[Counts], Counts]


class Interval(Struct, frozen=True):
    """An estimate with the ends of its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def cohen_kappa(table: Counts) -> float | None:
    """Agreement of two coders beyond chance, for nominal categories.

    Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20:37-46.

    Parameters
    ----------
    table : ndarray, shape (k, k)
        How often coder A said the row's category where B said the column's; weights may be given.

    Returns
    -------
    float or None
        None where chance alone would agree always: both used one and the same category.

    Examples
    --------
    >>> round(cohen_kappa(np.array([[88.0, 14, 18], [10, 40, 10], [2, 6, 12]])), 3)
    0.492
    """
    return _one(kappa_of(_places(table)), table)


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Reliability of any number of coders for nominal data; missing values are allowed.

    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, Annenberg School for
    Communication: the coincidence matrix of pairable values (section C), nominal difference.

    Parameters
    ----------
    units : iterable of sequence
        For each unit the values its coders gave, None for a missing one.

    Returns
    -------
    float or None
        None where no unit has two values, or all values are the same: nothing to be reliable about.

    Examples
    --------
    >>> round(krippendorff_alpha(zip("0100000010", "1110010000")), 3)
    0.095
    """
    same = 0.0
    margins: Counter[Hashable] = Counter()
    for unit in units:
        values = Counter(v for v in unit if v is not None)
        size = values.total()
        if size < 2:  # a lone value can be paired with nothing
            continue
        same += sum(n * (n - 1) for n in values.values()) / (size - 1)
        margins.update(values)
    n = margins.total()
    disagreeing = n * n - sum(c * c for c in margins.values())
    if n < 2 or disagreeing == 0:
        return None
    return 1.0 - (n - 1) * (n - same) / disagreeing


def kappa_of(labels: Sequence[tuple[Hashable, Hashable]]) -> Statistic:
    """Return Cohen's kappa as a function of how often each pair of answers occurs."""
    first, second, same = _margins(labels)

    def kappa(counts: Counts) -> Counts:
        total = counts.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = counts @ same / total
            expected = ((counts @ first) * (counts @ second)).sum(axis=1) / total**2
            return np.where(1.0 - expected > TINY, (observed - expected) / (1.0 - expected), np.nan)

    return kappa


def alpha_of(labels: Sequence[tuple[Hashable, Hashable]]) -> Statistic:
    """Return Krippendorff's alpha of two coders, none missing, as a function of such counts."""
    first, second, same = _margins(labels)

    def alpha(counts: Counts) -> Counts:
        margins = counts @ (first + second)
        n = margins.sum(axis=1)
        disagreeing = n * n - (margins * margins).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = 1.0 - (n - 1) * (n - 2 * (counts @ same)) / disagreeing
        return np.where(disagreeing > TINY * n * n, value, np.nan)

    return alpha


def precision_of(labels: Sequence[tuple[bool, bool]]) -> Statistic:
    """Return the share of right ones among those the first coder says, as a function of counts."""
    return _ratio([a and b for a, b in labels], [a for a, _ in labels])


def recall_of(labels: Sequence[tuple[bool, bool]]) -> Statistic:
    """Return the share found by the first coder of those the second says."""
    return _ratio([a and b for a, b in labels], [b for _, b in labels])


def f1_of(labels: Sequence[tuple[bool, bool]]) -> Statistic:
    """Return the harmonic mean of precision and recall."""
    return _ratio([2 * (a and b) for a, b in labels], [int(a) + int(b) for a, b in labels])


def _ratio(above: Sequence[float], below: Sequence[float]) -> Statistic:
    top, bottom = np.array(above, dtype=float), np.array(below, dtype=float)

    def ratio(counts: Counts) -> Counts:
        base = counts @ bottom
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(base > 0, counts @ top / base, np.nan)

    return ratio


def _margins(labels: Sequence[tuple[Hashable, Hashable]]) -> tuple[Counts, Counts, Counts]:
    """Return which category each label's first and second answer is, and whether they are one."""
    place = {c: i for i, c in enumerate(sorted({x for pair in labels for x in pair}, key=repr))}
    first, second = (np.zeros((len(labels), len(place))) for _ in range(2))
    for row, (a, b) in enumerate(labels):
        first[row, place[a]] = second[row, place[b]] = 1.0
    return first, second, np.array([float(a == b) for a, b in labels])


def _places(table: Counts) -> list[tuple[int, int]]:
    return [(i, j) for i in range(table.shape[0]) for j in range(table.shape[1])]


def _one(statistic: Statistic, counts: Counts) -> float | None:
    value = float(statistic(counts.reshape(1, -1))[0])
    return None if math.isnan(value) else value


def wilson(hits: float, n: float) -> Interval:
    """Share with Wilson's score interval; ``n`` may be an effective number.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22:209-212.

    Examples
    --------
    >>> found = wilson(9, 10)
    >>> round(found.low, 3), round(found.high, 3)
    (0.596, 0.982)
    """
    if n <= 0:
        return Interval(None)
    p = hits / n
    middle = p + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return Interval(p, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def effective(weights: Sequence[float]) -> float:
    """Kish's effective number of rows: how many of equal weight would tell as much.

    Kish (1965), Survey Sampling, section 11.7.
    """
    total = math.fsum(weights)
    return total**2 / math.fsum(w * w for w in weights) if total else 0.0


class Design(Struct, frozen=True):
    """How rows were drawn: the weight of each, and the group within which it is resampled."""

    weights: tuple[float, ...]
    groups: tuple[str, ...]

    @property
    def simple(self) -> bool:
        """Whether every row stands for equally many."""
        return len(set(self.weights)) <= 1


def estimate(
    labels: Sequence[Any],
    design: Design,
    statistic_of: Callable[[Sequence[Any]], Statistic],
    seed: int,
    *,
    weighted: bool,
) -> Interval:
    """Estimate a statistic with its percentile interval, rows resampled within their groups.

    Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7:1-26.
    A group holds several cells of a sample, each with its own weight, and groups of less than
    `LEAST_ROWS` rows are put together, so that what has few rows is resampled with its neighbours
    (collapsed strata: Cochran 1977, Sampling Techniques, 5A.12).

    Parameters
    ----------
    labels : sequence
        What each row says, as far as the statistic depends on it.
    design : Design
    statistic_of : callable
        Makes the statistic for an order of distinct labels.
    seed : int
    weighted : bool
        Count rows by their weights; else each as one.

    Returns
    -------
    Interval
        Without ends where there are fewer than `LEAST_ROWS` rows, where fewer than half of the
        resamples define the statistic, and where they show no spread: that is no certainty.
    """
    weights = design.weights if weighted else (1.0,) * len(labels)
    counts = Counter(zip(collapsed(design.groups), labels, weights, strict=True))
    kinds = sorted(counts, key=repr)
    names = sorted({kind[1] for kind in kinds}, key=repr)
    fold = np.array([[kind[1] == name for name in names] for kind in kinds], dtype=float)
    fold = fold.reshape(len(kinds), len(names)) * np.array([[k[2]] for k in kinds]).reshape(-1, 1)
    statistic = statistic_of(names)
    value = _one(statistic, np.array([counts[k] for k in kinds], dtype=float) @ fold)
    if value is None or len(labels) < LEAST_ROWS:
        return Interval(_rounded(value))
    rng = np.random.default_rng(seed)
    drawn = np.zeros((RESAMPLES, len(kinds)))
    for group in sorted({kind[0] for kind in kinds}):
        own = [i for i, kind in enumerate(kinds) if kind[0] == group]
        sizes = np.array([counts[kinds[i]] for i in own], dtype=float)
        drawn[:, own] = rng.multinomial(int(sizes.sum()), sizes / sizes.sum(), size=RESAMPLES)
    values = statistic(drawn @ fold)
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < RESAMPLES:
        return Interval(_rounded(value))
    low, high = (_rounded(float(end)) for end in np.quantile(defined, [0.025, 0.975]))
    return Interval(_rounded(value)) if low == high else Interval(_rounded(value), low, high)


def collapsed(groups: Sequence[str]) -> list[str]:
    """Return the group of each row, those of less than `LEAST_ROWS` rows put together.

    Small groups make one; where that is small itself, it joins the smallest of the others.

    Examples
    --------
    >>> collapsed(["a"] * 6 + ["b", "c"])
    ['a', 'a', 'a', 'a', 'a', 'a', 'a', 'a']
    >>> sorted(set(collapsed(["a"] * 6 + ["b", "c"] * 3)))
    ['a', 'b']
    """
    sizes = Counter(groups)
    small = sorted(g for g, n in sizes.items() if n < LEAST_ROWS)
    large = sorted((n, g) for g, n in sizes.items() if n >= LEAST_ROWS)
    if not small:
        return list(groups)
    too_few = sum(sizes[g] for g in small) < LEAST_ROWS and large
    into = dict.fromkeys(small, large[0][1] if too_few else small[0])
    return [into.get(g, g) for g in groups]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
