"""Hostile files, generated: nothing of them is kept in the repository."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def docx(body: str, prolog: str = "", extra: dict[str, str] | None = None) -> bytes:
    """A minimal DOCX around a body; ``prolog`` stands before the root element."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{prolog}<w:document xmlns:w="{WORD}">'
            f"<w:body>{body}</w:body></w:document>",
        )
        for name, text in (extra or {}).items():
            archive.writestr(name, text)
    return buffer.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf(objects: list[bytes]) -> bytes:
    """A PDF from numbered objects; the first is the catalogue."""
    out = bytearray(b"%PDF-1.5\n")
    offsets = []
    for number, obj in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + obj + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(out)


def stream(data: bytes, filters: bytes = b"/FlateDecode", extra: bytes = b"") -> bytes:
    return (
        b"<< /Length %d /Filter %s %s >>\nstream\n" % (len(data), filters, extra)
        + data
        + b"\nendstream"
    )


def one_page(content: bytes, resources: bytes = b"", more: list[bytes] | None = None) -> bytes:
    """A page whose content stream object is given; fonts and further objects from number 6 on."""
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
            b"<< /Font << /F1 5 0 R >> " + resources + b" >> >>",
            content,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            *(more or []),
        ]
    )


def nested_flate() -> bytes:
    data = zlib.compress(b"\0" * (64 << 20), 9)
    for _ in range(2):
        data = zlib.compress(data * 200, 9)
    return one_page(stream(data, b"[/FlateDecode /FlateDecode /FlateDecode]"))


def text_bomb() -> bytes:
    data = b"BT /F1 10 Tf 10 700 Td " + b"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj " * 700_000 + b"ET"
    return one_page(stream(zlib.compress(data, 9)))


def exponential_forms() -> bytes:
    """Each form draws the next one ten times: 10 ** 12 drawings."""
    forms = []
    for i in range(12):
        draw = b"/X Do " * 10 if i < 11 else b"BT /F1 9 Tf (boom) Tj ET"
        resources = b"/Resources << /Font << /F1 5 0 R >> /XObject << /X %d 0 R >> >>" % (7 + i)
        forms.append(
            stream(
                zlib.compress(draw),
                extra=b"/Type /XObject /Subtype /Form /BBox [0 0 99 99] " + resources,
            )
        )
    return one_page(stream(zlib.compress(b"/X Do")), b"/XObject << /X 6 0 R >>", forms)


def page_loop() -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000 >>",
            b"<< /Type /Pages /Kids [2 0 R] /Parent 3 0 R /Count 7 >>",
        ]
    )


def million_operators() -> bytes:
    return one_page(stream(zlib.compress(b"q 1 0 0 1 0 0 cm Q " * 1_500_000, 9)))


def many_paragraphs() -> bytes:
    return docx(paragraph("data") * 1_500_000)


def zip_bomb(folder: str = "word", part: str = "document.xml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        with archive.open(f"{folder}/{part}", "w", force_zip64=True) as out:
            for _ in range(200):
                out.write(b" " * (1 << 20))
    return buffer.getvalue()


def billion_laughs() -> bytes:
    content = ["lol", *(f"&l{i};" * 10 for i in range(9))]
    entities = "".join(f'<!ENTITY l{i} "{text}">' for i, text in enumerate(content))
    return docx(paragraph("&l9;"), f"<!DOCTYPE w [{entities}]>")


def external_entity() -> bytes:
    return docx(paragraph("&x;"), '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


def overlapping_entries() -> bytes:
    """Two directory entries that share the bytes of one."""
    data = bytearray(docx(paragraph("shared")))
    directory = data.rfind(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    entry = bytes(data[directory:end])
    total, size = (
        struct.unpack_from("<H", data, end + 10)[0],
        struct.unpack_from("<I", data, end + 12)[0],
    )
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, total + 1, total + 1, size + len(entry))
    return bytes(data[:end]) + entry + bytes(tail)


def escaping_entry() -> bytes:
    return docx(paragraph("out"), extra={"../../outside.xml": "<x/>"})


MAIL_HEAD = (
    "From: a@example.org\nTo: b@example.org\nDate: Mon, 3 Jun 2019 10:00:00 +0000\n"
    "MIME-Version: 1.0\n"
)


def deep_mail(depth: int = 3000) -> bytes:
    head = MAIL_HEAD + "Subject: deep\n"
    parts = "".join(
        f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n' for i in range(depth)
    )
    return (head + parts + "Content-Type: text/plain\n\nThe data is late.\n").encode()


def escaping_attachment() -> bytes:
    return (
        MAIL_HEAD.encode()
        + b'Subject: Notes\nContent-Type: multipart/mixed; boundary="x"\n\n'
        + b"--x\nContent-Type: text/plain\n\n"
        + b'The server is down again.\n--x\nContent-Type: application/pdf; name="../../etc/x.pdf"\n'
        b'Content-Disposition: attachment; filename="../../etc/x.pdf"\n\n%PDF-\n--x--\n'
    )


def deep_html() -> bytes:
    return b"<!doctype html><body>" + b"<div>" * 40_000 + b"<p>The data is late.</p>"


def deep_markdown() -> bytes:
    return ("# Notes\n\n" + "".join("  " * i + f"- level {i}\n" for i in range(400))).encode()


def quotes_and_brackets() -> bytes:
    return (
        "# x\n\n" + ">" * 50_000 + " a\n\n" + "[" * 50_000 + "\n\n" + "*a " * 50_000 + "**" * 30_000
    ).encode()


def one_line() -> bytes:
    return b"word " * 1_500_000


def dots_and_digits() -> bytes:
    return (
        "1." * 200_000 + "\n" + "a" * 300_000 + ":\n" + "- " * 100_000 + "\n" + "12/" * 100_000
    ).encode()


def truncated(whole: bytes) -> bytes:
    return whole[: len(whole) * 2 // 3]


ATTACKS: dict[str, Callable[[], bytes]] = {
    "nested-flate.pdf": nested_flate,
    "text-bomb.pdf": text_bomb,
    "exponential-forms.pdf": exponential_forms,
    "page-loop.pdf": page_loop,
    "million-operators.pdf": million_operators,
    "many-paragraphs.docx": many_paragraphs,
    "zip-bomb.docx": zip_bomb,
    "zip-bomb.pptx": lambda: zip_bomb("ppt", "presentation.xml"),
    "billion-laughs.docx": billion_laughs,
    "external-entity.docx": external_entity,
    "overlapping.docx": overlapping_entries,
    "escaping.docx": escaping_entry,
    "deep.eml": deep_mail,
    "attachment.eml": escaping_attachment,
    "deep.html": deep_html,
    "deep.md": deep_markdown,
    "brackets.md": quotes_and_brackets,
    "one-line.txt": one_line,
    "dots.txt": dots_and_digits,
    "empty.txt": lambda: b"",
    "empty.pdf": lambda: b"",
    "blank.md": lambda: b" \n\t\n",
    "numbers.txt": lambda: b"1 2 3\n4 5 6\n",
    "truncated.docx": lambda: truncated(docx(paragraph("late data ") * 50)),
    "truncated.pdf": lambda: truncated(one_page(stream(zlib.compress(b"BT (late data) Tj ET")))),
    "really-a-pdf.docx": lambda: one_page(
        stream(zlib.compress(b"BT /F1 12 Tf 72 700 Td (The data is late again.) Tj ET"))
    ),
    "really-text.pdf": lambda: b"The data is late again.\n",
    "random.pdf": lambda: b"%PDF-1.4\n" + bytes(range(256)) * 40,
    "binary.txt": lambda: bytes(range(256)) * 40,
    "old.doc": lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 60 + "WordDocument".encode("utf-16-le"),
    "note.rtf": lambda: b"{\\rtf1 The data is late.}",
}  # fmt: skip


def write_all(folder: Path) -> list[str]:
    """Write every attack into a folder, with a FIFO and links where the system has them."""
    for name, make in ATTACKS.items():
        (folder / name).write_bytes(make())
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.txt")
        (folder / "loop.txt").symlink_to("loop.txt")
        (folder / "folder-loop").symlink_to(".")
        (folder / "outside.txt").symlink_to("/etc/hostname")
    return sorted(ATTACKS)
