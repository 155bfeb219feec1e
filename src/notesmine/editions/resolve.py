"""From what a user types to a snapshot: a release, a run of the state, or an output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from notesmine.editions.difference import Difference, compare
from notesmine.editions.freeze import FOLDER, RECORD, Edition
from notesmine.editions.snapshot import Snapshot, from_folder, from_items
from notesmine.errors import InputError
from notesmine.rulings import kept
from notesmine.store import Store, state_folder


def diff(a: str, b: str, *, out: Path, state: Path | None = None) -> Difference:
    """Compare two publications.

    Parameters
    ----------
    a, b : str
        Each the name of a release (``2025-q1`` or ``@2025-q1``), an output folder, or the id of
        a run (``R-...``). A release wins over a folder of the same name.
    out : pathlib.Path
        The output folder whose state and releases are looked into.
    state : pathlib.Path, optional

    Raises
    ------
    InputError
        If one of them is none of these.
    """
    home = state_folder(out, state)
    if not (home / "state.sqlite").is_file():
        return compare(*(_named(name, out, None) for name in (a, b)))
    with Store(home, write=False) as store:
        return compare(*(_named(name, out, store) for name in (a, b)))


def _named(name: str, out: Path, store: Store | None) -> Snapshot:
    wanted = name.removeprefix("@")
    found = _of_state(wanted, store) if store is not None else None
    if found is not None:
        return found
    copy = out / FOLDER / wanted
    plain = wanted not in {"", ".", ".."} and "/" not in wanted and "\\" not in wanted
    if plain and (copy / RECORD).is_file():
        return from_folder(copy, wanted)
    if not name.startswith("@") and (Path(name) / RECORD).is_file():
        snapshot = from_folder(Path(name), name)
        return _with_history(snapshot, store)
    raise InputError(
        f"{name!r} is no release, no output folder and no run known here",
        "Name a release (`notesmine release --list`), a folder that holds run.json, or a run id"
        f" (R-...); the state looked into belongs to {str(out)!r} (--outputs, --state).",
    )


def _of_state(name: str, store: Store) -> Snapshot | None:
    for known, body in store.editions().items():
        if known.casefold() == name.casefold():
            edition = msgspec.msgpack.decode(body, type=Edition)
            items = store.edition_items(known)
            return _with_rulings(from_items(known, edition.run, items, edition.before), store)
    runs = store.runs()
    for number, run in enumerate(runs):
        if run.run_id == name:
            items = store.shown_by(name)
            if not items:
                raise InputError(
                    f"the state no longer holds what the run {name} published",
                    "Compare its output folder, or a release made of it.",
                )
            return _with_rulings(from_items(name, run, items, runs[:number]), store)
    return None


def _with_rulings(snapshot: Snapshot, store: Store) -> Snapshot:
    """Add the decisions about all passages, which the state keeps of the newest run alone."""
    runs = store.runs()
    found = kept(store) if runs and runs[-1].run_id == snapshot.run.run_id else None
    if found is None:
        return snapshot
    return msgspec.structs.replace(snapshot, rulings={r.quote_id: r for r in found})


def _with_history(snapshot: Snapshot, store: Store | None) -> Snapshot:
    """Add the events of the runs before, where the state knows the folder's run."""
    runs: Sequence[str] = () if store is None else [r.run_id for r in store.runs()]
    if store is None or snapshot.run.run_id not in runs:
        return snapshot
    before = store.runs()[: runs.index(snapshot.run.run_id) + 1]
    history = tuple(e for r in before for e in r.events)
    return _with_rulings(msgspec.structs.replace(snapshot, history=history), store)
