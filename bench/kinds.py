"""Kinds on held-out corpora and in the users' own domain, beside peers.

``python -m bench.kinds`` reads the held-out predictions that ``bench/training/fit.py`` made (a
corpus' predictions come from weights that never saw it) and judges the domain file with the shipped
weights, which never saw it either. Peers, same folds: problem words; logistic regression on MiniLM
vectors; nearest prototype (the mean vector of each kind's statements); MiniLM fine-tuned plainly,
two passes over the coded statements of ``NOTESMINE_DATA`` without our own (trains: some minutes).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve

from bench.common import record, table
from bench.training import network as net
from bench.training.data import Statement, gold, normal, own_statements
from bench.training.fit import FOLDS, OUT, fit_facts, side_by_side, without
from notesmine.classify import CUES, RESOLVED, Classifier, calibrate, cue_matcher
from notesmine.encoder import Encoder
from notesmine.records import KINDS

Floats = NDArray[np.float64]
HEADER = ["on", "who", "F1", "AP", "macro F1", "precision | recall confirmed", "ECE"]

GOAL = "F1 .82, AP .88; domain .87, .92"
PEER = "see the rows of this claim"


def main() -> None:
    """Print the table and keep it."""
    encoder = Encoder()
    folds = json.loads(OUT.read_text("utf-8"))
    facts = fit_facts(folds)
    rows: list[list[str]] = []
    tested = [r for r in folds["rows"] if r["file"] == "test"]
    kinds = np.array([KINDS.index(r["kind"]) for r in tested])
    scores = calibrate(
        np.array([r["kinds"] for r in tested]), facts["kind_temperature"], facts["kind_bias"]
    )
    limits = (facts["impediment"], facts["confirmed"])
    rows.append(["six corpora, held out", "notesmine", *figures(scores, kinds, limits)])
    weight = np.array([r["weight"] for r in tested])
    seen = weight > 0
    rows.append(
        ["the same, weighted", "notesmine",
         *figures(scores[seen], kinds[seen], limits, weight[seen])]
    )  # fmt: skip
    rows += peers(encoder, limits)
    written = [r for r in folds["rows"] if r["corpus"].startswith("writer")]
    rows.append(
        ["our writers, held out", "notesmine",
         *figures(
             calibrate(np.array([r["kinds"] for r in written]),
                       facts["kind_temperature"], facts["kind_bias"]),
             np.array([KINDS.index(r["kind"]) for r in written]), limits)]
    )  # fmt: skip
    domain = gold("domain_statements")
    classifier = Classifier(encoder)
    scores, _ = classifier.probabilities([s.text for s in domain], [s.heading for s in domain])
    kinds = np.array([KINDS.index(s.kind) for s in domain])
    limits = classifier.thresholds(None)
    rows.append(["domain file, unseen", "notesmine", *figures(scores, kinds, limits)])
    rows += fine_tuned(limits)
    print(table(HEADER, rows))
    for row in rows:
        measured = ", ".join(f"{k} {v}" for k, v in zip(HEADER[2:], row[2:], strict=True))
        record(f"kinds: {row[0]}, {row[1]}", GOAL, measured, PEER, "python -m bench.kinds")


def figures(
    scores: Floats,
    kinds: NDArray[np.intp],
    limits: tuple[float, float],
    weight: Floats | None = None,
) -> list[str]:
    """Return F1 and average precision for impediment, macro F1, the confirmed tier, ECE."""
    wanted, p = kinds == 0, scores[:, 0]
    best = scores.argmax(axis=1)
    rest = scores[:, 1:].argmax(axis=1) + 1
    high, over = p >= limits[0], scores[:, RESOLVED] > p
    decided = np.where(high, np.where(over, RESOLVED, 0), np.where(best == 0, rest, best))
    sure = p >= limits[1]
    w = np.ones(len(p)) if weight is None else weight
    precision = (w * (wanted & sure)).sum() / max((w * sure).sum(), 1e-9)
    recall = (w * (wanted & sure)).sum() / max((w * wanted).sum(), 1e-9)
    return [
        f"{f1_score(wanted, decided == 0, sample_weight=w):.3f}",
        f"{average_precision_score(wanted, p, sample_weight=w):.3f}",
        f"{f1_score(kinds, decided, average='macro', sample_weight=w):.3f}",
        f"{precision:.2f} | {recall:.2f}",
        f"{calibration_error(p, wanted, w):.3f}",
    ]


def calibration_error(p: Floats, wanted: NDArray[np.bool_], w: Floats) -> float:
    """Return the expected calibration error over ten equal bins."""
    bins = np.minimum((p * 10).astype(int), 9)
    parts = [
        abs(np.average(p[m], weights=w[m]) - np.average(wanted[m], weights=w[m])) * w[m].sum()
        for b in range(10)
        if (m := bins == b).any() and w[m].sum() > 0
    ]
    return float(sum(parts) / w.sum())


def peers(encoder: Encoder, limits: tuple[float, float]) -> list[list[str]]:
    """Return the peers' figures on the same held-out rows."""
    train, tests = gold("statements_train"), gold("statements")
    ours = own_statements()
    pool = train + ours
    vectors = encoder.encode([s.text for s in pool])
    tested = encoder.encode([s.text for s in tests])
    kinds = np.array([KINDS.index(s.kind) for s in tests])
    regression = np.zeros((len(tests), len(KINDS)))
    nearest = np.zeros((len(tests), len(KINDS)))
    for held in FOLDS:
        out = {normal(s.text) for s in tests if s.corpus in held}
        keep = [i for i, s in enumerate(pool) if s.corpus not in held and normal(s.text) not in out]
        index = [i for i, s in enumerate(tests) if s.corpus in held]
        y = np.array([KINDS.index(pool[i].kind) for i in keep])
        model = LogisticRegression(max_iter=300).fit(vectors[keep], y)
        regression[index] = model.predict_proba(tested[index])
        means = np.stack([vectors[keep][y == k].mean(axis=0) for k in range(len(KINDS))])
        nearest[index] = calibrate(np.asarray(tested[index] @ means.T, dtype=float), 0.05)
    words = problem_words(tests)
    half = (best_limit(regression[:, 0], kinds == 0), limits[1])
    near = (best_limit(nearest[:, 0], kinds == 0), limits[1])
    where = "six corpora, held out"
    return [
        [where, "problem words", *figures(words, kinds, (0.5, 0.5))],
        [where, "logistic regression on MiniLM (its best threshold)",
         *figures(regression, kinds, half)],
        [where, "nearest prototype (its best threshold)", *figures(nearest, kinds, near)],
    ]  # fmt: skip


def fine_tuned(limits: tuple[float, float]) -> list[list[str]]:
    """Return the figures of the plain fine-tune on the held-out corpora and on the domain file."""
    tests, domain = gold("statements"), gold("domain_statements")
    scores = np.zeros((len(tests), len(KINDS)))
    with side_by_side() as pool:
        found = list(pool.map(fine_tune, range(len(FOLDS) + 1)))
    for held, logits in zip(FOLDS, found, strict=False):
        index = [i for i, s in enumerate(tests) if s.corpus in held]
        scores[index] = calibrate(logits, 1.0)
    out = []
    for where, rows, p in (
        ("six corpora, held out", tests, scores),
        ("domain file, unseen", domain, calibrate(found[-1], 1.0)),
    ):
        kinds = np.array([KINDS.index(s.kind) for s in rows])
        half = (best_limit(p[:, 0], kinds == 0), limits[1])
        out.append([where, "plain fine-tune (its best threshold)", *figures(p, kinds, half)])
    return out


def fine_tune(number: int) -> Floats:
    """Return logits (n, 7) of a fold's test statements; after the last fold, of the domain file."""
    encoder, held = Encoder(), FOLDS[number] if number < len(FOLDS) else ()
    tested = [s for s in gold("statements") if s.corpus in held] or gold("domain_statements")
    texts = {normal(s.text) for s in tested}
    known = [
        msgspec.structs.replace(s, weight=1.0)
        for s in without(gold("statements_train"), held, texts)
    ]
    return net.logits(net.train(encoder, known, epochs=2), encoder, tested)[0]


def problem_words(statements: Sequence[Statement]) -> Floats:
    """Score 1 for impediment where a problem word stands."""
    matcher = cue_matcher()
    assert "problem" in CUES
    out = np.zeros((len(statements), len(KINDS)))
    for row, statement in enumerate(statements):
        out[row, 0 if "problem" in matcher(statement.text) else KINDS.index("status")] = 1.0
    return out


def best_limit(p: Floats, wanted: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1 on the test rows themselves: the peer's upper bound."""
    precision, recall, at = precision_recall_curve(wanted, p)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return float(at[min(int(f1.argmax()), len(at) - 1)])


if __name__ == "__main__":
    main()
