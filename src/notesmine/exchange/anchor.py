"""Find a passage again: where it was, by its words, by its surroundings, or by words like it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from notesmine.records import Document, Passage

#: Similarity (0..100, normalised indel) of two passages that are one, when nothing else tells.
ALIKE = 90.0
#: The same between the same surroundings: a corrected word or two, not another statement.
ALIKE_IN_PLACE = 70.0
CONTEXT = 60  # characters before and after that are kept with a decision
LEAST_CONTEXT = 12  # characters of context that say where we are
ROOM = 120  # characters that a passage may have grown between its surroundings


class Anchor(Struct, frozen=True, kw_only=True):
    """A passage as it was: its document, its span, its words and those around them."""

    doc: str
    path: str
    start: int
    end: int
    text: str
    before: str = ""
    after: str = ""


class Place(Struct, frozen=True):
    """Where a passage is now, and how it was found: ``same``, ``moved``, ``changed``."""

    doc_id: str
    start: int
    end: int
    how: str


class Finder:
    """Finds passages in documents.

    Parameters
    ----------
    documents : mapping of str to Document
        By ``doc_id``.
    passages : sequence of Passage
        What decisions are about; in any order.
    """

    def __init__(self, documents: Mapping[str, Document], passages: Sequence[Passage]) -> None:
        self.documents = documents
        self.of: dict[str, list[Passage]] = {}
        for passage in sorted(passages, key=lambda p: (p.doc_id, p.start, p.end)):
            self.of.setdefault(passage.doc_id, []).append(passage)
        self.by_path = {p: d.doc_id for _, d in sorted(documents.items()) for p in d.paths}

    def find(self, anchor: Anchor) -> Place | None:
        """Return where a passage is now, or None where it cannot be told."""
        document = self.documents.get(anchor.doc)
        if document is not None and document.text[anchor.start : anchor.end] == anchor.text:
            return Place(anchor.doc, anchor.start, anchor.end, "same")
        likely = [i for i in (anchor.doc, self.by_path.get(anchor.path, "")) if i in self.documents]
        for group in (likely, sorted(self.documents)):
            # A note that is still here is searched alone: elsewhere it would be another statement.
            places = [p for doc in dict.fromkeys(group) for p in self._exact(anchor, doc)]
            if places:
                return self._best(anchor, places, "moved", alone=group is not likely)
            for doc in dict.fromkeys(group if group is likely else ()):
                place = self._between(anchor, doc)
                if place is not None:
                    return place
            place = self._alike(anchor, list(dict.fromkeys(group)))
            if place is not None or (group is likely and likely):
                return place
        return None

    def at(self, place: Place) -> list[Passage]:
        """Return the passages of a place: those at least half in it, or the one that holds it."""
        for passage in self.of.get(place.doc_id, ()):
            if (passage.start, passage.end) == (place.start, place.end):
                return [passage]
        found: list[Passage] = []
        holder: tuple[int, Passage] | None = None
        for passage in self.of.get(place.doc_id, ()):
            shared = min(passage.end, place.end) - max(passage.start, place.start)
            if shared <= 0:
                continue
            if 2 * shared >= passage.end - passage.start:
                found.append(passage)
            if 2 * shared >= place.end - place.start and (holder is None or shared > holder[0]):
                holder = (shared, passage)
        return found or ([holder[1]] if holder else [])

    def _exact(self, anchor: Anchor, doc: str) -> Iterator[tuple[str, int, int]]:
        """Yield where the words stand, whatever the white space between them."""
        words = anchor.text.split()
        if not words:
            return
        pattern = r"\s+".join(map(re.escape, words))
        for hit in re.finditer(pattern, self.documents[doc].text):
            yield doc, hit.start(), hit.end()

    def _best(
        self, anchor: Anchor, places: Sequence[tuple[str, int, int]], how: str, *, alone: bool
    ) -> Place | None:
        """Return the place whose surroundings are most alike, then the nearest.

        ``alone`` asks for one that stands out: outside its own note words may be anybody's.
        """

        def rank(place: tuple[str, int, int]) -> tuple[int, int]:
            doc, start, end = place
            text = self.documents[doc].text
            whole = any(p.start == start and p.end == end for p in self.of.get(doc, ()))
            around = _shared(text[:start][::-1], anchor.before[::-1])
            around += _shared(text[end:], anchor.after)
            return (around, int(whole))

        ordered = sorted(places, key=lambda p: (rank(p), -abs(p[1] - anchor.start)), reverse=True)
        if alone and len(ordered) > 1 and rank(ordered[0]) == rank(ordered[1]):
            return None
        return Place(*ordered[0], how)

    def _between(self, anchor: Anchor, doc: str) -> Place | None:
        """Find what stands between the same surroundings now, if it is much the same."""
        from rapidfuzz import fuzz

        before, after = anchor.before.strip(), anchor.after.strip()
        if len(before) < LEAST_CONTEXT or len(after) < LEAST_CONTEXT:
            return None
        text = self.documents[doc].text
        found = []
        for hit in re.finditer(r"\s+".join(map(re.escape, before.split())), text):
            start = hit.end()
            room = text[start : start + 2 * len(anchor.text) + ROOM]
            follows = re.search(r"\s+".join(map(re.escape, after.split())), room)
            if follows is None:
                continue
            inside = room[: follows.start()]
            first = start + len(inside) - len(inside.lstrip())
            last = start + len(inside.rstrip())
            if fuzz.ratio(text[first:last], anchor.text) >= ALIKE_IN_PLACE:
                found.append((first, last))
        return Place(doc, *found[0], "changed") if len(found) == 1 else None

    def _alike(self, anchor: Anchor, docs: Sequence[str]) -> Place | None:
        """Find the passage whose words are nearly the same."""
        from rapidfuzz import fuzz, process

        candidates = [p for doc in docs for p in self.of.get(doc, ())]
        hits = process.extract(
            anchor.text,
            [p.text for p in candidates],
            scorer=fuzz.ratio,
            score_cutoff=ALIKE,
            limit=None,
        )
        if not hits:
            return None
        top = max(h[1] for h in hits)
        best = [candidates[h[2]] for h in hits if h[1] == top]
        places = [(p.doc_id, p.start, p.end) for p in best]
        return self._best(anchor, places, "changed", alone=len({p[0] for p in places}) > 1)


def _shared(a: str, b: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def surroundings(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the words before and after a span that are kept with a decision."""
    return text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
