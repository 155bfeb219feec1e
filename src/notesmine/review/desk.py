"""The review without a browser: which passages there are, what is shown of one, what is decided.

Everything here may be called from several threads; each call sees and leaves whole decisions.
"""

from __future__ import annotations

import datetime
import threading
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from notesmine.errors import InputError
from notesmine.exchange.amend import decisions_file
from notesmine.exchange.decision import Decision, person
from notesmine.exchange.names import hider
from notesmine.exchange.project import load_project
from notesmine.exchange.take import corpus_of
from notesmine.publish.text import one_line
from notesmine.records import KINDS
from notesmine.review.cards import Cards
from notesmine.review.deeds import Asked, decisions_of, ruling_of
from notesmine.review.ledger import Ledger
from notesmine.review.overlay import Overlay, finder_of
from notesmine.rulings import Ruling
from notesmine.store import Store, state_folder

LONGEST_INITIALS, LONGEST_WORDS = 40, 500
#: Filters by who looked at a passage.
SEEN = ("new", "unseen", "seen", "conflict", "all")
NO_THEME = "none"


class Filter(Struct, frozen=True, kw_only=True):
    """Which passages are gone through. Empty fields ask for nothing.

    ``theme`` is an id, or ``none``; ``seen`` is ``new`` (not yet looked at by this person),
    ``unseen`` (by nobody), ``seen`` (by somebody), ``conflict`` (people differ) or ``all``;
    ``words`` must all be in the passage as shown.
    """

    theme: str = ""
    tier: str = ""
    kind: str = ""
    seen: str = "all"
    words: str = ""


class Changed(InputError):
    """A passage stands otherwise than the person saw it; ``card`` says how."""

    def __init__(self, card: dict[str, Any]) -> None:
        super().__init__(
            "this passage was decided about, or run anew, since you saw it; nothing was taken",
            "Here is how it stands now: decide again.",
        )
        self.card = card


class Desk:
    """A finished run on the table, with people's decisions on it.

    Parameters
    ----------
    out : pathlib.Path
        The output folder of the run.
    state : pathlib.Path, optional
    corpus : pathlib.Path, optional
        Where the notes are, when not where the last run read them: decisions.toml is beside them.
    with_names : bool, default False
        Show the notes' words, without the pseudonyms of the outputs.

    Raises
    ------
    StateError
        If there is no finished run.
    InputError
        If the notes are not where they were.
    ConfigError
        If decisions.toml is not valid.
    """

    def __init__(
        self,
        out: Path,
        *,
        state: Path | None = None,
        corpus: Path | None = None,
        with_names: bool = False,
    ) -> None:
        self.home = state_folder(out, state)
        self.with_names = with_names
        self._lock = threading.RLock()
        with Store(self.home, write=False) as store:
            folder = corpus or corpus_of(store, "review OUT")
        self.ledger = Ledger(self.home, decisions_file(folder))
        self.taken = 0
        self.load()

    def load(self) -> None:
        """Take the newest run and all decisions from the disk."""
        with self._lock, Store(self.home, write=False) as store:
            self.project = load_project(store, names=self.with_names)
            hide = hider(store, with_names=self.with_names)
            known = self.ledger.read(store)
        self.cards = Cards(self.project, hide)
        self.rulings = {r.quote_id: r for r in self.project.rulings}
        documents = sorted(
            self.project.documents.values(), key=lambda d: (d.date or "9999", d.doc_id)
        )
        place = {d.doc_id: n for n, d in enumerate(documents)}
        self.order = sorted(
            self.rulings.values(), key=lambda r: (place.get(r.doc_id, len(place)), r.start, r.end)
        )
        self._finder = finder_of(self.project)
        self._places: dict[str, tuple[str, ...]] = {}
        self._lay(known)

    def _lay(self, decisions: tuple[Decision, ...]) -> None:
        self.over = Overlay(self.project, self._finder, decisions, self._places)

    def refresh(self) -> None:
        """Take what changed on the disk since: another run, decisions of somebody else."""
        with self._lock:
            with Store(self.home, write=False) as store:
                newest = store.newest_run()
                known = self.ledger.read(store)
            if newest not in {None, self.project.run.run_id}:
                self.load()
            elif known != self.over.decided.decisions:
                self._lay(known)

    # -- what there is --------------------------------------------------------------------------

    def overview(self, who: str, wanted: Filter) -> dict[str, Any]:
        """Return the passages of a filter, in order, and what there is to choose from."""
        with self._lock:
            self.refresh()
            who = self._spelt(who)
            ids, seen = [], []
            words = wanted.words.casefold().split()
            counts: dict[str, int] = {}
            themes: dict[str, int] = {}
            for ruling in self.order:
                now = self.over.of_passage(ruling)
                counts[now.kind] = counts.get(now.kind, 0) + 1
                for theme in now.themes:
                    themes[theme] = themes.get(theme, 0) + 1
                if wanted.kind not in {"", now.kind} or wanted.tier not in {"", now.tier}:
                    continue
                if wanted.theme == NO_THEME and now.themes:
                    continue
                if wanted.theme not in {"", NO_THEME, *now.themes}:
                    continue
                if not self._is_seen(ruling.quote_id, who, wanted.seen, bool(now.conflicts)):
                    continue
                if words:
                    text = self.cards.words(ruling)[1].casefold()
                    if not all(w in text for w in words):
                        continue
                ids.append(ruling.quote_id)
                if self.over.looked_at(ruling.quote_id, who):
                    seen.append(ruling.quote_id)
            return {
                "ids": ids,
                "seen": seen,
                "kinds": [{"id": k, "passages": counts.get(k, 0)} for k in KINDS],
                "themes": self.themes(themes),
                "run": self.project.run.run_id,
                "corpus": self.cards.line(self.project.run.corpus),
                "documents": len(self.project.documents),
                "report_date": self.project.run.report_date or "",
                "decisions": len(self.over.decided.decisions),
                "with_names": self.with_names,
                "undo": self._undo(who),
            }

    def _is_seen(self, quote_id: str, who: str, wanted: str, torn: bool) -> bool:
        if wanted == "new":
            return not self.over.looked_at(quote_id, who or "\0")
        if wanted in {"unseen", "seen"}:
            return self.over.looked_at(quote_id) == (wanted == "seen")
        return torn if wanted == "conflict" else True

    def themes(self, counts: dict[str, int]) -> list[dict[str, Any]]:
        """Return the codes and themes in use, the most frequent first."""
        found = [
            {**self.cards.label(label), "passages": counts.get(label.ident, 0)}
            for label in self.over.labels.values()
            if label.in_use
        ]
        return sorted(found, key=lambda t: (-t["passages"], t["name"].casefold(), t["id"]))

    def card(self, quote_id: str, who: str) -> dict[str, Any]:
        """Return what is shown of a passage.

        Raises
        ------
        InputError
            If the run holds no such passage.
        """
        with self._lock:
            self.refresh()
            return self._card(ruling_of(self.rulings, quote_id), self._spelt(who))

    def _spelt(self, who: str) -> str:
        """Return a person as the first of their decisions spells them."""
        known = (d.who for d in self.over.decided.decisions if person(d.who) == person(who))
        return next(known, who)

    def _card(self, ruling: Ruling, who: str) -> dict[str, Any]:
        return self.cards.card(ruling, self.over, who)

    def _check_seen(self, asked: Asked) -> None:
        """Raise Changed if a passage stands otherwise than on the card that the person saw."""
        ruling = self.rulings.get(asked.quote_id)
        if ruling is None or not asked.stamp or asked.deed in {"rename", "merge"}:
            return
        if asked.stamp != self.over.of_passage(ruling).stamp(self.project.run.run_id):
            raise Changed(self._card(ruling, asked.who))

    # -- what is decided ------------------------------------------------------------------------

    def decide(self, asked: Asked) -> dict[str, Any]:
        """Take what a person did; it is on the disk when this returns.

        Raises
        ------
        InputError
            If it cannot be done, or the person has no initials.
        Changed
            If the passage stands otherwise than on the card that the person saw.
        StateError
            If a run is working with the state.
        ConfigError, OutputError
            If decisions.toml is not valid, or cannot be written.
        """
        check_initials(asked.who)
        if max(map(len, (asked.why, asked.name, asked.definition))) > LONGEST_WORDS:
            raise InputError(f"a text has more than {LONGEST_WORDS} characters", "Shorten it.")
        when = datetime.datetime.now().isoformat(timespec="seconds")  # noqa: DTZ005 - their clock
        with self._lock:
            self.refresh()
            asked = msgspec.structs.replace(asked, who=self._spelt(asked.who))
            self._check_seen(asked)
            fresh = decisions_of(asked, self.project, self.over, when, self.rulings)
            if fresh:
                self._lay(self.ledger.add(asked.who, fresh))
                self.taken += len(fresh)
            return self._answer(asked.who, asked.quote_id, fresh, "" if fresh else "as before")

    def undo(self, who: str) -> dict[str, Any]:
        """Take back the last act of a person.

        Raises
        ------
        InputError
            If there is none.
        StateError, ConfigError, OutputError
            As `decide` does.
        """
        check_initials(who)
        with self._lock:
            self.refresh()
            who = self._spelt(who)
            gone = self.ledger.undo(who)
            self.refresh()
            self.taken = max(0, self.taken - len(gone))
            places = [q for d in gone for q in self._places.get(d.key, ())]
            return self._answer(who, places[0] if places else "", gone, "taken back")

    def _answer(
        self, who: str, quote_id: str, decisions: list[Decision] | tuple[Decision, ...], said: str
    ) -> dict[str, Any]:
        touched = dict.fromkeys(q for d in decisions for q in self._places.get(d.key, ()))
        ruling = self.rulings.get(quote_id)
        return {
            "card": self._card(ruling, who) if ruling is not None else None,
            "said": said,
            "told": list(dict.fromkeys(self.cards.told(d, self.over) for d in decisions)),
            "codes": any(not d.about_passage for d in decisions),
            "touched": {q: self.over.looked_at(q, who) for q in touched},
            "decisions": len(self.over.decided.decisions),
            "undo": self._undo(who),
            "run": self.project.run.run_id,
            "unkept": self.ledger.unkept if decisions else "",
        }

    def _undo(self, who: str) -> int:
        with Store(self.home, write=False) as store:
            return self.ledger.acts(store, who)


def check_initials(who: str) -> None:
    """Raise InputError unless somebody can be told by this."""
    if (
        not who
        or who != one_line(who)
        or len(who) > LONGEST_INITIALS
        or any(unicodedata.category(c) in {"Cc", "Cf"} for c in who)
    ):
        raise InputError(
            "who decides is not known",
            f"Type your initials or name, at most {LONGEST_INITIALS} characters.",
        )
