"""What is known of compared rows: the machine's answer, the sample they are of, their weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from notesmine.checking.drawing import Sample
from notesmine.checking.pairs import Pair
from notesmine.records import Problem
from notesmine.rulings import Ruling


class Known(Struct, frozen=True):
    """What is known of a passage by its id; ``sample`` is empty where it was not drawn.

    ``quotable`` is by the run it was drawn from and by the newest one.
    """

    ruling: Ruling
    weight: float
    group: str
    sample: str
    quotable: bool


def look_up(ids: set[str], samples: Sequence[Sample], newest: Sequence[Ruling]) -> dict[str, Known]:
    """Look ids up: rows of samples first, then quotes and passages of the newest run."""
    withheld = {r.quote_id for r in newest if not r.quotable}
    known = {
        row.row_id: Known(
            row.ruling,
            row.weight,
            row.group,
            drawn.sample_id,
            row.ruling.quotable and row.ruling.quote_id not in withheld,
        )
        for drawn in samples
        for row in drawn.rows
        if row.row_id in ids
    }
    if ids - known.keys():
        for ruling in newest:
            for ident in {ruling.quote_id, ruling.passage_id} & ids:
                known.setdefault(ident, Known(ruling, 1.0, "", "", ruling.quotable))
    return known


def weigh(
    pairs: Sequence[Pair], used: Sequence[Sample], known: Mapping[str, Known]
) -> tuple[list[Pair], list[Problem]]:
    """Let the rows that were answered stand for those of their group that were not.

    Rows of one sample have weights; what stands among them from elsewhere has none, and is left
    out of weighted figures. Rows of several samples, or of none, all count as one.
    """
    if len(used) != 1:
        return [msgspec.structs.replace(p, weight=1.0, group="") for p in pairs], []
    drawn, problems = used[0], []
    own = [p for p in pairs if of_sample(p, known)]
    factors = {}
    for group, _, population in drawn.by_group():
        answered = sum(p.weight for p in own if p.group == group)
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
    if len(own) < len(pairs):
        problems.append(
            Problem(
                code="no-weight",
                message=f"{len(pairs) - len(own)} rows are not of the sample {drawn.sample_id}",
                hint="Kappa and alpha of the rows count them; precision, recall, F1 and kappa of"
                " all passages leave them out.",
            )
        )
    weighed = [
        msgspec.structs.replace(p, weight=round(p.weight * factors[p.group], 9))
        if of_sample(p, known)
        else msgspec.structs.replace(p, weight=0.0, group="")
        for p in pairs
    ]
    return weighed, problems


def of_sample(pair: Pair, known: Mapping[str, Known]) -> bool:
    """Whether a row was drawn for a sample."""
    return pair.row_id in known and known[pair.row_id].sample != ""


def design_in_words(used: Sequence[Sample], drawn: int, elsewhere: int) -> str:
    """Say what the compared rows are: how many were drawn for samples, how many were not."""
    if len(used) != 1:
        origin = f"of {len(used)} samples" if used else "of unknown origin"
        more = " and of unknown origin" if used and elsewhere else ""
        rows = drawn + elsewhere
        return f"{rows} rows {origin}{more}: no weights, figures describe these rows only"
    sample = used[0]
    withheld = f", {sample.withheld} not for quotation left out" if sample.withheld else ""
    more = f"; and {elsewhere} rows of unknown origin, which stand for no others"
    return (
        f"{drawn} of {len(sample.rows)} rows of the sample {sample.sample_id}, drawn from"
        f" {sample.population} passages of the run {sample.run_id}{withheld}"
        + (more if elsewhere else "")
    )
