"""Names: found, joined to persons, and replaced by declared brackets before anything is rendered.

`protect` prepares a masker from notes, roster and key; `masked` returns a bundle without names.
Source texts never change; the key of pseudonyms is kept in the state alone.
"""

from __future__ import annotations

from notesmine.publish.people.entities import Pipeline, find_pipeline, installed, recogniser
from notesmine.publish.people.key import Key
from notesmine.publish.people.masked import counted, masked
from notesmine.publish.people.masker import Masker, Span
from notesmine.publish.people.protect import Protection, protect
from notesmine.publish.people.roster import COLUMNS, TEMPLATE, Member, read_roster

__all__ = [
    "COLUMNS",
    "TEMPLATE",
    "Key",
    "Masker",
    "Member",
    "Pipeline",
    "Protection",
    "Span",
    "counted",
    "find_pipeline",
    "installed",
    "masked",
    "protect",
    "read_roster",
    "recogniser",
]
