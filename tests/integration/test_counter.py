"""The counter over HTTP on real PostgreSQL: check, buy, hold, bring back, look up (R6, R13, R25–R27)."""

from __future__ import annotations

import json
import random
from collections import Counter as Counted
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from eventsourcing.persistence import OperationalError

from domain.basket import BasketLine
from domain.commands.counter_calls import Purchase
from domain.commands.terminals import credentials_of
from domain.errors import Refusal
from domain.identity import shop_id
from infra.counter.writer import Wanted
from infra.parts.counter.tills import Tills, terminals
from infra.postgres.connect import connect
from infra.qr.keys import QrKeys
from tests.conftest import as_url, new_database
from tests.integration.counter_in_process import (
    COST,
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
from tests.integration.month_in_process import query

pytestmark = pytest.mark.views_ready

LINE = BasketLine(RICE, Decimal(1), SHELF[RICE], COST[RICE])


@contextmanager
def unreachable(dsn: str) -> Iterator[None]:
    """The server takes no connection to this database and has cut those there were."""
    parts = psycopg2.extensions.parse_dsn(dsn)
    name = parts.pop("dbname")
    admin = connect(psycopg2.extensions.make_dsn(**parts, dbname="postgres"), autocommit=True)
    with admin.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            admin.close()


@pytest.fixture(scope="module")
def one_till(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Till]:
    """A till at which nothing is bought, for what is refused; `code` is a good one."""
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_counter(as_url(dsn), tmp_path_factory.mktemp("till")) as counter,
    ):
        till = counter.till()
        till.code = counter.code()
        yield till
        assert "voucher.redeemed" not in counter.topics()


@pytest.fixture
def counter(database: str, tmp_path: Path) -> Iterator[Counter]:
    with a_counter(database, tmp_path, families=2, size=2) as counter:
        yield counter


def test_R26_after_scanning_the_shop_sees_what_is_left(counter: Counter) -> None:
    till = counter.till()
    answer = till.check(counter.code())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["available_tiyn"] == counter.available() == sum(v["available_tiyn"] for v in body["vouchers"])
    assert (body["valid_until"], body["goods_version"]) == ("2025-07-31T23:59:59+05:00", "166-NQ-2023")
    assert "voucher.redeemed" not in counter.topics()


def test_R25_R27_a_basket_is_bought_in_one_step(counter: Counter) -> None:
    till = counter.till()
    before = counter.available()
    answer = till.buy(counter.code(), line(RICE, "2"))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["status"], body["drawn_tiyn"], body["hold_until"]) == ("captured", 14_000, None)
    assert body["remaining_tiyn"] == before - 14_000 == counter.available()
    assert (
        body["lines"][0] | {"line": 1, "gtin": RICE, "quantity": "2", "pays_tiyn": 14_000} == body["lines"][0]
    )


# --- idempotency (R27) -------------------------------------------------------------------------------------


def test_R27_the_same_request_again_has_the_same_answer_and_buys_nothing(counter: Counter) -> None:
    till, code = counter.till(), counter.code()
    body = till.basket(code, line(RICE, "2"), capture=False)
    first = till.post("/v1/redemptions", body, "k1")
    assert first.status_code == 201
    other = till.buy(counter.code(at=counter.later(seconds=31)))  # what is left changes
    assert other.status_code == 201
    till.settle(first.json()["redemption"], "void", "v1")
    counter.later(minutes=10)  # the code has expired meanwhile
    again = till.post("/v1/redemptions", body, "k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert (counter.topics()["voucher.held"], counter.topics()["voucher.redeemed"]) == (1, 1)


def test_R27_another_body_with_the_same_key_is_refused(counter: Counter) -> None:
    till = counter.till()
    body = till.basket(counter.code(), line(RICE, "1"))
    assert till.post("/v1/redemptions", body, "k1").status_code == 201
    for changed in (
        body | {"lines": [line(RICE, "2")]},
        body | {"receipt": "another"},
        body | {"cashier": "8"},
        body | {"partial": True},
        body | {"capture": False},
        body | {"draw_tiyn": 1},
        body | {"code": counter.code(counter.streams[1])},
    ):
        answer = till.post("/v1/redemptions", changed, "k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert counter.topics()["voucher.redeemed"] == 1


def test_R27_a_void_for_another_reason_with_the_same_key_is_refused(counter: Counter) -> None:
    till = counter.till()
    path = f"/v1/redemptions/{till.buy(counter.code(), capture=False).json()['redemption']}/void"
    first = till.post(path, {"reason": "card_declined"}, "v1")
    assert first.status_code == 200
    assert till.post(path, {"reason": "card_declined"}, "v1").json() == first.json()
    for changed in ({"reason": "changed_his_mind"}, {}):
        answer = till.post(path, changed, "v1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_R27_a_key_stands_for_one_thing_whatever_it_is(counter: Counter) -> None:
    till = counter.till()
    held = till.buy(counter.code(), key="k1", capture=False).json()["redemption"]
    other = till.buy(counter.code(counter.streams[1]), key="k2", capture=False).json()["redemption"]
    assert till.settle(held, "capture", "k1").json()["code"] == "idempotency_key_reused"
    assert till.settle(held, "capture", "k3").status_code == 200
    assert till.settle(other, "capture", "k3").json()["code"] == "idempotency_key_reused"
    assert till.settle(held, "void", "k3").json()["code"] == "idempotency_key_reused"
    assert till.bring_back(held, key="k3").json()["code"] == "idempotency_key_reused"
    counter.later(seconds=31)
    assert till.buy(counter.code(), key="k3").json()["code"] == "idempotency_key_reused"


def test_R27_a_terminal_that_lost_the_answer_finds_it_by_id_or_receipt(counter: Counter) -> None:
    till, elsewhere = counter.till(), counter.till("S002")
    body = till.basket(counter.code())
    bought = till.post("/v1/redemptions", body, "k1").json()
    for answer in (
        till.get(f"/v1/redemptions/{bought['redemption']}"),
        till.get("/v1/redemptions", receipt=body["receipt"]),
    ):
        assert answer.status_code == 200
        assert {**bought, "reversals": []}.items() <= answer.json().items()
    for path, params in (
        (f"/v1/redemptions/{bought['redemption']}", {}),
        ("/v1/redemptions", {"receipt": "x"}),
    ):
        answer = elsewhere.get(path, **params)
        assert (answer.status_code, answer.json()["code"]) == (404, "redemption_unknown")
    assert elsewhere.get("/v1/redemptions", receipt=body["receipt"]).status_code == 404
    assert elsewhere.settle(bought["redemption"], "void", "k9").status_code == 404
    assert elsewhere.bring_back(bought["redemption"], key="k9").status_code == 404


def test_R27_the_same_key_at_once_is_one_purchase_with_one_answer(counter: Counter) -> None:
    till = counter.till()
    body = till.basket(counter.code())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: till.post("/v1/redemptions", body, "k1"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert counter.topics()["voucher.redeemed"] == 1


# --- codes (R25) -------------------------------------------------------------------------------------------


def test_R25_a_code_pays_once_wherever_it_is_shown(counter: Counter) -> None:
    here, there, code = counter.till(), counter.till("S002"), counter.code()
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda till: till.buy(code), (here, there)))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"code_spent"}
    assert here.check(code).json()["code"] == "code_spent"
    assert counter.topics()["voucher.redeemed"] == 1


def test_R25_a_screenshot_is_refused_once_a_newer_code_was_seen(counter: Counter) -> None:
    till, picture = counter.till(), counter.code()
    counter.later(seconds=31)
    assert till.check(counter.code()).status_code == 200
    assert till.buy(picture).json()["code"] == "code_replayed"
    assert till.check(picture).json()["code"] == "code_replayed"
    assert till.buy(counter.code()).status_code == 201


def test_R25_what_is_wrong_with_a_code_is_told_apart(counter: Counter) -> None:
    till, now = counter.till(), counter.month.clock()
    good = counter.code()
    foreign = QrKeys([bytes(32)]).sign(counter.streams[0], now).text
    flipped = good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]
    nobody = counter.tills.qr_keys.sign(UUID(int=7), now).text
    for code, expected in (
        (counter.code(at=now - timedelta(seconds=91)), "code_expired"),
        (counter.code(at=now + timedelta(seconds=60)), "code_not_yet_valid"),
        (counter.code(at=now - timedelta(days=1)), "code_expired"),
        (flipped, "code_forged"),
        (good[:-3], "code_malformed"),
        (good.lower(), "code_malformed"),
        ("https://example.kz", "code_malformed"),
        (foreign, "code_foreign"),
        (nobody, "voucher_not_issued"),
    ):
        for answer in (till.check(code), till.buy(code)):
            assert (answer.status_code, answer.json()["code"]) == (422, expected)
            assert answer.json()["pointer"] == "/code"
    assert "voucher.redeemed" not in counter.topics()
    assert till.buy(counter.code(at=now - timedelta(seconds=90))).status_code == 201


# --- baskets (R6, R13) -------------------------------------------------------------------------------------


def test_R6_a_mixed_basket_is_refused_naming_each_line_or_goes_through_in_part(counter: Counter) -> None:
    till = counter.till()
    mixed = (line(VODKA), line(RICE, "2"), line(LAMP))
    refused = till.buy(counter.code(), *mixed)
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["pointer"] == "/lines/0"
    assert [(one["code"], one["pointer"]) for one in problem["errors"]] == [
        ("price_missing", "/lines/0"),
        ("price_missing", "/lines/2"),
    ]
    bought = till.buy(counter.code(), *mixed, partial=True)
    assert bought.status_code == 201, bought.text
    body = bought.json()
    assert [(one["line"], one["gtin"]) for one in body["lines"]] == [(2, RICE)]
    assert [(one["line"], one["gtin"], one["code"]) for one in body["left_out"]] == [
        (1, VODKA, "price_missing"),
        (3, LAMP, "price_missing"),
    ]
    back = till.bring_back(body["redemption"], (2, "1"), key="back")
    assert (back.status_code, back.json()["lines"]) == (201, [{"line": 2, "returned": "1"}])
    assert till.bring_back(body["redemption"], (1, "1"), key="more").json()["code"] == "basket_invalid"
    counter.later(seconds=31)
    nothing = till.buy(counter.code(), line(VODKA), partial=True)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "price_missing")


def test_R13_a_price_over_the_cap_by_one_tiyn_is_refused(counter: Counter) -> None:
    till = counter.till()
    answer = till.buy(counter.code(), line(MILK), line(RICE, price_tiyn=COST[RICE] + 1))
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (
        422,
        "price_over_cap",
        "/lines/1/price_tiyn",
    )
    assert answer.json()["rule"] == "R13"


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"quantity": "0"}, "basket_invalid", "/lines/0/quantity"),
        ({"quantity": "-1"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "0.0001"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "1e3"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "NaN"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "１"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "²"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "1\n"}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": str(2**63)}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": "10001"}, "basket_invalid", "/lines/0/quantity"),
        ({"quantity": True}, "quantity_wrong", "/lines/0/quantity"),
        ({"quantity": 1}, "quantity_wrong", "/lines/0/quantity"),
        ({"price_tiyn": 1.0}, "amount_wrong", "/lines/0/price_tiyn"),
        ({"price_tiyn": True}, "amount_wrong", "/lines/0/price_tiyn"),
        ({"price_tiyn": "45000"}, "amount_wrong", "/lines/0/price_tiyn"),
        ({"price_tiyn": 2**63}, "amount_wrong", "/lines/0/price_tiyn"),
        ({"price_tiyn": 0}, "basket_invalid", "/lines/0/price_tiyn"),
        ({"shelf_price_tiyn": 44_999}, "basket_invalid", "/lines/0/price_tiyn"),
        ({"gtin": "４870000000017"}, "field_wrong", "/lines/0/gtin"),
        ({"discount": 5}, "field_unknown", "/lines/0/discount"),
    ],
)
def test_a_line_that_can_not_be_is_refused_where_it_is_wrong(
    one_till: Till, code: str, changed: dict[str, Any], pointer: str
) -> None:
    answer = one_till.buy(one_till.code, line(RICE, **changed))
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, pointer)
    assert set(answer.json()) >= {"type", "title", "detail"}


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"lines": []}, 422, "basket_invalid"),
        ({"lines": [line()] * 201}, 422, "basket_invalid"),
        ({"lines": [line()] * 1000}, 413, "body_too_large"),
        ({"lines": None}, 422, "field_wrong"),
        ({"draw_tiyn": 7_001}, 422, "basket_invalid"),
        ({"draw_tiyn": 0}, 422, "basket_invalid"),
        ({"draw_tiyn": -1}, 422, "amount_wrong"),
        ({"draws": []}, 422, "basket_invalid"),
        ({"draws": [{"voucher": "0" * 32, "draw_tiyn": 5}]}, 422, "basket_invalid"),
        ({"draws": [], "draw_tiyn": 5}, 422, "draw_twice"),
        ({"receipt": ""}, 422, "field_wrong"),
        ({"receipt": "a\x00b"}, 422, "text_broken"),
        ({"receipt": "r" * 65}, 422, "field_wrong"),
        ({"receipt": 5}, 422, "field_wrong"),
        ({"cashier": "\ud800"}, 400, "text_broken"),
        ({"capture": "false"}, 422, "field_wrong"),
        ({"capture": 0}, 422, "field_wrong"),
        ({"total": 5}, 422, "field_unknown"),
    ],
)
def test_a_basket_that_can_not_be_is_refused(
    one_till: Till, changed: dict[str, Any], status: int, code: str
) -> None:
    body = one_till.basket(one_till.code) | changed
    raw = json.dumps(body).encode()
    headers = one_till.headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = one_till.client.post("/v1/redemptions", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"code": "a", "code": "b"}', "key_twice"),
        (b'{"code": NaN}', "number_not_finite"),
        (b'{"draw_tiyn": ' + b"9" * 5000 + b"}", "number_not_finite"),
        (b"[" * 50, "json_malformed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested_too_deep"),
        (b"\xff\xfe", "encoding_wrong"),
        (b"", "json_malformed"),
    ],
)
def test_a_body_that_two_readers_could_take_for_different_things_is_refused(
    one_till: Till, raw: bytes, code: str
) -> None:
    headers = one_till.headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = one_till.client.post("/v1/redemptions", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("key", [None, "", "a b", "k" * 201, "ключ"])
def test_a_purchase_wants_an_idempotency_key(one_till: Till, key: str | None) -> None:
    headers: dict[str, Any] = dict(one_till.headers)
    if key is not None:
        headers["Idempotency-Key"] = key.encode()
    body = one_till.basket(one_till.code)
    answer = one_till.client.post("/v1/redemptions", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_the_sentence_is_in_the_language_of_the_cashier(one_till: Till) -> None:
    details = {
        one_till.post("/v1/vouchers/check", {"code": "x"}, **{"Accept-Language": language}).json()["detail"]
        for language in ("kk", "ru-RU,ru;q=0.9", "en", "fr")
    }
    assert len(details) == 3


def test_R26_draws_are_as_the_shop_asks(counter: Counter) -> None:
    till = counter.till()
    left = till.check(counter.code()).json()["vouchers"]
    second = left[1]["voucher"]
    asked = [{"voucher": second, "draw_tiyn": 6_000}]
    bought = till.buy(counter.code(), line(RICE), draws=asked).json()
    assert (bought["drawn_tiyn"], bought["draws"]) == (6_000, asked)
    counter.later(seconds=31)
    bought = till.buy(counter.code(), line(RICE), draw_tiyn=5_000).json()
    assert bought["draws"] == [{"voucher": left[0]["voucher"], "draw_tiyn": 5_000}]
    counter.later(seconds=31)
    much = till.buy(counter.code(), line(RICE, "100"), draws=[{"voucher": second, "draw_tiyn": 388_000}])
    assert much.json()["code"] == "voucher_not_enough"


# --- races -------------------------------------------------------------------------------------------------


def test_R26_a_hundred_parallel_spends_of_the_last_tenge_exactly_one_wins(counter: Counter) -> None:
    tills = [counter.till("S001"), counter.till("S002")]
    rest = counter.available() - 7_000
    assert tills[0].buy(counter.code(), line(RICE, "200"), draw_tiyn=rest).status_code == 201
    assert counter.available() == 7_000
    codes = [counter.code(at=counter.later(seconds=1)) for _ in range(1)]
    sign, stream, now = counter.tills.qr_keys.sign, counter.streams[0], counter.month.clock()
    codes = [sign(stream, now).text] * 50
    bodies = [(tills[n % 2], tills[n % 2].basket(code), f"k-{n}") for n, code in enumerate(codes * 2)]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda b: b[0].post("/v1/redemptions", b[1], b[2]), bodies))
    assert Counted(a.status_code for a in answers) == {201: 1, 422: 99}
    assert counter.available() == 0
    assert counter.topics()["voucher.redeemed"] == 2


def test_R26_the_last_tenge_is_spent_once_by_different_codes_too(counter: Counter) -> None:
    """Through two writers, as two processes have."""
    other = Tills(counter.month.azyq)
    try:
        rest = counter.available() - 7_000
        till = counter.till()
        assert till.buy(counter.code(), line(RICE, "200"), draw_tiyn=rest).status_code == 201
        now = counter.later(seconds=40)
        calls = [
            Purchase(counter.streams[0], "S001", till.terminal, "7", f"r{n}", f"k{n}", (LINE,), now)
            for n in range(100)
        ]
        shown = credentials_of(till.key)
        lanes = (counter.tills.lanes.writing, other.lanes.writing)

        def buy(n: int) -> str:
            try:
                lanes[n % 2].wait(Wanted(shown, now, lambda who: calls[n]))
            except Refusal as refusal:
                return refusal.code
            return "bought"

        with ThreadPoolExecutor(20) as threads:
            results = Counted(threads.map(buy, range(100)))
        assert results == {"bought": 1, "voucher_not_enough": 99}
    finally:
        assert other.lanes.close()
    assert counter.available() == 0


def test_R27_capture_void_and_the_end_of_the_hold_at_once_exactly_one_wins(counter: Counter) -> None:
    till = counter.till()
    before = counter.available()
    for number in range(6):
        counter.later(seconds=31)
        held = till.buy(counter.code(), capture=False).json()["redemption"]
        counter.later(minutes=16)
        acts: list[Callable[[], Any]] = [
            partial(till.settle, held, "capture", f"c-{number}"),
            partial(till.settle, held, "void", f"v-{number}"),
            partial(counter.month.azyq.run_programme.release_holds, counter.month.clock),
        ]
        random.Random(number).shuffle(acts)
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda act: act(), acts))
        status = till.get(f"/v1/redemptions/{held}").json()["status"]
        assert status in ("captured", "voided")
    topics = counter.topics()
    assert topics.get("voucher.captured", 0) + topics.get("voucher.voided", 0) == 6
    assert counter.available() == before - 7_000 * topics.get("voucher.captured", 0)


# --- holds and returns (R27) -------------------------------------------------------------------------------


def test_R27_a_hold_is_captured_or_voided_and_released_by_itself(counter: Counter) -> None:
    till, before = counter.till(), counter.available()
    held = till.buy(counter.code(), capture=False).json()
    assert (held["status"], held["hold_until"]) == ("held", "2025-07-06T12:15:00+05:00")
    assert counter.available() == before - 7_000
    captured = till.settle(held["redemption"], "capture", "c1")
    assert (captured.status_code, captured.json()["status"]) == (200, "captured")
    assert till.settle(held["redemption"], "capture", "c1").json() == captured.json()
    assert till.settle(held["redemption"], "void", "v1").json()["code"] == "redemption_not_held"
    counter.later(seconds=31)
    forgotten = till.buy(counter.code(), capture=False).json()["redemption"]
    counter.later(minutes=15)
    assert counter.month.azyq.run_programme.release_holds(counter.month.clock) == 1
    assert till.get(f"/v1/redemptions/{forgotten}").json()["status"] == "voided"
    assert counter.available() == before - 7_000


def test_a_reversal_is_whole_or_by_line_once_and_at_most_the_original(counter: Counter) -> None:
    till, before = counter.till(), counter.available()
    bought = till.buy(counter.code(), line(RICE, "2"), line(MILK, "1.5")).json()
    back = till.bring_back(bought["redemption"], (1, "1"), key="b1")
    assert (back.status_code, back.json()["reversed_tiyn"]) == (201, 7_000)
    assert till.bring_back(bought["redemption"], (1, "1"), key="b1").json() == back.json()
    assert (
        till.bring_back(bought["redemption"], (1, "2"), key="b1").json()["code"] == "idempotency_key_reused"
    )
    above = till.bring_back(bought["redemption"], (1, "1.001"), key="b2")
    assert (above.status_code, above.json()["code"]) == (422, "reversal_above_original")
    rest = till.bring_back(bought["redemption"], key="b3").json()
    assert rest["remaining_tiyn"] == before == counter.available()
    assert till.bring_back(bought["redemption"], key="b4").json()["code"] == "reversal_nothing_left"
    found = till.get(f"/v1/redemptions/{bought['redemption']}").json()
    assert (found["reversed_tiyn"], len(found["reversals"])) == (bought["drawn_tiyn"], 2)


def test_a_return_names_the_lines_as_the_till_numbered_them(counter: Counter) -> None:
    till = counter.till()
    bought = till.buy(counter.code(), line(VODKA), line(RICE, "2"), line(MILK), partial=True).json()[
        "redemption"
    ]
    for lines, where, said in (
        ([(2, "2.001")], "/lines/0/quantity", "Line 2"),
        ([(2, "1"), (3, "1.5")], "/lines/1/quantity", "Line 3"),
        ([(3, "0")], "/lines/0/quantity", "line 3"),
        ([(1, "1")], "/lines/0/line", "line 1"),
    ):
        answer = till.bring_back(bought, *lines, key=f"b{lines}".replace(" ", ""))
        assert (answer.status_code, answer.json()["pointer"]) == (422, where)
        assert said in answer.json()["detail"]
    assert till.bring_back(bought, key="b-all").status_code == 201
    nothing = till.bring_back(bought, key="b-more").json()
    assert (nothing["code"], "pointer" in nothing) == ("reversal_nothing_left", False)
    assert nothing["detail"] == "Everything that was bought has come back already."


def test_R8_what_comes_back_after_the_month_expires_at_once(counter: Counter) -> None:
    till = counter.till()
    bought = till.buy(counter.code()).json()["redemption"]
    counter.month.day(31, 23)
    counter.later(hours=2)
    counter.month.azyq.run_day.run(counter.month.month, counter.month.clock().date(), counter.month.clock)
    assert till.check(counter.code()).json()["code"] in ("voucher_ended", "voucher_outside_window")
    back = till.bring_back(bought, key="b1")
    assert (back.status_code, back.json()["reversed_tiyn"], back.json()["remaining_tiyn"]) == (201, 7_000, 0)


# --- shops and terminals -----------------------------------------------------------------------------------


def test_R2_7_a_shop_that_is_closed_or_elsewhere_sells_nothing(counter: Counter) -> None:
    till, far = counter.till(), counter.till("FAR")
    bought = till.buy(counter.code()).json()["redemption"]
    assert far.check(counter.code(counter.streams[1])).json()["code"] == "shop_outside_region"
    assert far.buy(counter.code(counter.streams[1])).json()["code"] == "shop_outside_region"
    azyq, now = counter.month.azyq, counter.later(seconds=31)
    shop = azyq.log.load([shop_id("S001")])[shop_id("S001")]
    shop.close("test", now)
    azyq.log.save(shop)
    for answer in (till.check(counter.code()), till.buy(counter.code())):
        assert (answer.status_code, answer.json()["code"]) == (422, "shop_closed")
    assert till.bring_back(bought, key="b1").status_code == 201


def test_a_revoked_terminal_is_out_at_once(counter: Counter) -> None:
    till, other = counter.till(), counter.till()
    held = till.buy(counter.code(), capture=False).json()["redemption"]
    assert terminals(counter.month.azyq).revoke(till.terminal, "lost", counter.month.clock())
    for answer in (
        till.check(counter.code(counter.streams[1])),
        till.buy(counter.code(counter.streams[1])),
        till.settle(held, "capture", "c1"),
        till.get(f"/v1/redemptions/{held}"),
        till.post("/v1/terminals/rotate"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "terminal_revoked")
    assert other.settle(held, "capture", "c1").status_code == 200


def test_keys_rotate_with_an_overlap(counter: Counter) -> None:
    till = counter.till()
    answer = till.post("/v1/terminals/rotate")
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    new = replace(till, key=answer.json()["key"])
    assert {one.check(counter.code()).status_code for one in (till, new)} == {200}
    counter.later(hours=24)
    late = till.check(counter.code())
    assert (late.status_code, late.json()["code"]) == (401, "terminal_key_expired")
    assert new.check(counter.code()).status_code == 200


def test_whoever_has_no_good_key_is_not_let_in(counter: Counter) -> None:
    till = counter.till()
    live = till.key.replace("azyq_trial_", "azyq_live_")
    wrong = till.key[:-1] + ("a" if till.key[-1] != "a" else "b")
    for header, status, code in (
        ({}, 401, "key_missing"),
        ({"Authorization": "Basic abc"}, 401, "key_missing"),
        ({"Authorization": "Bearer "}, 401, "key_missing"),
        ({"Authorization": "Bearer nonsense"}, 401, "terminal_key_unknown"),
        ({"Authorization": f"Bearer {wrong}"}, 401, "terminal_key_unknown"),
        ({"Authorization": f"Bearer {live}"}, 403, "terminal_key_of_other_environment"),
    ):
        for path in (
            "/v1/vouchers/check",
            "/v1/redemptions",
            "/v1/redemptions/x/void",
            "/v1/terminals/rotate",
        ):
            answer = counter.client.post(path, json={"code": "x"}, headers=header)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_code_enrols_one_terminal_for_a_day(counter: Counter) -> None:
    azyq, client = counter.month.azyq, counter.client
    invited = terminals(azyq).invite("S001", counter.month.clock())
    late = terminals(azyq).invite("S001", counter.month.clock() - timedelta(hours=24))
    first = client.post("/v1/terminals/enrol", json={"code": f" {invited.code.lower()} "})
    assert first.status_code == 201
    for code, expected in (
        (invited.code, "enrolment_code_used"),
        (late.code, "enrolment_code_expired"),
        ("ABCD", "enrolment_code_unknown"),
        (invited.code[:-1] + "2" if invited.code[-1] != "2" else "3", "enrolment_code_unknown"),
    ):
        answer = client.post("/v1/terminals/enrol", json={"code": code})
        assert (answer.status_code, answer.json()["code"]) == (422, expected)
    stored = str(
        query(azyq.dsn, "SELECT string_agg(convert_from(state, 'UTF8'), '') FROM azyq_log.azyq_events")
    )
    assert first.json()["key"] not in stored
    assert invited.code.replace("-", "").lower() not in stored


def test_enrolling_is_not_for_guessing(counter: Counter) -> None:
    answers = [counter.client.post("/v1/terminals/enrol", json={"code": "x"}) for _ in range(30)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_terminal_has_its_rate(database: str, tmp_path: Path) -> None:
    with a_counter(database, tmp_path, AZYQ_TERMINAL_PER_SECOND=5) as counter:
        till, other = counter.till(), counter.till()
        answers = [till.check(counter.code()) for _ in range(40)]
        assert {answer.status_code for answer in answers} == {200, 429}
        assert other.check(counter.code()).status_code == 200


# --- trouble -----------------------------------------------------------------------------------------------


def test_R32_when_too_many_wait_a_caller_is_told_and_nothing_is_lost(counter: Counter) -> None:
    till = counter.till()
    lane: Any = counter.tills.lanes.writing
    most, lane._waiting = lane._waiting, 0
    full = till.buy(counter.code(), key="k1")
    assert (full.status_code, full.json()["code"], full.headers["retry-after"]) == (503, "queue_full", "1")
    lane._waiting = most
    assert till.buy(counter.code(), key="k1").status_code == 201


def test_R32_without_a_database_nothing_is_acknowledged(counter: Counter) -> None:
    till = counter.till()
    code = counter.code()
    with unreachable(counter.month.azyq.dsn):
        for answer in (till.buy(code, key="k1"), till.check(code)):
            assert (answer.status_code, answer.json()["code"]) == (503, "not_available")
            assert "retry-after" in answer.headers
    assert "voucher.redeemed" not in counter.topics()
    assert till.buy(counter.code(), key="k1").status_code == 201


def test_R32_a_commit_whose_answer_was_lost_is_found_by_asking_again(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = counter.till()
    recorder: Any = type(counter.month.azyq.log._application.recorder)
    insert = recorder._insert_once
    lost = iter((True,))

    def cut_off(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = insert(self, *args, **kwargs)
        if next(lost, False):
            raise OperationalError("the connection was cut after COMMIT")
        return result

    monkeypatch.setattr(recorder, "_insert_once", cut_off)
    answer = till.buy(counter.code())
    assert answer.status_code == 201
    assert counter.topics()["voucher.redeemed"] == 1
