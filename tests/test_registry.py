from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from notesmine.records import Event, Membership
from notesmine.themes.registry import Registry, name_themes, rename, start_labels, update


@dataclass(frozen=True)
class Found:
    memberships: tuple[Membership, ...]
    centroids: NDArray[np.float32]


def run(
    groups: list[str], registry: Registry, number: int
) -> tuple[Registry, list[str], list[Event]]:
    """Update with themes given as strings of one-letter keys."""
    keys, members = [], []
    for theme, group in enumerate(groups):
        for key in group:
            keys.append(key)
            members.append(Membership(theme=theme, membership=1.0))
    found = Found(tuple(members), np.eye(max(len(groups), 1), 8, dtype=np.float32)[: len(groups)])
    return update(registry, found, keys, f"run-{number}")


def what(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.theme_id, event.what) for event in events]


def test_first_run_then_no_change_is_no_event() -> None:
    registry, ids, events = run(["abcd", "efg"], Registry(), 1)
    assert ids == ["T-001", "T-002"]
    assert what(events) == [("T-001", "created"), ("T-002", "created")]
    again, ids, events = run(["efg", "abcd"], registry, 2)
    assert (ids, events) == (["T-002", "T-001"], [])
    assert [e.members for e in again.entries] == [e.members for e in registry.entries]


def test_growing_fading_splitting_merging_retiring_returning() -> None:
    one, _, _ = run(["abcdefgh", "ijkl", "mnop", "qrst"], Registry(), 1)
    two, ids, events = run(["abcde", "fgh", "ijklmnop", "qrstuvw"], one, 2)
    assert ids == ["T-001", "T-005", "T-002", "T-004"]
    assert set(what(events)) == {
        ("T-001", "faded"), ("T-001", "split"), ("T-002", "grown"),
        ("T-003", "merged"), ("T-004", "grown"), ("T-005", "created"),
    }  # fmt: skip
    assert next(e for e in events if e.what == "merged").other == ("T-002",)
    three, _, events = run(["abcde", "fgh", "ijklmnop"], two, 3)
    assert what(events) == [("T-004", "retired")]
    four, ids, events = run(["abcde", "fgh", "ijklmnop", "qrstuvw"], three, 4)
    assert ids[-1] == "T-004"
    assert what(events) == [("T-004", "returned")]
    assert [h.what for e in four.entries if e.theme_id == "T-004" for h in e.history] == [
        "created", "grown", "retired", "returned",
    ]  # fmt: skip


def test_other_content_never_takes_an_id() -> None:
    one, _, _ = run(["abcd"], Registry(), 1)
    keys = list("wxyz")
    found = Found(
        tuple(Membership(theme=0, membership=1.0) for _ in keys), np.eye(8, dtype=np.float32)[3:4]
    )
    _, ids, events = update(one, found, keys, "run-2")
    assert ids == ["T-002"]
    assert what(events) == [("T-001", "retired"), ("T-002", "created")]


def test_centroids_settle_what_members_cannot() -> None:
    one, _, _ = run(["abcd"], Registry(), 1)
    _, ids, _ = run(["wxyz"], one, 2)  # the same centroid, other passages
    assert ids == ["T-001"]


def test_a_persons_name_stands_and_a_machines_while_it_is_said() -> None:
    one, ids, _ = run(["abcd", "efg"], Registry(), 1)
    texts = [["No data owner."], ["Late budget."]]
    one, events = name_themes(one, ids, ["Data owner", "Late budget"], texts, "run-1")
    assert events == []
    one = rename(one, "T-002", "Money", "run-1")
    texts = [["The data owner is away."], ["Funds are gone."]]
    two, events = name_themes(one, ids, ["Owner", "Funds"], texts, "run-2")
    assert [e.label for e in two.entries] == ["Data owner", "Money"]
    assert events == []
    three, events = name_themes(two, ids, ["Away", "Funds"], [["Away."], ["Funds."]], "run-3")
    assert [e.label for e in three.entries] == ["Away", "Money"]
    assert what(events) == [("T-001", "renamed")]
    assert rename(three, "T-002", "Money", "run-3") is three
    with pytest.raises(KeyError):
        rename(three, "T-009", "x", "run-3")


def test_json_and_back() -> None:
    one, _, _ = run(["abcd", "efg"], Registry(), 1)
    blob = msgspec.json.encode(one)
    assert msgspec.json.decode(blob, type=Registry) == one
    assert start_labels(one, ["a", "e", "z"]) == [0, 1, None]


ALPHABET = "abcdefghijklmnop"


def grouped(labels: list[int]) -> list[str]:
    """Return the themes of one month; -1 is in none."""
    groups = ["".join(k for k, x in zip(ALPHABET, labels, strict=True) if x == t) for t in range(5)]
    return [group for group in groups if group]


PARTITION = st.lists(st.integers(-1, 4), min_size=16, max_size=16).map(grouped)


@settings(max_examples=60, deadline=None)
@given(st.lists(PARTITION, min_size=1, max_size=6))
def test_ids_are_unique_never_reused_and_kept(months: list[list[str]]) -> None:
    registry = Registry()
    seen: set[str] = set()
    for number, groups in enumerate(months):
        before = {e.theme_id: e for e in registry.entries}
        registry, ids, events = run(groups, registry, number)
        assert len(set(ids)) == len(ids) == len(groups)
        every = [e.theme_id for e in registry.entries]
        assert len(set(every)) == len(every)
        assert [*before] == every[: len(before)]  # append-only
        for theme_id, group in zip(ids, groups, strict=True):
            entry = registry.get(theme_id)
            assert entry is not None
            assert entry.members == tuple(sorted(group))
            assert entry.status == "active"
            if theme_id not in before:
                assert theme_id not in seen
                assert (theme_id, "created") in what(events)
        seen |= set(ids)
        active = [e.theme_id for e in registry.entries if e.status == "active"]
        assert sorted(active) == sorted(ids)
        gone = {i for i, e in before.items() if e.status == "active"} - set(ids)
        assert gone == {i for i, w in what(events) if w in ("retired", "merged")}
        again, same, none = run(groups, registry, number + 1)
        assert (same, none, again) == (ids, [], registry)


@settings(max_examples=40, deadline=None)
@given(PARTITION.filter(bool), st.integers(0, 99))
def test_a_continued_theme_keeps_its_id(groups: list[str], seed: int) -> None:
    one, ids, _ = run(groups, Registry(), 1)
    order = np.random.default_rng(seed).permutation(len(groups))
    grown = [groups[t] + "ABCDEFGH"[t] for t in order]
    _, again, _ = run(grown, one, 2)
    assert again == [ids[t] for t in order]
