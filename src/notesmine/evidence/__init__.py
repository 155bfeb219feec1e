"""Weigh what speaks for each theme: counted by document, collapsed, dated, linked over time.

This room turns judged passages into `Evidence`; it reads no file, loads no model and writes
nothing. Counts are of documents and meetings; mentions are never a measure of weight.
"""

from notesmine.evidence.assigned import Assigned, Machine
from notesmine.evidence.cooccurrence import cooccurrence
from notesmine.evidence.projection import passage_map
from notesmine.evidence.saturation import saturation
from notesmine.evidence.weigh import weigh

__all__ = ["Assigned", "Machine", "cooccurrence", "passage_map", "saturation", "weigh"]
