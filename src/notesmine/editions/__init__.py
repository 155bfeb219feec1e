"""Editions and what changed between them: outputs frozen under a name, compared, still citable.

Reads output folders and the state; writes the copy under ``releases/`` and the editions' tables.
"""

from notesmine.editions.difference import Difference, compare
from notesmine.editions.freeze import Edition, Released, check_name, listed, release
from notesmine.editions.resolve import diff
from notesmine.editions.since import show
from notesmine.editions.snapshot import Snapshot, from_folder
from notesmine.editions.tell import to_json, to_lines, to_markdown

__all__ = [
    "Difference",
    "Edition",
    "Released",
    "Snapshot",
    "check_name",
    "compare",
    "diff",
    "from_folder",
    "listed",
    "release",
    "show",
    "to_json",
    "to_lines",
    "to_markdown",
]
