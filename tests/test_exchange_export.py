"""Exports: valid, complete, stable, with positions that hold the very words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import factory
import qda
import states
from notesmine import exchange
from notesmine.cli import main
from notesmine.errors import CheckFailed, StateError
from notesmine.exchange.names import Hidden, plain, shown
from notesmine.store import Store, state_folder

EMOJI = "Nobody 👩‍🔧 looks after the cafe\u0301 register 🙂."
PAGES = "The second page says\x0cthat nobody owns the \u200bserver."


def odd_notes() -> factory.Notes:
    """Notes with what breaks offsets and names: emoji, form feeds, equal names, a PDF, no date."""
    notes = factory.Notes()
    notes.note("a/x.md", "2025-01-10", title="One", format="md")
    notes.note("a - x.md", "2025-02-10", title="Two & <three>", format="md")
    notes.note("b.pdf", None, title="Three", format="pdf")
    notes.say("a/x.md", EMOJI, ("ownership", "ownership"))
    notes.say("a/x.md", "🙂🙂 Nobody uses the tool any more.", ("shelving", "T-017"))
    notes.say("a - x.md", PAGES, ("ownership",), tier="review", probability=0.6)
    notes.say("a - x.md", "We went on with the work.", kind="status", probability=0.9)
    notes.say("b.pdf", "The list is not for others.", ("data",), page=4, quotable=False)
    return notes


def exported(tmp_path: Path, notes: factory.Notes, form: str = "qdpx") -> bytes:
    out = tmp_path / "out"
    states.run_of(notes, out, "R-1")
    file = tmp_path / f"export.{form}"
    exchange.export(out, file, form)  # type: ignore[arg-type]
    return file.read_bytes()


@pytest.mark.parametrize("notes", [states.small, odd_notes, factory.sample, factory.Notes])
def test_a_project_is_valid_and_its_references_lead_somewhere(
    tmp_path: Path, notes: Callable[[], factory.Notes], data: Callable[[str], Path]
) -> None:
    schema = data("schemas/REFI-QDA-Project-1.0.xsd")
    assert qda.faults(exported(tmp_path, notes()), schema) == []


def test_positions_hold_the_words_whatever_characters_come_before(tmp_path: Path) -> None:
    notes = odd_notes()
    project = qda.Qda(exported(tmp_path, notes))
    words = {plain(a.passage.text) for a in notes.assigned() if a.judgement.kind == "impediment"}
    found = set()
    for holder in project.holders():
        text = project.text_of(holder)
        for selection in holder.iter(f"{qda.NS}PlainTextSelection"):
            start, end = (int(selection.get(n, "")) for n in ("startPosition", "endPosition"))
            found.add(text[start:end])
    assert found == words
    assert any("\n" in w for w in found)  # the form feed became a line feed, one to one


def test_a_project_says_what_the_machine_said(tmp_path: Path) -> None:
    project = qda.Qda(exported(tmp_path, odd_notes()))
    doubted = project.selection("The second page")
    assert project.codes_on(doubted) == {"Nobody owns it", "impediment", "to review"}
    kept_back = project.selection("The list is not")
    assert project.codes_on(kept_back) == {"Access to data", "impediment", "not for quotation"}
    assert "page 4" in (kept_back.findtext(f"{qda.NS}Description") or "")
    assert "probability 0.60" in (doubted.findtext(f"{qda.NS}Description") or "")
    emergent = project.code("register, owner, unclear (T-017)")
    parent = emergent.getparent()
    assert parent is not None
    assert parent.get("name") == "Nobody owns it"
    (user,) = project.all("User")
    assert user.get("name") == "notesmine"
    pdf = project.all("PDFSource")
    assert [len(p.findall(f"{qda.NS}Representation")) for p in pdf] == [1]
    assert not project.all("PDFSelection")
    values = {e.text for e in project.all("DateValue")} | {e.text for e in project.all("TextValue")}
    assert {"2025-01-10", "Statistics Office", "Two & <three>"} <= values
    assert len(project.all("Note")) > 2


@pytest.mark.parametrize("form", ["qdpx", "xlsx", "jsonl"])
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    first = exported(tmp_path / "a", states.small(), form)
    assert exported(tmp_path / "b", states.small(), form) == first


def test_a_workbook_has_a_row_for_each_coded_passage_and_each_code(tmp_path: Path) -> None:
    exported(tmp_path, odd_notes(), "xlsx")
    book = openpyxl.load_workbook(tmp_path / "export.xlsx")
    rows = list(book["Codings"].iter_rows(values_only=True))
    assert rows[0][:8] == ("Id", "Document", "Date", "Page", "Text", "Kind", "Codes", "Decision")
    assert len(rows) == 5
    by_text = {str(r[4])[:10]: r for r in rows[1:]}
    assert by_text["Nobody 👩‍🔧"[:10]][6] == "ownership"
    assert by_text["The list i"][7] == "veto"
    assert {r[0] for r in book["Codes"].iter_rows(min_row=2, values_only=True)} >= {"T-017", "data"}


def test_json_lines_hold_every_passage_with_everything(tmp_path: Path) -> None:
    body = exported(tmp_path, odd_notes(), "jsonl")
    rows = [msgspec.json.decode(line) for line in body.splitlines()]
    assert len(rows) == 5
    row = next(r for r in rows if r["text"] == EMOJI)
    assert row["codes"] == [{"code": "ownership", "score": 0.8}] * 2
    assert row["themes"][0]["label"] == "Nobody owns it"
    assert row["organisation"] == "Statistics Office"


def test_the_command_says_whether_names_are_shown(tmp_path: Path) -> None:
    states.run_of(states.small(), tmp_path / "out", "R-1")
    file = tmp_path / "e.qdpx"
    done = CliRunner().invoke(main, ["export", str(tmp_path / "out"), "-o", str(file)])
    assert done.exit_code == 0, done.output
    assert "3 documents" in done.output
    assert "verbatim" in done.output
    assert file.is_file()
    wrong = CliRunner().invoke(main, ["export", str(tmp_path / "out"), "-o", "x.doc"])
    assert wrong.exit_code == 2


def test_evidence_that_bears_no_statement_costs_the_notes_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier version may have weighed otherwise than this one states."""

    def refuse(*_: object, **__: object) -> None:
        raise CheckFailed("a finding has no quote to show")

    monkeypatch.setattr("notesmine.exchange.project.findings", refuse)
    body = exported(tmp_path, states.small())
    assert qda.Qda(body).all("Note") == []
    assert qda.faults(body) == []


def test_an_export_without_a_run_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StateError):
        exchange.export(tmp_path / "nothing", tmp_path / "e.qdpx", "qdpx")
    assert not (tmp_path / "e.qdpx").exists()
    assert not (tmp_path / ".notesmine").exists()


@given(st.data(), st.text(max_size=60))
def test_positions_come_back_through_hidden_words(data: st.DataObject, text: str) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    hidden = [
        Hidden(a, b, data.draw(st.text(min_size=1, max_size=5)))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    seen = shown(text, "d", lambda _t, _d: hidden)
    inside = {p for h in hidden for p in range(h.start + 1, h.end)}
    free = [p for p in range(len(text) + 1) if p not in inside]
    start = data.draw(st.sampled_from(free))
    end = data.draw(st.sampled_from([p for p in free if p >= start]))
    there = seen.to_shown(start, end)
    assert seen.to_source(*there) == (start, end)
    if not any(h.start < end and h.end > start for h in hidden):
        assert seen.text[slice(*there)].replace(" ", "\ufeff") == plain(text[start:end]).replace(
            " ", "\ufeff"
        )


def test_titles_and_paths_are_verbatim_with_names_only(tmp_path: Path) -> None:
    exported(tmp_path, states.small())
    with Store(state_folder(tmp_path / "out")) as store:
        run = store.runs()[-1]
        shown = store.shown_by(run.run_id)
        docs = {i: msgspec.msgpack.decode(b) for i, b in shown.items()}
        plain = [
            ("names/" + i, shown[i])
            for i, d in docs.items()
            if "document" in d and "quote" not in d
        ]
        masked = []
        for i, d in docs.items():
            if "document" in d and "quote" not in d:
                document = d["document"] | {"title": "[hidden title]"}
                masked.append((i, msgspec.msgpack.encode({"document": document})))
        store.keep_run(run, [*shown.items(), *masked, *plain])
    for with_names in (False, True):
        file = tmp_path / "export.qdpx"
        exchange.export(tmp_path / "out", file, "qdpx", with_names=with_names)
        titles = [v.text for v in qda.Qda(file.read_bytes()).all("TextValue")]
        assert ("[hidden title]" in titles) != with_names
        file.write_bytes(qda.as_rewritten(file.read_bytes()))
        found = exchange.compare_file(file, tmp_path / "out", corpus=tmp_path).changes
        assert (found.fresh, found.left_out) == ((), ())
