"""How findings speak: numbers with their nouns, months, lists, and the finding itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from notesmine.numerals import SMALLEST, plural
from notesmine.records import Finding, Quote, digest

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NUMBERS = ("no", "one", "two", "three", "four", "five")


def bind(
    kind: str,
    statement: str,
    theme_id: str | None,
    quotes: Iterable[Quote | str],
    numbers: Mapping[str, float] | None = None,
    name: str = "",
) -> Finding:
    """Make a finding; its id stays the same while its kind, theme and name do."""
    ids = dict.fromkeys(q if isinstance(q, str) else q.quote_id for q in quotes)
    return Finding(
        finding_id="F-" + digest(kind, theme_id or "", name, length=8),
        kind=kind,
        statement=statement,
        theme_id=theme_id,
        quote_ids=tuple(ids),
        numbers=dict(numbers or {}),
    )


def spoken(date: str | None) -> str:
    """Return a date's month in words: ``September 2024``."""
    if not date:
        return "an unknown date"
    part = date.split("-")
    if len(part) > 1 and part[1].isdigit() and 1 <= int(part[1]) <= len(MONTHS):
        return f"{MONTHS[int(part[1]) - 1]} {part[0]}"
    return date


def span(first: str | None, last: str | None) -> str:
    """Return a period in words.

    Examples
    --------
    >>> span("2024-09-12", "2025-11-13")
    'from September 2024 to November 2025'
    >>> span("2025-11-01", "2025-11-13")
    'in November 2025'
    """
    if not first or not last:
        return "in undated notes"
    one, two = spoken(first), spoken(last)
    return f"in {one}" if one == two else f"from {one} to {two}"


def listed(parts: Sequence[str]) -> str:
    """Return parts in words: ``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def probability(p: float) -> str:
    """Return a p value with its sign: ``= 0.04``, ``< 0.01``."""
    return f"< {SMALLEST}" if p < SMALLEST else f"= {p:.2f}"


def filled(template: str, number: int, noun: str) -> str:
    """Fill in ``{n}``, and the word before or after the bar of ``{one thing|several}``."""
    chosen = r"\1" if number == 1 else r"\2"
    return re.sub(r"\{(\w+)\|(\w+)\}", chosen, template).replace("{n}", plural(number, noun))
