"""The review page in a real browser: from the key press to the file and the state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import factory
import reviewing
import states
from browsing import CONTRAST, needs_chromium, watched
from notesmine.review import Desk
from notesmine.review.deeds import Asked
from reviewing import Client, decisions, kept, office, rulings
from states import OWNED, SHELVED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_chromium
HOSTILE = "<img src=x onerror=alert(1)> & \u202e no one decides \U0001f600."


def the_notes() -> factory.Notes:
    notes = states.small(extra=True)
    notes.say(
        "2025-01-10_meeting.md", HOSTILE, ("ownership",), probability=0.6, tier="review",
        heading=("<b>Impediments</b>",),
    )  # fmt: skip
    return notes


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return office(tmp_path, the_notes())


@pytest.fixture
def served(out: Path) -> Iterator[Client]:
    with reviewing.served(Desk(out)) as client:
        yield client


@pytest.fixture
def page(browser: Browser, served: Client) -> Iterator[Page]:
    """The page, open; fails at the end on any console error or request elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    home = f"http://{served.host}/"
    heard = watched(tab, lambda url: url.startswith((home, "data:")))
    tab.on("dialog", lambda d: heard.append(d.message))
    tab.goto(f"{home}open?token={served.keys.token}")
    tab.wait_for_selector("#context mark")
    yield tab
    context.close()
    assert not [
        h for h in heard if "409 (Conflict)" not in h and "ERR_FAILED" not in h
    ]  # what the server refuses is said


def said(page: Page, words: str) -> None:
    page.wait_for_function(
        "(w) => document.getElementById('status').textContent.includes(w)"
        " || document.getElementById('alert').textContent.includes(w)",
        arg=words,
    )


def passage(page: Page) -> str:
    return page.locator("#context mark").inner_text()


def test_keys_decide_and_the_file_has_it_before_the_page_says_so(page: Page, out: Path) -> None:
    assert page.url.endswith("/")  # the token is out of the address
    assert passage(page) == OWNED[0]
    page.keyboard.press("a")
    said(page, "Accepted: kind impediment; code Unclear responsibility (AB)")
    assert [(d.what, d.value) for d in decisions(out)] == [
        ("kind", "impediment"), ("code", "ownership"),
    ]  # fmt: skip
    assert len(kept(out)) == 2
    assert passage(page) == SHELVED[0]
    assert page.locator("#count").inner_text() == "1 of 9 looked at"
    page.keyboard.press("x")
    said(page, "Rejected")
    page.keyboard.press("4")
    said(page, "Kind set")
    page.keyboard.press("p")
    said(page, "Pin changed")
    page.keyboard.press("v")
    said(page, "Veto changed")
    assert page.locator("#state .closed").inner_text() == "not for quotation"
    assert [d.what for d in decisions(out)][2:] == ["kind", "kind", "pin", "veto"]
    for left in (5, 4, 3, 2, 0):
        page.keyboard.press("u")
        page.wait_for_function(
            "(n) => document.getElementById('about').textContent.includes(n + ' decision')",
            arg=left,
        )
    assert decisions(out) == []
    assert kept(out) == []
    assert passage(page) == OWNED[0]


def test_keys_while_the_next_card_loads_hit_nothing(page: Page, out: Path) -> None:
    held: list[Route] = []
    page.route("**/api/passage?*", lambda route: held.append(route))
    page.keyboard.press("a")
    page.wait_for_function(
        "() => document.getElementById('count').textContent === '1 of 9 looked at'"
    )
    page.keyboard.press("x")  # the first passage is still shown
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].abort()  # and does not come: told, and not wiped
    said(page, "It is taken; but")
    page.unroute("**/api/passage?*")
    assert [d.what for d in decisions(out)] == ["kind", "code"]
    page.keyboard.press("j")
    page.wait_for_function(
        "(t) => document.querySelector('#context mark').textContent === t", arg=SHELVED[0]
    )


def test_a_card_decided_about_by_another_is_shown_anew(page: Page, out: Path) -> None:
    Desk(out).decide(Asked(deed="veto", who="CD", quote_id=rulings(out)[OWNED[0]].quote_id))
    page.keyboard.press("v")
    said(page, "since you saw it")
    assert page.locator("#state .closed").count() == 1
    assert [(d.who, d.what) for d in decisions(out)] == [("CD", "veto")]


def test_a_new_run_is_noticed(page: Page, out: Path) -> None:
    states.run_of(the_notes(), out, "R-9999999999")
    page.keyboard.press("a")
    said(page, "since you saw it")
    page.wait_for_function("() => document.getElementById('about').textContent.includes('R-999')")
    assert decisions(out) == []


def test_text_of_the_notes_is_text(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#context mark').textContent[0] === '<'")
    assert passage(page) == HOSTILE
    assert page.locator("#heading").inner_text() == "<b>Impediments</b>"
    assert page.locator("#passage img, #passage b").count() == 0


def test_a_dialog_finds_a_code_or_makes_one(page: Page, out: Path) -> None:
    page.keyboard.press("c")
    page.keyboard.type("working res")
    page.keyboard.press("Enter")
    said(page, "Recoded")
    assert [(d.what, d.value) for d in decisions(out)][-1] == ("code", "shelving")
    page.keyboard.press("+")
    page.keyboard.type("Drawers and shelves")
    page.keyboard.press("Enter")
    said(page, "Code added")
    assert [(d.what, d.value) for d in decisions(out)][-1] == ("code", "drawers-and-shelves")
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    assert page.locator("dialog").is_hidden()
    assert page.evaluate("() => document.activeElement.id") == "passage"
    before = len(decisions(out))
    page.keyboard.press("n")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("aaa")  # letters in a field decide nothing
    page.keyboard.press("Enter")
    said(page, "Renamed")
    assert [(d.what, d.value) for d in decisions(out)][before:] == [("rename", "aaa")]


def test_merge_and_split_from_the_keyboard(page: Page, out: Path) -> None:
    page.select_option("#f-theme", "shelving")
    page.wait_for_function("() => document.getElementById('count').textContent.includes('of 4')")
    page.locator("#passage").focus()
    page.keyboard.press("b")
    page.keyboard.press("j")
    page.wait_for_function(
        "(t) => document.querySelector('#context mark').textContent === t", arg=SHELVED[1]
    )
    page.keyboard.press("b")
    page.keyboard.press("s")
    assert "2 passages that you marked" in page.locator("#d-about").inner_text()
    page.keyboard.type("On the wall")
    page.keyboard.press("Enter")
    said(page, "Split")
    found = decisions(out)
    assert [(d.what, d.value) for d in found] == [
        ("add", "On the wall"), ("uncode", "shelving"), ("code", "on-the-wall"),
        ("uncode", "shelving"), ("code", "on-the-wall"),
    ]  # fmt: skip
    assert {d.text for d in found if d.text} == {SHELVED[0], SHELVED[1]}
    page.keyboard.press("m")
    page.locator("#d-fields select").nth(0).select_option("T-017")
    page.locator("#d-fields select").nth(1).select_option("ownership")
    page.keyboard.press("Enter")
    page.click("#d-ok")
    said(page, "Merged")
    assert (decisions(out)[-1].on, decisions(out)[-1].value) == ("T-017", "ownership")


def test_two_people_share_the_page(page: Page, out: Path) -> None:
    page.keyboard.press("a")
    said(page, "Accepted")
    page.keyboard.press("i")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("CD")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.getElementById('count').textContent === '0 of 9 looked at'"
    )
    assert passage(page) == OWNED[0]
    page.keyboard.press("w")
    page.keyboard.type("only a plan")
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    said(page, "Rejected")
    last = decisions(out)[-1]
    assert (last.who, last.what, last.value, last.why) == ("CD", "kind", "status", "only a plan")
    page.keyboard.press("k")
    page.wait_for_selector(".torn")
    assert "People differ" in page.locator(".torn").inner_text()


def test_keys_can_be_turned_off_and_buttons_do_the_same(page: Page, out: Path) -> None:
    page.uncheck("#keys")
    page.locator("#passage").focus()
    page.keyboard.press("a")
    page.click("[data-do=pin]")
    said(page, "Pin changed")
    assert [d.what for d in decisions(out)] == ["pin"]


def test_nothing_is_taken_without_initials(page: Page, out: Path) -> None:
    page.fill("#who", "")
    page.locator("#passage").focus()
    page.keyboard.press("a")
    said(page, "Who decides?")
    assert page.evaluate("() => document.activeElement.id") == "who"
    assert decisions(out) == []


def test_what_the_server_refuses_is_said(page: Page, out: Path) -> None:
    page.keyboard.press("m")
    page.locator("#d-fields select").nth(0).select_option("ownership")
    page.locator("#d-fields select").nth(1).select_option("T-017")
    page.click("#d-ok")
    page.wait_for_function(
        "() => document.getElementById('d-error').textContent.includes('discovered')"
    )
    assert page.locator("dialog").is_visible()
    assert decisions(out) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_read_and_reached(page: Page, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not there")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for key in ("", "c", "n"):
        if key:
            page.locator("#passage").focus()
            page.keyboard.press(key)
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        if key:
            page.keyboard.press("Escape")


def test_everything_is_reached_with_tab_and_focus_is_seen(page: Page) -> None:
    page.evaluate("() => document.activeElement.blur()")
    seen = []
    for _ in range(45):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.id || e.dataset.do || e.dataset.kind || e.tagName,"
            " getComputedStyle(e).outlineStyle]; }"
        ))  # fmt: skip
    assert {"who", "f-theme", "context", "accept", "merge", "undo", "status", "keys"} <= {
        s[0] for s in seen
    }
    assert all(style != "none" for name, style in seen if name != "BODY")


def test_when_the_server_is_gone_the_page_says_so(browser: Browser, out: Path) -> None:
    context = browser.new_context()
    tab = context.new_page()
    with reviewing.served(Desk(out)) as client:
        tab.goto(f"http://{client.host}/open?token={client.keys.token}")
        tab.wait_for_selector("#context mark")
    tab.keyboard.press("a")
    said(tab, "The review has ended")
    context.close()
    assert decisions(out) == []
    assert rulings(out)
