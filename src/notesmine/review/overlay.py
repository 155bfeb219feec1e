"""What holds of passages and themes now: the last run, and over it the decisions taken since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from notesmine.exchange.amend import Decided, amended, decided, standing
from notesmine.exchange.anchor import Finder
from notesmine.exchange.decision import Decision
from notesmine.exchange.project import Project
from notesmine.exchange.replay import anchor_of
from notesmine.exchange.settle import Conflict, Settled, answer, question, settle
from notesmine.records import Kind, Passage, Problem, Tier, digest
from notesmine.rulings import Ruling
from notesmine.themes.coding import CODED_KINDS


class Label(Struct, frozen=True, kw_only=True):
    """A code or theme as it is called now; ``into`` is set where it went into another."""

    ident: str
    name: str
    definition: str
    emergent: bool
    into: str = ""
    retired: bool = False

    @property
    def in_use(self) -> bool:
        """Whether passages can bear it."""
        return not self.into and not self.retired


class Standing(Struct, frozen=True, kw_only=True):
    """A passage as it stands."""

    kind: Kind
    tier: Tier
    themes: tuple[str, ...]
    pinned: bool
    quotable: bool
    conflicts: tuple[Conflict, ...] = ()
    anew: bool = False

    def stamp(self, run_id: str) -> str:
        """Return a hash of what a person who looks at the passage sees of it."""
        torn = [[d.moment for d in c.decisions] for c in self.conflicts]
        seen = [self.kind, self.themes, self.pinned, self.quotable, torn, run_id]
        return digest(msgspec.json.encode(seen), length=16)


class Overlay:
    """The decisions laid over one run.

    Parameters
    ----------
    project : Project
    finder : Finder
        Of its passages, by quote id.
    decisions : sequence of Decision
    places : dict of str to tuple of str
        Quote ids by key of decision, where they were found before; filled further.
    """

    def __init__(
        self,
        project: Project,
        finder: Finder,
        decisions: Sequence[Decision],
        places: dict[str, tuple[str, ...]],
    ) -> None:
        self.decided: Decided = decided(decisions)
        self.book, self.refused = amended(project.book, self.decided)
        self.labels = _labels(project, self)
        self.of: dict[str, dict[tuple[str, str], Settled]] = {}
        self.conflicts: dict[str, list[Conflict]] = {}
        self.told: dict[str, list[Decision]] = {}
        self.last: dict[tuple[str, str, str, str], str] = {}
        placed: list[tuple[str, Decision]] = []
        for decision in decisions:
            if not decision.about_passage:
                self.last[decision.who, decision.on, *question(decision)] = answer(decision)
                continue
            if decision.key not in places:
                place = finder.find(anchor_of(decision))
                found = finder.at(place) if place is not None else []
                places[decision.key] = tuple(p.passage_id for p in found)
            for quote_id in places[decision.key]:
                placed.append((quote_id, decision))
                self.told.setdefault(quote_id, []).append(decision)
                self.last[self._key(decision, quote_id)] = answer(decision)
        settled, conflicts = settle(placed, self.standing)
        for (quote_id, aspect, code), held in settled.items():
            self.of.setdefault(quote_id, {})[aspect, code] = held
        for conflict in conflicts:
            for quote_id in places[conflict.decisions[0].key]:
                self.conflicts.setdefault(quote_id, []).append(conflict)

    def standing(self, code: str) -> str:
        """Return the code or theme that stands for another now."""
        return standing(code, self.decided, self.book)

    def _key(self, decision: Decision, target: str) -> tuple[str, str, str, str]:
        aspect, code = question(decision)
        return decision.who, target, aspect, self.standing(code) if code else ""

    def said_already(self, decision: Decision, target: str) -> bool:
        """Whether a person's last word on a question is what a decision says."""
        key = self._key(decision, target)
        return key in self.last and self.last[key] == answer(decision)

    def looked_at(self, quote_id: str, who: str = "") -> bool:
        """Whether a person, or anybody, decided about a passage."""
        return any(not who or d.who == who for d in self.told.get(quote_id, ()))

    def of_passage(self, ruling: Ruling) -> Standing:
        """Return a passage as it stands."""
        own: Mapping[tuple[str, str], Settled] = self.of.get(ruling.quote_id, {})
        kind, tier, borne, pinned = ruling.kind, ruling.tier, ruling.theme_ids, ruling.pinned
        gone = self._gone(ruling)
        if gone and ruling.machine is not None:  # what was taken back holds no more
            machine = ruling.machine
            kind, tier, borne, pinned = machine.kind, machine.tier, machine.theme_ids, False
        if ("kind", "") in own:
            kind, tier = own["kind", ""].value, "confirmed"  # type: ignore[assignment]
        ids = dict.fromkeys(self.standing(t) for t in borne)
        ids = ids if kind in CODED_KINDS else {}
        for (aspect, code), held in own.items():
            if aspect == "code" and held.value:
                ids = {code: None} | ids
            elif aspect == "code":
                ids.pop(code, None)
        pin, veto = own.get(("pin", "")), own.get(("veto", ""))
        return Standing(
            kind=kind,
            tier=tier,
            themes=tuple(t for t in ids if t in self.labels and self.labels[t].in_use),
            pinned=pinned if pin is None else bool(pin.value),
            quotable=ruling.quotable if veto is None else not veto.value,
            conflicts=tuple(self.conflicts.get(ruling.quote_id, ())),
            anew=gone,
        )

    def _gone(self, ruling: Ruling) -> bool:
        """Whether something that held of a passage in the run was taken back since."""
        told = self.told.get(ruling.quote_id, ())
        if ruling.decisions:
            return not set(ruling.decisions) <= {d.moment for d in told}
        return bool(set(ruling.decided_by) - {d.who for d in told})


def finder_of(project: Project) -> Finder:
    """Return what finds the passages of a run again, by their quotes' ids."""
    return Finder(
        project.documents,
        [
            Passage(
                passage_id=r.quote_id, doc_id=r.doc_id, start=r.start, end=r.end, text=r.text,
                type="other",
            )
            for r in project.rulings
            if r.doc_id in project.documents
        ],
    )  # fmt: skip


def problem_of(problems: Sequence[Problem], before: Sequence[Problem]) -> str:
    """Return what a decision would bring that cannot be taken; the empty text if nothing."""
    known = {p.message for p in before}
    return next((p.message for p in problems if p.message not in known), "")


def _labels(project: Project, over: Overlay) -> dict[str, Label]:
    found: dict[str, Label] = {}
    for code in over.book.codes:
        into = over.standing(code.id)
        found[code.id] = Label(
            ident=code.id,
            name=code.label,
            definition=code.definition,
            emergent=False,
            into="" if into == code.id else into,
            retired=code.retired,
        )
    for ident, item in project.evidence.items():
        if item.theme.origin != "emergent":
            continue
        fate = over.decided.settled(ident, "fate")
        into = over.standing(ident)
        found[ident] = Label(
            ident=ident,
            name=over.decided.settled(ident, "rename") or item.theme.label,
            definition=over.decided.settled(ident, "redefine") or item.theme.definition,
            emergent=True,
            into="" if into == ident else into,
            retired=fate == "",
        )
    return found
