"""A state and its outputs made of synthetic notes, as a run would leave them: no model, no file."""

from __future__ import annotations

from pathlib import Path

import msgspec

import factory
from notesmine import naming, publish, rulings, runrecord
from notesmine.config import Settings
from notesmine.records import Event, Run
from notesmine.store import Store, state_folder
from notesmine.themes.codebook import load_codebook

#: What the notes say, each in words of its own, so that none is taken for a copy of another.
OWNED = (
    "Nobody decides who looks after the coder.",
    "Nobody decides about money for the survey tool next year.",
    "Nobody decides when the old register of streets is switched off.",
    "Nobody decides which unit runs the flagger at night.",
)
SHELVED = (
    "The map of buildings hangs on the wall, and no survey asks for it.",
    "A page of price indices was shown once and then forgotten.",
    "Drafts of the dashboard sleep in a drawer of the press office.",
    "The text model was praised by everyone and is called by no system.",
)


def run_of(
    notes: factory.Notes,
    out: Path,
    run_id: str,
    *,
    events: tuple[Event, ...] = (),
    settings: Settings | None = None,
) -> Run:
    """Publish notes into a folder and keep the run in the state beside it."""
    chosen = settings or Settings()
    made = factory.bundle(notes, settings=chosen)
    record = msgspec.structs.replace(
        made.run,
        run_id=run_id,
        events=events,
        settings=runrecord.public(chosen),
        versions={"notesmine": "0.1.0"},
        problems=(),
        report_date=max((d.date for d in made.documents if d.date), default=None),
    )
    made = msgspec.structs.replace(made, run=record)
    record = msgspec.structs.replace(record, outputs=publish.publish(out, made))
    publish.write_run(out, record)
    # The synthetic notes code with emergent themes too, which a run never does.
    kept = [
        msgspec.structs.replace(r, codes=tuple(c for c in r.codes if not c.startswith("T-")))
        for r in rulings.rulings(notes.assigned(), notes.documents())
    ]
    with Store(state_folder(out)) as store:
        with store.transaction():
            store.keep_blob("codebook", msgspec.msgpack.encode(load_codebook(None)))
            rulings.keep(store, kept)
            naming.keep(
                store,
                naming.Source(
                    settings=chosen,
                    key=b"",
                    doc_ids=tuple(d.doc_id for d in made.documents),
                    speakers={},
                    roster=(),
                    recognised=(),
                ),
            )
            store.keep_run(record, runrecord.shown(made.evidence, made.documents))
        for document in made.documents:
            store.keep_document(document.doc_id, document)
    return record


def small(*, extra: bool = False, changed: bool = False, without: str = "") -> factory.Notes:
    """Three short notes; a fourth, a changed second, or one left out, as a later month has it."""
    notes = factory.Notes()
    for number in range(1, 5 if extra else 4):
        path = f"2025-0{number}-10_meeting.md"
        if path == without:
            continue
        notes.note(path, f"2025-0{number}-10", title=f"Meeting {number}", format="md")
        notes.say(path, OWNED[number - 1], ("ownership",))
        notes.say(path, SHELVED[number - 1], ("shelving", "T-017"))
        notes.say(path, f"We meet again in room {number}.", kind="status", probability=0.9)
        if number == 2 and changed:
            notes.say(path, "The register came late again.", ("data",))
    return notes
