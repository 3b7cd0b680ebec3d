"""What a terminal keeps at hand, over HTTP: the goods list and its shop's price caps, with ETags (R2.3, R6, R13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from domain.trade.shop import Shop
from infra.parts.api import Replies
from infra.parts.counter.shelves import Shelves
from infra.parts.counter.tills import Tills, terminals
from infra.parts.http_face import create_app
from tests.integration.counter_in_process import COST, MILK, RICE, VODKA, Counter, a_counter

pytestmark = pytest.mark.views_ready


@pytest.fixture
def counter(database: str, tmp_path: Path) -> Iterator[Counter]:
    with a_counter(database, tmp_path) as found:
        azyq = found.month.azyq
        tills: Tills = found.tills
        app = create_app(Replies(azyq, lambda: None), counter=tills, goods=Shelves(azyq))
        with TestClient(app, raise_server_exceptions=False) as client:
            found.client = client
            yield found


def test_R2_3_the_list_in_force_on_a_day_is_public(counter: Counter) -> None:
    old = counter.client.get("/v1/goods", params={"on": "2025-07-05"})
    assert old.status_code == 200
    body = old.json()
    assert (body["version"], body["effective_to"], len(body["positions"])) == (
        "166-NQ-2023",
        "2026-01-03",
        19,
    )
    assert body["positions"][4]["position"] == 5
    assert set(body["positions"][4]["names"]) == {"kk", "ru", "en"}
    new = counter.client.get("/v1/goods", params={"on": "2026-01-04"}).json()
    assert (new["version"], len(new["positions"])) == ("2025-12-23", 25)
    assert counter.client.get("/v1/goods").json() == body


def test_R6_a_list_that_is_known_is_not_sent_again(counter: Counter) -> None:
    first = counter.client.get("/v1/goods", params={"on": "2025-07-05"})
    tag = first.headers["ETag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        again = counter.client.get("/v1/goods", params={"on": "2025-07-06"}, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    other = counter.client.get("/v1/goods", params={"on": "2026-01-04"}, headers={"If-None-Match": tag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("on", "status", "code"),
    [
        ("", 422, "field_wrong"),
        ("2025-7-5", 422, "field_wrong"),
        ("2025-02-30", 422, "field_wrong"),
        ("' OR 1=1--", 422, "field_wrong"),
        ("٢٠٢٥-٠٧-٠٥", 422, "field_wrong"),
        ("1999-01-01", 404, "goods_list_missing"),
    ],
)
def test_a_day_that_is_none_has_no_list(counter: Counter, on: str, status: int, code: str) -> None:
    answer = counter.client.get("/v1/goods", params={"on": on})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().get("pointer") == ("/on" if status == 422 else None)


def test_R13_a_terminal_holds_the_caps_of_its_shop(counter: Counter) -> None:
    till = counter.till()
    answer = till.get("/v1/prices", shop="S001")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    caps = {article["gtin"]: article["caps"] for article in body["articles"]}
    month = counter.month.month
    assert caps[RICE] == [
        {"programme": month.programme.id, "rules": month.terms.version, "cap_tiyn": COST[RICE]}
    ]
    assert MILK in caps
    assert VODKA not in caps
    assert (body["shop"], body["goods_version"]) == ("S001", "166-NQ-2023")
    assert till.get("/v1/prices").json() == body


def test_R13_caps_are_sent_again_when_a_price_changes_and_at_once(counter: Counter) -> None:
    till = counter.till()
    first = till.get("/v1/prices")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert counter.client.get("/v1/prices", headers=till.headers | tag).status_code == 304
    log = counter.month.azyq.log
    shop: Shop = log.load([Shop.create_id("S001")])[Shop.create_id("S001")]
    today = counter.month.clock().date().isoformat()
    shop.set_prices(today, [(RICE, "trade", 44_000)], counter.month.clock())
    log.save(shop)
    again = counter.client.get("/v1/prices", headers=till.headers | tag)
    assert again.status_code == 200
    (rice,) = [article for article in again.json()["articles"] if article["gtin"] == RICE]
    assert rice["caps"][0]["cap_tiyn"] == 44_000


def test_a_terminal_sees_its_own_shops_prices_only(counter: Counter) -> None:
    till = counter.till()
    foreign = till.get("/v1/prices", shop="S002")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "shop_foreign")
    stranger = counter.client.get("/v1/prices", params={"shop": "S001"})
    assert (stranger.status_code, stranger.json()["code"]) == (401, "key_missing")


def test_R2_7_a_revoked_terminal_and_a_key_that_is_over_hold_no_prices(counter: Counter) -> None:
    till, rotated = counter.till(), counter.till()
    assert till.get("/v1/prices").status_code == rotated.get("/v1/prices").status_code == 200
    tag = {"If-None-Match": till.get("/v1/prices").headers["ETag"]}
    azyq = counter.month.azyq
    assert terminals(azyq).revoke(till.terminal, "", counter.month.clock())
    for known in ({}, tag):
        answer = counter.client.get("/v1/prices", headers=till.headers | known)
        assert (answer.status_code, answer.json()["code"]) == (403, "terminal_revoked")
    assert rotated.post("/v1/terminals/rotate").status_code == 201
    counter.later(hours=25)
    answer = rotated.get("/v1/prices")
    assert (answer.status_code, answer.json()["code"]) == (401, "terminal_key_expired")


def test_both_calls_are_described(counter: Counter) -> None:
    paths = counter.client.get("/openapi.json").json()["paths"]
    assert {"/v1/goods", "/v1/prices"} <= set(paths)
    assert "304" in paths["/v1/goods"]["get"]["responses"]
