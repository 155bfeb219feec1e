"""Running headers and footers, found by comparing pages; never by fixed margins."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from notesmine.read.pdf_document import Page
    from notesmine.read.pdf_lines import Line

ZONE = 4  # lines from the top and from the bottom that can be furniture
NEAR = 8.0  # points by which the same line may move from page to page
SHARE = 0.5  # of the pages on which a line stands ...
ALTERNATE_SHARE = 0.3  # ... or of many pages, where left and right pages differ
MANY_PAGES = 8
EDGE = 0.2  # of the page's height, beyond which nothing runs
LARGE = 1.1  # times the body size from which a line is a title
COPY = 0.7  # of the lines shared by two pages, beyond which one is a copy of the other
ALWAYS = 0.8  # of the pages on which even a large line is a template's
_PAGE_LABEL = re.compile(
    r"(?i)^\W*(?:page|p\.|seite|slide|pg\.?)?\s*\d{1,4}\s*(?:(?:of|/|von|\|)\s*\d{1,4})?\W*$"
)
_WITH_WORD = re.compile(
    r"(?i)^\W*(?:page|seite|pg\.?)\s*\d{1,4}\s*(?:(?:of|/|von|\|)\s*\d{1,4})?\W*$"
)


class _Place(Struct, frozen=True):
    """One occurrence of a line near an edge: page, index on it, distance from the edge."""

    page: int
    index: int
    distance: float
    text: str
    size: float
    copy: bool


def _copies(pages: list[Page]) -> set[int]:
    """Numbers of pages that repeat an earlier one: they are no evidence of what runs."""
    earlier: list[set[str]] = []
    found: set[int] = set()
    for page in pages:
        texts = {line.text for line in page.lines}
        if any(len(texts & e) > COPY * max(len(texts), len(e)) for e in earlier[-400:]):
            found.add(page.number)
        elif texts:
            earlier.append(texts)
    return found


def _mask(text: str) -> str:
    """Text with numbers, digits or Roman, masked, so that pages compare equal."""
    masked = re.sub(r"\d+", "#", text.strip())
    masked = re.sub(r"\b[ivxlc]+\b(?=\W*$)|^\W*\b[ivxlc]+\b", "#", masked)
    return re.sub(r"\s+", " ", masked)


def _zone(page: Page) -> list[tuple[int, Line, str]]:
    """Return (index, line, side) for the outermost lines of a page, from the edge inward."""
    texts = [(i, line) for i, line in enumerate(page.lines) if line.cells is None]
    rows = sorted((x for x in texts if not x[1].turned), key=lambda x: x[1].base)
    reach = EDGE * page.height
    top = [(i, line, "top") for i, line in rows[:ZONE] if line.base < reach]
    bottom = [(i, line, "bottom") for i, line in rows[-ZONE:] if line.base > page.height - reach]
    return top + bottom[::-1]


def _body_size(pages: list[Page]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return max(sizes, key=lambda s: (sizes[s], -s), default=10.0)


def furniture(pages: list[Page]) -> dict[int, dict[int, str]]:
    """Find running headers and footers.

    Parameters
    ----------
    pages : list of Page
        Laid out, in order.

    Returns
    -------
    dict
        For each page number: index of a line to its text.
    """
    copies = _copies(pages)
    seen: dict[tuple[str, str], list[_Place]] = {}
    zones = {page.number: _zone(page) for page in pages}
    for page in pages:
        for index, line, side in zones[page.number]:
            distance = line.base if side == "top" else page.height - line.base
            copy = page.number in copies
            place = _Place(page.number, index, distance, line.text, line.size, copy)
            seen.setdefault((side, _mask(line.text)), []).append(place)
    body = _body_size(pages)
    with_text = sum(bool(p.lines) and p.number not in copies for p in pages)
    candidates: set[tuple[int, int]] = set()
    for (_, mask), places in seen.items():
        for place in places:
            if _repeats(place, places, mask, with_text, body) or _labels_page(place, places):
                candidates.add((place.page, place.index))
    # Where nothing else is left on most of its pages, a line is what the pages say.
    taken = Counter(number for number, _ in candidates)
    bare = {p.number for p in pages if taken[p.number] >= len(p.lines)}
    for places in seen.values():
        if 2 * len({p.page for p in places} & bare) > len({p.page for p in places}):
            candidates -= {(p.page, p.index) for p in places}
    found: dict[int, dict[int, str]] = {}
    for number, zone in zones.items():
        for side in ("top", "bottom"):
            for index, line, at in zone:
                if at != side:
                    continue
                if (number, index) not in candidates:
                    break  # what stands further in is the body
                found.setdefault(number, {})[index] = line.text
    return found


def _repeats(place: _Place, places: list[_Place], mask: str, with_text: int, body: float) -> bool:
    """Tell whether the line stands in the same place on enough pages."""
    near = {p.page for p in places if not p.copy and abs(p.distance - place.distance) <= NEAR}
    if place.size > LARGE * body:  # a title: only if it is word for word the same throughout
        same = {p.page for p in places if p.text == place.text}
        return len(same & near) >= max(3, ALWAYS * with_text)
    if len(near) < 2:
        return False
    if len(near) >= SHARE * with_text:
        return True
    if with_text < MANY_PAGES:
        return False
    chapter = len(near) >= 3 and len(mask) > 12 and _in_a_run(near)
    return chapter or len(near) >= ALTERNATE_SHARE * with_text


def _labels_page(place: _Place, places: list[_Place]) -> bool:
    """Tell whether the line is a page number: it says so, or grows with the page."""
    if _WITH_WORD.match(place.text):
        return True
    if not _PAGE_LABEL.match(place.text):
        return False
    own = int(re.findall(r"\d+", place.text)[0])
    return any(
        p.page != place.page
        and (v := re.findall(r"\d+", p.text))
        and int(v[0]) - own == p.page - place.page
        for p in places
    )


def _in_a_run(numbers: set[int]) -> bool:
    """Tell whether pages follow each other, all of them or every other one: a chapter's header."""
    ordered = sorted(numbers)
    steps = [b - a for a, b in pairwise(ordered)]
    return bool(steps) and max(steps) <= 2
