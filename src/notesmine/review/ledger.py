"""Decisions on disk: read, added and taken back under the lock of the state, one act at a time.

What a person did is in ``decisions.toml`` and in the state before a call returns, so that a killed
process loses nothing that was told as done.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.exchange.amend import decided
from notesmine.exchange.decision import Decision, blocks, parse_decisions, write_after
from notesmine.exchange.strike import strike
from notesmine.store import Store

#: The name under which the state keeps what was done on the review page, and how much of it.
ACTS, MOST_ACTS = "review", 2_000


class Act(Struct, frozen=True):
    """One thing a person did: who, and the keys of the decisions that it took."""

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
            return tuple(msgspec.json.decode(row, type=Decision) for row in store.decisions())
        if raw != self._raw:
            self._known = tuple(parse_decisions(raw, self.path.name))
            self._raw = raw
        return self._known

    def add(self, who: str, fresh: Sequence[Decision]) -> tuple[Decision, ...]:
        """Add what a person did in one act; return all decisions.

        Raises
        ------
        StateError
            If a run is working with the state.
        ConfigError, OutputError
            If the file is not valid, or cannot be written.
        """
        with Store(self.home) as store:
            known = self.read(store)
            if not self.path.is_file() and known:
                write_after(self.path, blocks(known))
            more = blocks(fresh)
            taken = parse_decisions(more.encode(), self.path.name)
            # Noted first: of an act that was noted and not written, nothing can be taken back.
            _keep(store, [*_acts(store), Act(who, tuple(d.key for d in taken))])
            write_after(self.path, more)
            return self._written((*known, *taken), store)

    def undo(self, who: str) -> tuple[Decision, ...]:
        """Take back the last act of a person; return the decisions that are gone.

        Raises
        ------
        InputError
            If there is none.
        StateError, ConfigError, OutputError
            As `add` does.
        """
        with Store(self.home) as store:
            known, acts = self.read(store), _acts(store)
            for at in reversed(range(len(acts))):
                if acts[at].who != who:
                    continue
                places = _places(acts[at], known)
                if places and self.path.is_file():
                    left = strike(self.path, places)
                    _keep(store, [*acts[:at], *acts[at + 1 :]])
                    self._written(tuple(left), store)
                    return tuple(known[n] for n in places)
        raise InputError(
            f"there is nothing of {who}'s to take back",
            "What was decided elsewhere is taken back in decisions.toml.",
        )

    def acts(self, store: Store, who: str) -> int:
        """Return how many acts of a person can be taken back."""
        there = {d.key for d in self.read(store)}
        return sum(a.who == who and bool(there & set(a.keys)) for a in _acts(store))

    def _written(self, known: tuple[Decision, ...], store: Store) -> tuple[Decision, ...]:
        """Put the file on the disk itself, and its decisions into the state."""
        with self.path.open("rb+") as stream:
            os.fsync(stream.fileno())
            self._raw, self._known = stream.read(), known
        with store.transaction():
            store.keep_decisions(decided(known).rows())
        return known


def _acts(store: Store) -> list[Act]:
    body = store.blob(ACTS)
    return msgspec.msgpack.decode(body, type=list[Act]) if body else []


def _keep(store: Store, acts: Sequence[Act]) -> None:
    store.keep_blob(ACTS, msgspec.msgpack.encode(list(acts[-MOST_ACTS:])))


def _places(act: Act, known: Sequence[Decision]) -> list[int]:
    """Return the numbers of the decisions of an act: of equal ones, the last."""
    last = {d.key: n for n, d in enumerate(known)}
    return sorted({last[k] for k in act.keys if k in last})
