"""The registry: which discovered theme is which theme of last month. Plain data, no file access.

Ids (``T-001``) are append-only and never reused. A discovered theme takes the id of the theme it
shares its passages with, one to one, so that as many passages as possible keep their id (linear
sum assignment: Kuhn 1955, as in scipy); what cannot be settled by passages is settled by
centroids. Everything else that happens to a theme is an event on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from notesmine.records import Event, Membership

#: A discovered theme is an earlier one if it holds at least this share of the earlier one's
#: surviving passages, or draws this share of its own known passages from it.
SHARED = 0.5
#: Where no passage is shared, the centroids' cosine from which two themes are the same.
CLOSE = 0.9
#: Net change of members that makes a theme grown or faded: this share, and two passages at least.
CHANGED = 0.1

Status = Literal["active", "retired", "merged"]


class HistoryItem(Struct, frozen=True, kw_only=True):
    """One line of a theme's history: the run, the event, its detail, the other themes."""

    run_id: str
    what: str
    detail: str = ""
    other: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """One theme on record. ``members`` are text keys, sorted; ``centroid`` is a unit vector."""

    theme_id: str
    members: tuple[str, ...]
    centroid: tuple[float, ...] = ()
    label: str = ""
    label_by: Literal["machine", "person"] = "machine"
    status: Status = "active"
    history: tuple[HistoryItem, ...] = ()


class Registry(Struct, frozen=True, kw_only=True):
    """All themes ever found, oldest first; ``issued`` counts the ids given out."""

    entries: tuple[Entry, ...] = ()
    issued: int = 0

    def get(self, theme_id: str) -> Entry | None:
        """Return the entry of an id, or None."""
        return next((e for e in self.entries if e.theme_id == theme_id), None)


class Found(Protocol):
    """What the registry needs of a discovery: a membership per row, a centroid per theme."""

    @property
    def memberships(self) -> Sequence[Membership]: ...  # noqa: D102
    @property
    def centroids(self) -> NDArray[np.float32]: ...  # noqa: D102


def start_labels(registry: Registry, keys: Sequence[str]) -> list[int | None]:
    """Return for each row the number of the active theme it was in last time, for a warm start."""
    active = [entry for entry in registry.entries if entry.status == "active"]
    known = {key: number for number, entry in enumerate(active) for key in entry.members}
    return [known.get(key) for key in keys]


def update(
    registry: Registry, discovery: Found, keys: Sequence[str], run_id: str
) -> tuple[Registry, list[str], list[Event]]:
    """Give each discovered theme its id and record what happened to the themes.

    Parameters
    ----------
    registry : Registry
        As the last run left it.
    discovery : Discovery
        What this run found; only ``memberships`` and ``centroids`` are read.
    keys : sequence of str
        A stable key of each row's text (its content hash); equal texts share one.
    run_id : str
        Written into the histories.

    Returns
    -------
    registry : Registry
    ids : list of str
        One for each discovered theme, in its order.
    events : list of Event
        In order of the ids; none for a theme of which nothing changed.
    """
    found = _members(discovery, keys, len(discovery.centroids))
    before = list(registry.entries)
    matched = _match(before, found, discovery.centroids, set(keys))
    issued = registry.issued
    ids: list[str] = []
    for theme in range(len(found)):
        if theme in matched:
            ids.append(before[matched[theme]].theme_id)
        else:
            issued += 1
            ids.append(f"T-{issued:03d}")
    news = _events(before, found, ids, matched, set(keys))
    entries = []
    theme_of = {row: theme for theme, row in matched.items()}
    for row, entry in enumerate(before):
        if row in theme_of:
            theme = theme_of[row]
            entry = replace(
                entry,
                members=tuple(sorted(found[theme])),
                centroid=_plain(discovery.centroids[theme]),
                status="active",
            )
        entries.append(entry)
    entries += [
        Entry(
            theme_id=ids[theme],
            members=tuple(sorted(members)),
            centroid=_plain(discovery.centroids[theme]),
        )
        for theme, members in enumerate(found)
        if theme not in matched
    ]
    return (
        Registry(entries=tuple(_record(e, news, run_id) for e in entries), issued=issued),
        ids,
        sorted(news, key=lambda event: (_number(event.theme_id), event.what)),
    )


def name_themes(
    registry: Registry,
    ids: Sequence[str],
    labels: Sequence[str],
    texts: Sequence[Sequence[str]],
    run_id: str,
) -> tuple[Registry, list[Event]]:
    """Name themes: a person's name always stands, a machine's as long as its passages say it.

    Parameters
    ----------
    registry : Registry
    ids, labels, texts : sequences of one length
        The themes to name, their new machine labels, and their passages.
    run_id : str

    Returns
    -------
    registry : Registry
    events : list of Event
        One ``renamed`` for each theme whose earlier name no longer stands in its passages.
    """
    wanted = {i: (label, own) for i, label, own in zip(ids, labels, texts, strict=True)}
    entries, events = list(registry.entries), []
    taken = {e.label.casefold() for e in entries if e.label_by == "person" and e.label}
    for at, entry in enumerate(entries):
        if entry.theme_id not in wanted or entry.label_by == "person":
            continue
        label, own = wanted[entry.theme_id]
        old = entry.label.casefold()
        if old and old not in taken and any(old in text.casefold() for text in own):
            taken.add(old)
            continue
        taken.add(label.casefold())
        entry = replace(entry, label=label)
        if old and old != label.casefold():
            event = Event(
                theme_id=entry.theme_id, what="renamed", detail=registry.entries[at].label
            )
            events.append(event)
            entry = _record(entry, [event], run_id)
        entries[at] = entry
    return replace(registry, entries=tuple(entries)), events


def rename(registry: Registry, theme_id: str, label: str, run_id: str) -> Registry:
    """Return the registry with a person's own name for a theme.

    Raises
    ------
    KeyError
        If there is no such theme.
    """
    entry = registry.get(theme_id)
    if entry is None:
        raise KeyError(theme_id)
    if (entry.label, entry.label_by) == (label, "person"):
        return registry
    event = Event(theme_id=theme_id, what="renamed", detail=entry.label)
    new = _record(replace(entry, label=label, label_by="person"), [event], run_id)
    entries = tuple(new if e.theme_id == theme_id else e for e in registry.entries)
    return replace(registry, entries=entries)


def _members(discovery: Found, keys: Sequence[str], themes: int) -> list[set[str]]:
    members: list[set[str]] = [set() for _ in range(themes)]
    for key, membership in zip(keys, discovery.memberships, strict=True):
        if membership.theme is not None:
            members[membership.theme].add(key)
    return members


def _match(
    before: Sequence[Entry],
    found: Sequence[set[str]],
    centroids: NDArray[np.float32],
    current: set[str],
) -> dict[int, int]:
    """Return {discovered theme: row of the registry}: by members first, then by centroids."""
    from scipy.optimize import linear_sum_assignment

    if not before or not found:
        return {}
    old = [set(e.members) for e in before]
    active = np.array([e.status == "active" for e in before])
    shared = np.array([[len(a & b) for a in old] for b in found], dtype=float)
    # Passages that both runs know: those gone and those new say nothing about continuity.
    surviving = np.array([len(a & current) for a in old], dtype=float)
    ever: set[str] = set().union(*(a for a, on in zip(old, active, strict=True) if on))
    known = np.array([len(b & ever) for b in found], dtype=float)
    enough = (shared > 0) & (
        (shared >= SHARED * surviving[None, :]) | (shared >= SHARED * known[:, None])
    )
    # Retired themes come back only for passages that no active theme claims: half a passage less.
    weight = np.where(enough, shared - 0.5 * ~active[None, :], 0.0)
    # Among equal matchings the older theme wins; the term is too small to change a count.
    weight -= np.where(enough, np.arange(len(before))[None, :] * 1e-4 / len(before), 0.0)
    rows, columns = linear_sum_assignment(-weight)
    matched = {int(t): int(e) for t, e in zip(rows, columns, strict=True) if weight[t, e] > 0}

    free = [t for t in range(len(found)) if t not in matched and known[t] == 0]
    taken = set(matched.values())
    left = [
        e
        for e in range(len(before))
        if e not in taken and surviving[e] == 0 and len(before[e].centroid) == centroids.shape[1]
    ]
    if free and left:
        there = np.array([before[e].centroid for e in left])
        close = np.round(centroids[free].astype(float) @ there.T, 5)
        rows, columns = linear_sum_assignment(-np.where(close >= CLOSE, close, 0.0))
        for t, e in zip(rows, columns, strict=True):
            if close[t, e] >= CLOSE:
                matched[free[int(t)]] = left[int(e)]
    return matched


def _events(
    before: Sequence[Entry],
    found: Sequence[set[str]],
    ids: Sequence[str],
    matched: dict[int, int],
    current: set[str],
) -> list[Event]:
    events: list[Event] = []
    theme_of = {row: theme for theme, row in matched.items()}
    for theme, members in enumerate(found):
        if theme not in matched:
            events += _arrival(before, members, ids[theme], theme_of)
            continue
        entry = before[matched[theme]]
        if entry.status != "active":
            events.append(Event(theme_id=entry.theme_id, what="returned"))
        event = _change(entry, members)
        if event is not None:
            events.append(event)
    for row, entry in enumerate(before):
        if row in theme_of or entry.status != "active":
            continue
        old = set(entry.members) & current
        into = max(range(len(found)), key=lambda t: (len(old & found[t]), -t), default=None)
        if into is not None and old and len(old & found[into]) >= SHARED * len(old):
            events.append(
                Event(
                    theme_id=entry.theme_id,
                    what="merged",
                    detail=f"{len(old & found[into])} of {len(old)} passages went over",
                    other=(ids[into],),
                )
            )
        else:
            detail = (
                "its passages no longer form a theme" if old else "none of its passages is left"
            )
            events.append(Event(theme_id=entry.theme_id, what="retired", detail=detail))
    return events


def _arrival(
    before: Sequence[Entry], members: set[str], theme_id: str, theme_of: dict[int, int]
) -> list[Event]:
    events = [Event(theme_id=theme_id, what="created", detail=f"{len(members)} passages")]
    for row, entry in enumerate(before):
        part = len(members & set(entry.members))
        if entry.status == "active" and row in theme_of and part and 2 * part >= len(members):
            detail = f"{part} of its {len(entry.members)} passages"
            events.append(
                Event(theme_id=entry.theme_id, what="split", detail=detail, other=(theme_id,))
            )
    return events


def _change(entry: Entry, members: set[str]) -> Event | None:
    old = set(entry.members)
    if old == members:
        return None
    net = len(members) - len(old)
    what = "continued"
    if abs(net) >= max(2, CHANGED * len(old)):
        what = "grown" if net > 0 else "faded"
    detail = f"{len(old)} -> {len(members)} passages: {len(members - old)} more, "
    return Event(theme_id=entry.theme_id, what=what, detail=f"{detail}{len(old - members)} less")


def _record(entry: Entry, events: Iterable[Event], run_id: str) -> Entry:
    own = [e for e in events if e.theme_id == entry.theme_id]
    if not own:
        return entry
    lines = tuple(
        HistoryItem(run_id=run_id, what=e.what, detail=e.detail, other=e.other) for e in own
    )
    ends: list[Status] = [
        "retired" if e.what == "retired" else "merged"
        for e in own
        if e.what in ("retired", "merged")
    ]
    status = ends[-1] if ends else entry.status
    return replace(entry, status=status, history=entry.history + lines)


def _plain(vector: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(round(float(x), 5) for x in vector)


def _number(theme_id: str) -> int:
    return int(theme_id.rpartition("-")[2])
