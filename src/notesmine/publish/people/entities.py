"""spaCy's entity recogniser, where the user has a trained pipeline: it may only add names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct

from notesmine.errors import ConfigError

#: Given texts, returns the people's names found in them.
Recogniser = Callable[[Iterable[str]], list[str]]

AUTO, OFF = "auto", "off"
#: What pipelines call a person.
PERSON = frozenset({"PERSON", "PER"})


class Pipeline(Struct, frozen=True, kw_only=True):
    """A trained pipeline: ``source`` is what spaCy loads it by, a package or a folder."""

    name: str
    version: str
    source: str
    named: bool = True

    @property
    def label(self) -> str:
        """Name and version, as the report and ``run.json`` say them."""
        return f"{self.name} {self.version}".strip()


def installed() -> Pipeline | None:
    """Return the trained English pipeline that is installed, or None."""
    found = sorted(
        (point.name, point.dist.version if point.dist else "")
        for point in metadata.entry_points(group="spacy_models")
        if point.name.startswith("en_")
    )
    return next((Pipeline(name=n, version=v, source=n, named=False) for n, v in found), None)


def find_pipeline(setting: str, corpus: Path) -> Pipeline | None:
    """Return the pipeline that ``[people] recogniser`` asks for.

    Parameters
    ----------
    setting : str
        ``auto`` for the English one that is installed, if any; ``off`` for none; else the name of
        an installed one, or a folder, looked for beside that of the notes first.
    corpus : pathlib.Path

    Raises
    ------
    ConfigError
        If the one that is named is not there.
    """
    if setting in {OFF, ""}:
        return None
    if setting == AUTO:
        return installed()
    # Not among the notes: its files would be taken for some.
    for folder in (corpus.parent / setting, Path(setting)):
        if (folder / "meta.json").is_file():
            return _in_folder(folder.resolve())
    if setting.isidentifier() and find_spec(setting) is not None:
        try:
            version = metadata.version(setting)
        except metadata.PackageNotFoundError:
            version = ""
        return Pipeline(name=setting, version=version, source=setting)
    raise ConfigError(
        f"[people] recogniser: there is no spaCy pipeline {setting!r}",
        "Give the folder of one, or install it into the same environment (python -m spacy download "
        f"NAME); `{AUTO}` takes what is installed, `{OFF}` none.",
    )


def _in_folder(folder: Path) -> Pipeline:
    """Describe a pipeline in a folder; part of its version is what its files hold."""
    try:
        facts: Any = json.loads((folder / "meta.json").read_text("utf-8"))
        version = str(facts.get("version", ""))
    except (OSError, ValueError, AttributeError):
        version = ""
    total = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        total.update(file.relative_to(folder).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    version = f"{version} ({total.hexdigest()[:10]})".strip()
    return Pipeline(name=folder.name, version=version, source=str(folder))


def recogniser(pipeline: Pipeline) -> Recogniser | None:
    """Load a pipeline; None where one that nobody named recognises no entities.

    Raises
    ------
    ConfigError
        If spaCy cannot load it, or the one that was named recognises no entities.
    """
    import spacy

    try:
        nlp = spacy.load(pipeline.source)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ConfigError(
            f"[people] recogniser: {pipeline.name} cannot be loaded: {error}",
            f"Install it for this version of spaCy ({spacy.__version__}), or set `{OFF}`.",
        ) from error
    if not any("doc.ents" in nlp.get_pipe_meta(pipe).assigns for pipe in nlp.pipe_names):
        if not pipeline.named:
            return None
        raise ConfigError(
            f"[people] recogniser: {pipeline.name} recognises no entities; it has"
            f" {', '.join(nlp.pipe_names) or 'no component'}",
            f"Name a pipeline with an entity recogniser, or set `{OFF}`.",
        )

    def names(texts: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for doc in nlp.pipe(texts):
            # A first name alone is left to the lists: the recogniser takes many words for one.
            found.update(
                (e.text.strip(), None)
                for e in doc.ents
                if e.label_ in PERSON and len(e.text.split()) in {2, 3} and e.text.istitle()
            )
        return list(found)

    return names
