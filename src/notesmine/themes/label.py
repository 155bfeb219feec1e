"""Names for themes: a short phrase that its own passages use, verbatim but for case.

Candidates are runs of content words (``words.py``) with "of", "for", "to", "with", "in" or a
hyphen inside. They are scored by how many of the theme's passages say them, how few others do
(c-TF-IDF: Grootendorst 2022, arXiv:2203.05794, counted by passage instead of by mention) and,
where an encoder is given, how close the best of them are to the theme's centroid.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.themes.words import NoteTokens, Token

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

#: Candidates of a theme that are encoded; more changed no label on the corpora tried.
ENCODED = 24
#: Words in a label, and the weight of a candidate by its number of words: one word is a subject
#: ("data"), two or three say what about it, five read like a sentence.
LONGEST = 5
LENGTHS = (0.0, 0.55, 1.0, 1.15, 1.05, 0.9)
#: Weight of a candidate that holds a word never seen in lower case: a product or a person.
PROPER = 0.6
#: Characters in a label.
WIDEST = 60

Key = tuple[str, ...]


def label_themes(
    texts_by_theme: Sequence[Sequence[str]],
    centroids: NDArray[np.float32],
    encode: Encode | None = None,
    *,
    names: Sequence[str] = (),
    taken: Sequence[str] = (),
    tokens: NoteTokens | None = None,
) -> list[str]:
    """Name each theme by a phrase of one to five words found in its passages.

    Parameters
    ----------
    texts_by_theme : sequence of sequences of str
        The passages of each theme.
    centroids : numpy.ndarray of float32, shape (themes, d)
        Unit vectors, in the space of ``encode``; read only with an encoder.
    encode : callable, optional
        From texts to unit vectors; without it closeness to the centroid plays no part.
    names : sequence of str
        People's names, which no label may hold.
    taken : sequence of str
        Labels given away already (by persons): not used again.
    tokens : NoteTokens, optional
        A tokenizer that knows the passages already; saves a second pass.

    Returns
    -------
    list of str
        Distinct, in sentence case. Empty for a theme whose passages hold no usable word.

    Examples
    --------
    >>> label_themes([["No data sharing agreement yet.", "Data sharing agreement is unsigned."],
    ...               ["Nobody owns the model.", "Nobody owns the model after the pilot."]],
    ...              np.zeros((2, 4), dtype=np.float32))
    ['Data sharing agreement', 'Model']
    """
    tokens = tokens or NoteTokens(names)
    words = _Forms(tokens, texts_by_theme)
    counts = [_counts(tokens, texts) for texts in texts_by_theme]
    everywhere: Counter[Key] = Counter()
    for count in counts:
        everywhere.update({key: len(found) for key, found in count.items()})
    total = sum(map(len, texts_by_theme))
    ranked = []
    for texts, count in zip(texts_by_theme, counts, strict=True):
        scores = _scores(count, everywhere, len(texts), total, words)
        ranked.append(sorted(scores, key=lambda key: (-scores[key], key))[:ENCODED])
        ranked[-1] = [(scores[key], key) for key in ranked[-1]]  # type: ignore[misc]
    written = [
        [(score, key, words.written(count[key])) for score, key in theme]  # type: ignore[misc]
        for theme, count in zip(ranked, counts, strict=True)
    ]
    if encode is not None:
        written = _closest(written, centroids, encode)
    return _choose(written, texts_by_theme, tokens, taken)


def _choose(
    written: Sequence[Sequence[tuple[float, Key, str]]],
    texts_by_theme: Sequence[Sequence[str]],
    tokens: NoteTokens,
    taken: Sequence[str],
) -> list[str]:
    """Give the largest theme its best label first, then the next; no label twice."""
    used: set[Key] = set()
    said = {label.casefold() for label in taken}
    labels = [""] * len(written)
    for theme in sorted(range(len(written)), key=lambda t: (-len(texts_by_theme[t]), t)):
        fallback = ((0.0, (w,), w) for w in _any_words(tokens, texts_by_theme[theme]))
        for _, key, label in (*written[theme], *fallback):
            if key in used or label.casefold() in said:
                continue
            used.add(key)
            said.add(label.casefold())
            labels[theme] = label[:1].upper() + label[1:] if label[1:].islower() else _first(label)
            break
    return labels


def _first(label: str) -> str:
    word = label.split(" ", 1)[0]
    # "iOS builds" and "eCFR" keep their first letter: the capital inside is the writer's.
    return label if word[1:] != word[1:].lower() else label[:1].upper() + label[1:]


def _any_words(tokens: NoteTokens, texts: Sequence[str]) -> Iterator[str]:
    """Yield single words of a theme, content words first, then any word that is no junk."""
    for kind in ("word", "stop"):
        found = Counter(
            text[t.start : t.end].lower() for text in texts for t in tokens(text) if t.kind == kind
        )
        yield from sorted((w for w in found if w.isalpha()), key=lambda w: (-found[w], w))


class _Forms:
    """How words are written in the corpus: which appear in lower case, so that others keep theirs."""

    def __init__(self, tokens: NoteTokens, texts_by_theme: Sequence[Sequence[str]]) -> None:
        self.lower: set[str] = set()
        for texts in texts_by_theme:
            for text in texts:
                for token in tokens(text):
                    word = text[token.start : token.end]
                    if word.islower():
                        self.lower.add(word)

    def proper(self, phrase: str) -> int:
        """Return how many words of a phrase are capitalised wherever they occur."""
        return sum(
            word[:1].isupper() and word.lower() not in self.lower and not word.isupper()
            for word in phrase.replace("-", " ").split()
        )

    def written(self, found: Mapping[int, str]) -> str:
        """Return the commonest spelling, in lower case but for words that are never so written."""
        count = Counter(self._lowered(phrase) for phrase in found.values())
        return min(count, key=lambda phrase: (-count[phrase], phrase))

    def _lowered(self, phrase: str) -> str:
        words = phrase.split(" ")
        return " ".join(w.lower() if w.lower() in self.lower else w for w in words)


def _counts(tokens: NoteTokens, texts: Sequence[str]) -> dict[Key, dict[int, str]]:
    """Return for each candidate (by lemmas) the passages that say it, and how."""
    found: dict[Key, dict[int, str]] = defaultdict(dict)
    for number, text in enumerate(texts):
        for key, phrase in candidates(text, tokens(text)):
            found[key].setdefault(number, phrase)
    return found


def candidates(text: str, tokens: Sequence[Token]) -> Iterator[tuple[Key, str]]:
    """Yield (lemmas, verbatim phrase) of every run of one to five words that could be a label."""
    for first, token in enumerate(tokens):
        if token.kind != "word":
            continue
        lemmas: list[str] = []
        for last in range(first, min(first + 2 * LONGEST, len(tokens))):
            kind = tokens[last].kind
            if kind not in ("word", "glue") or (kind == "glue" and tokens[last - 1].kind == "glue"):
                break
            if tokens[last].lemma != "-":
                lemmas.append(tokens[last].lemma)
            if len(lemmas) > LONGEST:
                break
            if kind == "word":
                phrase = text[token.start : tokens[last].end]
                if len(phrase) <= WIDEST and "  " not in phrase and "\t" not in phrase:
                    yield tuple(lemmas), phrase


def _scores(
    count: Mapping[Key, Mapping[int, str]],
    everywhere: Mapping[Key, int],
    size: int,
    total: int,
    words: _Forms,
) -> dict[Key, float]:
    # A phrase of one passage names a passage, not a theme; only the smallest may have to do so.
    least = 2 if any(len(found) > 1 for found in count.values()) else 1
    scores: dict[Key, float] = {}
    for key, found in count.items():
        if len(found) < least:
            continue
        proper = words.proper(words.written(found))
        if proper > 1:  # two capitalised words in a row are a person more often than not
            continue
        own = len(found)
        rarity = math.log(1 + total / everywhere[key])
        purity = own / everywhere[key]
        score = math.sqrt(own / size) * rarity * purity * LENGTHS[len(key)]
        scores[key] = round(score * (PROPER if proper else 1.0), 9)
    return scores


def _closest(
    written: Sequence[Sequence[tuple[float, Key, str]]],
    centroids: NDArray[np.float32],
    encode: Encode,
) -> list[list[tuple[float, Key, str]]]:
    """Weigh each candidate by its cosine with its theme's centroid, and order anew."""
    unique = sorted({label for theme in written for _, _, label in theme})
    if not unique:
        return [list(theme) for theme in written]
    vectors = encode(unique)
    row = {label: number for number, label in enumerate(unique)}
    out = []
    for theme, centroid in zip(written, centroids, strict=True):
        near = {
            label: max(0.0, float(vectors[row[label]].astype(float) @ centroid.astype(float)))
            for _, _, label in theme
        }
        again = [(round(score * near[label], 6), key, label) for score, key, label in theme]
        out.append(sorted(again, key=lambda item: (-item[0], item[1])))
    return out
