"""The state: everything read and decided, in one SQLite file beside the outputs, never in them.

Each result is written as soon as it is there, so that a killed run loses nothing done. Results are
keyed by what they depend on (content, settings, model), so that nothing is done twice.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from notesmine.errors import OutputError, StateError
from notesmine.records import Document, Run

SCHEMA_VERSION = 3
#: SQL of each schema version, applied in order; a migration is a new entry, never an edit.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE documents (key TEXT PRIMARY KEY, doc_id TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE judgements (key TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE vectors (
        model TEXT NOT NULL, key TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, key)
    ) WITHOUT ROWID;
    CREATE TABLE blobs (name TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE runs (run_id TEXT PRIMARY KEY, number INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE shown (
        id TEXT NOT NULL, run_id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (id, run_id)
    );
    """,
    """
    CREATE TABLE editions (name TEXT PRIMARY KEY, number INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE edition_items (
        name TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (name, id)
    ) WITHOUT ROWID;
    CREATE TABLE samples (
        sample_id TEXT PRIMARY KEY, number INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE TABLE agreements (key TEXT PRIMARY KEY, number INTEGER NOT NULL, body BLOB NOT NULL);
    """,
    "CREATE TABLE decisions (number INTEGER PRIMARY KEY, body BLOB NOT NULL);",
)

#: Seconds to wait for the lock: a decision on the review page holds it for less than one.
LOCK_WAIT = 2.0
_CHUNK = 500  # SQLite allows 999 variables a statement in its oldest supported build


def state_folder(out: Path, state: Path | None = None) -> Path:
    """Return the state's folder: ``.notesmine/NAME`` beside the output folder NAME.

    Examples
    --------
    >>> state_folder(Path("office/outputs")).as_posix()
    'office/.notesmine/outputs'
    """
    if state is not None:
        return state
    if out.name in {"", ".."}:
        out = out.resolve()
    return out.parent / ".notesmine" / out.name


def _hint(error: sqlite3.Error) -> str:
    """Only a damaged state is to be moved away: a full disk passes, and nothing is lost by it."""
    if any(words in str(error) for words in ("malformed", "not a database")):
        return "Move the folder away to begin anew; theme ids then start over."
    return "Check free space and the rights in the folder, and try again: the state is kept."


class Store:
    """The state of one output folder; a context manager that holds the lock of its folder.

    Parameters
    ----------
    folder : pathlib.Path
        Created when missing.
    write : bool, default True
        Take the lock; two runs at once are refused.

    Raises
    ------
    StateError
        If another run holds the lock, or the state was made by a newer notesmine, or is damaged.
    """

    def __init__(self, folder: Path, *, write: bool = True) -> None:
        self.folder = folder
        self._lock: sqlite3.Connection | None = None
        if not write and not (folder / "state.sqlite").is_file():
            raise StateError(
                f"no state in {folder}", "Run `notesmine run` first, or name the state by --state."
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if write:
                self._lock = _lock(folder / "lock.sqlite")
            self._db = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._migrate()
        except sqlite3.DatabaseError as error:
            self._release()
            raise StateError(
                f"the state in {folder} cannot be used: {error}",
                _hint(error),
            ) from error
        except OSError as error:
            self._release()
            raise OutputError(
                f"the state folder {folder} cannot be written: {error.strerror}",
                "Choose another place with -o or --state, or free some space.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and give the lock back."""
        self._db.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _migrate(self) -> None:
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise StateError(
                f"the state has version {found}, this notesmine knows {SCHEMA_VERSION}",
                "Update notesmine: pip install --upgrade notesmine",
            )
        if 0 < found < SCHEMA_VERSION:
            with sqlite3.connect(self.folder / f"state.v{found}.backup.sqlite") as backup:
                self._db.backup(backup)
        for number in range(found, SCHEMA_VERSION):
            self._db.executescript(
                f"BEGIN;{MIGRATIONS[number]}PRAGMA user_version={number + 1};COMMIT"
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes, so that they are all kept or none is."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # -- documents ------------------------------------------------------------------------------

    def document(self, key: str) -> Document | None:
        """Return the document read under a key, or None."""
        row = self._db.execute("SELECT body FROM documents WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Document)

    def keep_document(self, key: str, document: Document) -> None:
        """Keep a document as read; ``key`` covers content, names, metadata and reader."""
        self._db.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
            (key, document.doc_id, msgspec.msgpack.encode(document)),
        )

    def text_of(self, doc_id: str) -> str | None:
        """Return the text of a document by its id, as last read; None if it never was."""
        row = self._db.execute(
            "SELECT body FROM documents WHERE doc_id = ? ORDER BY rowid DESC LIMIT 1", (doc_id,)
        ).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Document).text

    def documents(self, doc_ids: Sequence[str]) -> list[Document]:
        """Return documents by their ids, as last read; those not there are left out."""
        sql = "SELECT doc_id, body FROM documents WHERE doc_id IN ({}) ORDER BY rowid"
        found = dict(self._many(sql, doc_ids))
        return [msgspec.msgpack.decode(found[i], type=Document) for i in doc_ids if i in found]

    # -- judgements and vectors -----------------------------------------------------------------

    def judgements(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the encoded judgements kept under keys."""
        return dict(self._many("SELECT key, body FROM judgements WHERE key IN ({})", keys))

    def keep_judgements(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep encoded judgements."""
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO judgements VALUES (?, ?)", rows)

    def vectors(self, model: str, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors that a model gave to texts, by the texts' keys."""
        found = self._many(
            "SELECT key, vector FROM vectors WHERE key IN ({}) AND model = ?", keys, model
        )
        return {key: np.frombuffer(blob, dtype="<f4") for key, blob in found}

    def keep_vectors(self, model: str, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep vectors, one row of ``vectors`` (n, d) for each key."""
        rows = [
            (model, key, vector.astype("<f4").tobytes())
            for key, vector in zip(keys, vectors, strict=True)
        ]
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def _many(self, sql: str, keys: Sequence[str], *more: str) -> Iterator[tuple[str, bytes]]:
        for first in range(0, len(keys), _CHUNK):
            part = keys[first : first + _CHUNK]
            marks = ",".join("?" * len(part))
            yield from self._db.execute(sql.format(marks), (*part, *more))

    # -- named blobs, runs, what was shown ------------------------------------------------------

    def blob(self, name: str) -> bytes | None:
        """Return what was kept under a name (the registry, the last fingerprint)."""
        row = self._db.execute("SELECT body FROM blobs WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def keep_blob(self, name: str, body: bytes) -> None:
        """Keep a blob under a name, replacing the last."""
        self._db.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (name, body))

    def keep_run(self, run: Run, shown: Iterable[tuple[str, bytes]]) -> None:
        """Keep a finished run and everything it published by id, for ``notesmine show``."""
        (number,) = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()
        self._db.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)",
            (run.run_id, number, msgspec.msgpack.encode(run)),
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO shown VALUES (?, ?, ?)",
            ((ident, run.run_id, body) for ident, body in shown),
        )

    def newest_run(self) -> str | None:
        """Return the id of the newest run, without reading it; None if there is none."""
        row = self._db.execute("SELECT run_id FROM runs ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        rows = self._db.execute("SELECT body FROM runs ORDER BY number").fetchall()
        return [msgspec.msgpack.decode(row[0], type=Run) for row in rows]

    def shown(self, ident: str) -> bytes | None:
        """Return what the newest run that published an id said of it."""
        row = self._db.execute(
            "SELECT shown.body FROM shown JOIN runs USING (run_id) WHERE id = ?"
            " ORDER BY number DESC LIMIT 1",
            (ident,),
        ).fetchone()
        return None if row is None else bytes(row[0])

    def shown_by(self, run_id: str) -> dict[str, bytes]:
        """Return everything that one run published, by id."""
        rows = self._db.execute(
            "SELECT id, body FROM shown WHERE run_id = ? ORDER BY id", (run_id,)
        )
        return dict(rows)

    # -- editions -------------------------------------------------------------------------------

    def keep_edition(self, name: str, body: bytes, items: Iterable[tuple[str, bytes]]) -> None:
        """Keep an edition with a copy of all it shows, for ever: nothing else deletes these."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO editions SELECT ?, coalesce(max(number), 0) + 1, ? FROM editions",
                (name, body),
            )
            self._db.executemany(
                "INSERT INTO edition_items VALUES (?, ?, ?)", ((name, i, b) for i, b in items)
            )

    def editions(self) -> dict[str, bytes]:
        """Return the editions by name, oldest first."""
        return dict(self._db.execute("SELECT name, body FROM editions ORDER BY number"))

    def edition_item(self, name: str, ident: str) -> bytes | None:
        """Return what an edition says of an id, or None."""
        row = self._db.execute(
            "SELECT body FROM edition_items WHERE name = ? AND id = ?", (name, ident)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def edition_items(self, name: str) -> dict[str, bytes]:
        """Return everything that an edition holds, by id."""
        rows = self._db.execute(
            "SELECT id, body FROM edition_items WHERE name = ? ORDER BY id", (name,)
        )
        return dict(rows)

    # -- checking the machine -------------------------------------------------------------------

    def keep_sample(self, sample_id: str, body: bytes) -> None:
        """Keep a drawn sample: the machine's answers and the weights, which no sheet shows."""
        self._keep_numbered("samples", sample_id, body)

    def samples(self) -> dict[str, bytes]:
        """Return the samples drawn, by id, oldest first."""
        return dict(self._db.execute("SELECT sample_id, body FROM samples ORDER BY number"))

    def keep_agreement(self, key: str, body: bytes) -> None:
        """Keep the figures of a comparison of codings, replacing an earlier one of the same."""
        self._keep_numbered("agreements", key, body)

    def agreements(self) -> dict[str, bytes]:
        """Return the figures of all comparisons, oldest first."""
        return dict(self._db.execute("SELECT key, body FROM agreements ORDER BY number"))

    # -- people's decisions ---------------------------------------------------------------------

    def keep_decisions(self, bodies: Iterable[bytes]) -> None:
        """Keep people's decisions in their order, replacing those kept before."""
        self._db.execute("DELETE FROM decisions")
        self._db.executemany("INSERT INTO decisions VALUES (?, ?)", enumerate(bodies))

    def decisions(self) -> list[bytes]:
        """Return people's decisions in their order."""
        rows = self._db.execute("SELECT body FROM decisions ORDER BY number")
        return [bytes(row[0]) for row in rows]

    def _keep_numbered(self, table: str, key: str, body: bytes) -> None:
        with self.transaction():
            self._db.execute(
                f"INSERT OR REPLACE INTO {table}"  # noqa: S608 - one of two names given above
                f" SELECT ?, coalesce(max(number), 0) + 1, ? FROM {table}",
                (key, body),
            )


def _lock(path: Path) -> sqlite3.Connection:
    """Take an exclusive lock that the system gives back when the process ends, however it ends."""
    lock = sqlite3.connect(path, timeout=LOCK_WAIT, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" not in str(error):
            raise
        raise StateError(
            f"another run is working with the state in {path.parent}",
            "Wait until it has finished, or give this run another place with --state.",
        ) from error
    return lock
