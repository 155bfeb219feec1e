"""Saturation: what each further document adds, and when that became little.

Guest, Namey and Chen (2020), "A simple method to assess and report thematic saturation in
qualitative research", PLOS ONE 15(5): e0232076. Pure arithmetic over weighed evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb

from notesmine.evidence.assigned import UNDATED, was_read
from notesmine.evidence.cooccurrence import reporting
from notesmine.records import Document, Evidence, Saturation, SaturationStep

#: Documents whose themes are the base that new ones are compared with.
BASE = 4
#: Consecutive documents that are looked at together; runs overlap, each starts one later.
RUNS = (2, 3)
#: New themes of a run / themes of the base, at or below which a run brings little.
THRESHOLD = 0.05


def saturation(
    evidence: Sequence[Evidence],
    documents: Mapping[str, Document],
    *,
    base: int = BASE,
    runs: Sequence[int] = RUNS,
    threshold: float = THRESHOLD,
) -> Saturation:
    """Count the themes that each document, in order of date, is the first to report.

    Themes are those ranked (no sub-themes); a document reports one if it is counted in its
    ``documents``. Undated documents come last. The result depends on the order of the documents,
    which ``expected`` does not: the mean over all orders (the sample-based rarefaction of
    Colwell, Mao and Chang 2004, exact).

    Parameters
    ----------
    evidence : sequence of Evidence
    documents : mapping of str to Document
        Everything read, by ``doc_id``; those without text are passed over.
    base : int
        Number of documents of the base.
    runs : sequence of int
        Run lengths.
    threshold : float
        Share of new information, 0..1.

    Returns
    -------
    Saturation
        ``reached[2] == 6`` reads: saturation at 6 documents, which 2 more confirmed (written 6+2).
        Nothing is reached where there are too few documents, or the base holds no theme.
    """
    read = [d for d in documents.values() if was_read(d)]
    order = sorted(read, key=lambda d: (d.date or UNDATED, d.doc_id))
    ranked = sorted((e for e in evidence if e.rank), key=lambda e: (e.rank, e.theme.theme_id))
    place = {d.doc_id: n for n, d in enumerate(order)}
    held = [[place[i] for i in reporting(e) if i in place] for e in ranked]
    first: list[list[str]] = [[] for _ in order]
    for item, places in zip(ranked, held, strict=True):
        if places:
            first[min(places)].append(item.theme.theme_id)
    new = [len(names) for names in first]
    base_themes = sum(new[:base])
    steps: list[SaturationStep] = []
    for n, document in enumerate(order, 1):
        steps.append(
            SaturationStep(
                number=n,
                doc_id=document.doc_id,
                date=document.date,
                new=tuple(first[n - 1]),
                total=sum(new[:n]),
                expected=_expected([len(places) for places in held], n, len(order)),
                change={
                    run: round(sum(new[n - run : n]) / base_themes, 6)
                    for run in runs
                    if base_themes and n - run >= base
                },
            )
        )
    reached = {
        run: next(
            (s.number - run for s in steps if run in s.change and s.change[run] <= threshold), None
        )
        for run in runs
    }
    return Saturation(
        steps=tuple(steps),
        base=base,
        base_themes=base_themes,
        threshold=threshold,
        reached=reached,
    )


def _expected(held: Sequence[int], n: int, total: int) -> float:
    """Return the mean number of themes in n documents drawn from all, without replacement.

    Examples
    --------
    >>> _expected([1, 2], 1, 2)
    1.5
    >>> _expected([1, 2], 2, 2)
    2.0
    """
    every = comb(total, n)
    return round(sum(1 - comb(total - k, n) / every for k in held), 4)
