"""``notesmine.toml``: one struct per stage, every key with a default, unknown keys refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from notesmine.errors import ConfigError
from notesmine.records import Kind

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class ReadSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits and choices of the reading stage.

    Sizes are in MiB, times in seconds; ``workers = 0`` means one per core. ``ocr = "auto"`` reads
    pages that are pictures where tesseract is installed, in the languages that it knows under the
    names in ``ocr_languages`` (``eng+fra``).
    """

    max_file_mb: Positive = 100
    max_text_mb: Positive = 20
    memory_mb: Positive = 1400
    cpu_seconds: Positive = 240
    wall_seconds: Positive = 300
    max_pages: Positive = 3000
    workers: Annotated[int, Meta(ge=0)] = 0
    passwords: tuple[str, ...] = ()
    ocr: Literal["auto", "off"] = "auto"
    ocr_languages: Annotated[str, Meta(pattern="^[A-Za-z_]+([+][A-Za-z_]+)*$")] = "eng"


class ClassifySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which passages become evidence.

    ``impediment`` is the lowest probability of being an impediment at which a passage is taken up
    at all; ``confirmed`` the one above which it counts. None takes the fitted thresholds.
    """

    impediment: Share | None = None
    confirmed: Share | None = None


class EmbedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sentence-transformers model: ``packaged``, a folder, or a name found on this machine."""

    model: str = "packaged"
    threads: Annotated[int, Meta(ge=0)] = 0


class ThemeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codebook and discovery.

    ``scope`` names the kinds among which themes are discovered; ``minimum`` is the smallest number
    of distinct passages that can make an emergent theme.
    """

    codebook: str = ""
    scope: tuple[Kind, ...] = ("impediment",)
    minimum: Annotated[int, Meta(ge=2)] = 2
    seed: int = 20


class PublishSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How outputs look.

    ``source_links`` is the prefix of links to source files: ``auto`` links only where the corpus
    lies beside the output folder, ``off`` never, anything else is taken as a prefix.
    ``docx_template`` names a Word file whose styles, page and headers ``report.docx`` takes.
    """

    title: str = "Impediments reported in project notes"
    source_links: str = "auto"
    quotes: Positive = 6
    docx_template: str = ""


class PeopleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people appear in the outputs.

    ``mode``: ``pseudonym`` shows the role that ``people.csv`` gives, else [Person 12]; ``initials``
    shows [JR]; ``keep`` shows names as they stand. ``unknown_handles`` masks @handles of people
    who are in no list of those present. ``recogniser`` adds the names that a trained spaCy pipeline
    finds in the quotes: ``auto`` takes an English one that is installed, ``off`` none, else a name
    or a folder.
    """

    mode: Literal["pseudonym", "initials", "keep"] = "pseudonym"
    unknown_handles: bool = True
    recogniser: str = "auto"


class OrganisationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How organisations appear: ``keep`` shows their names, ``mask`` shows [Organisation 2]."""

    mode: Literal["keep", "mask"] = "keep"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a run, one struct per stage."""

    read: ReadSettings = ReadSettings()
    classify: ClassifySettings = ClassifySettings()
    embed: EmbedSettings = EmbedSettings()
    themes: ThemeSettings = ThemeSettings()
    publish: PublishSettings = PublishSettings()
    people: PeopleSettings = PeopleSettings()
    organisations: OrganisationSettings = OrganisationSettings()


def load_settings(path: Path | None) -> Settings:
    """Read settings from a TOML file, or the defaults where there is none.

    Parameters
    ----------
    path : pathlib.Path or None
        The file; None, or a file that does not exist, gives the defaults.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        If the file is no TOML, or a key is unknown or out of range; the message names the key.
    """
    if path is None or not path.is_file():
        return Settings()
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Settings)
    except msgspec.ValidationError as error:
        where = re.search(r"at `\$\.?([^`]*)`", str(error))
        key = f" (section [{where[1]}])" if where and where[1] else ""
        raise ConfigError(
            f"{path.name}: {error}{key}",
            "Correct the key, or run `notesmine init` in an empty folder to see every setting.",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path.name} is not valid TOML: {error}", "Correct the line named."
        ) from error
