"""A month of a secretariat: run, release, new notes, run, compare, check the machine."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from click.testing import CliRunner

from notesmine import editions
from notesmine.cli import main

NOTES = {
    "2025-01-10 sprint.md": "# Sprint 1\n\n## Impediments\n\n"
    "- Nobody knows who maintains the classifier once the project has ended.\n"
    "- The extract of the register came three weeks late again.\n\n"
    "## Went well\n\n- The weekly hour with the survey team helps a lot.\n",
    "2025-02-14 sprint.md": "# Sprint 2\n\n## Impediments\n\n"
    "- The prototype works and nobody in production has been told to use it.\n"
    "- We have had no data engineer since December.\n",
}
LATER = (
    "# Sprint 3\n\n## Impediments\n\n- It is still unclear which unit is responsible for the"
    " classifier.\n"
)


def call(*args: str | Path) -> str:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exit_code == 0, done.output
    return done.output


def test_from_a_release_to_what_became_of_it(tmp_path: Path) -> None:
    corpus, out = tmp_path / "notes", tmp_path / "outputs"
    corpus.mkdir()
    for name, text in NOTES.items():
        (corpus / name).write_text(text, "utf-8")
    call("run", corpus, "-o", out, "-q")
    call("release", "2025-q1", "-o", out)
    frozen = {f: f.read_bytes() for f in (out / "releases").rglob("*") if f.is_file()}
    snapshot = editions.from_folder(out, "then")
    theme = next(iter(snapshot.reported()))
    quote = next(q for q in snapshot.quotes.values() if q.path.startswith("2025-01"))

    (corpus / "2025-03-14 sprint.md").write_text(LATER, "utf-8")
    (corpus / "2025-01-10 sprint.md").unlink()
    call("run", corpus, "-o", out, "-q")
    assert {f: f.read_bytes() for f in (out / "releases").rglob("*") if f.is_file()} == frozen
    assert "Nothing has changed" in call("run", corpus, "-o", out, "-q")

    assert "Since this release" in call("show", f"{theme}@2025-q1", "-o", out)
    assert "is not in the corpus" in call("show", f"{quote.quote_id}@2025-q1", "-o", out)
    told = call("diff", "2025-q1", out, "--outputs", out)
    assert "new            2025-03-14 sprint.md" in told
    assert "removed        2025-01-10 sprint.md" in told

    sheet = tmp_path / "sheet.xlsx"
    call("sample", out, "-n", "8", "-o", sheet)
    book = openpyxl.load_workbook(sheet)
    page = book["Passages"]
    for row in range(2, page.max_row + 1):
        hinders = any(w in str(page.cell(row, 2).value) for w in ("unclear", "nobody", "no data"))
        page.cell(row, 3).value = "impediment" if hinders else "status"
    book.save(tmp_path / "anna.xlsx")
    figures = call("agree", tmp_path / "anna.xlsx", "machine", "--outputs", out)
    assert "impediment, confirmed" in figures
    assert "fewer than 30 rows" in figures
