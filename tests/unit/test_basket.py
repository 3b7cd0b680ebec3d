"""What a basket costs the voucher: the draw, the caps, the list, and baskets that can't be."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.basket import LINES_MAX, ArticlePrice, BasketLine, PricedBasket, cap_tiyn, price_basket
from domain.errors import LANGUAGES
from domain.voucher_refusals import BadBasket, NoPrice, NotListed, OverCap
from tests.unit.given_when_then import GOODS, PRICES, TERMS, basket_lines, priced, terms


def one(
    quantity: str = "1",
    shelf: int = 50_000,
    price: int = 40_000,
    base: int = 40_000,
    source: str = "trade",
    **changed: Any,
) -> PricedBasket:
    """A basket of one line."""
    prices = {"x": ArticlePrice(1, source, base)}
    return price_basket([BasketLine("x", Decimal(quantity), shelf, price)], prices, GOODS, terms(**changed))


def line_of(basket: PricedBasket) -> Mapping[str, Any]:
    return basket.lines[0]


def test_R2_1_the_voucher_pays_the_discount() -> None:
    basket = priced(("rice", "2"), ("salt", "3"))
    assert [line["pays_tiyn"] for line in basket.lines] == [20_000, 3]
    assert basket.pays_tiyn == 20_003
    assert basket.goods_version == "2025-01"


def test_R2_1_R31_the_voucher_may_pay_the_whole_discounted_price() -> None:
    assert priced(("rice", "2"), ("salt", "3"), draw="price").pays_tiyn == 80_000 + 29_997


@pytest.mark.parametrize(
    ("quantity", "shelf_total", "price_total"),
    [("0.5", 3, 2), ("0.499", 2, 1), ("0.501", 3, 2), ("1.5", 8, 5), ("0.001", 0, 0)],
)
def test_R2_1_half_up_at_the_line_total(quantity: str, shelf_total: int, price_total: int) -> None:
    # 0.5 x 5 tiyn is 2.5 and becomes 3, 0.5 x 3 is 1.5 and becomes 2: half up, never half to even.
    line = line_of(one(quantity, shelf=5, price=3, base=3))
    assert (line["shelf_total_tiyn"], line["price_total_tiyn"]) == (shelf_total, price_total)
    assert line["pays_tiyn"] == shelf_total - price_total


def test_R2_1_the_discount_is_of_totals_not_of_units() -> None:
    assert one("0.333", shelf=50_001, price=40_000).pays_tiyn == 16_650 - 13_320


def test_R13_the_cap_is_the_purchase_price() -> None:
    assert one(price=40_000, base=40_000).pays_tiyn == 10_000
    with pytest.raises(OverCap) as refusal:
        one(price=40_001, base=40_000)
    assert refusal.value.field == "lines/0/price_tiyn"
    assert "400.01" in refusal.value.sentence("ru")


def test_R13_over_the_cap_is_settled_at_it_where_the_programme_says_so() -> None:
    line = line_of(one(price=45_000, base=40_000, over_cap="settle"))
    assert (line["price_tiyn"], line["cap_tiyn"], line["pays_tiyn"]) == (40_000, 40_000, 10_000)


@pytest.mark.parametrize(
    ("market", "cap"), [(33_330, 29_997), (33_333, 29_999), (33_339, 30_005), (1, 0), (10, 9)]
)
def test_R13_farm_goods_cost_at_least_a_tenth_less_than_at_the_market(market: int, cap: int) -> None:
    assert cap_tiyn(ArticlePrice(1, "farm", market), TERMS) == cap
    assert cap * 10 <= market * 9


def test_R13_farm_goods_over_the_cap_by_one_tiyn() -> None:
    assert one(shelf=33_333, price=29_999, base=33_333, source="farm").pays_tiyn == 3_334
    with pytest.raises(OverCap):
        one(shelf=33_333, price=30_000, base=33_333, source="farm")


def test_R13_R31_the_farm_discount_is_data() -> None:
    assert cap_tiyn(ArticlePrice(1, "farm", 40_000), terms(farm_discount_percent=Decimal("12.5"))) == 35_000


def test_R31_a_discount_above_the_15_percent_is_refused() -> None:
    capped: dict[str, Any] = {"discount_cap_percent": Decimal(15), "over_cap": "refuse"}
    assert one(shelf=46_000, **capped).pays_tiyn == 6_000
    with pytest.raises(OverCap) as refusal:
        one(shelf=46_001, **capped)
    assert refusal.value.field == "lines/0/shelf_price_tiyn"


def test_R31_a_discount_above_the_15_percent_is_settled_at_them() -> None:
    line = line_of(one("2", shelf=50_000, discount_cap_percent=Decimal(15), over_cap="settle"))
    assert (line["limit_tiyn"], line["pays_tiyn"], line["price_tiyn"]) == (12_000, 12_000, 40_000)


def test_R31_the_15_percent_are_no_matter_where_the_voucher_pays_the_price() -> None:
    line = line_of(one(draw="price", discount_cap_percent=Decimal(15), over_cap="refuse"))
    assert (line["limit_tiyn"], line["pays_tiyn"]) == (None, 40_000)


def test_R6_an_article_off_the_list_is_refused() -> None:
    with pytest.raises(NotListed) as refusal:
        priced(("rice", "1"), ("beer", "1"))
    assert refusal.value.field == "lines/1"


def test_R13_an_article_the_shop_has_no_price_for_is_refused() -> None:
    with pytest.raises(NoPrice) as refusal:
        price_basket(basket_lines(("rice", "1")), {}, GOODS, TERMS)
    assert refusal.value.field == "lines/0"


@pytest.mark.parametrize(
    "quantity",
    ["0", "-1", "-0.001", "NaN", "sNaN", "Infinity", "-Infinity", str(2**63), "1E+1000000", "10000.001"],
)
def test_a_quantity_out_of_bounds_is_refused(quantity: str) -> None:
    with pytest.raises(BadBasket) as refusal:
        one(quantity)
    assert refusal.value.field == "lines/0/quantity"
    assert refusal.value.details["reason"] == "quantity_out_of_bounds"


@pytest.mark.parametrize("quantity", ["0.0001", "1.2345", "1E-1000000", "0.00049999999999999999999999999999"])
def test_a_quantity_with_more_than_3_places_is_refused(quantity: str) -> None:
    with pytest.raises(BadBasket) as refusal:
        one(quantity)
    assert refusal.value.details["reason"] == "quantity_too_fine"


@pytest.mark.parametrize(
    ("quantity", "kept"), [("0.001", "0.001"), ("10000", "10000"), ("1E3", "1000"), ("2.500", "2.5")]
)
def test_a_quantity_is_kept_as_a_plain_decimal(quantity: str, kept: str) -> None:
    assert line_of(one(quantity))["quantity"] == kept


@pytest.mark.parametrize(
    ("shelf", "price", "reason"),
    [
        (0, 0, "price_out_of_bounds"),
        (50_000, 0, "price_out_of_bounds"),
        (50_000, -1, "price_out_of_bounds"),
        (40_000, 40_001, "price_above_shelf"),
        (2**63, 40_000, "price_out_of_bounds"),
        (10**9 + 1, 1, "price_out_of_bounds"),
    ],
)
def test_a_price_out_of_bounds_is_refused(shelf: int, price: int, reason: str) -> None:
    with pytest.raises(BadBasket) as refusal:
        one(shelf=shelf, price=price)
    assert refusal.value.details["reason"] == reason


@pytest.mark.parametrize(
    ("count", "reason"), [(0, "no_lines"), (LINES_MAX + 1, "too_many_lines"), (1_000, None)]
)
def test_too_few_or_too_many_lines_are_refused(count: int, reason: str | None) -> None:
    with pytest.raises(BadBasket) as refusal:
        priced(*[("rice", "1")] * count)
    assert refusal.value.details["reason"] == (reason or "too_many_lines")
    sentences = [refusal.value.sentence(language) for language in LANGUAGES]
    assert len(set(sentences)) == len(LANGUAGES)


def test_as_many_lines_as_may_be() -> None:
    assert priced(*[("rice", "1")] * LINES_MAX).pays_tiyn == LINES_MAX * 10_000


@given(
    thousandths=st.integers(1, 10_000_000),
    base=st.integers(1, 10**6),
    mark_up=st.integers(0, 10**6),
    draw=st.sampled_from(["discount", "price"]),
    percent=st.sampled_from([None, Decimal(15), Decimal("7.5")]),
)
def test_R2_1_the_voucher_never_pays_less_than_nothing_or_more_than_the_shelf_price(
    thousandths: int, base: int, mark_up: int, draw: str, percent: Decimal | None
) -> None:
    line = line_of(
        one(
            f"{thousandths // 1000}.{thousandths % 1000:03d}",
            shelf=base + mark_up,
            price=base,
            base=base,
            draw=draw,
            discount_cap_percent=percent,
            over_cap="settle",
        )
    )
    assert 0 <= line["pays_tiyn"] <= line["shelf_total_tiyn"]
    assert line["shelf_total_tiyn"] == ((base + mark_up) * thousandths + 500) // 1000


def test_prices_of_the_story_are_within_their_caps() -> None:
    assert priced(("rice", "1"), ("milk", "1"), ("salt", "1"), ("bread", "1")).pays_tiyn == 10_000 + 3_334 + 1
    assert set(PRICES) == {"rice", "milk", "salt", "bread", "beer"}
