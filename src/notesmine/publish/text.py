"""Words for people: what a control character looks like, months, numbers with their noun."""

from __future__ import annotations

import re
from datetime import datetime

#: Control characters that HTML and Markdown cannot carry (or change, as CR) become their Unicode
#: control pictures; tabs and line feeds stay. CSV and JSON carry everything as it is.
PICTURES = {
    **{n: 0x2400 + n for n in range(0x20) if n not in {0x09, 0x0A}},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0x2426),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
    0xFFFE: 0xFFFD,
    0xFFFF: 0xFFFD,
}

LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: What stands at the end of words that were cut there; `published.is_shortened` knows it.
CUT = " …"
MONTHS = tuple(name[:3] for name in LONG_MONTHS)


def visible(text: str) -> str:
    r"""Return text with control characters as pictures; everything else as it is.

    Examples
    --------
    >>> visible("a\x00b\tc")
    'a␀b\tc'
    """
    return text.translate(PICTURES)


def one_line(text: str) -> str:
    """Return text on one line, for cells and headings."""
    return " ".join(visible(text).split())


def month(value: str) -> str:
    """Return a month in short.

    Examples
    --------
    >>> month("2025-03"), month("2025")
    ('Mar 2025', '2025')
    """
    year, _, rest = value.partition("-")
    number = rest[:2]
    if number.isdigit() and 1 <= int(number) <= len(MONTHS):
        return f"{MONTHS[int(number) - 1]} {year}"
    return value


def month_of(date: str | None) -> str:
    """Return ``YYYY-MM`` of an ISO date, the empty text where there is none.

    Examples
    --------
    >>> month_of("2025-03-14"), month_of("2025"), month_of(None)
    ('2025-03', '', '')
    """
    found = re.match(r"\d{4}-(0[1-9]|1[0-2])(?!\d)", date or "")
    return found[0] if found else ""


def day(value: str | None) -> str:
    """Return a date in words.

    Examples
    --------
    >>> day("2025-03-14"), day("2025-03"), day(None)
    ('14 March 2025', 'March 2025', 'undated')
    """
    if not value:
        return "undated"
    parts = value[:10].split("-")
    if len(parts) < 2 or not parts[1].isdigit() or not 1 <= int(parts[1]) <= len(LONG_MONTHS):
        return value
    name = f"{LONG_MONTHS[int(parts[1]) - 1]} {parts[0]}"
    return f"{int(parts[2])} {name}" if len(parts) > 2 and parts[2].isdigit() else name


def short_trend(trend: str) -> str:
    """Return a trend for a cell: why it is not known stands under Method.

    Examples
    --------
    >>> short_trend("too few reports"), short_trend("steady")
    ('too few', 'steady')
    """
    return "too few" if trend.startswith("too few") else trend


def moment(report_date: str | None) -> datetime:
    """Return the time of making that is written into files: noon of the report's own date."""
    if (
        report_date
        and re.fullmatch(r"\d{4}-\d{2}-\d{2}", report_date[:10])
        and report_date[:10] > "1980-01-01"
    ):
        try:
            return datetime.fromisoformat(report_date[:10]).replace(hour=12)
        except ValueError:
            pass
    return datetime(2000, 1, 1, 12)  # noqa: DTZ001 - file formats have no time zone here
