"""Replay people's decisions in a run: placed once, then over the machine's kinds and themes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from notesmine.evidence import Assigned, Machine
from notesmine.exchange.amend import Decided, standing
from notesmine.exchange.anchor import Anchor, Finder
from notesmine.exchange.decision import NAME, Decision
from notesmine.exchange.settle import Settled, settle
from notesmine.exchange.telling import told_over, with_codes
from notesmine.records import (
    CodeScore,
    Coding,
    Document,
    Judgement,
    Kind,
    Passage,
    Problem,
    Theme,
)
from notesmine.themes.codebook import Codebook
from notesmine.themes.coding import ASSIGN, CODED_KINDS, NEAR_FIRST
from notesmine.themes.stance import stance


class Replay:
    """People's decisions on the passages of one run.

    Parameters
    ----------
    decided : Decided
    documents : sequence of Document
    passages : sequence of Passage
        All that were judged.
    book : Codebook
        As amended: merged and retired codes are resolved by it.
    """

    def __init__(
        self,
        decided: Decided,
        documents: Sequence[Document],
        passages: Sequence[Passage],
        book: Codebook,
    ) -> None:
        self.decided = decided
        self.book = book
        self.lost: list[Decision] = []
        self.changed: list[Decision] = []
        self.moved = 0
        self.unknown: list[tuple[Decision, str]] = []
        placed = list(self._place(documents, passages)) if decided.decisions else []
        self.settled, self.conflicts = settle(placed, self._resolve)
        self.machine: dict[str, Judgement] = {}
        # Codes learnt from passages: no news to one that people coded themselves.
        self._made = {c for c, what, _ in decided.codes if what == "add"}
        self.of: dict[str, dict[tuple[str, str], Settled]] = {}
        for (passage_id, aspect, code), found in self.settled.items():
            self.of.setdefault(passage_id, {})[aspect, code] = found

    def _place(
        self, documents: Sequence[Document], passages: Sequence[Passage]
    ) -> Iterable[tuple[str, Decision]]:
        finder = Finder({d.doc_id: d for d in documents}, passages)
        for decision in self.decided.decisions:
            if not decision.about_passage:
                continue
            place = finder.find(anchor_of(decision))
            targets = finder.at(place) if place is not None else []
            if place is None or not targets:
                self.lost.append(decision)
                continue
            self.moved += place.how == "moved"
            if place.how == "changed":
                self.changed.append(decision)
            for passage in targets:
                yield passage.passage_id, decision

    def _resolve(self, code: str) -> str:
        return standing(code, self.decided, self.book)

    # -- judgements ---------------------------------------------------------------------------

    def overrule(self, passage: Passage, judgement: Judgement) -> tuple[Passage, Judgement]:
        """Return a passage and its judgement as people decided, else as they are.

        What the machine said is noted, for `codable_kind` and `assign`.
        """
        own = self.of.get(passage.passage_id)
        if not own:
            return passage, judgement
        self.machine[passage.passage_id] = judgement
        veto, kind = own.get(("veto", "")), own.get(("kind", ""))
        if veto is not None and veto.value:
            passage = msgspec.structs.replace(passage, quotable=False)
        if kind is not None:
            judgement = Judgement(
                kind=_kind(kind.value),
                scores={kind.value: 1.0},
                why=told_over(judgement, kind),
                tier="confirmed",
            )
        return passage, judgement

    def codable_kind(self, passage: Passage, kind: Kind) -> Kind:
        """Return the kind under which a passage's codes are looked for.

        Where people say that it speaks of no hindrance, the machine's own kind: its codes are not
        assigned then, and kept as what the machine said.
        """
        said = self.machine.get(passage.passage_id)
        return kind if said is None or kind in CODED_KINDS else said.kind

    def coded(self, passage: Passage) -> bool:
        """Whether people gave a passage codes, or took some from it."""
        return any(aspect == "code" for aspect, _ in self.of.get(passage.passage_id, ()))

    # -- themes -------------------------------------------------------------------------------

    def themes(self, themes: Sequence[Theme]) -> list[Theme]:
        """Return the themes with people's names; those merged or retired by people are left out."""
        known = {t.theme_id for t in themes}
        out = []
        for theme in themes:
            if theme.origin == "emergent":
                fate = self.decided.settled(theme.theme_id, "fate")
                if fate == "" or (fate and self._resolve(theme.theme_id) in known):
                    continue
                theme = msgspec.structs.replace(
                    theme,
                    label=self.decided.settled(theme.theme_id, "rename") or theme.label,
                    definition=self.decided.settled(theme.theme_id, "redefine") or theme.definition,
                )
            out.append(theme)
        self._note_unknown(known)
        return out

    def _note_unknown(self, known: set[str]) -> None:
        """Note decisions that name a code or theme which is not there."""
        codes = {c.id for c in self.book.codes}
        for (ident, _, _), settled in self.decided.codes.items():
            if ident not in known | codes:
                self.unknown.append((settled.by[0], f"there is no code or theme {ident!r} now"))
            elif (
                ident not in codes
                and settled.by[0].what == "merge"
                and self._resolve(settled.value) not in known
            ):
                why = f"there is no code or theme {settled.value!r} in use"
                self.unknown.append((settled.by[0], why))
        for (_, aspect, code), settled in self.settled.items():
            if aspect == "code" and settled.value and code not in known:
                self.unknown.append((settled.by[0], f"{code!r} is no code or theme in use"))

    def assign(self, assigned: Sequence[Assigned], themes: Sequence[Theme]) -> list[Assigned]:
        """Return passages with the themes that people gave them or took from them.

        Parameters
        ----------
        assigned : sequence of Assigned
        themes : sequence of Theme
            As `themes` returned them.
        """
        if not self.decided.decisions:
            return list(assigned)
        known = {t.theme_id for t in themes}
        return [self._assign(item, known) for item in assigned]

    def _assign(self, item: Assigned, known: set[str]) -> Assigned:
        own = self.of.get(item.passage.passage_id, {})
        machine = self._machine(item, known)
        coding = item.coding
        if ("kind", "") in own:
            coding = _recoded(coding, item.judgement.kind, item.passage.text)
        if self.coded(item.passage):
            for made in self._made & {c.code for c in coding.codes if c.assigned}:
                coding = _without(coding, made, "people made it, and not for this passage")
        ids = dict.fromkeys(c.code for c in coding.codes if c.assigned)
        ids |= dict.fromkeys(t for t in item.theme_ids if t not in {c.code for c in coding.codes})
        ids = dict.fromkeys(self._resolve(t) for t in ids)
        for (aspect, code), settled in own.items():
            if aspect == "code" and settled.value and code in known:
                ids = {code: None} | ids
                coding = _with(coding, code, f"decided by {', '.join(settled.people)}")
            elif aspect == "code" and not settled.value:
                ids.pop(code, None)
                coding = _without(coding, code, f"taken away by {', '.join(settled.people)}")
        people = dict.fromkeys(w for s in own.values() for w in s.people)
        pin = own.get(("pin", ""))
        return replace(
            item,
            judgement=with_codes(item.judgement, own),
            coding=coding,
            theme_ids=tuple(t for t in ids if t in known),
            pinned=pin is not None and bool(pin.value),
            decided_by=tuple(people),
            decisions=tuple(dict.fromkeys(d.moment for s in own.values() for d in s.by)),
            machine=machine,
        )

    def _machine(self, item: Assigned, known: set[str]) -> Machine | None:
        """Return what the machine said of a passage that people decided about.

        A code that people made and gave to this very passage is none that the machine found.
        """
        said = self.machine.get(item.passage.passage_id)
        if said is None:
            return None
        coding = item.coding
        if said.kind != item.judgement.kind:
            coding = _recoded(coding, said.kind, item.passage.text)
        ranked = {c.code for c in coding.codes}
        own = self.of.get(item.passage.passage_id, {})
        echo = {c for _, c in own} & self._made
        codes = tuple(c.code for c in coding.codes if c.assigned and c.code not in echo)
        ids = [*codes]
        if said.kind in CODED_KINDS:
            ids += [t for t in item.theme_ids if t not in ranked]
        return Machine(
            kind=said.kind,
            tier=said.tier,
            probability=round(float(said.scores.get("impediment", 0.0)), 4),
            codes=codes,
            theme_ids=tuple(t for t in dict.fromkeys(map(self._resolve, ids)) if t in known),
            why=said.why,
        )

    # -- what is told -------------------------------------------------------------------------

    def counts(self) -> dict[str, object]:
        """Return how many decisions there are and what became of them; empty where none is."""
        decisions = self.decided.decisions
        if not decisions:
            return {}
        every = [*self.decided.conflicts, *self.conflicts]
        held = {d.key for s in self.settled.values() for d in s.by}
        held |= {d.key for s in self.decided.codes.values() for d in s.by}
        held -= {d.key for d, _ in self.unknown}
        return {
            "decisions": {
                "read": len(decisions),
                "held": sum(d.key in held for d in decisions),
                "by_what": dict(sorted(Counter(d.what for d in decisions).items())),
                "people": len({d.who for d in decisions}),
                "found_again_moved": self.moved,
                "found_again_changed": len(self.changed),
                "not_placed": len(self.lost),
                "not_taken": len({d.key for d, _ in self.unknown}),
                "conflicts": len(every),
            }
        }

    def problems(self) -> list[Problem]:
        """Return what people should look at: conflicts, and what could not be placed or taken.

        Without the words of passages: one may be vetoed, and a name cut in two is not masked.
        """
        found = [
            _problem("decision-conflict",
                     f"people differ, the machine's answer stands: {c.told(words=False)}",
                     "Agree, and take one of the decisions away.")
            for c in [*self.decided.conflicts, *self.conflicts]
        ]  # fmt: skip
        found += [
            _problem("decision-not-placed",
                     f"the passage is not in the notes any more: {d.told(words=False)}",
                     "Decide anew on the changed note, or take the decision away.")
            for d in self.lost
        ]  # fmt: skip
        found += [
            _problem("decision-not-taken", f"{d.told(words=False)}: {why}",
                     "Correct it, or take the decision away.")
            for d, why in {d.key: (d, why) for d, why in self.unknown}.values()
        ]  # fmt: skip
        found += [
            _problem("decision-moved",
                     f"kept on a passage whose words have changed: {d.told(words=False)}",
                     "See whether the decision still fits.")
            for d in self.changed
        ]  # fmt: skip
        return found


def anchor_of(decision: Decision) -> Anchor:
    """Return where a decision was made."""
    return Anchor(
        doc=decision.doc, path=decision.path, start=decision.start, end=decision.end,
        text=decision.text, before=decision.before, after=decision.after,
    )  # fmt: skip


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, path=NAME)


def _kind(value: str) -> Kind:
    found: Kind = msgspec.convert(value, Kind)
    return found


def _recoded(coding: Coding, kind: Kind, text: str) -> Coding:
    """Return the coding of a passage whose kind people corrected, by the machine's own rule."""
    best = max((c.score for c in coding.codes), default=0.0)
    floor = max(ASSIGN, NEAR_FIRST * best)
    return Coding(
        codes=tuple(
            msgspec.structs.replace(c, assigned=kind in CODED_KINDS and c.score >= floor)
            for c in coding.codes
        ),
        stance=stance(kind, text),
    )


def _with(coding: Coding, code: str, why: str) -> Coding:
    rest = tuple(c for c in coding.codes if c.code != code)
    given = CodeScore(code=code, score=1.0, assigned=True, why=why)
    return msgspec.structs.replace(coding, codes=(given, *rest))


def _without(coding: Coding, code: str, why: str) -> Coding:
    return msgspec.structs.replace(
        coding,
        codes=tuple(
            msgspec.structs.replace(c, assigned=False, why=why) if c.code == code else c
            for c in coding.codes
        ),
    )
