"""From notes, roster and key to a masker: who is shown how, and what to say about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from notesmine.config import Settings
from notesmine.publish.people.gather import People, Person, gather
from notesmine.publish.people.key import Key
from notesmine.publish.people.masker import Masker
from notesmine.publish.people.roster import Member
from notesmine.publish.people.words import Usage, fold, split
from notesmine.records import Document

_NOBODY = People(persons=(), present={}, explicit={}, sources={})


class Protection(Struct, frozen=True, kw_only=True):
    """What hides names in a run.

    ``masker`` is None where everything is kept. ``key`` is the key of pseudonyms, grown by this
    run, for the state; ``pipeline`` names the entity recogniser used.
    """

    masker: Masker | None
    key: bytes
    people: People = _NOBODY
    organisations: int = 0
    pipeline: str = ""


def protect(
    documents: Sequence[Document],
    settings: Settings,
    *,
    speakers: Mapping[str, Sequence[str]] | None = None,
    roster: Sequence[Member] = (),
    key: bytes | None = None,
    recognised: Sequence[str] = (),
    pipeline: str = "",
) -> Protection:
    """Prepare the masking of names as the settings ask for it.

    Parameters
    ----------
    documents : sequence of Document
    settings : Settings
    speakers : mapping of str to sequence of str, optional
        Names of speakers by ``doc_id``.
    roster : sequence of Member
        Rows of ``people.csv``.
    key : bytes, optional
        The key of an earlier run; whom it knows keeps the number.
    recognised : sequence of str
        Names that an entity recogniser found.
    pipeline : str
        Name and version of that recogniser.

    Returns
    -------
    Protection
    """
    book = Key.load(key)
    mode = settings.people.mode
    hides = settings.organisations.mode == "mask"
    if mode == "keep" and not hides:
        return Protection(masker=None, key=key or b"")
    ordered = sorted(documents, key=lambda d: (d.date or "9999", d.doc_id))
    usage = Usage(d.text for d in ordered)
    people = _NOBODY
    if mode != "keep":
        people = gather(ordered, speakers or {}, roster, book, usage, settings, recognised)
        _name(people.persons, roster, mode)
    organisations: list[tuple[str, int]] = []
    if hides:
        names = [d.organisation for d in ordered] + [m.organisation for m in roster]
        organisations += [
            (name, book.number("organisations", [" ".join(split(name))]))
            for name in dict.fromkeys(n.strip() for n in names if split(n))
        ]
    return Protection(
        masker=Masker(people, usage, organisations=organisations, contacts=mode != "keep"),
        key=book.dump(),
        people=people,
        organisations=len({n for _, n in organisations}),
        pipeline=pipeline,
    )


def _name(persons: Sequence[Person], roster: Sequence[Member], mode: str) -> None:
    """Set what is shown for each person: role or pseudonym of the roster, initials, or a number."""
    rows: dict[str, Member] = {}
    for row in roster:
        for name in (row.name, *row.aliases):
            rows.setdefault(" ".join(split(name.lstrip("@"))), row)
    roles = Counter(_plain(m.role).casefold() for m in roster if m.role)
    used: dict[str, int] = {}
    for person in persons:
        names = [" ".join(w) for w in person.full] + list(person.singles)
        names += [" ".join(split(h)) for h in person.handles]
        names += [fold(i) for i in person.initials]
        member = next((rows[n] for n in names if n in rows), None)
        number = f"Person {person.number}"
        shown = number
        if mode == "initials":
            letters = [w[0] for w in max(person.full, key=len)] if person.full else []
            shown = "".join(letters).upper() or next(iter(person.initials), number)
        elif member is not None and _plain(member.pseudonym):
            shown = _plain(member.pseudonym)
        elif member is not None and _plain(member.role):
            role = _plain(member.role)
            shown = role if roles[role.casefold()] == 1 else f"{role}, {number}"
        if mode != "initials" and used.setdefault(shown.casefold(), person.number) != person.number:
            shown = f"{shown}, {number}"  # two rows with one pseudonym stay two people
        person.shown = f"[{shown}]"


def _plain(text: str) -> str:
    """Return what may stand in a bracket: one short line without brackets."""
    return " ".join(re.sub(r"[\[\]\x00-\x1f\x7f]", " ", text).split())[:60]
