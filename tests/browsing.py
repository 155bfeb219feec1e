"""A real browser for the tests of pages, and what is checked of each page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = next(
    (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

#: Contrast of every text node against the first opaque background behind it (WCAG 2.1, 1.4.3).
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const part = (v) => v <= .03928 * 255 ? v / 255 / 12.92 : Math.pow((v / 255 + .055) / 1.055, 2.4);
  const light = (c) => .2126 * part(c[0]) + .7152 * part(c[1]) + .0722 * part(c[2]);
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, el = node.parentElement;
    if (!node.data.trim() || !el.getClientRects().length) continue;
    if (el.closest('svg, script, style, .skip, option')) continue;
    let back = el, rgb = [];
    while (back) {
      rgb = parse(getComputedStyle(back).backgroundColor);
      if (rgb.length === 3 || rgb[3] > 0) break;
      back = back.parentElement;
    }
    const a = light(parse(getComputedStyle(el).color)), b = light(rgb);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(ratio.toFixed(2) + ' ' + el.className + ' ' + node.data.slice(0, 30));
  }
  return bad;
}"""


def watched(tab: Page, own: Callable[[str], bool]) -> list[str]:
    """Return the list in which errors of a page and its requests elsewhere are put down."""
    heard: list[str] = []
    tab.on("console", lambda m: heard.append(m.text) if m.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda e: heard.append(str(e)))
    tab.on("request", lambda r: None if own(r.url) else heard.append(r.url))
    return heard
