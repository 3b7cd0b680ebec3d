"""The desk on real PostgreSQL: what the log has holds at once, in every process, for one query a look (R2.7, R13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.basket import ArticlePrice
from domain.calendar import day_start
from domain.identity import shop_id
from domain.trade.catalogue import Article, Catalogue
from domain.trade.market import Market
from domain.trade.shop import Shop, ShopFacts
from domain.trade.shop_refusals import ShopClosed, ShopUnknown
from infra.postgres import desk as desk_module
from infra.postgres.desk import Desk
from tests.integration.month_in_process import Month, a_month

RICE, POTATOES = "4870000000012", "4870000000036"
L1 = "166-NQ-2023"
FACTS = ShopFacts("Дүкен", "", "", "113220100", "", "2020-01-01")


class Counting(Desk):
    """A desk that notes what it asks for."""

    def __init__(self, month: Month) -> None:
        super().__init__(month.azyq.log, month.azyq.goods_lists)
        self.queries = 0

    def _hear(self) -> int:
        self.queries += 1
        return super()._hear()


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        at = month.at(1)
        catalogue = Catalogue.begin(at)
        catalogue.list_articles(L1, [Article(RICE, "Rice", 5, "kg"), Article(POTATOES, "P", 6, "kg")], at)
        shop = Shop.join("S001", FACTS, at)
        shop.set_prices("2025-07-01", [(RICE, "trade", 25_000), (POTATOES, "farm", 1)], at)
        market = Market.begin("113200000", at)
        market.set_prices(L1, "2025-07-01", [(6, 20_000)], at)
        month.azyq.log.save(catalogue, shop, market)
        yield month


def changed(month: Month, shop: str = "S001") -> Shop:
    found: Shop = month.azyq.log.load([shop_id(shop)])[shop_id(shop)]
    return found


def test_R13_prices_of_a_basket_take_one_query(july: Month) -> None:
    desk = Counting(july)
    expected = {RICE: ArticlePrice(5, "trade", 25_000, L1), POTATOES: ArticlePrice(6, "farm", 20_000, L1)}
    assert desk.of("S001", [RICE, POTATOES, "4870000000050"], july.clock()) == expected
    assert desk.queries == 2  # the shop's place was not known yet
    for _ in range(3):
        assert desk.of("S001", [RICE, POTATOES], july.clock()) == expected
    assert desk.queries == 5
    look = desk.look(["S001", "S002"])
    assert look.of("S001", [RICE], july.clock()).keys() == {RICE}
    assert look.of("S002", [RICE], july.clock()) == {}
    assert desk.queries == 6


def test_R13_a_number_with_zeros_before_it_is_the_same_article(july: Month) -> None:
    desk = Counting(july)
    found = desk.of("S001", [f"0{RICE}", "1", "٤٨٧٠٠٠٠٠٠٠٠١٢", "", "x" * 500], july.clock())
    assert found == {f"0{RICE}": ArticlePrice(5, "trade", 25_000, L1)}


def test_R13_a_price_another_process_sets_holds_at_once(july: Month) -> None:
    desk, others = Counting(july), july.azyq.log
    assert desk.of("S001", [RICE], july.clock())[RICE].base_price_tiyn == 25_000
    shop = changed(july)
    shop.set_prices("2025-07-01", [(RICE, "trade", 24_000)], july.clock())
    others.save(shop)
    assert desk.of("S001", [RICE], july.clock())[RICE].base_price_tiyn == 24_000
    # a look is of its moment
    look = desk.look(["S001"])
    shop.set_prices("2025-07-01", [(RICE, "trade", 23_000)], july.clock())
    others.save(shop)
    assert look.of("S001", [RICE], july.clock())[RICE].base_price_tiyn == 24_000


def test_R13_a_nearer_market_price_and_a_shop_that_moves_are_seen(july: Month) -> None:
    desk = Counting(july)
    assert desk.of("S001", [POTATOES], july.clock())[POTATOES].base_price_tiyn == 20_000
    nearer = Market.begin("113220100", july.clock())
    nearer.set_prices(L1, "2025-07-01", [(6, 30_000)], july.clock())
    july.azyq.log.save(nearer)
    assert desk.of("S001", [POTATOES], july.clock())[POTATOES].base_price_tiyn == 30_000
    shop = changed(july)
    shop.change(FACTS._replace(kato="751110000"), july.clock())
    july.azyq.log.save(shop)
    assert desk.of("S001", [POTATOES], july.clock()) == {}


def test_R13_the_day_of_a_sale_is_the_local_one(july: Month) -> None:
    shop = changed(july)
    shop.set_prices("2025-07-10", [(RICE, "trade", 26_000)], july.clock())
    july.azyq.log.save(shop)
    midnight = day_start(july.at(10).date())
    desk = Counting(july)
    assert desk.of("S001", [RICE], midnight)[RICE].base_price_tiyn == 26_000
    assert (
        desk.of("S001", [RICE], midnight.fromtimestamp(midnight.timestamp() - 1, midnight.tzinfo))[
            RICE
        ].base_price_tiyn
        == 25_000
    )


def test_R2_7_a_closing_holds_at_once(july: Month) -> None:
    desk, programme = Counting(july), july.month.programme
    desk.check_sale("S001", programme, july.clock())
    july.azyq.inspect_shops.close("S001", "", july.clock())
    with pytest.raises(ShopClosed):
        desk.check_sale("S001", programme, july.clock())
    with pytest.raises(ShopUnknown):
        desk.check_sale("S002", programme, july.clock())
    july.azyq.log.save(Shop.join("S002", FACTS, july.clock()))
    desk.check_sale("S002", programme, july.clock())


def test_R2_7_a_closing_holds_at_once_however_much_else_happened(
    july: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "NEWS_AT_ONCE", 5)
    desk, shop = Counting(july), changed(july)
    assert not desk.look(["S001"]).shop("S001").closed  # type: ignore[union-attr]
    # one event among others, the first of too many to be looked through, then one by one
    for others in (3, 30, 0):
        shop = changed(july)
        if shop.closed:
            shop.open(july.clock())
        else:
            shop.close("test", july.clock())
        july.azyq.log.save(shop, *(Shop.join(f"Y{others}-{n}", FACTS, july.clock()) for n in range(others)))
        found = desk.shop("S001")
        assert found is not None
        assert found.closed == shop.closed


def test_R2_7_what_a_slower_reader_brings_is_not_kept_over_what_is_newer(
    july: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Counting(july)
    desk.look(["S001"])
    shop = changed(july)
    shop.close("test", july.clock())
    july.azyq.log.save(shop)
    load = july.azyq.log.load

    def overtaken(streams: list[Any]) -> dict[Any, Any]:
        """Read, and before it is kept the shop opens again and the desk hears of it."""
        found = load(streams)
        monkeypatch.setattr(july.azyq.log, "load", load)
        again = changed(july)
        again.open(july.clock())
        july.azyq.log.save(again)
        desk.shop("S002")
        return found

    monkeypatch.setattr(july.azyq.log, "load", overtaken)
    slower = desk.shop("S001")
    assert slower is not None
    assert slower.closed  # as it was when it looked
    after = desk.shop("S001")
    assert after is not None
    assert not after.closed


def test_what_is_kept_is_bounded(july: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "STREAMS_KEPT", 8)
    desk = Counting(july)
    july.azyq.log.save(*(Shop.join(f"X{n}", FACTS, july.clock()) for n in range(20)))
    for number in range(20):
        assert desk.shop(f"X{number}") is not None
    assert len(desk._kept) == 8
    assert desk.of("S001", [RICE], july.clock()).keys() == {RICE}
