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
from notesmine.checking.agreement import Difference, Figure, Pair, Said, Score
from notesmine.checking.answers import Answers, read_answers
from notesmine.checking.drawing import Sample
from notesmine.checking.sampling import codebook_of
from notesmine.checking.sheet import as_published
from notesmine.errors import InputError
from notesmine.records import Problem, digest
from notesmine.rulings import Ruling, kept
from notesmine.store import Store, state_folder
from notesmine.themes.coding import CODED_KINDS

MACHINE = "machine"
LISTED = 20  # ids named one by one in a problem


class Agreement(Struct, frozen=True, kw_only=True):
    """What a comparison found. ``machine`` is which of the two is the machine, None for neither.

    ``design`` says in words what the rows are a sample of; ``weighted`` whether they were drawn
    with unequal chances.
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
        Kept in the state too, where there is one, without the texts.

    Raises
    ------
    InputError
        If both are the machine, a sheet cannot be read, or no passage was answered by both.
    StateError
        If the machine is to be compared and there is no state.
    """
    if MACHINE in {a, b} and a == b:
        raise InputError("the machine cannot be compared with itself", "Name a filled-in sheet.")
    home = state_folder(out, state)
    if not (home / "state.sqlite").is_file():
        if MACHINE in {a, b}:
            Store(home, write=False)
        return _compare(a, b, None)
    with Store(home) as store:
        found = _compare(a, b, store)
        slim = msgspec.structs.replace(found, disagreements=(), problems=())
        store.keep_agreement(_key(found), msgspec.msgpack.encode(slim))
    return found


def kept_agreements(store: Store) -> list[Agreement]:
    """Return the comparisons kept in a state, oldest first, for the report's method section."""
    return [msgspec.msgpack.decode(body, type=Agreement) for body in store.agreements().values()]


def _key(found: Agreement) -> str:
    return digest(found.run_id, found.a, found.b, *found.samples, length=16)


class _Known(Struct, frozen=True):
    """What is known of a passage by its id: the machine's answer, its document, its weight."""

    ruling: Ruling
    weight: float
    group: str
    sample: str


def _compare(a: str, b: str, store: Store | None) -> Agreement:
    samples = [] if store is None else [
        msgspec.msgpack.decode(body, type=Sample) for body in store.samples().values()
    ]  # fmt: skip
    book = codebook_of(store)
    codes = {(c.id, c.label) for c in book.active()} | {c for s in samples for c in s.codes}
    sheets = {name: read_answers(Path(name), sorted(codes)) for name in (a, b) if name != MACHINE}
    ids = {row for sheet in sheets.values() for row in sheet.rows}
    known = _known(ids, samples, store)
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
            " that `notesmine sample` wrote, and the state that of its run (-o, --state).",
        )
    problems += _lone(a, said_a, said_b, sheets) + _lone(b, said_b, said_a, sheets)
    pairs = [_pair(i, said_a[i], said_b[i], known.get(i), sheets.values()) for i in both]
    used = tuple(sorted({k.sample for i in both if (k := known.get(i)) and k.sample}))
    pairs, missed = _weigh(pairs, used, samples, known)
    problems += missed
    weighted = len({p.weight for p in pairs}) > 1
    machine: Literal["a", "b"] | None = "a" if a == MACHINE else "b" if b == MACHINE else None
    return Agreement(
        a=_label(a, sheets),
        b=_label(b, sheets),
        machine=machine,
        run_id=_run_of(used, samples, store),
        samples=used,
        rows=len(pairs),
        design=_design(used, samples, len(pairs)),
        weighted=weighted,
        figures=tuple(agreement.figures(pairs)),
        scores=tuple(agreement.scores(pairs, machine)) if machine else (),
        confusion=tuple(agreement.confusion(pairs)),
        disagreements=tuple(agreement.disagreements(pairs)),
        problems=tuple(problems),
    )


def _known(ids: set[str], samples: Sequence[Sample], store: Store | None) -> dict[str, _Known]:
    """Look ids up: rows of samples first, then quotes and passages of the newest run."""
    known = {
        row.row_id: _Known(row.ruling, row.weight, row.group, drawn.sample_id)
        for drawn in samples
        for row in drawn.rows
        if row.row_id in ids
    }
    if store is not None and ids - known.keys():
        for ruling in kept(store) or ():
            for ident in {ruling.quote_id, ruling.passage_id} & ids:
                known.setdefault(ident, _Known(ruling, 1.0, "", ""))
    return known


def _machine(known: Mapping[str, _Known]) -> dict[str, Said]:
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


def _pair(ident: str, a: Said, b: Said, known: _Known | None, sheets: Iterable[Answers]) -> Pair:
    if known is None:
        text = next((s.rows[ident].text for s in sheets if ident in s.rows), "")
        return Pair(row_id=ident, a=a, b=b, text=as_published(text))
    return Pair(
        row_id=ident,
        a=a,
        b=b,
        text=as_published(known.ruling.text),
        document=as_published(known.ruling.path),
        weight=known.weight,
        group=known.group,
    )


def _weigh(
    pairs: Sequence[Pair],
    used: Sequence[str],
    samples: Sequence[Sample],
    known: Mapping[str, _Known],
) -> tuple[list[Pair], list[Problem]]:
    """Let the rows that were answered stand for those of their group that were not.

    Rows of unknown origin, or of several samples, have no weight.
    """
    own = [s for s in samples if s.sample_id in used]
    if len(own) != 1 or any(not known[p.row_id].sample for p in pairs if p.row_id in known):
        return [msgspec.structs.replace(p, weight=1.0, group="") for p in pairs], []
    problems, factors = [], {}
    for group, _, population in own[0].by_group():
        answered = sum(p.weight for p in pairs if p.group == group)
        if answered:
            factors[group] = population / answered
        else:
            problems.append(
                Problem(
                    code="group-empty",
                    message=f"no row of the group '{group}' was answered by both:"
                    f" figures for all passages leave out its {population} passages",
                    hint="Fill in the whole sheet.",
                )
            )
    weighed = [
        msgspec.structs.replace(p, weight=round(p.weight * factors.get(p.group, 1.0), 9))
        for p in pairs
    ]
    return weighed, problems


def _label(name: str, sheets: Mapping[str, Answers]) -> str:
    """Return the name of a coder: the file's, with the initials in it."""
    if name == MACHINE:
        return MACHINE
    coders = ", ".join(sheets[name].coders[:3])
    return Path(name).name + (f" ({coders})" if coders else "")


def _run_of(used: Sequence[str], samples: Sequence[Sample], store: Store | None) -> str:
    runs = [s.run_id for s in samples if s.sample_id in used]
    if runs:
        return runs[-1]
    known = store.runs() if store is not None else []
    return known[-1].run_id if known else ""


def _design(used: Sequence[str], samples: Sequence[Sample], rows: int) -> str:
    own = [s for s in samples if s.sample_id in used]
    if len(own) != 1:
        return f"{rows} rows of unknown origin: no weights, figures describe these rows only"
    drawn = own[0]
    withheld = f", {drawn.withheld} not for quotation left out" if drawn.withheld else ""
    return (
        f"{rows} of {len(drawn.rows)} rows of the sample {drawn.sample_id}, drawn from"
        f" {drawn.population} passages of the run {drawn.run_id}{withheld}"
    )


def _unknown(sheets: Iterable[Answers], known: Mapping[str, _Known]) -> list[Problem]:
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
