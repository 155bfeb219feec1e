"""What ``notesmine show`` prints of a theme, a quote or a document."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from notesmine.publish.references import (
    biblatex,
    citation_keys,
    csl_cite,
    csl_json,
    latex_cite,
    pandoc,
    plain,
)
from notesmine.publish.text import visible
from notesmine.records import Document, Event, Evidence, Quote, Run

WIDTH = 96


def describe(
    ident: str, body: Mapping[str, Any], events: Sequence[tuple[Run, Event]] = ()
) -> list[str]:
    """Return the lines that describe what an id stands for.

    Parameters
    ----------
    ident : str
    body : mapping
        ``evidence``, or ``quote`` with its ``document``, or ``document``, as builtins.
    events : sequence of (Run, Event)
        The history of a theme.

    Returns
    -------
    list of str
        Control characters of the sources shown as pictures, so that a terminal obeys none.
    """
    if "evidence" in body:
        lines = _theme(msgspec.convert(body["evidence"], Evidence), events)
    else:
        document = msgspec.convert(body["document"], Document)
        if "quote" in body:
            lines = _quote(msgspec.convert(body["quote"], Quote), document)
        else:
            lines = _document(ident, document)
    return [visible(line).replace("\n", "\u240a") for line in lines]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(visible(text), WIDTH, initial_indent=indent, subsequent_indent=indent)


def _theme(item: Evidence, events: Sequence[tuple[Run, Event]]) -> list[str]:
    theme = item.theme
    lines = [f"{theme.theme_id}  {theme.label}  ({theme.origin})"]
    if theme.definition:
        lines += _wrapped(theme.definition, "  ")
    if theme.parent_id:
        lines.append(f"  part of {theme.parent_id}")
    lines += [
        f"  documents {item.documents} of {item.read}, passages {item.passages}, open {item.open},"
        f" anticipated {item.anticipated}",
        f"  seen {item.first_seen or 'undated'} to {item.last_seen or 'undated'}; trend"
        f" {item.trend or 'unknown'}",
        "",
        "Quotes",
    ]
    chosen = set(item.chosen)
    for quote in item.impediments:
        if quote.quote_id in chosen:
            lines += _lines_of(quote)
    lines += ["", "History"]
    lines += [
        f"  {run.report_date or 'undated'}  {event.what}  {event.detail} {' '.join(event.other)}"
        for run, event in events
    ] or ["  no event on record"]
    return lines


def _lines_of(quote: Quote) -> list[str]:
    place = f"{quote.path}" + (f", p. {quote.page}" if quote.page else "")
    return [
        f"  {quote.quote_id}  {quote.date or 'undated'}  {place}",
        *_wrapped(quote.text, "    "),
    ]


def _quote(quote: Quote, document: Document) -> list[str]:
    locator = f", p. {quote.page}" if quote.page else ""
    lines = [
        f"{quote.quote_id}  under {quote.theme_id}  {quote.kind}, {quote.stance}, {quote.tier}",
        f"  {quote.path}{locator}, characters {quote.start} to {quote.end}",
        f"  {' > '.join(quote.heading_path)}",
        "",
        *_wrapped(f"… {quote.context_before} »{quote.text}« {quote.context_after} …"),
        "",
        f"Why      {quote.why}",
    ]
    if quote.copies:
        lines.append(f"Copies   {'; '.join(quote.copies)}")
    keys = {document.doc_id: quote.citation_key} if quote.citation_key else None
    key = quote.citation_key or citation_keys([document])[document.doc_id]
    return [
        *lines,
        "",
        f"Plain    {plain(document, quote.page)}",
        f"Pandoc   {pandoc(key, quote.page)}",
        f"LaTeX    {latex_cite(key, quote.page)}",
        f"CSL      {csl_cite(key, quote.page)}",
        "",
        "BibLaTeX entry",
        *biblatex([document], keys).strip().splitlines(),
        "CSL-JSON entry",
        *csl_json([document], keys).strip().splitlines(),
    ]


def _document(ident: str, document: Document) -> list[str]:
    return [
        f"{ident}  {document.title}",
        f"  {', '.join(document.paths)}",
        f"  {document.format}, {document.status}, SHA-256 {document.sha256}",
        f"  date {document.date or 'unknown'} (from {document.date_source or 'nowhere'})",
        f"  meeting {document.meeting or '-'}, organisation {document.organisation or '-'}",
        *(f"  problem {p.code}: {p.message} {p.hint}" for p in document.problems),
    ]
