"""Read quotes back from published files, as a reader of those files would find them."""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from lxml import etree, html
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.publish.markdown import unquoted
from notesmine.publish.tables import FORMULA, masks_of, unguard
from notesmine.publish.text import CUT
from notesmine.records import Mask

DIV = re.compile(r'^::: \{\.quote data-quote-id="([^"]+)"')
#: The bookmark around a quote in a Word file, as `bookmark_of` names it.
BOOKMARK = re.compile(r"Q_([0-9A-Za-z]+)_\d+")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: What a run of a Word file holds, and what it stands for; the text of ``t`` is its own.
CHARACTERS = {"t": "", "tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
CODINGS = "Codings"  # the sheet of evidence.xlsx that holds the passages


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


def bookmark_of(quote_id: str, number: int) -> str:
    """Return the name of the bookmark around a quote; Word allows letters, digits and ``_``.

    Examples
    --------
    >>> bookmark_of("Q-5c98d01bb5", 3)
    'Q_5c98d01bb5_3'
    """
    return f"{quote_id.replace('-', '_')}_{number}"


def docx_quotes(path: Path) -> list[tuple[str, str]]:
    """Return (quote_id, text) of every quote of a Word file, in the order of the text.

    Found by the bookmarks around them, as they come back from Word or LibreOffice too; a quote that
    a digest cut ends with `CUT`, see `is_shortened`.

    Raises
    ------
    InputError
        If it is no Word file.
    """
    # Sources are read in worker processes; this is a file that we, or an author, wrote.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        with zipfile.ZipFile(path) as archive:
            tree = etree.fromstring(archive.read("word/document.xml"), parser)
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError) as error:
        raise InputError(
            f"{path} is no Word file: {error}", "Run `notesmine run` again."
        ) from error
    texts: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    opened: dict[str, str] = {}
    for node in tree.iter(f"{WORD}*"):
        above = node.getparent()
        kind = str(node.tag).removeprefix(WORD)
        if kind == "bookmarkStart":
            found = BOOKMARK.fullmatch(node.get(f"{WORD}name", ""))
            if found:
                name = found[0]
                opened[node.get(f"{WORD}id", "")] = name
                names[name], texts[name] = f"Q-{found[1]}", []
        elif kind == "bookmarkEnd":
            opened.pop(node.get(f"{WORD}id", ""), None)
        # A tab stop (in w:tabs) has the name of a tab character (in w:r).
        elif opened and kind in CHARACTERS and above is not None and above.tag == f"{WORD}r":
            shown = CHARACTERS[kind] or node.text or ""
            for name in opened.values():
                texts[name].append(shown)
    return [(names[n], "".join(parts)) for n, parts in texts.items()]


def xlsx_quotes(path: Path) -> list[tuple[str, str]]:
    """Return (quote_id, text) of every row of the sheet with the passages.

    Raises
    ------
    InputError
        If it is no workbook, or has no such sheet or columns.
    """
    import openpyxl

    try:
        # From bytes: openpyxl would refuse a name that does not end as it expects.
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
        try:
            rows = book[CODINGS].iter_rows(values_only=True)
            head = [str(c) for c in next(rows, ())]
            key = head.index("quote_id")
            pieces = [n for n, c in enumerate(head) if re.fullmatch(r"text(_\d+)?", c)]
            return [
                (str(row[key]), "".join(str(row[n]) for n in pieces if row[n] is not None))
                for row in rows
                if row[key] is not None
            ]
        finally:
            book.close()
    except (OSError, KeyError, ValueError, IndexError, zipfile.BadZipFile,
            etree.XMLSyntaxError) as error:  # fmt: skip
        raise InputError(
            f"{path} is no workbook of this program: {error}", "Run `notesmine run` again."
        ) from error


def is_shortened(text: str, whole: str) -> bool:
    """Whether text is the first words of a quote, with the mark that says that it was cut.

    Examples
    --------
    >>> is_shortened("Nobody decides …", "Nobody decides about it."), is_shortened("No …", "Yes.")
    (True, False)
    """
    words = text.removesuffix(CUT)
    return words != text and bool(words.strip()) and whole.startswith(words) and words != whole


#: How to read quotes back, by file; a file that is not there is not checked. ``evidence.csv`` is
#: read by `rows_of`: it alone holds the places.
READERS: dict[str, Callable[[Path], list[tuple[str, str]]]] = {
    "report.html": html_quotes,
    "report.md": markdown_quotes,
    "report.docx": docx_quotes,
    "digest.docx": docx_quotes,
    "evidence.xlsx": xlsx_quotes,
}
