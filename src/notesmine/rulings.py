"""What a run decided about every passage, kept in the state: published or not.

`shown` holds what was published; to tell why something no longer is, and to draw a sample of all
passages, the decisions about the others are needed too. Only the newest run's are kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from notesmine.errors import StateError
from notesmine.evidence import Assigned, Machine
from notesmine.evidence.assigned import is_quotable
from notesmine.evidence.quotes import identify, path_of
from notesmine.records import Document, Kind, Stance, Tier
from notesmine.store import Store

RULINGS = "rulings"  # the name they are kept under
#: zlib's quickest level: 200,000 passages take a second, and a fifth of their size remains.
LEVEL = 1


class Ruling(Struct, frozen=True, kw_only=True):
    """A passage with what holds of it: the machine's decision, or people's over it.

    ``quote_id`` is the id it has, or would have, as a quote; ``codes`` are the codes assigned, the
    best first; ``theme_ids`` adds the emergent theme. ``quotable`` covers its document too.
    ``code_scores`` go with ``codes``; ``decided_by`` names the people who decided about it, and
    ``decisions`` are the moments of what they decided. Where somebody did, ``machine`` is what the
    machine said before; states of earlier versions do not know it.
    """

    quote_id: str
    passage_id: str
    doc_id: str
    path: str
    title: str
    start: int
    end: int
    text: str
    page: int | None
    date: str | None
    heading_path: tuple[str, ...]
    quotable: bool
    kind: Kind
    tier: Tier
    probability: float
    stance: Stance
    codes: tuple[str, ...]
    theme_ids: tuple[str, ...]
    why: str
    code_scores: tuple[float, ...] = ()
    pinned: bool = False
    decided_by: tuple[str, ...] = ()
    speaker: str | None = None
    decisions: tuple[str, ...] = ()
    machine: Machine | None = None

    @property
    def said(self) -> Machine | None:
        """What the machine by itself says; None where people decided and the state kept it not."""
        if self.machine is not None or self.decided_by:
            return self.machine
        return Machine(**{name: getattr(self, name) for name in Machine.__struct_fields__})

    def by_machine(self) -> Ruling:
        """Return the passage as the machine by itself judged it, where that is known."""
        said = self.machine
        if said is None:
            return self
        return msgspec.structs.replace(
            self,
            **msgspec.structs.asdict(said),
            code_scores=(),
            decided_by=(),
            decisions=(),
            machine=None,
        )


def rulings(assigned: Sequence[Assigned], documents: Mapping[str, Document]) -> list[Ruling]:
    """Return the decisions in canonical order: by document, then by position."""
    found = []
    for item in assigned:
        passage, document = item.passage, documents[item.passage.doc_id]
        found.append(
            Ruling(
                quote_id=identify(item),
                passage_id=passage.passage_id,
                doc_id=passage.doc_id,
                path=path_of(document),
                title=document.title,
                start=passage.start,
                end=passage.end,
                text=passage.text,
                page=passage.page,
                date=passage.date or document.date,
                heading_path=passage.heading_path,
                quotable=is_quotable(item, documents),
                kind=item.judgement.kind,
                tier=item.judgement.tier,
                probability=round(item.probability(), 4),
                stance=item.coding.stance,
                codes=tuple(c.code for c in item.coding.codes if c.assigned),
                theme_ids=item.theme_ids,
                why=item.judgement.why,
                code_scores=tuple(c.score for c in item.coding.codes if c.assigned),
                pinned=item.pinned,
                decided_by=item.decided_by,
                speaker=passage.speaker,
                decisions=item.decisions,
                machine=item.machine,
            )
        )
    return sorted(found, key=lambda r: (r.doc_id, r.start, r.end))


def keep_rulings(
    store: Store, assigned: Sequence[Assigned], documents: Mapping[str, Document]
) -> None:
    """Keep the decisions of a run, replacing those of the run before."""
    keep(store, rulings(assigned, documents))


def keep(store: Store, found: Sequence[Ruling]) -> None:
    """Keep decisions, replacing those kept before."""
    store.keep_blob(RULINGS, zlib.compress(msgspec.msgpack.encode(found), LEVEL))


def kept(store: Store) -> list[Ruling] | None:
    """Return the decisions of the newest run; None for a state of an earlier version.

    Raises
    ------
    StateError
        If they cannot be read.
    """
    body = store.blob(RULINGS)
    if body is None:
        return None
    try:
        return msgspec.msgpack.decode(zlib.decompress(body), type=list[Ruling])
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateError(
            f"the decisions in the state cannot be read: {error}",
            "Delete report.html and run `notesmine run` again: it writes them anew.",
        ) from error
