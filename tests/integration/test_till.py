"""What the till's page stands on: previews that equal purchases, a shop's day, and the door that its cookie opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from infra.parts.api import Replies
from infra.parts.counter.sales import Sales
from infra.parts.counter.shelves import Shelves
from infra.parts.counter.tills import Tills, terminals
from infra.parts.http_face import create_app
from infra.web.assets import FOLDER
from infra.web.till.key import COOKIE
from infra.web.till.words import TILL_WORDS
from tests.integration.counter_in_process import (
    LAMP,
    MILK,
    RICE,
    SHELF,
    VODKA,
    Counter,
    Till,
    a_counter,
    line,
)

pytestmark = pytest.mark.views_ready

PREVIEW = "/v1/vouchers/preview"


@pytest.fixture
def counter(database: str, tmp_path: Path) -> Iterator[Counter]:
    with a_counter(database, tmp_path) as counter:
        azyq = counter.month.azyq
        tills, sales = Tills(azyq), Sales(azyq)
        app = create_app(Replies(azyq, lambda: None), counter=tills, goods=Shelves(azyq), sales=sales)
        counter.app, counter.client = app, TestClient(app)
        yield counter
        sales.close()
        assert tills.lanes.close()


def preview(till: Till, code: str, *lines: dict[str, Any], **more: Any) -> Any:
    return till.post(PREVIEW, {"code": code, "lines": list(lines), **more})


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ([line(RICE, "2")], {}),
        ([line(RICE, "0.375"), line(MILK, "1.001")], {}),
        ([line(LAMP), line(RICE, "1"), line(VODKA)], {"partial": True}),
        ([line(RICE, "2")], {"draw_tiyn": 5_000}),
    ],
)
def test_R25_a_preview_is_what_the_purchase_then_says_and_records_nothing(
    counter: Counter, lines: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    till, code = counter.till(), counter.code()
    before = counter.topics()
    said = preview(till, code, *lines, **more)
    assert said.status_code == 200, said.text
    assert counter.topics() == before
    bought = till.buy(code, *lines, **more).json()
    for name in ("drawn_tiyn", "remaining_tiyn", "lines", "left_out", "draws"):
        assert said.json()[name] == bought[name], name


@pytest.mark.parametrize(
    ("lines", "more", "code"),
    [
        ([line(LAMP)], {}, "price_missing"),
        ([line(RICE, price_tiyn=45_001)], {}, "price_over_cap"),
        ([line(RICE, "0")], {}, "basket_invalid"),
        ([line(RICE, "1e3")], {}, "quantity_wrong"),
        ([line(RICE, shelf_price_tiyn=True)], {}, "amount_wrong"),
        ([], {}, "basket_invalid"),
        ([line(RICE, "9000")], {}, "voucher_not_enough"),
        ([line(RICE, "1")], {"draw_tiyn": 10**9}, "basket_invalid"),
        ([line(RICE, "1")], {"receipt": "1"}, "field_unknown"),
    ],
)
def test_R25_a_preview_refuses_what_a_purchase_refuses(
    counter: Counter, lines: list[dict[str, Any]], more: dict[str, Any], code: str
) -> None:
    till = counter.till()
    said = preview(till, counter.code(), *lines, **more)
    assert (said.status_code, said.json()["code"]) == (422, code)
    if "receipt" not in more:
        body = till.basket(counter.code()) | {"lines": lines, **more}
        bought = till.post("/v1/redemptions", body, "k").json()
        assert {**said.json(), "detail": ""} == {**bought, "detail": ""}


def test_R25_a_code_that_was_checked_prices_for_half_an_hour_and_never_pays(counter: Counter) -> None:
    till, code = counter.till(), counter.code()
    assert till.check(code).status_code == 200
    counter.later(minutes=29)
    assert preview(till, code, line(RICE)).status_code == 200
    assert till.buy(code, line(RICE)).json()["code"] == "code_expired"
    counter.later(minutes=2)
    assert preview(till, code, line(RICE)).json()["code"] == "code_expired"


def test_R25_a_code_that_nobody_checked_in_time_prices_nothing(counter: Counter) -> None:
    till, code = counter.till(), counter.code()
    counter.later(seconds=91)
    assert preview(till, code, line(RICE)).json()["code"] == "code_expired"


def test_R25_a_code_prices_nothing_once_a_newer_one_was_seen_or_it_paid(counter: Counter) -> None:
    till, first = counter.till(), counter.code()
    till.check(first)
    counter.later(seconds=31)
    second = counter.code()
    till.check(second)
    assert preview(till, first, line(RICE)).json()["code"] == "code_replayed"
    assert till.buy(second, line(RICE)).status_code == 201
    assert preview(till, second, line(RICE)).json()["code"] == "code_spent"


def test_R26_the_day_is_of_the_terminals_own_shop_and_without_what_came_back(counter: Counter) -> None:
    till, other = counter.till("S001"), counter.till("S002")
    bought = till.buy(counter.code(), line(RICE, "2")).json()
    till.bring_back(bought["redemption"], (1, "1"), key="back")
    counter.later(seconds=31)
    held = till.buy(counter.code(), line(MILK), capture=False).json()
    counter.month.azyq.catch_up_views()
    day = till.get("/v1/sales").json()
    assert (day["shop"], day["name"], day["on"]) == ("S001", "S001", "2025-07-06")
    assert (day["count"], day["drawn_tiyn"], day["shelf_total_tiyn"]) == (1, 7_000, SHELF[RICE])
    assert [one["redemption"] for one in day["purchases"]] == [held["redemption"], bought["redemption"]]
    assert [one["status"] for one in day["purchases"]] == ["held", "captured"]
    assert other.get("/v1/sales").json()["purchases"] == []
    assert till.get("/v1/sales", on="2025-07-05").json()["count"] == 0
    for wrong in ("2025-13-01", "yesterday", "２０２５-07-05", ""):
        answer = till.get("/v1/sales", on=wrong)
        assert (answer.status_code, answer.json()["pointer"]) == (422, "/on"), wrong
    for far in ("0001-01-01", "9999-12-31"):
        assert till.get("/v1/sales", on=far).json()["count"] == 0, far
    assert counter.client.get("/v1/sales").status_code == 401


def enrolled(counter: Counter) -> TestClient:
    """A browser that became a till."""
    browser = TestClient(counter.app)
    code = terminals(counter.month.azyq).invite("S001", counter.month.clock()).code
    answer = browser.post("/till/enrol", json={"code": code})
    assert answer.status_code == 201
    assert set(answer.json()) == {"terminal_id", "expires_at"}
    told = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly", told)
    assert re.search(r"SameSite=strict", told, re.IGNORECASE)
    assert re.search(r"Path=/till(;|$)", told)
    assert "Max-Age=31536000" in told
    return browser


def test_the_cookie_opens_the_tills_own_door_only(counter: Counter) -> None:
    browser, code = enrolled(counter), counter.code()
    assert browser.post("/till/v1/vouchers/check", json={"code": code}).status_code == 200
    assert browser.post("/v1/vouchers/check", json={"code": code}).status_code == 401
    key = browser.cookies[COOKIE]
    shown = {"cookie": f"{COOKIE}={key}"}
    assert browser.get("/v1/prices", headers=shown).status_code == 401
    for site in ("cross-site", "same-site"):
        assert browser.get("/till/v1/prices", headers={"sec-fetch-site": site}).status_code == 401
        assert browser.post("/till/rotate", json={}, headers={"sec-fetch-site": site}).status_code == 401
    # What answers with a key can't be asked through it, nor with another key than the cookie's.
    assert browser.post("/till/v1/terminals/rotate").status_code == 404
    assert browser.post("/till/v1/terminals/enrol", json={"code": "x"}).status_code == 404
    stranger = TestClient(counter.app)
    assert stranger.get("/till/v1/prices", headers={"authorization": f"Bearer {key}"}).status_code == 401


def test_no_form_of_another_site_reaches_the_till(counter: Counter) -> None:
    browser = enrolled(counter)
    for path in ("/till/enrol", "/till/rotate", "/till/leave", "/till/v1/vouchers/check"):
        answer = browser.post(path, content=b"code=1", headers={"content-type": "text/plain"})
        assert answer.status_code == 415, path


def test_R2_7_a_till_gets_another_key_and_leaves(counter: Counter) -> None:
    browser = enrolled(counter)
    before = browser.cookies[COOKIE]
    assert browser.post("/till/rotate", json={}).status_code == 201
    assert browser.cookies[COOKIE] != before
    assert browser.get("/till/v1/prices").status_code == 200
    assert browser.post("/till/leave", json={}).status_code == 204
    assert browser.get("/till/v1/prices").status_code == 401
    assert browser.post("/till/rotate", json={}).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["", "x", "azyq_trial_aaaaaaaa_b", "ключ".encode().decode("latin-1"), '"\\012"']
)
def test_a_broken_cookie_is_no_key(counter: Counter, cookie: str) -> None:
    answer = counter.client.get(
        "/till/v1/prices", headers={b"cookie": f"{COOKIE}={cookie}".encode("latin-1")}
    )
    assert answer.status_code == 401


def test_the_page_allows_the_camera_and_the_decoder_and_no_more(counter: Counter) -> None:
    page = counter.client.get("/till", headers={"accept-language": "ru"})
    assert page.headers["content-language"] == "ru"
    assert "script-src 'self' 'wasm-unsafe-eval';" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert page.headers["permissions-policy"].startswith("camera=(self)")
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text)
    for url in re.findall(r'"(/static/[^"]+)"', page.text):
        assert counter.client.get(url).status_code == 200, url
    assert counter.client.head("/till").status_code == 200


def test_every_word_of_the_till_is_there_in_three_languages_and_is_used() -> None:
    page = (FOLDER.parent / "templates" / "till.html").read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("till*.js"))
    made_up = {f"unit_{measure}" for measure in ("kg", "l", "piece")} | {
        "held",
        "voided",
    }  # put together in the script
    for key, texts in TILL_WORDS.items():
        assert len({frozenset(re.findall(r"\{\w+\}", text)) for text in texts}) == 1, key
        name = key.removeprefix("script.")
        if name == key:
            assert f'w("{key}")' in page, key
        else:
            assert name in made_up or re.search(rf'"{name}"|words\.{name}\b', scripts), key
    asked = set(re.findall(r'\bt\("(\w+)"', scripts))
    assert {f"script.{name}" for name in asked} <= set(TILL_WORDS)
