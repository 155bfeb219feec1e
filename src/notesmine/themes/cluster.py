"""The clusterer in BERTopic's ``hdbscan_model`` slot: themes without being told how many.

1. Vectors are centred (what all passages of a corpus share says nothing: Mu and Viswanath 2018,
   arXiv:1702.01417) and smoothed over their nearest neighbours (graph diffusion).
2. Leiden (Traag et al. 2019, arXiv:1810.08473) maximises the constant Potts model over all cosines
   of the smoothed vectors; its resolution is the cosine from which two passages belong together.
3. The resolution is the one at which random halves of the vectors' dimensions, clustered apart,
   agree best (stability: Ben-Hur et al. 2002) and themes stand apart best (silhouette).
4. Groups that are too small are given to the nearest theme, or left out where none is near; a
   tight group inside a broad theme becomes one (``apart.py``).

Measured in ``bench/themes.py``; the caller brings rows in canonical order and without duplicates.
Products are in float64 and rounded before anything is ranked, so that thread counts, whose sums
differ in the last bits, cannot change a result.
"""

from __future__ import annotations

from typing import Any

import graspologic_native as leiden
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score

from notesmine.themes.apart import stand_apart
from notesmine.themes.space import unit_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: Resolutions tried: below .1 subjects fall together, above .6 groups are pairs.
RESOLUTIONS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
#: Rows up to which all cosines are taken; more are gathered into that many prototypes first, which
#: at n = 3,000 agreed with the gold groups as well (.640 to .637) in a quarter of the time.
DENSE = 1500
#: Rows from which the resolution and the stability are estimated (400 lost .015 of agreement at
#: n = 1,000, 1,000 gained nothing). Rows come in the order of their content hashes, so that the
#: first ones are a random sample.
SAMPLE = 600
#: Cosines below this pull on nobody at any resolution tried, and are half of all.
WEAK = 0.05
#: Rows up to which neighbours are exact; beyond, rows are looked up in the nearest cells only.
EXACT = 30_000
#: Cosine to the nearest theme's centroid below which a passage is left out, and the most left out.
FAR, MOST_LEFT_OUT = 0.3, 0.1
#: What a passage's cosine to the theme it was in last month is raised by: it moves for a reason.
STAY = 0.15
#: Decimals of a similarity: float64 sums differ by 1e-15 between thread counts.
DECIMALS = 5


class GraphClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Leiden over the cosines of smoothed vectors, with a resolution chosen by stability.

    Parameters
    ----------
    minimum : int, default 3
        Rows that make a theme.
    resolution : float or None, default None
        Cosine from which two rows belong together; None chooses one of ``RESOLUTIONS``.
    start : array of int, shape (n,), or None
        Last month's labels, -1 where there is none: Leiden starts from them.
    seed : int

    Attributes
    ----------
    labels_ : numpy.ndarray of int, shape (n,)
        Themes in order of size, then of first row; -1 for an abstention.
    probabilities_ : numpy.ndarray of float64, shape (n,)
        Membership, 0 to 1: nearness to the own centroid against the next one's.
    resolution_ : float
    centroids_ : numpy.ndarray of float64, shape (themes, d)
    """

    def __init__(
        self,
        minimum: int = 3,
        resolution: float | None = None,
        start: Ints | None = None,
        seed: int = 20,
    ) -> None:
        self.minimum = minimum
        self.resolution = resolution
        self.start = start
        self.seed = seed

    def fit(self, X: NDArray[Any], y: object = None) -> GraphClusterer:  # noqa: ARG002, N803
        """Group the rows of ``X`` (n, d)."""
        rows = unit_rows(X)
        self.mean_ = rows.mean(axis=0)
        start = None if self.start is None else np.asarray(self.start, dtype=np.intp)
        if start is not None and np.count_nonzero(start >= 0) < len(rows) // 2:
            start = None  # too little is known of last month to keep to it
        smoothed = smooth(rows)
        self.resolution_ = self._resolution(rows, start)
        found = partition(smoothed, self.resolution_, self.seed, start)
        labels, self.probabilities_ = settle(found, smoothed, self.minimum, start=start)
        centred = unit_rows(rows - self.mean_)
        apart = stand_apart(centred, labels, self._cut, start)
        if apart.max(initial=-1) > labels.max(initial=-1):
            labels = _by_size(apart)
            near = np.round(smoothed @ centroids(smoothed, labels).T, DECIMALS)
            self.probabilities_ = memberships(near, labels)
        self.labels_ = labels
        self.centroids_ = centroids(centred, labels)
        return self

    def predict(self, X: NDArray[Any]) -> Ints:  # noqa: N803
        """Return the nearest theme of each row, -1 where there are no themes."""
        rows = unit_rows(unit_rows(X) - self.mean_)
        near = np.round(rows @ self.centroids_.T, DECIMALS)
        return near.argmax(axis=1) if near.size else np.full(len(rows), -1, dtype=np.intp)

    def _cut(self, rows: Floats, resolution: float) -> Ints:
        return _communities(_cosines(rows), resolution, self.seed)

    def _resolution(self, rows: Floats, start: Ints | None) -> float:
        if self.resolution is not None:
            return float(self.resolution)
        if start is None:
            return choose_resolution(rows[:SAMPLE], self.minimum, self.seed)
        # Last month's themes were cut at some resolution: keep to the one that still gives them.
        known = np.flatnonzero(start >= 0)[:SAMPLE]
        settled = _settled(rows[known], self.minimum, self.seed)
        agreement = [adjusted_mutual_info_score(start[known], labels) for labels in settled]
        return RESOLUTIONS[int(np.argmax(np.round(agreement, DECIMALS)))]


def choose_resolution(rows: Floats, minimum: int, seed: int) -> float:
    """Return the resolution with the best sum of agreement and silhouette.

    Two random halves of a vector's dimensions are two views of one text: groups that only one of
    them sees are chance. Agreement alone decides too coarsely where rows are few, the silhouette
    (Rousseeuw 1987, by cosine) alone too finely where they are many.
    """
    rng = np.random.default_rng(seed)
    # Few rows make a noisy estimate and cost little: more repetitions.
    repeats = int(np.clip(1500 // max(len(rows), 1), 2, 8))
    whole = _settled(rows, minimum, seed)
    distances = (1 - np.round(rows @ rows.T, DECIMALS)).clip(0.0)
    np.fill_diagonal(distances, 0.0)
    score = np.full(len(RESOLUTIONS), -1.0)
    usable = [at for at, labels in enumerate(whole) if 0 < labels.max(initial=0) < len(rows) - 1]
    for at in usable:
        score[at] = silhouette_score(distances, whole[at], metric="precomputed")
    for _ in range(repeats):
        left, right = np.array_split(rng.permutation(rows.shape[1]), 2)
        one = _settled(unit_rows(rows[:, left]), minimum, seed)
        two = _settled(unit_rows(rows[:, right]), minimum, seed)
        for at in usable:
            score[at] += _agreement(one[at], two[at], whole[at]) / repeats
    return RESOLUTIONS[int(np.argmax(np.round(score, DECIMALS)))]


def _agreement(one: Ints, two: Ints, whole: Ints) -> float:
    """Return the mean adjusted mutual information of the three partitions, the halves' first."""
    if not min(one.max(), two.max()) > 0:  # no theme, or one for all: agreeing says nothing
        return 0.0
    ami = adjusted_mutual_info_score
    return float(ami(one, two) / 2 + ami(one, whole) / 4 + ami(two, whole) / 4)


def _settled(rows: Floats, minimum: int, seed: int) -> list[Ints]:
    """Return the settled partition at each resolution."""
    smoothed = smooth(rows)
    graph = _cosines(smoothed)
    found = (_communities(graph, resolution, seed, iterations=1) for resolution in RESOLUTIONS)
    return [settle(labels, smoothed, minimum, left_out=0.0)[0] for labels in found]


def smooth(rows: Floats) -> Floats:
    """Return unit vectors, centred and averaged with their neighbours'.

    Half of each vector stays its own; the other half is its neighbours' weighted mean, once or
    twice over. This alone raised Ward's agreement with gold groups by .02 to .04 at each n.
    """
    n = len(rows)
    if n < 3:  # the centred vectors of two rows are opposite whatever they say
        return rows
    centred = unit_rows(rows - rows.mean(axis=0))
    k = int(np.clip(round(n**0.5 / 2), 4, 15))
    graph = neighbours(centred, min(k, n - 1))
    graph = graph + graph.T
    weight = np.asarray(graph.sum(axis=1)).ravel()
    walk = sp.diags_array(np.where(weight > 0, 1 / np.maximum(weight, 1e-12), 0)) @ graph
    out = centred
    for _ in range(1 if n < 150 else 2):
        out = 0.5 * out + 0.5 * (walk @ out)
    return unit_rows(out)


def neighbours(rows: Floats, k: int) -> sp.csr_array:
    """Return the (n, n) matrix of cosines to the k nearest rows; equal ones by row number."""
    n = len(rows)
    indices = np.empty((n, k), dtype=np.int64)
    values = np.empty((n, k))
    for own, others in blocks(rows):
        cosines = np.round(rows[own] @ rows[others].T, DECIMALS)
        cosines[own[:, None] == others[None, :]] = -2.0
        # One integer per pair, so that no two are equal and a partial sort has one outcome.
        rank = (-cosines * 10**DECIMALS).round().astype(np.int64) * n + others[None, :]
        best = np.sort(np.argpartition(rank, k - 1, axis=1)[:, :k], axis=1)
        indices[own] = others[best]
        values[own] = np.take_along_axis(cosines, best, axis=1)
    where = (np.repeat(np.arange(n), k), indices.ravel())
    return sp.csr_array((values.clip(0.0).ravel(), where), shape=(n, n))


def blocks(rows: Floats) -> list[tuple[Ints, Ints]]:
    """Return (rows, the rows they are compared with): all, or those of the nearest cells."""
    n = len(rows)
    if n <= EXACT:
        step = max(1, 20_000_000 // n)
        return [(np.arange(a, min(a + step, n)), np.arange(n)) for a in range(0, n, step)]
    cells = int(n**0.5 / 2)
    centres = rows[:cells]  # the first rows are a random sample
    for _ in range(4):
        nearest = np.round(rows @ centres.T, DECIMALS).argmax(axis=1)
        centres = centroids(rows, nearest, cells)
    near = np.round(centres @ centres.T, DECIMALS)
    members = [np.flatnonzero(nearest == c) for c in range(cells)]
    order = np.argsort(-near, axis=1, kind="stable")[:, :12]
    out = []
    for own, close in zip(members, order, strict=True):
        others = np.sort(np.concatenate([members[c] for c in close]))
        step = max(1, 20_000_000 // len(others))
        out += [(own[a : a + step], others) for a in range(0, len(own), step)]
    return out


def partition(smoothed: Floats, resolution: float, seed: int, start: Ints | None = None) -> Ints:
    """Return Leiden's communities of smoothed vectors; many rows go through prototypes."""
    if len(smoothed) <= DENSE:
        return _leiden(_cosines(smoothed), resolution, seed, start)
    groups = _prototypes(smoothed, seed, start)
    if start is not None:
        start = start[np.unique(groups, return_index=True)[1]]
    found = _leiden(_cosines(centroids(smoothed, groups)), resolution, seed, start)
    return np.asarray(found[groups])


def _prototypes(smoothed: Floats, seed: int, start: Ints | None) -> Ints:
    """Gather rows into small groups that no theme will want to split."""
    graph = neighbours(smoothed, 15)
    graph = graph.maximum(graph.T).tocoo()
    if start is not None:  # a group may not straddle two of last month's themes
        kept = start[graph.row] == start[graph.col]
        graph = sp.coo_array((graph.data[kept], (graph.row[kept], graph.col[kept])), graph.shape)
    resolution = float(DENSE)
    while True:
        groups = _communities(graph.tocsr(), resolution, seed, modularity=True)
        if groups.max() < DENSE or resolution < 1:
            return groups
        resolution /= 2


def _cosines(smoothed: Floats) -> sp.csr_array:
    cosines = np.round(smoothed @ smoothed.T, DECIMALS)
    np.fill_diagonal(cosines, 0.0)
    cosines[cosines < WEAK] = 0.0
    return sp.csr_array(cosines)


def _leiden(graph: sp.csr_array, resolution: float, seed: int, start: Ints | None) -> Ints:
    if start is None:
        return _communities(graph, resolution, seed)
    upper = sp.triu(graph, k=1).tocoo()
    if not upper.nnz:
        return np.arange(len(start), dtype=np.intp)
    names = [str(row) for row in range(graph.shape[0])]
    ends = (upper.row.tolist(), upper.col.tolist(), upper.data.tolist())
    linked = np.union1d(upper.row, upper.col)
    # A row that is new starts alone.
    begun = np.where(start >= 0, start, start.max(initial=0) + 1 + np.arange(len(start)))
    numbers = np.unique(begun[linked], return_inverse=True)[1]
    _, found = leiden.leiden(
        [(names[a], names[b], weight) for a, b, weight in zip(*ends, strict=True)],
        starting_communities={names[r]: int(c) for r, c in zip(linked, numbers, strict=True)},
        resolution=resolution,
        use_modularity=False,
        iterations=2,
        seed=seed,
    )
    return _labels({int(name): community for name, community in found.items()}, len(start))


def _communities(
    graph: sp.csr_array,
    resolution: float,
    seed: int,
    *,
    modularity: bool = False,
    iterations: int = 2,
) -> Ints:
    if not graph.nnz:
        return np.arange(graph.shape[0], dtype=np.intp)
    parts = (graph.indptr.astype(np.int64), graph.indices.astype(np.int32), graph.data)
    _, found = leiden.leiden_csr(
        *parts,
        graph.shape[0],
        resolution=resolution,
        use_modularity=modularity,
        iterations=iterations,
        seed=seed,
    )
    return _labels(found, graph.shape[0])


def _labels(found: dict[int, int], n: int) -> Ints:
    labels = np.arange(n, 2 * n, dtype=np.intp)  # a row without a link stands alone
    labels[list(found)] = list(found.values())
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def settle(
    labels: Ints,
    smoothed: Floats,
    minimum: int,
    left_out: float = MOST_LEFT_OUT,
    start: Ints | None = None,
) -> tuple[Ints, Floats]:
    """Dissolve small groups, give every row its nearest centroid, leave out what is far from all.

    Returns the labels, numbered by size and then by first row, -1 where left out; and memberships.
    """
    nothing = np.full(len(labels), -1, dtype=np.intp), np.zeros(len(labels))
    kept = labels.copy()
    for _ in range(3):
        sizes = np.bincount(kept[kept >= 0], minlength=1)
        large = np.flatnonzero(sizes >= minimum)
        if not len(large):
            return nothing
        number = np.full(len(sizes), -1, dtype=np.intp)
        number[large] = np.arange(len(large))
        kept = np.where(kept >= 0, number[kept], -1)
        near = np.round(smoothed @ centroids(smoothed, kept, len(large)).T, DECIMALS)
        if start is not None:
            both = (start >= 0) & (kept >= 0)
            went = np.zeros((int(start.max()) + 1, len(large)))
            np.add.at(went, (start[both], kept[both]), 1)
            near[start >= 0, went.argmax(axis=1)[start[start >= 0]]] += STAY
        kept = near.argmax(axis=1)
    small = np.bincount(kept, minlength=near.shape[1]) < minimum
    if small.all():
        return nothing
    near[:, small] = -1.0
    kept = near.argmax(axis=1)
    best = near.max(axis=1)
    membership = memberships(near, kept)
    far = np.flatnonzero(best < FAR)
    far = far[np.argsort(best[far], kind="stable")][: int(left_out * len(kept))]
    kept[far] = -1
    return _by_size(kept), membership


def memberships(near: Floats, labels: Ints) -> Floats:
    """Return each row's nearness to its own centroid against the next one's, 0 to 1."""
    rows = np.arange(len(labels))
    own = near[rows, labels].clip(0.0, 1.0)
    if near.shape[1] == 1:
        return np.asarray(np.round(own, 4))
    others = near.copy()
    others[rows, labels] = -1.0
    other = others.max(axis=1).clip(0.0)
    return np.asarray(np.round(own / np.maximum(own + other, 1e-12), 4))


def _by_size(labels: Ints) -> Ints:
    groups, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    number = np.full(int(labels.max(initial=0)) + 2, -1, dtype=np.intp)
    number[groups[np.lexsort((first, -sizes))]] = np.arange(len(groups))
    return np.asarray(number[labels])  # -1 looks up the last, which no group has


def centroids(rows: Floats, labels: Ints, themes: int | None = None) -> Floats:
    """Return the unit mean vector of each label's rows; labels below nought have none."""
    count = int(labels.max(initial=-1)) + 1 if themes is None else themes
    kept = np.flatnonzero(labels >= 0)
    member = sp.csr_array((np.ones(len(kept)), (labels[kept], kept)), shape=(count, len(rows)))
    return unit_rows(np.asarray(member @ rows))
