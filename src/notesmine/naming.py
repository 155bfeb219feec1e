"""Names in the main job: who is found in the notes, and findings stated without them.

What stands between evidence and publishing: it names both rooms, and is called by the pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from notesmine import publish, synthesis
from notesmine.config import Settings
from notesmine.publish import people
from notesmine.publish.people import Member
from notesmine.records import Passage, Problem

__all__ = ["known", "masked", "stated"]


def known(
    corpus: Path, settings: Settings
) -> tuple[tuple[Member, ...], list[Problem], tuple[str, str] | None]:
    """Return what helps to find people: the roster, its problems, an installed recogniser."""
    roster, problems = people.read_roster(corpus if corpus.is_dir() else corpus.parent)
    return roster, problems, people.installed() if settings.people.mode != "keep" else None


def masked(
    bundle: publish.Bundle,
    passages: Sequence[Passage],
    settings: Settings,
    roster: Sequence[Member],
    key: bytes | None,
    pipeline: tuple[str, str] | None,
) -> tuple[publish.Bundle, bytes]:
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
    pipeline : tuple of str or None
        Name and version of an entity recogniser that is installed; it reads the quotes, and its
        names are added to those of the lists.

    Returns
    -------
    (bundle, key)
        The bundle without names, and the key as it is to be kept.
    """
    speakers: dict[str, list[str]] = {}
    for passage in passages:
        if passage.speaker and not passage.speaker_inherited:
            speakers.setdefault(passage.doc_id, []).append(passage.speaker)
    recognise = people.recogniser(pipeline[0]) if pipeline else None
    names = recognise(sorted({q.text for _, q in bundle.quotes()})) if recognise else []
    guard = people.protect(
        bundle.documents,
        settings,
        speakers=speakers,
        roster=roster,
        key=key,
        recognised=names,
        pipeline=" ".join(pipeline) if pipeline and recognise else "",
    )
    return people.masked(bundle, guard, _withheld(passages)), guard.key


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
    names = [synthesis.bind("names", t, None, (), name=str(n)) for n, t in enumerate(lines)]
    return msgspec.structs.replace(bundle, findings=(*found, *names))
