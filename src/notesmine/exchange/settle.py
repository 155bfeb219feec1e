"""From a list of decisions to what holds: the last word of each person, and where people differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from msgspec import Struct

from notesmine.exchange.decision import Decision

T = TypeVar("T", bound=Hashable)
NO = {"uncode": "code", "unpin": "pin", "unveto": "veto"}


class Settled(Struct, frozen=True, kw_only=True):
    """What holds of one question: the value, and the decisions that say so."""

    value: str
    by: tuple[Decision, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Who decided so, each once, in order of the decisions."""
        return tuple(dict.fromkeys(d.who for d in self.by))


class Conflict(Struct, frozen=True):
    """Decisions of several people on one question that differ."""

    decisions: tuple[Decision, ...]

    def told(self, show: Callable[[str], str] = str, *, words: bool = True) -> str:
        """Return who says what, as `Decision.told` does."""
        return "; ".join(d.told(show, words=words) for d in self.decisions)


def question(decision: Decision) -> tuple[str, str]:
    """Return what a decision is about, beside its target: aspect, and the code where it is one.

    Examples
    --------
    >>> question(Decision(what="uncode", who="a", value="legal", text="t", path="p"))
    ('code', 'legal')
    """
    if decision.what in {"code", "uncode"}:
        return "code", decision.value
    if decision.what in {"merge", "retire"}:
        return "fate", ""
    return NO.get(decision.what, decision.what), ""


def answer(decision: Decision) -> str:
    """Return what a decision says to its question."""
    if decision.what in {"code", "pin", "veto"}:
        return "yes"
    if decision.what in NO:
        return ""
    return decision.value


def settle(
    decisions: Iterable[tuple[T, Decision]], resolve: Callable[[str], str] = lambda code: code
) -> tuple[dict[tuple[T, str, str], Settled], list[Conflict]]:
    """Settle decisions on targets.

    Parameters
    ----------
    decisions : iterable of (target, Decision)
        In order: a person's later decision replaces the earlier one on the same question.
    resolve : callable
        Gives the code that stands for another now, so that merged codes are one question.

    Returns
    -------
    settled : dict of (target, aspect, code) to Settled
    conflicts : list of Conflict
        Of these nothing holds: the machine's answer stands.
    """
    last: dict[tuple[T, str, str], dict[str, Decision]] = {}
    for target, decision in decisions:
        aspect, code = question(decision)
        asked = last.setdefault((target, aspect, resolve(code) if code else ""), {})
        asked.pop(decision.who, None)
        asked[decision.who] = decision
    settled: dict[tuple[T, str, str], Settled] = {}
    conflicts: list[Conflict] = []
    for asked_of, by_person in last.items():
        values = {answer(d) for d in by_person.values()}
        if len(values) == 1:
            settled[asked_of] = Settled(value=values.pop(), by=tuple(by_person.values()))
        else:
            conflicts.append(Conflict(tuple(by_person.values())))
    return settled, conflicts
