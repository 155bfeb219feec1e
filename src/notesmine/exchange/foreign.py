"""A REFI-QDA project from outside, trusted in nothing: its codes, texts and codings as they stand.

What is not text (pictures, sound, areas of pages) is listed, since no note of ours is either.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from notesmine.errors import InputError, ReadError
from notesmine.exchange.qdpx import NAMESPACE
from notesmine.read.archive import Archive, local

MAX_UNPACKED = 400 << 20  # bytes of all parts together
MAX_DEPTH = 60  # codes below codes
RUN = re.compile(r"\brun (R-[0-9a-f]{10})\b", re.IGNORECASE)


class ForeignCode(Struct, frozen=True, kw_only=True):
    """A code as another program wrote it; ``path`` are the names from the top down to its own."""

    guid: str
    path: tuple[str, ...]
    description: str
    parent: str = ""

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]


class ForeignCoding(Struct, frozen=True):
    """A code on a selection, by whom and when (the day)."""

    code: str
    who: str
    when: str


class ForeignSelection(Struct, frozen=True, kw_only=True):
    """A coded stretch; positions count whatever the program counts."""

    start: int
    end: int
    name: str
    note: str
    codings: tuple[ForeignCoding, ...]


class ForeignSource(Struct, frozen=True, kw_only=True):
    """A text as it stands in the file, a byte order mark included, and its coded stretches."""

    guid: str
    name: str
    text: str
    selections: tuple[ForeignSelection, ...]


class Foreign(Struct, frozen=True, kw_only=True):
    """A project from outside. ``left_out`` says what cannot be taken; ``run_id`` may be empty."""

    name: str
    origin: str
    run_id: str
    people: tuple[str, ...]
    codes: tuple[ForeignCode, ...]
    sources: tuple[ForeignSource, ...]
    left_out: tuple[str, ...]


def read_project(data: bytes, name: str) -> Foreign:
    """Read a ``.qdpx`` file.

    Raises
    ------
    InputError
        If it is no archive or no REFI-QDA project, is damaged or encrypted, points outside itself,
        expands as only a bomb does, or declares a document type.
    """
    try:
        archive = Archive(data)
        total = sum(info.file_size for info in archive.names.values())
        if total > MAX_UNPACKED:
            raise InputError(
                f"{name} unpacks to {total >> 20} MiB",
                "Export the project without its media, or in parts.",
            )
        projects = [n for n in archive.names if n.casefold().endswith(".qde") and "/" not in n]
        if not projects:
            raise InputError(
                f"{name} holds no project.qde",
                "Export it from your program as a REFI-QDA project (.qdpx).",
            )
        root = archive.xml(min(projects, key=lambda n: (n.casefold() != "project.qde", n)))
        if root is None or root.tag != f"{{{NAMESPACE}}}Project":
            tag = "" if root is None else root.tag
            raise InputError(
                f"{name} is no REFI-QDA project: its root is {tag!r}",
                "Export it as a REFI-QDA project, version 1.0 (not only the codebook).",
            )
        return _Reader(archive, root, name).project()
    except ReadError as error:
        raise InputError(
            f"{name}: {error.message}", error.hint or "Export the project again."
        ) from error


class _Reader:
    def __init__(self, archive: Archive, root: etree._Element, name: str) -> None:
        self.archive, self.root, self.file = archive, root, name
        self.left_out: list[str] = []
        self.parts = {n.rpartition("/")[2].casefold(): n for n in sorted(archive.names)}
        self.users = {
            _guid(u.get("guid")): u.get("name") or u.get("id") or ""
            for u in root.iter(f"{{{NAMESPACE}}}User")
        }

    def project(self) -> Foreign:
        codes = tuple(
            code
            for group in self.root.iter(f"{{{NAMESPACE}}}Codes")
            for child in group
            for code in self._codes(child, (), "")
        )
        sources = tuple(s for e in self._children("Sources") for s in self._source(e))
        about = " ".join(t for e in self.root if local(e) == "Description" for t in [e.text or ""])
        found = RUN.search(about)
        return Foreign(
            name=self.file,
            origin=self.root.get("origin", ""),
            run_id=found[1] if found else "",
            people=tuple(dict.fromkeys(n for n in self.users.values() if n)),
            codes=codes,
            sources=sources,
            left_out=tuple(self.left_out),
        )

    def _children(self, name: str) -> Iterator[etree._Element]:
        for group in self.root:
            if local(group) == name:
                yield from (e for e in group if isinstance(e.tag, str))

    def _codes(
        self, element: etree._Element, above: tuple[str, ...], parent: str
    ) -> Iterator[ForeignCode]:
        if local(element) != "Code":
            return
        guid = _guid(element.get("guid"))
        name = " ".join((element.get("name") or "").split())
        if not guid or not name:
            self.left_out.append("a code without name or GUID")
            return
        if len(above) >= MAX_DEPTH:
            self.left_out.append(f"the code {name!r}: more than {MAX_DEPTH} codes above it")
            return
        path = (*above, name)
        yield ForeignCode(guid=guid, path=path, description=_description(element), parent=parent)
        for child in element:
            yield from self._codes(child, path, guid)

    def _source(self, element: etree._Element) -> Iterator[ForeignSource]:
        kind, name = local(element), element.get("name") or ""
        holder: etree._Element | None = element
        if kind == "PDFSource":
            holder = next((e for e in element if local(e) == "Representation"), None)
            for _ in (e for e in element if local(e) == "PDFSelection"):
                self.left_out.append(f"{name}: a coded area of a page, which is no text")
        elif kind != "TextSource":
            self.left_out.append(f"{name}: a {kind}, which is no text")
            return
        if holder is None:
            self.left_out.append(f"{name}: a PDF without its text")
            return
        text = self._text(holder, name)
        selections = tuple(self._selections(holder, name))
        if text is None:
            if selections:
                self.left_out.append(f"{name}: {len(selections)} coded passages of it")
            return
        whole = [e for h in {element, holder} for e in h if local(e) == "Coding"]
        if whole:
            self.left_out.append(f"{name}: {len(whole)} codes on the whole source, not a passage")
        yield ForeignSource(
            guid=_guid(element.get("guid")), name=name, text=text, selections=selections
        )

    def _text(self, holder: etree._Element, name: str) -> str | None:
        inline = next((e for e in holder if local(e) == "PlainTextContent"), None)
        if inline is not None and inline.text:
            return inline.text
        path = holder.get("plainTextPath") or ""
        part = self.parts.get(re.split(r"[/\\]", path)[-1].casefold())
        if not path.casefold().startswith("internal:") or part is None:
            self.left_out.append(f"{name}: its text is not in the project ({path or 'no path'})")
            return None
        text = _decoded(self.archive.read(part))
        if text is None:
            self.left_out.append(f"{name}: its text is neither UTF-8 nor UTF-16")
        return text

    def _selections(self, holder: etree._Element, name: str) -> Iterator[ForeignSelection]:
        for element in holder:
            if local(element) != "PlainTextSelection":
                continue
            start, end = (_number(element.get(a)) for a in ("startPosition", "endPosition"))
            codings = tuple(
                ForeignCoding(
                    _guid(ref.get("targetGUID")),
                    self.users.get(_guid(coding.get("creatingUser")), ""),
                    _day(coding.get("creationDateTime")),
                )
                for coding in element
                if local(coding) == "Coding"
                for ref in coding
                if local(ref) == "CodeRef"
            )
            if start is None or end is None or not start < end:
                self.left_out.append(f"{name}: a selection without sound positions")
            elif codings:
                yield ForeignSelection(
                    start=start, end=end, name=element.get("name") or "",
                    note=_description(element), codings=codings,
                )  # fmt: skip


def _decoded(data: bytes) -> str | None:
    """Return text with its byte order mark kept as a character; None for other encodings."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return "\ufeff" + data.decode("utf-16") if wide else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _guid(text: str | None) -> str:
    return (text or "").strip("{} ").upper()


def _description(element: etree._Element) -> str:
    found = next((e for e in element if local(e) == "Description"), None)
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\s*\d{1,9}\s*", text) else None


def _day(text: str | None) -> str:
    found = re.match(r"\d{4}-\d{2}-\d{2}", text or "")
    return found[0] if found else ""
