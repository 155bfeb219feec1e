"""What people changed, as decisions: what a project and a workbook that come back share."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from notesmine.exchange.anchor import surroundings
from notesmine.exchange.decision import LONGEST_ID, Decision, What, one_spelling
from notesmine.exchange.project import Project
from notesmine.publish.text import one_line
from notesmine.records import digest
from notesmine.rulings import Ruling

#: What an import says of each kind of decision, in this order.
TOLD: tuple[tuple[What, str], ...] = (
    ("add", "codes added"),
    ("rename", "codes and themes renamed"),
    ("redefine", "codes and themes redefined"),
    ("merge", "codes and themes merged"),
    ("retire", "codes and themes retired"),
    ("kind", "kinds corrected or confirmed"),
    ("code", "codes given to passages"),
    ("uncode", "codes taken from passages"),
    ("pin", "quotes pinned"),
    ("unpin", "quotes no longer pinned"),
    ("veto", "quotes vetoed"),
    ("unveto", "vetoes taken back"),
)


class Changes(Struct, frozen=True, kw_only=True):
    """What a file would change.

    ``fresh`` are decisions that are not taken yet, ``known`` counts those that are; ``left_out``
    lists what cannot be placed or taken, ``moved`` what was found again elsewhere or reworded.
    """

    file: str
    run_id: str
    fresh: tuple[Decision, ...]
    known: int
    left_out: tuple[str, ...]
    moved: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the changes for people to read."""
        out = [f"{self.file}, exported from run {self.run_id}"]
        counts = Counter(d.what for d in self.fresh)
        if not self.fresh:
            out.append("No change" + (f" ({self.known} taken before)" if self.known else ""))
        for what, words in TOLD:
            if counts[what]:
                out.append(f"{counts[what]:4} {words}")
                out += [f"       {d.told()}" for d in self.fresh if d.what == what]
        if self.fresh and self.known:
            out.append(f"{self.known:4} decisions taken before")
        for title, listed in (("found again elsewhere, see if it fits", self.moved),
                              ("cannot be taken", self.left_out)):  # fmt: skip
            if listed:
                out.append(f"{len(listed):4} {title}")
                out += [f"       {one_line(text)}" for text in listed]
        return out


class Author(Struct, frozen=True, kw_only=True):
    """Who decides where the file does not say, and the day."""

    who: str
    when: str


class Drafts:
    """Collects decisions while a file is compared with the run that it came from."""

    def __init__(self, project: Project, author: Author) -> None:
        self.project, self.author = project, author
        self.decisions: list[Decision] = []
        self.left_out: list[str] = []
        self.ids = {c.id for c in project.book.codes} | {n.ident for n in project.nodes}

    def on_passage(
        self, ruling: Ruling, what: What, value: str = "", *, who: str = "", when: str = "",
        why: str = "",
    ) -> None:  # fmt: skip
        """Decide about a passage."""
        document = self.project.documents.get(ruling.doc_id)
        text = document.text if document is not None else ""
        before, after = surroundings(text, ruling.start, ruling.end)
        self.decisions.append(
            Decision(
                what=what, value=value, who=who or self.author.who,
                when=when or self.author.when, why=one_line(why), path=ruling.path,
                doc=ruling.doc_id, start=ruling.start, end=ruling.end, text=ruling.text,
                before=before, after=after,
            )
        )  # fmt: skip

    def on_code(
        self, ident: str, what: What, value: str = "", *, who: str = "", why: str = "",
        definition: str = "", parent: str = "",
    ) -> None:  # fmt: skip
        """Decide about a code or theme."""
        self.decisions.append(
            Decision(
                what=what, on=ident, value=one_line(value), who=who or self.author.who,
                when=self.author.when, why=one_line(why), definition=one_line(definition),
                parent=parent,
            )
        )  # fmt: skip

    def new_id(self, name: str) -> str:
        """Return an id for a new code: of its name, unlike all there are."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
        words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        ident = re.sub(r"^[^a-z]+", "", words)[: LONGEST_ID - 6].strip("-")
        ident = ident or "code-" + digest(name, length=6)
        number, base = 2, ident
        while ident in self.ids:
            ident = f"{base}-{number}"
            number += 1
        self.ids.add(ident)
        return ident

    def changes(self, file: str, taken: Iterable[Decision], moved: Sequence[str] = ()) -> Changes:
        """Return the decisions that are not taken yet, each once."""
        known = list(taken)
        spelt = one_spelling([*known, *self.decisions])
        before = {_same(d) for d in spelt[: len(known)]}
        fresh = {_same(d): d for d in spelt[len(known) :]}
        return Changes(
            file=file,
            run_id=self.project.run.run_id,
            fresh=tuple(d for key, d in fresh.items() if key not in before),
            known=sum(key in before for key in fresh),
            left_out=tuple(dict.fromkeys(self.left_out)),
            moved=tuple(dict.fromkeys(moved)),
        )


def _same(decision: Decision) -> tuple[object, ...]:
    """Return what makes two decisions one, whenever and why they were made."""
    return (
        decision.what, decision.who, decision.value, decision.on, decision.definition,
        decision.doc, decision.start, decision.end, decision.text,
    )  # fmt: skip
