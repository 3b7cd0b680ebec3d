"""How large what can be pressed is on a page, asked in one question: a page of a form has a hundred of them."""

from __future__ import annotations

from playwright.sync_api import Locator

LEAST = 44
_TOO_SMALL = """(all, least) => all.filter(e => {
    const box = e.getBoundingClientRect();
    return !e.getClientRects().length || Math.min(box.width, box.height) < least;
}).map(e => e.outerHTML)"""


def too_small(targets: Locator, least: int = LEAST) -> list[str]:
    """The HTML of those that are not shown, or smaller than a finger: less than 44 CSS pixels high or wide."""
    found: list[str] = targets.evaluate_all(_TOO_SMALL, least)
    return found
