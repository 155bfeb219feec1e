"""Read filled-in sheets: XLSX, CSV or JSONL from outside, trusted in nothing.

What cannot be taken is listed with its row and left out, never dropped silently; a file that is
none at all is an error.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from notesmine.checking.guide import NONE
from notesmine.checking.workbook import Cells, cells
from notesmine.errors import InputError
from notesmine.records import KINDS, Problem

MAX_BYTES = 50 << 20  # a sheet of 100,000 passages has about 20 MiB
MAX_ROWS = 100_000
HEAD_WITHIN = 20  # rows in which the header is looked for: people put a title above
#: Columns that are read, by the names they may have.
COLUMNS = {
    "id": ("id", "row_id"),
    "kind": ("kind",),
    "code": ("code", "codes"),
    "coder": ("coder", "initials"),
    "text": ("text",),
}
EMPTY = frozenset({NONE, "-", "n/a", "no code"})


class Answer(Struct, frozen=True, kw_only=True):
    """What a person said of a passage; ``kind`` is None where it was left empty or not known."""

    row_id: str
    kind: str | None
    codes: tuple[str, ...]
    text: str = ""


class Answers(Struct, frozen=True, kw_only=True):
    """A filled-in sheet. ``empty`` counts rows without a kind; ``coders`` are the initials."""

    name: str
    rows: dict[str, Answer]
    problems: tuple[Problem, ...]
    empty: int
    coders: tuple[str, ...] = ()


def read_answers(path: Path, codes: Sequence[tuple[str, str]]) -> Answers:
    """Read a filled-in sheet.

    Parameters
    ----------
    path : pathlib.Path
        ``.xlsx``, ``.csv`` or ``.jsonl``, with columns (or keys) id, kind and code.
    codes : sequence of (id, name)
        Codes that may be used, by either; names are taken too.

    Returns
    -------
    Answers

    Raises
    ------
    InputError
        If the file cannot be read, or has no column ``id`` or ``kind``.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read: {error.strerror}", "Check the spelling of the path."
        ) from error
    if data is None:
        raise InputError(
            f"{path.name} has more than {MAX_BYTES >> 20} MiB", "Is this the filled-in sheet?"
        )
    suffix = path.suffix.casefold()
    tables: Iterable[Sequence[tuple[int, Cells]]]
    if suffix in {".xlsx", ".xlsm"}:
        tables = cells(data, path.name)
    elif suffix in {".jsonl", ".ndjson"}:
        tables = [list(_jsonl(data, path.name))]
    elif suffix in {".csv", ".tsv", ".txt"}:
        tables = [list(_csv(data, path.name))]
    else:
        raise InputError(
            f"{path.name} is no sheet that can be read",
            "Save it as XLSX, CSV (comma, semicolon or tab) or JSONL.",
        )
    for table in tables:  # of a workbook, the first sheet that has the columns counts
        found = _header(table)
        if found is not None:
            return _taken(table[found[0] + 1 :], found[1], path.name, _vocabulary(codes))
    raise InputError(
        f"{path.name} has no header with the columns id and kind",
        "Use the sheet that `notesmine sample` wrote, or give a table these columns and code.",
    )


def _vocabulary(codes: Sequence[tuple[str, str]]) -> dict[str, str]:
    known = {name.casefold(): ident for ident, name in codes}
    return known | {ident.casefold(): ident for ident, _ in codes}


# -- forms ----------------------------------------------------------------------------------------


def _text(data: bytes, name: str) -> str:
    """Decode text as spreadsheet programs write it: UTF-8, UTF-16 with a mark, or Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(f"{name} is no text", "Save it as CSV in UTF-8, or send the XLSX itself.")


def _csv(data: bytes, name: str) -> Iterator[tuple[int, Cells]]:
    text = _text(data, name)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=lambda c: (first.count(c), c == ","))
    csv.field_size_limit(MAX_BYTES)
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
    except csv.Error as error:
        raise InputError(f"{name} is not a CSV file: {error}", "Save it again as CSV.") from error


def _jsonl(data: bytes, name: str) -> Iterator[tuple[int, Cells]]:
    yield 0, tuple(COLUMNS)
    for number, line in enumerate(_text(data, name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError(
                f"{name}, line {number} is no JSON object: {error}", "One object a line."
            ) from error
        yield number, [_value(_first(row, names)) for names in COLUMNS.values()]


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[n] for n in names if n in row), None)


def _value(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(
            str(v.get("code", "")) if isinstance(v, dict) else str(v)
            for v in value
            if not isinstance(v, dict) or v.get("assigned", True)
        )
    return str(value)


# -- rows -----------------------------------------------------------------------------------------


def _taken(
    body: Sequence[tuple[int, Cells]],
    places: Mapping[str, int],
    name: str,
    vocabulary: Mapping[str, str],
) -> Answers:
    """Take the rows below a header, listing what cannot be taken."""
    problems: list[Problem] = []
    rows: dict[str, Answer] = {}
    seen: dict[str, int] = {}
    twice: set[str] = set()
    coders: set[str] = set()
    if len(body) > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows", "Is this the filled-in sheet?")
    for number, line in body:
        got = {c: (line[i] or "").strip() if i < len(line) else "" for c, i in places.items()}
        if not any(got.get(c) for c in ("id", "kind", "code")):
            continue
        where = f"{name}, row {number}"
        if not got["id"]:
            problems.append(_problem("no-id", f"{where} has no id", "The row is left out."))
            continue
        answer = _answer(got, where, vocabulary, problems)
        before = rows.get(answer.row_id)
        if before is None:
            rows[answer.row_id], seen[answer.row_id] = answer, number
        elif (before.kind, before.codes) == (answer.kind, answer.codes):
            said = f"{where}: {answer.row_id} stands twice, also in row {seen[answer.row_id]}"
            problems.append(_problem("twice", said, "Both say the same; it is counted once."))
        else:
            twice.add(answer.row_id)
            said = f"{where}: {answer.row_id} has another answer than in row {seen[answer.row_id]}"
            problems.append(_problem("contradiction", said, "Both are left out: decide on one."))
        if got.get("coder") and not _formula(got["coder"]):
            coders.add(got["coder"])
    kept = {i: a for i, a in rows.items() if i not in twice}
    return Answers(
        name=name,
        rows=kept,
        problems=tuple(problems),
        empty=sum(a.kind is None for a in kept.values()),
        coders=tuple(sorted(coders)),
    )


def _header(table: Sequence[tuple[int, Cells]]) -> tuple[int, dict[str, int]] | None:
    """Return where the header stands and the place of each column in it, None without one."""
    for at, (number, line) in enumerate(table):
        if number > HEAD_WITHIN:
            break
        names = [(cell or "").strip().casefold() for cell in line]
        places = {
            column: names.index(known)
            for column, alternatives in COLUMNS.items()
            for known in alternatives
            if known in names
        }
        if "id" in places and "kind" in places:
            return at, places
    return None


def _answer(
    got: Mapping[str, str], where: str, vocabulary: Mapping[str, str], problems: list[Problem]
) -> Answer:
    kind: str | None = got["kind"].casefold()
    if not kind:
        kind = None
    elif _formula(got["kind"]):
        problems.append(_formula_problem(where, "kind"))
        kind = None
    elif kind not in KINDS:
        said = f"{where}: {got['kind'][:40]!r} is no kind"
        problems.append(
            _problem("unknown-kind", said, f"Taken as empty. Kinds: {', '.join(KINDS)}")
        )
        kind = None
    codes: list[str] = []
    raw = got.get("code", "")
    if _formula(raw):
        problems.append(_formula_problem(where, "code"))
        raw = ""
    for part in filter(None, (p.strip() for p in re.split(r"[;,|\n]", _whole(raw, vocabulary)))):
        code = vocabulary.get(part.casefold())
        if code is not None:
            codes.append(code)
        elif part.casefold() not in EMPTY:
            said = f"{where}: {part[:60]!r} is no code of the codebook"
            problems.append(_problem("unknown-code", said, "This code is left out of the row."))
    if codes and kind is None and not got["kind"]:
        said = f"{where} has a code and no kind"
        problems.append(_problem("no-kind", said, "Choose a kind; the row is left out until then."))
    return Answer(
        row_id=got["id"],
        kind=kind,
        codes=tuple(dict.fromkeys(codes)),
        text=got.get("text", ""),
    )


def _whole(raw: str, vocabulary: Mapping[str, str]) -> str:
    """Return a cell that is one name with a comma in it as its code: it is not two."""
    return vocabulary.get(raw.casefold(), raw)


def _formula(text: str) -> bool:
    return text.startswith(("=", "+", "@")) or (text.startswith("-") and len(text) > 1)


def _formula_problem(where: str, column: str) -> Problem:
    return _problem(
        "formula", f"{where}: {column} is a formula", "Taken as empty: put in the word itself."
    )


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint)
