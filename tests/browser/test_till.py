"""The till as a cashier meets it: connected with a code, a purchase, a return, and all that goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from playwright.sync_api import Browser, Page, Route, expect

from domain.calendar import ALMATY
from infra.parts.api import Replies
from infra.parts.counter.sales import Sales
from infra.parts.counter.shelves import Shelves
from infra.parts.counter.tills import Tills, terminals
from infra.parts.counter.wallet import Wallet
from infra.parts.http_face import create_app
from tests.browser.finding import find
from tests.browser.fixtures import PHONE, NewPage
from tests.integration.wallet_in_process import MILK, RICE, SUGAR, Site, a_site, served

pytestmark = pytest.mark.views_ready

DESK = {"width": 1280, "height": 800}
LAMP = "4870000000055"  # the shop has no price for it


@dataclass
class Shop:
    """A shop's till in a browser, and the system behind it."""

    site: Site
    address: str

    @property
    def url(self) -> str:
        return self.address + "/till"

    def one_time_code(self, shop: str = "S001") -> str:
        return terminals(self.site.month.azyq).invite(shop, self.site.month.clock()).code

    def customer_code(self) -> str:
        """The code on the customer's wallet at this moment."""
        month = self.site.month
        return month.azyq.qr_keys.sign(month.stream(self.site.household), month.clock()).text

    def open(self, page: Page, language: str = "en") -> Page:
        """The page of a till that is connected already."""
        page.goto(f"{self.url}?lang={language}")
        page.locator("#enrol-code").fill(self.one_time_code())
        page.locator("#enrol-code").press("Enter")
        expect(page.locator("#till")).to_be_visible()
        return page

    def bought(self) -> int:
        return self.site.topics().count("voucher.redeemed")


@pytest.fixture
def shop(database: str, tmp_path: Path) -> Iterator[Shop]:
    with a_site(database, tmp_path, ticking=True) as site:
        site.activate()
        azyq = site.month.azyq
        tills, sales = Tills(azyq), Sales(azyq)
        app = create_app(
            Replies(azyq, lambda: None),
            wallet=Wallet(azyq),
            counter=tills,
            goods=Shelves(azyq),
            sales=_CaughtUp(azyq, sales),
        )
        with served(app) as address:
            site.address = address
            yield Shop(site, address)
        sales.close()
        assert tills.lanes.close()


class _CaughtUp:
    """A day whose view is always fed."""

    def __init__(self, azyq: Any, sales: Sales) -> None:
        self._azyq, self._sales = azyq, sales

    def day(self, shop: str, on: Any) -> Any:
        self._azyq.catch_up_views()
        return self._sales.day(shop, on)


def check(page: Page, code: str) -> None:
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")


def add(page: Page, wanted: str, quantity: str, shelf: str, price: str | None = None) -> None:
    """Find an article by name or number, and fill its line in; by the keyboard alone."""
    page.locator("#find").fill(wanted)
    page.locator("#find").press("Enter")
    line = page.locator("#lines li").last
    line.locator(".quantity").fill(quantity)
    line.locator(".shelf").fill(shelf)
    if price is not None:
        line.locator(".price").fill(price)


def paid_for(page: Page) -> None:
    page.locator("#pay").click()
    expect(page.locator("#done")).to_be_visible()


def test_R2_7_a_till_is_connected_with_its_one_time_code_and_stays_so(shop: Shop, new_page: NewPage) -> None:
    page, code = new_page(), shop.one_time_code()
    page.goto(shop.url + "?lang=en")
    page.locator("#enrol-code").fill("ABCD-EFGH")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#enrol-error")).to_be_visible()
    page.locator("#enrol-code").fill(code)
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#shop")).to_have_text("«Береке» дүкені")
    page.reload()
    expect(page.locator("#till")).to_be_visible()
    # The key is nowhere that a script could read it.
    kept = page.evaluate(
        "[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()"
    )
    assert "azyq_trial_" not in kept
    (cookie,) = page.context.cookies(shop.url)
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/till")
    # A code is good once.
    other = new_page()
    other.goto(shop.url + "?lang=en")
    other.locator("#enrol-code").fill(code)
    other.locator("#enrol-code").press("Enter")
    expect(other.locator("#enrol-error")).to_contain_text("used")


def test_R2_7_a_till_that_is_revoked_says_so_at_once(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    azyq = shop.site.month.azyq
    azyq.catch_up_views()
    with azyq.log.connection().cursor() as cursor:
        cursor.execute("SELECT state FROM azyq_log.azyq_events WHERE topic = 'terminal.enrolled'")
        terminal = re.search(rb'"terminal": ?"([0-9a-z]{8})"', bytes(cursor.fetchone()[0]))
    assert terminal
    terminals(azyq).revoke(terminal[1].decode(), "lost", shop.site.month.clock())
    check(page, shop.customer_code())
    expect(page.locator("#enrol-error")).to_be_visible()


def test_R25_R26_R28_a_purchase_and_the_wallet_shows_it(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    expect(page.locator("#left-sum")).to_have_text("11 796 KZT")
    add(page, "күріш", "2", "520")
    add(page, MILK, "0.375", "455,50")
    # then the sum is seen before anything is recorded
    expect(page.locator("#pays")).to_have_text("160.81 KZT")
    expect(page.locator("#total")).to_have_text("1 210.81 KZT")
    expect(page.locator("#customer-pays")).to_have_text("1 050 KZT")
    assert shop.bought() == 0
    paid_for(page)
    expect(page.locator("#done-sum")).to_have_text("160.81 KZT")
    expect(page.locator("#done-rows")).to_contain_text("11 635.19 KZT")
    assert shop.bought() == 1
    page.locator("#done-next").click()
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#day-count")).to_have_text("1")
    expect(page.locator("#day-paid")).to_have_text("160.81 KZT")
    wallet = new_page()
    wallet.goto(shop.site.url + "?lang=en")
    expect(wallet.locator(".sum").first).to_have_text("11 635.19 KZT")
    expect(wallet.locator(".purchase")).to_contain_text("160.81 KZT")
    # The next time the shelf price is proposed.
    page.locator("#find").fill("күріш")
    page.locator("#find").press("Enter")
    expect(page.locator("#lines .shelf")).to_have_value("520")
    expect(page.locator("#lines .price")).to_have_value("450")


def test_R27_a_line_comes_back_and_then_the_rest(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "3", "520")
    add(page, SUGAR, "1", "553")
    expect(page.locator("#pays")).to_have_text("283 KZT")
    paid_for(page)
    page.keyboard.press("Escape")
    page.locator("#sales button").click()
    lines = page.locator("#return-lines li")
    expect(lines).to_have_count(2)
    lines.first.locator("input").fill("4")
    page.get_by_role("button", name="Return these").click()
    expect(lines.first.locator(".error")).to_have_text("At most 3.")
    lines.first.locator("input").fill("1")
    page.get_by_role("button", name="Return these").click()
    expect(page.locator("#return-say")).to_have_text("Returned to the voucher: 70 KZT")
    page.locator("#return-close").click()
    expect(page.locator("#day-paid")).to_have_text("213 KZT")
    page.locator("#sales button").click()
    expect(lines.first).to_contain_text("returned: 1")
    page.get_by_role("button", name="Return everything").click()
    expect(page.locator("#return-say")).to_have_text("Returned to the voucher: 213 KZT")
    assert shop.site.family().available_tiyn == 1_179_600
    wallet = new_page()
    wallet.goto(shop.site.url + "?lang=en")
    expect(wallet.locator(".purchase")).to_contain_text("Goods returned")


def held(shop: Shop, page: Page) -> None:
    """Two bags of rice whose sum is held while the customer pays the rest."""
    check(page, shop.customer_code())
    add(page, RICE, "2", "520")
    page.get_by_role("button", name="Hold the sum").click()
    expect(page.locator("#done-h")).to_have_text("The sum is held")


def test_R27_a_sum_is_held_while_the_customer_pays_and_then_captured(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    held(shop, page)
    until = shop.site.month.clock() + timedelta(minutes=15)
    expect(page.locator("#done-rows")).to_contain_text("The customer pays: 900 KZT")
    expect(page.locator("#done-rows")).to_contain_text(f"Until {until.astimezone(ALMATY):%H:%M}")
    wallet = new_page()
    wallet.goto(shop.site.url + "?lang=en")
    expect(wallet.locator(".purchase")).to_contain_text("Waiting for the payment")
    page.get_by_role("button", name="The customer has paid").click()
    expect(page.locator("#done-h")).to_have_text("Paid")
    expect(page.locator("#done-sum")).to_have_text("140 KZT")
    expect(page.locator("#done-rows")).to_contain_text("The customer pays: 900 KZT")
    page.locator("#done-next").click()
    expect(page.locator("#day-count")).to_have_text("1")
    assert shop.site.topics()[-2:] == ["voucher.held", "voucher.captured"]


def test_R27_a_hold_that_is_left_is_ended_from_the_day(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    held(shop, page)
    page.get_by_role("button", name="Tell later").click()
    # the till is free for the next customer
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#sales")).to_contain_text("held")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Not paid").click()
    expect(page.locator("#done-h")).to_have_text("The purchase came to nothing")
    expect(page.locator("#done-rows")).to_contain_text("Left on the voucher: 11 796 KZT")
    page.locator("#done-next").click()
    expect(page.locator("#sales")).to_contain_text("came to nothing")
    assert shop.site.family().available_tiyn == 1_179_600


def test_R27_a_hold_that_ended_by_itself_says_so(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    held(shop, page)
    shop.site.month.clock.now += timedelta(minutes=16)
    shop.site.month.azyq.run_programme.release_holds(shop.site.month.clock)
    page.get_by_role("button", name="The customer has paid").click()
    expect(page.locator("#done-error")).to_contain_text("can't be done")
    expect(page.locator("#done-settle")).to_be_hidden()
    assert shop.site.family().available_tiyn == 1_179_600


def test_R27_a_hold_whose_end_was_not_answered_ends_once(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page(may_say="ERR_FAILED|status of 4"))
    held(shop, page)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/capture", lose, times=1)
    page.get_by_role("button", name="The customer has paid").click()
    expect(page.locator("#done-h")).to_have_text("Paid")
    assert shop.site.topics().count("voucher.captured") == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda code: code[:-3] + ("AAA" if code[-3:] != "AAA" else "BBB"), "."),
        (lambda code: code[:40], "."),
        (lambda _code: "1234", "."),
        (lambda _code: "", "First read"),
    ],
)
def test_R25_a_wrong_code_is_told_at_the_code(
    shop: Shop, new_page: NewPage, changed: Callable[[str], str], said: str
) -> None:
    page = shop.open(new_page())
    check(page, changed(shop.customer_code()))
    expect(page.locator("#code-error")).to_contain_text(said)
    expect(page.locator("#left")).to_be_hidden()
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")


def test_R25_a_code_that_ended_while_the_basket_was_filled_is_read_again(
    shop: Shop, new_page: NewPage
) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    expect(page.locator("#left")).to_be_visible()
    shop.site.month.clock.now += timedelta(minutes=4)
    add(page, RICE, "1", "520")
    expect(page.locator("#pays")).to_have_text("70 KZT")
    page.locator("#pay").click()
    expect(page.locator("#code-error")).to_contain_text("new code")
    assert shop.bought() == 0
    expect(page.locator("#lines li")).to_have_count(1)
    check(page, shop.customer_code())
    expect(page.locator("#pays")).to_have_text("70 KZT")
    paid_for(page)
    assert shop.bought() == 1


def test_R26_an_answer_that_comes_late_leaves_the_typing_where_it_is(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    add(page, RICE, "1", "520")
    waiting: list[Route] = []
    page.route("**/check", lambda route: waiting.append(route))
    with page.expect_request("**/check"):
        check(page, shop.customer_code())
    page.locator("#lines .quantity").focus()
    page.keyboard.type("1")
    waiting[0].continue_()
    expect(page.locator("#left")).to_be_visible()
    page.keyboard.type("2")
    expect(page.locator("#lines .quantity")).to_have_value("12")
    expect(page.locator("#find")).to_have_value("")


def test_R6_an_article_off_the_list_is_told_at_its_line_and_can_be_sold_without(
    shop: Shop, new_page: NewPage
) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "1", "520")
    add(page, LAMP, "1", "100", "100")
    expect(page.locator("#lines li").last.locator(".error")).to_contain_text("Line 2")
    expect(page.locator("#pay")).to_be_disabled()
    page.get_by_label("Sell articles that are not on the list").check()
    expect(page.locator("#lines li").last.locator(".error")).to_contain_text("without the voucher")
    expect(page.locator("#pays")).to_have_text("70 KZT")
    expect(page.locator("#customer-pays")).to_have_text("550 KZT")
    paid_for(page)


def test_R13_a_price_over_the_cap_is_told_at_its_line(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "1", "520", "450.01")
    error = page.locator("#lines .error")
    expect(error).to_contain_text("450.01 KZT is above the cap of 450.00 KZT")
    expect(page.locator("#lines .price")).to_have_attribute("aria-invalid", "true")
    page.locator("#lines .price").fill("450")
    expect(error).to_be_hidden()
    expect(page.locator("#pay")).to_be_enabled()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", "0"),
        ("quantity", "-1"),
        ("quantity", "0.0001"),
        ("quantity", "NaN"),
        ("shelf", "１２"),
        ("shelf", "1e3"),
    ],
)
def test_R27_what_is_no_number_is_told_at_its_line(
    shop: Shop, new_page: NewPage, field: str, value: str
) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "1", "520")
    page.locator(f"#lines .{field}").fill(value)
    expect(page.locator("#lines .error")).not_to_be_empty()
    expect(page.locator("#pay")).to_be_disabled()


def test_R26_a_basket_above_what_is_left_takes_what_is_left_when_told_to(
    shop: Shop, new_page: NewPage
) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "200", "520")
    expect(page.locator("#basket-error")).to_contain_text("11 796.00 KZT left")
    page.get_by_role("button", name="Let the voucher pay").click()
    expect(page.locator("#pays")).to_have_text("11 796 KZT")
    expect(page.locator("#customer-pays")).to_have_text("92 204 KZT")
    paid_for(page)
    assert shop.site.family().available_tiyn == 0


def test_R25_a_double_click_asks_and_pays_once(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page())
    check(page, shop.customer_code())
    add(page, RICE, "1", "520")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if request.url.endswith("/redemptions") else None
    )
    expect(page.locator("#pay")).to_be_enabled()
    page.evaluate("for (let i = 0; i < 3; i++) document.getElementById('pay-form').requestSubmit()")
    expect(page.locator("#done")).to_be_visible()
    page.evaluate("document.getElementById('pay-form').requestSubmit()")
    assert len(asked) == 1
    assert shop.bought() == 1


def test_R27_an_answer_that_was_lost_is_asked_for_with_the_same_key(shop: Shop, new_page: NewPage) -> None:
    page = shop.open(new_page(may_say="ERR_FAILED|status of 4"))
    check(page, shop.customer_code())
    add(page, RICE, "1", "520")
    keys: list[str | None] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.header_value("idempotency-key"))
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/till/v1/redemptions", lose_the_first)
    expect(page.locator("#pay")).to_be_enabled()
    page.locator("#pay").click()
    expect(page.locator("#pay-say")).to_contain_text("can't be paid twice")
    expect(page.locator("#done-sum")).to_have_text("70 KZT")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert shop.bought() == 1


def test_R27_a_page_that_was_closed_before_the_answer_asks_when_it_is_opened(
    shop: Shop, new_page: NewPage
) -> None:
    page = shop.open(new_page(may_say="ERR_FAILED|status of 4"))
    check(page, shop.customer_code())
    add(page, RICE, "1", "520")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/till/v1/redemptions", lose)
    expect(page.locator("#pay")).to_be_enabled()
    page.locator("#pay").click()
    expect(page.locator("#pay-say")).to_contain_text("No answer")
    page.unroute("**/till/v1/redemptions")
    shop.site.month.clock.now += timedelta(minutes=10)
    page.reload()
    expect(page.locator("#done-sum")).to_have_text("70 KZT")
    assert shop.bought() == 1


def test_the_page_works_by_the_keyboard_alone(shop: Shop, new_page: NewPage) -> None:
    page = new_page(viewport=DESK)
    page.goto(shop.url + "?lang=en")
    expect(page.locator("#enrol-code")).to_be_focused()
    page.keyboard.insert_text(shop.one_time_code())
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.insert_text(shop.customer_code())
    page.keyboard.press("Enter")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("айран")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#lines .shelf")).to_be_focused()
    page.keyboard.type("455")
    page.keyboard.press("Enter")
    expect(page.locator("#pays")).to_have_text("55 KZT")
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == "pay":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()


def test_R25_the_camera_reads_the_customers_code(shop: Shop, browser: Browser, tmp_path: Path) -> None:
    """In a browser of its own, whose camera is a film of the code."""
    film = tmp_path / "code.y4m"
    film.write_bytes(_film(shop.customer_code()))
    args = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    filming = browser.browser_type.launch(
        executable_path=find(), args=[*args, f"--use-file-for-fake-video-capture={film}"]
    )
    with closing(filming):
        page = filming.new_page(viewport=PHONE)
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        shop.open(page)
        wrong.clear()  # a till that is not connected yet hears 401
        page.locator("#scan").click()
        expect(page.locator("#left-sum")).to_have_text("11 796 KZT", timeout=20_000)
        expect(page.locator("#camera")).to_be_hidden()
        assert wrong == []


def _film(text: str) -> bytes:
    """Some frames of the QR code of `text` in grey, as a YUV4MPEG2 of 640 by 480."""
    width, height = 640, 480
    matrix = [list(row) for row in segno.make(text, error="m").matrix_iter(scale=6, border=4)]
    top, left = (height - len(matrix)) // 2, (width - len(matrix[0])) // 2
    grey = bytearray(b"\xc8" * (width * height))
    for y, row in enumerate(matrix):
        at = (top + y) * width + left
        grey[at : at + len(row)] = bytes(16 if dark else 235 for dark in row)
    frame = b"FRAME\n" + bytes(grey) + b"\x80" * (width * height // 2)
    return f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10


def test_without_javascript_the_page_says_that_it_needs_it(shop: Shop, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(shop.url + "?lang=ru")
    expect(page.get_by_text("Для работы кассы")).to_be_visible()
    expect(page.locator("#till")).to_be_hidden()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("size", [{"width": 320, "height": 640}, PHONE, DESK])
def test_nothing_is_wider_than_the_screen(
    shop: Shop, new_page: NewPage, size: dict[str, int], language: str
) -> None:
    page = shop.open(new_page(viewport=size), language)
    check(page, shop.customer_code())
    add(page, RICE, "2", "520", "460")
    expect(page.locator("#lines .error")).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
