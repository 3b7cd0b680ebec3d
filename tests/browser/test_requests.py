"""A complaint from the wallet as a recipient makes it, without JavaScript, and follows it to its answer (R30)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import NewPage
from tests.browser.pixels import codes_in
from tests.browser.sizes import too_small
from tests.integration.test_case_pages import EXECUTOR, HEAD, REGISTRAR, act, the_case
from tests.integration.wallet_in_process import RICE, Site, a_site
from tests.unit.case_desk import PDF

pytestmark = pytest.mark.views_ready

LOCALES = ("kk-KZ", "ru-RU", "en-GB")


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path, ticking=True) as site:
        site.activate()
        site.buy((RICE, "1"))
        site.month.azyq.drain_sms()
        yield site


def complain(site: Site, page: Page) -> str:
    """From the wallet to the page of the complaint; its address."""
    page.goto(site.url)
    page.get_by_role("link", name="Подать жалобу").click()
    page.get_by_label("Тема жалобы").select_option(label="Ваучер не приняли")
    page.get_by_label("Магазин").select_option(index=1)
    page.get_by_label("Текст жалобы").fill("Кассир не принял ваучер.\nОчередь ждала.")
    page.get_by_label("Чек, фотография").set_input_files(
        {"name": "../чек.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_label("Согласен").check()
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_text("На рассмотрении")).to_be_visible()
    return page.url


def test_R30_a_complaint_is_made_followed_and_answered_without_javascript(
    site: Site, new_page: NewPage
) -> None:
    page = new_page(locale="ru-RU", java_script_enabled=False)
    address = complain(site, page)
    azyq, case = site.month.azyq, the_case(site, address)
    expect(page.get_by_text(case.case)).to_be_visible()
    expect(page.get_by_text("29.07.2025, 18:30")).to_be_visible()
    # the SMS leads to the same page
    act(site, case, "register", "registered", REGISTRAR)
    before = len(site.month.outbox())
    azyq.drain_sms()
    (sms,) = site.month.outbox()[before:]
    assert urlsplit(sms["text"].split()[-1]).path == urlsplit(address).path
    site.month.clock.now += timedelta(hours=50)
    fields = {"measures": "Магазин предупреждён, ваучеры принимает."}
    act(site, case, "consider", "upheld", EXECUTOR, fields=fields)
    act(site, case, "sign", "answer_signed", HEAD)
    page.get_by_role("link", name="Обновить страницу").click()
    expect(page.get_by_text("Жалоба удовлетворена")).to_be_visible()
    expect(page.get_by_text("Принятые меры: Магазин предупреждён")).to_be_visible()
    page.get_by_text("Проверить подлинность").click()
    (code,) = codes_in(page.screenshot(full_page=True))
    page.get_by_role("link", name="Открыть документ").click()
    expect(page.get_by_text("Магазин предупреждён")).to_be_visible()
    assert codes_in(page.screenshot(full_page=True)) == [code]
    page.goto(site.address + urlsplit(code).path)
    expect(page.get_by_text("Документ подлинный и действует")).to_be_visible()
    # and the wallet knows it
    azyq.catch_up_views()
    page.goto(site.url)
    page.get_by_role("link", name=case.case).click()
    assert page.url == address


def test_R30_what_is_wrong_stands_beside_its_field(site: Site, new_page: NewPage) -> None:
    page = new_page(locale="en-GB", java_script_enabled=False)
    page.goto(site.url + "/apply/complaint")
    page.get_by_label("What the complaint is about").select_option(label="Quality of the goods")
    page.get_by_role("textbox", name="The complaint").fill("<b>Sour</b> milk")
    page.get_by_label("Receipt, photo").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"no pdf"}
    )
    page.get_by_label("I consent").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Not sent")
    expect(page.locator("input[type=file]")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Send").click()
    shop = page.get_by_label("Shop", exact=False).first
    assert shop.get_attribute("aria-invalid") == "true"
    described = str(shop.get_attribute("aria-describedby")).split()[-1]
    expect(page.locator(f"#{described}")).to_contain_text("Shop")
    expect(page.get_by_role("textbox", name="The complaint")).to_have_value("<b>Sour</b> milk")
    assert page.get_by_label("I consent").is_checked()
    shop.select_option(index=2)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Being dealt with")).to_be_visible()


@pytest.mark.parametrize("width", [280, 360, 1280])
def test_R30_nothing_is_cut_off_and_every_target_is_large_enough(
    site: Site, new_page: NewPage, width: int
) -> None:
    address = complain(site, new_page(locale="ru-RU"))
    case = act(site, the_case(site, address), "register", "registered", REGISTRAR)
    act(site, case, "consider", "not_upheld", EXECUTOR, ground="not_confirmed")
    act(site, case, "sign", "rejection_signed", HEAD)
    forms = ("/apply/analyst-access", "/apply/foreign-specialist", "/apply")
    for locale in LOCALES:
        page = new_page(viewport={"width": width, "height": 740}, locale=locale)
        for url in (address, site.url + "/apply/complaint", *(site.address + form for form in forms)):
            page.goto(url)
            for summary in page.locator("summary").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, url
            spilt = "[...document.querySelectorAll('.card, .left')].filter(c => c.scrollWidth > c.clientWidth).length"
            assert page.evaluate(spilt) == 0, url
            typed = "input:not([type=hidden], [type=checkbox]), select"
            assert too_small(page.locator(f"a:not(.skip), button, summary, {typed}")) == [], url
            # of a checkbox its label is the target
            assert too_small(page.locator("input[type=checkbox]"), least=0) == [], url
            assert too_small(page.locator(".tick")) == [], url
            nameless = page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
                ".filter(e => !e.labels.length).length"
            )
            assert nameless == 0, url
