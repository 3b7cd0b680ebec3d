"""Goods that come back: whole, by line, in steps; above the original; after the end."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import day_end
from domain.purchase import Redemption, reversal_of
from tests.unit.given_when_then import AMOUNT, Story, on, story

ALL = 3 * AMOUNT


def bought() -> Story:
    """Rice for 20 000 tiyn and salt for 3, drawn on the first voucher."""
    return story().given_activated().given_bought(("rice", "2"), ("salt", "3"))


def test_a_whole_purchase_comes_back() -> None:
    told = bought().when_brought_back(None)
    told.then_event(
        "voucher.reversed", reversed_tiyn=20_003, lines=[[0, "2"], [1, "3"]], to="available", reason="spoilt"
    )
    told.then_sums(available=ALL)
    told.when_brought_back(None, key="back2").then_refused("reversal_nothing_left")


def test_one_line_comes_back() -> None:
    told = bought().when_brought_back([(0, "1")])
    told.then_event("voucher.reversed", reversed_tiyn=10_000, lines=[[0, "1"]])
    told.then_sums(available=ALL - 10_003, spent=10_003)


def test_what_came_back_in_steps_is_what_was_drawn() -> None:
    told = bought()
    for number, (back, tiyn) in enumerate([([(0, "0.5")], 5_000), ([(1, "2"), (0, "0.5")], 5_002)]):
        told.when_brought_back(back, key=f"b{number}").then_event("voucher.reversed", reversed_tiyn=tiyn)
    told.when_brought_back(None, key="rest").then_event("voucher.reversed", reversed_tiyn=10_001)
    told.then_sums(available=ALL)


def test_a_line_named_twice_in_one_reversal_counts_twice() -> None:
    told = bought().when_brought_back([(0, "1"), (0, "1")]).then_event("voucher.reversed", lines=[[0, "2"]])
    told.when_brought_back([(0, "0.001")], key="b2").then_refused(
        "reversal_above_original", "lines/0/quantity"
    )


@pytest.mark.parametrize(
    ("back", "at"), [([(0, "2.001")], 0), ([(0, "1"), (0, "1.001")], 1), ([(1, "999999999")], 0)]
)
def test_above_the_original_is_refused(back: list[tuple[int, str]], at: int) -> None:
    bought().when_brought_back(back).then_refused("reversal_above_original", f"lines/{at}/quantity")


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-1", "NaN", "sNaN", "Infinity", "", "x", "1e0", "1E+1000000", "1E-1000000"),
        "１",
        "0.0001",
        "1_0",
    ],
)
def test_a_quantity_out_of_bounds_is_refused(text: str) -> None:
    bought().when_brought_back([(0, text)]).then_refused("basket_invalid", "lines/0/quantity")


@pytest.mark.parametrize("number", [2, -1, 2**63])
def test_a_line_that_is_none_is_refused(number: int) -> None:
    bought().when_brought_back([(number, "1")]).then_refused("basket_invalid", "lines/0/line")


def test_no_lines_are_refused() -> None:
    bought().when_brought_back([]).then_refused("basket_invalid", "lines")


def test_the_same_reversal_again_is_one() -> None:
    told = bought().given().when_brought_back([(0, "1")]).then_event("voucher.reversed")
    told.when_brought_back([(0, "1")]).then_nothing(10_000)
    told.when_brought_back([(0, "2")]).then_refused("idempotency_key_reused", "Idempotency-Key")


def test_goods_the_voucher_paid_nothing_for_come_back_too() -> None:
    told = story().given_activated().given_bought(("rice", "1"), ("bread", "2"))
    told.when_brought_back([(1, "2")]).then_event(
        "voucher.reversed", reversed_tiyn=0, credits=[], lines=[[1, "2"]]
    )
    told.when_brought_back([(1, "1")], key="b2").then_refused("reversal_above_original")
    told.when_brought_back(None, key="b3").then_event(
        "voucher.reversed", reversed_tiyn=10_000, lines=[[0, "1"]]
    )
    told.then_sums(available=ALL)


def test_a_draw_smaller_than_the_basket_comes_back_in_its_share() -> None:
    told = story().given_activated().given_bought(("rice", "2"), draw_tiyn=9_999)
    told.when_brought_back([(0, "1")]).then_event("voucher.reversed", reversed_tiyn=5_000)  # 4 999.5, half up
    told.when_brought_back([(0, "1")], key="b2").then_event("voucher.reversed", reversed_tiyn=4_999)
    told.then_sums(available=ALL)


def test_the_last_voucher_drawn_on_is_credited_first() -> None:
    told = story().given_activated().given_bought(("rice", "40"))
    first, second = (voucher for voucher, _ in told.family.redemptions["shop/k1"].draws)
    over = 400_000 - AMOUNT
    told.when_brought_back([(0, "1")]).then_event(
        "voucher.reversed", credits=[[second, over], [first, 10_000 - over]]
    )


def test_R8_what_comes_back_after_the_months_end_expires_at_once() -> None:
    told = bought().given_expired()
    told.when_brought_back([(0, "1")], at=on(2, month=8)).then_event("voucher.reversed", to="expired")
    told.then_sums(spent=10_003, expired=ALL - 10_003)


def test_R8_what_comes_back_between_the_last_day_and_the_expiry_still_expires() -> None:
    told = (
        bought()
        .when_brought_back(None, at=on(1, 0, 1, month=8))
        .then_event("voucher.reversed", to="available")
    )
    told.when(lambda f, m: f.expire(m, on(1, 0, 2, month=8))).then_event("voucher.expired", expired_tiyn=ALL)
    told.then_sums(expired=ALL)


def test_O5_2_what_comes_back_after_a_withdrawal_is_cancelled_at_once() -> None:
    told = bought().given_withdrawn().when_brought_back(None).then_event("voucher.reversed", to="cancelled")
    told.then_sums(cancelled=ALL)
    told.when(lambda f, m: f.expire(m, day_end(m.valid_to))).then_nothing(False)


def test_R27_what_is_held_or_called_off_can_not_come_back() -> None:
    told = story().given_activated().given_bought(("rice", "2"), capture=False)
    told.when_brought_back(None).then_refused("redemption_not_held", "id")
    told.given(lambda f, m: f.void(m, redemption="shop/k1", key="v", reason="x", at=on(10)))
    told.when_brought_back(None).then_refused("redemption_not_held", "id")
    told.when_brought_back(None, redemption="shop/none").then_refused("redemption_unknown", "id")


def test_R27_a_captured_hold_can_come_back() -> None:
    told = story().given_activated().given_bought(("rice", "2"), capture=False)
    told.given(lambda f, m: f.capture(m, redemption="shop/k1", key="p", at=on(10)))
    told.when_brought_back(None).then_event("voucher.reversed", reversed_tiyn=20_000)
    told.then_sums(available=ALL)


LINES = st.lists(st.tuples(st.integers(1, 9_999), st.integers(0, 999_999)), min_size=1, max_size=4)


@given(lines=LINES, drawn=st.integers(1, 10**6), cuts=st.lists(st.integers(1, 9_999), max_size=6))
def test_any_steps_of_any_purchase_return_exactly_what_was_drawn(
    lines: list[tuple[int, int]], drawn: int, cuts: list[int]
) -> None:
    whole = sum(pays for _, pays in lines)
    if not whole:
        return
    drawn = min(drawn, whole)
    bought_lines = [{"quantity": f"{q // 1000}.{q % 1000:03d}", "pays_tiyn": pays} for q, pays in lines]
    draws = [["v1", drawn // 2], ["v2", drawn - drawn // 2]] if drawn > 1 else [["v1", drawn]]
    redemption = Redemption("r", "s", "1", "k", "b", "captured", bought_lines, draws, None)
    left = [quantity for quantity, _ in lines]
    steps: list[list[tuple[int, str]] | None] = []
    for number, cut in enumerate(cuts):
        line = number % len(lines)
        if cut <= left[line]:
            left[line] -= cut
            steps.append([(line, f"{cut // 1000}.{cut % 1000:03d}")])
    for back in [*steps, *([None] if any(left) else [])]:
        returned, credits, amount = reversal_of(redemption, back)
        assert amount >= 0
        assert amount == sum(tiyn for _, tiyn in credits)
        redemption.returned.update((line, quantity) for line, quantity in returned)
        for voucher, tiyn in credits:
            redemption.credited[voucher] = redemption.credited.get(voucher, 0) + tiyn
        worth = sum(
            (
                pays * Fraction(redemption.returned.get(n, "0")) * 1000 / q
                for n, (q, pays) in enumerate(lines)
            ),
            Fraction(0),
        )
        assert abs(redemption.reversed_tiyn - worth * drawn / whole) <= Fraction(1, 2)
    assert redemption.credited == {voucher: tiyn for voucher, tiyn in draws if tiyn}
