"""Theme discovery against BERTopic's defaults and against methods told the true number of groups.

Mean adjusted mutual information (and adjusted Rand index) over samples of the labelled sets, on
the same MiniLM vectors in the same run; abstentions and outliers count as one group.

    python -m bench.themes [--quick] [--sizes 50,100,250,1000] [--samples 5] [--seeds 3] [--whole]
                           [--peer-samples 1] [--minimum N] [--cache DIR] [--record] [--codes]

``--codes`` takes the coded impediments of real notes instead, grouped by code: once on MiniLM
vectors, once on the blend in which the main job seeks themes, with probabilities of codes from
weights that never saw the corpus (``bench/training/fit.py --step folds`` makes them). ``--whole``
adds each set as a whole, once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from bench.common import need, read_jsonl, record, table
from notesmine.config import ThemeSettings
from notesmine.encoder import Encoder
from notesmine.themes.cluster import GraphClusterer
from notesmine.themes.growth import blend

Labels = NDArray[Any]
#: Texts, vectors, gold groups.
Set = tuple[list[str], NDArray[np.float32], Labels]
#: By method and set: AMI, ARI, themes, gold groups, share abstained, seconds of each sample.
Found = defaultdict[tuple[str, str], list[tuple[float, ...]]]
Method = Callable[[list[str], NDArray[np.float32], int], Labels]


def vectors(name: str, texts: list[str], cache: Path | None) -> NDArray[np.float32]:
    """Return MiniLM vectors of a set, kept in ``cache`` between runs."""
    stamp = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
    kept = cache / f"{name}-{stamp}.npy" if cache else None
    if kept and kept.is_file():
        return np.asarray(np.load(kept), dtype=np.float32)
    found = Encoder().encode(texts)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, found)
    return found


#: The vectors of coded impediments.
MINILM, BLEND = "MiniLM", "blend"


def labelled(cache: Path | None) -> dict[str, Set]:
    """Return the five labelled sets: texts, vectors, gold groups."""
    sets = {}
    for path in sorted(need("labelled").glob("*.jsonl")):
        lines = read_jsonl(path)
        texts = [line["text"] for line in lines]
        gold = np.unique([line["label"] for line in lines], return_inverse=True)[1]
        sets[path.stem] = (texts, vectors(path.stem, texts, cache), gold)
    return sets


def coded(cache: Path | None) -> dict[str, Set]:
    """Return the coded impediments of real notes, each text once, in both spaces."""
    from bench.training.data import gold
    from bench.training.fit import FOLDS, OUT, fit_facts, training_statements
    from notesmine.classify import CODES, calibrate

    if not OUT.is_file():
        sys.exit("skipped: run `python -m bench.training.fit --step folds` first")
    folds = json.loads(OUT.read_text("utf-8"))
    files = (gold("statements"), training_statements())
    statements = [s for held in FOLDS for file in files for s in file if s.corpus in held]
    scores = calibrate(
        np.array([row["codes"] for row in folds["rows"]]), fit_facts(folds)["code_temperature"]
    )
    kept: dict[str, tuple[str, NDArray[np.float64]]] = {}
    for said, row, score in zip(statements, folds["rows"], scores, strict=True):
        if (said.corpus, said.kind, said.theme) != (row["corpus"], row["kind"], row["theme"]):
            sys.exit("skipped: the folds are of other statements; make them again")
        if said.kind == "impediment" and said.theme in CODES[:-1] and "writer" not in said.corpus:
            kept.setdefault(said.text, (said.theme, score))
    texts = sorted(kept)
    groups = np.unique([kept[text][0] for text in texts], return_inverse=True)[1]
    rows = vectors("coded", texts, cache)
    blended = blend(rows, np.array([kept[text][1] for text in texts], dtype=np.float32))
    return {MINILM: (texts, rows, groups), BLEND: (texts, blended, groups)}


def ours(minimum: int) -> Method:
    """Return our clusterer, rows brought into canonical order as ``discover`` does."""

    def cluster(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
        order = sorted(range(len(texts)), key=lambda r: hashlib.sha256(texts[r].encode()).digest())
        labels = np.empty(len(texts), dtype=int)
        labels[order] = GraphClusterer(minimum=minimum).fit(rows[order]).labels_
        return labels

    return cluster


def bertopic(seed: int, *, pca: bool = False) -> Method:
    """Return ``BERTopic()`` as a user would write it, but for the seed of its UMAP, or with PCA."""

    def cluster(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
        from bertopic import BERTopic
        from sklearn.decomposition import PCA
        from umap import UMAP

        if pca:
            return np.array(BERTopic(umap_model=PCA(5)).fit_transform(texts, embeddings=rows)[0])
        # The defaults of BERTopic 0.17.4, written out to set the seed.
        umap = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
        )
        return np.array(BERTopic(umap_model=umap).fit_transform(texts, embeddings=rows)[0])

    return cluster


def kmeans(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
    return np.asarray(KMeans(true, n_init=3, random_state=0).fit_predict(rows))


def ward(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
    return np.asarray(AgglomerativeClustering(true).fit_predict(rows))


def main() -> None:
    options = _options()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sets = coded(options.cache) if options.codes else labelled(options.cache)
    smallest = min(len(texts) for texts, _, _ in sets.values())
    sizes = sorted({min(int(n), smallest) for n in options.sizes.split(",")})
    found = {size: measure(sets, size, options) for size in sizes}
    if options.whole and smallest not in found:
        found[smallest] = measure(sets, smallest, options)
    ahead = [
        (float(theirs[0] - ours_[0]), name, size)
        for size, results in found.items()
        for name in sets
        if (results["BERTopic()", name])
        # Both on the samples that BERTopic ran on.
        for theirs, ours_ in [
            (
                np.mean(results["BERTopic()", name], axis=0),
                np.mean(results["notesmine", name][: options.peer_samples], axis=0),
            )
        ]
    ]
    if ahead:
        most, name, size = max(ahead)
        print(f"\nBERTopic() ahead by at most {most:+.3f} ({name}, n = {size})")
    if options.record:
        keep(found, sets, max(ahead, default=None), codes=options.codes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="without BERTopic")
    parser.add_argument("--codes", action="store_true", help="coded impediments instead")
    parser.add_argument("--sizes", default="50,100,250,1000")
    parser.add_argument("--whole", action="store_true", help="and the whole sets, once")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-samples", type=int, default=1, help="samples BERTopic is run on")
    parser.add_argument("--minimum", type=int, default=ThemeSettings().minimum)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--record", action="store_true", help="write the row of bench/RESULTS.md")
    return parser.parse_args()


def measure(sets: dict[str, Set], size: int, options: argparse.Namespace) -> Found:
    """Run every method on samples of one size, print the table, return all figures."""
    methods: dict[str, Method] = {"notesmine": ours(options.minimum)}
    methods |= {"k-means, true k": kmeans, "Ward, true k": ward}
    peers: dict[str, Method] = {}
    if not options.quick:
        peers = {f"BERTopic() {seed}": bertopic(seed) for seed in range(options.seeds)}
        peers["BERTopic, PCA"] = bertopic(0, pca=True)
    found: Found = defaultdict(list)
    for name, (texts, rows, gold) in sets.items():
        for number in range(options.samples if size < len(texts) else 1):
            some = np.random.default_rng([number, size]).permutation(len(texts))[:size]
            true = len(np.unique(gold[some]))
            for method, run in (methods | (peers if number < options.peer_samples else {})).items():
                begun = time.perf_counter()
                labels = run([texts[r] for r in some], rows[some], true)
                seconds = time.perf_counter() - begun
                found[method.rstrip("0123456789 "), name].append(
                    (
                        float(adjusted_mutual_info_score(gold[some], labels)),
                        float(adjusted_rand_score(gold[some], labels)),
                        len(np.unique(labels[labels >= 0])),
                        true,
                        float(np.mean(labels < 0)),
                        seconds,
                    )
                )
    lines = []
    for method in dict.fromkeys(m for m, _ in found):
        of = {name: np.mean(found[method, name], axis=0) for name in sets}
        mean = np.mean(list(of.values()), axis=0)
        lines.append([method, *(float(of[n][0]) for n in sets), *map(float, mean)])
    header = ["method", *sets, "AMI", "ARI", "themes", "groups", "abstained", "seconds"]
    print(f"\nn = {size}, minimum {options.minimum}\n{table(header, lines)}", flush=True)
    return found


def keep(
    found: dict[int, Found],
    sets: dict[str, Set],
    ahead: tuple[float, str, int] | None,
    *,
    codes: bool,
) -> None:
    """Write the rows: one over the labelled sets, or one for each space of coded impediments."""
    parts = [[name] for name in sets] if codes else [list(sets)]
    for names in parts:
        of = {
            method: {
                size: np.mean([np.mean(results[method, n], axis=0) for n in names], axis=0)
                for size, results in found.items()
                if all(results[method, n] for n in names)
            }
            for method in dict.fromkeys(m for results in found.values() for m, _ in results)
        }
        say = {
            method: ", ".join(f"{mean[0]:.3f} (n={size})" for size, mean in by.items())
            for method, by in of.items()
        }
        left_out = max(mean[4] for mean in of["notesmine"].values())
        measured = f"{say['notesmine']}; abstained at most {left_out:.1%}"
        if ahead and not codes:
            measured += f"; BERTopic() ahead by at most {ahead[0]:+.3f} ({ahead[1]}, n={ahead[2]})"
        record(
            f"coded impediments, AMI with codes, {names[0]}" if codes else "theme discovery, AMI",
            "above k-means told k" if codes else "above k-means told k; BERTopic() ≤ .02 ahead",
            measured,
            "; ".join(
                f"{method}: {value}" for method, value in say.items() if method != "notesmine"
            ),
            "python -m bench.themes" + " --codes" * codes,
        )


if __name__ == "__main__":
    main()
