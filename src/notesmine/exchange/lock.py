"""One writer of ``decisions.toml`` at a time: two output folders of one corpus share the file.

The lock is the system's own, on a file in a hidden folder beside it, which says who holds it and is
gone afterwards. The system takes the lock from a process that ends, however it ends: a file that a
killed one left is taken over.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from notesmine.errors import OutputError, StateError

#: Seconds to wait for another writer, who holds the lock for less than one, and between two looks.
WAIT, PAUSE = 5.0, 0.05
#: A file system without locks says so by one of these: then nobody can hold one there.
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL})
LOCKED_BYTE = 1 << 20  # beyond what is written, which others may read meanwhile


def lock_of(path: Path) -> Path:
    """Return the file that bears the lock of another one: where no run looks for notes."""
    return path.parent / ".notesmine" / f"{path.name}.lock"


@contextlib.contextmanager
def locked(path: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock of a file while it is read and written.

    Parameters
    ----------
    path : pathlib.Path
        The file, there or not.
    wait : float
        Seconds to wait for another writer.

    Raises
    ------
    StateError
        If another process holds it for longer.
    OutputError
        If nothing can be written in its folder.
    """
    lock = lock_of(path)
    until = time.monotonic() + wait
    while (held := _taken(lock, path)) is None:
        if time.monotonic() >= until:
            raise StateError(
                f"{path.name} is being written by another notesmine{_holder(lock)}",
                "Do it again in a moment; end that process if it hangs: the lock goes with it.",
            )
        time.sleep(PAUSE)
    try:
        yield
    finally:
        _give_back(lock, held)


def _taken(lock: Path, path: Path) -> int | None:
    """Return the open file that holds the lock; None while somebody else does."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # who held it before took the folder away
        return None
    except PermissionError as error:
        if sys.platform == "win32" and lock.exists():  # being deleted by who held it
            return None
        raise _unwritable(path, error) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _hold(held)
        if not _is_there(lock, held):  # who held it before took the file away
            os.close(held)
            return None
        os.ftruncate(held, 0)
        now = datetime.datetime.now().isoformat(" ", "seconds")  # noqa: DTZ005 - their clock
        os.write(held, f"process {os.getpid()} on {socket.gethostname()}, {now}\n".encode())
    except OSError as error:
        if error.errno in NO_LOCKS:
            return held
        os.close(held)
        if error.errno in {errno.EAGAIN, errno.EACCES, errno.EDEADLK}:
            return None
        raise _unwritable(path, error) from error
    return held


def _is_there(lock: Path, held: int) -> bool:
    try:
        return os.path.samestat(os.fstat(held), lock.stat())
    except FileNotFoundError:
        return False


def _give_back(lock: Path, held: int) -> None:
    """Take the file away and close it; the other way round where an open one cannot be deleted."""
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            lock.unlink()
    os.close(held)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            lock.unlink()
    with contextlib.suppress(OSError):  # it holds the state of a run
        lock.parent.rmdir()


def _holder(lock: Path) -> str:
    try:
        told = lock.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
    return f" ({told})" if told else ""


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error.strerror or error}",
        "Ask for the right to write in the folder of the notes, or free some space.",
    )


if sys.platform == "win32":
    import msvcrt

    def _hold(held: int) -> None:
        os.lseek(held, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        os.lseek(held, 0, os.SEEK_SET)

else:
    import fcntl

    def _hold(held: int) -> None:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
