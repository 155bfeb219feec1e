"""The command `notesmine review`: a kill, Ctrl-C, what it loads; blocks struck from the file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

import reviewing
from notesmine.errors import ConfigError, StateError, UsageError
from notesmine.exchange.decision import HEAD, Decision, add_decisions, read_decisions
from notesmine.exchange.strike import strike
from notesmine.review import Desk, review
from notesmine.review.guard import Keys
from reviewing import Client, decisions, kept, office, rulings
from states import OWNED


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return office(tmp_path)


def ident(out: Path, text: str) -> str:
    return rulings(out)[text].quote_id


def told(out: Path) -> list[tuple[str, str]]:
    return [(d.what, d.value or d.on) for d in decisions(out)]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_blocks_are_struck_and_all_else_stays(tmp_path: Path, ends: str) -> None:
    file = tmp_path / "decisions.toml"
    some = [
        Decision(what="rename", who="AB", on=f"c{n}", value=f"[[decision]] {n}") for n in range(4)
    ]
    add_decisions(file, some)
    text = file.read_text("utf-8").replace('on = "c2"', 'on = "c2"  # two')
    text += "# after the last\n"
    file.write_bytes(text.replace("\n", ends).encode())
    assert strike(file, [1, 3]) == [some[0], some[2]]
    left = file.read_bytes().decode()
    assert left.startswith(HEAD.replace("\n", ends))
    assert "# two" in left
    assert left.endswith("# after the last" + ends)
    assert left.count("\n") == left.count(ends)
    strike(file, [0, 1])
    assert read_decisions(file) == []


def test_blocks_that_cannot_be_told_apart_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    rows = ", ".join(f'{{what = "retire", who = "AB", on = "{c}"}}' for c in "ab")
    body = f"decision = [{rows}]\n"
    file.write_text(body, "utf-8")
    with pytest.raises(ConfigError, match="told apart"):
        strike(file, [0])
    assert file.read_text("utf-8") == body


def start(out: Path, *more: str) -> tuple[subprocess.Popen[str], Client]:
    """Start the command; return it, and a client that knows what a browser would be told."""
    process = subprocess.Popen(
        [sys.executable, "-m", "notesmine", "review", str(out), "--initials", "AB", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    stream: IO[str] | None = process.stdout
    assert stream is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)/open\?token=([\w-]+)", stream.readline())
    assert found
    keys = Keys()
    keys.token = found[2]
    client = Client(int(found[1]), keys)
    opened = client.open()
    assert opened.status == 303
    keys.folder = opened.headers["location"].rstrip("/")
    key = re.search(r'name="review-key" content="([\w-]+)"', client.send("GET", "/").body.decode())
    assert key
    keys.page = key[1]
    return process, client


def test_a_kill_loses_nothing_that_was_told_as_done(out: Path) -> None:
    process, client = start(out)
    try:
        client.decide("accept", quote_id=ident(out, OWNED[0]))
        client.decide("reject", quote_id=ident(out, OWNED[1]))
    finally:
        process.kill()
        process.communicate(timeout=20)
    assert told(out) == [("kind", "impediment"), ("code", "ownership"), ("kind", "status")]
    assert len(kept(out)) == 3
    desk = Desk(out)
    assert desk.undo("AB")["said"] == "taken back"
    assert len(decisions(out)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_ends_it_and_says_what_to_do(out: Path) -> None:
    process, client = start(out)
    client.decide("accept", quote_id=ident(out, OWNED[0]))
    process.send_signal(signal.SIGINT)
    said, wrong = process.communicate(timeout=20)
    assert process.returncode == 0, wrong
    assert "2 decisions" in said
    assert "notesmine run" in said
    assert wrong == ""


def test_it_loads_nothing_heavy(out: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from notesmine.review import Desk;"
        f"from notesmine.review.desk import Filter; d = Desk(Path({str(out)!r}));"
        "d.overview('AB', Filter());"
        "import notesmine.review.web, uvicorn;"
        "heavy = {'torch', 'spacy', 'bertopic', 'sentence_transformers', 'sklearn', 'pandas'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_missing_is_said(tmp_path: Path, out: Path) -> None:
    with pytest.raises(StateError):
        Desk(tmp_path / "nowhere")
    with reviewing.served(Desk(out)) as client, pytest.raises(UsageError, match="port"):
        review(out, port=client.port)
    with pytest.raises(UsageError):
        review(out, initials="x" * 41)
