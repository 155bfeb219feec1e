"""What extractors that are not ours make of a file: pdftotext, LibreOffice, pandoc, plain XML.

Each gives pages of text, one page where the format has none. Nothing of notesmine is used here.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

from lxml import etree
from msgspec import Struct

#: pdftotext reads in columns, in the order of the file, or by position on the page: what stands
#: together in one of them stands together.
PDF_ORDERS = {"pdftotext": (), "pdftotext -raw": ("-raw",), "pdftotext -layout": ("-layout",)}
#: The parts of an office file that hold its words.
PARTS = re.compile(
    r"word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml"
    r"|ppt/(?:slides|notesSlides|comments|diagrams|charts)/[^/]+\.xml"
)
TIMEOUT = 120  # seconds for one file; LibreOffice takes a few
TOO_BIG = 50 << 20  # bytes of a part that is not unpacked


class Boxed(Struct, frozen=True, array_like=True):
    """A word and its box on the page, in points from the top left corner."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


class Reading(Struct, frozen=True, kw_only=True):
    """A file as one extractor reads it; ``paged`` tells whether pages are those of the file."""

    by: str
    pages: tuple[str, ...]
    paged: bool = False


def missing() -> list[str]:
    """Return the programs that are not installed."""
    return [p for p in ("pdftotext", "soffice", "pandoc") if shutil.which(p) is None]


def readings(files: Mapping[str, tuple[Path, str]]) -> dict[str, list[Reading]]:
    """Read files as others do.

    Parameters
    ----------
    files : mapping
        A key to path and format (``pdf``, ``docx``, ``pptx``, ``markdown``, ``csv``, else text).
    """
    found: dict[str, list[Reading]] = {}
    for key, (path, kind) in files.items():
        if kind == "pdf":
            found[key] = list(_pdf(path, paged=True))
            pages = found[key][0].pages
            if any(not page.strip() for page in pages[:-1] or pages):
                found[key].append(mined(path))
        elif kind in {"docx", "pptx"}:
            found[key] = [*_xml(path), *(_pandoc(path, "docx") if kind == "docx" else ())]
        else:
            raw = _decoded(path.read_bytes())
            found[key] = [Reading(by="raw text", pages=(raw,))]
            if kind == "markdown":
                found[key] += _pandoc(path, "gfm")
            if kind == "csv":
                found[key] += _cells(raw)
    office = {k: f for k, f in files.items() if f[1] in {"docx", "pptx"}}
    for key, reading in _libreoffice(office):
        found[key].insert(0, reading)
    return found


def _run(command: list[str]) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout


def _pdf(path: Path, *, paged: bool, by: str = "") -> Iterator[Reading]:
    for name, order in PDF_ORDERS.items():
        text = _run(["pdftotext", "-enc", "UTF-8", *order, str(path), "-"]).decode(
            "utf-8", "replace"
        )
        yield Reading(by=by + name, pages=tuple(text.split("\f")), paged=paged)


def boxed(path: Path) -> list[list[Boxed]]:
    """Return the words of each page of a PDF with their boxes, as pdftotext orders them."""
    body = _run(["pdftotext", "-enc", "UTF-8", "-bbox-layout", str(path), "-"])
    parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False)
    tree = etree.fromstring(body, parser) if body else None
    pages: list[list[Boxed]] = []
    for node in tree.iter() if tree is not None else ():
        tag = str(node.tag).rpartition("}")[2]
        if tag == "page":
            pages.append([])
        elif tag == "word" and pages:
            x0, top, x1, bottom = (float(node.get(k, 0)) for k in ("xMin", "yMin", "xMax", "yMax"))
            pages[-1].append(Boxed(node.text or "", x0, top, x1, bottom))
    return pages


def mined(path: Path) -> Reading:
    """Read a PDF with pdfminer: where pdftotext finds nothing on a page."""
    from pdfminer.high_level import extract_text
    from pdfminer.pdfexceptions import PDFException

    try:
        text = extract_text(str(path))
    except (PDFException, ValueError, TypeError, KeyError, AttributeError):
        text = ""
    return Reading(by="pdfminer", pages=tuple(text.split("\f")), paged=True)


def _pandoc(path: Path, kind: str) -> Iterator[Reading]:
    markup = _run(["pandoc", "-f", kind, "-t", "html", "--track-changes=accept", str(path)])
    words = _Words()
    words.feed(markup.decode("utf-8", "replace"))
    yield Reading(by="pandoc", pages=("".join(words.pieces),))


class _Words(HTMLParser):
    """The text of HTML; elements that are blocks end a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces += ["\n"] * (tag in {"p", "br", "li", "tr", "td", "th", "div", "h1", "h2"})
        self.pieces += [v for k, v in attrs if k == "alt" and v]

    def handle_endtag(self, tag: str) -> None:
        self.pieces += ["\n"] * (tag in {"p", "li", "tr", "td", "th", "div", "h1", "h2", "h3"})


def _cells(raw: str) -> Iterator[Reading]:
    delimiter = max(",;\t", key=raw.split("\n", 1)[0].count)
    rows = csv.reader(io.StringIO(raw), delimiter=delimiter)
    yield Reading(by="csv", pages=("\n".join("\n".join(row) for row in rows),))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _xml(path: Path) -> Iterator[Reading]:
    """Read the text nodes of an office file, paragraph by paragraph."""
    pieces: list[str] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                if PARTS.fullmatch(item.filename) and item.file_size < TOO_BIG:
                    parser = etree.XMLParser(resolve_entities=False, huge_tree=True)
                    pieces += _nodes(etree.fromstring(archive.read(item), parser))
    except (zipfile.BadZipFile, etree.XMLSyntaxError, OSError):
        return
    yield Reading(by="plain XML", pages=("".join(pieces),))


def _nodes(tree: etree._Element) -> Iterator[str]:
    for node in tree.iter():
        tag = str(node.tag).rpartition("}")[2]
        if tag in {"p", "tab", "br", "cr"}:
            yield "\n"
        elif tag == "noBreakHyphen":
            yield "\u2011"
        elif tag in {"t", "text"}:
            yield node.text or ""


def _libreoffice(files: Mapping[str, tuple[Path, str]]) -> Iterator[tuple[str, Reading]]:
    """Read Word files as LibreOffice saves them as text, slides as it prints them."""
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        for kind, target in (("docx", "txt:Text (encoded):UTF8"), ("pptx", "pdf")):
            copies = []
            for key, (path, format_) in files.items():
                if format_ == kind:
                    copies.append(room / f"{key}.{kind}")
                    shutil.copy(path, copies[-1])
            _converted(room, target, copies)
            suffix = target.partition(":")[0]
            # One file that LibreOffice does not get through takes the rest of the batch along.
            for copy in copies:
                if not copy.with_suffix(f".{suffix}").is_file():
                    _converted(room, target, [copy])
        for key in files:
            text, pages = room / f"{key}.txt", room / f"{key}.pdf"
            if text.is_file():
                said = text.read_text("utf-8-sig", "replace")
                yield key, Reading(by="LibreOffice", pages=(said,))
            if pages.is_file():
                for reading in _pdf(pages, paged=False, by="LibreOffice, "):
                    yield key, reading


def _converted(room: Path, target: str, files: Iterable[Path]) -> None:
    names = [str(f) for f in files]
    profile = f"-env:UserInstallation={(room / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", target, "--outdir", str(room)]
    if names:
        try:
            subprocess.run(
                [*command, *names],
                capture_output=True,
                check=False,
                timeout=TIMEOUT + 3 * len(names),
            )
        except subprocess.TimeoutExpired:
            return
