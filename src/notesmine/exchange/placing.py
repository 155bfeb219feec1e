"""Which of our notes a foreign source is, what its positions count, which passages they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from notesmine.exchange.anchor import Anchor, Finder, Place, surroundings
from notesmine.exchange.foreign import Foreign, ForeignSelection, ForeignSource
from notesmine.exchange.names import Hide, Shown, shown
from notesmine.exchange.project import Project
from notesmine.exchange.qdpx import LONGEST_NAME, guid, source_names
from notesmine.publish.text import one_line
from notesmine.records import Passage

#: Selections that are looked at to tell what positions count.
PROBED = 400


class Spot(Struct, frozen=True, kw_only=True):
    """A foreign selection on one of our passages; ``how`` it was found: same, moved, changed."""

    quote_id: str
    selection: ForeignSelection
    how: str


class Placed(Struct, frozen=True, kw_only=True):
    """Where the coded stretches of a project lie; ``lost`` lists those that lie nowhere.

    ``matched`` are the documents whose sources came back; of others nothing is concluded.
    """

    spots: tuple[Spot, ...]
    matched: frozenset[str]
    lost: tuple[str, ...]


class _Ours:
    """Our documents as one way of showing names exported them."""

    def __init__(self, project: Project, hide: Hide) -> None:
        self.shown: dict[str, Shown] = {
            i: shown(d.text, i, hide) for i, d in project.documents.items()
        }
        self.names = source_names(list(project.documents.values()), hide)
        self.project = project
        self._finder: Finder | None = None

    def finder(self) -> Finder:
        """Return what finds words in the texts as shown; made when first needed."""
        if self._finder is None:
            documents = {
                i: replace(d, text=self.shown[i].text, paths=(self.names[i],))
                for i, d in self.project.documents.items()
            }
            self._finder = Finder(documents, list(self.passages()))
        return self._finder

    def passages(self) -> Iterator[Passage]:
        """Yield our passages where they stand in the texts as shown, by their quotes' ids."""
        for ruling in self.project.rulings:
            text = self.shown.get(ruling.doc_id)
            if text is None:
                continue
            start, end = text.to_shown(ruling.start, ruling.end)
            yield Passage(
                passage_id=ruling.quote_id, doc_id=ruling.doc_id, start=start, end=end,
                text=text.text[start:end], type="other",
            )  # fmt: skip


def place(foreign: Foreign, project: Project, hides: Sequence[Hide]) -> Placed:
    """Find the passages that a project's codings are on.

    Parameters
    ----------
    foreign : Foreign
    project : Project
        The run that was exported.
    hides : sequence of callable
        The ways in which names may have been shown.
    """
    ways = [_Ours(project, hide) for hide in hides]
    spots: list[Spot] = []
    lost: list[str] = []
    matched: set[str] = set()
    for source in foreign.sources:
        text = _flat(source.text)
        doc_id, ours, same = _match(source, text, ways)
        if doc_id:
            matched.add(doc_id)
        found = ours.finder()
        expected = {(p.start, p.end) for p in found.of.get(doc_id, ())}
        count = _counting(source, text, expected if same else set())
        for selection in source.selections:
            start, end = count(selection.start), count(selection.end)
            where = _where(start, end, text, doc_id, same, ours)
            passages = found.at(where) if where is not None else []
            if where is None or not passages:
                words = one_line(text[start:end])[:LONGEST_NAME] or selection.name
                lost.append(f"{source.name}: {words!r}")
            spots += [
                Spot(quote_id=p.passage_id, selection=selection, how=where.how)
                for p in passages
                if where is not None
            ]
    return Placed(spots=tuple(spots), matched=frozenset(matched), lost=tuple(lost))


def _where(start: int, end: int, text: str, doc_id: str, same: bool, ours: _Ours) -> Place | None:
    if same:
        return Place(doc_id, start, end, "same") if start < min(end, len(text)) else None
    before, after = surroundings(text, start, end)
    return ours.finder().find(
        Anchor(
            doc=doc_id, path="", start=start, end=end, text=text[start:end],
            before=before, after=after,
        )
    )  # fmt: skip


def _match(source: ForeignSource, text: str, ways: Sequence[_Ours]) -> tuple[str, _Ours, bool]:
    """Return the document that a source is, the way it was shown, and if the text is the same."""
    name = source.name.casefold()
    for ours in ways:
        same = [i for i, s in ours.shown.items() if s.text == text]
        same.sort(
            key=lambda i: (ours.names[i].casefold() != name, guid("source", i) != source.guid, i)
        )
        if same:
            return same[0], ours, True
    stem = _stem(name)
    for ours in ways:
        names = {i: ours.names[i].casefold() for i in sorted(ours.shown)}
        for hits in (
            [i for i, n in names.items() if n == name],
            [i for i in names if guid("source", i) == source.guid],
            [i for i, n in names.items() if _stem(n) == stem],
        ):
            if len(hits) == 1:
                return hits[0], ours, False
    return "", ways[0], False


def _stem(name: str) -> str:
    return re.sub(r"\.\w{1,5}$", "", name)


def _flat(text: str) -> str:
    """Return text without byte order mark, with line feeds only: what positions are told in."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _counting(
    source: ForeignSource, text: str, expected: set[tuple[int, int]]
) -> Callable[[int], int]:
    """Return what turns a position of a source into one of its flat text.

    Programs count code points or UTF-16 units, of the file as it is or with line feeds only, with
    the byte order mark or without. That way is taken by which most selections lie on passages of
    ours, hold the words that they are named by, and begin and end with words.
    """
    ways = _ways(source.text, text)
    if len(ways) == 1:
        return ways[0]

    def score(way: Callable[[int], int]) -> int:
        points = 0
        for selection in islice(source.selections, PROBED):
            start, end = way(selection.start), way(selection.end)
            words = text[start:end]
            name = one_line(selection.name)[:LONGEST_NAME]
            points += 4 * ((start, end) in expected)
            points += 4 * (bool(name) and one_line(words)[: len(name)] == name)
            points += (
                bool(words)
                and not words[0].isspace()
                and (not start or not text[start - 1].isalnum())
            )
            points += (
                bool(words) and not words[-1].isspace() and (not text[end : end + 1].isalnum())
            )
        return points

    best = max(range(len(ways)), key=lambda n: (score(ways[n]), -n))
    return ways[best]


def _ways(raw: str, text: str) -> list[Callable[[int], int]]:
    """Return the ways of counting that differ for a text, the likeliest first."""
    bare = raw.removeprefix("\ufeff")
    marks = sorted({0, len(raw) - len(bare)})
    tables: list[Sequence[int] | None] = [None]
    wide = any(ord(c) > 0xFFFF for c in text)
    if wide:
        tables.append(_by_unit(text, range(len(text) + 1)))
    if bare != text:
        flat = _flat_positions(bare)
        tables.append(flat)
        if wide:
            tables.append(_by_unit(bare, flat))
    return [_way(mark, table) for table in tables for mark in marks]


def _way(mark: int, table: Sequence[int] | None) -> Callable[[int], int]:
    def position(at: int) -> int:
        at = max(0, at - mark)
        return at if table is None else table[min(at, len(table) - 1)]

    return position


def _flat_positions(bare: str) -> list[int]:
    """Return where each code point of a text with CR LF pairs stands in the flat text."""
    out, at = [], 0
    for number, character in enumerate(bare):
        out.append(at)
        at += not (character == "\r" and bare[number + 1 : number + 2] == "\n")
    return [*out, at]


def _by_unit(text: str, positions: Sequence[int]) -> list[int]:
    """Return for each UTF-16 unit of a text the position of its code point."""
    out: list[int] = []
    for number, character in enumerate(text):
        out += [positions[number]] * (2 if ord(character) > 0xFFFF else 1)
    return [*out, positions[len(text)]]


def our_texts(project: Project, hide: Hide) -> tuple[Finder, dict[str, str]]:
    """Return a finder of our passages in the texts as exported, and the names of the sources."""
    ours = _Ours(project, hide)
    return ours.finder(), ours.names
