"""From what a person did on the page to the decisions that say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from msgspec import Struct

from notesmine.errors import InputError
from notesmine.exchange.amend import amended, decided
from notesmine.exchange.changes import Author, Drafts
from notesmine.exchange.decision import Decision
from notesmine.exchange.project import Project
from notesmine.publish.text import one_line
from notesmine.records import KINDS
from notesmine.review.overlay import Overlay, Standing, problem_of
from notesmine.rulings import Ruling
from notesmine.themes.coding import CODED_KINDS

Deed = Literal[
    "accept", "reject", "kind", "recode", "give", "take", "pin", "veto", "rename", "merge", "split",
]  # fmt: skip
DEEDS: tuple[Deed, ...] = get_args(Deed)
#: The kind of what speaks of no hindrance.
NO_HINDRANCE = "status"


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the page asks for.

    ``value`` is a kind, or the id of a code or theme; ``on`` the theme that is renamed, merged or
    split, or under which a passage was looked at; ``name`` and ``definition`` are those of a new
    code or the new ones of ``on``; ``marked`` are the passages of a split.
    ``stamp`` is that of the card which the person saw. Of pin and veto ``value`` is yes or no.
    """

    deed: Deed
    who: str
    quote_id: str = ""
    value: str = ""
    on: str = ""
    name: str = ""
    definition: str = ""
    marked: tuple[str, ...] = ()
    stamp: str = ""
    why: str = ""


class _Deeds:
    """Drafts the decisions of one deed."""

    def __init__(
        self,
        asked: Asked,
        project: Project,
        over: Overlay,
        when: str,
        rulings: Mapping[str, Ruling],
    ) -> None:
        self.asked, self.project, self.over, self.rulings = asked, project, over, rulings
        self.drafts = Drafts(project, Author(who=asked.who, when=when))
        self.drafts.ids |= set(over.labels)

    # -- a passage ------------------------------------------------------------------------------

    def accept(self) -> None:
        """Say that its kind is right, and so are its codes."""
        ruling, now = self._passage()
        self._on(ruling, "kind", now.kind)
        for theme in now.themes:
            if not self.over.labels[theme].emergent:
                self._on(ruling, "code", theme)

    def reject(self) -> None:
        """Say that it speaks of no hindrance."""
        self._kind(NO_HINDRANCE)

    def kind(self) -> None:
        """Say that it is of another kind."""
        if self.asked.value not in KINDS:
            raise InputError(f"{self.asked.value!r} is no kind", f"Kinds: {', '.join(KINDS)}.")
        self._kind(self.asked.value)

    def _kind(self, kind: str) -> None:
        ruling, _ = self._passage()
        self._on(ruling, "kind", kind)
        if kind not in CODED_KINDS:  # codes that this person gave it teach nothing any more
            for (who, target, aspect, code), said in sorted(self.over.last.items()):
                if (who, target, aspect) == (self.asked.who, ruling.quote_id, "code") and said:
                    self._on(ruling, "uncode", code)

    def recode(self) -> None:
        """Say that its kind is right and its codes are not: it goes under one."""
        ruling, now = self._passage()
        chosen = self._chosen()
        self._coded(ruling, now)
        for theme in now.themes:
            if theme != chosen:
                self._on(ruling, "uncode", theme)
        self._on(ruling, "code", chosen)

    def give(self) -> None:
        """Give it a code more."""
        ruling, now = self._passage()
        chosen = self._chosen()
        if now.kind not in CODED_KINDS:
            self._coded(ruling, now)
        self._on(ruling, "code", chosen)

    def take(self) -> None:
        """Take a code away."""
        ruling, now = self._passage()
        if self.asked.value not in now.themes:
            raise InputError("the passage does not bear this code", "Reload the page.")
        self._on(ruling, "uncode", self.asked.value)

    def _coded(self, ruling: Ruling, now: Standing) -> None:
        self._on(ruling, "kind", now.kind if now.kind in CODED_KINDS else "impediment")

    def pin(self) -> None:
        """Show it first, or not any more."""
        ruling, _ = self._passage()
        self._on(ruling, "pin" if self._wished() else "unpin")

    def veto(self) -> None:
        """Never quote it, or allow it again."""
        ruling, now = self._passage()
        if self._wished():
            self._on(ruling, "veto")
        elif now.quotable or any(d.what == "veto" for d in self.over.told.get(ruling.quote_id, ())):
            self._on(ruling, "unveto")
        else:
            raise InputError(
                "the note itself marks this passage as not for quotation",
                "Change the mark in the note or in metadata.csv.",
            )

    def _wished(self) -> bool:
        """Whether it is to be so: said by the page, never turned round from what holds now."""
        if self.asked.value not in {"", "yes", "no"}:
            raise InputError(f"{self.asked.value!r} is neither yes nor no", "Reload the page.")
        return self.asked.value != "no"

    # -- codes and themes -----------------------------------------------------------------------

    def rename(self) -> None:
        """Call or define a code or theme otherwise."""
        label = self.over.labels[self._theme(self.asked.on)]
        name, definition = one_line(self.asked.name), one_line(self.asked.definition)
        if name and name != label.name:
            self._on_code(label.ident, "rename", name)
        if definition and definition != one_line(label.definition):
            self._on_code(label.ident, "redefine", definition)

    def merge(self) -> None:
        """Put a code or theme into another."""
        one, into = self._theme(self.asked.on), self._theme(self.asked.value)
        if one == into or self.over.standing(into) == one:
            raise InputError("a theme cannot go into itself", "Choose another one.")
        self._on_code(one, "merge", into)
        before = self.over.decided.decisions
        after = decided([*before, *self.drafts.decisions])
        fault = problem_of(amended(self.project.book, after)[1], self.over.refused)
        if fault:
            raise InputError(
                "a code of the codebook goes into a code of the codebook, not into a discovered"
                " theme",
                "Merge the theme into the code instead, and rename the code.",
            )

    def split(self) -> None:
        """Make passages of a theme a code of their own."""
        old = self._theme(self.asked.on)
        marked = [
            ruling_of(self.rulings, i)
            for i in dict.fromkeys(self.asked.marked or (self.asked.quote_id,))
        ]
        chosen = self._new()
        for ruling in marked:
            now = self.over.of_passage(ruling)
            if now.kind not in CODED_KINDS:
                self._coded(ruling, now)
            if old in now.themes:
                self._on(ruling, "uncode", old)
            self._on(ruling, "code", chosen)

    # -- what they share ------------------------------------------------------------------------

    def _passage(self) -> tuple[Ruling, Standing]:
        ruling = ruling_of(self.rulings, self.asked.quote_id)
        return ruling, self.over.of_passage(ruling)

    def _theme(self, ident: str) -> str:
        label = self.over.labels.get(ident)
        if label is None or not label.in_use:
            raise InputError(f"{ident!r} is no code or theme in use", "Choose one of the list.")
        return ident

    def _chosen(self) -> str:
        return self._theme(self.asked.value) if self.asked.value else self._new()

    def _new(self) -> str:
        """Return the id of a new code, or of the one in use that is called so."""
        name = one_line(self.asked.name)
        if not name:
            raise InputError("a new code needs a name", "Type one.")
        for label in self.over.labels.values():
            if label.in_use and name.casefold() in {label.name.casefold(), label.ident}:
                return label.ident
        ident = self.drafts.new_id(name)
        self._on_code(ident, "add", name, one_line(self.asked.definition) or name)
        return ident

    def _on(self, ruling: Ruling, what: str, value: str = "") -> None:
        self.drafts.on_passage(ruling, what, value, why=self.asked.why)  # type: ignore[arg-type]
        self._unless_said(ruling.quote_id)

    def _on_code(self, ident: str, what: str, value: str, definition: str = "") -> None:
        self.drafts.on_code(
            ident,
            what,  # type: ignore[arg-type]
            value,
            why=self.asked.why,
            definition=definition,
        )
        self._unless_said(ident)

    def _unless_said(self, target: str) -> None:
        """Leave out what is this person's last word already."""
        if self.over.said_already(self.drafts.decisions[-1], target):
            self.drafts.decisions.pop()


def ruling_of(rulings: Mapping[str, Ruling], quote_id: str) -> Ruling:
    """Return the machine's answers on a passage.

    Raises
    ------
    InputError
        If the run holds no such passage.
    """
    if quote_id not in rulings:
        raise InputError(f"the last run holds no passage {quote_id!r}", "Reload the page.")
    return rulings[quote_id]


def decisions_of(
    asked: Asked, project: Project, over: Overlay, when: str, rulings: Mapping[str, Ruling]
) -> list[Decision]:
    """Return the decisions that a deed takes; empty where the person decided so before.

    Raises
    ------
    InputError
        If the deed cannot be done; the message is for the page.
    """
    deeds = _Deeds(asked, project, over, when, rulings)
    doing: Callable[[], None] = getattr(deeds, asked.deed)
    doing()
    return deeds.drafts.decisions
