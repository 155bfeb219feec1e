"""Two codings compared: what both answered, weighted where it was drawn, and kept without words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

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
from states import OWNED


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


def test_the_order_of_two_people_makes_no_second_comparison(out: Path) -> None:
    first, _ = fill(out, "anna", as_machine)
    second, _ = fill(out, "ben", as_machine)
    for a, b in ((first, second), (second, first)):
        checking.agree(str(a), str(b), out=out)
    with Store(state_folder(out), write=False) as store:
        assert len(kept_agreements(store)) == 1


def append(sheet: Path, *row: str) -> None:
    book = openpyxl.load_workbook(sheet)
    book["Passages"].append(row)
    book.save(sheet)


def problems(found: checking.Agreement) -> set[str]:
    return {p.code for p in found.problems}


def test_rows_of_unknown_origin_are_named_and_left_out_of_what_is_weighted(out: Path) -> None:
    first, _ = fill(out, "anna", as_machine, n=30)
    second, _ = fill(out, "ben", lambda r: ("status", "") if r.row_id < "P-4" else as_machine(r),
                     n=30)  # fmt: skip
    before = checking.agree(str(first), str(second), out=out)
    assert before.kept
    for sheet, kind in ((first, "status"), (second, "impediment")):
        append(sheet, "P-strange", "Words", kind)
    found = checking.agree(str(first), str(second), out=out)
    assert any(p.code == "unknown-id" and "P-strange" in p.message for p in found.problems)
    assert {"no-weight", "not-kept"} <= problems(found)
    was, now = figure(before, "kind"), figure(found, "kind")
    assert now.n == was.n + 1
    assert now.kappa.value != was.kappa.value
    assert now.kappa_all == was.kappa_all
    assert f"{before.rows} of 30 rows of the sample" in found.design
    assert "1 rows of unknown origin" in found.design
    assert not found.kept
    with Store(state_folder(out), write=False) as store:
        assert [k.rows for k in kept_agreements(store)] == [before.rows]


def test_quotes_among_the_rows_of_a_sample_have_no_weight(out: Path) -> None:
    sheet, _ = fill(out, "anna", as_machine, n=30)
    before = checking.agree(str(sheet), "machine", out=out)
    quote = next(
        q for q in editions.from_folder(out, "x").quotes.values() if q.kind == "impediment"
    )
    append(sheet, quote.quote_id, quote.text, "status")
    found = checking.agree(str(sheet), "machine", out=out)
    assert found.kept
    assert found.scores == before.scores
    assert figure(found, "kind").n == figure(before, "kind").n + 1
    assert quote.quote_id in {d.row_id for d in found.disagreements}


def test_rows_of_two_samples_are_said_to_be_of_two(out: Path) -> None:
    first, _ = fill(out, "anna", as_machine, n=20)
    lines = ["id,kind"]
    for n in (20, 25):
        sample = checking.sample(out, out.parent / f"sheet-{n}.xlsx", n=n)
        lines += [f"{r.row_id},{r.ruling.kind}" for r in sample.rows]
    (out.parent / "both.csv").write_text("\n".join(lines), "utf-8")
    found = checking.agree(str(out.parent / "both.csv"), "machine", out=out)
    assert found.design.startswith("45 rows of 2 samples: no weights")
    assert not found.weighted
    assert first.is_file()


def test_codes_that_cannot_be_told_take_no_part_in_figures_of_codes(out: Path) -> None:
    def answer(row: Row) -> tuple[str, str]:
        kind, codes = as_machine(row)
        return kind, "ownershipp" if kind == "impediment" and row.row_id < "P-8" else codes

    sheet, sample = fill(out, "anna", answer)
    found = checking.agree(str(sheet), "machine", out=out)
    wrong = [r for r in sample.rows if r.ruling.kind == "impediment" and r.row_id < "P-8"]
    assert wrong
    assert sum(p.code == "unknown-code" for p in found.problems) == len(wrong)
    assert figure(found, "kind").n == len(sample.rows)
    assert figure(found, "first code").observed == 1
    assert all(f.n == len(sample.rows) - len(wrong) for f in found.figures
               if f.group == "code" and f.scope == "all text")  # fmt: skip
    assert found.disagreements == ()


def test_words_not_for_quotation_are_never_shown(tmp_path: Path) -> None:
    out, sheet = tmp_path / "out", tmp_path / "sheet.xlsx"
    secret, later = "Nobody may read this sentence.", "Nobody may read this one from now on."
    for month in ("R-1", "R-2"):
        notes = states.small()
        for n, words in enumerate((secret, later)):
            notes.say("2025-01-10_meeting.md", words, ("ownership",),
                      quotable=n == 1 and month == "R-1")  # fmt: skip
        states.run_of(notes, out, month)
        if month == "R-1":
            sample = checking.sample(out, sheet, n=50, all_passages=True)
    lines = ["id,kind,text", *(f"{r.row_id},decision,{r.ruling.text}" for r in sample.rows)]
    (tmp_path / "anna.csv").write_text("\n".join(lines), "utf-8")
    found = checking.agree(str(tmp_path / "anna.csv"), "machine", out=out)
    assert {secret, later} <= {r.ruling.text for r in sample.rows}
    for told in (checking.to_markdown(found), checking.to_json(found),
                 "\n".join(checking.to_lines(found))):  # fmt: skip
        assert secret not in told
        assert later not in told
        assert "not for quotation" in told
    assert OWNED[0] in checking.to_json(found)


def test_remarks_stand_with_disagreements(out: Path) -> None:
    sheet, _ = fill(out, "anna", lambda _: ("decision", ""))
    book = openpyxl.load_workbook(sheet)
    book["Passages"].cell(2, 6).value = "could be | either"
    row_id = str(book["Passages"].cell(2, 1).value)
    book.save(sheet)
    found = checking.agree("machine", str(sheet), out=out)
    assert {d.row_id: d.remark for d in found.disagreements if d.remark} == {
        row_id: "B: could be | either"
    }
    assert "B: could be \\| either" in checking.to_markdown(found)


def test_the_machine_is_judged_by_document_too(out: Path) -> None:
    sheet, sample = fill(out, "anna", as_machine)
    found = checking.agree(str(sheet), "machine", out=out)
    by_document = [s for s in found.scores if s.group == "document" and s.scope == "all text"]
    assert {s.name: s.n for s in by_document} == Counter(r.ruling.path for r in sample.rows)
    assert sum(s.both for s in by_document) == score(found, "impediment, or to review").both
    assert any(s.precision.value == 1 for s in by_document)
    told = "\n".join(checking.to_lines(found, "document"))
    assert "on impediments, confirmed or to review" in told


def test_what_is_the_same_over_coded_text_is_said_and_not_repeated(out: Path) -> None:
    sheet, _ = fill(out, "anna", lambda r: ("status", "") if r.row_id < "P-4" else as_machine(r))
    found = checking.agree(str(sheet), "machine", out=out)
    for scored in (s for s in found.scores if s.scope == "coded text only"):
        twin = score(found, scored.name)
        if scored.name not in {"status", "decision", "boilerplate"}:
            assert (scored.precision, scored.recall, scored.f1) == (
                twin.precision, twin.recall, twin.f1
            )  # fmt: skip
    for told in (checking.to_lines(found), checking.to_markdown(found).splitlines()):
        head = next(i for i, x in enumerate(told) if "judged by the person, coded text" in x)
        same = next(x for x in told[head:] if "The same as over all text" in x)
        assert "impediment, confirmed, impediment, or to review" in same
        assert sum("impediment, confirmed" in x for x in told) == 2  # its row, and this line


def test_figures_for_a_method_section_name_nobody(out: Path) -> None:
    first, sample = fill(out, "anna", as_machine)
    second, _ = fill(out, "ben", lambda r: ("status", "") if r.row_id < "P-4" else as_machine(r))
    with Store(state_folder(out), write=False) as store:
        assert checking.method_lines(kept_agreements(store), list(store.samples())) == []
    checking.agree(str(first), str(second), out=out)
    judged = checking.agree("machine", str(second), out=out)
    with Store(state_folder(out), write=False) as store:
        told = checking.method_lines(kept_agreements(store), list(store.samples()))
    assert told[0] == f"Checked by hand: {judged.design}."
    assert sample.sample_id in told[0]
    kappa = figure(judged, "kind").kappa
    machine = f"Agreement of the machine and person B, kind: n = {judged.rows}, kappa"
    assert any(line.startswith(machine) for line in told)
    assert any("Agreement of person A and person B, kind" in line for line in told)
    right = next(x for x in told if "The machine by person B, impediment, confirmed" in x)
    assert "precision" in right
    assert "recall" in right
    assert kappa.low is not None
    assert any(f"{kappa.value:.2f}"[1:] in line and "[" in line for line in told)
    assert not any(name in line.lower() for line in told for name in ("anna", "ben", "xlsx"))


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
    for name in ("machine", str(tmp_path / "a.csv")):
        with pytest.raises(InputError, match="itself"):
            checking.agree(name, name, out=out)
    with pytest.raises(InputError, match="itself"):
        checking.agree(str(tmp_path / "a.csv"), str(tmp_path / "." / "x" / ".." / "a.csv"), out=out)
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
    for name in ("a.docx", str(out / "report.md")):
        wrong = CliRunner().invoke(
            main, ["agree", str(sheet), "machine", "--outputs", str(out), "-o", name]
        )
        assert wrong.exit_code == 2
