"""What changed between two publications, told from files alone or with the state's help."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import factory
import states
from notesmine import editions
from notesmine.cli import main
from notesmine.config import Settings, ThemeSettings
from notesmine.editions.snapshot import QuoteRow, Snapshot, ThemeRow
from notesmine.errors import InputError
from notesmine.records import Event

FIRST, SECOND = "2025-01-10_meeting.md", "2025-02-10_meeting.md"


def call(*args: str | Path) -> Result:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Outputs of one month and of the next, in two folders, without any state beside them."""
    states.run_of(states.small(), tmp_path / "work" / "old", "R-1")
    later = states.small(extra=True, changed=True, without=FIRST)
    chosen = Settings(themes=ThemeSettings(minimum=4))
    states.run_of(later, tmp_path / "work" / "new", "R-2", settings=chosen)
    for name in ("old", "new"):
        shutil.copytree(tmp_path / "work" / name, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def test_two_folders_are_compared_by_their_files_alone(two: tuple[Path, Path]) -> None:
    found = editions.diff(str(two[0]), str(two[1]), out=two[0].parent / "nowhere")
    assert {(d.what, d.path) for d in found.documents} == {
        ("removed", FIRST), ("changed", SECOND), ("added", "2025-04-10_meeting.md")
    }  # fmt: skip
    reasons = {(q.what, q.path, q.reason) for q in found.quotes}
    assert ("lost", FIRST, "document removed") in reasons
    assert ("gained", "2025-04-10_meeting.md", "new document") in reasons
    assert ("gained", SECOND, "document changed") in reasons
    carried = [q for q in found.quotes if q.what == "carried"]
    assert {q.path for q in carried} == {SECOND}
    assert len(carried) == 2
    assert all(q.before != q.quote_id for q in carried)
    themes = {t.theme_id: t for t in found.themes}
    assert themes["data"].what == "new"
    assert themes["ownership"].what in {"unchanged", "changed"}
    assert [(s.name, s.then, s.now) for s in found.made_with] == [("themes.minimum", 2, 4)]
    assert not (two[0].parent / ".notesmine").exists()


def test_the_same_is_the_same(two: tuple[Path, Path]) -> None:
    assert editions.diff(str(two[0]), str(two[0]), out=two[0]).same
    done = call("diff", two[0], two[0])
    assert done.exit_code == 0
    assert "Nothing differs." in done.output


def test_releases_runs_and_folders_are_compared_alike(tmp_path: Path) -> None:
    out = tmp_path / "outputs"
    states.run_of(states.small(), out, "R-1")
    editions.release("old", out)
    states.run_of(states.small(extra=True), out, "R-2")
    editions.release("new", out)
    by_name = editions.diff("old", "@new", out=out)
    for a, b in (("R-1", "R-2"), (str(out / "releases" / "old"), str(out)), ("R-1", str(out))):
        other = editions.diff(a, b, out=out)
        assert (other.themes, other.documents, other.quotes, other.made_with) == (
            by_name.themes, by_name.documents, by_name.quotes, by_name.made_with
        )  # fmt: skip
    shutil.rmtree(tmp_path / ".notesmine")
    assert editions.diff("old", "new", out=out).themes == by_name.themes


def test_forms_are_complete_and_always_the_same(two: tuple[Path, Path], tmp_path: Path) -> None:
    for form in ("json", "md"):
        target = tmp_path / f"diff.{form}"
        bodies = []
        for _ in range(2):
            done = call("diff", *two, "--to", form, "-o", target)
            assert done.exit_code == 0, done.output
            bodies.append(target.read_bytes())
        assert bodies[0] == bodies[1]
    found = json.loads((tmp_path / "diff.json").read_text("utf-8"))
    text = (tmp_path / "diff.md").read_text("utf-8")
    assert all(q["quote_id"] in text for q in found["quotes"])
    assert "| New | `data` |" in text
    lines = call("diff", *two).output
    assert "Evidence lost" in lines
    assert "themes.minimum: 2 -> 4" in lines


def test_what_is_none_of_these_is_said(two: tuple[Path, Path], tmp_path: Path) -> None:
    (two[1] / "themes.csv").write_text("a,b\n1,2\n", "utf-8")
    for other, named in ((tmp_path, "no release"), ("@old", "no release"), (two[1], "themes.csv")):
        done = call("diff", two[0], other)
        assert done.exit_code == 2
        assert named in done.output
        assert "What to do" in done.output
    assert "--outputs" in call("diff", "no-such", two[0]).output
    for command in ("diff", "agree"):
        assert "[default: outputs]" in " ".join(call(command, "--help").output.split())
    assert call("diff", two[0]).exit_code == 2
    with pytest.raises(InputError):
        editions.diff("../work", str(two[0]), out=two[0])


# -- what happened to themes ----------------------------------------------------------------------


def snapshot(
    members: Mapping[str, str], *, run_id: str = "R-1", history: tuple[Event, ...] = (),
    labels: Mapping[str, str] = {},
) -> Snapshot:  # fmt: skip
    """Make a publication whose emergent themes hold quotes, one a letter."""
    run = msgspec.structs.replace(
        factory.bundle(states.small()).run, run_id=run_id, inputs=(document(),), events=history
    )
    themes = {
        i: ThemeRow(
            theme_id=i, origin="emergent", label=labels.get(i, i), parent_id=None, documents=1,
            passages=len(held), open=len(held), rank=None,
        )
        for i, held in members.items()
    }  # fmt: skip
    quotes = {
        q: QuoteRow(
            quote_id=q, themes=(i,), kind="impediment", stance="open", tier="confirmed",
            text=f"Words {q}", doc_id="d1", path="a.md", page=None,
        )
        for i, held in members.items()
        for q in held
    }  # fmt: skip
    return Snapshot(name=run_id, run=run, themes=themes, quotes=quotes, history=history)


def document() -> dict[str, object]:
    return {"doc_id": "d1", "paths": ["a.md"], "sha256": "0", "format": "md", "status": "ok"}


def changes(a: Snapshot, b: Snapshot) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        t.theme_id: (t.what, t.other)
        for t in editions.compare(a, b).themes
        if t.what != "unchanged"
    }


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ({"T-1": "abcd"}, {"T-1": "abcdefg"}, {"T-1": ("grown", ())}),
        ({"T-1": "abcd"}, {"T-1": "ab"}, {"T-1": ("faded", ())}),
        ({"T-1": "abcd"}, {"T-1": "abcde"}, {"T-1": ("changed", ())}),
        ({"T-1": "ab"}, {"T-1": "ab", "T-2": "cd"}, {"T-2": ("new", ())}),
        ({"T-1": "ab", "T-2": "cd"}, {"T-1": "ab"}, {"T-2": ("retired", ())}),
        (
            {"T-1": "abcd", "T-2": "ef"}, {"T-1": "abcdef"},
            {"T-1": ("grown", ()), "T-2": ("merged", ("T-1",))},
        ),
        (
            {"T-1": "abcdef"}, {"T-1": "abcd", "T-2": "ef"},
            {"T-1": ("faded", ()), "T-2": ("split", ("T-1",))},
        ),
    ],
)  # fmt: skip
def test_what_happened_to_a_theme_is_read_off_its_quotes(
    then: Mapping[str, str],
    now: Mapping[str, str],
    expected: Mapping[str, tuple[str, tuple[str, ...]]],
) -> None:
    assert changes(snapshot(then), snapshot(now, run_id="R-2")) == expected


def test_a_theme_that_had_been_there_before_returns() -> None:
    retired = Event(theme_id="T-2", what="retired")
    then = snapshot({"T-1": "ab"}, history=(retired,))
    returned = (retired, Event(theme_id="T-2", what="returned"))
    now = snapshot({"T-1": "ab", "T-2": "cd"}, run_id="R-2", history=returned)
    assert changes(then, now) == {"T-2": ("returned", ())}


def test_a_theme_with_another_name_is_no_other_theme() -> None:
    found = editions.compare(snapshot({"T-1": "ab"}), snapshot({"T-1": "ab"}, labels={"T-1": "x"}))
    assert [(t.what, t.renamed_from) for t in found.themes] == [("unchanged", "T-1")]
    assert not found.same
    assert "was called T-1" in "\n".join(editions.to_lines(found))


members = st.dictionaries(
    st.sampled_from("abcdefghij"), st.sampled_from(["T-1", "T-2", "T-3"]), min_size=1
)


def grouped(by_quote: Mapping[str, str]) -> dict[str, str]:
    groups: dict[str, str] = {}
    for quote, theme in sorted(by_quote.items()):
        groups[theme] = groups.get(theme, "") + quote
    return groups


@given(members, members)
@settings(max_examples=80, deadline=None)
def test_every_quote_and_theme_is_accounted_for(
    then: Mapping[str, str], now: Mapping[str, str]
) -> None:
    found = editions.compare(snapshot(grouped(then)), snapshot(grouped(now), run_id="R-2"))
    by_what: dict[str, set[str]] = {}
    for quote in found.quotes:
        by_what.setdefault(quote.what, set()).add(quote.quote_id)
    assert by_what.get("gained", set()) == now.keys() - then.keys()
    assert by_what.get("lost", set()) == then.keys() - now.keys()
    assert by_what.get("regrouped", set()) == {
        q for q in then.keys() & now.keys() if then[q] != now[q]
    }
    assert {t.theme_id for t in found.themes} == {*then.values(), *now.values()}
    if then == now:
        assert found.same


# -- why quotes come and go -----------------------------------------------------------------------


def one(ident: str, **facts: Any) -> Snapshot:
    """A publication of one theme and one quote, of a document that is there before and after."""
    made = snapshot({"T-1": ident})
    quote = msgspec.structs.replace(made.quotes[ident], **facts)
    return msgspec.structs.replace(made, quotes={ident: quote})


def reasons(a: Snapshot, b: Snapshot) -> dict[str, str]:
    return {q.what: q.reason for q in editions.compare(a, b).quotes}


def test_a_quote_that_was_a_copy_before_is_said_to_have_been_one() -> None:
    words = "Nobody decides who looks after the coder."
    head = one("h", text=words, copies=("b.md", "a.md p. 2"))
    copy = one("c", text="- nobody decides, who looks after the CODER", page=2)
    copied = "counted as a copy of another statement"
    assert reasons(head, copy) == {
        "gained": f"its document was there: {copied} then",
        "lost": "its document is there: judged otherwise, read otherwise, or withheld now",
    }
    assert reasons(copy, head)["lost"] == f"its document is there: {copied} now"
    for other in (one("c", text=words, page=3), one("c", text="Other words.", page=2)):
        assert "copy" not in reasons(head, other)["gained"]


def test_the_state_says_why_a_quote_is_gone(tmp_path: Path) -> None:
    out = tmp_path / "outputs"
    states.run_of(states.small(), out, "R-1")
    notes = states.small()
    for number, (path, at, facts) in enumerate(notes._lines):
        if "Nobody" in str(facts["text"]):
            change: dict[str, dict[str, object]] = {
                FIRST: {"quotable": False},
                SECOND: {"kind": "status", "themes": ()},
            }
            notes._lines[number] = (path, at, facts | change.get(path, {}))
    states.run_of(notes, out, "R-2")
    found = {q.path: q.reason for q in editions.diff("R-1", str(out), out=out).quotes}
    assert found == {
        FIRST: "its document is there: marked as not for quotation now",
        SECOND: "its document is there: judged to be of the kind status now",
    }


# -- where it is written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [("-o", "report.html"), ("-o", "what"), ("--to", "json", "-o", "report.html"),
     ("--to", "json", "-o", "new.md"), ("--to", "md", "-o", "new.json")],
)  # fmt: skip
def test_a_file_of_another_form_is_never_written(
    two: tuple[Path, Path], more: tuple[str, ...]
) -> None:
    target = two[1] / more[-1]
    before = target.read_bytes() if target.exists() else None
    done = call("diff", *two, *more[:-1], target)
    assert done.exit_code == 2
    assert "ends in" in done.output
    assert (target.read_bytes() if target.exists() else None) == before


def test_a_published_file_is_never_overwritten(two: tuple[Path, Path]) -> None:
    for name in ("report.md", "run.json", "REFERENCES.json"):
        done = call("diff", *two, "-o", two[1] / name)
        assert done.exit_code == 2
        assert "part of a report" in done.output
    assert editions.diff(str(two[1]), str(two[1]), out=two[1]).same
    assert call("diff", *two, "-o", two[1] / "mine.markdown").exit_code == 0


def test_pipes_that_know_few_letters_break_nothing(two: tuple[Path, Path]) -> None:
    run = json.loads((two[1] / "run.json").read_text("utf-8"))
    run["settings"]["themes"]["minimum"] = "größer 日本"
    (two[1] / "run.json").write_text(json.dumps(run), "utf-8")

    def piped(*more: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "notesmine", "diff", *map(str, two), *more],
            env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "größer ??".encode("cp1252") in piped()
    assert "größer 日本".encode() in piped("--to", "md")
