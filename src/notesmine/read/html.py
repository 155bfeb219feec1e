"""HTML without its navigation: headings, paragraphs, lists and tables in reading order."""

from __future__ import annotations

import re

from lxml import etree
from lxml import html as lxml_html

from notesmine.errors import Damaged
from notesmine.read import dates
from notesmine.read.builder import Draft
from notesmine.read.text import PSEUDO_LEVEL

_SKIP = frozenset(
    "script style noscript template nav footer aside form button select textarea svg canvas iframe "
    "object head math audio video dialog".split()
)
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCK = frozenset(
    "p div section article main header blockquote pre address figure figcaption details summary "
    "dl dt "
    "dd ul ol li table thead tbody tfoot tr caption hr body html center fieldset hgroup".split()
) | frozenset(_HEADINGS)
_NAVIGATION_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_HIDDEN_STYLE = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0")
LABEL_WORDS = 12


def _hidden(element: etree._Element, tag: str) -> bool:
    if tag in _SKIP or "hidden" in element.attrib or element.get("aria-hidden") == "true":
        return True
    if element.get("role") in _NAVIGATION_ROLES:
        return True
    style = element.get("style")
    return bool(style and _HIDDEN_STYLE.search(style))


class _Walk:
    """State of one walk over the tree; text gathers until a block begins or ends."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.buffer: list[str] = []
        self.bold = self.plain = 0
        self.strong = 0
        self.heading = 0
        self.lists = 0
        self.item_fresh = False
        self.tables = 0
        self.cells: list[str] = []
        self.header = ""
        self.head_row = False
        self.site_header = 0
        self.pre = 0

    def text(self, piece: str | None) -> None:
        """Take running text."""
        if not piece:
            return
        if self.site_header and not self.heading:
            return
        self.buffer.append(piece)
        size = len(piece.strip(" \n\t:"))
        if self.strong:
            self.bold += size
        else:
            self.plain += size

    def flush(self) -> None:
        """End the block that is open."""
        text = "".join(self.buffer).strip()
        bold = self.bold > 0 and self.plain == 0
        self.buffer.clear()
        self.bold = self.plain = 0
        if not text:
            return
        if self.cells:
            self.cells[-1] = f"{self.cells[-1]} {text}".strip()
        elif self.heading:
            self.draft.add("heading", text, level=self.heading)
        elif self.lists and self.item_fresh:
            self.item_fresh = False
            self.draft.add("bullet", text, level=self.lists)
        elif self.lists:
            self.draft.add("paragraph", text, level=self.lists)
        elif bold and len(text.split()) <= LABEL_WORDS and not text.endswith("."):
            found = dates.find(text)
            rest = text[: found.start] + text[found.end :] if found else text
            label = any(c.isalpha() for c in rest)
            self.draft.add(
                "heading" if label else "paragraph", text, level=PSEUDO_LEVEL if label else 0
            )
        else:
            self.draft.add("paragraph", text)

    def start(self, element: etree._Element, tag: str) -> None:
        """Take the start of an element."""
        if tag == "br":
            # Two breaks in a row are how mail programs write paragraphs.
            if self.buffer and self.buffer[-1].endswith("\n") and not self.cells:
                self.flush()
            else:
                self.buffer.append("\n")
            return
        if tag in {"b", "strong"}:
            self.strong += 1
        elif tag in _BLOCK:
            self.flush()
        if tag in _HEADINGS:
            self.heading = _HEADINGS[tag]
        elif tag in {"ul", "ol"}:
            self.lists += 1
        elif tag == "li":
            self.item_fresh = True
        elif tag == "table":
            self.tables += 1
            self.header = ""
        elif tag == "tr" and self.tables == 1:
            self.cells, self.head_row = [], True
        elif tag in {"td", "th"} and self.tables == 1:
            self.flush()
            self.cells.append("")
            self.head_row = self.head_row and tag == "th"
        elif tag == "header":
            parents = {p.tag for p in element.iterancestors()}
            if not parents & {"article", "main", "section"}:
                self.site_header += 1

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if tag in {"b", "strong"}:
            self.strong = max(0, self.strong - 1)
        elif tag in _BLOCK or tag in {"td", "th"}:
            self.flush()
        if tag in _HEADINGS:
            self.heading = 0
        elif tag in {"ul", "ol"}:
            self.lists = max(0, self.lists - 1)
            self.item_fresh = False
        elif tag == "tr" and self.tables == 1:
            self.row()
        elif tag == "table":
            self.tables -= 1
        elif tag == "header" and self.site_header:
            self.site_header -= 1

    def row(self) -> None:
        """Close a table row; a single cell is layout, not a row."""
        cells, self.cells = self.cells, []
        joined = self.draft.clean(" | ".join(" ".join(c.split()) for c in cells))
        if not any(c.strip() for c in cells):
            return
        if len(cells) == 1:
            self.draft.add("paragraph", joined)
        elif self.head_row:
            self.header = joined
            self.draft.add("other", joined)
        else:
            self.draft.add("table_row", joined, header=self.header)


def read_html(source: str, draft: Draft, *, fragment: bool = False) -> None:
    """Read HTML.

    Parameters
    ----------
    source : str
        The markup, decoded.
    draft : Draft
        Takes the blocks.
    fragment : bool
        True for markup inside another format, which has no title of its own.
    """
    # lxml refuses str with an encoding declaration; without huge_tree it drops deep markup.
    parser = lxml_html.HTMLParser(
        huge_tree=True, no_network=True, remove_comments=True, encoding="utf-8"
    )
    try:
        root = etree.fromstring(source.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if fragment:
            return
        raise Damaged(f"the HTML cannot be parsed: {error}", "Save the page again.") from error
    if root is None:
        return
    if any("depth" in entry.message for entry in parser.error_log):
        draft.partial = True
        draft.problem(
            "nesting-too-deep",
            "the markup nests too deeply; what lies deepest was left out",
            "Copy the text into a fresh document.",
        )
    if not fragment:
        title = root.findtext(".//title")
        draft.title = " ".join(title.split()) if title else ""
    walk = _Walk(draft)
    skipping: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else "!"
        if event == "start":
            if skipping is not None:
                continue
            if _hidden(element, tag):
                skipping = element
                if any(True for _ in element.itertext()):
                    draft.repairs["navigation-or-hidden-left-out"] += tag not in {
                        "script",
                        "style",
                        "head",
                    }
            else:
                walk.start(element, tag)
                walk.text(element.text)
        else:
            if skipping is None:
                walk.end(tag)
            if skipping is element or skipping is None:
                skipping = None
                walk.text(element.tail)
    walk.flush()
