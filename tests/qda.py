"""REFI-QDA projects in tests: read, checked beyond the schema, edited as other programs do."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

from lxml import etree

NS = "{urn:QDA-XML:project:1.0}"
REFERENCES = (
    "targetGUID", "creatingUser", "creatingUserGUID", "modifyingUser", "modifyingUserGUID",
)  # fmt: skip


class Qda:
    """A project file, opened."""

    def __init__(self, body: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            self.files = {n: archive.read(n) for n in archive.namelist()}
        self.root = etree.fromstring(self.files["project.qde"])

    def all(self, name: str) -> list[etree._Element]:
        return list(self.root.iter(f"{NS}{name}"))

    def code(self, name: str) -> etree._Element:
        return next(e for e in self.all("Code") if e.get("name") == name)

    def text_of(self, source: etree._Element) -> str:
        path = source.get("plainTextPath", "").removeprefix("internal://")
        return self.files[f"sources/{path}"].decode("utf-8")

    def holders(self) -> list[etree._Element]:
        """Elements that hold a text and its selections."""
        return [*self.all("TextSource"), *self.all("Representation")]

    def selection(self, words: str) -> etree._Element:
        """The selection whose text begins with words."""
        for holder in self.holders():
            text = self.text_of(holder)
            for found in holder.iter(f"{NS}PlainTextSelection"):
                if text[int(found.get("startPosition", "0")) :].startswith(words):
                    return found
        raise AssertionError(words)

    def codes_on(self, selection: etree._Element) -> set[str]:
        names = {e.get("guid"): e.get("name", "") for e in self.all("Code")}
        return {names[r.get("targetGUID")] for r in selection.iter(f"{NS}CodeRef")}

    def recode(self, selection: etree._Element, old: str, new: str) -> None:
        wanted = self.code(old).get("guid")
        ref = next(r for r in selection.iter(f"{NS}CodeRef") if r.get("targetGUID") == wanted)
        ref.set("targetGUID", self.code(new).get("guid", ""))

    def uncode(self, selection: etree._Element, name: str) -> None:
        wanted = self.code(name).get("guid")
        for coding in list(selection.iter(f"{NS}Coding")):
            if coding[0].get("targetGUID") == wanted:
                selection.remove(coding)

    def add_user(self, name: str) -> str:
        guid = str(uuid.uuid4())
        etree.SubElement(self.all("Users")[0], f"{NS}User", guid=guid, name=name)
        return guid

    def add_code(
        self, name: str, description: str = "", parent: etree._Element | None = None
    ) -> str:
        guid = str(uuid.uuid4())
        holder = self.all("Codes")[0] if parent is None else parent
        code = etree.SubElement(holder, f"{NS}Code", guid=guid, name=name, isCodable="true")
        if description:
            etree.SubElement(code, f"{NS}Description").text = description
        return guid

    def add_coding(self, selection: etree._Element, code: str, user: str) -> None:
        coding = etree.SubElement(
            selection, f"{NS}Coding", guid=str(uuid.uuid4()), creatingUser=user
        )
        etree.SubElement(coding, f"{NS}CodeRef", targetGUID=self.code(code).get("guid", ""))

    def body(self) -> bytes:
        """The project as a file again."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("project.qde", etree.tostring(self.root, encoding="UTF-8"))
            for name, data in self.files.items():
                if name != "project.qde":
                    archive.writestr(name, data)
        return stream.getvalue()


def as_rewritten(
    body: bytes, *, bom: bool = True, crlf: bool = True, units: str = "lf", guids: bool = True
) -> bytes:
    """The same project as another program writes it: one selection a coding, GUIDs of its own.

    ``units`` says what positions count: ``lf`` (code points of the text with line feeds), ``crlf``
    (of the file as it is), ``utf16`` (UTF-16 units of the text with line feeds).
    """
    project = Qda(body)
    root = project.root
    for holder in project.holders():
        text = project.text_of(holder)
        place = _positions(text, units)
        for selection in list(holder.iter(f"{NS}PlainTextSelection")):
            start = int(selection.get("startPosition", "0"))
            end = int(selection.get("endPosition", "0"))
            at = list(holder).index(selection)
            holder.remove(selection)
            for coding in reversed(list(selection.iter(f"{NS}Coding"))):
                alone = etree.Element(f"{NS}PlainTextSelection")
                for key, value in selection.attrib.items():
                    alone.set(str(key), str(value))
                alone.set("guid", str(uuid.uuid4()))
                alone.set("name", text[start:end])
                alone.set("startPosition", str(place(start)))
                alone.set("endPosition", str(place(end)))
                alone.append(coding)
                holder.insert(at, alone)
        path = "sources/" + holder.get("plainTextPath", "").removeprefix("internal://")
        written = text.replace("\n", "\r\n") if crlf else text
        project.files[path] = (b"\xef\xbb\xbf" if bom else b"") + written.encode("utf-8")
    if guids:
        known: dict[str, str] = {}
        for element in root.iter():
            if element.get("guid"):
                element.set("guid", known.setdefault(element.get("guid", ""), str(uuid.uuid4())))
        for element in root.iter():
            for name in REFERENCES:
                if element.get(name):
                    element.set(name, known[element.get(name, "")])
    return project.body()


def _positions(text: str, units: str) -> Callable[[int], int]:
    if units == "lf":
        return lambda at: at
    if units == "crlf":
        return lambda at: at + text.count("\n", 0, at)
    return lambda at: len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


def faults(body: bytes, schema: Path | None = None) -> list[str]:
    """What is wrong with a project: against the schema, and beyond it."""
    project = Qda(body)
    found = []
    if schema is not None:
        checker = etree.XMLSchema(etree.parse(schema))
        checker.validate(project.root)
        found += str(checker.error_log).splitlines()
    guids = [e.get("guid", "") for e in project.root.iter() if e.get("guid")]
    found += ["a GUID stands twice"] if len(set(guids)) < len(guids) else []
    found += [
        f"{n} of {e.tag} leads nowhere"
        for e in project.root.iter()
        for n in REFERENCES
        if e.get(n) and e.get(n) not in guids
    ]
    if any(g != g.upper() or "{" in g for g in guids):
        found.append("a GUID is not plain upper case")
    for kind in ("Code", "TextSource", "Note"):
        names = [e.get("name", "").casefold() for e in project.all(kind)]
        found += [f"two of the same name: {kind}"] if len(set(names)) < len(names) else []
    for element in project.root.iter():
        if len(element) == 0 and not element.attrib and not element.text:
            found.append(f"empty {element.tag}")
    for holder in [*project.holders(), *project.all("Note")]:
        if holder.get("creationDateTime") is None or holder.get("creatingUser") is None:
            found.append("a source or note without its date or user")
        text = project.text_of(holder)
        if "\r" in text or "\f" in text or text.startswith("\ufeff"):
            found.append("a text with a CR, a form feed or a byte order mark")
    return found


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in files.items():
            packed.writestr(name.replace("__", "/").replace("_dot_", "."), body)
    return stream.getvalue()


ROOT = b'<Project xmlns="urn:QDA-XML:project:1.0" name="x"/>'


def zip_slip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("project.qde", ROOT)
        packed.writestr("../../evil.txt", b"x")
    return stream.getvalue()
