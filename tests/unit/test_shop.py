"""A shop: taking part, prices by day, the loan and its conditions (R2.7, R9–R13, O3.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.errors import LANGUAGES, Refusal
from domain.trade.shop import Loan, Shop, ShopFacts, check_shop
from domain.trade.shop_refusals import (
    BreachUnknown,
    ConditionUnknown,
    LoanMissing,
    PriceBackdated,
    PriceUnknown,
    ShopClosed,
    ShopNotOpenYet,
    ShopOutsideRegion,
    ShopUnknown,
)
from tests.unit.given_when_then import MAPPER, on, programme, replayed

RICE, MILK = "4870000000016", "4870000000023"
FACTS = ShopFacts("Дүкен", "120240000013", "", "113220100", "Абая, 1", "2025-07-03")
LOAN = Loan("ОК-1", "2025-08-31")


class Story:
    """The story of a shop: what happened since the last look."""

    def __init__(self) -> None:
        self.shop = Shop.join("S001", FACTS, on(1))
        self.log: list[Any] = []
        self.then("shop.joined")

    def then(self, *topics: str) -> list[Any]:
        """Exactly these happened, and their stored form makes the same shop."""
        events: list[Any] = list(self.shop.collect_events())
        assert [event.TOPIC for event in events] == list(topics)
        assert all(event.shop == "S001" for event in events)
        self.log += [MAPPER.to_stored_event(event) for event in events]
        assert vars(replayed(self.log)) == vars(self.shop)
        return events


@pytest.fixture
def told() -> Story:
    return Story()


def test_R2_7_a_shop_joins_and_changes(told: Story) -> None:
    assert not told.shop.change(FACTS, on(2))
    told.then()
    assert told.shop.change(FACTS._replace(address="Абая, 2"), on(2))
    told.then("shop.changed")
    assert told.shop.facts.address == "Абая, 2"


def test_R2_7_a_shop_is_closed_and_opened_once(told: Story) -> None:
    assert told.shop.close("repairs", on(4))
    assert not told.shop.close("again", on(4))
    told.then("shop.closed")
    assert told.shop.open(on(5))
    assert not told.shop.open(on(5))
    told.then("shop.opened")


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda shop: shop.close("", on(4)), ShopClosed),
        (lambda shop: shop.change(FACTS._replace(opened_on="2025-07-11"), on(4)), ShopNotOpenYet),
        (lambda shop: shop.change(FACTS._replace(kato="551010000"), on(4)), ShopOutsideRegion),
    ],
)
def test_R2_7_nothing_is_bought_where_vouchers_do_not_hold(
    told: Story, spoil: Callable[[Shop], object], refusal: type[Refusal]
) -> None:
    assert check_shop(told.shop, "S001", programme(), on(10)) is told.shop
    spoil(told.shop)
    with pytest.raises(refusal) as refused:
        check_shop(told.shop, "S001", programme(), on(10))
    assert all("S001" in refused.value.sentence(language) for language in LANGUAGES)


def test_R2_7_an_unknown_shop_sells_nothing() -> None:
    with pytest.raises(ShopUnknown):
        check_shop(None, "S9", programme(), on(10))


def test_R13_the_price_in_force_is_the_latest_begun(told: Story) -> None:
    told.shop.set_prices("2025-07-10", [(RICE, "trade", 12_000)], on(1))
    told.shop.set_prices("2025-07-01", [(RICE, "trade", 10_050), (MILK, "farm", 100)], on(1))
    told.then("shop.prices_set", "shop.prices_set")
    shop = told.shop
    assert shop.price_on(RICE, date(2025, 6, 30)) is None
    found = [shop.price_on(RICE, date(2025, 7, day)) for day in (1, 9, 10, 31)]
    assert [price and price.tiyn for price in found] == [10_050, 10_050, 12_000, 12_000]
    assert shop.price_on("4870000000030", date(2025, 7, 1)) is None
    assert shop.assortment(date(2025, 7, 1)) == [RICE, MILK]


def test_R13_what_is_known_already_is_nothing_new(told: Story) -> None:
    assert told.shop.set_prices("2025-07-01", [(RICE, "trade", 10_050)], on(1)) == 1
    told.then("shop.prices_set")
    assert told.shop.set_prices("2025-07-01", [(RICE, "trade", 10_050), (MILK, "trade", 1)], on(1)) == 1
    (event,) = told.then("shop.prices_set")
    assert event.prices == [[MILK, "trade", 1]]


def test_R13_a_price_of_the_same_day_gives_way(told: Story) -> None:
    told.shop.set_prices("2025-07-01", [(RICE, "trade", 10_050)], on(1))
    told.shop.set_prices("2025-07-01", [(RICE, "farm", 9_000)], on(1))
    told.then("shop.prices_set", "shop.prices_set")
    assert told.shop.prices[RICE] == [("2025-07-01", "farm", 9_000)]


def test_R13_an_event_has_at_most_500_prices(told: Story) -> None:
    prices = [(f"{n:013}", "trade", 100) for n in range(1_001)]
    assert told.shop.set_prices("2025-07-01", prices, on(1)) == 1_001
    events = told.then("shop.prices_set", "shop.prices_set", "shop.prices_set")
    assert [len(event.prices) for event in events] == [500, 500, 1]


def test_R13_a_day_that_is_over_keeps_its_price(told: Story) -> None:
    today = date(2025, 7, 10)
    # The first price of an article may begin in the past: nothing could be bought at it.
    assert not told.shop.would_rewrite(RICE, "2025-07-01", today)
    told.shop.set_prices("2025-07-05", [(RICE, "trade", 10_050)], on(1))
    assert not told.shop.would_rewrite(RICE, "2025-07-01", today)
    assert told.shop.would_rewrite(RICE, "2025-07-05", today)
    assert told.shop.would_rewrite(RICE, "2025-07-09", today)
    assert not told.shop.would_rewrite(RICE, "2025-07-10", today)


def test_O3_1_what_is_not_sold_any_more_leaves_the_assortment(told: Story) -> None:
    told.shop.set_prices("2025-07-01", [(RICE, "trade", 10_050)], on(1))
    with pytest.raises(PriceUnknown):
        told.shop.end_price(MILK, date(2025, 7, 8), on(2))
    with pytest.raises(PriceBackdated):
        told.shop.end_price(RICE, date(2025, 7, 8), on(9))
    told.shop.end_price(RICE, date(2025, 7, 8), on(2))
    told.then("shop.prices_set", "shop.prices_set")
    with pytest.raises(PriceUnknown):
        told.shop.end_price(RICE, date(2025, 7, 9), on(2))
    assert told.shop.assortment(date(2025, 7, 7)) == [RICE]
    assert told.shop.assortment(date(2025, 7, 8)) == []


def test_R9_R11_a_loan_is_recorded_and_runs_to_its_day(told: Story) -> None:
    assert told.shop.record_loan(LOAN, on(1))
    assert not told.shop.record_loan(LOAN, on(2))
    told.then("shop.loan_recorded")
    assert told.shop.loan_on(date(2025, 8, 31)) == LOAN
    assert told.shop.loan_on(date(2025, 9, 1)) is None


def test_R10_another_contract_replaces_the_loan(told: Story) -> None:
    told.shop.record_loan(LOAN, on(1))
    assert told.shop.record_loan(Loan("ОК-2", "2026-08-31"), on(2))
    told.then("shop.loan_recorded", "shop.loan_recorded")
    assert told.shop.loan_on(date(2026, 1, 1)) == ("ОК-2", "2026-08-31")


def test_R11_a_loan_ends_before_its_day(told: Story) -> None:
    assert not told.shop.end_loan("repaid", on(1))
    told.shop.record_loan(LOAN, on(1))
    assert told.shop.end_loan("repaid", on(2))
    _, ended = told.then("shop.loan_recorded", "shop.loan_ended")
    assert (ended.contract, ended.reason) == ("ОК-1", "repaid")
    assert told.shop.loan_on(date(2025, 7, 2)) is None


def test_R12_breaches_are_recorded_once_and_mended(told: Story) -> None:
    told.shop.record_loan(LOAN, on(1))
    label = told.shop.record_breach("label", date(2025, 7, 5), "no label on flour", on(5))
    assert told.shop.record_breach("label", date(2025, 7, 6), "still none", on(6)) == label
    catalogue = told.shop.record_breach("catalogue", date(2025, 7, 6), "", on(6))
    assert len({label, catalogue}) == 2
    told.shop.mend_breach(label, date(2025, 7, 7), "labelled", on(7))
    with pytest.raises(BreachUnknown):
        told.shop.mend_breach(label, date(2025, 7, 7), "", on(7))
    told.then("shop.loan_recorded", "shop.breach_recorded", "shop.breach_recorded", "shop.breach_mended")
    again = told.shop.record_breach("label", date(2025, 7, 8), "", on(8))
    assert again not in (label, catalogue)


def test_R12_only_conditions_of_a_loan_can_be_breached(told: Story) -> None:
    with pytest.raises(LoanMissing):
        told.shop.record_breach("label", date(2025, 7, 5), "", on(5))
    told.shop.record_loan(LOAN, on(1))
    with pytest.raises(ConditionUnknown):
        told.shop.record_breach("smile", date(2025, 7, 5), "", on(5))
    with pytest.raises(LoanMissing):
        told.shop.record_breach("label", date(2025, 9, 1), "", on(5))


def test_R12_a_shop_with_a_loan_that_lacks_listed_foods_breaches_it(told: Story) -> None:
    told.shop.record_loan(LOAN, on(1))
    assert told.shop.check_assortment([2, 3], "L1", date(2025, 7, 3), on(3))
    assert not told.shop.check_assortment([2, 3], "L1", date(2025, 7, 4), on(4))
    assert told.shop.check_assortment([3], "L1", date(2025, 7, 5), on(5))
    assert told.shop.check_assortment([], "L1", date(2025, 7, 6), on(6))
    assert not told.shop.check_assortment([], "L1", date(2025, 7, 7), on(7))
    _, first, second, mended = told.then(
        "shop.loan_recorded", "shop.breach_recorded", "shop.breach_recorded", "shop.breach_mended"
    )
    assert first.breach == second.breach == mended.breach
    assert (first.missing, second.missing, second.found_on) == ([2, 3], [3], "2025-07-03")


def test_O3_1_what_a_shop_without_a_loan_lacks_is_no_breach(told: Story) -> None:
    assert not told.shop.check_assortment([2, 3], "L1", date(2025, 7, 3), on(3))
    told.then()


def test_R12_a_breach_ends_with_the_loan(told: Story) -> None:
    told.shop.record_loan(LOAN, on(1))
    told.shop.check_assortment([2], "L1", date(2025, 7, 3), on(3))
    assert told.shop.check_assortment([2], "L1", date(2025, 9, 1), on(1, month=9))
    told.then("shop.loan_recorded", "shop.breach_recorded", "shop.breach_mended")
