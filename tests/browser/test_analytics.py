"""The analysts' dashboard as a person meets it: in three languages, at two sizes, by keyboard, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.analytics_site import AnalyticsSite, analytics_site
from tests.browser.fixtures import NewPage
from tests.conftest import new_database

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
MONTH = "month=2025-07"
# What sticks out of the page, but for what scrolls within a box of its own.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((one) => !one.closest(".scroll") &&
    one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def site(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AnalyticsSite]:
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        analytics_site(dsn, tmp_path_factory.mktemp("analytics")) as site,
    ):
        yield site


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_O3_2_the_dashboard_fits_its_screen(
    site: AnalyticsSite, new_page: NewPage, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    page = new_page(viewport=size)
    page.goto(f"{site.address}/analytics?{MONTH}&lang={language}")
    assert page.locator("h1").count() == 1
    assert page.evaluate(TOO_WIDE) == []
    assert page.locator("canvas").count() == 2
    page.screenshot(path=str(tmp_path / f"{language}-{size['width']}.png"), full_page=True)
