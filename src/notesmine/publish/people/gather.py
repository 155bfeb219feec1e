"""Who the notes are about: every name, handle and pair of initials, joined to persons.

Names come from lists of those present, from speakers, from ``people.csv`` and from a recogniser
the user has; @handles from the text. Spellings are joined where a note or the roster says so, or
where only one person can be meant.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from notesmine.config import Settings
from notesmine.publish.people import lists
from notesmine.publish.people.key import Key
from notesmine.publish.people.roster import Member
from notesmine.publish.people.words import GIVEN, NOBODY, OFFICE, Usage, english, fold, split
from notesmine.records import Document

INITIALS = re.compile(r"[A-Z]{2,4}")
#: An @handle in text, as in ``@jroe``; no e-mail address, no code.
HANDLE = re.compile(r"(?<![\w.@`])@([A-Za-z0-9_](?:[\w-]|\.(?=[A-Za-z0-9]))*)")
#: What stands after an @ and is no person: code, and words that call everyone.
NO_HANDLE = frozenset(
    "media import charset font-face keyframes supports page apply extend include mixin use param "
    "params return returns type typedef throws deprecated see example override todo property here "
    "channel all everyone team group latest next beta alpha canary dev rc name names item items "
    "context mentioned moderator community discussions lists user username handle handles someone "
    "anyone author owner you me maintainers reviewers addyournamehere yourname "
    "awesome email".split()
)
_BETWEEN = re.compile(r"[\s(\[<:,–—-]{1,4}")


class Person(Struct, kw_only=True):
    """One person: the number behind the pseudonym, and all spellings, folded."""

    number: int
    shown: str = ""
    full: tuple[tuple[str, ...], ...] = ()
    singles: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    listed: bool = True


class People(Struct, frozen=True, kw_only=True):
    """Everyone found; who is on the list of each document; where names came from."""

    persons: tuple[Person, ...]
    present: dict[str, frozenset[int]]
    explicit: dict[str, int]
    sources: dict[str, int]


def gather(
    documents: Sequence[Document],
    speakers: Mapping[str, Sequence[str]],
    roster: Sequence[Member],
    key: Key,
    usage: Usage,
    settings: Settings,
    recognised: Sequence[str] = (),
) -> People:
    """Join all spellings to persons and number them by the key, which grows.

    Parameters
    ----------
    documents : sequence of Document
        All documents; the order does not matter.
    speakers : mapping of str to sequence of str
        Names of speakers by ``doc_id``.
    roster : sequence of Member
    key : Key
        Grows by who is new.
    usage : Usage
        How the notes write their words.
    settings : Settings
    recognised : sequence of str
        Names that an entity recogniser found.

    Returns
    -------
    People
    """
    ordered = sorted(documents, key=lambda d: (d.date or "9999", d.doc_id))
    offices = {split(d.organisation) for d in documents} | {split(m.organisation) for m in roster}
    listed: dict[str, list[str]] = {}
    sources: Counter[str] = Counter()
    joined = _Joined()
    for member in roster:
        joined.add_all([_spell(member.name), *(_spell(a) for a in member.aliases)])
    sources["people.csv"] = len(roster)
    explicit: Counter[str] = Counter()
    seen: dict[str, set[str]] = defaultdict(set)
    for document in ordered:
        spellings: dict[str, None] = {}
        pairs = list(lists.listed(document.text))
        for source, names in (
            ("attendance", [*document.people, *(n for pair in pairs for n in pair if n)]),
            ("speakers", speakers.get(document.doc_id, ())),
        ):
            for name in names:
                spelled = _spell(name)
                if spelled and _is_person(spelled, offices, usage, roster=spelled in joined.parent):
                    spellings[spelled] = None
                    joined.add(spelled)
                    seen[source].add(spelled)
        for name, initials in pairs:
            if name and initials and _spell(name) in spellings:
                joined.join(_spell(name), _spell(initials))
        explicit.update(s for s in spellings if s.startswith("="))
        listed[document.doc_id] = list(spellings)
    sources.update({name: len(found) for name, found in seen.items()})
    for name in recognised:
        spelled = _spell(name)
        if spelled not in joined.parent and _is_person(spelled, offices, usage, roster=False):
            joined.add(spelled)
            sources["entity recogniser"] += 1
    _pair(ordered, joined)
    _join_by_spelling(joined)
    strangers = _strangers(ordered, joined) if settings.people.unknown_handles else []
    sources["@handles in the text"] = len(strangers)
    numbers: dict[str, int] = {}
    groups = joined.groups()
    order = [s for d in ordered for s in listed[d.doc_id]] + list(joined.parent)
    for spelled in dict.fromkeys(joined.find(s) for s in order):
        number = key.number("people", groups[spelled])
        numbers.update(dict.fromkeys(groups[spelled], number))
    for handle in strangers:
        numbers[handle] = key.number("people", [handle])
    by_number: dict[int, list[str]] = defaultdict(list)
    for spelled, number in numbers.items():
        by_number[number].append(spelled)
    known = set(joined.parent)
    persons = [_person(n, names, known) for n, names in sorted(by_number.items())]
    present = {
        doc_id: frozenset(numbers[s] for s in names if s in numbers)
        for doc_id, names in listed.items()
    }
    return People(
        persons=tuple(persons),
        present=present,
        explicit=dict(explicit),
        sources={k: v for k, v in sorted(sources.items()) if v},
    )


def _spell(name: str) -> str:
    """Return a spelling as the key holds it: ``ann roe``, ``@ann``, ``=AR``, ``ann@x.org``."""
    name = name.strip()
    if "@" in name[1:]:
        return fold(name)
    if name.startswith("@"):
        return "@" + fold(name[1:])
    if INITIALS.fullmatch(name):
        return "=" + name
    return " ".join(split(name))


def _is_person(
    spelled: str, offices: Iterable[tuple[str, ...]], usage: Usage, *, roster: bool
) -> bool:
    """Tell a person from a label, an office or a placeholder that stands in a list."""
    if roster or spelled[:1] in "@=":
        return spelled.lstrip("@=") not in NO_HANDLE and len(spelled) > 1
    words = tuple(spelled.split())
    if not words or any(w in NOBODY for w in words) or words in offices:
        return False
    if len(words) > 1 and any(w in OFFICE for w in words):
        return False
    if words[0] in GIVEN:
        return True
    return not all(usage.ordinary(w) for w in words if len(w) > 1)


class _Joined:
    """Spellings joined to groups (union-find), the first of a group standing for it."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def add(self, spelled: str) -> None:
        if spelled:
            self.parent.setdefault(spelled, spelled)

    def add_all(self, spellings: Iterable[str]) -> None:
        first = ""
        for spelled in spellings:
            self.add(spelled)
            if spelled:
                self.join(first or spelled, spelled)
                first = first or spelled

    def find(self, spelled: str) -> str:
        while self.parent[spelled] != spelled:
            spelled = self.parent[spelled]
        return spelled

    def join(self, one: str, other: str) -> None:
        first, second = self.find(one), self.find(other)
        if first != second:
            self.parent[second] = first

    def groups(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for spelled in self.parent:
            found[self.find(spelled)].append(spelled)
        return found

    def full(self) -> list[tuple[str, ...]]:
        return [tuple(s.split()) for s in self.parent if " " in s]


def _pair(documents: Sequence[Document], joined: _Joined) -> None:
    """Join a name to the handle or initials that lists of people put behind it."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        names = [n for n in document.people if not n.startswith("@") and not INITIALS.fullmatch(n)]
        short = [n for n in document.people if n.startswith("@") or INITIALS.fullmatch(n)]
        if not names or not short:
            continue
        for block in document.blocks:
            if block.type != "attendance":
                continue
            text = document.text[block.start : block.end]
            ends = {text.find(n) + len(n): n for n in names if n in text}
            for other in short:
                at = text.find(other)
                for end, name in ends.items():
                    if 0 < end < at + len(other) and (
                        _BETWEEN.fullmatch(text[end:at])
                        or (text.startswith(other) and end - len(name) - len(other) <= 4)
                    ):
                        votes[_spell(other)][_spell(name)] += 1
    for other, names_of in sorted(votes.items()):
        ranked = sorted(names_of.items(), key=lambda item: (-item[1], item[0]))
        main = ranked[0][0]
        for name, _ in ranked:
            # A handle copied to a wrong line must not make two people one.
            if other in joined.parent and name in joined.parent and _alike(main, name):
                joined.join(main, name)
                joined.join(main, other)


def _alike(one: str, other: str) -> bool:
    from rapidfuzz import fuzz

    if one == other or set(one.split()) & set(other.split()):
        return True
    return fuzz.ratio(one, other) >= 75


def _join_by_spelling(joined: _Joined) -> None:
    """Join short spellings where exactly one person of the corpus can be meant."""
    parts: dict[str, set[str]] = defaultdict(set)
    for words in joined.full():
        group = joined.find(" ".join(words))
        last = words[-1]
        for spelled in {
            words[0],
            "".join(words),
            words[0] + last,
            words[0][0] + last,
            words[0] + last[0],
            *([last] if last not in english() else []),
        }:
            parts[spelled].add(group)
        parts["=" + "".join(w[0] for w in words).upper()].add(group)
        parts["=" + (words[0][0] + last[0]).upper()].add(group)
    for spelled in list(joined.parent):
        if " " in spelled or "@" in spelled[1:]:
            continue
        plain = "".join(split(spelled)) if spelled.startswith("@") else spelled
        groups = {joined.find(g) for g in parts.get(plain, ())}
        if spelled.startswith("@") and joined.find(spelled) != spelled:
            continue
        if len(groups) == 1:
            joined.join(groups.pop(), spelled)
    bare = {"".join(split(s)): s for s in joined.parent if s.startswith("@") and s.count("@") == 1}
    for spelled in list(joined.parent):
        # A handle without its sign, as in "Momack2".
        if " " not in spelled and spelled[:1] not in "@=" and spelled in bare:
            joined.join(bare[spelled], spelled)


def _strangers(documents: Sequence[Document], joined: _Joined) -> list[str]:
    """Return @handles of the texts that belong to nobody known, in order of appearance."""
    found: dict[str, None] = {}
    for document in documents:
        for match in HANDLE.finditer(document.text):
            handle = fold(match[1])
            if is_package(document.text, match.end()) or handle in NO_HANDLE:
                continue
            # "@j" and "@lists.example.org" are no accounts.
            if len(handle) < 2 or handle.isdigit() or "." in handle:
                continue
            if document.text[match.start() - 1 : match.start()] == "[":  # a citation, [@key, p. 4]
                continue
            if "@" + handle not in joined.parent:
                found["@" + handle] = None
    return list(found)


def is_package(text: str, end: int) -> bool:
    """Tell whether an @word goes on like the scope of a package or a team: ``@babel/core``."""
    return re.match(r"/[\w-]", text[end : end + 2]) is not None


def _person(number: int, names: Sequence[str], known: set[str]) -> Person:
    plain = [n for n in names if n[:1] not in "@=" and "@" not in n]
    return Person(
        number=number,
        full=tuple(tuple(n.split()) for n in plain if " " in n),
        singles=tuple(n for n in plain if " " not in n),
        handles=tuple(n.removeprefix("@") for n in names if "@" in n),
        initials=tuple(n[1:] for n in names if n.startswith("=")),
        listed=any(n in known for n in names),
    )
