"""What needs no model: passages that are no statement, denials, troubles said to be over."""

from __future__ import annotations

import re

from notesmine.records import PassageType

#: Types of passages that are never statements, and the reason given.
NO_STATEMENT: dict[PassageType, str] = {
    "heading": "a heading",
    "slide_title": "a slide's title",
    "attendance": "an attendance list",
    "link": "a link",
    "other": "a table's header, code, a label or an empty item",
}

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_TICKET = re.compile(r"(?:[\w.-]+/)*[\w.-]*#\d+|\b[A-Z][A-Z0-9]+-\d+\b|\bPR\s*\d+\b")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ATTENDANCE = re.compile(
    r"^\W*(?:present|attend(?:ees|ance|ing)|participants|apologies|regrets|absent|chair(?:ed by)?|"
    r"minutes(?: taken)? by|note[- ]?taker|secretary|facilitator|scribe|from|to|cc|date|time|"
    r"location|venue|agenda|next meeting)\s*:",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"^\W*(?:n/?a|none|nil|tbd|tba|todo|no updates?|nothing(?: to report)?|\[.{0,40}\]|<.{0,40}>|"
    r"(?:any )?questions\??|thank you[.!]?|thanks[.!]?|a\.?o\.?b\.?|any other business|"
    r"welcome|introductions?|page \d+(?: of \d+)?|(?:illustrative|disclaimer|for illustration)\b.*)"
    r"\W*$",
    re.IGNORECASE,
)


def boilerplate(text: str, kind_of_passage: PassageType = "paragraph") -> str:
    """Return why a passage is no statement at all, or an empty string if it may be one.

    Examples
    --------
    >>> boilerplate("https://example.org/minutes/12")
    'nothing but links'
    >>> boilerplate("Apologies: Ms Haddad, Mr Okoye")
    'attendance or logistics'
    >>> boilerplate("Nobody maintains the model.")
    ''
    """
    if kind_of_passage in NO_STATEMENT:
        return NO_STATEMENT[kind_of_passage]
    bare = _URL.sub(" ", text)
    if bare != text and len(_WORD.findall(bare)) < 3:
        return "nothing but links"
    without = _TICKET.sub(" ", bare)
    if without != bare and len(_WORD.findall(without)) < 2:
        return "nothing but ticket numbers"
    if len(_WORD.findall(without)) < 2:
        return "fewer than two words"
    if _TEMPLATE.match(text):
        return "a template or an empty item"
    if _ATTENDANCE.match(text):
        return "attendance or logistics"
    return ""


#: A statement that a hindrance is not there, or that nobody had to bear one, and words that take
#: such a denial back. "No risk assessment", "no problem owner" are no denials.
_DENIAL = re.compile(
    r"\b(?:no|without|never any|not (?:a|one|a single))\s+(?:[\w'’-]+\s+){0,3}?"
    r"(?:issues?|problems?|blockers?|delays?|complaints?|difficult(?:y|ies)|concerns?|incidents?|"
    r"surprises?|shortages?|objections?|risks?|obstacles?|worr(?:y|ies)|failures?|faults?|trouble)"
    r"(?=\s*(?:[.,;:!?)]|$)|\s+(?:with|this|in|on|at|from|so|for|since|during|about|of|to report|"
    r"were|was|is|are|any|and|or|today|left|reported|came|arose)\b)"
    r"|\b(?:nobody|no one|none of [\w' ]{1,30}|not (?:one|a single)(?: \w+)?)\s+"
    r"(?:has |have )?(?:had to|needed to|complained|asked for help)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:but|however|although|though|yet|still|except|because|only|until|unless|despite|"
    r"apart from|other than|beyond)\b",
    re.IGNORECASE,
)


#: A trouble that is said to be over.
_OVER = re.compile(
    r"\b(?:troubles?|problems?|issues?|obstacles?|questions?|matter|delays?|shortages?|bottlenecks?|"
    r"risks?|worr(?:y|ies)|dispute|wait|gap|lack|vacanc(?:y|ies)|blockers?|blockage)\b"
    r"[^.;:]{0,80}?\b(?:is|are|was|were|has been|have been)\s+"
    r"(?:now |finally |at last |all |thus |thereby )?(?:over|settled|solved|resolved|"
    r"sorted(?: out)?|fixed|cleared|closed|filled|lifted|gone|behind us|overcome|removed)\b",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"\b(?:once|when|if|after|before|not|nobody|no one|never|how|whether|to be|again|partly)\b",
    re.IGNORECASE,
)


def overcomes(text: str) -> bool:
    """Tell whether a statement says that a trouble is over, and nothing against it.

    Examples
    --------
    >>> overcomes("The trouble with the scanner is over.")
    True
    >>> overcomes("Nobody knows whether the dispute is settled."), overcomes("The month is over.")
    (False, False)
    """
    said = _OVER.search(text)
    if said is None or _TAKEN_BACK.search(text):
        return False
    return not _NOT_OVER.search(text, 0, said.end())


def denies(text: str) -> bool:
    """Tell whether a statement says that a hindrance is not there, and nothing against it.

    Examples
    --------
    >>> denies("No issues with access this month."), denies("Nobody had to wait.")
    (True, True)
    >>> denies("No risk assessment was made."), denies("No delays, but only on paper.")
    (False, False)
    """
    return bool(_DENIAL.search(text)) and not _TAKEN_BACK.search(text)
