"""Theme discovery against BERTopic's defaults and against methods told the true number of groups.

Mean adjusted mutual information (and adjusted Rand index) over samples of the labelled sets, on
the same MiniLM vectors in the same run; abstentions and outliers count as one group.

    python -m bench.themes [--quick] [--sizes 100,250,1000] [--samples 5] [--seeds 3]
                           [--peer-samples 1] [--minimum N] [--cache DIR] [--record]
"""

from __future__ import annotations

import argparse
import hashlib
import os
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

Labels = NDArray[Any]
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


def ours(minimum: int) -> Method:
    """Return our clusterer, rows brought into canonical order as ``discover`` does."""

    def cluster(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
        order = sorted(range(len(texts)), key=lambda r: hashlib.sha256(texts[r].encode()).digest())
        labels = np.empty(len(texts), dtype=int)
        labels[order] = GraphClusterer(minimum=minimum).fit(rows[order]).labels_
        return labels

    return cluster


def bertopic(seed: int) -> Method:
    """Return ``BERTopic()`` as a user would write it, but for the seed of its UMAP."""

    def cluster(texts: list[str], rows: NDArray[np.float32], true: int) -> Labels:  # noqa: ARG001
        from bertopic import BERTopic
        from umap import UMAP

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
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="without BERTopic")
    parser.add_argument("--sizes", default="100,250,1000")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-samples", type=int, default=1, help="samples BERTopic is run on")
    parser.add_argument("--minimum", type=int, default=ThemeSettings().minimum)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--record", action="store_true", help="write the row of bench/RESULTS.md")
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sets = {}
    for path in sorted(need("labelled").glob("*.jsonl")):
        lines = read_jsonl(path)
        texts = [line["text"] for line in lines]
        gold = np.unique([line["label"] for line in lines], return_inverse=True)[1]
        sets[path.stem] = (texts, vectors(path.stem, texts, options.cache), gold)

    methods: dict[str, Method] = {"notesmine": ours(options.minimum)}
    methods |= {"k-means, true k": kmeans, "Ward, true k": ward}
    peers = {} if options.quick else {f"BERTopic() {s}": bertopic(s) for s in range(options.seeds)}
    summary, below = [], []
    for size in (int(n) for n in options.sizes.split(",")):
        found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
        for name, (texts, rows, gold) in sets.items():
            for number in range(options.samples):
                some = np.random.default_rng([number, size]).permutation(len(texts))[:size]
                every = methods | (peers if number < options.peer_samples else {})
                for method, run in every.items():
                    true = len(np.unique(gold[some]))
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
        lines_: list[list[object]] = []
        for method in dict.fromkeys(m for m, _ in found):
            of = {name: np.mean(found[method, name], axis=0) for name in sets}
            mean = np.mean(list(of.values()), axis=0)
            lines_.append([method, *(float(of[n][0]) for n in sets), *map(float, mean)])
            summary.append((size, method, mean))
            for name in sets if method == "BERTopic()" else ():
                same = found["notesmine", name][: options.peer_samples]  # the samples it ran on
                below.append((size, name, float(of[name][0] - np.mean(same, axis=0)[0])))
        header = ["method", *sets, "AMI", "ARI", "themes", "groups", "abstained", "seconds"]
        print(f"\nn = {size}, minimum {options.minimum}\n{table(header, lines_)}", flush=True)
    worst = max(below, key=lambda item: item[2], default=None)
    if worst:
        print(f"\nBERTopic() ahead by at most {worst[2]:+.3f} ({worst[1]}, n = {worst[0]})")
    if options.record:
        by = {(n, m): mean for n, m, mean in summary}
        sizes = sorted({n for n, _, _ in summary})
        say = {m: ", ".join(f"{by[n, m][0]:.3f} (n={n})" for n in sizes if (n, m) in by)
               for m in dict.fromkeys(m for _, m, _ in summary)}  # fmt: skip
        record(
            "theme discovery, mean AMI",
            "above k-means told the true k",
            f"{say['notesmine']}; abstained at most "
            f"{max(mean[4] for _, m, mean in summary if m == 'notesmine'):.1%}",
            "; ".join(f"{m}: {value}" for m, value in say.items() if m != "notesmine"),
            "bench/themes.py",
        )


if __name__ == "__main__":
    main()
