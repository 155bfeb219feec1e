"""Exchange with the programs people work in: a run written for them, and their corrections back.

Reads the state; writes the one file it is asked for, people's decisions, and nothing else.
"""

from notesmine.exchange.amend import Decided, amended, lessons, load_decisions, looked_for
from notesmine.exchange.export import Exported, export
from notesmine.exchange.project import FINDINGS
from notesmine.exchange.replay import Replay
from notesmine.exchange.take import Imported, compare_file, take

__all__ = [
    "FINDINGS",
    "Decided",
    "Exported",
    "Imported",
    "Replay",
    "amended",
    "compare_file",
    "export",
    "lessons",
    "load_decisions",
    "looked_for",
    "take",
]
