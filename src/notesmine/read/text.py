"""Plain text: its own bullets, wrapped lines, underlined headings; VTT and SRT; CSV."""

from __future__ import annotations

import csv
import io
import re

from notesmine.read.builder import Draft

BULLET_GLYPHS = "•◦▪▫●○■□►▶▸‣⁃∙·–—*+−➢➤❖✓✔➔→-"
BULLET = re.compile(
    rf"^([ \t]*)(?:([{re.escape(BULLET_GLYPHS)}]|o(?=\s{{1,8}}[A-Z]))|(\(?(?:\d{{1,3}}|[a-zA-Z]|"
    rf"[ivx]{{1,4}})[.)]))[ \t]+(?=\S)"
)
_CHECKBOX = re.compile(r"\[( |x|X)\]\s+")
_RULE = re.compile(r"^\s*([-=_*~#]\s*){3,}$")
_TIME = re.compile(r"^(?:(?:\d+:)?\d+:\d\d[.,]\d{3}) --> .*$")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-z][^>]*>|<\d\d:[^>]*>", re.IGNORECASE)
TAB = 4  # columns a tab stands for when indents are compared

# Pseudo headings (a bold or lone line) stand below every real one and replace one another.
PSEUDO_LEVEL = 7
LABEL_WORDS = 9  # a line longer than this is a statement, not a heading


def looks_like_label(text: str) -> bool:
    """Tell whether a lone line reads as a heading: short, with letters, no end of sentence."""
    return (
        len(text.split()) <= LABEL_WORDS
        and any(c.isalpha() for c in text)
        and not text.endswith((".", "!", "?", ";", ","))
        and "://" not in text
    )


def promote_labels(draft: Draft) -> None:
    """Take short lone lines before lists and paragraphs for headings, if the text has no others."""
    if any(b.type == "heading" and b.level < PSEUDO_LEVEL for b in draft.blocks):
        return
    text = draft.text
    blocks = list(draft.blocks)
    for i, block in enumerate(blocks[:-1]):
        piece, after = text[block.start : block.end], blocks[i + 1]
        if block.type != "paragraph" or not looks_like_label(piece) or block.level:
            continue
        longer = after.end - after.start > 2 * len(piece) and after.type == "paragraph"
        opens = after.type == "bullet" or (longer and piece[0].isupper() and i == 0)
        if opens and (piece[0].isupper() or piece[0].isdigit()):
            draft.retype(i, "heading", PSEUDO_LEVEL)


def read_text(text: str, draft: Draft, *, promote: bool = True) -> None:
    """Read plain text with its own bullets and wrapped lines.

    Parameters
    ----------
    text : str
        The text, line ends LF.
    draft : Draft
        Takes the blocks.
    promote : bool
        Whether lone lines before lists may become headings; a mail body's do not.
    """
    lines = [line.expandtabs(TAB).rstrip() for line in text.split("\n")]
    for group in _groups(lines):
        _read_group(group, draft)
    if promote:
        promote_labels(draft)


def _groups(lines: list[str]) -> list[list[str]]:
    """Return runs of lines between blank ones."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [g for g in groups if g]


def _read_group(lines: list[str], draft: Draft) -> None:
    """One run of lines: bullets with hanging indents, paragraphs, an underlined heading."""
    underlined = len(lines) >= 2 and _RULE.match(lines[1]) and not BULLET.match(lines[0])
    if underlined and looks_like_label(lines[0].strip()):
        draft.add("heading", lines[0], level=1 if lines[1].lstrip()[0] == "=" else 2)
        lines = lines[2:]
    stack: list[int] = _indents(draft)
    pending: list[str] = []
    kind_level = 0  # 0 paragraph, else bullet level
    longest = max((len(line) for line in lines), default=0)

    def flush() -> None:
        if not pending:
            return
        joined = " ".join(pending)
        if len(pending) > 1:
            draft.repairs["wrapped-lines-joined"] += len(pending) - 1
        box = _CHECKBOX.match(joined)
        if kind_level:
            draft.add(
                "action" if box else "bullet",
                joined[box.end() :] if box else joined,
                level=kind_level,
            )
        else:
            draft.add("paragraph", joined)
        pending.clear()

    previous = ""
    for line in lines:
        if _RULE.match(line):
            continue
        m = BULLET.match(line)
        if m and not (m[3] and pending and not kind_level and not _ends(previous)):
            flush()
            indent = len(m[1])
            while stack and stack[-1] > indent:
                stack.pop()
            if not stack or indent > stack[-1]:
                stack.append(indent)
            kind_level = len(stack)
            pending.append(line[m.end() :])
            draft.repairs["list-labels-left-out"] += 1
        elif pending and _continues(line, previous, longest, kind_level, stack):
            pending.append(line.strip())
        else:
            flush()
            kind_level = 0
            pending.append(line.strip())
        previous = line
    flush()
    draft.declared["indents"] = ",".join(map(str, stack)) if kind_level else ""


def _indents(draft: Draft) -> list[int]:
    """Indents of the list that was open before a blank line, so that nesting goes on."""
    kept = draft.declared.get("indents", "")
    return [int(i) for i in kept.split(",") if i]


def _ends(line: str) -> bool:
    return line.rstrip().endswith((".", ":", ";", "!", "?"))


def _continues(line: str, previous: str, longest: int, level: int, stack: list[int]) -> bool:
    """Tell whether a line goes on with what the line before began."""
    indent = len(line) - len(line.lstrip())
    if level:  # hanging indent, or a wrapped line that starts in lower case
        return indent > stack[-1] or (line.lstrip()[0].islower() and not _ends(previous))
    if line.lstrip()[0].islower():
        return True
    # A line is wrapped if the next word would not have fitted into the width of the paragraph.
    first_word = len(line.split(maxsplit=1)[0])
    return len(previous) >= 50 and len(previous) + 1 + first_word > longest


def read_transcript(text: str, draft: Draft) -> None:
    """Read a VTT or SRT transcript: consecutive cues of one speaker make one paragraph."""
    speaker = ""
    spoken: list[str] = []

    def flush() -> None:
        if spoken:
            draft.add("paragraph", (f"{speaker}: " if speaker else "") + " ".join(spoken))
            spoken.clear()

    for block in re.split(r"\n[ \t]*\n", text.lstrip("\ufeff")):
        lines = block.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines) if _TIME.match(line.strip())), None)
        if at is None:  # WEBVTT header, NOTE, STYLE
            continue
        for line in lines[at + 1 :]:
            voice = _VOICE.search(line)
            plain = _TAG.sub("", line).strip()
            named = re.match(r"-?\s*([A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,3}):\s+", plain)
            who = voice[1].strip() if voice else (named[1] if named else "")
            if named and not voice:
                plain = plain[named.end() :]
            if who and who != speaker:
                flush()
                speaker = who
            if plain:
                spoken.append(plain)
            # Transcripts of hours without speakers: a paragraph ends where a sentence does.
            if sum(map(len, spoken)) > 500 and plain.endswith((".", "?", "!")):
                flush()
    flush()
    draft.repairs["time-stamps-left-out"] += 1


def read_csv(text: str, draft: Draft) -> None:
    """Read delimited values: a block a row, with the header row kept beside it."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    header = ""
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
        cells = [" ".join(c.split()) for c in row]
        joined = " | ".join(cells) if any(cells) else ""
        if number == 0:
            header = draft.clean(joined)
            draft.add("other", joined)
        else:
            draft.add("table_row", joined, header=header)
