"""A BERTopic of themes that stand already: the run's own, with its clusterer in BERTopic's place.

BERTopic would cluster anew and number anew; the state is the record of what a run found, so the
clusterer here is fitted to the labels of the run. BERTopic is imported by the call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from notesmine.themes.cluster import DECIMALS, GraphClusterer, centroids
from notesmine.themes.discover import topic_model
from notesmine.themes.space import unit_rows
from notesmine.themes.words import SEPARATOR, NotesVectorizer

if TYPE_CHECKING:
    from bertopic import BERTopic

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
#: What stands for a name in a text as shown.
BRACKET = re.compile(r"\[[^\[\]]{1,80}\]")


class StandingClusterer(GraphClusterer):
    """A `GraphClusterer` whose themes are given; new rows get the theme of the nearest centroid.

    Parameters
    ----------
    given : array of int, shape (n,)
        The theme of each row to be fitted, from 0, -1 for none.
    minimum, resolution, start, seed
        As in `GraphClusterer`; they say how the themes were found.
    """

    def __init__(
        self,
        given: Any = (),
        minimum: int = 3,
        resolution: float | None = None,
        start: Any = None,
        seed: int = 20,
    ) -> None:
        super().__init__(minimum, resolution, start, seed)
        self.given = given

    def fit(self, X: NDArray[Any], y: object = None) -> StandingClusterer:  # noqa: ARG002, N803
        """Take the themes given for the rows of ``X`` (n, d)."""
        rows = unit_rows(X)
        self.labels_ = np.asarray(self.given, dtype=np.intp)
        self.mean_ = rows.mean(axis=0)
        centred = unit_rows(rows - self.mean_)
        self.centroids_ = centroids(centred, self.labels_)
        near = np.round(centred @ self.centroids_.T, DECIMALS).clip(0.0)
        own = near[np.arange(len(rows)), self.labels_.clip(0)]
        self.probabilities_ = np.where(self.labels_ >= 0, own, 0.0)
        return self


class StandingVectorizer(NotesVectorizer):
    """A fitted `NotesVectorizer` that BERTopic can save: it asks for the parameters of a plain one.

    What is loaded again is scikit-learn's ``CountVectorizer`` with the vocabulary of this one.
    """

    @classmethod
    def of(cls, fitted: NotesVectorizer) -> StandingVectorizer:
        """Return a fitted vectorizer as one that can be saved."""
        made = cls(fitted.names)
        made.__dict__.update(fitted.__dict__)
        return made

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of a ``CountVectorizer`` that knows the same terms."""
        del deep
        plain: dict[str, Any] = CountVectorizer(lowercase=False, ngram_range=(1, 3)).get_params()
        return plain


def standing_model(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    labels: Sequence[int],
    names: Mapping[int, str],
    encode: Encode,
    *,
    minimum: int,
    seed: int,
) -> BERTopic:
    """Return a BERTopic whose topics are given.

    Parameters
    ----------
    texts : sequence of str, length n
        Distinct passages in canonical order, as they may be shown.
    vectors : numpy.ndarray of float32, shape (n, d)
    labels : sequence of int, length n
        Themes from 0, -1 for none.
    names : mapping of int to str
        What each theme is called: BERTopic's custom labels.
    encode : callable
        Gives the vectors of new texts to ``transform``.
    minimum, seed
        As the themes were found.
    """
    from bertopic.backend import BaseEmbedder

    class Packaged(BaseEmbedder):  # type: ignore[misc]
        """Notesmine's encoder: a vector that depends on its text alone."""

        def embed(self, documents: list[str], verbose: bool = False) -> NDArray[np.float32]:
            del verbose
            return encode([str(text).removesuffix(SEPARATOR) for text in documents])

    # A bracket is no word of a theme, and neither is what stands in it alone.
    bare = [BRACKET.sub(SEPARATOR, text) for text in texts]
    said = {word for text in bare for word in re.findall(r"\w+", text.casefold())}
    inside = {b for text in texts for b in BRACKET.findall(text)}
    words = {word for b in inside for word in re.findall(r"\w+", b.casefold())}
    given = np.asarray(labels, dtype=np.intp)
    model = topic_model(
        bare,
        vectors,
        StandingClusterer(given, minimum, seed=seed),
        names=tuple(sorted(words - said)),
        embedding_model=Packaged(),
    )
    # Equal once their brackets are gone, two passages may still be two.
    whole = dict(zip(reversed(bare), reversed(texts), strict=True))
    model.representative_docs_ = {
        topic: [whole.get(text, text) for text in found]
        for topic, found in model.representative_docs_.items()
    }
    model.vectorizer_model = StandingVectorizer.of(model.vectorizer_model)
    numbers = dict(zip(model.topics_, given.tolist(), strict=True))
    model.set_topic_labels(
        {topic: names.get(theme, "in no theme") for topic, theme in sorted(numbers.items())}
    )
    return model
