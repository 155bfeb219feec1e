"""Where names stand in a text, and the text with brackets in their place.

Full names and handles are masked wherever they stand. A first name, a surname or initials alone
are masked where they can only be a name; a word that is an ordinary one too needs evidence beside
it. Where several people may be meant the bracket names none of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from notesmine.publish.people.gather import HANDLE, NO_HANDLE, People, Person, is_package
from notesmine.publish.people.words import (
    ABBREVIATIONS,
    CALENDAR,
    GIVEN,
    WORD,
    Usage,
    english,
    fold,
    split,
)
from notesmine.records import Mask

#: The last part has letters only: ``package@1.2`` is a version, no address.
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w-]|\.\w)")
PHONE = re.compile(
    r"(?<![\w+])\+\d[\d ()./-]{7,18}\d(?!\w)"
    r"|(?<![\w./-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"
    r"|(?i:(?<=phone )|(?<=phone: )|(?<=tel )|(?<=tel\. )|(?<=tel: )|(?<=mobile )|(?<=mobile: )"
    r"|(?<=fax )|(?<=fax: ))[(\d][\d ()./-]{5,18}\d(?!\w)"
)
_JOINER = re.compile(r"[ \t\u00a0]?[ \t\u00a0'’.\-_+]?[ \t\u00a0]?|[ \t]?\n[ \t]*", re.ASCII)
_TIGHT = re.compile(r"[._-]?")
#: After a word that may be a name: a colon, a possessive, or a verb of people in meetings.
_ACTS = re.compile(
    r"(?:['’]s\b|\s*(?:\([^()\n]{1,40}\)\s*)?:(?!/)|\s+(?:will|is|was|has|had|said|says|asked|asks|"
    r"agreed|agrees|noted|notes|mentioned|mentions|suggested|suggests|proposed|proposes|thinks|"
    r"thought|explained|explains|reported|reports|raised|raises|joined|left|took|takes|wants|"
    r"wanted|would|could|should|can't|can|won't|gave|gives|showed|shows|presented|presents|added|"
    r"shared|offered|volunteered|confirmed)\b)"
)
_COLON = re.compile(r"\s*(?:\([^()\n]{1,40}\)\s*)?:(?!/)")
_OPENS = re.compile(r"(?:^|\n|[.!?…]\s)[\s*_>\[•·–—-]*$")
_LISTED = re.compile(r"(?:[(,/&+]|\band)\s*$")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Professor|Sir|Dame|Herr|Frau|Mme)\.? $")
_BEFORE_NAME = re.compile(r"[a-z][a-z'’-]*,? $")
NOBODY_KNOWN = "[Person]"
EMAIL_SHOWN = "[e-mail address]"
PHONE_SHOWN = "[phone number]"


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of text to be replaced, what is shown for it, and what kind of name it is."""

    start: int
    end: int
    shown: str
    kind: str


class Alias(Struct, kw_only=True):
    """Whom a sequence of words may stand for, by the kind of spelling."""

    full: set[int] = set()
    handle: set[int] = set()
    first: set[int] = set()
    last: set[int] = set()
    initials: set[int] = set()
    organisation: set[int] = set()


class Masker:
    """Finds and replaces names.

    Parameters
    ----------
    people : People
        With ``shown`` set for each person; nobody where people are kept.
    usage : Usage
    organisations : sequence of (str, int)
        Names and numbers of organisations to be masked.
    contacts : bool
        Whether e-mail addresses and phone numbers are masked.
    """

    def __init__(
        self,
        people: People,
        usage: Usage,
        *,
        organisations: Sequence[tuple[str, int]] = (),
        contacts: bool = True,
    ) -> None:
        self.people = people
        self.usage = usage
        self.contacts = contacts
        self.shown = {p.number: p.shown for p in people.persons}
        self.listed = {p.number for p in people.persons if p.listed}
        self.aliases: dict[tuple[str, ...], Alias] = defaultdict(Alias)
        self.handles: dict[str, int] = {}
        self.emails: dict[str, int] = {}
        for person in people.persons:
            self._enter(person)
        for name, number in organisations:
            if words := split(name):
                self.aliases[words].organisation.add(number)
        self.starts: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for words in sorted(self.aliases, key=lambda w: (-len(w), w)):
            self.starts[words[0]].append(words)

    def _enter(self, person: Person) -> None:
        for handle in person.handles:
            (self.emails if "@" in handle else self.handles)[handle] = person.number
            if person.listed and "@" not in handle and (words := split(handle)):
                self.aliases[words].handle.add(person.number)
        for words in person.full:
            self.aliases[words].full.add(person.number)
            self.aliases[(words[0] + words[-1],)].full.add(person.number)
            if len(words[0]) > 1:
                self.aliases[words[:1]].first.add(person.number)
            if len(words[-1]) > 1:
                self.aliases[words[-1:]].last.add(person.number)
            if len(words) > 2:
                self.aliases[(words[0], words[-1])].full.add(person.number)
                if len(words[-2]) > 2:  # "Wagar-Dirks"
                    self.aliases[words[-2:]].full.add(person.number)
            letters = {"".join(w[0] for w in words), words[0][0] + words[-1][0]}
            for initials in letters:
                self.aliases[(initials,)].initials.add(person.number)
        for name in person.singles:
            self.aliases[(name,)].first.add(person.number)
        for initials in person.initials:
            self.aliases[(fold(initials),)].initials.add(person.number)

    # -- finding ----------------------------------------------------------------------------------

    def spans(self, text: str, doc_id: str | None = None) -> list[Span]:
        """Return the names in a text, in order, without overlap.

        Parameters
        ----------
        text : str
        doc_id : str, optional
            The document it belongs to: those on its list are meant before others.
        """
        found: list[Span] = list(self._contacts(text)) if self.contacts else []
        found += self._handles(text, found)
        taken = sorted((s.start, s.end) for s in found)
        tokens = [
            (m.start(), m.end(), fold(m[0]))
            for m in WORD.finditer(text)
            if not taken or not any(a < m.end() and m.start() < b for a, b in taken)
        ]
        present = self.people.present.get(doc_id or "", frozenset())
        number = 0
        while number < len(tokens):
            step = 1
            for words in self.starts.get(tokens[number][2], ()):
                part = tokens[number : number + len(words)]
                if not _same(part, words) or not self._close(text, part):
                    continue
                span = self._decide(text, part, self.aliases[words], present)
                if span is not None:
                    found.append(span)
                    step = len(words)
                    break
            number += step
        return sorted(found, key=lambda s: s.start)

    def _contacts(self, text: str) -> Iterable[Span]:
        ends = -1
        for match in sorted(
            [*EMAIL.finditer(text), *PHONE.finditer(text)], key=lambda m: (m.start(), -m.end())
        ):
            if match.start() < ends:
                continue
            ends = match.end()
            if "@" in match[0]:
                yield Span(start=match.start(), end=ends, shown=self._mail(match[0]), kind="e-mail")
            else:
                yield Span(start=match.start(), end=ends, shown=PHONE_SHOWN, kind="phone")

    def _mail(self, address: str) -> str:
        local = fold(address).partition("@")[0]
        known = self.emails.get(fold(address)) or self.handles.get(local)
        alias = self.aliases.get(split(local))
        if known is None and alias is not None and len(alias.full) == 1:
            known = next(iter(alias.full))
        return EMAIL_SHOWN if known is None else self.shown[known]

    def _handles(self, text: str, taken: Sequence[Span]) -> list[Span]:
        if not self.handles:
            return []
        found = []
        for match in HANDLE.finditer(text):
            if any(s.start <= match.start() < s.end for s in taken):
                continue
            handle, end = fold(match[1]), match.end()
            if handle not in self.handles and "." in match[1]:
                end = match.start() + 1 + match[1].index(".")
                handle = fold(text[match.start() + 1 : end])
            number = self.handles.get(handle)
            if number is None or handle in NO_HANDLE:
                continue
            if number not in self.listed and is_package(text, end):
                continue
            found.append(
                Span(start=match.start(), end=end, shown=self.shown[number], kind="@handle")
            )
        return found

    @staticmethod
    def _close(text: str, part: Sequence[tuple[int, int, str]]) -> bool:
        for left, right in pairwise(part):
            gap = text[left[1] : right[0]]
            if not _JOINER.fullmatch(gap):
                return False
            if "." in gap and " " in gap and len(left[2]) > 2:  # the end of a sentence
                return False
        return True

    # -- deciding ---------------------------------------------------------------------------------

    def _decide(
        self,
        text: str,
        part: Sequence[tuple[int, int, str]],
        alias: Alias,
        present: frozenset[int],
    ) -> Span | None:
        start, end = part[0][0], part[-1][1]
        words = [t[2] for t in part]
        capital = all(text[t[0]].isupper() for t in part)
        if alias.organisation and text[start].isupper():
            number = min(alias.organisation)
            return Span(start=start, end=end, shown=f"[Organisation {number}]", kind="organisation")
        if alias.full and (capital or not all(self.usage.ordinary(w) for w in words)):
            return self._span(start, end, alias.full, present, "name")
        tight = all(_TIGHT.fullmatch(text[a[1] : b[0]]) for a, b in pairwise(part))
        if alias.handle and tight and self._plain_handle(text, start, end, words):
            return self._span(start, end, alias.handle | alias.first, present, "handle")
        if len(part) > 1:
            return None
        people = alias.first | alias.last
        if people and self._single(text, start, end, words[0], alias, present):
            return self._span(start, end, people, present, "name")
        raw = text[start:end]
        if alias.initials and raw.isupper() and 2 <= len(raw) <= 4:
            return self._initials(text, start, end, alias.initials, present)
        return None

    def _plain_handle(self, text: str, start: int, end: int, words: Sequence[str]) -> bool:
        """Tell whether a handle without its sign is that of a person, and no ordinary word."""
        whole = "".join(words)
        # How the notes write it says nothing: handles are written in lower case.
        known = whole in english() or all(w in english() for w in words)
        rare = not known and (len(whole) >= 3 or not whole.isalpha())
        return rare or bool(_OPENS.search(text[:start][-40:]) and _COLON.match(text, end))

    def _single(
        self, text: str, start: int, end: int, word: str, alias: Alias, present: frozenset[int]
    ) -> bool:
        """Tell whether a first name or surname alone is meant as one."""
        raw = text[start:end]
        before = text[max(0, start - 60) : start]
        if not alias.first and word in english():  # a surname that is a word: only as a label
            label = bool(_OPENS.search(before) and _COLON.match(text, end))
            addressed = _TITLE.search(before) is not None
            return raw[0].isupper() and (addressed or (label and bool(alias.last & present)))
        if self.usage.ordinary(word):
            people = (alias.first | alias.last) & present
            label = bool(_OPENS.search(before) and _COLON.match(text, end))
            if not people and word in GIVEN and raw.istitle() and word not in CALENDAR:
                return label or bool(_LISTED.search(before) and re.match(r"\s*[),/&+]", text[end:]))
            if not people or not raw[0].isupper() or (raw.isupper() and len(raw) > 1):
                return False
            if label:
                return True
            if word in CALENDAR:
                return False
            following = WORD.search(text, end)
            alone = following is None or not text[following.start()].isupper()
            acts = _ACTS.match(text, end) is not None
            return acts or bool(alone and _BEFORE_NAME.search(before))
        if raw[0].isupper():
            return len(word) > 2 or bool(_ACTS.match(text, end)) or bool((alias.first) & present)
        # In lower case a name is one that no dictionary has, or that the notes know as a name.
        people = alias.first | alias.last
        return len(word) > 2 and (word not in english() or bool(people & present))

    def _initials(
        self, text: str, start: int, end: int, people: set[int], present: frozenset[int]
    ) -> Span | None:
        raw = text[start:end]
        before = text[max(0, start - 40) : start]
        label = bool(_OPENS.search(before) and _COLON.match(text, end))
        listed = bool(_LISTED.search(before)) and re.match(r"\s*(?:[),/&+:]|and\b)", text[end:])
        stated = self.people.explicit.get("=" + raw, 0)
        here = bool(people & present)
        word = fold(raw) in ABBREVIATIONS
        if stated:
            ok = label or (here and (not word or bool(listed) or bool(_ACTS.match(text, end))))
            ok = ok or (stated > 1 and not word) or (bool(listed) and not word)
        else:
            ok = label and here and not word
        return self._span(start, end, people, present, "initials") if ok else None

    def _span(
        self, start: int, end: int, people: set[int], present: frozenset[int], kind: str
    ) -> Span:
        meant = people if len(people) == 1 else people & present
        shown = self.shown[next(iter(meant))] if len(meant) == 1 else NOBODY_KNOWN
        return Span(start=start, end=end, shown=shown, kind=kind)

    def mask(
        self, text: str, doc_id: str | None = None, offset: int = 0
    ) -> tuple[str, tuple[Mask, ...], tuple[Span, ...]]:
        """Replace names by brackets.

        Parameters
        ----------
        text : str
        doc_id : str, optional
        offset : int
            Where the text stands in its document.

        Returns
        -------
        (text, masks, spans)
            The published text, its declared brackets, and what they stand for.
        """
        spans = self.spans(text, doc_id)
        published, masks = bracketed(text, spans, offset)
        return published, masks, tuple(spans)


def _same(part: Sequence[tuple[int, int, str]], words: Sequence[str]) -> bool:
    """Tell whether tokens are the words of an alias."""
    if len(part) != len(words) or part[-1][2] != words[-1]:  # most differ there, if anywhere
        return False
    return all(token[2] == word for token, word in zip(part, words, strict=True))


def bracketed(text: str, spans: Iterable[Span], offset: int = 0) -> tuple[str, tuple[Mask, ...]]:
    """Return a text with brackets in place of spans, and their declaration."""
    pieces: list[str] = []
    masks: list[Mask] = []
    done = length = 0
    for span in spans:
        pieces += (text[done : span.start], span.shown)
        at = length + span.start - done
        length = at + len(span.shown)
        masks.append(
            Mask(
                start=at,
                end=length,
                source_start=offset + span.start,
                source_end=offset + span.end,
            )
        )
        done = span.end
    pieces.append(text[done:])
    return "".join(pieces), tuple(masks)


def clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """Return the parts of spans that lie in a piece of the text, seen from the piece's start."""
    return [
        replace(s, start=max(s.start, start) - start, end=min(s.end, end) - start)
        for s in spans
        if s.start < end and start < s.end
    ]
