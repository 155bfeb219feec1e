"""A codebook that a user extends by one code, found without retraining.

``python -m bench.extended`` takes each of the 17 codes as unknown in turn, described as a user
would describe it, by its definition and three examples, and looks for it among all impediments of
the domain file beside the other 16: by the cosine to definition and examples (the peer) and as
``themes/likeness.py`` does. ``--fit`` fits the logistic of that module on our writers' statements.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from bench.common import record, table
from bench.training.data import Statement, gold, own_statements
from notesmine.encoder import Encoder
from notesmine.themes.codebook import load_codebook
from notesmine.themes.likeness import contrast, texts

EXAMPLES = 3
Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
HEADER = ["code", "n", "chance", "cosine", "contrast", "right among the first n"]


def main() -> None:
    """Look for the codes, print the table and keep the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    fit = parser.parse_args().fit
    encoder = Encoder()
    codes = {
        code.id: encoder.encode(
            list(texts(msgspec.structs.replace(code, examples=code.examples[:EXAMPLES])))
        )
        for code in load_codebook().codes
    }
    if fit:
        print(logistic([s for s in own_statements() if s.kind == "impediment"], codes, encoder))
        return
    domain = [s for s in gold("domain_statements") if s.kind == "impediment"]
    vectors = encoder.encode([s.text for s in domain])
    rows, means = [], []
    for code in codes:
        wanted = np.array([s.theme == code for s in domain])
        ours = unknown(code, vectors, codes)
        scores = [average_precision_score(wanted, x) for x in (cosine(vectors, codes[code]), ours)]
        means.append(scores)
        top = np.argsort(-ours, kind="stable")[: int(wanted.sum())]
        rows.append(
            [code, int(wanted.sum()), float(wanted.mean()), *scores, float(wanted[top].mean())]
        )
    print(table(HEADER, rows))
    peer_mean, mean = np.mean(means, axis=0)
    record(
        "codes: a code added by a user, unseen",
        "found without retraining",
        f"average precision {mean:.3f} (definition and {EXAMPLES} examples; chance .06)",
        f"{peer_mean:.3f} by cosine",
        "python -m bench.extended",
    )


def unknown(code: str, vectors: Vectors, codes: Mapping[str, Vectors]) -> Floats:
    """Return how like a code statements are, the code not being among those known."""
    return contrast(vectors, codes[code], [rows for other, rows in codes.items() if other != code])


def cosine(vectors: Vectors, rows: Vectors) -> Floats:
    """Return the mean cosine to a code's texts, shape (n,)."""
    return np.asarray((vectors @ rows.T).mean(axis=1), dtype=np.float64)


def logistic(
    statements: Sequence[Statement], codes: Mapping[str, Vectors], encoder: Encoder
) -> str:
    """Fit the slope and the middle that make likeness a probability."""
    vectors = encoder.encode([s.text for s in statements])
    values = np.concatenate([unknown(code, vectors, codes) for code in codes])
    wanted = np.concatenate([[s.theme == code for s in statements] for code in codes])
    model = LogisticRegression(C=1e6).fit(values[:, None], wanted)
    slope = float(model.coef_[0, 0])
    return f"SLOPE {slope:.2f} MIDDLE {-float(model.intercept_[0]) / slope:.3f}"


if __name__ == "__main__":
    main()
