"""spaCy's entity recogniser, where the user has a trained English pipeline: it may only add."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata

#: Given texts, returns the people's names found in them.
Recogniser = Callable[[Iterable[str]], list[str]]


def installed() -> tuple[str, str] | None:
    """Return name and version of the trained English pipeline that is installed, or None."""
    found = sorted(
        (point.name, point.dist.version if point.dist else "")
        for point in metadata.entry_points(group="spacy_models")
        if point.name.startswith("en_")
    )
    return found[0] if found else None


def recogniser(name: str) -> Recogniser | None:
    """Load a pipeline; None where it has no entity recogniser."""
    import spacy

    nlp = spacy.load(name)
    if "ner" not in nlp.pipe_names:
        return None

    def names(texts: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for doc in nlp.pipe(texts):
            # A first name alone is left to the lists: the recogniser takes many words for one.
            found.update(
                (e.text.strip(), None)
                for e in doc.ents
                if e.label_ == "PERSON" and len(e.text.split()) in {2, 3} and e.text.istitle()
            )
        return list(found)

    return names
