"""Read quotes back from published files, as a reader of those files would find them."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from pathlib import Path

from lxml import etree, html
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.publish.markdown import unquoted
from notesmine.publish.tables import FORMULA, masks_of, unguard
from notesmine.records import Mask

DIV = re.compile(r'^::: \{\.quote data-quote-id="([^"]+)"')


class Row(Struct, frozen=True, kw_only=True):
    """A quote as ``evidence.csv`` records it."""

    quote_id: str
    doc_id: str
    path: str
    text: str
    start: int
    end: int
    page: int | None
    before: str = ""
    after: str = ""
    masks: tuple[Mask, ...] = ()


def rows_of(out: Path) -> list[Row]:
    """Read ``evidence.csv``.

    Raises
    ------
    InputError
        If it is missing, or its columns are not there or hold no numbers.
    """
    path = out / "evidence.csv"
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a passage may be longer than 128 KiB
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [
                Row(
                    quote_id=r["quote_id"],
                    doc_id=r["doc_id"],
                    path=unguard(r["path"], "1" if r["path"][1:].startswith(FORMULA) else "0"),
                    text=unguard(r["text"], r.get("text_guarded") or "0"),
                    start=int(r["start"]),
                    end=int(r["end"]),
                    page=int(r["page"]) if r["page"] else None,
                    before=r.get("before") or "",
                    after=r.get("after") or "",
                    masks=masks_of(r.get("masks") or ""),
                )
                for r in csv.DictReader(stream)
            ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as the table of quotes: {error}",
            "Run `notesmine run` again; a spreadsheet program may have rewritten the file.",
        ) from error


def html_quotes(path: Path) -> list[tuple[str, str]]:
    """Return (quote_id, text) of every element of a report that carries a quote."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        tree = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path} is no HTML: {error}", "Run `notesmine run` again.") from error
    return [
        (node.get("data-quote-id", ""), "".join(str(part) for part in node.itertext()))
        for node in (tree.iter("*") if tree is not None else ())
        if node.get("data-quote-id")
    ]


def markdown_quotes(path: Path) -> list[tuple[str, str]]:
    """Return (quote_id, text) of every fenced quote of a Markdown report."""
    lines = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    found: list[tuple[str, str]] = []
    number = 0
    while number < len(lines):
        head = DIV.match(lines[number])
        number += 1
        if head is None:
            continue
        body: list[str] = []
        while number < len(lines) and lines[number].startswith("> "):
            body.append(lines[number])
            number += 1
        found.append((head[1], unquoted(body)))
    return found


#: How to read quotes back, by file; a file that is not there is not checked. ``evidence.csv`` is
#: read by `rows_of`: it alone holds the places.
READERS: dict[str, Callable[[Path], list[tuple[str, str]]]] = {
    "report.html": html_quotes,
    "report.md": markdown_quotes,
}
