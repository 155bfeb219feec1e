from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from notesmine.config import ThemeSettings
from notesmine.themes import cluster
from notesmine.themes.apart import stand_apart
from notesmine.themes.cluster import GraphClusterer
from notesmine.themes.discover import FEWEST, Discovery, collapse, discover
from notesmine.themes.words import SEPARATOR, NotesVectorizer, NoteTokens, terms

SETTINGS = ThemeSettings()
SUBJECTS = (
    ("data sharing agreement", "signed by the other ministry"),
    ("model owner", "left the unit without a successor"),
    ("cloud budget", "approved too late for the pilot"),
    ("training course", "cancelled for lack of staff"),
)


def corpus(n: int, seed: int = 0, d: int = 48) -> tuple[list[str], NDArray[np.float32]]:
    """Return invented passages on four subjects and vectors around four directions."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(SUBJECTS), d))
    texts, rows = [], []
    for number in range(n):
        subject, rest = SUBJECTS[number % len(SUBJECTS)]
        texts.append(f"The {subject} was not {rest} in case {'abcdefghij'[number % 10] * number}")
        rows.append(centres[number % len(SUBJECTS)] + 0.9 * rng.normal(size=d))
    found = np.array(rows).reshape(n, d)
    unit = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return texts, unit.astype(np.float32)


def by_text(texts: list[str], found: Discovery) -> dict[str, tuple[object, ...]]:
    return {
        text: (m.theme, m.membership, m.abstained_because)
        for text, m in zip(texts, found.memberships, strict=True)
    }


@pytest.fixture(scope="module")
def real() -> tuple[list[str], NDArray[np.float32], Discovery]:
    texts, rows = corpus(80)
    return texts, rows, discover(texts, rows, SETTINGS)


def test_a_fitted_bertopic_describes_the_subjects(
    real: tuple[list[str], NDArray[np.float32], Discovery],
) -> None:
    texts, _, found = real
    assert len(found) == 4
    said = {" ".join(words) for words in found.words}
    for subject in ("agreement", "owner", "budget", "course"):
        assert sum(subject in words for words in said) == 1
    assert all(s is not None and 0.8 < s <= 1 for s in found.stability)
    assert sum(m.theme is None for m in found.memberships) <= 0.1 * len(texts)
    model = found.model
    assert model is not None
    assert len(model.get_topic_info()) >= 4
    assert SEPARATOR not in str(model.get_representative_docs())
    assert len(model.hierarchical_topics(texts)) == 3
    topics, _ = model.transform(texts[:4], found.centroids)
    assert sorted(topics) == [0, 1, 2, 3]


def test_row_order_does_not_matter(
    real: tuple[list[str], NDArray[np.float32], Discovery],
) -> None:
    texts, rows, found = real
    order = np.random.default_rng(5).permutation(len(texts))
    again = discover([texts[r] for r in order], rows[order], SETTINGS)
    assert by_text(texts, found) == by_text([texts[r] for r in order], again)
    assert found.words == again.words
    assert found.stability == again.stability
    assert found.centroids.tobytes() == again.centroids.tobytes()


PROGRAM = """
import sys; sys.path.insert(0, {tests!r})
import json
from test_discover import corpus
from notesmine.themes.apart import stand_apart
from notesmine.themes.cluster import GraphClusterer
from notesmine.themes.words import NotesVectorizer
texts, rows = corpus(160)
start = [r % 7 for r in range(160)]
import numpy as np
for model in (GraphClusterer(), GraphClusterer(start=np.array(start))):
    model.fit(rows)
    print(model.labels_.tolist(), model.probabilities_.tolist(), model.resolution_)
print(NotesVectorizer().fit(texts).get_feature_names_out().tolist())
"""


def test_hash_seed_and_threads_do_not_matter() -> None:
    runs = []
    for seed, threads in (("1", "1"), ("2", "2")):
        extra = {
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        program = PROGRAM.format(tests=str(Path(__file__).parent))
        env = {**os.environ, **extra}
        runs.append(
            subprocess.Popen(
                [sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True
            )
        )
    outputs = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0]
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == 3


def test_copies_stay_together() -> None:
    texts, rows = corpus(60)
    texts += ["  the DATA-sharing agreement...", "The data sharing agreement", "Something near"]
    rows = np.vstack([rows, rows[1], rows[30], rows[5] + 1e-3])
    groups = collapse(texts, rows).members
    assert any({60, 61} <= set(group) for group in groups)
    assert any({5, 62} <= set(group) for group in groups)
    assert sorted(row for group in groups for row in group) == list(range(63))
    labels = GraphClusterer().fit(rows[[g[0] for g in groups]]).labels_
    assert len(labels) == len(groups)


@pytest.mark.parametrize("n", range(FEWEST))
def test_too_few_passages_say_so(n: int) -> None:
    texts, rows = corpus(n)
    found = discover(texts, rows, SETTINGS)
    assert len(found.memberships) == n
    assert found.note == f"too few passages: {n} of at least 8 different ones"
    assert all(m.abstained_because or m.theme is not None for m in found.memberships)


def test_a_sentence_pasted_twice_makes_no_theme() -> None:
    texts, rows = corpus(3)
    found = discover([*texts, texts[1].upper()], np.vstack([rows, rows[1]]), SETTINGS)
    assert [m.theme for m in found.memberships] == [None] * 4
    assert all(m.abstained_because for m in found.memberships)
    assert found.model is None


@pytest.mark.parametrize("n", [*range(FEWEST, 16), 20, 30, 40, 50])
def test_small_corpora_never_fail(n: int) -> None:
    _, rows = corpus(n)
    model = GraphClusterer().fit(rows)
    assert model.labels_.shape == (n,)
    assert np.mean(model.labels_ < 0) <= 0.1 or (model.labels_ < 0).all()
    assert ((model.probabilities_ >= 0) & (model.probabilities_ <= 1)).all()
    sizes = np.bincount(model.labels_[model.labels_ >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)
    assert model.predict(rows).shape == (n,)


def test_equal_empty_and_zero_rows() -> None:
    same = np.tile(np.eye(1, 16, dtype=np.float32), (12, 1))
    assert GraphClusterer().fit(same).labels_.shape == (12,)
    assert GraphClusterer().fit(np.zeros((12, 16), np.float32)).labels_.shape == (12,)
    assert discover([], np.zeros((0, 16), np.float32), SETTINGS).memberships == ()


def test_lengths_must_be_equal() -> None:
    with pytest.raises(ValueError, match="2 texts, 1 vectors"):
        discover(["a", "b"], np.zeros((1, 4), np.float32), SETTINGS)


def test_a_warm_start_keeps_the_partition() -> None:
    _, rows = corpus(200)
    cold = GraphClusterer().fit(rows[:180])
    start = np.concatenate([cold.labels_, np.full(20, -1)])
    warm = GraphClusterer(start=start).fit(rows)
    assert np.mean(warm.labels_[:180] == cold.labels_) >= 0.95


def test_many_rows_go_through_prototypes_and_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows = corpus(320)
    plain = GraphClusterer().fit(rows).labels_
    monkeypatch.setattr(cluster, "DENSE", 120)
    monkeypatch.setattr(cluster, "EXACT", 300)
    few = GraphClusterer().fit(rows).labels_
    assert np.mean(few == plain) > 0.95


def test_words_know_notes() -> None:
    text = (
        "**Blocked**: [PR 45](https://a.b/c) by @bob, bob@x.org: models' deployment <br> #123 "
        "ABC-12 v1.2.3 on 3 March 2024, see notes.md, commit 4f3a2b1c; Jane Roe, "
        "data-sharing agreement"
    )
    tokens = NoteTokens(["Jane Roe"])
    found = terms(tokens(text))
    assert set(found) == {
        "block", "model", "deployment", "commit", "data", "share", "agreement", "share agreement",
    }  # fmt: skip
    assert all(text[t.start : t.end] for t in tokens(text))


def test_phrases_do_not_cross_passages_and_once_said_ones_are_dropped() -> None:
    vectorizer = NotesVectorizer(("Roe",))
    vectorizer.fit([f"model owner{SEPARATOR}budget cut", "model owner Roe"])
    names = vectorizer.get_feature_names_out().tolist()
    assert names == ["budget", "cut", "model", "model owner", "owner"]
    assert vectorizer.get_params()["names"] == ("Roe",)
    assert NotesVectorizer().fit(["of the 12", "#3"]).vocabulary_


def test_importing_the_package_is_cheap() -> None:
    program = (
        "import sys, json, notesmine.themes as t; t.Registry; "
        "print(json.dumps([m in sys.modules for m in ('bertopic', 'torch', 'spacy')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [False, False, False]


def test_a_tight_group_in_a_broad_theme_stands_apart() -> None:
    rng = np.random.default_rng(3)
    d = 40
    broad = rng.normal(size=(60, d)) + 0.5 * rng.normal(size=d)
    tight = rng.normal(size=d) * 2 + 0.4 * rng.normal(size=(8, d))
    rows = np.vstack([broad, tight])
    rows -= rows.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def cut(some: NDArray[np.float64], resolution: float) -> NDArray[np.intp]:
        return GraphClusterer()._cut(some, resolution)

    one = np.zeros(len(rows), dtype=np.intp)
    found = stand_apart(rows, one, cut)
    assert set(found[60:].tolist()) == {1}
    assert np.count_nonzero(found == 1) == 8
    # Without it there is nothing to tell apart.
    assert not stand_apart(rows[:60], one[:60], cut).any()
    # Passages in no theme stay in none.
    assert (stand_apart(rows, one - 1, cut) == -1).all()
