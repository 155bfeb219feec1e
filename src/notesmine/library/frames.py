"""Rows to typed frames, the same whatever version of pandas is installed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesmine.errors import InputError
from notesmine.library.columns import FRAMES, INDEX, Column, Type

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]


def frame(call: str, rows: Iterable[Row], more: Sequence[Column] = ()) -> pd.DataFrame:
    """Return rows as the frame of a call, with the columns and types of `FRAMES`.

    Parameters
    ----------
    call : str
        A key of `FRAMES`.
    rows : iterable of mapping
        None and the empty string are missing; a column that no row has is missing throughout.
    more : sequence of Column
        Columns beside those of `FRAMES`.
    """
    import pandas as pd

    listed = list(rows)
    columns = {
        c.name: _series([row.get(c.name) for row in listed], c.dtype)
        for c in (*FRAMES[call], *more)
    }
    made = pd.DataFrame(columns)
    key = INDEX.get(call)
    if key is None:
        return made
    made.index = pd.Index(made[key], name=key)
    return made


def _series(values: Sequence[Any], dtype: Type) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    if dtype == "datetime64[s]":
        days = [value or "NaT" for value in values]
        return pd.Series(np.array(days, dtype="datetime64[s]"))
    plain = [None if value is None or value == "" else value for value in values]
    if dtype in {"int64", "bool"}:
        return pd.Series(plain, dtype=dtype)
    if dtype == "string":
        return pd.Series([None if v is None else str(v) for v in plain], dtype="string")
    numbers = pd.Series([None if v is None else float(v) for v in plain], dtype="float64")
    return numbers.astype("Int64") if dtype == "Int64" else numbers


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a published CSV file, cell by cell as text.

    Raises
    ------
    InputError
        If it is not there, or is no table.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{str(folder / name)!r} cannot be read: {error}",
            "Name the whole output folder of a run, or run `notesmine run` again.",
        ) from error
