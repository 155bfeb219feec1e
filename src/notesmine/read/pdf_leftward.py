"""Arabic and Hebrew on a page: letters run to the left, numbers and Latin words in them do not.

Characters are ordered by where they stand, so that one of the two directions comes out turned round
within a line of the other; here it is turned back. A PDF does not say what was typed: where a
number stands at the right of a Latin word, it is taken to follow it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notesmine.read.pdf_lines import Word

# Arabic digits lie among the Arabic letters and run to the right as all digits do.
_DIGIT = r"0-9\u0660-\u0669\u06f0-\u06f9"
_LEFT = r"\u0590-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RIGHT = rf"A-Za-z\u00aa-\u00ba\u00c0-\u024f\u0370-\u058f{_DIGIT}"
_INNER = r".,:/+@_&'’·\u066b\u066c-"  # between two digits or two Latin letters
_SIGN = r"%$€£#°"  # at either end of a number
#: The letters that run to the left.
LEFT = frozenset(
    map(chr, [*range(0x590, 0x900), *range(0xFB1D, 0xFE00), *range(0xFE70, 0xFEFD)])
) - frozenset(map(chr, [*range(0x660, 0x66A), *range(0x6F0, 0x6FA)]))
_RIGHTWARD = re.compile(rf"[{_SIGN}]*[{_RIGHT}](?:[{_SIGN}{_INNER}]*[{_RIGHT}])*[{_SIGN}]*")
_LEFTWARD = re.compile(rf"[{_LEFT}](?:[^\W{_RIGHT}]*[{_LEFT}])*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u058f]")
_NEAR = 1.1  # font sizes between two words of one name


def is_leftward(text: str) -> bool:
    """Tell whether a line runs to the left: its first and last letters do, or most of them.

    Examples
    --------
    >>> is_leftward("שלום 2024"), is_leftward("Shalom (שלום)"), is_leftward("")
    (True, False, False)
    >>> is_leftward("מערכת Open Data Hub כאן")
    True
    """
    if text.isascii():
        return False
    letters = [c in LEFT for c in text if c.isalpha()]
    if letters and letters[0] == letters[-1]:
        return letters[0]
    return 2 * sum(letters) > len(letters)


def turned(text: str, *, leftward: bool) -> str:
    """Return a word read in its line's direction, with the parts of the other direction put right.

    Examples
    --------
    >>> turned("4202", leftward=True), turned(")91/90/3041(", leftward=True)
    ('2024', ')1403/09/19(')
    >>> turned("05%", leftward=True), turned("nohtyPל", leftward=True)
    ('%50', 'Pythonל')
    >>> turned("(םולש)", leftward=False)
    '(שלום)'
    """
    if text.isascii() and not leftward:
        return text
    pattern = _RIGHTWARD if leftward else _LEFTWARD
    return pattern.sub(lambda m: m[0][::-1], text)


def in_order(words: Sequence[Word]) -> list[Word]:
    """Return the words of a line as they are read: names of the other direction run the other way.

    Words come in the direction of their line, which shows in where they stand.
    """
    ordered = list(words)
    if len(ordered) < 2 or (all(w.text.isascii() for w in ordered) and not _runs_left(ordered)):
        return ordered
    leftward = _runs_left(ordered)
    start = 0
    while start < len(ordered):
        end = start
        while (
            end < len(ordered)
            and _other(ordered[end].text, leftward=leftward)
            and (
                end == start or _apart(ordered[end - 1], ordered[end]) <= _NEAR * ordered[end].size
            )
        ):
            end += 1
        last = end
        while leftward and last > start and not _LATIN.search(ordered[last - 1].text):
            last -= 1  # a number at the left end stands by itself
        if last - start > 1:
            ordered[start:last] = ordered[start:last][::-1]
        start = max(end, start + 1)
    return ordered


def _runs_left(words: Sequence[Word]) -> bool:
    return words[0].x0 > words[-1].x0


def _other(text: str, *, leftward: bool) -> bool:
    left = not LEFT.isdisjoint(text)
    if not leftward:
        return left
    return not left and re.search(f"[{_RIGHT}]", text) is not None


def _apart(one: Word, other: Word) -> float:
    return max(one.x0 - other.x1, other.x0 - one.x1)
