"""The office as staff meet it: in three languages, at two sizes, by keyboard, on paper, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import infra.web.sign_in
from infra.web.office.plain import SIGN_IN
from tests.browser.fixtures import NewPage
from tests.browser.test_analytics import DESK, PHONE, TOO_WIDE
from tests.conftest import new_database
from tests.integration.office_in_process import OfficeSite, an_office
from tests.integration.test_office_sittings import attestations, commission
from tests.integration.wallet_in_process import served

pytestmark = pytest.mark.views_ready


@pytest.fixture(scope="module")
def site(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[OfficeSite, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            infra.web.sign_in, "_TRIES_A_MINUTE", 10_000
        )  # one address signs in again and again here
        with (
            new_database(postgres_dsn, migrated_template) as dsn,
            an_office(dsn, tmp_path_factory.mktemp("office")) as site,
            served(site.app) as address,
        ):
            commission(site)
            yield site, address


def sign_in(page: Page, address: str, staff: str, language: str = "ru") -> None:
    """As a person at the machine of a trial does."""
    page.goto(f"{address}{SIGN_IN}?lang={language}")
    assert page.locator("select[name=staff]").count(), page.locator("body").inner_text()
    page.locator("select[name=staff]").select_option(staff)
    page.locator("form:has(select) button").click()
    page.wait_for_url(f"{address}/office?lang={language}")


NARROW = {"width": 320, "height": 640}  # a desk's page at 400 %


@pytest.mark.parametrize("size", [NARROW, PHONE, DESK], ids=["narrow", "phone", "desk"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_of_the_office_fits_its_screen(
    site: tuple[OfficeSite, str], new_page: NewPage, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    office, address = site
    page = new_page(viewport=size)
    page.goto(f"{address}{SIGN_IN}?lang={language}")
    assert page.evaluate(TOO_WIDE) == []
    page.screenshot(path=str(tmp_path / f"sign-in-{language}-{size['width']}.png"), full_page=True)
    for staff, paths in {
        "k.clerk": ("/office", "/office?month=2025-08", "/office/cases"),
        "k.operator": ("/office/parked",),
        "r.registrar": ("/office", "/office/cases", f"/office/cases/{office.cases[0]}"),
    }.items():
        page = new_page(viewport=size)
        sign_in(page, address, staff, language)
        for path in paths:
            page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
            assert page.locator("h1").count() == 1
            assert page.locator("html").get_attribute("lang") == language
            assert page.evaluate(TOO_WIDE) == []
            name = f"{staff}{path.replace('/', '-')}-{language}-{size['width']}.png"
            page.screenshot(path=str(tmp_path / name), full_page=True)


def test_the_clock_counts_down_by_the_systems_time(site: tuple[OfficeSite, str], new_page: NewPage) -> None:
    _, address = site
    page = new_page(viewport=DESK)
    page.clock.install()
    sign_in(page, address, "r.registrar", "en")
    page.goto(f"{address}/office/cases?lang=en")
    left = page.locator("time.span:not(.over)").first
    told = left.inner_text()
    assert "left" in told
    page.clock.run_for(int(timedelta(minutes=2).total_seconds() * 1000))
    expect(left).not_to_have_text(told)
    page.clock.fast_forward(int(timedelta(days=20).total_seconds() * 1000))
    expect(page.locator("time.span").first).to_have_class("span over")
    expect(page.locator("time.span:not(.over)")).to_have_count(0)


def test_without_javascript_a_case_is_acted_on(site: tuple[OfficeSite, str], new_page: NewPage) -> None:
    office, address = site
    page = new_page(viewport=DESK, java_script_enabled=False)
    sign_in(page, address, "r.registrar", "en")
    page.get_by_role("link", name=office.cases[-1]).click()
    page.locator("summary", has_text="Registered").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("status")).to_have_text("Done, and recorded in the log.")
    expect(page.locator(".steps .done")).to_contain_text("Registers the complaint")


def test_the_operator_tries_again_and_leaves_out(site: tuple[OfficeSite, str], new_page: NewPage) -> None:
    office, address = site
    office.park(2, 500)
    page = new_page(viewport=DESK)
    sign_in(page, address, "k.operator", "en")
    page.goto(f"{address}/office/parked?lang=en")
    page.locator("li", has_text="· 501").locator("summary").click()
    item = page.locator("li", has_text="· 501")
    item.locator("input[name=reason]").fill("known, mended by version 3")
    item.get_by_role("button", name="Leave out").click()
    expect(page.get_by_role("status")).to_have_text("Left out: families, 501.")
    page.locator("li", has_text="· 500").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_have_text("Taken in: families, 500.")


def test_the_morning_is_walked_by_keyboard(site: tuple[OfficeSite, str], new_page: NewPage) -> None:
    _, address = site
    page = new_page(viewport=DESK)
    sign_in(page, address, "k.clerk", "en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.needs') !== null")
    labels = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
        ".filter((one) => !one.labels.length).length"
    )
    assert labels == 0


def test_the_morning_on_paper_has_no_buttons(
    site: tuple[OfficeSite, str], new_page: NewPage, tmp_path: Path
) -> None:
    _, address = site
    page = new_page(viewport=DESK)
    sign_in(page, address, "k.clerk")
    page.emulate_media(media="print")
    for hidden in (".sections", ".out", ".months"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".tasks").first).to_be_visible()
    page.pdf(path=str(tmp_path / "printed.pdf"), format="A4", print_background=True)
    page.set_viewport_size({"width": 700, "height": 1000})
    page.screenshot(path=str(tmp_path / "printed.png"), full_page=True)


def test_families_without_a_number_are_downloaded(site: tuple[OfficeSite, str], new_page: NewPage) -> None:
    _, address = site
    page = new_page(viewport=DESK)
    sign_in(page, address, "k.clerk", "en")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download the list (CSV)").click()
    assert caught.value.suggested_filename == "azyq-no-number-akkol-2025-2025-07.csv"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_S000_T6_a_sitting_is_held_without_javascript(
    site: tuple[OfficeSite, str], new_page: NewPage, tmp_path: Path, size: dict[str, int]
) -> None:
    office, address = site
    case = attestations(office, size["width"], 2)[0]
    page = new_page(viewport=size, java_script_enabled=False)
    for staff, path, outcome in (
        ("t.exec", "attestation/T5", "listed"),
        ("s.secretary", "attestation/T6", "admitted"),
    ):
        sign_in(page, address, staff, "ru")
        page.goto(f"{address}/office/sittings?lang=ru")
        page.screenshot(path=str(tmp_path / f"sittings-{staff}.png"), full_page=True)
        page.goto(f"{address}/office/sittings/{path}?lang=ru")
        page.locator("select[name=rest]").select_option(outcome)
        if staff == "s.secretary":
            page.locator(f"select[name='{case}.outcome']").select_option("not_admitted")
        assert page.evaluate(TOO_WIDE) == []
        page.get_by_role("button", name="Записать заседание").click()
        expect(page.get_by_role("alert")).to_contain_text("Ничего не записано")
        page.locator("input[name=members]").fill("А. Бекова, Б. Оспанов")
        if staff == "s.secretary":
            page.locator(f"select[name='{case}.ground']").select_option("test_failed")
        page.screenshot(path=str(tmp_path / f"sitting-{staff}.png"), full_page=True)
        page.get_by_role("button", name="Записать заседание").click()
        expect(page.get_by_role("status")).to_contain_text("Заседание записано")
        office.month.azyq.catch_up_views()
