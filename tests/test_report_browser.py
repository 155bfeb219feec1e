"""The report in a real browser: no error, no request, filters that work, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browsing import CONTRAST, needs_chromium, watched
from factory import bundle, sample
from notesmine.publish import publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("outputs")
    publish(out, bundle(sample()))
    return (out / "report.html").as_uri()


@pytest.fixture
def page(browser: Browser, report: str) -> Iterator[Page]:
    """The report, open; fails at the end on any console error or request."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    heard = watched(tab, lambda url: url.startswith("file:"))
    tab.goto(report)
    yield tab
    context.close()
    assert not heard


def shown(page: Page) -> int:
    return int(page.evaluate(
        "() => [...document.querySelectorAll('.theme .quote')]"
        ".filter((q) => !q.closest('[hidden]')).length"
    ))  # fmt: skip


def undated_office(page: Page) -> int:
    """Quotes of notes that name no organisation."""
    return int(page.evaluate(
        "() => [...document.querySelectorAll('.theme .quote')].filter((q) => !document"
        ".querySelector(`#f-document option[value='${q.dataset.document}']`).dataset.office).length"
    ))  # fmt: skip


def test_filters_and_search_narrow_and_widen(page: Page) -> None:
    everything = shown(page)
    assert everything > 30
    page.select_option("#f-theme", "legal")
    legal = shown(page)
    assert 0 < legal < everything
    assert page.locator("#f-count").inner_text() == f"{legal} passages in 1 theme"
    assert page.locator("#ownership").is_hidden()
    page.select_option("#f-kind", "review")
    assert shown(page) == 1
    assert page.locator("#legal .quote:visible").count() == 1  # its <details> was opened
    page.click("button[type=reset]")
    page.wait_for_function("() => document.getElementById('f-count').textContent === ''")
    assert shown(page) == everything
    page.fill("#f-text", "WEEKLY hour")
    assert shown(page) == 1
    page.fill("#f-text", "nothing like this")
    assert shown(page) == 0
    assert page.locator("#f-none").is_visible()
    page.fill("#f-text", "")
    page.select_option("#f-month", "2025-02")
    assert 0 < shown(page) < everything
    page.select_option("#f-month", "")
    page.select_option("#f-document", index=1)
    assert 0 < shown(page) < everything
    page.select_option("#f-document", "")
    page.select_option("#f-office", label="Mapping Agency")
    mapping = shown(page)
    page.select_option("#f-office", label="Statistics Office")
    assert mapping > 0
    assert shown(page) > 0
    assert mapping + shown(page) == everything - undated_office(page)


def test_deep_links_open_what_is_folded_and_filtered(page: Page, report: str) -> None:
    folded = page.locator("details.more .quote[id]").first.get_attribute("id")
    assert page.locator(f"#{folded}").is_hidden()
    page.goto(f"{report}#{folded}")
    assert page.locator(f"#{folded}").is_visible()
    page.select_option("#f-theme", "legal")
    page.evaluate("() => { location.hash = '#T-017'; }")
    page.wait_for_function("() => document.getElementById('T-017').getClientRects().length > 0")
    top = page.evaluate("() => document.getElementById('T-017').getBoundingClientRect().top")
    assert abs(top) < 900


def test_the_keyboard_reaches_the_report_first(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(CONTRAST) == []


def test_names_roles_and_landmarks(page: Page) -> None:
    assert page.locator("main, header.masthead, nav, footer").count() == 4
    assert page.locator("h1").count() == 1
    unnamed = page.evaluate(
        "() => [...document.querySelectorAll('a, button, input, select, summary, [role=img]')]"
        ".filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label')"
        " || (e.labels && e.labels.length))).length"
    )
    assert unnamed == 0
    assert page.locator("html[lang=en]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(page: Page, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not there")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_point_of_the_map_tells_and_leads_to_its_passage(page: Page) -> None:
    point = page.locator(".map circle").first
    quote = point.get_attribute("data-quote")
    point.dispatch_event("mouseenter")
    assert page.locator("#map-said").inner_text().strip()
    point.dispatch_event("click")
    page.wait_for_function("(id) => location.hash === '#' + id", arg=quote)
    assert page.locator(f"#{quote}").is_visible()
    assert page.locator(".legend a").count() > 0


def test_every_link_inside_the_report_has_its_target(page: Page) -> None:
    dead = page.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.hash.slice(1))"
        ".filter((id) => !document.getElementById(decodeURIComponent(id)))"
    )
    assert dead == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_works_with_scripts_off(browser: Browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(report)
    assert tab.locator("#filters").is_hidden()
    assert tab.locator("#ownership .quote").first.is_visible()
    tab.locator("details.more summary").first.click()
    assert tab.locator("details.more .quote").first.is_visible()
    context.close()
