"""The server of a review: on the loopback address, until Ctrl-C."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from notesmine.errors import UsageError
from notesmine.review.desk import Desk, check_initials

#: Seconds that requests under way may take after Ctrl-C.
GRACE = 5


def review(
    out: Path,
    *,
    initials: str = "",
    port: int = 0,
    state: Path | None = None,
    corpus: Path | None = None,
    with_names: bool = False,
    tell: Callable[[str], None] = print,
) -> int:
    """Serve the review page of a run until Ctrl-C; return the number of decisions taken.

    Parameters
    ----------
    out : pathlib.Path
        The output folder of the run.
    initials : str
        Who decides; can be changed on the page.
    port : int
        0 for any free one.
    state, corpus : pathlib.Path, optional
        As `Desk` takes them.
    with_names : bool
        Show the notes' words, names and all.
    tell : callable
        Told the lines for the person, the link among them.

    Raises
    ------
    UsageError
        If the port is taken, or the initials cannot be used.
    StateError, InputError, ConfigError
        As `Desk` raises them.
    """
    import uvicorn

    from notesmine.review.guard import HOST, Keys
    from notesmine.review.web import application

    if initials:
        check_initials(initials)
    desk = Desk(out, state=state, corpus=corpus, with_names=with_names)
    keys = Keys()
    with _listening(HOST, port) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                application(desk, keys, port, initials),
                http="h11", ws="none", lifespan="off", loop="asyncio", interface="asgi3",
                log_config=None, access_log=False, server_header=False, proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
            )
        )  # fmt: skip
        tell(f"Review       http://{HOST}:{port}/open?token={keys.token}")
        tell("Open it in a browser of this machine; the link works once. Ctrl-C ends the review.")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return desk.taken


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows others could listen there too
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    try:
        listener.bind((host, port))
        listener.listen(16)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port {port} cannot be used: {getattr(error, 'strerror', None) or error}",
            "Choose another one with --port, or leave it out.",
        ) from error
    return listener
