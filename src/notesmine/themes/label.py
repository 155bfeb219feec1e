"""Names for themes: a short phrase of its own passages, verbatim but for case.

Candidates come from ``phrasing.py``. A candidate is worth what its words and the whole of it tell
of the theme: how many of its passages say them (confirmed ones count fully), how few passages of
other themes do, and how few that report no hindrance (c-TF-IDF by passage instead of by mention:
Grootendorst 2022, arXiv:2203.05794). Phrases that state a hindrance go before bare subjects, and,
where an encoder is given, those near the theme's centroid before others.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from notesmine.themes.phrasing import EMPTY, PALE, Phrase, phrases_of
from notesmine.themes.words import FURNITURE, NoteTokens, Token

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

#: Candidates of a theme that are encoded; more changed no label on the corpora tried.
ENCODED = 24
#: Passages of a theme that are read for its name, and of the rest that are counted: the first by
#: content hash, a random sample.
READ, COUNTED = 400, 3000
#: Weight of a passage that is not confirmed to be an impediment, and the number of different
#: confirmed ones from which the name comes out of these alone.
DOUBTED, TRUSTED = 0.3, 3
#: Weight of a phrase by its number of words: one word is a subject ("data"), two to five say what
#: about it.
LENGTHS = (0.0, 0.55, 1.0, 1.1, 1.1, 1.0, 0.85)
#: Weight of a phrase that states a hindrance.
HINDERS = 1.8
#: Weight of a phrase that only one of the passages says, and of one that goes on behind its end.
ONCE, CUT = 0.85, 0.8
#: Weight of one that may be an order or a report of work done.
DEED = 0.6
#: Weight of a candidate that holds a word never seen in lower case: a product or a person.
PROPER = 0.7
#: Weight of a pale word ("issue", "waiting") in a phrase, against one that tells what it is about.
FAINT = 0.4

Key = tuple[str, ...]


@dataclass
class _Theme:
    """What a theme's passages say: weights by passage, words and phrases by passage."""

    weights: list[float]
    words: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    phrases: dict[Key, dict[int, Phrase]] = field(default_factory=lambda: defaultdict(dict))
    texts: list[str] = field(default_factory=list)

    def share(self, rows: set[int] | Mapping[int, Phrase]) -> float:
        """Return the weighted share of the passages that say something."""
        return sum(self.weights[row] for row in sorted(rows)) / max(sum(self.weights), 1e-12)


def label_themes(
    texts_by_theme: Sequence[Sequence[str]],
    centroids: NDArray[np.float32],
    encode: Encode | None = None,
    *,
    names: Sequence[str] = (),
    taken: Sequence[str] = (),
    tokens: NoteTokens | None = None,
    confirmed: Sequence[Sequence[bool]] | None = None,
    background: Sequence[str] = (),
) -> list[str]:
    """Name each theme by a phrase of one to six words found in its passages.

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
    confirmed : sequence of sequences of bool, optional
        Which passages are confirmed to report a hindrance; by default all are.
    background : sequence of str
        Passages that report none (progress, plans): what they say as often names nothing.

    Returns
    -------
    list of str
        Distinct, in sentence case. Empty for a theme whose passages hold no usable word.

    Examples
    --------
    >>> label_themes([["No data sharing agreement yet.", "Data sharing agreement is unsigned."],
    ...               ["The pilot model has no owner.", "Who is the pilot model for?"]],
    ...              np.zeros((2, 4), dtype=np.float32))
    ['No data sharing agreement', 'Pilot model']
    """
    tokens = tokens or NoteTokens(names)
    told = confirmed or [[True] * len(texts) for texts in texts_by_theme]
    themes = [_said(t, c, tokens) for t, c in zip(texts_by_theme, told, strict=True)]
    forms = _Forms(tokens, [*(theme.texts for theme in themes)])
    rest = sorted(set(background), key=_hash)[:COUNTED]
    elsewhere = _shares(tokens, rest)
    total = sum(sum(theme.weights) for theme in themes)
    everywhere: dict[str, float] = defaultdict(float)
    for theme in themes:
        for word in sorted(theme.words):
            everywhere[word] += theme.share(theme.words[word]) * sum(theme.weights) / total
    written = []
    for theme in themes:
        scores = _scores(theme, everywhere, elsewhere, forms)
        best = sorted(scores, key=lambda key: (-scores[key], key))[:ENCODED]
        written.append([(scores[key], key, forms.written(theme, key)) for key in best])
    if encode is not None:
        written = _closest(written, centroids, encode)
    return _choose(written, texts_by_theme, tokens, taken)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _said(texts: Sequence[str], confirmed: Sequence[bool], tokens: NoteTokens) -> _Theme:
    """Read a theme's different passages, the confirmed ones first."""
    trusted = {text for text, sure in zip(texts, confirmed, strict=True) if sure}
    order = sorted(set(texts), key=lambda text: (text not in trusted, _hash(text)))[:READ]
    theme = _Theme([1.0 if text in trusted else DOUBTED for text in order], texts=order)
    for row, text in enumerate(order):
        found = tokens(text)
        for word in _lemmas(found):
            theme.words[word].add(row)
        if text not in trusted and len(trusted) >= TRUSTED:
            continue
        for phrase in phrases_of(text, found):
            theme.phrases[tuple(sorted(phrase.lemmas))].setdefault(row, phrase)
    return theme


def _lemmas(tokens: Sequence[Token]) -> set[str]:
    return {token.lemma for token in tokens if token.kind in ("word", "stop")}


def _shares(tokens: NoteTokens, texts: Sequence[str]) -> dict[str, float]:
    """Return the share of texts that say each word."""
    count = Counter(word for text in texts for word in _lemmas(tokens(text)))
    return {word: number / len(texts) for word, number in count.items()}


def _scores(
    theme: _Theme,
    everywhere: Mapping[str, float],
    elsewhere: Mapping[str, float],
    forms: _Forms,
) -> dict[Key, float]:
    """Return what each candidate phrase is worth as a name."""

    def value(word: str) -> float:
        own = theme.share(theme.words.get(word, set()))
        common = (everywhere.get(word, 0.0) + elsewhere.get(word, 0.0)) / 2 + 0.002
        return math.sqrt(own) * max(0.0, math.log(own / common)) if own else 0.0

    worth = {word: value(word) for word in theme.words}
    scores: dict[Key, float] = {}
    for key, found in theme.phrases.items():
        phrase = forms.phrase(theme, key)
        proper = forms.proper(theme.texts[min(found)][phrase.start : phrase.end])
        if proper > 1:  # two capitalised words in a row are a person more often than not
            continue
        parts = [worth.get(w, 0.0) * (FAINT if w in PALE else 1.0) for w in key]
        score = sum(parts) / math.sqrt(len(parts)) + math.sqrt(theme.share(found))
        score *= LENGTHS[min(phrase.words, len(LENGTHS) - 1)]
        score *= HINDERS if phrase.form == "hindrance" else 1.0
        score *= (ONCE if len(found) < 2 else 1.0) * (1.0 if phrase.whole else CUT)
        score *= DEED if phrase.deed else 1.0
        scores[key] = round(score * (PROPER if proper else 1.0), 9)
    return scores


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
    """Yield single words of a theme: those of content, then others, last praise and furniture."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for token in tokens(text):
            word = text[token.start : token.end].lower()
            if token.kind in ("word", "stop") and word.isalpha():
                empty = bool({word, token.lemma} & (EMPTY | FURNITURE))
                found[2 * empty + (token.kind == "stop")][word] += 1
    for _, counted in sorted(found.items()):
        yield from sorted(counted, key=lambda w: (-counted[w], w))


class _Forms:
    """How words are written: in lower case where they ever are, but for what is mostly capitals."""

    def __init__(self, tokens: NoteTokens, texts_by_theme: Sequence[Sequence[str]]) -> None:
        small: Counter[str] = Counter()
        large: Counter[str] = Counter()
        for texts in texts_by_theme:
            for text in texts:
                for token in tokens(text):
                    word = text[token.start : token.end]
                    if word.islower():
                        small[word] += 1
                    elif word[1:] != word[1:].lower():  # "CI", "iOS", "GitHub"
                        large[word.lower()] += 1
        self.lower = set(small)
        self.mostly_lower = {word for word, count in small.items() if count > large[word]}

    def proper(self, phrase: str) -> int:
        """Return how many words of a phrase are capitalised wherever they occur."""
        return sum(
            word[:1].isupper() and word.lower() not in self.lower and not word.isupper()
            for word in phrase.replace("-", " ").split()
        )

    def phrase(self, theme: _Theme, key: Key) -> Phrase:
        """Return the phrase that stands for all of one key: hindrances first."""
        return self._best(theme, key)[1]

    def written(self, theme: _Theme, key: Key) -> str:
        """Return its spelling, in lower case but for words that are never so written."""
        return self._best(theme, key)[0]

    def _best(self, theme: _Theme, key: Key) -> tuple[str, Phrase]:
        found = theme.phrases[key]
        spelled = {
            row: self._lowered(theme.texts[row][phrase.start : phrase.end])
            for row, phrase in found.items()
        }
        count = Counter(spelled.values())
        row = min(
            found,
            key=lambda row: (
                found[row].form == "noun",
                not found[row].whole,
                -count[spelled[row]],
                spelled[row],
                row,
            ),
        )
        return spelled[row], found[row]

    def _lowered(self, phrase: str) -> str:
        words = phrase.split(" ")
        return " ".join(w.lower() if w.lower() in self.mostly_lower else w for w in words)


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
