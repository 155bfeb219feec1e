"""One file into one Document, in this process: what the worker calls, and what tests call."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Callable
from pathlib import Path

from notesmine.config import ReadSettings
from notesmine.errors import Damaged, ReadError, TooLarge, Unsupported
from notesmine.read import detect
from notesmine.read.builder import Draft
from notesmine.read.finish import failed, finish
from notesmine.records import Document

ID_DIGITS = 16  # of the SHA-256 of the bytes
Sink = Callable[[bytes], None]


def load(path: Path, limit_mb: int) -> bytes:
    """Return a regular file's bytes.

    Raises
    ------
    Unsupported
        If the path is no regular file; a pipe would block for ever.
    TooLarge
        If it is larger than the limit.
    Damaged
        If the system does not let it be read.
    """
    try:
        # O_NONBLOCK: a FIFO that replaced the file since it was found must not block either.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(descriptor, "rb") as stream:
            info = os.fstat(stream.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise Unsupported("this is not a regular file", "Only files are read.")
            if info.st_size > limit_mb << 20:
                raise TooLarge(
                    f"the file has {info.st_size >> 20} MiB, more than {limit_mb}",
                    "Raise `max_file_mb` under [read] in notesmine.toml.",
                )
            return stream.read()
    except OSError as error:
        raise Damaged(
            f"the file cannot be opened: {error.strerror}", "Check its permissions."
        ) from error


def read_file(path: Path, name: str, settings: ReadSettings, sink: Sink | None = None) -> Document:
    """Read one file in this process, without limits on time and memory.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        Its relative POSIX path in the corpus, as published.
    settings : ReadSettings
        Limits on sizes, and passwords.
    sink : callable, optional
        Takes portions of the document as they are ready; `recover` puts them together again.

    Returns
    -------
    Document
        Never raises for a bad file: then the status is ``failed`` and ``problems`` says why.
    """
    sha256 = hashlib.sha256(b"").hexdigest()
    format_ = ""
    try:
        data = load(path, settings.max_file_mb)
        sha256 = hashlib.sha256(data).hexdigest()
        if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
            error = Damaged("the file is empty", "Replace it, or remove it from the corpus.")
            return failed_with(error, "empty", sha256, name)
        format_ = detect.detect(data)
        draft = Draft(format_, settings.max_text_mb << 20, sink)
        if sink is not None:
            sink(b"F" + format_.encode())
        _dispatch(format_, data, draft, settings)
        wrong = detect.check_suffix(format_, name)
        if wrong:
            draft.problems.insert(0, wrong)
        return finish(draft, doc_id=sha256[:ID_DIGITS], sha256=sha256, name=name)
    except TooLarge as error:
        if format_ and draft.blocks:  # what was read until the limit is worth keeping
            return _cut_short(draft, error, sha256, name)
        return failed_with(error, error.code, sha256, name, format_)
    except ReadError as error:
        if format_ and isinstance(error, Damaged) and draft.blocks:
            return _cut_short(draft, error, sha256, name)
        return failed_with(error, error.code, sha256, name, format_)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - libraries raise anything on a damaged file
        wrapped = Damaged(
            f"reading failed ({type(error).__name__})",
            "Open the file and save it again, or as PDF.",
        )
        if format_ and draft.blocks:
            return _cut_short(draft, wrapped, sha256, name)
        return failed_with(wrapped, "damaged", sha256, name, format_)


def _cut_short(draft: Draft, error: ReadError, sha256: str, name: str) -> Document:
    draft.partial = True
    draft.problem(error.code, f"read in part only: {error.message}", error.hint)
    return finish(draft, doc_id=sha256[:ID_DIGITS], sha256=sha256, name=name)


def failed_with(error: ReadError, code: str, sha256: str, name: str, format_: str = "") -> Document:
    """Return a failed document whose problem has the given code."""
    error.code = code  # type: ignore[misc]  # the class's code is the default, this one narrower
    return failed(
        doc_id=sha256[:ID_DIGITS], sha256=sha256, paths=(name,), error=error, format=format_
    )


def _dispatch(format_: str, data: bytes, draft: Draft, settings: ReadSettings) -> None:
    """Call the reader of a format; each is imported when first needed."""
    if format_ == "pdf":
        from notesmine.read.pdf import read_pdf

        read_pdf(data, draft, settings)
    elif format_ == "docx":
        from notesmine.read.docx import read_docx

        read_docx(data, draft)
    elif format_ == "pptx":
        from notesmine.read.pptx import read_pptx

        read_pptx(data, draft)
    elif format_ == "mail":
        from notesmine.read.mail import read_mail

        read_mail(data, draft)
    elif format_ == "mbox":
        from notesmine.read.mail import read_mbox

        read_mbox(data, draft)
    else:
        _read_text_format(format_, data, draft)


def _read_text_format(format_: str, data: bytes, draft: Draft) -> None:
    from notesmine.read import text as plain

    text, encoding = detect.decode(data)
    if encoding == "windows-1252":
        draft.problem(
            "encoding-guessed",
            "the text is not UTF-8; it was read as Windows-1252",
            "Save it as UTF-8 if letters look wrong.",
        )
    if format_ == "markdown":
        from notesmine.read.markdown import read_markdown

        read_markdown(text, draft)
    elif format_ == "html":
        from notesmine.read.html import read_html

        read_html(text, draft)
    elif format_ in {"vtt", "srt"}:
        plain.read_transcript(text, draft)
    elif format_ == "csv":
        plain.read_csv(text, draft)
    else:
        plain.read_text(text, draft)


def recover(frames: list[bytes], reason: ReadError, sha256: str, name: str) -> Document:
    """Put together what a worker sent before it was stopped.

    Parameters
    ----------
    frames : list of bytes
        Portions in the order sent: ``D`` and a part of a draft, ``P`` and a page of a PDF.
    reason : ReadError
        Why it was stopped.
    sha256, name : str
        As found before reading.

    Returns
    -------
    Document
        ``partial`` with what was read, or ``failed`` if that was nothing.
    """
    pages = [f[1:] for f in frames if f[:1] == b"P"]
    formats = [f[1:].decode() for f in frames if f[:1] == b"F"]
    draft = Draft(formats[0] if formats else "", 1 << 40)
    try:
        if pages:
            from notesmine.read.pdf import assemble_partial

            assemble_partial(pages, draft)
        for frame in frames:
            if frame[:1] == b"D":
                draft.restore(frame[1:])
    except (ValueError, zlib.error, ReadError):
        draft.blocks.clear()
    if not draft.blocks:
        return failed_with(reason, reason.code, sha256, name, draft.format)
    return _cut_short(draft, reason, sha256, name)
