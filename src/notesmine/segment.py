"""Documents into passages: the smallest units that can become evidence.

A passage is one block with its surroundings: the headings above it, who said it, on which day, and
whether it may be quoted. What is no statement (attendance, actions, links, templates) is typed as
such, so that later stages can leave it out. Knows records only; spaCy is imported when needed.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any

import msgspec

from notesmine.records import Block, Document, Passage, PassageType, digest

PSEUDO_LEVEL = 7  # headings by look (a bold line) stand below all real ones
CONTEXT_WORDS = 3  # a list item this short with items below it works as their heading
LONG_WORDS = 45  # a passage longer than this is split into its sentences
SHORT_SENTENCE_WORDS = 5
SPOKEN = 0.2  # share of passages with a name before a colon that makes a record of speech

_ACTION_HEADING = re.compile(
    r"(?i)^(?:new |open |old |review (?:of )?)?(?:action(?:s|\s*items?|\s*points?)?|to-?\s?dos?|"
    r"ais?|follow[- ]?ups?)(?: (?:items?|list|log|review|from .{1,30}|taken|agreed))?\s*:?$"
)
_DECISION_HEADING = re.compile(
    r"(?i)^(?:key |main )?(?:decisions?|resolutions?|agreements?)(?: (?:made|taken))?\s*:?$"
)
_LINK_HEADING = re.compile(
    r"(?i)^(?:useful |related |relevant )?(?:links?|references?|refs?|resources|recordings?|"
    r"further reading|bibliography|attachments?|slides)\s*:?$"
)
_ACTION = re.compile(
    r"^(?:ACTIONS?|AIs?|AP|TODO|TO DO|Action(?: item| point)?s?|"
    r"To-?do)\s*(?:\d{1,3}\s*)?(?:\([^)]{0,40}\)\s*)?[:–—-]\s*\S"
)
_DECISION = re.compile(r"(?i:decision|resolution|agreed|DECIDED|RESOLVED)\s*(?:\d{1,3}\s*)?:\s*\S")
_ACTION_TABLE = re.compile(
    r"(?i)\b(?:actions?|tasks?|to-?do)\b.*\|.*\b(?:owner|who|responsible|assignee|due|deadline)\b"
)
_URL = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
_LINK_LABEL = re.compile(
    r"(?i)^(?:the |meeting |video |zoom |call |github )*(?:recording|video|link|issue|minutes|"
    r"slides|agenda|notes|calendar|stream|doc(?:ument)?|previous (?:meeting|notes)|zoom|join|url|"
    r"refs?|source)?s?\s*:?\s*$"
)
_EMPTY = re.compile(
    r"(?i)^(?:n/?a|none|nothing|tbd|tba|todo|nil|-+|_+|\.+|no updates?(?: this week)?|same|x|see "
    r"above|as above|_?.{0,30}names?\.{3}_?|<[^>]*>|\{\{.*\}\}|\[\s*(?:insert|your|add|"
    r"name)[^\]]*\]|lorem ipsum.*)[.!]?$"
)
_NOT_QUOTABLE = re.compile(
    r"(?i)\b(?:not for (?:direct )?(?:quot(?:ation|ing|e)|attribution|citation|publication|"
    r"circulation|distribution|release)|do not (?:quote|cite|circulate|distribute|attribute)|not "
    r"to be (?:quoted|cited|attributed|circulated)|off[- ]the[- ]record|chatham house rules?)\b"
)
_CONFIDENTIAL = re.compile(r"(?i)^\W*(?:strictly )?(?:confidential|internal only)\W*$")
MARK_WORDS = 14  # a line this short that forbids quoting speaks for what follows, not for itself

_NAME = r"[A-ZÀ-Þ][\w.'’-]*(?: (?:[A-ZÀ-Þ][\w.'’-]*|van|de|der|von|la|le|bin|al)){0,3}"
_AFTER = r"\s*(?:\([^()]{1,60}\))?\s*"
_SPEAKERS = (
    ("colon", re.compile(rf"^\[({_NAME}|@[\w.-]+)\]\s*:?\s*")),
    ("colon", re.compile(rf"^(?:(?:Presenter|Chair): )?({_NAME}|@[\w.-]+){_AFTER}:\s*")),
    ("dash", re.compile(rf"^({_NAME}|@[\w.-]+){_AFTER}\s[-–—]\s+")),
    ("comma", re.compile(rf"^({_NAME}),\s+(?=\w)")),
)
_ALONE = re.compile(rf"^\[?({_NAME}|@[\w.-]+)\]?\s*(?:\([^()]{{1,60}}\))?\s*:?$")
# Labels before a colon that are no people, however often they are repeated.
_LABELS = frozenset(
    "summary note notes goal goals next update updates action actions decision decisions blocked "
    "blocker blockers done question questions answer issue issues status topic agenda date time "
    "link links recording owner due priority risk risks context background discussion outcome "
    "result results problem problems solution proposal idea ideas example todo fyi eta ok pr prs "
    "api ux ui qa ai ml js css html faq okr okrs kr wg sig ci cd tl dr tldr q a re rfc ps nb ie "
    "eg id url pdf csv sql aws step steps pros cons why what who when where how also and but so "
    "then please however title subject description reason impact comment feedback refs ref see "
    "source type name team attendees participants present chair presenter speaker moderator "
    "scribe lead today tomorrow monday tuesday wednesday thursday friday week q1 q2 q3 q4 demo "
    "new old bug bugs fix feature features tests release docs design deliverable "
    "milestone epic devops backend succeeded failed slideset slide format adr".split()
)


def _handles(document: Document) -> dict[str, str]:
    """Spellings by which people on the attendance list may speak: full name, first name, handle."""
    first_names = Counter(p.split()[0] for p in document.people if " " in p)
    known: dict[str, str] = {}
    for person in document.people:
        known[person] = known[person.lstrip("@")] = person
        first = person.split()[0]
        if " " in person and first_names[first] == 1:
            known.setdefault(first, person)
            letters = "".join(word[0] for word in person.split() if word[0].isupper())
            known.setdefault(letters, person)
    return {k: v for k, v in known.items() if k.lower().lstrip("@") not in _LABELS}


def _label(text: str) -> tuple[str, str]:
    """Return (name, form) a passage opens with; form is colon, dash or comma."""
    found = ((form, m) for form, pattern in _SPEAKERS if (m := pattern.match(text)))
    return next(((m[1], f) for f, m in found if not text.startswith("//", m.end())), ("", ""))


def _speakers(document: Document) -> tuple[dict[str, str], frozenset[str]]:
    """Return the accepted spellings of speakers, and which forms but the colon are in use."""
    known = _handles(document)
    counts: Counter[tuple[str, str]] = Counter()
    for block in document.blocks:
        name, form = _label(document.text[block.start : min(block.end, block.start + 120)])
        if name:
            counts[name, form] += 1
    forms: Counter[str] = Counter()
    said = sum(
        n for (name, form), n in counts.items() if form == "colon" and name.lower() not in _LABELS
    )
    # In a record of who said what, such labels are the rule; elsewhere they are just labels.
    spoken = said >= SPOKEN * sum(b.type in {"bullet", "paragraph"} for b in document.blocks)
    for (name, form), count in counts.items():
        if name in known:
            forms[form] += count
        elif form == "colon" and count >= 2 and spoken and name.lower() not in _LABELS:
            initials = re.fullmatch(r"[A-Z]{2,4}", name) and count >= 3
            full = len(name.split()) >= 2 and not any(w.lower() in _LABELS for w in name.split())
            # A name does not occur as a common word: "summary" would, within a sentence.
            common = re.search(rf"(?<=[a-z] ){re.escape(name.lower())}\b(?!:)", document.text)
            single = count >= 3 and " " not in name and not common
            if name.startswith("@") or initials or full or (single and not name.isupper()):
                known[name] = name
    # "Jane, what about ..." addresses Jane more often than not, unless notes are kept that way.
    return known, frozenset(f for f in ("dash", "comma") if forms[f] >= (1 if f == "dash" else 3))


@lru_cache(maxsize=4096)
def _section_type(heading: str) -> PassageType | None:
    plain = heading.strip(" *_#[]()")
    if _ACTION_HEADING.match(plain):
        return "action"
    if _DECISION_HEADING.match(plain):
        return "decision"
    return "link" if _LINK_HEADING.match(plain) else None


class _Walk:
    """State of one pass over the blocks of a document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.known, self.forms = _speakers(document)
        self.headings: list[tuple[int, str]] = []
        self.context: list[tuple[int, str]] = []
        self.dates: list[tuple[int, str]] = []
        self.section_quotable = True
        self.closed_level: int | None = None  # of the heading that forbids quoting its section
        self.speaker: str | None = None
        self.speaker_level: int | None = None  # list level of who speaks; None: a whole section
        head = [document.text[b.start : b.end] for b in document.blocks[:6]]
        forbidden = any(
            _NOT_QUOTABLE.search(t) and (len(t.split()) <= MARK_WORDS or t in document.furniture)
            for t in [*head, *document.furniture, document.title]
        ) or any(_CONFIDENTIAL.match(t) for t in [*head, *document.furniture])
        self.quotable = document.quotable and not forbidden

    def heading(self, block: Block, text: str) -> bool:
        """Enter a section; False if the line is a speaker's name and not a heading."""
        if block.level >= PSEUDO_LEVEL and self._alone(text):
            return False
        level = block.level or 1
        if block.type == "slide_title":
            self.headings.clear()
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        while self.dates and self.dates[-1][0] >= level:
            self.dates.pop()
        if block.date:
            self.dates.append((level, block.date))
        if self.closed_level is not None and level <= self.closed_level:
            self.closed_level = None
        if _NOT_QUOTABLE.search(text) or _CONFIDENTIAL.match(text):
            self.closed_level = min(level, self.closed_level or level)
        # A heading below one that forbids quoting opens nothing.
        self.section_quotable = self.closed_level is None
        self.context.clear()
        self.speaker, self.speaker_level = None, None
        return True

    def _alone(self, text: str) -> bool:
        """Take a line that is nothing but a known person for who speaks from here on."""
        m = _ALONE.match(text)
        name = m[1] if m else ""
        handle = name.startswith("@") and name[1:].lower() not in _LABELS
        if name in self.known or handle:
            self.speaker, self.speaker_level = self.known.get(name, name), None
            return True
        return False

    def voice(self, block: Block, text: str) -> tuple[str | None, bool]:
        """Return who speaks in this block, and whether that is carried over from before."""
        name, form = _label(text[:120])
        if name and name in self.known and (form == "colon" or form in self.forms):
            self.speaker = self.known[name]
            self.speaker_level = block.level if block.type == "bullet" else 0
            return self.speaker, False
        over = self.speaker_level
        carried = over is None or (block.type == "bullet" and block.level > over)
        carried = carried or (
            block.type == "paragraph" and (over == 0 or block.level >= (over or 0))
        )
        if not carried:
            self.speaker = None
        return self.speaker, self.speaker is not None

    def kind(self, block: Block, text: str, path: tuple[str, ...]) -> PassageType:
        """Type of a block that is no heading."""
        if block.type not in {"bullet", "paragraph", "table_row"}:
            return block.type
        if _EMPTY.match(text) or not any(c.isalpha() for c in text):
            return "other"
        rest = _URL.sub(" ", text)
        if rest != text and _LINK_LABEL.match(rest.strip(" -–:()[]<>")):
            return "link"
        if _ACTION.match(text) or (block.header and _ACTION_TABLE.search(block.header)):
            return "action"
        if _DECISION.match(text):
            return "decision"
        section = next((t for h in path[:-3:-1] if (t := _section_type(h))), None)
        return section if section and (section != "link" or rest != text) else block.type

    def path(self, block: Block) -> tuple[str, ...]:
        """Headings above a block, and short list items or labels that work as headings."""
        titles = [t for _, t in self.headings]
        if block.type in {"bullet", "action"}:
            titles += [t for level, t in self.context if level < block.level]
        return tuple(titles)


def segment(document: Document) -> list[Passage]:
    """Turn a document's blocks into passages, in order and without overlap.

    Parameters
    ----------
    document : Document
        As read; its blocks are spans of its text.

    Returns
    -------
    list of Passage
        One per block; ``document.text[p.start:p.end] == p.text`` for each.
    """
    walk = _Walk(document)
    passages: list[Passage] = []
    blocks = document.blocks
    for index, block in enumerate(blocks):
        text = document.text[block.start : block.end]
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        speaker, inherited = None, False
        type_: PassageType = block.type
        if block.type in {"heading", "slide_title"}:
            if walk.heading(block, text):
                path = walk.path(block)
                walk.headings.append((block.level or 1, text))
            else:
                path, type_ = walk.path(block), "other"
        else:
            if block.date:  # a message without a subject
                walk.dates = [(1, block.date)]
            if block.type == "paragraph" and not block.level:
                walk.context.clear()
            if block.type == "bullet":
                walk.context = [c for c in walk.context if c[0] < max(block.level, 1)]
            path = walk.path(block)
            opens_list = following is not None and following.type in {"bullet", "action"}
            if block.type in {"paragraph", "bullet"} and opens_list and walk._alone(text):
                type_ = "other"
                walk.speaker_level = block.level if block.type == "bullet" else None
                speaker = walk.speaker
            else:
                type_ = walk.kind(block, text, path)
                speaker, inherited = walk.voice(block, text)
            _enter_list(walk, block, following, text)
        if _NOT_QUOTABLE.search(text) and len(text.split()) <= MARK_WORDS and type_ != "heading":
            walk.section_quotable = False
        dated = walk.dates[-1][1] if walk.dates else None
        passages.append(
            Passage(
                passage_id="p" + digest(document.doc_id, str(block.start), str(block.end)),
                doc_id=document.doc_id,
                start=block.start,
                end=block.end,
                text=text,
                type=type_,
                page=block.page,
                regions=block.regions,
                heading_path=path,
                level=block.level,
                speaker=speaker,
                speaker_inherited=inherited,
                date=block.date or dated or document.date,
                language=block.language or document.language,
                quotable=walk.quotable and walk.section_quotable and not _NOT_QUOTABLE.search(text),
                confidence=block.confidence,
            )
        )
    return passages


def _enter_list(walk: _Walk, block: Block, following: Block | None, text: str) -> None:
    """Remember a short parent item, or a line ending in a colon, as context of what is below it."""
    if following is None or following.type not in {"bullet", "action"}:
        return
    ends = text.endswith(":")
    short = len(text.split()) <= CONTEXT_WORDS * (4 if ends else 1)
    if block.type == "bullet" and following.level > block.level and short:
        walk.context.append((block.level, text))
    elif block.type == "paragraph" and ends and short and not block.level:
        walk.context[:] = [(0, text)]


@lru_cache(maxsize=1)
def _splitter() -> Any:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 25_000_000  # characters; the reader's own limit comes first
    return nlp


# Dots that end no sentence, beside those spaCy's tokeniser knows.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“])(?:e\.g|i\.e|cf|vs|etc|approx|incl|esp|resp|no|nos|fig|figs|eq|sec|ch|vol|"
    r"pp?|ed|eds|al|dr|mr|mrs|ms|prof|st|jr|sr|inc|ltd|co|corp|dept|est|min|max|avg|a\.k\.a|"
    r"w\.r\.t|n\.b|u\.s|u\.k|[A-Za-z])\.$",
    re.IGNORECASE,
)
_ALWAYS_SPLITS = re.compile(r"(?i)\b(?:etc|inc|ltd|corp|co|no)\.$")


def _boundaries(text: str) -> list[int]:
    """Offsets at which sentences start, the first one 0."""
    starts = [0]
    for sentence in list(_splitter()(text).sents)[1:]:
        at = sentence.start_char
        before, after = text[starts[-1] : at].rstrip(), text[at : at + 1]
        short_form = _ABBREVIATION.search(before) and not (
            _ALWAYS_SPLITS.search(before) and after.isupper()
        )
        bracket = before.count("(") > before.count(")") and ")" in text[at : at + 200]
        number = re.fullmatch(r"\(?[\divx]{1,4}[.)]", before)
        trails_off = before.endswith(("...", "…")) and not after.isupper()
        inside = not text[at - 1].isspace() and after.isalnum() and before.endswith(".")  # v1.2
        goes_on = not before or after.islower() or after in ",;:)]}%’”\"'"
        if not (short_form or bracket or number or trails_off or inside or goes_on):
            starts.append(at)
    return starts


def statements(passage: Passage) -> list[Passage]:
    """Split a long passage into its sentences, as passages of their own.

    Parameters
    ----------
    passage : Passage
        Any passage.

    Returns
    -------
    list of Passage
        Its sentences, if it is a paragraph, bullet or note of more than 45 words with at least
        two of them; very short ones stay with their neighbour. Else the passage alone. Text,
        offsets and order as in the passage; heading, page, speaker and date are inherited.
    """
    text = passage.text
    if passage.type not in {"paragraph", "bullet", "speaker_note", "comment", "footnote"}:
        return [passage]
    if len(text.split()) <= LONG_WORDS:
        return [passage]
    starts = [0]
    for at in _boundaries(text)[1:]:  # a very short sentence stays with the one after it
        if len(text[starts[-1] : at].split()) >= SHORT_SENTENCE_WORDS:
            starts.append(at)
    if len(starts) > 1 and len(text[starts[-1] :].split()) < SHORT_SENTENCE_WORDS:
        starts.pop()
    if len(starts) < 2:
        return [passage]
    children: list[Passage] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end].strip()
        first = passage.start + text.index(piece, start)
        last = first + len(piece)
        children.append(
            msgspec.structs.replace(
                passage,
                passage_id="p" + digest(passage.doc_id, str(first), str(last)),
                start=first,
                end=last,
                text=piece,
                speaker_inherited=passage.speaker_inherited
                or (passage.speaker is not None and start > 0),
            )
        )
    return children
