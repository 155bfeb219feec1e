"""Imports: nothing changed is nothing decided; every kind of edit comes back, whoever wrote it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from lxml import etree

import factory
import qda
import states
from notesmine import exchange
from notesmine.cli import main
from notesmine.errors import InputError
from notesmine.exchange.changes import Changes
from notesmine.exchange.decision import Decision, read_decisions
from notesmine.exchange.names import Hidden, Hide
from notesmine.store import Store

EMOJI = "Nobody 👩‍🔧 looks after the cafe\u0301 register 🙂."
TOOL = "🙂🙂 Nobody uses the tool any more."
PAGES = "The second page says\x0cthat nobody owns the server."
LATE = "The data from the north came late again."
LAW = "What the law allows here is open to this day."
STATUS = "We went on with the work on the map."
COPY = "Nobody answers for the list of streets."


def notes() -> factory.Notes:
    made = factory.Notes()
    made.note("a/x.md", "2025-01-10", title="One", format="md")
    made.note("a - x.md", "2025-02-10", title="Two", format="md")
    made.note("b.pdf", "2025-03-10", title="Three", format="pdf")
    made.say("a/x.md", EMOJI, ("ownership",))
    made.say("a/x.md", TOOL, ("shelving", "T-017"))
    made.say("a/x.md", STATUS, kind="status", probability=0.9)
    made.say("a - x.md", PAGES, ("ownership", "T-017"), tier="review", probability=0.6)
    made.say("a - x.md", COPY, ("ownership",))
    made.say("a - x.md", COPY, ("ownership",))
    made.say("b.pdf", LATE, ("data",), page=2)
    made.say("b.pdf", LAW, ("legal",), page=3)
    return made


class Work:
    """A finished run in a folder, with exports and imports of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out, self.corpus = folder, folder / "out", folder / "notes"
        self.corpus.mkdir()
        states.run_of(notes(), self.out, "R-0123456789")

    def export(self, form: str = "qdpx", **more: Any) -> bytes:
        file = self.folder / f"file.{form}"
        exchange.export(self.out, file, form, **more)  # type: ignore[arg-type]
        return file.read_bytes()

    def compare(self, body: bytes, form: str = "qdpx", who: str = "anna") -> Changes:
        file = self.folder / f"back.{form}"
        file.write_bytes(body)
        found = exchange.compare_file(
            file, self.out, corpus=self.corpus, who=who, when="2025-06-01"
        )
        self.found = found
        return found.changes


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def told(changes: Changes) -> set[tuple[str, str, str]]:
    """What is decided, by its first words or its code, and the value."""
    return {(d.what, d.on or d.text[:12], d.value) for d in changes.fresh}


REWRITTEN = [
    pytest.param({"bom": False, "crlf": False, "guids": False}, id="as exported"),
    pytest.param({}, id="new GUIDs, BOM, CRLF, positions of the text with LF"),
    pytest.param({"units": "crlf"}, id="positions of the file with CRLF"),
    pytest.param({"units": "utf16"}, id="UTF-16 units"),
    pytest.param({"units": "utf16", "bom": False, "crlf": False}, id="UTF-16 units, no BOM"),
]


@pytest.mark.parametrize("how", REWRITTEN)
def test_an_unchanged_project_changes_nothing(work: Work, how: dict[str, Any]) -> None:
    changes = work.compare(qda.as_rewritten(work.export(), **how), who="")
    assert changes.fresh == ()
    assert changes.left_out == ()
    assert "No change" in changes.lines()


@pytest.mark.parametrize("notes_of", [states.small, factory.sample, factory.Notes])
def test_a_round_trip_changes_nothing_whatever_the_notes(
    tmp_path: Path, notes_of: Callable[[], factory.Notes]
) -> None:
    out = tmp_path / "out"
    states.run_of(notes_of(), out, "R-0123456789")
    for form in ("qdpx", "xlsx"):
        file = tmp_path / f"file.{form}"
        exchange.export(out, file, form)
        if form == "qdpx":
            file.write_bytes(qda.as_rewritten(file.read_bytes(), bom=False))
        if form == "qdpx" and not notes_of().documents():
            continue
        changes = exchange.compare_file(file, out, corpus=tmp_path).changes
        assert (changes.fresh, changes.left_out) == ((), ())


@pytest.mark.parametrize("how", REWRITTEN)
def test_every_kind_of_edit_comes_back(work: Work, how: dict[str, Any]) -> None:
    project = qda.Qda(work.export())
    anna = project.add_user("Anna B.")
    # recoded, given and taken
    tool = project.selection("🙂🙂 Nobody uses")
    project.uncode(tool, "Shelved after the pilot")
    project.add_coding(tool, "Too few people", anna)
    project.add_coding(tool, "pinned", anna)
    # a kind corrected, one confirmed, one gone altogether
    project.recode(project.selection("What the law"), "impediment", "proposal")
    project.uncode(project.selection("The second page"), "to review")
    late = project.selection("The data from")
    holder = late.getparent()
    assert holder is not None
    holder.remove(late)
    # a passage that the machine passed over
    status = etree.SubElement(holder, f"{qda.NS}PlainTextSelection")
    other = next(h for h in project.holders() if STATUS in project.text_of(h))
    at = project.text_of(other).index(STATUS)
    holder.remove(status)
    place = list(other).index(other.findall(f"{qda.NS}PlainTextSelection")[-1]) + 1
    other.insert(place, status)
    for key, value in {
        "guid": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
        "startPosition": str(at),
        "endPosition": str(at + len(STATUS)),
    }.items():
        status.set(key, value)
    # codes: renamed, redefined, one new with the new passage
    project.code("Nobody owns it").set("name", "No owner")
    described = project.code("Access to data").find(f"{qda.NS}Description")
    assert described is not None
    described.text = "Data that is not there in time."
    project.add_code("Ärger & Lärm", "Noise of all kinds.")
    project.add_coding(status, "Ärger & Lärm", anna)
    project.add_coding(project.selection("Nobody answers"), "not for quotation", anna)
    changes = work.compare(qda.as_rewritten(project.body(), **how), who="")
    assert told(changes) == {
        ("uncode", TOOL[:12], "shelving"),
        ("code", TOOL[:12], "capacity"),
        ("pin", TOOL[:12], ""),
        ("kind", LAW[:12], "proposal"),
        ("kind", PAGES[:12], "impediment"),
        ("kind", LATE[:12], "status"),
        ("kind", STATUS[:12], "impediment"),
        ("code", STATUS[:12], "arger-larm"),
        ("add", "arger-larm", "Ärger & Lärm"),
        ("rename", "ownership", "No owner"),
        ("redefine", "data", "Data that is not there in time."),
        ("veto", COPY[:12], ""),
    }
    assert changes.left_out == ()
    assert {d.who for d in changes.fresh} == {"Anna B."}
    place_of = {d.start: d.text for d in changes.fresh if d.text}
    documents = {d.doc_id: d for d in notes().documents().values()}
    for decision in changes.fresh:
        if decision.text:
            text = documents[decision.doc].text
            assert text[decision.start : decision.end] == decision.text
    assert len(place_of) > 4


def test_of_two_equal_passages_the_one_that_was_changed_is_meant(work: Work) -> None:
    project = qda.Qda(work.export())
    anna = project.add_user("anna")
    both = [
        s
        for h in project.holders()
        for s in h.iter(f"{qda.NS}PlainTextSelection")
        if project.text_of(h)[int(s.get("startPosition", "")) :].startswith(COPY)
    ]
    assert len(both) == 2
    project.add_coding(both[1], "Too few people", anna)
    (decision,) = work.compare(qda.as_rewritten(project.body())).fresh
    assert decision.start == int(both[1].get("startPosition", ""))


def test_merged_split_and_retired_codes_come_back(work: Work) -> None:
    project = qda.Qda(work.export())
    project.recode(project.selection("What the law"), "Legal doubts", "Too few people")
    for name in ("Legal doubts", "Never reported"):
        code = project.code(name)
        parent = code.getparent()
        assert parent is not None
        parent.remove(code)
    project.add_code("Late data", "Data that comes too late for its use.")
    project.recode(project.selection("The data from"), "Access to data", "Late data")
    changes = work.compare(qda.as_rewritten(project.body()))
    assert told(changes) == {
        ("merge", "legal", "capacity"),
        ("retire", "unheard", ""),
        ("add", "late-data", "Late data"),
        ("code", LATE[:12], "late-data"),
        ("uncode", LATE[:12], "data"),
    }


def test_a_code_renamed_under_a_new_guid_is_known_by_its_passages(work: Work) -> None:
    project = qda.Qda(work.export())
    code = project.code("register, owner, unclear (T-017)")
    code.set("name", "Register without owner")
    for described in code.findall(f"{qda.NS}Description"):
        code.remove(described)
    changes = work.compare(qda.as_rewritten(project.body()))
    assert told(changes) == {("rename", "T-017", "Register without owner")}


def test_a_changed_source_is_searched_and_what_is_not_there_is_listed(work: Work) -> None:
    project = qda.Qda(work.export())
    anna = project.add_user("anna")
    selection = project.selection("The data from")
    project.add_coding(selection, "Too few people", anna)
    holder = selection.getparent()
    assert holder is not None
    path = "sources/" + holder.get("plainTextPath", "").removeprefix("internal://")
    text = "A line that was put before.\n" + project.files[path].decode()
    text = text.replace(LAW, "Something else is said here now, and nothing of the kind.")
    project.files[path] = text.encode()
    for moved in holder.findall(f"{qda.NS}PlainTextSelection"):
        for name in ("startPosition", "endPosition"):
            moved.set(name, str(int(moved.get(name, "")) + 28))
    changes = work.compare(project.body())
    assert ("code", LATE[:12], "capacity") in told(changes)
    assert any("Something else" in text for text in changes.left_out)


def test_what_is_no_text_is_listed(work: Work) -> None:
    project = qda.Qda(work.export())
    sources = project.all("Sources")[0]
    etree.SubElement(sources, f"{qda.NS}PictureSource", guid="1" * 8, name="photo.png")
    stranger = etree.SubElement(sources, f"{qda.NS}TextSource", guid="2" * 8, name="diary.txt")
    etree.SubElement(stranger, f"{qda.NS}PlainTextContent").text = "Dear diary, all is well here."
    selection = etree.SubElement(
        stranger, f"{qda.NS}PlainTextSelection", startPosition="0", endPosition="10"
    )
    project.add_coding(selection, "Too few people", "")
    first = project.all("PlainTextSelection")[0]
    first.set("endPosition", "many")
    changes = work.compare(project.body())
    listed = "\n".join(changes.left_out)
    assert "photo.png" in listed
    assert "diary.txt" in listed
    assert "sound positions" in listed


def test_brackets_in_place_of_names_are_mapped_back(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hide(text: str, doc_id: str) -> list[Hidden]:
        del doc_id
        return [
            Hidden(m, m + len(w), "[a very long pseudonym]")
            for w in ("register", "Present")
            for m in [text.find(w)]
            if m >= 0
        ]

    def hider(store: Store, *, with_names: bool) -> Hide:
        del store
        return (lambda _t, _d: []) if with_names else hide

    for name in ("export", "take"):  # the package shows functions of these names
        monkeypatch.setattr(sys.modules[f"notesmine.exchange.{name}"], "hider", hider)
    for with_names in (False, True):
        body = work.export(with_names=with_names)
        assert (EMOJI in "".join(map(qda.Qda(body).text_of, qda.Qda(body).holders()))) == with_names
        assert work.compare(qda.as_rewritten(body)).fresh == ()
        project = qda.Qda(body)
        project.add_coding(project.selection("Nobody 👩‍🔧"), "pinned", project.add_user("anna"))
        (decision,) = work.compare(qda.as_rewritten(project.body())).fresh
        assert decision.text == EMOJI
    assert "[a very long pseudonym]" in str(work.export("jsonl"), "utf-8")
    book = openpyxl.load_workbook(io.BytesIO(work.export("xlsx")))
    assert any("[a very" in str(c.value) for c in book["Codings"]["E"])


def test_who_decided_must_be_known(work: Work) -> None:
    project = qda.Qda(work.export())
    project.uncode(project.selection("🙂🙂 Nobody uses"), "Shelved after the pilot")
    with pytest.raises(InputError, match="who made"):
        work.compare(project.body(), who="")
    assert work.compare(project.body(), who="ben").fresh[0].who == "ben"


# -- the workbook ---------------------------------------------------------------------------------


def edited(body: bytes, edit: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(body))
    edit(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def cell(sheet: Any, words: str, column: str) -> Any:
    head = [c.value for c in sheet[1]]
    row = next(
        r for r in sheet.iter_rows(min_row=2) if any(str(c.value).startswith(words) for c in r)
    )
    return row[head.index(column)]


def test_every_kind_of_edit_in_a_workbook_comes_back(work: Work) -> None:
    def edit(book: Any) -> None:
        codings, codes = book["Codings"], book["Codes"]
        cell(codings, EMOJI[:9], "Decision").value = "pin"
        cell(codings, "🙂🙂", "Codes").value = "capacity; Brand new"
        cell(codings, "🙂🙂", "Who").value = "ben"
        cell(codings, "🙂🙂", "Note").value = "see page 2"
        cell(codings, "The second", "Decision").value = "keep"
        cell(codings, LATE, "Kind").value = "Resolved"
        cell(codings, LAW, "Decision").value = "veto"
        cell(codings, COPY, "Codes").value = "none"
        cell(codes, "T-017", "Name").value = "Registers"
        cell(codes, "data", "Definition").value = "New words."
        cell(codes, "legal", "Becomes").value = "capacity"
        cell(codes, "unheard", "Becomes").value = "retired"
        codes.append(["late-data", "Late data", "It comes late."])

    changes = work.compare(edited(work.export("xlsx"), edit), "xlsx")
    assert told(changes) == {
        ("pin", EMOJI[:12], ""),
        ("code", TOOL[:12], "capacity"),
        ("code", TOOL[:12], "brand-new"),
        ("uncode", TOOL[:12], "shelving"),
        ("uncode", TOOL[:12], "T-017"),
        ("add", "brand-new", "Brand new"),
        ("kind", PAGES[:12], "impediment"),
        ("kind", LATE[:12], "resolved"),
        ("veto", LAW[:12], ""),
        ("uncode", COPY[:12], "ownership"),
        ("rename", "T-017", "Registers"),
        ("redefine", "data", "New words."),
        ("merge", "legal", "capacity"),
        ("retire", "unheard", ""),
        ("add", "late-data", "Late data"),
    }
    ben = [d for d in changes.fresh if d.text == TOOL]
    assert {(d.who, d.why) for d in ben} == {("ben", "see page 2")}
    assert changes.left_out == ()


def test_rows_sorted_deleted_or_without_their_ids_are_understood(work: Work) -> None:
    def edit(book: Any) -> None:
        sheet = book["Codings"]
        cell(sheet, LATE, "Decision").value = "pin"
        cell(sheet, LATE, "Id").value = None
        sheet.delete_rows(2)
        sheet.move_range("A2:P3", rows=20)

    changes = work.compare(edited(work.export("xlsx"), edit), "xlsx")
    assert told(changes) == {("pin", LATE[:12], "")}


def test_cells_that_cannot_be_taken_are_listed_with_their_row(work: Work) -> None:
    def edit(book: Any) -> None:
        sheet = book["Codings"]
        cell(sheet, LATE, "Kind").value = "nonsense"
        cell(sheet, LAW, "Decision").value = "burn"
        cell(sheet, "The second", "Id").value = "Q-0000000000"
        cell(sheet, "The second", "Text").value = "Words that no note holds."
        cell(book["Codes"], "legal", "Becomes").value = "no-such"
        book["Codes"].append(["Not An Id", "x", "y"])

    changes = work.compare(edited(work.export("xlsx"), edit), "xlsx")
    assert changes.fresh == ()
    assert len(changes.left_out) == 5
    assert all("row" in text for text in changes.left_out)


def test_a_later_run_is_not_taken_for_a_persons_change(work: Work) -> None:
    """What the machine itself judges otherwise in between is nobody's decision."""
    project, book = work.export(), work.export("xlsx")
    changed = factory.Notes()
    changed.note("a/x.md", "2025-01-10", title="One", format="md")
    changed.say("a/x.md", EMOJI, ("capacity",), kind="proposal")
    states.run_of(changed, work.out, "R-9876543210")
    assert work.compare(qda.as_rewritten(project), who="").fresh == ()
    assert work.compare(book, "xlsx", who="").fresh == ()


# -- taken ----------------------------------------------------------------------------------------


def test_the_command_shows_takes_and_does_not_take_twice(work: Work) -> None:
    project = qda.Qda(work.export())
    project.add_coding(project.selection("🙂🙂"), "pinned", project.add_user("Anna"))
    file = work.folder / "back.qdpx"
    file.write_bytes(qda.as_rewritten(project.body()))
    base = ["import", str(file), "-o", str(work.out), "--corpus", str(work.corpus)]
    shown = CliRunner().invoke(main, [*base, "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert "1 quotes pinned" in shown.output
    assert not (work.corpus / "decisions.toml").exists()
    done = CliRunner().invoke(main, base)
    assert done.exit_code == 0, done.output
    (decision,) = read_decisions(work.corpus / "decisions.toml")
    assert (decision.what, decision.who, decision.text) == ("pin", "Anna", TOOL)
    again = CliRunner().invoke(main, base)
    assert "No change (1 taken before)" in again.output
    assert len(read_decisions(work.corpus / "decisions.toml")) == 1


def test_without_its_folder_the_command_asks_for_the_notes(work: Work) -> None:
    file = work.folder / "file.qdpx"
    work.export()
    done = CliRunner().invoke(main, ["import", str(file), "-o", str(work.out)])
    assert done.exit_code == 2
    assert "--corpus" in done.output


# -- hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no archive at all", "opened"),
        (qda.archive(readme_dot_txt=b"x"), "no project.qde"),
        (qda.archive(project_dot_qde=b"<Project"), "well formed"),
        (qda.archive(project_dot_qde=b"<Project/>"), "no REFI-QDA project"),
        (qda.archive(project_dot_qde=b'<CodeBook xmlns="urn:QDA-XML:codebook:1.0"/>'), "no REFI"),
        (
            qda.archive(project_dot_qde=b'<!DOCTYPE a [<!ENTITY b "c">]>' + qda.ROOT),
            "entities",
        ),
        (
            qda.archive(
                project_dot_qde=b"\xff\xfe"
                + ('<!DOCTYPE a [<!ENTITY b "c">]>' + qda.ROOT.decode()).encode("utf-16-le")
            ),
            "entities",
        ),
        (qda.zip_slip(), "outside"),
        (qda.archive(project_dot_qde=qda.ROOT, sources__a_dot_txt=b"\0" * (30 << 20)), "expands"),
        (qda.archive(project_dot_qde=qda.ROOT), "neither a note nor a code"),
    ],
)  # fmt: skip
def test_hostile_and_foreign_projects_are_clear_errors(work: Work, body: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        work.compare(body)
    assert caught.value.hint
    with pytest.raises(InputError):
        work.compare(body, "xlsx")


def test_a_path_that_leads_out_of_the_project_is_not_followed(work: Work) -> None:
    secret = work.folder / "secret.txt"
    secret.write_text(LATE, "utf-8")
    project = qda.Qda(work.export())
    for holder in project.holders():
        holder.set("plainTextPath", f"internal://../../{secret.name}")
    with pytest.raises(InputError):
        work.compare(qda.archive(project_dot_qde=etree.tostring(project.root)))
    project.all("TextSource")[0].set("plainTextPath", str(secret))
    changes = work.compare(work.export())
    assert changes.fresh == ()


def test_deep_codes_and_odd_numbers_do_no_harm(work: Work) -> None:
    project = qda.Qda(work.export())
    parent: etree._Element | None = None
    for number in range(200):
        project.add_code(f"deep {number}", parent=parent)
        parent = project.code(f"deep {number}")
    huge = project.all("PlainTextSelection")[0]
    huge.set("startPosition", "999999999")
    huge.set("endPosition", "9" * 30)
    changes = work.compare(project.body())
    assert any("codes above it" in text for text in changes.left_out)
    assert any("sound positions" in text for text in changes.left_out)


def test_decisions_say_who_when_what_and_why() -> None:
    decision = Decision(what="kind", who="a", value="status", text="x " * 90, path="p")
    assert decision.told().startswith("a: kind status (p: 'x x")
    assert len(decision.told()) < 120
