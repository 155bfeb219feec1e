"""The other side of the sandbox: a server that reads each document in a process of its own.

Started as ``python -m notesmine.read.worker``. Requests come in on standard input, frames go out
on standard output; a frame is four bytes of length (little endian) and that many bytes. Where the
system can fork, every document gets a child with limits on memory, CPU and wall time, and the
server itself never parses anything. Elsewhere (Windows) the server reads in its own process, and
the parent stops it when its time is up.

Frames out: ``F`` format, ``D`` part of a draft, ``P`` page, ``R`` the document, ``E`` end with the
reason, empty if all went well.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import struct
import sys
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from notesmine.config import ReadSettings
from notesmine.errors import Damaged, ReadError, TooLarge
from notesmine.read.single import read_file, recover

LENGTH = struct.Struct("<I")
# Frames of one document kept for recovery; beyond this a kill loses the rest.
KEEP_BYTES = 256 << 20
RECURSION = 12_000  # parsers of nested formats recurse; the memory limit is what stops them


class Request(Struct, array_like=True):
    """One document to read."""

    path: str
    name: str
    sha256: str
    settings: ReadSettings


def send(stream: IO[bytes], frame: bytes) -> None:
    """Write one frame."""
    stream.write(LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one frame; None at the end of the stream or in the middle of a frame."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    body = stream.read(size)
    return body if len(body) == size else None


def preload(modules: list[str]) -> None:
    """Import the readers that the corpus needs once, before forking."""
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _limit(settings: ReadSettings) -> None:
    """Put this process under its limits; the kernel enforces them."""
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, settings.memory_mb << 20),
        (resource.RLIMIT_CPU, settings.cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            hard = resource.getrlimit(kind)[1]
            limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):  # macOS refuses some
            continue
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, settings.wall_seconds)


def _work(request: Request, out: IO[bytes]) -> None:
    """Read one document and send it, with its parts on the way."""
    document = read_file(
        Path(request.path), request.name, request.settings, lambda frame: send(out, frame)
    )
    send(out, b"R" + msgspec.msgpack.encode(document))


def _reason(status: int, settings: ReadSettings) -> ReadError | None:
    """Say in words why a child ended; None if it ended well."""
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return None
    if code == MEMORY_EXIT:
        return TooLarge(
            f"reading needed more than {settings.memory_mb} MiB of memory",
            "Split the document, or raise `memory_mb` under [read] in notesmine.toml.",
        )
    if -code in {signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL}:
        return TooLarge(
            f"reading took longer than {min(settings.cpu_seconds, settings.wall_seconds)} s",
            "Split the document, or raise `cpu_seconds` and `wall_seconds` under [read].",
        )
    if -code == signal.SIGABRT:  # how C++ libraries end when memory is refused
        return TooLarge(
            f"the reading library gave up, most likely for more than {settings.memory_mb} MiB",
            "Split the document, or raise `memory_mb` under [read] in notesmine.toml.",
        )
    return Damaged(
        f"the reading library crashed (exit {code})",
        "Open the file and save it again, or print it to PDF.",
    )


MEMORY_EXIT = 77


def _serve_forked(request: Request, out: IO[bytes]) -> None:
    """Fork a child for the document and pass on the whole frames it sends."""
    frames: list[bytes] = []
    kept = 0
    # Putting them together takes several times their size, under the same memory limit.
    keep = min(KEEP_BYTES, (request.settings.memory_mb << 20) // 12)
    status = 0
    done = False
    for attempt in ("read", "recover"):
        if attempt == "recover" and (done or not frames):
            break
        reason = _reason(status, request.settings) or Damaged("reading broke off", "Save it again.")
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read_end)
            code = 1
            try:
                with os.fdopen(write_end, "wb") as pipe:
                    _limit(request.settings)
                    if attempt == "read":
                        _work(request, pipe)
                    else:
                        document = recover(frames, reason, request.sha256, request.name)
                        send(pipe, b"R" + msgspec.msgpack.encode(document))
                code = 0
            except MemoryError:
                code = MEMORY_EXIT
            finally:
                os._exit(code)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            while (frame := receive(pipe)) is not None:
                if frame[:1] == b"R":
                    done = True
                    send(out, frame)
                elif kept + len(frame) <= keep:
                    kept += len(frame)
                    frames.append(frame)
        status_now = os.waitpid(child, 0)[1]
        if attempt == "read":
            status = status_now
    error = _reason(status, request.settings)
    if not done and error is None:
        error = Damaged("reading broke off", "Open the file and save it again.")
    send(
        out,
        b"E"
        + (
            msgspec.msgpack.encode((error.code, error.message, error.hint))
            if error and not done
            else b""
        ),
    )


def _serve_here(request: Request, out: IO[bytes]) -> None:
    """Read in this process: the parent enforces the wall limit by stopping it."""
    try:
        _work(request, out)
        send(out, b"E")
    except MemoryError:
        error = ("too-large", "reading needed more memory than there is", "Split the document.")
        send(out, b"E" + msgspec.msgpack.encode(error))


def main() -> None:
    """Serve until standard input ends."""
    sys.setrecursionlimit(RECURSION)
    inward, outward = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not get between the frames.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    first = receive(inward)
    if first is None:
        return
    preload(msgspec.msgpack.decode(first, type=list[str]))
    serve = _serve_forked if hasattr(os, "fork") else _serve_here
    while (raw := receive(inward)) is not None:
        serve(msgspec.msgpack.decode(raw, type=Request), outward)


if __name__ == "__main__":
    main()
