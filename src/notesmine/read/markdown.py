"""Markdown as a reader sees it: structure from the parser, inline markup and URLs gone."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from notesmine.read import dates
from notesmine.read.builder import Draft
from notesmine.read.text import BULLET, PSEUDO_LEVEL, promote_labels

# Tokens nest two deep per list level; the library's default of 20 loses deeper items silently.
MAX_NESTING = 240
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z][\w -]{0,30}):[ \t]*(.*)$", re.MULTILINE)
_CHECKBOX = re.compile(r"\[( |x|X)\]\s+")
_TIGHT_HEADING = re.compile(
    r"^( {0,3}#{2,6})(?=[A-Za-z*])", re.MULTILINE
)  # "##Blocked": meant as a heading
# Emphasis that the parser does not accept ("** Blocked **") is still markup to a reader.
_LEFT_BOLD = re.compile(r"\*\*\s*([^*]+?)\s*\*\*|(?<!\w)__\s*([^_]+?)\s*__(?!\w)")
_BREAK = re.compile(r"(?i)<br\s*/?>")
HEADING_WORDS = 25  # a paragraph above "---" parses as a heading; a long one is none
LABEL_WORDS = 12


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])


def _front_matter(text: str, draft: Draft) -> str:
    """Take title, date and the like from YAML front matter, read line by line; return the rest."""
    m = _FRONT.match(text)
    if not m or not _FIELD.search(m[1]):
        return text
    fields = {k.strip().lower(): v.strip().strip("\"'") for k, v in _FIELD.findall(m[1])}
    draft.title = fields.get("title", "")
    found = dates.find(fields.get("date", ""))
    if found and found.day:
        draft.date, draft.date_source = found.day, "front matter"
    for key, names in (
        ("meeting", ("meeting", "event")),
        ("organisation", ("organisation", "organization")),
    ):
        value = next((fields[n] for n in names if fields.get(n)), "")
        if value:
            draft.declared[key] = value
    draft.repairs["front-matter-left-out"] += 1
    return text[m.end() :]


def _visible(token: Token, draft: Draft) -> tuple[str, bool]:
    """Text of an inline token as a reader sees it, and whether all of it is bold."""
    pieces: list[str] = []
    plain = bold = 0
    strong = 0
    for t in token.children or ():
        if t.type == "strong_open":
            strong += 1
        elif t.type == "strong_close":
            strong -= 1
        elif t.type in {"text", "code_inline"}:
            pieces.append(t.content)
            size = len(t.content.strip(" :"))
            bold, plain = (bold + size, plain) if strong else (bold, plain + size)
        elif t.type in {"softbreak", "hardbreak"} or (
            t.type == "html_inline" and _BREAK.match(t.content)
        ):
            pieces.append(" ")
        if t.type in {"link_open", "strong_open", "em_open", "code_inline", "image", "html_inline"}:
            draft.repairs["markup-left-out"] += 1
    text, count = _LEFT_BOLD.subn(lambda m: m[1] or m[2], "".join(pieces))
    whole = bool(count) and _LEFT_BOLD.fullmatch("".join(pieces).strip(" :")) is not None
    draft.repairs["markup-left-out"] += count
    return text, whole or (bold > 0 and plain == 0)


class _Walk:
    """State of one pass over the token stream."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.lists = 0
        self.item_fresh = False
        self.cells: list[str] = []
        self.header = ""
        self.in_head = False
        self.setext = False
        self.heading = 0

    def take(self, token: Token) -> None:
        """Handle one block token."""
        kind = token.type
        if kind in {"bullet_list_open", "ordered_list_open"}:
            self.lists += 1
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self.lists -= 1
            self.item_fresh = False
        elif kind == "list_item_open":
            self.item_fresh = True
        elif kind == "heading_open":
            self.heading, self.setext = int(token.tag[1]), token.markup in {"-", "="}
        elif kind == "heading_close":
            self.heading = 0
        elif kind == "thead_open":
            self.in_head = True
        elif kind == "tr_open":
            self.cells = []
        elif kind in {"th_open", "td_open"}:
            self.cells.append("")
        elif kind == "tr_close":
            self._row()
        elif kind == "table_close":
            self.header = ""
        elif kind == "inline":
            self._inline(token)
        elif kind in {"fence", "code_block"}:
            self._code(token)
        elif kind == "html_block":
            self._html(token.content)

    def _row(self) -> None:
        joined = self.draft.clean(" | ".join(c.strip() for c in self.cells))
        if self.in_head:
            self.header, self.in_head = joined, False
            self.draft.add("other", joined if any(self.cells) else "")
        elif any(c.strip() for c in self.cells):
            self.draft.add("table_row", joined, header=self.header)
        self.cells = []

    def _inline(self, token: Token) -> None:
        text, bold = _visible(token, self.draft)
        if self.cells:
            self.cells[-1] = text
        elif self.heading:
            words = len(text.split())
            if self.setext and (words > HEADING_WORDS or text.rstrip().endswith(".")):
                self.draft.add("paragraph", text)
            else:
                self.draft.add("heading", text, level=self.heading)
        elif self.lists and self.item_fresh:
            self.item_fresh = False
            box = _CHECKBOX.match(text)
            if box:
                self.draft.add("action", text[box.end() :], level=self.lists)
            else:
                self.draft.add("bullet", text, level=self.lists)
        elif self.lists:
            self.draft.add("paragraph", text, level=self.lists)
        elif bold and len(text.split()) <= LABEL_WORDS and not text.rstrip().endswith("."):
            found = dates.find(text)  # a bold line that is nothing but the date heads no section
            rest = text[: found.start] + text[found.end :] if found else text
            is_label = any(c.isalpha() for c in rest)
            self.draft.add(
                "heading" if is_label else "paragraph", text, level=PSEUDO_LEVEL if is_label else 0
            )
        else:
            self.draft.add("paragraph", text)

    def _code(self, token: Token) -> None:
        """Take code; what is only indented is more often a list than a program."""
        for line in token.content.split("\n"):
            mark = BULLET.match(line) if token.type == "code_block" else None
            if mark:
                level = self.lists + 1 + len(mark[1]) // 2
                self.draft.add("bullet", line[mark.end() :], level=level)
            else:
                self.draft.add("other", line, level=self.lists)
        self.item_fresh = False

    def _html(self, source: str) -> None:
        from notesmine.read.html import read_html

        if "<" in re.sub(r"<!--.*?(?:-->|\Z)", "", source, flags=re.DOTALL):
            read_html(source, self.draft, fragment=True)


def read_markdown(text: str, draft: Draft) -> None:
    """Read Markdown: headings, nested and task lists, tables, front matter.

    Parameters
    ----------
    text : str
        The source, line ends LF.
    draft : Draft
        Takes the blocks.
    """
    text = _front_matter(text, draft)
    text, count = _TIGHT_HEADING.subn(r"\1 ", text)
    if count:
        draft.repairs["headings-without-space"] += count
    tokens = _parser().parse(text)
    walk = _Walk(draft)
    for token in tokens:
        walk.take(token)
    if any(t.level >= MAX_NESTING - 2 for t in tokens):
        draft.partial = True
        draft.problem(
            "nesting-too-deep",
            f"lists or quotes nested more than {MAX_NESTING // 2} deep were left out",
            "Flatten the list.",
        )
    promote_labels(draft)
