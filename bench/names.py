"""Names left in published files, and ordinary words hidden by brackets.

``python -m bench.names [CORPUS] [EVERY] [SAMPLE]`` (default: openjs_minutes, every file, 100).
Runs the main job on every EVERYth file, then searches all that was published for the names and
handles of the notes' own lists of those present, and prints SAMPLE brackets with what they hide,
to be read by a person: the share that hides an ordinary word is theirs to count.
"""

from __future__ import annotations

import csv
import random
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from lxml import etree

from bench.common import need, record, table
from notesmine import pipeline, read
from notesmine.config import Settings
from notesmine.publish.people.words import fold, split
from notesmine.publish.tables import masks_of
from notesmine.records import Document

SEED = 20
INITIALS = re.compile(r"[A-Z]{2,4}")


def listed(documents: list[Document]) -> set[str]:
    """Return full names and handles of the lists of those present, as the reader found them."""
    found = {name for d in documents for name in d.people}
    return {n for n in found if n.startswith("@") or (" " in n and not INITIALS.fullmatch(n))}


def left(names: set[str], text: str) -> Counter[str]:
    """Count names that still stand in a text, whatever their case; handles with and without @.

    A handle that is a dictionary word (``@why``) is searched with its @ only.
    """
    from notesmine.publish.people.words import english

    plain = fold(text)
    counts: Counter[str] = Counter()
    for name in names:
        words = split(name)
        bare = "".join(words)
        sign = name.startswith("@") and (bare in english() or len(bare) < 3)
        wanted = r"[\W_]{1,2}".join(map(re.escape, words)) if " " in name else re.escape(fold(name))
        if name.startswith("@") and not sign:
            wanted = "@?" + re.escape(fold(name[1:]))
        counts[name] = len(re.findall(rf"(?<![\w]){wanted}(?![\w])", plain))
    return +counts


def main(name: str = "openjs_minutes", every: str = "1", sample: str = "100") -> None:
    """Run, search, print."""
    corpus = need(f"corpora/{name}")
    with tempfile.TemporaryDirectory() as folder:
        notes, out = Path(folder) / name, Path(folder) / "outputs"
        files = sorted(p for p in corpus.rglob("*.md"))[:: int(every)]
        for file in files:
            target = notes / file.relative_to(corpus)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        pipeline.run(notes, out)
        report(name, notes, out, int(sample), " ".join([name, every]))


def report(name: str, notes: Path, out: Path, sample: int, arguments: str) -> None:
    """Search what was published of a corpus and print what was found."""
    found, _ = read.find_files(notes)
    documents = sorted(read.read_documents(found, Settings().read, {}), key=lambda d: d.doc_id)
    names = listed(documents)
    rows = []
    total: Counter[str] = Counter()
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.suffix != ".png":
            counts = left(names, words_of(file))
            total |= counts
            rows.append([file.relative_to(out).as_posix(), len(counts), sum(counts.values())])
    print(table(["file", "names left", "times"], rows))
    print("left:", ", ".join(f"{n} ({k})" for n, k in sorted(total.items())) or "none")
    share = len(total) / max(1, len(names))
    texts = {d.doc_id: d.text for d in documents}
    brackets = hidden(out, texts)
    print(f"{len(names)} names and handles, {share:.2%} left; {len(brackets)} brackets in quotes")
    random.seed(SEED)
    for before, inside, after in random.sample(brackets, min(sample, len(brackets))):
        print(f"  {before!r} <<{inside}>> {after!r}")
    record(
        f"attendance names and handles left in published files, {name}",
        "≤ 1%",
        f"{share:.2%} of {len(names)}",
        "-",
        f"python -m bench.names {arguments}",
    )


def words_of(file: Path) -> str:
    """Return all that a published file says, the parts and properties of office files included.

    Tags are taken away, so that a name set in two runs is one; what attributes say is kept.
    """
    if file.suffix not in {".docx", ".xlsx"}:
        return file.read_text("utf-8", "replace")
    pieces: list[str] = []
    attributes: list[str] = []
    with zipfile.ZipFile(file) as archive:
        for part in archive.namelist():
            if part.endswith((".xml", ".rels")):
                for node in etree.fromstring(archive.read(part)).iter():
                    pieces += ["\n"] * str(node.tag).endswith(("}p", "}si", "}row", "}c"))
                    pieces.append(node.text or "")
                    attributes += [str(value) for value in node.attrib.values()]
    return "\n".join(["".join(pieces), *attributes])


def hidden(out: Path, texts: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return what each bracket hides, with the source's words around it, each place once."""
    places: dict[tuple[str, int, int], None] = {}
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for mask in masks_of(row["masks"]):
                places[row["doc_id"], mask.source_start, mask.source_end] = None
    return [
        (texts[i][max(0, a - 40) : a], texts[i][a:b], texts[i][b : b + 40]) for i, a, b in places
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
