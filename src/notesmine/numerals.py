"""Numbers in sentences: with their noun, and as shares. For all that is written for people."""

from __future__ import annotations

#: Below half of it a share is said to be smaller than it, not zero.
SMALLEST = 0.01


def plural(number: int, noun: str) -> str:
    """Return a number with its noun, an s added where needed.

    Examples
    --------
    >>> plural(1, "note"), plural(1200, "note")
    ('1 note', '1,200 notes')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """Return a share in whole percent; what is there is never 0%.

    Examples
    --------
    >>> percent(0.474), percent(0.004), percent(0.0)
    ('47%', 'under 1%', '0%')
    """
    return "under 1%" if 0 < share < SMALLEST / 2 else f"{share:.0%}"
