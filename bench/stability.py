"""The same themes for everyone, and the same next month, beside BERTopic refitted each month.

Same result: the impediments of a corpus in several orders, under several hash seeds and thread
counts, each in a process of its own; every output must be the same bytes.

Twelve months: the impediments known before the last twelve months that have any, then month by
month. Continuing passages are those in a theme the month before; reported are the share of them
that keep its id, the events on record, the agreement (AMI) of the last month's themes with a cold
fit of the same passages against that of two cold fits of random four fifths, and what becomes of a
subject planted afterwards. The peer is ``BERTopic()`` fitted anew each month on MiniLM vectors, its
topics matched to last month's by ``merge_models``.

    python -m bench.stability [CORPUS ...] [--state DIR] [--same-only] [--no-peer] [--record]

``DIR/CORPUS`` is the state folder of a run of it; what is not there is judged first (minutes).
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from bench.common import ROOT, record, table
from bench.judged import Statements, statements
from notesmine.classify import CODES, Classifier
from notesmine.config import ThemeSettings
from notesmine.encoder import Encoder
from notesmine.records import digest
from notesmine.themes.growth import Growth, grow

Vectors = NDArray[np.float32]
#: Orders, hash seeds and thread counts tried, all with all.
ORDERS, HASH_SEEDS, THREADS = (0, 1, 2), ("0", "1", "4711"), ("1", "2")
MONTHS = 12
#: A subject that no corpus of notes has, said in ways of its own.
PLANTED = (
    "The greenhouse on the roof has no water since the pump broke.",
    "Nobody waters the plants in the greenhouse over the holidays.",
    "The pump of the greenhouse is broken again and the seedlings dry out.",
    "We cannot open the vents of the greenhouse, the motor is stuck.",
    "Seedlings in the greenhouse died because the vents stayed shut.",
    "The gardener has no key to the greenhouse, so the plants are not watered.",
    "Water for the greenhouse is missing, the tank has a leak.",
    "The tank beside the greenhouse leaks and the pump runs dry.",
    "The greenhouse is too hot in the afternoon and the vents do not open.",
    "There is no budget for a new pump in the greenhouse.",
    "The seedlings suffer from heat because the greenhouse has no shade.",
    "The gardener is ill and the greenhouse goes without water.",
)


@dataclass(frozen=True)
class Passages:
    """Passages to find themes among, by date."""

    texts: list[str]
    dates: list[str]
    confirmed: list[bool]
    vectors: Vectors
    codes: Vectors

    def part(self, rows: Sequence[int] | NDArray[np.intp]) -> Passages:
        """Return some rows, in the order given."""
        return Passages(
            [self.texts[r] for r in rows],
            [self.dates[r] for r in rows],
            [self.confirmed[r] for r in rows],
            self.vectors[list(rows)],
            self.codes[list(rows)],
        )

    def __add__(self, other: Passages) -> Passages:
        """Return the passages of both."""
        return Passages(
            self.texts + other.texts,
            self.dates + other.dates,
            self.confirmed + other.confirmed,
            np.vstack([self.vectors, other.vectors]),
            np.vstack([self.codes, other.codes]),
        )


@dataclass
class Year:
    """What twelve months did to the themes."""

    kept: int = 0
    continuing: int = 0
    worst: float = 1.0
    themes: int = 0
    events: Counter[str] = field(default_factory=Counter)

    def count(self, before: dict[str, str], now: dict[str, str]) -> None:
        """Count the passages that were in a theme and are in the same one now."""
        kept = sum(now.get(key) == theme for key, theme in before.items())
        self.kept += kept
        self.continuing += len(before)
        self.worst = min(self.worst, kept / max(len(before), 1))

    @property
    def share(self) -> float:
        """The share of continuing passages that kept their id."""
        return self.kept / max(self.continuing, 1)


def passages(found: Statements) -> Passages:
    """Return the impediments of a corpus by date, undated ones first, each text once."""
    rows = sorted(found.impediments(), key=lambda i: (found.dates[i], found.texts[i]))
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(found.texts[row], row)
    rows = list(first.values())
    return Passages(
        [found.texts[i] for i in rows],
        [found.dates[i] for i in rows],
        [found.tiers[i] == "confirmed" for i in rows],
        found.stack(rows),
        found.stack(rows, "codes"),
    )


def grown(part: Passages, registry: bytes = b"", threads: int | None = None) -> Growth:
    """Run the themes stage as the main job does."""
    encoder = Encoder(threads=threads or 1)
    return grow(
        part.texts,
        part.vectors,
        [digest(text, length=32) for text in part.texts],
        registry,
        ThemeSettings(),
        encode=encoder.encode,
        codes=part.codes,
        confirmed=part.confirmed,
    )


def by_text(part: Passages, found: Growth) -> dict[str, str]:
    """Return the theme id of each passage that has one."""
    return {
        text: found.ids[m.theme]
        for text, m in zip(part.texts, found.memberships, strict=True)
        if m.theme is not None
    }


# -- the same for everyone ------------------------------------------------------------------------


def fingerprint(folder: Path, order: int, threads: int) -> str:
    """Return the hash of all that one run of the themes stage gives, texts in some order."""
    part = load(folder)
    rows = np.random.default_rng(order).permutation(len(part.texts)) if order else None
    part = part if rows is None else part.part(rows)
    found = grown(part, threads=threads)
    said = {
        "passages": sorted(
            (text, m.theme, m.membership, m.abstained_because)
            for text, m in zip(part.texts, found.memberships, strict=True)
        ),
        "themes": [found.ids, found.labels, found.words, found.stability],
        "centroids": found.centroids.tobytes().hex(),
        "events": [str(event) for event in found.events],
        "registry": found.registry.decode(),
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def save(part: Passages, folder: Path) -> None:
    """Write passages for the processes to read."""
    np.savez(folder / "vectors.npz", vectors=part.vectors, codes=part.codes)
    rest = [part.texts, part.dates, part.confirmed]
    (folder / "passages.json").write_text(json.dumps(rest), "utf-8")


def load(folder: Path) -> Passages:
    """Read what `save` wrote."""
    arrays = np.load(folder / "vectors.npz")
    texts, dates, confirmed = json.loads((folder / "passages.json").read_text("utf-8"))
    return Passages(texts, dates, confirmed, arrays["vectors"], arrays["codes"])


def same_for_everyone(part: Passages) -> tuple[int, int]:
    """Return the numbers of runs and of different results."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        save(part, Path(name))
        for order, seed, threads in itertools.product(ORDERS, HASH_SEEDS, THREADS):
            variables = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                         "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"}  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-m", "bench.stability", "--one", name, str(order), threads],
                env=os.environ | {"PYTHONHASHSEED": seed} | dict.fromkeys(variables, threads),
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            seen[done.stdout.strip().splitlines()[-1]] += 1
    return sum(seen.values()), len(seen)


# -- the same next month --------------------------------------------------------------------------


def increments(part: Passages) -> list[int]:
    """Return how many passages are known before the last twelve months and at the end of each."""
    months = [date[:7] for date in part.dates]
    last = sorted({month for month in months if month})[-MONTHS:]
    return [sum(month < last[0] for month in months)] + [
        sum(month <= end for month in months) for end in last
    ]


def ours(part: Passages, sizes: Sequence[int]) -> tuple[Year, dict[str, str], bytes]:
    """Run month after month; return the year, the last themes and the registry."""
    year, registry, before = Year(), b"", dict[str, str]()
    for number, size in enumerate(sizes):
        some = part.part(range(size))
        found = grown(some, registry)
        now = by_text(some, found)
        if number:
            year.count(before, now)
            year.events.update(event.what for event in found.events)
        registry, before, year.themes = found.registry, now, len(found.ids)
    return year, before, registry


def theirs(part: Passages, sizes: Sequence[int], seed: int = 0) -> Year:
    """Refit ``BERTopic()`` each month and match its topics to last month's by merge_models."""
    from bertopic import BERTopic
    from umap import UMAP

    year, last = Year(), None
    before: dict[str, str] = {}
    ids: dict[int, int] = {}
    issued = 0
    for size in sizes:
        # The defaults of BERTopic 0.17.4, written out to set the seed.
        umap = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
        )
        model = BERTopic(umap_model=umap)
        topics, _ = model.fit_transform(part.texts[:size], embeddings=np.array(part.vectors[:size]))
        if last is None:
            ids = {topic: topic for topic in set(topics)}
        else:
            merged = BERTopic.merge_models([last, model]).topics_[-size:]
            old = set(last.topics_)
            new: dict[int, int] = {}
            for topic, match in sorted(set(zip(topics, merged, strict=True))):
                known = ids.get(match) if match in old else None
                new[topic] = issued if known is None else known
                issued += known is None
            ids = new
        issued = max([issued, *(number + 1 for number in ids.values())])
        now = {
            text: str(ids[topic])
            for text, topic in zip(part.texts, topics, strict=False)
            if topic >= 0
        }
        if last is not None:
            year.count(before, now)
        last, before, year.themes = model, now, len(set(topics) - {-1})
    return year


def agreement(part: Passages, last: dict[str, str]) -> tuple[float, float]:
    """Return the AMI of the themes with a cold fit's, and that of two cold resamples."""
    texts = part.texts
    cold = by_text(part, grown(part))
    with_cold = _ami([last.get(t, "") for t in texts], [cold.get(t, "") for t in texts])
    between = []
    for number in range(3):
        rng = np.random.default_rng(number)
        halves = []
        for _ in range(2):
            some = part.part(np.sort(rng.permutation(len(texts))[: int(0.8 * len(texts))]))
            halves.append((set(some.texts), by_text(some, grown(some))))
        (one, left), (two, right) = halves
        both = sorted(one & two)
        between.append(_ami([left.get(t, "") for t in both], [right.get(t, "") for t in both]))
    return with_cold, float(np.mean(between))


def _ami(one: Sequence[str], two: Sequence[str]) -> float:
    return float(adjusted_mutual_info_score(one, two))


def planted(part: Passages, registry: bytes) -> str:
    """Plant a subject in one more month; say which theme holds it."""
    encoder = Encoder()
    texts = list(PLANTED)
    judged = Classifier(encoder).judge(texts, [""] * len(texts), ["bullet"] * len(texts))
    codes = np.array([[j.codes.get(c, 0.0) for c in CODES] for j in judged], dtype=np.float32)
    more = part + Passages(
        texts, ["9999-12-01"] * len(texts), [True] * len(texts), encoder.encode(texts), codes
    )
    issued = json.loads(registry)["issued"]
    found = grown(more, registry)
    now = by_text(more, found)
    theme, hits = Counter(now.get(t, "none") for t in texts).most_common(1)[0]
    own = sum(i == theme for i in now.values())
    new = theme != "none" and int(theme.rpartition("-")[2]) > issued
    label = found.labels[found.ids.index(theme)] if theme in found.ids else ""
    return f"{'new theme' if new else 'no new theme:'} {theme} {label!r}, {hits} of {own} planted"


def twelve_months(name: str, part: Passages, *, peer: bool) -> list[object]:
    """Measure one corpus; return its row."""
    sizes = increments(part)
    year, last, registry = ours(part, sizes)
    cold, between = agreement(part, last)
    theirs_ = theirs(part, sizes) if peer else None
    events = ", ".join(f"{n} {what}" for what, n in sorted(year.events.items()))
    return [
        name, f"{sizes[0]} to {sizes[-1]}", year.themes, year.share, year.worst, cold, between,
        planted(part, registry), events,
        "-" if theirs_ is None
        else f"{theirs_.share:.1%} kept, worst month {theirs_.worst:.1%}, {theirs_.themes} topics",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("corpora", nargs="*")
    parser.add_argument("--state", type=Path, default=ROOT / ".notesmine")
    parser.add_argument("--same-only", action="store_true", help="without the twelve months")
    parser.add_argument("--months-only", action="store_true", help="without the 18 processes")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    by = "python -m bench.stability"
    rows = []
    for name in options.corpora or ["ipfs_syncs", "openjs_minutes"]:
        part = passages(statements(name, options.state / name))
        if not options.months_only:
            runs, different = same_for_everyone(part)
            print(f"{name}: {runs} runs, {different} different results", flush=True)
            if options.record:
                record(
                    f"same themes in any order, hash seed, thread count, {name}",
                    "byte-identical",
                    f"{runs} runs, {different} result{'s' * (different > 1)}",
                    "-",
                    by,
                )
        if options.same_only:
            continue
        row = twelve_months(name, part, peer=not options.no_peer)
        rows.append(row)
        if options.record:
            record(
                f"12 monthly increments, {name}",
                "≥ 95% keep their id; AMI with a cold fit ≥ .8 of that between two",
                f"{row[3]:.1%} kept, worst month {row[4]:.1%}; AMI {row[5]:.3f} with cold, "
                f"{row[6]:.3f} between two; {row[7]}; {row[8]}",
                f"BERTopic() refitted, merge_models: {row[9]}",
                by,
            )
    if rows:
        header = ["corpus", "passages", "themes", "keep their id", "worst month",
                  "AMI with cold", "two cold", "planted", "events", "BERTopic()"]  # fmt: skip
        print(table(header, rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(fingerprint(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    else:
        main()
