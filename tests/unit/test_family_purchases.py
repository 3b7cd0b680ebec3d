"""At the till: bought, held, captured, called off; asked again, refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.basket import ArticlePrice
from domain.calendar import day_end, day_start
from domain.voucher_refusals import KeyReused
from tests.unit.given_when_then import AMOUNT, GOODS, PRICES, Step, Story, on, story

ALL = 3 * AMOUNT


def captured(key: str = "paid", at: datetime | None = None) -> Step:
    return lambda f, m: f.capture(m, redemption="shop/k1", key=key, at=at or on(10))


def voided(reason: str = "not paid", at: datetime | None = None) -> Step:
    return lambda f, m: f.void(m, redemption="shop/k1", key="void", reason=reason, at=at or on(10))


def released(at: datetime) -> Step:
    return lambda f, m: f.release_holds(m, at)


def holding() -> Story:
    return story().given_activated().given_bought(("rice", "2"), capture=False)


# --- bought ------------------------------------------------------------------------------------------------


def test_R25_a_basket_of_listed_foods_is_bought_at_the_discounted_price() -> None:
    told = story().given_activated().when_bought(("rice", "2"), ("salt", "1.5"))
    redeemed = told.new[0]
    told.then_event("voucher.redeemed", drawn_tiyn=20_001, goods_version="2025-01", shop="shop", receipt="r1")
    assert [line["price_tiyn"] for line in redeemed.lines] == [40_000, 9_999]
    told.then_sums(available=ALL - 20_001, spent=20_001)


def test_R25_one_basket_may_draw_on_several_vouchers() -> None:
    told = story().given_activated().when_bought(("rice", "50"))
    draws = told.new[0].draws
    assert [tiyn for _, tiyn in draws] == [AMOUNT, 500_000 - AMOUNT]
    assert [voucher for voucher, _ in draws] == list(told.family.vouchers)[:2]
    told.then_event("voucher.redeemed")


def test_R26_the_last_tenge_is_spent_once() -> None:
    told = story(members=("a",), amount_tiyn=10_000).given_activated().given_bought(("rice", "1"))
    told.then_sums(spent=10_000)
    told.when_bought(("rice", "1"), shop="other").then_refused("voucher_not_enough", "lines")


def test_R26_what_is_held_can_not_be_spent_again() -> None:
    told = (
        story(members=("a",), amount_tiyn=20_000).given_activated().given_bought(("rice", "2"), capture=False)
    )
    told.when_bought(("salt", "1"), receipt="r2", key="k2").then_refused("voucher_not_enough")


def test_R26_a_basket_larger_than_the_voucher_can_be_paid_in_part() -> None:
    told = story(members=("a",), amount_tiyn=15_000).given_activated()
    told.when_bought(("rice", "2")).then_refused("voucher_not_enough")
    told.when_bought(("rice", "2"), draw_tiyn=15_000).then_event("voucher.redeemed", drawn_tiyn=15_000)
    told.then_sums(spent=15_000)


@pytest.mark.parametrize("draw", [0, -1, 20_001, 2**63, 10**40])
def test_R25_a_draw_out_of_bounds_is_refused(draw: int) -> None:
    told = story().given_activated()
    told.when_bought(("rice", "2"), draw_tiyn=draw).then_refused("basket_invalid", "draw_tiyn")


def test_R25_a_basket_without_a_discount_is_not_the_vouchers_business() -> None:
    told = story().given_activated()
    for draw in (None, 1):
        told.when_bought(("bread", "2"), draw_tiyn=draw).then_refused("basket_invalid", "lines")
        assert "shelf price" in told.refusal_text("en")


def test_R6_R2_3_only_what_is_on_the_list_of_the_day() -> None:
    told = story().given_activated()
    told.when_bought(("rice", "1"), ("beer", "1")).then_refused("article_not_listed", "lines/1")
    assert GOODS.version in told.refusal_text("en")


def test_R6_R7_nothing_is_bought_before_activation() -> None:
    told = story().given_consented()
    told.when_bought(("rice", "1")).then_refused("voucher_not_activated", "code")


def test_R21_nothing_is_bought_without_consent() -> None:
    story().given_asked().when_bought(("rice", "1")).then_refused("voucher_not_issued", "code")


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (day_start(date(2025, 7, 5)) - timedelta(microseconds=1), False),
        (day_end(date(2025, 7, 31)), True),
        (day_start(date(2025, 8, 1)), False),
    ],
)
def test_R8_R7_nothing_is_bought_outside_the_window(at: datetime, open_: bool) -> None:
    told = story().given_activated().when_bought(("rice", "1"), at=at)
    if open_:
        told.then_event("voucher.redeemed")
    else:
        told.then_refused("voucher_outside_window", "code")


def test_R8_nothing_is_bought_after_the_end() -> None:
    told = story().given_activated().given_expired()
    told.when_bought(("rice", "1"), at=on(31)).then_refused("voucher_ended", "code")


# --- asked again -------------------------------------------------------------------------------------------


def test_R27_the_same_request_again_is_the_same_purchase() -> None:
    told = story().given_activated().when_bought(("rice", "2"))
    first = told.answer
    told.then_event("voucher.redeemed")
    told.when_bought(("rice", "2"), at=on(11)).then_nothing(first)


def test_R27_the_same_receipt_under_another_key_is_the_same_purchase() -> None:
    told = story().given_activated().given_bought(("rice", "2"))
    told.when_bought(("rice", "2"), key="k2").then_nothing(told.family.redemptions["shop/k1"])


def test_R27_a_purchase_is_answered_again_after_the_end() -> None:
    told = story().given_activated().given_bought(("rice", "2")).given_expired()
    told.when_bought(("rice", "2"), at=on(1, month=8)).then_nothing(told.family.redemptions["shop/k1"])


def test_R27_an_earlier_purchase_is_found_before_anything_is_priced() -> None:
    told = story().given_activated().given_bought(("rice", "2"))
    bought = told.family.redemptions["shop/k1"]
    asked = {"shop": "shop", "receipt": "r1", "key": "k1", "body": bought.body, "cashier": "c1"}
    assert told.family.bought_before(**asked) is bought
    assert told.family.bought_before(**asked | {"shop": "other"}) is None
    assert told.family.bought_before(**asked | {"receipt": "r2", "key": "k2"}) is None
    with pytest.raises(KeyReused):
        told.family.bought_before(**asked | {"body": "other"})
    with pytest.raises(KeyReused):
        told.family.bought_before(**asked | {"cashier": "c2"})


def test_R27_a_key_or_a_receipt_with_another_basket_is_refused() -> None:
    told = story().given_activated().given_bought(("rice", "2"))
    told.when_bought(("rice", "3"), receipt="r2").then_refused("idempotency_key_reused", "Idempotency-Key")
    told.when_bought(("rice", "3"), key="k2").then_refused("idempotency_key_reused", "receipt")


def test_R27_two_shops_may_have_the_same_key_and_receipt_number() -> None:
    told = story().given_activated().given_bought(("rice", "2"))
    told.when_bought(("rice", "2"), shop="other").then_event(
        "voucher.redeemed", shop="other", drawn_tiyn=20_000
    )
    told.then_sums(available=ALL - 40_000, spent=40_000)


# --- held --------------------------------------------------------------------------------------------------


def test_R27_a_hold_keeps_the_sum_until_the_payments_status_is_known() -> None:
    told = story().given_activated().when_bought(("rice", "2"), capture=False)
    told.then_event("voucher.held", drawn_tiyn=20_000, hold_until=on(10, 12, 15).isoformat())
    told.then_sums(available=ALL - 20_000, held=20_000)
    told.when_bought(("rice", "2"), capture=False).then_nothing(told.family.redemptions["shop/k1"])


def test_R27_a_payment_that_succeeded_ends_the_hold() -> None:
    told = holding().when(captured())
    told.then_event("voucher.captured", drawn_tiyn=20_000)
    told.then_sums(available=ALL - 20_000, spent=20_000)
    told.when(captured("again")).then_nothing()
    told.when(voided()).then_refused("redemption_not_held", "id")


def test_R27_a_payment_that_failed_gives_the_sum_back() -> None:
    told = holding().when(voided())
    told.then_event("voucher.voided", reason="not paid", to="available", drawn_tiyn=20_000)
    told.then_sums(available=ALL)
    told.when(voided()).then_nothing()
    told.when(captured()).then_refused("redemption_not_held", "id")


def test_R27_what_was_bought_in_one_step_is_no_hold() -> None:
    told = story().given_activated().given_bought(("rice", "2"))
    told.when(captured()).then_nothing()
    told.when(voided()).then_refused("redemption_not_held", "id")


@pytest.mark.parametrize("step", [captured(), voided()])
def test_R27_an_unknown_redemption_is_refused(step: Step) -> None:
    story().given_activated().when(step).then_refused("redemption_unknown", "id")


def test_R27_a_hold_without_a_word_is_called_off_in_time() -> None:
    told = holding()
    told.when(released(on(10, 12, 14))).then_nothing(0)
    told.when(released(on(10, 12, 15))).then_event("voucher.voided", reason="timed_out", to="available")
    assert told.answer == 1
    told.when(released(on(10, 12, 16))).then_nothing(0)
    told.then_sums(available=ALL)


def test_R27_R31_how_long_a_hold_lasts_is_data() -> None:
    told = story(hold_minutes=1).given_activated().when_bought(("rice", "2"), capture=False)
    told.then_event("voucher.held", hold_until=on(10, 12, 1).isoformat())


def test_R27_every_hold_of_a_family_is_called_off() -> None:
    told = holding().given_bought(("rice", "1"), receipt="r2", key="k2", capture=False)
    told.when(released(on(11))).then_in_order("voucher.voided", "voucher.voided")


def test_R27_a_hold_open_at_the_months_end_can_still_be_paid() -> None:
    told = holding().when(lambda f, m: f.expire(m, day_end(m.valid_to)))
    told.then_event("voucher.expired", expired_tiyn=ALL - 20_000)
    told.then_sums(held=20_000, expired=ALL - 20_000)
    told.when(captured(at=on(1, month=8))).then_event("voucher.captured", drawn_tiyn=20_000)
    told.then_sums(spent=20_000, expired=ALL - 20_000)


def test_R8_a_hold_called_off_after_the_end_expires_at_once() -> None:
    told = holding().given_expired()
    told.when(voided(at=on(1, month=8))).then_event("voucher.voided", to="expired")
    told.then_sums(expired=ALL)


def test_R8_a_hold_released_after_the_end_expires_at_once() -> None:
    told = holding().given_expired()
    told.when(released(on(1, month=8))).then_event("voucher.voided", to="expired", reason="timed_out")
    told.then_sums(expired=ALL)


def test_O5_2_a_hold_open_at_the_withdrawal_is_paid_or_cancelled() -> None:
    paid = holding().given_withdrawn().then_sums(held=20_000, cancelled=ALL - 20_000)
    paid.when(captured(at=on(21))).then_event("voucher.captured")
    paid.then_sums(spent=20_000, cancelled=ALL - 20_000)
    unpaid = holding().given_withdrawn().when(released(on(21))).then_event("voucher.voided", to="cancelled")
    unpaid.then_sums(cancelled=ALL)


# --- other programmes --------------------------------------------------------------------------------------


def test_R31_a_programme_may_pay_the_whole_discounted_price() -> None:
    told = story(draw="price").given_activated()
    told.when_bought(("rice", "2")).then_event("voucher.redeemed", drawn_tiyn=80_000)


def test_R31_a_programme_may_cap_the_discount() -> None:
    told = story(discount_cap_percent=Decimal(15), over_cap="settle").given_activated()
    told.when_bought(("rice", "2"), prices=PRICES | {"rice": ArticlePrice(1, "trade", 40_000)})
    told.then_event("voucher.redeemed", drawn_tiyn=12_000)
