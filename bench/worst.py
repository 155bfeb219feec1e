"""The held-out statements on which the classifier is most sure and differs from the gold label.

``python -m bench.worst [-n 40]`` prints them with their ids, to be read by a person. The texts are
real notes and stay where they are: what a reading finds is told by id.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from bench.training.data import gold
from bench.training.fit import FOLDS, OUT, fit_facts
from notesmine.classify import calibrate
from notesmine.records import KINDS, digest


def main() -> None:
    """Print the worst errors, missed and wrongly found alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=40)
    number = parser.parse_args().n
    folds = json.loads(OUT.read_text("utf-8"))
    facts = fit_facts(folds)
    rows = [r for r in folds["rows"] if r["file"] == "test"]
    # The predictions hold no text: they stand in the order in which the folds asked for them.
    tests = gold("statements")
    statements = [s for held in FOLDS for s in tests if s.corpus in held]
    logits = np.array([r["kinds"] for r in rows])
    scores = calibrate(logits, facts["kind_temperature"], facts["kind_bias"])[:, 0]
    wrong = np.abs(scores - np.array([s.kind == "impediment" for s in statements]))
    for i in np.argsort(-wrong, kind="stable")[:number]:
        s = statements[i]
        best = KINDS[int(logits[i].argmax())]
        ident = digest("worst", s.text, length=6)
        print(f"{ident} {s.corpus:15} gold {s.kind:10} judged {best}")
        print(f"    p(impediment) {scores[i]:.2f}  [{s.heading}]\n    {s.text}")


if __name__ == "__main__":
    main()
