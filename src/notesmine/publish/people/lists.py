"""Lists of people in running text: ``Present: Ann Roe (AR, chair), BL. Apologies: CM``.

The readers find lists that stand by themselves; here are those that share a line with other things,
and lines that name who wrote, spoke or contributed. Only items that look like a name are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LABEL = re.compile(
    r"(?i:\b(?:present|attendees|attending|in attendance|participants|apologies|regrets|absent|"
    r"guests?|observers?|editors?|contributions|contributors|authors?|presenters?|speakers?|chair|"
    r"moderator|facilitator|scribe|note ?taker|minutes|host|contact|from|cc)\s*:"
    r"|\b(?:written|prepared|presented|chaired|minutes taken|notes taken|notes) by\b"
    r"|\bcontributions (?:of|from|by)\b)\s*"
)
_END = re.compile(r"\n|\.(?=\s|$)|(?=\b[A-Z][a-z]+:)|$")
_ITEM = re.compile(r"\s*(?:[,;&|]|\band\b)\s*(?![^()]*\))")
_AFFILIATION = re.compile(r"\s[–—-]+\s")
_CAP = r"[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:[-'’.][^\W\d_]+)*\.?"
#: Between a first name and a surname, never at the end.
_PARTICLE = r"(?:van|von|de|der|la|le|bin|al) "
_FULL = re.compile(rf"({_CAP}(?: (?:{_PARTICLE}){{0,2}}{_CAP}){{1,3}})(?![\w-])(.*)")
_SHORT = re.compile(r"([A-Z]{2,4})(?:\s*\([^()]*\))?")
_IN_PARENTHESES = re.compile(r"\s*\(\s*([A-Z]{2,4})\b[^()]*\)")
LONGEST = 400  # characters of a list that are looked at


def listed(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, initials) of each person in the lists of a text; one of them may be empty.

    Examples
    --------
    >>> list(listed("Call. Present: Ann Roe (AR, chair), BL; Data late. Apologies: none"))
    [('Ann Roe', 'AR'), ('', 'BL')]
    """
    for label in _LABEL.finditer(text):
        rest = text[label.end() : label.end() + LONGEST]
        end = _END.search(rest)
        for part in _ITEM.split(rest[: end.start() if end else LONGEST]):
            item = _AFFILIATION.split(part)[0]
            if full := _FULL.fullmatch(item.strip()):
                inside = _IN_PARENTHESES.match(full[2])
                if inside or len(full[2].split()) <= 3:
                    yield full[1], inside[1] if inside else ""
            elif short := _SHORT.fullmatch(item.strip()):
                yield "", short[1]
