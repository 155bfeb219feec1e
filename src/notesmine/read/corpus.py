"""The corpus folder: which files are documents, and what ``metadata.csv`` says about them."""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from notesmine.errors import Unsupported
from notesmine.read import dates, detect
from notesmine.records import Problem

CHUNK = 1 << 20  # bytes hashed at a time
_CONTROL = {
    "metadata.csv": "metadata about the documents",
    "people.csv": "a list of people",
    "notesmine.toml": "settings",
    "codebook.toml": "the codebook",
    "decisions.toml": "people's decisions",
}
FIELDS = ("path", "date", "organisation", "meeting", "title", "quotable")
_SPELLINGS = {"organization": "organisation", "file": "path", "filename": "path", "name": "path"}


class Found(Struct, frozen=True, kw_only=True):
    """A file to read: where it is, what it is called, and the identity of its content."""

    path: Path
    name: str
    size: int
    sha256: str


class Skipped(Struct, frozen=True, kw_only=True):
    """A file that is no document, and why."""

    name: str
    reason: str


def _why_skipped(base: str) -> str:
    lower = base.lower()
    if base.startswith((".", "~$")):
        return "hidden or temporary"
    if lower in _CONTROL:
        return _CONTROL[lower]
    if fnmatch.fnmatch(lower, "readme*"):
        return "a README"
    if fnmatch.fnmatch(lower, "licen[sc]e*"):
        return "a licence"
    return ""


def _hash(path: Path) -> str:
    state = hashlib.sha256()
    # O_NONBLOCK: a pipe that took the file's place must not block.
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as stream:
        while chunk := stream.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _take(
    path: Path, name: str, root: Path | None, found: list[Found], skipped: list[Skipped]
) -> None:
    """Sort one directory entry into found or skipped."""
    reason = _why_skipped(path.name)
    if reason:
        skipped.append(Skipped(name=name, reason=reason))
        return
    try:
        if path.is_symlink():
            target = path.resolve(strict=True)
            if root is not None and not target.is_relative_to(root):
                skipped.append(Skipped(name=name, reason="a link that leaves the corpus"))
                return
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            skipped.append(Skipped(name=name, reason="not a regular file"))
            return
        found.append(Found(path=path, name=name, size=info.st_size, sha256=_hash(path)))
    except (OSError, RuntimeError) as error:
        cause = getattr(error, "strerror", None) or "a link without end"
        skipped.append(Skipped(name=name, reason=f"cannot be opened: {cause}"))


def _walk(root: Path, found: list[Found], skipped: list[Skipped]) -> None:
    resolved = root.resolve()
    for folder, folders, files in os.walk(root, followlinks=False):
        here = Path(folder)
        keep: list[str] = []
        for name in folders:
            path = here / name
            if name.startswith("."):
                relative = path.relative_to(root).as_posix()
                skipped.append(Skipped(name=f"{relative}/", reason="hidden or temporary"))
            elif path.is_symlink():
                relative = path.relative_to(root).as_posix()
                skipped.append(Skipped(name=f"{relative}/", reason="a linked folder"))
            else:
                keep.append(name)
        folders[:] = sorted(keep)
        for name in files:
            path = here / name
            _take(path, path.relative_to(root).as_posix(), resolved, found, skipped)


def find_files(corpus: Path | Sequence[Path]) -> tuple[list[Found], list[Skipped]]:
    """Find the files to read.

    Parameters
    ----------
    corpus : pathlib.Path or sequence of pathlib.Path
        A folder, a file, or several of either. Names are relative to their folder; a file given
        by itself is named without its folder.

    Returns
    -------
    tuple of (list of Found, list of Skipped)
        Both sorted by name. Hidden files, READMEs, licences and notesmine's own files are skipped,
        and so is what is no regular file or a link that leaves the corpus.
    """
    found: list[Found] = []
    skipped: list[Skipped] = []
    for path in [corpus] if isinstance(corpus, Path) else corpus:
        if path.is_dir():
            _walk(path, found, skipped)
        else:
            _take(path, path.name, None, found, skipped)
    return sorted(found, key=lambda f: (f.name, str(f.path))), sorted(skipped, key=lambda s: s.name)


def read_metadata(folder: Path) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Read ``metadata.csv``: path, date, organisation, meeting, title, quotable.

    Parameters
    ----------
    folder : pathlib.Path
        The corpus folder.

    Returns
    -------
    tuple of (dict, list of Problem)
        Fields by relative path; unknown columns are kept under their own name. A row that cannot
        be used is a problem that names it, and the rest of the row still counts.
    """
    path = folder / "metadata.csv"
    rows: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []

    def complain(message: str, hint: str) -> None:
        problems.append(Problem(code="metadata", message=message, hint=hint, path="metadata.csv"))

    if not path.is_file():
        return rows, problems
    try:
        text = detect.decode(path.read_bytes())[0]
        lines = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=lines.count)
        reader = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except (OSError, csv.Error, Unsupported) as error:
        complain(f"metadata.csv cannot be read: {error}", "Save it as CSV in UTF-8.")
        return rows, problems
    if not reader:
        return rows, problems
    names = [c.strip().lower() for c in reader[0]]
    columns = [_SPELLINGS.get(c, c) for c in names]
    if "path" not in columns:
        complain(
            f"metadata.csv has no column `path` but {', '.join(names)}",
            f"Its first row should read {','.join(FIELDS)}.",
        )
        return rows, problems
    for number, cells in enumerate(reader[1:], 2):
        if not any(c.strip() for c in cells):
            continue
        row = {k: v.strip() for k, v in zip(columns, cells, strict=False) if k}
        key = row.pop("path", "").replace("\\", "/").removeprefix("./")
        if not key:
            complain(f"row {number} names no path", "Name the file, relative to the corpus folder.")
            continue
        if row.get("date"):
            day = dates.parse_iso(row["date"])
            if day is None:
                complain(f"row {number} ({key}): {row['date']!r} is no date", "Write YYYY-MM-DD.")
                row.pop("date")
            else:
                row["date"] = day
        if row.get("quotable", "").lower() not in {
            "",
            "yes",
            "no",
            "y",
            "n",
            "true",
            "false",
            "0",
            "1",
        }:
            complain(f"row {number} ({key}): quotable is {row['quotable']!r}", "Write yes or no.")
            row["quotable"] = "no"  # the careful reading of what cannot be understood
        if key in rows:
            complain(f"row {number} repeats {key}; the last row counts", "Remove one of the rows.")
        rows[key] = row
    return rows, problems
