"""What people decided, as records and as ``decisions.toml``, which people read and edit too."""

from __future__ import annotations

import datetime
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from notesmine.errors import ConfigError
from notesmine.publish.files import replace_file
from notesmine.records import KINDS, digest

NAME = "decisions.toml"
OnPassage = Literal["kind", "code", "uncode", "pin", "unpin", "veto", "unveto"]
OnCode = Literal["add", "rename", "redefine", "merge", "retire"]
What = Literal[
    "kind", "code", "uncode", "pin", "unpin", "veto", "unveto",
    "add", "rename", "redefine", "merge", "retire",
]  # fmt: skip
ON_PASSAGE: frozenset[str] = frozenset(get_args(OnPassage))
#: Decisions that need a value.
VALUED = frozenset({"kind", "code", "uncode", "rename", "redefine", "merge", "add"})
CODE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_ID = 40
HEAD = """\
# What people decided about passages, codes and themes. `notesmine import` and `notesmine review`
# add to this file and every run replays it: these decisions win over the machine. Edit it, or take
# a block away to undo it; keep it under version control beside codebook.toml.
#
#   what    kind (value: the kind), code and uncode (value: the id of a code or theme), pin, unpin,
#           veto (never quote), unveto: about the passage given by path, doc, start, end and text
#           add (value: the name; definition), rename and redefine (value: the new words), merge
#           (value: the id that takes over), retire: about the code or theme that `on` names
#   who     two people who decide differently are a conflict: both stay here, the machine's answer
#           stands, and the run says so. One person's later decision replaces the earlier
#   before, after   the words around the passage, by which it is found again in a changed note
"""


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One decision: who, when, what, why, and about what.

    About a passage: ``doc`` is the document's id, which comes from its content; ``start`` and
    ``end`` are code points of its text; ``text``, ``before`` and ``after`` find it again when the
    note has changed. About a code or an emergent theme: ``on`` is its id.
    """

    what: What
    who: str
    when: str = ""
    why: str = ""
    value: str = ""
    on: str = ""
    definition: str = ""
    parent: str = ""
    path: str = ""
    doc: str = ""
    start: int = 0
    end: int = 0
    text: str = ""
    before: str = ""
    after: str = ""

    @property
    def about_passage(self) -> bool:
        """Whether it is about a passage; else about a code or a theme."""
        return self.what in ON_PASSAGE

    @property
    def key(self) -> str:
        """A hash of all that it says but for the time, and for how a name is spelt."""
        bare = msgspec.structs.replace(self, when="", who=person(self.who))
        return digest(msgspec.json.encode(bare), length=16)

    @property
    def moment(self) -> str:
        """Its key and its time: which of several equal decisions it is."""
        return f"{self.key} {self.when}"

    def done(self, name: Callable[[str], str] = str) -> str:
        """Return what was decided in a few words, without those of the note.

        ``name`` gives the names of codes and themes.
        """
        on, value = name(self.on), name(self.value)
        return {
            "kind": f"kind {self.value}",
            "code": f"code {value}", "uncode": f"not the code {value}",
            "pin": "pinned", "unpin": "not pinned",
            "veto": "not to be quoted", "unveto": "may be quoted",
            "add": f"new code {self.on}, {self.value!r}", "rename": f"{self.on} is {self.value!r}",
            "redefine": f"{on} defined anew", "merge": f"{on} goes into {value}",
            "retire": f"{on} retired",
        }[self.what]  # fmt: skip

    def told(self, show: Callable[[str], str] = str, *, words: bool = True) -> str:
        """Return it in words, for lists of problems.

        ``show`` masks the words of the note before they are cut: half a name is not known as one.
        Without ``words`` they are left out: in what is published a passage may be vetoed, and names
        are masked after this; `decisions.toml` holds them.
        """
        quote = " ".join(show(self.text).split())
        short = quote if len(quote) <= 60 else quote[:57] + "..."
        where = f"{self.path}: {short!r}" if words else self.path
        return f"{self.who}: {self.done()}" + (f" ({where})" if self.text else "")


def person(who: str) -> str:
    """Return what tells people apart: their names without case and spaces.

    Examples
    --------
    >>> person("A. Bee") == person("a.bee ")
    True
    """
    return "".join(unicodedata.normalize("NFKC", who).casefold().split())


def one_spelling(decisions: Iterable[Decision]) -> list[Decision]:
    """Return decisions with each person spelt as in the first of theirs."""
    first: dict[str, str] = {}
    return [
        d if d.who == (who := first.setdefault(person(d.who), d.who))
        else msgspec.structs.replace(d, who=who)
        for d in decisions
    ]  # fmt: skip


def from_rows(rows: Iterable[bytes]) -> list[Decision]:
    """Return the decisions that a state keeps."""
    return one_spelling(msgspec.json.decode(row, type=Decision) for row in rows)


def read_decisions(path: Path) -> list[Decision]:
    """Read ``decisions.toml``; nothing where there is none.

    Raises
    ------
    ConfigError
        If it is no TOML, or a decision is not valid; the message names its number and key.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}", "Check it.") from error
    return parse_decisions(raw, path.name)


def parse_decisions(raw: bytes, name: str) -> list[Decision]:
    """Return the decisions that the bytes of a ``decisions.toml`` hold, each person spelt one way.

    Raises
    ------
    ConfigError
        As `read_decisions` does.
    """
    return one_spelling(as_written(raw, name))


def as_written(raw: bytes, name: str) -> list[Decision]:
    """Return the same with people spelt as the file has them.

    Raises
    ------
    ConfigError
        As `read_decisions` does.
    """
    try:
        tables = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{name} is not valid TOML: {error}",
            "Correct the line named, or take the last good version from your version control.",
        ) from error
    unknown = sorted(set(tables) - {"decision"})
    rows = tables.get("decision", [])
    if unknown or not isinstance(rows, list):
        raise ConfigError(
            f"{name}: unknown key {unknown[0] if unknown else 'decision'!r}",
            "Every decision is a block that begins with [[decision]].",
        )
    return [_decision(row, number, name) for number, row in enumerate(rows, 1)]


def _decision(row: Any, number: int, name: str) -> Decision:
    if isinstance(row, dict):
        row = {k: _plain(v) for k, v in row.items()}
    try:
        found = msgspec.convert(row, Decision)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{name}, decision {number}: {error}",
            f"Known keys: {', '.join(f.name for f in msgspec.structs.fields(Decision))}.",
        ) from error
    fault = check(found)
    if fault:
        raise ConfigError(
            f"{name}, decision {number} ({found.what}): {fault}",
            "The head of a new decisions.toml says what each kind of decision needs; take the"
            " block away to do without it.",
        )
    return found


def _plain(value: Any) -> Any:
    """Dates may be written without quotation marks."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def check(decision: Decision) -> str:
    """Return what is wrong with a decision by itself; the empty text if it is sound."""
    if not decision.who.strip():
        return "who is empty"
    if decision.what in VALUED and not decision.value.strip():
        return "value is empty"
    if decision.what == "kind" and decision.value not in KINDS:
        return f"{decision.value!r} is no kind; the kinds are {', '.join(KINDS)}"
    if decision.about_passage:
        if not decision.text.strip():
            return "text is empty: the words of the passage"
        if not (decision.path or decision.doc):
            return "neither path nor doc says in which note"
        return ""
    if not decision.on.strip():
        return "on is empty: the id of the code or theme"
    if decision.what == "add" and not is_code_id(decision.on):
        return f"{decision.on!r} is no id: a-z, 0-9 and single hyphens, at most {LONGEST_ID}"
    if decision.what == "merge" and decision.value == decision.on:
        return "a code cannot go into itself"
    return ""


def is_code_id(text: str) -> bool:
    """Whether a text can be the id of a code."""
    return CODE_ID.fullmatch(text) is not None and len(text) <= LONGEST_ID


def add_decisions(path: Path, fresh: Sequence[Decision]) -> None:
    """Add decisions to the end of ``decisions.toml``; what is there stays as it is written.

    Raises
    ------
    ConfigError
        If the file is there and not valid.
    OutputError
        If it cannot be written.
    """
    read_decisions(path)
    write_after(path, blocks(fresh))


def blocks(fresh: Sequence[Decision]) -> str:
    """Return decisions as they stand in ``decisions.toml``, a blank line before each."""
    import tomlkit

    parts = []
    for decision in fresh:
        table = tomlkit.table()
        for key, value in msgspec.to_builtins(decision).items():
            table.add(key, _writable(value))
        parts.append("\n[[decision]]\n" + table.as_string())
    return "".join(parts)


def write_after(path: Path, more: str) -> None:
    """Write blocks to the end of ``decisions.toml``, with its head where there is no file yet.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    raw = path.read_bytes() if path.is_file() else None
    written = raw.decode("utf-8-sig") if raw is not None else HEAD
    ends = "\r\n" if "\r\n" in written else "\n"
    written = written.replace("\r\n", "\n")
    body = ((written if written.endswith("\n") else written + "\n") + more).replace("\n", ends)
    replace_decisions(path, body.encode("utf-8", "replace"), raw)


def replace_decisions(path: Path, body: bytes, before: bytes | None) -> None:
    """Write ``decisions.toml`` anew, unless it is not what it was when it was read.

    Raises
    ------
    ConfigError
        If somebody changed it meanwhile: what they wrote stays.
    OutputError
        If it cannot be written.
    """
    now = path.read_bytes() if path.is_file() else None
    if now != before:
        raise changed_meanwhile(path)
    replace_file(
        path.parent, path.name, body,
        hint="Close it if it is open in another program; check free space and rights.",
    )  # fmt: skip


def changed_meanwhile(path: Path) -> ConfigError:
    """Return the error for a ``decisions.toml`` that is not what it was when it was read."""
    return ConfigError(
        f"{path.name} was changed by somebody else just now; nothing was written", "Do it again."
    )


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
