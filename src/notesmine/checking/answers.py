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
from notesmine.checking.workbook import HEAD_WITHIN, LAST_ROW, MAX_ROWS, Cells, cells
from notesmine.errors import InputError
from notesmine.records import KINDS, Problem
from notesmine.themes.coding import CODED_KINDS

MAX_BYTES = 50 << 20  # a sheet of 100,000 passages has about 20 MiB
#: Columns that are read, by the names they may have.
COLUMNS = {
    "id": ("id", "row_id"),
    "kind": ("kind",),
    "code": ("code", "codes"),
    "coder": ("coder", "initials"),
    "text": ("text",),
    "remark": ("remark", "remarks", "comment"),
}
EMPTY = frozenset({NONE, "-", "n/a", "no code"})


class Answer(Struct, frozen=True, kw_only=True):
    """What a person said of a passage; ``kind`` is None where it was left empty or not known.

    ``codes`` is None where one cannot be told: what the person meant is missing, not "no code".
    """

    row_id: str
    kind: str | None
    codes: tuple[str, ...] | None
    text: str = ""
    remark: str = ""


class Answers(Struct, frozen=True, kw_only=True):
    """A filled-in sheet. ``empty`` counts rows without a kind; ``coders`` are the initials."""

    name: str
    rows: dict[str, Answer]
    problems: tuple[Problem, ...]
    empty: int
    coders: tuple[str, ...] = ()


def read_answers(path: Path, codes: Sequence[tuple[str, str]] | None) -> Answers:
    """Read a filled-in sheet.

    Parameters
    ----------
    path : pathlib.Path
        ``.xlsx``, ``.csv`` or ``.jsonl``, with columns (or keys) id, kind and code.
    codes : sequence of (id, name), or None
        Codes that may be used, by either; names are taken too. None where the codebook is not
        known: codes are taken as they are written, but for capitals and spaces.

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


def _vocabulary(codes: Sequence[tuple[str, str]] | None) -> dict[str, str] | None:
    if codes is None:
        return None
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
        folded = {key.strip().casefold(): value for key, value in reversed(row.items())}
        yield number, [_value(_first(folded, names)) for names in COLUMNS.values()]


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
    vocabulary: Mapping[str, str] | None,
) -> Answers:
    """Take the rows below a header, listing what cannot be taken."""
    problems: list[Problem] = []
    rows: dict[str, Answer] = {}
    seen: dict[str, int] = {}
    twice: set[str] = set()
    coders: set[str] = set()
    if len(body) > MAX_ROWS or (body and body[-1][0] > LAST_ROW):
        raise InputError(
            f"{name} has more than {MAX_ROWS:,} rows, or goes on below row {LAST_ROW:,}",
            "Is this the filled-in sheet? Delete what stands far below its last row.",
        )
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
        elif before.kind is None or answer.kind is None:
            said = f"{where}: {answer.row_id} stands twice, also in row {seen[answer.row_id]}"
            problems.append(_problem("twice", said, "One has no kind; the other is counted."))
            if before.kind is None:
                rows[answer.row_id], seen[answer.row_id] = answer, number
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
    got: Mapping[str, str],
    where: str,
    vocabulary: Mapping[str, str] | None,
    problems: list[Problem],
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
    return Answer(
        row_id=got["id"],
        kind=kind,
        codes=_codes(got, kind, where, vocabulary, problems),
        text=got.get("text", ""),
        remark=got.get("remark", ""),
    )


def _codes(
    got: Mapping[str, str],
    kind: str | None,
    where: str,
    vocabulary: Mapping[str, str] | None,
    problems: list[Problem],
) -> tuple[str, ...] | None:
    """Return the codes of a row, None where one of them cannot be told."""
    raw = got.get("code", "")
    parts = _parts(raw, vocabulary)
    if parts and kind is None and not got["kind"]:
        said = f"{where} has a code and no kind"
        problems.append(_problem("no-kind", said, "Choose a kind; the row is left out until then."))
    elif parts and kind is not None and kind not in CODED_KINDS:
        said = f"{where} has a code and the kind {kind}: the code is left out"
        hint = f"Codes belong to {', '.join(k for k in KINDS if k in CODED_KINDS)}."
        problems.append(_problem("code-not-asked", said, hint))
        return ()
    if _formula(raw):
        problems.append(_formula_problem(where, "code"))
        return None
    if vocabulary is None:
        return tuple(dict.fromkeys(" ".join(p.casefold().split()) for p in parts))
    unknown = [p for p in parts if p.casefold() not in vocabulary]
    for part in unknown:
        said = f"{where}: {part[:60]!r} is no code of the codebook"
        problems.append(
            _problem("unknown-code", said, "Its row is left out of the figures about codes.")
        )
    if unknown:
        return None
    return tuple(dict.fromkeys(vocabulary[p.casefold()] for p in parts))


def _parts(raw: str, vocabulary: Mapping[str, str] | None) -> list[str]:
    """Divide a cell into codes; one that is a name with a comma in it is not two."""
    whole = (vocabulary or {}).get(raw.casefold(), raw)
    parts = (p.strip() for p in re.split(r"[;,|\n]", whole))
    return [p for p in parts if p and p.casefold() not in EMPTY]


def _formula(text: str) -> bool:
    return text.startswith(("=", "+", "@")) or (text.startswith("-") and len(text) > 1)


def _formula_problem(where: str, column: str) -> Problem:
    return _problem(
        "formula", f"{where}: {column} is a formula", "Taken as missing: put in the word itself."
    )


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint)
