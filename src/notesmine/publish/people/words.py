"""Words as names are compared: folded, and told apart from ordinary words.

A name may be an ordinary word too (Will, Mark, May, Grant). A list of English words and the notes
themselves say which: a word that the notes write in lower case is one, a word that they always
write with a capital is a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

#: Characters without a width or that turn the direction: they can hide a name from a search.
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_LETTER = rf"(?:[^\W_]|[\u0300-\u036f{_INVISIBLE}])"
#: A word: letters and digits, with combining marks and what hides among them.
WORD = re.compile(rf"[^\W_]{_LETTER}*")
_DROP = re.compile(rf"[\u0300-\u036f{_INVISIBLE}]")
CALENDAR = frozenset(
    "january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday".split()
)
#: Words of notes that stand in lists of people and in front of colons, and are nobody.
NOBODY = frozenset(
    "all none nobody everyone everybody others other guest guests team staff chair host lead tbd "
    "na note notes minutes scribe present absent apologies regrets unknown various n/a anon "
    "anonymous admin name names add your here channel everywhere".split()
)
#: Words in names of offices: who has one of them in the name is no person.
OFFICE = frozenset(
    "office offices statistics statistical bureau agency ministry department institute university "
    "foundation council committee team group unit section division directorate lab laboratory bank "
    "commission association company inc ltd gmbh llc project programme program working service "
    "services centre center network society union authority board".split()
)
#: Initials that notes use for things: they need more than standing there to be someone.
ABBREVIATIONS = frozenset(
    "ai api ui ux pr prs qa it us eu un ml ci cd id ok pm tv hr os vm db ip js css html pdf url "
    "sql etl kpi faq ps nb ie eg tbd tba eod asap fyi wg sig cpc sla sdk cli rfc ceo cto cio nlp "
    "llm gpu cpu ram aws gcp re dm cc st vs".split()
)
#: Given names that are words too: alone in a list of those present they are people, other words
#: are not.
GIVEN = frozenset(
    "will mark may grant rob robin art hope rich bill pat sue drew chase frank jack joe rose dawn "
    "faith grace joy april june august summer iris lily violet ruby pearl jade amber ivy heather "
    "hazel olive daisy basil clay cliff dale dean duke earl gene glen guy hank harry hunter josh "
    "lance lee lex max mason miles nick norm pierce ray reed rusty skip stew sunny ted tanner "
    "terry tony trip victor wade ward web don penny peg patsy gill gay carol christian angel "
    "crystal eve ginger melody mercy misty paige randy sandy star tiffany trinity viola ken bob "
    "jim tom dick mike jimmy peter jean marina martin baker bishop carter cooper kit jay robbie "
    "molly polly dolly holly billy willy johnny teddy bobby betty kitty nelly nancy jenny jerry "
    "larry barry garry gary barney bernard roger roman rex ross roland rod roy spencer sterling "
    "sonny sally sheila ralph percy otto oscar moll mick micky louis lister leo laurel jude jill "
    "jess jasper jacob ira hilary hugh howard gus gloria ginny george frances florence flora "
    "erica ed duncan douglas dot dolores dennis della cyril constance colin chuck chester "
    "charlotte bud bruce brook brad blanche bert benny ben anna annie alec abbot abby marshall "
    "merry minnie matt manuel lou john james jackie".split()
)
#: Beside an ordinary list a word counts as a name when the notes write it so nearly always.
ENOUGH = 4  # capitals within sentences
SELDOM = 0.05  # share of lower case


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    r"""Return a word as it is compared: no case, accents or invisible characters.

    Examples
    --------
    >>> fold("Gascón"), fold("GASCO\u0301N"), fold("Ga\u200bscon")
    ('gascon', 'gascon', 'gascon')
    """
    return _DROP.sub("", unicodedata.normalize("NFKD", text)).casefold()


def split(text: str) -> tuple[str, ...]:
    """Return the folded words of a name.

    Examples
    --------
    >>> split("Kylie Wagar-Dirks")
    ('kylie', 'wagar', 'dirks')
    """
    return tuple(fold(m[0]) for m in WORD.finditer(text))


@lru_cache(maxsize=1)
def english() -> frozenset[str]:
    """Return English words in lower case (spacy-lookups-data); empty where they are missing."""
    from spacy.lookups import load_lookups

    try:
        table = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
    except ValueError:
        return frozenset()
    strings = {str(value).lower() for value in table.values()}
    return frozenset(strings | _lemma_keys())


def _lemma_keys() -> set[str]:
    """Return the inflected forms; spaCy's table keeps only hashes of them, the file has them."""
    import gzip
    import json
    from importlib import resources

    try:
        packed = resources.files("spacy_lookups_data").joinpath("data/en_lemma_lookup.json.gz")
        return {key.lower() for key in json.loads(gzip.decompress(packed.read_bytes()))}
    except (OSError, ModuleNotFoundError, ValueError):
        return set()


class Usage:
    """How the notes write their words: in lower case, or with a capital within a sentence.

    Parameters
    ----------
    texts : iterable of str
        The texts of all documents.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.lower: Counter[str] = Counter()
        self.capital: Counter[str] = Counter()
        inside = re.compile(r"(?<=[a-z,] )[A-Z][^\W\d_]+")
        small = re.compile(r"(?<![\w@/.#-])[a-zß-ÿ][^\W\d_]+(?![\w@/-])")
        for text in texts:
            self.lower.update(small.findall(text))
            self.capital.update(m.lower() for m in inside.findall(text))

    def ordinary(self, word: str) -> bool:
        """Tell whether a folded word is one of the language, not only a name.

        Examples
        --------
        >>> use = Usage(["We thank Joe, said Ann, and Joe, and Joe, and Joe. It will rain."])
        >>> use.ordinary("joe"), use.ordinary("will")
        (False, True)
        """
        if word in CALENDAR or word in NOBODY:
            return True
        low, high = self.lower[word], self.capital[word]
        if word in GIVEN and not low:
            return False
        if high >= ENOUGH and low <= SELDOM * high:
            return False
        return word in english() or (low >= 3 and low > high)
