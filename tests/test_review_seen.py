"""What a person saw is what they decide on; failures in the middle; names that a cut would leak."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import reviewing
import states
from notesmine.errors import ConfigError, InputError, OutputError
from notesmine.exchange import decision as toml
from notesmine.exchange.decision import Decision, add_decisions, write_after
from notesmine.exchange.strike import strike
from notesmine.publish import files
from notesmine.review import Desk, ledger
from notesmine.review.deeds import Asked
from notesmine.review.desk import check_initials
from notesmine.store import Store, _hint, state_folder
from reviewing import Client, decisions, ident, kept, office, opened, rulings
from states import OWNED

#: What somebody else writes into decisions.toml meanwhile.
THEIRS = Decision(what="rename", who="CD", on="data", value="Data")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return office(tmp_path)


@pytest.fixture
def page(out: Path) -> Iterator[Client]:
    with opened(out) as client:
        yield client


def post(page: Client, **asked: object) -> reviewing.Answer:
    return page.send("POST", "/api/decide", json.dumps(asked).encode())


def test_a_deed_on_a_card_that_has_changed_is_refused_with_the_new_card(
    out: Path, page: Client
) -> None:
    quote = ident(out, OWNED[0])
    old = page.get(f"/api/passage?id={quote}&who=CD")["stamp"]
    page.decide("reject", "AB", quote_id=quote, stamp=old)
    got = post(page, deed="accept", who="CD", quote_id=quote, stamp=old)
    assert got.status == 409
    assert "since you saw it" in got.json()["error"]
    card = got.json()["card"]
    assert (card["id"], card["kind"]) == (quote, "status")
    assert {d.who for d in decisions(out)} == {"AB"}
    page.decide("accept", "CD", quote_id=quote, stamp=card["stamp"])
    assert decisions(out)[-1].who == "CD"


def test_two_vetoes_are_two_vetoes(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    page.decide("veto", "AB", quote_id=quote, value="yes")
    page.decide("veto", "CD", quote_id=quote, value="yes")
    assert [(d.who, d.what) for d in decisions(out)] == [("AB", "veto"), ("CD", "veto")]
    assert post(page, deed="veto", who="AB", quote_id=quote, value="maybe").status == 409


def test_a_card_shows_what_others_decided_meanwhile(out: Path) -> None:
    one, other = Desk(out), Desk(out)
    quote = ident(out, OWNED[0])
    before = one.card(quote, "AB")["stamp"]
    other.decide(Asked(deed="reject", who="CD", quote_id=quote))
    after = one.card(quote, "AB")
    assert after["kind"] == "status"
    assert after["stamp"] != before


def test_a_new_run_changes_every_stamp(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    old = page.get(f"/api/passage?id={quote}")
    states.run_of(states.small(extra=True), out, "R-9999999999")
    got = post(page, deed="accept", who="AB", quote_id=quote, stamp=old["stamp"])
    assert got.status == 409
    assert got.json()["card"]["run"] == "R-9999999999" != old["run"]


def test_a_name_across_the_cut_is_masked_in_conflicts(tmp_path: Path) -> None:
    said = "The plan has to wait, as was said in the room, for Anna Keller to come back from leave."
    assert said.index("Anna Keller") < 57 < said.index("Anna Keller") + len("Anna Keller")
    notes = states.small()
    first = "2025-01-10_meeting.md"
    notes.say(first, "Present: Anna Keller, Ben Ostrowski", kind="boilerplate")
    notes.say(first, said, ("data",))
    out = office(tmp_path, notes)
    with Store(state_folder(out)) as store:
        source: dict[str, Any] = msgspec.msgpack.decode(store.blob("people-source") or b"")
        source["speakers"] = {rulings(out)[said].doc_id: ["Anna Keller"]}
        store.keep_blob("people-source", msgspec.msgpack.encode(source))
    desk = Desk(out)
    quote = ident(out, said)
    desk.decide(Asked(deed="accept", who="AB", quote_id=quote))
    desk.decide(Asked(deed="reject", who="CD", quote_id=quote))
    (told,) = desk.card(quote, "AB")["conflicts"]
    assert "for" in told
    assert "Anna" not in told
    assert "Kel" not in told
    # What a run publishes of it holds no words of a passage at all.
    bare = desk.over.conflicts[quote][0].told(words=False)
    assert "AB" in bare
    assert "for" not in bare.split()


def test_nothing_is_struck_from_a_file_that_is_another_one(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    mine, theirs = (Decision(what="rename", who=w, on="c", value=w) for w in ("AB", "CD"))
    add_decisions(file, [theirs, mine])
    with pytest.raises(ConfigError, match="somebody else"):
        strike(file, [0], [mine])
    assert toml.read_decisions(file) == [theirs, mine]


def test_what_is_written_between_reading_and_writing_stays(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(out)
    quote = ident(out, OWNED[0])
    desk.decide(Asked(deed="accept", who="AB", quote_id=quote))
    file = out.parent / "notes" / "decisions.toml"
    first = strike

    def slow(*given: Any) -> Any:
        monkeypatch.setattr(ledger, "strike", first)
        add_decisions(file, [THEIRS])
        return first(*given)

    monkeypatch.setattr(ledger, "strike", slow)
    with pytest.raises(ConfigError, match="somebody else"):
        desk.undo("AB")
    assert decisions(out)[-1] == THEIRS
    desk.undo("AB")
    assert decisions(out) == [THEIRS]


def test_a_decision_of_another_writer_is_in_the_state_too(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(out)
    file = out.parent / "notes" / "decisions.toml"

    def both(path: Path, more: str) -> None:
        write_after(path, more)
        add_decisions(file, [THEIRS])

    monkeypatch.setattr(ledger, "write_after", both)
    desk.decide(Asked(deed="pin", who="AB", quote_id=ident(out, OWNED[0])))
    assert [msgspec.to_builtins(d) for d in decisions(out)] == kept(out)
    assert THEIRS in desk.over.decided.decisions


def test_an_act_that_was_not_written_is_not_there_to_take_back(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(out)
    quote = ident(out, OWNED[0])
    desk.decide(Asked(deed="pin", who="AB", quote_id=quote))

    def full(*_: object) -> None:
        raise OutputError("no space", "")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write_after", full)
        with pytest.raises(OutputError):
            desk.decide(Asked(deed="reject", who="AB", quote_id=quote))
    with Store(state_folder(out), write=False) as store:
        assert [len(a.keys) for a in ledger._acts(store)] == [1]
    desk.undo("AB")
    assert decisions(out) == []


def test_what_is_in_the_file_is_done_though_the_state_could_not_be_written(
    out: Path, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    quote = ident(out, OWNED[0])
    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep_decisions", full)
        found = page.decide("veto", quote_id=quote, value="yes")
    assert "disk is full" in found["unkept"]
    assert not found["card"]["quotable"]
    assert [d.what for d in decisions(out)] == ["veto"]
    assert page.decide("veto", quote_id=quote, value="yes")["said"] == "as before"
    assert page.decide("pin", quote_id=quote)["unkept"] == ""
    assert len(kept(out)) == 2


def test_only_a_damaged_state_is_to_be_moved_away() -> None:
    for words in ("database disk image is malformed", "file is not a database"):
        assert "Move" in _hint(sqlite3.DatabaseError(words))
    assert "Move" not in _hint(sqlite3.OperationalError("database or disk is full"))


def test_a_file_held_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    real = os.replace

    def held(one: Path, two: Path) -> None:
        tries.append(one)
        if len(tries) < 3:
            raise PermissionError(13, "held")
        real(one, two)

    monkeypatch.setattr(files, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(os, "replace", held)
    files.replace_file(tmp_path, "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"
    tries[:] = []
    monkeypatch.setattr(files, "PAUSES", ())
    with pytest.raises(OutputError) as caught:
        write_after(tmp_path / "decisions.toml", "")
    assert "-o" not in caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_code_that_others_use_is_not_pulled_away(out: Path, page: Client) -> None:
    page.decide("give", "AB", quote_id=ident(out, OWNED[0]), name="Rooms")
    page.decide("give", "CD", quote_id=ident(out, OWNED[1]), value="rooms")
    got = page.undo("AB")
    assert got.status == 409
    assert "CD" in got.json()["error"]
    assert page.undo("CD").status == 200
    assert page.undo("AB").status == 200
    assert decisions(out) == []


def test_initials_hide_nothing() -> None:
    check_initials("Zoë K.")
    for who in ("A\u200bB", "A\u202eB", "A\x7f"):
        with pytest.raises(InputError):
            check_initials(who)
