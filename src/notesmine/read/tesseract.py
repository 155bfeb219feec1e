"""The program that reads pictures of text: found, asked for its version, and run on one picture.

It is run as it is found, with the picture on its standard input and the words with boxes and
confidence on its standard output: nothing is written to disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from msgspec import Struct

from notesmine.config import ReadSettings
from notesmine.records import Document

#: Dots per inch of the picture: what tesseract was trained on.
RESOLUTION = 300
#: Seconds for one page.
PAGE_SECONDS = 60.0
#: The problem of a page whose picture was not read, and what to do where tesseract is missing.
NO_TEXT = "no-text-layer"
INSTALL = (
    "Install tesseract, which notesmine then calls itself, or run OCR over the file (for example "
    "ocrmypdf) and put the result into the corpus."
)
_WINDOWS = Path("C:/Program Files/Tesseract-OCR/tesseract.exe")


class Word(Struct, frozen=True):
    """A word as tesseract gives it: its line, its box in dots, its confidence from 0 to 1."""

    line: tuple[int, int, int]
    box: tuple[int, int, int, int]
    confidence: float
    text: str


def program() -> str:
    """Return where tesseract lies, or an empty string."""
    found = shutil.which("tesseract")
    return found or (str(_WINDOWS) if _WINDOWS.is_file() else "")


@cache
def tesseract_version() -> str:
    """Return the version of tesseract, or an empty string where it is not installed."""
    if not program():
        return ""
    try:
        said = subprocess.run(
            [program(), "--version"], capture_output=True, timeout=PAGE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    first = (said.stdout or said.stderr).decode("utf-8", "replace").splitlines()[:1]
    return first[0].removeprefix("tesseract").strip() if first and not said.returncode else ""


def now_readable(document: Document, settings: ReadSettings) -> bool:
    """Whether a document has pictures that were left unread for want of tesseract, now here."""
    wanted = any(p.code == NO_TEXT and p.hint == INSTALL for p in document.problems)
    return wanted and settings.ocr != "off" and bool(program())


def recognise(executable: str, pgm: bytes, languages: str, seconds: float) -> list[Word]:
    """Return the words that tesseract finds in a picture, in its reading order.

    Raises
    ------
    subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError
        As their names say.
    """
    done = subprocess.run(
        [executable, "stdin", "stdout", "-l", languages, "--dpi", str(RESOLUTION), "tsv"],
        input=pgm,
        capture_output=True,
        timeout=seconds,
        check=True,
        # One thread: documents are read side by side, and its threads are slower than one.
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
    )
    words = []
    for row in done.stdout.decode("utf-8", "replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        block, paragraph, line = (int(c) for c in cells[2:5])
        left, top, width, height = (int(c) for c in cells[6:10])
        words.append(
            Word(
                (block, paragraph, line),
                (left, top, left + width, top + height),
                max(float(cells[10]), 0.0) / 100,
                cells[11].strip(),
            )
        )
    return words
