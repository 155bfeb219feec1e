"""Checking the machine on one's own notes: a blind sample for people, and how far codings agree.

Draws from the state of a run, writes a coding sheet, reads filled-in ones back; the machine's
answers, the weights and the figures are kept in the state.
"""

from notesmine.checking.answers import Answers, read_answers
from notesmine.checking.comparison import Agreement, agree, kept_agreements
from notesmine.checking.drawing import Sample, draw
from notesmine.checking.measures import cohen_kappa, krippendorff_alpha, wilson
from notesmine.checking.method import method_lines, said
from notesmine.checking.sampling import sample
from notesmine.checking.tell import to_json, to_lines, to_markdown

__all__ = [
    "Agreement",
    "Answers",
    "Sample",
    "agree",
    "cohen_kappa",
    "draw",
    "kept_agreements",
    "krippendorff_alpha",
    "method_lines",
    "read_answers",
    "said",
    "sample",
    "to_json",
    "to_lines",
    "to_markdown",
    "wilson",
]
