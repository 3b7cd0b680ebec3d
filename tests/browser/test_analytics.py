"""The analysts' dashboard as a person meets it: in three languages, at two sizes, by keyboard, without JavaScript."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import expect

from infra.parts.analytics import Analytics
from infra.reporting.running import Answer, Request
from infra.web.analytics.reading import Reader
from projections.reports.all_reports import REPORTS
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


# Labels, placeholders and the month's options that have no room in the form.
CUT_OFF = """() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const cut = (one, text, style, beside) => {
    canvas.font = `${style.fontSize} ${style.fontFamily}`;
    const own = getComputedStyle(one);
    const room = one.clientWidth - parseFloat(own.paddingLeft) - parseFloat(own.paddingRight) - beside;
    return canvas.measureText(text).width > room ? [text] : [];
  };
  return [...document.querySelectorAll(".asked label span")]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)
    .concat([...document.querySelectorAll(".asked input[placeholder]")]
      .flatMap((one) => cut(one, one.placeholder, getComputedStyle(one, "::placeholder"), 0)))
    .concat([...document.querySelectorAll(".asked [name=month] option")]
      .flatMap((one) => cut(one.parentElement, one.textContent, getComputedStyle(one.parentElement), 18)));
}"""


@pytest.mark.parametrize("width", [320, 390, 820, 1024, 1280])
def test_nothing_in_the_form_is_cut_off(site: AnalyticsSite, new_page: NewPage, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    for language in ("kk", "ru", "en"):
        page.goto(f"{site.address}/analytics/rows/month/months?{MONTH}&lang={language}")
        assert page.evaluate(CUT_OFF) == [], language


OTHERS = {
    "rows": f"/analytics/rows/goods/articles?{MONTH}&sort=price_total_tiyn&order=desc&limit=12",
    "compared": f"/analytics?{MONTH}&compare=2025-07-20",
    "changes": f"/analytics/rows/month/regions?{MONTH}&compare=2025-07-20",
    "refused": f"/analytics/rows/month/regions?{MONTH}&sort=iin",
    "sign-in": "/analytics/sign-in?",
    "nothing": "/analytics?month=2025-09",
}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("which", OTHERS)
def test_every_page_fits_its_screen(
    site: AnalyticsSite, new_page: NewPage, tmp_path: Path, which: str, size: dict[str, int]
) -> None:
    for language in ("kk", "ru", "en"):
        page = new_page(viewport=size)
        page.goto(f"{site.address}{OTHERS[which]}&lang={language}")
        assert page.evaluate(TOO_WIDE) == []
        assert page.locator("html").get_attribute("lang") == language
        page.screenshot(path=str(tmp_path / f"{which}-{language}-{size['width']}.png"), full_page=True)


def test_without_javascript_everything_is_there_as_columns_that_lead_to_rows(
    site: AnalyticsSite, new_page: NewPage, tmp_path: Path
) -> None:
    page = new_page(viewport=DESK, java_script_enabled=False)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=ru")
    page.screenshot(path=str(tmp_path / "plain.png"), full_page=True)
    columns = page.locator("[data-chart=days] li a")
    assert columns.count() > 10
    columns.nth(3).click()
    expect(page.locator("h1")).to_have_text("Сверка: Дни")
    expect(page.locator(".rows-table tbody tr").first).to_be_visible()
    page.get_by_role("link", name="← К аналитике").click()
    expect(page.locator("h1")).to_have_text("Июль 2025 года")


def test_a_number_leads_to_its_rows_which_add_up_to_it(site: AnalyticsSite, new_page: NewPage) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=en")
    spent = page.locator(".keys li").nth(2).locator("a")
    text = spent.inner_text()
    spent.click()
    expect(page.locator("h1")).to_have_text("Month report: By region")
    heads = page.locator(".rows-table thead th").all_inner_texts()
    place = next(n for n, head in enumerate(heads) if "▼" in head)
    expect(page.locator(".rows-table tbody tr").first.locator("td").nth(place)).to_have_text(text)


def test_the_dashboard_is_walked_by_keyboard(site: AnalyticsSite, new_page: NewPage) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    stops = []
    for _ in range(30):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        )
    assert list(dict.fromkeys(stops))[1:8] == [
        "month",
        "programme",
        "region",
        "on",
        "as_of",
        "compare",
        "Show",
    ]
    # Nothing hidden is stopped at: the columns are behind the chart, their numbers in a list.
    assert not any("07.2025:" in stop for stop in stops)


def test_figures_of_an_earlier_day_by_the_form(site: AnalyticsSite, new_page: NewPage) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=en")
    page.get_by_label("As of").fill("2025-07-20")
    page.get_by_label("Compare with").fill("2025-07-10")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".compared")).to_contain_text("Changes since log position")
    assert "as_of=2025-07-20" in page.url
    expect(page.locator("#seals")).to_be_visible()
    assert page.locator(".change").count() > 10
    exact = page.get_by_role("link", name="Link to exactly these figures")
    figures = page.locator(".keys").first.inner_text()
    with page.expect_navigation():
        exact.click()
    assert re.search(r"as_of=[0-9]+&", page.url)
    assert page.locator(".keys").first.inner_text() == figures


def test_what_is_printed_has_its_definitions_place_and_no_buttons(
    site: AnalyticsSite, new_page: NewPage, tmp_path: Path
) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=ru")
    page.emulate_media(media="print")
    expect(page.locator("form.asked")).to_be_hidden()
    expect(page.locator(".stand")).to_be_visible()
    expect(page.locator("canvas").first).to_be_hidden()
    expect(page.locator("[data-chart=days] li").first).to_be_visible()
    expect(page.locator(".card .on-paper").first).to_contain_text("Путь семей из списка месяца")
    expect(page.locator(".card .on-paper").first).to_be_visible()
    page.pdf(path=str(tmp_path / "printed.pdf"), format="A4", print_background=True)
    page.set_viewport_size({"width": 700, "height": 1000})
    page.screenshot(path=str(tmp_path / "printed.png"), full_page=True)


A4_ACROSS = 1046  # CSS pixels between margins of 10 mm on the long side
PRINTED = [f"{one.id}/{section.id}" for one in REPORTS.values() for section in one.sections]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_printed_table_fits_a_sheet_and_says_what_it_is_of(
    site: AnalyticsSite, new_page: NewPage, tmp_path: Path, language: str
) -> None:
    page = new_page(viewport={"width": A4_ACROSS, "height": 700})
    page.emulate_media(media="print")
    about = {"kk": "2025 жылғы шілде", "ru": "июль 2025 года", "en": "July 2025"}[language]
    for place in PRINTED:
        page.goto(f"{site.address}/analytics/rows/{place}?{MONTH}&on=2025-07-15&region=11&lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= A4_ACROSS, place
        said = page.locator(".about").inner_text()
        assert about in said or "15.07.2025" in said, place
        assert said in page.title()
        if place == "month/regions":
            page.pdf(path=str(tmp_path / "regions.pdf"), prefer_css_page_size=True)


def test_the_first_paint_comes_within_a_second(site: AnalyticsSite, new_page: NewPage) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics?{MONTH}&lang=ru")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 1000


def test_files_are_downloaded_under_names_that_say_what_they_hold(
    site: AnalyticsSite, new_page: NewPage
) -> None:
    page = new_page(viewport=DESK)
    page.goto(f"{site.address}/analytics/rows/goods/positions?{MONTH}&lang=en")
    for form in ("CSV", "XLSX", "JSON"):
        with page.expect_download() as caught:
            page.get_by_role("link", name=form, exact=True).click()
        name = caught.value.suggested_filename
        assert name.startswith("azyq-goods-positions-2025-07-")
        assert name.endswith(f".{form.lower()}")


class Waiting(Analytics):
    """Reads nothing before it is told to."""

    go = threading.Event()

    def answers(
        self, reader: Reader, asked: Sequence[tuple[Request, Collection[str]]], form: str
    ) -> list[Answer]:
        assert self.go.wait(60)
        return super().answers(reader, asked, form)


def test_the_page_is_painted_before_its_figures_are_read(
    database: str, tmp_path: Path, new_page: NewPage
) -> None:
    with analytics_site(database, tmp_path, 20, Waiting) as site:
        page = new_page(viewport=DESK)
        try:
            page.goto(f"{site.address}/analytics?{MONTH}&lang=ru", wait_until="commit")
            expect(page.locator("h1")).to_have_text("Июль 2025 года")
            expect(page.get_by_role("button", name="Показать")).to_be_visible()
            assert page.locator("#funnel").count() == 0
        finally:
            Waiting.go.set()
        expect(page.locator("#funnel")).to_be_visible()
        page.wait_for_load_state()  # a page that is closed while its scripts load complains
