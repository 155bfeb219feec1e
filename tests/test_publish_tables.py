"""Excel, CSV and figures: they open, calculate nothing, agree, and leave nothing behind."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from factory import Notes, bundle, sample
from hostile import HOSTILE
from notesmine.publish import Bundle, figures, frames, publish, write_run, xlsx
from notesmine.publish.bundle import canonical
from notesmine.publish.excerpts import clipped, width
from notesmine.publish.periods import MOST, periods
from notesmine.publish.published import xlsx_quotes
from office import needs_office, office


@pytest.fixture(scope="module")
def pictures(made: Bundle) -> dict[str, figures.Picture]:
    return figures.render(made)


# -- Excel and CSV --------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["out", "bad"])
def test_no_cell_calculates_or_links(which: str, request: pytest.FixtureRequest) -> None:
    book = openpyxl.load_workbook(request.getfixturevalue(which) / "evidence.xlsx")
    assert book.sheetnames == [
        "Read me", "Themes", "Codings", "Theme x document", "Co-occurrence", "Saturation",
        "Documents",
    ]  # fmt: skip
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                if cell.hyperlink is not None:
                    assert sheet.title == "Read me"
                    assert cell.hyperlink.location
        if sheet.title != "Read me":
            assert sheet.freeze_panes
            assert sheet.auto_filter.ref


def test_the_read_me_names_every_column(out: Path) -> None:
    book = openpyxl.load_workbook(out / "evidence.xlsx")
    named = {str(row[0].value) for row in book["Read me"].iter_rows()}
    for sheet in book.worksheets[1:]:
        head = [str(c.value) for c in sheet[1]]
        if sheet.title == "Theme x document":
            head = head[:4]
        assert set(head) <= named, sheet.title


def test_dates_are_dates_and_long_texts_are_whole() -> None:
    notes = Notes()
    for date in ("2025-03-14", "2025-04", "1850-01-01"):
        notes.note(f"{date}.md", date)
    long = "The register 📚 has no owner. " * 3_000
    notes.say("2025-03-14.md", long, ("ownership",))
    stream = io.BytesIO(xlsx.render(canonical(bundle(notes))))
    book = openpyxl.load_workbook(stream)
    head = [c.value for c in book["Documents"][1]]
    cells = [row[head.index("date")] for row in book["Documents"].iter_rows(min_row=2)]
    assert {(c.is_date, str(c.value)) for c in cells} == {
        (True, "2025-03-14 00:00:00"), (False, "2025-04"), (False, "1850-01-01"),
    }  # fmt: skip
    assert all(
        len(str(c.value).encode("utf-16-le")) // 2 <= 32_767 for row in book["Codings"] for c in row
    )


def test_a_text_longer_than_a_cell_comes_back(tmp_path: Path) -> None:
    notes = Notes()
    notes.note("a.md", "2025-03-14")
    long = "The register 📚 has no owner. " * 3_000
    notes.say("a.md", long, ("ownership",))
    notes.say("a.md", "Nobody decides.", ("ownership",))
    (tmp_path / "e.xlsx").write_bytes(xlsx.render(canonical(bundle(notes))))
    assert {t for _, t in xlsx_quotes(tmp_path / "e.xlsx")} == {long, "Nobody decides."}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def test_tables_agree_with_one_another(out: Path, made: Bundle) -> None:
    themes = {r["theme_id"]: r for r in rows(out / "themes.csv")}
    matrix = list(rows(out / "theme_document.csv"))
    read = [d for d in made.documents if d.status == "ok" and d.text]
    assert [r["doc_id"] for r in matrix] == [d.doc_id for d in read]
    for theme_id, theme in themes.items():
        if theme["documents"] != "0":
            cells = [r[theme_id] for r in matrix]
            assert set(cells) <= {"0", "1"}
            assert cells.count("1") == int(theme["documents"])
    steps = list(rows(out / "saturation.csv"))
    assert len(steps) == len(read)
    assert int(steps[-1]["total"]) == sum(int(s["new"]) for s in steps)
    assert steps[0]["new_share_run_2"] == ""
    assert float(steps[-1]["new_share_run_2"]) >= 0
    pairs = list(rows(out / "cooccurrence.csv"))
    ranked = [t for t in themes.values() if t["rank"]]
    assert len(pairs) == len(ranked) * (len(ranked) - 1) // 2
    for pair in pairs:
        both = sum(r[pair["theme_id"]] == r[pair["other_id"]] == "1" for r in matrix)
        assert both == int(pair["documents"])
    documents = frames.documents(made)
    assert documents["themes"].sum() == sum(int(t["documents"]) for t in themes.values())


@needs_office
def test_a_formula_shows_as_text_in_a_spreadsheet_program(bad: Path, tmp_path: Path) -> None:
    (tmp_path / "probe.csv").write_text("a,b\n1,2\n")
    if not office(tmp_path / "probe.csv", "xlsx", tmp_path).is_file():
        pytest.skip("LibreOffice has no Calc here")
    kind = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,3"
    office(bad / "evidence.xlsx", kind, tmp_path)
    (found,) = tmp_path.glob("evidence*.csv")
    with found.open(encoding="utf-8", newline="") as stream:
        texts = {r["text"] for r in csv.DictReader(stream)}
    assert '=HYPERLINK("http://example.org","click")' in texts
    assert {"+1 for @someone, who waits -- still...", "-2 people since May"} <= texts


# -- figures --------------------------------------------------------------------------------------


def test_figures_have_print_size_and_open(pictures: dict[str, figures.Picture]) -> None:
    from PIL import Image

    for picture in pictures.values():
        image = Image.open(io.BytesIO(picture.png))
        assert round(image.info["dpi"][0]) == figures.DPI
        assert image.width / figures.DPI * 2.54 == pytest.approx(16, abs=0.02)
        assert image.height / figures.DPI * 2.54 < 24
        root = etree.fromstring(picture.svg)
        assert root.tag.endswith("svg")
        assert b"<dc:date>" not in picture.svg
        assert picture.caption.endswith(".")
        assert len(picture.alt) > 20


def test_figures_do_not_depend_on_the_users_own_settings(
    made: Bundle, pictures: dict[str, figures.Picture]
) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.hashsalt": "x"}):
        assert figures.render(made) == pictures
        assert mpl.rcParams["font.size"] == 20


def test_nothing_to_draw_is_no_figure() -> None:
    assert figures.render(canonical(bundle(Notes()))) == {}


@given(
    st.dictionaries(
        st.from_regex(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])", fullmatch=True), st.integers(0, 9)
    )
)
def test_periods_hold_every_month_once(by_month: dict[str, int]) -> None:
    found = periods(by_month)
    assert sum(p.sum(by_month) for p in found) == sum(by_month.values())
    months = [m for p in found for m in p.months]
    assert months == sorted(set(months))
    assert len(found) <= MOST or found[0].unit == "year"


def test_files_of_an_earlier_run_go_unless_somebody_changed_them(tmp_path: Path) -> None:
    source = bundle(sample())
    hashes = publish(tmp_path, source)
    write_run(tmp_path, msgspec.structs.replace(source.run, outputs=hashes))
    (tmp_path / "figures" / "trends.svg").write_text("edited by hand")
    (tmp_path / "mine.txt").write_text("mine")
    again = publish(tmp_path, bundle(Notes()))
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert not [n for n in again if n.startswith("figures/")]
    assert there == set(again) | {"run.json", "mine.txt", "figures/trends.svg"}


def test_a_forged_record_removes_nothing_outside(tmp_path: Path) -> None:
    source = bundle(sample())
    precious = tmp_path / "precious.txt"
    precious.write_bytes(b"x")
    sha = hashlib.sha256(b"x").hexdigest()
    forged = {"../precious.txt": sha, str(precious): sha}
    write_run(tmp_path / "out", msgspec.structs.replace(source.run, outputs=forged))
    publish(tmp_path / "out", source)
    assert precious.is_file()


def test_columns_of_quarters_say_what_they_count() -> None:
    months = [f"{year}-{n:02d}" for year in (2022, 2023, 2024) for n in range(1, 13)]
    one, many = Notes(), Notes()
    one.note("minutes.md", "2022-01-10")  # running minutes: a file whose parts are dated
    for n, name in enumerate(months):
        words = f"Nobody owns register {n} of {'abcdefghij'[n % 10] * 9}."
        one.say("minutes.md", words, ("ownership",), date=f"{name}-10")
        many.say(many.note(f"{n}.md", f"{name}-10"), words, ("ownership",))
    for notes, said in ((many, "Documents"), (one, "Document-months")):
        drawn = figures.render(canonical(bundle(notes)))
        assert drawn["months"].caption.startswith(f"{said} that report each impediment, quarter")
        assert drawn["trends"].caption.startswith(f"{said} read (pale)")
        assert ("counts once in each" in drawn["months"].caption) == (notes is one)


def test_nothing_heavy_is_imported_by_looking_at_a_finished_run(out: Path) -> None:
    code = """
import sys
from pathlib import Path
import notesmine.pipeline
from notesmine import publish
out = Path(sys.argv[1])
run = publish.read_run(out)
assert publish.intact(out, run)
assert publish.load_template("", out) is None
heavy = {"matplotlib", "xlsxwriter", "openpyxl", "docx", "notesmine.publish.figures"}
print(sorted(heavy & set(sys.modules)))
"""
    source = bundle(sample())
    hashes = publish(out, source)
    write_run(out, msgspec.structs.replace(source.run, outputs=hashes))
    command = [sys.executable, "-c", code, str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_hostile_names_are_clipped_whole() -> None:
    for text in HOSTILE:
        assert width(clipped(text, 40)) <= 40
