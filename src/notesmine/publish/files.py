"""Files replaced one by one through temporary files."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from notesmine.errors import OutputError


def replace_file(folder: Path, name: str, data: bytes) -> str:
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
    temporary = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, target)  # noqa: PTH105 - the atomic one on every system
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}",
            "Close the file if it is open in another program, or choose another folder with -o.",
        ) from error
    return hashlib.sha256(data).hexdigest()
