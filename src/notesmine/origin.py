"""What a run started from, kept in the state so that the run can be done again: `notesmine.rerun`.

The notes themselves are not kept: they are found again by their hash. All else is: settings, the
files that people edit, the parent state. Passwords are not.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine import read
from notesmine.config import Settings
from notesmine.errors import StateError
from notesmine.records import Run, digest
from notesmine.store import Store

#: Files beside the notes that a run reads; the codebook and the template may lie elsewhere.
BESIDE = ("metadata.csv", "people.csv", "decisions.toml")
CODEBOOK, TEMPLATE, LINKS, CHECKS, CODE = "codebook", "template", "links", "checks", "code"
LEVEL = 6  # zlib: a registry of decimal numbers shrinks to a third


class Origin(Struct, frozen=True, kw_only=True):
    """What a run started from.

    ``corpus`` is the name of the folder or file; ``notes`` holds (path, SHA-256) of every document,
    ``skipped`` (path, reason) of what was none; ``links`` is the prefix of links to sources.
    ``files`` holds what lay beside the notes, by name. ``registry`` and ``people`` are the parent
    state; ``agreements`` and ``samples`` what people had checked, ``decisions`` those of the state.
    """

    corpus: str
    notes: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    settings: Settings
    links: str | None
    checks: str
    files: dict[str, bytes]
    codebook: tuple[str, bytes] | None
    template: bytes | None
    registry: bytes
    people: bytes | None
    agreements: tuple[tuple[str, bytes], ...]
    samples: tuple[str, ...]
    decisions: tuple[bytes, ...]

    @property
    def parent(self) -> str:
        """The hash of the parent state; empty for a first run."""
        return parent_hash(self.registry, self.people)

    def facts(self, code: str) -> dict[str, str]:
        """Return what ``run.json`` says of it: hashes, whether links are made, the code."""
        found = {name: hashlib.sha256(body).hexdigest() for name, body in self.files.items()}
        if self.codebook is not None:
            found[CODEBOOK] = hashlib.sha256(self.codebook[1]).hexdigest()
        if self.template is not None:
            found[TEMPLATE] = hashlib.sha256(self.template).hexdigest()
        if self.checks:
            found[CHECKS] = self.checks
        if self.decisions and "decisions.toml" not in found:
            found["decisions.toml"] = digest(*self.decisions, length=64)
        return {**found, LINKS: "none" if self.links is None else "made", CODE: code}

    def keep(self, store: Store, run: Run) -> None:
        """Keep it in the state, under the id of its run."""
        store.keep_blob(f"origin {run.run_id}", zlib.compress(msgspec.msgpack.encode(self), LEVEL))


def parent_hash(registry: bytes, people: bytes | None) -> str:
    """Return the hash of a state as ``run.json`` records it; empty where no run was before."""
    return digest(registry, people or b"", length=64) if registry else ""


def taken(
    store: Store,
    corpus: Path,
    found: Sequence[read.Found],
    skipped: Sequence[read.Skipped],
    settings: Settings,
    codebook: Path | None,
    template: bytes | None,
    links: str | None,
    checks: Sequence[str],
) -> Origin:
    """Take down what a run starts from; ``store`` is the state before it."""
    folder = corpus if corpus.is_dir() else corpus.parent
    files = {name: (folder / name).read_bytes() for name in BESIDE if (folder / name).is_file()}
    open_settings = msgspec.structs.replace(settings.read, passwords=())
    return Origin(
        corpus=corpus.resolve().name,
        notes=tuple((f.name, f.sha256) for f in found),
        skipped=tuple((s.name, s.reason) for s in skipped),
        settings=msgspec.structs.replace(settings, read=open_settings),
        links=links,
        checks=digest(*checks, length=64) if checks else "",
        files=files,
        codebook=(codebook.name, codebook.read_bytes()) if codebook else None,
        template=template,
        registry=store.blob("registry") or b"",
        people=store.blob("people"),
        agreements=tuple(store.agreements().items()),
        samples=tuple(store.samples()),
        decisions=tuple(store.decisions()),
    )


def kept(store: Store, run_id: str) -> Origin | None:
    """Return what a run started from; None where the state does not know.

    Raises
    ------
    StateError
        If it cannot be read.
    """
    body = store.blob(f"origin {run_id}")
    if body is None:
        return None
    try:
        return msgspec.msgpack.decode(zlib.decompress(body), type=Origin)
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateError(
            f"what the run {run_id} started from cannot be read: {error}",
            "Take the state folder from a backup, and name it with --state.",
        ) from error
