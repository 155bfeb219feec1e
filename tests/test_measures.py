"""Agreement coefficients equal the worked examples they cite, and do as their definitions say."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from notesmine.checking.measures import (
    LEAST_ROWS,
    Design,
    Statistic,
    alpha_of,
    cohen_kappa,
    collapsed,
    effective,
    estimate,
    kappa_of,
    krippendorff_alpha,
    precision_of,
    recall_of,
    wilson,
)

#: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: the data of its sections A (two
#: observers, binary), B (two observers, nominal) and C (four observers, nominal, values missing).
BINARY = ("0100000010", "1110010000")
NOMINAL = ("aabbdcccedda", "babbbccceddd")
MISSING = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def units(observers: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    return [tuple(None if v == "." else v for v in unit) for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(
    ("data", "published"), [(BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)]
)
def test_alpha_equals_the_published_examples(data: tuple[str, ...], published: float) -> None:
    found = krippendorff_alpha(units(data))
    assert found is not None
    assert round(found, 3) == published


def test_kappa_equals_the_published_example() -> None:
    # Cohen (1960), p. 45: 200 cases, three categories, kappa = .492.
    table = np.array([[88.0, 14, 18], [10, 40, 10], [2, 6, 12]])
    found = cohen_kappa(table)
    assert found is not None
    assert round(found, 3) == 0.492


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_equals_the_published_table(hits: int, n: int, low: float, high: float) -> None:
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3.
    found = wilson(hits, n)
    assert found.low == pytest.approx(low, abs=6e-5)
    assert found.high == pytest.approx(high, abs=6e-5)


pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1)


def counted(answers: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], np.ndarray]:
    labels = sorted(set(answers))
    return labels, np.array([[float(answers.count(label)) for label in labels]])


@given(pairs)
@settings(max_examples=150, deadline=None)
def test_kappa_is_what_another_library_says(answers: list[tuple[str, str]]) -> None:
    labels, counts = counted(answers)
    mine = float(kappa_of(labels)(counts)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cohen_kappa_score([a for a, _ in answers], [b for _, b in answers])
    assert mine == pytest.approx(theirs, nan_ok=True)


@given(pairs)
@settings(max_examples=150, deadline=None)
def test_both_ways_to_alpha_agree(answers: list[tuple[str, str]]) -> None:
    labels, counts = counted(answers)
    by_counts = float(alpha_of(labels)(counts)[0])
    by_units = krippendorff_alpha(answers)
    assert by_counts == pytest.approx(float("nan") if by_units is None else by_units, nan_ok=True)


@given(pairs, st.integers(0, 3))
@settings(deadline=None)
def test_alpha_does_not_ask_who_said_what_nor_for_lone_values(
    answers: list[tuple[str, str]], lone: int
) -> None:
    alpha = krippendorff_alpha(answers)
    turned = [(b, a) for a, b in answers] + [("a", None)] * lone + [(None, None)]
    assert krippendorff_alpha(turned) == (None if alpha is None else pytest.approx(alpha))


@pytest.mark.parametrize("answers", [[("a", "a")] * 5, []])
def test_what_cannot_be_told_is_none(answers: list[tuple[str, str]]) -> None:
    assert krippendorff_alpha(answers) is None
    design = Design((1.0,) * len(answers), ("",) * len(answers))
    assert estimate(answers, design, kappa_of, 1, weighted=True).value is None


@pytest.mark.parametrize("statistic", [kappa_of, alpha_of])
def test_full_agreement_is_one_and_no_certainty(statistic: Callable[..., Statistic]) -> None:
    # All resamples of 40 rows that agree agree: that says nothing of the spread.
    answers = [("a", "a"), ("b", "b")] * 20
    found = estimate(answers, Design((1.0,) * 40, ("",) * 40), statistic, 1, weighted=True)
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_groups_of_few_rows_are_resampled_together() -> None:
    # One row a group would never vary, two vary by half of what they should.
    answers = [("a", "a")] * 6 + [("b", "b")] * 5 + [("a", "b")] * 9
    ends = set()
    for size in (1, 2, 4, 20):
        design = Design((1.0,) * 20, tuple(f"g{n // size}" for n in range(20)))
        found = estimate(answers, design, kappa_of, 1, weighted=False)
        assert found.low is not None
        assert found.high is not None
        ends.add((found.low, found.high))
    assert len(ends) == 1


def test_fewer_rows_than_show_their_spread_have_no_interval() -> None:
    answers = [("a", "a"), ("b", "b"), ("a", "b"), ("b", "b")]
    found = estimate(answers, Design((1.0,) * 4, ("",) * 4), kappa_of, 1, weighted=False)
    assert found.value == 0.5
    assert found.low is found.high is None


@given(st.lists(st.sampled_from("abcdef"), min_size=LEAST_ROWS))
def test_collapsed_groups_have_rows_enough(groups: list[str]) -> None:
    found = collapsed(groups)
    assert len(found) == len(groups)
    assert min(Counter(found).values()) >= LEAST_ROWS
    sizes = Counter(groups)
    # Large groups are never put together with one another.
    large = {g for g in sizes if sizes[g] >= LEAST_ROWS}
    assert {f for f, g in zip(found, groups, strict=True) if g in large} == large


def test_weights_turn_rows_into_what_they_stand_for() -> None:
    # Of a group of 90 passages 3 rows were drawn, all right; of one of 10, 5 rows, all wrong.
    labels = [(True, True)] * 3 + [(True, False)] * 5
    design = Design((30.0,) * 3 + (2.0,) * 5, ("big",) * 3 + ("small",) * 5)
    found = estimate(labels, design, precision_of, 1, weighted=True)
    assert found.value == 0.9
    assert effective(design.weights) == pytest.approx(100**2 / (3 * 900 + 5 * 4))


def test_intervals_hold_what_they_promise() -> None:
    # 300 samples of 60 rows of a known table: the 95 % interval covers the truth in 90 to 99 %.
    truth = np.array([[0.4, 0.1], [0.1, 0.4]])
    kappa = cohen_kappa(truth)
    rng = np.random.default_rng(5)
    cells = [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    covered = 0
    for _ in range(300):
        picks = rng.choice(4, size=60, p=truth.ravel())
        labels = [cells[i] for i in picks]
        found = estimate(labels, Design((1.0,) * 60, ("",) * 60), kappa_of, 1, weighted=False)
        covered += found.low is not None and found.low <= kappa <= found.high  # type: ignore[operator]
    assert 270 <= covered <= 297


def test_intervals_of_pairs_of_rows_hold_what_they_promise() -> None:
    # 20 groups of 2 rows, of which 80 % are right: uncollapsed, 78 % of intervals hold the truth.
    rng = np.random.default_rng(7)
    design = Design((1.0,) * 40, tuple(f"g{n // 2}" for n in range(40)))
    covered = 0
    for _ in range(200):
        labels = [(bool(x), True) for x in rng.random(40) < 0.8]
        found = estimate(labels, design, recall_of, 1, weighted=False)
        covered += found.low is not None and found.low <= 0.8 <= (found.high or 0)
    assert covered >= 180
