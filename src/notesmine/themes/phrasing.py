"""Phrases of a passage that read as a name: found by patterns over classes of words.

There is no trained tagger: a word's possible classes come from the word lists of
spacy-lookups-data (WordNet's), closed classes from short lists here, and doubt ("test", "review")
is settled by the word before. A phrase is taken whole: it begins and ends where its noun group,
its predicate or its object does. What hinders ("no X", "X is missing", "waiting for X") is marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from notesmine.themes.words import FURNITURE, Token

#: Characters and words in a name.
WIDEST, LONGEST = 60, 6

Form = Literal["noun", "hindrance"]


class Phrase(NamedTuple):
    """A phrase: its place in the text, lemmas of its content words, whether it says a hindrance."""

    start: int
    end: int
    lemmas: tuple[str, ...]
    form: Form
    #: Number of words as written, and whether nothing that belongs to the phrase follows.
    words: int
    whole: bool
    #: Whether it may be an order or a report of work done: "fix the build", "added tests".
    deed: bool


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_DETERMINERS = _set(
    "the a an any enough sufficient many much more most few fewer little less other another all "
    "each every both some such only proper clear one two three four five six seven eight nine ten"
)
#: These point to something said before: no name begins or goes on with them.
_POINTERS = _set(
    "this that these those my our your their his her its which what who whom whose where when why "
    "how same whatever here there"
)
_PRONOUNS = _set(
    "i we you they he she it us them me him one someone somebody anyone anybody everyone everybody "
    "people folks myself yourself itself himself herself ourselves themselves"
)
_NOBODY = _set("nobody nothing none neither")
_AUXILIARIES = _set(
    "is are was were be been being am 's 're has have had do does did will would ca can could may "
    "might must shall should wo isnt arent wasnt doesnt dont didnt cant wont remains remain "
    "remained stays seems became becomes gets got getting keeps kept"
)
_MODALS = _set("will would can could may might must shall should do does did to ca wo cannot")
_NOT = _set("not n't n’t never cannot cant dont doesnt didnt isnt wasnt wont hardly barely")
_NO = _set("no without zero insufficient")
_PREPOSITIONS = _set(
    "of for to with in on at from by about into over under between due across against behind "
    "within among upon onto through during towards toward along like"
)
_LINKS = _set(
    "and or but so because since while if though although unless until as than then that plus etc "
    "whether however also via per after before when vs versus even just maybe"
)
_PARTICLES = _set("up out off back ahead together forward around away there")
#: Never the head of a name, though the lists have them as nouns too.
_WEAK_VERBS = _set(
    "take takes get go goes come comes make makes look looks think thinks say says use uses try "
    "tries see sees said told saw want wants let lets put puts give gives know knows seem seems "
    "add adds"
)
_DEGREES = _set("too very so quite still yet always often really currently already again rather")

#: Words that say by themselves that something hinders; lemmas or forms. General English.
_HINDERING = _set(
    # nouns
    "lack shortage delay blocker failure bug error conflict gap backlog outage crash leak risk "
    "uncertainty confusion complexity bottleneck limitation overload debt turnover resistance "
    "mismatch regression timeout loss absence barrier dispute complaint overhead deadlock "
    "constraint difficulty obstacle impediment hurdle dependency downtime vacancy flake burden "
    "inconsistency discrepancy disagreement misunderstanding breakage slowness shortfall "
    "duplication bureaucracy distraction interruption churn staleness concern problem trouble "
    # adjectives and participles
    "missing slow difficult unclear late unavailable broken flaky outdated incomplete inconsistent "
    "insufficient unstable unreliable expensive complicated confusing stuck impossible unable "
    "limited stale unknown unsigned unresolved wrong poor weak low overdue scarce costly painful "
    "tricky hacky brittle fragmented blocked failing failed delayed postponed leaking blocking "
    "overloaded understaffed undocumented untested unmaintained outstanding deprecated inaccurate "
    "misleading obsolete unowned unfunded unmet unused corrupt corrupted lost dead dying "
    "frustrating problematic hard harder slower cumbersome ambiguous vague hesitant reluctant "
    "invalid insecure inaccessible incompatible unsupported unanswered unassigned absent sick "
    # verbs
    "fail break block delay miss crash hang stall postpone struggle prevent hinder disappear wait "
    "suffer overflow hamper impede lag waste degrade contradict"
)
#: Hindering predicates that want no object: "tests fail", "builds break".
_FAILING = _set(
    "fail fails failed failing break breaks broke broken crash crashes crashed hang hangs hung "
    "stall stalls stalled disappear disappears disappeared disappearing slip slips slipped leak "
    "leaks leaked leaking missing blocked stuck delayed postponed late slow unclear lacking "
    "overdue pending unavailable outdated incomplete unresolved unsigned unknown flaky down lost"
)
#: They need what comes after "to": "hard to test", "unable to sign".
_HARD = _set(
    "hard harder difficult unable impossible tricky painful expensive slow unclear costly easy "
    "tedious confusing reluctant"
)
#: They need what comes after a preposition: "waiting for legal", "blocked by the vendor".
_WAITING = _set(
    "waiting wait waits waited blocked stuck delayed pending dependent depends depending depend "
    "missing lacking lack lacks awaiting needs held struggling struggle distracted limited busy"
)
_AFTER_WAITING = _set("for on by from in with to of due")
#: Words that say nothing of what hinders, whatever notes they stand in: praise, filler, furniture.
EMPTY = _set(
    "significant good great nice fine easily nicely perfectly hopefully basically "
    "obviously exact exactly certain sort kind case point part side number term sense idea thing "
    "stuff bit lot couple bunch rest way place fact deal example everything anything something "
    "item happy excited success successful excellent awesome amazing cool interesting potential "
    "various different general specific overall particular main major minor big small whole "
    "possible available able sure likely fully mostly probably recently previously main "
    "relate related regard regarding continue continuing continued move moving begin beginning end "
    "topic discussion question answer comment mention mentioned discuss discussed"
)
#: When, not what: no name ends with them, but for "no time".
_WHEN = _set(
    "time week weeks month months year years day days today tomorrow yesterday now moment meantime "
    "quarter quarters sprint sprints morning afternoon hour hours minute minutes while"
)
_HAD = _set("no enough much little without sufficient insufficient limited less more of")
#: What there can be none of: "no time", "not enough people".
SCARCE = _set("time people team work day week money progress")
#: May be part of a name, but does not say what it is about.
PALE = EMPTY | _set(
    "problem issue blocker concern trouble time day week month today difficulty impediment "
    "obstacle risk team people work project block wait fail break need hard slow missing lack "
    "unclear stuck delay late unable difficult broken pending not no busy failure bug error "
    "folk person group thing progress limited wrong poor low impossible"
)


class _Classes(NamedTuple):
    nouns: frozenset[str]
    verbs: frozenset[str]
    adjectives: frozenset[str]
    adverbs: frozenset[str]


@lru_cache(maxsize=1)
def _classes() -> _Classes:
    from spacy.lookups import load_lookups

    table = load_lookups("en", ["lemma_index"]).get_table("lemma_index")
    noun, verb, adjective, adverb = (frozenset(table[k]) for k in ("noun", "verb", "adj", "adv"))
    return _Classes(noun, verb, adjective, adverb)


#: One character for each class of word: N noun, J adjective, B either, V verb, G -ing,
#: D participle, R adverb or degree, P preposition, T determiner, X auxiliary, Z not, O no,
#: Y nobody, A person, C link, W pointer, "-" hyphen, "." break. By role: H fails, K waits,
#: E is hard.
_NOUNS = "(?:[JBGDN]-?){0,3}[NB]"
_GROUP = f"{_NOUNS}(?:PT?{_NOUNS})?"
_NOUN = re.compile(_GROUP)
_HINDRANCE = re.compile(
    "|".join(
        (
            f"O[TR]{{0,2}}{_GROUP}",  # no access to data
            f"ZT{_GROUP}",  # not enough time
            f"RT{_GROUP}",  # too many requests
            f"{_GROUP}X?R{{0,2}}ZR{{0,2}}[JDVGB]",  # contract is not yet signed
            f"{_GROUP}XZR?VP?T?{_NOUNS}",  # vendor does not deliver data
            f"{_GROUP}X?R{{0,2}}H",  # tests are still flaky
            f"{_GROUP}XR{{1,2}}[JDB]",  # process is too slow
            f"KP?T?{_GROUP}",  # waiting for the review
            f"X?R?EPV(?:P?T?{_GROUP})?",  # hard to test the upload
            f"XZV(?:P?T?{_GROUP})?",  # cannot load data
            f"XZXT?{_GROUP}",  # did not have enough time
            f"YX?VP?T?{_GROUP}",  # nobody owns the model
            "YX{0,2}[VD]",  # nobody has been named
        )
    )
)


@lru_cache(maxsize=100_000)
def _form(line: str) -> Form | None:
    if _HINDRANCE.fullmatch(line):
        return "hindrance"
    return "noun" if _NOUN.fullmatch(line) else None


def _tag(token: Token, lower: str, before: str) -> str:
    """Return the class of a word; ``before`` is the class of the word before it."""
    for tag, words in (
        ("Z", _NOT), ("O", _NO), ("Y", _NOBODY), ("W", _POINTERS), ("A", _PRONOUNS),
        ("X", _AUXILIARIES), ("T", _DETERMINERS), ("P", _PREPOSITIONS), ("C", _LINKS),
        ("R", _DEGREES), ("R", _PARTICLES),
    ):  # fmt: skip
        if lower in words:
            return tag
    known, lemma = _classes(), token.lemma
    noun = (lower in known.nouns or lemma in known.nouns) and lower not in _WEAK_VERBS
    verb = lower in known.verbs or lemma in known.verbs
    adjective, adverb = lower in known.adjectives, lower in known.adverbs
    if not (noun or verb or adjective or adverb):
        # Not in the lists: a technical noun, but for regular forms of verbs and adverbs.
        return "R" if lower.endswith("ly") else "D" if lower.endswith("ed") else "N"
    if verb and (before == "A" or (before in {"M", "Y"} and not adjective)):
        return "V"
    if lower.endswith("ing") and verb:
        return "N" if noun and before in {"T", "O", "J", "N", "P"} else "G"
    if lower.endswith(("ed", "en")) and verb and lower not in known.nouns:
        return "D"
    if adverb and not noun and not (adjective and not lower.endswith("ly")):
        return "R"
    if noun and adjective:
        return "B"
    if noun:
        return "N"
    if adjective:
        return "J"
    return "N" if before in set("TOJBP") else "V"  # "the upload"


def phrases_of(text: str, tokens: Sequence[Token]) -> Iterator[Phrase]:
    """Yield every phrase of a passage that could name what hinders, the parts of longer ones too.

    Parameters
    ----------
    text : str
    tokens : sequence of Token
        As ``words.NoteTokens`` gives them.

    Examples
    --------
    >>> from notesmine.themes.words import NoteTokens
    >>> text = "We are still waiting for the data, the upload is broken."
    >>> [text[p.start:p.end] for p in phrases_of(text, NoteTokens()(text)) if p.form != "noun"]
    ['waiting for the data', 'upload is broken']
    """
    lower = [text[t.start : t.end].lower() for t in tokens]
    tags = _tags(text, tokens, lower)
    for first, tag in enumerate(tags):
        if tag in ".-PCWAT" or (tag in "RZ" and not _may_begin(tags, lower, first)):
            continue
        before = tags[first - 1] if first else "."
        if before in "NBJGDZO-" or (before == "R" and tag in "JB" and lower[first - 1] in _DEGREES):
            continue
        for last in range(first + 1, min(first + LONGEST + 2, len(tags)) + 1):
            if tags[last - 1] == ".":
                break
            if not _ends(tags, lower, last):
                continue
            form = _read(tags[first:last], lower[first:last])
            start, end = tokens[first].start, tokens[last - 1].end
            words = len(text[start:end].split())
            if form is None or end - start > WIDEST or words > LONGEST:
                continue
            inside = tags[:first].rstrip("T")[-1:] == "P"
            if form == "hindrance" and inside and tag in "NBJGD":
                continue  # "tests in [CI are flaky]": its subject begins before
            lemmas = tuple(
                tokens[i].lemma
                for i in range(first, last)
                if tags[i] not in "PTXZOC-" and lower[i] not in _DEGREES
            )
            negated = not {"O", "Z"}.isdisjoint(tags[first:last])
            if _says_something(lemmas, lower[first:last], negated=negated):
                deed = before in ".C" and _is_deed(tag, lower[first], tokens[first].lemma)
                hinders = form == "hindrance" or (
                    not deed and not _HINDERING.isdisjoint({*lemmas, *lower[first:last]})
                )
                whole = tags[last : last + 1] != "P"
                yield Phrase(
                    start, end, lemmas, "hindrance" if hinders else "noun", words, whole, deed
                )


def _is_deed(tag: str, lower: str, lemma: str) -> bool:
    """Say whether the first word of a sentence may be what somebody did or should do."""
    if lower in _HINDERING or lemma in _HINDERING or lower in _WAITING:
        return False
    return tag in "DGV" or (tag == "N" and lower == lemma and lemma in _classes().verbs)


def _tags(text: str, tokens: Sequence[Token], lower: Sequence[str]) -> str:
    tags = ""
    for number, (token, word) in enumerate(zip(tokens, lower, strict=True)):
        gap = text[tokens[number - 1].end : token.start] if number else ""
        if (token.kind == "break" and word not in _NOT) or gap not in {"", " "}:
            tags += "."
        elif word == "-":
            tags += "-"
        else:
            before = tags[-1:] or "."
            if number and (lower[number - 1] in _MODALS or tags[-2:] in {"XZ", "XR"}):
                before = "M"
            tags += _tag(token, word, before)
    return tags


def _may_begin(tags: str, lower: Sequence[str], first: int) -> bool:
    """Say whether an adverb may begin a name: "too many", "not enough", "very hard to"."""
    after = lower[first + 1 : first + 2]
    if after and after[0] in _HARD:
        return True
    return tags[first + 1 : first + 2] == "T" and (tags[first] == "Z" or lower[first] == "too")


def _ends(tags: str, lower: Sequence[str], last: int) -> bool:
    """Say whether a phrase may end before token ``last``: nothing that belongs to it follows."""
    after, own = tags[last : last + 1] or ".", tags[last - 1]
    if after in "NB-" or own in "PTXCWRZOA-":
        return False
    if lower[last - 1] in _WHEN and (last < 2 or lower[last - 2] not in _HAD):
        return False
    if own == "V" or lower[last - 1] in _HARD or lower[last - 1] in _WAITING:
        return after in ".C"
    return not (own in "JDG" and after in "JDG")


def _read(line: str, lower: Sequence[str]) -> Form | None:
    """Return the form of a run of words, by classes or by the roles of its first and last."""
    found = _form(line)
    if found == "hindrance":
        return found
    roles = []
    if lower[-1] in _FAILING and len(line) > 1:
        roles.append(line[:-1] + "H")
    if lower[0] in _WAITING and len(line) > 1 and (line[1] != "P" or lower[1] in _AFTER_WAITING):
        roles.append("K" + line[1:])
    hard = next((i for i, word in enumerate(lower[:3]) if word in _HARD), None)
    if hard is not None and lower[hard + 1 : hard + 2] == ["to"]:
        roles.append(line[:hard] + "E" + line[hard + 1 :])
    return "hindrance" if any(_form(r) == "hindrance" for r in roles) else found


def _says_something(lemmas: Sequence[str], lower: Sequence[str], *, negated: bool) -> bool:
    """Say whether some word tells what it is about, and none is praise or furniture."""
    if len(set(lemmas)) < len(lemmas) or not EMPTY.isdisjoint({*lemmas, *lower}):
        return False
    pale = PALE - SCARCE if negated else PALE
    return any(lemma not in pale and lemma not in FURNITURE for lemma in lemmas)
