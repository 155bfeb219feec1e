"""The codebook: which hindrances are looked for, the words that point to them, the stance taken.

The codes live in ``codebook.toml`` beside this module, or in a file of the user's; this room reads
and checks them, finds their cues in a text, and scores vectors against their examples. It reads
that one file and touches nothing else; spaCy is imported when the first text comes.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from notesmine.errors import CodebookError
from notesmine.records import digest

if TYPE_CHECKING:
    pass

CodeId = Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]

#: Fewest examples of a code that is looked for; below this the score rests on one wording.
MIN_EXAMPLES = 3
#: Hexadecimal digits of SHA-256.
FULL = 64


class Code(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of hindrance, in the words of ``codebook.toml``.

    ``merged_into`` names the code that takes over, ``parent`` the broader code it is shown under;
    both are empty where there is none. ``colour`` is ``#rrggbb`` or empty.
    """

    id: CodeId
    definition: str
    name: str = ""
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    parent: CodeId | None = None
    merged_into: CodeId | None = None
    retired: bool = False
    colour: Colour | None = None

    @property
    def label(self) -> str:
        """The name, or one made of the id where the name is left out."""
        return self.name or self.id.replace("-", " ").capitalize()


class Codebook(Struct, frozen=True, kw_only=True):
    """All codes in the order of the file.

    ``version`` is the SHA-256 of the codes' content: it changes with every word of a code, not
    with comments or layout. ``source`` is the file's name, or ``built-in``.
    """

    codes: tuple[Code, ...]
    version: str
    source: str = "built-in"

    def code(self, code_id: str) -> Code:
        """Return the code of that id; KeyError where there is none."""
        for code in self.codes:
            if code.id == code_id:
                return code
        raise KeyError(code_id)

    def resolve(self, code_id: str) -> str | None:
        """Return the id under which passages of a code are coded now; None if it is retired."""
        code = self.code(code_id)
        while code.merged_into:
            code = self.code(code.merged_into)
        return None if code.retired else code.id

    def active(self) -> tuple[Code, ...]:
        """Return the codes that are looked for.

        A code that takes over others brings their includes, cues and examples with it; a parent
        that was merged is replaced by the code that took over.
        """
        return tuple(
            self._with_merged(code) for code in self.codes if self.resolve(code.id) == code.id
        )

    def _with_merged(self, code: Code) -> Code:
        family = [code, *(c for c in self.codes if c is not code and self.resolve(c.id) == code.id)]
        return msgspec.structs.replace(
            code,
            includes=_unique(text for c in family for text in c.includes),
            cues=_unique(text for c in family for text in c.cues),
            examples=_unique(text for c in family for text in c.examples),
            parent=self.resolve(code.parent) if code.parent else None,
        )


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


# --- reading and checking ------------------------------------------------------------------------


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    code: tuple[Code, ...]


class _Block(Struct, frozen=True):
    """Where a ``[[code]]`` begins and the lines of its keys, 1-based; block 0 is the top level."""

    line: int
    keys: dict[str, int]


_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=""")
_CODE = re.compile(r"\s*\[\[\s*code\s*\]\]")
_TABLE = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]")
_DELIMITER = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


def builtin_text() -> str:
    """Return the built-in ``codebook.toml``, for a user to edit."""
    folder = resources.files("notesmine") / "themes"
    return (folder / "codebook.toml").read_text(encoding="utf-8")


@cache
def builtin_ids() -> frozenset[str]:
    """Return the ids of the built-in codes, those a fitted scorer may know."""
    return frozenset(code.id for code in load_codebook(None).codes)


def load_codebook(path: Path | None = None) -> Codebook:
    """Read and check a codebook.

    Parameters
    ----------
    path : pathlib.Path or None
        A TOML file, which is then the whole codebook; None for the built-in one.

    Returns
    -------
    Codebook

    Raises
    ------
    CodebookError
        If the file cannot be read or a code is not valid; the message names file, line and key.

    Examples
    --------
    >>> book = load_codebook(None)
    >>> book.code("ownership").label
    'Unclear responsibility'
    >>> len(book.active())
    17
    """
    if path is None:
        return _parse(builtin_text(), "built-in")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CodebookError(
            f"{path}: cannot be read ({error.strerror})",
            "Correct [themes] codebook in notesmine.toml, or write one with `notesmine init`.",
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CodebookError(
            f"{path.name}, line {line}: not UTF-8", "Save the file with the encoding UTF-8."
        ) from error
    return _parse(text, path.name)


def _parse(text: str, source: str) -> Codebook:
    lines = text.replace("\r\n", "\n").split("\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(lines, source, error) from error
    blocks = _blocks(lines)
    try:
        codes = msgspec.convert(data, _File).code
    except msgspec.ValidationError as error:
        raise _type_error(blocks, source, str(error)) from error
    if not codes:
        raise CodebookError(
            f"{source}, line 1, key code: no code", "Add at least one [[code]] block."
        )
    _check(codes, lambda n, key, message, hint: _error(blocks, source, n, key, message, hint))
    content = msgspec.json.encode([msgspec.to_builtins(code) for code in codes], order="sorted")
    return Codebook(codes=codes, version=digest(content, length=FULL), source=source)


def _blocks(lines: list[str]) -> list[_Block]:
    """Find the lines of blocks and keys; what stands in strings and brackets is passed over."""
    blocks = [_Block(1, {})]
    depth, quote = 0, ""
    for number, line in enumerate(lines, 1):
        if not depth and not quote:
            if _CODE.match(line):
                blocks.append(_Block(number, {}))
            elif table := _TABLE.match(line):
                blocks[0].keys.setdefault(table[1], number)
            elif match := _KEY.match(line):
                blocks[-1].keys.setdefault(match[1] or match[2] or match[3], number)
        depth, quote = _advance(line, depth, quote)
    return blocks


def _advance(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Follow brackets and multi-line strings to the end of a line."""
    at = 0
    while at < len(line):
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + len(quote), ""
            continue
        match = _DELIMITER.search(line, at)
        if match is None:
            break
        mark, at = match[0], match.end()
        if mark in ('"""', "'''"):
            quote = mark
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
    return max(depth, 0), quote


def _syntax_error(lines: list[str], source: str, error: tomllib.TOMLDecodeError) -> CodebookError:
    where = re.search(r"\(at line (\d+), column \d+\)", str(error))
    number = int(where[1]) if where else len(lines)
    here = _KEY.match(lines[number - 1])
    if here:
        key = here[1] or here[2] or here[3]
    else:
        places = [(at, name) for b in _blocks(lines) for name, at in b.keys.items() if at <= number]
        key = max(places, default=(0, ""))[1]
    reason = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
    return CodebookError(
        f"{source}, line {number}{f', key {key}' if key else ''}: not valid TOML: {reason}",
        "Look for a missing quotation mark, comma or bracket on this line or the one above.",
    )


def _error(
    blocks: list[_Block], source: str, index: int | None, key: str, message: str, hint: str
) -> CodebookError:
    """Make an error about a key of the code of that index; None is the file's top level."""
    place = 0 if index is None else index + 1
    block = blocks[place] if place < len(blocks) else blocks[0]
    return CodebookError(
        f"{source}, line {block.keys.get(key, block.line)}, key {key}: {message}", hint
    )


_TYPE_HINTS = {
    "id": "An id is made of a-z, 0-9 and single hyphens, at most 40 characters: `late-invoices`.",
    "colour": 'Write a colour as "#rrggbb", for instance "#4e79a7".',
    "retired": "Write true or false, without quotation marks.",
    "code": "Every code is a block that begins with [[code]].",
}


def _type_error(blocks: list[_Block], source: str, message: str) -> CodebookError:
    """Turn msgspec's message (``... - at `$.code[2].cues[0]```) into one with line and key."""
    reason, _, where = message.partition(" - at ")
    found = re.search(r"\.code\[(\d+)\]", where)
    index = int(found[1]) if found else None
    named = re.search(r"field `([^`]+)`", reason)
    path_key = re.search(r"\.code\[\d+\]\.(\w+)", where)
    key = named[1] if named else path_key[1] if path_key else "code"
    if "unknown field" in reason:
        known = [f.name for f in msgspec.structs.fields(Code)] if found else ["code"]
        close = difflib.get_close_matches(key, known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"Known keys: {', '.join(known)}."
        return _error(blocks, source, index, key, "unknown key", hint)
    if "missing required field" in reason:
        hint = f"Add {key} = ... to this block." if found else "Add a block that begins [[code]]."
        return _error(blocks, source, index, key, "missing", hint)
    hint = _TYPE_HINTS.get(key, "Texts stand in quotation marks, lists of texts in [ ].")
    return _error(blocks, source, index, key, reason[:1].lower() + reason[1:], hint)


#: Makes the error for (index of the code, key, message, hint).
_Report = Callable[[int, str, str, str], CodebookError]


def _check(codes: tuple[Code, ...], report: _Report) -> None:
    """Check what types cannot say; raises the first error found."""
    index: dict[str, int] = {}
    for n, code in enumerate(codes):
        if code.id in index:
            raise report(
                n, "id", f"{code.id!r} is already used", "Give each code an id of its own."
            )
        index[code.id] = n
    for n, code in enumerate(codes):
        _check_words(n, code, report)
        _check_links(n, code, {i: codes[k] for i, k in index.items()}, report)
    _check_examples_apart(codes, report)


def _check_words(n: int, code: Code, report: _Report) -> None:
    if not code.definition.strip():
        raise report(n, "definition", "empty", "Say in one or two sentences what belongs here.")
    for key in ("includes", "excludes", "cues", "examples", "counter_examples"):
        seen: set[str] = set()
        for text in getattr(code, key):
            plain = _plain(text)
            if not plain:
                raise report(n, key, "an empty text", "Remove it.")
            if plain in seen:
                raise report(n, key, f"{text!r} stands twice", "Remove one of them.")
            seen.add(plain)
    for cue in code.cues:
        if not all(re.search(r"\w", part) for part in cue.split("...")):
            raise report(
                n, "cues", f"nothing before or after '...' in {cue!r}", "Write `wait ... approval`."
            )
    if code.retired or code.merged_into:
        return
    if len(code.examples) < MIN_EXAMPLES:
        raise report(
            n,
            "examples",
            f"{code.id!r} has {len(code.examples)}, at least {MIN_EXAMPLES} are needed",
            "Add sentences as people write them, or set retired = true.",
        )


def _check_links(n: int, code: Code, book: Mapping[str, Code], report: _Report) -> None:
    if code.retired and code.merged_into:
        raise report(
            n, "retired", "a merged code cannot be retired too", "Keep one of the two keys."
        )
    for key in ("parent", "merged_into"):
        target = getattr(code, key)
        if target is None:
            continue
        if target not in book:
            close = difflib.get_close_matches(target, book, 1)
            hint = f"Did you mean {close[0]}?" if close else f"Codes: {', '.join(book)}."
            raise report(n, key, f"no code {target!r}", hint)
        trail, following = [code.id], target
        while following is not None:
            if following in trail:
                circle = " > ".join([*trail, following])
                raise report(n, key, f"goes round in a circle: {circle}", "Break the circle.")
            trail.append(following)
            following = book[following].merged_into or book[following].parent
            if following not in book:
                break  # reported at the code that names it
        final = book[target]
        while final.merged_into is not None and final.merged_into in book:
            final = book[final.merged_into]
        if final.retired and not code.retired:
            raise report(
                n, key, f"{final.id!r} is retired", "Name a code that is in use, or remove the key."
            )


def _check_examples_apart(codes: tuple[Code, ...], report: _Report) -> None:
    """Let an example speak for one code only, and never against the same code."""
    home: dict[str, str] = {}
    for n, code in enumerate(codes):
        for text in code.examples:
            other = home.setdefault(_plain(text), code.id)
            if other != code.id:
                raise report(
                    n, "examples", f"{text!r} is also an example of {other!r}", "Keep one of them."
                )
        both = {_plain(t) for t in code.examples} & {_plain(t) for t in code.counter_examples}
        if both:
            raise report(
                n,
                "counter_examples",
                f"{min(both)!r} is an example of the same code",
                "Keep it in one of the two lists.",
            )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def markdown_table(codebook: Codebook) -> str:
    """Return the codes that are looked for as a Markdown table, for the documentation."""
    rows = ["| code | name | what it is |", "|---|---|---|"]
    for code in codebook.active():
        definition = " ".join(code.definition.split()).replace("|", "\\|")
        rows.append(f"| `{code.id}` | {code.label} | {definition} |")
    return "\n".join(rows) + "\n"
