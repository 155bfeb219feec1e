"""What the smaller commands do: a plain function each, with the same name and arguments."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from notesmine.config import Settings
from notesmine.errors import InputError, NotesmineError, NothingToRead, OutputError
from notesmine.records import Document

if TYPE_CHECKING:
    from notesmine.publish import Check

Row = dict[str, Any]


def extract(
    paths: Sequence[Path], out: Path, settings: Settings
) -> tuple[list[Document], int, int]:
    """Read files and folders into ``documents.jsonl`` and ``passages.jsonl``.

    Returns
    -------
    (documents, passages, failed)
        The documents read, the number of passages, the number of documents not read.

    Raises
    ------
    NothingToRead
        If a path is missing, or there is no document.
    """
    from notesmine import publish, read, segment

    rows: dict[str, dict[str, str]] = {}
    found: list[read.Found] = []
    for path in paths:
        if not path.exists():
            raise NothingToRead(f"{str(path)!r} does not exist", "Check the spelling of the path.")
        template = publish.find_template(settings.publish.docx_template, path)
        more, _ = read.find_files(path, template=template)
        found += more
        if path.is_dir():
            rows |= read.read_metadata(path)[0]
    if not found:
        raise NothingToRead("there is no document in what was named", "Name files or folders.")
    documents = list(read.read_documents(found, settings.read, rows))
    passages = [p for d in documents for p in segment.segment(d)]
    slim = []
    for document in documents:
        row = msgspec.to_builtins(document)
        slim.append({k: v for k, v in row.items() if k != "blocks"})
    write_jsonl(out / "documents.jsonl", slim)
    write_jsonl(out / "passages.jsonl", (msgspec.to_builtins(p) for p in passages))
    return documents, len(passages), sum(d.status == "failed" for d in documents)


def classify(source: Path, out: Path) -> int:
    """Add ``kind``, ``kind_scores`` and ``why`` to each row; return the number of rows."""
    from notesmine.classify import Classifier
    from notesmine.encoder import Encoder

    rows = read_jsonl(source)
    judged = Classifier(Encoder()).judge(*_inputs(rows))
    for row, item in zip(rows, judged, strict=True):
        row["kind"] = item.judgement.kind
        row["kind_scores"] = item.judgement.scores
        row["why"] = item.judgement.why
    write_jsonl(out, rows)
    return len(rows)


def code(source: Path, out: Path, codebook: Path | None) -> int:
    """Add ``codes`` (the full ranking) and ``stance`` to each row; return the number of rows."""
    from notesmine.classify import Classifier
    from notesmine.encoder import Encoder
    from notesmine.themes.codebook import load_codebook
    from notesmine.themes.coding import Coder

    rows = read_jsonl(source)
    book = load_codebook(codebook)
    texts, headings, types = _inputs(rows)
    encoder = Encoder()
    judged = Classifier(encoder).judge(texts, headings, types)
    kinds = [row.get("kind") or j.judgement.kind for row, j in zip(rows, judged, strict=True)]
    codings = Coder(book, encoder.encode).code(
        texts,
        kinds,
        [j.codes for j in judged],
    )
    for row, coding in zip(rows, codings, strict=True):
        row["codes"] = msgspec.to_builtins(coding.codes)
        row["stance"] = coding.stance
    write_jsonl(out, rows)
    return len(rows)


def themes(source: Path, out: Path, settings: Settings) -> tuple[int, int]:
    """Add the discovered theme to each row; return the numbers of rows and of themes."""
    from notesmine.encoder import Encoder
    from notesmine.records import digest
    from notesmine.themes.growth import grow

    rows = read_jsonl(source)
    encoder = Encoder(settings.embed.model, settings.embed.threads)
    texts = [_text(row, number) for number, row in enumerate(rows, 1)]
    grown = grow(
        texts,
        encoder.encode(texts),
        [digest(text, length=32) for text in texts],
        b"",
        settings.themes,
        encode=encoder.encode,
    )
    for row, member in zip(rows, grown.memberships, strict=True):
        row["theme_id"] = None if member.theme is None else grown.ids[member.theme]
        row["theme_label"] = None if member.theme is None else grown.labels[member.theme]
        row["membership"] = member.membership
        row["abstained_because"] = member.abstained_because
    write_jsonl(out, rows)
    return len(rows), len(grown.ids)


def verify(
    out: Path, corpus: Path | None, state: Path | None, settings: Settings | None
) -> list[Check]:
    """Check every published quote against its source file, read anew.

    Without ``corpus`` the folder is the one that the state remembers, else the one of that name
    beside the outputs.
    """
    from notesmine import publish, read
    from notesmine.project import find_settings
    from notesmine.store import Store, state_folder

    if not (out / "run.json").is_file():
        raise NothingToRead(
            f"{str(out)!r} holds no report (run.json is missing)",
            "Name the output folder of a finished run.",
        )
    folder = state_folder(out, state)
    if corpus is None and (folder / "state.sqlite").is_file():
        with Store(folder, write=False) as store:
            known = Path((store.blob("corpus") or b"").decode() or "nowhere")
        corpus = known if known.exists() else None
    if corpus is not None and corpus.is_file():
        corpus = corpus.parent
    if corpus is not None and settings is None:
        settings = find_settings(None, corpus)
    limits = (settings or Settings()).read
    return publish.verify(out, corpus, lambda path, name: read.read_file(path, name, limits))


def show(ident: str, out: Path, state: Path | None, *, with_names: bool = False) -> list[str]:
    """Return what the state knows of a theme, a quote or a document.

    ``ID@NAME`` asks what a release said of it, and what became of it since. Names are masked as in
    the outputs; ``with_names`` shows the source's words.

    Raises
    ------
    InputError
        If the id is unknown.
    """
    from notesmine.publish import describe
    from notesmine.runrecord import NAMES
    from notesmine.store import Store, state_folder

    with Store(state_folder(out, state), write=False) as store:
        if "@" in ident:
            from notesmine import editions

            plain, _, name = ident.partition("@")
            return editions.show(plain, name, store, with_names=with_names)
        body = None if ident.startswith(NAMES) else store.shown(ident)
        if body is not None and with_names:
            body = store.shown(NAMES + ident) or body
        runs = store.runs()
    if body is None:
        raise InputError(
            f"nothing with the id {ident!r} was ever published here",
            "Ids stand in themes.csv (ownership, T-001), evidence.csv (Q-...) and run.json.",
        )
    events = [(run, event) for run in runs for event in run.events if event.theme_id == ident]
    return describe(ident, msgspec.msgpack.decode(body), events)


def doctor() -> tuple[list[str], bool]:
    """Return what is here and what is missing, and whether a run would work."""
    import sqlite3

    from notesmine.classify import WEIGHTS_SHA256, Classifier
    from notesmine.encoder import Encoder
    from notesmine.runrecord import versions

    lines, sound = [], True
    for name, version in versions().items():
        lines.append(f"{name:24} {version}")
        if version == "missing":
            sound = False
            lines.append(f"  -> pip install {name}")
        elif version == "not installed":
            lines.append("  -> pages that are pictures are not read; install it for that")
    lines.append(f"{'sqlite':24} {sqlite3.sqlite_version}")
    try:
        encoder = Encoder()
        lines.append(f"{'encoder':24} {encoder.name}, SHA-256 {encoder.sha256[:16]}… as expected")
        Classifier(encoder)
        lines.append(f"{'classifier':24} SHA-256 {WEIGHTS_SHA256[:16]}… as expected")
    except NotesmineError as error:
        sound = False
        lines += [f"{'model':24} {error.message}", f"  -> {error.hint}"]
    lines.append(f"{'processes':24} {_isolation()}")
    return lines, sound


def _isolation() -> str:
    if os.name == "posix":
        return "one per document, with limits on memory, processor time and wall time"
    return "one per document, with a wall limit only (memory cannot be limited on this system)"


def write_apart(path: Path, text: str) -> None:
    """Write a file that was asked for, in UTF-8, and never over one that a run published.

    Raises
    ------
    InputError
        If the file is part of a report.
    OutputError
        If it cannot be written.
    """
    from notesmine.publish.files import replace_file
    from notesmine.publish.runfile import NAME, outputs_of

    published = outputs_of(path.parent)
    if published and path.name.casefold() in {n.casefold() for n in (NAME, *published)}:
        raise InputError(f"{str(path)!r} is part of a report", "Choose another name with -o.")
    replace_file(path.parent, path.name, text.encode("utf-8", "replace"))


# -- JSONL ----------------------------------------------------------------------------------------


def read_jsonl(path: Path) -> list[Row]:
    """Return the objects of a JSONL file.

    Raises
    ------
    InputError
        If a line is no JSON object; the message names it.
    """
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8", "Save it as UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError(
                f"{path.name}, line {number} is no JSON object: {error}", "One object a line."
            ) from error
    return rows


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write objects, one a line, replacing the file only when all are written."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            for row in rows:
                stream.write(msgspec.json.encode(row) + b"\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"{str(path)!r} cannot be written: {error.strerror}", "Choose another place with -o."
        ) from error


def _text(row: Row, number: int) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise InputError(f"row {number} has no text", 'Each object needs "text": a string.')
    return text


def _inputs(rows: Sequence[Row]) -> tuple[list[str], list[str], list[Any]]:
    """Return texts, headings and passage types of rows; heading or heading_path may be absent."""
    headings = []
    for row in rows:
        path = row.get("heading_path")
        heading = row.get("heading") or (" > ".join(map(str, path)) if path else "")
        headings.append(str(heading))
    texts = [_text(row, number) for number, row in enumerate(rows, 1)]
    return texts, headings, [row.get("type") or "paragraph" for row in rows]
