"""Where what a run read is now: its record, its state, its notes by their hashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine import origin, read
from notesmine.editions.freeze import made_by
from notesmine.errors import InputError, NothingToRead, StateError
from notesmine.origin import Origin
from notesmine.read.corpus import nfc
from notesmine.records import Run
from notesmine.store import Store, state_folder

SHOWN = 5  # names listed in an error


class Parent(Struct, frozen=True, kw_only=True):
    """The state that a run started from, as far as it bears on what the run gives."""

    registry: bytes = b""
    people: bytes | None = None


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a run.

    ``asked`` is the record in the manifest, ``told`` the one that the state kept, the same unless
    someone edited the manifest. ``origin`` is None where no state knows what it started from.
    """

    asked: Run
    told: Run
    origin: Origin | None
    parent: Parent
    corpus: Path | None
    outputs: Path


class Note(Struct, frozen=True, kw_only=True):
    """A document of the run: what it was called, its hash then, where it is and its hash now."""

    path: str
    sha256: str
    source: Path
    now: str

    @property
    def changed(self) -> bool:
        """Whether only a file of the same name, with other content, was found."""
        return self.sha256 != self.now


def read_manifest(path: Path) -> Run:
    """Read a ``run.json``, or the one in a folder.

    Raises
    ------
    InputError
        If it is none.
    """
    file = path / "run.json" if path.is_dir() else path
    try:
        return msgspec.json.decode(file.read_bytes(), type=Run)
    except OSError as error:
        raise InputError(
            f"{str(file)!r} cannot be read: {error.strerror}",
            "Name the run.json in the output folder of a run.",
        ) from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{str(file)!r} is no record of a run: {error}",
            "Name the run.json in the output folder of a run.",
        ) from error


def know(manifest: Path, state: Path | None = None) -> Known:
    """Return what the manifest and the state beside it know of a run.

    Parameters
    ----------
    manifest : pathlib.Path
    state : pathlib.Path, optional
        The state folder, or a backup of it; beside the outputs by default.

    Raises
    ------
    InputError
        If the manifest is none.
    StateError
        If the run started from a state that is not here.
    """
    asked = read_manifest(manifest)
    outputs = made_by((manifest if manifest.is_dir() else manifest.parent).absolute())
    home = state_folder(outputs, state)
    told, started, parent, corpus = asked, None, None, None
    if (home / "state.sqlite").is_file():
        with Store(home, write=False) as store:
            told = next((r for r in store.runs() if r.run_id == asked.run_id), asked)
            started = origin.kept(store, asked.run_id)
            remembered = (store.blob("corpus") or b"").decode()
            corpus = Path(remembered) if remembered else None
            now = Parent(registry=store.blob("registry") or b"", people=store.blob("people"))
        if started is not None:
            parent = Parent(registry=started.registry, people=started.people)
        elif origin.parent_hash(now.registry, now.people) == asked.parent_state:
            parent = now
    elif state is not None:
        raise StateError(f"no state in {state}", "Name the state folder: .notesmine/NAME.")
    if parent is None and asked.parent_state:
        raise StateError(
            f"the run {asked.run_id} started from an earlier state ({asked.parent_state[:12]}…)"
            " that is not here",
            f"Name the state folder of these outputs, or a backup of it, with --state: {home} "
            + ("does not know the run." if corpus else "is not there."),
        )
    return Known(
        asked=asked,
        told=told,
        origin=started,
        parent=parent or Parent(),
        corpus=corpus,
        outputs=outputs,
    )


def find_corpus(known: Known, named: Path | None) -> Path:
    """Return where the notes are: as named, as remembered, else beside the outputs.

    Raises
    ------
    NothingToRead
        If they are nowhere.
    """
    name = known.origin.corpus if known.origin else known.asked.corpus
    beside = known.outputs.parent / name
    for place in (named,) if named else (known.corpus, beside, Path(name)):
        if place is not None and place.exists():
            return place.absolute()
    where = f"{str(named)!r} does not exist" if named else f"the notes ({name!r}) are not here"
    raise NothingToRead(where, "Name their folder: notesmine run FOLDER --manifest run.json")


def find_notes(known: Known, corpus: Path) -> list[Note]:
    """Find the documents of a run by their hashes, wherever in the folder they lie now.

    Raises
    ------
    InputError
        If one is gone.
    """
    wanted = (
        list(known.origin.notes)
        if known.origin
        else [(str(p), str(i["sha256"])) for i in known.asked.inputs for p in _paths(i)]
    )
    there, _ = read.find_files(corpus, exclude=(known.outputs,))
    by_name = {nfc(f.name): f for f in there}
    by_hash = {f.sha256: f for f in reversed(there)}
    notes, gone = [], []
    for path, sha256 in wanted:
        same = by_name.get(nfc(path))
        found = same if same is not None and same.sha256 == sha256 else by_hash.get(sha256, same)
        if found is None:
            gone.append(path)
            continue
        # A name that is masked in the manifest is told by the file that has its content.
        called = path if known.origin or same else found.name
        notes.append(Note(path=called, sha256=sha256, source=found.path, now=found.sha256))
    if gone:
        listed = ", ".join(repr(p) for p in gone[:SHOWN]) + (" and others" if gone[SHOWN:] else "")
        raise InputError(
            f"{len(gone)} of the {len(wanted)} documents of the run are not in {corpus.name!r},"
            f" under no name: {listed}",
            "Put them back (any name will do, they are known by their SHA-256 in run.json), or name"
            " the folder that holds them: notesmine run FOLDER --manifest run.json",
        )
    return notes


def _paths(row: dict[str, object]) -> Sequence[str]:
    paths = row.get("paths")
    return [str(p) for p in paths] if isinstance(paths, (list, tuple)) else []
