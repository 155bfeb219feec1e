"""Themes of many passages: time and peak memory of one process, from cached vectors to names.

Impediments of the corpora are drawn again with noise until there are enough: each row is a
passage's vector turned by a random direction (cosine to the first one .85) with some of its words
left out. Each size runs in a fresh process; the exponent is that of time between two sizes.

    python -m bench.scale_themes [--sizes 50000,100000,200000] [--state DIR] [--record]
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.common import ROOT, record, table
from bench.judged import Vectors, statements

CORPORA = ("ipfs_syncs", "openjs_minutes", "tanf_sprints")
#: Cosine of a drawn vector to the one it is drawn from: two drawn from one have its square, .72.
LIKE = 0.85
#: Share of a passage's words that a drawn one keeps.
KEPT = 0.8


def drawn(size: int, state: Path, seed: int = 0) -> tuple[list[str], Vectors, Vectors]:
    """Return texts, vectors and code probabilities of that many passages."""
    texts: list[str] = []
    vectors, codes = [], []
    for name in CORPORA:
        found = statements(name, state / name)
        rows = found.impediments()
        texts += [found.texts[i] for i in rows]
        vectors.append(found.stack(rows))
        codes.append(found.stack(rows, "codes"))
    rng = np.random.default_rng(seed)
    some = rng.integers(0, len(texts), size)
    rows_ = np.vstack(vectors)[some]
    noise = rng.normal(size=rows_.shape).astype(np.float32)
    noise -= (noise * rows_).sum(axis=1, keepdims=True) * rows_
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    rows_ = LIKE * rows_ + math.sqrt(1 - LIKE**2) * noise
    words = [texts[i].split() for i in some]
    said = [
        " ".join(w for w, keep in zip(own, rng.random(len(own)) < KEPT, strict=True) if keep)
        for own in words
    ]
    return said, rows_.astype(np.float32), np.vstack(codes)[some]


def one(size: int, state: Path) -> dict[str, float]:
    """Find and name the themes of that many passages; return what it took."""
    from notesmine.config import ThemeSettings
    from notesmine.encoder import Encoder
    from notesmine.records import digest
    from notesmine.themes.growth import grow

    texts, vectors, codes = drawn(size, state)
    encoder = Encoder()
    begun = time.perf_counter()
    found = grow(
        texts,
        vectors,
        [digest(text, str(i), length=32) for i, text in enumerate(texts)],
        b"",
        ThemeSettings(),
        encode=encoder.encode,
        codes=codes,
    )
    seconds = time.perf_counter() - begun
    none = sum(m.theme is None for m in found.memberships) / size
    return {"seconds": seconds, "gb": peak(), "themes": len(found.ids), "abstained": none}


def peak() -> float:
    """Return the most memory that this process had, in GB; not known on Windows."""
    try:
        import resource
    except ImportError:
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", default="50000,100000,200000")
    parser.add_argument("--state", type=Path, default=ROOT / ".notesmine")
    parser.add_argument("--one", type=int, help="measure one size in this process")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.state)))
        return
    rows: list[list[float | int | None]] = []
    for size in map(int, options.sizes.split(",")):
        done = subprocess.run(
            [sys.executable, "-m", "bench.scale_themes", "--one", str(size),
             "--state", str(options.state)],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        took = json.loads(done.stdout.strip().splitlines()[-1])
        exponent = (
            math.log(took["seconds"] / rows[-1][1]) / math.log(size / rows[-1][0])
            if rows and rows[-1][1] and rows[-1][0]
            else None
        )
        rows.append(
            [size, took["seconds"], took["gb"], took["themes"], took["abstained"], exponent]
        )
        print(table(["passages", "s", "GB", "themes", "abstained", "exponent"], rows), flush=True)
    if options.record:
        record(
            "200,000 passages, vectors cached, to named themes",
            "≤ 10 minutes, ≤ 8 GB",
            "; ".join(
                f"{r[0]:,}: {r[1]:.0f} s, {r[2]:.1f} GB, {r[3]} themes"
                + (f", exponent {r[5]:.2f}" if r[5] else "")
                for r in rows
            ),
            "-",
            "python -m bench.scale_themes",
        )


if __name__ == "__main__":
    main()
