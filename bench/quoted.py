"""Quotes of difficult files, looked for in what extractors that are not ours make of them.

``python -m bench.quoted [FOLDER]`` runs the main job on ``documents/`` (state and outputs in
FOLDER, kept for the next time; a temporary one by default) and looks for each published quote, and
for a fixed sample of the passages of each file, in the same file as pdftotext, LibreOffice, pandoc
or its plain text and XML give it. Brackets are gaps; white space is folded; what the reader
declares as repaired (hyphenation, ligatures, odd spaces, check boxes, the lines at the top and
foot of a page, the bar between two cells of a table) is allowed for. A quote of a PDF has to stand
on its page; where the page's text is in another order, the words that pdftotext has in the quote's
own box, in its own order, have to be the quote (of a row of a table: the same words). A layout kept
line by line would run across columns as a bad reading does: there a quote has to stand on one line.
What is not found is listed, with what was found instead.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from rapidfuzz import fuzz

from bench.common import need, record, table
from bench.others import Boxed, Reading, boxed, missing, readings
from notesmine import pipeline, segment
from notesmine.publish.published import rows_of
from notesmine.records import Document
from notesmine.store import Store

SEED = 20
SAMPLE = 20  # passages of each file
FEWEST = 3  # words: fewer would be found by chance
LONGEST_NAME = 200  # characters that a bracket may hide
GOAL = 0.98
FOUND = ("as it stands", "after declared repairs", "cell by cell", "in its box")
LEFT = ("other spaces", "other order", "other page", "other characters", "not there")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_HYPHEN = re.compile(r"[-\u2010\u2011\u00ad\ufffe\u0002]\s*\n\s*")
_CHECKBOX = re.compile("[\u2610-\u2612\u25a1\U0001f5f9]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_BAR = re.compile(r"(?<!\S)\|(?!\S)")  # what the readers put between the cells of a table
_WORD = re.compile(r"\w+")


class Item(Struct, frozen=True, kw_only=True):
    """A quote to look for: its pieces between the brackets, and where it is said to stand."""

    what: str
    doc_id: str
    pieces: tuple[str, ...]
    page: int | None
    start: int
    end: int


class Outcome(Struct, frozen=True, kw_only=True):
    """How a quote was found, by which extractor, or what was found instead."""

    item: Item
    how: str
    by: str = ""
    instead: str = ""


def folded(text: str) -> str:
    """Return text with white space folded and characters without width left out."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def repaired(text: str) -> str:
    """Return text after the repairs that the reader declares, made again and independently."""
    text = _HYPHEN.sub("-", unicodedata.normalize("NFKC", text))
    text = _CHECKBOX.sub(" ", _CONTROL.sub(" ", text))
    return re.sub(r"[-\u2010\u2011\u2212]+ ?", "", folded(text))


def bare(text: str) -> str:
    """Return text without any white space or hyphen."""
    return re.sub(r"[\s|]+", "", repaired(text))


def published(out: Path) -> Iterator[Item]:
    """Yield every quote of ``evidence.csv`` once."""
    done = set()
    for row in rows_of(out):
        if row.quote_id in done:
            continue
        done.add(row.quote_id)
        bounds = [0, *(n for m in row.masks for n in (m.start, m.end)), len(row.text)]
        pieces = tuple(row.text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True))
        yield Item(
            what="published", doc_id=row.doc_id, pieces=pieces, page=row.page, start=row.start,
            end=row.end,
        )  # fmt: skip


def sampled(documents: Iterable[Document]) -> Iterator[Item]:
    """Yield a fixed sample of the statements of each document that a run may publish."""
    for document in documents:
        units = [
            s
            for p in segment.segment(document)
            for s in segment.statements(p)
            if s.quotable and len(_WORD.findall(s.text)) >= FEWEST
        ]
        chance = random.Random(f"{SEED} {document.doc_id}")
        for unit in sorted(chance.sample(units, min(SAMPLE, len(units))), key=lambda u: u.start):
            yield Item(
                what="sample", doc_id=unit.doc_id, pieces=(unit.text,), page=unit.page,
                start=unit.start, end=unit.end,
            )  # fmt: skip


class Sought:
    """What others read of one file, ready to be searched."""

    def __init__(self, document: Document, others: Sequence[Reading], path: Path) -> None:
        self.document = document
        self.path = path
        self.boxes: list[list[Boxed]] | None = None
        self.others = others
        self.lines = {bare(f) for f in document.furniture if bare(f)}
        self.known: dict[tuple[int, int, str], str] = {}
        self.rows: dict[tuple[int, int, str], list[str]] = {}

    def text(self, number: int, page: int, shape: str) -> str:
        """Return a page (-1 for all) and the next, where a quote may go on, in a shape.

        Lines at the top and foot of pages are left out where the reader declares them.
        """
        key = (number, page, shape)
        if key not in self.known:
            pages = self.others[number].pages
            chosen = pages if page < 0 else pages[page : page + 2]
            text = "\n".join(chosen)
            if shape != "folded" and self.lines:
                text = "\n".join(t for t in text.split("\n") if bare(t) not in self.lines)
            self.known[key] = SHAPES[shape](text)
        return self.known[key]

    def lines_of(self, number: int, page: int, shape: str) -> list[str]:
        """Return the lines of a page (-1 for all) of an extractor, each in a shape."""
        key = (number, page, shape)
        if key not in self.rows:
            pages = self.others[number].pages
            chosen = pages if page < 0 else pages[page : page + 1]
            self.rows[key] = [SHAPES[shape](t) for p in chosen for t in p.split("\n") if t.strip()]
        return self.rows[key]

    def look(self, item: Item) -> Outcome:
        """Look for a quote: as it stands, repaired, cell by cell, then for what became of it."""
        for shape, how in (("folded", FOUND[0]), ("repaired", FOUND[1])):
            for number, page in self.places(item):
                pieces = [SHAPES[shape](p) for p in item.pieces]
                by_line = self.others[number].by.endswith("-layout")
                parts = (
                    self.lines_of(number, page, shape)
                    if by_line
                    else [self.text(number, page, shape)]
                )
                if any(holds(part, pieces) for part in parts):
                    return Outcome(item=item, how=how, by=self.others[number].by)
        cells = [c for p in item.pieces for c in _BAR.split(p) if bare(c)]
        if any(_BAR.search(p) for p in item.pieces):
            for number, page in self.places(item):
                text = self.text(number, page, "repaired")
                if all(repaired(c) in text for c in cells):
                    return Outcome(item=item, how=FOUND[2], by=self.others[number].by)
        if self.document.format == "pdf" and self._in_box(item):
            return Outcome(item=item, how=FOUND[3], by="pdftotext -bbox-layout")
        return self._left(item)

    def _in_box(self, item: Item) -> bool:
        """Tell whether the words in the quote's box on its page are the quote."""
        if self.boxes is None:
            self.boxes = boxed(self.path)
        blocks = [b for b in self.document.blocks if b.start < item.end and item.start < b.end]
        inside: list[Boxed] = []
        for region in (r for b in blocks for r in b.regions):
            page = self.boxes[region.page - 1] if region.page <= len(self.boxes) else []
            inside += [
                w
                for w in page
                if region.x0 - 1 <= (w.x0 + w.x1) / 2 <= region.x1 + 1
                and region.top - 1 <= (w.top + w.bottom) / 2 <= region.bottom + 1
            ]
        theirs = repaired("\n".join(w.text for w in inside))
        whole = " ".join(item.pieces)
        if any(_BAR.search(p) for p in item.pieces):
            return Counter(repaired(_BAR.sub(" ", whole)).split()) == Counter(theirs.split())
        return holds(theirs, [repaired(p) for p in item.pieces])

    def places(self, item: Item) -> list[tuple[int, int]]:
        """Return where to look: extractor, and the page where it keeps the file's pages."""
        return [
            (n, item.page - 1 if reading.paged and item.page is not None else -1)
            for n, reading in enumerate(self.others)
        ]

    def _left(self, item: Item) -> Outcome:
        whole = " ".join(item.pieces)
        best, instead, by = 0.0, "", ""
        order = False
        wanted = Counter(_WORD.findall(repaired(whole).casefold()))
        for number, page in self.places(item):
            reading = self.others[number]
            by_line = reading.by.endswith("-layout")
            if not by_line and holds(self.text(number, page, "bare"), [*map(bare, item.pieces)]):
                return Outcome(item=item, how=LEFT[0], by=reading.by)
            if not by_line and holds(
                self.text(number, -1, "repaired"), [*map(repaired, item.pieces)]
            ):
                return Outcome(item=item, how=LEFT[2], by=reading.by)
            text = self.text(number, page, "repaired")
            order = order or not wanted - Counter(_WORD.findall(text.casefold()))
            if len(text) >= len(whole) / 2:
                match = fuzz.partial_ratio_alignment(repaired(whole), text)
                if match is not None and match.score > best:
                    best, by = match.score, reading.by
                    instead = text[match.dest_start : match.dest_end]
        how = LEFT[1] if order else LEFT[3] if best >= 80 else LEFT[4]
        return Outcome(item=item, how=how, by=by, instead=f"{best:.0f}: {instead}")


SHAPES = {"folded": folded, "repaired": repaired, "bare": bare}


def holds(text: str, pieces: Sequence[str]) -> bool:
    """Tell whether the pieces stand in the text in order, no further apart than a name is long."""
    if len(pieces) == 1:
        return bool(pieces[0]) and pieces[0] in text
    wanted = [p.strip() for p in pieces]
    if not any(wanted):
        return False
    gaps = [f".{{0,{LONGEST_NAME}}}?" for _ in pairwise(wanted)]
    return bool(
        re.search(
            "".join(p + g for p, g in zip(map(re.escape, wanted), [*gaps, ""], strict=True)),
            text,
            re.DOTALL,
        )
    )


def main(folder: Path) -> None:
    """Run, read as others do, look, print and record."""
    corpus, out = need("documents"), folder / "outputs"
    if lacking := missing():
        sys.exit(f"skipped: {', '.join(lacking)} not installed")
    pipeline.run(corpus, out, state=folder / "state")
    with Store(folder / "state", write=False) as store:
        ids = [str(row["doc_id"]) for row in store.runs()[-1].inputs]
        documents = {d.doc_id: d for d in store.documents(ids) if d.text}
    items = [*published(out), *sampled(documents.values())]
    wanted = dict.fromkeys(i.doc_id for i in items)
    others = readings({i: (corpus / documents[i].paths[0], documents[i].format) for i in wanted})
    sought = {i: Sought(documents[i], others[i], corpus / documents[i].paths[0]) for i in wanted}
    outcomes = [sought[i.doc_id].look(i) for i in items]
    say(outcomes, documents)


def say(outcomes: Sequence[Outcome], documents: dict[str, Document]) -> None:
    """Print the tables and the rest, and write the row."""
    rows = []
    for what in ("published", "sample"):
        for kind in [*sorted({documents[o.item.doc_id].format for o in outcomes}), "all"]:
            mine = [
                o
                for o in outcomes
                if o.item.what == what and kind in {"all", documents[o.item.doc_id].format}
            ]
            counts = Counter(o.how for o in mine)
            share = found_share(mine)
            files = len({o.item.doc_id for o in mine})
            rows.append([what, kind, files, len(mine), *(counts[h] for h in FOUND), share,
                         *(counts[h] for h in LEFT)])  # fmt: skip
    print(table(["quotes", "format", "files", "n", *FOUND, "found", *LEFT], rows))
    by = Counter((documents[o.item.doc_id].format, o.by) for o in outcomes if o.how in FOUND)
    print("first found by:", ", ".join(f"{k} {b} {n}" for (k, b), n in sorted(by.items())))
    for outcome in outcomes:
        if outcome.how not in FOUND:
            document = documents[outcome.item.doc_id]
            page = outcome.item.page
            print(f"\n{outcome.how}; {document.paths[0]}, page {page}, {outcome.item.what}")
            print(f"  ours    {'[…]'.join(outcome.item.pieces)[:300]!r}")
            print(f"  theirs  {outcome.instead[:300]!r} ({outcome.by})")
    said = []
    for what in ("published", "sample"):
        mine = [o for o in outcomes if o.item.what == what]
        good = sum(o.how in FOUND for o in mine)
        said.append(f"{what} {good:,} of {len(mine):,} ({good / max(1, len(mine)):.2%})")
    left = Counter(o.how for o in outcomes if o.how not in FOUND)
    causes = ", ".join(f"{h} {left[h]}" for h in LEFT if left[h])
    record(
        "quotes of documents/ found by another extractor",
        "≥ 98%, the rest explained",
        f"{'; '.join(said)}; left: {causes or 'none'}",
        "pdftotext, LibreOffice, pandoc, plain XML and text",
        "python -m bench.quoted",
    )


def found_share(outcomes: Sequence[Outcome]) -> float | None:
    """Return the share found, None of nothing."""
    good = sum(o.how in FOUND for o in outcomes)
    return good / len(outcomes) if outcomes else None


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
