"""Passages to vectors: each distinct text is embedded once, ever; vectors are cached by content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesmine.encoder import Progress
from notesmine.records import digest

Vectors = NDArray[np.float32]
#: Texts after which vectors are written to the cache: what a kill can cost.
CHECKPOINT = 1024


class Embedder(Protocol):
    """What gives texts their vectors, known by the hash of its weights."""

    @property
    def sha256(self) -> str:
        """The hash under which its vectors are kept."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return the unit vectors (n, d) of texts."""


class Cache(Protocol):
    """Where vectors are kept between runs, by model and by the text's key."""

    def vectors(self, model: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors kept."""

    def keep_vectors(self, model: str, keys: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors (n, d), a row for each key."""


def embed(
    texts: Iterable[str], encoder: Embedder, cache: Cache, progress: Progress | None = None
) -> dict[str, Vectors]:
    """Return the unit vector (d,) of each distinct text.

    Parameters
    ----------
    texts : iterable of str
        In any order, with repetitions.
    encoder : Embedder
    cache : Cache
        Asked first, and told what had to be computed.
    progress : callable, optional
        Called with (done, to do).

    Returns
    -------
    dict of str to numpy.ndarray of float32
    """
    keys = {text: digest(text, length=32) for text in sorted(set(texts))}
    kept = cache.vectors(encoder.sha256, list(keys.values()))
    todo = [text for text, key in keys.items() if key not in kept]
    if progress is not None:
        progress(0, len(todo))
    for first in range(0, len(todo), CHECKPOINT):
        part = todo[first : first + CHECKPOINT]
        fresh = encoder.encode(part)
        cache.keep_vectors(encoder.sha256, [keys[t] for t in part], fresh)
        kept |= {keys[t]: vector for t, vector in zip(part, fresh, strict=True)}
        if progress is not None:
            progress(first + len(part), len(todo))
    return {text: kept[key] for text, key in keys.items()}


def stack(by_text: Mapping[str, Vectors], texts: Sequence[str]) -> Vectors:
    """Return the rows of texts, shape (n, d); (0, 1) where there is none."""
    return np.stack([by_text[t] for t in texts]) if texts else np.zeros((0, 1), dtype=np.float32)


def kept(texts: Sequence[str], embedder: Embedder, store: Cache) -> Vectors:
    """Return vectors, shape (n, d), of texts most of which were embedded at the last run."""
    return stack(embed(texts, embedder, store), texts)
