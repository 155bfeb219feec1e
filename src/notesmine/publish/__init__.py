"""Write what people read: one module per output format, and `verify`, which proves the quotes.

`publish` writes the report, tables and references; `write_run` then seals the folder with
``run.json``. Outputs are a function of the `Bundle`: no clock, no folder name, no order of a
dictionary enters them.
"""

from notesmine.publish.bundle import Bundle, publish
from notesmine.publish.describe import describe
from notesmine.publish.references import citation_keys
from notesmine.publish.runfile import input_rows, intact, read_run, write_run
from notesmine.publish.verify import Check, table, verify
from notesmine.publish.word_template import load_template, template_problems

__all__ = [
    "Bundle",
    "Check",
    "citation_keys",
    "describe",
    "input_rows",
    "intact",
    "load_template",
    "publish",
    "read_run",
    "table",
    "template_problems",
    "verify",
    "write_run",
]
