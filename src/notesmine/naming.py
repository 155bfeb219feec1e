"""Names in the main job: who is found in the notes, and findings stated without them.

What stands between evidence and publishing: it names both rooms, and is called by the pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine import publish, synthesis
from notesmine.config import Settings
from notesmine.errors import StateError
from notesmine.numerals import plural
from notesmine.publish import people
from notesmine.publish.people import Masker, Member, Pipeline
from notesmine.records import Passage, Problem
from notesmine.store import Store

__all__ = [
    "Hide", "Source", "as_written", "hider", "keep", "known", "masked", "masker", "stated",
]  # fmt: skip

#: Gives a text as it may be shown; the second argument is the id of its document, or None.
Hide = Callable[[str, str | None], str]

#: Where the state keeps the key of pseudonyms, and what the masker was made of.
KEY, SOURCE = "people", "people-source"


class Source(Struct, frozen=True, kw_only=True):
    """What the masker of a run was made of, beside its documents; kept so that it can be again."""

    settings: Settings
    key: bytes
    doc_ids: tuple[str, ...]
    speakers: dict[str, list[str]]
    roster: tuple[Member, ...]
    recognised: tuple[str, ...]


def known(
    corpus: Path, settings: Settings
) -> tuple[tuple[Member, ...], list[Problem], Pipeline | None]:
    """Return what helps to find people: the roster, its problems, an entity recogniser.

    Raises
    ------
    ConfigError
        If ``[people] recogniser`` names one that is not there.
    """
    roster, problems = people.read_roster(corpus if corpus.is_dir() else corpus.parent)
    if settings.people.mode == "keep":
        return roster, problems, None
    return roster, problems, people.find_pipeline(settings.people.recogniser, corpus)


def masked(
    bundle: publish.Bundle,
    passages: Sequence[Passage],
    settings: Settings,
    roster: Sequence[Member],
    key: bytes | None,
    pipeline: Pipeline | None,
) -> tuple[publish.Bundle, Source]:
    """Mask the names in all that is to be published.

    Parameters
    ----------
    bundle : Bundle
        With names, and no findings yet.
    passages : sequence of Passage
        All statements: their speakers are people, and they know what is not for quotation.
    settings : Settings
    roster : sequence of Member
    key : bytes or None
        The key of pseudonyms so far.
    pipeline : Pipeline or None
        An entity recogniser of the user's; it reads the quotes, and its names are added to those of
        the lists.

    Returns
    -------
    (bundle, source)
        The bundle without names, and what `keep` is to keep.
    """
    speakers: dict[str, list[str]] = {}
    for passage in passages:
        if passage.speaker and not passage.speaker_inherited:
            speakers.setdefault(passage.doc_id, []).append(passage.speaker)
    recognise = people.recogniser(pipeline) if pipeline else None
    names = recognise(sorted({q.text for _, q in bundle.quotes()})) if recognise else []
    guard = people.protect(
        bundle.documents,
        settings,
        speakers=speakers,
        roster=roster,
        key=key,
        recognised=names,
        pipeline=pipeline.label if pipeline and recognise else "",
    )
    hidden = _withheld(passages)
    shown = people.masked(bundle, guard, hidden)
    closed = {
        "passages": sum(not p.quotable for p in passages),
        "documents": len({p.doc_id for p in passages if not p.quotable}),
        "whole_documents": len(hidden),
    }
    run = msgspec.structs.replace(
        shown.run, counts={**shown.run.counts, "not_for_quotation": closed}
    )
    source = Source(
        settings=Settings(people=settings.people, organisations=settings.organisations),
        key=guard.key,
        doc_ids=tuple(d.doc_id for d in bundle.documents),
        speakers=speakers,
        roster=tuple(roster),
        recognised=tuple(names),
    )
    return msgspec.structs.replace(shown, run=run), source


def keep(store: Store, source: Source) -> None:
    """Keep the key of pseudonyms, and what the masker was made of."""
    store.keep_blob(KEY, source.key)
    store.keep_blob(SOURCE, msgspec.msgpack.encode(source))


def masker(store: Store) -> Masker | None:
    """Return what masked the names in the newest run's outputs; None where names are kept.

    Raises
    ------
    StateError
        If the state is of a version that did not keep how names were masked.
    """
    body = store.blob(SOURCE)
    if body is None:
        raise StateError(
            "the state does not say how names were masked: it is of an earlier version",
            "Run `notesmine run` once more.",
        )
    source = msgspec.msgpack.decode(body, type=Source)
    return people.protect(
        store.documents(source.doc_ids),
        source.settings,
        speakers=source.speakers,
        roster=source.roster,
        key=source.key,
        recognised=source.recognised,
    ).masker


def hider(store: Store) -> Hide:
    """Return what hides the names in a text of the notes as the newest run's outputs do.

    Raises
    ------
    StateError
        As `masker` does.
    """
    made = masker(store)
    return as_written if made is None else lambda text, doc_id: made.mask(text, doc_id)[0]


def as_written(text: str, doc_id: str | None) -> str:
    """Hide nothing."""
    del doc_id
    return text


def _withheld(passages: Iterable[Passage]) -> frozenset[str]:
    """Return the documents of which nothing may be quoted."""
    may: dict[str, bool] = {}
    for passage in passages:
        may[passage.doc_id] = may.get(passage.doc_id, False) or passage.quotable
    return frozenset(doc_id for doc_id, quotable in may.items() if not quotable)


def stated(
    bundle: publish.Bundle, settings: Settings, *, again: bool, abstained: int
) -> publish.Bundle:
    """State the findings of a bundle whose names are masked, and how names are protected.

    ``again`` tells that there was a run before; ``abstained`` counts impediments without a theme.
    """
    found = synthesis.findings(
        bundle.evidence,
        {d.doc_id: d for d in bundle.documents},
        events=bundle.run.events if again else (),
        abstained=abstained,
    )
    facts = bundle.run.counts.get("names")
    lines = people.counted(facts if isinstance(facts, dict) else {}, settings.people.mode)
    closed = bundle.run.counts.get("not_for_quotation")
    if isinstance(closed, dict) and closed["passages"]:
        lines.append(
            f"{plural(closed['passages'], 'passage')} in"
            f" {plural(closed['documents'], 'document')}"
            f" {'is' if closed['passages'] == 1 else 'are'} marked not for quotation: counted, and"
            " no word shown."
        )
    names = [synthesis.bind("names", t, None, (), name=str(n)) for n, t in enumerate(lines)]
    return msgspec.structs.replace(bundle, findings=(*found, *names))
