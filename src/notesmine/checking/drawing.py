"""Which passages people code to check the machine: a stratified random sample of all passages.

Drawn so that what the machine is sure of, unsure of, and passed over can each be estimated: more
from what it took for an impediment than from the rest, and more from rare codes than their share.
Every passage has a known chance, and its weight says how many it stands for. Ranking is by hash of
the seed, so that the same call draws the same sample on every system and Python.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from notesmine.records import digest
from notesmine.rulings import Ruling
from notesmine.themes.coding import CODED_KINDS

#: From this probability of being an impediment on, a passage of another kind is a near miss: one
#: in ten of them would be an impediment if the classifier is right.
NEAR = 0.10
#: Groups in order, and the share of the sample that each gets. Half serves precision (what the
#: machine took for an impediment), half recall (what it passed over, near misses first).
SHARES = {
    "impediment, confirmed": 0.30,
    "impediment, to review": 0.22,
    "near miss": 0.18,
    "resolved, enabler or proposal": 0.10,
    "decision or status": 0.10,
    "left out by rule or as boilerplate": 0.10,
}
#: Groups that are divided by first code, and the rows that a cell has on average, at least: with
#: more cells the common codes would get no more rows than the rare ones, and weigh too much.
BY_CODE = frozenset({"impediment, confirmed", "impediment, to review"})
ROWS_A_CELL = 3
LEAST = 2  # rows of a group or cell, so that its spread can be seen
CONTEXT = 300  # characters of the passage before and after
HASH = 16  # hexadecimal digits that make a number between 0 and 1


class Row(Struct, frozen=True, kw_only=True):
    """A drawn passage with the machine's answer; ``weight`` is how many passages it stands for."""

    row_id: str
    ruling: Ruling
    group: str
    cell: str
    weight: float
    before: str = ""
    after: str = ""


class Stratum(Struct, frozen=True, kw_only=True):
    """A cell of the population: how many passages it holds, and how many were drawn."""

    group: str
    cell: str
    population: int
    drawn: int


class Sample(Struct, frozen=True, kw_only=True):
    """A drawn sample, as the state keeps it. ``withheld`` passages are not for quotation.

    ``codes`` are (id, name) of the codebook's active codes, which answers are checked against.
    """

    sample_id: str
    run_id: str
    seed: int
    asked: int
    rows: tuple[Row, ...]
    strata: tuple[Stratum, ...]
    population: int
    withheld: int
    codes: tuple[tuple[str, str], ...]

    def by_group(self) -> list[tuple[str, int, int]]:
        """Return (group, drawn, population) of each group."""
        groups = sorted({s.group for s in self.strata}, key=lambda g: (*SHARES, g).index(g))
        return [
            (
                group,
                sum(s.drawn for s in self.strata if s.group == group),
                sum(s.population for s in self.strata if s.group == group),
            )
            for group in groups
        ]


def draw(
    rulings: Sequence[Ruling],
    n: int,
    seed: int,
    run_id: str,
    codes: Sequence[tuple[str, str]],
    *,
    all_passages: bool = False,
) -> Sample:
    """Draw a sample of a run's passages.

    Parameters
    ----------
    rulings : sequence of Ruling
        In canonical order.
    n : int
        Passages to draw; all where there are fewer.
    seed : int
    run_id : str
    codes : sequence of (id, name)
    all_passages : bool, default False
        Draw passages not for quotation too.

    Returns
    -------
    Sample
        Its rows in random order.
    """
    open_to_all = [r for r in rulings if r.quotable or all_passages]
    sample_id = "S-" + digest(run_id, str(n), str(seed), str(all_passages), length=10)
    groups: dict[str, list[Ruling]] = {}
    for ruling in open_to_all:
        groups.setdefault(group_of(ruling), []).append(ruling)
    if n < LEAST * len(groups):  # too few to go round: a simple random sample
        groups = {"all": open_to_all} if open_to_all else {}
    sizes = {g: len(groups[g]) for g in sorted(groups)}
    budget = allocate(n, sizes, {g: SHARES.get(g, 1.0) for g in sizes})
    place = {r.quote_id: at for at, r in enumerate(open_to_all)}
    rows, strata = [], []
    for group, number in budget.items():
        for cell, (members, wanted) in _cells(group, groups[group], number).items():
            picked = _systematic(members, wanted, digest(sample_id, group, cell, length=HASH))
            strata.append(
                Stratum(group=group, cell=cell, population=len(members), drawn=len(picked))
            )
            for ruling in picked:
                before, after = _context(open_to_all, place[ruling.quote_id])
                rows.append(
                    Row(
                        row_id="P-" + digest(sample_id, ruling.quote_id, length=10),
                        ruling=ruling,
                        group=group,
                        cell=cell,
                        weight=len(members) / len(picked),
                        before=before,
                        after=after,
                    )
                )
    return Sample(
        sample_id=sample_id,
        run_id=run_id,
        seed=seed,
        asked=n,
        rows=tuple(sorted(rows, key=lambda r: digest(r.row_id, length=HASH))),
        strata=tuple(strata),
        population=len(open_to_all),
        withheld=len(rulings) - len(open_to_all),
        codes=tuple(codes),
    )


def group_of(ruling: Ruling) -> str:
    """Return the group of a passage, by the machine's answer."""
    if ruling.kind == "impediment":
        word = "confirmed" if ruling.tier == "confirmed" else "to review"
        return f"impediment, {word}"
    if ruling.kind == "boilerplate":
        return "left out by rule or as boilerplate"
    if ruling.probability >= NEAR:
        return "near miss"
    if ruling.kind in CODED_KINDS:
        return "resolved, enabler or proposal"
    return "decision or status"


def allocate(n: int, sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """Divide ``n`` by shares; nobody gets more than there is, and each `LEAST` where possible.

    Examples
    --------
    >>> allocate(10, {"a": 100, "b": 3}, {"a": 0.5, "b": 0.5})
    {'a': 7, 'b': 3}
    """
    given = {g: min(LEAST, sizes[g]) if n >= LEAST * len(sizes) else 0 for g in sizes}
    while (left := min(n, sum(sizes.values())) - sum(given.values())) > 0:
        room = [g for g in sizes if given[g] < sizes[g]]
        # One at a time to whoever is furthest below its share (D'Hondt), ties by order.
        best = max(room, key=lambda g: (shares[g] / (given[g] + 1), -list(sizes).index(g)))
        given[best] += 1
        if left == 1:
            break
    return given


def _cells(group: str, members: list[Ruling], number: int) -> dict[str, tuple[list[Ruling], int]]:
    """Divide a group by first code: cell to (its passages, how many to draw of them).

    Rare codes get more than their share (power allocation with exponent 1/2: Bankier 1988, Power
    allocations, The American Statistician 42:174-177). Cells for which nothing would be left are
    put together, so that no passage is without a chance.
    """
    if group not in BY_CODE:
        return {"all": (members, number)} if number else {}
    cells: dict[str, list[Ruling]] = {}
    for ruling in members:
        cells.setdefault(ruling.codes[0] if ruling.codes else "no code", []).append(ruling)
    order = sorted(cells, key=lambda c: (-len(cells[c]), c))
    most = max(1, number // ROWS_A_CELL)
    if len(order) > most:
        rest = [r for c in order[most - 1 :] for r in cells[c]]
        cells = {c: cells[c] for c in order[: most - 1]} | {"other codes": rest}
    sizes = {c: len(cells[c]) for c in sorted(cells)}
    numbers = allocate(number, sizes, {c: math.sqrt(n) for c, n in sizes.items()})
    return {c: (cells[c], numbers[c]) for c in sizes if numbers[c]}


def _systematic(members: Sequence[Ruling], number: int, salt: str) -> list[Ruling]:
    """Draw every k-th passage from a random start, in order of documents: all are spread over."""
    ordered = sorted(members, key=lambda r: (r.date or "9999", r.doc_id, r.start, r.end))
    start = int(salt, 16) / 16**HASH
    return [ordered[int((start + i) * len(ordered) / number)] for i in range(number)]


def _context(rulings: Sequence[Ruling], at: int) -> tuple[str, str]:
    """Return what stands before and after a passage; nothing not for quotation is among it."""
    own = rulings[at].doc_id
    before = rulings[at - 1] if at else None
    after = rulings[at + 1] if at + 1 < len(rulings) else None
    return (
        before.text[-CONTEXT:] if before and before.doc_id == own else "",
        after.text[:CONTEXT] if after and after.doc_id == own else "",
    )
