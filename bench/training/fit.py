"""Fit the classifier: ``python -m bench.training.fit`` (folds, calibration, weights, hash).

Each fold holds out two corpora and two or three of our writers; a held-out corpus' texts are kept
out wherever they stand. The predictions of the folds (scores and labels, no text) go to
``folds.json``: thresholds and calibration are fitted on them, and ``bench/kinds.py`` and
``bench/codes.py`` report from them. The weights are then fitted on everything but the test files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.optimize import minimize
from torch import nn

from bench.training import network as net
from bench.training.data import HERE, Statement, gold, normal, own_statements
from notesmine.classify import CODES, WEIGHTS, calibrate, restore, shipped
from notesmine.encoder import Encoder
from notesmine.records import KINDS

FOLDS: tuple[tuple[str, ...], ...] = (
    ("tanf_sprints", "k8s", "writer_A", "writer_B"),
    ("ipfs_syncs", "jupyterhub", "writer_C", "writer_D"),
    ("openjs_minutes", "ethereum", "writer_E", "writer_F", "writer_G"),
)
OUT = HERE / "folds.json"
Floats = NDArray[np.float64]
#: Used for the first weights, before any fold has run.
PROVISIONAL: dict[str, Any] = {
    "kind_temperature": 1.0,
    "kind_bias": [0.0] * len(KINDS),
    "code_temperature": 1.0,
    "impediment": 0.45,
    "confirmed": 0.65,
}


def main() -> None:
    """Fit folds and weights, print figures, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=["all", "folds", "weights", "facts"], default="all")
    step = parser.parse_args().step
    torch.use_deterministic_algorithms(True)
    start = time.monotonic()
    encoder = Encoder()
    numbers = list(range(len(FOLDS))) if step in {"all", "folds"} else []
    with side_by_side() as pool:
        fitting = pool.submit(fit_weights) if step in {"all", "weights"} else None
        folds = list(pool.map(run_fold, numbers))
    if folds:
        OUT.write_text(json.dumps({"rows": [row for rows in folds for row in rows]}), "utf-8")
    facts = fit_facts(json.loads(OUT.read_text("utf-8"))) if OUT.is_file() else PROVISIONAL
    print(json.dumps(facts))
    if step != "folds":
        tensors = load_file(WEIGHTS) if fitting is None else fitting.result()
        print("weights SHA-256", save(tensors, facts | {"base": encoder.sha256}))
    print(f"{time.monotonic() - start:.0f} s")


def training_statements() -> list[Statement]:
    """Return our own statements and the coded ones of ``NOTESMINE_DATA``; all count alike."""
    found = own_statements() + gold("statements_train")
    return [msgspec.structs.replace(s, weight=1.0) for s in found]


def side_by_side() -> ProcessPoolExecutor:
    """Return a pool with a process for each core; a fit takes one thread."""
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))


def without(
    statements: Sequence[Statement], held: Sequence[str], texts: AbstractSet[str]
) -> list[Statement]:
    """Return what may be learnt from: no statement of a corpus held out, none with such a text."""
    return [s for s in statements if s.corpus not in held and normal(s.text) not in texts]


def fit_weights() -> dict[str, torch.Tensor]:
    """Fit the network on all statements but the test files'; return what is shipped."""
    torch.use_deterministic_algorithms(True)
    encoder = Encoder()
    return shipped(net.train(encoder, training_statements()), encoder)


def run_fold(number: int) -> list[dict[str, Any]]:
    """Return the held-out predictions of a fold, by weights as they would be shipped."""
    torch.use_deterministic_algorithms(True)
    encoder, statements, tests = Encoder(), training_statements(), gold("statements")
    held = FOLDS[number]
    texts = {normal(s.text) for s in tests if s.corpus in held}
    texts |= {normal(s.text) for s in statements if s.corpus in held}
    part = without(statements, held, texts)
    began = time.monotonic()
    fitted = restore(shipped(net.train(encoder, part), encoder), encoder)
    print(f"fold {number}: {len(part)} statements, {time.monotonic() - began:.0f} s", flush=True)
    out: list[dict[str, Any]] = []
    for name, rows in (("test", tests), ("train", statements)):
        record(out, name, [s for s in rows if s.corpus in held], fitted, encoder)
    return out


def record(
    rows: list[dict[str, Any]],
    name: str,
    statements: Sequence[Statement],
    fitted: nn.Module,
    encoder: Encoder,
) -> None:
    """Add predictions without text: corpus, gold kind and theme, weight, logits."""
    kinds, codes = net.logits(fitted, encoder, statements)
    for s, kind, code in zip(statements, kinds, codes, strict=True):
        rows.append(
            {
                "file": name,
                "corpus": s.corpus,
                "kind": s.kind,
                "theme": s.theme,
                "weight": s.weight,
                "kinds": [round(float(x), 3) for x in kind],
                "codes": [round(float(x), 3) for x in code],
            }
        )


def fit_facts(folds: dict[str, Any]) -> dict[str, Any]:
    """Fit calibration and thresholds on held-out predictions.

    The threshold for taking a passage up is the mean of those with the best F1 on corpora and on
    writers. The one for confirming is where precision stays at .90 over both, counted alike: the
    writers' domain is the users', but real notes are less clear than statements written for
    training. ``bench/kinds.py`` says what that means on each.
    """
    # Writer G's contrasts are hard on purpose: they teach, but no archive has so many of them.
    rows = [r for r in folds["rows"] if r["corpus"] != "writer_G"]
    kinds = np.array([r["kinds"] for r in rows])
    wanted = np.array([KINDS.index(r["kind"]) for r in rows])
    # The two halves (notes as found, statements as written for training) count alike.
    written = np.array([r["corpus"].startswith("writer") for r in rows])
    share = np.where(written, 0.5 / written.sum(), 0.5 / (~written).sum())
    temperature, bias = _scale(kinds, wanted, share)
    coded = [i for i, r in enumerate(rows) if r["kind"] == "impediment" and r["theme"] in CODES]
    codes = np.array([rows[i]["codes"] for i in coded])
    code_temperature, _ = _scale(
        codes, np.array([CODES.index(rows[i]["theme"]) for i in coded]), share[coded], bias=False
    )
    scores = calibrate(kinds, temperature, bias)[:, 0]
    found = wanted == 0
    taken = (_f1(scores, found, ~written) + _f1(scores, found, written)) / 2
    sure = _precise(scores, found, share)
    return {
        "kind_temperature": round(temperature, 4),
        "kind_bias": [round(float(b), 4) for b in bias],
        "code_temperature": round(code_temperature, 4),
        "impediment": round(taken, 3),
        "confirmed": round(max(sure, taken), 3),
    }


def _scale(
    logits: Floats, wanted: NDArray[np.intp], share: Floats, *, bias: bool = True
) -> tuple[float, Floats]:
    """Fit a temperature, and a bias for each class, by likelihood."""
    classes = logits.shape[1]

    def loss(x: Floats) -> float:
        p = calibrate(logits, float(np.exp(x[0])), x[1:] if bias else None)
        return float(-(share * np.log(p[np.arange(len(p)), wanted] + 1e-9)).sum() / share.sum())

    start = np.zeros(1 + (classes if bias else 0))
    best = minimize(loss, start, method="L-BFGS-B").x
    return float(np.exp(best[0])), np.asarray(best[1:])


def _f1(scores: Floats, found: NDArray[np.bool_], part: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1."""
    grid = np.arange(0.05, 0.95, 0.01)
    s, f = scores[part], found[part]
    values = [2 * (f & (s >= t)).sum() / max(f.sum() + (s >= t).sum(), 1) for t in grid]
    return float(grid[int(np.argmax(values))])


def _precise(scores: Floats, found: NDArray[np.bool_], share: Floats) -> float:
    """Return the lowest threshold from which precision stays at .90 or more."""

    def precision(threshold: float) -> float:
        above = scores >= threshold
        return float(share[above & found].sum() / max(share[above].sum(), 1e-12))

    for t in np.arange(0.3, 0.99, 0.01):
        if all(precision(u) >= 0.90 for u in np.arange(t, min(t + 0.1, 0.95), 0.01)):
            return float(t)
    return 0.99


def save(state: dict[str, torch.Tensor], facts: dict[str, Any]) -> str:
    """Write the weights with their facts; return the file's SHA-256."""
    WEIGHTS.parent.mkdir(exist_ok=True)
    save_file(state, WEIGHTS, metadata={"notesmine": json.dumps(facts, sort_keys=True)})
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
