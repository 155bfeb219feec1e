"""Lay out what a run read as it lay then, run, and compare what comes out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from notesmine import origin, pipeline, runrecord
from notesmine.config import Settings
from notesmine.errors import InputError, OutputError
from notesmine.project import find_codebook, find_settings
from notesmine.records import Run
from notesmine.rerun.compare import Cause, Output, causes, outputs
from notesmine.rerun.sources import Known, Note, find_corpus, find_notes, know
from notesmine.store import Store, state_folder

#: Settings that name files: the manifest holds their names alone.
FILES = (
    ("publish", "docx_template"), ("themes", "codebook"), ("embed", "model"),
    ("people", "recogniser"),
)  # fmt: skip
NO_DOCUMENT = "the Word template"  # why the template is skipped, see `read.find_files`


class Rerun(Struct, frozen=True, kw_only=True):
    """What came of doing a run again.

    ``causes`` is what differs from then, whether or not an output shows it; ``moved`` names notes
    that lie elsewhere now, ``remarks`` what a reader should know. ``out`` is where the new outputs
    are, None where they were not asked for.
    """

    then: Run
    now: Run
    outputs: tuple[Output, ...]
    causes: tuple[Cause, ...]
    moved: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    out: Path | None

    @property
    def identical(self) -> bool:
        """Whether every output is, byte by byte."""
        return all(o.identical for o in self.outputs)


def rerun(
    manifest: Path,
    corpus: Path | None = None,
    out: Path | None = None,
    *,
    state: Path | None = None,
    settings: Path | None = None,
    codebook: Path | None = None,
    report: pipeline.Reporter | None = None,
) -> Rerun:
    """Do a run again from its record, and compare every output.

    Parameters
    ----------
    manifest : pathlib.Path
        The ``run.json``, or its folder; a release's too.
    corpus : pathlib.Path, optional
        Where the notes are now; by default where the state remembers them, or beside the outputs.
        Files are known by their hashes: they may have other names, and others may lie among them.
    out : pathlib.Path, optional
        Where to leave the new outputs: a folder that is empty or not there. By default they are
        compared and thrown away.
    state : pathlib.Path, optional
        The state folder of the run, or a backup; beside the manifest by default.
    settings, codebook : pathlib.Path, optional
        To use in place of the run's own, and see what they change.
    report : callable, optional
        Told of each stage's progress.

    Returns
    -------
    Rerun

    Raises
    ------
    InputError, NothingToRead
        If the manifest is none, or notes are missing.
    StateError
        If the state that the run started from is not here.
    OutputError
        If there are files in ``out``.
    """
    _check_empty(out)
    known = know(manifest, state)
    folder = find_corpus(known, corpus)
    notes = find_notes(known, folder)
    remarks: list[str] = []
    chosen = find_settings(settings, folder) if settings else _settings(known, folder, remarks)
    with tempfile.TemporaryDirectory(prefix="notesmine-") as name:
        stage = Path(name).resolve()
        laid = _lay_out(known, folder, notes, stage, remarks)
        book = codebook or _codebook(known, folder, stage, chosen)
        fresh = stage / "outputs"
        _start_state(known, fresh)
        result = pipeline.run(laid, fresh, settings=chosen, codebook=book, report=report)
        found = Rerun(
            then=known.told,
            now=result.run,
            outputs=tuple(outputs(known.told, result.run)),
            causes=tuple(causes(known.told, result.run, _checks(known))),
            moved=tuple((n.path, n.source.name) for n in notes if n.source.name not in n.path),
            remarks=tuple(remarks),
            out=out,
        )
        if out is not None:
            _hand_over(fresh, out, folder)
    return found


def _check_empty(out: Path | None) -> None:
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(
            f"{str(out)!r} is there and not empty",
            "Name a new folder with -o: a rerun writes over nothing.",
        )
    home = state_folder(out) if out is not None else None
    if home is not None and (home / "state.sqlite").is_file():
        raise OutputError(f"there is a state already in {home}", "Name another folder with -o.")


# -- laying out -----------------------------------------------------------------------------------


def _lay_out(
    known: Known, folder: Path, notes: Sequence[Note], stage: Path, remarks: list[str]
) -> Path:
    """Copy the notes and what lay beside them; return the corpus."""
    name = known.origin.corpus if known.origin else known.asked.corpus
    single = [n.path for n in notes] == [name] and folder.is_file()
    # Where links to sources were made, the corpus lay beside the outputs.
    home = stage if _linked(known, folder) else stage / "notes"
    beside = home if single else home / name
    beside.mkdir(parents=True, exist_ok=True)
    for note in notes:
        _copy(note.source, beside / note.path)
    here = folder if folder.is_dir() else folder.parent
    _lay_out_skipped(known, here, beside)
    files = known.origin.files if known.origin else None
    for control in origin.BESIDE:
        source = here / control
        now = source.read_bytes() if source.is_file() else None
        body = now if files is None else files.get(control)
        if files is not None and body != now:
            remarks.append(f"{control} is another now: the rerun took the one of the run")
        (beside / control).unlink(missing_ok=True)
        if body is not None:
            (beside / control).write_bytes(body)
    return beside / name if single else beside


def _lay_out_skipped(known: Known, here: Path, beside: Path) -> None:
    """Lay out what was no document: its name counts, and a template's content."""
    rows = known.origin.skipped if known.origin else [
        (r.get("path", ""), r.get("reason", "")) for r in known.asked.skipped
    ]  # fmt: skip
    for name, reason in rows:
        target = beside / name
        if target.exists() or not name or ".." in Path(name).parts or Path(name).is_absolute():
            continue
        if name.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        elif reason == NO_DOCUMENT and known.origin and known.origin.template:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(known.origin.template)
        elif (here / name).is_file():
            _copy(here / name, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _linked(known: Known, folder: Path) -> bool:
    """Whether links to sources were made, as they are where the corpus lies beside the outputs."""
    said = known.asked.beside.get(origin.LINKS)
    if said is not None:
        return said != "none"
    return folder.resolve().parent == known.outputs.resolve().parent  # an earlier version's run


def _start_state(known: Known, fresh: Path) -> None:
    """Make the state that the run started from."""
    with Store(state_folder(fresh)) as store:
        if known.parent.registry:
            store.keep_blob("registry", known.parent.registry)
        if known.parent.people is not None:
            store.keep_blob("people", known.parent.people)
        if known.origin is None:
            return
        for key, body in known.origin.agreements:
            store.keep_agreement(key, body)
        for sample in known.origin.samples:
            store.keep_sample(sample, b"")
        with store.transaction():
            store.keep_decisions(known.origin.decisions)


# -- settings and codebook ------------------------------------------------------------------------


def _settings(known: Known, folder: Path, remarks: list[str]) -> Settings:
    """Return the settings of the manifest; what it does not hold comes from the state.

    Raises
    ------
    InputError
        If a setting in the manifest is not valid.
    """
    base = known.origin.settings if known.origin else Settings()
    asked: dict[str, Any] = msgspec.to_builtins(known.asked.settings)
    plain: dict[str, dict[str, Any]] = msgspec.to_builtins(base)
    for stage, values in plain.items():
        there = asked.get(stage, {})
        values.update({k: v for k, v in there.items() if k in values})
        gone = sorted(set(there) - set(values))
        remarks += [f"this version has no setting [{stage}] {key}: left out" for key in gone]
    hidden = asked.get("read", {}).get("passwords") or ()
    plain["read"]["passwords"] = ()
    for stage, key in FILES:
        if known.origin is not None:
            plain[stage][key] = getattr(getattr(base, stage), key)
    if hidden:
        plain["read"]["passwords"] = find_settings(None, folder).read.passwords
        if not plain["read"]["passwords"]:
            remarks.append("passwords are not recorded: set [read] passwords in notesmine.toml")
    try:
        return msgspec.convert(plain, Settings)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the settings in the manifest are not valid: {error}",
            "Take the run.json as the run wrote it, or name settings with --settings.",
        ) from error


def _codebook(known: Known, folder: Path, stage: Path, chosen: Settings) -> Path | None:
    """Return the codebook of the run: as kept, else the one that lies beside the notes now."""
    if known.origin is not None:
        if known.origin.codebook is None:
            return None
        name, body = known.origin.codebook
        path = stage / "codebook" / name
        path.parent.mkdir()
        path.write_bytes(body)
        return path
    if known.asked.model.get("codebook") == "built-in":
        return None
    return find_codebook(None, folder, chosen)


def _checks(known: Known) -> Mapping[str, str]:
    """Return what is known of the run beyond its record."""
    return {origin.CODE: known.told.beside.get(origin.CODE, runrecord.CODE)}


# -- handing over ---------------------------------------------------------------------------------


def _hand_over(fresh: Path, out: Path, corpus: Path) -> None:
    """Move the outputs and their state to where they were asked for."""
    home = state_folder(out)
    with Store(state_folder(fresh)) as store:
        store.keep_blob("corpus", str(corpus).encode())
        store.keep_blob("fingerprint", b"")  # of a folder that is no more
    try:
        shutil.copytree(fresh, out, dirs_exist_ok=True)
        shutil.copytree(state_folder(fresh), home, dirs_exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{str(out)!r} cannot be written: {error.strerror or error}",
            "Choose another folder with -o, or free some space.",
        ) from error
