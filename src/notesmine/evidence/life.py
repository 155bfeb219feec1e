"""The life of an impediment: which later passage reports it resolved.

The rule, in full. A ``resolved`` passage closes one impediment of the same theme: among those not
closed yet that were reported earlier, the one whose vector is closest, if the cosine reaches
`CLOSE`, or `CLOSE_IN_THEME` where both belong to the same emergent theme. With it go the other
mentions of the same problem: those reported earlier whose cosine with the closed one reaches
`SAME_PROBLEM`. A problem of which a copy is dated later than the resolution is not closed by it.
Everything else stands: silence is no resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from notesmine.evidence.assigned import UNDATED, Assigned, Mention, date_of
from notesmine.records import Document

#: Measured with MiniLM vectors on the sample corpus (17 resolutions of one theme each, the right
#: problem known): at .50 eleven are linked, eight to the problem that was planted.
CLOSE = 0.50
#: A shared emergent theme already says that both speak of the same matter.
CLOSE_IN_THEME = 0.35
#: Two impediments of one theme at this cosine speak of one problem, by reading them.
SAME_PROBLEM = 0.65


def closest(
    impediments: Sequence[Mention],
    resolved: Sequence[Mention],
    documents: Mapping[str, Document],
    emergent: frozenset[str],
) -> dict[int, int]:
    """Link impediments to the passages that report them resolved.

    Parameters
    ----------
    impediments, resolved : sequence of Mention
        Of one theme, in order of time.
    documents : mapping of str to Document
    emergent : frozenset of str
        Ids of emergent themes.

    Returns
    -------
    dict of int to int
        Index of an impediment to the index of the resolution that closes it; at most one each.
    """
    links: dict[int, int] = {}
    for r, later in enumerate(resolved):
        best: tuple[float, int] | None = None
        for i, mention in enumerate(impediments):
            if i in links or not _over_by(mention, later.head, documents):
                continue
            cosine = _cosine(mention.head, later.head)
            shared = emergent.intersection(mention.head.theme_ids, later.head.theme_ids)
            bar = CLOSE_IN_THEME if shared else CLOSE
            if cosine is None:
                cosine = bar if shared else -1.0
            if cosine >= bar and (best is None or cosine > best[0]):
                best = (cosine, i)
        if best is not None:
            closed = best[1]
            links[closed] = r
            for i, mention in enumerate(impediments):
                if i not in links and _over_by(mention, later.head, documents):
                    cosine = _cosine(mention.head, impediments[closed].head)
                    if cosine is not None and cosine >= SAME_PROBLEM:
                        links[i] = r
    return links


def _over_by(mention: Mention, later: Assigned, documents: Mapping[str, Document]) -> bool:
    """Whether a statement was made before a resolution, and not repeated at a later date."""
    end = date_of(later, documents)
    repeats = (date_of(c, documents) for c in mention.copies)
    return _earlier(mention.head, later, documents) and not any(
        end is not None and d is not None and UNDATED > d > end for d in repeats
    )


def _earlier(first: Assigned, second: Assigned, documents: Mapping[str, Document]) -> bool:
    if first.passage.doc_id == second.passage.doc_id:
        return first.passage.start < second.passage.start
    one, two = date_of(first, documents), date_of(second, documents)
    return one is not None and two is not None and UNDATED > two > one


def _cosine(first: Assigned, second: Assigned) -> float | None:
    """Cosine rounded to six digits, so that the last bits of a sum decide nothing."""
    if first.vector is None or second.vector is None:
        return None
    one = first.vector.astype(np.float64)
    two = second.vector.astype(np.float64)
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return round(float(one @ two) / size, 6) if size else None
