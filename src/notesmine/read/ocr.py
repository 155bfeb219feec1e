"""Pages that are pictures, read by tesseract where it is installed.

What it reads is kept with its confidence, and said in the problems.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from typing import Any

from notesmine.config import ReadSettings
from notesmine.read import tesseract
from notesmine.read.pdf_document import Page
from notesmine.read.pdf_lines import Line

#: A page of more dots is read at a lower resolution (an A3 sheet has 17 million at 300).
MOST_DOTS = 25_000_000
#: Share of a document's time limit that its pictures may take.
SHARE = 0.8
#: A line of a lower mean confidence is left out: most are not text at all.
LEAST = 0.4
#: Times the page's usual height of a line, from which a line counts as set larger.
LARGER = 1.5


class Recogniser:
    """Reads the pictures of one document until its time is up.

    Attributes
    ----------
    failed : str
        Why a page could not be read, in words; empty while all goes well.
    """

    def __init__(self, settings: ReadSettings) -> None:
        self.settings = settings
        self.program = tesseract.program() if settings.ocr != "off" else ""
        self.until = time.monotonic() + SHARE * settings.wall_seconds
        self.failed = ""

    def read(self, handle: Any, page: Page) -> None:
        """Give a page without text the lines that are recognised in its picture.

        Parameters
        ----------
        handle : pypdfium2.PdfPage
        page : Page
            Gets ``lines``, ``letters``, ``recognised`` and ``unsure``; untouched where nothing is
            recognised.
        """
        left = min(tesseract.PAGE_SECONDS, self.until - time.monotonic())
        if not self.program or self.failed:
            return
        if left <= 0:
            self.failed = "the time for reading this document is up"
            return
        scale = tesseract.RESOLUTION / 72
        dots = page.width * page.height * scale**2
        if dots > MOST_DOTS:
            scale *= (MOST_DOTS / dots) ** 0.5
        seen = picture(handle, scale)
        page.blank = _one_tone(seen)
        if page.blank:
            return
        try:
            words = tesseract.recognise(self.program, seen, self.settings.ocr_languages, left)
        except subprocess.TimeoutExpired:
            self.failed = f"tesseract took longer than {left:.0f} s for a page"
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            self.failed = "tesseract failed: " + said.decode("utf-8", "replace").strip()[:200]
        else:
            lines = lines_of(words, scale)
            page.lines = [line for line in lines if (line.confidence or 0.0) >= LEAST]
            page.unsure = len(lines) - len(page.lines)
            page.letters = sum(len(line.text) for line in page.lines)
            page.recognised = sum(len(line.text.split()) for line in page.lines)


def picture(handle: Any, scale: float) -> bytes:
    """Return a page as a grey picture in the plain PGM format."""
    bitmap = handle.render(scale=scale, grayscale=True)
    try:
        rows = bytes(bitmap.buffer)
        width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    finally:
        bitmap.close()
    head = f"P5 {width} {height} 255\n".encode()
    return head + b"".join(rows[y * stride : y * stride + width] for y in range(height))


def _one_tone(pgm: bytes) -> bool:
    """Whether a picture shows nothing at all."""
    dots = pgm.split(b"\n", 1)[1]
    return dots.count(dots[:1]) == len(dots)


def lines_of(words: Sequence[tesseract.Word], scale: float) -> list[Line]:
    """Put words together to lines in points; the confidence of a line is its letters' mean."""
    groups: dict[tuple[int, int, int], list[tesseract.Word]] = {}
    for word in words:
        groups.setdefault(word.line, []).append(word)
    heights = sorted(max(w.box[3] - w.box[1] for w in group) for group in groups.values())
    usual = heights[len(heights) // 2] / scale if heights else 0.0
    lines = []
    for (block, _, _), group in groups.items():
        x0, top = (min(w.box[i] for w in group) / scale for i in (0, 1))
        x1, bottom = (max(w.box[i] for w in group) / scale for i in (2, 3))
        letters = sum(len(w.text) for w in group)
        # Heights of recognised lines vary with their letters: only a much larger one says anything.
        size = bottom - top if bottom - top > LARGER * usual else usual
        lines.append(
            Line(
                " ".join(w.text for w in group),
                round(x0, 2), round(top, 2), round(x1, 2), round(bottom, 2),
                round(bottom, 2), round(size, 1), False, block,
                round((group[0].box[2] - group[0].box[0]) / scale, 2),
                confidence=round(sum(w.confidence * len(w.text) for w in group) / letters, 3),
            )
        )  # fmt: skip
    return lines
