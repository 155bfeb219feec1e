"""Reading, measured beside its peers on the files of ``shared/data``.

Run as ``python -m bench.reading``; prints a Markdown table and returns its rows. Word F1 compares
multisets of tokens per page or document. The reference for PDF is pdfium's own text, which the
layout does not use but for pages it gives up; the peer is plain pdfplumber.
"""

from __future__ import annotations

import os
import re
import statistics
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pdfplumber
import pypdfium2
from lxml import etree

from notesmine.config import ReadSettings
from notesmine.read import find_files, read_documents, read_file
from notesmine.records import Document
from notesmine.segment import segment

DATA = Path(os.environ.get("NOTESMINE_DATA", Path(__file__).parents[2] / "shared" / "data"))
TOKEN = re.compile(r"\w+")
LARGEST = 40  # pages; longer files would be most of the time measured
Row = tuple[str, str, str, str]


def tokens(text: str) -> Counter[str]:
    return Counter(TOKEN.findall(re.sub(r"[\ufffe\u0002]\s*|-\s*\n\s*", "", text).lower()))


def f1(ours: Counter[str], theirs: Counter[str]) -> float:
    total = sum(ours.values()) + sum(theirs.values())
    return 2 * sum((ours & theirs).values()) / total if total else 1.0


def _pdfium(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [document[i].get_textpage().get_text_range() for i in range(len(document))]


def _plumber(path: Path) -> list[str]:
    with pdfplumber.open(path) as document:
        found = []
        for page in document.pages:
            found.append(page.extract_text() or "")
            page.close()
        return found


def _timed(function: Any, *arguments: Any) -> tuple[Any, float]:
    start = time.process_time()
    try:
        result = function(*arguments)
    except Exception:  # noqa: BLE001 - a peer that cannot open a file is a result too
        result = None
    return result, time.process_time() - start


def pdf_rows(limit: int = 60) -> list[Row]:
    """Speed and words of PDF reading beside pdfplumber's ``extract_text``."""
    ours_s = theirs_s = 0.0
    pages = 0
    scores: list[float] = []
    peer: list[float] = []
    unflagged = 0
    for path in sorted((DATA / "documents").rglob("*.pdf"))[:: max(1, 150 // limit)]:
        reference, _ = _timed(_pdfium, path)
        if not reference or len(reference) > LARGEST:
            continue
        document, seconds = _timed(read_file, path, path.name, ReadSettings())
        plumbed, peer_seconds = _timed(_plumber, path)
        if plumbed is None or document is None or not any(t.strip() for t in reference):
            continue
        ours_s, theirs_s, pages = ours_s + seconds, theirs_s + peer_seconds, pages + len(reference)
        text = document.text + "\n" + "\n".join(document.furniture)
        score = f1(tokens(text), tokens("\n".join(reference)))
        scores.append(score)
        peer.append(f1(tokens("\n".join(plumbed)), tokens("\n".join(reference))))
        unflagged += score < 0.9 and not document.problems
    return [
        ("PDF pages a second (one core)", f"{pages / ours_s:.1f}",
         f"pdfplumber {pages / theirs_s:.1f}",
         f"{theirs_s / ours_s:.1f}x, goal 5x"),
        ("PDF word F1 against pdfium's text, mean over files", f"{statistics.mean(scores):.3f}",
         f"pdfplumber {statistics.mean(peer):.3f}",
         f"{len(scores)} files, {unflagged} under .9 not flagged"),
    ]  # fmt: skip


def _office_text(path: Path, parts: str) -> str:
    pieces: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if not re.fullmatch(parts, name):
                continue
            for node in etree.fromstring(archive.read(name)).iter():
                tag = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
                if tag in {"p", "tab", "br"}:
                    pieces.append("\n")
                elif tag == "t":
                    above = {a.tag.rpartition("}")[2] for a in node.iterancestors()}
                    if not above & {"Fallback", "del"}:
                        pieces.append(node.text or "")
    return "".join(pieces)


def _docx_paragraphs(path: Path) -> str:
    import docx

    return "\n".join(p.text for p in docx.Document(str(path)).paragraphs)


def _pptx_shapes(path: Path) -> str:
    import pptx

    slides = pptx.Presentation(str(path)).slides
    return "\n".join(s.text_frame.text for x in slides for s in x.shapes if s.has_text_frame)


def office_rows() -> list[Row]:
    """Share of the words in the XML that are found, beside the libraries' own way."""
    rows: list[Row] = []
    for suffix, parts, peer in (
        ("docx", r"word/document\.xml", _docx_paragraphs),
        ("pptx", r"ppt/(?:slides/slide|diagrams/data)\d+\.xml", _pptx_shapes),
    ):
        total = missed = peer_missed = 0
        for path in sorted((DATA / "documents").rglob(f"*.{suffix}")):
            document = read_file(path, path.name, ReadSettings())
            theirs, _ = _timed(peer, path)
            if document.status == "failed" or theirs is None:
                continue
            reference = tokens(_office_text(path, parts))
            ours = tokens(document.text + "\n" + "\n".join(document.furniture))
            total += sum(reference.values())
            missed += sum((reference - ours).values())
            peer_missed += sum((reference - tokens(theirs)).values())
        rows.append(
            (f"{suffix.upper()} words found", f"{1 - missed / total:.4f}",
             f"{peer.__name__[1:]} {1 - peer_missed / total:.4f}", "goal .995")
        )  # fmt: skip
    return rows


def corpus_rows() -> list[Row]:
    """Statuses over all documents, and the speed of notes in Markdown."""
    start = time.perf_counter()
    documents = list(read_documents(find_files(DATA / "documents")[0], ReadSettings()))
    wall = time.perf_counter() - start
    statuses = Counter(d.status for d in documents)
    rows: list[Row] = [
        ("documents/: statuses", ", ".join(f"{n} {s}" for s, n in sorted(statuses.items())), "",
         f"{wall:.0f} s, {sum(_broken(d) for d in documents)} spans wrong"),
    ]  # fmt: skip
    start = time.perf_counter()
    notes = list(read_documents(find_files(DATA / "corpora" / "tanf_sprints")[0], ReadSettings()))
    seconds = time.perf_counter() - start
    rows.append((f"{len(notes)} Markdown notes", f"{seconds:.1f} s", "", "goal 4 s"))
    return rows


def _broken(document: Document) -> int:
    return sum(document.text[p.start : p.end] != p.text for p in segment(document))


def main() -> list[Row]:
    """Measure all and print the table."""
    rows = [*corpus_rows(), *office_rows(), *pdf_rows()]
    print("| what | notesmine | peer | note |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return rows


if __name__ == "__main__":
    main()
