"""The Word file of a user whose look ``report.docx`` takes: found, checked, complained of.

python-docx is imported only where there is one, since a run that has nothing to do looks here too.
"""

from __future__ import annotations

from pathlib import Path

from notesmine.errors import ConfigError
from notesmine.records import Problem


def load_template(name: str, corpus: Path) -> bytes | None:
    """Return the Word file that ``[publish] docx_template`` names, None where it names none.

    It is looked for beside the notes, then from the working folder.

    Raises
    ------
    ConfigError
        If there is no such file, or it is no Word document.
    """
    if not name:
        return None
    folder = corpus if corpus.is_dir() else corpus.parent
    path = next((p for p in (folder / name, Path(name)) if p.is_file()), None)
    if path is None:
        raise ConfigError(
            f"[publish] docx_template: there is no {name!r}",
            "Put it beside the notes, or give its whole path.",
        )
    from notesmine.publish.word_style import UNREADABLE, open_template

    try:
        body = path.read_bytes()
        open_template(body)
    except UNREADABLE as error:
        raise ConfigError(
            f"[publish] docx_template: {name!r} is no Word document that can be opened ({error})",
            "Open it in Word and save it as .docx or .dotx: no .doc, no macros, no password.",
        ) from error
    return body


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
