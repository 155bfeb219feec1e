"""Emergent themes of a set of passages: collapse copies, cluster, describe.

Rows are put into the order of their texts' SHA-256 first, so that the order in which they arrive
cannot matter; copies and near-copies count once and always share a theme. Clustering is
``cluster.py`` in a fitted BERTopic, whose c-TF-IDF gives the top words. bertopic takes seven
seconds to import: only inside functions, and never where there is too little to cluster.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from notesmine.config import ThemeSettings
from notesmine.records import Membership
from notesmine.themes import cluster
from notesmine.themes.space import unit_rows
from notesmine.themes.words import SEPARATOR, NotesVectorizer

if TYPE_CHECKING:
    from bertopic import BERTopic

#: Cosine from which two passages say the same thing in the same words.
COPY = 0.97
#: Distinct passages below which nothing is clustered, and the cosine at which they are still put
#: together: with so few, only what is nearly said twice can be called recurring.
FEWEST, NEARLY_SAID_TWICE = 8, 0.8
#: Top words of a theme.
TOP = 10
#: Resamples for a theme's stability, and rows in one.
RESAMPLES, MOST_RESAMPLED = 6, 1000


@dataclass(frozen=True)
class Discovery:
    """What was found. Themes are numbered from 0, by size.

    Attributes
    ----------
    memberships : tuple of Membership
        One for each row, in the order of the rows.
    words : tuple of tuple of str
        Top words of each theme, best first.
    stability : tuple of float
        Mean Jaccard similarity of each theme over resamples, 0 to 1.
    centroids : numpy.ndarray of float32, shape (themes, d)
        Unit vectors in the space of the vectors given.
    broad : tuple of int
        Number of the broad group each theme belongs to; each its own where there are few.
    resolution : float or None
        Cosine at which the themes were cut.
    note : str
        What is too little, in words; empty where nothing is.
    model : BERTopic or None
        The fitted model; None where nothing was clustered.
    """

    memberships: tuple[Membership, ...]
    words: tuple[tuple[str, ...], ...] = ()
    stability: tuple[float | None, ...] = ()
    centroids: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    broad: tuple[int, ...] = ()
    resolution: float | None = None
    note: str = ""
    model: BERTopic | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of themes."""
        return len(self.words)

    def rows(self, theme: int) -> list[int]:
        """Return the rows of a theme."""
        return [row for row, m in enumerate(self.memberships) if m.theme == theme]


def discover(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    settings: ThemeSettings,
    *,
    start: Sequence[int | None] | None = None,
    resolution: float | None = None,
    names: Sequence[str] = (),
) -> Discovery:
    """Find the themes of passages.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : numpy.ndarray of float32, shape (n, d)
    settings : ThemeSettings
        ``minimum`` and ``seed`` are used.
    start : sequence of int or None, length n, optional
        Last month's theme of each row, for a warm start; None for a new row.
    resolution : float, optional
        Last month's ``Discovery.resolution``, to cut where it did; None chooses.
    names : sequence of str
        People's names, kept out of the top words.

    Returns
    -------
    Discovery
        For any n, 0 included; rows in no theme say why.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    if len(texts) != len(vectors) or (start is not None and len(start) != len(texts)):
        raise ValueError(
            f"{len(texts)} texts, {len(vectors)} vectors, "
            f"{'no' if start is None else len(start)} start labels: lengths must be equal"
        )
    distinct = collapse(texts, vectors)
    members = distinct.members
    if len(members) < FEWEST:
        return _few(texts, vectors, distinct, names, settings.minimum)
    first = [rows[0] for rows in members]
    own, chosen = [texts[row] for row in first], np.asarray(vectors)[first]
    clusterer = cluster.GraphClusterer(
        settings.minimum, resolution, _start(start, members), settings.seed
    )
    model = topic_model(own, chosen, clusterer, names=names)
    labels = clusterer.labels_
    found: list[Membership] = [Membership(theme=None, membership=0.0)] * len(texts)
    nothing = f"no group of at least {settings.minimum} passages says the same"
    for group, label, share in zip(members, labels, clusterer.probabilities_, strict=True):
        theme = None if label < 0 else int(label)
        why = "" if theme is not None else "near to no theme" if labels.max() >= 0 else nothing
        for row in group:
            found[row] = Membership(
                theme=theme,
                membership=round(float(share), 4) if theme is not None else 0.0,
                abstained_because=why,
            )
    rows = chosen.astype(np.float64)
    centroids = cluster.centroids(rows, labels)
    return Discovery(
        memberships=tuple(found),
        words=_top_words(model, labels),
        stability=stability(rows, labels, clusterer.resolution_, settings.seed),
        centroids=centroids.astype(np.float32),
        broad=_broad(clusterer.centroids_),
        resolution=clusterer.resolution_,
        note="" if labels.max() >= 0 else nothing,
        model=model,
    )


def stability(
    rows: NDArray[np.float64], labels: NDArray[np.intp], resolution: float, seed: int
) -> tuple[float, ...]:
    """Return each theme's mean best Jaccard similarity over resamples of the rows.

    Hennig (2007), doi:10.1016/j.csda.2006.11.025: subsets of four fifths, clustered again.
    """
    themes = int(labels.max(initial=-1)) + 1
    total, seen = np.zeros(themes), np.zeros(themes)
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES if themes else 0):
        size = min(int(0.8 * len(rows)), MOST_RESAMPLED)
        some = np.sort(rng.permutation(len(rows))[:size])
        again = cluster.partition(cluster.smooth(rows[some]), resolution, seed)
        both = np.zeros((themes, int(again.max(initial=0)) + 1))
        kept = labels[some] >= 0
        np.add.at(both, (labels[some][kept], again[kept]), 1)
        ours, theirs = both.sum(axis=1), np.bincount(again, minlength=both.shape[1])
        jaccard = both / np.maximum(ours[:, None] + theirs[None, :] - both, 1)
        total += np.where(ours > 1, jaccard.max(axis=1), 0)
        seen += ours > 1
    return tuple(round(float(s), 4) for s in total / np.maximum(seen, 1))


def topic_model(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    clusterer: Any,
    *,
    names: Sequence[str] = (),
    embedding_model: Any = None,
    representation_model: Any = None,
) -> BERTopic:
    """Return a BERTopic fitted on distinct passages with a clusterer of ours.

    Parameters
    ----------
    texts, vectors
        Distinct passages in canonical order, and their vectors.
    clusterer : GraphClusterer or array of int
        A clusterer to be fitted, or labels that stand already (-1 for none).
    names : sequence of str
    embedding_model, representation_model : optional
        As BERTopic takes them. A ``KeyBERTInspired`` needs an embedding model and must come in a
        list: alone it indexes the wrong rows (BERTopic 0.17.4).
    """
    from bertopic import BERTopic
    from bertopic.cluster import BaseCluster
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer

    ready = not hasattr(clusterer, "fit")
    model = BERTopic(
        # "english" would strip punctuation and non-ASCII letters before our tokenizer sees them.
        language="multilingual",
        embedding_model=embedding_model,
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster() if ready else clusterer,
        vectorizer_model=NotesVectorizer(tuple(names)),
        ctfidf_model=ClassTfidfTransformer(),
        representation_model=representation_model,
        top_n_words=2 * TOP,
    )
    documents = [text + SEPARATOR for text in texts]
    model.fit(documents, embeddings=np.array(vectors), y=np.array(clusterer) if ready else None)
    model.representative_docs_ = {
        topic: [text.removesuffix(SEPARATOR) for text in found]
        for topic, found in model.representative_docs_.items()
    }
    return model


@dataclass(frozen=True)
class Distinct:
    """Rows by distinct passage, in canonical order; the first of each stands for all."""

    members: tuple[tuple[int, ...], ...]


def collapse(texts: Sequence[str], vectors: NDArray[np.float32]) -> Distinct:
    """Gather copies: equal but for case, spacing and punctuation, or with a cosine of .97."""
    keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
    order = sorted(range(len(texts)), key=lambda row: (keys[row], row))
    same: dict[str, int] = {}
    first: list[int] = []  # places in ``order`` of texts that differ after normalisation
    group = np.zeros(len(order), dtype=np.intp)
    for at, row in enumerate(order):
        key = re.sub(r"[\W_]+", " ", texts[row].casefold()).strip() or texts[row]
        if key not in same:
            same[key] = len(first)
            first.append(at)
        group[at] = same[key]
    if first:
        rows = np.asarray(vectors, dtype=np.float64)[[order[at] for at in first]]
        group = _linked(rows, COPY)[group]
    members: dict[int, list[int]] = {}
    for at, row in enumerate(order):
        members.setdefault(int(group[at]), []).append(row)
    return Distinct(tuple(tuple(rows_) for rows_ in members.values()))


def _linked(rows: NDArray[np.float64], cosine: float) -> NDArray[np.intp]:
    """Return the number of each row's connected component under ``cosine`` or more."""
    units = unit_rows(rows)
    left, right = [], []
    for own, others in cluster.blocks(units):
        a, b = np.nonzero(np.round(units[own] @ units[others].T, cluster.DECIMALS) >= cosine)
        left.append(own[a])
        right.append(others[b])
    edges = (np.concatenate(left), np.concatenate(right))
    graph = sp.csr_array((np.ones(len(edges[0])), edges), shape=(len(rows), len(rows)))
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1])


def _few(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    distinct: Distinct,
    names: Sequence[str],
    minimum: int,
) -> Discovery:
    """Put together only what is nearly said twice."""
    count = len(distinct.members)
    note = f"too few passages: {count} of at least {FEWEST} different ones"
    found = [Membership(theme=None, membership=0.0, abstained_because=note)] * len(texts)
    if not count:
        return Discovery(memberships=(), note=note)
    first = np.asarray(vectors, dtype=np.float64)[[rows[0] for rows in distinct.members]]
    linked = _linked(first, NEARLY_SAID_TWICE)
    groups: dict[int, list[Sequence[int]]] = {}
    for rows, number in zip(distinct.members, linked, strict=True):
        groups.setdefault(int(number), []).append(rows)
    # A sentence pasted twice is one passage: it takes different ones to make a theme.
    kept = [[row for rows in g for row in rows] for g in groups.values() if len(g) >= minimum]
    themes = sorted(kept, key=lambda g: -len(g))
    words, centroids = [], np.zeros((len(themes), first.shape[1]))
    analyse = NotesVectorizer(tuple(names)).build_analyzer()
    for theme, group in enumerate(themes):
        for row in group:
            found[row] = Membership(theme=theme, membership=1.0)
        counted = Counter(word for row in group for word in set(analyse(texts[row])))
        words.append(tuple(sorted(counted, key=lambda w: (-counted[w], w))[:TOP]))
        mean = np.asarray(vectors, dtype=np.float64)[group].mean(axis=0)
        centroids[theme] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return Discovery(
        memberships=tuple(found),
        words=tuple(words),
        stability=(None,) * len(themes),
        centroids=centroids.astype(np.float32),
        broad=tuple(range(len(themes))),
        note=note,
    )


def _start(
    start: Sequence[int | None] | None, members: Sequence[Sequence[int]]
) -> NDArray[np.int64] | None:
    """Return the start label of each distinct passage: its copies' commonest, -1 for none."""
    if start is None:
        return None
    labels = np.full(len(members), -1, dtype=np.int64)
    for number, rows in enumerate(members):
        known = Counter(label for row in rows if (label := start[row]) is not None)
        if known:
            labels[number] = min(known, key=lambda label: (-known[label], label))
    return labels


def _top_words(model: BERTopic, labels: NDArray[np.intp]) -> tuple[tuple[str, ...], ...]:
    """Return each theme's words; BERTopic numbers topics by size and breaks ties its own way."""
    topic = {int(theme): int(t) for theme, t in zip(labels, model.topics_, strict=True)}
    out = []
    for theme in range(int(labels.max(initial=-1)) + 1):
        words: list[str] = []
        found = model.get_topic(topic[theme])
        # At equal weight the longest first: it says most.
        scored = sorted(found, key=lambda ws: (-round(ws[1], 9), -ws[0].count(" "), ws[0]))
        for word, weight in scored:
            # "data share" says what "data" says: the longer one, which came first, is enough.
            if word and weight > 0 and not any(f" {word} " in f" {other} " for other in words):
                words.append(word)
        out.append(tuple(words[:TOP]))
    return tuple(out)


def _broad(centroids: NDArray[np.float64]) -> tuple[int, ...]:
    """Gather themes into broad ones (average linkage over centroids), about four to each."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(centroids) < FEWEST:
        return tuple(range(len(centroids)))
    tree = linkage(np.round(centroids, cluster.DECIMALS), "average", metric="cosine")
    groups = fcluster(tree, max(2, round(len(centroids) / 4)), "maxclust")
    number: dict[int, int] = {}
    return tuple(number.setdefault(int(group), len(number)) for group in groups)
