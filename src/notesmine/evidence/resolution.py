"""Whether a later passage speaks of the same matter as an earlier one.

Two signs are added: the cosine of the vectors, and the rare words both use (weighted by how few
passages hold them). A date that the later passage names ("since January", "our first meeting")
counts for the mention of that time, the number of a ticket for the problem of that ticket, and
years of silence against it. Pure functions over `Assigned`; English words only.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date as day

import numpy as np

from notesmine.evidence.assigned import Assigned, date_of, month_of
from notesmine.evidence.ended import named_months, names_first_meeting, speaks_of, tickets
from notesmine.records import Document

#: Weight of shared rare words beside the cosine; both lie in 0..1, and the former are sparser.
WORDS_WEIGHT = 1.5
#: For each theme in common, two at most: a code and a discovered theme.
SAME_THEME, MOST_THEMES = 0.15, 2
NAMED_TIME = 0.25
#: For a ticket that both name; as much is taken off where both name tickets, and none in common.
SAME_TICKET = 0.5
#: Taken off for each year after the first between two passages, up to the second number.
SILENT_YEAR, MOST_SILENCE = 0.1, 0.4
YEAR = 365.25  # days
FUNCTION_WORDS = frozenset(
    "a about after again all also an and any are as at be because been before between both but by "
    "can could did do does done down each for from had has have he her his how i if in into is it "
    "its just may more most no nor not now of on one only or other our out over own she since so "
    "some still than that the their them then there they this three to too two until up us very "
    "was we were what when where which who whom whose will with would yet you your".split()
)
#: What any problem and any solution may say, whatever it is about, and the months, which count as
#: times.
HOLLOW_WORDS = frozenset(
    "problem problems issue issues trouble question matter resolve resolved resolves solve solved "
    "fixed settled closed ended finished finally still longer yet again thing things progress "
    "update updates news blocked blocker blockers waiting pending status bug bugs "
    "january february march april may june july august september october november december".split()
)
ENDINGS = (
    *("ations", "ation", "ingly", "ings", "ing", "edly", "ied", "ies"),
    *("ers", "ed", "es", "er", "ly", "s"),
)
SHORTEST_STEM = 4
#: A label in front: at most two of them, of that many words and characters.
MOST_LABELS, LABEL_WORDS, LONGEST_LABEL = 2, 4, 48
_LABEL_END = re.compile(r"(?<=[\w)\]]):\s|\s[\u2013\u2014-]\s")
NO_MATTER = FUNCTION_WORDS | HOLLOW_WORDS


def words_of(text: str) -> frozenset[str]:
    """Return the stems of content words and the numbers of a text.

    Examples
    --------
    >>> sorted(words_of("The tests are failing on every push of the runner"))
    ['ever', 'fail', 'push', 'runn', 'test']
    >>> words_of("A diary, its codes and keys") == words_of("Diaries: the code, the key")
    True
    """
    found = re.findall(r"[^\W\d_]{3,}|\d+", text.casefold())
    return frozenset(_stem(w) for w in found if w not in NO_MATTER)


def body_words(text: str) -> frozenset[str]:
    """Return `words_of` what follows a label of a few words: a strand of work, a speaker.

    Examples
    --------
    >>> sorted(body_words("Receipts – SK: the lawyer has sent four pages."))
    ['four', 'lawy', 'page', 'sent']
    """
    for _ in range(MOST_LABELS):
        found = _LABEL_END.search(text, 0, LONGEST_LABEL)
        if not found or len(text[: found.start()].split()) > LABEL_WORDS:
            break
        text = text[found.end() :]
    return words_of(text)


@functools.lru_cache(maxsize=1 << 15)
def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    else:
        # "Keys" and "key", but not "bus" and "bu".
        if word.endswith("s") and not word.endswith("ss") and len(word) == SHORTEST_STEM:
            word = word[:-1]
    # "Diary" and "diaries", "code" and "codes".
    return word[:-1] if len(word) > SHORTEST_STEM and word[-1] in "yie" else word


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
            if item.passage.text not in self.words:
                self.words[item.passage.text] = words_of(item.passage.text)
        held = Counter(w for words in self.words.values() for w in words)
        number = max(1, len(self.words))
        self.weight = {w: math.log((number + 1) / n) for w, n in held.items()}
        self.total = {text: self._sum(words) for text, words in self.words.items()}
        dates = [d for i in items if (d := date_of(i, documents))]
        self.first = min(dates, default=None)

    def _sum(self, words: Iterable[str]) -> float:
        return math.fsum(self.weight[w] for w in words)

    def shared_words(self, one: Assigned, other: Assigned) -> float:
        """Weight of words in common, 0..1, over the geometric mean of the weights of both."""
        size = math.sqrt(self.total[one.passage.text] * self.total[other.passage.text])
        common = self.words[one.passage.text] & self.words[other.passage.text]
        return round(self._sum(common) / size, 6) if size else 0.0

    def same(self, one: Assigned, other: Assigned) -> float:
        """How alike two passages are: 0 for nothing in common, 2.8 for the same words and themes.

        A ticket that both name adds to it; tickets that only one of them names take from it.

        Where one was not embedded, the words stand for the vectors too.
        """
        near = cosine(one, other)
        words = WORDS_WEIGHT * self.shared_words(one, other)
        themes = min(MOST_THEMES, len(shared_themes(one, other)))
        more = SAME_THEME * themes + SAME_TICKET * tickets_in_common(one, other)
        return round((words if near is None else near) + words + more, 6)

    def answers(self, later: Assigned, earlier: Assigned) -> float:
        """How well a later passage answers an earlier one.

        `same`, the time that it names, and the silence between the two.
        """
        named = NAMED_TIME * self.named_time(later, earlier)
        more = named - self._silence(later, earlier)
        return round(self.same(later, earlier) + more, 6)

    def named_time(self, later: Assigned, earlier: Assigned) -> bool:
        """Whether the later passage names the time of the earlier one, or a month it speaks of.

        The month of the later note itself is not that of an earlier problem.
        """
        said, date = later.passage.text, date_of(earlier, self.documents)
        if date is not None and date == self.first and names_first_meeting(said):
            return True
        months = named_months(said)
        if not months:
            return False
        when, now = month_of(date), month_of(date_of(later, self.documents))
        own = {int(now[5:])} if now else set()
        return (when is not None and int(when[5:]) in months - own) or speaks_of(
            said, earlier.passage.text
        )

    def _silence(self, later: Assigned, earlier: Assigned) -> float:
        one, two = date_of(earlier, self.documents), date_of(later, self.documents)
        years = (_days(two) - _days(one)) / YEAR if one and two else 0.0
        return min(MOST_SILENCE, SILENT_YEAR * max(0.0, years - 1.0))


def tickets_in_common(one: Assigned, other: Assigned) -> int:
    """Return 1 if two passages name the same ticket, -1 if each names others, else 0."""
    first, second = tickets(one.passage.text), tickets(other.passage.text)
    if not first or not second:
        return 0
    return 1 if first & second else -1


def _days(date: str) -> int:
    """Return the number of a day; the middle of a year or month where that is all there is."""
    parts = [int(p) for p in date.split("-")[:3] if p.isdigit()]
    year, month, of_month = (*parts, *(1, 6, 15)[len(parts) :])
    try:
        return day(year, month, of_month).toordinal()
    except ValueError:
        return int(year * YEAR)


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
