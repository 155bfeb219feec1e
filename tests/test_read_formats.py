"""One small file per format, made here, and what must come out of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from attacks import docx as raw_docx
from attacks import paragraph
from notesmine.config import ReadSettings
from notesmine.read import dates, read_file
from notesmine.records import Document
from notesmine.segment import segment

SETTINGS = ReadSettings()


def read(tmp_path: Path, name: str, content: str | bytes) -> Document:
    path = tmp_path / Path(name).name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    document = read_file(path, name, SETTINGS)
    for passage in segment(document):
        assert document.text[passage.start : passage.end] == passage.text
    return document


def outline(document: Document) -> list[tuple[str, int, str]]:
    return [(b.type, b.level, document.text[b.start : b.end]) for b in document.blocks]


def texts(document: Document) -> list[str]:
    return [text for _, _, text in outline(document)]


def test_markdown_is_what_a_reader_sees(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "2021-03-04-sync.md",
        "# Sprint 4\n\n**Blocked**\n- No [access](https://x.org/a) to the\n  **register**\n  - "
        "Legal `review`\n"
        "- [ ] Ask legal\n\n| Issue | Owner |\n|---|---|\n| Late data | Ann |\n\n<!-- template "
        "-->\n",
    )
    assert outline(document) == [
        ("heading", 1, "Sprint 4"),
        ("heading", 7, "Blocked"),
        ("bullet", 1, "No access to the register"),
        ("bullet", 2, "Legal review"),
        ("action", 1, "Ask legal"),
        ("other", 0, "Issue | Owner"),
        ("table_row", 0, "Late data | Ann"),
    ]
    assert (document.date, document.date_source, document.title) == (
        "2021-03-04",
        "file name",
        "Sprint 4",
    )
    assert segment(document)[3].heading_path == ("Sprint 4", "Blocked")


def test_front_matter_declares_title_and_date(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.md", "---\ntitle: Monthly call\ndate: 2020-05-01\n---\n\nData is late.\n"
    )
    assert (document.title, document.date, document.date_source) == (
        "Monthly call",
        "2020-05-01",
        "front matter",
    )
    assert document.text == "Data is late."


def test_deep_lists_are_not_lost(tmp_path: Path) -> None:
    deep = "".join("  " * i + f"- level {i}\n" for i in range(40))
    assert len(read(tmp_path, "a.md", "# x\n\n" + deep).blocks) == 41


def test_plain_text_joins_wrapped_lines_and_keeps_levels(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "a.txt",
        "Obstacles\n\n• The register is not shared with the team that\n  builds the model\n    ◦ "
        "No agreement\n• Too slow\n\n"
        "Nobody knows who is to maintain the solution once the pilot\nhas ended and the team is "
        "gone.\n",
    )
    assert outline(document) == [
        ("heading", 7, "Obstacles"),
        ("bullet", 1, "The register is not shared with the team that builds the model"),
        ("bullet", 2, "No agreement"),
        ("bullet", 1, "Too slow"),
        (
            "paragraph",
            0,
            "Nobody knows who is to maintain the solution once the pilot has ended and the team "
            "is gone.",
        ),
    ]


def test_html_without_navigation(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "a.html",
        "<!doctype html><title>Call</title><nav><a>Home</a></nav><h1>Notes</h1><ul><li>No "
        "server<ul><li>Cost</li></ul></li></ul>"
        "<table><tr><th>Issue</th><th>Owner</th></tr><tr><td>Late</td><td>Ann</td></tr></table><script>x</script><footer>f</footer>",
    )
    assert texts(document) == ["Notes", "No server", "Cost", "Issue | Owner", "Late | Ann"]
    assert [b.level for b in document.blocks][1:3] == [1, 2]


def test_mail_keeps_what_the_sender_added(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "a.eml",
        "From: Ann <a@example.org>\nTo: b@example.org\nSubject: =?utf-8?q?Pilot_notes?=\nDate: "
        "Mon, 3 Jun 2019 10:00:00 +0000\n"
        "MIME-Version: 1.0\n\nThe server is still not there.\n\nOn Monday, 27 May 2019, Bob "
        "wrote:\n> When will it come?\n\n-- \nAnn\n",
    )
    assert texts(document) == ["Pilot notes", "The server is still not there."]
    assert (document.date, document.date_source) == ("2019-06-03", "mail header")


def test_mailbox_dates_each_message(tmp_path: Path) -> None:
    one = (
        "From a@example.org Mon Jun  3 10:00:00 2019\nFrom: a@example.org\nTo: b@example.org\n"
        "Subject: S{n}\nDate: {d}\n\nBody {n} here.\n\n"
    )
    box = one.format(n=1, d="Mon, 3 Jun 2019 10:00:00 +0000") + one.format(
        n=2, d="Mon, 10 Jun 2019 10:00:00 +0000"
    )
    document = read(tmp_path, "a.mbox", box)
    assert document.format == "mbox"
    assert [p.date for p in segment(document)] == ["2019-06-03"] * 2 + ["2019-06-10"] * 2


def test_transcript_joins_cues(tmp_path: Path) -> None:
    cue = "00:00:0{0}.000 --> 00:00:0{1}.000\n<v {2}>{3}</v>\n\n"
    document = read(
        tmp_path, "a.vtt",
        "WEBVTT\n\n" + cue.format(1, 2, "Ann", "The data") + cue.format(2, 3, "Ann", "is late.")
        + cue.format(3, 4, "Bob", "Why?"),
    )  # fmt: skip
    assert texts(document) == ["Ann: The data is late.", "Bob: Why?"]


def test_csv_rows_keep_their_header(tmp_path: Path) -> None:
    document = read(tmp_path, "a.csv", 'Team,Issue,"What, why"\nA,Late,"no, ""really"""\nB,Cost,\n')
    assert texts(document) == ["Team | Issue | What, why", 'A | Late | no, "really"', "B | Cost |"]
    assert document.blocks[1].header == "Team | Issue | What, why"


def test_docx_walks_everything_visible(tmp_path: Path) -> None:
    inner = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"
    box = f"<w:p><w:r><w:pict>{inner}</w:pict></w:r></w:p>"
    control = f"<w:sdt><w:sdtContent>{paragraph('In a control')}</w:sdtContent></w:sdt>"
    tracked = (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>"
    )
    number = '<w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr>'
    item = f"<w:p>{number}<w:r><w:t>Item</w:t></w:r></w:p>"
    cells = "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in ("Late data", "Ann"))
    table = f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    document = read(tmp_path, "a.docx", raw_docx(box + control + tracked + item + table))
    assert outline(document) == [
        ("paragraph", 0, "In a box"),
        ("paragraph", 0, "In a control"),
        ("paragraph", 0, "Kept new"),
        ("bullet", 2, "Item"),
        ("table_row", 0, "Late data | Ann"),
    ]


def test_docx_written_by_python_docx(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.core_properties.title = "Sprint notes"
    made.add_heading("Blocked", level=2)
    made.add_paragraph("No access", style="List Bullet")
    made.add_paragraph("Not at all", style="List Bullet 2")
    made.add_paragraph().add_run("Next steps").bold = True
    made.add_paragraph("Ask again.")
    buffer = io.BytesIO()
    made.save(buffer)
    document = read(tmp_path, "a.docx", buffer.getvalue())
    assert document.title == "Sprint notes"
    assert outline(document) == [
        ("heading", 2, "Blocked"),
        ("bullet", 1, "No access"),
        ("bullet", 2, "Not at all"),
        ("heading", 7, "Next steps"),
        ("paragraph", 0, "Ask again."),
    ]


def test_pptx_titles_bullets_tables_notes(tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx")
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Obstacles"
    frame = slide.placeholders[1].text_frame
    frame.text = "No skills"
    deeper = frame.add_paragraph()
    deeper.text, deeper.level = "No training", 1
    cells = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for i, text in enumerate(("Issue", "Owner", "Late", "Ann")):
        cells.cell(i // 2, i % 2).text = text
    slide.notes_slide.notes_text_frame.text = "Say more here"
    buffer = io.BytesIO()
    made.save(buffer)
    document = read(tmp_path, "a.pptx", buffer.getvalue())
    assert outline(document) == [
        ("slide_title", 1, "Obstacles"),
        ("bullet", 1, "No skills"),
        ("bullet", 2, "No training"),
        ("other", 0, "Issue | Owner"),
        ("table_row", 0, "Late | Ann"),
        ("speaker_note", 0, "Say more here"),
    ]
    assert {b.page for b in document.blocks} == {1}


def make_pdf(
    pages: Sequence[Sequence[tuple[float, float, str, int, str]]],
    size: tuple[float, float] = (595, 842),
) -> bytes:
    """A PDF from (x, y from the top, font, size, text) lines."""
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    buffer = io.BytesIO()
    canvas = canvas_module.Canvas(buffer, pagesize=size, invariant=1)
    for page in pages:
        for x, y, font, points, text in page:
            canvas.setFont(font, points)
            canvas.drawString(x, size[1] - y, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def test_pdf_layout(tmp_path: Path) -> None:
    regular, bold = "Helvetica", "Helvetica-Bold"
    first = [
        (72, 80, bold, 16, "Sprint 1"),
        (72, 110, regular, 10, "The team has no access to the register, the agree-"),
        (72, 122, regular, 10, "ment with the owner is still discussed by the legal services."),
        (72, 150, bold, 10, "Blocked"),
        (80, 165, regular, 10, "• The model was shelved because nobody knew who would main-"),
        (90, 177, regular, 10, "tain it once the pilot has ended"),
        (98, 189, regular, 10, "– No owner in production"),
    ]  # fmt: skip
    later = [[(72, 80, bold, 16, f"Sprint {n}"), (72, 110, regular, 10, f"Point {n * 7} of it.")]
             for n in (2, 3)]  # fmt: skip
    pages = [
        [
            (72, 30, regular, 8, "Project notes, not for circulation"),
            *body,
            (290, 820, regular, 8, f"Page {number} of 3"),
        ]
        for number, body in enumerate([first, *later], 1)
    ]
    document = read(tmp_path, "a.pdf", make_pdf(pages))
    assert document.furniture == (
        "Project notes, not for circulation",
        "Page 1 of 3",
        "Page 2 of 3",
        "Page 3 of 3",
    )
    assert outline(document)[:5] == [
        ("heading", 1, "Sprint 1"),
        ("paragraph", 0, "The team has no access to the register, the "
         "agreement with the owner is still discussed by the legal services."),
        ("heading", 7, "Blocked"),
        ("bullet", 1, "The model was shelved because nobody knew who would maintain it once the "
         "pilot has ended"),
        ("bullet", 2, "No owner in production"),
    ]  # fmt: skip
    box = document.blocks[3].regions[0]
    assert (box.page, round(box.x0), 150 < box.top < 165, 177 < box.bottom < 185) == (
        1,
        80,
        True,
        True,
    )
    assert not any(p.quotable for p in segment(document))


def test_pdf_columns_and_slides(tmp_path: Path) -> None:
    left = [
        (50, 100 + 12 * i, "Helvetica", 10, f"left column line {i} with words to fill it")
        for i in range(8)
    ]
    right = [
        (320, 100 + 12 * i, "Helvetica", 10, f"right column line {i} with words to fill")
        for i in range(8)
    ]
    rows = [line for pair in zip(left, right, strict=True) for line in pair]
    text = read(tmp_path, "a.pdf", make_pdf([rows])).text
    assert text.index("left column line 7") < text.index("right column line 0")
    slide = [
        (40, 60, "Helvetica", 28, "Obstacles"),
        (60, 150, "Helvetica", 18, "• No skills"),
        (60, 190, "Helvetica", 18, "• No time"),
    ]
    deck = read(tmp_path, "b.pdf", make_pdf([slide, slide], (960, 540)))
    assert [b.type for b in deck.blocks] == ["slide_title", "bullet", "bullet"] * 2


def test_pdf_ruled_table_is_rows(tmp_path: Path) -> None:
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    buffer = io.BytesIO()
    canvas = canvas_module.Canvas(buffer, pagesize=(595, 842))
    canvas.grid([72, 250, 400], [700, 680, 660, 640])
    for i, (a, b) in enumerate(
        (("Action", "Owner"), ("Ask legal", "Ann"), ("Buy a server", "Bob"))
    ):
        canvas.drawString(76, 686 - 20 * i, a)
        canvas.drawString(254, 686 - 20 * i, b)
    canvas.save()
    document = read(tmp_path, "a.pdf", buffer.getvalue())
    assert texts(document) == ["Action | Owner", "Ask legal | Ann", "Buy a server | Bob"]
    assert [p.type for p in segment(document)] == ["other", "action", "action"]


def test_pdf_hidden_text_is_left_out_and_reported(tmp_path: Path) -> None:
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    buffer = io.BytesIO()
    canvas = canvas_module.Canvas(buffer)
    canvas.drawString(72, 700, "The data is late.")
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(72, 600, "white on white")
    canvas.rect(60, 490, 300, 30, fill=0)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.rect(60, 390, 300, 30, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(72, 400, "white on black is seen")
    canvas.save()
    document = read(tmp_path, "a.pdf", buffer.getvalue())
    assert texts(document) == ["The data is late.", "white on black is seen"]
    assert [p.code for p in document.problems] == ["invisible-text"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Sprint 25, 07/06/2021- 07/20/2021", "2021-07-20"),
        ("03/14/23-03/28/23", "2023-03-28"),
        ("3-5 June 2019", "2019-06-05"),
        ("June 3-5, 2019", "2019-06-05"),
        ("12.03.2019", "2019-03-12"),
        ("2018-10-15--weekly", "2018-10-15"),
        ("4000 users in 2019", None),
        ("version 1.2.19", None),
        ("03/04/2021", None),
    ],
)
def test_dates_are_strict(text: str, day: str | None) -> None:
    found = dates.find(text)
    assert (found.day if found else None) == day


def test_ambiguous_date_is_a_problem_that_names_the_row(tmp_path: Path) -> None:
    document = read(tmp_path, "call.md", "# Call 03/04/2021\n\nData is late.\n")
    assert document.date is None
    assert document.problems[0].code == "ambiguous-date"
    assert document.problems[0].hint.endswith("call.md,YYYY-MM-DD")


def test_foreign_language_is_reported(tmp_path: Path) -> None:
    french = "Les données ne sont pas partagées avec les équipes qui en ont besoin pour ce projet."
    document = read(tmp_path, "a.txt", french)
    assert document.language == "fr"
    assert [p.code for p in document.problems] == ["language-not-covered"]


def test_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
        document = read(tmp_path, "a.txt", "The café’s data is late.\n".encode(encoding))
        assert document.text == "The café’s data is late.", encoding
