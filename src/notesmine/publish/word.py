"""Write a Word file piece by piece: headings, quotes with footnotes, tables, figures, contents.

A quote's words stand between a bookmark that carries its id, so that `published.docx_quotes` finds
them again after an author has worked on the file. What python-docx has no function for (footnotes,
bookmarks, fields) is written as XML here. The bytes of a file depend on what is written alone.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, nsmap, qn
from docx.shared import Cm

from notesmine.publish.published import bookmark_of
from notesmine.publish.text import moment, visible
from notesmine.publish.word_style import TABLE, has_style, open_template, pick
from notesmine.records import digest

NOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
MOST_ALT = 2_000  # characters of an alternative text
W = nsdecls("w")
#: Settings that the schema puts after those of footnotes.
AFTER_NOTES = frozenset(
    "endnotePr compat docVars rsids attachedSchema themeFontLang clrSchemeMapping "
    "doNotIncludeSubdocsInStats doNotAutoCompressPictures forceUpgrade captions "
    "readModeInkLockDown smartTagType shapeDefaults doNotEmbedSmartTags decimalSymbol "
    "listSeparator".split()
)
#: Width and height of a page's text in cm where a template does not say, and the least of each.
ROOM, LEAST = (16.0, 25.0), 3.0
LETTERS, SMALLEST = 17, 13  # half points: of a table, and of one on a narrow page
FIGURE_SHARE = 0.8  # of the height of a page, so that the caption stands on it too


class Writer:
    """A Word file being written, from top to bottom.

    Parameters
    ----------
    title : str
        Of the file's properties.
    report_date : str or None
        Written as the time of making.
    template : bytes or None
        As for `open_template`.
    """

    def __init__(self, title: str, report_date: str | None, template: bytes | None = None) -> None:
        self.document = open_template(template)
        self.body = self.document.element.body
        self.width, self.height = _room(self.document)
        self.bookmarks = 0
        self.notes: list[str] = []
        self.entries: list[tuple[int, str, str]] = []
        self.contents: Any = None
        self.styles: dict[str, str | None] = {}
        self._properties(title, report_date)

    # -- text -------------------------------------------------------------------------------------

    def heading(self, text: str, level: int, anchor: str = "") -> None:
        """Add a heading of level 1 to 3, which the table of contents lists and links to."""
        name = f"_Toc{len(self.entries) + 1:08d}"
        self.entries.append((level, text, name))
        inner = self._marked(name, run(text))
        if anchor:
            inner = self._marked(anchor_of(anchor), inner)
        self._add(self._paragraph(inner, f"Heading {level}"))

    def paragraph(self, text: str, style: str = "Normal", *, link: str = "") -> None:
        """Add a paragraph; ``link`` names the heading's anchor that a few last words lead to."""
        inner = run(text)
        if link:
            inner += run(" ") + _link(anchor_of(link), "Evidence", self._style("Hyperlink"))
        self._add(self._paragraph(inner, style))

    def bullet(self, text: str, *, link: str = "") -> None:
        """Add an item of a list."""
        plain = not has_style(self.document, "List Bullet")
        self.paragraph(("• " if plain else "") + text, "List Bullet", link=link)

    def lead(self, bold: str, rest: str, style: str = "Normal", *, keep: bool = False) -> None:
        """Add a paragraph that opens with bold words."""
        self._add(self._paragraph(run(bold, bold=True) + run(rest), style, keep=keep))

    def quote(self, quote_id: str, text: str, source: str, note: str = "") -> None:
        """Add a quotation: the words in a bookmark of its id, the source, a footnote.

        A ``source`` that starts with a line break stands on the next line.
        """
        name = bookmark_of(quote_id, self.bookmarks + 1)
        inner = run("“") + self._marked(name, run(text)) + run(closing(text) + "”")
        gap = "" if source.startswith("\n") else " "
        inner += run(gap + source, colour="5A6771", size=17) if source else ""
        inner += self._note(note) if note else ""
        self._add(self._paragraph(inner, "Quote"))

    # -- tables, figures, pages -------------------------------------------------------------------

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float],
        *, right: Sequence[int] = (), links: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add a table whose header is repeated on every page.

        ``widths`` are in cm, and made smaller where the page is; ``right`` names columns of
        numbers; ``links`` holds the anchor that the second cell of each row leads to.
        """
        style = self._style(TABLE)
        scale = min(1.0, self.width / sum(widths))
        widths, size = [w * scale for w in widths], max(SMALLEST, round(LETTERS * scale))
        narrow = '<w:left w:w="30" w:type="dxa"/><w:right w:w="30" w:type="dxa"/>'
        fixed = "".join(f'<w:gridCol w:w="{_twips(w)}"/>' for w in widths)
        out = [
            f"<w:tbl {W}><w:tblPr>",
            f"<w:tblStyle w:val={quoteattr(style)}/>" if style else "",
            f'<w:tblW w:w="{_twips(sum(widths))}" w:type="dxa"/><w:tblLayout w:type="fixed"/>',
            f"<w:tblCellMar>{narrow}</w:tblCellMar>" if scale < 1 else "",
            '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
            'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/></w:tblPr>',
            f"<w:tblGrid>{fixed}</w:tblGrid>",
        ]
        for number, row in enumerate([head, *rows]):
            first = number == 0
            mark = "<w:tblHeader/>" if first else ""
            out.append(f"<w:tr><w:trPr><w:cantSplit/>{mark}</w:trPr>")
            for at, text in enumerate(row):
                cell = f'<w:tcPr><w:tcW w:w="{_twips(widths[at])}" w:type="dxa"/></w:tcPr>'
                side = '<w:jc w:val="right"/>' if at in right else ""
                ppr = f'<w:pPr><w:spacing w:before="30" w:after="30"/>{side}</w:pPr>'
                inner = run(text, bold=first, size=size)
                if at == 1 and links and not first:
                    inner = _link(
                        anchor_of(links[number - 1]), text, self._style("Hyperlink"), size
                    )
                out.append(f"<w:tc>{cell}<w:p>{ppr}{inner}</w:p></w:tc>")
            out.append("</w:tr>")
        self._add(parse_xml("".join(out) + "</w:tbl>"))
        self._add(
            parse_xml(f'<w:p {W}><w:pPr><w:spacing w:after="60" w:line="120"/></w:pPr></w:p>')
        )

    def picture(self, png: bytes, caption: str, alt: str, width: float) -> None:
        """Add a figure of at most a width in cm, with an alternative text and its caption below."""
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = bool(caption)
        shape = paragraph.add_run().add_picture(io.BytesIO(png), width=Cm(min(width, self.width)))
        scale = Cm(self.height * FIGURE_SHARE) / shape.height
        if scale < 1:
            shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
        facts = shape._inline.docPr
        facts.set("descr", _short(visible(f"{caption} {alt}".strip()), MOST_ALT))
        self._add(paragraph._p)
        if caption:
            self.paragraph(caption, "Caption")

    def page_break(self) -> None:
        """Start a new page."""
        self._add(parse_xml(f'<w:p {W}><w:r><w:br w:type="page"/></w:r></w:p>'))

    def table_of_contents(self) -> None:
        """Reserve the place of the contents; they are written when everything else is."""
        # A gallery part: Word then offers "Update table", which fills in the page numbers.
        self.contents = parse_xml(
            f'<w:sdt {W}><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
            "<w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent/></w:sdt>"
        )
        self._add(self.contents)

    # -- saving -----------------------------------------------------------------------------------

    def save(self) -> bytes:
        """Return the file."""
        if self.contents is not None:
            inside = self.contents.find(qn("w:sdtContent"))
            for node in self._contents():
                inside.append(node)
        self._footnotes()
        stream = io.BytesIO()
        self.document.save(stream)
        return frozen(stream.getvalue())

    def _contents(self) -> list[Any]:
        shown = [e for e in self.entries if e[0] <= 2]
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> '
            'TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        out = [self._paragraph(run("Contents", bold=True), "Normal", keep=True)]
        for n, (level, text, name) in enumerate(shown):
            inner = (begin if n == 0 else "") + _link(name, text, None)
            inner += end if n == len(shown) - 1 else ""
            out.append(self._paragraph(inner, f"toc {level}"))
        return out

    def _footnotes(self) -> None:
        if not self.notes:
            return
        style, mark = self._style("footnote text"), self._style("footnote reference")
        rpr = f"<w:rPr><w:rStyle w:val={quoteattr(mark or '')}/></w:rPr>"
        body = [
            f'<w:footnotes {W}><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/>'
            '</w:r></w:p></w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p>'
            "<w:r><w:continuationSeparator/></w:r></w:p></w:footnote>"
        ]
        for number, text in enumerate(self.notes, 1):
            body.append(
                f'<w:footnote w:id="{number}"><w:p><w:pPr>'
                f"<w:pStyle w:val={quoteattr(style or '')}/>"
                f"</w:pPr><w:r>{rpr}<w:footnoteRef/></w:r>{run(' ' + text)}</w:p></w:footnote>"
            )
        blob = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + "".join(body)
                + "</w:footnotes>").encode()  # fmt: skip
        part = self.document.part
        uri = PackURI("/word/footnotes.xml")
        part.relate_to(Part(uri, NOTES_TYPE, blob, part.package), RELATIONSHIP_TYPE.FOOTNOTES)
        settings = self.document.settings.element
        known = f'<w:footnotePr {W}><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>'
        place = next((n for n in settings if _follows_notes(n.tag)), None)
        if place is None:
            settings.append(parse_xml(known))
        else:
            place.addprevious(parse_xml(known))

    def _properties(self, title: str, report_date: str | None) -> None:
        core = self.document.core_properties
        made = moment(report_date)
        core.title = visible(title)[:255]
        core.created = core.modified = made
        core.revision = 1
        for name in ("author", "last_modified_by", "comments", "subject", "keywords", "category",
                     "content_status", "identifier", "version"):  # fmt: skip
            setattr(core, name, "")

    # -- pieces -----------------------------------------------------------------------------------

    def _add(self, node: Any) -> None:
        last = self.body.find(qn("w:sectPr"))
        if last is None:
            self.body.append(node)
        else:
            last.addprevious(node)

    def _style(self, name: str) -> str | None:
        if name not in self.styles:
            self.styles[name] = pick(self.document, name)
        return self.styles[name]

    def _paragraph(self, inner: str, style: str, *, keep: bool = False) -> Any:
        found = self._style(style)
        ppr = f"<w:pStyle w:val={quoteattr(found)}/>" if found else ""
        ppr += "<w:keepNext/>" if keep else ""
        return parse_xml(f"<w:p {W}><w:pPr>{ppr}</w:pPr>{inner}</w:p>")

    def _marked(self, name: str, inner: str) -> str:
        self.bookmarks += 1
        number = self.bookmarks
        return (
            f'<w:bookmarkStart w:id="{number}" w:name={quoteattr(name)}/>{inner}'
            f'<w:bookmarkEnd w:id="{number}"/>'
        )

    def _note(self, text: str) -> str:
        self.notes.append(text)
        mark = quoteattr(self._style("footnote reference") or "")
        return (
            f"<w:r><w:rPr><w:rStyle w:val={mark}/></w:rPr>"
            f'<w:footnoteReference w:id="{len(self.notes)}"/></w:r>'
        )


def run(text: str, *, bold: bool = False, colour: str = "", size: int = 0) -> str:
    """Return a run of text as XML; line breaks and tabs are Word's own; size in half points."""
    rpr = "<w:b/>" if bold else ""
    rpr += f'<w:color w:val="{colour}"/>' if colour else ""
    rpr += f'<w:sz w:val="{size}"/>' if size else ""
    pieces = []
    for piece in re.split(r"([\n\t])", visible(text)):
        if piece == "\n":
            pieces.append("<w:br/>")
        elif piece == "\t":
            pieces.append("<w:tab/>")
        elif piece:
            pieces.append(f'<w:t xml:space="preserve">{escape(piece)}</w:t>')
    return f"<w:r>{f'<w:rPr>{rpr}</w:rPr>' if rpr else ''}{''.join(pieces)}</w:r>"


def closing(text: str) -> str:
    """Return what ends the changes of direction that text leaves open.

    Examples
    --------
    >>> [f"{ord(c):x}" for c in closing("a \u202eb \u2067c")], closing("a \u202eb\u202c")
    (['2069', '202c'], '')
    """
    opened: list[str] = []
    for letter in text:
        if letter in "\u202a\u202b\u202d\u202e":
            opened.append("\u202c")
        elif letter in "\u2066\u2067\u2068":
            opened.append("\u2069")
        elif opened and letter == opened[-1]:
            opened.pop()
    return "".join(reversed(opened))


def anchor_of(theme_id: str) -> str:
    """Return the name of the bookmark at a theme's heading; Word allows 40 characters."""
    name = "theme_" + re.sub(r"[^0-9A-Za-z]+", "_", theme_id)
    return name if len(name) <= 40 else f"{name[:31]}_{digest(theme_id, length=8)}"


def _link(anchor: str, text: str, style: str | None, size: int = 0) -> str:
    rpr = f"<w:rStyle w:val={quoteattr(style)}/>" if style else ""
    rpr += f'<w:sz w:val="{size}"/>' if size else ""
    words = f'<w:t xml:space="preserve">{escape(visible(text))}</w:t>'
    return (
        f'<w:hyperlink w:anchor={quoteattr(anchor)} w:history="1"><w:r><w:rPr>{rpr}</w:rPr>{words}'
        "</w:r></w:hyperlink>"
    )


def _room(document: Any) -> tuple[float, float]:
    """Return width and height in cm of the text on the page of the last section."""
    if not len(document.sections):
        return ROOM
    page = document.sections[-1]
    sides = (
        (page.page_width, page.left_margin, page.right_margin, page.gutter),
        (page.page_height, page.top_margin, page.bottom_margin),
    )
    wide, high = (
        (size - sum(abs(m or 0) for m in margins)) / Cm(1) if size else standard
        for (size, *margins), standard in zip(sides, ROOM, strict=True)
    )
    return max(LEAST, wide), max(LEAST, high)


def _follows_notes(tag: object) -> bool:
    """Whether a setting stands after ``w:footnotePr``, as do those of other vocabularies."""
    return isinstance(tag, str) and (
        not tag.startswith(f"{{{nsmap['w']}}}") or tag.rpartition("}")[2] in AFTER_NOTES
    )


def _twips(cm: float) -> int:
    return round(cm * 1440 / 2.54)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2] + " …"


def frozen(data: bytes) -> bytes:
    """Return a ZIP file with the same members and no time of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as copy:
        for item in archive.infolist():
            info = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # the same on every system
            info.external_attr = 0o600 << 16
            copy.writestr(info, archive.read(item.filename))
    return out.getvalue()
