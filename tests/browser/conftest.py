"""Fixtures of the tests in a real browser."""

from __future__ import annotations

from tests.browser.fixtures import browser, new_page

__all__ = ["browser", "new_page"]
