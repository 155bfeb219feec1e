"""Files replaced one by one through temporary files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from notesmine.errors import OutputError

#: What to do about a file that cannot be written.
HINT = "Close the file if it is open in another program, or choose another folder with -o."
#: Seconds before each further try, where a virus scanner holds a file for a moment.
PAUSES = (0.05, 0.2, 0.5)


def replace_file(folder: Path, name: str, data: bytes, *, hint: str = HINT) -> str:
    """Write a file so that a reader sees the old one or the new one, never a half.

    Returns
    -------
    str
        SHA-256 of what was written.

    Raises
    ------
    OutputError
        If the file cannot be written, for one because another program holds it open.
    """
    target = folder / name
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}",
            hint,
        ) from error
    return hashlib.sha256(data).hexdigest()


def _replace(temporary: Path, target: Path) -> None:
    for pause in (*PAUSES, None):
        try:
            os.replace(temporary, target)  # noqa: PTH105 - the atomic one on every system
        except PermissionError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def remove_stale(folder: Path, files: Mapping[str, str]) -> None:
    """Remove files of an earlier run that are still as it wrote them, and folders left empty.

    ``files`` maps names to SHA-256. What somebody has changed since, or what lies outside the
    folder, stays; so does what cannot be removed, since nothing depends on its absence.
    """
    base = folder.resolve()
    for name, sha in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(base) or path.resolve() == base:
            continue
        with contextlib.suppress(OSError):
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha:
                path.unlink()
                if path.parent.resolve() != base:
                    path.parent.rmdir()  # refused where something else is in it
