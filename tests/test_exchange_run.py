"""A month with corrections: taken, replayed over new notes, kept on a changed one, and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import qda
from notesmine import exchange, pipeline
from notesmine.exchange.decision import Decision, add_decisions
from notesmine.exchange.project import Project, load_project
from notesmine.store import Store, state_folder

OWNER = "Nobody in the office knows who is responsible for the occupation coder."
DRAWER = (
    "The dashboard was finished in spring and has been lying in a drawer since; nobody uses it."
)
SERVER = "We still wait for access to the server, so the new script cannot be run."
PLAN = "Next month we visit the regional office in the north."
NOTE = "# Monthly meeting {day}\n\nImpediments:\n\n- {a}\n- {b}\n\nPlans:\n\n- {c}\n"


def write(folder: Path, day: str, a: str, b: str, c: str) -> None:
    text = NOTE.format(day=day, a=a, b=b, c=c)
    (folder / f"{day}_meeting.md").write_text(text, "utf-8", newline="\n")


def project_of(out: Path) -> Project:
    with Store(state_folder(out), write=False) as store:
        return load_project(store)


@pytest.mark.slow
def test_corrections_survive_new_notes_and_changed_ones(tmp_path: Path) -> None:
    corpus, out = tmp_path / "notes", tmp_path / "out"
    corpus.mkdir()
    write(corpus, "2025-01-10", OWNER, DRAWER, PLAN)
    write(corpus, "2025-02-10", SERVER, "The survey tool has no licence for this year.", "None.")
    pipeline.run(corpus, out)
    file = tmp_path / "project.qdpx"
    exchange.export(out, file, "qdpx")
    project = qda.Qda(file.read_bytes())
    assert len(project.all("Note")) > 1
    anna = project.add_user("Anna")
    project.add_code("Waste", "Work that was done for nothing.")
    project.add_coding(project.selection("The dashboard was"), "Waste", anna)
    project.add_coding(project.selection("Nobody in the"), "pinned", anna)
    project.recode(project.selection("We still wait"), "impediment", "proposal")
    file.write_bytes(qda.as_rewritten(project.body()))
    found = exchange.compare_file(file, out, when="2025-03-01")
    assert found.changes.left_out == ()
    assert {(d.what, d.value or d.on) for d in found.changes.fresh} >= {
        ("add", "Waste"), ("code", "waste"), ("pin", ""), ("kind", "proposal"),
    }  # fmt: skip
    exchange.take(found, out)

    write(corpus, "2025-01-10", "An item that was put before.", OWNER, DRAWER)
    write(corpus, "2025-03-10", "The register of streets is out of date.", "None.", PLAN)
    done = pipeline.run(corpus, out)
    counts: Any = done.run.counts["decisions"]
    assert counts["held"] == counts["read"] == len(found.changes.fresh)
    assert counts["found_again_moved"] == 2
    assert counts["not_placed"] == counts["conflicts"] == 0
    after = {r.text: r for r in project_of(out).rulings}
    assert "waste" in after[DRAWER].theme_ids
    assert after[OWNER].pinned
    assert (after[SERVER].kind, after[SERVER].decided_by) == ("proposal", ("Anna",))
    assert pipeline.run(corpus, out).changed is False

    exchange.export(out, file, "qdpx")
    assert exchange.compare_file(file, out).changes.fresh == ()
    ben: list[Decision] = [
        Decision(
            what="kind", who="Ben", value="status", path="2025-02-10_meeting.md", text=SERVER
        )
    ]  # fmt: skip
    add_decisions(corpus / "decisions.toml", ben)
    torn = pipeline.run(corpus, out)
    assert "decision-conflict" in {p.code for p in torn.run.problems}
    assert {r.text: r for r in project_of(out).rulings}[SERVER].decided_by == ()
