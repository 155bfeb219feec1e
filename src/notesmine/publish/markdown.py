r"""``report.md`` for Pandoc and Quarto: findings and quotes with ``[@key, p. 4]``.

Quotes stand in fenced divs that carry their id, every character that Markdown would act upon is
escaped, and a line break of the source is a hard one, so that the words come out as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from notesmine.numerals import plural
from notesmine.publish.bundle import Bundle
from notesmine.publish.checked import TITLE, checked
from notesmine.publish.excerpts import nested
from notesmine.publish.references import pandoc
from notesmine.publish.text import day, one_line, visible
from notesmine.records import Evidence, Finding, Quote

SPECIAL = re.compile(r"""([\\`*_{}\[\]<>#|~^$@"'&]|--|\.\.\.)""")
#: At the start of a line: list markers, definitions, underlines of headings.
ORDERED = re.compile(r"^(\s*\(?\w{1,9})([.)])(?=\s|$)", re.MULTILINE)
MARKER = re.compile(r"^(\s*)([-+:=])", re.MULTILINE)
HEADINGS = {
    "overview": "What stands out",
    "new": "New since the last run",
    "resolved": "What was resolved",
    "returned": "What came back",
    "helps": "What helps",
    "limits": "What this corpus cannot say",
    "names": "How names are protected",
}


def escape(text: str) -> str:
    r"""Escape text so that Markdown shows it as it is.

    Examples
    --------
    >>> print(escape("1. a *b* [@key]"))
    1\. a \*b\* \[\@key\]
    """
    shown = SPECIAL.sub(lambda m: "".join("\\" + c for c in m[1]), visible(text))
    return MARKER.sub(r"\1\\\2", ORDERED.sub(r"\1\\\2", shown))


def quoted(text: str) -> str:
    """Return a block quotation of verbatim text, line breaks kept."""
    return "> " + escape(text).replace("\n", "\\\n> ")


def unquoted(lines: list[str]) -> str:
    r"""Return the text of a block quotation that `quoted` made, control pictures included.

    Examples
    --------
    >>> unquoted(quoted("- a *b*\nc").split("\n"))
    '- a *b*\nc'
    """
    body = "\n".join(line[2:] for line in lines)
    return re.sub(r"\\(\n|.)", r"\1", body)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; cells come escaped."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def render(bundle: Bundle) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(bundle)) + "\n"


def _lines(bundle: Bundle) -> Iterator[str]:
    title = json.dumps(one_line(bundle.title), ensure_ascii=False)
    yield from ("---", f"title: {title}")
    if bundle.run.report_date:
        yield f"date: {json.dumps(bundle.run.report_date)}"
    yield from ("bibliography: references.bib", "link-citations: true", "---", "")
    read = [d for d in bundle.documents if d.status in {"ok", "partial"}]
    yield f"{plural(len(read), 'document')} read in “{escape(one_line(bundle.corpus))}”."
    yield ""
    for kind in ("overview", "new", "resolved", "returned", "helps"):
        yield from _findings(kind, [f for f in bundle.findings if f.kind == kind])
    statements = {f.theme_id: f for f in bundle.findings if f.kind == "theme"}
    yield from ("# The impediments", "")
    for depth, item in nested(bundle):
        yield from _theme(item, statements.get(item.theme.theme_id), depth)
    for kind in ("limits", "names"):
        yield from _findings(kind, [f for f in bundle.findings if f.kind == kind])
    people = checked(bundle)
    if people:
        yield from (f"# {TITLE}", "", *(f"- {escape(one_line(said))}" for said in people), "")
    yield from ("# References", "", "::: {#refs}", ":::")


def _findings(kind: str, findings: list[Finding]) -> Iterator[str]:
    if findings:
        yield from (f"# {HEADINGS[kind]}", "")
        yield from (f"- {escape(one_line(f.statement))}" for f in findings)
        yield ""


def _theme(item: Evidence, finding: Finding | None, depth: int) -> Iterator[str]:
    """Write a section, sub-themes under their theme; those with nothing to quote have none."""
    groups = (
        ("", _chosen_first(item)),
        ("Reported resolved", item.resolved),
        ("What helped", item.enablers),
        ("Proposed", item.proposals),
        ("To review", item.review),
    )
    if not any(quotes for _, quotes in groups):
        return
    theme = item.theme
    level = "##" if depth == 0 else "###"
    yield from (f"{level} {escape(one_line(theme.label))} {{#theme-{_anchor(theme.theme_id)}}}", "")
    if theme.definition:
        yield from (f"*{escape(one_line(theme.definition))}*", "")
    if finding is not None:
        yield from (escape(one_line(finding.statement)), "")
    for name, quotes in groups:
        if name and quotes:
            yield from (f"**{name}**", "")
        for quote in quotes:
            yield from _quote(quote)


def _anchor(theme_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", theme_id)


def _chosen_first(item: Evidence) -> tuple[Quote, ...]:
    place = {q: n for n, q in enumerate(item.chosen)}
    return tuple(sorted(item.impediments, key=lambda q: place.get(q.quote_id, len(place))))


def _quote(quote: Quote) -> Iterator[str]:
    title = escape(one_line(quote.title)) or "Untitled note"
    source = [title, day(quote.date)]
    if quote.speaker:
        source.insert(0, escape(one_line(quote.speaker)))
    yield f'::: {{.quote data-quote-id="{quote.quote_id}" data-theme="{_anchor(quote.theme_id)}"}}'
    yield from quoted(quote.text).split("\n")
    yield ">"
    yield f"> --- {', '.join(source)} {pandoc(quote.citation_key, quote.page)}"
    yield from (":::", "")
