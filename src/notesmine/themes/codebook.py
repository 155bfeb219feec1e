"""The codebook: which hindrances are looked for, the words that point to them, the stance taken.

The codes live in ``codebook.toml`` beside this module, or in a file of the user's; this room reads
and checks them, finds their cues in a text, and scores vectors against their examples. It reads
that one file and touches nothing else; spaCy is imported when the first text comes.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from notesmine.errors import CodebookError
from notesmine.records import Kind, Stance, digest

if TYPE_CHECKING:
    from spacy.matcher import Matcher, PhraseMatcher
    from spacy.tokens import Doc

CodeId = Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]

#: Fewest examples of a code that is looked for; below this the score rests on one wording.
MIN_EXAMPLES = 3
#: Words that "..." in a cue may stand for.
GAP = 4
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
        while final.merged_into in book:
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


# --- words ---------------------------------------------------------------------------------------

#: Typographic hyphens and apostrophes, one character for one, so that offsets stay.
_TYPOGRAPHY = {0x2010: "-", 0x2011: "-", 0x2019: "'", 0x02BC: "'"}


class _Words:
    """A blank English pipeline whose tokens carry the look-up lemma of their lower-cased norm."""

    def __init__(self) -> None:
        import spacy
        from spacy.lookups import load_lookups

        self.nlp = spacy.blank("en")
        self._table = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
        self._lemmas: dict[int, int] = {}

    def doc(self, text: str) -> Doc:
        doc = self.nlp.tokenizer(text.translate(_TYPOGRAPHY))
        for token in doc:
            lemma = self._lemmas.get(token.norm)
            if lemma is None:
                lemma = self._lemmas[token.norm] = self._lemma(token.norm_)
            token.lemma = lemma
        return doc

    def _lemma(self, word: str) -> int:
        # Twice, because the table takes "meetings" to "meeting" and "meeting" to "meet".
        once = self._table.get(word.lower(), word.lower())
        return int(self.nlp.vocab.strings.add(self._table.get(once, once)))


@cache
def _words() -> _Words:
    return _Words()


class CueHit(Struct, frozen=True):
    """A cue of a code found in a text: ``words == text[start:end]``."""

    code: str
    cue: str
    words: str
    start: int
    end: int


class CueFinder:
    """Finds the cues of codes in texts, whatever the form of the words.

    Nothing is loaded before the first text.

    Parameters
    ----------
    codes : iterable of Code
        Usually ``codebook.active()``.

    Examples
    --------
    >>> finder = CueFinder(load_codebook(None).active())
    >>> [(hit.code, hit.words) for hit in finder.find("Nobody owns it, wait for approval")]
    [('ownership', 'Nobody owns'), ('production-path', 'wait for approval')]
    """

    def __init__(self, codes: Iterable[Code]) -> None:
        self.codes = tuple(codes)

    @cached_property
    def _matchers(self) -> tuple[PhraseMatcher, Matcher, dict[str, tuple[str, str]]]:
        from spacy.matcher import Matcher, PhraseMatcher

        words = _words()
        phrases = PhraseMatcher(words.nlp.vocab, attr="LEMMA")
        gaps = Matcher(words.nlp.vocab, validate=False)
        names: dict[str, tuple[str, str]] = {}
        for code in self.codes:
            for cue in code.cues:
                key = f"cue:{len(names)}"
                names[key] = (code.id, cue)
                if "..." in cue:
                    gaps.add(key, [_gap_pattern(words, cue)], greedy="LONGEST")
                else:
                    phrases.add(key, [words.doc(form) for form in _spellings(cue)])
        return phrases, gaps, names

    def find(self, text: str) -> tuple[CueHit, ...]:
        """Return the cues in a text by position; of overlapping ones of a code, the longest."""
        phrases, gaps, names = self._matchers
        doc = _words().doc(text)
        strings = doc.vocab.strings
        hits = []
        for match_id, first, last in {*phrases(doc), *(gaps(doc) if len(gaps) else ())}:
            code, cue = names[strings[match_id]]
            start, end = doc[first].idx, doc[last - 1].idx + len(doc[last - 1])
            hits.append(CueHit(code, cue, text[start:end], start, end))
        kept: list[CueHit] = []
        for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start, h.code, h.cue)):
            if not any(
                k.code == hit.code and k.start < hit.end and hit.start < k.end for k in kept
            ):
                kept.append(hit)
        return tuple(sorted(kept, key=lambda h: (h.start, h.code)))

    def find_all(self, texts: Iterable[str]) -> Iterator[tuple[CueHit, ...]]:
        """Yield the cues of each text, in order."""
        return map(self.find, texts)


def _spellings(cue: str) -> list[str]:
    """Return the ways a hyphenated cue is written: sign-off, sign off, signoff."""
    return sorted({cue, cue.replace("-", " "), cue.replace("-", "")})


def _gap_pattern(words: _Words, cue: str) -> list[dict[str, Any]]:
    filler: dict[str, Any] = {"IS_PUNCT": False, "OP": f"{{0,{GAP}}}"}
    pattern: list[dict[str, Any]] = []
    for part in cue.split("..."):
        if pattern:
            pattern.append(filler)
        pattern += [{"LEMMA": token.lemma_} for token in words.doc(part.strip())]
    return pattern


# --- stance --------------------------------------------------------------------------------------


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PROBLEM = _set(
    "problem issue obstacle blocker impediment hindrance difficulty complaint concern resistance "
    "delay conflict barrier trouble objection overlap outage error bug showstopper worry "
    "question risk shortage backlog"
)
_SETTLED = ["settled", "solved", "resolved", "sorted", "fixed", "cleared", "lifted"]
_BE = ["be", "have", "get", "become", "seem"]


def _one_of(attribute: str, words: Iterable[str], op: str = "1") -> dict[str, Any]:
    return {attribute: {"IN": list(words)}, "OP": op}


def _some(op: str) -> dict[str, Any]:
    return {"IS_PUNCT": False, "OP": op}


def _said(words: str) -> list[dict[str, Any]]:
    return [{"NORM": word} for word in words.split()]


#: The hindrance is said not to be there, or not to be there any more.
_NEGATIONS: list[list[dict[str, Any]]] = [
    [
        _one_of("NORM", ["no", "not", "never", "without", "zero", "hardly"]),
        _some("{0,3}"),
        _one_of("LEMMA", _PROBLEM),
    ],
    _said("no longer"),
    _said("not any longer"),
    [{"NORM": "not"}, _some("{0,6}"), _one_of("NORM", ["anymore"])],
    [
        {"NORM": "not"},
        _some("{0,6}"),
        {"NORM": "any"},
        {"NORM": "more"},
        {"IS_PUNCT": True},
    ],
    [
        _one_of("LEMMA", _BE),
        _one_of("NORM", ["now", "finally", "all", "been", "largely", "since", "already"], "{0,3}"),
        _one_of("NORM", _SETTLED),
    ],
    [
        {"NORM": "nothing"},
        _one_of("NORM", ["is", "was", "has", "that", "been"], "{0,2}"),
        _one_of("LEMMA", ["block", "stand", "hinder", "prevent", "stop", "delay"]),
    ],
    [
        _one_of("LEMMA", [*_PROBLEM, "block"]),
        _one_of("NORM", [":", "-", "–", "—", "|"]),
        _one_of("NORM", ["none", "nothing", "no", "nil"]),
    ],
    [{"NORM": "free"}, {"NORM": "of"}, _some("{0,2}"), _one_of("LEMMA", _PROBLEM)],
    [*_said("used to"), _one_of("NORM", ["be", "take", "have", "block", "fail", "hinder", "need"])],
    _said("out of the way"),
    _said("off the table"),
]
#: Words before a negation that make it a wish, a check or a condition.
_UNREAL = _set(
    "ensure check verify hope whether if unless until so aim goal should must want need avoid"
)

#: What has not happened and may: a worry about the future.
_WORRIES: list[list[dict[str, Any]]] = [
    [{"LEMMA": "risk"}, {"NORM": "of"}, {"NORM": {"NOT_IN": ["poverty"]}}],
    [{"LEMMA": "risk"}, _one_of("NORM", ["that", "is", "being", "here", "to"])],
    [_one_of("NORM", ["a", "some", "real", "big", "high"]), {"NORM": "risk"}],
    [*_said("at risk"), {"NORM": {"NOT_IN": ["of"]}}],
    [_one_of("LEMMA", ["risk", "threat"]), _one_of("NORM", [":", "–", "—", "|"])],
    [_one_of("LEMMA", ["fear", "afraid", "worry", "worried", "anxious", "threaten"])],
    [_one_of("NORM", ["likely", "bound"]), {"NORM": "to"}],
    [{"NORM": "will"}, _one_of("NORM", ["probably", "likely", "soon", "eventually"])],
    [
        {"NORM": "will"},
        _some("{0,2}"),
        _one_of("LEMMA", ["struggle", "break", "lose", "miss", "fail", "suffer", "slip"]),
    ],
    [*_said("will be"), _some("{0,2}"), _one_of("LEMMA", _PROBLEM)],
    _said("will run out"),
    [_one_of("NORM", ["potential", "potentially", "possible", "possibly", "foreseeable"])],
    [{"NORM": "what"}, _one_of("NORM", ["if", "happens"])],
    _said("in danger of"),
    [*_said("end up"), {"LOWER": {"REGEX": "ing$"}}],
]
_MODAL = _set("could might may")
_WILL = _set("will would may might could 'll")
_CONDITION = _set("if unless once when should without")
_CONCERN = _set("concern concerns concerned doubt doubts expect")
#: "do not know if", "ask if": an indirect question, no condition.
_ASKING = _set("know sure clear unclear ask asked see tell decide wonder question check")
#: Before "could": what was not possible, or a purpose; neither is a worry about the future.
_INABILITY = _set(
    "nobody none neither nor hardly barely only until before as than so what who all never one "
    "everything"
)
#: Before a modal: an indirect question or a permission, "unclear who may change it".
_INDIRECT = _set("who whom what which how whether where nobody no")
_NOT = _set("no not without")
#: Inside a negation: "not only a problem", "not yet a problem", "no, but the problem".
_WEAKENED = _set("only just yet but because")
#: Links to a consequence of what has just been stated as a fact.
_CONSEQUENCE = _set("which so and meaning thus hence therefore this that it")
#: "would be easier if we had": a wish that says what is missing today.
_WISH = _set("easier better good nice helpful great useful ideal love like")
#: Participles of "might have lost": about the past. "have to" is about the future.
_DONE = re.compile(r".+ed$|been|lost|gone|done|made|had|taken|seen|become|broken|got|given|left")
#: Words a clause needs to state a fact before its consequence.
_CLAUSE = 4


@cache
def _stance_matcher(name: str) -> tuple[Matcher, frozenset[int]]:
    """Return a matcher and the lemmas and norms without one of which it finds nothing."""
    from spacy.matcher import Matcher

    vocab = _words().nlp.vocab
    patterns = _WORRIES if name == "worry" else _NEGATIONS
    matcher = Matcher(vocab, validate=False)
    matcher.add(name, patterns)
    return matcher, frozenset(vocab.strings.add(w) for p in patterns for w in _first_words(p))


def _first_words(pattern: list[dict[str, Any]]) -> Iterable[str]:
    (value,) = (pattern[0][key] for key in ("NORM", "LEMMA") if key in pattern[0])
    return [value] if isinstance(value, str) else value["IN"]


def _matches(name: str, doc: Doc) -> list[tuple[int, int]]:
    matcher, needed = _stance_matcher(name)
    if not any(token.norm in needed or token.lemma in needed for token in doc):
        return []
    return [(first, last) for _, first, last in matcher(doc)]


def stance(kind: Kind, text: str) -> Stance:
    """Return the stance a passage takes towards the hindrance it speaks of.

    Parameters
    ----------
    kind : Kind
        What the passage is. An impediment is ``open``, or ``anticipated`` where it is a worry
        about the future; a resolved one is ``resolved``.
    text : str
        Its words. Among the other kinds, a passage that says a hindrance is not there is
        ``negated``; all else is ``none``.

    Returns
    -------
    Stance

    Examples
    --------
    >>> stance("impediment", "We could not get access to the registers.")
    'open'
    >>> stance("impediment", "The contract may end up with the wrong unit.")
    'anticipated'
    >>> stance("status", "Access to the registers is no longer an issue.")
    'negated'
    """
    if kind == "resolved":
        return "resolved"
    if kind == "boilerplate":
        return "none"
    doc = _words().doc(text)
    if kind == "impediment":
        return "anticipated" if _is_worry(doc) else "open"
    negated = any(_is_negation(doc, first, last) for first, last in _matches("negation", doc))
    return "negated" if negated else "none"


_STOPS = frozenset(".!?;\n")


def _sentences(doc: Doc) -> Iterator[tuple[int, int]]:
    """Yield first and last token (exclusive) of the sentences, closed by the mark in ``last``."""
    first = 0
    for token in doc:
        if token.text in _STOPS:
            yield first, token.i
            first = token.i + 1
    yield first, len(doc)


def _is_negation(doc: Doc, first: int, last: int) -> bool:
    start, end = next((s, e) for s, e in _sentences(doc) if first <= e)
    asked = end < len(doc) and doc[end].text == "?"
    if asked or last > end or {t.norm_ for t in doc[first:last]} & _WEAKENED:
        return False
    return not any(token.norm_ in _UNREAL for token in doc[start:first])


def _is_worry(doc: Doc) -> bool:
    phrases = _matches("worry", doc)
    for start, end in _sentences(doc):
        words = [token.norm_ for token in doc[start:end]]
        places = [
            first - start
            for first, last in phrases
            if start <= first < end
            and not _NOT & {t.norm_ for t in doc[max(start, first - 2) : first]}
        ]
        for at, word in enumerate(words):
            if word in _MODAL and doc[start + at].text != "May" and _is_future(words, at):
                places.append(at)
            if _is_condition(words, at) or (word in _CONCERN and _WILL & set(words[at : at + 12])):
                places.append(at)
        if any(not _follows_from_fact(words, at, opening=start == 0) for at in places):
            return True
    return False


def _is_future(words: list[str], at: int) -> bool:
    """Tell whether a modal speaks of the future, not of what was impossible or is asked."""
    before, after = words[max(0, at - 6) : at], words[at + 1 :]
    if set(before) & _INDIRECT:
        return False
    if words[at] == "could" and ("not" in after[:1] or _INABILITY & set(before[-4:])):
        return False
    if "have" in after[:2]:
        rest = after[after.index("have") + 1 :]
        rest = [word for word in rest if word not in {"already", "not", "also"}]
        return not (rest and _DONE.fullmatch(rest[0]))
    return True


def _is_condition(words: list[str], at: int) -> bool:
    """Tell whether "if ... will" or "will ... if" is meant; wishes and questions do not count."""
    word, near = words[at], words[at : at + 20]
    if word not in _CONDITION or _ASKING & set(words[max(0, at - 2) : at]):
        return False
    two_sided = word in {"if", "unless"}
    whole = words if two_sided else near
    missed = re.search(r"\bwould have (?!to\b)", " ".join(whole))
    if missed or _WISH & set(whole) or {"only", "had"} & set(near):
        return False
    future = {"will", "'ll", "would"} if two_sided else {"will", "'ll"}
    return bool(future & set(whole))


def _follows_from_fact(words: list[str], at: int, *, opening: bool) -> bool:
    """Tell whether the worry is the consequence of a fact: "X fails, which might delay Y"."""
    if not opening and _CONSEQUENCE & set(words[: min(at + 1, 2)]):
        return True
    nearest = range(max(_CLAUSE, at - _CLAUSE), at)
    return any(words[k] in _CONSEQUENCE - {"that", "this", "it"} for k in nearest)


# --- similarity ----------------------------------------------------------------------------------

#: Share of the nearest example in the mix; the rest is the mean of examples and definition.
NEAREST = 0.3
#: Logistic fitted on the built-in codebook, see ``similarity``.
SLOPE = 9.9
MIDDLE = 0.45
#: Decimals kept of a cosine, so that the order of a matrix product's sums leaves no trace.
DECIMALS = 5


def texts(code: Code) -> tuple[str, ...]:
    """Return the texts to embed for a code: name with definition first, then the examples."""
    return (f"{code.label}. {code.definition}", *code.examples)


def similarity(
    vectors: NDArray[np.float32], codebook_vectors: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Score passages against codes by what their examples and definitions say.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
        Of the passages; need not have length 1.
    codebook_vectors : mapping of code id to ndarray of shape (1 + examples, d)
        Of ``texts(code)``, in that order.

    Returns
    -------
    ndarray of shape (n, codes)
        Scores in 0..1, a column for each code in the mapping's order.

    Notes
    -----
    With cosines to the rows of a code, ``mix = NEAREST * max(examples) + (1 - NEAREST) *
    mean(rows)`` and ``score = 1 / (1 + exp(-SLOPE * (mix - MIDDLE)))``.

    The three constants come from the built-in codebook alone, no other text: each example held out
    in turn against all 17 codes, with the packaged MiniLM. The logistic is fitted to "is the code
    of this example" at its share of 1 in 17, so a score of .5 is as likely right as wrong there.
    The mean carries more than the nearest example (average precision .12 for the mean alone, .10
    with ``NEAREST = 0.3``, .08 for the nearest alone; chance .06) as examples of one code come from
    different subjects. By itself this is a weak judge of a code; vectors of an encoder that was
    fitted on hindrances need constants of their own.
    """
    if vectors.ndim != 2:
        raise ValueError(f"vectors must be a 2D array, got shape {vectors.shape}")
    columns = [_mix(_unit(vectors), _unit(rows)) for rows in codebook_vectors.values()]
    if not columns:
        return np.zeros((len(vectors), 0))
    mix = np.stack(columns, axis=1)
    scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-SLOPE * (mix - MIDDLE)))
    return scores


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = vectors.astype(np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = rows / np.where(length > 0, length, 1.0)
    return unit


def _mix(vectors: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    cosines = np.round(vectors @ rows.T, DECIMALS)
    examples = cosines[:, 1:] if rows.shape[0] > 1 else cosines
    mixed: NDArray[np.float64] = NEAREST * examples.max(axis=1) + (1.0 - NEAREST) * cosines.mean(
        axis=1
    )
    return mixed
