"""Editions: the outputs of one run, frozen under a name, in the state and as a copy of the files.

The copy is written to a temporary folder and renamed, the state comes last: an edition that the
state knows is whole. What it shows is copied too, so that nothing that is pruned later is missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine.errors import InputError, NothingToRead, OutputError
from notesmine.publish import read_run
from notesmine.records import Run
from notesmine.store import Store, state_folder

FOLDER = "releases"
RECORD = "run.json"
LONGEST_NAME = 64
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: Names that Windows keeps for devices, whatever their ending.
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
)


def made_by(outputs: Path) -> Path:
    """Return the output folder that a folder is a release of; any other folder as it is."""
    return outputs.parent.parent if outputs.parent.name == FOLDER else outputs


class Edition(Struct, frozen=True, kw_only=True):
    """A frozen run: ``files`` maps each published file to its SHA-256, ``run.json`` included.

    ``before`` holds the earlier runs without their inputs and problems: their events are the
    history of the themes up to this edition.
    """

    name: str
    run: Run
    files: dict[str, str]
    before: tuple[Run, ...] = ()


class Released(Struct, frozen=True, kw_only=True):
    """What `release` did: ``new`` is False where the same edition was there already."""

    edition: Edition
    folder: Path
    new: bool


def check_name(name: str) -> str:
    """Return a name that is fit for an edition and for a folder on every system.

    Raises
    ------
    InputError
        If it is not.

    Examples
    --------
    >>> check_name("2025-q1")
    '2025-q1'
    """
    plain = NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME
    device = name.partition(".")[0].casefold() in RESERVED
    if not plain or device or name.endswith(".") or ".." in name:
        why = "Windows keeps this name for itself" if device else "not a name for a release"
        raise InputError(
            f"{name[:80]!r}: {why}",
            "Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit:"
            f" 2025-q1, board.2025 (at most {LONGEST_NAME} characters).",
        )
    return name


def release(name: str, out: Path, *, state: Path | None = None) -> Released:
    """Freeze the outputs that stand in a folder under a name.

    Parameters
    ----------
    name : str
    out : pathlib.Path
        The output folder of a finished run; the copy goes to ``out/releases/name``.
    state : pathlib.Path, optional

    Returns
    -------
    Released

    Raises
    ------
    InputError
        If the name is not fit, or stands for other outputs already.
    NothingToRead
        If the folder holds no report.
    OutputError
        If the outputs were changed since the run, or the copy cannot be written.
    StateError
        If there is no state, or it is in use.
    """
    check_name(name)
    if not (out / RECORD).is_file():
        raise NothingToRead(
            f"{str(out)!r} holds no report (run.json is missing)",
            "Run `notesmine run` first, or name its output folder with -o.",
        )
    home = state_folder(out, state)
    Store(home, write=False).close()  # a missing state is an error here, never a new one
    with Store(home) as store:
        run = _current(store, out)
        files = {**run.outputs, RECORD: _record_hash(out)}
        contents = _contents(out, files)
        edition = Edition(name=name, run=run, files=files, before=_before(store.runs(), run))
        known = _known(store, name)
        if known is not None and known.files != files:
            raise InputError(
                f"the release {known.name!r} is there already, with other outputs"
                f" (run {known.run.run_id}, {len(known.run.inputs)} documents)",
                "A release never changes. Choose another name; `notesmine release --list` shows"
                " those taken.",
            )
        folder = out / FOLDER / (known.name if known else name)
        _copy(folder, contents)
        if known is None:
            store.keep_edition(
                name, msgspec.msgpack.encode(edition), store.shown_by(run.run_id).items()
            )
    return Released(edition=known or edition, folder=folder, new=known is None)


def editions(store: Store) -> list[Edition]:
    """Return the editions of a state, oldest first."""
    return [msgspec.msgpack.decode(body, type=Edition) for body in store.editions().values()]


def find_edition(store: Store, name: str) -> Edition:
    """Return an edition by its name; capitals do not matter.

    Raises
    ------
    InputError
        If there is none of that name; the hint lists those there are.
    """
    found = _known(store, name)
    if found is None:
        names = ", ".join(store.editions())
        raise InputError(
            f"there is no release {name!r} here",
            f"Releases: {names}." if names else "Make one: notesmine release NAME",
        )
    return found


def listed(out: Path, *, state: Path | None = None) -> list[str]:
    """Return a line for each edition: name, run, newest note, documents, themes, where it is."""
    with Store(state_folder(out, state), write=False) as store:
        found = editions(store)
    if not found:
        return ["No release yet. Make one of the current outputs: notesmine release NAME"]
    width = max(len(e.name) for e in found)
    lines = []
    for edition in found:
        folder = out / FOLDER / edition.name
        place = f"{folder}" if folder.is_dir() else "copy deleted; ids still resolve"
        lines.append(
            f"{edition.name:{width}}  {edition.run.run_id}  notes to"
            f" {edition.run.report_date or 'undated'}  {len(edition.run.inputs)} documents"
            f"  {len(edition.files)} files  {place}"
        )
    return lines


def _known(store: Store, name: str) -> Edition | None:
    wanted = name.casefold()  # the copies lie in folders, and Windows knows no capitals there
    for known, body in store.editions().items():
        if known.casefold() == wanted:
            return msgspec.msgpack.decode(body, type=Edition)
    return None


def _current(store: Store, out: Path) -> Run:
    """Return the state's record of the run whose outputs stand in a folder, unchanged."""
    run = read_run(out)
    kept = next((r for r in store.runs() if r.run_id == run.run_id), None)
    if kept is None:
        raise InputError(
            f"the state does not know the run {run.run_id} in {str(out)!r}",
            "Name the state that belongs to these outputs with --state, or run `notesmine run`"
            " again.",
        )
    if kept != run:
        raise OutputError(
            f"{str(out / RECORD)!r} was changed since the run",
            "Run `notesmine run` again: it writes the outputs anew; then release.",
        )
    return kept


def _record_hash(out: Path) -> str:
    return hashlib.sha256((out / RECORD).read_bytes()).hexdigest()


def _contents(out: Path, files: dict[str, str]) -> dict[str, bytes]:
    """Read the published files; what is copied is what was checked."""
    contents, changed = {}, []
    for name, sha in files.items():
        try:
            data = (out / name).read_bytes()
        except OSError:
            changed.append(f"{name} (missing)")
            continue
        if hashlib.sha256(data).hexdigest() != sha:
            changed.append(f"{name} (changed)")
        contents[name] = data
    if changed:
        raise OutputError(
            f"the outputs in {str(out)!r} are not what the run wrote: {', '.join(changed)}",
            "Move your own version elsewhere and run `notesmine run` again: it writes the outputs"
            " anew; then release.",
        )
    return contents


def _before(runs: Sequence[Run], run: Run) -> tuple[Run, ...]:
    earlier = []
    for other in runs:
        if other.run_id == run.run_id:
            break
        slim = msgspec.structs.replace(
            other, inputs=(), skipped=(), problems=(), counts={}, settings={}, versions={}
        )
        earlier.append(slim)
    return tuple(earlier)


def _copy(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the copy; one that is there must be the same, and one half written is replaced.

    Raises
    ------
    OutputError
        If another folder stands in the way, or the copy cannot be written.
    """
    if folder.exists():
        if _same(folder, contents):
            return
        raise OutputError(
            f"{str(folder)!r} is there and holds other files than this release",
            "Move it away; `notesmine release` then writes the copy anew.",
        )
    part = folder.with_name(f".{folder.name}.part")
    try:
        if part.exists():
            shutil.rmtree(part)
        for name, data in contents.items():
            target = part / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        part.rename(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(part)
        raise OutputError(
            f"{str(folder)!r} cannot be written: {error.strerror or error}",
            "Check free space and rights, and that no file there is open in another program.",
        ) from error


def _same(folder: Path, contents: dict[str, bytes]) -> bool:
    """Whether a folder holds these files with these bytes (others beside them do not matter)."""
    try:
        return all((folder / name).read_bytes() == data for name, data in contents.items())
    except OSError:
        return False
