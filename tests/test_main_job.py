"""What a user may rely on: the main job, from a folder of notes to a verified report."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from notesmine import pipeline, rulings
from notesmine.cli import main
from notesmine.records import Run, digest
from notesmine.runrecord import NAMES
from notesmine.store import Store, state_folder

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"

Expected = dict[str, Any]
Row = dict[str, str]


def evidence(out: Path) -> list[Row]:
    """The rows of ``evidence.csv``, the source's words in place of what masks names."""
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with Store(state_folder(out), write=False) as store:
        for row in rows:
            if row["masks"]:
                body = store.shown(NAMES + row["quote_id"]) or b""
                row["text"] = msgspec.msgpack.decode(body)["quote"]["text"]
    return rows


def theme_rows(out: Path) -> dict[str, Row]:
    with (out / "themes.csv").open(encoding="utf-8", newline="") as stream:
        return {row["theme_id"]: row for row in csv.DictReader(stream)}


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def same(quote: str, row: Row) -> bool:
    """Whether a row quotes planted words: one holds the other, punctuation aside."""
    a, b = plain(quote), plain(row["text"])
    return a in b or (len(b.split()) >= 5 and b in a)


def planted(expected: Expected, what: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for note in expected["note"]:
        for item in note.get(what, []):
            yield note["path"], item


def files(out: Path) -> dict[str, str]:
    return {
        str(f.relative_to(out)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(out.rglob("*"))
        if f.is_file() and f.name != "run.json"
    }


def test_every_planted_theme_is_found_with_a_right_quote(
    sample_run: pipeline.Result, expected: Expected
) -> None:
    rows = evidence(sample_run.out)
    confirmed = 0
    for theme in expected["themes"]:
        quotes = [(p, i["quote"]) for p, i in planted(expected, "impediment") if i["code"] == theme]
        right = [
            row
            for row in rows
            if row["theme_id"] == theme
            and row["kind"] == "impediment"
            and any(path == row["path"] and same(quote, row) for path, quote in quotes)
        ]
        assert right, f"no right quote for {theme}"
        confirmed += any(row["tier"] == "confirmed" for row in right)
    # What the classifier is less sure of stands in the list to review.
    assert confirmed >= len(expected["themes"]) - 2


def test_nothing_resolved_or_negated_counts_as_open(
    sample_run: pipeline.Result, expected: Expected
) -> None:
    tempting = [
        (p, i["quote"])
        for p, i in planted(expected, "not_impediment")
        if i["why"] in {"negated", "resolved"}
    ]
    tempting += [(p, i["quote"]) for p, i in planted(expected, "resolved")]
    wrong = {
        row["text"]
        for row in evidence(sample_run.out)
        if row["kind"] == "impediment" and row["tier"] == "confirmed" and row["stance"] == "open"
        for path, quote in tempting
        if path == row["path"] and plain(quote) == plain(row["text"])
    }
    assert not wrong


def test_few_of_the_other_tempting_statements_are_taken_for_impediments(
    sample_run: pipeline.Result, expected: Expected
) -> None:
    others = [
        (p, i["quote"])
        for p, i in planted(expected, "not_impediment")
        if i["why"] not in {"negated", "resolved"}
    ]
    rows = [
        r
        for r in evidence(sample_run.out)
        if r["kind"] == "impediment" and r["tier"] == "confirmed"
    ]
    wrong = [q for p, q in others if any(r["path"] == p and same(q, r) for r in rows)]
    # Plans, praise and conditions are where the classifier errs; one in six is what it is held to.
    assert len(wrong) * 6 <= len(others), wrong


def test_a_theme_without_passages_disappears(
    sample_run: pipeline.Result, expected: Expected, tmp_path: Path
) -> None:
    theme = "explainability"
    notes = tmp_path / "notes"
    notes.mkdir()
    rows = [r for r in evidence(sample_run.out) if r["kind"] in {"impediment", "resolved"}]
    dropped = [r["text"] for r in rows if r["theme_id"] == theme]
    dropped += [i["quote"] for _, i in planted(expected, "impediment") if i["code"] == theme]
    kept = {r["text"] for r in rows if r["theme_id"] != theme}
    gone = {plain(text) for text in dropped}
    (notes / "all.md").write_text(
        "# Notes\n\n" + "\n".join(f"- {t}" for t in sorted(kept) if plain(t) not in gone), "utf-8"
    )
    assert theme in theme_rows(sample_run.out)
    result = pipeline.run(notes, tmp_path / "out")
    found = theme_rows(result.out).get(theme)
    assert found is None or int(found["passages"]) == 0


def test_quotes_verify_until_a_word_changes(tmp_path: Path) -> None:
    notes, out = tmp_path / "corpus", tmp_path / "outputs"
    notes.mkdir()
    for name in ("2024-10-10_monthly-meeting-02.md", "2025-01-16_monthly-meeting-05.md"):
        shutil.copy(CORPUS / name, notes / name)
    pipeline.run(notes, out)
    run = CliRunner()
    done = run.invoke(main, ["verify", str(out), "--corpus", str(notes)])
    assert done.exit_code == 0, done.output
    row = next(r for r in evidence(out) if r["kind"] == "impediment")
    file = notes / row["path"]
    word = max(row["text"].split(), key=len)
    changed = row["text"].replace(word, "zebra", 1)
    text = file.read_text("utf-8")
    assert row["text"] in text
    file.write_text(text.replace(row["text"], changed), "utf-8")
    done = run.invoke(main, ["verify", str(out), "--corpus", str(notes)])
    assert done.exit_code == 1
    assert row["quote_id"] in done.output
    assert "changed" in done.output


def test_runs_are_byte_identical_whatever_the_order_and_the_threads(
    sample_run: pipeline.Result, tmp_path: Path
) -> None:
    notes = tmp_path / "corpus"
    notes.mkdir()
    for file in sorted(CORPUS.iterdir(), reverse=True):
        shutil.copy(file, notes / file.name)
    out = tmp_path / "other"
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from pathlib import Path; from notesmine import pipeline\n"
        f"pipeline.run(Path({str(notes)!r}), Path({str(out)!r}))"
    )
    env = os.environ | {"PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
    assert files(out) == files(sample_run.out)


def test_renamed_files_change_nothing_but_names(tmp_path: Path) -> None:
    names = ("2024-10-10_monthly-meeting-02.md", "2025-01-16_monthly-meeting-05.md")
    tables = []
    for number in (1, 2):
        notes = tmp_path / f"notes{number}"
        notes.mkdir()
        for at, name in enumerate(names if number == 1 else reversed(names)):
            new = name if number == 1 else f"{name[:10]}_renamed-{at}.md"
            shutil.copy(CORPUS / name, notes / new)
        rows = evidence(pipeline.run(notes, tmp_path / f"out{number}").out)
        tables.append([{k: v for k, v in r.items() if k not in {"path", "copies"}} for r in rows])
    assert tables[0] == tables[1]


def test_a_second_run_does_nothing_and_loads_nothing(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    shutil.copy(CORPUS / "2024-10-10_monthly-meeting-02.md", notes)
    pipeline.run(notes, tmp_path / "out")
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "out").iterdir()}
    code = (
        "import sys; from pathlib import Path; from notesmine import pipeline\n"
        f"r = pipeline.run(Path({str(notes)!r}), Path({str(tmp_path / 'out')!r}))\n"
        "assert not r.changed; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "out").iterdir()} == before


def test_month_by_month_gives_the_vectors_and_judgements_of_a_cold_run(tmp_path: Path) -> None:
    names = sorted(f.name for f in CORPUS.glob("*.md") if not f.name.startswith("README"))[:3]
    (tmp_path / "cold").mkdir()
    (tmp_path / "monthly").mkdir()
    for name in names:
        shutil.copy(CORPUS / name, tmp_path / "cold")
    pipeline.run(tmp_path / "cold", tmp_path / "out-cold")
    for name in names:
        shutil.copy(CORPUS / name, tmp_path / "monthly")
        pipeline.run(tmp_path / "monthly", tmp_path / "out-monthly")
    assert kept(tmp_path / "out-cold") == kept(tmp_path / "out-monthly")


def kept(out: Path) -> list[Any]:
    import sqlite3

    with Store(state_folder(out), write=False) as store:
        passages = {digest(r.text, length=32) for r in rulings.kept(store) or ()}
    with sqlite3.connect(state_folder(out) / "state.sqlite") as db:
        rows = db.execute("SELECT model, key, vector FROM vectors ORDER BY key").fetchall()
        # Phrases that were thought of as names are kept too: others month by month.
        rows = [row for row in rows if row[1] in passages]
        assert rows
        return rows + db.execute("SELECT key, body FROM judgements ORDER BY key").fetchall()


def test_the_record_of_a_run_is_complete(sample_run: pipeline.Result) -> None:
    record = msgspec.json.decode((sample_run.out / "run.json").read_bytes(), type=Run)
    assert record.model["encoder_sha256"]
    assert record.versions["torch"] != "missing"
    for name, sha in record.outputs.items():
        assert hashlib.sha256((sample_run.out / name).read_bytes()).hexdigest() == sha
    assert {p for i in record.inputs for p in msgspec.convert(i["paths"], list[str])} == {
        str(p.relative_to(CORPUS))
        for p in CORPUS.rglob("*")
        if p.is_file() and p.name not in {"README.md", "metadata.csv"}
    }


def test_no_published_file_names_a_person_of_the_sample(sample_run: pipeline.Result) -> None:
    people = [
        *("Carla Jesmond", "Mikel Kortman", "Priya Nandakar", "Oda Renvik", "Tobin Ashgrove"),
        *("Livia Marchetta", "Yusra Tamani", "Bastian Orlowe", "Henrik Solvey", "Ewan Frithley"),
        *("Sabine Korrel", "Jonas Ivarek", "Dagny Wolfram"),
    ]
    wanted = {word for name in people for word in name.split()} | set(people)
    for file in sample_run.out.rglob("*"):
        if file.is_file() and file.suffix in {".html", ".md", ".csv", ".json", ".bib"}:
            words = set(re.findall(r"\w+", file.read_text("utf-8")))
            assert not wanted & words, file.name
    shown = {
        w for r in evidence_as_published(sample_run.out) for w in re.findall(r"\w+", r["text"])
    }
    assert not {"CJ", "MK", "HS", "PN", "LM", "EF", "YT", "BO", "JI"} & shown


def evidence_as_published(out: Path) -> list[Row]:
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_the_seed_slides_hold_shelving_and_ownership(
    data: Callable[[str], Path], tmp_path: Path
) -> None:
    result = pipeline.run(data("seed"), tmp_path / "out")
    rows = [r for r in evidence(result.out) if r["kind"] == "impediment"]
    assert any(r["theme_id"] == "shelving" and "shelv" in r["text"] for r in rows)
    assert any(r["theme_id"] == "ownership" and "responsible" in r["text"] for r in rows)


def test_the_tables_of_a_run_open_as_frames(sample_run: pipeline.Result) -> None:
    import notesmine

    tables = notesmine.open(sample_run.out)
    themes, quotes = tables.themes(), tables.evidence()
    assert set(quotes["theme_id"]) <= set(themes.index)
    matrix = tables.matrix()
    # Copies stand at their first place only, so a theme's documents are the matrix's row sums.
    held = matrix.sum(axis=1)
    assert (held > 0).all()
    assert (held <= themes.loc[held.index, "documents"]).all()
    assert tables.by_month().to_numpy().sum() > 0
    assert len(tables.documents()) == len(sample_run.run.inputs)
