"""The reading rooms: files in, Documents with a canonical text and typed blocks out.

One module per format; `sandbox` runs them, a process for each document; `builder` makes the text.
Nothing here imports torch, spaCy or pandas, and neither may the workers.
"""

from __future__ import annotations

from notesmine.read.corpus import Found, Rows, Skipped, find_files, read_metadata, unmatched
from notesmine.read.sandbox import read_documents
from notesmine.read.single import read_file

__all__ = [
    "Found",
    "Rows",
    "Skipped",
    "find_files",
    "read_documents",
    "read_file",
    "read_metadata",
    "unmatched",
]
