"""An edition, the corpus changed twice, the outputs deleted: what was cited still resolves."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from notesmine.cli import main

FIRST = "2025-01-10 sprint.md"
SECOND = "2025-02-14 sprint.md"
NOTES = {
    FIRST: "# Sprint 1\n\n## Impediments\n\n"
    "- Nobody knows who maintains the classifier once the project has ended.\n"
    "- The extract of the register came three weeks late again.\n",
    SECOND: "# Sprint 2\n\n## Impediments\n\n"
    "- The prototype works and nobody in production has been told to use it.\n"
    "- We have had no data engineer since December.\n",
}
LATER = {
    "2025-03-14 sprint.md": "# Sprint 3\n\n## Impediments\n\n"
    "- It is still unclear which unit is responsible for the classifier.\n",
    "2025-04-11 sprint.md": "# Sprint 4\n\n## Impediments\n\n"
    "- There is no budget for the servers that the model needs.\n",
}


def call(*args: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exit_code == code, done.output
    return done.output


def write(corpus: Path, notes: dict[str, str]) -> None:
    for name, text in notes.items():
        (corpus / name).write_text(text, "utf-8")


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("deleted", ["nothing", "release", "outputs"])
def test_what_was_cited_resolves_after_two_changes(
    tmp_path: Path, deleted: str, cited: tuple[Path, dict[str, str]]
) -> None:
    made, then = cited
    shutil.copytree(made, tmp_path / "work")
    out = tmp_path / "work" / "outputs"
    if deleted == "release":
        shutil.rmtree(out / "releases")
    if deleted == "outputs":
        shutil.rmtree(out)
    for ident, words in then.items():
        told = call("show", f"{ident}@v1", "-o", out)
        was, since = told.split("Since this release")
        assert words in " ".join(was.split())
        assert since.strip()
    removed = next(i for i, words in then.items() if "register came three" in words)
    changed = next(i for i, words in then.items() if "no data engineer" in words)
    assert "is not in the corpus" in call("show", f"{removed}@v1", "-o", out)
    told = " ".join(call("show", f"{changed}@v1", "-o", out).split())
    assert "changed; the same words are published from it as Q-" in told
    assert "v1" in call("release", "--list", "-o", out)


@pytest.fixture(scope="module")
def cited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A released run whose corpus was changed twice since, and what each id said then."""
    work = tmp_path_factory.mktemp("cited") / "work"
    corpus, out = work / "notes", work / "outputs"
    corpus.mkdir(parents=True)
    write(corpus, NOTES)
    call("run", corpus, "-o", out, "-q")
    said = {r["quote_id"]: r["text"] for r in rows(out)}
    said |= {r["theme_id"]: r["theme_id"] for r in rows(out)}
    call("release", "v1", "-o", out)
    write(corpus, {"2025-03-14 sprint.md": LATER["2025-03-14 sprint.md"]})
    (corpus / FIRST).unlink()
    call("run", corpus, "-o", out, "-q")
    write(corpus, {SECOND: NOTES[SECOND] + "- The legal office has not answered.\n"})
    write(corpus, LATER)
    call("run", corpus, "-o", out, "-q")
    assert not {i for i in said if i.startswith("Q-")} & {r["quote_id"] for r in rows(out)}
    return work, said
