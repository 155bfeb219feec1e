"""Which code of a project that came back is which of ours: kept, renamed, merged, new or gone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from notesmine.exchange.foreign import Foreign, ForeignCode
from notesmine.exchange.names import Hide
from notesmine.exchange.project import FOLDERS, KIND, MARK, Node, Project
from notesmine.exchange.qdpx import guid, line

#: Letters from which a description says by itself which code it is of.
TELLING = 20


class Matched(Struct, frozen=True, kw_only=True):
    """Foreign codes by GUID: ``same`` are codes of ours (``renamed`` among them), ``new`` not.

    ``merged`` maps a code of ours that is gone to the one its passages bear now; ``gone`` names
    those whose passages bear no other in its place.
    """

    same: dict[str, str]
    renamed: dict[str, str]
    new: tuple[ForeignCode, ...]
    merged: dict[str, str]
    gone: tuple[str, ...]
    missing: frozenset[str]


def match_codes(
    foreign: Foreign,
    project: Project,
    hides: tuple[Hide, ...],
    ours: Mapping[str, set[str]],
    theirs: Mapping[str, set[str]],
) -> Matched:
    """Match codes by GUID, path of names, name, description, and the passages that bear them.

    Parameters
    ----------
    foreign : Foreign
    project : Project
    hides : tuple of callable
        The ways in which names may have been shown.
    ours, theirs : mapping of code to set of quote id
        The passages of each code, before by our ids and now by foreign GUIDs.
    """
    same = _by_names(foreign, project, hides)
    left = [n for n in project.nodes if n.ident not in same.values() and _is_theme(n)]
    free = [c for c in foreign.codes if c.guid not in same]
    renamed: dict[str, str] = {}

    def take(code: ForeignCode, node: Node) -> None:
        same[code.guid] = node.ident
        renamed[node.ident] = re.sub(rf"\s*\({re.escape(node.ident)}\)\s*$", "", code.name)
        free.remove(code)
        left.remove(node)

    descriptions = [{line(n.description, "", h).casefold() for h in hides} for n in left]
    for node, said in list(zip(left, descriptions, strict=True)):
        hits = [c for c in free if len(c.description) >= TELLING and _flat(c.description) in said]
        if len(hits) == 1:
            take(hits[0], node)
    pairs = sorted(
        (
            (-len(ours.get(n.ident, set()) & theirs.get(c.guid, set())), n.ident, c.guid)
            for n in left
            for c in free
        ),
    )
    for shared, ident, code_guid in pairs:
        still = next((n for n in left if n.ident == ident), None)
        code = next((c for c in free if c.guid == code_guid), None)
        if still and code and -2 * shared >= max(1, len(ours.get(ident, ()))):
            take(code, still)
    held = {ident: theirs.get(code_guid, set()) for code_guid, ident in same.items()}
    merged, gone = {}, []
    for node in left:
        own = ours.get(node.ident, set())
        into = _heir(own, held, ours)
        if into is not None:
            merged[node.ident] = into
        else:
            gone.append(node.ident)
    return Matched(
        same=same,
        renamed={i: n for i, n in renamed.items() if n},
        new=tuple(c for c in free if theirs.get(c.guid) or not _is_folder(c, foreign)),
        merged=merged,
        gone=tuple(gone),
        missing=frozenset(n.ident for n in project.nodes) - frozenset(same.values()),
    )


def _is_theme(node: Node) -> bool:
    return not node.ident.startswith((KIND, MARK)) and node.ident not in FOLDERS


def _heir(own: set[str], held: Mapping[str, set[str]], ours: Mapping[str, set[str]]) -> str | None:
    """Return the code that most passages of a gone one bear now and did not bear before."""
    best, most = None, 0
    for ident, now in sorted(held.items()):
        if ident.startswith((KIND, MARK)):
            continue
        fresh = own - ours.get(ident, set())
        got = len(fresh & now)
        if got > most and 2 * got >= len(fresh):
            best, most = ident, got
    return best


def _by_names(foreign: Foreign, project: Project, hides: tuple[Hide, ...]) -> dict[str, str]:
    guids = {guid("code", n.ident): n.ident for n in project.nodes}
    same = {c.guid: guids[c.guid] for c in foreign.codes if c.guid in guids}
    for hide in hides:
        paths = {
            tuple(line(p, "", hide).casefold() for p in project.path_of(n.ident)): n.ident
            for n in project.nodes
        }
        names = {path[-1]: ident for path, ident in paths.items()}
        wanted = [(c, paths.get(tuple(_flat(n) for n in c.path))) for c in foreign.codes]
        wanted += [(c, names.get(_flat(c.name))) for c in foreign.codes]
        for code, ident in wanted:
            if ident and code.guid not in same and ident not in same.values():
                same[code.guid] = ident
    return same


def _is_folder(code: ForeignCode, foreign: Foreign) -> bool:
    """Whether a code without passages is a folder for codes: then it is no code of its own."""
    return any(c.parent == code.guid for c in foreign.codes)


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()
