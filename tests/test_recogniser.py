"""A spaCy pipeline of the user's own adds names: it is used, said, and missed when it is gone."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from notesmine.cli import main
from notesmine.errors import ConfigError
from notesmine.publish.people import find_pipeline, recogniser

NOTE = (
    "# Sprint notes\n\n## Impediments\n\n"
    "- Zora Quimby says that nobody knows who maintains the classifier once the project ends.\n"
    "- The extract of the register came three weeks late again, Zora Quimby reports.\n"
    "- We have had no data engineer since December, and no budget to hire one.\n"
)
SPARED = "Zora Quimby"


def pipeline(folder: Path, *, component: str = "entity_ruler", name: str = SPARED) -> Path:
    """A pipeline that knows two names by rule, as a trained one would know them by heart."""
    import spacy

    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(component)
    if component == "entity_ruler":
        patterns = [
            {"label": "PERSON", "pattern": name},
            {"label": "PERSON", "pattern": "Zora"},  # alone it is left to the lists
            {"label": "ORG", "pattern": "December"},
        ]
        pipe.add_patterns(patterns)
    nlp.to_disk(folder)
    return folder


def corpus(folder: Path, setting: str) -> Path:
    notes = folder / "notes"
    notes.mkdir()
    (notes / "2025-01-10 sprint.md").write_text(NOTE, "utf-8")
    (notes / "notesmine.toml").write_text(
        f"[people]\nrecogniser = {json.dumps(setting)}\n", "utf-8"
    )
    return notes


def texts(out: Path) -> list[str]:
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def run(notes: Path, out: Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["run", str(notes), "-o", str(out), "-q"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_pipeline_that_is_set_masks_and_is_said(tmp_path: Path) -> None:
    pipeline(tmp_path / "names")
    notes, out = corpus(tmp_path, "names"), tmp_path / "outputs"
    assert run(notes, out)[0] == 0
    said = texts(out)
    assert any("[Person 1]" in t for t in said)
    assert not any("Zora" in t or "Quimby" in t for t in said)
    assert any("December" in t for t in said)  # no person
    names = json.loads((out / "run.json").read_text("utf-8"))
    facts = names["counts"]["names"]
    assert facts["recogniser"].startswith("names 0.0.0 (")
    assert facts["found"]["entity recogniser"] == 1
    assert names["settings"]["people"]["recogniser"] == "names"
    for name in ("report.html", "report.md"):
        text = (out / name).read_text("utf-8")
        assert "Quimby" not in text
        assert f"Names found by {facts['recogniser']} were added" in " ".join(text.split())
    # The same pipeline: nothing to do. Another one under the same name: done again.
    assert "Nothing has changed" in run(notes, out)[1]
    shutil.rmtree(tmp_path / "names")
    pipeline(tmp_path / "names", name="Somebody Else")
    assert "Nothing has changed" not in run(notes, out)[1]
    assert any(SPARED in t for t in texts(out))


def test_switched_off_or_with_names_kept_it_is_not_looked_for(tmp_path: Path) -> None:
    notes, out = corpus(tmp_path, "off"), tmp_path / "outputs"
    assert run(notes, out)[0] == 0
    assert any(SPARED in t for t in texts(out))
    assert json.loads((out / "run.json").read_text("utf-8"))["counts"]["names"]["recogniser"] == ""
    (notes / "notesmine.toml").write_text('[people]\nmode = "keep"\nrecogniser = "gone"\n', "utf-8")
    assert run(notes, out)[0] == 0


@pytest.mark.parametrize("name", ["en_names_of_nobody", "no/such/folder", "../names"])
def test_a_pipeline_that_is_not_there_is_said_before_anything_is_done(
    tmp_path: Path, name: str
) -> None:
    notes, out = corpus(tmp_path, name), tmp_path / "outputs"
    code, said = run(notes, out)
    assert code == 2
    assert f"there is no spaCy pipeline {name!r}" in " ".join(said.split())
    assert "What to do" in said
    assert not out.exists()


def test_one_without_entities_or_damaged_is_refused(tmp_path: Path) -> None:
    pipeline(tmp_path / "plain", component="sentencizer")
    found = find_pipeline("plain", tmp_path / "notes")
    assert found is not None
    with pytest.raises(ConfigError, match="recognises no entities; it has sentencizer"):
        recogniser(found)
    pipeline(tmp_path / "broken")
    (tmp_path / "broken" / "config.cfg").write_text("[nlp]\nlang = \n", "utf-8")
    found = find_pipeline("broken", tmp_path / "notes")
    assert found is not None
    with pytest.raises(ConfigError, match="broken cannot be loaded"):
        recogniser(found)


def test_names_are_taken_as_a_pipeline_gives_them(tmp_path: Path) -> None:
    found = find_pipeline(str(pipeline(tmp_path / "names")), tmp_path)
    assert found is not None
    names = recogniser(found)
    assert names is not None
    assert names(["Zora Quimby and Zora met.", "Zora Quimby left in December."]) == [SPARED]


def test_an_installed_english_pipeline_is_taken_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, facts = tmp_path / "site" / "en_tiny", tmp_path / "site" / "en_tiny-1.2.dist-info"
    package.mkdir(parents=True)
    pipeline(package / "data")
    (package / "__init__.py").write_text(
        "from pathlib import Path\nimport spacy\n\n"
        "def load(**options):\n    return spacy.load(Path(__file__).parent / 'data', **options)\n"
    )
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: en-tiny\nVersion: 1.2\n")
    (facts / "entry_points.txt").write_text("[spacy_models]\nen_tiny = en_tiny\n")
    monkeypatch.syspath_prepend(str(package.parent))
    for setting in ("auto", "en_tiny"):
        found = find_pipeline(setting, tmp_path)
        assert found is not None
        assert found.label == "en_tiny 1.2"
        names = recogniser(found)
        assert names is not None
        assert names([NOTE]) == [SPARED]
    assert find_pipeline("off", tmp_path) is None
