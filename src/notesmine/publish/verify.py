"""``notesmine verify``: every published quote against its source, read again.

Each source is found by its hash (or, changed since, by its path), read with the reader that is
passed in, and each quote is looked for in what was read, see `anchor`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from notesmine.errors import NotesmineError
from notesmine.publish.anchor import Verdict, judge
from notesmine.publish.published import READERS, Row, is_shortened, rows_of
from notesmine.publish.runfile import read_run
from notesmine.publish.text import visible
from notesmine.records import Document, Run

Reader = Callable[[Path, str], Document]

#: A masked name within a path.
BRACKET = re.compile(r"\\\[[^\[\]/]{1,80}?\\\]")


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
    """Check every quote in ``evidence.csv`` and in each file that `READERS` knows.

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
    # The digest alone cuts quotes, and says so.
    same = text == whole or (name == "digest.docx" and is_shortened(text, whole))
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
            same = any(shape.fullmatch(path) for shape in _shapes(paths))
            return self._read(file, path, "" if same else f"the file is now {path}")
        for path, file in [*there, *self._shaped_like(paths)]:
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

    def _shaped_like(self, paths: Sequence[str]) -> list[tuple[str, Path]]:
        """Find the one file whose path fits a recorded path in which names are masked."""
        shapes = _shapes(paths)
        if not shapes or self.corpus is None:
            return []
        self._with_hash("none")  # hashes all
        others = {str(row.get("sha256", "")) for row in self.inputs.values()}
        fits = [
            (path, file)
            for sha, files in (self.hashes or {}).items()
            if sha not in others
            for file in files
            for path in [file.relative_to(self.corpus).as_posix()]
            if any(shape.fullmatch(path) for shape in shapes)
        ]
        return fits if len(fits) == 1 else []

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


def _shapes(paths: Sequence[str]) -> list[re.Pattern[str]]:
    """Return what the real paths look like of those in which a name is masked."""
    return [re.compile(BRACKET.sub("[^/]{1,80}", re.escape(p))) for p in paths if "[" in p]


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


def _inside(corpus: Path, path: str) -> bool:
    """Whether a recorded path stays in the corpus: ``run.json`` may come from anyone."""
    return (corpus / path).resolve().is_relative_to(corpus.resolve())


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def table(checks: Sequence[Check]) -> list[str]:
    """Return the lines of a table: for each published file, its quotes by what became of them."""
    names: tuple[Verdict, ...] = ("verbatim", "moved", "changed", "lost")
    files = list(dict.fromkeys(c.file for c in checks))
    counts = Counter((c.file, c.verdict) for c in checks)
    rows = [["file", *names], *([f, *(str(counts[f, v]) for v in names)] for f in files)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
