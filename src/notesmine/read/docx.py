"""DOCX by walking its XML, so that text boxes, content controls and insertions are not lost.

Body elements are parsed one at a time and dropped again: memory stays flat, and what was read
before a limit struck is kept.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from notesmine.errors import Damaged
from notesmine.read import dates
from notesmine.read.archive import Archive, attribute, child, descendants, local, refuse_doctype
from notesmine.read.builder import Draft
from notesmine.read.text import BULLET, PSEUDO_LEVEL

# Deleted and moved-away text, field codes, and the fallback copy of a drawing are not on the page.
_UNSEEN = frozenset({"del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "pPr", "sectPr"})
_HEADING_STYLE = re.compile(r"(?i)^(?:heading|überschrift|titre|título|titolo|kop)\s*(\d)$")
_CUE = re.compile(r"\d+:\d+:\d+\.\d+ --> \d+:\d+:\d+\.\d+\s*\n(.{1,60})\n")
LABEL_WORDS = 12


class Style(Struct, frozen=True):
    """What a paragraph style implies: heading rank (0 none), list level (0 none), bold."""

    heading: int = 0
    list_level: int = 0
    bold: bool = False
    title: bool = False


class _Notes(Struct):
    """Footnotes, endnotes and comments met in the body, in order."""

    wanted: list[tuple[str, str]]


def _on(element: etree._Element | None) -> bool:
    """Tell whether a toggle property is present and not switched off."""
    return element is not None and attribute(element, "val") not in {"0", "false", "off"}


def _styles(archive: Archive, part: str | None) -> dict[str, Style]:
    root = archive.xml(part) if part else None
    raw: dict[str, tuple[str, str, etree._Element]] = {}
    for element in root if root is not None else ():
        if local(element) == "style" and attribute(element, "type") == "paragraph":
            key = attribute(element, "styleId") or ""
            name = attribute(child(element, "name"), "val") or key
            raw[key] = (name, attribute(child(element, "basedOn"), "val") or "", element)

    def resolve(key: str, seen: frozenset[str]) -> Style:
        if key not in raw or key in seen:
            return Style()
        name, base, element = raw[key]
        parent = resolve(base, seen | {key})
        lower = name.lower()
        if lower == "title":
            return Style(heading=1, title=True)
        m = _HEADING_STYLE.match(name)
        outline = attribute(child(element, "pPr", "outlineLvl"), "val")
        heading = parent.heading
        if m:
            heading = int(m[1])
        elif outline is not None and outline.isdigit():
            heading = int(outline) + 1 if int(outline) < 9 else 0
        elif lower == "subtitle":
            heading = 2
        number = child(element, "pPr", "numPr")
        level = parent.list_level
        if lower.startswith(("list bullet", "list number")):
            # "List Bullet 2" is the second level, though its numbering counts from the first.
            level = int(lower[-1]) if lower[-1].isdigit() else 1
        elif number is not None:
            level = int(attribute(child(number, "ilvl"), "val") or 0) + 1
        bold = _on(child(element, "rPr", "b")) or (
            parent.bold and child(element, "rPr", "b") is None
        )
        return Style(heading=min(heading, 9), list_level=0 if heading else level, bold=bold)

    return {key: resolve(key, frozenset()) for key in raw}


class _Reader:
    """One pass over the body; nested text boxes are queued until their paragraph is done."""

    def __init__(self, archive: Archive, draft: Draft, styles: dict[str, Style]) -> None:
        self.draft = draft
        self.styles = styles
        self.boxes: list[etree._Element] = []
        self.notes = _Notes([])
        self.archive = archive

    def visible(self, element: etree._Element, bold: list[int]) -> Iterator[str]:
        """Text of a paragraph's runs; ``bold`` counts [bold, plain] letters."""
        for node in element:
            name = local(node)
            if name in _UNSEEN:
                if name in {"del", "moveFrom"} and any(True for _ in descendants(node, "delText")):
                    self.draft.repairs["tracked-deletions-left-out"] += 1
                continue
            if name == "t":
                text = node.text or ""
                run = child(node.getparent(), "rPr")
                if _on(child(run, "vanish")):
                    self.draft.repairs["hidden-text-left-out"] += 1
                    continue
                bold[0 if _on(child(run, "b")) else 1] += len(text.strip(" :"))
                yield text
            elif name in {"tab", "ptab"}:
                yield " "
            elif name in {"br", "cr"}:
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name == "txbxContent":
                self.boxes.append(node)
            elif name in {"footnoteReference", "endnoteReference", "commentReference"}:
                self.notes.wanted.append((name[:-9], attribute(node, "id") or ""))
            elif name in {"sym", "pict"} or len(node):
                if name == "AlternateContent":
                    choice = child(node, "Choice")
                    source = choice if choice is not None else child(node, "Fallback")
                    if source is not None:
                        yield from self.visible(source, bold)
                elif name == "sdt" and _on_checkbox(node):
                    self.draft.repairs["checkboxes-left-out"] += 1
                else:
                    yield from self.visible(node, bold)

    def paragraph(self, element: etree._Element) -> None:
        """Turn one ``w:p`` into a heading, a list item or a paragraph."""
        bold = [0, 0]
        text = "".join(self.visible(element, bold)).strip()
        boxes, self.boxes = self.boxes, []
        properties = child(element, "pPr")
        style = self.styles.get(attribute(child(properties, "pStyle"), "val") or "", Style())
        level = style.list_level
        number = child(properties, "numPr")
        if number is not None:
            off = attribute(child(number, "numId"), "val") == "0"
            level = 0 if off else int(attribute(child(number, "ilvl"), "val") or 0) + 1
        outline = attribute(child(properties, "outlineLvl"), "val")
        heading = style.heading
        if outline is not None and outline.isdigit() and int(outline) < 9:
            heading = int(outline) + 1
        if text:
            self._emit(text, heading, level, style, bold)
        for box in boxes:
            self.blocks(box)

    def _emit(self, text: str, heading: int, level: int, style: Style, bold: list[int]) -> None:
        draft = self.draft
        cue = _CUE.match(text)
        if cue:  # a transcript saved as DOCX: time, speaker and words on lines of one paragraph
            draft.repairs["time-stamps-left-out"] += 1
            draft.add("paragraph", f"{cue[1]}: {text[cue.end() :]}")
            return
        typed = BULLET.match(text)
        if heading and any(c.isalpha() for c in text):
            if style.title and not draft.title:
                draft.title = text
            draft.add("heading", text, level=heading)
        elif level:
            draft.repairs["list-labels-left-out"] += 1
            draft.add("bullet", text, level=level)
        elif typed and typed[2] and typed[2] not in "–—−+":
            draft.repairs["list-labels-left-out"] += 1
            draft.add("bullet", text[typed.end() :], level=1)
        elif (
            bold[0] + style.bold * bold[1] > 0
            and (bold[1] == 0 or style.bold)
            and len(text.split()) <= LABEL_WORDS
            and not text.endswith(".")
        ):
            found = dates.find(text)
            rest = text[: found.start] + text[found.end :] if found else text
            label = any(c.isalpha() for c in rest)
            draft.add("heading" if label else "paragraph", text, level=PSEUDO_LEVEL if label else 0)
        else:
            draft.add("paragraph", text)

    def blocks(self, parent: etree._Element) -> None:
        """Read the block elements below a body, a cell, a text box or a content control."""
        for element in parent:
            self.block(element)

    def block(self, element: etree._Element) -> None:
        """Read one block element."""
        name = local(element)
        if name == "p":
            self.paragraph(element)
        elif name == "tbl":
            self.table(element)
        elif name in _UNSEEN:
            return
        elif name == "AlternateContent":
            choice = child(element, "Choice")
            self.blocks(choice if choice is not None else element)
        elif len(element):
            self.blocks(element)

    def cell(self, element: etree._Element) -> str:
        """Text of a table cell, nested tables included, on one line."""
        pieces: list[str] = []
        for node in element:
            name = local(node)
            if name == "p":
                text = "".join(self.visible(node, [0, 0])).strip()
                boxes, self.boxes = self.boxes, []
                pieces += [text, *(self.cell(box) for box in boxes)]
            elif name == "tbl":
                pieces += [self.cell(c) for row in descendants(node, "tr") for c in row]
            elif name not in _UNSEEN and len(node):
                pieces.append(self.cell(node))
        return " ".join(p for p in pieces if p)

    def table(self, element: etree._Element) -> None:
        """One block a row; the first row is the header where it is marked or all bold."""
        rows = [(row, list(_direct(row, "tc"))) for row in _direct(element, "tr")]
        if len(rows) == 1 and len(rows[0][1]) == 1:  # a frame around running text
            self.blocks(rows[0][1][0])
            return
        header = ""
        for index, (row, cells) in enumerate(rows):
            marked = _on(child(row, "trPr", "tblHeader"))
            # A vertically merged cell goes on; its text stands in the first row of the merge.
            texts = [self.cell(c) for c in cells]
            if not any(t.strip() for t in texts):
                continue
            joined = self.draft.clean(" | ".join(texts))
            short = all(len(t.split()) <= 6 for t in texts)
            filled = all(t.strip() for t in texts) and len(texts) > 1
            if index == 0 and len(rows) > 1 and (marked or (filled and short and _all_bold(row))):
                header = joined
                self.draft.add("other", joined)
            else:
                self.draft.add("table_row", joined, header=header)


def _on_checkbox(node: etree._Element) -> bool:
    return child(node, "sdtPr", "checkbox") is not None


def _direct(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Rows or cells of a table, through content controls and insertions but not nested tables."""
    for node in element:
        tag = local(node)
        if tag == name:
            yield node
        elif tag not in {"tbl", "tc", "p", "del"} and len(node):
            yield from _direct(node, name)


def _all_bold(row: etree._Element) -> bool:
    runs = [
        r for r in descendants(row, "r") if any((t.text or "").strip() for t in descendants(r, "t"))
    ]
    return bool(runs) and all(_on(child(r, "rPr", "b")) for r in runs)


def _body(data: bytes) -> Iterator[etree._Element]:
    """Yield the body's direct children one at a time, dropping each after use."""
    refuse_doctype(data)
    context = etree.iterparse(
        io.BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    body: etree._Element | None = None
    try:
        for event, element in context:
            if event == "start":
                if body is None and local(element) == "body":
                    body = element
            elif body is not None and element.getparent() is body:
                yield element
                element.clear()
                while (before := element.getprevious()) is not None:
                    body.remove(before)
    except etree.XMLSyntaxError as error:
        raise Damaged(
            f"the document's XML breaks off or is damaged: {error}",
            "Open it in Word and save again.",
        ) from error


def _core_title(archive: Archive) -> str:
    root = archive.xml("docProps/core.xml")
    if root is None:
        return ""
    return next((e.text or "" for e in descendants(root, "title")), "").strip()


def read_docx(data: bytes, draft: Draft) -> None:
    """Read a DOCX file.

    Parameters
    ----------
    data : bytes
        The whole file.
    draft : Draft
        Takes the blocks.
    """
    archive = Archive(data)
    main = archive.main_part()
    relations = archive.relations(main)
    by_kind = dict(relations.values())
    draft.title = _core_title(archive)
    reader = _Reader(archive, draft, _styles(archive, by_kind.get("styles")))
    for element in _body(archive.read(main)):
        reader.block(element)
    for kind, part_kind, type_ in (
        ("footnote", "footnotes", "footnote"),
        ("endnote", "endnotes", "footnote"),
        ("comment", "comments", "comment"),
    ):
        wanted = [key for k, key in reader.notes.wanted if k == kind]
        root = archive.xml(by_kind.get(part_kind, "")) if wanted else None
        if root is None:
            continue
        texts = {attribute(n, "id") or "": reader.cell(n) for n in root}
        for key in dict.fromkeys(wanted):
            if type_ == "comment":
                draft.add("comment", texts.get(key, ""))
            else:
                draft.add("footnote", texts.get(key, ""))
    for kind, target in sorted(set(relations.values())):
        if kind in {"header", "footer"} and target in archive:
            root = archive.xml(target)
            text = draft.clean(reader.cell(root)) if root is not None else ""
            if text and text not in draft.furniture:
                draft.furniture.append(text)
