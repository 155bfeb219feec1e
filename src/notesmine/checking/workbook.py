"""The cells of an XLSX file from outside, after the checks that archives get everywhere here."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence

from notesmine.errors import InputError, ReadError
from notesmine.read.archive import Archive, refuse_doctype

MAX_ROWS = 100_001  # one more than is taken, so that too many are noticed
MAX_COLUMNS = 40
MAX_UNPACKED = 200 << 20  # bytes of all parts together
#: What openpyxl raises on parts that are not what they should be.
BROKEN = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError,
    zipfile.BadZipFile, NotImplementedError, RecursionError,
)  # fmt: skip

Cells = Sequence[str | None]


def cells(data: bytes, name: str) -> Iterator[list[tuple[int, Cells]]]:
    """Give for each visible worksheet its rows: (number as in the program, cells as text).

    Formulas come as they are written, beginning with ``=``; nothing is calculated.

    Raises
    ------
    InputError
        If the file is no workbook, damaged, encrypted, or expands as only a bomb does.
    """
    _check(data, name)
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of extensions it does not know, which do not matter here
        try:
            book = load_workbook(
                io.BytesIO(data), read_only=True, data_only=False, keep_links=False
            )
            for sheet in book.worksheets:
                if sheet.sheet_state != "visible":
                    continue
                rows: list[tuple[int, Cells]] = []
                for number, row in enumerate(
                    sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True), 1
                ):
                    line = [None if v is None else str(v) for v in row]
                    if any(line):
                        rows.append((number, line))
                yield rows
        except BROKEN as error:
            raise InputError(
                f"{name} cannot be read as a workbook: {str(error)[:200]}",
                "Open it in a spreadsheet program and save it again as XLSX, or as CSV.",
            ) from error


def _check(data: bytes, name: str) -> None:
    """Raise unless the archive is sound, small enough unpacked, and free of document types."""
    try:
        archive = Archive(data)
        total = sum(info.file_size for info in archive.names.values())
        if total > MAX_UNPACKED:
            raise InputError(
                f"{name} unpacks to {total >> 20} MiB", "No coding sheet is as large; is it one?"
            )
        for part in archive.names:
            if part.casefold().endswith((".xml", ".rels", ".vml")):
                refuse_doctype(archive.read(part))
    except ReadError as error:
        raise InputError(
            f"{name}: {error.message}", error.hint or "Save the workbook again."
        ) from error
