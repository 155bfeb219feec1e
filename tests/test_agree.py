"""Filled-in sheets come back from outside: what can be taken is compared, the rest is listed."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import factory
import states
from notesmine import checking, editions
from notesmine.checking import kept_agreements
from notesmine.checking.agreement import Figure, Score
from notesmine.checking.drawing import Row, Sample
from notesmine.cli import main
from notesmine.errors import InputError, StateError
from notesmine.store import Store, state_folder

CODES = (("ownership", "Unclear responsibility"), ("data", "Data missing, or poor"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    states.run_of(factory.sample(), tmp_path / "out", "R-1")
    return tmp_path / "out"


def fill(
    out: Path, name: str, answer: Callable[[Row], tuple[str, str]], *, n: int = 60
) -> tuple[Path, Sample]:
    """Draw a sheet and fill in a copy of it as a person would, row by row."""
    sheet = out.parent / "sheet.xlsx"
    sample = checking.sample(out, sheet, n=n)
    rows = {r.row_id: r for r in sample.rows}
    book = openpyxl.load_workbook(sheet)
    page = book["Passages"]
    for number in range(2, page.max_row + 1):
        kind, code = answer(rows[str(page.cell(number, 1).value)])
        page.cell(number, 3).value = kind or None
        page.cell(number, 4).value = code or None
        page.cell(number, 5).value = name[:2].upper()
    filled = out.parent / f"{name}.xlsx"
    book.save(filled)
    return filled, sample


def as_machine(row: Row) -> tuple[str, str]:
    return row.ruling.kind, "; ".join(row.ruling.codes)


def figure(found: checking.Agreement, name: str, scope: str = "all text") -> Figure:
    return next(f for f in found.figures if (f.name, f.scope) == (name, scope))


def score(found: checking.Agreement, name: str) -> Score:
    return next(s for s in found.scores if s.name == name and s.scope == "all text")


def test_a_person_who_says_the_same_agrees_fully(out: Path) -> None:
    sheet, sample = fill(out, "anna", as_machine)
    found = checking.agree(str(sheet), "machine", out=out)
    assert found.rows == len(sample.rows)
    assert found.problems == ()
    assert found.disagreements == ()
    assert figure(found, "kind").kappa.value == figure(found, "kind").alpha.value == 1
    assert score(found, "impediment, or to review").f1.value == 1
    assert found.a == "anna.xlsx (AN)"


def test_precision_and_recall_are_weighted_to_all_passages(out: Path) -> None:
    # The person calls one confirmed passage neutral, and finds one that the machine passed over.
    state = {"wrong": "", "missed": ""}

    def answer(row: Row) -> tuple[str, str]:
        if row.group == "impediment, confirmed" and state["wrong"] in {"", row.row_id}:
            state["wrong"] = row.row_id
            return "status", ""
        if row.group == "decision or status" and state["missed"] in {"", row.row_id}:
            state["missed"] = row.row_id
            return "impediment", "ownership"
        return as_machine(row)

    sheet, sample = fill(out, "anna", answer, n=30)
    rows = {r.row_id: r for r in sample.rows}
    found = checking.agree("machine", str(sheet), out=out)
    said = sum(r.weight for r in rows.values() if r.ruling.kind == "impediment")
    wrong, missed = rows[state["wrong"]].weight, rows[state["missed"]].weight
    scored = score(found, "impediment, or to review")
    assert scored.precision.value == pytest.approx((said - wrong) / said, abs=1e-3)
    assert scored.recall.value == pytest.approx((said - wrong) / (said - wrong + missed), abs=1e-3)
    assert scored.precision.low is not None
    assert scored.precision.high is not None
    assert scored.precision.low <= (scored.precision.value or 0) <= scored.precision.high
    assert scored.method == "bootstrap"
    assert {d.row_id for d in found.disagreements} == {state["wrong"], state["missed"]}
    assert all(d.text == rows[d.row_id].ruling.text for d in found.disagreements)
    assert found.machine == "a"


def test_rows_left_empty_are_counted_and_others_stand_for_them(out: Path) -> None:
    sheet, sample = fill(out, "anna", lambda r: as_machine(r) if r.row_id < "P-8" else ("", ""))
    found = checking.agree(str(sheet), "machine", out=out)
    empty = sum(r.row_id >= "P-8" for r in sample.rows)
    assert found.rows == len(sample.rows) - empty
    assert any(p.code == "empty" and f" {empty} rows" in p.message for p in found.problems)


def test_two_people_need_no_state(out: Path, tmp_path: Path) -> None:
    first, _ = fill(out, "anna", as_machine)
    second, _ = fill(out, "ben", lambda r: ("status", "") if r.row_id < "P-4" else as_machine(r))
    with_state = checking.agree(str(first), str(second), out=out)
    alone = checking.agree(str(first), str(second), out=tmp_path / "nowhere")
    assert not (tmp_path / ".notesmine" / "nowhere").exists()
    assert figure(alone, "kind").kappa.value == figure(with_state, "kind").kappa.value
    assert alone.machine is None
    assert alone.scores == ()
    texts = {d.row_id: d.text for d in with_state.disagreements}
    assert {d.row_id: d.text for d in alone.disagreements} == texts
    assert all(texts.values())
    assert not any(f.group == "document" for f in alone.figures)
    assert any(f.group == "document" for f in with_state.figures)


def test_figures_are_kept_once_for_the_report(out: Path) -> None:
    sheet, _ = fill(out, "anna", as_machine)
    for _ in range(2):
        found = checking.agree(str(sheet), "machine", out=out)
    with Store(state_folder(out), write=False) as store:
        kept = kept_agreements(store)
    assert [k.figures for k in kept] == [found.figures]
    assert kept[0].disagreements == ()
    assert kept[0].run_id == "R-1"


def test_rows_of_unknown_origin_are_named_with_their_ids(out: Path) -> None:
    sheet, _ = fill(out, "anna", as_machine)
    book = openpyxl.load_workbook(sheet)
    book["Passages"].append(["P-strange", "Words", "status"])
    book.save(sheet)
    found = checking.agree(str(sheet), "machine", out=out)
    assert any(p.code == "unknown-id" and "P-strange" in p.message for p in found.problems)


def test_quotes_of_the_report_can_be_judged_too(out: Path, tmp_path: Path) -> None:
    rows = list(editions.from_folder(out, "x").quotes.values())[:40]
    lines = ["id,kind", *(f"{q.quote_id},{q.kind}" for q in rows)]
    (tmp_path / "mine.csv").write_text("\n".join(lines), "utf-8")
    found = checking.agree(str(tmp_path / "mine.csv"), "machine", out=out)
    assert found.rows == 40
    assert figure(found, "kind").observed == 1
    assert not found.weighted
    assert "unknown origin" in found.design


def test_nothing_in_common_is_an_error(out: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,kind\nX-1,status\n", "utf-8")
    (tmp_path / "b.csv").write_text("id,kind\nX-2,status\n", "utf-8")
    with pytest.raises(InputError, match="no passage was answered by both"):
        checking.agree(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), out=out)
    with pytest.raises(InputError, match="itself"):
        checking.agree("machine", "machine", out=out)
    with pytest.raises(StateError):
        checking.agree(str(tmp_path / "a.csv"), "machine", out=tmp_path / "none")


def test_the_command_prints_and_writes(out: Path, tmp_path: Path) -> None:
    sheet, _ = fill(out, "anna", lambda r: ("status", "") if r.row_id < "P-4" else as_machine(r))
    for suffix in ("json", "md"):
        target = tmp_path / f"agreement.{suffix}"
        done = CliRunner().invoke(
            main,
            ["agree", str(sheet), "machine", "--by", "code", "--outputs", str(out), "-o",
             str(target)],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert "kappa" in done.output
        assert "ownership" in done.output
        first = target.read_bytes()
        CliRunner().invoke(
            main, ["agree", str(sheet), "machine", "--by", "code", "--outputs", str(out), "-o",
                   str(target)],
        )  # fmt: skip
        assert target.read_bytes() == first
    assert json.loads((tmp_path / "agreement.json").read_text("utf-8"))["rows"] > 30
    assert "## Disagreements" in (tmp_path / "agreement.md").read_text("utf-8")
    wrong = CliRunner().invoke(main, ["agree", str(sheet), "machine", "-o", "a.docx"])
    assert wrong.exit_code == 2


# -- sheets from outside --------------------------------------------------------------------------


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
    assert found.rows["P-8"].codes == ()
    assert found.empty == 3


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
    assert [p.code for p in found.problems] == ["formula", "unknown-code"]
    assert "row 4" in found.problems[0].message
    assert found.rows["P-2"].kind == "status"


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


def test_a_row_number_in_the_millions_costs_nothing(tmp_path: Path) -> None:
    body = replaced("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1048570"')
    assert read(tmp_path / "a.xlsx", body).rows == {}


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
