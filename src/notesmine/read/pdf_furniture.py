"""Running headers and footers, found by comparing pages; never by fixed margins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notesmine.read.pdf_document import Page
    from notesmine.read.pdf_lines import Line

ZONE = 4  # lines from the top and from the bottom that can be furniture
NEAR = 8.0  # points by which the same line may move from page to page
SHARE = 0.5  # of the pages on which a line stands ...
ALTERNATE_SHARE = 0.3  # ... or of many pages, where left and right pages differ
MANY_PAGES = 8
_PAGE_LABEL = re.compile(
    r"(?i)^\W*(?:page|p\.|seite|slide|pg\.?)?\s*\d{1,4}\s*(?:(?:of|/|von|\|)\s*\d{1,4})?\W*$"
)
_WITH_WORD = re.compile(
    r"(?i)^\W*(?:page|seite|pg\.?)\s*\d{1,4}\s*(?:(?:of|/|von|\|)\s*\d{1,4})?\W*$"
)


def _mask(text: str) -> str:
    """Text with numbers, digits or Roman, masked, so that pages compare equal."""
    masked = re.sub(r"\d+", "#", text.strip())
    masked = re.sub(r"\b[ivxlc]+\b(?=\W*$)|^\W*\b[ivxlc]+\b", "#", masked)
    return re.sub(r"\s+", " ", masked)


def _zone(page: Page) -> list[tuple[int, Line, str]]:
    """Return (index, line, side) for the outermost lines of a page."""
    texts = [
        (i, line) for i, line in enumerate(page.lines) if line.cells is None and not line.turned
    ]
    by_height = sorted(texts, key=lambda x: x[1].base)
    top = [(i, line, "top") for i, line in by_height[:ZONE] if line.base < 0.5 * page.height]
    bottom = [
        (i, line, "bottom") for i, line in by_height[-ZONE:] if line.base >= 0.5 * page.height
    ]
    return top + bottom


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
    seen: dict[tuple[str, str], list[tuple[int, int, float, str]]] = {}
    for page in pages:
        for index, line, side in _zone(page):
            distance = line.base if side == "top" else page.height - line.base
            seen.setdefault((side, _mask(line.text)), []).append(
                (page.number, index, distance, line.text)
            )
    found: dict[int, dict[int, str]] = {}
    with_text = sum(bool(p.lines) for p in pages)
    for (_, mask), places in seen.items():
        numbers = {n for n, _, _, _ in places}
        for number, index, distance, text in places:
            near = {n for n, _, d, _ in places if abs(d - distance) <= NEAR}
            enough = len(near) >= 2 and (
                len(near) >= SHARE * with_text
                or (with_text >= MANY_PAGES and len(near) >= ALTERNATE_SHARE * with_text)
                or (
                    len(near) >= 3
                    and len(mask) > 12
                    and with_text >= MANY_PAGES
                    and _in_a_run(near)
                )
            )
            label = bool(_PAGE_LABEL.match(text)) and (
                len(numbers) >= 2 or bool(_WITH_WORD.match(text))
            )
            if enough or (label and _is_counting(places, number, text)):
                found.setdefault(number, {})[index] = text
    return found


def _in_a_run(numbers: set[int]) -> bool:
    """Tell whether pages follow each other, all of them or every other one: a chapter's header."""
    ordered = sorted(numbers)
    steps = [b - a for a, b in zip(ordered, ordered[1:], strict=False)]
    return bool(steps) and max(steps) <= 2


def _is_counting(places: list[tuple[int, int, float, str]], number: int, text: str) -> bool:
    """Tell whether a lone number grows with the page, as page numbers do."""
    if _WITH_WORD.match(text):
        return True

    def value(t: str) -> int | None:
        m = re.search(r"\d+", t)
        return int(m[0]) if m else None

    own = value(text)
    return own is not None and any(
        other != number and (v := value(t)) is not None and v - own == other - number
        for other, _, _, t in places
    )
