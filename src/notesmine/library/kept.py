"""What the state knows of the newest run, masked as the outputs are unless names are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine import naming
from notesmine.errors import StateError
from notesmine.exchange.project import Project, coded, load_project
from notesmine.publish.people import Masker
from notesmine.publish.tables import SEPARATOR, masks_cell
from notesmine.records import Document, Quote, Run, digest
from notesmine.rulings import Ruling
from notesmine.runrecord import NAMES
from notesmine.store import Store

HEADINGS = " > "


class Kept(Struct, frozen=True):
    """A run of the state, and what hides its names; ``masker`` is None where they are shown."""

    project: Project
    masker: Masker | None
    keys: tuple[str, ...]
    embedded: frozenset[str]

    def hide(self, text: str, doc_id: str | None) -> str:
        """Return a text as it may be shown."""
        return text if self.masker is None else self.masker.mask(text, doc_id)[0]

    def speaker(self, ruling: Ruling) -> str | None:
        """Return who spoke: the word before a colon is a name, whatever else it means."""
        if ruling.speaker is None:
            return None
        return self.hide(f"{ruling.speaker}:", ruling.doc_id).removesuffix(":")

    def text(self, ruling: Ruling) -> tuple[str, str]:
        """Return a passage's words as they may be shown, and the declaration of its brackets."""
        if self.masker is None:
            return ruling.text, ""
        text, masks, _ = self.masker.mask(ruling.text, ruling.doc_id, ruling.start)
        return text, masks_cell(masks)


def load(home: Path, run: Run, *, names: bool) -> Kept:
    """Read the newest run of a state.

    Raises
    ------
    StateError
        If there is no state, or its newest run is not the one whose outputs were opened.
    """
    with Store(home, write=False) as store:
        check(store, home, run)
        project = load_project(store, names=names)
        masker = None if names else naming.masker(store)
        keys = tuple(digest(r.text, length=32) for r in project.rulings)
        model = str(run.model.get("encoder_sha256", ""))
        embedded = frozenset(store.vectors(model, list(dict.fromkeys(keys))))
    return Kept(project, masker, keys, embedded)


def check(store: Store, home: Path, run: Run) -> None:
    """Raise StateError unless the newest run of a state is the one that was opened."""
    newest = store.newest_run()
    if newest != run.run_id:
        raise StateError(
            f"the state in {home} holds the run {newest or '(none)'}, the outputs are of"
            f" {run.run_id}",
            "Tables of the outputs can be read; for passages and vectors open the outputs of the"
            " last run, or name their state.",
        )


def vectors(home: Path, run: Run, kept: Kept) -> NDArray[np.float32]:
    """Return the vectors of passages (n, d), in their order; rows without one are NaN."""
    with Store(home, write=False) as store:
        check(store, home, run)
        found = store.vectors(
            str(run.model.get("encoder_sha256", "")), list(dict.fromkeys(kept.keys))
        )
    width = len(next(iter(found.values()), ()))
    out = np.full((len(kept.keys), width), np.nan, dtype=np.float32)
    for row, key in enumerate(kept.keys):
        if key in found:
            out[row] = found[key]
    return out


def passages(kept: Kept, *, unquotable: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``passages()``."""
    for ruling, key in zip(kept.project.rulings, kept.keys, strict=True):
        document = kept.project.documents.get(ruling.doc_id)
        row: dict[str, Any] = msgspec.structs.asdict(ruling)
        row["path"] = kept.hide(ruling.path, None)
        row["title"] = document.title if document else ""
        for name in ("codes", "theme_ids", "decided_by"):
            row[name] = SEPARATOR.join(row[name])
        row["embedded"] = key in kept.embedded
        if ruling.quotable or unquotable:
            row["text"], row["masks"] = kept.text(ruling)
            headings = (kept.hide(h, ruling.doc_id) for h in ruling.heading_path)
            row["heading"] = HEADINGS.join(headings)
            row["speaker"] = kept.speaker(ruling)
            row["why"] = kept.hide(ruling.why, ruling.doc_id)
        else:  # no word of it is shown: reasons name its heading and its words
            row["text"] = row["masks"] = row["heading"] = row["speaker"] = row["why"] = None
        yield row


def codings(kept: Kept) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``codings()``."""
    for ruling in kept.project.rulings:
        if not coded(ruling):
            continue
        scores = dict(zip(ruling.codes, ruling.code_scores, strict=False))
        for theme_id in dict.fromkeys(ruling.theme_ids):
            evidence = kept.project.evidence.get(theme_id)
            theme = evidence.theme if evidence else None
            yield {
                "quote_id": ruling.quote_id,
                "doc_id": ruling.doc_id,
                "theme_id": theme_id,
                "origin": theme.origin if theme else None,
                "label": theme.label if theme else None,
                "kind": ruling.kind,
                "tier": ruling.tier,
                "stance": ruling.stance,
                "score": scores.get(theme_id),
                "date": ruling.date,
                "decided_by": SEPARATOR.join(ruling.decided_by),
            }


def quotes_with_names(home: Path, run: Run) -> Callable[[str], dict[str, Any]]:
    """Return what gives the cells of a quote that names may stand in, as the notes have them."""
    with Store(home, write=False) as store:
        check(store, home, run)
        shown = store.shown_by(run.run_id)

    def cells(quote_id: str) -> dict[str, Any]:
        body = shown.get(NAMES + quote_id)
        if body is None:
            return {}
        quote = msgspec.convert(msgspec.msgpack.decode(body)["quote"], Quote)
        return {
            "text": quote.text, "path": quote.path, "title": quote.title, "why": quote.why,
            "heading": HEADINGS.join(quote.heading_path), "speaker": quote.speaker,
            "before": quote.context_before, "after": quote.context_after, "masks": "",
        }  # fmt: skip

    return cells


def documents(kept: Kept) -> dict[str, Document]:
    """Return the documents by id, with names where they were asked for."""
    return kept.project.documents


def texts(kept: Kept, doc_ids: Sequence[str]) -> dict[str, str]:
    """Return the canonical texts of documents, into which all offsets point."""
    known = kept.project.documents
    return {i: known[i].text for i in doc_ids if i in known}


def runs(home: Path, run: Run) -> list[Run]:
    """Return the runs of a state, oldest first; the one that was opened where there is no state."""
    if not (home / "state.sqlite").is_file():
        return [run]
    with Store(home, write=False) as store:
        return store.runs() or [run]
