"""Commands as a user meets them: contracts of the files, exit codes, clear messages."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from notesmine import config, runrecord
from notesmine.cli import main
from notesmine.config import EmbedSettings, Settings, ThemeSettings
from notesmine.records import KINDS
from notesmine.store import Store

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"


def call(*args: str | Path) -> Result:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


def jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_extract_writes_both_files_with_their_fields(tmp_path: Path) -> None:
    done = call("extract", CORPUS, "-o", tmp_path)
    assert done.exit_code == 0, done.output
    documents, passages = jsonl(tmp_path / "documents.jsonl"), jsonl(tmp_path / "passages.jsonl")
    for field in (
        "doc_id paths sha256 format status problems title date date_source meeting organisation "
        "language text"
    ).split():
        assert all(field in row for row in documents), field
    for field in (
        "passage_id doc_id start end text type page regions heading_path level speaker "
        "speaker_inherited date language quotable confidence"
    ).split():
        assert all(field in row for row in passages), field
    texts = {d["doc_id"]: d["text"] for d in documents}
    assert all(texts[p["doc_id"]][p["start"] : p["end"]] == p["text"] for p in passages)


def test_classify_keeps_unknown_fields_and_adds_kinds(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "Nobody knows who maintains the model.", "mine": 1},
        {"text": "We agreed to meet on Tuesday.", "heading": "Decisions"},
        {"text": "https://example.org", "heading_path": ["Links"]},
    ]
    done = call("classify", write(tmp_path / "in.jsonl", rows), "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0, done.output
    out = jsonl(tmp_path / "out.jsonl")
    assert out[0]["mine"] == 1
    assert out[0]["kind"] == "impediment"
    assert out[2]["kind"] == "boilerplate"
    for row in out:
        assert set(row["kind_scores"]) == set(KINDS)
        assert row["why"]
        assert abs(sum(row["kind_scores"].values()) - 1) < 0.01


def test_code_ranks_all_codes_and_gives_a_stance(tmp_path: Path) -> None:
    rows = [
        {"text": "The classifier works, yet it was parked after the demonstration."},
        {"text": "It is settled now who maintains the coder."},
    ]
    done = call("code", write(tmp_path / "in.jsonl", rows), "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0, done.output
    out = jsonl(tmp_path / "out.jsonl")
    assert out[0]["codes"][0]["code"] == "shelving"
    assert out[0]["codes"][0]["assigned"]
    assert {c["code"] for c in out[0]["codes"]} >= {"shelving", "ownership", "quality"}
    assert out[1]["stance"] != "open"


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_themes_gives_a_row_for_each_row(tmp_path: Path, count: int) -> None:
    rows = [{"text": f"The extract of office {n} came too late.", "n": n} for n in range(count)]
    done = call("themes", write(tmp_path / "in.jsonl", rows), "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0, done.output
    out = jsonl(tmp_path / "out.jsonl")
    assert [row["n"] for row in out] == list(range(count))
    for row in out:
        assert (row["theme_id"] is None) == bool(row["abstained_because"])
        assert 0 <= row["membership"] <= 1


def test_show_knows_themes_quotes_and_documents(sample_run: Any) -> None:
    record = json.loads((sample_run.out / "run.json").read_text("utf-8"))
    for ident in ("shelving", record["inputs"][0]["doc_id"]):
        done = call("show", ident, "-o", sample_run.out)
        assert done.exit_code == 0, done.output
        assert ident in done.output
    quote = (sample_run.out / "evidence.csv").read_text("utf-8").split("\n")[1].split(",")[0]
    assert quote in call("show", quote, "-o", sample_run.out).output
    rows = (sample_run.out / "evidence.csv").read_text("utf-8").split("\n")
    masked = next(row.split(",")[0] for row in rows if "[Person " in row)
    assert "[Person " in call("show", masked, "-o", sample_run.out).output
    assert "[Person " not in call("show", masked, "-o", sample_run.out, "--with-names").output
    assert call("show", "names/" + masked, "-o", sample_run.out).exit_code == 2
    missing = call("show", "Q-nothing", "-o", sample_run.out)
    assert missing.exit_code == 2
    assert "What to do" in missing.output


def test_init_writes_files_that_load_and_never_overwrites(tmp_path: Path) -> None:
    assert call("init", tmp_path).exit_code == 0
    settings = tmp_path / "notesmine.toml"
    live = settings.read_text("utf-8").replace("# ", "")
    assert config.load_settings(settings) == config.Settings()
    assert "confirmed" in live
    assert 'mode = "pseudonym"' in live
    assert (tmp_path / "people.csv").read_text("utf-8").startswith("name,aliases,role,")
    settings.write_text("[themes]\nminimum = 4\n", "utf-8")
    assert "left as it is" in call("init", tmp_path).output
    assert config.load_settings(settings).themes.minimum == 4


def test_doctor_finds_everything_here() -> None:
    done = call("doctor")
    assert done.exit_code == 0, done.output
    assert "as expected" in done.output


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[themes]\nminimun = 4\n", "minimun"),
        ("[themes]\nminimum = 'four'\n", "minimum"),
        ("[read]\nwall_seconds = -1\n", "wall_seconds"),
        ("[read\n", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "notesmine.toml").write_text(text, "utf-8")
    (tmp_path / "a.md").write_text("- Nobody owns it.\n", "utf-8")
    done = call("run", tmp_path, "-o", tmp_path.parent / "out")
    assert done.exit_code == 2
    assert named in done.output
    assert "What to do" in done.output


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    for corpus in (tmp_path / "missing", tmp_path / "empty"):
        if corpus.name == "empty":
            corpus.mkdir()
        done = call("run", corpus, "-o", tmp_path / "out")
        assert done.exit_code == 2
        assert corpus.name in done.output
        assert "What to do" in done.output


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """An output folder with a report of a small corpus, to be left alone by what fails."""
    notes = tmp_path / "good"
    notes.mkdir()
    (notes / "2025-01-10.md").write_text("# Sprint\n\n- Nobody maintains the model.\n", "utf-8")
    assert call("run", notes, "-o", tmp_path / "out", "-q").exit_code == 0
    return tmp_path / "out"


def hashes(out: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in out.rglob("*") if f.is_file()}


def bad(name: str, folder: Path) -> None:
    pdf = next(CORPUS.glob("*.pdf")).read_bytes()
    if name == "empty file":
        (folder / "empty.md").write_bytes(b"")
    elif name == "corrupted PDF":
        (folder / "bad.pdf").write_bytes(pdf[:400] + b"\0" * 400)
    elif name == "200 MB text":
        with (folder / "big.txt").open("wb") as stream:
            stream.truncate(200 << 20)


@pytest.mark.parametrize("name", ["empty file", "corrupted PDF", "200 MB text"])
def test_a_folder_of_bad_files_leaves_the_last_report(
    report: Path, tmp_path: Path, name: str
) -> None:
    before = hashes(report)
    folder = tmp_path / "bad"
    folder.mkdir()
    bad(name, folder)
    done = call("run", folder, "-o", report, "-q")
    assert done.exit_code == 2, done.output
    assert "What to do" in done.output
    assert hashes(report) == before


def test_bad_files_beside_good_ones_are_named_and_the_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "2025-01-10.md").write_text("# Sprint\n\n- Nobody maintains the model.\n", "utf-8")
    for name in ("empty file", "corrupted PDF"):
        bad(name, folder)
    shutil.copy(next(CORPUS.glob("*.pdf")), folder / "really-a.docx")
    done = call("run", folder, "-o", tmp_path / "out", "-q")
    assert done.exit_code == 3, done.output
    assert "empty.md" in done.output
    assert "bad.pdf" in done.output
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    states = {p: i["status"] for i in record["inputs"] for p in i["paths"]}
    assert states["really-a.docx"] in {"ok", "partial"}
    assert states["bad.pdf"] == states["empty.md"] == "failed"
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "bad.pdf" in report
    assert "empty.md" in report


def test_a_text_of_one_sentence_gives_a_report(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "one.txt").write_text("Nobody maintains the model.", "utf-8")
    assert call("run", folder, "-o", tmp_path / "out", "-q").exit_code == 0
    assert "Nobody maintains the model." in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.skipif(os.name != "posix", reason="needs /proc, which only Linux has")
def test_an_unwritable_output_folder_is_said(tmp_path: Path) -> None:
    if not Path("/proc/version").exists():
        pytest.skip("needs /proc, where even an administrator cannot write")
    (tmp_path / "a.md").write_text("- Nobody owns it.\n", "utf-8")
    done = call("run", tmp_path, "-o", "/proc/outputs")
    assert done.exit_code == 2
    assert "cannot be written" in done.output


def test_two_runs_at_once_are_refused(report: Path, tmp_path: Path) -> None:
    with Store(tmp_path / ".notesmine" / "out"):
        done = call("run", tmp_path / "good", "-o", report)
    assert done.exit_code == 2
    assert "another run" in done.output


def test_rows_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\nnonsense\n', "utf-8")
    done = call("classify", tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 2
    assert "line 2" in done.output


def test_published_settings_name_no_folder() -> None:
    chosen = Settings(
        themes=ThemeSettings(codebook="/home/jane/office/codebook.toml"),
        embed=EmbedSettings(model=r"C:\Users\jane\models\mini"),
    )
    shown = msgspec.to_builtins(runrecord.public(chosen))
    assert shown["themes"]["codebook"] == "codebook.toml"
    assert shown["embed"]["model"] == "mini"
    hub = Settings(embed=EmbedSettings(model="sentence-transformers/all-MiniLM-L6-v2"))
    assert runrecord.public(hub)["embed"] == msgspec.to_builtins(hub.embed)
