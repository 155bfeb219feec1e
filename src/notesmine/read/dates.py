"""Dates by strict patterns only: what a note says about its day, and where it says so.

``4000 users`` is no year and ``03/04/2021`` is no date until something tells day from month.
"""

from __future__ import annotations

import re
from datetime import date

from msgspec import Struct

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)([-/._])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY_MONTH = re.compile(
    rf"(?<![\d.])(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ .-]+({_NAME})\b"
    r"\.?,?[ -]+((?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b({_NAME})\b\.? +(\d{{1,2}})(?:st|nd|rd|th)?,? +((?:19|20)\d\d)(?!\d)", re.IGNORECASE
)
# "3-5 June 2019", "June 3-5, 2019": the last day counts, as in every range.
_DAY_RANGE = re.compile(r"(?<!\d)(\d{1,2}) ?[-–] ?(?=\d{1,2}(?:st|nd|rd|th)?[ ,])")
_MONTH_ONLY = re.compile(rf"\b({_NAME})\b\.?,? +((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_NUMERIC = re.compile(r"(?<![\d/.])(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)?\d\d)(?![\d/]|\2\d)")
_QUARTER = re.compile(r"(?<!\d)((?:19|20)\d\d)[/ _-]?[Qq]([1-4])(?!\d)")
_QUARTER_FIRST = re.compile(r"\b[Qq]([1-4])[/ _-]?((?:19|20)\d\d)(?!\d)")
_FOLDER_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/_](0[1-9]|1[0-2])(?![\d])")

# A sprint lasts weeks. A pair of dates closer than this in one reading only is read that way.
LONGEST_RANGE_DAYS = 62


class Found(Struct, frozen=True):
    """A date found in a piece of text.

    ``day`` is ISO 8601 or None; ``precision`` is day, month or quarter (the first day then stands
    for the period); ``ambiguous`` holds the source's spelling where day and month cannot be told.
    """

    day: str | None
    precision: str = "day"
    ambiguous: str = ""
    start: int = 0
    end: int = 0


def _make(year: int, month: int, day: int) -> date | None:
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if 1970 <= year <= 2099 else None


def _numeric(text: str) -> tuple[list[tuple[int, int, date]], list[tuple[int, int, str]]]:
    """Dates such as 07/20/2021: certain ones, and those whose day and month cannot be told."""
    sure: list[tuple[int, int, date]] = []
    unsure: list[tuple[int, int, date, date, str]] = []
    for m in _NUMERIC.finditer(text):
        first, second = int(m[1]), int(m[3])
        year = int(m[4]) + (2000 if len(m[4]) == 2 else 0)
        if m[2] == "-" and text[: m.start()].endswith("-"):
            continue
        if len(m[4]) == 2 and m[2] != "/":
            continue  # 1.2.19 is a version more often than a day
        european, american = _make(year, second, first), _make(year, first, second)
        if m[2] == ".":
            american = None  # nobody writes month.day.year
        if european and american and european != american:
            unsure.append((m.start(), m.end(), european, american, m[0]))
        elif european or american:
            sure.append((m.start(), m.end(), european or american or date.min))
    firsts = [(int(re.split(r"[/.-]", text[s:e])[0]), d) for s, e, d in sure]
    american_here = any(first == d.month for first, d in firsts)
    european_here = any(first == d.day for first, d in firsts)
    if unsure and american_here != european_here:
        sure += [(s, e, american if american_here else european)
                 for s, e, european, american, _ in unsure]  # fmt: skip
        unsure = []
    if len(unsure) == 2:  # a range: the reading in which it lasts weeks, if only one does
        (s1, e1, eu1, us1, _), (s2, e2, eu2, us2, _) = unsure
        eu_fits = 0 <= (eu2 - eu1).days <= LONGEST_RANGE_DAYS
        us_fits = 0 <= (us2 - us1).days <= LONGEST_RANGE_DAYS
        if eu_fits != us_fits:
            sure += [(s1, e1, eu1 if eu_fits else us1), (s2, e2, eu2 if eu_fits else us2)]
            unsure = []
    return sorted(sure), [(s, e, written) for s, e, _, _, written in unsure]


def find(text: str) -> Found | None:
    """Find the date a short text states; of a range, its last day.

    Parameters
    ----------
    text : str
        A heading, a line, a file name.

    Returns
    -------
    Found or None

    Examples
    --------
    >>> find("Sprint review, 14th of March 2019").day
    '2019-03-14'
    >>> find("07/06/2021 - 07/20/2021").day
    '2021-07-20'
    >>> find("03/04/2021").ambiguous
    '03/04/2021'
    >>> find("4000 users in 2019") is None
    True
    """
    if not any(c.isdigit() for c in text):
        return None
    plain = _DAY_RANGE.sub(lambda m: " " * len(m[0]), text)
    hits: list[tuple[int, int, date]] = []
    for pattern, order in ((_ISO, (1, 3, 4)), (_COMPACT, (1, 2, 3))):
        for m in pattern.finditer(text):
            made = _make(*(int(m[i]) for i in order))
            if made:
                hits.append((m.start(), m.end(), made))
    for m in _DAY_MONTH.finditer(plain):
        made = _make(int(m[3]), _MONTHS[m[2].lower()], int(m[1]))
        if made:
            hits.append((m.start(), m.end(), made))
    for m in _MONTH_DAY.finditer(re.sub(r"(\d) +(?=\d\d?\b(?:st|nd|rd|th)?,)", r" \1", plain)):
        made = _make(int(m[3]), _MONTHS[m[1].lower()], int(m[2]))
        if made:
            hits.append((m.start(), m.end(), made))
    sure, unsure = _numeric(text)
    hits = sorted(hits + sure)
    if hits:
        start, end, day = hits[0]
        if len(hits) > 1 and hits[1][0] - end <= 8:  # "A - B", "A to B"
            later = hits[1]
            if 0 < (later[2] - day).days <= 366:
                end, day = later[1], later[2]
        return Found(day.isoformat(), "day", "", start, end)
    if unsure:
        start, end, written = unsure[0]
        return Found(None, "day", written, start, end)
    if only := _MONTH_ONLY.search(text):
        month = f"{only[2]}-{_MONTHS[only[1].lower()]:02}-01"
        return Found(month, "month", "", only.start(), only.end())
    for pattern, y, q in ((_QUARTER, 1, 2), (_QUARTER_FIRST, 2, 1)):
        if hit := pattern.search(text):
            day_text = f"{hit[y]}-{3 * int(hit[q]) - 2:02}-01"
            return Found(day_text, "quarter", "", hit.start(), hit.end())
    return None


def from_name(name: str) -> tuple[Found | None, str]:
    """Find the date a relative path states, in the file name first, then in its folders.

    Returns
    -------
    tuple of (Found or None, str)
        The date, and ``file name`` or ``folder``.

    Examples
    --------
    >>> from_name("notes/2018-10-15--weekly.md")[0].day
    '2018-10-15'
    >>> found, source = from_name("notes/2018/Q3/weekly.md")
    >>> found.day, found.precision, source
    ('2018-07-01', 'quarter', 'folder')
    """
    folders, _, stem = name.rpartition("/")
    words = re.sub(r"(?<=[^\W\d])[_-]|[_-](?=[^\W\d])", " ", stem.rpartition(".")[0] or stem)
    found = find(words)
    if found and (found.day or found.ambiguous):
        return found, "file name"
    m = _FOLDER_MONTH.search(words)
    if m:
        return Found(f"{m[1]}-{m[2]}-01", "month"), "file name"
    last_two = "/".join(folders.split("/")[-3:])
    found = find(last_two)
    if found and found.day:
        return found, "folder"
    m = _FOLDER_MONTH.search(last_two)
    if m:
        return Found(f"{m[1]}-{m[2]}-01", "month"), "folder"
    return None, ""


def parse_iso(text: str) -> str | None:
    """Return a date written ``YYYY-MM-DD`` (or unambiguously otherwise), else None."""
    found = find(text.strip())
    return found.day if found and found.precision == "day" else None
