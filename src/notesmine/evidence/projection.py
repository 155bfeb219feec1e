"""A map of the passages: their vectors laid on a plane by principal components.

The first two components (Pearson 1901) keep as much of the distances as a plane can; no random
start, no neighbourhood parameter, the same picture for the same passages. Neighbours on the map
need not be neighbours in all dimensions, which is why the report says what share is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from notesmine.evidence.assigned import Assigned, is_quotable, moment
from notesmine.evidence.quotes import identify
from notesmine.records import Document, PassageMap

#: Fewer passages make no map.
FEWEST = 6
#: Digits of a coordinate in -1..1: a thousandth of the picture's half width.
DIGITS = 3


def passage_map(
    assigned: Sequence[Assigned], documents: Mapping[str, Document]
) -> PassageMap | None:
    """Lay the confirmed impediments that may be quoted on a plane.

    Parameters
    ----------
    assigned : sequence of Assigned
        In any order.
    documents : mapping of str to Document

    Returns
    -------
    PassageMap or None
        None where there are too few passages, or no spread among them.
    """
    items = sorted(
        (
            i
            for i in assigned
            if i.judgement.kind == "impediment"
            and i.judgement.tier == "confirmed"
            and i.theme_ids
            and i.vector is not None
            and is_quotable(i, documents)
        ),
        key=lambda i: moment(i, documents),
    )
    if len(items) < FEWEST or len({i.vector.shape for i in items if i.vector is not None}) > 1:
        return None
    rows = np.stack([i.vector for i in items if i.vector is not None]).astype(np.float64)
    rows -= rows.mean(axis=0)
    values, axes = np.linalg.eigh(rows.T @ rows)  # ascending
    total = float(values.sum())
    if total <= 0 or rows.shape[1] < 2:
        return None
    top = axes[:, [-1, -2]]
    # An eigenvector has no sign of its own: its largest part points up.
    largest = np.abs(top).argmax(axis=0)
    top = top * np.where(top[largest, [0, 1]] < 0, -1.0, 1.0)
    plane = rows @ top
    scale = float(np.abs(plane).max()) or 1.0
    plane = np.round(plane / scale, DIGITS) + 0.0  # no minus zero
    return PassageMap(
        places={identify(i): (float(x), float(y)) for i, (x, y) in zip(items, plane, strict=True)},
        kept=round(float(values[-1] + values[-2]) / total, 4),
    )
