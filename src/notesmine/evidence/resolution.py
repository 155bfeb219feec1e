"""Whether a later passage speaks of the same matter as an earlier one, and says that it is over.

Two signs are added: the cosine of the vectors, and the rare words both use (weighted by how few
passages hold them). A date that the later passage names ("since January", "our first meeting")
counts for the mention of that time. Pure functions over `Assigned`; English words only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.evidence.assigned import Assigned, date_of, month_of
from notesmine.records import Document

#: Weight of shared rare words beside the cosine; both lie in 0..1, and the former are sparser.
WORDS_WEIGHT = 1.5
#: For each theme in common, two at most: a code and a discovered theme.
SAME_THEME, MOST_THEMES = 0.15, 2
NAMED_TIME = 0.25
#: Passages compared with all others at once: their cosines are held in memory.
BLOCK = 256
#: More than sums of arrays and exact sums can differ by, rounding to six digits included.
SLACK = 1e-4
FUNCTION_WORDS = frozenset(
    "a about after again all also an and any are as at be because been before between both but by "
    "can could did do does done down each for from had has have he her his how i if in into is it "
    "its just may more most no nor not now of on one only or other our out over own she since so "
    "some still than that the their them then there they this three to too two until up us very "
    "was we were what when where which who whom whose will with would yet you your".split()
)
ENDINGS = (
    *("ations", "ation", "ingly", "ings", "ing", "edly", "ied", "ies"),
    *("ers", "ed", "es", "er", "ly", "s"),
)
SHORTEST_STEM = 4
#: Words that say that something which stood in the way has come to its end.
_ENDED = re.compile(
    r"\b(?:"
    r"(?:is|are|was|were|been|has|have|got|now|thus|finally|since|largely|all)\s+(?:\w+\s+){0,3}?"
    r"(?:over|gone|settled|solved|resolved|fixed|cleared|lifted|removed|filled|overcome|unblocked|"
    r"history|repaired|restored|eliminated|stopped)"
    r"|sorted out|behind us|out of the way|off the table"
    # "We know the job and no longer the region" is a loss: it must be a hindrance that is no more.
    r"|no longer (?:an? |the )?(?:\w+ )?(?:concern|block|affect|hinder|fail|break|hold|stand|"
    r"problem|issue|obstacle|need|necessary|required|missing|stuck|down|waiting)\w*"
    r"|(?:was|were|had been) (?:\w+ ){0,2}?(?:unclear|missing|open|blocked|broken|lacking)"
    r"\b[^.]{0,60}\buntil"
    r"|(?:has|have) (?:now )?(?:been )?(?:agreed|moved|granted|approved|arrived)"
    r"|(?:has|had|have) been no (?:\w+ ){0,2}?(?:failure|problem|outage|complaint|error|delay)s?"
    r"|(?:took|waited|needed)\b[^.]{0,60}\bnow"
    r"|now (?:installs|works|runs|possible)|works? again|handed back"
    r"|after all|we are back at|came to an end|put an end to"
    r")\b",
    re.IGNORECASE,
)
_NOT_ENDED = re.compile(
    r"\b(?:not|never|nobody|hardly|until|once|if|unless|whether|hope|should)\b[^.;:]{0,40}$",
    re.IGNORECASE,
)
MONTHS = {
    name: n + 1
    for n, name in enumerate(
        "january february march april may june july august september october november december"
        .split()
    )
}  # fmt: skip
# The months are capitalised: "may" is a verb.
_MONTH = "(" + "|".join(m.capitalize() for m in MONTHS) + r")\b"
_NAMED_MONTH = re.compile(r"\b(?:in|since|of|from|during) " + _MONTH)
_ANY_MONTH = re.compile(r"\b" + _MONTH)
_FIRST_MEETING = re.compile(
    r"\b(?:our|the) (?:very )?first (?:meeting|sprint|note|call)\b", re.IGNORECASE
)


def says_ended(text: str) -> bool:
    """Whether words say outright that a hindrance has ended.

    Examples
    --------
    >>> says_ended("The trouble with the test runner is over."), says_ended("It is over budget.")
    (True, False)
    >>> says_ended("The script now reads the returns directly.")
    False
    >>> says_ended("It is not settled who decides.")
    False
    """
    for found in _ENDED.finditer(text):
        after = text[found.end() : found.end() + 1 + 12]
        # "over budget", "gone back to": a verb or a preposition, no end.
        if found[0].lower().endswith(("over", "gone")) and re.match(r"\s+\w", after):
            continue
        if re.search(r"\bnot\b", found[0]) and "any" not in found[0]:
            continue
        if not _NOT_ENDED.search(text[: found.start()].rpartition(".")[2]):
            return True
    return False


def words_of(text: str) -> frozenset[str]:
    """Return the stems of content words and the numbers of a text.

    Examples
    --------
    >>> sorted(words_of("The tests are failing on every push of the runner"))
    ['every', 'fail', 'push', 'runn', 'test']
    """
    found = re.findall(r"[^\W\d_]{3,}|\d+", text.casefold())
    return frozenset(_stem(w) for w in found if w not in FUNCTION_WORDS)


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word


class Likeness:
    """How alike two passages of a corpus are in matter.

    Parameters
    ----------
    items : sequence of Assigned
        All of them: what is rare is known from the whole corpus.
    documents : mapping of str to Document
    """

    def __init__(self, items: Sequence[Assigned], documents: Mapping[str, Document]) -> None:
        self.documents = documents
        self.words: dict[str, frozenset[str]] = {}
        for item in items:
            self._words(item)
        held = Counter(w for words in self.words.values() for w in words)
        number = max(1, len(self.words))
        self.weight = {w: math.log((number + 1) / n) for w, n in held.items()}
        self.total = {text: self._sum(words) for text, words in self.words.items()}
        dates = [d for i in items if (d := date_of(i, documents))]
        self.first = min(dates, default=None)

    def _words(self, item: Assigned) -> frozenset[str]:
        text = item.passage.text
        if text not in self.words:
            self.words[text] = words_of(text)
        return self.words[text]

    def _sum(self, words: Iterable[str]) -> float:
        return math.fsum(self.weight[w] for w in words)

    def shared_words(self, one: Assigned, other: Assigned) -> float:
        """Weight of words in common, 0..1, over the geometric mean of the weights of both."""
        size = math.sqrt(self.total[one.passage.text] * self.total[other.passage.text])
        common = self.words[one.passage.text] & self.words[other.passage.text]
        return round(self._sum(common) / size, 6) if size else 0.0

    def same(self, one: Assigned, other: Assigned) -> float:
        """How alike two passages are: 0 for nothing in common, 2.8 for the same words.

        Where one was not embedded, the words stand for the vectors too.
        """
        near = cosine(one, other)
        words = WORDS_WEIGHT * self.shared_words(one, other)
        themes = min(MOST_THEMES, len(shared_themes(one, other)))
        return round((words if near is None else near) + words + SAME_THEME * themes, 6)

    def answers(self, later: Assigned, earlier: Assigned) -> float:
        """How well a later passage answers an earlier one: `same`, and the time that it names."""
        named = self.named_time(later, earlier)
        return round(self.same(later, earlier) + NAMED_TIME * named, 6)

    def named_time(self, later: Assigned, earlier: Assigned) -> bool:
        """Whether the later passage names the time of the earlier one, or a month it speaks of."""
        said, date = later.passage.text, date_of(earlier, self.documents)
        if date is not None and date == self.first and _FIRST_MEETING.search(said):
            return True
        months = set(_NAMED_MONTH.findall(said))
        if not months:
            return False
        month = month_of(date)
        return (
            month is not None and int(month[5:]) in {MONTHS[m.lower()] for m in months}
        ) or bool(months.intersection(_ANY_MONTH.findall(earlier.passage.text)))


class Pool:
    """Passages to be compared with many others, held as arrays, so that few pairs are looked at.

    What it returns is a superset of what is wanted: sums of arrays may differ in their last bits
    from those of `Likeness`, which alone decides.

    Parameters
    ----------
    items : sequence of Assigned
    likeness : Likeness
        Of a corpus that holds them.
    """

    def __init__(self, items: Sequence[Assigned], likeness: Likeness) -> None:
        self.likeness = likeness
        self.number = len(items)
        self.rows = units(items)
        self.bare = ~self.rows.any(axis=1)
        texts = [i.passage.text for i in items]
        total = np.array([likeness.total[t] for t in texts], dtype=np.float64)
        self.size = np.sqrt(np.where(total > 0, total, np.inf))
        holders: dict[str, list[int]] = {}
        for n, text in enumerate(texts):
            for word in likeness.words[text]:
                holders.setdefault(word, []).append(n)
        self.holders = {w: np.array(found) for w, found in holders.items()}

    def answered(self, later: Sequence[Assigned], bar: float) -> Iterator[list[int]]:
        """Yield, for each passage, the places of those that it may answer at the bar or above."""
        most = SAME_THEME * MOST_THEMES + NAMED_TIME + SLACK
        for first in range(0, len(later), BLOCK):
            part = later[first : first + BLOCK]
            near = self._near(part)
            for item, row in zip(part, near, strict=True):
                words = WORDS_WEIGHT * self._shared(item)
                # Without a vector words count twice.
                alone = self.bare if item.vector is not None else np.ones_like(self.bare)
                scores = np.where(alone, words, row) + words + most
                yield np.flatnonzero(scores >= bar).tolist()

    def close(self, item: Assigned, least: float) -> list[int]:
        """Return the places of those whose cosine with a passage may reach the least."""
        return np.flatnonzero(self._near([item])[0] >= least - SLACK).tolist()

    def _near(self, items: Sequence[Assigned]) -> NDArray[np.float64]:
        """Cosines, shape (items, pool); 0 where one was not embedded."""
        rows = units(items)
        if rows.shape[1] != self.rows.shape[1]:
            return np.zeros((len(items), self.number))
        return np.asarray(rows @ self.rows.T)

    def _shared(self, item: Assigned) -> NDArray[np.float64]:
        """Weight of words in common with each of the pool, shape (pool,)."""
        found = np.zeros(self.number)
        for word in sorted(self.likeness.words[item.passage.text]):
            if word in self.holders:
                found[self.holders[word]] += self.likeness.weight[word]
        total = self.likeness.total[item.passage.text]
        return np.asarray(found / (self.size * math.sqrt(total))) if total else found


def units(items: Sequence[Assigned]) -> NDArray[np.float64]:
    """Return unit vectors, shape (n, d); zeros for what was not embedded."""
    size = next((i.vector.shape[0] for i in items if i.vector is not None), 1)
    rows = np.zeros((len(items), size))
    for n, item in enumerate(items):
        if item.vector is not None:
            rows[n] = item.vector
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0))


def shared_themes(one: Assigned, other: Assigned) -> frozenset[str]:
    """Return the themes that two passages have in common."""
    return frozenset(one.theme_ids) & frozenset(other.theme_ids)


def cosine(first: Assigned, second: Assigned) -> float | None:
    """Cosine rounded to six digits, so that the last bits of a sum decide nothing."""
    if first.vector is None or second.vector is None:
        return None
    one = first.vector.astype(np.float64)
    two = second.vector.astype(np.float64)
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return round(float(one @ two) / size, 6) if size else None
