"""Pages that describe good and bad practice beside the notes that report it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from notesmine.records import Document, Judgement

#: From this share of dated documents on, one without a date is no note of a meeting or a sprint.
DATED = 0.8
#: Documents with text below which nothing is said about what is usual in a corpus.
ENOUGH = 5
WHY = "an undated page among dated notes: described, not reported?"


def reference_pages(documents: Sequence[Document]) -> frozenset[str]:
    """Return the ids of documents that stand undated among notes that are nearly all dated.

    Handbooks, templates and checklists lie among the notes of many teams. They name hindrances
    as examples ("bad sign: nobody owns the backlog"), in words that no classifier can tell from a
    report; that they have no date is what gives them away.
    """
    read = [d for d in documents if d.text.strip()]
    undated = frozenset(d.doc_id for d in read if d.date is None)
    if len(read) < ENOUGH or len(read) - len(undated) < DATED * len(read):
        return frozenset()
    return undated


def doubt(judgement: Judgement) -> Judgement:
    """Return the judgement of an impediment on a reference page: to review, never confirmed."""
    if judgement.kind != "impediment":
        return judgement
    return msgspec.structs.replace(judgement, tier="review", why=f"{judgement.why}; {WHY}")
