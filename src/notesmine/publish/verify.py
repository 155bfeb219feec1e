"""``notesmine verify``: every published quote against its source, read again.

Each source is found by its hash (or, changed since, by its path), read with the reader that is
passed in, and each quote is looked for in what was read: at its place, elsewhere, nearly, not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from rapidfuzz import fuzz

from notesmine.errors import NotesmineError
from notesmine.publish.published import (
    Row,
    docx_quotes,
    html_quotes,
    is_shortened,
    markdown_quotes,
    rows_of,
    xlsx_quotes,
)
from notesmine.publish.runfile import read_run
from notesmine.publish.text import visible
from notesmine.records import Document, Run

Verdict = Literal["verbatim", "moved", "changed", "lost"]
Reader = Callable[[Path, str], Document]

#: Similarity (0..100, best partial alignment) from which a text counts as the quote, changed.
SIMILAR = 80.0
#: Characters around a quote's place that are searched first: the whole of a long document is slow.
NEAR = 2_000
#: Files that quote, beside evidence.csv, and what reads the quotes of each.
READERS: dict[str, Callable[[Path], list[tuple[str, str]]]] = {
    "report.html": html_quotes,
    "report.md": markdown_quotes,
    "report.docx": docx_quotes,
    "digest.docx": docx_quotes,
    "evidence.xlsx": xlsx_quotes,
}


class Check(Struct, frozen=True, kw_only=True):
    """What became of one quote of one published file.

    ``found`` is the text that stands there now where it differs; ``detail`` says it in words.
    """

    file: str
    quote_id: str
    doc_id: str
    path: str
    verdict: Verdict
    text: str
    found: str = ""
    detail: str = ""


class Source(Struct, frozen=True, kw_only=True):
    """A source as it is today: read, or not, and how it was found."""

    document: Document | None
    note: str = ""


def verify(out: Path, corpus: Path | None, read: Reader) -> list[Check]:
    """Check every quote in ``evidence.csv`` and in each file of `READERS`.

    Parameters
    ----------
    out : pathlib.Path
        An output folder, possibly copied to another machine.
    corpus : pathlib.Path or None
        The folder of source files; None takes the one that ``run.json`` names.
    read : callable
        Reads a file, given where it lies and the path it has in the corpus.

    Returns
    -------
    list of Check
        One for each quote of each file, in order of publication; a quote that stands under two
        themes is checked once in each file where its text is the same.

    Raises
    ------
    InputError
        If the folder is not one that a run wrote.
    """
    run = read_run(out)
    sources = _Sources(run, corpus or _corpus_of(run, out), read)
    table = {(r.quote_id, r.text): r for r in rows_of(out)}
    checks = {key: _check(row, sources) for key, row in table.items()}
    by_id: dict[str, Check] = {}
    for check in checks.values():
        by_id.setdefault(check.quote_id, check)
    found = list(checks.values())
    for name, reader in READERS.items():
        path = out / name
        if not path.is_file():
            continue
        for quote_id, text in dict.fromkeys(reader(path)):
            found.append(_against(name, quote_id, text, by_id.get(quote_id)))
    return found


def _against(name: str, quote_id: str, text: str, known: Check | None) -> Check:
    """Check a quote of a report: the text of ``evidence.csv`` under its id, and that one's fate."""
    if known is None:
        return Check(
            file=name, quote_id=quote_id, doc_id="", path="", verdict="lost", text=text,
            detail="evidence.csv has no quote of this id",
        )  # fmt: skip
    whole = visible(known.text)
    same = text == whole or is_shortened(text, whole)
    return Check(
        file=name,
        quote_id=quote_id,
        doc_id=known.doc_id,
        path=known.path,
        verdict=known.verdict if same else "changed",
        text=text,
        found=known.found if same else known.text,
        detail=known.detail if same else f"{name} and evidence.csv differ",
    )


def _corpus_of(run: Run, out: Path) -> Path | None:
    """Find the corpus that ``run.json`` names, seen from the outputs and from here.

    Of several folders of that name the one with most of the recorded files is taken.
    """
    if not run.corpus:
        return None
    places = [p for p in (out.resolve().parent / run.corpus, Path(run.corpus)) if p.is_dir()]
    recorded = [p for row in run.inputs for p in _paths(row)]
    return max(places, key=lambda c: sum((c / p).is_file() for p in recorded), default=None)


def _paths(row: Mapping[str, object]) -> list[str]:
    listed = row.get("paths")
    return [str(p) for p in listed] if isinstance(listed, (list, tuple)) else []


class _Sources:
    """Today's text of each source, read once."""

    def __init__(self, run: Run, corpus: Path | None, read: Reader) -> None:
        self.inputs = {str(row.get("doc_id", "")): row for row in run.inputs}
        self.corpus = corpus
        self.read = read
        self.known: dict[str, Source] = {}
        self.hashes: dict[str, list[Path]] | None = None

    def of(self, row: Row) -> Source:
        """Return the source of a quote."""
        if row.doc_id not in self.known:
            self.known[row.doc_id] = self._open(row)
        return self.known[row.doc_id]

    def _open(self, row: Row) -> Source:
        if self.corpus is None:
            return Source(document=None, note="the corpus was not found: name it with --corpus")
        record = self.inputs.get(row.doc_id, {})
        wanted = str(record.get("sha256", ""))
        paths = _paths(record) or [row.path]
        there = [(p, self.corpus / p) for p in paths if _inside(self.corpus, p)]
        there = [(p, f) for p, f in there if f.is_file()]
        for path, file in there:
            if _sha256(file) == wanted:
                return self._read(file, path, "")
        for file in self._with_hash(wanted):
            path = file.relative_to(self.corpus).as_posix()
            return self._read(file, path, f"the file is now {path}")
        for path, file in there:
            return self._read(file, path, "the file has changed since")
        return Source(document=None, note="no file of this content or path is in the corpus")

    def _read(self, file: Path, path: str, note: str) -> Source:
        try:
            document = self.read(file, path)
        except (NotesmineError, OSError) as error:
            return Source(document=None, note=f"{path} cannot be read: {error}")
        if not document.text:
            return Source(document=None, note=f"{path} gave no text ({document.status})")
        return Source(document=document, note=note)

    def _with_hash(self, wanted: str) -> Sequence[Path]:
        """All files of the corpus by content; hashed at the first need only."""
        if self.corpus is None or not wanted:
            return ()
        if self.hashes is None:
            self.hashes = {}
            for file in sorted(self.corpus.rglob("*")):
                if file.is_file():
                    self.hashes.setdefault(_sha256(file), []).append(file)
        return self.hashes.get(wanted, ())


def _check(row: Row, sources: _Sources) -> Check:
    source = sources.of(row)
    verdict: Verdict = "lost"
    found, detail = "", source.note
    if source.document is not None:
        verdict, found, what = judge(row, source.document)
        detail = "; ".join(p for p in (source.note, what) if p)
    return Check(
        file="evidence.csv",
        quote_id=row.quote_id,
        doc_id=row.doc_id,
        path=row.path,
        verdict=verdict,
        text=row.text,
        found=found,
        detail=detail,
    )


def judge(row: Row, document: Document) -> tuple[Verdict, str, str]:
    """Look for a quote in a document's text.

    Returns
    -------
    verdict : str
    found : str
        What stands there now, where it is not the quote.
    detail : str
    """
    text = document.text
    if row.text and text[row.start : row.end] == row.text:
        return "verbatim", "", ""
    places = list(_places(text, row.text))
    if places:
        start = min(places, key=lambda p: (abs(p - row.start), p))
        page = _page(document, start)
        where = f" on page {page}" if page is not None and page != row.page else ""
        return "moved", "", f"now at characters {start} to {start + len(row.text)}{where}"
    if row.text.strip() and text:
        low, high = max(0, row.start - NEAR), row.end + NEAR
        for part in (text[low:high], text):
            # The shorter slides along the longer: a few words left over would fit any quote.
            if len(part) < len(row.text) / 2:
                continue
            best = fuzz.partial_ratio_alignment(row.text, part, score_cutoff=SIMILAR)
            if best is not None:
                found = part[best.dest_start : best.dest_end]
                return "changed", found, f"{best.score:.0f} of 100 alike"
    return "lost", "", "nothing like it is in the text"


def _places(text: str, wanted: str) -> Iterator[int]:
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        yield place
        place = text.find(wanted, place + 1)


def _page(document: Document, start: int) -> int | None:
    pages = [b.page for b in document.blocks if b.start <= start < b.end and b.page is not None]
    return pages[0] if pages else None


def _inside(corpus: Path, path: str) -> bool:
    """Whether a recorded path stays in the corpus: ``run.json`` may come from anyone."""
    return (corpus / path).resolve().is_relative_to(corpus.resolve())


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
