"""Take back what people corrected in another program: shown first, then written as decisions."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from notesmine.errors import InputError, StateError
from notesmine.exchange import fromqda, fromsheet
from notesmine.exchange.amend import decided, decisions_file
from notesmine.exchange.changes import Author, Changes
from notesmine.exchange.decision import Decision, add_decisions, from_rows, read_decisions
from notesmine.exchange.foreign import read_project
from notesmine.exchange.lock import locked
from notesmine.exchange.names import hider
from notesmine.exchange.project import Project, load_project
from notesmine.exchange.qdpx import MACHINE
from notesmine.store import Store, state_folder

MAX_BYTES = 400 << 20


class Imported(Struct, frozen=True, kw_only=True):
    """What an import found, and the file in which its decisions are written."""

    changes: Changes
    file: Path


def compare_file(
    file: Path,
    out: Path,
    *,
    state: Path | None = None,
    corpus: Path | None = None,
    who: str = "",
    when: str = "",
) -> Imported:
    """Return what people changed in a file, without taking it.

    Parameters
    ----------
    file : pathlib.Path
        A ``.qdpx`` or ``.xlsx`` that `export` wrote and another program changed.
    out : pathlib.Path
        The output folder that it was exported from.
    state : pathlib.Path, optional
    corpus : pathlib.Path, optional
        Where the notes are, when not where the last run read them.
    who : str
        Who decided, where the file does not say.
    when : str
        The day of decisions that the file does not date.

    Raises
    ------
    InputError
        If the file cannot be read, is not safe, has nothing to do with these notes, or does not
        say who decided and ``who`` does not either.
    StateError
        If there is no finished run to compare with.
    """
    data = _data(file)
    home = state_folder(out, state)
    with Store(home, write=False) as store:
        folder = corpus or corpus_of(store, "import FILE")
        path = decisions_file(folder)
        taken = _taken(path, store)
        hides = (hider(store, with_names=False), hider(store, with_names=True))
        if file.suffix.casefold() == ".qdpx":
            foreign = read_project(data, file.name)
            people = [p for p in foreign.people if p.casefold() != MACHINE]
            alone = people[0] if len(people) == 1 else ""
            author = Author(who=who or alone, when=when)
            project = _project(store, foreign.run_id)
            changes = fromqda.compare(foreign, project, author, hides, taken)
        else:
            tables, run_id = fromsheet.read_workbook(data, file.name)
            project = _project(store, run_id)
            author = Author(who=who, when=when)
            changes = fromsheet.compare(tables, file.name, project, author, hides, taken)
    if any(not d.who for d in changes.fresh):
        raise InputError(
            f"{file.name} does not say who made {sum(not d.who for d in changes.fresh)} of its"
            " changes",
            "Say so: notesmine import FILE --who NAME",
        )
    return Imported(changes=changes, file=path)


def take(found: Imported, out: Path, *, state: Path | None = None) -> None:
    """Write the decisions of an import into ``decisions.toml`` and the state.

    Raises
    ------
    StateError
        If a run is working with the state, or somebody else writes the file.
    OutputError
        If the file cannot be written.
    """
    if not found.changes.fresh:
        return
    with Store(state_folder(out, state)) as store, locked(found.file):
        if not found.file.is_file():
            kept = _taken(found.file, store)
            if kept:
                add_decisions(found.file, kept)
        add_decisions(found.file, found.changes.fresh)
        with store.transaction():
            store.keep_decisions(decided(read_decisions(found.file)).rows())


def _data(file: Path) -> bytes:
    if file.suffix.casefold() not in {".qdpx", ".xlsx"}:
        raise InputError(
            f"{file.name}: only .qdpx and .xlsx files come back",
            "Export from your program as a REFI-QDA project (.qdpx), or save the sheet as .xlsx.",
        )
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file.name} has more than {MAX_BYTES >> 20} MiB", "Export it anew.")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}", "Check it.") from error


def corpus_of(store: Store, command: str) -> Path:
    """Return where the last run read the notes.

    Raises
    ------
    InputError
        If they are not there; ``command`` is told with the option to name the place.
    """
    kept = store.blob("corpus")
    folder = Path(kept.decode()) if kept else None
    if folder is None or not folder.exists():
        raise InputError(
            "the notes are not where the last run read them",
            f"Say where they are: notesmine {command} --corpus FOLDER",
        )
    return folder


def _taken(path: Path, store: Store) -> Sequence[Decision]:
    if path.is_file():
        return read_decisions(path)
    return from_rows(store.decisions())


def _project(store: Store, run_id: str) -> Project:
    """Return the run that a file came from; the newest where it does not say or is not kept."""
    if run_id:
        with contextlib.suppress(StateError):
            return load_project(store, run_id, names=True)
    return load_project(store, names=True)
