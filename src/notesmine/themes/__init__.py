"""Themes: the codebook's codes and those discovered among passages.

Names are loaded at first use: importing this package costs nothing, and only what is used brings
numpy, scikit-learn, spaCy or bertopic with it. The function ``discover`` is imported from its own
module, ``notesmine.themes.discover``: a package cannot hold a module and a function of one name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notesmine.themes.cluster import GraphClusterer
    from notesmine.themes.discover import Discovery, topic_model
    from notesmine.themes.label import label_themes
    from notesmine.themes.registry import Entry, Registry, name_themes, start_labels, update
    from notesmine.themes.words import NotesVectorizer

_WHERE = {
    "GraphClusterer": "cluster",
    "Discovery": "discover",
    "topic_model": "discover",
    "label_themes": "label",
    "Entry": "registry",
    "Registry": "registry",
    "name_themes": "registry",
    "start_labels": "registry",
    "update": "registry",
    "NotesVectorizer": "words",
}

__all__ = [
    "Discovery",
    "Entry",
    "GraphClusterer",
    "NotesVectorizer",
    "Registry",
    "label_themes",
    "name_themes",
    "start_labels",
    "topic_model",
    "update",
]


def __getattr__(name: str) -> object:
    if name in _WHERE:
        return getattr(import_module(f"notesmine.themes.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
