"""The cells of an XLSX file from outside, after the checks that archives get everywhere here."""

from __future__ import annotations

import io
import sys
import warnings
import zipfile
from collections.abc import Iterator, Sequence

from notesmine.errors import InputError, ReadError
from notesmine.read.archive import Archive, refuse_doctype

MAX_ROWS = 100_000
HEAD_WITHIN = 20  # rows in which the header is looked for: people put a title above
LAST_ROW = MAX_ROWS + HEAD_WITHIN  # nothing below it can be among the rows that are taken
SHEET_END = 1_048_576  # rows of a worksheet, in every spreadsheet program
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

    The first row below `LAST_ROW` is the last one given, so that too many are noticed. Formulas
    come as they are written, beginning with ``=``; nothing is calculated.

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
                    sheet.iter_rows(max_row=sys.maxsize, max_col=MAX_COLUMNS, values_only=True), 1
                ):
                    if number > SHEET_END:
                        raise InputError(
                            f"{name} numbers its rows beyond {SHEET_END:,}, which no worksheet has",
                            "Open it in a spreadsheet program and save it again as XLSX.",
                        )
                    if row.count(None) == len(row):  # gaps may be a million rows long
                        continue
                    line = [None if v is None else str(v) for v in row]
                    if any(line):
                        rows.append((number, line))
                        if number > LAST_ROW:
                            break
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
