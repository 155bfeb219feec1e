"""A difference in words: for a terminal, for Markdown, for another program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from notesmine.editions.changes import QuoteChange
from notesmine.editions.difference import Difference, Setting, ThemeChange
from notesmine.editions.snapshot import ThemeRow
from notesmine.numerals import plural
from notesmine.publish.excerpts import shortened
from notesmine.publish.markdown import escape, table
from notesmine.publish.text import one_line

WIDTH = 100
LISTED = 12  # quotes of each sort on a terminal; files hold all of them
#: Headings of the sorts of change, in the order of `difference.ORDER`.
HEADINGS = {
    "new": "New",
    "returned": "Returned",
    "split": "Split off",
    "merged": "Merged into another",
    "retired": "No longer a theme",
    "grown": "Grown",
    "faded": "Faded",
    "changed": "Slightly changed",
}
QUOTES = {
    "gained": "Evidence gained",
    "lost": "Evidence lost",
    "rejudged": "Judged otherwise",
    "carried": "Taken over into a changed document",
    "regrouped": "Under another discovered theme",
}
#: Sorts of which a terminal shows the number alone.
COUNTED = frozenset({"Taken over into a changed document", "Under another discovered theme"})


def to_json(difference: Difference) -> str:
    """Return the difference as JSON, keys in order."""
    body = msgspec.json.encode(difference, order="deterministic")
    return msgspec.json.format(body, indent=2).decode() + "\n"


def to_lines(difference: Difference) -> list[str]:
    """Return the difference for a terminal; long lists of quotes are cut, and say so."""
    lines = _head(difference, plain=True)
    if difference.same:
        return [*lines, "", "Nothing differs."]
    for title, rows in _theme_groups(difference):
        lines += ["", f"{title} ({len(rows)})", *(f"  {_theme_line(r)}" for r in rows)]
    still = sum(t.what == "unchanged" for t in difference.themes)
    if still:
        lines += ["", f"{plural(still, 'theme')} unchanged"]
    if difference.documents:
        lines += ["", "Documents"]
        lines += [f"  {d}" for d in _document_lines(difference)]
    for title, quotes in _quote_groups(difference):
        lines += ["", f"{title} ({len(quotes)})"]
        if title in COUNTED:
            lines.append("  each is listed by --to md -o FILE")
            continue
        for quote in quotes[:LISTED]:
            lines += [
                f"  {_quote_line(quote)}",
                f"      {shortened(one_line(quote.text), WIDTH - 6)}",
            ]
        if len(quotes) > LISTED:
            more = len(quotes) - LISTED
            lines.append(f"  … and {more} more: --to md -o FILE writes all of them")
    if difference.made_with:
        lines += ["", "Made with", *(f"  {_setting_line(s)}" for s in difference.made_with)]
    return [one_line(line) if not line.startswith(" ") else _indented(line) for line in lines]


def to_markdown(difference: Difference) -> str:
    """Return the difference as Markdown, complete."""
    lines = [
        f"# {line}" if n == 0 else line for n, line in enumerate(_head(difference, plain=False))
    ]
    if difference.same:
        lines += ["", "Nothing differs."]
    groups = _theme_groups(difference)
    if groups:
        lines += ["", "## Themes", ""]
        lines += table(
            ("what", "theme", "name", "rank", "documents", "passages", "open", "note"),
            [
                (
                    title,
                    f"`{row.theme_id}`",
                    escape(one_line(row.label)),
                    _then_now(row, lambda t: t.rank or "-"),
                    _then_now(row, lambda t: t.documents),
                    _then_now(row, lambda t: t.passages),
                    _then_now(row, lambda t: t.open),
                    escape(_note(row)),
                )
                for title, rows in groups
                for row in rows
            ],
        )
    if difference.documents:
        lines += ["", "## Documents", ""]
        lines += [f"- {escape(one_line(line))}" for line in _document_lines(difference)]
    for title, quotes in _quote_groups(difference):
        lines += ["", f"## {title} ({len(quotes)})", ""]
        lines += [
            f"- `{q.quote_id}` {escape(_place(q))}: {escape(one_line(q.text))} ({escape(q.reason)})"
            for q in quotes
        ]
    if difference.made_with:
        lines += ["", "## Made with", ""]
        lines += table(
            ("what", "name", "then", "now"),
            [
                (s.group, f"`{s.name}`", escape(_value(s.then)), escape(_value(s.now)))
                for s in difference.made_with
            ],
        )
    return "\n".join(lines) + "\n"


def _head(difference: Difference, *, plain: bool) -> list[str]:
    a, b = difference.a, difference.b
    names = (a["name"], b["name"]) if plain else (escape(a["name"]), escape(b["name"]))
    lines = [f"{names[0]} -> {names[1]}", ""]
    for name, about in zip(names, (a, b), strict=True):
        line = (
            f"{name}: {plural(about['documents'], 'document')}, notes to"
            f" {about['report_date'] or 'undated'}, {plural(about['themes'], 'theme')} reported,"
            f" {plural(about['confirmed_impediments'], 'confirmed impediment')},"
            f" {plural(about['quotes'], 'quote')} ({about['run_id']})"
        )
        lines.append(line if plain else f"- {line}")
    return lines


def _theme_groups(difference: Difference) -> list[tuple[str, list[ThemeChange]]]:
    groups = []
    for what, title in HEADINGS.items():
        rows = [t for t in difference.themes if t.what == what]
        if rows:
            groups.append((title, rows))
    renamed = [t for t in difference.themes if t.what == "unchanged" and t.renamed_from]
    return [*groups, *([("Renamed", renamed)] if renamed else [])]


def _theme_line(row: ThemeChange) -> str:
    figures = ", ".join(
        (
            f"rank {_then_now(row, lambda t: t.rank or '-')}",
            f"documents {_then_now(row, lambda t: t.documents)}",
            f"passages {_then_now(row, lambda t: t.passages)}",
            f"open {_then_now(row, lambda t: t.open)}",
        )
    )
    note = _note(row)
    name = f"{row.theme_id:16} {shortened(one_line(row.label), 34):34}  {figures}"
    return name + (f"; {note}" if note else "")


def _note(row: ThemeChange) -> str:
    notes = []
    if row.other:
        word = "into" if row.what == "merged" else "from"
        notes.append(f"{word} {', '.join(row.other)}")
    if row.renamed_from:
        notes.append(f"was called {row.renamed_from}")
    if row.then and row.now and row.then.parent_id != row.now.parent_id:
        parent = row.now.parent_id
        notes.append(
            f"now part of {parent}" if parent else f"no longer part of {row.then.parent_id}"
        )
    return "; ".join(notes)


def _then_now(row: ThemeChange, get: Callable[[ThemeRow], object]) -> str:
    then = "-" if row.then is None else str(get(row.then))
    now = "-" if row.now is None else str(get(row.now))
    return now if then == now else f"{then} -> {now}"


def _document_lines(difference: Difference) -> list[str]:
    words = {
        "added": "new",
        "removed": "removed",
        "changed": "changed",
        "renamed": "renamed",
        "status": "read otherwise",
    }
    lines = []
    for item in difference.documents:
        before = f" (was {item.before})" if item.before and item.what != "changed" else ""
        lines.append(f"{words[item.what]:14} {one_line(item.path)}{before}")
    return lines


def _quote_groups(difference: Difference) -> list[tuple[str, list[QuoteChange]]]:
    groups = []
    for what, title in QUOTES.items():
        rows = [q for q in difference.quotes if q.what == what]
        if rows:
            groups.append((title, rows))
    return groups


def _quote_line(quote: QuoteChange) -> str:
    before = f" (was {quote.before})" if quote.before else ""
    return f"{quote.quote_id}{before}  {_place(quote)}: {quote.reason}"


def _place(quote: QuoteChange) -> str:
    return f"{one_line(quote.path)}, {quote.kind}, {quote.tier}, {', '.join(quote.themes)}"


def _setting_line(item: Setting) -> str:
    return f"{item.group:9} {item.name}: {_value(item.then)} -> {_value(item.now)}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return shortened(one_line(text), 60)


def _indented(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + line.strip()
