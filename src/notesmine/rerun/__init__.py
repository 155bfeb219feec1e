"""A run done again from its ``run.json``, and what differs from what it published.

The notes are found by their hashes and laid out as they lay then, in a folder of its own; all is
read and judged anew. Nothing of the first run is touched.
"""

from notesmine.rerun.again import Rerun, rerun
from notesmine.rerun.compare import Cause, Output
from notesmine.rerun.tell import command, to_lines

__all__ = ["Cause", "Output", "Rerun", "command", "rerun", "to_lines"]
