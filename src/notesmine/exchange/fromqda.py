"""A REFI-QDA project that came back, compared with the run that it was exported from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notesmine.errors import InputError
from notesmine.exchange.changes import Author, Changes, Drafts
from notesmine.exchange.codes import Matched, match_codes
from notesmine.exchange.decision import Decision
from notesmine.exchange.foreign import Foreign, ForeignCoding
from notesmine.exchange.names import Hide
from notesmine.exchange.placing import Placed, place
from notesmine.exchange.project import KIND, MARK, PINNED, REVIEW, UNQUOTED, Project, borne
from notesmine.exchange.qdpx import MACHINE, line
from notesmine.records import KINDS
from notesmine.rulings import Ruling

#: What a passage is taken for from which people took every code.
NO_HINDRANCE = "status"


def compare(
    foreign: Foreign,
    project: Project,
    author: Author,
    hides: tuple[Hide, ...],
    taken: Sequence[Decision],
) -> Changes:
    """Return what people changed in a project.

    Raises
    ------
    InputError
        If the project has nothing to do with these notes.
    """
    placed = place(foreign, project, hides)
    known = [n.ident for n in project.nodes]
    rulings = {r.quote_id: r for r in project.rulings}
    before = {r.quote_id: set(borne(r, known)) for r in project.rulings}
    ours: dict[str, set[str]] = {}
    for quote_id, codes in before.items():
        for code in codes:
            if rulings[quote_id].doc_id in placed.matched:
                ours.setdefault(code, set()).add(quote_id)
    theirs: dict[str, set[str]] = {}
    on: dict[str, dict[str, ForeignCoding]] = {}
    notes: dict[str, str] = {}
    for spot in placed.spots:
        for coding in spot.selection.codings:
            theirs.setdefault(coding.code, set()).add(spot.quote_id)
            on.setdefault(spot.quote_id, {}).setdefault(coding.code, coding)
        note = spot.selection.note
        if note and spot.quote_id not in note:
            notes[spot.quote_id] = note
    matched = match_codes(foreign, project, hides, ours, theirs)
    if not placed.matched or not matched.same:
        raise InputError(
            f"{foreign.name} holds neither a note nor a code of this run",
            "Name the outputs that it was exported from with -o.",
        )
    drafts = Drafts(project, author)
    drafts.left_out += [*foreign.left_out, *_not_found(placed)]
    names = _codes(foreign, matched, drafts, hides)
    compare_one = _Passages(drafts, matched, names, known, taken)
    for quote_id, ruling in rulings.items():
        if ruling.doc_id in placed.matched:
            codings = on.get(quote_id, {})
            compare_one(ruling, before[quote_id], codings, notes.get(quote_id, ""))
    missing = sorted(set(project.documents) - placed.matched)
    sources = [project.documents[i] for i in missing]
    drafts.left_out += [
        f"{min(d.paths)}: not in the project; nothing is concluded from that"
        for d in sources
        if any(before[r.quote_id] for r in project.rulings if r.doc_id == d.doc_id)
    ]
    moved = [
        f"{rulings[s.quote_id].path}: {rulings[s.quote_id].text[:80]}"
        for s in placed.spots
        if s.how == "changed"
    ]
    return drafts.changes(foreign.name, taken, moved)


def _not_found(placed: Placed) -> list[str]:
    return [f"a coding whose words are in no passage: {text}" for text in placed.lost]


def _codes(
    foreign: Foreign, matched: Matched, drafts: Drafts, hides: Iterable[Hide]
) -> dict[str, str]:
    """Decide about codes; return our id of every foreign code."""
    project = drafts.project
    names = dict(matched.same)
    for code in matched.new:
        names[code.guid] = drafts.new_id(code.name)
    by_guid = {c.guid: c for c in foreign.codes}
    for code in matched.new:
        parent = names.get(code.parent, "")
        if parent.startswith((KIND, MARK)) or project.node(parent) is None:
            parent = parent if parent in {names[c.guid] for c in matched.new} else ""
        drafts.on_code(
            names[code.guid], "add", code.name, definition=code.description or code.name,
            parent=parent,
        )  # fmt: skip
    for ident, name in matched.renamed.items():
        drafts.on_code(ident, "rename", name)
    for code_guid, ident in matched.same.items():
        node, code = project.node(ident), by_guid[code_guid]
        if node is None or ident.startswith((KIND, MARK)):
            continue
        if ident not in matched.renamed and _name(code.name, ident) not in {
            _name(line(node.name, "", h), ident) for h in hides
        }:
            drafts.on_code(ident, "rename", _name(code.name, ident))
        said = " ".join(code.description.split())
        if said and said not in {line(node.description, "", h) for h in hides}:
            drafts.on_code(ident, "redefine", said)
        if (names.get(code.parent) or None) != node.parent:
            drafts.left_out.append(
                f"the code {code.name!r} stands elsewhere in the tree: set its parent in"
                " codebook.toml"
            )
    for ident, into in matched.merged.items():
        drafts.on_code(ident, "merge", into)
    for ident in matched.gone:
        drafts.on_code(ident, "retire")
    return names


def _name(name: str, ident: str) -> str:
    """Return the name of a code without the id that an export adds to it."""
    return " ".join(name.removesuffix(f"({ident})").split())


class _Passages:
    """Compares what each passage bore with what it bears."""

    def __init__(
        self,
        drafts: Drafts,
        matched: Matched,
        names: dict[str, str],
        known: Sequence[str],
        taken: Sequence[Decision],
    ) -> None:
        self.drafts, self.matched, self.names = drafts, matched, names
        self.known = frozenset(known)
        self.kinds_there = not any(KIND + k in matched.missing for k in KINDS)
        self.vetoed = {(d.doc, d.start, d.end) for d in taken if d.what == "veto"}

    def __call__(
        self, ruling: Ruling, before: set[str], codings: dict[str, ForeignCoding], why: str
    ) -> None:
        ended = {*self.matched.merged, *self.matched.gone}
        was = {self.matched.merged.get(c, c) for c in before} - set(self.matched.gone)
        now: dict[str, ForeignCoding] = {}
        for code_guid, coding in codings.items():
            if code_guid in self.names:
                now.setdefault(self.names[code_guid], coding)
            else:
                self.drafts.left_out.append(f"{ruling.path}: a coding with an unknown code")
        if not was and not now and not (before - ended):
            return
        self._kind(ruling, was, now, why)
        self._marks(ruling, was, now, why)
        if self.kinds_there and was and not now:
            return  # what is no hindrance bears no code: the kind says it
        for code in sorted(set(now) - was):
            if not code.startswith((KIND, MARK)):
                who, when = _by(now[code])
                self.drafts.on_passage(ruling, "code", code, who=who, when=when, why=why)
        for code in sorted(was - set(now)):
            if not code.startswith((KIND, MARK)):
                self.drafts.on_passage(ruling, "uncode", code, why=why)

    def _kind(self, ruling: Ruling, was: set[str], now: dict[str, ForeignCoding], why: str) -> None:
        if not self.kinds_there:
            return
        there = [c for c in now if c.startswith(KIND)]
        fresh = [c for c in there if c not in was]
        if len(fresh) > 1:
            listed = ", ".join(c.removeprefix(KIND) for c in sorted(fresh))
            self.drafts.left_out.append(f"{ruling.path}: {ruling.text[:60]!r} has kinds {listed}")
        elif fresh:
            who, when = _by(now[fresh[0]])
            kind = fresh[0].removeprefix(KIND)
            self.drafts.on_passage(ruling, "kind", kind, who=who, when=when, why=why)
        elif was and not now:
            self.drafts.on_passage(ruling, "kind", NO_HINDRANCE, why=why)
        elif not was and now and not there:
            who, when = _by(next(iter(now.values())))
            self.drafts.on_passage(ruling, "kind", "impediment", who=who, when=when, why=why)
        elif was and not there:
            self.drafts.left_out.append(
                f"{ruling.path}: {ruling.text[:60]!r} has lost its kind but not its codes; it stays"
                f" {ruling.kind}"
            )
        elif REVIEW in was and REVIEW not in now and REVIEW not in self.matched.missing:
            self.drafts.on_passage(ruling, "kind", ruling.kind, why=why)

    def _marks(
        self, ruling: Ruling, was: set[str], now: dict[str, ForeignCoding], why: str
    ) -> None:
        for mark, yes, no in ((PINNED, "pin", "unpin"), (UNQUOTED, "veto", "unveto")):
            if mark in self.matched.missing or not now:
                continue
            if mark in now and mark not in was:
                who, when = _by(now[mark])
                self.drafts.on_passage(ruling, yes, who=who, when=when, why=why)  # type: ignore[arg-type]
            elif mark in was and mark not in now:
                place = (ruling.doc_id, ruling.start, ruling.end)
                if mark == UNQUOTED and place not in self.vetoed:
                    self.drafts.left_out.append(
                        f"{ruling.path}: {ruling.text[:60]!r} is marked in the note itself as not"
                        " for quotation"
                    )
                else:
                    self.drafts.on_passage(ruling, no, why=why)  # type: ignore[arg-type]


def _by(coding: ForeignCoding) -> tuple[str, str]:
    """Return who added a coding and when, empty where that is the machine."""
    return ("", "") if coding.who.casefold() in {"", MACHINE} else (coding.who, coding.when)
