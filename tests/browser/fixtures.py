"""The fixtures: one browser for these tests, and pages of a phone's size that fail on whatever goes wrong in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.finding import NoBrowser, find

PHONE = {"width": 360, "height": 740}
NewPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium; skips the test where there is none.

    Not for the whole run: as long as it is open, an event loop runs in this thread, and no test can have its own.
    """
    try:
        path = find()
    except NoBrowser as missing:
        pytest.skip(f"NO BROWSER: {missing}")
    # As root, Chromium's own sandbox can't be made.
    args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens a page of its own context; at the end nothing may have gone wrong in any of them: no script error, no
    blocked file, nothing asked of other machines. `may_say`: what the test provokes in the console.
    """
    wrong: list[str] = []
    with ExitStack() as stack:

        def open_page(may_say: str = "the server responded with a status of 4", **how: Any) -> Page:
            def said(message: ConsoleMessage) -> None:
                if message.type == "error" and not re.search(may_say, message.text):
                    wrong.append(f"console: {message.text}")

            def asked(request: Request) -> None:
                if not request.url.startswith(("http://127.0.0.1:", "data:")):
                    wrong.append(f"elsewhere: {request.url}")

            context = browser.new_context(
                **{"viewport": PHONE, "locale": "kk-KZ", "timezone_id": "Asia/Almaty", **how}
            )
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
            page.on("console", said)
            page.on("request", asked)
            return page

        yield open_page
    assert not wrong, wrong  # said here, for pytest rewrites no asserts in fixtures of another module
