"""The look of Word files: the built-in template, the emptying of a user's, and the styles used.

A template gives styles, page, header and footer; what stands in its body, its footnotes and
comments, and what says whose it is, are taken out, so that an earlier ``report.docx`` can be one.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from notesmine.publish.published import DAMAGED

FONT = "Arial"
INK, GREY, LINE = "12436D", "5A6771", "C5D0D8"
TABLE = "Notesmine Table"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
DOTX = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
#: Styles that a report uses, and what stands in where a template lacks one.
USED: dict[str, tuple[str, ...]] = {
    "Title": ("Heading 1",),
    "Subtitle": ("Normal",),
    "Heading 1": (),
    "Heading 2": (),
    "Heading 3": (),
    "Quote": ("Intense Quote", "Normal"),
    "List Bullet": ("Normal",),
    "Caption": ("Normal",),
    TABLE: ("Table Grid", "Normal Table"),
}
#: What opening a file raises that is no Word document, or a damaged or encrypted one.
UNREADABLE = (*DAMAGED, OpcError, PythonDocxError)
#: Styles that are added without a word where they are missing, since Word itself hides them.
HIDDEN = ("footnote text", "footnote reference", "toc 1", "toc 2", "Hyperlink")
#: Relationships that only a body needs; the rest (styles, headers, theme …) stays.
OF_A_BODY = (
    *("image", "hyperlink", "footnotes", "endnotes", "comments", "commentsExtended"),
    *("commentsIds", "commentsExtensible", "people", "chart", "oleObject", "package"),
    *("diagramData", "diagramLayout", "diagramQuickStyle", "diagramColors", "aFChunk"),
    *("customXml", "glossaryDocument"),
)
#: Relationships of a file that stay. Others lead to its maker, firm, own properties or thumbnail.
OF_A_FILE = ("officeDocument", "core-properties")
#: Settings that go: they point at notes that are gone, or at files of whoever made the template.
OF_A_MAKER = (
    *("footnotePr", "endnotePr", "attachedTemplate", "mailMerge", "saveThroughXslt", "docVars"),
)


def missing_styles(template: bytes) -> list[tuple[str, str | None]]:
    """Return the styles that a template lacks, each with the one that stands in, if any does."""
    there = {s.name for s in docx.Document(_as_docx(template)).styles}
    return [
        (name, next((o for o in others if o in there), None))
        for name, others in USED.items()
        if name not in there and name != TABLE
    ]


def open_template(template: bytes | None) -> Any:
    """Return an empty python-docx document with the styles of a template, or the built-in ones."""
    document = docx.Document() if template is None else docx.Document(_as_docx(template))
    _empty(document)
    if template is None:
        _dress(document)
    _complete(document)
    return document


def _as_docx(template: bytes) -> io.BytesIO:
    """Make a document of a template file: the two differ in one content type."""
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        types = archive.read("[Content_Types].xml")
        if DOTX.encode() not in types:
            return io.BytesIO(template)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
            for item in archive.infolist():
                body = archive.read(item.filename)
                if item.filename == "[Content_Types].xml":
                    body = types.replace(DOTX.encode(), DOCX.encode())
                copy.writestr(item.filename, body)
    out.seek(0)
    return out


def _empty(document: Any) -> None:
    """Take out everything that a body holds; the last section's page and headers stay."""
    body = document.element.body
    for node in list(body):
        if node.tag != qn("w:sectPr"):
            body.remove(node)
    for rid, relation in list(document.part.rels.items()):
        if relation.reltype.rsplit("/", 1)[-1] in OF_A_BODY:
            del document.part.rels[rid]
    package = document.part.package
    for rid, relation in list(package.rels.items()):
        if relation.reltype.rsplit("/", 1)[-1] not in OF_A_FILE:
            del package.rels[rid]
    settings = document.part._settings_part
    for node in list(settings.element):
        if node.tag in {qn(f"w:{name}") for name in OF_A_MAKER}:
            settings.element.remove(node)
    used = {value for node in settings.element.iter() for value in node.attrib.values()}
    for rid in [r for r in settings.rels if r not in used]:
        del settings.rels[rid]


def has_style(document: Any, name: str) -> bool:
    """Whether a document defines a style of this name."""
    return any(s.name == name for s in document.styles)


def pick(document: Any, name: str) -> str | None:
    """Return the id of a style, or of the one that stands in for it."""
    for candidate in (name, *USED.get(name, ())):
        for style in document.styles:
            if style.name == candidate:
                return str(style.style_id)
    return None


def _complete(document: Any) -> None:
    """Add headings and hidden styles that are missing."""
    styles = document.styles
    for level in (1, 2, 3):
        name = f"Heading {level}"
        if not has_style(document, name):
            style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
            style.base_style = styles.default(WD_STYLE_TYPE.PARAGRAPH)
            style.font.bold = True
            style.font.size = Pt((16, 13, 11)[level - 1])
            style.paragraph_format.space_before = Pt(12)
            style.paragraph_format.keep_with_next = True
            outline = parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="{level - 1}"/>')
            style.element.get_or_add_pPr().append(outline)
    for name in HIDDEN:
        if has_style(document, name):
            continue
        kind = WD_STYLE_TYPE.PARAGRAPH
        if name in {"footnote reference", "Hyperlink"}:
            kind = WD_STYLE_TYPE.CHARACTER
        style = styles.add_style(name, kind, builtin=True)
        if kind == WD_STYLE_TYPE.PARAGRAPH:
            style.base_style = styles.default(WD_STYLE_TYPE.PARAGRAPH)
        if name == "footnote reference":
            style.font.superscript = True
        elif name == "Hyperlink":
            style.font.color.rgb = RGBColor.from_string(INK)
        elif name == "footnote text":
            style.font.size = Pt(8)
            style.paragraph_format.space_after = Pt(2)
        else:
            style.paragraph_format.space_after = Pt(3)
            style.paragraph_format.left_indent = Cm(0.6 if name.endswith("2") else 0)


# -- the built-in template ------------------------------------------------------------------------


def _dress(document: Any) -> None:
    """Turn python-docx's default document into the built-in template: A4, Arial, one hue."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.2)
    styles = document.styles
    _font(styles["Normal"], 10, None)
    normal = styles["Normal"].paragraph_format
    normal.space_after, normal.line_spacing = Pt(6), 1.12
    for name, size, before, after in (
        ("Title", 24, 0, 4),
        ("Subtitle", 11, 0, 10),
        ("Heading 1", 16, 20, 6),
        ("Heading 2", 12.5, 16, 4),
        ("Heading 3", 10.5, 12, 3),
    ):
        style = styles[name]
        _font(style, size, GREY if name == "Subtitle" else INK, bold=name != "Subtitle")
        style.font.italic = False
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        style.paragraph_format.keep_with_next = True
        _border(style, None)
    quote = styles["Quote"]
    _font(quote, 10, "1C2B36")
    quote.font.italic = False
    quote.paragraph_format.left_indent = Cm(0.7)
    quote.paragraph_format.space_after = Pt(7)
    quote.paragraph_format.keep_together = True
    _border(quote, "left", size=18, space=9, colour="6A9CC4")
    _font(styles["Caption"], 8.5, GREY, bold=False)
    styles["Caption"].paragraph_format.space_after = Pt(12)
    styles["List Bullet"].paragraph_format.space_after = Pt(4)
    styles.element.append(parse_xml(_TABLE_STYLE.format(ns=nsdecls("w"))))
    _footer(section.footer)


def _font(style: Any, size: float, colour: str | None, *, bold: bool | None = None) -> None:
    rpr = style.element.get_or_add_rPr()
    for node in rpr.findall(qn("w:rFonts")) + rpr.findall(qn("w:spacing")):
        rpr.remove(node)  # the theme's fonts would win over a named one
    names = "".join(f' w:{part}="{FONT}"' for part in ("ascii", "hAnsi", "cs", "eastAsia"))
    rpr.insert(0, parse_xml(f"<w:rFonts {nsdecls('w')}{names}/>"))
    style.font.size = Pt(size)
    if colour is not None:
        style.font.color.rgb = RGBColor.from_string(colour)
    if bold is not None:
        style.font.bold = bold


def _border(
    style: Any, side: str | None, *, size: int = 4, space: int = 1, colour: str = LINE
) -> None:
    """Give a paragraph style a line at one side, or none at all."""
    ppr = style.element.get_or_add_pPr()
    for node in ppr.findall(qn("w:pBdr")):
        ppr.remove(node)
    if side is not None:
        line = f'<w:{side} w:val="single" w:sz="{size}" w:space="{space}" w:color="{colour}"/>'
        ppr.insert_element_before(
            parse_xml(f"<w:pBdr {nsdecls('w')}>{line}</w:pBdr>"),
            *("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap"),
            *("w:overflowPunct", "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi"),
            *("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing"),
            *("w:mirrorIndents", "w:suppressOverlap", "w:jc", "w:textDirection"),
            *("w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle"),
        )


def _footer(footer: Any) -> None:
    """Put "Page 1 of 9" below each page: programs fill in these fields by themselves."""
    paragraph = footer.paragraphs[0]
    paragraph.alignment = 2  # right
    for piece in ("Page ", "PAGE", " of ", "NUMPAGES"):
        if piece.isupper():
            field = f'<w:fldSimple {nsdecls("w")} w:instr=" {piece} ">'
            paragraph._p.append(parse_xml(f"{field}<w:r><w:t>1</w:t></w:r></w:fldSimple>"))
        else:
            paragraph.add_run(piece)
    for run in paragraph._p.iter(qn("w:r")):
        size = parse_xml(
            f'<w:rPr {nsdecls("w")}><w:color w:val="{GREY}"/><w:sz w:val="16"/></w:rPr>'
        )
        run.insert(0, size)


_TABLE_STYLE = (
    '<w:style {ns} w:type="table" w:customStyle="1" w:styleId="NotesmineTable">'
    f'<w:name w:val="{TABLE}"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/>'
    "<w:qFormat/>"
    '<w:pPr><w:spacing w:before="30" w:after="30" w:line="240" w:lineRule="auto"/></w:pPr>'
    '<w:rPr><w:sz w:val="17"/></w:rPr><w:tblPr><w:tblBorders>'
    f'<w:top w:val="single" w:sz="8" w:space="0" w:color="{INK}"/>'
    f'<w:bottom w:val="single" w:sz="8" w:space="0" w:color="{INK}"/>'
    f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/></w:tblBorders>'
    '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
    '</w:tblPr><w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>'
    '<w:shd w:val="clear" w:color="auto" w:fill="E8EEF2"/></w:tcPr></w:tblStylePr></w:style>'
)
