"""The run's emergent themes as a BERTopic, rebuilt from the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from notesmine.encoder import PACKAGED_SHA256, Encoder
from notesmine.errors import InputError, ModelError, StateError
from notesmine.library.kept import HEADINGS
from notesmine.themes.discover import collapse

if TYPE_CHECKING:
    from bertopic import BERTopic

    from notesmine.library.kept import Kept
    from notesmine.records import Run

Built = tuple["BERTopic", list[dict[str, Any]], NDArray[np.float32]]


def rebuild(kept: Kept, vectors: NDArray[np.float32], run: Run) -> Built:
    """Return the model, a row for each of its documents, and their vectors.

    Its documents are the passages in which the run sought themes: those of ``[themes] scope`` that
    may be quoted. Copies and near-copies count once; the first in the order of the texts' hashes
    stands for all.

    Raises
    ------
    InputError
        If the run found no emergent theme.
    StateError
        If the state holds no vectors.
    """
    if not vectors.size:
        raise StateError(
            f"the state holds no vectors of the run {run.run_id}",
            "Delete report.html and run `notesmine run` again: it embeds what is missing.",
        )
    themes: Any = run.settings["themes"]
    scope = set(themes["scope"])
    rows = [
        at
        for at, ruling in enumerate(kept.project.rulings)
        if ruling.kind in scope and ruling.quotable and not np.isnan(vectors[at]).any()
    ]
    rulings = [kept.project.rulings[at] for at in rows]
    emergent = sorted(i for i, e in kept.project.evidence.items() if e.theme.origin == "emergent")
    number = {theme_id: at for at, theme_id in enumerate(emergent)}
    own = vectors[rows]
    firsts = [group[0] for group in collapse([r.text for r in rulings], own).members]
    ids = [next((t for t in rulings[at].theme_ids if t in number), None) for at in firsts]
    if not any(ids):
        raise InputError(
            f"the run {run.run_id} found no emergent theme",
            "It takes a few more impediments that resemble one another; codes are in themes().",
        )
    # Themes are numbered from 0 without a gap: one that people emptied has no document.
    there = sorted({i for i in ids if i is not None}, key=lambda i: number[i])
    place = {theme_id: at for at, theme_id in enumerate(there)}
    texts = [kept.text(rulings[at])[0] for at in firsts]
    from notesmine.themes.standing import standing_model

    model = standing_model(
        texts,
        own[firsts],
        [-1 if i is None else place[i] for i in ids],
        {at: f"{i} {kept.project.evidence[i].theme.label}" for i, at in place.items()},
        _encode(run),
        minimum=int(themes["minimum"]),
        seed=run.seed,
    )
    table = [
        {
            "quote_id": rulings[at].quote_id,
            "text": text,
            "theme_id": ident,
            "topic": int(topic),
        }
        for at, text, ident, topic in zip(firsts, texts, ids, model.topics_, strict=True)
    ]
    return model, table, own[firsts]


def theme_space(
    kept: Kept, quote_ids: Sequence[str], own: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the vectors (n, d) in which the run sought themes: what is said, and what hinders.

    The probabilities of codes are asked of the classifier again; a text that stands under several
    headings has their mean.
    """
    from notesmine.classify import CODES, Classifier
    from notesmine.themes.growth import blend

    wanted = {r.text for r in kept.project.rulings if r.quote_id in set(quote_ids)}
    rulings = [r for r in kept.project.rulings if r.text in wanted]
    pairs = sorted({(r.text, HEADINGS.join(r.heading_path)) for r in rulings})
    classifier = Classifier(Encoder())
    _, shares = classifier.probabilities([t for t, _ in pairs], [h for _, h in pairs])
    rows: dict[str, list[NDArray[np.float64]]] = {}
    for (text, _), row in zip(pairs, shares, strict=True):
        rows.setdefault(text, []).append(row)
    by_id = {r.quote_id: r.text for r in rulings}
    codes = [np.mean(rows[by_id[ident]], axis=0) for ident in quote_ids]
    return blend(own, np.array(codes).reshape(len(quote_ids), len(CODES)).astype(np.float32))


def _encode(run: Run) -> Any:
    """Return what gives new texts their vectors; the model is loaded when it is asked."""
    wanted = str(run.model["encoder_sha256"])
    made: list[Encoder] = []

    def encode(texts: list[str]) -> NDArray[np.float32]:
        if wanted != PACKAGED_SHA256:
            raise ModelError(
                "the run's vectors are of a model that is not the packaged one",
                "Give the model the vectors of new texts: transform(texts, embeddings=...).",
            )
        if not made:
            made.append(Encoder())
        return made[0].encode(texts)

    return encode
