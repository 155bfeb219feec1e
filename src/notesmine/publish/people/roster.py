"""``people.csv``: who takes part, beside the notes; read with care, every fault a problem."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from notesmine.records import Problem

NAME = "people.csv"
COLUMNS = ("name", "aliases", "role", "organisation", "pseudonym")
TEMPLATE = ",".join(COLUMNS) + "\n"


class Member(Struct, frozen=True, kw_only=True):
    """A row: a name, other spellings, initials and handles, and how to show the person."""

    name: str
    aliases: tuple[str, ...] = ()
    role: str = ""
    organisation: str = ""
    pseudonym: str = ""


def read_roster(folder: Path) -> tuple[tuple[Member, ...], list[Problem]]:
    """Read ``people.csv`` of a corpus folder.

    Columns are ``name``, ``aliases`` (separated by semicolons: other spellings, initials,
    @handles, e-mail addresses), ``role``, ``organisation``, ``pseudonym``; only ``name`` is needed.

    Returns
    -------
    (members, problems)
        Rows without a name, unknown columns and an unreadable file are problems, never errors.
    """
    path = folder / NAME
    if not path.is_file():
        return (), []
    problems: list[Problem] = []

    def complain(message: str, hint: str) -> None:
        problems.append(Problem(code="people", message=message, hint=hint, path=NAME))

    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = (
            ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
        )
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        complain(f"{NAME} cannot be read: {error}", "Save it as CSV in UTF-8.")
        return (), problems
    if not lines:
        return (), []
    header = [cell.strip().lower() for cell in lines[0]]
    if "name" not in header:
        complain(
            f"{NAME} has no column `name` but {', '.join(header)}",
            f"The first row names the columns: {','.join(COLUMNS)}",
        )
        return (), problems
    for column in header:
        if column not in COLUMNS:
            complain(f"{NAME}: the column {column!r} is not known", "It has no effect.")
    members = []
    for number, cells in enumerate(lines[1:], 2):
        row = dict(zip(header, (c.strip() for c in cells), strict=False))
        if not any(row.values()):
            continue
        if not row.get("name"):
            complain(f"{NAME}, row {number} has no name", "Write the full name of the person.")
            continue
        members.append(_member(row))
    return tuple(members), problems


def _member(row: dict[str, str]) -> Member:
    aliases: Sequence[str] = row.get("aliases", "").replace("|", ";").split(";")
    return Member(
        name=row["name"],
        aliases=tuple(a.strip() for a in aliases if a.strip()),
        role=row.get("role", ""),
        organisation=row.get("organisation", ""),
        pseudonym=row.get("pseudonym", ""),
    )
