"""Exchange with the programs people work in: a run written for them, and their corrections back.

Reads the state; writes the one file it is asked for, people's decisions, and nothing else.
"""

from notesmine.exchange.amend import Decided, amended, load_decisions, looked_for
from notesmine.exchange.importing import Imported, compare_file, take
from notesmine.exchange.replay import Replay
from notesmine.exchange.write import Exported, export

__all__ = [
    "Decided",
    "Exported",
    "Imported",
    "Replay",
    "amended",
    "compare_file",
    "export",
    "load_decisions",
    "looked_for",
    "take",
]
