"""E-mail: what a message adds, without quoted replies, signatures and attachments."""

from __future__ import annotations

import email
import email.errors
import email.message
import email.utils
import re
from email.header import decode_header, make_header

import msgspec

from notesmine.errors import TooLarge
from notesmine.read.builder import Draft
from notesmine.read.detect import decode
from notesmine.read.html import read_html
from notesmine.read.text import read_text

# Python's mail parser recurses once per level; real mail nests below ten.
MAX_DEPTH = 60
_BOUNDARY = re.compile(rb"(?i)boundary\s*=")
_MBOX = re.compile(r"^From \S+.*\d{4}\s*$", re.MULTILINE)
_ATTRIBUTION = re.compile(
    r"(?:On\b.{5,200}\bwrote|.{3,80}\b(?:wrote|schrieb|a écrit)\b.{0,30}|"
    r"Am\b.{5,200}\bschrieb\b.*|Le\b.{5,200}a écrit)\s*:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_REPLY_HEAD = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message "
    r"d'origine)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
_OUTLOOK = re.compile(r"^\s*\*?(?:From|Von|De)\s*:\*?\s+\S", re.IGNORECASE)
_OUTLOOK_NEXT = re.compile(r"^\s*\*?(?:Sent|Date|To|Gesendet|Envoyé|An|À)\s*:", re.IGNORECASE)
_CLOSING = re.compile(r"^(?:--|__+|—)\s*$|^Sent from my \w+|^Get Outlook for ", re.IGNORECASE)


def _header(message: email.message.Message, name: str) -> str:
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        return " ".join(str(make_header(decode_header(str(raw)))).split())
    except (LookupError, ValueError, UnicodeError, email.errors.HeaderParseError):
        return " ".join(str(raw).split())


def _date(message: email.message.Message) -> str | None:
    try:
        parsed = email.utils.parsedate_to_datetime(str(message.get("Date", "")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.date().isoformat() if 1970 <= parsed.year <= 2099 else None


def own_words(text: str, draft: Draft) -> str:
    """Return what the sender wrote: without quoted lines, their attribution, and the signature."""
    kept: list[str] = []
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        line = lines[i]
        window = "\n".join(lines[i : i + 3])
        if _REPLY_HEAD.match(line) or (
            _OUTLOOK.match(line) and _OUTLOOK_NEXT.search(window.partition("\n")[2])
        ):
            draft.repairs["quoted-replies-left-out"] += 1
            break
        if line.startswith(">"):
            while kept and not kept[-1].strip():
                kept.pop()
            # The line above the quote introduces it; it may be wrapped onto two.
            for back in (1, 2):
                if len(kept) >= back and _ATTRIBUTION.fullmatch("\n".join(kept[-back:]).strip()):
                    del kept[-back:]
                    break
            while i < len(lines) and (lines[i].startswith(">") or not lines[i].strip()):
                i += 1
            kept.append("")
            draft.repairs["quoted-replies-left-out"] += 1
            continue
        if _CLOSING.match(line.rstrip("\n")):
            draft.repairs["signatures-left-out"] += 1
            break
        kept.append(line)
        i += 1
    return "\n".join(kept)


def _drop_quotes(source: str, draft: Draft) -> str:
    """Cut quoted replies out of an HTML body, as the common mail programs mark them."""
    marks = (
        r"<blockquote\b", r"<div[^>]+class=[\"']?(?:gmail_quote|moz-cite-prefix|yahoo_quoted)",
        r"<div[^>]+id=[\"']?(?:divRplyFwdMsg|appendonsend|mail-editor-reference)",
        r"-----\s*Original Message\s*-----",
    )  # fmt: skip
    cut = re.search("|".join(marks), source, re.IGNORECASE)
    if cut:
        draft.repairs["quoted-replies-left-out"] += 1
        return source[: cut.start()]
    return source


def _read_message(message: email.message.Message, draft: Draft) -> None:
    bodies: list[tuple[str, str]] = []
    alternatives_done: set[int] = set()
    stack: list[tuple[email.message.Message, int, int]] = [(message, 0, 0)]
    while stack:
        part, depth, parent = stack.pop()
        if depth > MAX_DEPTH:
            raise TooLarge("the message nests too deeply", "Save its text on its own.")
        kind = part.get_content_type()
        name = part.get_filename()
        if part.is_multipart() and kind != "message/rfc822":
            parts = [p for p in part.get_payload() if isinstance(p, email.message.Message)]
            group = id(part) if kind == "multipart/alternative" else parent
            order = (
                sorted(parts, key=lambda p: p.get_content_type() != "text/plain")
                if group == id(part)
                else parts
            )
            stack.extend((p, depth + 1, group) for p in reversed(order))
            continue
        inline_text = kind in {"text/plain", "text/html"} and not name
        if not inline_text or part.get_content_disposition() == "attachment":
            label = _header_text(name) if name else kind
            draft.problem(
                "attachment-not-read",
                f"attachment {label.rpartition('/')[2].rpartition(chr(92))[2]!r} was not read",
                "Save it into the corpus as a file of its own.",
            )
            continue
        if parent and parent in alternatives_done:
            continue
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        text = _decode_body(raw, part.get_content_charset())
        if text.strip():
            bodies.append((kind, text))
            if parent:
                alternatives_done.add(parent)
    for kind, text in bodies:
        if kind == "text/html":
            read_html(_drop_quotes(text, draft), draft, fragment=True)
        else:
            read_text(own_words(text, draft), draft, promote=False)


def _header_text(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, ValueError, UnicodeError, email.errors.HeaderParseError):
        return raw


def _decode_body(raw: bytes, charset: str | None) -> str:
    if charset:
        try:
            return raw.decode(charset, "replace").replace("\r\n", "\n").replace("\r", "\n")
        except LookupError:
            pass
    return decode(raw)[0] if raw else ""


def _parse(data: bytes) -> email.message.Message:
    if len(_BOUNDARY.findall(data)) > 400:
        raise TooLarge("the message declares hundreds of nested parts", "Save its text on its own.")
    try:
        return email.message_from_bytes(data)
    except RecursionError as error:
        raise TooLarge("the message nests too deeply", "Save its text on its own.") from error


def read_mail(data: bytes, draft: Draft) -> None:
    """Read one message; its subject is the title, its date header the date."""
    message = _parse(data.lstrip(b"\xef\xbb\xbf \t\r\n"))
    draft.title = _header(message, "Subject")
    day = _date(message)
    if day:
        draft.date, draft.date_source = day, "mail header"
    draft.add("heading", draft.title, level=1)
    _read_message(message, draft)


def read_mbox(data: bytes, draft: Draft) -> None:
    """Read a mailbox: a section per message, dated by its header."""
    text = data.decode("latin-1")  # bytes kept one to one; each part is decoded by its own charset
    starts = [m.start() for m in _MBOX.finditer(text)]
    days: list[str] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        raw = text[start:end].partition("\n")[2]
        message = _parse(re.sub(r"(?m)^>(>*From )", r"\1", raw).encode("latin-1"))
        day = _date(message)
        if day:
            days.append(day)
        first = len(draft.blocks)
        draft.add("heading", _header(message, "Subject"), level=1)
        _read_message(message, draft)
        if first < len(draft.blocks):
            draft.blocks[first] = msgspec.structs.replace(draft.blocks[first], date=day)
    if days:
        draft.date, draft.date_source = max(days), "newest mail header"
