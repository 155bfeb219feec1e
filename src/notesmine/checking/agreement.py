"""How far two codings agree, and how right the machine is by a person: from answers to figures.

Each figure is given over all text, and over coded text only: the rows to which at least one of the
two gave a kind that speaks of a hindrance. Where rows were drawn with unequal chances, the weighted
figures say what all passages would show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct

from notesmine.checking.measures import (
    Design,
    Interval,
    Statistic,
    alpha_of,
    effective,
    estimate,
    f1_of,
    kappa_of,
    precision_of,
    recall_of,
    wilson,
)
from notesmine.records import KINDS
from notesmine.themes.coding import CODED_KINDS

Scope = Literal["all text", "coded text only"]
Group = Literal["overall", "kind", "code", "document"]
SCOPES: tuple[Scope, ...] = ("all text", "coded text only")
SEED = 20
#: Below these numbers a figure says little: rows compared, and rows that have what is asked for.
FEW_ROWS = 30
FEW_CASES = 10
YES, NO = "yes", "no"
NO_CODE = "none"


class Said(Struct, frozen=True, kw_only=True):
    """One coder's answer to a passage. ``tier`` is the machine's, empty for a person."""

    kind: str
    codes: tuple[str, ...]
    tier: str = ""


class Pair(Struct, frozen=True, kw_only=True):
    """A passage that both answered, where it stands, and how it was drawn."""

    row_id: str
    a: Said
    b: Said
    text: str
    document: str = ""
    weight: float = 1.0
    group: str = ""

    @property
    def coded(self) -> bool:
        """Whether one of the two, at least, took it to speak of a hindrance."""
        return self.a.kind in CODED_KINDS or self.b.kind in CODED_KINDS


class Figure(Struct, frozen=True, kw_only=True):
    """Agreement on one question. ``a`` and ``b`` count the rows each said yes to, for yes-no ones.

    ``kappa``, ``alpha`` and ``observed`` describe the rows as drawn; ``kappa_all`` is weighted to
    all passages, and equals ``kappa`` where every row stands for as many.
    """

    group: Group
    name: str
    scope: Scope
    n: int
    observed: float | None
    kappa: Interval
    alpha: Interval
    kappa_all: Interval
    a: int | None = None
    b: int | None = None
    warning: str = ""


class Score(Struct, frozen=True, kw_only=True):
    """How right the machine is by the person, for one kind or code.

    ``method`` names the intervals: ``wilson`` where every row stands for as many, else
    ``bootstrap`` of weighted counts. Counts are of rows as drawn.
    """

    group: Group
    name: str
    scope: Scope
    n: int
    both: int
    machine_only: int
    person_only: int
    precision: Interval
    recall: Interval
    f1: Interval
    method: str
    warning: str = ""


class Difference(Struct, frozen=True, kw_only=True):
    """A passage on which the two disagree, about its kind or its codes."""

    row_id: str
    document: str
    about: Literal["kind", "code"]
    a: str
    b: str
    text: str


def figures(pairs: Sequence[Pair]) -> list[Figure]:
    """Return all figures of agreement: overall, by kind, by code, by document."""
    found = []
    for scope in SCOPES:
        rows = _in_scope(pairs, scope)
        found += [
            _figure("overall", "kind", scope, rows, lambda s: s.kind),
            _yes_no("overall", "impediment or not", scope, rows, _is("impediment")),
            _figure(
                "overall", "first code", scope, [p for p in rows if _both_coded(p)], _first_code
            ),
        ]
        for kind in KINDS:
            if kind != "impediment" and any(kind in {p.a.kind, p.b.kind} for p in rows):
                found.append(_yes_no("kind", kind, scope, rows, _is(kind)))
        for code in _codes(rows):
            found.append(_yes_no("code", code, scope, rows, _has(code)))
        for document in sorted({p.document for p in rows if p.document}):
            own = [p for p in rows if p.document == document]
            found.append(_figure("document", document, scope, own, lambda s: s.kind))
    return found


def scores(pairs: Sequence[Pair], machine: Literal["a", "b"]) -> list[Score]:
    """Return how right the machine is by the person, overall, by kind and by code."""
    turned = pairs if machine == "a" else [_turned(p) for p in pairs]
    found, impediment = [], _is("impediment")
    for scope in SCOPES:
        rows = _in_scope(turned, scope)
        found += [
            _score("overall", "impediment, confirmed", scope, rows, _confirmed, impediment),
            _score("overall", "impediment, or to review", scope, rows, impediment, impediment),
        ]
        for kind in KINDS:
            if kind != "impediment" and any(kind in {p.a.kind, p.b.kind} for p in rows):
                found.append(_score("kind", kind, scope, rows, _is(kind), _is(kind)))
        for code in _codes(rows):
            found.append(_score("code", code, scope, rows, _has(code), _has(code)))
    return found


def confusion(pairs: Sequence[Pair]) -> list[tuple[str, str, int]]:
    """Return (kind by A, kind by B, rows), in the order of the kinds."""
    counts = Counter((p.a.kind, p.b.kind) for p in pairs)
    return [(x, y, counts[x, y]) for x in KINDS for y in KINDS if counts[x, y]]


def disagreements(pairs: Sequence[Pair]) -> list[Difference]:
    """Return the passages on which the two differ, those about the kind first."""
    found = []
    for pair in pairs:
        if pair.a.kind != pair.b.kind:
            found.append(_difference(pair, "kind", pair.a.kind, pair.b.kind))
        elif pair.coded and set(pair.a.codes) != set(pair.b.codes):
            codes = ("; ".join(s.codes) or NO_CODE for s in (pair.a, pair.b))
            found.append(_difference(pair, "code", *codes))
    return sorted(found, key=lambda d: (d.about != "kind", d.a, d.b, d.document, d.row_id))


def _difference(pair: Pair, about: Literal["kind", "code"], a: str, b: str) -> Difference:
    return Difference(
        row_id=pair.row_id, document=pair.document, about=about, a=a, b=b, text=pair.text
    )


def _in_scope(pairs: Sequence[Pair], scope: Scope) -> list[Pair]:
    return [p for p in pairs if scope == "all text" or p.coded]


def _turned(pair: Pair) -> Pair:
    return Pair(
        row_id=pair.row_id, a=pair.b, b=pair.a, text=pair.text, document=pair.document,
        weight=pair.weight, group=pair.group,
    )  # fmt: skip


def _is(kind: str) -> Callable[[Said], bool]:
    return lambda said: said.kind == kind


def _has(code: str) -> Callable[[Said], bool]:
    return lambda said: code in said.codes


def _confirmed(said: Said) -> bool:
    return said.kind == "impediment" and said.tier == "confirmed"


def _both_coded(pair: Pair) -> bool:
    return pair.a.kind in CODED_KINDS and pair.b.kind in CODED_KINDS


def _first_code(said: Said) -> str:
    return said.codes[0] if said.codes else NO_CODE


def _codes(pairs: Sequence[Pair]) -> list[str]:
    return sorted({c for p in pairs for c in (*p.a.codes, *p.b.codes)})


def _design(pairs: Sequence[Pair]) -> Design:
    return Design(tuple(p.weight for p in pairs), tuple(p.group for p in pairs))


# -- agreement ------------------------------------------------------------------------------------


def _yes_no(
    group: Group, name: str, scope: Scope, pairs: Sequence[Pair], says: Callable[[Said], bool]
) -> Figure:
    positives = sum(says(p.a) for p in pairs), sum(says(p.b) for p in pairs)
    return _figure(group, name, scope, pairs, lambda s: YES if says(s) else NO, positives)


def _figure(
    group: Group,
    name: str,
    scope: Scope,
    pairs: Sequence[Pair],
    answer: Callable[[Said], str],
    positives: tuple[int, int] | None = None,
) -> Figure:
    answers = [(answer(p.a), answer(p.b)) for p in pairs]
    design = _design(pairs)
    kappa = estimate(answers, design, kappa_of, SEED, weighted=False)
    return Figure(
        group=group,
        name=name,
        scope=scope,
        n=len(pairs),
        observed=_round(sum(a == b for a, b in answers) / len(answers)) if answers else None,
        kappa=kappa,
        alpha=estimate(answers, design, alpha_of, SEED, weighted=False),
        kappa_all=kappa
        if design.simple
        else estimate(answers, design, kappa_of, SEED, weighted=True),
        a=positives[0] if positives else None,
        b=positives[1] if positives else None,
        warning=_warning(len(pairs), max(positives) if positives else None),
    )


def _warning(n: int, cases: int | None) -> str:
    if n < FEW_ROWS:
        return f"fewer than {FEW_ROWS} rows"
    return f"fewer than {FEW_CASES} cases" if cases is not None and cases < FEW_CASES else ""


# -- precision and recall -------------------------------------------------------------------------


def _score(
    group: Group,
    name: str,
    scope: Scope,
    pairs: Sequence[Pair],
    machine: Callable[[Said], bool],
    person: Callable[[Said], bool],
) -> Score:
    labels = [(machine(p.a), person(p.b)) for p in pairs]
    design = _design(pairs)
    counts = Counter(labels)
    both = counts[True, True]

    def share(statistic: Callable[[Sequence[Any]], Statistic], side: int) -> Interval:
        found = estimate(labels, design, statistic, SEED, weighted=True)
        weights = [w for label, w in zip(labels, design.weights, strict=True) if label[side]]
        if found.value is None or not (design.simple or found.value in {0.0, 1.0}):
            return found
        # Resampling shows no spread where all rows say the same: Wilson's interval does.
        n = effective(weights)
        return _rounded(wilson(found.value * n, n))

    machine_only, person_only = counts[True, False], counts[False, True]
    return Score(
        group=group,
        name=name,
        scope=scope,
        n=len(pairs),
        both=both,
        machine_only=machine_only,
        person_only=person_only,
        precision=share(precision_of, 0),
        recall=share(recall_of, 1),
        f1=estimate(labels, design, f1_of, SEED, weighted=True),
        method="wilson" if design.simple else "bootstrap",
        warning=_warning(len(pairs), both + min(machine_only, person_only)),
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded(interval: Interval) -> Interval:
    return Interval(_round(interval.value), _round(interval.low), _round(interval.high))
