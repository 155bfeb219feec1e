"""The reading rooms: files in, Documents with a canonical text and typed blocks out.

One module per format; `sandbox` runs them, a process for each document; `builder` makes the text.
Nothing here imports torch, spaCy or pandas, and neither may the workers.
"""

from __future__ import annotations

from notesmine.read.corpus import Found, Rows, Skipped, find_files, read_metadata, unmatched
from notesmine.read.sandbox import read_documents
from notesmine.read.single import read_file
from notesmine.read.tesseract import now_readable, tesseract_version

__all__ = [
    "Found",
    "Rows",
    "Skipped",
    "find_files",
    "now_readable",
    "read_documents",
    "read_file",
    "read_metadata",
    "tesseract_version",
    "unmatched",
]
