"""Superscripts and subscripts, which stand on baselines of their own, back into their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notesmine.read.pdf_lines import Word

SMALL = 0.82  # of the size of the line they belong to
RAISED = 0.6  # of that size, at most, between the two baselines
BESIDE = 0.3  # of that size between a script and its word, where others share the script's row
GLUED = 0.15  # of that size, and no more, between the parts of a formula
SLASH = "\u2044/"  # between the parts of a fraction, which lean over one another
LEANING = 0.2  # of the size


def join_scripts(lines: list[list[Word]]) -> list[list[Word]]:
    """Put superscripts and subscripts back into the line they belong to.

    Parameters
    ----------
    lines : list of list of Word
        Words by baseline, from top to bottom.
    """
    done: list[list[Word]] = []
    for line in lines:
        rest = line
        if done and line[0].base - done[-1][0].base < RAISED * max(_size(done[-1]), _size(line)):
            above = done[-1]
            upper, lower = _scripts(above, line), _scripts(line, above)
            if upper and _size(above) < SMALL * _size(line) and len(upper) == len(above):
                done[-1] = _in_line(line, upper)
                continue
            if upper:
                left = [w for w in above if not any(w is u for u in upper)]
                rest = _in_line(line, upper)
                done[-1:] = [left] if left else []
            elif lower:
                rest = [w for w in line if not any(w is u for u in lower)]
                done[-1] = _in_line(above, lower)
        if rest:
            done.append(rest)
    return done


def _size(words: Iterable[Word]) -> float:
    return max(w.size for w in words)


def _scripts(row: list[Word], line: list[Word]) -> list[Word]:
    """Return the words of a row that are scripts of a line: all, where all fit, else its nearest.

    A row of small words alone has only to fit between the words of the line; where it holds other
    words too, those of the next column say, a script has to stand close to a larger word.
    """
    size = _size(line)
    if _size(row) < SMALL * size:
        left, right = min(w.x0 for w in line) - 1, max(w.x1 for w in line) + size
        if all(_fits(s, line) and left <= s.x0 <= right for s in row):
            return row
    return [s for s in row if _fits(s, line) and _beside(s, line)]


def _fits(script: Word, line: list[Word]) -> bool:
    return all(
        script.x1 <= w.x0 + (LEANING * w.size if w.text[0] in SLASH else 0.5)
        or script.x0 >= w.x1 - (LEANING * w.size if w.text[-1] in SLASH else 0.5)
        for w in line
    )


def _beside(script: Word, line: list[Word]) -> bool:
    return any(
        script.size < SMALL * w.size
        and abs(script.base - w.base) < RAISED * w.size
        and max(script.x0 - w.x1, w.x0 - script.x1) <= BESIDE * w.size
        for w in line
    )


def _in_line(line: list[Word], scripts: list[Word]) -> list[Word]:
    """Return a line with its scripts, those of a formula joined to what they stand at."""
    base = line[0].base
    leftward = len(line) > 1 and line[0].x0 > line[-1].x0
    raised = {id(s) for s in scripts}
    for script in scripts:
        script.base = base
    words: list[Word] = []
    glued = False  # the last word has taken a script in, or is the upper part of a fraction
    for word in sorted([*line, *scripts], key=lambda w: -w.x1 if leftward else w.x0):
        last = words[-1] if words else None
        small = id(word) in raised
        if last is None or leftward or not (small or glued) or not _formula(last, word, small):
            words.append(word)
            glued = small and word.text.isdigit()
            continue
        last.text += word.text
        last.x1, last.top = max(last.x1, word.x1), min(last.top, word.top)
        last.bottom, last.size = max(last.bottom, word.bottom), max(last.size, word.size)
        glued = small
    return words


def _formula(last: Word, word: Word, script: bool) -> bool:
    """Tell whether two words are parts of one: ``CO`` and ``2``, not a name and its footnote."""
    if word.x0 - last.x1 > GLUED * max(last.size, word.size) or not last.text[-1:].isalnum():
        return False
    if not script and last.text.isdigit():  # not the number of a footnote and its first word
        return word.text[0] in SLASH
    symbol = not any(c.isalnum() for c in word.text)
    return not script or symbol or len(last.text) == 1 or sum(map(str.isupper, last.text)) > 1
