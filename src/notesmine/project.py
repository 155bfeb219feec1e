"""The files beside a corpus that people edit: settings, codebook, metadata."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import msgspec

from notesmine.config import Settings, load_settings
from notesmine.errors import ConfigError


def find_settings(named: Path | None, corpus: Path) -> Settings:
    """Return the settings of the named file, else of ``notesmine.toml`` in the corpus or here."""
    return load_settings(named or _beside("notesmine.toml", corpus))


def find_codebook(named: Path | None, corpus: Path, settings: Settings) -> Path | None:
    """Return the codebook named, or set, or ``codebook.toml`` in the corpus or here, or None.

    Raises
    ------
    ConfigError
        If ``[themes] codebook`` names a file that is not there.
    """
    if named is not None:
        return named
    if settings.themes.codebook:
        found = _beside(settings.themes.codebook, corpus)
        if found is None:
            raise ConfigError(
                f"[themes] codebook: there is no {settings.themes.codebook!r}",
                "Put it beside the notes, or give its whole path.",
            )
        return found
    return _beside("codebook.toml", corpus)


def _beside(name: str, corpus: Path) -> Path | None:
    folder = corpus if corpus.is_dir() else corpus.parent
    return next((f for f in (folder / name, Path(name)) if f.is_file()), None)


def initialise(folder: Path) -> list[tuple[str, bool]]:
    """Write the files that a user may edit; what is there already stays as it is.

    Returns
    -------
    list of (name, written)
    """
    from notesmine.publish.people.roster import TEMPLATE
    from notesmine.themes.codebook import builtin_text

    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "notesmine.toml": settings_text(),
        "codebook.toml": builtin_text(),
        "metadata.csv": "path,date,organisation,meeting,title,quotable\n",
        "people.csv": TEMPLATE,
    }
    out = []
    for name, text in files.items():
        target = folder / name
        written = not target.exists()
        if written:
            target.write_text(text, encoding="utf-8", newline="\n")
        out.append((name, written))
    return out


def settings_text() -> str:
    """Return ``notesmine.toml`` with every setting, its default, and what it is for."""
    lines = [
        "# Settings of notesmine. Each line shows its default; take the # away to change it.",
        "",
    ]
    for stage in msgspec.structs.fields(Settings):
        struct = type(stage.default)
        lines += [f"# {line}" for line in textwrap.wrap(_about(struct), 96)]
        lines.append(f"[{stage.name}]")
        for field in msgspec.structs.fields(struct):
            if field.default is None:
                lines.append(f"# {field.name} =    (fitted value)")
            else:
                lines.append(f"# {field.name} = {_toml(field.default)}")
        lines.append("")
    return "\n".join(lines)


def _about(struct: type) -> str:
    return " ".join((struct.__doc__ or "").replace("``", "'").split())


def _toml(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)
