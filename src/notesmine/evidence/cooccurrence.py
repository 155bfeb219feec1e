"""Which themes are reported together: documents in common, Jaccard index, lift.

Pure arithmetic over weighed evidence. Sub-themes are left out: they share their documents with
their parent by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from notesmine.records import Evidence, Overlap


def reporting(item: Evidence) -> frozenset[str]:
    """Return the ids of the documents that report a theme as an impediment."""
    return frozenset(item.reported_in)


def cooccurrence(evidence: Sequence[Evidence]) -> tuple[Overlap, ...]:
    """Compare every pair of ranked themes by the documents that report them.

    Parameters
    ----------
    evidence : sequence of Evidence
        In any order; as `weigh` returns it.

    Returns
    -------
    tuple of Overlap
        Every pair once, pairs that never meet included, the stronger theme first; in order of
        documents in common, then Jaccard index, then ranks. Lift is n_ab * N / (n_a * n_b), N being
        the documents read (Brin et al. 1997, "interest").

    Examples
    --------
    >>> from notesmine.records import Theme
    >>> def item(name, rank, *ids):
    ...     theme = Theme(theme_id=name, origin="code", label=name)
    ...     return Evidence(theme=theme, impediments=(), rank=rank, read=4, reported_in=ids)
    >>> [pair] = cooccurrence([item("a", 1, "d1", "d2"), item("b", 2, "d2")])
    >>> pair.documents, pair.jaccard, pair.lift
    (1, 0.5, 2.0)
    """
    ranked = sorted((e for e in evidence if e.rank), key=lambda e: (e.rank, e.theme.theme_id))
    held = [(e, reporting(e)) for e in ranked]
    pairs = [_overlap(*one, *other) for one, other in combinations(held, 2)]
    # Sorting is stable, so that equals stay in order of rank.
    return tuple(sorted(pairs, key=lambda p: (-p.documents, -p.jaccard)))


def _overlap(
    one: Evidence, ones: frozenset[str], other: Evidence, others: frozenset[str]
) -> Overlap:
    common, either = len(ones & others), len(ones | others)
    apart = len(ones) * len(others)
    read = max(one.read, either)
    return Overlap(
        one=one.theme.theme_id,
        other=other.theme.theme_id,
        documents=common,
        jaccard=round(common / either, 6) if either else 0.0,
        lift=round(common * read / apart, 6) if apart else None,
    )
