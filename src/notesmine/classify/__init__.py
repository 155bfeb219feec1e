"""The kind of each passage, with calibrated probabilities and the reasons.

What is no statement (attendance, links, ticket lists, templates) goes to boilerplate by rule,
before any model runs. The rest is judged by MiniLM with its layers fitted on coded statements
(``docs/model-card.md``); the same pass gives the codebook's scorer its probabilities.
"""

from notesmine.classify.classifier import RESOLVED, WEIGHTS, WEIGHTS_SHA256, Classifier, Judged
from notesmine.classify.cues import CUES, cue_matcher
from notesmine.classify.network import (
    CODES,
    build_network,
    calibrate,
    restore,
    shipped,
)
from notesmine.classify.reference import doubt, reference_pages
from notesmine.classify.rules import boilerplate, denies, overcomes

__all__ = [
    "CODES",
    "CUES",
    "RESOLVED",
    "WEIGHTS",
    "WEIGHTS_SHA256",
    "Classifier",
    "Judged",
    "boilerplate",
    "build_network",
    "calibrate",
    "cue_matcher",
    "denies",
    "doubt",
    "overcomes",
    "reference_pages",
    "restore",
    "shipped",
]
