"""Pages that are pictures: read where tesseract is installed, reported where it is not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from notesmine import read, segment
from notesmine.config import ReadSettings
from notesmine.read import ocr, tesseract
from notesmine.read.single import read_file
from notesmine.records import Document

LINES = (
    "Monthly meeting of the team",
    "Nobody has been named to look after the model.",
    "The extract of the second quarter was delivered on time.",
)
installed = pytest.mark.skipif(not tesseract.program(), reason="tesseract is not installed")


def scan(path: Path, *pages: tuple[str, ...]) -> Path:
    """Write a PDF whose pages are pictures of lines of text."""
    font = ImageFont.load_default(size=42)
    pictures = []
    for lines in pages:
        picture = Image.new("L", (1700, 2200), 255)
        for number, line in enumerate(lines):
            ImageDraw.Draw(picture).text((150, 200 + 150 * number), line, fill=0, font=font)
        pictures.append(picture)
    pictures[0].save(path, "PDF", resolution=200, save_all=True, append_images=pictures[1:])
    return path


def codes(document: Document) -> list[tuple[str, int | None]]:
    return [(p.code, p.page) for p in document.problems]


@installed
def test_a_scanned_page_is_read_with_boxes_and_confidence(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", LINES, LINES[1:])
    document = read_file(path, path.name, ReadSettings())
    assert document.status == "ok"
    assert [b.page for b in document.blocks].count(2) >= 1
    passages = segment.segment(document)
    for line in LINES:
        found = next(p for p in passages if line in p.text)
        assert document.text[found.start : found.end] == found.text
        assert found.confidence is not None
        assert 0.8 < found.confidence <= 1
        region = found.regions[0]
        # 1700 dots at 200 to the inch are 612 points; the text begins 150 dots from the left.
        assert abs(region.x0 - 54) < 3
        assert 0 < region.top < region.bottom < 792
    assert codes(document) == [("ocr-read", 1), ("ocr-read", 2)]
    assert "mean confidence of 0.9" in document.problems[0].message


@installed
def test_the_worker_reads_the_same_under_its_limits(tmp_path: Path) -> None:
    scan(tmp_path / "scan.pdf", LINES)
    found, _ = read.find_files(tmp_path)
    (document,) = read.read_documents(found, ReadSettings(), {})
    assert document.text == read_file(tmp_path / "scan.pdf", "scan.pdf", ReadSettings()).text


@installed
def test_a_page_on_which_nothing_is_to_be_seen_says_so(tmp_path: Path) -> None:
    document = read_file(scan(tmp_path / "x.pdf", ()), "x.pdf", ReadSettings())
    assert document.status == "failed"
    assert codes(document) == [("no-text-layer", 1)]
    assert "empty or damaged" in document.problems[0].hint


@installed
def test_a_language_that_tesseract_lacks_is_a_problem(tmp_path: Path) -> None:
    path = scan(tmp_path / "x.pdf", LINES)
    document = read_file(path, "x.pdf", ReadSettings(ocr_languages="xxx"))
    assert codes(document) == [("no-text-layer", 1)]
    assert "tesseract failed" in document.problems[0].hint
    assert "xxx" in document.problems[0].hint


def test_off_means_off(tmp_path: Path) -> None:
    path = scan(tmp_path / "x.pdf", LINES)
    document = read_file(path, "x.pdf", ReadSettings(ocr="off"))
    assert codes(document) == [("no-text-layer", 1)]
    assert 'ocr = "auto"' in document.problems[0].hint


def test_without_tesseract_the_hint_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "program", lambda: "")
    path = scan(tmp_path / "x.pdf", LINES)
    document = read_file(path, "x.pdf", ReadSettings())
    assert codes(document) == [("no-text-layer", 1)]
    assert "Install tesseract" in document.problems[0].hint


def test_words_of_a_doubtful_line_are_left_out() -> None:
    words = [
        tesseract.Word((1, 1, 1), (100, 100, 300, 150), 0.95, "Nobody"),
        tesseract.Word((1, 1, 1), (310, 100, 500, 150), 0.85, "decides."),
        tesseract.Word((1, 1, 2), (100, 200, 300, 250), 0.2, "~|-"),
    ]
    sure, doubtful = ocr.lines_of(words, 2.0)
    assert (sure.text, sure.x0, sure.x1) == ("Nobody decides.", 50.0, 250.0)
    assert sure.confidence == pytest.approx(0.8929, abs=1e-3)
    assert doubtful.confidence is not None
    assert doubtful.confidence < ocr.LEAST


def test_a_picture_is_a_plain_grey_map() -> None:
    import pypdfium2

    body = io.BytesIO()
    Image.new("L", (170, 220), 128).save(body, "PDF", resolution=20)
    seen = ocr.picture(pypdfium2.PdfDocument(body.getvalue())[0], 0.5)
    head, dots = seen.split(b"\n", 1)
    assert head == b"P5 306 396 255"
    assert len(dots) == 306 * 396


@installed
def test_a_document_is_read_again_once_tesseract_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scan(tmp_path / "x.pdf", LINES)
    with monkeypatch.context() as without:
        without.setattr(tesseract, "program", lambda: "")
        before = read_file(path, "x.pdf", ReadSettings())
        assert not tesseract.now_readable(before, ReadSettings())
    assert tesseract.now_readable(before, ReadSettings())
    assert not tesseract.now_readable(before, ReadSettings(ocr="off"))
    after = read_file(path, "x.pdf", ReadSettings())
    assert not tesseract.now_readable(after, ReadSettings())
