"""What exported source text looks like to the outside, and the way back to the source's offsets.

A stretch that is hidden is replaced by a bracket, so positions move; `Shown` maps them both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from notesmine import naming
from notesmine.publish.text import PICTURES
from notesmine.store import Store

#: Line ends and page breaks become line feeds, one to one, so that no position moves.
_ONE_TO_ONE = {**PICTURES, 0x0A: 0x0A, 0x0C: 0x0A, 0x0D: 0x0A, 0x0B: 0x0A}


class Hidden(Struct, frozen=True):
    """A stretch of a text (code points) and what is shown in its place."""

    start: int
    end: int
    shown: str


#: Gives the stretches of a text to hide; the second argument is the document's id, or empty.
Hide = Callable[[str, str], Sequence[Hidden]]


def hider(store: Store, *, with_names: bool) -> Hide:
    """Return what decides which words of the notes leave in an export.

    Every word that `export` writes, and every text that `import` compares with, passes through
    what this returns: names are masked as in the outputs. ``with_names`` gives the words as they
    are.

    Raises
    ------
    StateError
        If the state is of a version that did not keep how names were masked.
    """
    masker = None if with_names else naming.masker(store)
    if masker is None:
        return _nothing

    def hide(text: str, doc_id: str) -> Sequence[Hidden]:
        return [Hidden(s.start, s.end, s.shown) for s in masker.spans(text, doc_id or None)]

    return hide


def _nothing(text: str, doc_id: str) -> Sequence[Hidden]:
    del text, doc_id
    return ()


class Shown(Struct, frozen=True):
    """A text as exported, with the stretches of the source that it shows otherwise."""

    text: str
    hidden: tuple[Hidden, ...] = ()

    def to_shown(self, start: int, end: int) -> tuple[int, int]:
        """Return a span of the source as a span of the shown text; brackets are taken whole."""
        return self._forward(start, end=False), self._forward(end, end=True)

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Return a span of the shown text as a span of the source; brackets are taken whole."""
        return self._back(start, end=False), self._back(end, end=True)

    def _forward(self, at: int, *, end: bool) -> int:
        moved = 0
        for piece in self.hidden:
            first = piece.start + moved
            if at <= piece.start:
                break
            if at < piece.end:
                return first + (len(piece.shown) if end else 0)
            moved += len(piece.shown) - (piece.end - piece.start)
        return at + moved

    def _back(self, at: int, *, end: bool) -> int:
        moved = 0
        for piece in self.hidden:
            first = piece.start + moved
            last = first + len(piece.shown)
            if at <= first:
                break
            if at < last:
                return piece.end if end else piece.start
            moved += len(piece.shown) - (piece.end - piece.start)
        return at - moved


def shown(text: str, doc_id: str, hide: Hide) -> Shown:
    r"""Return a text as exported: hidden stretches replaced, line feeds only, no control character.

    Examples
    --------
    >>> shown("a\x0cb", "d", lambda text, doc: [Hidden(0, 1, "[A]")]).text
    '[A]\nb'
    """
    pieces = sorted(hide(text, doc_id), key=lambda h: (h.start, h.end))
    parts, at, kept = [], 0, []
    for piece in pieces:
        if piece.start < at or piece.end <= piece.start:
            continue
        parts += [plain(text[at : piece.start]), plain(piece.shown)]
        kept.append(piece)
        at = piece.end
    parts.append(plain(text[at:]))
    whole = "".join(parts)
    if whole.startswith("\ufeff"):  # would be taken for a byte order mark
        whole = " " + whole[1:]
    return Shown(whole, tuple(kept))


def shown_speaker(speaker: str | None, doc_id: str, hide: Hide) -> str | None:
    """Return a speaker as shown: the word before a colon is a name, whatever else it means."""
    return shown(f"{speaker}:", doc_id, hide).text.removesuffix(":") if speaker else None


def plain(text: str) -> str:
    """Return text with characters that no exchange file carries replaced one to one."""
    return text.translate(_ONE_TO_ONE)
