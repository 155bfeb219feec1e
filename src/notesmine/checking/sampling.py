"""Draw a sample into a coding sheet; what the sheet must not show is kept in the state."""

from __future__ import annotations

from pathlib import Path

import msgspec

from notesmine.checking.drawing import Sample, draw
from notesmine.checking.sheet import render
from notesmine.errors import InputError, StateError
from notesmine.naming import hider
from notesmine.publish.files import replace_file
from notesmine.rulings import Ruling, kept
from notesmine.store import Store, state_folder
from notesmine.themes.codebook import Codebook, load_codebook


def sample(
    out: Path,
    target: Path,
    *,
    n: int,
    seed: int = 1,
    titles: bool = False,
    all_passages: bool = False,
    state: Path | None = None,
) -> Sample:
    """Draw a blind, stratified sample of the passages of the last run into a coding sheet.

    Parameters
    ----------
    out : pathlib.Path
        The output folder of the run.
    target : pathlib.Path
        The XLSX file to write; an existing one is never overwritten.
    n : int
        Passages to draw.
    seed : int
    titles : bool, default False
        Show the title and date of each passage's document.
    all_passages : bool, default False
        Draw passages not for quotation too.
    state : pathlib.Path, optional

    Returns
    -------
    Sample
        As kept in the state.

    Raises
    ------
    InputError
        If the target is no XLSX file or is there already, or there is no passage to draw.
    StateError
        If there is no state, or it holds no passages yet.
    """
    if target.suffix.casefold() != ".xlsx":
        raise InputError(
            f"{target.name!r}: the coding sheet is an XLSX file", "Name it so: -o sheet.xlsx"
        )
    home = state_folder(out, state)
    Store(home, write=False).close()  # a missing state is an error here, never a new one
    with Store(home) as store:
        rulings = _rulings(store)
        book = codebook_of(store)
        drawn = draw(
            rulings,
            n,
            seed,
            store.runs()[-1].run_id,
            [(c.id, c.label) for c in book.active()],
            all_passages=all_passages,
        )
        if not drawn.rows:
            raise InputError(
                "there is no passage to draw"
                + (f": all {drawn.withheld} are not for quotation" if drawn.withheld else ""),
                "Passages not for quotation are drawn with --with-unquotable only.",
            )
        body = render(drawn, book, titles=titles, all_passages=all_passages, hide=hider(store))
        if target.exists() and target.read_bytes() != body:
            raise InputError(
                f"{str(target)!r} is there already and may be filled in",
                "Choose another name, or move it away.",
            )
        store.keep_sample(drawn.sample_id, msgspec.msgpack.encode(drawn))
        replace_file(target.parent, target.name, body)
    return drawn


def _rulings(store: Store) -> list[Ruling]:
    """Return the passages with the machine's own answers: what people decided is no test of it."""
    found = kept(store)
    if found is None:
        raise StateError(
            "the state holds no list of passages yet: it is of an earlier version",
            "Run `notesmine run` once more, then draw the sample.",
        )
    return [r.by_machine() for r in found]


def codebook_of(store: Store | None) -> Codebook:
    """Return the codebook of the last run, as the state keeps it; the built-in one without."""
    body = store.blob("codebook") if store is not None else None
    return msgspec.msgpack.decode(body, type=Codebook) if body else load_codebook(None)
