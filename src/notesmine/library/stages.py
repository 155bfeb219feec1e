"""Each stage alone, on lists of strings: kinds, codes, vectors, themes.

Texts go through as they are: nothing is masked, nothing is kept, no file is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.errors import InputError
from notesmine.library.columns import Column
from notesmine.library.frames import frame
from notesmine.records import KINDS, Kind, digest

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from notesmine.classify import Classifier


def classify_texts(
    texts: Sequence[str],
    *,
    headings: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Tell impediments from progress, plans and proposals.

    Parameters
    ----------
    texts : sequence of str, length n
    headings : sequence of str, length n, optional
        The heading that each text stood under, or the empty string.
    settings : Settings, optional
        Its thresholds are used.

    Returns
    -------
    pandas.DataFrame
        One row a text, in their order.

    Raises
    ------
    InputError
        If these are no strings, or of different numbers.

    Examples
    --------
    >>> import notesmine
    >>> found = notesmine.classify_texts(["Nobody knows who maintains the coder.", "Agenda"])
    >>> found["kind"].tolist()
    ['impediment', 'boilerplate']
    """
    rows = _checked(texts)
    above = _headings(headings, len(rows))
    judged = _classifier().judge(
        rows, above, ["paragraph"] * len(rows), settings.classify if settings else None
    )
    return frame(
        "notesmine.classify_texts(texts)",
        [
            {
                "text": text,
                "kind": j.judgement.kind,
                "tier": j.judgement.tier,
                "why": j.judgement.why,
                **{f"p_{k}": j.judgement.scores.get(k, 0.0) for k in KINDS},
            }
            for text, j in zip(rows, judged, strict=True)
        ],
    )


def code_texts(
    texts: Sequence[str],
    *,
    headings: Sequence[str] | None = None,
    kinds: Sequence[Kind] | None = None,
    codebook: str | Path | None = None,
) -> pd.DataFrame:
    """Code texts with a codebook: several codes or none, a score for each, and a stance.

    Parameters
    ----------
    texts : sequence of str, length n
    headings : sequence of str, length n, optional
    kinds : sequence of str, length n, optional
        What each text is, where it is known; else it is classified.
    codebook : str or pathlib.Path, optional
        A codebook of your own; the built-in one by default.

    Returns
    -------
    pandas.DataFrame
        One row a text; after the columns named, one float64 column for each code with its score.

    Raises
    ------
    InputError
        If these are no strings, or of different numbers.
    CodebookError
        If the codebook is not valid.

    Examples
    --------
    >>> import notesmine
    >>> found = notesmine.code_texts(["Nobody knows who is responsible for the coder."])
    >>> found["codes"].tolist()
    ['ownership']
    """
    from notesmine.themes.codebook import load_codebook
    from notesmine.themes.coding import Coder

    rows = _checked(texts)
    above = _headings(headings, len(rows))
    book = load_codebook(None if codebook is None else Path(codebook))
    classifier = _classifier()
    judged = classifier.judge(rows, above, ["paragraph"] * len(rows))
    if kinds is not None:
        _same_length("kinds", len(kinds), len(rows))
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise InputError(f"{unknown[0]!r} is no kind", f"Kinds: {', '.join(KINDS)}.")
    known = [j.judgement.kind for j in judged] if kinds is None else list(kinds)
    codings = Coder(book, classifier.encoder.encode).code(rows, known, [j.codes for j in judged])
    return frame(
        "notesmine.code_texts(texts)",
        [
            {
                "text": text,
                "kind": kind,
                "stance": coding.stance,
                "codes": "; ".join(c.code for c in coding.codes if c.assigned),
                **{c.code: c.score for c in coding.codes},
            }
            for text, kind, coding in zip(rows, known, codings, strict=True)
        ],
        [Column(code.id, "float64", code.label) for code in book.active()],
    )


def embed_texts(texts: Sequence[str], *, model: str = "packaged") -> NDArray[np.float32]:
    """Return the unit vectors of texts; each depends on its text alone.

    Parameters
    ----------
    texts : sequence of str, length n
    model : str, default "packaged"
        Or the folder of a sentence-transformers model; nothing is ever fetched.

    Returns
    -------
    numpy.ndarray of float32, shape (n, d)

    Raises
    ------
    InputError
        If these are no strings.
    ModelError
        If the model is not there.

    Examples
    --------
    >>> import notesmine
    >>> notesmine.embed_texts(["Nobody owns the coder.", "The data came late."]).shape
    (2, 384)
    """
    return _encoder(model).encode(_checked(texts))


def theme_texts(
    texts: Sequence[str],
    *,
    vectors: NDArray[np.float32] | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Discover themes among texts and name them; with few texts, only what is nearly said twice.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : numpy.ndarray of float32, shape (n, d), optional
        Of the packaged model, or of the one that the settings name; embedded here by default.
    settings : Settings, optional
        ``[themes] minimum`` and ``seed``, ``[embed] model`` are used.

    Returns
    -------
    pandas.DataFrame
        One row a text, in their order; the order does not matter for what is found.

    Raises
    ------
    InputError
        If these are no strings, or texts and vectors differ in number.

    Examples
    --------
    >>> import notesmine
    >>> said = ["Nobody owns the coder.", "No one owns the coder.", "The data came late."]
    >>> notesmine.theme_texts(said)["theme_id"].isna().tolist()
    [False, False, True]
    """
    from notesmine.themes.growth import grow

    rows = _checked(texts)
    chosen = settings or Settings()
    encoder = _encoder(chosen.embed.model)
    own = encoder.encode(rows) if vectors is None else vectors
    _same_length("vectors", len(own), len(rows))
    keys = [digest(text, length=32) for text in rows]
    grown = grow(rows, own, keys, b"", chosen.themes, encode=encoder.encode)
    return frame(
        "notesmine.theme_texts(texts)",
        [
            {
                "text": text,
                "theme_id": None if m.theme is None else grown.ids[m.theme],
                "theme_label": None if m.theme is None else grown.labels[m.theme],
                "membership": m.membership,
                "abstained_because": m.abstained_because,
            }
            for text, m in zip(rows, grown.memberships, strict=True)
        ],
    )


@lru_cache(maxsize=2)
def _encoder(model: str) -> Encoder:
    return Encoder(model)


@lru_cache(maxsize=1)
def _classifier() -> Classifier:
    from notesmine.classify import Classifier

    return Classifier(_encoder("packaged"))


def _checked(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise InputError("a single string where a list of them is asked for", "Write [text].")
    rows = list(texts)
    for at, text in enumerate(rows):
        if not isinstance(text, str):
            raise InputError(
                f"text {at} is no string but {type(text).__name__}",
                "Leave out what is missing, as in frame['text'].dropna().",
            )
    return rows


def _headings(headings: Sequence[str] | None, n: int) -> list[str]:
    if headings is None:
        return [""] * n
    _same_length("headings", len(headings), n)
    return list(headings)


def _same_length(what: str, found: int, n: int) -> None:
    if found != n:
        raise InputError(f"{n} texts but {found} {what}", "Give one for each text.")
