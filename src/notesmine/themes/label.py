"""Names for themes: a short phrase that its own passages use, verbatim but for case.

Candidates are runs of content words (``words.py``) with "of", "for", "to", "with", "in" or a
hyphen inside. They are scored by how many of the theme's passages say them, how few others do
(after c-TF-IDF: Grootendorst 2022, arXiv:2203.05794; by passage instead of by mention), the same
of their words, and, where an encoder is given, how close the best of them are to the centroid.
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
LENGTHS = (0.0, 0.6, 1.05, 1.2, 1.0, 0.85)
#: Weight of a phrase of two words or more that only one of the passages says.
ONCE = 0.75
#: Weight of a candidate that holds a word never seen in lower case: a product or a person.
PROPER = 0.6
#: Weight of a single word that looks like a participle: "Missing" says less than "Missing dates".
PARTICIPLE = 0.5
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
    ...               ["The pilot model has no owner.", "Who is the pilot model for?"]],
    ...              np.zeros((2, 4), dtype=np.float32))
    ['Data sharing agreement', 'Pilot model']
    """
    tokens = tokens or NoteTokens(names)
    words = _Forms(tokens, texts_by_theme)
    counts = [_counts(tokens, texts) for texts in texts_by_theme]
    everywhere: Counter[Key] = Counter()
    for count in counts:
        everywhere.update({key: len(found) for key, found in count.items()})
    total = sum(map(len, texts_by_theme))
    written = []
    for texts, count in zip(texts_by_theme, counts, strict=True):
        scores = _scores(count, everywhere, len(texts), total, words)
        best = sorted(scores, key=lambda key: (-scores[key], key))[:ENCODED]
        written.append([(scores[key], key, words.written(count[key])) for key in best])
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
    """How words are written: which appear in lower case; the others keep their capitals."""

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
            if kind == "word" and tokens[last].lemma in lemmas:  # "performance performance"
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
    def value(key: Key) -> float:
        own, all_ = len(count[key]), everywhere[key]
        return math.sqrt(own / size) * math.log(1 + total / all_) * (own / all_)

    common = {key for key, found in count.items() if len(key) == 1 and len(found) > 1}
    scores: dict[Key, float] = {}
    for key, found in count.items():
        parts = [(word,) for word in key if (word,) in count]
        # A phrase of one passage may name the theme if some word of it is said in others too.
        if len(found) < 2 and common and common.isdisjoint(parts):
            continue
        phrase = words.written(found)
        proper = words.proper(phrase)
        if proper > 1:  # two capitalised words in a row are a person more often than not
            continue
        score = (value(key) + sum(map(value, parts)) / len(parts)) * LENGTHS[len(key)]
        if len(key) > 1 and len(found) < 2:
            score *= ONCE
        if len(key) == 1 and phrase.endswith(("ed", "ing")):
            score *= PARTICIPLE
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
