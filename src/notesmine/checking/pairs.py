"""Pairs of answers to one passage, and what figures ask of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from notesmine.checking.measures import Design
from notesmine.records import KINDS
from notesmine.themes.coding import CODED_KINDS

NO_CODE = "none"


class Said(Struct, frozen=True, kw_only=True):
    """One coder's answer to a passage. ``tier`` is the machine's, empty for a person.

    ``codes`` is None where they are missing: such a row takes no part in figures of codes.
    """

    kind: str
    codes: tuple[str, ...] | None
    tier: str = ""


class Pair(Struct, frozen=True, kw_only=True):
    """A passage that both answered, where it stands, and how it was drawn.

    ``weight`` is 0 for a row that is not of the sample, among rows that are.
    """

    row_id: str
    a: Said
    b: Said
    text: str
    document: str = ""
    weight: float = 1.0
    group: str = ""
    remark: str = ""

    @property
    def coded(self) -> bool:
        """Whether one of the two, at least, took it to speak of a hindrance."""
        return self.a.kind in CODED_KINDS or self.b.kind in CODED_KINDS

    @property
    def codes(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """The codes of both, None where those of one are missing."""
        if self.a.codes is None or self.b.codes is None:
            return None
        return self.a.codes, self.b.codes


def turned(pair: Pair) -> Pair:
    """Return a pair with its coders changed about."""
    return msgspec.structs.replace(pair, a=pair.b, b=pair.a)


def other_kinds(pairs: Sequence[Pair]) -> list[str]:
    """Return the kinds that one of two said, but for impediments, in their order."""
    said = {s.kind for p in pairs for s in (p.a, p.b)}
    return [kind for kind in KINDS if kind in said and kind != "impediment"]


def by_document(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    """Return the rows of each document, to be resampled without groups: they are few."""
    own: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.document:
            alone = msgspec.structs.replace(pair, group="")
            own.setdefault(pair.document, []).append(alone)
    return sorted(own.items())


def is_kind(kind: str) -> Callable[[Said], bool]:
    """Return whether a coder says a kind, as a function."""
    return lambda said: said.kind == kind


def has_code(code: str) -> Callable[[Said], bool]:
    """Return whether a coder gives a code, among others or alone, as a function."""
    return lambda said: code in (said.codes or ())


def is_confirmed(said: Said) -> bool:
    """Whether the machine is sure of an impediment."""
    return said.kind == "impediment" and said.tier == "confirmed"


def both_coded(pair: Pair) -> bool:
    """Whether both took it to speak of a hindrance."""
    return pair.a.kind in CODED_KINDS and pair.b.kind in CODED_KINDS


def first_code(said: Said) -> str:
    """Return the first code, or a word for none."""
    return said.codes[0] if said.codes else NO_CODE


def codes_in(pairs: Sequence[Pair]) -> list[str]:
    """Return the codes that one of two gave, in order."""
    return sorted({c for p in pairs for codes in p.codes or () for c in codes})


def design_of(pairs: Sequence[Pair]) -> Design:
    """Return how rows were drawn."""
    return Design(tuple(p.weight for p in pairs), tuple(p.group for p in pairs))
