"""The wallet as a recipient meets it: opened from the SMS, shown at a till, read by a screen reader, without JavaScript."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.fixtures import PHONE, NewPage
from tests.browser.pixels import codes_in
from tests.browser.sizes import too_small
from tests.integration.wallet_in_process import MILK, RICE, Site, a_site

pytestmark = pytest.mark.views_ready

LIGHT = "voucher.activated"


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path, ticking=True) as site:
        yield site


def the_code(site: Site, page: Page) -> Any:
    """The one code on the page's picture, as the till would verify it now."""
    (text,) = codes_in(page.screenshot(full_page=True))
    return site.month.azyq.qr_keys.read(text, site.month.clock())


def test_R7_R23_opening_the_link_opens_the_voucher_once(site: Site, new_page: NewPage) -> None:
    page = new_page()
    page.goto(site.url)
    expect(page.locator(".sum")).to_have_text("11 796 тг")
    expect(page.locator("#code svg")).to_be_visible()
    assert site.topics().count(LIGHT) == 1
    page.reload()
    new_page().goto(site.url)
    assert site.topics().count(LIGHT) == 1


def test_R25_the_code_of_the_screenshot_is_read_and_verifies(site: Site, new_page: NewPage) -> None:
    site.activate()
    page = new_page()
    page.goto(site.url)
    shown = the_code(site, page)
    assert shown.code.stream == site.month.stream(site.household)
    page.get_by_text("Код мәтінмен").click()
    assert page.locator("#code-text").inner_text() == shown.text


def test_R25_the_code_as_text_keeps_each_of_its_spaces(site: Site, new_page: NewPage) -> None:
    # Base45 has the space among its letters, now and then two in a row; without one of them the code is another.
    site.activate()
    page = new_page()
    page.goto(site.url)
    page.get_by_text("Код мәтінмен").click()
    text = page.locator("#code-text")
    text.evaluate("node => { node.textContent = 'AZYQ1:A  B   C' }")
    assert text.inner_text() == "AZYQ1:A  B   C"


@pytest.mark.parametrize(
    "size",
    [{"width": 320, "height": 480}, PHONE, {"width": 740, "height": 360}, {"width": 1280, "height": 800}],
)
def test_R25_the_full_screen_code_is_read_without_scrolling(
    site: Site, new_page: NewPage, size: dict[str, int]
) -> None:
    site.activate()
    page = new_page(viewport=size)
    page.goto(site.url)
    page.get_by_role("link", name="Толық экранға").click()
    page.wait_for_url("**/full")
    (text,) = codes_in(page.screenshot(full_page=False))
    assert site.month.azyq.qr_keys.read(text, site.month.clock())
    page.get_by_role("link", name="Әмиянға оралу").click()
    page.wait_for_url(site.url)


@pytest.mark.skipif(which("zbarimg") is None, reason="no zbarimg here (Debian: zbar-tools)")
def test_R25_zbar_reads_the_screenshot_too(site: Site, new_page: NewPage, tmp_path: Path) -> None:
    site.activate()
    page = new_page()
    page.goto(site.url)
    file = tmp_path / "shot.png"
    page.screenshot(path=str(file), full_page=True)
    done = subprocess.run(["zbarimg", "--raw", "-q", str(file)], capture_output=True, text=True, timeout=30)
    assert site.month.azyq.qr_keys.read(done.stdout.rstrip("\n"), site.month.clock())


def test_the_code_renews_itself_every_thirty_seconds_and_keeps_the_focus(
    site: Site, new_page: NewPage
) -> None:
    site.activate()
    page = new_page()
    page.clock.install()
    page.goto(site.url)
    first = the_code(site, page)
    page.get_by_text("Код мәтінмен").click()
    site.month.clock.now += timedelta(seconds=31)
    with page.expect_response(re.compile("/code")):
        page.clock.run_for(30_500)
    expect(page.locator("#code-text")).not_to_have_text(first.text)
    second = the_code(site, page)
    assert second.code.issued_at > first.code.issued_at
    # What was open stays open, and the keyboard stays where it was.
    assert page.locator("#code-text").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    site.month.clock.now += timedelta(seconds=31)
    with page.expect_response(re.compile("/code")):
        page.clock.run_for(30_500)


def test_R26_after_a_purchase_the_page_shows_the_new_sum_by_itself(site: Site, new_page: NewPage) -> None:
    site.activate()
    page = new_page()
    page.clock.install()
    page.goto(site.url)
    site.buy((RICE, "2"))
    page.clock.run_for(30_500)
    expect(page.locator(".sum")).to_have_text("11 656 тг")
    expect(page.locator(".purchase")).to_have_count(1)
    assert site.family().available_tiyn == 1_165_600


def test_a_code_that_could_not_be_renewed_is_covered_when_it_ends(site: Site, new_page: NewPage) -> None:
    site.activate()
    page = new_page()
    page.goto(site.url)
    cover = page.locator(".stale")
    expect(cover).to_be_hidden()
    # The browser's own clock of animations, put ahead.
    page.evaluate("document.getAnimations().forEach(one => one.currentTime = 89000)")
    expect(cover).to_be_visible()
    assert codes_in(page.screenshot()) == []


def test_a_network_that_is_gone_leaves_the_page_and_the_next_renewal_works(
    site: Site, new_page: NewPage
) -> None:
    site.activate()
    page = new_page(may_say="503")
    page.clock.install()
    page.goto(site.url)
    first = the_code(site, page).text
    gone: list[Route] = []

    def lose(route: Route) -> None:
        gone.append(route)
        route.fulfill(status=503, body="")

    page.route("**/code?*", lose)
    with page.expect_response(re.compile("/code")):
        page.clock.run_for(30_500)
    assert len(gone) == 1
    assert page.locator("#code-text").text_content() == first
    page.unroute("**/code?*")
    site.month.clock.now += timedelta(seconds=61)
    with page.expect_response(re.compile("/code")):
        page.clock.run_for(30_500)
    expect(page.locator("#code-text")).not_to_have_text(first)


def test_R7_R23_without_javascript_a_button_opens_and_a_reload_renews(site: Site, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(site.url)
    assert LIGHT not in site.topics()
    page.get_by_role("button", name="Ваучерді ашу").click()
    page.wait_for_url(site.url)
    first = the_code(site, page)
    site.month.clock.now += timedelta(seconds=40)
    page.get_by_role("link", name="Жаңа код алу").click()
    assert the_code(site, page).code.issued_at > first.code.issued_at
    assert site.topics().count(LIGHT) == 1


def test_without_javascript_the_full_screen_reloads_itself(site: Site, new_page: NewPage) -> None:
    site.activate()
    page = new_page(java_script_enabled=False)
    page.goto(site.url + "/full")
    assert (
        page.locator('noscript meta[http-equiv="refresh"][content="30"]').count()
        + page.locator('meta[http-equiv="refresh"][content="30"]').count()
    )


def test_R30_a_purchase_is_rated_and_the_rating_changed(site: Site, new_page: NewPage) -> None:
    site.activate()
    bought = site.buy((MILK, "4"))
    page = new_page(locale="ru-RU")
    page.goto(site.url)
    page.get_by_text("Оцените обслуживание").first.click()
    page.get_by_label("4 из 5").check()
    page.get_by_role("button", name="Оценить").click()
    expect(page.get_by_text("Ваша оценка: 4 из 5")).to_be_visible()
    page.get_by_text("Ваша оценка: 4 из 5").click()
    page.get_by_label("2 из 5").check()
    page.get_by_role("button", name="Изменить оценку").click()
    expect(page.get_by_text("Ваша оценка: 2 из 5")).to_be_visible()
    assert site.family().ratings == {bought.id: 2}


@pytest.mark.parametrize(
    ("locale", "language", "says"),
    [
        ("kk-KZ", "kk", "Қалған сома"),
        ("ru-RU", "ru", "Осталось"),
        ("en-GB", "en", "Left to spend"),
        ("de-DE", "kk", "Қалған сома"),
    ],
)
def test_the_page_speaks_the_readers_language(
    site: Site, new_page: NewPage, locale: str, language: str, says: str
) -> None:
    site.activate()
    page = new_page(locale=locale)
    page.goto(site.url)
    assert page.locator("html").get_attribute("lang") == language
    expect(page.get_by_role("heading", name=says)).to_be_visible()


def test_a_language_that_was_chosen_stays(site: Site, new_page: NewPage) -> None:
    site.activate()
    page = new_page()
    page.goto(site.url)
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Full screen").click()
    expect(page.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    page.get_by_role("link", name="Back to the wallet").click()
    expect(page.get_by_role("heading", name="Left to spend")).to_be_visible()
    assert page.url == site.url + "?lang=en"


@pytest.mark.parametrize("width", [280, 320, 360, 1280])
def test_nothing_is_cut_off_and_every_target_is_large_enough(
    site: Site, new_page: NewPage, width: int
) -> None:
    site.activate()
    site.buy((RICE, "2"), (MILK, "0.5"))
    for locale in ("kk-KZ", "ru-RU", "en-GB"):
        page = new_page(viewport={"width": width, "height": 740}, locale=locale)
        page.goto(site.url)
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        spilt = page.evaluate(
            "[...document.querySelectorAll('.card, .left')].filter(c => c.scrollWidth > c.clientWidth).length"
        )
        assert spilt == 0
        assert too_small(page.locator("a:not(.skip), button, summary, .stars label")) == []


def test_a_screen_reader_finds_its_way(site: Site, new_page: NewPage) -> None:
    site.activate()
    site.buy((RICE, "2"))
    page = new_page(locale="en-GB")
    page.goto(site.url)
    for role in ("banner", "navigation", "main"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    levels = [int(name[1]) for name in page.evaluate(HEADINGS)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    expect(page.get_by_role("img", name="QR code for the cashier")).to_be_visible()
    # Renewals are not read out: nothing that renews is in a live region.
    assert page.locator("[aria-live] #code, [role=status] #code, #code [aria-live]").count() == 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(one => one.tagName)"
# Relative luminance and contrast as WCAG 2 has them.
CONTRAST = """
() => {
  const light = text => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number).slice(0, 3).map(v => {
    v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = node => { for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour; } return 'rgb(255,255,255)'; };
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    if (![...node.childNodes].some(c => c.nodeType === 3 && c.data.trim())) continue;
    const a = light(getComputedStyle(node).color), b = light(behind(node));
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.className + ' ' + node.textContent.trim()]);
  }
  return found;
}
"""


def test_every_text_stands_out_from_what_is_behind_it(site: Site, new_page: NewPage) -> None:
    pages = [site.url, site.url + "/full", site.address + "/w/unknown"]
    site.activate()
    site.buy((RICE, "2"))
    for address in pages:
        page = new_page()
        page.goto(address)
        found = page.evaluate(CONTRAST)
        assert found
        assert [text for contrast, text in found if contrast < 4.5] == []


def test_the_first_load_is_small_and_asks_nobody_else(site: Site, new_page: NewPage) -> None:
    site.activate()
    for _ in range(5):
        site.buy((RICE, "2"), (MILK, "0.5"))
    page = new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(site.url, wait_until="networkidle")
    assert 3 <= len(sizes) <= 5
    assert sum(sizes) < 50_000, sizes
    assert page.context.cookies() == []


def test_R8_after_the_month_the_link_leads_to_a_farewell(site: Site, new_page: NewPage) -> None:
    site.activate()
    site.month.clock.now = site.month.clock.now.replace(month=8, day=1)
    page = new_page(locale="ru-RU")
    answer = page.goto(site.url)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("Срок ваучера закончился")
    assert codes_in(page.screenshot(full_page=True)) == []
