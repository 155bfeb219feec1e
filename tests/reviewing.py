"""A review page over synthetic notes, and a client that speaks HTTP to it as a browser would."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from msgspec import Struct

import factory
import states
from notesmine.exchange.decision import Decision, read_decisions
from notesmine.exchange.project import load_project
from notesmine.review.desk import Desk
from notesmine.review.guard import HOST, KEY_HEADER, Keys
from notesmine.review.serve import _listening
from notesmine.review.web import application
from notesmine.rulings import Ruling
from notesmine.store import Store, state_folder


def office(folder: Path, notes: factory.Notes | None = None) -> Path:
    """Leave outputs, state and a folder of notes, as a run would; return the outputs."""
    out, corpus = folder / "out", folder / "notes"
    corpus.mkdir()
    states.run_of(notes or states.small(extra=True), out, "R-0123456789")
    with Store(state_folder(out)) as store:
        store.keep_blob("corpus", str(corpus).encode())
    return out


def decisions(out: Path) -> list[Decision]:
    return read_decisions(out.parent / "notes" / "decisions.toml")


def kept(out: Path) -> list[dict[str, Any]]:
    """Return the decisions that the state holds."""
    with Store(state_folder(out), write=False) as store:
        return [json.loads(row) for row in store.decisions()]


def rulings(out: Path) -> dict[str, Ruling]:
    with Store(state_folder(out), write=False) as store:
        return {r.text: r for r in load_project(store).rulings}


def ident(out: Path, text: str) -> str:
    return rulings(out)[text].quote_id


class Answer(Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks to a review as its page does; every header can be left out or changed."""

    def __init__(self, port: int, keys: Keys) -> None:
        self.port, self.keys = port, keys
        self.host = f"{HOST}:{port}"
        self.cookie = ""

    def send(
        self, method: str, path: str, body: bytes | None = None, **change: str | None
    ) -> Answer:
        """Ask for a path of the page's folder; ``/open`` and what begins with // are as given."""
        if path.startswith("//"):
            path = path[1:]
        elif not path.startswith("/open"):
            path = self.keys.folder + path
        headers: dict[str, str | None] = {"host": self.host, "cookie": self.cookie or None}
        if method == "POST":
            headers |= {
                "origin": f"http://{self.host}", "content-type": "application/json",
                KEY_HEADER: self.keys.page,
            }  # fmt: skip
        headers |= {k.replace("_", "-"): v for k, v in change.items()}
        line = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    line.putheader(name, value)
            if body is not None:
                line.putheader("content-length", str(len(body)))
            line.endheaders(body)
            got = line.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            line.close()

    def open(self, token: str | None = None) -> Answer:
        got = self.send("GET", f"/open?token={token if token is not None else self.keys.token}")
        if got.status == 303:
            self.cookie = got.headers["set-cookie"].partition(";")[0]
        return got

    def get(self, path: str) -> Any:
        got = self.send("GET", path)
        assert got.status == 200, got.body
        return got.json()

    def decide(self, deed: str, who: str = "AB", **more: object) -> Any:
        got = self.send(
            "POST", "/api/decide", json.dumps({"deed": deed, "who": who} | more).encode()
        )
        assert got.status == 200, got.body
        return got.json()

    def undo(self, who: str = "AB") -> Answer:
        return self.send("POST", "/api/undo", json.dumps({"who": who}).encode())


@contextlib.contextmanager
def served(desk: Desk, initials: str = "AB") -> Iterator[Client]:
    """Serve a desk on a free port, in a thread."""
    keys = Keys()
    with _listening(HOST, 0) as listener:
        port = listener.getsockname()[1]
        app = application(desk, keys, port, initials)
        server = uvicorn.Server(
            uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Client(port, keys)
        finally:
            server.should_exit = True
            thread.join(timeout=20)


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Client]:
    """Serve the review of a run, with its page open."""
    with served(Desk(out)) as client:
        assert client.open().status == 303
        yield client
