"""A month with a review: 30 corrections, two new notes, a check by hand; all in the report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from notesmine import checking, pipeline
from notesmine.exchange.project import Project, load_project
from notesmine.review import Desk
from notesmine.review.deeds import Asked
from notesmine.review.desk import Filter
from notesmine.store import Store, state_folder

NOTE = "# Monthly meeting {day}\n\nImpediments:\n\n- {said}\n"


def project_of(out: Path) -> Project:
    with Store(state_folder(out), write=False) as store:
        return load_project(store)


@pytest.mark.slow
def test_corrections_and_checks_are_kept_and_told(
    sample_run: pipeline.Result, tmp_path: Path
) -> None:
    folder = tmp_path / "office"
    shutil.copytree(sample_run.out.parent, folder)
    corpus, out = folder / "corpus", folder / "outputs"
    desk = Desk(out, corpus=corpus)
    ids: list[str] = desk.overview("AB", Filter(kind="impediment"))["ids"]

    def decide(deed: Any, number: int, who: str = "AB", **more: Any) -> None:
        desk.decide(Asked(deed=deed, who=who, quote_id=ids[number], **more))

    for number in range(10):
        decide("accept", number)
    for number in range(10, 16):
        decide("reject", number, "CD")
    for number in range(16, 22):
        decide("recode", number, value="legal")
    for number in range(22, 25):
        decide("give", number, name="Waste of work")
    for number in range(25, 28):
        decide("veto", number)
    decide("pin", 0)
    decide("rename", 0, on="legal", name="Laws and contracts")
    decide("merge", 0, on="value-case", value="capacity")
    made = len(desk.over.decided.decisions)
    before = {i: desk.rulings[i].text for i in ids}

    for day, said in (
        ("2025-12-04", "Nobody in the office knows who is responsible for the occupation coder."),
        ("2025-12-11", "We still wait for access to the server, so the script cannot be run."),
    ):
        text = NOTE.format(day=day, said=said)
        (corpus / f"{day}_meeting.md").write_text(text, "utf-8", newline="\n")
    done = pipeline.run(corpus, out)
    counts: Any = done.run.counts["decisions"]
    assert counts["read"] == counts["held"] == made >= 30
    assert (counts["not_placed"], counts["not_taken"], counts["conflicts"]) == (0, 0, 0)
    project = project_of(out)
    after = {r.quote_id: r for r in project.rulings}
    assert all((after[i].kind, after[i].tier) == ("impediment", "confirmed") for i in ids[:10])
    assert all(after[i].kind == "status" and after[i].decided_by == ("CD",) for i in ids[10:16])
    assert all(after[i].theme_ids == ("legal",) for i in ids[16:22])
    assert all("waste-of-work" in after[i].theme_ids for i in ids[22:25])
    assert not any(after[i].quotable for i in ids[25:28])
    assert after[ids[0]].pinned
    assert project.evidence["legal"].theme.label == "Laws and contracts"
    assert "value-case" not in project.evidence
    html = (out / "report.html").read_text("utf-8")
    assert f"2 people took {made} decisions" in html
    assert f"{made} of {made} hold in this run." in html
    published = (out / "evidence.csv").read_text("utf-8")
    assert not any(before[i] in published for i in ids[25:28])
    assert Desk(out, corpus=corpus).overview("AB", Filter(seen="seen"))["ids"]
    assert pipeline.run(corpus, out).changed is False

    sheet = tmp_path / "sheet.xlsx"
    drawn = checking.sample(out, sheet, n=40)
    book = openpyxl.load_workbook(sheet)
    page = book["Passages"]
    rows = {r.row_id: r.ruling for r in drawn.rows}
    for number in range(2, page.max_row + 1):
        page.cell(number, 3).value = rows[str(page.cell(number, 1).value)].kind
    book.save(tmp_path / "anna.xlsx")
    checking.agree(str(tmp_path / "anna.xlsx"), "machine", out=out)
    again = pipeline.run(corpus, out)
    assert again.changed
    html = (out / "report.html").read_text("utf-8")
    assert "Checked by hand: " in html
    assert drawn.sample_id in html
    assert "The machine by person A, impediment, confirmed: n = " in html
    assert "anna" not in html.lower().partition("corrected and checked by people")[2][:3000]
    assert pipeline.run(corpus, out).changed is False
