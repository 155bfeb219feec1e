"""notesmine: notes of sprints and meetings in, an evidence-backed synthesis of impediments out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notesmine.library import classify_texts, code_texts, embed_texts, theme_texts
    from notesmine.library import open_outputs as open  # noqa: A004
    from notesmine.pipeline import run

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "classify_texts",
    "code_texts",
    "embed_texts",
    "open",
    "run",
    "theme_texts",
]


def __getattr__(name: str) -> Any:
    """Import public names when they are asked for: ``import notesmine`` stays instant."""
    if name == "run":
        from notesmine.pipeline import run

        return run
    if name in __all__:
        from notesmine import library

        return getattr(library, "open_outputs" if name == "open" else name)
    raise AttributeError(f"module 'notesmine' has no attribute {name!r}")
