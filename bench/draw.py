"""Quotes drawn at random from an output folder, to be read by a person against their sources.

``python -m bench.draw OUT [-n 40] [--tier confirmed|review] [--missed CORPUS]`` prints them with
score, heading and place. ``--missed`` prints instead passages of a corpus that hold a problem word
and are called no impediment. The draw is fixed by the quotes' ids, so that two people read the
same ones. Nothing is kept: quotes of real notes stay out of the
repository.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import notesmine
from notesmine import read, segment
from notesmine.classify import Classifier, cue_matcher
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.records import Passage, digest


def main() -> None:
    """Print the draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("-n", type=int, default=40)
    parser.add_argument("--tier", choices=["confirmed", "review"])
    parser.add_argument("--missed", type=Path)
    asked = parser.parse_args()
    if asked.missed:
        for line in missed(asked.missed, asked.n):
            print(line)
        return
    rows = notesmine.open(asked.out).evidence()
    rows = rows[rows["kind"] == "impediment"].drop_duplicates("quote_id")
    if asked.tier:
        rows = rows[rows["tier"] == asked.tier]
    rows = rows.assign(order=[digest("draw", q) for q in rows["quote_id"]]).sort_values("order")
    for row in rows.head(asked.n).itertuples():
        print(f"{row.tier:9} {row.score:.2f} {row.theme_id:15} {row.path}  [{row.heading}]")
        print(f"    {row.text}")


def missed(corpus: Path, number: int) -> list[str]:
    """Return passages with a problem word that are called no impediment, with what they are."""
    found, _ = read.find_files(corpus)
    documents = read.read_documents(found, Settings().read, {})
    units: list[Passage] = [
        part for d in documents for p in segment.segment(d) for part in segment.statements(p)
    ]
    matcher = cue_matcher()
    held = [u for u in units if "problem" in matcher(u.text) and u.language in {"", "en"}]
    held = sorted({u.text: u for u in held}.values(), key=lambda u: digest("draw", u.text))
    held = held[: number * 4]
    judged = Classifier(Encoder()).judge(
        [u.text for u in held],
        [" > ".join(u.heading_path) for u in held],
        [u.type for u in held],
    )
    lines = [
        f"{j.judgement.kind:11} {j.judgement.scores['impediment']:.2f}  "
        f"[{' > '.join(u.heading_path)}]\n    {u.text}"
        for u, j in zip(held, judged, strict=True)
        if j.judgement.kind != "impediment" and not j.judgement.why.startswith("rule:")
    ]
    return lines[:number]


if __name__ == "__main__":
    main()
