"""Months for drawings: every one in a row, joined to quarters or years where they are many."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from notesmine.publish.text import MONTHS

#: Columns that fit into 16 cm with numbers in them.
MOST = 26


class Period(Struct, frozen=True, kw_only=True):
    """A column: the months (``YYYY-MM``) that it stands for, and its names."""

    unit: str
    months: tuple[str, ...]
    short: str
    year: str

    @property
    def long(self) -> str:
        """The name with its year."""
        return self.short if self.short == self.year else f"{self.short} {self.year}"

    def sum(self, by_month: Mapping[str, int]) -> int:
        """Add up the months: distinct documents only where none stands in several months."""
        return sum(by_month.get(m, 0) for m in self.months)


def periods(by_month: Mapping[str, int]) -> list[Period]:
    """Return the months from the first to the last that hold anything, gaps included.

    More than `MOST` are joined to quarters, more than `MOST` quarters to years.

    Examples
    --------
    >>> [p.long for p in periods({"2024-11": 1, "2025-01": 2})]
    ['Nov 2024', 'Dec 2024', 'Jan 2025']
    >>> found = periods({"2020-02": 1, "2025-01": 2})
    >>> len(found), found[0].long, found[0].months
    (21, 'Q1 2020', ('2020-01', '2020-02', '2020-03'))
    """
    held = sorted(m for m, n in by_month.items() if n)
    if not held:
        return []
    first, last = (_number(m) for m in (held[0], held[-1]))
    for unit, size in (("month", 1), ("quarter", 3), ("year", 12)):
        starts = range(first // size * size, last + 1, size)
        if len(starts) <= MOST or unit == "year":
            return [_period(unit, start, size) for start in starts]
    return []


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _period(unit: str, start: int, size: int) -> Period:
    year, month = divmod(start, 12)
    short = {1: MONTHS[month], 3: f"Q{month // 3 + 1}", 12: f"{year:04d}"}[size]
    months = tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, start + size))
    return Period(unit=unit, months=months, short=short, year=f"{year:04d}")
