"""What people corrected and checked stands in the method section of every report."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

import factory
from notesmine.config import Settings
from notesmine.publish import Bundle, publish
from notesmine.publish.checked import TITLE, checked
from notesmine.publish.checklist import checklist
from notesmine.runrecord import fingerprint
from notesmine.themes.codebook import load_codebook

CHECK = "Agreement of person A and person B, kind: n = 60, kappa .71 [.55, .84], alpha .71"
COUNTS: dict[str, object] = {
    "read": 7, "held": 5, "by_what": {"code": 2, "kind": 4, "veto": 1}, "people": 2,
    "found_again_moved": 2, "found_again_changed": 1, "not_placed": 1, "not_taken": 0,
    "conflicts": 1,
}  # fmt: skip


def made(counts: dict[str, object] | None = None, checks: tuple[str, ...] = ()) -> Bundle:
    bundle = factory.bundle(factory.sample())
    extra = {"decisions": counts} if counts else {}
    run = msgspec.structs.replace(bundle.run, counts=bundle.run.counts | extra)
    return msgspec.structs.replace(bundle, run=run, checks=checks)


def word(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("word/document.xml").decode()


def test_decisions_and_checks_are_told_in_every_report(tmp_path: Path) -> None:
    publish(tmp_path, made(COUNTS, (CHECK,)))
    html = (tmp_path / "report.html").read_text("utf-8")
    method = html[html.index('id="r-method"') : html.index('id="r-inventory"')]
    plain = (tmp_path / "report.md").read_text("utf-8").replace("\\", "")
    for text in (method, plain, word(tmp_path / "report.docx")):
        assert TITLE in text
        assert CHECK in text
        assert "2 people took 7 decisions, which win over the machine: 4 kinds" in text
        assert "5 of 7 hold in this run." in text
        assert "3 decisions found again where the notes had changed" in text
        assert "1 decision not taken: on passages that are not in the notes any more" in text
        assert "1 question on which people differ" in text


def test_nothing_is_said_where_nobody_did_anything(tmp_path: Path) -> None:
    publish(tmp_path, made())
    assert checked(made()) == []
    for name in ("report.html", "report.md"):
        assert TITLE not in (tmp_path / name).read_text("utf-8")
    assert TITLE not in word(tmp_path / "report.docx")


def test_the_checklist_knows_of_a_check() -> None:
    by_topic = {i.topic: i for i in checklist(made(checks=(CHECK,)))}
    assert by_topic["Trustworthiness"].state == "filled"
    assert "corrected or checked" in by_topic["Analysis"].filled
    assert {i.topic: i for i in checklist(made())}["Trustworthiness"].state == "in part"


def test_a_run_after_a_check_is_not_unchanged() -> None:
    book = load_codebook(None)
    one, other = (fingerprint([], [], {}, Settings(), book, None, checks=c) for c in ((), (CHECK,)))
    assert one != other
