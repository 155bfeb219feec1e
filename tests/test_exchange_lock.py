"""One writer of decisions.toml at a time, whichever process it is in, and however that one ends."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import reviewing
import states
from notesmine.errors import OutputError, StateError
from notesmine.exchange.decision import Decision, add_decisions, read_decisions
from notesmine.exchange.lock import lock_of, locked
from notesmine.read import find_files

HOLDS = """
    import sys, time
    from pathlib import Path
    from notesmine.exchange.lock import locked
    with locked(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
"""


@contextlib.contextmanager
def held_elsewhere(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock in another process, which is killed in the end."""
    script = textwrap.dedent(HOLDS)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "held"
        try:
            yield other
        finally:
            other.kill()


def test_who_holds_it_is_said_and_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    with held_elsewhere(file) as other:
        said = f"another notesmine.*process {other.pid} on"
        with pytest.raises(StateError, match=said), locked(file, wait=0.2):
            pass
    assert lock_of(file).exists()  # what it left
    with locked(file, wait=5):
        assert lock_of(file).exists()
    assert list(tmp_path.iterdir()) == []


def test_writers_wait_for_each_other_and_none_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    errors: list[Exception] = []

    def write(who: str) -> None:
        try:
            for number in range(5):
                with locked(file, wait=30):
                    add_decisions(file, [Decision(what="retire", who=who, on=f"code-{number}")])
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    writers = [threading.Thread(target=write, args=(f"P{n}",)) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not errors
    found = read_decisions(file)
    assert len(found) == 30
    for n in range(6):
        assert [d.on for d in found if d.who == f"P{n}"] == [f"code-{k}" for k in range(5)]


def test_an_error_while_it_is_held_gives_it_back(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    with pytest.raises(ValueError, match="no"), locked(file):
        raise ValueError("no")
    with locked(file, wait=0):
        pass


def test_no_run_takes_the_lock_for_a_note(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("Nobody decides.", "utf-8")
    before = find_files(tmp_path)
    with locked(tmp_path / "decisions.toml"):
        assert find_files(tmp_path) == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".notesmine").write_text("a file", "utf-8")
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "decisions.toml"):
        pass


def test_a_review_says_that_another_writes_and_takes_the_act_later(tmp_path: Path) -> None:
    out = reviewing.office(tmp_path)
    file = tmp_path / "notes" / "decisions.toml"
    quote = reviewing.ident(out, states.OWNED[0])
    with reviewing.opened(out) as client, held_elsewhere(file) as other:
        threading.Timer(1.0, other.kill).start()
        began = time.monotonic()
        client.decide("accept", quote_id=quote)  # waits until the other one is gone
        assert time.monotonic() - began > 0.5
    assert [d.what for d in reviewing.decisions(out)] == ["kind", "code"]
