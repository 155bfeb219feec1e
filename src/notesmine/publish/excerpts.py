"""Which quotes stand in a Word file, in which order, and how a long one is shortened.

A report shows the quotes chosen for coverage first; a digest takes one a theme, the shortest that
is typical, and cuts a long one at the end of a word, with a mark that says so.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from math import ceil

from notesmine.publish.bundle import Bundle
from notesmine.publish.references import named, plain
from notesmine.publish.text import CUT, day
from notesmine.records import Document, Evidence, Quote

#: Characters of a digest's quote: longer ones are passed over, or cut where there is none else.
SHORT = 240
WITHHELD = "Its passages are not for quotation."
SPEAKER = 28  # letters of a speaker's name
#: Characters much wider than a letter: tabs, line separators, Arabic phrases in one sign.
WIDE = {"\t": 8.0, "\u2028": 80.0, "\u2029": 80.0, "W": 1.7, "M": 1.7, "@": 1.7} | dict.fromkeys(
    map(chr, range(0xFDFA, 0xFDFE)), 14.0
)


def chosen_first(item: Evidence) -> tuple[Quote, ...]:
    """Return a theme's impediments, those chosen to be shown in front."""
    place = {q: n for n, q in enumerate(item.chosen)}
    return tuple(sorted(item.impediments, key=lambda q: place.get(q.quote_id, len(place))))


def solved(item: Evidence) -> list[tuple[Quote, Quote]]:
    """Return each impediment that was later reported resolved, with that report."""
    before = {q.quote_id: q for q in item.impediments}
    after = {q.quote_id: q for q in item.resolved}
    return [(before[a], after[b]) for a, b in item.links if a in before and b in after]


def has_quotes(item: Evidence) -> bool:
    """Whether a theme has anything to show."""
    return bool(item.impediments or item.resolved or item.enablers or item.proposals)


def nested(bundle: Bundle) -> Iterator[tuple[int, Evidence]]:
    """Yield every theme counted or quoted, and its depth: sub-themes follow their theme."""
    known = {e.theme.theme_id for e in bundle.evidence}
    done: set[str] = set()

    def walk(item: Evidence, depth: int) -> Iterator[tuple[int, Evidence]]:
        if item.theme.theme_id in done:
            return
        done.add(item.theme.theme_id)
        if item.documents or has_quotes(item):
            yield depth, item
        for other in bundle.evidence:
            if other.theme.parent_id == item.theme.theme_id:
                yield from walk(other, depth + 1)

    for item in bundle.evidence:
        if item.theme.parent_id not in known:
            yield from walk(item, 0)
    for item in bundle.evidence:  # what hangs in a circle
        yield from walk(item, 0)


def brief(item: Evidence, taken: set[str]) -> Quote | None:
    """Return the quote that speaks for a theme in a digest: not taken, chosen, short, on one line.

    Where all are long, the shortest; where all are taken, one again; None where there is none.
    """
    every = chosen_first(item)
    free = [q for q in every if q.quote_id not in taken] or list(every)
    chosen = [q for q in free if q.quote_id in item.chosen]
    for group in (chosen, free):
        for quote in group:
            if width(quote.text) <= SHORT and "\n" not in quote.text.strip():
                return quote
    return min(free, key=lambda q: (width(q.text), q.quote_id), default=None)


def shortened(text: str, most: int = SHORT) -> str:
    """Return the text, or its first words and `CUT` where it is wider than ``most``.

    Examples
    --------
    >>> shortened("a few words", 20), shortened("a few words more", 12)
    ('a few words', 'a few …')
    >>> shortened("The list went to [Person 12] and back again.", 27)
    'The list went to …'
    """
    end = text.find("\n", len(text) - len(text.lstrip()))
    part = text if end < 0 or not text[end:].strip() else text[:end]
    if width(part) > most:
        room, at = float(most - len(CUT)), 0
        while at < len(part) and room > 0:
            room -= _width(part[at])
            at += 1
        space = part.rfind(" ", 0, at)
        part = part[: space if space >= at // 2 else at]
        # A bracket stands for a name: it is shown whole or not at all.
        opened = part.rfind("[")
        if opened > part.rfind("]") and opened >= at // 2 and "]" in text[opened:]:
            part = part[:opened]
    return text if part == text else part.rstrip() + CUT


def width(text: str) -> int:
    """Return how wide text is, in letters: those of East Asia count double, a tab as eight."""
    return ceil(sum(map(_width, text)))


@cache
def _width(letter: str) -> float:
    if letter in WIDE:
        return WIDE[letter]
    if unicodedata.east_asian_width(letter) in "WF":
        return 2.0
    return 1.3 if letter.isupper() else 1.0


def clipped(text: str, most: int) -> str:
    """Return a name on one line, cut where it is long: for titles, never for quotes."""
    line = named(text)
    if width(line) <= most:
        return line
    while width(line) > most - 2:
        line = line[: -max(1, (width(line) - most) // 2)]
    space = line.rfind(" ")
    return (line[:space] if space > len(line) * 2 // 3 else line).rstrip(" ,;:") + " …"


def source(quote: Quote) -> str:
    """Return who and when, for the line of a quote; a date is not broken over lines."""
    said = [clipped(quote.speaker, SPEAKER)] if quote.speaker else []
    said.append(day(quote.date).replace(" ", "\u00a0"))
    return f"({', '.join(said)})"


def place(quote: Quote, document: Document | None, most: int) -> str:
    """Return who, when and where in at most so many letters; the title is what gives way."""
    said = [clipped(quote.speaker, SPEAKER)] if quote.speaker else []
    said.append(day(quote.date))
    if quote.page is not None:
        said.append(f"p. {quote.page}")
    head = clipped(", ".join(said), most * 2 // 3)
    names = [document.organisation, document.title or document.meeting] if document else []
    rest = ", ".join(named(n) for n in names if n) or named(quote.path)
    return f"{head}; {clipped(rest, most - width(head) - 2)}"


class Citer:
    """Writes footnotes: the citation with its page, and the file where two notes read the same."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = {d.doc_id: d for d in documents}
        self.known = Counter(plain(d) for d in documents)

    def __call__(self, quote: Quote) -> str:
        """Return the footnote of a quote."""
        document = self.documents.get(quote.doc_id)
        if document is None:
            return named(quote.path)
        said = plain(document, quote.page)
        alone = self.known[plain(document)] == 1
        return said if alone else f"{said} File: {named(quote.path)}."


def read_ones(documents: Sequence[Document]) -> list[Document]:
    """Return the documents that were read, the denominator of shares."""
    return [d for d in documents if d.status in {"ok", "partial"} and d.text.strip()]


def ranked(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the themes that have a rank, in its order."""
    return sorted((e for e in evidence if e.rank), key=lambda e: e.rank)
