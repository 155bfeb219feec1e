"""Exchange with the programs people work in: a run written for them, and their corrections back.

Reads the state; writes the one file it is asked for, people's decisions, and nothing else.
"""

from notesmine.exchange.export import Exported, export

__all__ = ["Exported", "export"]
