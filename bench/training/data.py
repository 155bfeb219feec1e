"""Coded statements to train on and to test on.

Our own statements (``statements/writer_*.tsv``: kind, theme, directness, heading, text) count only
where a second, blind reading (``statements/blind.tsv``: id, kind, theme) came to the same kind and,
for impediments and resolutions, to the same theme. The coded statements of ``NOTESMINE_DATA`` are
read from there and never enter the repository.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec import Struct

from bench.common import need
from notesmine.records import KINDS, Kind, digest

HERE = Path(__file__).parent
STATEMENTS = HERE / "statements"
#: Writers whose statements are kept and not learnt from: with them more of the progress told in
#: minutes was taken for impediments (see docs/model-card.md).
LEFT_OUT = frozenset("JKLM")
SHORT: dict[str, Kind] = {kind[:3]: kind for kind in KINDS} | {"boi": "boilerplate"}


class Statement(Struct, frozen=True):
    """A coded statement; ``corpus`` is the folder or the writer it comes from."""

    corpus: str
    kind: Kind
    theme: str
    heading: str
    text: str
    weight: float = 1.0


def statement_id(writer: str, text: str) -> str:
    """Return the id under which a blind reader coded a statement."""
    return digest(writer + text, length=7)


def own_statements(*, agreed: bool = True) -> list[Statement]:
    """Return our own statements; with ``agreed`` those to learn from.

    These are the ones that both readings code alike, but for the writers left out.
    """
    blind: dict[str, tuple[str, str]] = {}
    for line in (STATEMENTS / "blind.tsv").read_text("utf-8").splitlines():
        ident, kind, theme = line.split("\t")
        blind[ident] = (kind, theme)
    out = []
    for file in sorted(STATEMENTS.glob("writer_*.tsv")):
        writer = file.stem.removeprefix("writer_")
        for line in file.read_text("utf-8").splitlines():
            kind, theme, _, heading, text = line.split("\t")
            second = blind.get(statement_id(writer, text))
            same = second is not None and second[0] == kind
            if same and second is not None and kind in ("impediment", "resolved"):
                same = second[1] == theme
            if (same and writer not in LEFT_OUT) or not agreed:
                out.append(
                    Statement(
                        f"writer_{writer}",
                        SHORT[kind[:3]],
                        theme.strip("-"),
                        heading if heading != "-" else "",
                        text,
                    )
                )
    return out


def gold(name: str) -> list[Statement]:
    """Return ``statements``, ``statements_train`` or ``domain_statements`` with an agreed kind."""
    out = []
    with need(f"gold/{name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["kind"]:
                corpus = row.get("corpus") or f"domain_{row['writer']}"
                out.append(
                    Statement(
                        corpus,
                        row["kind"],
                        row["theme"] or "",
                        row["heading"] or "",
                        row["text"],
                        float(row.get("weight") or 0.0),
                    )
                )
    return out


def normal(text: str) -> str:
    """Return what two statements share that differ in case, markup and punctuation only."""
    return re.sub(r"\W+", " ", text.lower()).strip()
