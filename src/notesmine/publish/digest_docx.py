"""``digest.docx``: two pages to send round.

The first page holds the five strongest impediments with a quote each; the second a figure, what is
new, what was resolved, and what to read next. What is written is measured in lines, so that two
pages stay two whatever the notes say: long quotes are passed over or cut with a mark, lists end
with how many are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from notesmine.numerals import percent, plural
from notesmine.publish.bundle import Bundle
from notesmine.publish.excerpts import (
    SHORT,
    WITHHELD,
    brief,
    clipped,
    place,
    ranked,
    read_ones,
    shortened,
    solved,
    width,
)
from notesmine.publish.figures import Picture
from notesmine.publish.report_docx import corpus_line
from notesmine.publish.text import day, month, month_of, one_line, visible
from notesmine.publish.word import Writer
from notesmine.records import Document, Evidence, Quote

STRONGEST = 5
LETTERS = 78  # of a line, in the widest of the fonts that stand in for the template's
LABEL, TITLE, SOURCE = 64, 72, 92  # letters
MEANING = 150  # letters of a definition
#: Lines of impediments and quotes on the first page: with more, definitions go, then quotes shrink.
FIRST_LINES = 44
FIGURE_WIDTH = 12.6  # cm
#: Points of the text: the larger where there are no more lines than these on either page.
SMALL, LARGE = 9.5, 10.5
AIRY_FIRST, AIRY_SECOND = 32, 18
#: Lines of each list of the second page.
NEW_LINES, RESOLVED_LINES, NEXT_LINES = 7, 7, 9
RECENT = timedelta(days=92)  # three months


def render(bundle: Bundle, pictures: Mapping[str, Picture]) -> bytes:
    """Return the digest as a Word file of two pages, with a figure drawn by `figures.render`."""
    read = read_ones(bundle.documents)
    word = Writer(bundle.title, bundle.run.report_date)
    new, closed, after = _new(bundle), _resolved(bundle.evidence), _next(bundle, read)
    lists = (new, NEW_LINES), (closed, RESOLVED_LINES), (after, NEXT_LINES)
    top = _top(bundle)
    second = sum(_need(lines) for lines, _ in lists)
    _page(word, LARGE if top.lines <= AIRY_FIRST and second <= AIRY_SECOND else SMALL)
    word.paragraph(clipped(bundle.title, TITLE), "Title")
    word.paragraph(clipped(corpus_line(bundle, read), 2 * LETTERS), "Subtitle")
    _strongest(word, bundle, top)
    word.page_break()
    picture = pictures.get("impediments")
    if picture is not None:
        word.heading("At a glance", 1)
        word.picture(picture.png, clipped(picture.caption, 150), picture.alt, FIGURE_WIDTH)
    rooms = _rooms(*lists)
    _list(word, "What is new", new, rooms[0])
    _list(word, "What was resolved", closed, rooms[1])
    latest = _latest(bundle.evidence)
    if latest is not None:
        _quote(word, latest, {d.doc_id: d for d in bundle.documents}, SHORT * 2 // 3)
    _list(word, "What to read next", after, rooms[2])
    return word.save()


def _page(word: Writer, size: float) -> None:
    """Make the built-in template a little tighter than for a report; ``size`` in points."""
    from docx.shared import Cm, Pt

    section = word.document.sections[0]
    section.top_margin = section.bottom_margin = Cm(1.8)
    styles = word.document.styles
    styles["Title"].font.size = Pt(20)
    styles["Heading 1"].font.size = Pt(13)
    styles["Heading 1"].paragraph_format.space_before = Pt(10)
    styles["Heading 1"].paragraph_format.space_after = Pt(4)
    styles["List Bullet"].paragraph_format.space_after = Pt(2)
    for name in ("Normal", "Quote"):
        styles[name].font.size = Pt(size)


@dataclass(frozen=True, slots=True)
class _Top:
    """The strongest impediments: name and figures of each, its quote, and how long that may be."""

    items: Sequence[Evidence]
    leads: Sequence[tuple[str, str]]
    quotes: Mapping[str, Quote]
    most: int
    lines: int


def _top(bundle: Bundle) -> _Top:
    """Choose what the first page says, so that it fits."""
    main = ranked(bundle.evidence)
    # What one document reports is not widely reported, unless there is nothing else.
    top = ([e for e in main if e.documents > 1] or main)[:STRONGEST]
    quotes: dict[str, Quote] = {}
    for item in top:
        taken = {q.quote_id for q in quotes.values()}
        # What is said of two of the five speaks for the one that has no other.
        others = {q.quote_id for e in top if e is not item for q in e.impediments}
        own = any(q.quote_id not in others for q in item.impediments)
        quote = brief(item, taken | others if own else taken)
        if quote is not None:
            quotes[item.theme.theme_id] = quote
    leads: list[tuple[str, str]] = []
    most, lines = SHORT, 0
    for meaning, most in ((MEANING, SHORT), (0, SHORT), (0, SHORT // 2)):
        leads = [_lead(e, meaning) for e in top]
        words = [_cut(q, most) for q in quotes.values()]
        lines = sum(_lines(f"{a}{b}") for a, b in leads) + sum(_lines(t) + 1 for t in words)
        if lines <= FIRST_LINES:
            break
    return _Top(top, leads, quotes, most, lines)


def _strongest(word: Writer, bundle: Bundle, top: _Top) -> None:
    if not top.items:
        word.paragraph("No impediment was found with enough confidence to be counted.")
        return
    word.heading(_heading(top.items), 1)
    documents = {d.doc_id: d for d in bundle.documents}
    for item, lead in zip(top.items, top.leads, strict=True):
        quote = top.quotes.get(item.theme.theme_id)
        word.lead(*lead, keep=quote is not None)
        if quote is not None:
            _quote(word, quote, documents, top.most)
    word.paragraph(_order(top.items))


def _heading(top: Sequence[Evidence]) -> str:
    if top[0].documents < 2:
        return "Impediments reported in one document each"
    if len(top) == 1:
        return "The most widely reported impediment"
    return f"The {_number(len(top))} most widely reported impediments"


def _lead(item: Evidence, meaning: int) -> tuple[str, str]:
    """Return the name of an impediment, and what it means (if there is room) and its figures."""
    said = clipped(_figures(item), 2 * LETTERS)
    if not item.impediments:
        said += f" {WITHHELD}"
    if meaning and item.theme.definition:
        first = re.split(r"(?<=[.!?])\s", item.theme.definition.strip())[0]
        said = f"{clipped(first, meaning)} {said}"
    return f"{item.rank}. {clipped(item.theme.label, LABEL)}: ", said


def _lines(text: str) -> int:
    return -(-width(text) // LETTERS)


def _quote(word: Writer, quote: Quote, documents: Mapping[str, Document], most: int) -> None:
    """Write a quote with its source on the next line."""
    where = place(quote, documents.get(quote.doc_id), SOURCE)
    word.quote(quote.quote_id, _cut(quote, most), f"\n{where}")


def _cut(quote: Quote, most: int) -> str:
    """Return the words of a quote as they are shown, so that `verify` can cut them again."""
    return shortened(visible(quote.text), most)


def _figures(item: Evidence) -> str:
    closed = item.passages - item.open - item.anticipated
    said = (
        f"{item.documents} of {plural(item.read, 'document')} ({percent(item.share)}, 95% interval "
        f"{item.share_low * 100:.0f} to {item.share_high * 100:.0f}%)"
    )
    if item.organisations > 1:
        said += f", {plural(item.organisations, 'organisation')}"
    said += f"; {plural(item.passages, 'passage')}, {item.open} open"
    said += f", {closed} resolved" if closed else ""
    return said + (f"; {item.trend}." if item.trend in {"rising", "falling"} else ".")


def _order(top: Sequence[Evidence]) -> str:
    said = (
        "Ranked by the documents that report them. The words are those of the notes; “…” marks "
        "where a quote was cut, square brackets where a name was replaced."
    )
    if any(e.rank_high - e.rank_low > 1 for e in top):
        said += " The order is not certain: with other notes it could differ, see the figure."
    return said


def _number(number: int) -> str:
    return ("no", "one", "two", "three", "four", "five")[number]


def _rooms(*lists: tuple[Sequence[str], int]) -> list[int]:
    """Share out the lines of a page: what one list leaves free the next ones may use."""
    needs = [_need(lines) for lines, _ in lists]
    spare = sum(max(0, room - need) for need, (_, room) in zip(needs, lists, strict=True))
    rooms = []
    for need, (_, room) in zip(needs, lists, strict=True):
        more = min(spare, max(0, need - room))
        spare -= more
        rooms.append(room + more)
    return rooms


def _need(lines: Sequence[str]) -> int:
    return sum(_lines(clipped(line, 3 * LETTERS)) for line in lines)


def _list(word: Writer, heading: str, lines: Iterable[str], room: int) -> None:
    """Write as many items as there is room for, in lines of a page."""
    word.heading(heading, 1)
    items = [clipped(line, 3 * LETTERS) for line in lines]
    left = room
    for at, item in enumerate(items):
        need = _lines(item)
        rest = len(items) - at
        if need > left - (rest > 1):
            word.bullet(f"{plural(rest, 'more item')}: see report.docx.")
            return
        word.bullet(item)
        left -= need


def _new(bundle: Bundle) -> list[str]:
    """Say what is new since the last run, and what the newest notes brought."""
    said = [f.statement for f in bundle.findings if f.kind == "new"]
    if not said:
        first = not bundle.run.parent_state
        said.append(
            "This is the first run: there is none to compare with."
            if first
            else "No theme is new, gone, split or merged since the last run."
        )
    newest = bundle.run.report_date
    main = ranked(bundle.evidence)
    oldest = min((d.date for d in bundle.documents if d.date), default=None)
    # In notes of three months everything would be new.
    if not _within(oldest, newest):
        said += [
            f"First reported in the last three months: {_named(e)}."
            for e in main
            if _within(e.first_seen, newest)
        ]
    held = [e for e in main if newest and e.by_month.get(month_of(newest))]
    if held:
        names = ", ".join(clipped(e.theme.label, 40) for e in held[:6])
        more = f" and {len(held) - 6} more" if len(held) > 6 else ""
        said.append(f"Reported in {month(str(newest))}, the newest month: {names}{more}.")
    elif newest:
        said.append(f"No impediment is reported in {month(newest)}, the newest month.")
    return said


def _named(item: Evidence) -> str:
    return f"{clipped(item.theme.label, LABEL)} ({day(item.first_seen)})"


def _within(first: str | None, newest: str | None) -> bool:
    try:
        return date.fromisoformat(newest or "") - date.fromisoformat(first or "") <= RECENT
    except ValueError:
        return False


def _resolved(evidence: Sequence[Evidence]) -> list[str]:
    """Say what was reported resolved, the latest first; sub-themes are part of their theme."""
    found = []
    for item in ranked(evidence):
        pairs = solved(item)
        if not pairs:
            continue
        last = max(after.date or "" for _, after in pairs)
        still = f"{item.open} still open" if item.open else "none left open"
        found.append(
            (
                last,
                f"{clipped(item.theme.label, LABEL)}: {len(pairs)} of "
                f"{plural(item.passages, 'passage')}, last in {month(last) or 'an undated note'}; "
                f"{still}.",
            )
        )
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [said for _, said in found] or ["No impediment is reported resolved in these notes."]


def _latest(evidence: Sequence[Evidence]) -> Quote | None:
    """Return the latest report of a resolution that is short enough, to be quoted."""
    found = [
        after
        for item in ranked(evidence)
        for _, after in solved(item)
        if width(after.text) <= SHORT * 2 // 3 and "\n" not in after.text
    ]
    return max(found, key=lambda q: (q.date or "", q.score, q.quote_id), default=None)


def _next(bundle: Bundle, read: Sequence[Document]) -> list[str]:
    """Name the notes for quotation that hold most impediments, and the other files."""
    said: list[str] = []
    left = {e.theme.theme_id: set(e.reported_in) for e in ranked(bundle.evidence)}
    for _ in range(2):
        counts = [(sum(d.doc_id in ids for ids in left.values()), d) for d in read if d.quotable]
        most = max((n for n, _ in counts), default=0)
        if not most:
            break
        best = max((d for n, d in counts if n == most), key=lambda d: d.date or "")
        other = "note" if all(d.quotable for d in read) else "note that may be quoted"
        what = (
            f"{most} of {plural(len(left), 'impediment')}, no other {other} has more"
            if not said
            else f"{most} of the {len(left)} that it leaves"
        )
        name = clipped(best.title or best.meeting or "Untitled note", LABEL)
        said.append(f"{name} ({day(best.date)}): {what}.")
        left = {t: ids for t, ids in left.items() if best.doc_id not in ids}
    said.append("report.docx: every impediment with its quotes, footnotes and figures.")
    said.append("report.html: the same to search and filter, with links into the notes.")
    limits = [f for f in bundle.findings if f.kind == "limits"]
    said += [one_line(f.statement) for f in limits]
    return said
