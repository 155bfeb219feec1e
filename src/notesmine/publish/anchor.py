"""Where a published quote stands in a source as it is today: at its place, elsewhere, nearly, not.

Outside its declared brackets a quote has to be the source's words; a bracket has to cover the span
that is recorded for it, and no more than a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from rapidfuzz import fuzz

from notesmine.publish.published import Row
from notesmine.records import Document

Verdict = Literal["verbatim", "moved", "changed", "lost"]

#: Similarity (0..100, best partial alignment) from which a text counts as the quote, changed.
SIMILAR = 80.0
#: Characters around a quote's place that are searched first: the whole of a long document is slow.
NEAR = 2_000
CONTEXT = 160  # characters before and after that tell one place from another
#: What a bracket may hide at most: a name, an address; never a statement.
LONGEST_NAME = 200
MOST_WORDS = 8
_BREAKS = re.compile(r"[-\u00ad\u2010\u2011\s]+")


def judge(row: Row, document: Document) -> tuple[Verdict, str, str]:
    """Look for a quote in a document's text.

    Returns
    -------
    verdict : str
    found : str
        What stands there now, where it is not the quote.
    detail : str
    """
    text = document.text
    fault = _fault(row)
    if fault:
        return "changed", "", fault
    literals = _literals(row)
    if row.text and _stands_at(text, row, literals, row.start):
        hidden = [text[m.source_start : m.source_end] for m in row.masks]
        if any(len(h.split()) > MOST_WORDS for h in hidden):
            return "changed", "", "a bracket hides more than a name"
        return "verbatim", "", ""
    places = list(_places(text, row, literals))
    if places:
        alike, start = _nearest(places, row, text)
        page = _page(document, start)
        where = f" on page {page}" if page is not None and page != row.page else ""
        around = "" if alike else ", among other words"
        end = start + row.end - row.start
        return "moved", "", f"now at characters {start} to {end}{where}{around}"
    return _changed(row, text, literals)


def _fault(row: Row) -> str:
    """Return what is wrong with the declaration of a quote's brackets."""
    at, source = 0, row.start
    for mask in row.masks:
        shown = row.text[mask.start : mask.end]
        if not (at <= mask.start < mask.end <= len(row.text)):
            return "the declared brackets do not lie in the text"
        if not (shown.startswith("[") and shown.endswith("]")):
            return f"{shown!r} is declared as a bracket and is none"
        if not (source <= mask.source_start < mask.source_end <= row.end):
            return "the declared brackets do not lie in the quote's span"
        if mask.source_end - mask.source_start > LONGEST_NAME:
            return "a bracket hides more than a name"
        at, source = mask.end, mask.source_end
    return ""


def _literals(row: Row) -> list[str]:
    """Return the words outside the brackets: one piece more than there are brackets."""
    bounds = [0, *(n for m in row.masks for n in (m.start, m.end)), len(row.text)]
    return [row.text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]


def _stands_at(text: str, row: Row, literals: Sequence[str], start: int) -> bool:
    """Tell whether the words outside the brackets stand where they are recorded."""
    shift = start - row.start
    bounds = [row.start, *(n for m in row.masks for n in (m.source_start, m.source_end)), row.end]
    spans = zip(bounds[::2], bounds[1::2], literals, strict=True)
    return all(text[a + shift : b + shift] == words for a, b, words in spans)


def _places(text: str, row: Row, literals: Sequence[str]) -> Iterator[int]:
    """Yield where the words stand, each bracket as wide as what it hides."""
    if not row.text:
        return
    if not row.masks:
        place = text.find(row.text)
        while place >= 0:
            yield place
            place = text.find(row.text, place + 1)
        return
    anchor = max(range(len(literals)), key=lambda n: len(literals[n]))
    wanted = literals[anchor]
    if not wanted.strip():
        return
    ahead = (row.start if anchor == 0 else row.masks[anchor - 1].source_end) - row.start
    place = text.find(wanted)
    while place >= 0:
        if place >= ahead and _stands_at(text, row, literals, place - ahead):
            yield place - ahead
        place = text.find(wanted, place + 1)


def _nearest(places: Sequence[int], row: Row, text: str) -> tuple[bool, int]:
    """Choose the place with the words around it that were around the quote, else the nearest."""

    def alike(start: int) -> float:
        end = start + row.end - row.start
        before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
        scores = [
            fuzz.ratio(old.strip(), new.strip())
            for old, new in ((row.before, before), (row.after, after))
            if old
        ]
        return max(scores, default=100.0)

    scored = {place: alike(place) for place in places}
    best = min(places, key=lambda p: (-round(scored[p], -1), abs(p - row.start), p))
    return scored[best] >= SIMILAR / 2, best


def _changed(row: Row, text: str, literals: Sequence[str]) -> tuple[Verdict, str, str]:
    plain = "".join(literals)
    if plain.strip() and text:
        for same, why in (
            (_composed, "the same words in another Unicode normal form"),
            (_unbroken, "the same words but for hyphens and white space"),
        ):
            if _holds(same, literals, text):
                return "changed", "", why
        low, high = max(0, row.start - NEAR), row.end + NEAR
        for part in (text[low:high], text):
            # The shorter slides along the longer: a few words left over would fit any quote.
            if len(part) < len(plain) / 2:
                continue
            best = fuzz.partial_ratio_alignment(plain, part, score_cutoff=SIMILAR)
            if best is not None:
                found = part[best.dest_start : best.dest_end]
                return "changed", found, f"{best.score:.0f} of 100 alike"
    return "lost", "", "nothing like it is in the text"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _unbroken(text: str) -> str:
    return _BREAKS.sub("", unicodedata.normalize("NFC", text))


def _holds(same: Callable[[str], str], literals: Sequence[str], text: str) -> bool:
    """Tell whether the pieces stand in the text in order, no further apart than a name is long."""
    pieces = [p for p in map(same, literals) if p]
    if not pieces:
        return False
    whole = same(text)
    start = whole.find(pieces[0])
    while start >= 0:
        at = start + len(pieces[0])
        for piece in pieces[1:]:
            found = whole.find(piece, at, at + LONGEST_NAME + len(piece))
            if found < 0:
                break
            at = found + len(piece)
        else:
            return True
        start = whole.find(pieces[0], start + 1)
    return False


def _page(document: Document, start: int) -> int | None:
    pages = [b.page for b in document.blocks if b.start <= start < b.end and b.page is not None]
    return pages[0] if pages else None
