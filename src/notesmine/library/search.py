"""Search in passages: by meaning (cosine of vectors) and by words (BM25 in SQLite's FTS5), merged.

The index lies in memory and holds the text as it may be shown, so that a masked name cannot be
found by its letters; the query passes through the same mask.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from notesmine.encoder import PACKAGED_SHA256, Encoder
from notesmine.errors import InputError, ModelError, StateError
from notesmine.library.frames import frame
from notesmine.records import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from notesmine.library.kept import Kept
    from notesmine.records import Run

#: Reciprocal rank fusion: Cormack, Clarke and Buettcher (2009), doi:10.1145/1571941.1572114.
DAMPING = 60
#: Hits of each search that are merged: more than anyone looks at.
DEPTH = 200
DECIMALS = 5
#: Stop words that tell something of a hindrance.
DENIALS = frozenset("cannot neither never no nobody none noone nor not nothing without".split())


class Index:
    """Passages to be searched.

    Parameters
    ----------
    passages : pandas.DataFrame
        As ``Outputs.passages`` gives them; those without text are not found.
    vectors : numpy.ndarray of float32, shape (n, d)
        A row for each passage; NaN for none.
    kept : Kept
        Masks the query.
    run : Run
        Says which model made the vectors.
    """

    def __init__(
        self, passages: pd.DataFrame, vectors: NDArray[np.float32], kept: Kept, run: Run
    ) -> None:
        self._passages = passages
        self._kept = kept
        self._sha256 = str(run.model.get("encoder_sha256", ""))
        self._encoders: dict[str | None, Encoder] = {}
        shown = passages["text"].notna().to_numpy(dtype=bool)
        whole = ~np.isnan(vectors).any(axis=1) if vectors.size else np.zeros(len(passages), bool)
        self._rows = np.flatnonzero(shown & whole)
        self._vectors = vectors[self._rows].astype(np.float64)
        # A notebook may ask from another thread than the one that built the index.
        self._words = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            self._words.execute(
                "CREATE VIRTUAL TABLE passages USING"
                " fts5(text, tokenize='porter unicode61 remove_diacritics 2')"
            )
        except sqlite3.OperationalError as error:
            raise StateError(
                f"this Python's SQLite has no full-text search: {error}",
                "Use a Python from python.org, conda or your distribution.",
            ) from error
        texts = passages["text"].tolist()
        self._words.executemany(
            "INSERT INTO passages(rowid, text) VALUES (?, ?)",
            ((int(row), texts[row]) for row in np.flatnonzero(shown)),
        )

    def search(
        self,
        text: str,
        n: int,
        *,
        by: Literal["both", "meaning", "words"],
        kinds: Sequence[str] | None,
        model: str | None,
    ) -> pd.DataFrame:
        """Return the best passages: see ``Outputs.search``."""
        if by not in {"both", "meaning", "words"}:
            raise InputError(f"by={by!r}: no way to search", "Use 'both', 'meaning' or 'words'.")
        asked = self._kept.hide(text, None)
        if not re.search(r"\w", asked):
            raise InputError(f"{text!r} holds no word to search for", "Give a few words.")
        if n < 1:
            raise InputError(f"n={n}: nothing is asked for", "Ask for one row at least.")
        unknown = sorted(set(kinds or ()) - set(KINDS))
        if unknown:
            raise InputError(f"{unknown[0]!r} is no kind", f"Kinds: {', '.join(KINDS)}.")
        of_kind = self._passages["kind"].isin(list(kinds if kinds is not None else KINDS))
        allowed = of_kind.to_numpy(dtype=bool)
        depth = max(n, DEPTH)
        cosine = self._by_meaning(asked, depth, allowed, model) if by != "words" else {}
        bm25 = self._by_words(asked, depth, allowed) if by != "meaning" else {}
        score: dict[int, float] = {}
        for ranking in (cosine, bm25):
            for rank, row in enumerate(ranking, 1):
                score[row] = score.get(row, 0.0) + 1 / (DAMPING + rank)
        best = sorted(score, key=lambda row: (-round(score[row], 12), row))[:n]
        found = self._passages.iloc[best].to_dict("records")
        return frame(
            "search(text, n)",
            [
                {
                    **{str(k): v for k, v in row.items()},
                    "score": score[at],
                    "cosine": cosine.get(at),
                    "bm25": bm25.get(at),
                }
                for at, row in zip(best, found, strict=True)
            ],
        )

    def _by_meaning(
        self, text: str, depth: int, allowed: NDArray[np.bool_], model: str | None
    ) -> dict[int, float]:
        """Return the rows nearest in meaning with their cosines, best first."""
        places = np.flatnonzero(allowed[self._rows])
        if not len(places):
            return {}
        query = self._encoder(model).encode([text])[0].astype(np.float64)
        cosines = np.round(self._vectors[places] @ query, DECIMALS)
        order = np.argsort(-cosines, kind="stable")[:depth]
        return {int(self._rows[places[at]]): float(cosines[at]) for at in order}

    def _by_words(self, text: str, depth: int, allowed: NDArray[np.bool_]) -> dict[int, float]:
        """Return the rows that share words with the text and their BM25, best first."""
        from spacy.lang.en.stop_words import STOP_WORDS

        words = re.findall(r"\w+", text)
        telling = [w for w in words if w.casefold() not in STOP_WORDS - DENIALS]
        # Each word in quotes: what a user types is never taken for FTS5's own syntax.
        wanted = " OR ".join(f'"{word}"' for word in telling or words)
        found = self._words.execute(
            "SELECT rowid, round(-bm25(passages), 6) AS likeness FROM passages"
            " WHERE passages MATCH ? ORDER BY likeness DESC, rowid",
            (wanted,),
        )
        rows = ((int(row), float(likeness)) for row, likeness in found if allowed[row])
        return dict(itertools.islice(rows, depth))

    def _encoder(self, model: str | None) -> Encoder:
        if model not in self._encoders:
            self._encoders[model] = self._checked(model)
        return self._encoders[model]

    def _checked(self, model: str | None) -> Encoder:
        if model is None and self._sha256 != PACKAGED_SHA256:
            raise ModelError(
                "the run's vectors are of a model that is not the packaged one",
                "Name its folder: search(text, model='FOLDER').",
            )
        encoder = Encoder(model or "packaged")
        if encoder.sha256 != self._sha256:
            raise ModelError(
                f"the model in {model!r} has SHA-256 {encoder.sha256[:16]}…, the run's vectors are"
                f" of {self._sha256[:16]}…",
                "Name the folder of the model that the run used: [embed] model.",
            )
        return encoder
