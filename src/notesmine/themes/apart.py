"""A tight group inside a broad theme becomes a theme of its own.

Themes are cut at one resolution for all. Where that is coarse, a new subject of a dozen passages
that all say the same would be lost in the theme it happens to be least far from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
#: Gives the groups of some rows at a resolution.
Cut = Callable[[Floats, float], Ints]

#: How much nearer a group's members are to each other than to the rest of the theme, in mean
#: cosine of centred vectors, and how many they are. On the labelled sets and the coded impediments
#: of ``bench/themes.py`` this neither gains nor loses (within .002 at n = 50, 100 and 250); at .2,
#: or with four members, themes fell apart (-.017 at n = 250). A planted subject of twelve passages
#: has .43.
APART, MEMBERS = 0.35, 5
#: A group that was a theme of its own last month stays one from here on.
STILL_APART = 0.25
#: Cosines from which members belong together: of vectors not smoothed, which draw neighbours in.
CUTS = (0.2, 0.3, 0.4, 0.5, 0.6)
#: Rows of a theme up to which it is searched: all its cosines are taken.
WIDEST = 1500


def stand_apart(
    rows: Floats,
    labels: Ints,
    cut: Cut,
    start: Ints | None = None,
) -> Ints:
    """Return the labels with every group that stands apart under a number of its own.

    Parameters
    ----------
    rows : numpy.ndarray of float64, shape (n, d)
        Centred unit vectors.
    labels : numpy.ndarray of int, shape (n,)
        Themes, -1 for none.
    cut : callable
        Groups rows at a resolution.
    start : numpy.ndarray of int, optional
        Last month's themes, -1 for a new row.
    """
    out = labels.copy()
    fresh = int(labels.max(initial=-1)) + 1
    todo = list(range(fresh))
    while todo:
        theme = todo.pop()
        own = np.flatnonzero(out == theme)
        if not 2 * MEMBERS <= len(own) <= WIDEST:
            continue
        for resolution in CUTS:
            group = _furthest(rows[own], cut(rows[own], resolution), _of(start, own))
            if group is not None:
                out[own[group]] = fresh
                todo += [theme, fresh]
                fresh += 1
                break
    return out


def _of(start: Ints | None, own: Ints) -> Ints | None:
    return None if start is None else start[own]


def _furthest(rows: Floats, groups: Ints, start: Ints | None) -> Ints | None:
    """Return the members of the group that stands furthest apart, or None."""
    best, chosen = 0.0, None
    total = rows.sum(axis=0)
    for group in np.flatnonzero(np.bincount(groups) >= MEMBERS):
        inside = groups == group
        n, rest = int(inside.sum()), int((~inside).sum())
        if rest < MEMBERS:
            continue
        mine = rows[inside].sum(axis=0)
        within = (float(mine @ mine) - n) / (n * (n - 1))
        gap = round(within - float(mine @ (total - mine)) / (n * rest), 5)
        known = start is not None and _was_apart(start[inside], start[~inside])
        if gap >= (STILL_APART if known else APART) and gap > best:
            best, chosen = gap, np.flatnonzero(inside)
    return chosen


def _was_apart(inside: Ints, outside: Ints) -> bool:
    """Say whether most of a group were in one theme, and most of the rest in another."""
    one, two = inside[inside >= 0], outside[outside >= 0]
    if 2 * len(one) <= len(inside) or not len(two):
        return False
    return bool(np.bincount(one).argmax() != np.bincount(two).argmax())
