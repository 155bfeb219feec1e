"""Editions stand for ever: what was cited from one is shown, whatever became of it since."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import factory
import states
from notesmine import editions, store
from notesmine.cli import main
from notesmine.errors import InputError, NothingToRead, OutputError, StateError
from notesmine.records import Event
from notesmine.store import Store, state_folder

FIRST, SECOND, THIRD = (f"2025-0{n}-10_meeting.md" for n in (1, 2, 3))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    states.run_of(states.small(), tmp_path / "outputs", "R-1")
    return tmp_path / "outputs"


def call(*args: str | Path) -> Result:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def show(ident: str, out: Path) -> str:
    done = call("show", ident, "-o", out)
    assert done.exit_code == 0, done.output
    return done.output


def since(ident: str, out: Path) -> str:
    return " ".join(show(ident, out).partition("Since this release")[2].split())


def quote_in(out: Path, path: str, words: str) -> str:
    snapshot = editions.from_folder(out, "x")
    return next(q.quote_id for q in snapshot.quotes.values() if q.path == path and words in q.text)


def files(folder: Path) -> dict[str, str]:
    return {
        f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(folder.rglob("*"))
        if f.is_file()
    }


# -- making one -----------------------------------------------------------------------------------


def test_a_release_is_a_true_copy_that_a_later_run_leaves_alone(out: Path) -> None:
    before = files(out)
    done = call("release", "2025-q1", "-o", out)
    assert done.exit_code == 0, done.output
    copy = out / "releases" / "2025-q1"
    assert files(copy) == before
    states.run_of(states.small(extra=True), out, "R-2")
    assert files(copy) == before
    assert json.loads((copy / "run.json").read_text("utf-8"))["run_id"] == "R-1"
    assert (
        "2025-q1  R-1  notes to 2025-03-10  3 documents"
        in call("release", "--list", "-o", out).output
    )


def test_the_same_release_twice_is_one_and_another_is_refused(out: Path) -> None:
    assert editions.release("v1", out).new
    assert not editions.release("v1", out).new
    states.run_of(states.small(extra=True), out, "R-2")
    for name in ("v1", "V1"):
        done = call("release", name, "-o", out)
        assert done.exit_code == 2
        assert "other outputs" in done.output
        assert "What to do" in done.output


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "/x/y", "con", "NUL.txt", "com1", "a.", "-a", ".a",
     "a b", "ä", "a\n", "x" * 65, "a..b", "a:b", "@a"],
)  # fmt: skip
def test_names_that_are_no_folder_everywhere_are_refused(out: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        editions.release(name, out)
    assert "letters" in caught.value.hint
    assert not (out / "releases").exists()


@pytest.mark.parametrize("name", ["2025-q1", "v1.2", "Board_2025", "x" * 64, "console", "7"])
def test_plain_names_are_taken(out: Path, name: str) -> None:
    assert editions.release(name, out).folder.is_dir()


@pytest.mark.parametrize("name", ["report.html", "evidence.csv", "run.json"])
def test_outputs_that_were_changed_are_not_frozen(out: Path, name: str) -> None:
    target = out / name
    target.write_bytes(target.read_bytes().replace(b"2025-01-10", b"2025-01-11"))
    with pytest.raises(OutputError, match=name.replace(".", r"\.")) as caught:
        editions.release("v1", out)
    assert "notesmine run" in caught.value.hint
    assert not (out / "releases").exists()


def test_missing_outputs_and_a_missing_state_are_said(out: Path, tmp_path: Path) -> None:
    (out / "report.md").unlink()
    with pytest.raises(OutputError, match=r"report\.md \(missing\)"):
        editions.release("v1", out)
    with pytest.raises(NothingToRead):
        editions.release("v1", tmp_path / "nothing")
    shutil.copytree(out, tmp_path / "sent-round")
    with pytest.raises(StateError):
        editions.release("v1", tmp_path / "sent-round")
    assert not (tmp_path / ".notesmine" / "sent-round").exists()
    states.run_of(states.small(), tmp_path / "other", "R-9")
    with pytest.raises(InputError, match="does not know the run"):
        editions.release("v1", tmp_path / "other", state=state_folder(out))


def test_a_crash_before_the_state_is_written_is_made_good(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "keep_edition", crash)
        with pytest.raises(KeyboardInterrupt):
            editions.release("v1", out)
    assert (out / "releases" / "v1").is_dir()
    assert call("release", "--list", "-o", out).output.startswith("No release yet")
    assert editions.release("v1", out).new
    assert "Nobody decides" in show("ownership@v1", out)


def test_a_crash_while_copying_leaves_no_half_release(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            editions.release("v1", out)
    assert not (out / "releases" / "v1").exists()
    part = out / "releases" / ".v1.part"
    part.mkdir(parents=True)
    (part / "left-over").write_text("x")
    assert sorted(files(editions.release("v1", out).folder)) == sorted(
        [*json.loads((out / "run.json").read_text("utf-8"))["outputs"], "run.json"]
    )


def test_a_folder_in_the_way_is_never_overwritten(out: Path) -> None:
    other = out / "releases" / "v1"
    other.mkdir(parents=True)
    (other / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        editions.release("v1", out)
    assert (other / "mine.txt").read_text() == "mine"


def test_a_deleted_copy_is_written_anew_while_the_outputs_stand(out: Path) -> None:
    editions.release("v1", out)
    shutil.rmtree(out / "releases")
    assert "copy deleted" in call("release", "--list", "-o", out).output
    assert not editions.release("v1", out).new
    assert (out / "releases" / "v1" / "report.html").is_file()


# -- citing from one ------------------------------------------------------------------------------


def test_ids_resolve_when_outputs_and_what_was_shown_are_gone(out: Path) -> None:
    quote = quote_in(out, FIRST, "Nobody decides")
    document = editions.from_folder(out, "x").quotes[quote].doc_id
    whole = {i: show(i, out) for i in ("ownership", "T-017", quote, document)}
    editions.release("v1", out)
    states.run_of(factory.sample(), out, "R-2")
    states.run_of(states.small(without=FIRST), out, "R-3")
    shutil.rmtree(out)
    database = sqlite3.connect(state_folder(out) / "state.sqlite")
    database.executescript("DELETE FROM shown; DELETE FROM runs WHERE run_id IN ('R-1', 'R-2');")
    database.close()
    for ident, lines in whole.items():
        then = show(f"{ident}@v1", out).partition("Since this release")[0]
        for line in lines.splitlines():
            assert line in then, line


def test_what_became_of_a_quote_is_said(out: Path) -> None:
    cited = {path: quote_in(out, path, "Nobody decides") for path in (FIRST, SECOND, THIRD)}
    editions.release("v1", out)
    assert since(f"{cited[FIRST]}@v1", out) == "no run since: this is what stands now"
    notes = states.small(changed=True, without=FIRST)
    for number, (path, at, facts) in enumerate(notes._lines):
        if path == THIRD and "Nobody" in str(facts["text"]):
            notes._lines[number] = (path, at, facts | {"kind": "status", "themes": ()})
    states.run_of(notes, out, "R-2")
    assert "is not in the corpus" in since(f"{cited[FIRST]}@v1", out)
    later = quote_in(out, SECOND, "Nobody decides")
    assert later != cited[SECOND]
    assert f"changed; the same words are published from it as {later}" in since(
        f"{cited[SECOND]}@v1", out
    )
    assert "kind status now" in since(f"{cited[THIRD]}@v1", out)
    told = since("ownership@v1", out)
    assert "documents 3 -> 1" in told
    assert f"\n    {cited[FIRST]} " in show("ownership@v1", out)
    assert "of its 3 quotes then, 0 stand unchanged, 3 not" in told


def test_a_quote_withheld_since_is_said_to_be_withheld(out: Path) -> None:
    quote = quote_in(out, FIRST, "Nobody decides")
    editions.release("v1", out)
    notes = states.small()
    notes._lines = [
        (path, at, facts | {"quotable": path != FIRST}) for path, at, facts in notes._lines
    ]
    states.run_of(notes, out, "R-2")
    assert "not for quotation now" in since(f"{quote}@v1", out)


def test_what_became_of_a_theme_follows_mergers(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editions.release("v1", out)
    merged = Event(theme_id="T-017", what="merged", detail="2 of 3 passages", other=("T-018",))
    again = Event(theme_id="T-018", what="merged", detail="all of it", other=("ownership",))
    without = [t for t in factory.themes() if t.theme_id != "T-017"]
    monkeypatch.setattr(factory, "themes", lambda: without)
    states.run_of(states.small(extra=True), out, "R-2", events=(merged,))
    assert "went over to T-018 (no longer a theme itself)" in since("T-017@v1", out)
    states.run_of(states.small(), out, "R-3", events=(again,))
    told = since("T-017@v1", out)
    assert "merged 2 of 3 passages T-018" in told
    assert "went over to ownership Nobody owns it" in told


def test_a_theme_that_only_passages_to_review_report_is_still_there(out: Path) -> None:
    editions.release("v1", out)
    notes = states.small()
    notes._lines = [(path, at, facts | {"tier": "review"}) for path, at, facts in notes._lines]
    states.run_of(notes, out, "R-2")
    assert "no confirmed passage now (then 3 passages)" in since("T-017@v1", out)
    assert "the code is still looked for" in since("ownership@v1", out)
    quote = quote_in(out, FIRST, "Nobody decides")
    assert "tier confirmed -> review" in since(f"{quote}@v1", out)


def test_what_became_of_a_document_is_said(out: Path) -> None:
    before = {q.path: q.doc_id for q in editions.from_folder(out, "x").quotes.values()}
    editions.release("v1", out)
    notes = states.small(changed=True, without=FIRST)
    notes._facts[THIRD]["paths"] = ("new-name.md",)
    notes._lines = [line for line in notes._lines if line[0] != THIRD]
    states.run_of(notes, out, "R-2")
    assert "no longer in the corpus" in since(f"{before[FIRST]}@v1", out)
    assert f"changed: {SECOND} is now" in since(f"{before[SECOND]}@v1", out)
    assert "now named new-name.md" in since(f"{before[THIRD]}@v1", out)


def test_what_is_kept_beside_the_publication_is_not_part_of_it(out: Path) -> None:
    # A state may keep the same items in another form, under other keys (with names, say).
    with Store(state_folder(out)) as known:
        run, own = known.runs()[0], known.shown_by("R-1")
        other = {
            f"other:{i}": b.replace(b"Nobody decides", b"Ms Xxx decides") for i, b in own.items()
        }
        known.keep_run(run, {**own, **other}.items())
    before = editions.diff("R-1", str(out), out=out)
    assert before.same
    editions.release("v1", out)
    assert editions.diff("v1", str(out), out=out).same
    assert call("show", "other:ownership@v1", "-o", out).exit_code == 2


def test_unknown_releases_and_ids_are_said(out: Path) -> None:
    editions.release("v1", out)
    for ident, named in (("ownership@v2", "v1"), ("T-999@v1", "T-999"), ("@v1", "''")):
        done = call("show", ident, "-o", out)
        assert done.exit_code == 2
        assert named in done.output
        assert "What to do" in done.output
    assert "Release v1" in show("ownership@V1", out)


# -- the state ------------------------------------------------------------------------------------


def test_an_older_state_is_migrated_and_a_copy_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    database = sqlite3.connect(folder / "state.sqlite")
    database.executescript(f"BEGIN;{store.MIGRATIONS[0]}PRAGMA user_version=1;COMMIT")
    database.execute("INSERT INTO blobs VALUES ('corpus', x'6e6f746573')")
    database.commit()
    database.close()
    with Store(folder) as known:
        assert known.blob("corpus") == b"notes"
        known.keep_edition("v1", b"body", [("a", b"1")])
        assert known.edition_items("v1") == {"a": b"1"}
    assert (folder / "state.v1.backup.sqlite").is_file()


def test_editions_keep_their_order_and_all_or_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "state") as known:
        for name in ("b", "a", "c"):
            known.keep_edition(name, name.encode(), [("x", b"1")])
        with pytest.raises(sqlite3.IntegrityError):
            known.keep_edition("d", b"d", [("x", b"1"), ("x", b"2")])
        assert list(known.editions()) == ["b", "a", "c"]
        assert known.edition_item("d", "x") is None


def test_an_edition_holds_the_history(out: Path) -> None:
    created = Event(theme_id="T-017", what="created", detail="3 passages")
    states.run_of(states.small(), out, "R-2", events=(created,))
    edition = editions.release("v1", out).edition
    assert [r.run_id for r in edition.before] == ["R-1"]
    assert "created  3 passages" in show("T-017@v1", out)
