"""Compare two codings: two people's, or a person's and the machine's.

The machine's answers and the weights come from the state; the figures are kept in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from notesmine.checking import agreement
from notesmine.checking.agreement import Difference, Figure, Score
from notesmine.checking.answers import Answers, read_answers
from notesmine.checking.drawing import Sample
from notesmine.checking.pairs import Pair, Said
from notesmine.checking.sampling import codebook_of
from notesmine.checking.weighing import Known, design_in_words, look_up, of_sample, weigh
from notesmine.errors import InputError
from notesmine.naming import Hide, as_written, hider
from notesmine.records import Problem, digest
from notesmine.rulings import kept
from notesmine.store import Store, state_folder
from notesmine.themes.coding import CODED_KINDS

MACHINE = "machine"
LISTED = 20  # ids named one by one in a problem
WITHHELD = "(not for quotation)"  # in place of words that no output shows


class Agreement(Struct, frozen=True, kw_only=True):
    """What a comparison found. ``machine`` is which of the two is the machine, None for neither.

    ``design`` says in words what the rows are a sample of; ``weighted`` whether some stand for more
    passages than others; ``kept`` whether the state keeps the figures.
    """

    a: str
    b: str
    machine: Literal["a", "b"] | None
    run_id: str
    samples: tuple[str, ...]
    rows: int
    design: str
    weighted: bool
    figures: tuple[Figure, ...]
    scores: tuple[Score, ...]
    confusion: tuple[tuple[str, str, int], ...]
    disagreements: tuple[Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    kept: bool = False


# -- agree ----------------------------------------------------------------------------------------


def agree(a: str, b: str, *, out: Path, state: Path | None = None) -> Agreement:
    """Compare two codings of the same passages.

    Parameters
    ----------
    a, b : str
        Paths of filled-in sheets (XLSX, CSV, JSONL), or ``machine`` for one of them.
    out : pathlib.Path
        The output folder whose state holds the sample and the machine's answers.
    state : pathlib.Path, optional

    Returns
    -------
    Agreement
        Kept in the state too, without the texts, where it knows every row compared.

    Raises
    ------
    InputError
        If both are one and the same, a sheet cannot be read, or no passage was answered by both.
    StateError
        If the machine is to be compared and there is no state.
    """
    if a == b or (MACHINE not in {a, b} and Path(a).resolve() == Path(b).resolve()):
        what = "the machine" if a == MACHINE else Path(a).name
        raise InputError(f"{what} cannot be compared with itself", "Name a second filled-in sheet.")
    home = state_folder(out, state)
    if not (home / "state.sqlite").is_file():
        if MACHINE in {a, b}:
            Store(home, write=False)
        return _compare(a, b, None)
    with Store(home) as store:
        found = _compare(a, b, store)
        if found.kept:
            slim = msgspec.structs.replace(found, disagreements=(), problems=())
            store.keep_agreement(_key(found), msgspec.msgpack.encode(slim))
    return found


def kept_agreements(store: Store) -> list[Agreement]:
    """Return the comparisons kept in a state, oldest first."""
    return [msgspec.msgpack.decode(body, type=Agreement) for body in store.agreements().values()]


def _key(found: Agreement) -> str:
    return digest(found.run_id, *sorted((found.a, found.b)), *found.samples, length=16)


def _compare(a: str, b: str, store: Store | None) -> Agreement:
    samples = [] if store is None else [
        msgspec.msgpack.decode(body, type=Sample) for body in store.samples().values()
    ]  # fmt: skip
    codes = _codes(store, samples)
    sheets = {name: read_answers(Path(name), codes) for name in (a, b) if name != MACHINE}
    ids = {row for sheet in sheets.values() for row in sheet.rows}
    newest = (kept(store) or ()) if store is not None else ()
    known = look_up(ids, samples, [r.by_machine() for r in newest])
    problems = [p for sheet in sheets.values() for p in sheet.problems]
    if store is not None:
        problems += _unknown(sheets.values(), known)
    said_a, said_b = (
        _machine(known) if name == MACHINE else _person(sheets[name]) for name in (a, b)
    )
    both = sorted(said_a.keys() & said_b.keys())
    if not both:
        raise InputError(
            f"no passage was answered by both {_label(a, sheets)} and {_label(b, sheets)}",
            "Are both filled-in copies of one sheet, with a kind in its rows? The ids must be those"
            " that `notesmine sample` wrote, and the state that of its run (--outputs, --state).",
        )
    problems += _lone(a, said_a, said_b, sheets) + _lone(b, said_b, said_a, sheets)
    hide = hider(store) if store is not None and known else as_written
    pairs = [_pair(i, said_a[i], said_b[i], known.get(i), (a, b), sheets, hide) for i in both]
    drawn = {known[i].sample for i in both if i in known}
    used = [s for s in samples if s.sample_id in drawn]
    pairs, missed = weigh(pairs, used, known)
    problems += missed
    strange = len(both) - sum(i in known for i in both)
    if store is not None and strange:
        problems.append(_not_kept(strange, len(both)))
    of_samples = sum(of_sample(p, known) for p in pairs)
    weighted = len({p.weight for p in pairs}) > 1
    machine: Literal["a", "b"] | None = "a" if a == MACHINE else "b" if b == MACHINE else None
    return Agreement(
        a=_label(a, sheets),
        b=_label(b, sheets),
        machine=machine,
        run_id=_run_of(used, store),
        samples=tuple(s.sample_id for s in used),
        rows=len(pairs),
        design=design_in_words(used, of_samples, len(pairs) - of_samples),
        weighted=weighted,
        figures=tuple(agreement.figures(pairs)),
        scores=tuple(agreement.scores(pairs, machine)) if machine else (),
        confusion=tuple(agreement.confusion(pairs)),
        disagreements=tuple(agreement.disagreements(pairs)),
        problems=tuple(problems),
        kept=store is not None and not strange,
    )


def _codes(store: Store | None, samples: Sequence[Sample]) -> list[tuple[str, str]] | None:
    """Return the codes that may be used, as (id, name); None where no state tells them."""
    if store is None:
        return None
    book = codebook_of(store)
    return sorted({(c.id, c.label) for c in book.active()} | {c for s in samples for c in s.codes})


def _machine(known: Mapping[str, Known]) -> dict[str, Said]:
    return {
        ident: Said(
            kind=k.ruling.kind,
            codes=k.ruling.codes if k.ruling.kind in CODED_KINDS else (),
            tier=k.ruling.tier,
        )
        for ident, k in known.items()
    }


def _person(sheet: Answers) -> dict[str, Said]:
    return {
        ident: Said(kind=answer.kind, codes=answer.codes)
        for ident, answer in sheet.rows.items()
        if answer.kind is not None
    }


def _pair(
    ident: str,
    a: Said,
    b: Said,
    known: Known | None,
    names: tuple[str, str],
    sheets: Mapping[str, Answers],
    hide: Hide,
) -> Pair:
    rows = [(x, sheets[n].rows[ident]) for x, n in zip("AB", names, strict=True) if n in sheets]
    remark = "; ".join(f"{x}: {row.remark}" for x, row in rows if row.remark)
    if known is None:
        return Pair(row_id=ident, a=a, b=b, text=rows[0][1].text, remark=remark)
    ruling = known.ruling
    return Pair(
        row_id=ident,
        a=a,
        b=b,
        text=hide(ruling.text, ruling.doc_id) if known.quotable else WITHHELD,
        document=hide(ruling.path, None),
        weight=known.weight,
        group=known.group,
        remark=remark,
    )


def _label(name: str, sheets: Mapping[str, Answers]) -> str:
    """Return the name of a coder: the file's, with the initials in it."""
    if name == MACHINE:
        return MACHINE
    coders = ", ".join(sheets[name].coders[:3])
    return Path(name).name + (f" ({coders})" if coders else "")


def _run_of(used: Sequence[Sample], store: Store | None) -> str:
    if used:
        return used[-1].run_id
    known = store.runs() if store is not None else []
    return known[-1].run_id if known else ""


def _not_kept(strange: int, rows: int) -> Problem:
    return Problem(
        code="not-kept",
        message=f"the state does not know {strange} of the {rows} rows compared",
        hint="The figures are shown, and not kept in the state.",
    )


def _unknown(sheets: Iterable[Answers], known: Mapping[str, Known]) -> list[Problem]:
    found = []
    for sheet in sheets:
        strange = sorted(sheet.rows.keys() - known.keys())
        if strange:
            found.append(
                Problem(
                    code="unknown-id",
                    message=f"{sheet.name}: {len(strange)} ids are not known to the state:"
                    f" {_names(strange)}",
                    hint="The machine has no answer to them, and they have no weight. Is this the"
                    " sheet of another run or project?",
                )
            )
    return found


def _lone(
    name: str, own: Mapping[str, Said], other: Mapping[str, Said], sheets: Mapping[str, Answers]
) -> list[Problem]:
    """List what one answered and the other did not; rows left empty are said once."""
    if name == MACHINE:
        return []
    sheet, found = sheets[name], []
    if sheet.empty:
        found.append(
            Problem(
                code="empty",
                message=f"{sheet.name}: {sheet.empty} rows without a kind",
                hint="They are left out of every figure.",
            )
        )
    lone = sorted(own.keys() - other.keys())
    if lone:
        found.append(
            Problem(
                code="alone",
                message=f"{sheet.name}: {len(lone)} rows have no answer on the other side:"
                f" {_names(lone)}",
                hint="They are left out of every figure.",
            )
        )
    return found


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(i[:40] for i in ids[:LISTED]) + more
