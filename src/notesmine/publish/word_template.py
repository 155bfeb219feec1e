"""The Word file of a user whose look ``report.docx`` takes: found, checked, complained of.

python-docx is imported only where there is one, since a run that has nothing to do looks here too.
"""

from __future__ import annotations

from pathlib import Path

from notesmine.errors import ConfigError
from notesmine.records import Problem


def find_template(name: str, corpus: Path) -> Path | None:
    """Return where the template lies: beside the notes, else from the working folder."""
    folder = corpus if corpus.is_dir() else corpus.parent
    return next((p for p in (folder / name, Path(name)) if name and p.is_file()), None)


def load_template(name: str, corpus: Path) -> bytes | None:
    """Return the Word file that ``[publish] docx_template`` names, None where it names none.

    Raises
    ------
    ConfigError
        If there is no such file, or it is no Word document.
    """
    if not name:
        return None
    path = find_template(name, corpus)
    if path is None:
        raise ConfigError(
            f"[publish] docx_template: there is no {name!r}",
            "Put it beside the notes, or give its whole path.",
        )
    from notesmine.publish.word_style import UNREADABLE

    try:
        body = path.read_bytes()
        _try(body)
    except UNREADABLE as error:
        raise ConfigError(
            f"[publish] docx_template: {name!r} is no Word document that can be opened",
            "Open it in Word and save it as .docx or .dotx: no .doc, no macros, no password.",
        ) from error
    return body


def _try(template: bytes) -> None:
    """Write a page with a template: a damaged one may open, and fail where it is used."""
    from notesmine.publish.word import Writer

    word = Writer("Trial", None, template)
    word.table_of_contents()
    word.heading("Heading", 1)
    word.quote("Q-0", "Words.", "(source)", "Footnote.")
    word.table(("a", "b"), [("c", "d")], (1.0, 1.0))
    word.save()


def template_problems(template: bytes | None) -> list[Problem]:
    """Name the styles that a template lacks, and what is used in their place."""
    if template is None:
        return []
    from notesmine.publish.word_style import missing_styles

    return [
        Problem(
            code="template-style-missing",
            message=f"the Word template has no style {name!r}: "
            + (f"{instead!r} is used" if instead else "a plain one is added"),
            hint="Use the style once in the template and save it, so that Word keeps it.",
        )
        for name, instead in missing_styles(template)
    ]
