"""Pages read by pdfplumber, for files that pdfium does not open or reads as garbage."""

from __future__ import annotations

import io
from typing import Any

from notesmine.errors import Damaged
from notesmine.read.pdf_glyphs import Glyph, Raw, Style


def open_plumber(data: bytes, password: str | None = None) -> Any:
    """Open a PDF with pdfplumber.

    Raises
    ------
    Damaged
        If it cannot.
    """
    import pdfplumber

    try:
        return pdfplumber.open(io.BytesIO(data), password=password)
    except MemoryError:
        raise
    except Exception as error:
        raise Damaged(
            "no PDF library opens the file", "Open it and print it to PDF again."
        ) from error


def take_page(page: Any) -> Raw:
    """Return a pdfplumber page in the shape pdfium's pages have."""
    raw = Raw(float(page.width), float(page.height), [], [], [], [], [], {}, [])
    known: dict[tuple[float, bool], int] = {}
    for char in page.dedupe_chars().chars:
        text = char["text"]
        if not char.get("upright", True):
            continue
        bold = "bold" in str(char.get("fontname", "")).lower()
        key = (round(float(char["size"]), 1), bold)
        if key not in known:
            known[key] = len(raw.styles)
            raw.styles.append(Style(size=key[0], bold=bold, hidden=False, white=False))
        raw.unmapped += text.startswith("(cid:") or text == "\ufffd"
        matrix = char.get("matrix")
        base = (
            float(page.height) - float(matrix[5])
            if matrix and not page.rotation
            else float(char["bottom"])
        )
        raw.glyphs.append(
            Glyph(
                float(char["x0"]),
                float(char["x1"]),
                base,
                float(char["top"]),
                float(char["bottom"]),
                text,
                known[key],
            )
        )
    for edge in page.edges[:2000]:
        raw.edges.append(
            (float(edge["x0"]), float(edge["top"]), float(edge["x1"]), float(edge["bottom"]))
        )
    for picture in page.images[:200]:
        raw.pictures.append(tuple(float(picture[k]) for k in ("x0", "top", "x1", "bottom")))  # type: ignore[arg-type]
    page.close()
    return raw
