"""ZIP containers, checked before anything in them is parsed, and their XML parts, parsed safely."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator

from lxml import etree

from notesmine.errors import Damaged, Encrypted, TooLarge

MAX_ENTRIES = 20_000
# Word's own XML shrinks 5 to 30 times; repetitive generated tables reach 100.
MAX_RATIO = 150
RATIO_MATTERS_FROM = 8 << 20  # bytes; below it a bomb cannot hurt
MAX_PART = 160 << 20  # bytes of one XML part, unpacked
LOCAL_HEADER = 30  # bytes, without the name


class Archive:
    """An OOXML package whose central directory has been checked.

    Raises
    ------
    Damaged
        If it is no ZIP file, or entries overlap or leave the archive by their names.
    TooLarge
        If an entry expands as only a bomb does.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, KeyError) as error:
            raise Damaged(
                f"the archive cannot be opened: {error}", "Open it in Office and save it again."
            ) from error
        infos = self._zip.infolist()
        if len(infos) > MAX_ENTRIES:
            raise TooLarge(f"the archive has {len(infos):,} entries", "Save the document again.")
        end = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            if ".." in info.filename.split("/") or info.filename.startswith(("/", "\\")):
                raise Damaged(
                    "an entry of the archive points outside it", "Do not trust this file."
                )
            if info.header_offset < end:
                raise Damaged("entries of the archive overlap", "Do not trust this file.")
            end = info.header_offset + LOCAL_HEADER + len(info.orig_filename) + info.compress_size
            packed = max(1, info.compress_size)
            if info.file_size > RATIO_MATTERS_FROM and info.file_size / packed > MAX_RATIO:
                raise TooLarge(
                    f"an entry of the archive expands {info.file_size // packed:,} times",
                    "This is how archive bombs look; do not trust this file.",
                )
            if info.flag_bits & 1:
                raise Encrypted("the archive is encrypted", "Save the document without a password.")
        self.names = {info.filename: info for info in infos}

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def read(self, name: str) -> bytes:
        """Return an entry's bytes, checked against what its directory declares."""
        info = self.names[name]
        if info.file_size > MAX_PART:
            raise TooLarge(
                f"a part of the document has {info.file_size >> 20} MiB", "Split the document."
            )
        try:
            with self._zip.open(info) as stream:
                data = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise Damaged(
                f"a part of the document is damaged: {error}", "Open it in Office and save again."
            ) from error
        except Exception as error:  # zlib.error, lzma errors: each codec has its own
            if type(error).__module__ in {"zlib", "_lzma", "lzma", "bz2"}:
                raise Damaged("a part of the document is damaged", "Save it again.") from error
            raise
        return data

    def xml(self, name: str) -> etree._Element | None:
        """Parse a part; None where it is absent.

        Raises
        ------
        Damaged
            If the part is not well formed, or declares a DOCTYPE, which no Office program writes.
        """
        if name not in self.names:
            return None
        return parse(self.read(name))

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the relations of a part: id to (kind, target part); external ones left out."""
        folder, _, base = part.rpartition("/")
        root = self.xml(f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels")
        found: dict[str, tuple[str, str]] = {}
        for item in root if root is not None else ():
            if item.get("TargetMode") == "External" or not item.get("Target"):
                continue
            target = item.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = item.get("Type", "").rpartition("/")[2]
            found[item.get("Id", "")] = (kind, posixpath.normpath(path))
        return found

    def main_part(self) -> str:
        """Name of the part that the package declares as its document."""
        for kind, target in self.relations("").values():
            if kind == "officeDocument" and target in self.names:
                return target
        for name in ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"):
            if name in self.names:
                return name
        raise Damaged("the package has no main document", "Open it in Office and save it again.")


def refuse_doctype(data: bytes) -> None:
    """Raise `Damaged` if XML declares a document type: entities are of no use in OOXML."""
    probe = data.replace(b"\0", b"") if b"\0" in data[:200] else data
    if b"<!DOCTYPE" in probe or b"<!ENTITY" in probe:
        raise Damaged(
            "the document declares XML entities, which Office never does",
            "Do not trust this file; ask for it as a fresh export.",
        )


def parse(data: bytes) -> etree._Element:
    """Parse XML without entities, network or a document type."""
    refuse_doctype(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Damaged(f"XML is not well formed: {error}", "Save the document again.") from error


def local(element: etree._Element) -> str:
    """Tag without namespace, so that strict and transitional OOXML read alike."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str | None:
    """Attribute by local name, in whatever namespace."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """First descendant along a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((c for c in element if local(c) == name), None)
    return element


def descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All descendants of a local name, in document order."""
    return (e for e in element.iter() if local(e) == name)
