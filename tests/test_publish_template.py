"""Word templates of users: their look is taken, nothing of their maker, and faults are said."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import msgspec
import pytest
from docx.shared import Cm

from factory import Notes, bundle
from notesmine.commands import extract
from notesmine.config import PublishSettings, Settings
from notesmine.errors import ConfigError, InputError, NothingToRead
from notesmine.folders import find_documents
from notesmine.pipeline import run
from notesmine.publish import (
    Bundle,
    figures,
    find_template,
    load_template,
    report_docx,
    template_problems,
)
from notesmine.publish.published import docx_quotes, xlsx_quotes
from notesmine.runrecord import fingerprint, public
from notesmine.themes.codebook import load_codebook
from office import W, part


def saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_template_gives_its_look_and_nothing_else(made: Bundle, tmp_path: Path) -> None:
    template = docx.Document()
    template.add_paragraph("Old words.")
    template.add_picture(io.BytesIO(figures.render(made)["months"].png))
    template.styles["Heading 1"].font.name = "Garamond"
    template.sections[0].header.paragraphs[0].text = "Ministry of Numbers"
    template.core_properties.author = "A. Person"
    (tmp_path / "house.docx").write_bytes(saved(template))
    body = load_template("house.docx", tmp_path)
    path = tmp_path / "report.docx"
    path.write_bytes(report_docx.render(msgspec.structs.replace(made, template=body), {}))
    written = docx.Document(str(path))
    assert written.styles["Heading 1"].font.name == "Garamond"
    assert written.sections[0].header.paragraphs[0].text == "Ministry of Numbers"
    assert written.core_properties.author == ""
    assert "Old words." not in "\n".join(p.text for p in written.paragraphs)
    with zipfile.ZipFile(path) as archive:
        assert not [n for n in archive.namelist() if "media" in n]
    assert docx_quotes(path)


def test_a_report_is_a_template_for_the_next_one(out: Path, made: Bundle) -> None:
    body = load_template("report.docx", out)
    assert template_problems(body) == []
    plain_one = report_docx.render(made, {})
    again = report_docx.render(msgspec.structs.replace(made, template=body), {})
    for name in ("word/document.xml", "word/footnotes.xml"):
        with zipfile.ZipFile(io.BytesIO(plain_one)) as a, zipfile.ZipFile(io.BytesIO(again)) as b:
            assert a.read(name) == b.read(name)
    assert set(zipfile.ZipFile(io.BytesIO(again)).namelist()) == set(
        zipfile.ZipFile(io.BytesIO(plain_one)).namelist()
    )


def test_missing_styles_fall_back_and_are_named(made: Bundle, tmp_path: Path) -> None:
    template = docx.Document()
    for name in ("Quote", "Heading 2", "List Bullet", "Caption"):
        template.styles[name].delete()
    (tmp_path / "bare.docx").write_bytes(saved(template))
    body = load_template("bare.docx", tmp_path)
    said = {p.message for p in template_problems(body)}
    assert "the Word template has no style 'Quote': 'Intense Quote' is used" in said
    assert "the Word template has no style 'Heading 2': a plain one is added" in said
    assert len(said) == 4
    path = tmp_path / "report.docx"
    path.write_bytes(report_docx.render(msgspec.structs.replace(made, template=body), {}))
    styles = {p.style.name for p in docx.Document(str(path)).paragraphs if p.style is not None}
    assert {"Heading 2", "Intense Quote"} <= styles


def test_a_word_template_file_is_taken_too(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as a,
        zipfile.ZipFile(stream, "w") as b,
    ):
        for name in a.namelist():
            text = a.read(name).replace(b"document.main+xml", b"template.main+xml")
            b.writestr(name, text)
    (tmp_path / "house.dotx").write_bytes(stream.getvalue())
    assert load_template("house.dotx", tmp_path) == stream.getvalue()


RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def of_a_ministry() -> bytes:
    """Return a template as Word saves one: notes, a template of its own, properties of a firm."""
    stream = io.BytesIO()
    made = {
        "word/endnotes.xml": f'<w:endnotes xmlns:w="{W[1:-1]}"><w:endnote w:id="0"><w:p/>'
        "</w:endnote></w:endnotes>",
        "word/_rels/settings.xml.rels": f'<Relationships xmlns="{RELS}"><Relationship Id="rId1" '
        f'Type="{OFFICE_RELS}/attachedTemplate" Target="file:///C:/Users/jane.doe/Ministry.dotx" '
        'TargetMode="External"/></Relationships>',
        "docProps/custom.xml": '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument'
        '/2006/custom-properties"><property pid="2" name="Owner">Jane Doe</property></Properties>',
    }
    changed = {
        "word/settings.xml": (
            f'<w:settings xmlns:w="{W[1:-1]}" xmlns:r="{OFFICE_RELS}">'
            '<w:attachedTemplate r:id="rId1"/><w:mailMerge><w:query w:val="Jane Doe"/>'
            '</w:mailMerge><w:footnotePr><w:footnote w:id="7"/></w:footnotePr><w:endnotePr>'
            '<w:endnote w:id="0"/></w:endnotePr><w:themeFontLang w:val="en-GB"/></w:settings>'
        ).encode(),
    }
    added = {
        "word/_rels/document.xml.rels": f'<Relationship Id="rId99" Type="{OFFICE_RELS}/endnotes" '
        'Target="endnotes.xml"/></Relationships>',
        "_rels/.rels": f'<Relationship Id="rId98" Type="{OFFICE_RELS}/custom-properties" '
        'Target="docProps/custom.xml"/></Relationships>',
        "[Content_Types].xml": '<Override PartName="/word/endnotes.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.endnotes+xml"/></Types>',
        "docProps/app.xml": "<Manager>Jane Doe</Manager></Properties>",
    }
    with (
        zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as a,
        zipfile.ZipFile(stream, "w") as b,
    ):
        for name in a.namelist():
            body = changed.get(name, a.read(name))
            if name in added:
                end = added[name].rpartition("</")[2].encode()
                body = body.replace(b"</" + end, added[name].encode())
            b.writestr(name, body)
        for name, text in made.items():
            b.writestr(name, text)
    return stream.getvalue()


def test_a_template_leaves_nothing_of_its_maker(made: Bundle, tmp_path: Path) -> None:
    (tmp_path / "house.docx").write_bytes(of_a_ministry())
    body = load_template("house.docx", tmp_path)
    with zipfile.ZipFile(io.BytesIO(body or b"")) as archive:
        held = {n: archive.read(n) for n in archive.namelist()}
    assert sum(b"Jane Doe" in b or b"jane.doe" in b for b in held.values()) == 4
    for source in (made, bundle(Notes())):
        path = tmp_path / "report.docx"
        path.write_bytes(report_docx.render(msgspec.structs.replace(source, template=body), {}))
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                assert not re.search(rb"(?i)jane.doe|Ministry|endnotes", archive.read(name)), name
        settings_of = part(path, "word/settings.xml")
        names = [n.tag.removeprefix(W) for n in settings_of]
        notes = ["footnotePr"] if source is made else []
        assert names == [*notes, "themeFontLang"]  # in the order that the schema asks for
        if notes:
            held_ids = {
                n.get(f"{W}id") for n in part(path, "word/footnotes.xml").iter(f"{W}footnote")
            }
            assert {n.get(f"{W}id") for n in settings_of.iter(f"{W}footnote")} <= held_ids


SLACK = 0.01  # cm: Word measures pages in twentieths of a point


def test_figures_and_tables_fit_the_page_of_a_template(made: Bundle, tmp_path: Path) -> None:
    for wide, high in ((14.8, 21.0), (21.0, 9.0)):
        template = docx.Document()
        section = template.sections[0]
        section.page_width, section.page_height = Cm(wide), Cm(high)
        for side in ("left", "right", "top", "bottom"):
            setattr(section, f"{side}_margin", Cm(1.5))
        source = msgspec.structs.replace(made, template=saved(template))
        path = tmp_path / "report.docx"
        path.write_bytes(report_docx.render(source, figures.render(made)))
        shapes = docx.Document(str(path)).inline_shapes
        assert len(shapes) == 5
        plain_ones = docx.Document(io.BytesIO(report_docx.render(made, figures.render(made))))
        for shape, whole in zip(shapes, plain_ones.inline_shapes, strict=True):
            assert shape.width <= Cm(wide - 3 + SLACK)
            assert shape.height <= Cm(high - 3 + SLACK)
            assert shape.width / shape.height == pytest.approx(whole.width / whole.height, rel=0.01)
        widths = [int(w.get(f"{W}w")) for w in part(path).iter(f"{W}tblW")]
        assert widths
        assert max(widths) <= (min(16.0, wide - 3) + SLACK) / 2.54 * 1440


def test_a_template_among_the_notes_is_no_note(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "house.docx").write_bytes(saved(docx.Document()))
    chosen = Settings(publish=PublishSettings(docx_template="house.docx"))
    with pytest.raises(NothingToRead, match="1 files skipped"):
        run(corpus, tmp_path / "out", settings=chosen)
    (corpus / "a.md").write_text("# Notes\n\nNobody decides.\n")
    look = find_template("house.docx", corpus)
    found, skipped = find_documents(corpus, tmp_path / "out", tmp_path / "state", look)
    assert [f.name for f in found] == ["a.md"]
    assert [(s.name, s.reason) for s in skipped] == [("house.docx", "the Word template")]
    documents, _, _ = extract([corpus], tmp_path / "read", chosen)
    assert [d.paths for d in documents] == [("a.md",)]
    assert len(extract([corpus], tmp_path / "read", Settings())[0]) == 2


@pytest.mark.parametrize("name", ["C:\\Users\\jane\\house.docx", "/home/jane/house.docx", ""])
def test_the_record_says_no_folder_of_a_template(name: str) -> None:
    shown = public(Settings(publish=PublishSettings(docx_template=name)))["publish"]
    assert isinstance(shown, dict)
    assert shown["docx_template"] == ("house.docx" if name else "")


def damaged(body: bytes, member: str) -> bytes:
    """Return a ZIP file of which one member does not unpack."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        info = archive.getinfo(member)
    start = info.header_offset + 30 + len(member)
    return body[:start] + bytes(b ^ 0x5A for b in body[start : start + 200]) + body[start + 200 :]


def encrypted(body: bytes) -> bytes:
    """Return a ZIP file that says of its members that they need a password."""
    out = bytearray(body)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = body.find(mark)
        while at >= 0:
            out[at + flags] |= 1
            at = body.find(mark, at + 1)
    return bytes(out)


def without(body: bytes, member: str, pattern: bytes) -> bytes:
    """Return a ZIP file of which one member lacks what a pattern finds."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as a, zipfile.ZipFile(stream, "w") as b:
        for name in a.namelist():
            text = a.read(name)
            b.writestr(name, re.sub(pattern, b"", text) if name == member else text)
    return stream.getvalue()


def test_damaged_office_files_are_refused_in_our_own_words(out: Path, tmp_path: Path) -> None:
    word, book = (out / "report.docx").read_bytes(), (out / "evidence.xlsx").read_bytes()
    bad = [
        damaged(word, "word/styles.xml"), encrypted(word), word[:2000],
        without(word, "word/styles.xml", rb' w:type="[^"]*"'),
        without(word, "word/document.xml", rb"(?s)<w:body>.*</w:body>"),
    ]  # fmt: skip
    for body in bad:
        (tmp_path / "house.docx").write_bytes(body)
        with pytest.raises(ConfigError, match=r"can be opened$") as caught:
            load_template("house.docx", tmp_path)
        assert "0x" not in str(caught.value)
    path = tmp_path / "some.file"
    for reader, body, member in (
        (docx_quotes, word, "word/document.xml"),
        (xlsx_quotes, book, "xl/workbook.xml"),
    ):
        for fault in (damaged(body, member), encrypted(body), body[:2000]):
            path.write_bytes(fault)
            with pytest.raises(InputError, match=r"is no (Word file|workbook of this program)$"):
                reader(path)
    path.write_bytes(without(book, "xl/sharedStrings.xml", rb"</sst>"))
    with pytest.raises(InputError, match="workbook"):
        xlsx_quotes(path)


def test_what_is_no_template_is_refused_with_the_key(tmp_path: Path) -> None:
    assert load_template("", tmp_path) is None
    with pytest.raises(ConfigError, match=r"\[publish\] docx_template: there is no 'a.docx'"):
        load_template("a.docx", tmp_path)
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ConfigError, match="is no Word document"):
        load_template("a.docx", tmp_path)
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ConfigError, match="is no Word document"):
        load_template("b.docx", tmp_path)


def test_a_run_with_a_wrong_template_ends_before_reading(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in "ab":
        (tmp_path / "corpus" / f"{name}.md").write_text(f"# Notes {name}\n\nNobody decides.\n")
    chosen = Settings(publish=PublishSettings(docx_template="a.md"))
    with pytest.raises(ConfigError, match="docx_template"):
        run(tmp_path / "corpus", tmp_path / "out", settings=chosen)
    assert not (tmp_path / "out").exists()
    assert fingerprint([], [], {}, chosen, load_codebook(None), None, b"one") != fingerprint(
        [], [], {}, chosen, load_codebook(None), None, b"two"
    )
