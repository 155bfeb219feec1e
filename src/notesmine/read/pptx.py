"""PPTX: titles, bullets with levels, groups, tables, SmartArt, speaker notes and comments."""

from __future__ import annotations

from lxml import etree

from notesmine.read.archive import Archive, attribute, child, descendants, local
from notesmine.read.builder import Draft
from notesmine.read.text import BULLET
from notesmine.records import PassageType

_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
MAX_GROUPS = 200  # depth of nested groups


def _runs(paragraph: etree._Element) -> str:
    pieces: list[str] = []
    for node in paragraph:
        name = local(node)
        if name in {"r", "fld"}:
            pieces += [t.text or "" for t in node if local(t) == "t"]
        elif name in {"br", "tab"}:
            pieces.append(" ")
    return "".join(pieces)


def _paragraphs(body: etree._Element | None) -> list[tuple[str, int, bool | None]]:
    """Return (text, level from 1, bulleted or None where the layout decides) for each paragraph."""
    found: list[tuple[str, int, bool | None]] = []
    for node in body if body is not None else ():
        if local(node) != "p":
            continue
        properties = child(node, "pPr")
        level = int(attribute(properties, "lvl") or 0) + 1
        marks = {local(c) for c in properties} if properties is not None else set()
        bulleted = None
        if marks & {"buChar", "buAutoNum", "buBlip"}:
            bulleted = True
        elif "buNone" in marks:
            bulleted = False
        found.append((_runs(node), level, bulleted))
    return found


class _Slide:
    """One slide on its way into the draft."""

    def __init__(self, archive: Archive, part: str, number: int, draft: Draft) -> None:
        self.archive = archive
        self.part = part
        self.number = number
        self.draft = draft
        self.relations = archive.relations(part)

    def read(self) -> None:
        """Read the slide: its title first, then shapes in their order, notes and comments last."""
        root = self.archive.xml(self.part)
        tree = child(root, "cSld", "spTree")
        if root is None or tree is None:
            return
        if attribute(root, "show") in {"0", "false"}:
            self.draft.problem("hidden-slide", "the slide is hidden; it was read", page=self.number)
        shapes = self.flatten(tree, 0)
        for shape in [s for s in shapes if self.placeholder(s) in _TITLES]:
            title = " ".join(t for t, _, _ in _paragraphs(child(shape, "txBody")) if t.strip())
            self.draft.add("slide_title", title, level=1, page=self.number)
        for shape in shapes:
            self.shape(shape)
        for kind, target in self.relations.values():
            if kind == "notesSlide":
                self.notes(target)
            elif kind == "comments":
                self.comments(target)

    def flatten(self, tree: etree._Element, depth: int) -> list[etree._Element]:
        """Shapes of a tree with groups opened; of alternative drawings the first that is there."""
        found: list[etree._Element] = []
        for node in tree:
            name = local(node)
            if name == "grpSp" and depth < MAX_GROUPS:
                found += self.flatten(node, depth + 1)
            elif name == "AlternateContent":
                choice = child(node, "Choice")
                found += self.flatten(choice if choice is not None else node, depth + 1)
            elif name in {"sp", "graphicFrame", "cxnSp", "pic"}:
                found.append(node)
        return found

    @staticmethod
    def placeholder(shape: etree._Element) -> str:
        """Kind of placeholder, ``body`` where unnamed, or nothing."""
        for holder in shape:
            mark = child(holder, "nvPr", "ph")
            if mark is not None:
                return attribute(mark, "type") or "body"
        return ""

    def shape(self, shape: etree._Element) -> None:
        """Read one shape that is no title."""
        kind = self.placeholder(shape)
        if kind in _TITLES:
            return
        if local(shape) == "graphicFrame":
            self.frame(shape)
            return
        paragraphs = _paragraphs(child(shape, "txBody"))
        if kind in _FURNITURE:
            text = self.draft.clean(" ".join(t for t, _, _ in paragraphs))
            if text and text not in self.draft.furniture and not text.isdigit():
                self.draft.furniture.append(text)
            return
        for text, level, bulleted in paragraphs:
            typed = BULLET.match(text)
            is_bullet = bulleted if bulleted is not None else (kind in {"body", "obj"} or level > 1)
            type_: PassageType = "bullet" if is_bullet else "paragraph"
            if typed and typed[2]:
                text, type_ = text[typed.end() :], "bullet"
            self.draft.add(type_, text, level=level if type_ == "bullet" else 0, page=self.number)

    def frame(self, frame: etree._Element) -> None:
        """Read a table or SmartArt."""
        rows = [
            [
                " ".join(_runs(p) for p in descendants(cell, "p"))
                for cell in row
                if local(cell) == "tc"
            ]
            for row in descendants(frame, "tr")
        ]
        first = next(descendants(frame, "tblPr"), None)
        has_header = attribute(first, "firstRow") in {"1", "true"}
        header = ""
        for index, cells in enumerate(rows):
            if not any(c.strip() for c in cells):
                continue
            joined = self.draft.clean(" | ".join(" ".join(c.split()) for c in cells))
            if index == 0 and has_header and len(rows) > 1:
                header = joined
                self.draft.add("other", joined, page=self.number)
            else:
                self.draft.add("table_row", joined, header=header, page=self.number)
        for ids in descendants(frame, "relIds"):
            kind, target = self.relations.get(attribute(ids, "dm") or "", ("", ""))
            if kind == "diagramData":
                self.smart_art(target)

    def smart_art(self, part: str) -> None:
        """Read a diagram's points in their order."""
        root = self.archive.xml(part)
        for point in descendants(root, "pt") if root is not None else ():
            if attribute(point, "type") in {"pres", "parTrans", "sibTrans"}:
                continue
            for paragraph in descendants(point, "p"):
                self.draft.add("bullet", _runs(paragraph), level=1, page=self.number)

    def notes(self, part: str) -> None:
        """Read the speaker's notes of the slide."""
        root = self.archive.xml(part)
        tree = child(root, "cSld", "spTree")
        for shape in self.flatten(tree, 0) if tree is not None else ():
            if self.placeholder(shape) in _FURNITURE:
                continue
            for text, _, _ in _paragraphs(child(shape, "txBody")):
                self.draft.add("speaker_note", text, page=self.number)

    def comments(self, part: str) -> None:
        """Read the comments on the slide, old and threaded."""
        root = self.archive.xml(part)
        for node in root.iter() if root is not None else ():
            name = local(node)
            if name == "text":
                self.draft.add("comment", node.text or "", page=self.number)
            elif name == "txBody":
                text = " ".join(t for t, _, _ in _paragraphs(node))
                self.draft.add("comment", text, page=self.number)


def read_pptx(data: bytes, draft: Draft) -> None:
    """Read a PPTX file; ``page`` is the slide's number.

    Parameters
    ----------
    data : bytes
        The whole file.
    draft : Draft
        Takes the blocks.
    """
    archive = Archive(data)
    main = archive.main_part()
    root = archive.xml(main)
    relations = archive.relations(main)
    core = archive.xml("docProps/core.xml")
    if core is not None:
        draft.title = next((e.text or "" for e in descendants(core, "title")), "").strip()
    slides = [
        relations[key][1]
        for item in (descendants(root, "sldId") if root is not None else ())
        if (key := _relation(item)) in relations
    ]
    draft.pages = len(slides)
    for number, part in enumerate(slides, 1):
        if part in archive:
            _Slide(archive, part, number, draft).read()
            draft.flush()


def _relation(item: etree._Element) -> str:
    for key, value in item.attrib.items():
        if "relationships" in str(key) and str(key).endswith("}id"):
            return str(value)
    return ""
