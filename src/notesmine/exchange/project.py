"""A finished run as people exchange it: documents, the tree of codes, and what passages bear."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from notesmine.errors import CheckFailed, StateError
from notesmine.publish.text import one_line
from notesmine.records import KINDS, Document, Evidence, Finding, Kind, Run, digest
from notesmine.rulings import RULINGS, Ruling
from notesmine.runrecord import NAMES
from notesmine.store import Store
from notesmine.synthesis import findings
from notesmine.themes.codebook import Codebook, load_codebook
from notesmine.themes.coding import CODED_KINDS

FINDINGS = "findings"  # the name under which the newest run keeps its findings
KIND, MARK = "kind:", "mark:"
REVIEW, PINNED, UNQUOTED = MARK + "review", MARK + "pinned", MARK + "unquoted"
MARKS = {
    REVIEW: ("to review", "Below the threshold of certainty: take this away to confirm it."),
    PINNED: ("pinned", "Shown first under its theme in every report."),
    UNQUOTED: ("not for quotation", "Counted, and never quoted."),
}
ABOUT_KINDS: Mapping[Kind, str] = {
    "impediment": "Something hinders: reported as a problem that is there or feared.",
    "resolved": "A hindrance that is said to be over.",
    "enabler": "Something that helps.",
    "proposal": "What somebody suggests or wishes.",
    "decision": "What was decided.",
    "status": "Progress and plans: no hindrance.",
    "boilerplate": "No statement at all: greetings, templates, lists of those present.",
}
FOLDERS = {KIND: "Kind of statement", MARK: "Marks"}
#: Colours for themes without one of their own, told apart by people with colour blindness too.
PALETTE = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255",
    "#AA4499", "#666666",
)  # fmt: skip


class Node(Struct, frozen=True, kw_only=True):
    """A code of the exchanged codebook; ``ident`` is a theme's id, or begins with kind: or mark:.

    Names are unique whatever their case, since programs tell codes apart by them.
    """

    ident: str
    name: str
    description: str
    colour: str
    parent: str | None = None
    codable: bool = True


class Project(Struct, frozen=True, kw_only=True):
    """Everything of one run that is exchanged. ``rulings`` are in order of place."""

    run: Run
    documents: dict[str, Document]
    rulings: tuple[Ruling, ...]
    evidence: dict[str, Evidence]
    book: Codebook
    findings: tuple[Finding, ...]
    nodes: tuple[Node, ...]

    def node(self, ident: str) -> Node | None:
        """Return the code of an id, or None."""
        return next((n for n in self.nodes if n.ident == ident), None)

    def path_of(self, ident: str) -> tuple[str, ...]:
        """Return the names from the top of the tree down to a code."""
        by_id = {n.ident: n for n in self.nodes}
        path: list[str] = []
        at: str | None = ident
        while at is not None and at in by_id and len(path) <= len(by_id):
            path.insert(0, by_id[at].name)
            at = by_id[at].parent
        return tuple(path)


def coded(ruling: Ruling) -> bool:
    """Whether a passage bears codes: what speaks of a hindrance does."""
    return ruling.kind in CODED_KINDS or bool(ruling.pinned)


def borne(ruling: Ruling, known: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the codes that a passage bears, its kind and marks after its themes."""
    if not coded(ruling):
        return ()
    there = frozenset(known)
    marks = [KIND + ruling.kind]
    if ruling.kind == "impediment" and ruling.tier == "review":
        marks.append(REVIEW)
    marks += [PINNED] if ruling.pinned else []
    marks += [] if ruling.quotable else [UNQUOTED]
    themes = dict.fromkeys(t for t in ruling.theme_ids if t in there)
    return (*themes, *marks)


def load_project(store: Store, run_id: str = "", *, names: bool = False) -> Project:
    """Return a run of the state, the newest one unless another is named.

    Parameters
    ----------
    store : Store
    run_id : str
    names : bool, default False
        Give documents with their titles and paths as the notes have them, not as published. Themes
        and findings are as published in any case: these are the words that are cited.

    Raises
    ------
    StateError
        If there is no finished run, the one named is not known, or its passages were not kept.
    """
    runs = store.runs()
    run = next((r for r in reversed(runs) if run_id in {"", r.run_id}), None)
    if run is None:
        raise StateError(
            f"the state knows no run {run_id}" if run_id else "no run has finished here yet",
            "Run `notesmine run` first, or name its outputs.",
        )
    body = store.blob(f"{RULINGS} {run.run_id}")
    if body is None and run.run_id == runs[-1].run_id:
        body = store.blob(RULINGS)
    if body is None:
        raise StateError(
            "the state does not hold the passages of this run",
            "Delete report.html and run `notesmine run` again: it writes them anew.",
        )
    try:
        rulings = msgspec.msgpack.decode(zlib.decompress(body), type=tuple[Ruling, ...])
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateError(
            f"the passages in the state cannot be read: {error}",
            "Delete report.html and run `notesmine run` again: it writes them anew.",
        ) from error
    documents: dict[str, Document] = {}
    evidence: dict[str, Evidence] = {}
    kept = store.shown_by(run.run_id)
    for ident, item in kept.items():
        if ident.startswith(NAMES):
            continue
        decoded = msgspec.msgpack.decode(item)
        if "evidence" in decoded:
            evidence[ident] = msgspec.convert(decoded["evidence"], Evidence)
        elif "quote" not in decoded:
            if names and NAMES + ident in kept:
                decoded = msgspec.msgpack.decode(kept[NAMES + ident])
            found = msgspec.convert(decoded["document"], Document)
            text = store.text_of(found.doc_id) or ""
            documents[ident] = msgspec.structs.replace(found, text=text)
    body = store.blob("codebook")
    book = msgspec.msgpack.decode(body, type=Codebook) if body else load_codebook(None)
    return Project(
        run=run,
        documents=documents,
        rulings=rulings,
        evidence=evidence,
        book=book,
        findings=_findings(store, run, evidence, documents, rulings),
        nodes=_nodes(evidence.values(), book),
    )


def _findings(
    store: Store,
    run: Run,
    evidence: Mapping[str, Evidence],
    documents: Mapping[str, Document],
    rulings: Sequence[Ruling],
) -> tuple[Finding, ...]:
    """Return the findings of a run: as published where they were kept, else stated again.

    What an earlier version weighed may not bear the statements of this one: then there are none.
    """
    body = store.blob(FINDINGS)
    if body is not None and store.runs()[-1].run_id == run.run_id:
        return msgspec.msgpack.decode(body, type=tuple[Finding, ...])
    with contextlib.suppress(CheckFailed):
        return tuple(
            findings(
                _by_weight(evidence.values()),
                documents,
                events=run.events if run.parent_state else (),
                abstained=sum(not r.theme_ids and r.kind == "impediment" for r in rulings),
            )
        )
    return ()


def keep_baseline(store: Store, run: Run) -> None:
    """Keep the passages of a run for good: what comes back later is compared with them."""
    name = f"{RULINGS} {run.run_id}"
    body = store.blob(RULINGS)
    if body is not None and store.blob(name) is None:
        store.keep_blob(name, body)


def _by_weight(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return evidence in the order in which it was weighed: see `notesmine.evidence.weigh`."""
    ordered = sorted(evidence, key=lambda e: e.theme.theme_id)
    ordered.sort(key=lambda e: e.last_seen or "", reverse=True)
    ordered.sort(key=lambda e: (-e.documents, -e.meetings, -e.organisations, -e.passages))
    return ordered


# -- the tree of codes ----------------------------------------------------------------------------


def _nodes(evidence: Iterable[Evidence], book: Codebook) -> tuple[Node, ...]:
    themes = {e.theme.theme_id: e.theme for e in evidence}
    order = [c.id for c in book.codes if c.id in themes]
    order += sorted(t for t in themes if t not in order)
    colours = {c.id: c.colour for c in book.codes if c.colour}
    taken: set[str] = set()

    def name(wanted: str, ident: str) -> str:
        clean = one_line(wanted) or ident
        if clean.casefold() in taken:
            clean = f"{clean} ({ident})"
        while clean.casefold() in taken:
            clean += "'"
        taken.add(clean.casefold())
        return clean

    nodes = []
    for ident in order:
        theme = themes[ident]
        emergent = theme.origin == "emergent"
        nodes.append(
            Node(
                ident=ident,
                name=name(f"{theme.label} ({ident})" if emergent else theme.label, ident),
                description=described(theme.definition, theme.words),
                colour=colours.get(ident) or _colour(ident),
                parent=theme.parent_id if theme.parent_id in themes else None,
            )
        )
    for ident, label in FOLDERS.items():
        nodes.append(
            Node(
                ident=ident, name=name(label, "notesmine"), colour="#808080", codable=False,
                description="Kept by notesmine; recode within it, and `notesmine import` takes it.",
            )
        )  # fmt: skip
    nodes += [
        Node(
            ident=KIND + kind, name=name(kind, "kind"), description=ABOUT_KINDS[kind],
            colour=_colour(KIND + kind), parent=KIND,
        )
        for kind in KINDS
    ]  # fmt: skip
    nodes += [
        Node(ident=i, name=name(n, "mark"), description=d, colour=_colour(i), parent=MARK)
        for i, (n, d) in MARKS.items()
    ]
    return tuple(nodes)


def described(definition: str, words: Iterable[str]) -> str:
    """Return the description of a theme: its definition, or the words it was found by."""
    if definition.strip():
        return " ".join(definition.split())
    listed = ", ".join(words)
    return f"Found among the passages by the words: {listed}" if listed else ""


def _colour(ident: str) -> str:
    return PALETTE[int(digest(ident, length=8), 16) % len(PALETTE)]
