"""The text builder all readers share: blocks in, canonical text with exact offsets out.

Readers never compute offsets. They hand over one block of visible text after the other; the draft
cleans it, appends it on a line of its own, and so the span of a block is right by construction.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import msgspec
from msgspec import Struct

from notesmine.errors import TooLarge
from notesmine.records import Block, PassageType, Problem, Region

# NBSP, the typographic spaces, line and paragraph separators: one space to a reader.
ODD_SPACES = (
    "\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
# Zero-width space, word joiner, BOM, soft hyphen, direction marks. U+200C and U+200D stay: they
# shape Persian and Indic words and hold emoji together.
ZERO_WIDTH = "\u200b\u2060\ufeff\u00ad\u200e\u200f" + "".join(
    map(chr, [*range(0x202A, 0x202F), *range(0x2061, 0x2065), *range(0x2066, 0x206A)])
)
_ODD = re.compile(f"[{ODD_SPACES}]")
_ZERO = re.compile(f"[{ZERO_WIDTH}]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_RUNS = re.compile(r"[ \t\r\n\v\f\x85]+")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")  # one line of ASCII without double spaces: nothing to do

# A book of a thousand pages has 20,000 paragraphs.
MAX_BLOCKS = 250_000
# Blocks are streamed to the parent in portions, so that what was read before a kill is kept.
FLUSH_BLOCKS = 400


class Part(Struct, array_like=True):
    """A portion of a draft on its way from the worker: text, blocks and problems since the last."""

    text: str
    blocks: list[Block]
    problems: list[Problem]
    title: str
    pages: int | None


class Draft:
    """A document being read.

    Parameters
    ----------
    format : str
        Name of the format, as published in ``Document.format``.
    limit : int
        Largest number of characters of canonical text.
    sink : callable, optional
        Takes encoded portions of the draft as they become ready.

    Attributes
    ----------
    title : str
        Best title found so far in the document itself.
    date, date_source : str or None
        A date the document declares (front matter, mail header), ISO 8601, and where it stood.
    partial : bool
        True when something was left out that a person should know about.
    """

    def __init__(
        self,
        format: str,  # noqa: A002
        limit: int,
        sink: Callable[[bytes], None] | None = None,
    ) -> None:
        self.format = format
        self.limit = limit
        self.sink = sink
        self.title = ""
        self.date: str | None = None
        self.date_source: str | None = None
        self.declared: dict[str, str] = {}
        self.pages: int | None = None
        self.partial = False
        self.blocks: list[Block] = []
        self.problems: list[Problem] = []
        self.furniture: list[str] = []
        self.repairs: Counter[str] = Counter()
        self.size = 0
        self._pieces: list[str] = []
        self._sent_blocks = self._sent_pieces = self._sent_problems = 0

    @property
    def text(self) -> str:
        """The canonical text so far."""
        return "\n".join(self._pieces)

    def clean(self, text: str) -> str:
        r"""Normalise spaces and drop what has no width, and count each repair.

        Parameters
        ----------
        text : str
            Text of one block, possibly over several source lines.

        Returns
        -------
        str
            One line, no space at either end.

        Examples
        --------
        >>> Draft("text", 100).clean(" data\u00a0 not\nshared\u200b ")
        'data not shared'
        """
        if _PLAIN.fullmatch(text):
            return text
        for pattern, name, replacement in (
            (_SURROGATE, "invalid-characters-replaced", "\ufffd"),
            (_ODD, "odd-spaces", " "),
            (_ZERO, "zero-width-dropped", ""),
            (_CONTROL, "control-characters-dropped", ""),
        ):
            text, count = pattern.subn(replacement, text)
            if count:
                self.repairs[name] += count
        return _RUNS.sub(" ", text).strip(" ")

    def add(
        self,
        type: PassageType,  # noqa: A002
        text: str,
        *,
        level: int = 0,
        page: int | None = None,
        regions: tuple[Region, ...] = (),
        header: str = "",
        confidence: float | None = None,
    ) -> None:
        """Append one block on a line of its own; empty text is no block.

        Raises
        ------
        TooLarge
            When the canonical text exceeds the limit.
        """
        text = self.clean(text)
        if not text:
            return
        start = self.size + 1 if self._pieces else 0
        if len(self.blocks) >= MAX_BLOCKS:
            raise TooLarge(f"the document has more than {MAX_BLOCKS:,} passages", "Split it.")
        if start + len(text) > self.limit:
            raise TooLarge(
                f"the text is longer than {self.limit:,} characters",
                "Raise `max_text_mb` under [read] in notesmine.toml if the document is genuine.",
            )
        self._pieces.append(text)
        self.size = start + len(text)
        self.blocks.append(
            Block(
                type=type,
                start=start,
                end=self.size,
                level=level,
                page=page,
                regions=regions,
                header=header,
                confidence=confidence,
            )
        )
        if self.sink is not None and len(self.blocks) - self._sent_blocks >= FLUSH_BLOCKS:
            self.flush()

    def problem(self, code: str, message: str, hint: str = "", *, page: int | None = None) -> None:
        """Record something a person should know about."""
        self.problems.append(Problem(code=code, message=message, hint=hint, page=page))

    def flush(self) -> None:
        """Hand what is new to the sink."""
        if self.sink is None:
            return
        part = Part(
            "\n".join(self._pieces[self._sent_pieces :]),
            self.blocks[self._sent_blocks :],
            self.problems[self._sent_problems :],
            self.title,
            self.pages,
        )
        self._sent_pieces = len(self._pieces)
        self._sent_blocks = len(self.blocks)
        self._sent_problems = len(self.problems)
        self.sink(b"D" + msgspec.msgpack.encode(part))

    def restore(self, raw: bytes) -> None:
        """Take up a portion that `flush` sent; portions come in order."""
        part = msgspec.msgpack.decode(raw, type=Part)
        if part.text:
            self.size += len(part.text) + (1 if self._pieces else 0)
            self._pieces.append(part.text)
        self.blocks.extend(part.blocks)
        self.problems.extend(part.problems)
        self.title = part.title
        self.pages = part.pages

    def retype(self, index: int, type: PassageType, level: int | None = None) -> None:  # noqa: A002
        """Change what a block is taken for; its span stays."""
        block = self.blocks[index]
        self.blocks[index] = msgspec.structs.replace(
            block, type=type, level=block.level if level is None else level
        )
