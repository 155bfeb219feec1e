"""``run.json``: the record of a run, written last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from notesmine.errors import InputError
from notesmine.publish.files import replace_file
from notesmine.records import Document, Run

NAME = "run.json"


def input_rows(documents: Iterable[Document]) -> tuple[dict[str, object], ...]:
    """Return the rows of ``Run.inputs``: what `verify` needs to find each source again."""
    return tuple(
        {
            "doc_id": d.doc_id,
            "paths": sorted(d.paths),
            "sha256": d.sha256,
            "format": d.format,
            "status": d.status,
        }
        for d in sorted(documents, key=lambda d: d.doc_id)
    )


def write_run(out: Path, run: Run) -> str:
    """Write ``run.json`` and return its SHA-256; call it when every other file is there."""
    return replace_file(out, NAME, _body(run))


def _body(run: Run) -> bytes:
    return msgspec.json.format(msgspec.json.encode(run, order="deterministic"), indent=2) + b"\n"


def read_run(out: Path) -> Run:
    """Read ``run.json`` of an output folder.

    Raises
    ------
    InputError
        If it is not there, or not what this version wrote.
    """
    path = out / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read", "Name the folder that `notesmine run` wrote."
        ) from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{path} is not a run record: {error}", "Run `notesmine run` again."
        ) from error


def outputs_of(out: Path) -> dict[str, str]:
    """Return the files and hashes that the last run left in a folder; none where none did."""
    try:
        return read_run(out).outputs
    except InputError:
        return {}


def intact(out: Path, run: Run) -> bool:
    """Tell whether a folder still holds exactly what a run wrote, its record included."""
    try:
        if read_run(out).run_id != run.run_id:
            return False
        return all(
            hashlib.sha256((out / name).read_bytes()).hexdigest() == sha
            for name, sha in run.outputs.items()
        )
    except (InputError, OSError):
        return False
