"""The notebooks run on the sample corpus, and their copies in ``docs/notebooks`` are current."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from notesmine import pipeline
from notesmine.store import Store, state_folder

ROOT = Path(__file__).parents[1]
COPIES = ROOT / "docs" / "notebooks"
NAMES = ("first_look", "theme_to_citation", "stability", "coding_agreement")


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("render", ROOT / "notebooks" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    made: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


render = _module()


#: What is drawn for a person hangs on the run's id, which holds the versions of all packages: of
#: this notebook only the cells are compared.
DRAWN = "coding_agreement"


def settled(name: str, text: str) -> str:
    """A page without what hangs on the versions of Python and packages: ids, a drawn sample."""
    if name == DRAWN:
        text = re.sub(r"(?s)```text\n.*?```\n\n", "", text)
    return re.sub(r"\bR-[0-9a-f]{10}\b", "R-…", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_its_copy_is_current(
    name: str, sample_run: pipeline.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NOTESMINE_THEME", "NOTESMINE_MODEL", "NOTESMINE_SHEET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NOTESMINE_OUT", str(sample_run.out))
    done = render.execute(ROOT / "notebooks" / f"{name}.py")
    text, files = render.to_markdown(name, done)
    assert files
    assert str(sample_run.out.parent) not in text
    copy = (COPIES / f"{name}.md").read_text(encoding="utf-8")
    stale = f"docs/notebooks/{name}.md is stale: run `make notebooks`"
    assert settled(name, copy).endswith(settled(name, text)), stale
    for file, figure in files.items():
        kept = (COPIES / file).read_text(encoding="utf-8")
        assert kept.startswith(figure[:38]), stale
        assert len(kept) < 150_000
    html = render.to_html(name, done)
    assert html.count("<svg") == len(files)
    assert "<img" not in html


def test_there_is_no_copy_of_what_is_no_more() -> None:
    notebooks = {f.stem for f in (ROOT / "notebooks").glob("*.py")} - {"render"}
    assert notebooks == set(NAMES) == set(render.NAMES)
    shown = {
        n for c in COPIES.glob("*.md") for n in re.findall(r"\(([\w-]+\.svg)\)", c.read_text())
    }
    assert {f.name for f in COPIES.iterdir()} == {f"{n}.md" for n in NAMES} | shown


def test_each_plot_answers_a_question_stated_above_it() -> None:
    for name in NAMES:
        asked = False
        for cell in render.cells((ROOT / "notebooks" / f"{name}.py").read_text("utf-8")):
            if cell.kind == "markdown":
                asked = "?" in cell.text or cell.text.startswith("## In a picture")
            elif "plt.subplots" in cell.text:
                assert asked, f"{name}: {cell.text[:80]}"


def test_looking_leaves_the_state_alone(sample_run: pipeline.Result) -> None:
    """The invented coder of the last notebook must not stand in anybody's next report."""
    with Store(state_folder(sample_run.out), write=False) as store:
        assert not store.samples()
        assert not store.agreements()


def test_what_fails_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["render.py", "first_look", "--on", str(tmp_path), "-o", str(tmp_path / "p")]
    )
    monkeypatch.setenv("NOTESMINE_OUT", "")
    assert render.main() == 2
    assert "What to do: Name the folder" in capsys.readouterr().err
    assert not list((tmp_path / "p").iterdir())
