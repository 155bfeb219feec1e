"""Offsets, order, no overlap, nothing lost: over generated notes in every format."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import attacks
from notesmine.config import ReadSettings
from notesmine.read import read_file
from notesmine.read.builder import Draft
from notesmine.records import Document
from notesmine.segment import segment, statements

FAST = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = (
    "data access model server legal review nobody knows owner shelved pilot team late trust".split()
)
SENTENCE = st.lists(st.sampled_from(WORDS), min_size=2, max_size=9).map(
    lambda w: " ".join(w).capitalize()
)
# (kind, level, text): headings of two ranks, bullets of two levels, paragraphs.
NOTE = st.lists(
    st.tuples(st.sampled_from(["h1", "h2", "b1", "b2", "p"]), SENTENCE), min_size=1, max_size=14
)
Note = list[tuple[str, str]]


def check(document: Document) -> None:
    """The promise: spans are right, ordered, apart, and cover all text but the line breaks."""
    end = -1
    for passage in segment(document):
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.start > end
        assert passage.text == passage.text.strip(" ")
        end = passage.end
        parts = statements(passage)
        assert parts[0].start == passage.start
        assert parts[-1].end == passage.end
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            assert document.text[part.start : part.end] == part.text
            assert after is None or part.end <= after.start
    covered = sum(b.end - b.start for b in document.blocks) + max(0, len(document.blocks) - 1)
    assert covered == len(document.text)


def fixed(note: Note) -> Note:
    """A second-level bullet needs one above it; a number keeps texts apart."""
    out: Note = []
    for i, (kind, text) in enumerate(note):
        deep = kind == "b2" and (not out or out[-1][0] not in {"b1", "b2"})
        out.append(("b1" if deep else kind, f"{text} {i + 10}"))
    return out


def as_markdown(note: Note) -> bytes:
    mark = {"h1": "\n# ", "h2": "\n## ", "b1": "- ", "b2": "  - ", "p": "\n"}
    return "\n".join(
        f"{mark[k]}{t}{'.' * (k == 'p')}" + "\n" * (k[0] != "b") for k, t in note
    ).encode()


def as_html(note: Note) -> bytes:
    tag = {"h1": "<h1>{}</h1>", "h2": "<h2>{}</h2>", "p": "<p>{}.</p>",
           "b1": "<ul><li>{}</li></ul>", "b2": "<ul><ul><li>{}</li></ul></ul>"}  # fmt: skip
    return ("<!doctype html><body>" + "".join(tag[k].format(t) for k, t in note)).encode()


def as_docx(note: Note) -> bytes:
    def one(kind: str, text: str) -> str:
        if kind[0] == "b":
            level = f'<w:ilvl w:val="{int(kind[1]) - 1}"/><w:numId w:val="1"/>'
            extra = f"<w:pPr><w:numPr>{level}</w:numPr></w:pPr>"
        elif kind[0] == "h":
            extra = f'<w:pPr><w:outlineLvl w:val="{int(kind[1]) - 1}"/></w:pPr>'
        else:
            extra = ""
        return f"<w:p>{extra}<w:r><w:t>{text}{'.' * (kind == 'p')}</w:t></w:r></w:p>"

    return attacks.docx("".join(one(k, t) for k, t in note))


def as_mail(note: Note) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Notes"
    message["Date"] = "Mon, 3 Jun 2019 10:00:00 +0000"
    message.set_content(as_html(note).decode(), subtype="html")
    return bytes(message)


def as_pdf(note: Note) -> bytes:
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    buffer = io.BytesIO()
    canvas = canvas_module.Canvas(buffer, pagesize=(595, 842), invariant=1)
    y = 790.0
    style = {"h1": ("Helvetica-Bold", 14, 60, 34), "h2": ("Helvetica-Bold", 12, 60, 28),
             "p": ("Helvetica", 10, 60, 22), "b1": ("Helvetica", 10, 70, 13),
             "b2": ("Helvetica", 10, 90, 13)}  # fmt: skip
    # Most of a document is running text; without any, the size of headings cannot be told.
    for kind, text in [
        *note,
        *[
            ("p", f"Running text {i} of the note that says a little more than nothing")
            for i in range(9)
        ],
    ]:
        font, size, x, gap = style[kind]
        y -= gap
        if y < 60:
            canvas.showPage()
            y = 790
        canvas.setFont(font, size)
        canvas.drawString(x, y, ("• " if kind[0] == "b" else "") + text + "." * (kind == "p"))
    canvas.save()
    return buffer.getvalue()


WRITERS = {"md": as_markdown, "html": as_html, "docx": as_docx, "eml": as_mail, "pdf": as_pdf}


@pytest.mark.parametrize("suffix", WRITERS)
@FAST
@given(note=NOTE.map(fixed))
def test_notes_come_back_whole(suffix: str, note: Note, tmp_path: Path) -> None:
    path = tmp_path / f"note.{suffix}"
    path.write_bytes(WRITERS[suffix](note))
    document = read_file(path, path.name, ReadSettings())
    check(document)
    assert document.status == "ok"
    got = {document.text[b.start : b.end].rstrip("."): b for b in document.blocks}
    for kind, text in note:
        assert text in got, (kind, text, list(got))
        block = got[text]
        if kind[0] == "b":
            assert (block.type, block.level) == ("bullet", int(kind[1])) or suffix == "pdf"
        elif kind[0] == "h" and suffix != "pdf":
            assert (block.type, block.level) == ("heading", int(kind[1]))
    order = [t.rstrip(".") for t in document.text.split("\n")]
    positions = [order.index(t) for _, t in note]
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    "prefix",
    ["", "# x\n", "<!doctype html>", "From: a@b\nTo: c\nDate: x\n\n", "WEBVTT\n\n", "a,b,c\n"],
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=300))
def test_any_text_keeps_the_promise(prefix: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes((prefix + text).encode("utf-8", "replace"))
    check(read_file(path, path.name, ReadSettings()))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xfe", b"\xd0\xcf\x11\xe0"]),
)
def test_any_bytes_end_as_a_document(data: bytes, head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "note.bin"
    path.write_bytes(head + data)
    document = read_file(path, path.name, ReadSettings())
    assert document.status in {"ok", "partial", "failed"}
    assert document.status == "ok" or document.problems
    check(document)


@given(text=st.text())
def test_cleaning_is_idempotent(text: str) -> None:
    draft = Draft("text", 10_000)
    once = draft.clean(text)
    assert draft.clean(once) == once
