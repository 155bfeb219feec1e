"""Kinds: what the rules keep from the model, what the weights' packing keeps, what is explained."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from notesmine.classify import (
    WEIGHTS,
    WEIGHTS_SHA256,
    Classifier,
    boilerplate,
    doubt,
    reference_pages,
)
from notesmine.classify.packing import GROUP, STEPS, pack, unpack
from notesmine.config import ClassifySettings
from notesmine.encoder import Encoder
from notesmine.records import KINDS, Document, Judgement

TEXTS = [
    "Nobody maintains the coder since Petra left, and every release waits for her.",
    "The access rights came through on Monday, so the blockage is over.",
    "Moved the nightly job to the new cluster.",
    "Let us ask the price section for a reviewer.",
    "Agreed: the pilot goes to the board in June.",
    "Very good cooperation with the methodologists this quarter.",
    "Apologies: Ms Haddad, Mr Okoye",
]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(Encoder())


def judge(classifier: Classifier, texts: list[str], chosen: ClassifySettings | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return classifier.judge(texts, [""] * len(texts), ["paragraph"] * len(texts), chosen)


# -- the weights ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.sampled_from([GROUP, 3 * GROUP])),
        elements=st.floats(-4, 4, width=32),
    )
)
def test_packing_keeps_every_number_to_half_a_step(values: np.ndarray) -> None:
    codes, scales = pack(values)
    assert codes.nbytes * 2 == values.size
    step = np.repeat(scales.astype(np.float32), GROUP, axis=1)
    # Half precision rounds the step itself: the outermost number may be off by that as well.
    slack = step * STEPS * 2.0**-10 + 1e-6
    assert (np.abs(unpack(codes, scales) - values) <= step / 2 + slack).all()


def test_packing_refuses_what_has_no_whole_groups() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        pack(np.zeros((2, 10), dtype=np.float32))


def test_the_weights_are_small_and_the_ones_named() -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == WEIGHTS_SHA256


# -- judging --------------------------------------------------------------------------------------


def test_probabilities_sum_to_one_and_every_decision_has_reasons(classifier: Classifier) -> None:
    for item in judge(classifier, TEXTS):
        assert set(item.judgement.scores) == set(KINDS)
        assert sum(item.judgement.scores.values()) == pytest.approx(1, abs=1e-3)
        assert item.judgement.why.startswith(("model: ", "rule: "))


def test_plain_examples_of_each_kind(classifier: Classifier) -> None:
    kinds = [item.judgement.kind for item in judge(classifier, TEXTS)]
    assert kinds[0] == "impediment"
    assert kinds[1] == "resolved"
    assert "impediment" not in kinds[1:]
    assert kinds[-1] == "boilerplate"


def test_a_judgement_does_not_depend_on_its_neighbours(classifier: Classifier) -> None:
    together = judge(classifier, TEXTS)
    alone = [judge(classifier, [text])[0] for text in TEXTS]
    assert together == alone
    assert judge(classifier, TEXTS[::-1])[::-1] == together


def test_thresholds_are_the_users_to_set(classifier: Classifier) -> None:
    strict = judge(classifier, TEXTS, ClassifySettings(impediment=1.0))
    assert all(item.judgement.kind != "impediment" for item in strict)
    sure = judge(classifier, TEXTS, ClassifySettings(confirmed=1.0))
    assert all(i.judgement.tier == "review" for i in sure if i.judgement.kind == "impediment")


@pytest.mark.parametrize(
    ("text", "kind_of_passage"),
    [
        ("https://example.org/a/b", "paragraph"),
        ("Present: A. Ito, B. Núñez, C. Okafor", "paragraph"),
        ("Indicator | Good sign | Bad sign", "other"),
        ("What nobody owns", "heading"),
        ("n/a", "bullet"),
    ],
)
def test_what_is_no_statement_never_reaches_the_model(text: str, kind_of_passage: str) -> None:
    assert boilerplate(text, kind_of_passage)  # type: ignore[arg-type]


# -- reference pages ------------------------------------------------------------------------------


def note(number: int, date: str | None) -> Document:
    name = f"{number}.md"
    return Document(
        doc_id=f"d{number}", paths=(name,), sha256=name, format="markdown", text="x", date=date
    )


def test_an_undated_page_among_dated_notes_is_doubted() -> None:
    dated = [note(n, "2025-03-01") for n in range(9)]
    assert reference_pages([*dated, note(9, None)]) == {"d9"}
    sure = Judgement(kind="impediment", scores={}, why="model", tier="confirmed")
    assert doubt(sure).tier == "review"
    assert "undated" in doubt(sure).why
    praise = msgspec.structs.replace(sure, kind="enabler")
    assert doubt(praise) == praise


def test_where_dates_are_rare_nothing_is_doubted() -> None:
    assert not reference_pages([note(0, None)])
    assert not reference_pages([note(n, "2025-03-01" if n % 2 else None) for n in range(12)])
