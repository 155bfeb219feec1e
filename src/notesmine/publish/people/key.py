"""The key of pseudonyms: which spellings stand for which number. It grows and is never changed.

It is kept in the state and nowhere else: who has it can read the names behind the outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from notesmine.errors import StateError

What = Literal["people", "organisations"]


class Entry(Struct, kw_only=True):
    """A numbered person or organisation and the spellings known for it, folded."""

    number: int
    names: list[str]


class Key(Struct, kw_only=True):
    """All entries, in order of number. Spellings are added at the end, none is taken away."""

    people: list[Entry] = []
    organisations: list[Entry] = []
    version: int = 1

    @classmethod
    def load(cls, body: bytes | None) -> Key:
        """Read a key from the state; None gives an empty one.

        Raises
        ------
        StateError
            If it was damaged, or written by a newer notesmine.
        """
        if not body:
            return cls()
        try:
            key = msgspec.json.decode(body, type=cls)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise StateError(
                f"the key of pseudonyms cannot be read: {error}",
                "Move the state folder away to begin anew; pseudonyms then start over.",
            ) from error
        if key.version != 1:
            raise StateError(
                f"the key of pseudonyms has version {key.version}, this notesmine knows 1",
                "Update notesmine: pip install --upgrade notesmine",
            )
        return key

    def dump(self) -> bytes:
        """Return the key as it is kept."""
        return msgspec.json.encode(self)

    def number(self, what: What, names: Iterable[str]) -> int:
        """Return the number of whoever has these spellings; new spellings are added to the entry.

        The first entry that knows one of them is taken, a new one is made where none does.

        Examples
        --------
        >>> key = Key()
        >>> [key.number("people", n) for n in (["ann roe"], ["bo lu"], ["@ann", "ann roe"])]
        [1, 2, 1]
        """
        entries: list[Entry] = getattr(self, what)
        wanted = list(dict.fromkeys(names))
        index = {name: entry for entry in reversed(entries) for name in entry.names}
        known = [index[name] for name in wanted if name in index]
        entry = min(known, key=lambda e: e.number, default=None)
        if entry is None:
            entry = Entry(number=len(entries) + 1, names=[])
            entries.append(entry)
        entry.names += [name for name in wanted if name not in index]
        return entry.number
