"""For researchers: what a run published and decided, as pandas DataFrames, and each stage alone.

Importing this loads nothing heavy: pandas, the model and BERTopic come with the first call that
needs them. Names of people are masked as in the outputs unless ``names=True`` is asked for.
"""

from notesmine.library.outputs import Outputs, open_outputs
from notesmine.library.stages import classify_texts, code_texts, embed_texts, theme_texts

__all__ = [
    "Outputs",
    "classify_texts",
    "code_texts",
    "embed_texts",
    "open_outputs",
    "theme_texts",
]
