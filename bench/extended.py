"""A codebook that a user extends by one code, found without retraining.

``python -m bench.extended`` (slow: it trains) fits the network with the labels of four codes taken
away, so that each of them is new to it as a user's own code would be. Each is then described by
its definition and three examples, as a user would, and looked for among all impediments of the
domain file by likeness: in the packaged model's space (the peer) and in the fitted one.
``--fit`` also fits the logistic of ``themes/likeness.py`` on our writers' statements.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from bench.common import record, table
from bench.training import network as net
from bench.training.data import Statement, gold
from bench.training.fit import training_statements
from notesmine.encoder import Encoder
from notesmine.themes.codebook import load_codebook
from notesmine.themes.likeness import mix, texts

#: Codes that are taken away: two that hardly occur in communities, two of another sort.
TAKEN = ("shelving", "explainability", "legal", "duplication")
EXAMPLES = 3
Vectors = NDArray[np.float32]
HEADER = ["code", "n", "chance", "packaged model", "fitted model", "right among the first n"]


def main() -> None:
    """Train, look for the codes, print the table and keep the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    fit = parser.parse_args().fit
    encoder = Encoder()
    known = [
        msgspec.structs.replace(s, theme="") if s.theme in TAKEN else s
        for s in training_statements()
    ]
    network = net.train(encoder, known, epochs=2)

    def fitted(found: Sequence[str]) -> Vectors:
        return encoder.unit_vectors(found, network.pool)  # type: ignore[arg-type]

    domain = [s for s in gold("domain_statements") if s.kind == "impediment"]
    rows, means = [], []
    for code in TAKEN:
        wanted = np.array([s.theme == code for s in domain])
        ours = likeness(code, domain, fitted)
        peer = likeness(code, domain, encoder.encode)
        scores = [average_precision_score(wanted, x) for x in (peer, ours)]
        means.append(scores)
        top = np.argsort(-ours)[: int(wanted.sum())]
        rows.append(
            [code, int(wanted.sum()), float(wanted.mean()), *scores, float(wanted[top].mean())]
        )
    print(table(HEADER, rows))
    peer_mean, mean = np.mean(means, axis=0)
    record(
        "codes: a code added by a user, unseen",
        "found without retraining",
        f"average precision {mean:.3f} (definition and {EXAMPLES} examples; chance .06)",
        f"{peer_mean:.3f} by the packaged model's vectors",
        "python -m bench.extended",
    )
    if fit:
        print(logistic([s for s in training_statements() if s.kind == "impediment"], fitted))


def likeness(code: str, statements: Sequence[Statement], encode: net.Encode) -> net.Floats:
    """Return how like a code, as a user would describe it, statements are, shape (n,)."""
    described = next(c for c in load_codebook().codes if c.id == code)
    described = msgspec.structs.replace(described, examples=described.examples[:EXAMPLES])
    return mix(encode([s.text for s in statements]), encode(texts(described)))


def logistic(statements: Sequence[Statement], encode: net.Encode) -> str:
    """Fit the slope and the middle that make likeness a probability, on the codes taken away."""
    ours = [s for s in statements if s.corpus.startswith("writer")]
    values = np.concatenate([likeness(code, ours, encode) for code in TAKEN])
    wanted = np.concatenate([[s.theme == code for s in ours] for code in TAKEN])
    model = LogisticRegression(C=1e6).fit(values[:, None], wanted)
    slope = float(model.coef_[0, 0])
    return f"SLOPE {slope:.2f} MIDDLE {-float(model.intercept_[0]) / slope:.3f}"


if __name__ == "__main__":
    main()
