"""A corpus as the main job judges it: statements with date, kind, tier, vectors and codes.

Benches of themes start from here: what ``notesmine run CORPUS -o OUT --state STATE`` has kept is
taken from the state, and what it has not is read, judged and embedded now.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.common import need
from notesmine import classify, embed, pipeline, read
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.folders import find_documents
from notesmine.store import Store

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Statements:
    """The statements of a corpus, one row each; ``vectors`` and ``codes`` are of impediments only.

    ``date`` is empty where a note has none. ``quotable`` is as in ``records.Passage``.
    """

    texts: list[str]
    dates: list[str]
    kinds: list[str]
    tiers: list[str]
    quotable: list[bool]
    speakers: list[str]
    vectors: dict[str, Vectors]
    codes: dict[str, Vectors]

    def impediments(self) -> list[int]:
        """Return the rows among which the main job seeks themes."""
        return [
            i
            for i, kind in enumerate(self.kinds)
            if kind == "impediment" and self.quotable[i] and self.texts[i] in self.vectors
        ]

    def stack(self, rows: list[int], part: str = "vectors") -> Vectors:
        """Return the vectors, or the shares of ``codes``, of rows."""
        of: dict[str, Vectors] = getattr(self, part)
        return embed.stack(of, [self.texts[i] for i in rows])


def statements(name: str, state: Path, settings: Settings | None = None) -> Statements:
    """Return the statements of a corpus of the data folder, with what ``state`` has kept."""
    corpus, settings = (
        (Path(name) if "/" in name else need(f"corpora/{name}")),
        settings or Settings(),
    )
    found, _ = find_documents(corpus, state / "out", state)
    rows, _ = read.read_metadata(corpus)
    with Store(state) as store:
        documents = pipeline._read(found, rows, settings, store, _silent)
        encoder = Encoder(threads=settings.embed.threads)
        classifier = classify.Classifier(encoder)
        judged = pipeline._judge(documents, classifier, settings, store, _silent)
        wanted = [j.passage.text for j in judged if j.judged.judgement.kind == "impediment"]
        vectors = embed.embed(wanted, encoder, store)
    return Statements(
        texts=[j.passage.text for j in judged],
        dates=[j.passage.date or "" for j in judged],
        kinds=[j.judged.judgement.kind for j in judged],
        tiers=[j.judged.judgement.tier for j in judged],
        quotable=[j.passage.quotable for j in judged],
        speakers=sorted({j.passage.speaker for j in judged if j.passage.speaker}),
        vectors=dict(vectors),
        codes=pipeline._code_shares(judged),
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
