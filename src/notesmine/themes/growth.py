"""From passages to named emergent themes with lasting ids: discovery, registry, labels in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from msgspec import Struct
from notesmine.themes.discover import discover
from numpy.typing import NDArray

from notesmine.config import ThemeSettings
from notesmine.records import Event, Membership, digest
from notesmine.themes.label import label_themes
from notesmine.themes.registry import Registry, name_themes, start_labels, update

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

#: Cosine to a theme's centroid from which a success, a proposal or a resolution is set beside it.
BESIDE = 0.55


class Growth(Struct, frozen=True, kw_only=True):
    """What one run knows of the emergent themes; lists run over themes but for memberships."""

    memberships: list[Membership]
    ids: list[str]
    labels: list[str]
    words: list[tuple[str, ...]]
    stability: list[float | None]
    centroids: Vectors
    events: list[Event]
    registry: bytes


def grow(
    texts: Sequence[str],
    vectors: Vectors,
    keys: Sequence[str],
    registry: bytes,
    settings: ThemeSettings,
    *,
    encode: Encode,
) -> Growth:
    """Discover themes, give them their ids and names, and record what changed.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : numpy.ndarray of float32, shape (n, d)
    keys : sequence of str, length n
        Stable keys of the texts.
    registry : bytes
        As the last run left it (JSON); empty for a first run.
    settings : ThemeSettings
    encode : callable
        Gives unit vectors of label candidates.

    Returns
    -------
    Growth
    """
    before = msgspec.json.decode(registry, type=Registry) if registry else Registry()
    run_id = digest(registry, *sorted(set(keys)))
    found = discover(texts, vectors, settings, start=start_labels(before, keys))
    after, ids, events = update(before, found, keys, run_id)
    passages = [
        [t for t, m in zip(texts, found.memberships, strict=True) if m.theme == number]
        for number in range(len(ids))
    ]
    taken = [e.label for e in before.entries if e.label_by == "person" and e.label]
    labels = label_themes(passages, found.centroids, encode, taken=taken)
    after, renamed = name_themes(after, ids, labels, passages, run_id)
    named = {entry.theme_id: entry.label for entry in after.entries}
    return Growth(
        memberships=list(found.memberships),
        ids=list(ids),
        labels=[named[i] for i in ids],
        words=[tuple(w) for w in found.words],
        stability=list(found.stability),
        centroids=found.centroids,
        events=[*events, *renamed],
        registry=msgspec.json.encode(after),
    )


def attach(vectors: Vectors, centroids: Vectors) -> list[int | None]:
    """Return for each vector (n, d) the theme whose centroid (k, d) is close enough, or None."""
    close = np.round(vectors.astype(np.float64) @ centroids.astype(np.float64).T, 5)
    best = close.argmax(axis=1)
    return [int(b) if close[i, b] >= BESIDE else None for i, b in enumerate(best)]
