"""Filled-in sheets come from outside: what can be taken is taken, the rest is listed or refused."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from notesmine import checking
from notesmine.checking import answers
from notesmine.errors import InputError

CODES = (("ownership", "Unclear responsibility"), ("data", "Data missing, or poor"))


def read(path: Path, text: str | bytes) -> checking.Answers:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return checking.read_answers(path, CODES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_as_spreadsheet_programs_write_it(tmp_path: Path, encoding: str, mark: str) -> None:
    rows = [["Id", "Text", "Kind", "Code"], ["P-1", "Größe", "Impediment", "Ownership"]]
    body = "\r\n".join(mark.join(row) for row in rows).encode(encoding)
    found = read(tmp_path / "a.csv", body)
    assert found.problems == ()
    answer = found.rows["P-1"]
    assert (answer.kind, answer.codes, answer.text) == ("impediment", ("ownership",), "Größe")


def test_jsonl_takes_codes_as_text_as_list_and_as_the_machine_writes_them(tmp_path: Path) -> None:
    coded = [{"code": "data", "assigned": True}, {"code": "ownership", "assigned": False}]
    rows: list[dict[str, Any]] = [
        {"id": "P-1", "kind": "impediment", "code": "data; Unclear responsibility"},
        {"id": "P-2", "kind": "impediment", "codes": ["data"]},
        {"id": "P-3", "kind": "impediment", "codes": coded},
        {"id": "P-4", "kind": "status", "code": None},
        {"id": "P-5", "kind": "impediment", "code": "Data missing, or poor"},
    ]
    found = read(tmp_path / "a.jsonl", "\n".join(json.dumps(r) for r in rows))
    assert found.problems == ()
    assert [a.codes for a in found.rows.values()] == [
        ("data", "ownership"), ("data",), ("data",), (), ("data",)
    ]  # fmt: skip


def test_what_cannot_be_taken_is_listed_with_its_row(tmp_path: Path) -> None:
    lines = [
        "id,kind,code",
        "P-1,trouble,",
        "P-2,impediment,ownershipp",
        'P-3,"=CONCAT(""im"",""pediment"")",',
        "P-4,status,",
        "P-4,status,",
        "P-5,status,",
        "P-5,decision,",
        ",status,",
        "P-6,,data",
        "P-7,impediment,=A1",
        ",,",
        "P-8,impediment,none",
    ]
    found = read(tmp_path / "a.csv", "\n".join(lines))
    listed = [(p.code, p.message.partition(", ")[2].split(":")[0].split()[1]) for p in
              found.problems]  # fmt: skip
    assert listed == [
        ("unknown-kind", "2"), ("unknown-code", "3"), ("formula", "4"), ("twice", "6"),
        ("contradiction", "8"), ("no-id", "9"), ("no-kind", "10"), ("formula", "11"),
    ]  # fmt: skip
    assert all(p.hint for p in found.problems)
    assert "P-5" not in found.rows
    assert found.rows["P-2"].kind == "impediment"
    assert found.rows["P-2"].codes is found.rows["P-7"].codes is None
    assert found.rows["P-8"].codes == ()
    assert found.empty == 3


def test_codes_of_kinds_that_have_none_are_left_out_and_listed(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "id,kind,code\nP-1,status,ownership\nP-2,decision,none\n")
    assert [a.codes for a in found.rows.values()] == [(), ()]
    assert [p.message.partition(", ")[2] for p in found.problems] == [
        "row 2 has a code and the kind status: the code is left out"
    ]


def test_codes_are_taken_as_written_where_no_codebook_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,kind,code\nP-1,impediment, Own  Code; b\nP-2,impediment,=A1\n", "utf-8")
    found = checking.read_answers(path, None)
    assert [a.codes for a in found.rows.values()] == [("own code", "b"), None]
    assert [p.code for p in found.problems] == ["formula"]


@pytest.mark.parametrize("order", [("", "status"), ("status", ""), ("", "", "status", "")])
def test_a_row_once_empty_and_once_filled_is_filled(tmp_path: Path, order: tuple[str, ...]) -> None:
    lines = ["id,kind", *(f"P-1,{kind}" for kind in order)]
    found = read(tmp_path / "a.csv", "\n".join(lines))
    assert found.rows["P-1"].kind == "status"
    assert found.empty == 0
    assert {p.code for p in found.problems} == {"twice"}


def test_keys_and_remarks_are_read_whatever_their_capitals(tmp_path: Path) -> None:
    row = {"ID": "P-1", "Kind": "impediment", "Codes": ["data"], "Remark": "not sure"}
    found = read(tmp_path / "a.jsonl", json.dumps(row)).rows["P-1"]
    assert (found.kind, found.codes, found.remark) == ("impediment", ("data",), "not sure")


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_with_a_title_above_and_formulas_in_it(tmp_path: Path) -> None:
    body = workbook([["Our coding"], [], ["Remark", "ID", "kind", "Code"],
                     ["", "P-1", "=A1", ""], ["", "P-2", "status", 5]])  # fmt: skip
    found = read(tmp_path / "a.xlsx", body)
    assert [p.code for p in found.problems] == ["formula", "code-not-asked"]
    assert "row 4" in found.problems[0].message
    assert found.rows["P-2"].kind == "status"
    assert found.rows["P-2"].codes == ()


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (60 << 20))
    return stream.getvalue()


def many_parts() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(40):  # each below the size from which the ratio matters
            archive.writestr(f"xl/{n}.bin", b" " * (7 << 20))
    return stream.getvalue()


def replaced(part: str, old: bytes, new: bytes) -> bytes:
    source = io.BytesIO(workbook([["id", "kind"], ["P-1", "status"]]))
    stream = io.BytesIO()
    with zipfile.ZipFile(source) as a, zipfile.ZipFile(stream, "w") as b:
        for name in a.namelist():
            body = a.read(name)
            b.writestr(name, body.replace(old, new) if name == part else body)
    return stream.getvalue()


def entities() -> bytes:
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'
    return replaced("xl/worksheets/sheet1.xml", b"<worksheet", doctype)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"no archive at all", "cannot be opened"),
        (bomb(), "expands"),
        (many_parts(), "unpacks to"),
        (entities(), "entities"),
        (replaced("xl/workbook.xml", b"<sheets>", b"<sheet"), "cannot be read"),
        (replaced("xl/worksheets/sheet1.xml", b"</sheetData>", b""), "cannot be read"),
        (workbook([["a", "b"], ["c", "d"]]), "no header"),
        (workbook([]), "no header"),
    ],
    ids=["text", "bomb", "parts", "entities", "broken", "cut", "other table", "empty"],
)
def test_a_hostile_or_broken_workbook_is_an_error_that_says_so(
    tmp_path: Path, body: bytes, named: str
) -> None:
    with pytest.raises(InputError, match=named) as caught:
        read(tmp_path / "a.xlsx", body)
    assert caught.value.hint


@pytest.mark.parametrize(("row", "named"), [(1_048_570, "goes on below"), (10**12, "beyond")])
def test_rows_far_below_are_never_cut_silently(tmp_path: Path, row: int, named: str) -> None:
    body = replaced("xl/worksheets/sheet1.xml", b'<row r="2"', f'<row r="{row}"'.encode())
    with pytest.raises(InputError, match=named):
        read(tmp_path / "a.xlsx", body)


def test_a_sheet_as_long_as_may_be_is_taken_and_one_row_more_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_ROWS", 3)
    rows = [["id", "kind"], *([f"P-{n}", "status"] for n in range(4))]
    assert len(read(tmp_path / "a.xlsx", workbook(rows[:-1])).rows) == 3
    for name, body in (("a.xlsx", workbook(rows)), ("a.csv", "\n".join(map(",".join, rows)))):
        with pytest.raises(InputError, match="more than 3 rows"):
            read(tmp_path / name, body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b"\x00\x01\x02\x00"), ("a.csv", b""), ("a.jsonl", b"{]"), ("a.jsonl", b"[1]"),
        ("a.docx", b"x"), ("a.csv", struct.pack("<H", 0xFEFF) + b"\x00"),
    ],
)  # fmt: skip
def test_other_files_are_errors_too(tmp_path: Path, name: str, body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / name, body)
    assert caught.value.hint
    with pytest.raises(InputError):
        checking.read_answers(tmp_path / "missing.csv", CODES)
