"""Decisions about codes: the codebook as people amended it, settled names and ends of themes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine.exchange.decision import NAME, Decision, from_rows, read_decisions
from notesmine.exchange.settle import Conflict, Settled, settle
from notesmine.records import Problem, digest
from notesmine.store import Store
from notesmine.themes.codebook import MIN_EXAMPLES, Code, Codebook, builtin_ids
from notesmine.themes.taught import Taught

#: Most passages of people's that become examples of a code of theirs.
MOST_EXAMPLES = 40


class Decided(Struct, frozen=True, kw_only=True):
    """All decisions that a run replays, with those on codes settled."""

    decisions: tuple[Decision, ...] = ()
    codes: dict[tuple[str, str, str], Settled] = {}
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def version(self) -> str:
        """A hash of all decisions; empty where there is none."""
        return digest(*self.rows(), length=64) if self.decisions else ""

    def rows(self) -> list[bytes]:
        """Return the decisions as rows of the state."""
        return [msgspec.json.encode(d) for d in self.decisions]

    def settled(self, ident: str, aspect: str) -> str | None:
        """Return what people decided about a code or theme, or None."""
        found = self.codes.get((ident, aspect, ""))
        return None if found is None else found.value


def decisions_file(corpus: Path) -> Path:
    """Return where the decisions on a corpus stand: beside its codebook."""
    return (corpus if corpus.is_dir() else corpus.parent) / NAME


def load_decisions(corpus: Path, store: Store) -> Decided:
    """Return the decisions that a run replays.

    ``decisions.toml`` says what holds; where it is missing, those of the last run do, and a problem
    says so.

    Raises
    ------
    ConfigError
        If the file is not valid.
    """
    path = decisions_file(corpus)
    problems: tuple[Problem, ...] = ()
    if path.is_file():
        return decided(read_decisions(path))
    kept = from_rows(store.decisions())
    if kept:
        problems = (
            Problem(
                code="decisions-missing",
                message=f"{NAME} is gone; the {len(kept)} decisions of the last run still hold",
                hint=f"Put {NAME} back beside the notes; an empty one takes all decisions back.",
                path=NAME,
            ),
        )
    return decided(kept, problems)


def decided(decisions: Sequence[Decision], problems: tuple[Problem, ...] = ()) -> Decided:
    """Settle decisions about codes."""
    settled, conflicts = settle((d.on, d) for d in decisions if not d.about_passage)
    return Decided(
        decisions=tuple(decisions),
        codes=settled,
        conflicts=tuple(conflicts),
        problems=problems,
    )


def amended(book: Codebook, decided: Decided) -> tuple[Codebook, tuple[Problem, ...]]:
    """Return a codebook with people's decisions about codes, and those that cannot be taken.

    A new code of people's is looked for by the machine from three passages on that they coded with
    it: these become its examples, those from which they took it away its counter-examples. Other
    codes keep the examples of their book; what passages teach about them, `lessons` says.
    """
    if not decided.decisions:
        return book, ()
    codes = {c.id: c for c in book.codes}
    problems: list[Problem] = []
    for (ident, aspect, _), settled in decided.codes.items():
        if aspect == "add" and ident not in codes:
            first = settled.by[0]
            codes[ident] = Code(
                id=ident,
                name=first.value,
                definition=first.definition or first.value,
                parent=first.parent or None,
            )
    for ident, code in list(codes.items()):
        if code.parent is not None and code.parent not in codes:
            codes[ident] = msgspec.structs.replace(code, parent=None)
    for (ident, aspect, _), settled in decided.codes.items():
        if ident not in codes or aspect == "add":
            continue
        code = codes[ident]
        if aspect == "rename":
            code = msgspec.structs.replace(code, name=settled.value)
        elif aspect == "redefine":
            code = msgspec.structs.replace(code, definition=settled.value)
        elif not settled.value:
            code = msgspec.structs.replace(code, retired=True, merged_into=None)
        elif _may_go_into(ident, settled.value, codes):
            code = msgspec.structs.replace(code, merged_into=settled.value, retired=False)
        else:
            problems.append(
                _problem(
                    settled.by[0],
                    f"{settled.value!r} is no code in use that {ident!r} can go into",
                )
            )
        codes[ident] = code
    ours = {c.id for c in book.codes} | builtin_ids()
    for ident in sorted(set(codes) - ours):
        codes[ident] = _taught(codes[ident], decided.decisions)
    for ident, code in codes.items():
        if code.parent is not None and codes[code.parent].retired:
            codes[ident] = msgspec.structs.replace(code, parent=None)
    content = msgspec.json.encode([msgspec.to_builtins(c) for c in codes.values()], order="sorted")
    changed = tuple(codes.values()) != book.codes
    return (
        Codebook(
            codes=tuple(codes.values()),
            version=digest(content, length=64) if changed else book.version,
            source=f"{book.source} and {NAME}" if changed else book.source,
        ),
        tuple(problems),
    )


def lessons(decided: Decided, book: Codebook) -> dict[str, Taught]:
    """Return what people's decisions on passages teach about the codes of a book, by code.

    A lesson is the words of a passage, whether it is still in the notes or not, and holds as long
    as the decision does: one that is taken back, or on which people differ, teaches nothing.

    Parameters
    ----------
    decided : Decided
    book : Codebook
        As `amended` returned it: what was said of a merged code is said of the one it went into.
    """
    ids = {c.id for c in book.codes}

    def resolve(code: str) -> str:
        return standing(code, decided, book)

    on_codes = [d for d in decided.decisions if d.what in {"code", "uncode"}]
    settled, _ = settle(((" ".join(d.text.split()), d) for d in on_codes), resolve)
    found: dict[str, Taught] = {}
    for (text, _, code), said in settled.items():
        if code not in ids:
            continue
        now = found.get(code, Taught())
        found[code] = (
            msgspec.structs.replace(now, yes=(*now.yes, text))
            if said.value
            else msgspec.structs.replace(now, no=(*now.no, text))
        )
    return found


def standing(code: str, decided: Decided, book: Codebook) -> str:
    """Return the code or theme that stands for another now: merged ones are followed to their end.

    Parameters
    ----------
    code : str
    decided : Decided
    book : Codebook
        As `amended` returned it.
    """
    seen: set[str] = set()
    while code not in seen:
        seen.add(code)
        into = decided.settled(code, "fate")
        if into:
            code = into
            continue
        try:
            code = book.resolve(code) or code
        except KeyError:
            break
    return code


def looked_for(book: Codebook) -> Codebook:
    """Return the codes that the machine can look for: those with examples enough."""
    weak = {c.id for c in book.active() if len(c.examples) < MIN_EXAMPLES}
    if not weak:
        return book
    return msgspec.structs.replace(
        book,
        codes=tuple(
            msgspec.structs.replace(c, parent=None if c.parent in weak else c.parent)
            for c in book.codes
            if book.resolve(c.id) not in weak
        ),
    )


def _may_go_into(ident: str, target: str, codes: Mapping[str, Code]) -> bool:
    """Whether a merger ends at a code in use."""
    seen, at = {ident}, target
    while at in codes and at not in seen:
        seen.add(at)
        following = codes[at].merged_into
        if following is None:
            return not codes[at].retired
        at = following
    return False


def _taught(code: Code, decisions: Sequence[Decision]) -> Code:
    settled, _ = settle(
        (" ".join(d.text.split()), d)
        for d in decisions
        if d.what in {"code", "uncode"} and d.value == code.id
    )
    said = {text: s.value == "yes" for (text, _, _), s in settled.items()}
    return msgspec.structs.replace(
        code,
        examples=tuple(t for t, yes in said.items() if yes)[:MOST_EXAMPLES],
        counter_examples=tuple(t for t, yes in said.items() if not yes)[:MOST_EXAMPLES],
    )


def _problem(decision: Decision, why: str) -> Problem:
    return Problem(
        code="decision-not-taken",
        message=f"{decision.told()}: {why}",
        hint=f"Correct it in {NAME}, or take it away.",
        path=NAME,
    )
