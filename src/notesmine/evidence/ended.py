"""Whether words say that a hindrance has ended, which time they name, and which tickets.

English words only, no model; nothing here knows a passage or a document.
"""

from __future__ import annotations

import functools
import re

#: Words that say that something which stood in the way has come to its end.
_ENDED = re.compile(
    r"\b(?:"
    r"(?:is|are|was|were|been|has|have|got|now|thus|finally|since|largely|all)\s+(?:\w+\s+){0,3}?"
    r"(?:over|gone|settled|solved|resolved|fixed|cleared|lifted|removed|filled|overcome|unblocked|"
    r"history|repaired|restored|eliminated|stopped)"
    r"|sorted out|behind us|out of the way|off the table"
    # "We know the job and no longer the region" is a loss: it must be a hindrance that is no more.
    r"|no longer (?:an? |the )?(?:\w+ )?(?:concern|block|affect|hinder|fail|break|hold|stand|"
    r"problem|issue|obstacle|need|necessary|required|missing|stuck|down|waiting|asked)\w*"
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
# "Once this is resolved" speaks of what is to come.
_NOT_ENDED = re.compile(
    r"\b(?:(?:not|never|nobody|hardly|until|once|if|unless|whether|hope|should)\b[^.;:]{0,40}"
    r"|(?:after|when|before|as soon as) (?:that|this|these|those|it|they) )$",
    re.IGNORECASE,
)
#: Not of the shape of a ticket's number alone, but of that of its end.
_TICKET_CLOSED = re.compile(r"\s+(?:is|was|has been|are|were|have been)\s+(?:now\s+)?closed\b")
_TICKET = re.compile(r"(?<![\w&])#(\d{2,7})\b|\b([A-Z][A-Z0-9]{1,9}-\d{1,6})\b(?!-)")
#: Texts of which tickets and months are remembered: each is asked for with many others.
REMEMBERED = 1 << 15
MONTHS = {
    name: n + 1
    for n, name in enumerate(
        "january february march april may june july august september october november december"
        .split()
    )
}  # fmt: skip
# The months are capitalised: "may" is a verb.
_MONTH = "(" + "|".join(m.capitalize() for m in MONTHS) + r")\b"
# "From January on" is a time to come.
_NAMED_MONTH = re.compile(
    r"\b(?i:in|since|of|from|during|on|by|until) (?:\d{1,2}\.? )?"
    + _MONTH
    + r"(?! on(?:wards?)?\b)"
)
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
    >>> says_ended("It is not settled who decides."), says_ended("Once it is resolved, it lands.")
    (False, False)
    >>> says_ended("AR-212 is closed.")
    True
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
    return any(
        _TICKET_CLOSED.match(text, t.end()) and not _NOT_ENDED.search(text[: t.start()])
        for t in _TICKET.finditer(text)
    )


@functools.lru_cache(maxsize=REMEMBERED)
def tickets(text: str) -> frozenset[str]:
    """Return the numbers of issues that a text names.

    Examples
    --------
    >>> sorted(tickets("#2102 and AR-212 are waiting; 40 pages, item 3, C++"))
    ['2102', 'AR-212']
    """
    return frozenset(a or b for a, b in _TICKET.findall(text))


@functools.lru_cache(maxsize=REMEMBERED)
def named_months(text: str) -> frozenset[int]:
    """Return the months that a text names as a time: 10 for "on 9 October".

    Examples
    --------
    >>> sorted(named_months("In May we met; since 3 February it works, and it may go on."))
    [2, 5]
    """
    return frozenset(MONTHS[m.lower()] for m in _NAMED_MONTH.findall(text))


def speaks_of(later: str, earlier: str) -> bool:
    """Whether the earlier text speaks of a month that the later one names as a time.

    Examples
    --------
    >>> speaks_of("The committee met on 9 October.", "Its next meeting is in October.")
    True
    """
    named = named_months(later)
    return bool(named) and any(MONTHS[m.lower()] in named for m in _ANY_MONTH.findall(earlier))


def names_first_meeting(text: str) -> bool:
    """Whether a text speaks of the first meeting."""
    return _FIRST_MEETING.search(text) is not None
