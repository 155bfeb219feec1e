"""Documents read by worker processes, a process for each, several at a time.

A worker server (`notesmine.read.worker`) is a fresh interpreter, never a fork of this process:
torch may run threads here, and a limit on address space would count its mappings. A server that
dies or falls silent is replaced; the document it was at becomes ``failed``, the others go on.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from notesmine.config import ReadSettings
from notesmine.errors import Damaged, ReadError, TooLarge
from notesmine.read.corpus import Found, nfc
from notesmine.read.finish import apply_metadata, failed, says_no
from notesmine.read.single import ID_DIGITS, failed_with
from notesmine.read.worker import Request, receive, send
from notesmine.records import Document

# Beyond the wall limit, which the worker's own timer enforces, this many seconds until the server
# itself is given up: it covers the second child that puts together what was read.
GRACE_SECONDS = 20.0
_PRELOAD = {
    "pdf": ["notesmine.read.pdf"],
    "zip": ["notesmine.read.docx", "notesmine.read.pptx"],
    "text": ["notesmine.read.markdown", "notesmine.read.html", "notesmine.read.text"],
}


class _Server:
    """One worker server and the pipes to it."""

    def __init__(self, modules: list[str]) -> None:
        package_root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONUTF8": "1"}
        paths = [package_root, *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        # -P: a docx.py in the working directory must not be taken for a library.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "notesmine.read.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.inward: IO[bytes] = self.process.stdin
        self.outward: IO[bytes] = self.process.stdout
        send(self.inward, msgspec.msgpack.encode(modules))

    def read(self, request: Request) -> Document:
        """Have one document read; raise `ReadError` if the server did not survive it."""
        limit = request.settings.wall_seconds + GRACE_SECONDS
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            self.process.kill()

        timer = threading.Timer(limit, stop)
        timer.daemon = True
        timer.start()
        document: Document | None = None
        try:
            send(self.inward, msgspec.msgpack.encode(request))
            while (frame := receive(self.outward)) is not None:
                if frame[:1] == b"R":
                    document = msgspec.msgpack.decode(frame[1:], type=Document)
                elif frame[:1] == b"E":
                    if document is not None:
                        return document
                    code, message, hint = msgspec.msgpack.decode(
                        frame[1:], type=tuple[str, str, str]
                    )
                    error = (
                        TooLarge(message, hint) if code == "too-large" else Damaged(message, hint)
                    )
                    raise error
        except OSError as error:
            raise Damaged("the reading process stopped", "Save the file again.") from error
        finally:
            timer.cancel()
        if timed_out.is_set():
            raise TooLarge(
                f"reading took longer than {request.settings.wall_seconds} s",
                "Split the document, or raise `wall_seconds` under [read] in notesmine.toml.",
            )
        raise Damaged("the reading process stopped", "Open the file and save it again.")

    @property
    def alive(self) -> bool:
        """Whether the server can take another document."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the server."""
        for step in (self.inward.close, self.outward.close, self.process.kill):
            with contextlib.suppress(OSError):
                step()
        self.process.wait()


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(1024)
    except OSError:
        return "text"
    return "pdf" if b"%PDF-" in head else "zip" if head.startswith(b"PK") else "text"


def _damaged(error: Exception) -> Damaged:
    what = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return Damaged(f"reading failed ({what})", "Open the file and save it again.")


def _serve(
    tasks: queue.SimpleQueue[tuple[int, Request] | None],
    results: queue.SimpleQueue[tuple[int, Document]],
    modules: list[str],
    stopped: threading.Event,
) -> None:
    """Loop of one thread: it owns one server at a time."""
    server: _Server | None = None
    try:
        while (task := tasks.get()) is not None and not stopped.is_set():
            index, request = task
            try:
                if server is None or not server.alive:
                    server = _Server(modules)
                document = server.read(request)
            except Exception as error:  # noqa: BLE001 - without this thread results would never come
                if server is not None:
                    server.close()
                    server = None
                known = error if isinstance(error, ReadError) else _damaged(error)
                document = failed_with(known, known.code, request.sha256, request.name)
            results.put((index, document))
    finally:
        if server is not None:
            server.close()


def read_documents(
    found: Sequence[Found],
    settings: ReadSettings,
    metadata: Mapping[str, Mapping[str, str]] | None = None,
    on_done: Callable[[Document], None] | None = None,
) -> Iterator[Document]:
    """Read documents, each in a process of its own under the limits of the settings.

    Parameters
    ----------
    found : sequence of Found
        The files. The same content found twice is read once.
    settings : ReadSettings
        Limits and number of workers.
    metadata : mapping, optional
        Rows of ``metadata.csv`` by relative path. Of copies the first row counts, but a row of
        any of them that says no keeps the document from being quoted.
    on_done : callable, optional
        Called in the consuming thread with each document as it is finished, in no fixed order.

    Yields
    ------
    Document
        In the order of ``found``, at the place of the first file of that content; ``paths`` sorted.
    """
    rows = {nfc(path): row for path, row in (metadata or {}).items()}
    groups: dict[str, list[Found]] = {}
    for item in found:
        groups.setdefault(item.sha256, []).append(item)
    copies = [sorted(group, key=lambda f: f.name) for group in groups.values()]
    ready: dict[int, Document] = {}
    tasks: queue.SimpleQueue[tuple[int, Request] | None] = queue.SimpleQueue()
    results: queue.SimpleQueue[tuple[int, Document]] = queue.SimpleQueue()
    pending: list[Found] = []
    for index, group in enumerate(copies):
        first = group[0]
        if first.size > settings.max_file_mb << 20:
            results.put((index, _oversized(first, settings)))
        else:
            pending.append(first)
            path = str(first.path.resolve())
            tasks.put((index, Request(path, first.name, first.sha256, settings)))
    kinds = {_kind(f.path) for f in pending[:400]}
    modules = [m for kind in sorted(kinds) for m in _PRELOAD[kind]]
    wanted = settings.workers or os.cpu_count() or 1
    stopped = threading.Event()
    threads = [
        threading.Thread(target=_serve, args=(tasks, results, modules, stopped), daemon=True)
        for _ in range(min(wanted, len(pending)))
    ]
    for thread in threads:
        thread.start()
        tasks.put(None)  # one end mark for each, behind all documents
    try:
        for index in range(len(copies)):
            while index not in ready:
                at, document = results.get()
                document = _complete(document, copies[at], rows)
                ready[at] = document
                if on_done is not None:
                    on_done(document)
            yield ready.pop(index)
    finally:
        stopped.set()
        for _ in threads:
            tasks.put(None)


def _oversized(item: Found, settings: ReadSettings) -> Document:
    error = TooLarge(
        f"the file has {item.size >> 20} MiB, more than {settings.max_file_mb}",
        "Raise `max_file_mb` under [read] in notesmine.toml.",
    )
    return failed(
        doc_id=item.sha256[:ID_DIGITS], sha256=item.sha256, paths=(item.name,), error=error
    )


def _complete(
    document: Document, group: Sequence[Found], rows: Mapping[str, Mapping[str, str]]
) -> Document:
    """Add the paths of all copies and the first row of metadata (in NFC) that names one of them."""
    names = tuple(dict.fromkeys(item.name for item in group))
    document = msgspec.structs.replace(document, paths=names)
    named = [rows[key] for key in map(nfc, names) if key in rows]
    if not named:
        return document
    row = dict(named[0])
    if any(map(says_no, named)):
        row["quotable"] = "no"
    return apply_metadata(document, row)
