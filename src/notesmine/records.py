"""The records that flow between the rooms, all frozen.

Offsets are Unicode code points into ``Document.text``, start inclusive, end exclusive, so that
``document.text[p.start:p.end] == p.text`` holds for every passage and every quote.
This module imports nothing of the project.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

Kind = Literal["impediment", "resolved", "enabler", "proposal", "decision", "status", "boilerplate"]
Stance = Literal["open", "anticipated", "resolved", "negated", "none"]
Tier = Literal["confirmed", "review"]
Status = Literal["ok", "partial", "failed", "skipped"]
Origin = Literal["code", "emergent"]
PassageType = Literal[
    "bullet",
    "paragraph",
    "heading",
    "table_row",
    "slide_title",
    "speaker_note",
    "comment",
    "footnote",
    "attendance",
    "action",
    "decision",
    "link",
    "other",
]

KINDS: tuple[Kind, ...] = (
    "impediment",
    "resolved",
    "enabler",
    "proposal",
    "decision",
    "status",
    "boilerplate",
)


class Problem(Struct, frozen=True, kw_only=True):
    """Something a person should know about, with what to do next.

    ``code`` is a stable kebab-case name; ``page`` is 1-based, or None for the whole document.
    """

    code: str
    message: str
    hint: str = ""
    page: int | None = None
    path: str = ""


class Region(Struct, frozen=True):
    """A box on a page, in points from the page's top left corner."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


class Block(Struct, frozen=True, kw_only=True):
    """A typed span of a document as its reader found it, before segmentation.

    ``level`` is the heading's rank (1 is the highest) or the nesting depth of a list item
    (1 is the outermost). ``header`` holds a table's header row for its rows. ``page`` is 1-based.
    ``date`` is set where a part of a file is dated by itself (a message of an mbox).
    """

    type: PassageType
    start: int
    end: int
    level: int = 0
    page: int | None = None
    regions: tuple[Region, ...] = ()
    header: str = ""
    language: str = ""
    date: str | None = None
    confidence: float | None = None


class Document(Struct, frozen=True, kw_only=True):
    """A source file as read: its canonical text, its blocks, and what it says about itself."""

    doc_id: str
    paths: tuple[str, ...]
    sha256: str
    format: str
    status: Status = "ok"
    problems: tuple[Problem, ...] = ()
    title: str = ""
    date: str | None = None
    date_source: str | None = None
    meeting: str = ""
    organisation: str = ""
    language: str = ""
    text: str = ""
    quotable: bool = True
    blocks: tuple[Block, ...] = ()
    pages: int | None = None
    furniture: tuple[str, ...] = ()
    repairs: dict[str, int] = {}
    people: tuple[str, ...] = ()


class Passage(Struct, frozen=True, kw_only=True):
    """The smallest unit that can become evidence: a bullet, a paragraph, a table row."""

    passage_id: str
    doc_id: str
    start: int
    end: int
    text: str
    type: PassageType
    page: int | None = None
    regions: tuple[Region, ...] = ()
    heading_path: tuple[str, ...] = ()
    level: int = 0
    speaker: str | None = None
    speaker_inherited: bool = False
    date: str | None = None
    language: str = ""
    quotable: bool = True
    confidence: float | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """What a passage is: its kind with calibrated probabilities, and why."""

    kind: Kind
    scores: dict[str, float]
    why: str
    tier: Tier = "review"


class CodeScore(Struct, frozen=True, kw_only=True):
    """How well one code of the codebook fits a passage (0..1), and why."""

    code: str
    score: float
    assigned: bool
    why: str = ""


class Coding(Struct, frozen=True, kw_only=True):
    """A passage's full ranking of codes and the stance it takes."""

    codes: tuple[CodeScore, ...]
    stance: Stance


class Membership(Struct, frozen=True, kw_only=True):
    """A passage's place among the emergent themes; ``theme`` is None for an abstention."""

    theme: int | None
    membership: float
    abstained_because: str = ""


class Event(Struct, frozen=True, kw_only=True):
    """What happened to a theme between two runs.

    ``what`` is one of created, grown, faded, split, merged, retired, returned, renamed.
    """

    theme_id: str
    what: str
    detail: str = ""
    other: tuple[str, ...] = ()


class Theme(Struct, frozen=True, kw_only=True):
    """A recurring impediment: a code of the codebook or a theme found among the passages."""

    theme_id: str
    origin: Origin
    label: str
    definition: str = ""
    parent_id: str | None = None
    words: tuple[str, ...] = ()
    stability: float | None = None


class Mask(Struct, frozen=True, kw_only=True):
    """A bracket that stands in a published quote for words of the source.

    ``start`` and ``end`` are offsets into the published text, ``source_start`` and ``source_end``
    into the document's text.
    """

    start: int
    end: int
    source_start: int
    source_end: int


class Quote(Struct, frozen=True, kw_only=True):
    """Verbatim words of a source file under a theme; ``text`` equals the document's span.

    Where names are masked, ``text`` equals it outside the brackets that ``masks`` declares.
    """

    quote_id: str
    theme_id: str
    passage_id: str
    doc_id: str
    kind: Kind
    stance: Stance
    tier: Tier
    score: float
    text: str
    start: int
    end: int
    path: str
    title: str
    date: str | None
    page: int | None
    heading_path: tuple[str, ...]
    speaker: str | None
    citation_key: str
    copies: tuple[str, ...] = ()
    context_before: str = ""
    context_after: str = ""
    why: str = ""
    masks: tuple[Mask, ...] = ()


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything that speaks for (and against) one theme, counted by document, not by mention.

    ``by_month`` maps ``YYYY-MM`` to the number of documents of that month reporting the theme as an
    impediment, copies included; ``months`` maps every month to its documents read, a document with
    several dates in each of its months. Of ``passages``, ``open`` stand open, ``anticipated`` are
    feared and not reported resolved, and the rest is reported resolved. Intervals are 95 %
    percentile intervals from resampling documents. ``read`` is the number of documents read, the
    denominator of ``share``. ``rank`` is 1-based among themes without a parent, 0 for sub-themes
    and themes that nothing reports. ``chosen`` names the quotes to show first; ``links`` pairs an
    impediment's quote (of either tier) with a later quote that reports it resolved. ``unquotable``
    impediments are counted, and have no quote; ``withheld`` holds the ids of their spans.
    ``reported_in`` holds the ids of the documents that ``documents`` counts. ``threads`` groups
    the impediments' quotes that speak of one problem, in order of time; ``returned`` pairs a
    solution's quote with a later one that reports the problem again; ``open_since`` is the date of
    the earliest passage that still stands open; ``strength`` is ``strong``, ``moderate``, ``weak``
    or ``single``.
    """

    theme: Theme
    impediments: tuple[Quote, ...]
    resolved: tuple[Quote, ...] = ()
    enablers: tuple[Quote, ...] = ()
    proposals: tuple[Quote, ...] = ()
    review: tuple[Quote, ...] = ()
    documents: int = 0
    meetings: int = 0
    organisations: int = 0
    passages: int = 0
    open: int = 0
    share: float = 0.0
    share_low: float = 0.0
    share_high: float = 0.0
    expected_errors: float = 0.0
    first_seen: str | None = None
    last_seen: str | None = None
    trend: str = ""
    by_month: dict[str, int] = {}
    unquotable: int = 0
    trend_p: float | None = None
    read: int = 0
    rank: int = 0
    rank_low: int = 0
    rank_high: int = 0
    chosen: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    months: dict[str, int] = {}
    anticipated: int = 0
    withheld: tuple[str, ...] = ()
    reported_in: tuple[str, ...] = ()
    threads: tuple[tuple[str, ...], ...] = ()
    returned: tuple[tuple[str, str], ...] = ()
    open_since: str | None = None
    strength: str = ""


class SaturationStep(Struct, frozen=True, kw_only=True):
    """What one more document, in order of date, added.

    ``new`` names the themes first reported here, ``total`` counts all so far, ``expected`` is what
    as many documents drawn at random would hold. ``change`` maps a run length to the share of new
    information (new themes of the run that ends here / themes of the base); it has no entry where
    the run would reach into the base.
    """

    number: int
    doc_id: str
    date: str | None
    new: tuple[str, ...]
    total: int
    expected: float
    change: dict[int, float] = {}


class Saturation(Struct, frozen=True, kw_only=True):
    """How many documents it took until nothing much was new.

    ``reached`` maps a run length to the number of documents after which the next run of that
    length brought no more new information than ``threshold``; None where no run did.
    """

    steps: tuple[SaturationStep, ...]
    base: int
    base_themes: int
    threshold: float
    reached: dict[int, int | None] = {}


class PassageMap(Struct, frozen=True, kw_only=True):
    """Where passages lie on a plane, by quote id: x and y in -1..1.

    ``kept`` is the share of the variance of their vectors that the plane keeps.
    """

    places: dict[str, tuple[float, float]]
    kept: float


class Overlap(Struct, frozen=True, kw_only=True):
    """Two themes by the documents that report both.

    ``jaccard`` is shared / reporting either (0..1); ``lift`` is how many times more often than by
    chance they meet (1 = as chance would have it), None where it is not defined.
    """

    one: str
    other: str
    documents: int
    jaccard: float
    lift: float | None


class Finding(Struct, frozen=True, kw_only=True):
    """A templated statement in plain words, bound to the quotes that carry it."""

    finding_id: str
    kind: str
    statement: str
    theme_id: str | None
    quote_ids: tuple[str, ...]
    numbers: dict[str, float] = {}


class Run(Struct, frozen=True, kw_only=True):
    """The record of one run, written last as ``run.json``.

    ``beside`` holds what else it depended on: SHA-256 of the files beside the notes, of codebook
    and template, whether links to sources are made, the version of the code that keeps results.
    """

    run_id: str
    corpus: str
    report_date: str | None
    inputs: tuple[dict[str, object], ...]
    skipped: tuple[dict[str, str], ...]
    settings: dict[str, object]
    versions: dict[str, str]
    model: dict[str, object]
    seed: int
    parent_state: str
    counts: dict[str, object]
    problems: tuple[Problem, ...]
    events: tuple[Event, ...] = ()
    outputs: dict[str, str] = {}
    beside: dict[str, str] = {}


def digest(*parts: str | bytes, length: int = 12) -> str:
    """Return the first ``length`` hexadecimal digits of the SHA-256 of the parts.

    The parts are joined by a NUL, so that ``("a", "b")`` and ``("ab",)`` differ.

    Examples
    --------
    >>> digest("a", "b") == digest("ab")
    False
    >>> len(digest("note", length=16))
    16
    """
    raw = b"\0".join(p.encode("utf-8", "surrogatepass") if isinstance(p, str) else p for p in parts)
    return hashlib.sha256(raw).hexdigest()[:length]
