"""The corpus folder: which files are documents, and what ``metadata.csv`` says about them."""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import io
import os
import stat
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from notesmine.errors import ReadError, Unsupported
from notesmine.read import dates, detect
from notesmine.read.single import load
from notesmine.records import Problem

CHUNK = 1 << 20  # bytes hashed at a time
RUN_MB = 64  # a run.json larger than this is not taken for notesmine's
_STATE = ".notesmine"
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


class Rows(dict[str, dict[str, str]]):
    """Rows of ``metadata.csv`` by path; paths are the same if they are in NFC.

    ``numbers`` has the row that each came from, the header being row 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}

    def __setitem__(self, path: str, row: dict[str, str]) -> None:
        super().__setitem__(nfc(path), row)

    def __getitem__(self, path: str) -> dict[str, str]:
        return super().__getitem__(nfc(path))

    def __contains__(self, path: object) -> bool:
        return super().__contains__(nfc(path) if isinstance(path, str) else path)

    def get(self, path: str, default: Any = None, /) -> Any:
        """Return the row of a path, or the default."""
        return super().get(nfc(path), default)


class _RunMark(Struct):
    """What a ``run.json`` must have to be notesmine's."""

    run_id: str
    parent_state: str
    outputs: dict[str, str]


def nfc(path: str) -> str:
    """Return a path as it is compared: macOS writes é as two characters, others as one."""
    return unicodedata.normalize("NFC", path)


def _is_run(path: Path) -> bool:
    try:
        msgspec.json.decode(load(path, RUN_MB), type=_RunMark)
    except (ReadError, msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def _shown(name: str) -> str:
    """Return a name that can be written: bytes that are not UTF-8 as backslash escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


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
    path: Path,
    name: str,
    root: Path | None,
    template: Path | None,
    found: list[Found],
    skipped: list[Skipped],
) -> None:
    """Sort one directory entry into found or skipped."""
    if not _is_text(name):
        skipped.append(Skipped(name=_shown(name), reason="a file name that is not UTF-8"))
        return
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
        if template is not None and path.resolve() == template:
            skipped.append(Skipped(name=name, reason="the Word template"))
            return
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            skipped.append(Skipped(name=name, reason="not a regular file"))
            return
        found.append(Found(path=path, name=name, size=info.st_size, sha256=_hash(path)))
    except (OSError, RuntimeError) as error:
        cause = getattr(error, "strerror", None) or "a link without end"
        skipped.append(Skipped(name=name, reason=f"cannot be opened: {cause}"))


def _walk(
    root: Path,
    exclude: Collection[Path],
    template: Path | None,
    found: list[Found],
    skipped: list[Skipped],
) -> None:
    resolved = root.resolve()
    for folder, folders, files in os.walk(root, followlinks=False):
        here = Path(folder)
        if (
            here != root
            and {"run.json", "evidence.csv"} <= set(files)
            and _is_run(here / "run.json")
        ):
            folders.clear()  # the outputs of an earlier run
            continue
        keep: list[str] = []
        for name in folders:
            path = here / name
            relative = _shown(path.relative_to(root).as_posix())
            if name == _STATE or (exclude and path.resolve() in exclude):
                continue
            if name.startswith("."):
                skipped.append(Skipped(name=f"{relative}/", reason="hidden or temporary"))
            elif path.is_symlink():
                skipped.append(Skipped(name=f"{relative}/", reason="a linked folder"))
            else:
                keep.append(name)
        folders[:] = sorted(keep)
        for name in files:
            path = here / name
            _take(path, path.relative_to(root).as_posix(), resolved, template, found, skipped)


def find_files(
    corpus: Path | Sequence[Path], exclude: Sequence[Path] = (), template: Path | None = None
) -> tuple[list[Found], list[Skipped]]:
    """Find the files to read.

    Parameters
    ----------
    corpus : pathlib.Path or sequence of pathlib.Path
        A folder, a file, or several of either. Names are relative to their folder; a file given
        by itself is named without its folder.
    exclude : sequence of pathlib.Path
        Folders inside that are left out without a word, as are notesmine's own: ``.notesmine``
        and every sub-folder with the ``run.json`` and ``evidence.csv`` of a run.
    template : pathlib.Path, optional
        The Word file whose look the report takes: skipped, being no note.

    Returns
    -------
    tuple of (list of Found, list of Skipped)
        Both sorted by name. Hidden files, READMEs, licences and notesmine's own files are skipped,
        and so is what is no regular file, a link that leaves the corpus, or a file whose name is
        not UTF-8.
    """
    without = {path.resolve() for path in exclude}
    template = None if template is None else template.resolve()
    found: list[Found] = []
    skipped: list[Skipped] = []
    for path in [corpus] if isinstance(corpus, Path) else corpus:
        if path.is_dir():
            _walk(path, without, template, found, skipped)
        else:
            _take(path, path.name, None, template, found, skipped)
    return sorted(found, key=lambda f: (f.name, str(f.path))), sorted(skipped, key=lambda s: s.name)


def read_metadata(folder: Path) -> tuple[Rows, list[Problem]]:
    """Read ``metadata.csv``: path, date, organisation, meeting, title, quotable.

    Parameters
    ----------
    folder : pathlib.Path
        The corpus folder.

    Returns
    -------
    tuple of (Rows, list of Problem)
        Fields by relative path in NFC; unknown columns are kept under their own name. A row that
        cannot be used is a problem that names it, and the rest of the row still counts.
    """
    path = folder / "metadata.csv"
    rows = Rows()
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
        key = nfc(row.pop("path", "").replace("\\", "/").removeprefix("./"))
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
        rows.numbers[key] = number
    return rows, problems


def unmatched(rows: Mapping[str, Mapping[str, str]], found: Sequence[Found]) -> list[Problem]:
    """Return a problem for each row of ``metadata.csv`` whose path is none of the files found.

    Parameters
    ----------
    rows : mapping
        As `read_metadata` returns them; other mappings have no row numbers to name.
    found : sequence of Found
        All files of the corpus.

    Returns
    -------
    list of Problem
        With code ``metadata-unmatched``, in the order of the rows.
    """
    known = {nfc(item.name) for item in found}
    by_base: dict[str, str] = {}
    for item in found:
        by_base.setdefault(item.path.name.casefold(), item.name)
    numbers = rows.numbers if isinstance(rows, Rows) else {}
    problems: list[Problem] = []
    for path in rows:
        if nfc(path) in known:
            continue
        where = f"row {numbers[path]} ({path})" if path in numbers else path
        near = by_base.get(path.rsplit("/", 1)[-1].casefold())
        problems.append(
            Problem(
                code="metadata-unmatched",
                message=f"{where}: no document of the corpus has this path; the row has no effect",
                hint=f"Write {near}, if that is the one."
                if near
                else "Write the path as it is inside the corpus folder.",
                path="metadata.csv",
            )
        )
    return problems
