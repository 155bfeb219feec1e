"""The review page over HTTP: who may ask, what each deed decides, undo, two people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.responses import PlainTextResponse

import reviewing
import states
from notesmine.exchange.decision import Decision, add_decisions
from notesmine.review import Desk
from notesmine.review.desk import Filter
from notesmine.review.guard import KEY_HEADER, Guard, Keys
from notesmine.store import Store, state_folder
from reviewing import Client, decisions, ident, kept, office, opened, rulings
from states import OWNED, SHELVED

ROOM = "We meet again in room 1."


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return office(tmp_path)


@pytest.fixture
def page(out: Path) -> Iterator[Client]:
    with opened(out) as client:
        yield client


def told(out: Path) -> list[tuple[str, str]]:
    return [(d.what, d.value or d.on) for d in decisions(out)]


# -- who may ask ----------------------------------------------------------------------------------


def test_the_link_works_once(out: Path) -> None:
    with reviewing.served(Desk(out)) as client:
        token = client.keys.token
        assert client.open("x" * 43).status == 403
        first = client.open(token)
        assert (first.status, first.headers["location"]) == (303, f"{client.keys.folder}/")
        cookie = [part.strip() for part in first.headers["set-cookie"].split(";")]
        assert {"httponly", "samesite=strict"} <= {part.lower() for part in cookie}
        assert f"Path={client.keys.folder}/" in cookie
        assert str(client.port) in cookie[0].partition("=")[0]
        assert client.send("GET", "/").status == 200
        stranger = Client(client.port, client.keys)
        assert stranger.open(token).status == 403
        assert stranger.open("").status == 403
        for path in ("/", "/review.js", "/api/passages", "/nothing"):
            assert stranger.send("GET", path).status == 403
            assert stranger.send("GET", path, cookie=client.cookie[:-1]).status == 403


def test_the_cookie_is_for_this_review_alone(out: Path) -> None:
    with reviewing.served(Desk(out)) as one, reviewing.served(Desk(out)) as other:
        one.open()
        other.open()
        assert one.keys.folder != other.keys.folder
        assert one.cookie.partition("=")[0] != other.cookie.partition("=")[0]
        both = f"{one.cookie}; {other.cookie}"
        assert one.send("GET", "/", cookie=both).status == 200
        assert other.send("GET", "/", cookie=both).status == 200
        for path in ("//", "//api/passages", f"/{other.keys.folder}/", f"/{one.keys.folder}x/"):
            assert one.send("GET", path, cookie=both).status == 403


@pytest.mark.parametrize(
    ("port", "host", "answered"),
    [
        (80, "127.0.0.1", True),
        (80, "127.0.0.1:80", True),
        (80, "localhost", False),
        (8080, "127.0.0.1", False),
    ],
)
def test_browsers_leave_out_the_port_of_http(port: int, host: str, answered: bool) -> None:
    keys = Keys()
    guard = Guard(PlainTextResponse("page"), keys, port)
    headers = {
        "host": host, "origin": f"http://{host}", "cookie": f"{guard.cookie}={keys.session}",
        KEY_HEADER: keys.page, "content-type": "application/json", "content-length": "2",
    }  # fmt: skip
    raw = [(k.encode(), v.encode()) for k, v in headers.items()]
    path = f"{keys.folder}/api/undo"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
    assert (guard.refusal(scope) is None) is answered


def test_a_link_on_another_page_leaves_the_token_unspent(out: Path) -> None:
    with reviewing.served(Desk(out)) as client:
        link = f"/open?token={client.keys.token}"
        got = client.send("GET", link, sec_fetch_site="cross-site", sec_fetch_mode="navigate")
        assert got.status == 403
        assert b"address bar" in got.body
        assert client.open().status == 303


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", None])
def test_other_names_of_this_machine_are_not_answered_to(page: Client, host: str | None) -> None:
    name = host.format(port=page.port) if host else None
    assert page.send("GET", "/", host=name).status in {400, 421}
    assert page.send("POST", "/api/undo", b"{}", host=name).status in {400, 421}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"origin": None}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"x_review_key": None}, 403),
        ({"x_review_key": "x"}, 403),
        ({"cookie": None}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_changes_are_taken_from_the_page_only(
    out: Path, page: Client, change: dict[str, str | None], status: int
) -> None:
    body = json.dumps({"deed": "accept", "who": "AB", "quote_id": ident(out, OWNED[0])}).encode()
    assert page.send("POST", "/api/decide", body, **change).status == status
    assert decisions(out) == []
    assert page.send("POST", "/api/decide", body).status == 200


def test_no_other_page_may_read_or_ask(page: Client) -> None:
    got = page.send("OPTIONS", "/api/decide", origin="http://evil.example")
    assert got.status == 403
    assert page.send("OPTIONS", "/api/decide").status == 405
    assert page.send("GET", "/api/passages", origin="http://evil.example").status == 403
    for path in ("/", "/review.js", "/review.css", "/api/passages", "/nothing"):
        headers = page.send("GET", path).headers
        assert not [h for h in headers if h.startswith("access-control")]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    assert page.send("GET", "/api/decide").status == 405
    big = b'{"who": "' + b"x" * (1 << 20) + b'"}'
    assert page.send("POST", "/api/decide", big).status == 413


def test_the_page_brings_all_it_needs(page: Client) -> None:
    html = page.send("GET", "/").body.decode()
    assert page.keys.page in html
    assert "@" not in re.sub(r"@media", "", html)
    assert not re.findall(r"(?:https?:)?//\w", html)
    assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", html)
    names = set(re.findall(r'(?:src|href)="([^"#:]+)"', html))
    assert names == {"review.css", "review.js"}
    for name in names:
        assert page.send("GET", f"/{name}").status == 200
    script = page.send("GET", "/review.js").body.decode()
    assert not re.findall(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_initials_are_text_on_the_page(out: Path) -> None:
    with reviewing.served(Desk(out), '"><script>') as client:
        client.open()
        assert b"&quot;&gt;&lt;script&gt;" in client.send("GET", "/").body


# -- what is shown --------------------------------------------------------------------------------


def test_a_passage_stands_in_its_context(out: Path, page: Client) -> None:
    card = page.get(f"/api/passage?id={ident(out, SHELVED[1])}&who=AB")
    assert card["text"] == SHELVED[1]
    assert OWNED[1] in card["before"]
    assert "room 2" in card["after"]
    assert (card["date"], card["title"]) == ("2025-02-10", "Meeting 2")
    assert card["path"] == "2025-02-10_meeting.md"
    assert card["heading"] == ["Impediments"]
    assert {t["id"] for t in card["themes"]} == {"shelving", "T-017"}
    assert (card["kind"], card["tier"]) == ("impediment", "confirmed")


def test_filters(out: Path, page: Client) -> None:
    def ids(**wanted: str) -> list[str]:
        query = "&".join(f"{k}={v}" for k, v in wanted.items())
        found: list[str] = page.get(f"/api/passages?who=AB&{query}")["ids"]
        return found

    assert len(ids()) == 12
    assert ids(theme="ownership") == [ident(out, t) for t in OWNED]
    assert ids(kind="status", words="ROOM+1") == [ident(out, ROOM)]
    assert ids(theme="none", kind="impediment") == []
    assert ids(tier="review", kind="impediment") == []
    assert len(ids(seen="new")) == len(ids(seen="unseen")) == 12
    page.decide("accept", quote_id=ident(out, OWNED[0]))
    page.decide("accept", "CD", quote_id=ident(out, OWNED[1]))
    assert len(ids(seen="new")) == 11
    assert len(ids(seen="unseen")) == 10
    assert len(ids(seen="seen")) == 2
    assert ids(seen="conflict") == []
    page.decide("reject", "CD", quote_id=ident(out, OWNED[0]))
    assert ids(seen="conflict") == [ident(out, OWNED[0])]
    assert page.send("GET", "/api/passage?id=Q-none").status == 409


def test_names_are_masked_as_in_the_outputs(tmp_path: Path) -> None:
    notes = states.small()
    first = "2025-01-10_meeting.md"
    notes.say(first, "Present: Anna Keller, Ben Ostrowski", kind="boilerplate")
    notes.say(first, "Anna Keller waits for access.", ("data",), speaker="Anna Keller")
    out = office(tmp_path, notes)
    with Store(state_folder(out)) as store:
        body = store.blob("people-source") or b""
        source: dict[str, Any] = msgspec.msgpack.decode(body)
        doc = next(r.doc_id for r in rulings(out).values() if "Keller waits" in r.text)
        source["speakers"] = {doc: ["Anna Keller"]}
        store.keep_blob("people-source", msgspec.msgpack.encode(source))
    for with_names in (False, True):
        desk = Desk(out, with_names=with_names)
        card = desk.card(ident(out, "Anna Keller waits for access."), "AB")
        seen = json.dumps(card)
        assert ("Keller" in seen) == with_names
        assert bool(card["speaker"])
    assert Desk(out).overview("AB", Filter(words="keller"))["ids"] == []


# -- what each deed decides -----------------------------------------------------------------------


def test_accept_confirms_kind_and_codes(out: Path, page: Client) -> None:
    found = page.decide("accept", quote_id=ident(out, SHELVED[0]), why="said twice")
    assert told(out) == [("kind", "impediment"), ("code", "shelving")]  # no discovered theme
    one = decisions(out)[0]
    assert (one.who, one.why, one.text) == ("AB", "said twice", SHELVED[0])
    assert (one.path, one.doc) == ("2025-01-10_meeting.md", rulings(out)[SHELVED[0]].doc_id)
    assert one.before.endswith(OWNED[0] + "\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", one.when)
    assert found["card"]["seen"]
    assert found["undo"] == 1
    assert page.decide("accept", quote_id=ident(out, SHELVED[0]))["said"] == "as before"
    assert len(decisions(out)) == 2


def test_reject_and_kind(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    assert page.decide("reject", quote_id=quote)["card"]["kind"] == "status"
    card = page.decide("kind", quote_id=quote, value="proposal")["card"]
    assert (card["kind"], card["tier"]) == ("proposal", "confirmed")
    assert told(out) == [("kind", "status"), ("kind", "proposal")]
    page.decide("give", quote_id=quote, value="data")
    page.decide("reject", quote_id=quote)
    assert told(out)[-2:] == [("kind", "status"), ("uncode", "data")]
    body = json.dumps({"deed": "kind", "who": "AB", "quote_id": quote, "value": "nonsense"})
    assert page.send("POST", "/api/decide", body.encode()).status == 409


def test_recode_give_and_take(out: Path, page: Client) -> None:
    quote = ident(out, SHELVED[0])
    card = page.decide("recode", quote_id=quote, value="ownership")["card"]
    assert [t["id"] for t in card["themes"]] == ["ownership"]
    assert told(out) == [
        ("kind", "impediment"), ("uncode", "shelving"), ("uncode", "T-017"), ("code", "ownership"),
    ]  # fmt: skip
    card = page.decide("give", quote_id=quote, value="T-017")["card"]
    assert {t["id"] for t in card["themes"]} == {"ownership", "T-017"}
    card = page.decide("take", quote_id=quote, value="ownership")["card"]
    assert [t["id"] for t in card["themes"]] == ["T-017"]
    card = page.decide("give", quote_id=ident(out, ROOM), name="Rooms and  heating")["card"]
    assert (card["kind"], [t["id"] for t in card["themes"]]) == (
        "impediment",
        ["rooms-and-heating"],
    )
    card = page.decide("recode", quote_id=quote, name="rooms AND heating")["card"]
    assert [t["id"] for t in card["themes"]] == ["rooms-and-heating"]  # the same code, not a second
    assert [d.value for d in decisions(out) if d.what == "add"] == ["Rooms and heating"]


def test_pin_and_veto_are_turned_on_and_off(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    assert page.decide("pin", quote_id=quote)["card"]["pinned"]
    assert not page.decide("pin", quote_id=quote, value="no")["card"]["pinned"]
    assert not page.decide("veto", quote_id=quote, value="yes")["card"]["quotable"]
    assert page.decide("veto", quote_id=quote, value="no")["card"]["quotable"]
    assert [w for w, _ in told(out)] == ["pin", "unpin", "veto", "unveto"]


def test_what_a_note_keeps_from_quotation_stays_so(tmp_path: Path) -> None:
    notes = states.small()
    notes.say("2025-01-10_meeting.md", "Not to be repeated outside.", ("data",), quotable=False)
    out = office(tmp_path, notes)
    with reviewing.served(Desk(out)) as client:
        client.open()
        quote = ident(out, "Not to be repeated outside.")
        body = json.dumps({"deed": "veto", "who": "AB", "quote_id": quote, "value": "no"}).encode()
        got = client.send("POST", "/api/decide", body)
        assert got.status == 409
        assert "the note itself" in got.json()["error"]


def test_rename_merge_and_split(out: Path, page: Client) -> None:
    page.decide("rename", on="T-017", name="Left in drawers", definition="Made and put away.")
    assert told(out) == [("rename", "Left in drawers"), ("redefine", "Made and put away.")]
    names = {t["id"]: t for t in page.get("/api/passages?who=AB")["themes"]}
    assert names["T-017"]["name"] == "Left in drawers"
    assert names["T-017"]["passages"] == 4
    page.decide("merge", on="T-017", value="ownership")
    names = {t["id"]: t for t in page.get("/api/passages?who=AB")["themes"]}
    assert "T-017" not in names
    assert names["ownership"]["passages"] == 8
    marked = [ident(out, OWNED[0]), ident(out, SHELVED[0])]
    found = page.decide("split", on="ownership", name="No one decides", marked=marked)
    assert found["codes"]
    assert set(found["touched"]) == set(marked)
    card = page.get(f"/api/passage?id={marked[0]}")
    assert [t["id"] for t in card["themes"]] == ["no-one-decides"]
    card = page.get(f"/api/passage?id={ident(out, OWNED[1])}")
    assert [t["id"] for t in card["themes"]] == ["ownership"]


@pytest.mark.parametrize(
    ("deed", "more"),
    [
        ("merge", {"on": "ownership", "value": "ownership"}),
        ("merge", {"on": "ownership", "value": "T-017"}),
        ("merge", {"on": "nothing", "value": "ownership"}),
        ("rename", {"on": "nothing", "name": "x"}),
        ("split", {"on": "ownership", "name": " "}),
        ("accept", {"quote_id": "Q-none"}),
        ("accept", {"who": ""}),
        ("accept", {"who": "a\nb"}),
        ("accept", {"why": "x" * 501}),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    out: Path, page: Client, deed: str, more: dict[str, str]
) -> None:
    asked = {"deed": deed, "who": "AB", "quote_id": ident(out, OWNED[0])} | more
    got = page.send("POST", "/api/decide", json.dumps(asked).encode())
    assert got.status == 409
    assert got.json()["error"]
    assert got.json()["hint"]
    assert decisions(out) == []


def test_two_merges_never_make_a_circle(page: Client) -> None:
    page.decide("merge", on="shelving", value="ownership")
    asked = {"deed": "merge", "who": "AB", "on": "ownership", "value": "shelving"}
    assert page.send("POST", "/api/decide", json.dumps(asked).encode()).status == 409


# -- on the disk, undo, two people ----------------------------------------------------------------


def test_file_and_state_say_the_same_after_every_act(out: Path, page: Client) -> None:
    for deed in ("accept", "pin", "reject", "veto"):
        page.decide(deed, quote_id=ident(out, OWNED[2]))
        assert [msgspec.to_builtins(d) for d in decisions(out)] == kept(out)
    assert page.undo().status == 200
    assert [msgspec.to_builtins(d) for d in decisions(out)] == kept(out)


def test_undo_takes_back_the_last_act_of_that_person(out: Path, page: Client) -> None:
    quote = ident(out, SHELVED[0])
    page.decide("accept", quote_id=quote)
    page.decide("reject", "CD", quote_id=quote)
    page.decide("recode", quote_id=quote, value="ownership")
    card = page.undo().json()["card"]
    assert card["id"] == quote
    assert [(d.who, d.what) for d in decisions(out)] == [
        ("AB", "kind"), ("AB", "code"), ("CD", "kind"),
    ]  # fmt: skip
    assert page.undo().status == 200
    assert [d.who for d in decisions(out)] == ["CD"]
    got = page.undo()
    assert got.status == 409
    assert "nothing of AB's" in got.json()["error"]
    assert page.undo("CD").json()["card"]["kind"] == "impediment"
    assert decisions(out) == []


def test_undo_goes_on_after_a_restart_and_leaves_what_was_decided_elsewhere(out: Path) -> None:
    file = out.parent / "notes" / "decisions.toml"
    theirs = Decision(what="rename", who="AB", on="data", value="Data")
    add_decisions(file, [theirs])
    with reviewing.served(Desk(out)) as client:
        client.open()
        client.decide("accept", quote_id=ident(out, SHELVED[0]))
    with reviewing.served(Desk(out)) as client:
        client.open()
        assert client.get("/api/passages?who=AB")["undo"] == 1
        assert client.undo().status == 200
        assert client.undo().status == 409
    assert decisions(out) == [theirs]


def test_two_people_who_differ_are_shown_and_the_machine_stands(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    page.decide("accept", quote_id=quote)
    card = page.decide("reject", "CD", quote_id=quote)["card"]
    assert card["kind"] == "impediment"
    assert "CD: kind status" in card["conflicts"][0]
    assert [d["who"] for d in card["decided"]] == ["AB", "AB", "CD"]


def test_one_person_however_the_name_is_spelt(out: Path, page: Client) -> None:
    quote = ident(out, OWNED[0])
    page.decide("kind", who="A. Bee", quote_id=quote, value="proposal")
    found = page.decide("kind", who="a.bee", quote_id=quote, value="status")
    assert (found["card"]["kind"], found["card"]["conflicts"]) == ("status", [])
    assert {d.who for d in decisions(out)} == {"A. Bee"}
    assert page.get(f"/api/passage?id={quote}&who=A.BEE")["seen"]
    again = page.decide("kind", who="A.BEE", quote_id=quote, value="status")
    assert again["said"] == "as before"
    for who in ("a. bee", "A.Bee"):
        assert page.undo(who).status == 200
    assert decisions(out) == []


def test_two_reviews_at_once_keep_both(out: Path) -> None:
    with reviewing.served(Desk(out)) as one, reviewing.served(Desk(out)) as other:
        one.open()
        other.open()
        one.decide("accept", quote_id=ident(out, OWNED[0]))
        other.decide("accept", "CD", quote_id=ident(out, OWNED[1]))
        one.decide("reject", quote_id=ident(out, OWNED[2]))
        assert [d.who for d in decisions(out)] == ["AB", "AB", "CD", "CD", "AB"]
        assert one.get(f"/api/passage?id={ident(out, OWNED[1])}")["decided"]


def test_while_a_run_works_nothing_is_taken_and_the_page_says_why(out: Path, page: Client) -> None:
    asked = {"deed": "accept", "who": "AB", "quote_id": ident(out, OWNED[0])}
    with Store(state_folder(out)):
        got = page.send("POST", "/api/decide", json.dumps(asked).encode())
        assert got.status == 409
        assert "another run is working" in got.json()["error"]
    assert decisions(out) == []
    assert page.send("POST", "/api/decide", json.dumps(asked).encode()).status == 200


def test_a_file_edited_by_hand_meanwhile_is_taken_as_it_is(out: Path, page: Client) -> None:
    page.decide("accept", quote_id=ident(out, OWNED[0]))
    file = out.parent / "notes" / "decisions.toml"
    text = file.read_text("utf-8").replace("[[decision]]", "# mine\n[[decision]]", 1)
    file.write_text(text + "# the end\n", "utf-8")
    page.decide("pin", quote_id=ident(out, OWNED[0]))
    assert page.undo().status == 200
    left = file.read_text("utf-8")
    assert "# mine" in left
    assert "# the end" in left
    file.write_text("[[decision]\n", "utf-8")
    asked = {"deed": "pin", "who": "AB", "quote_id": ident(out, OWNED[0])}
    got = page.send("POST", "/api/decide", json.dumps(asked).encode())
    assert (got.status, file.read_text("utf-8")) == (409, "[[decision]\n")
    assert "not valid TOML" in got.json()["error"]


def test_a_missing_file_comes_back_from_the_state(out: Path, page: Client) -> None:
    page.decide("accept", quote_id=ident(out, OWNED[0]))
    (out.parent / "notes" / "decisions.toml").unlink()
    page.decide("pin", quote_id=ident(out, OWNED[0]))
    assert [w for w, _ in told(out)] == ["kind", "code", "pin"]


def test_a_new_run_is_taken_up(out: Path, page: Client) -> None:
    states.run_of(states.small(), out, "R-9999999999")
    assert page.get("/api/passages?who=AB")["run"] == "R-9999999999"
