"""What a price cap follows from: purchase prices, positions of goods lists, official market prices (R13, R2.3, O3.1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.basket import ArticlePrice, BasketLine, cap_tiyn, price_basket
from domain.goods import load_goods
from domain.trade.catalogue import Article, Catalogue
from domain.trade.market import Market, places_of
from domain.trade.prices import article_price, listed, missing_positions
from domain.trade.shop import Shop, ShopFacts
from domain.voucher_refusals import NotListed
from infra.programmes import load_programmes
from infra.settings import ROOT
from tests.unit.given_when_then import TERMS, on

GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
GAS = load_programmes(ROOT / "programmes")["gas-2025"].own_goods
OLD, NEW = (version.version for version in GOODS.versions)
FLOUR, PACK, POTATOES, HORNS = "4870000000012", "4870000000029", "4870000000036", "4870000000043"
JULY, JANUARY = date(2025, 7, 10), date(2026, 1, 10)


@pytest.fixture
def catalogue() -> Catalogue:
    found = Catalogue.begin(on(1))
    found.list_articles(
        OLD,
        [
            Article(FLOUR, "Flour", 1, "kg"),
            Article(PACK, "Potatoes, a net", 6, "piece"),
            Article(POTATOES, "Potatoes", 6, "kg"),
            Article(HORNS, "Horns", 3, "kg"),
        ],
        on(1),
    )
    return found


@pytest.fixture
def shop() -> Shop:
    found = Shop.join("S001", ShopFacts("Дүкен", "", "", "113220100", "", "2020-01-01"), on(1))
    found.set_prices("2025-07-01", [(FLOUR, "trade", 20_000), (HORNS, "trade", 25_000)], on(1))
    found.set_prices("2025-07-01", [(POTATOES, "farm", 9_000), (PACK, "farm", 9_000)], on(1))
    return found


def price(
    shop: Shop, catalogue: Catalogue, gtin: str, day: date, *markets: Market | None
) -> ArticlePrice | None:
    return article_price(shop, catalogue, markets, (GOODS,), gtin, day)


def market(kato: str, tiyn: int, valid_from: str = "2025-07-01", position: int = 6) -> Market:
    found = Market.begin(kato, on(1))
    found.set_prices(OLD, valid_from, [(position, tiyn)], on(1))
    return found


def test_R13_bought_goods_go_at_the_purchase_price(shop: Shop, catalogue: Catalogue) -> None:
    found = price(shop, catalogue, FLOUR, JULY)
    assert found == ArticlePrice(1, "trade", 20_000, OLD)
    assert found is not None
    assert cap_tiyn(found, TERMS) == 20_000


def test_R13_a_farms_goods_go_at_least_10_percent_below_the_market(shop: Shop, catalogue: Catalogue) -> None:
    found = price(shop, catalogue, POTATOES, JULY, market("113220100", 33_333))
    assert found == ArticlePrice(6, "farm", 33_333, OLD)
    assert found is not None
    assert cap_tiyn(found, TERMS) == 29_999  # 29 999.7: a part of a tiyn is left off


def test_R13_the_nearest_place_with_an_official_price_counts(shop: Shop, catalogue: Catalogue) -> None:
    assert places_of("113220100") == ("113220100", "113220000", "113200000", "110000000")
    assert places_of("110000000") == ("110000000",)
    district, oblast = market("113200000", 200), market("110000000", 300)
    nothing_yet = market("113220100", 100, "2025-07-11")
    found = price(shop, catalogue, POTATOES, JULY, nothing_yet, None, district, oblast)
    assert found is not None
    assert found.base_price_tiyn == 200


def test_R13_without_an_official_price_a_farms_goods_have_none(shop: Shop, catalogue: Catalogue) -> None:
    assert price(shop, catalogue, POTATOES, JULY) is None
    assert price(shop, catalogue, POTATOES, JULY, market("113220100", 100, position=7)) is None
    # The market's price is for a kilogram, not for a net of some.
    assert price(shop, catalogue, PACK, JULY, market("113220100", 100)) is None


def test_R13_market_prices_have_a_history(catalogue: Catalogue) -> None:
    found = market("113220100", 100)
    assert found.set_prices(OLD, "2025-07-01", [(6, 100)], on(1)) == 0
    assert found.set_prices(OLD, "2025-07-15", [(6, 120)], on(2)) == 1
    assert [found.price_on(OLD, 6, date(2025, 7, day)) for day in (1, 14, 15)] == [100, 100, 120]
    assert found.price_on(OLD, 6, date(2025, 6, 30)) is None
    assert found.would_rewrite(OLD, 6, "2025-07-02", date(2025, 7, 3))
    assert not found.would_rewrite(OLD, 6, "2025-06-02", date(2025, 7, 3))
    assert not found.would_rewrite(OLD, 7, "2025-07-02", date(2025, 7, 3))


def test_R2_3_an_article_follows_its_goods_into_a_new_list(catalogue: Catalogue) -> None:
    assert listed(catalogue, FLOUR, (GOODS,), JULY) == (GOODS.on(JULY), 1)
    # Potatoes stand in both lists under one name; loose horns of the old list are not what the new one calls horns.
    assert listed(catalogue, POTATOES, (GOODS,), JANUARY) == (GOODS.on(JANUARY), 6)
    assert listed(catalogue, HORNS, (GOODS,), JANUARY) is None
    catalogue.list_articles(NEW, [Article(HORNS, "Horns", 3, "kg")], on(1))
    assert listed(catalogue, HORNS, (GOODS,), JANUARY) == (GOODS.on(JANUARY), 3)
    assert listed(catalogue, HORNS, (GOODS,), JULY) == (GOODS.on(JULY), 3)


def test_R6_what_no_list_has_is_told_from_what_has_no_price(shop: Shop, catalogue: Catalogue) -> None:
    assert price(shop, catalogue, HORNS, JANUARY) == ArticlePrice(0, "trade", 25_000)
    assert price(shop, catalogue, "4870000000050", JULY) is None


def test_R6_an_article_of_another_programmes_list_is_not_listed(shop: Shop, catalogue: Catalogue) -> None:
    assert GAS is not None
    found = price(shop, catalogue, FLOUR, JULY)
    assert found is not None
    gas = GAS.versions[0]
    assert found.position in gas.positions  # by its number alone it would be gas
    with pytest.raises(NotListed):
        price_basket([BasketLine(FLOUR, Decimal(1), 30_000, 20_000)], {FLOUR: found}, gas, TERMS)


def test_O3_1_what_a_shop_has_not_got_of_the_list(shop: Shop, catalogue: Catalogue) -> None:
    missing = missing_positions(shop, catalogue, (GOODS,), GOODS.on(JULY), JULY)
    assert missing == [n for n in range(1, 20) if n not in (1, 3, 6)]
    shop.set_prices("2025-07-11", [(FLOUR, "none", 0)], on(10))
    assert 1 in missing_positions(shop, catalogue, (GOODS,), GOODS.on(JULY), date(2025, 7, 11))
    assert 1 not in missing_positions(shop, catalogue, (GOODS,), GOODS.on(JULY), JULY)


def test_R2_17_articles_are_listed_once_and_change() -> None:
    found = Catalogue.begin(on(1))
    rice = Article(FLOUR, "Rice", 5, "kg")
    assert found.list_articles(OLD, [rice], on(1)) == 1
    assert found.list_articles(OLD, [rice], on(2)) == 0
    assert found.list_articles(OLD, [rice._replace(name="Rice, round")], on(3)) == 1
    assert found.find(FLOUR, OLD) == rice._replace(name="Rice, round")
    assert found.find(FLOUR, NEW) is None
    many = [Article(f"{n:013}", "Rice", 5, "kg") for n in range(1_001)]
    found.collect_events()
    assert found.list_articles(OLD, many, on(4)) == 1_001
    assert [len(event.articles) for event in found.collect_events()] == [500, 500, 1]  # type: ignore[attr-defined]
