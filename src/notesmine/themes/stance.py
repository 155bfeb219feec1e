"""The stance a passage takes towards a hindrance: open, anticipated, resolved, negated.

A kind says what a passage is; the stance, from token patterns, keeps worries about the future and
denials from being counted as standing hindrances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from notesmine.records import Kind, Stance
from notesmine.themes.cues import words_of_notes

if TYPE_CHECKING:
    from spacy.matcher import Matcher
    from spacy.tokens import Doc


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PROBLEM = _set(
    "problem issue obstacle blocker impediment hindrance difficulty complaint concern resistance "
    "delay conflict barrier trouble objection overlap outage error bug showstopper worry "
    "question risk shortage backlog"
)
#: Between "not" and the problem: "not been much of an issue", "did not cause any delay".
_BEFORE_PROBLEM = _set(
    "a an any the be see consider as much many of big major real really serious new have cause "
    "meet find encounter report lead to pose expect anymore only just yet but because"
)
_SETTLED = ["settled", "solved", "resolved", "sorted", "fixed", "cleared", "lifted"]
_BE = ["be", "have", "get", "become", "seem"]


def _one_of(attribute: str, words: Iterable[str], op: str = "1") -> dict[str, Any]:
    return {attribute: {"IN": list(words)}, "OP": op}


def _some(op: str) -> dict[str, Any]:
    return {"IS_PUNCT": False, "OP": op}


def _said(words: str) -> list[dict[str, Any]]:
    return [{"NORM": word} for word in words.split()]


#: The hindrance is said not to be there, or not to be there any more.
_NEGATIONS: list[list[dict[str, Any]]] = [
    [
        _one_of("NORM", ["no", "without", "zero"]),
        _some("{0,3}"),
        _one_of("LEMMA", _PROBLEM),
    ],
    [
        _one_of("NORM", ["not", "never", "hardly"]),
        _one_of("LEMMA", _BEFORE_PROBLEM, "{0,4}"),
        _one_of("LEMMA", _PROBLEM),
    ],
    _said("no longer"),
    _said("not any longer"),
    [{"NORM": "not"}, _some("{0,6}"), _one_of("NORM", ["anymore"])],
    [
        {"NORM": "not"},
        _some("{0,6}"),
        {"NORM": "any"},
        {"NORM": "more"},
        {"IS_PUNCT": True},
    ],
    [
        _one_of("LEMMA", _BE),
        _one_of("NORM", ["now", "finally", "all", "been", "largely", "since", "already"], "{0,3}"),
        _one_of("NORM", _SETTLED),
    ],
    [
        {"NORM": "nothing"},
        _one_of("NORM", ["is", "was", "has", "that", "been"], "{0,2}"),
        _one_of("LEMMA", ["block", "stand", "hinder", "prevent", "stop", "delay"]),
    ],
    [
        _one_of("LEMMA", [*_PROBLEM, "block"]),
        _one_of("NORM", [":", "-", "–", "—", "|"]),
        _one_of("NORM", ["none", "nothing", "no", "nil"]),
    ],
    [{"NORM": "free"}, {"NORM": "of"}, _some("{0,2}"), _one_of("LEMMA", _PROBLEM)],
    [*_said("used to"), _one_of("NORM", ["be", "take", "have", "block", "fail", "hinder", "need"])],
    _said("out of the way"),
    _said("off the table"),
]
#: Without one of these no negation is found: most texts need not be parsed.
_SAYS_NO = re.compile(
    r"n['’]?t\b|\b(?:no|not|cannot|without|zero|never|hardly|nothing|none|nil|free|used|out|off|"
    rf"{'|'.join(_SETTLED)})\b",
    re.IGNORECASE,
)
#: Words before a negation that make it a wish, a check or a condition.
_UNREAL = _set(
    "ensure check verify hope whether if unless until so aim goal should must want need avoid"
)

#: What has not happened and may: a worry about the future.
_WORRIES: list[list[dict[str, Any]]] = [
    [{"LEMMA": "risk"}, {"NORM": "of"}, {"NORM": {"NOT_IN": ["poverty"]}}],
    [{"LEMMA": "risk"}, _one_of("NORM", ["that", "is", "being", "here", "to"])],
    [_one_of("NORM", ["a", "some", "real", "big", "high"]), {"NORM": "risk"}],
    [*_said("at risk"), {"NORM": {"NOT_IN": ["of"]}}],
    [_one_of("LEMMA", ["risk", "threat"]), _one_of("NORM", [":", "–", "—", "|"])],
    [_one_of("LEMMA", ["fear", "afraid", "worry", "worried", "anxious", "threaten"])],
    [_one_of("NORM", ["likely", "bound"]), {"NORM": "to"}],
    [{"NORM": "will"}, _one_of("NORM", ["probably", "likely", "soon", "eventually"])],
    [
        {"NORM": "will"},
        _some("{0,2}"),
        _one_of("LEMMA", ["struggle", "break", "lose", "miss", "fail", "suffer", "slip"]),
    ],
    [*_said("will be"), _some("{0,2}"), _one_of("LEMMA", _PROBLEM)],
    _said("will run out"),
    [_one_of("NORM", ["potential", "potentially", "possible", "possibly", "foreseeable"])],
    [{"NORM": "what"}, _one_of("NORM", ["if", "happens"])],
    _said("in danger of"),
    [*_said("end up"), {"LOWER": {"REGEX": "ing$"}}],
]
_MODAL = _set("could might may")
_WILL = _set("will would may might could 'll")
_CONDITION = _set("if unless once when should without")
_CONCERN = _set("concern concerns concerned doubt doubts expect")
#: "do not know if", "ask if": an indirect question, no condition.
_ASKING = _set("know sure clear unclear ask asked see tell decide wonder question check")
#: Before "could": what was not possible, or a purpose; neither is a worry about the future.
_INABILITY = _set(
    "nobody none neither nor hardly barely only until before as than so what who all never one "
    "everything"
)
#: Before a modal: an indirect question or a permission, "unclear who may change it".
_INDIRECT = _set("who whom what which how whether where nobody no")
_NOT = _set("no not without")
#: Inside a negation: "not only a problem", "not yet a problem", "no, but the problem".
_WEAKENED = _set("only just yet but because")
#: Links to a consequence of what has just been stated as a fact.
_CONSEQUENCE = _set("which so and meaning thus hence therefore this that it")
#: "would be easier if we had": a wish that says what is missing today.
_WISH = _set("easier better good nice helpful great useful ideal love like")
#: Participles of "might have lost": about the past. "have to" is about the future.
_DONE = re.compile(r".+ed$|been|lost|gone|done|made|had|taken|seen|become|broken|got|given|left")
#: Words a clause needs to state a fact before its consequence.
_CLAUSE = 4


@cache
def _stance_matcher(name: str) -> tuple[Matcher, frozenset[int]]:
    """Return a matcher and the lemmas and norms without one of which it finds nothing."""
    from spacy.matcher import Matcher

    vocab = words_of_notes().nlp.vocab
    patterns = _WORRIES if name == "worry" else _NEGATIONS
    matcher = Matcher(vocab, validate=False)
    matcher.add(name, patterns)
    return matcher, frozenset(vocab.strings.add(w) for p in patterns for w in _first_words(p))


def _first_words(pattern: list[dict[str, Any]]) -> Iterable[str]:
    (value,) = (pattern[0][key] for key in ("NORM", "LEMMA") if key in pattern[0])
    return [value] if isinstance(value, str) else value["IN"]


def _matches(name: str, doc: Doc) -> list[tuple[int, int]]:
    matcher, needed = _stance_matcher(name)
    if not any(token.norm in needed or token.lemma in needed for token in doc):
        return []
    return [(first, last) for _, first, last in matcher(doc)]


def stance(kind: Kind, text: str) -> Stance:
    """Return the stance a passage takes towards the hindrance it speaks of.

    Parameters
    ----------
    kind : Kind
        What the passage is. An impediment is ``open``, or ``anticipated`` where it is a worry
        about the future; a resolved one is ``resolved``.
    text : str
        Its words. Among the other kinds, a passage that says a hindrance is not there is
        ``negated``; all else is ``none``.

    Returns
    -------
    Stance

    Examples
    --------
    >>> stance("impediment", "We could not get access to the registers.")
    'open'
    >>> stance("impediment", "The contract may end up with the wrong unit.")
    'anticipated'
    >>> stance("status", "Access to the registers is no longer an issue.")
    'negated'
    """
    if kind == "resolved":
        return "resolved"
    if kind == "boilerplate":
        return "none"
    if kind != "impediment" and not _SAYS_NO.search(text):
        return "none"
    doc = words_of_notes().doc(text)
    if kind == "impediment":
        return "anticipated" if _is_worry(doc) else "open"
    negated = any(_is_negation(doc, first, last) for first, last in _matches("negation", doc))
    return "negated" if negated else "none"


_STOPS = frozenset(".!?;\n")


def _sentences(doc: Doc) -> Iterator[tuple[int, int]]:
    """Yield first and last token (exclusive) of the sentences, closed by the mark in ``last``."""
    first = 0
    for token in doc:
        if token.text in _STOPS:
            yield first, token.i
            first = token.i + 1
    yield first, len(doc)


def _is_negation(doc: Doc, first: int, last: int) -> bool:
    start, end = next((s, e) for s, e in _sentences(doc) if first <= e)
    asked = end < len(doc) and doc[end].text == "?"
    if asked or last > end or {t.norm_ for t in doc[first:last]} & _WEAKENED:
        return False
    return not any(token.norm_ in _UNREAL for token in doc[start:first])


def _is_worry(doc: Doc) -> bool:
    phrases = _matches("worry", doc)
    for start, end in _sentences(doc):
        words = [token.norm_ for token in doc[start:end]]
        places = [
            first - start
            for first, last in phrases
            if start <= first < end
            and not _NOT & {t.norm_ for t in doc[max(start, first - 2) : first]}
        ]
        for at, word in enumerate(words):
            if word in _MODAL and doc[start + at].text != "May" and _is_future(words, at):
                places.append(at)
            if _is_condition(words, at) or (word in _CONCERN and _WILL & set(words[at : at + 12])):
                places.append(at)
        if any(not _follows_from_fact(words, at, opening=start == 0) for at in places):
            return True
    return False


def _is_future(words: list[str], at: int) -> bool:
    """Tell whether a modal speaks of the future, not of what was impossible or is asked."""
    before, after = words[max(0, at - 6) : at], words[at + 1 :]
    if set(before) & _INDIRECT:
        return False
    if words[at] == "could" and ("not" in after[:1] or _INABILITY & set(before[-4:])):
        return False
    if "have" in after[:2]:
        rest = after[after.index("have") + 1 :]
        rest = [word for word in rest if word not in {"already", "not", "also"}]
        return not (rest and _DONE.fullmatch(rest[0]))
    return True


def _is_condition(words: list[str], at: int) -> bool:
    """Tell whether "if ... will" or "will ... if" is meant; wishes and questions do not count."""
    word, near = words[at], words[at : at + 20]
    if word not in _CONDITION or _ASKING & set(words[max(0, at - 2) : at]):
        return False
    two_sided = word in {"if", "unless"}
    whole = words if two_sided else near
    missed = re.search(r"\bwould have (?!to\b)", " ".join(whole))
    if missed or _WISH & set(whole) or {"only", "had"} & set(near):
        return False
    future = {"will", "'ll", "would"} if two_sided else {"will", "'ll"}
    return bool(future & set(whole))


def _follows_from_fact(words: list[str], at: int, *, opening: bool) -> bool:
    """Tell whether the worry is the consequence of a fact: "X fails, which might delay Y"."""
    if not opening and _CONSEQUENCE & set(words[: min(at + 1, 2)]):
        return True
    nearest = range(max(_CLAUSE, at - _CLAUSE), at)
    return any(words[k] in _CONSEQUENCE - {"that", "this", "it"} for k in nearest)
