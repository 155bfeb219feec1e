"""Folders of a run: where documents lie, where outputs go, how one is linked from the other."""

from __future__ import annotations

import os
from pathlib import Path

from notesmine import read
from notesmine.errors import NothingToRead, OutputError


def find_documents(
    corpus: Path, out: Path, home: Path
) -> tuple[list[read.Found], list[read.Skipped]]:
    """Find the documents; what notesmine itself wrote inside the corpus is none of them."""
    if not corpus.exists():
        raise NothingToRead(
            f"the corpus {str(corpus)!r} does not exist",
            "Name the folder with your notes: notesmine run FOLDER -o OUTPUTS",
        )
    if out.resolve() == (corpus if corpus.is_dir() else corpus.parent).resolve():
        raise OutputError(
            f"the outputs would be written among the notes in {corpus.name!r}",
            "Name another folder with -o.",
        )
    found, skipped = read.find_files(corpus, exclude=(out, home))
    if not found:
        raise NothingToRead(
            f"there is no document in {str(corpus)!r}"
            + (f" ({len(skipped)} files skipped)" if skipped else ""),
            "Put notes there: PDF, DOCX, PPTX, Markdown, text, HTML or e-mail.",
        )
    return found, skipped


def check_writable(out: Path) -> None:
    """Raise OutputError unless files can be written in the output folder."""
    probe = out / f".notesmine-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"the output folder {str(out)!r} cannot be written: {error.strerror}",
            "Choose another folder with -o, or ask for the right to write there.",
        ) from error


def link_prefix(choice: str, corpus: Path, out: Path) -> str | None:
    """Return the prefix of links to source files; None for no links.

    Links are made by default only where the corpus lies beside the output folder, so that no
    folder names of this machine get into a report that is sent round.
    """
    if choice == "off":
        return None
    if choice != "auto":
        return choice
    corpus, out = corpus.resolve(), out.resolve()
    return f"../{corpus.name}/" if corpus.is_dir() and corpus.parent == out.parent else None
