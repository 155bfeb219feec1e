"""Decisions on disk: read, added and taken back under the locks of the state and of the file.

What a person did is in ``decisions.toml`` and in the state before a call returns, so that a killed
process loses nothing that was told as done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.exchange.amend import decided
from notesmine.exchange.decision import (
    Decision,
    blocks,
    from_rows,
    parse_decisions,
    person,
    write_after,
)
from notesmine.exchange.lock import locked
from notesmine.exchange.strike import strike
from notesmine.store import Store

#: The name under which the state keeps what was done on the review page, and how much of it.
ACTS, MOST_ACTS = "review", 2_000


class Act(Struct, frozen=True):
    """One thing a person did: who, and keys and times of the decisions that it took."""

    who: str
    keys: tuple[str, ...]


class Ledger:
    """The decisions on one corpus.

    Parameters
    ----------
    home : pathlib.Path
        The state's folder.
    path : pathlib.Path
        ``decisions.toml``, there or not.
    """

    def __init__(self, home: Path, path: Path) -> None:
        self.home, self.path = home, path
        self._raw: bytes | None = None
        self._known: tuple[Decision, ...] = ()
        #: Why the last act is in the file only, where the state could not be written after it.
        self.unkept = ""

    def read(self, store: Store) -> tuple[Decision, ...]:
        """Return all decisions: the file's, else those that the state kept.

        Raises
        ------
        ConfigError
            If the file is not valid.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            self._raw = None
            return tuple(from_rows(store.decisions()))
        if raw != self._raw:
            self._known = tuple(parse_decisions(raw, self.path.name))
            self._raw = raw
        return self._known

    def add(self, who: str, fresh: Sequence[Decision]) -> tuple[Decision, ...]:
        """Add what a person did in one act; return all decisions.

        Raises
        ------
        StateError
            If a run is working with the state, or somebody else writes the file.
        ConfigError, OutputError
            If the file is not valid, or cannot be written.
        """
        with Store(self.home) as store, locked(self.path):
            known = self.read(store)
            if not self.path.is_file() and known:
                write_after(self.path, blocks(known))
            more = blocks(fresh)
            taken = parse_decisions(more.encode(), self.path.name)
            # Noted first: of an act that was noted and not written, nothing can be taken back.
            acts = _acts(store)
            _keep(store, [*acts, Act(who, tuple(d.moment for d in taken))])
            try:
                write_after(self.path, more)
            except BaseException:
                _keep(store, acts)
                raise
            return self._written(store)

    def undo(self, who: str) -> tuple[Decision, ...]:
        """Take back the last act of a person; return the decisions that are gone.

        Raises
        ------
        InputError
            If there is none, or other decisions use a code that it made.
        StateError, ConfigError, OutputError
            As `add` does.
        """
        with Store(self.home) as store, locked(self.path):
            known, acts = self.read(store), _acts(store)
            for at in reversed(range(len(acts))):
                if person(acts[at].who) != person(who):
                    continue
                places = _places(acts[at], known)
                if places and self.path.is_file():
                    _check_free(known, places)
                    strike(self.path, places, known)
                    self._written(store, [*acts[:at], *acts[at + 1 :]])
                    return tuple(known[n] for n in places)
        raise InputError(
            f"there is nothing of {who}'s to take back",
            "What was decided elsewhere is taken back in decisions.toml.",
        )

    def acts(self, store: Store, who: str) -> int:
        """Return how many acts of a person can be taken back."""
        known = self.read(store)
        own = [a for a in _acts(store) if person(a.who) == person(who)]
        return sum(bool(_places(a, known)) for a in own)

    def _written(self, store: Store, acts: Sequence[Act] | None = None) -> tuple[Decision, ...]:
        """Put what the file says now into the state.

        The act is done once the file has it: the file wins at the next run, so that a state that
        cannot be written is told and undoes nothing.
        """
        self.unkept = ""
        known = self.read(store)
        try:
            with store.transaction():
                store.keep_decisions(decided(known).rows())
                if acts is not None:
                    _keep(store, acts)
        except sqlite3.Error as error:
            self.unkept = f"it is in {self.path.name}; the state could not be written: {error}"
        return known


def _acts(store: Store) -> list[Act]:
    body = store.blob(ACTS)
    return msgspec.msgpack.decode(body, type=list[Act]) if body else []


def _keep(store: Store, acts: Sequence[Act]) -> None:
    store.keep_blob(ACTS, msgspec.msgpack.encode(list(acts[-MOST_ACTS:])))


def _check_free(known: Sequence[Decision], places: Sequence[int]) -> None:
    """Raise InputError if other decisions use a code that only the ones at these places make."""
    left = [d for n, d in enumerate(known) if n not in set(places)]
    made = {known[n].on: known[n].value for n in places if known[n].what == "add"}
    made = {i: v for i, v in made.items() if not any(d.what == "add" and d.on == i for d in left)}
    for ident, name in made.items():
        using = [
            d for d in left
            if d.on == ident or (d.what in {"code", "merge"} and d.value == ident)
        ]  # fmt: skip
        if using:
            people = ", ".join(dict.fromkeys(d.who for d in using))
            raise InputError(
                f"the new code {name!r} is used by {len(using)} other decisions, of {people}",
                "Have those taken back first, or merge the code into another.",
            )


def _places(act: Act, known: Sequence[Decision]) -> list[int]:
    """Return the numbers of the decisions of an act: of equal ones, the last."""
    last = {d.key: n for n, d in enumerate(known)}  # acts of an earlier version say no time
    last |= {d.moment: n for n, d in enumerate(known)}
    return sorted({last[k] for k in act.keys if k in last})
