"""From laid-out pages to blocks: furniture, paragraphs, bullets, headings, slides."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct

from notesmine.read.builder import Draft
from notesmine.read.pdf_furniture import furniture
from notesmine.read.pdf_lines import Line
from notesmine.read.text import BULLET_GLYPHS, PSEUDO_LEVEL
from notesmine.records import PassageType, Region

# Symbol fonts map their glyphs to the private use area at F000: Wingdings' and Symbol's bullets.
_SYMBOL_BULLETS = (
    "\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf071\uf06e\uf06c\uf0a8\uf0e0\uf020\uf0f0\uf02d\uf095"
)
_MARK = re.compile(
    rf"^(?:([{re.escape(BULLET_GLYPHS.replace('-', ''))}\-{_SYMBOL_BULLETS}]|o(?= [A-Z]))\s*|"
    r"(\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+)(?=\S)"
)
_NUMBERED_HEADING = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2}){1,4}\.?|[A-Z]\.|[IVX]{1,5}\.|\d{1,2}\.)\s+[A-Z]"
)
_SENTENCE_END = (".", "!", "?", ":", ";", "”", '."')
HEADING_WORDS = 22
HEADING_GROWTH = 1.08  # times the body size from which a line is set larger on purpose
SAME_SIZE = 0.9  # points
WIDE_LEADING = 1.32  # times the usual distance of lines, from which a new paragraph begins
LOOSE = 1.7  # times the size: lines this far apart that end a sentence are paragraphs
SLIDE_WORDS = 180  # mean words a page up to which landscape pages are slides
MAX_LEVELS = 6
LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_HYPHEN_END = re.compile(r"([^\W\d_]{2,})[-‐\u00ad]$")


class Page(Struct):
    """One page on its way to the document: lines in reading order and what was noticed."""

    number: int
    width: float
    height: float
    lines: list[Line]
    invisible: int = 0
    doubled: int = 0
    ocr_layer: bool = False
    letters: int = 0
    garbled: float = 0.0
    picture_of_text: bool = False
    recognised: int = 0  # words read from the picture, and lines too doubtful to keep
    unsure: int = 0
    blank: bool = False  # though there is a picture, nothing of it can be seen
    agreement: float = 1.0
    failed: str = ""


class _Open(Struct):
    """A block being put together."""

    type: PassageType
    lines: list[tuple[int, Line]]
    pieces: list[str]
    level: int = 0
    text_x: float = 0.0
    mark_x: float = 0.0


class _Body(Struct):
    """What is usual in a document: size of running text, its leading, whether it is bold."""

    size: float
    bold: bool
    leading: dict[float, float]
    vocabulary: Counter[str]
    right: dict[tuple[int, int], float]
    slides: bool
    ranks: dict[float, int]


def _measure(pages: list[Page]) -> _Body:
    sizes: Counter[float] = Counter()
    heavy = total = 0
    steps: dict[float, Counter[float]] = {}
    vocabulary: Counter[str] = Counter()
    right: dict[tuple[int, int], float] = {}
    for page in pages:
        previous: Line | None = None
        for line in page.lines:
            if line.cells is not None or line.turned:
                previous = None
                continue
            letters = len(line.text)
            sizes[round(line.size * 2) / 2] += letters
            total += letters
            heavy += letters * line.bold
            vocabulary.update(w.strip(".,;:()[]\"'“”").lower() for w in line.text.split())
            key = (page.number, line.column)
            right[key] = max(right.get(key, 0.0), line.x1)
            if previous is not None and previous.column == line.column:
                step = round(line.base - previous.base, 1)
                if (
                    abs(previous.size - line.size) < SAME_SIZE
                    and 0.8 * line.size < step < 3 * line.size
                ):
                    steps.setdefault(round(line.size), Counter())[round(step * 2) / 2] += 1
            previous = line
    body = max(sizes, key=lambda s: (sizes[s], -s), default=10.0)
    # The usual distance is the smallest common one: wider ones part paragraphs.
    leading = {}
    for size, counts in steps.items():
        common = [s for s, n in counts.items() if n >= 0.15 * sum(counts.values())]
        leading[float(size)] = min(common or counts)
    words = sum(len(line.text.split()) for p in pages for line in p.lines)
    wide = sum(p.width > 1.15 * p.height for p in pages)
    slides = wide > 0.6 * len(pages) and words <= SLIDE_WORDS * len(pages)
    larger = sorted((s for s in sizes if s >= body * HEADING_GROWTH), reverse=True)
    ranks: dict[float, int] = {}
    rank = 0
    for i, size in enumerate(larger):
        if i == 0 or larger[i - 1] - size > SAME_SIZE / 2:
            rank = min(rank + 1, MAX_LEVELS)
        ranks[size] = rank
    return _Body(body, heavy > 0.6 * total, leading, vocabulary, right, slides, ranks)


def _region(number: int, lines: list[Line]) -> Region:
    """Box around lines of one page, as displayed."""
    boxes = [x.shown or (x.x0, x.top, x.x1, x.bottom) for x in lines]
    low, high = zip(*((b[:2], b[2:]) for b in boxes), strict=True)
    return Region(
        number,
        round(min(x for x, _ in low), 2),
        round(min(y for _, y in low), 2),
        round(max(x for x, _ in high), 2),
        round(max(y for _, y in high), 2),
    )


def _confidence(lines: list[Line]) -> float | None:
    """Mean confidence by letters of lines that were recognised; None where none was."""
    found = [(line.confidence, len(line.text)) for line in lines if line.confidence is not None]
    total = sum(n for _, n in found)
    return round(sum(c * n for c, n in found) / total, 3) if total else None


class _Assembler:
    """Walks over all lines once and closes a block where the layout says so."""

    def __init__(self, draft: Draft, body: _Body) -> None:
        self.draft = draft
        self.body = body
        self.open: _Open | None = None
        self.indents: list[float] = []
        self.header = ""
        self.table = (0, 0)

    def close(self) -> None:
        """Hand the open block to the draft."""
        block, self.open = self.open, None
        if block is None:
            return
        boxes: dict[tuple[int, int], list[Line]] = {}
        for number, line in block.lines:
            boxes.setdefault((number, line.column), []).append(line)
        regions = tuple(_region(number, lines) for (number, _), lines in boxes.items())
        self.draft.add(
            block.type,
            "".join(block.pieces),
            level=block.level,
            page=block.lines[0][0],
            regions=regions,
            confidence=_confidence([line for _, line in block.lines]),
        )

    def start(
        self, type_: PassageType, number: int, line: Line, text: str, level: int = 0
    ) -> _Open:
        """Open a new block with its first line."""
        self.close()
        self.open = _Open(type_, [(number, line)], [text], level, line.x0, line.x0)
        return self.open

    def heading_level(self, line: Line) -> int:
        """Rank of a line as a heading, 0 if it is none."""
        if len(line.text.split()) > HEADING_WORDS or not any(ch.isalpha() for ch in line.text):
            return 0
        if len(line.gaps) > 1:
            return 0
        rank = self.body.ranks.get(round(line.size * 2) / 2, 0)
        if rank:
            return rank
        if line.bold and not self.body.bold and not line.text.rstrip().endswith((".", ",", ";")):
            return PSEUDO_LEVEL
        return 0

    def take(self, page: Page, line: Line) -> None:
        """Handle one line."""
        if line.cells is not None:
            self.row(page.number, line)
            return
        self.table = (0, 0)
        if line.turned:  # axis labels, stamps in the margin
            self.close()
            self.draft.add(
                "other", line.text, page=page.number, regions=(_region(page.number, [line]),)
            )
            return
        text = line.text.translate(LIGATURES)
        if text != line.text:
            self.draft.repairs["ligatures"] += 1
        mark = _MARK.match(text)
        level = self.heading_level(line)
        is_mark = mark is not None and (mark[1] is not None or self.numbered(line, text))
        if is_mark and mark is not None and not (level and _NUMBERED_HEADING.match(text)):
            self.bullet(page.number, line, text, mark)
            return
        if self.open is not None and self.continues(page, line, level):
            self.append(page.number, line, text)
            return
        if level:
            self.indents.clear()
            self.start("heading", page.number, line, text, level)
        else:
            if self.open is None or self.open.type != "bullet" or line.x0 < self.open.mark_x - 2:
                self.indents.clear()
            self.start("paragraph", page.number, line, text)

    def numbered(self, line: Line, text: str) -> bool:
        """Tell whether a line starts a numbered item: not in the middle of a sentence."""
        if self.open is None or self.open.type in {"bullet", "heading"}:
            return True
        last = self.open.lines[-1][1]
        return (
            last.text.rstrip().endswith(_SENTENCE_END)
            or line.x0 > last.x0 + 4
            or text[:2] in {"1.", "1)"}
        )

    def bullet(self, number: int, line: Line, text: str, mark: re.Match[str]) -> None:
        """Open a list item; its level is the depth of its mark among the indents in use."""
        while self.indents and line.x0 < self.indents[-1] - 4:
            self.indents.pop()
        if not self.indents or line.x0 > self.indents[-1] + 4:
            self.indents.append(line.x0)
        self.draft.repairs["list-labels-left-out"] += 1
        block = self.start("bullet", number, line, text[mark.end() :], len(self.indents))
        block.mark_x = line.x0
        # The text after the mark: where the first gap ends, or an en or so behind the mark.
        after = [
            b
            for _, b in line.gaps[:1]
            if len(mark[0].strip()) * line.size > b - line.x0 - 3 * line.size
        ]
        block.text_x = after[0] if after else line.x0 + line.first_width + 0.2 * line.size

    def continues(self, page: Page, line: Line, level: int) -> bool:
        """Tell whether a line goes on with the open block."""
        block = self.open
        assert block is not None
        number, last = block.lines[-1]
        body = self.body
        if abs(last.size - line.size) > SAME_SIZE and not (
            level == 0 and block.type != "heading" and len(line.text) < 4
        ):
            return False
        if block.type == "heading":
            if line.column != last.column or number != page.number or level != block.level:
                return False
            return line.bold == last.bold and 0 < line.base - last.base < 1.7 * line.size
        if level and level != PSEUDO_LEVEL:
            return False
        if level and not last.bold:
            return False
        elsewhere = number != page.number or line.column != last.column
        unfinished = not last.text.rstrip().endswith(_SENTENCE_END)
        starts_low = line.text[:1].islower()
        if elsewhere:
            hanging = (
                block.type == "bullet" and line.x0 > block.mark_x + 3 and number != page.number
            )
            return unfinished and (starts_low or hanging) and len(last.text) > 20
        step = line.base - last.base
        usual = body.leading.get(float(round(line.size)), 1.25 * line.size)
        if step <= 0 or step > WIDE_LEADING * max(usual, line.size):
            return False
        if step > LOOSE * line.size and not (unfinished or starts_low):
            return False
        if block.type == "bullet":
            return line.x0 > block.mark_x + 0.4 * line.size or (starts_low and unfinished)
        indent = line.x0 - last.x0
        right = body.right.get((page.number, line.column), last.x1)
        room = right - last.x1
        fits = line.first_width + 0.3 * line.size < room - 1.2 * line.size
        if fits and not starts_low:
            return False
        if len(block.lines) > 1 and indent > 0.9 * line.size and not starts_low:
            return False  # first-line indent
        return indent > -6 * line.size or starts_low

    def append(self, number: int, line: Line, text: str) -> None:
        """Add a line to the open block, joining a word broken by a hyphen."""
        block = self.open
        assert block is not None
        before = block.pieces[-1]
        broken = _HYPHEN_END.search(before)
        if broken and text[:1].islower():
            head = re.split(r"[\s\W]", text, maxsplit=1)[0]
            joined, kept = (broken[1] + head).lower(), f"{broken[1]}-{head}".lower()
            if self.body.vocabulary[kept] and not self.body.vocabulary[joined]:
                self.draft.repairs["line-breaks-after-hyphen-joined"] += 1
            else:
                block.pieces[-1] = before[:-1]
                self.draft.repairs["hyphenation-joined"] += 1
            block.pieces.append(text)
        elif re.search(r"\w-$", before) and re.match(r"[a-z0-9]", text):
            self.draft.repairs["line-breaks-after-hyphen-joined"] += 1
            block.pieces.append(text)
        else:
            block.pieces += [" ", text]
        block.lines.append((number, line))

    def row(self, number: int, line: Line) -> None:
        """Add a table row; the first is the header where it holds labels only."""
        self.close()
        self.indents.clear()
        cells = [" ".join(c.translate(LIGATURES).split()) for c in line.cells or ()]
        full = [c for c in cells if c]
        joined = " | ".join(cells) if len(full) > 1 else "".join(full)
        region = _region(number, [line])
        if self.table != (number, line.table):
            self.table = (number, line.table)
            self.header = ""
            labels = all(c and len(c.split()) <= 6 and not c[:1].isdigit() for c in cells)
            if len(cells) > 1 and labels:
                self.header = self.draft.clean(joined)
                self.draft.add("other", joined, page=number, regions=(region,))
                return
        self.draft.add("table_row", joined, page=number, regions=(region,), header=self.header)

    def slide_title(self, page: Page, lines: list[Line]) -> list[Line]:
        """Take the title off a slide: the largest lines in its upper half."""
        upper = [
            x
            for x in lines
            if x.cells is None
            and x.base < 0.5 * page.height
            and len(x.text.split()) <= HEADING_WORDS
            and any(ch.isalpha() for ch in x.text)
        ]
        largest = max((x.size for x in upper), default=0.0)
        stands_out = largest >= self.body.size * HEADING_GROWTH
        if not upper or not (stands_out or upper[0] is lines[0]):
            return lines
        first = lines.index(next(x for x in upper if x.size > largest - SAME_SIZE))
        last = first + 1
        while stands_out and last < min(len(lines), first + 3):
            line, above = lines[last], lines[last - 1]
            if line.cells is not None or abs(line.size - lines[first].size) >= SAME_SIZE:
                break
            if line.base - above.base > 1.7 * largest:
                break
            last += 1
        block = self.start(
            "slide_title", page.number, lines[first], lines[first].text.translate(LIGATURES), 1
        )
        for line in lines[first + 1 : last]:
            block.pieces += [" ", line.text.translate(LIGATURES)]
            block.lines.append((page.number, line))
        self.close()
        return lines[:first] + lines[last:]


def assemble(pages: list[Page], draft: Draft) -> None:
    """Turn pages into blocks.

    Parameters
    ----------
    pages : list of Page
        In order.
    draft : Draft
        Takes the blocks, the furniture and the repairs.
    """
    dropped = furniture(pages)
    for text in dict.fromkeys(t for texts in dropped.values() for t in texts.values()):
        draft.furniture.append(draft.clean(text))
    for page in pages:
        out = dropped.get(page.number, {})
        page.lines = [line for i, line in enumerate(page.lines) if i not in out]
    if dropped:
        draft.repairs["running-headers-and-footers-left-out"] += sum(map(len, dropped.values()))
    body = _measure(pages)
    assembler = _Assembler(draft, body)
    for page in pages:
        lines = page.lines
        if body.slides:
            assembler.close()
            assembler.indents.clear()
            lines = assembler.slide_title(page, lines)
        for line in lines:
            assembler.take(page, line)
    assembler.close()
