"""Codes on held-out corpora and in the users' own domain, beside the constant answer.

``python -m bench.codes`` reads the held-out predictions of ``bench/training/fit.py`` and codes the
domain file with the shipped weights. "First" is the share of impediments whose right code is ranked
first; ``other`` is left out, and how often it was given a code is said apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.common import record, table
from bench.training.data import gold
from bench.training.fit import OUT, fit_facts
from notesmine.classify import CODES, Classifier, calibrate
from notesmine.encoder import Encoder

Floats = NDArray[np.float64]
HEADER = ["on", "n", "first", "in first three", "first, mean over codes", "constant: first | three"]

GOAL = ".60, .82, mean .50; domain .65, .85"
PEER = "the constant answer, last figure"


def main() -> None:
    """Print the table and keep it."""
    folds = json.loads(OUT.read_text("utf-8"))
    temperature = fit_facts(folds)["code_temperature"]
    rows = []
    parts = {
        "corpora, held out": [r for r in folds["rows"] if not r["corpus"].startswith("writer")],
        "our writers, held out": [r for r in folds["rows"] if r["corpus"].startswith("writer")],
    }
    for name, found in parts.items():
        coded = [r for r in found if r["kind"] == "impediment" and r["theme"] in CODES[:-1]]
        scores = calibrate(np.array([r["codes"] for r in coded]), temperature)
        rows.append([name, *figures(scores, [r["theme"] for r in coded])])
    domain = [s for s in gold("domain_statements") if s.kind == "impediment"]
    _, scores = Classifier(Encoder()).probabilities(
        [s.text for s in domain], [s.heading for s in domain]
    )
    rows.append(["domain file, unseen", *figures(scores, [s.theme for s in domain])])
    print(table(HEADER, rows))
    print(confusions(scores, [s.theme for s in domain]))
    for row in rows:
        measured = ", ".join(f"{k} {v}" for k, v in zip(HEADER[1:], row[1:], strict=True))
        record(f"codes: {row[0]}", GOAL, measured, PEER, "python -m bench.codes")


def figures(scores: Floats, themes: Sequence[str]) -> list[str]:
    """Return n, the shares right first and in three, the mean over codes, the constant answer."""
    wanted = np.array([CODES.index(t) for t in themes])
    ranked = np.argsort(-scores[:, :-1], axis=1, kind="stable")
    first = ranked[:, 0] == wanted
    three = (ranked[:, :3] == wanted[:, None]).any(axis=1)
    mean = np.mean([first[wanted == c].mean() for c in np.unique(wanted)])
    common = [n for _, n in Counter(themes).most_common(3)]
    return [
        str(len(themes)),
        f"{first.mean():.3f}",
        f"{three.mean():.3f}",
        f"{mean:.3f}",
        f"{common[0] / len(themes):.2f} | {sum(common) / len(themes):.2f}",
    ]


def confusions(scores: Floats, themes: Sequence[str]) -> str:
    """Return the commonest confusions, right code first."""
    wrong = Counter(
        (theme, CODES[int(row[:-1].argmax())])
        for theme, row in zip(themes, scores, strict=True)
        if CODES[int(row[:-1].argmax())] != theme
    )
    lines = [f"{n:3}  {a} taken for {b}" for (a, b), n in wrong.most_common(12)]
    return "\n".join(["commonest confusions on the domain file:", *lines])


if __name__ == "__main__":
    main()
