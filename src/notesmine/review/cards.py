"""Passages as the page shows them: in their context, with the names that the outputs show."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from notesmine.exchange.decision import Decision
from notesmine.exchange.names import Hide, Shown, shown, shown_speaker
from notesmine.exchange.project import Project
from notesmine.publish.text import one_line, visible
from notesmine.review.overlay import Label, Overlay
from notesmine.rulings import Ruling

#: Characters of the note shown before and after a passage; they end where a line does.
AROUND = 900
#: Notes whose text as shown is kept in memory.
KEPT = 256


class Cards:
    """What the page shows of one run.

    Parameters
    ----------
    project : Project
    hide : callable
        Decides which words are shown otherwise.
    """

    def __init__(self, project: Project, hide: Hide) -> None:
        self.project, self.hide = project, hide
        self._text = lru_cache(KEPT)(self._shown)

    def _shown(self, doc_id: str) -> Shown:
        return shown(self.project.documents[doc_id].text, doc_id, self.hide)

    def line(self, text: str, doc_id: str = "") -> str:
        """Return words on one line, as they may be shown."""
        return one_line(shown(text, doc_id, self.hide).text)

    def words(self, ruling: Ruling) -> tuple[str, str, str]:
        """Return what stands before a passage, the passage, and what stands after it."""
        if ruling.doc_id not in self.project.documents:
            return "", visible(shown(ruling.text, ruling.doc_id, self.hide).text), ""
        whole = self._text(ruling.doc_id)
        start, end = whole.to_shown(ruling.start, ruling.end)
        before = whole.text[max(0, start - AROUND) : start]
        after = whole.text[end : end + AROUND]
        if start > AROUND and "\n" in before[: AROUND // 2]:
            before = before[before.index("\n") + 1 :]
        if len(whole.text) > end + AROUND and "\n" in after[AROUND // 2 :]:
            after = after[: after.rindex("\n")]
        return visible(before), visible(whole.text[start:end]), visible(after)

    def card(self, ruling: Ruling, over: Overlay, who: str) -> dict[str, Any]:
        """Return everything that the page shows of a passage."""
        now = over.of_passage(ruling)
        before, text, after = self.words(ruling)
        document = self.project.documents.get(ruling.doc_id)
        doc = ruling.doc_id
        speaker = shown_speaker(ruling.speaker, doc, self.hide)
        return {
            "id": ruling.quote_id,
            "before": before,
            "text": text,
            "after": after,
            "title": self.line(document.title if document else "", doc),
            "path": self.line(ruling.path),
            "organisation": self.line(document.organisation, doc) if document else "",
            "date": ruling.date or "",
            "page": ruling.page,
            "heading": [self.line(h, doc) for h in ruling.heading_path],
            "speaker": one_line(speaker or ""),
            "kind": now.kind,
            "tier": now.tier,
            "machine": self.machine(ruling, over),
            "stance": ruling.stance,
            "themes": [self.label(over.labels[t]) for t in now.themes],
            "pinned": now.pinned,
            "quotable": now.quotable,
            "decided": [
                {"who": d.who, "what": self.told(d, over), "when": d.when[:10],
                 "why": self.line(d.why, doc)}
                for d in over.told.get(ruling.quote_id, ())
            ],
            "conflicts": [
                self.line(c.told(lambda text: self.line(text, doc)), doc) for c in now.conflicts
            ],
            "anew": now.anew,
            "run": self.project.run.run_id,
            "stamp": now.stamp(self.project.run.run_id),
            "seen": over.looked_at(ruling.quote_id, who),
        }  # fmt: skip

    def machine(self, ruling: Ruling, over: Overlay) -> dict[str, Any] | None:
        """Return what the machine by itself says of a passage; None where that is not known."""
        said = ruling.said
        if said is None:
            return None
        return {
            "kind": said.kind,
            "tier": said.tier,
            "probability": round(said.probability, 2),
            "themes": [self.line(self._name(t, over)) for t in said.theme_ids],
            "why": self.line(said.why, ruling.doc_id),
        }

    def label(self, label: Label) -> dict[str, Any]:
        """Return a code or theme for lists."""
        return {
            "id": label.ident,
            "name": self.line(label.name),
            "definition": self.line(label.definition),
            "emergent": label.emergent,
        }

    def told(self, decision: Decision, over: Overlay) -> str:
        """Return what a decision says, in a few words and without the words of the note."""
        by_the_page = {
            "add": f"new code {decision.value}",
            "rename": f"{decision.on} is called {decision.value}",
        }
        return self.line(
            by_the_page.get(decision.what) or decision.done(lambda i: self._name(i, over))
        )

    def _name(self, ident: str, over: Overlay) -> str:
        label = over.labels.get(ident)
        return label.name if label is not None else ident
