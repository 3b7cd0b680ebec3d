"""What a shop may ask for an article on a day, and what of the goods list it has not got (R13, O3.1). Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from domain.basket import ArticlePrice
from domain.goods import GoodsCatalogue, GoodsListMissing, GoodsVersion
from domain.trade.catalogue import MEASURE_OF_UNIT, Catalogue
from domain.trade.market import Market
from domain.trade.shop import FARM, Shop


def listed(
    catalogue: Catalogue, gtin: str, lists: Sequence[GoodsCatalogue], day: date
) -> tuple[GoodsVersion, int] | None:
    """The goods list that has the article on `day`, and its position there; the first of `lists` that does."""
    for goods in lists:
        try:
            version = goods.on(day)
        except GoodsListMissing:
            continue
        position = catalogue.position_in(gtin, version, goods)
        if position is not None and position in version.positions:
            return version, position
    return None


def market_price(
    markets: Iterable[Market | None], goods_version: str, position: int, day: date
) -> int | None:
    """The official price on `day` of the nearest place that has one, in tiyn; `markets` from near to far (R13)."""
    for market in markets:
        price = market.price_on(goods_version, position, day) if market is not None else None
        if price is not None:
            return price
    return None


def article_price(
    shop: Shop,
    catalogue: Catalogue,
    markets: Sequence[Market | None],
    lists: Sequence[GoodsCatalogue],
    gtin: str,
    day: date,
) -> ArticlePrice | None:
    """What the price cap of an article in `shop` on `day` follows from (R13); None where there is nothing to go by.

    `markets` are those of the shop's place, from near to far. The position is 0 for what no list has: it has a price
    and is not listed.
    """
    price = shop.price_on(gtin, day)
    if price is None or gtin not in catalogue.names:
        return None
    found = listed(catalogue, gtin, lists, day)
    if found is None:
        return ArticlePrice(0, price.source, price.tiyn)
    goods, position = found
    if price.source != FARM:
        return ArticlePrice(position, price.source, price.tiyn, goods.version)
    if catalogue.names[gtin][1] != MEASURE_OF_UNIT[goods.positions[position].unit]:
        return None
    official = market_price(markets, goods.version, position, day)
    return None if official is None else ArticlePrice(position, price.source, official, goods.version)


def missing_positions(
    shop: Shop, catalogue: Catalogue, lists: Sequence[GoodsCatalogue], goods: GoodsVersion, day: date
) -> list[int]:
    """The positions of `goods` that the shop has no article of on `day` (O3.1, R12)."""
    there = set()
    for gtin in shop.assortment(day):
        found = listed(catalogue, gtin, lists, day)
        if found is not None and found[0].version == goods.version:
            there.add(found[1])
    return sorted(set(goods.positions) - there)
