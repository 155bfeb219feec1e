"""What a user may rely on: a run is done again from its record, and what differs is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notesmine import origin, pipeline, rerun, runrecord
from notesmine.cli import main
from notesmine.config import ReadSettings, Settings
from notesmine.editions import release
from notesmine.errors import InputError, NothingToRead, OutputError, StateError
from notesmine.publish import read_run
from notesmine.store import Store, state_folder

NOTES = {
    "2025-01-10 round.md": (
        "# Round\n\nPresent: Anna Kern, Ben Ode\n\n## Impediments\n\n"
        "- Nobody knows who is responsible for the coder once the project is over.\n"
        "- The price files come late every month, and in another format each time.\n"
        "- The map of buildings worked in the trial and has not been used since.\n"
    ),
    "2025-02-10 by Anna Kern.md": (
        "# Round\n\nPresent: Anna Kern, Ben Ode\n\n## Impediments\n\n"
        "- No unit is responsible for the coder, and nobody decides about it.\n"
        "- We have no one who can maintain the scripts when Ben Ode leaves.\n"
        "- Anna Kern: the lawyers have not said if we may use the addresses.\n"
    ),
    "sub/2025-03-10 round.txt": (
        "Impediments\n\n- It is still unclear who owns the coder and who pays for it.\n"
        "- The price files were late again, so the figures could not be checked in time.\n"
    ),
}
FOURTH = "## Impediments\n\n- Nobody maintains the coder, and nobody is responsible for it now.\n"


class Place:
    """A corpus with two runs; the second started from the state of the first."""

    def __init__(self, root: Path) -> None:
        self.corpus, self.out = root / "notes", root / "outputs"
        for name, text in NOTES.items():
            (self.corpus / name).parent.mkdir(parents=True, exist_ok=True)
            (self.corpus / name).write_text(text, encoding="utf-8")
        (self.corpus / "people.csv").write_text("name,role\nAnna Kern,Head of methods\n", "utf-8")
        (self.corpus / "metadata.csv").write_text(
            "path,organisation\n2025-01-10 round.md,Mapping Agency\n", "utf-8"
        )
        (self.corpus / "README.md").write_text("What lies here.\n", "utf-8")
        pipeline.run(self.corpus, self.out)
        self.first = release("first", self.out).folder
        (self.corpus / "2025-04-10 round.md").write_text(FOURTH, encoding="utf-8")
        pipeline.run(self.corpus, self.out)

    @property
    def manifest(self) -> Path:
        return self.out / "run.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    Place(root)
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """A copy of it, to be changed."""
    shutil.copytree(made, tmp_path / "copy")
    place = object.__new__(Place)
    place.corpus, place.out = tmp_path / "copy" / "notes", tmp_path / "copy" / "outputs"
    place.first = place.out / "releases" / "first"
    with Store(state_folder(place.out)) as store:
        store.keep_blob("corpus", str(place.corpus).encode())
    return place


def again(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["run", "-q", *map(str, arguments)])


def named(found: rerun.Rerun) -> set[tuple[str, str]]:
    return {(c.group, c.name) for c in found.causes}


def different(found: rerun.Rerun) -> set[str]:
    return {o.name for o in found.outputs if not o.identical}


def test_a_run_that_started_from_a_state_is_identical(place: Place) -> None:
    assert read_run(place.out).parent_state
    before = place.manifest.read_bytes()
    # Since then a note was added, one renamed, and people edited a file.
    (place.corpus / "2025-05-10 new.md").write_text("- Another note.\n", encoding="utf-8")
    (place.corpus / "2025-04-10 round.md").rename(place.corpus / "april.md")
    (place.corpus / "people.csv").write_text("name,role\nAnna Kern,Chair\n", "utf-8")
    done = again("--manifest", place.manifest)
    assert done.exit_code == 0, done.output
    assert "byte by byte" in done.output
    assert "april.md" in done.output
    assert "people.csv is another now" in done.output
    assert place.manifest.read_bytes() == before
    assert len(list(place.out.parent.iterdir())) == 3  # nothing is left behind


def test_a_first_run_is_done_again_from_its_release(place: Place) -> None:
    found = rerun.rerun(place.first)
    assert found.identical
    assert not found.causes
    assert found.now.parent_state == ""
    assert len(found.now.inputs) == 3


def test_the_new_outputs_are_left_where_they_are_asked_for(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "second"
    done = again("--manifest", place.manifest, "-o", out)
    assert done.exit_code == 0, done.output
    assert read_run(out) == read_run(place.out)
    for name in read_run(out).outputs:
        assert (out / name).read_bytes() == (place.out / name).read_bytes()
    shown = CliRunner().invoke(main, ["show", "ownership", "-o", str(out)])
    assert shown.exit_code == 0, shown.output
    with Store(state_folder(out), write=False) as store:
        assert store.blob("corpus") == str(place.corpus).encode()
    with pytest.raises(OutputError, match="not empty"):
        rerun.rerun(place.manifest, out=out)


def test_a_changed_note_is_named(place: Place) -> None:
    note = place.corpus / "2025-01-10 round.md"
    note.write_text(note.read_text("utf-8") + "- The server was down again.\n", "utf-8")
    done = again("--manifest", place.manifest)
    assert done.exit_code == 1, done.output
    assert "Differs      note 2025-01-10 round.md: " in done.output
    assert "evidence.csv" in done.output
    assert "Not the same" in done.output


def test_a_note_that_is_gone_is_an_error_with_the_next_step(place: Place) -> None:
    (place.corpus / "2025-01-10 round.md").unlink()
    done = again("--manifest", place.manifest)
    assert done.exit_code == 2
    assert "'2025-01-10 round.md'" in done.output
    assert "Put them back" in done.output
    shutil.rmtree(place.corpus)
    with pytest.raises(NothingToRead, match="not here") as caught:
        rerun.rerun(place.manifest)
    assert "--manifest" in caught.value.hint


def test_a_changed_setting_is_named(place: Place, tmp_path: Path) -> None:
    toml = tmp_path / "other.toml"
    toml.write_text('[publish]\ntitle = "Another title"\n', encoding="utf-8")
    done = again("--manifest", place.manifest, "--settings", toml)
    assert done.exit_code == 1, done.output
    assert "[publish] title: Impediments reported in project notes then, Another title" in (
        done.output
    )
    lines = done.output.splitlines()
    assert any(line.startswith("evidence.csv") and line.endswith("identical") for line in lines)
    assert any(line.startswith("report.html") and "[publish] title" in line for line in lines)


def test_a_setting_edited_in_the_manifest_is_named(place: Place) -> None:
    record: dict[str, Any] = json.loads(place.manifest.read_bytes())
    record["settings"]["classify"]["confirmed"] = 0.99
    place.manifest.write_text(json.dumps(record), encoding="utf-8")
    found = rerun.rerun(place.manifest)
    assert named(found) == {("setting", "classify.confirmed")}
    assert "evidence.csv" in different(found)
    record["settings"]["classify"]["confirmed"] = 7
    place.manifest.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match="not valid"):
        rerun.rerun(place.manifest)


def test_another_version_of_a_package_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runrecord.versions()
    monkeypatch.setattr(runrecord, "versions", lambda: {**real, "xlsxwriter": "99.1"})
    done = again("--manifest", place.manifest)
    assert done.exit_code == 1, done.output
    assert f"version xlsxwriter: {real['xlsxwriter']} then, 99.1 now" in done.output
    lines = done.output.splitlines()
    assert any(line.startswith("evidence.xlsx") and "version xlsxwriter" in line for line in lines)
    assert any(line.startswith("evidence.csv") and line.endswith("identical") for line in lines)


def test_other_decisions_are_named_where_those_of_the_run_are_not_kept(place: Place) -> None:
    """A state of a version before this one kept nothing of what a run started from."""
    with Store(state_folder(place.out)) as store:
        first = read_run(place.first).run_id
        store._db.execute("DELETE FROM blobs WHERE name = ?", (f"origin {first}",))
    (place.corpus / "people.csv").write_text("name,role\nAnna Kern,Chair\n", "utf-8")
    found = rerun.rerun(place.first)
    assert named(found) == {("file", "people.csv")}
    assert not found.identical
    assert "people.csv (the roster)" in "\n".join(rerun.to_lines(found))


def test_without_a_state_a_first_run_is_identical_and_a_later_one_an_error(
    place: Place, tmp_path: Path
) -> None:
    away = tmp_path / "away" / "outputs"
    shutil.copytree(place.first, away)
    shutil.copytree(place.corpus, away.parent / "notes")
    # The path of this note is masked in what was sent round.
    assert "Anna" not in (away / "run.json").read_text("utf-8")
    found = rerun.rerun(away / "run.json")
    assert found.identical, list(rerun.to_lines(found))
    later = tmp_path / "later" / "outputs"
    shutil.copytree(place.out, later)
    shutil.copytree(place.corpus, later.parent / "notes")
    with pytest.raises(StateError, match="started from an earlier state") as caught:
        rerun.rerun(later / "run.json")
    assert "--state" in caught.value.hint
    found = rerun.rerun(later / "run.json", state=state_folder(place.out))
    assert found.identical, list(rerun.to_lines(found))


def test_what_is_no_manifest_is_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    done = again("--manifest", tmp_path / "x.json")
    assert done.exit_code == 2
    assert "no record of a run" in done.output
    with pytest.raises(StateError, match="no state"):
        rerun.rerun(place.manifest, state=tmp_path / "nowhere")


def test_passwords_are_never_kept(tmp_path: Path, made: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("- The data is late.\n", encoding="utf-8")
    settings = Settings(read=ReadSettings(passwords=("swordfish",)))
    with Store(tmp_path / "state") as store:
        kept = origin.taken(store, tmp_path / "notes", [], [], settings, None, None, None, [])
        run = read_run(made / "outputs")
        kept.keep(store, run)
        back = origin.kept(store, run.run_id)
    assert back == kept
    assert back is not None
    assert back.settings.read.passwords == ()
    assert back.parent == ""
