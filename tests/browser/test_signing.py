"""Signing a request by certificate in a browser, without JavaScript: the file out, its signature in (S000-06)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.signatures.cms import CmsSignatures, person_of
from tests.browser.fixtures import NewPage
from tests.browser.sizes import too_small
from tests.integration.test_case_pages import the_case
from tests.integration.test_case_signing import AIGUL, IIN, OFFICE, STRANGER, signing_services
from tests.integration.wallet_in_process import Site, a_site
from tests.unit.case_desk import PDF

pytestmark = pytest.mark.views_ready

WORDS = {
    "kk-KZ": (
        "Қол қоюға өту",
        "Файлды жүктеп алу",
        "Қолтаңба файлы",
        "Қолтаңбамен жіберу",
        "Өзгерту",
        "Қаралуда",
    ),
    "ru-RU": (
        *("Перейти к подписи", "Скачать файл", "Файл подписи", "Отправить с подписью", "Изменить"),
        "На рассмотрении",
    ),
    "en-GB": (
        *("Go on to signing", "Download the file", "The signature's file", "Send with the signature"),
        *("Change it", "Being dealt with"),
    ),
}
TYPED = {
    "surname": "Серік", "given_name": "Айгүл", "post": "аудитор", "unit": "отдел", "contact": "a@b.kz",
    "phone": "8 701 123 45 67", "purpose": "аудит ваучеров", "body": "Маслихат", "region": "113220100",
}  # fmt: skip


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path, ticking=True) as site:
        azyq: Any = site.month.azyq
        signing_services(azyq, tmp_path / "services")
        azyq.__dict__["signatures"] = CmsSignatures([OFFICE.certificate], person_of(azyq.vault.find_person))
        yield site


def fill(site: Site, page: Page, onward: str) -> None:
    """The application for access, up to the page that asks for its signature."""
    page.goto(site.address + "/apply/analyst-access")
    for name, value in TYPED.items():
        page.locator(f"[name='f.{name}']").fill(value)
    page.locator("[name='f.body_kind']").select_option("maslikhat")
    page.locator("[name='d.qr']").set_input_files(
        {"name": "qr.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.locator("[name=consent]").check()
    page.get_by_role("button", name=onward).click()


def sign(page: Page, download: str, field: str, send: str, by: Any) -> None:
    with page.expect_download() as downloading:
        page.get_by_role("button", name=download).click()
    content = Path(downloading.value.path()).read_bytes()
    page.get_by_label(field).set_input_files(
        {"name": "подпись.p7s", "mimeType": "application/pkcs7-signature", "buffer": by.sign(content)}
    )
    page.get_by_role("button", name=send).click()


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_S000_06_a_request_is_signed_without_javascript(site: Site, new_page: NewPage, locale: str) -> None:
    onward, download, field, send, change, state = WORDS[locale]
    page = new_page(locale=locale, java_script_enabled=False)
    fill(site, page, onward)
    # what was filled in can still be changed; documents are chosen again
    page.get_by_role("button", name=change).click()
    expect(page.locator("[name='f.purpose']")).to_have_value("аудит ваучеров")
    page.locator("[name='d.qr']").set_input_files(
        {"name": "qr.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_role("button", name=onward).click()
    expect(page.get_by_text("Маслихат").first).to_be_visible()
    # a signature of something else is refused, in place
    page.get_by_label(field).set_input_files(
        {"name": "x.p7s", "mimeType": "application/x", "buffer": AIGUL.sign(b"something else")}
    )
    page.get_by_role("button", name=send).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label(field).get_attribute("aria-invalid") == "true"
    sign(page, download, field, send, AIGUL)
    expect(page.get_by_text(state, exact=True)).to_be_visible()
    case = the_case(site, page.url)
    assert case.applicant == site.month.azyq.vault.find_person(IIN)


def test_S000_06_whose_signature_was_refused_is_told(site: Site, new_page: NewPage) -> None:
    onward, download, field, send, *_ = WORDS["ru-RU"]
    page = new_page(locale="ru-RU")
    page.goto(site.url + "/apply/complaint")
    page.get_by_label("Тема жалобы").select_option(label="Ваучер не приняли")
    page.get_by_label("Магазин").select_option(index=1)
    page.get_by_label("Текст жалобы").fill("Кассир не принял ваучер.")
    page.get_by_label("Согласен").check()
    page.get_by_role("button", name=onward).click()
    sign(page, download, field, send, STRANGER)
    expect(page.get_by_role("alert")).to_contain_text("БӨТЕН АДАМ")


@pytest.mark.parametrize("width", [280, 360, 1280])
def test_S000_06_nothing_is_cut_off_and_every_target_is_large_enough(
    site: Site, new_page: NewPage, width: int
) -> None:
    for locale, (onward, *_, send, _, _) in WORDS.items():
        page = new_page(viewport={"width": width, "height": 740}, locale=locale)
        fill(site, page, onward)
        page.locator("[name=signature]").set_input_files(
            {"name": "x.p7s", "mimeType": "application/x", "buffer": b"x"}
        )
        page.get_by_role("button", name=send).click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert too_small(page.locator("a:not(.skip), button, input:not([type=hidden])")) == []
        assert page.locator("main").count() == 1
        assert page.locator("h1").count() == 1
