"""How far two codings agree, and how right the machine is by a person: from answers to figures.

Each figure is given over all text, and over coded text only: the rows to which at least one of the
two gave a kind that speaks of a hindrance. Where rows were drawn with unequal chances, the weighted
figures say what all passages would show; rows that stand for none are left out of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from notesmine.checking.measures import (
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
from notesmine.checking.pairs import (
    NO_CODE,
    Pair,
    Said,
    both_coded,
    by_document,
    codes_in,
    design_of,
    first_code,
    has_code,
    is_confirmed,
    is_kind,
    other_kinds,
    turned,
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
    """How right the machine is by the person, for one kind or code, or impediments of a document.

    ``method`` names the intervals: ``wilson`` where every row stands for as many, else
    ``bootstrap`` of weighted counts. Counts are of rows as drawn, without those of no weight.
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
    remark: str = ""


def figures(pairs: Sequence[Pair]) -> list[Figure]:
    """Return all figures of agreement: overall, by kind, by code, by document."""
    everything, coded = _figures(pairs, "all text"), [p for p in pairs if p.coded]
    if len(coded) == len(pairs):
        same = [msgspec.structs.replace(f, scope="coded text only") for f in everything]
        return everything + same
    return everything + _figures(coded, "coded text only")


def _figures(rows: Sequence[Pair], scope: Scope) -> list[Figure]:
    told = [p for p in rows if p.codes is not None]
    found = [
        _figure("overall", "kind", scope, rows, lambda s: s.kind),
        _yes_no("overall", "impediment or not", scope, rows, is_kind("impediment")),
        _figure("overall", "first code", scope, [p for p in told if both_coded(p)], first_code),
    ]
    found += [_yes_no("kind", k, scope, rows, is_kind(k)) for k in other_kinds(rows)]
    found += [_yes_no("code", c, scope, told, has_code(c)) for c in codes_in(told)]
    return found + [
        _figure("document", document, scope, own, lambda s: s.kind)
        for document, own in by_document(rows)
    ]


def scores(pairs: Sequence[Pair], machine: Literal["a", "b"]) -> list[Score]:
    """Return how right the machine is by the person, overall, by kind, by code and by document.

    Rows of no weight stand for nothing, and are left out. Those of documents are of impediments,
    confirmed or to review.
    """
    rows = [p if machine == "a" else turned(p) for p in pairs if p.weight]
    told, impediment = [p for p in rows if p.codes is not None], is_kind("impediment")
    found = [
        _score("overall", "impediment, confirmed", rows, is_confirmed, impediment),
        _score("overall", "impediment, or to review", rows, impediment, impediment),
    ]
    found += [_score("kind", k, rows, is_kind(k), is_kind(k)) for k in other_kinds(rows)]
    found += [_score("code", c, told, has_code(c), has_code(c)) for c in codes_in(told)]
    found += [
        _score("document", document, own, impediment, impediment)
        for document, own in by_document(rows)
    ]
    return found + [_over_coded(score, rows) for score in found]


def _over_coded(score: Score, pairs: Sequence[Pair]) -> Score:
    """Return a score over coded text only.

    Rows outside it bear no kind that is coded, and no code: only what is said of other kinds
    differs.
    """
    rows = [p for p in pairs if p.coded]
    if score.group == "kind" and score.name not in CODED_KINDS:
        says = is_kind(score.name)
        return _score("kind", score.name, rows, says, says, scope="coded text only")
    if score.group == "code":
        rows = [p for p in rows if p.codes is not None]
    elif score.group == "document":
        rows = [p for p in rows if p.document == score.name]
    cases = score.both + min(score.machine_only, score.person_only)
    return msgspec.structs.replace(
        score, scope="coded text only", n=len(rows), warning=_warning(len(rows), cases)
    )


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
        elif pair.coded and pair.codes and set(pair.codes[0]) != set(pair.codes[1]):
            codes = ("; ".join(c) or NO_CODE for c in pair.codes)
            found.append(_difference(pair, "code", *codes))
    return sorted(found, key=lambda d: (d.about != "kind", d.a, d.b, d.document, d.row_id))


def _difference(pair: Pair, about: Literal["kind", "code"], a: str, b: str) -> Difference:
    return Difference(
        row_id=pair.row_id, document=pair.document, about=about, a=a, b=b, text=pair.text,
        remark=pair.remark,
    )  # fmt: skip


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
    design = design_of(pairs)
    kappa = estimate(answers, design, kappa_of, SEED, weighted=False)
    kappa_all = kappa
    if not (design.simple and all(design.weights)):
        weighed = [p for p in pairs if p.weight]
        said = [(answer(p.a), answer(p.b)) for p in weighed]
        kappa_all = estimate(said, design_of(weighed), kappa_of, SEED, weighted=True)
    return Figure(
        group=group,
        name=name,
        scope=scope,
        n=len(pairs),
        observed=_round(sum(a == b for a, b in answers) / len(answers)) if answers else None,
        kappa=kappa,
        alpha=estimate(answers, design, alpha_of, SEED, weighted=False),
        kappa_all=kappa_all,
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
    pairs: Sequence[Pair],
    machine: Callable[[Said], bool],
    person: Callable[[Said], bool],
    *,
    scope: Scope = "all text",
) -> Score:
    labels = [(machine(p.a), person(p.b)) for p in pairs]
    design = design_of(pairs)
    counts = Counter(labels)
    both = counts[True, True]

    def share(statistic: Callable[[Sequence[Any]], Statistic], side: int) -> Interval:
        found = estimate(labels, design, statistic, SEED, weighted=True)
        weights = [w for label, w in zip(labels, design.weights, strict=True) if label[side]]
        if found.value is None or (found.low is not None and not design.simple):
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
