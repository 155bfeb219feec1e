"""The review page over HTTP: a page, its two files, and what it asks for."""

from __future__ import annotations

import html
import sqlite3
from collections.abc import Callable
from importlib import resources
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from notesmine.errors import NotesmineError
from notesmine.review.deeds import Asked
from notesmine.review.desk import Changed, Desk, Filter
from notesmine.review.guard import Guard, Keys

#: Status of an answer that says why something was not done.
NOT_DONE = 409
FILES = {"/review.css": "text/css", "/review.js": "text/javascript"}


class Undo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose last act is taken back."""

    who: str


def application(desk: Desk, keys: Keys, port: int, initials: str = "") -> ASGIApp:
    """Return the web application of a review.

    Parameters
    ----------
    desk : Desk
    keys : Keys
    port : int
        Where it will listen; other names of this machine are not answered to.
    initials : str
        Who decides, until the page is told otherwise.
    """
    folder = resources.files("notesmine.review") / "page"
    page = (folder / "review.html").read_text("utf-8")
    page = page.replace("@KEY@", keys.page).replace("@INITIALS@", html.escape(initials))
    files = {path: (folder / path[1:]).read_bytes() for path in FILES}

    async def whole(_: Request) -> Response:
        return HTMLResponse(page)

    async def file(request: Request) -> Response:
        path = request.url.path
        return Response(files[path], media_type=FILES[path])

    async def passages(request: Request) -> Response:
        asked = dict(request.query_params)
        who = asked.pop("who", "")
        return await _done(lambda: desk.overview(who, msgspec.convert(asked, Filter)))

    async def passage(request: Request) -> Response:
        asked = request.query_params
        return await _done(lambda: desk.card(asked.get("id", ""), asked.get("who", "")))

    async def decide(request: Request) -> Response:
        body = await request.body()
        return await _done(lambda: desk.decide(msgspec.json.decode(body, type=Asked)))

    async def undo(request: Request) -> Response:
        body = await request.body()
        return await _done(lambda: desk.undo(msgspec.json.decode(body, type=Undo).who))

    app = Starlette(
        routes=[
            Route("/", whole),
            *(Route(path, file) for path in FILES),
            Route("/api/passages", passages),
            Route("/api/passage", passage),
            Route("/api/decide", decide, methods=["POST"]),
            Route("/api/undo", undo, methods=["POST"]),
        ]
    )
    return Guard(app, keys, port)


async def _done(call: Callable[[], dict[str, Any]]) -> Response:
    """Return what a call gives as JSON; what a person can act on comes back in words."""
    found: dict[str, Any]
    try:
        found, status = await run_in_threadpool(call), 200
    except NotesmineError as error:
        found, status = {"error": error.message, "hint": error.hint}, NOT_DONE
        if isinstance(error, Changed):
            found["card"] = error.card
    except (OSError, sqlite3.Error) as error:
        hint = "Check free space and rights; press the key again."
        found, status = {"error": f"not written: {error}", "hint": hint}, 500
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        found, status = {"error": f"not understood: {error}", "hint": "Reload the page."}, 400
    return Response(msgspec.json.encode(found), status, media_type="application/json")
