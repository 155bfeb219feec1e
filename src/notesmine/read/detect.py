"""What a file is, told from its bytes; its name is only asked whether it agrees."""

from __future__ import annotations

import csv
import io
import re
import zipfile

from notesmine.errors import Damaged, Encrypted, Unsupported
from notesmine.records import Problem

# Suffixes a format may wear without a remark. The text formats are not told apart by name.
_TEXT = frozenset(
    "md markdown txt text log csv tsv html htm xhtml eml mbox vtt srt rst tex".split()
)
_SUFFIXES = {
    "pdf": frozenset({"pdf"}),
    "docx": frozenset({"docx", "docm", "dotx", "dotm"}),
    "pptx": frozenset({"pptx", "pptm", "ppsx", "potx"}),
}
_BINARY = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"ID3", "a sound recording"),
    (b"OggS", "a sound recording"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
)
_MAIL_FIELDS = frozenset(
    "from to cc bcc subject date message-id mime-version received return-path reply-to sender "
    "content-type content-transfer-encoding delivered-to in-reply-to references x-mailer "
    "thread-topic thread-index dkim-signature user-agent list-id precedence".split()
)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?:\s|$)")
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html\b)",
    re.IGNORECASE | re.DOTALL,
)
_HTML_TAGS = re.compile(
    r"</?(?:p|div|br|ul|ol|li|h[1-6]|table|tr|td|body|span|strong|em)\b[^<>]*>", re.IGNORECASE
)
_CUE = re.compile(r"(?:\d\d?:)?\d\d?:\d\d[.,]\d{3} --> ")
_MARKDOWN = (
    re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE),
    re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE),
    re.compile(r"^ {0,3}\|?(?: *:?-{3,}:? *\|)+ *:?-*:? *$", re.MULTILINE),
    re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]*\)"),
    re.compile(r"(?<![\w*])\*\*[^\s*][^*\n]*\*\*"),
    re.compile(r"(?<![\w_])__[^\s_][^_\n]*__(?!\w)"),
    re.compile(r"^\s*[-*+] \[[ xX]\] ", re.MULTILINE),
    re.compile(r"^[^\s>|#*+-][^\n|]{2,}\n={3,}\s*$", re.MULTILINE),
)


def decode(data: bytes) -> tuple[str, str]:
    """Decode text: a byte order mark, UTF-8, UTF-16 by its zero bytes, Windows-1252.

    Returns
    -------
    tuple of (str, str)
        The text with line ends as LF, and the name of the encoding.

    Raises
    ------
    Unsupported
        If it is not text at all.
    """
    text, encoding = _decode(data)
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "utf-16"
    head = data[:4096]
    if b"\0" in head:
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
            if zeros.count(0) > 0.6 * len(zeros):
                return data.decode(encoding, "replace"), "utf-16"
        raise Unsupported(
            "the file is binary and of no known format", "Save it as PDF, DOCX or plain text."
        )
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    control = sum(b < 9 or 13 < b < 32 for b in head)
    if control > 0.02 * len(head):
        raise Unsupported(
            "the file is binary and of no known format", "Save it as PDF, DOCX or plain text."
        )
    # Five bytes are undefined in Windows-1252; they are replaced rather than refused.
    return data.decode("cp1252", "replace"), "windows-1252"


def _ole(data: bytes) -> str:
    def has(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise Encrypted(
            "the Office file is protected by a password",
            "Open it, remove the password and save it as DOCX or PPTX.",
        )
    for stream, what, target in (
        ("WordDocument", "a Word 97-2003 document (.doc)", "DOCX"),
        ("PowerPoint Document", "a PowerPoint 97-2003 file (.ppt)", "PPTX"),
        ("Workbook", "an Excel 97-2003 workbook (.xls)", "CSV"),
        ("Book", "an Excel workbook (.xls)", "CSV"),
        ("__substg1.0_", "an Outlook message (.msg)", "EML"),
    ):
        if has(stream):
            raise Unsupported(f"{what} is not read", f"Save it as {target} and run again.")
    raise Unsupported("an old Office file is not read", "Save it as DOCX and run again.")


def _zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = ""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype").decode("ascii", "replace").strip()
    except Exception as error:
        raise Damaged(
            f"the archive cannot be opened: {error}", "Open the file in Office and save it again."
        ) from error
    if any(n.startswith("word/") for n in names):
        return "docx"
    if any(n.startswith("ppt/") for n in names):
        return "pptx"
    if any(n.startswith("xl/") for n in names):
        raise Unsupported("an Excel workbook is not read", "Save the sheet as CSV and run again.")
    for suffix, what, target in (
        ("text", "an OpenDocument text (ODT)", "DOCX"),
        ("presentation", "an OpenDocument presentation (ODP)", "PPTX"),
        ("spreadsheet", "an OpenDocument spreadsheet (ODS)", "CSV"),
        ("epub+zip", "an EPUB book", "DOCX"),
    ):
        if suffix in kind:
            raise Unsupported(f"{what} is not read", f"Save it as {target} and run again.")
    raise Unsupported("a ZIP archive is not read", "Unpack it into the corpus folder.")


def is_mail(text: str) -> bool:
    """Tell whether a text opens with the header fields of an e-mail."""
    fields: list[str] = []
    for line in text[:20_000].lstrip("\n").split("\n"):
        if not line.strip():
            break
        if line[0] in " \t" and fields:
            continue
        m = _FIELD.match(line)
        if not m:
            return False
        fields.append(m[1].lower())
    known = [f for f in fields if f in _MAIL_FIELDS or f.startswith("x-")]
    return (
        len(known) >= 3
        and "from" in known
        and len(known) * 2 > len(fields)
        and bool({"date", "message-id", "received", "mime-version"} & set(known))
    )


def is_csv(text: str) -> bool:
    """Tell whether a text is a table of delimited values: every row as long as the first."""
    head = text[:60_000]
    first = head.split("\n", 1)[0]
    for delimiter in (",", ";", "\t"):
        if first.count(delimiter) < 1:
            continue
        try:
            rows = list(csv.reader(io.StringIO(head), delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        rows = [r for r in rows if r]
        if len(head) < len(text):
            rows = rows[:-1]
        if len(rows) < 3 or len(rows[0]) < 2:
            continue
        same = sum(len(r) == len(rows[0]) for r in rows)
        named = sum(bool(c.strip()) for c in rows[0]) == len(rows[0])
        if same == len(rows) and named and (len(rows[0]) > 2 or delimiter == "\t" or '"' in head):
            return True
    return False


def text_format(text: str) -> str:
    """Name the format of a text: html, mail, mbox, vtt, srt, csv, markdown or text."""
    head = text[:4096].lstrip("\ufeff \t\n")
    if head.startswith("WEBVTT"):
        return "vtt"
    if re.match(r"\d+\n" + _CUE.pattern, head):
        return "srt"
    if _HTML.match(head):
        return "html"
    if re.match(r"From \S+.*\d{4}", head) and is_mail(
        text.lstrip("\ufeff \t\n").partition("\n")[2]
    ):
        return "mbox"
    if is_mail(text):
        return "mail"
    if re.match(r"<(?:body|div|p|ul|h[1-6]|table|section|article)\b", head, re.IGNORECASE) and (
        len(_HTML_TAGS.findall(text[:20_000])) >= 4
    ):
        return "html"
    if is_csv(text):
        return "csv"
    if head.startswith("---\n") or any(p.search(text) for p in _MARKDOWN):
        return "markdown"
    return "text"


def detect(data: bytes) -> str:
    """Name the format of a file from its bytes.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    str
        pdf, docx, pptx or a format that `text_format` names.

    Raises
    ------
    Unsupported, Encrypted, Damaged
        With a message that names the format and says what to do.
    """
    # Some bytes before the header are common; a mail that carries a PDF is no PDF.
    if data.startswith(b"%PDF-"):
        return "pdf"
    if b"%PDF-" in data[:1024] and not is_mail(data[:20_000].decode("latin-1")):
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _ole(data)
    if data.startswith(b"{\\rtf"):
        raise Unsupported("Rich Text (RTF) is not read", "Save it as DOCX and run again.")
    for magic, what in _BINARY:
        if data.startswith(magic) and (b"\0" in data[:4096] or not data[:512].isascii()):
            raise Unsupported(f"{what} is not read", "Save the text as PDF, DOCX or plain text.")
    return text_format(decode(data)[0])


def check_suffix(format: str, name: str) -> Problem | None:  # noqa: A002
    """Return a problem where a file's name says something else than its content."""
    suffix = name.rpartition("/")[2].rpartition(".")[2].lower() if "." in name else ""
    if not suffix:
        return None
    expected = _SUFFIXES.get(format, _TEXT)
    known = (
        suffix in _TEXT or any(suffix in s for s in _SUFFIXES.values()) or suffix in {"doc", "odt"}
    )
    if suffix in expected or not known:
        return None
    return Problem(
        code="wrong-extension",
        message=f"the name ends in .{suffix} but the content is {format}; it was read as {format}",
        hint="Rename the file.",
        path=name,
    )
