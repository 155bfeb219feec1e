"""notesmine: notes of sprints and meetings in, an evidence-backed synthesis of impediments out."""

__version__ = "0.1.0"
