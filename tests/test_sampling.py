"""The coding sheet: blind, the same for the same seed, drawn so that estimates are right."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import factory
import states
from notesmine import checking
from notesmine.checking import drawing
from notesmine.checking.guide import NONE
from notesmine.checking.sheet import render
from notesmine.cli import main
from notesmine.errors import InputError, StateError
from notesmine.records import KINDS, Kind, Tier
from notesmine.rulings import Ruling
from notesmine.store import Store, state_folder
from notesmine.themes.codebook import load_codebook

CODES = ("ownership", "shelving", "data", "legal")


def ruling(number: int, kind: Kind, tier: Tier, probability: float, **more: Any) -> Ruling:
    facts: dict[str, Any] = {
        "quote_id": f"Q-{number:05d}", "passage_id": f"p{number}", "doc_id": f"d{number // 10}",
        "path": f"secret-path-{number // 10}.md", "title": f"Secret title {number // 10}",
        "start": number * 50, "end": number * 50 + 40, "text": f"Words of the passage {number}.",
        "page": None, "date": f"2025-01-{1 + number // 10 % 28:02d}", "heading_path": ("Round",),
        "quotable": True, "kind": kind, "tier": tier, "probability": probability,
        "stance": "open", "codes": (CODES[number % 4],) if kind == "impediment" else (),
        "theme_ids": (), "why": "a secret reason",
    }  # fmt: skip
    return Ruling(**facts | more)


def population(n: int = 600) -> list[Ruling]:
    kinds: list[tuple[Kind, Tier, float]] = [
        ("impediment", "confirmed", 0.9), ("impediment", "review", 0.5), ("status", "review", 0.2),
        ("proposal", "review", 0.05), ("status", "review", 0.01), ("boilerplate", "review", 0.0),
    ]  # fmt: skip
    return [ruling(i, *kinds[i % 7 % 6]) for i in range(n)]


def drawn(n: int = 100, seed: int = 1, **more: Any) -> drawing.Sample:
    return drawing.draw(more.pop("rulings", population()), n, seed, "R-1", (), **more)


@given(st.integers(1, 700), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_weights_add_up_to_all_passages_and_none_is_drawn_twice(n: int, seed: int) -> None:
    found = drawn(n, seed)
    ids = [r.ruling.quote_id for r in found.rows]
    assert len(ids) == len(set(ids)) == min(n, 600)
    assert sum(r.weight for r in found.rows) == pytest.approx(600)
    assert sum(s.population for s in found.strata) == found.population == 600
    assert len({r.row_id for r in found.rows}) == len(ids)


@given(
    st.integers(0, 300),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 80), min_size=1),
)
def test_allocation_gives_what_there_is_and_no_more(n: int, sizes: dict[str, int]) -> None:
    given_ = drawing.allocate(n, sizes, dict.fromkeys(sizes, 1.0))
    assert sum(given_.values()) == min(n, sum(sizes.values()))
    assert all(0 <= given_[g] <= sizes[g] for g in sizes)
    if n >= drawing.LEAST * len(sizes):
        assert all(given_[g] >= min(drawing.LEAST, sizes[g]) for g in sizes)


def test_weighted_counts_are_right_on_average() -> None:
    # How many passages end in 3: what a person might find, unknown to the strata.
    rulings = population()
    truth = sum(r.text.endswith("3.") for r in rulings)
    estimates = [
        sum(r.weight for r in drawn(60, seed).rows if r.ruling.text.endswith("3."))
        for seed in range(400)
    ]
    mean = sum(estimates) / len(estimates)
    spread = (sum((e - mean) ** 2 for e in estimates) / len(estimates)) ** 0.5
    assert abs(mean - truth) < 3 * spread / len(estimates) ** 0.5


def test_every_passage_has_a_chance() -> None:
    seen = {r.ruling.quote_id for seed in range(300) for r in drawn(60, seed).rows}
    assert len(seen) > 595


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    assert drawn(seed=3) == drawn(seed=3)
    ids = [{r.ruling.quote_id for r in drawn(seed=s).rows} for s in (3, 4)]
    assert ids[0] != ids[1]


def test_documents_and_doubtful_passages_are_spread() -> None:
    found = drawn()
    assert len({r.ruling.doc_id for r in found.rows}) > 40
    assert {g for g, *_ in found.by_group()} == set(drawing.SHARES)
    order = [r.group for r in found.rows]
    assert order != sorted(order)


def test_passages_not_for_quotation_are_left_out_and_lend_no_context() -> None:
    rulings = [
        msgspec.structs.replace(r, quotable=False, text="HIDDEN") if n % 5 == 0 else r
        for n, r in enumerate(population())
    ]
    found = drawn(200, rulings=rulings)
    assert found.withheld == 120
    assert not any("HIDDEN" in t for r in found.rows for t in (r.ruling.text, r.before, r.after))
    assert any(r.ruling.text == "HIDDEN" for r in drawn(200, rulings=rulings,
                                                         all_passages=True).rows)  # fmt: skip


def test_the_sheet_is_blind() -> None:
    book = load_codebook(None)
    sample = drawn()
    with zipfile.ZipFile(io.BytesIO(render(sample, book))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml") + archive.read("xl/sharedStrings.xml")
        everything = b"".join(archive.read(n) for n in archive.namelist())
    for secret in ("secret", "Secret", "confirmed", "near miss", sample.sample_id, "0.9", "R-1"):
        assert secret.encode() not in sheet, secret
    assert b"secret" not in everything
    rows = list(table(render(sample, book)))
    assert all(r["Kind"] is None and r["Code"] is None for r in rows)
    assert "Secret title" in render_text(render(sample, book, titles=True))


def render_text(body: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read("xl/sharedStrings.xml").decode()


def table(body: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(body))["Passages"]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_the_sheet_offers_kinds_and_codes_and_explains_them() -> None:
    book = load_codebook(None)
    sample = msgspec.structs.replace(drawn(), codes=tuple((c.id, c.label) for c in book.active()))
    file = openpyxl.load_workbook(io.BytesIO(render(sample, book)))
    lists = [[c for c in column if c] for column in file["Lists"].iter_cols(values_only=True)]
    assert lists == [list(KINDS), [*(c.id for c in book.active()), NONE]]
    rules = {str(v.sqref): v.formula1 for v in file["Passages"].data_validations.dataValidation}
    assert rules == {
        f"C2:C{len(sample.rows) + 1}": f"Lists!$A$1:$A${len(KINDS)}",
        f"D2:D{len(sample.rows) + 1}": f"Lists!$B$1:$B${len(lists[1])}",
    }
    guide = " ".join(str(c) for row in file["Guide"].iter_rows(values_only=True) for c in row if c)
    assert all(c.definition in guide for c in book.active())
    assert all(kind in guide for kind in KINDS)


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1", "@sum", "a\x07bell", "x" * 40_000, "http://e.org", "<b>&"]
)
def test_words_of_the_notes_stay_words(text: str) -> None:
    rulings = [ruling(n, "impediment", "confirmed", 0.9, text=text) for n in range(4)]
    rows = table(render(drawn(rulings=rulings), load_codebook(None)))
    shown = rows[0]["Text"]
    assert isinstance(shown, str)
    assert shown[:7] == text.replace("\x07", "\u2407")[:7]
    sheet = openpyxl.load_workbook(io.BytesIO(render(drawn(rulings=rulings), load_codebook(None))))
    assert sheet["Passages"]["B2"].data_type == "s"


def test_a_sheet_is_written_once_and_never_over_another(tmp_path: Path) -> None:
    states.run_of(factory.sample(), tmp_path / "out", "R-1")
    sheet = tmp_path / "sheet.xlsx"
    first = checking.sample(tmp_path / "out", sheet, n=20)
    body = sheet.read_bytes()
    assert checking.sample(tmp_path / "out", sheet, n=20) == first
    assert sheet.read_bytes() == body
    with pytest.raises(InputError, match="filled in"):
        checking.sample(tmp_path / "out", sheet, n=21)
    assert sheet.read_bytes() == body
    with Store(state_folder(tmp_path / "out"), write=False) as store:
        kept = [msgspec.msgpack.decode(b, type=drawing.Sample) for b in store.samples().values()]
    assert kept == [first]


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError):
        checking.sample(tmp_path / "none", tmp_path / "a.xlsx", n=5)
    assert not (tmp_path / ".notesmine").exists()
    states.run_of(factory.sample(), tmp_path / "out", "R-1")
    done = CliRunner().invoke(main, ["sample", str(tmp_path / "out"), "-o", "a.csv"])
    assert done.exit_code == 2
    assert "XLSX" in done.output
    with Store(state_folder(tmp_path / "out")) as store:
        store._db.execute("DELETE FROM blobs WHERE name = 'rulings'")
    with pytest.raises(StateError, match="earlier version"):
        checking.sample(tmp_path / "out", tmp_path / "a.xlsx", n=5)
