"""What a basket costs the voucher: listed goods (R6), price caps (R13), the draw (R2.1). Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from domain.errors import Refusal
from domain.goods import GoodsVersion
from domain.money import kzt, line_total_tiyn
from domain.programmes import Terms
from domain.voucher_refusals import BadBasket, NoPrice, NotListed, OverCap

LINES_MAX = 200
QUANTITY_MAX = Decimal(10_000)
PRICE_TIYN_MAX = 10**9


@dataclass(frozen=True, slots=True, repr=False)
class BasketLine:
    """What the till sends of one article: prices in tiyn a unit, quantity with at most 3 places."""

    gtin: str
    quantity: Decimal
    shelf_price_tiyn: int
    price_tiyn: int

    def __repr__(self) -> str:
        """The dataclass's own, in a fifth of its time: a purchase's body is hashed by it, and must stay what it was."""
        return (
            f"BasketLine(gtin={self.gtin!r}, quantity={self.quantity!r},"
            f" shelf_price_tiyn={self.shelf_price_tiyn!r}, price_tiyn={self.price_tiyn!r})"
        )


@dataclass(frozen=True, slots=True)
class ArticlePrice:
    """What the shop may ask (R13): its purchase price, or for goods straight from a farm the market price (tiyn)."""

    position: int
    source: str  # "trade" or "farm"
    base_price_tiyn: int  # trade: purchase price; farm: official market price
    goods_version: str | None = None  # the list that numbers the position; None: the one in force


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """Lines as they go into the event, and what the voucher pays for all of them."""

    lines: list[dict[str, Any]]
    pays_tiyn: int
    goods_version: str
    left_out: tuple[tuple[Refusal, str], ...] = ()  # of a mixed basket: (why, gtin) of each line not priced


def cap_tiyn(price: ArticlePrice, terms: Terms) -> int:
    """The highest discounted price of one unit in whole tiyn (R13).

    Of farm goods it is "at least" so much below the market: a part of a tiyn is left off, never rounded up.
    """
    if price.source == "farm":
        return int(price.base_price_tiyn * (100 - terms.farm_discount_percent) / 100)
    return price.base_price_tiyn


def price_basket(
    lines: Sequence[BasketLine],
    prices: Mapping[str, ArticlePrice],
    goods: GoodsVersion,
    terms: Terms,
    partial: bool = False,
) -> PricedBasket:
    """Price `lines` under `terms`; raises BadBasket, or NotListed, NoPrice or OverCap naming the line.

    Of the latter the first is raised, with those of the other lines in `also`. With `partial` the lines that are not
    listed or have no price are left out, as long as one is left.
    """
    if not lines:
        raise BadBasket("lines", reason="no_lines")
    if len(lines) > LINES_MAX:
        raise BadBasket("lines", reason="too_many_lines", limit=LINES_MAX)
    priced: list[dict[str, Any]] = []
    refused: list[Refusal] = []
    left_out: list[tuple[Refusal, str]] = []
    for number, line in enumerate(lines):
        try:
            priced.append(_priced_line(number, line, prices, goods, terms))
        except (NotListed, NoPrice, OverCap) as refusal:
            refused.append(refusal)
            left_out.append((refusal, line.gtin))
    if refused and (not partial or not priced or any(isinstance(refusal, OverCap) for refusal in refused)):
        first, *others = refused
        first.also = tuple(others)
        raise first
    pays = sum(line["pays_tiyn"] for line in priced)
    return PricedBasket(priced, pays, goods.version, tuple(left_out))


@lru_cache(maxsize=10_000)
def _measured(quantity: Decimal) -> tuple[int | None, str]:
    """A quantity in thousandths, None when it is finer; and as it is written, without zeros that say nothing."""
    whole = quantity == quantity.quantize(Decimal("0.001"))
    return int(quantity * 1000) if whole else None, format(quantity.normalize(), "f")


def _priced_line(
    number: int,
    line: BasketLine,
    prices: Mapping[str, ArticlePrice],
    goods: GoodsVersion,
    terms: Terms,
) -> dict[str, Any]:
    quantity = line.quantity
    if not (quantity.is_finite() and 0 < quantity <= QUANTITY_MAX):
        raise BadBasket(f"lines/{number}/quantity", reason="quantity_out_of_bounds", line=number + 1)
    thousandths, quantity_text = _measured(quantity)
    if thousandths is None:
        raise BadBasket(f"lines/{number}/quantity", reason="quantity_too_fine", line=number + 1)
    if not (0 < line.price_tiyn <= PRICE_TIYN_MAX and 0 < line.shelf_price_tiyn <= PRICE_TIYN_MAX):
        raise BadBasket(f"lines/{number}/price_tiyn", reason="price_out_of_bounds", line=number + 1)
    if line.price_tiyn > line.shelf_price_tiyn:
        raise BadBasket(f"lines/{number}/price_tiyn", reason="price_above_shelf", line=number + 1)
    price = prices.get(line.gtin)
    if price is None:
        raise NoPrice(f"lines/{number}", line=number + 1)
    if price.position not in goods.positions or price.goods_version not in (None, goods.version):
        raise NotListed(f"lines/{number}", line=number + 1, goods_version=goods.version)
    cap = cap_tiyn(price, terms)
    unit_price = line.price_tiyn
    if unit_price > cap:
        if terms.over_cap == "refuse":
            raise OverCap(f"lines/{number}/price_tiyn", line=number + 1, price=kzt(unit_price), cap=kzt(cap))
        unit_price = cap
    # Half up, as line_total_tiyn does, in whole numbers.
    shelf_total = (line.shelf_price_tiyn * thousandths + 500) // 1000
    price_total = (unit_price * thousandths + 500) // 1000
    pays = price_total if terms.draw == "price" else shelf_total - price_total
    limit = None
    if terms.draw == "discount" and terms.discount_cap_percent is not None:
        limit = line_total_tiyn(price.base_price_tiyn, quantity * terms.discount_cap_percent / 100)
        if pays > limit:
            if terms.over_cap == "refuse":
                raise OverCap(
                    f"lines/{number}/shelf_price_tiyn", line=number + 1, price=kzt(pays), cap=kzt(limit)
                )
            pays = limit
    return {
        "gtin": line.gtin,
        "position": price.position,
        "quantity": quantity_text,
        "source": price.source,
        "shelf_price_tiyn": line.shelf_price_tiyn,
        "price_tiyn": unit_price,
        "cap_tiyn": cap,
        "limit_tiyn": limit,
        "shelf_total_tiyn": shelf_total,
        "price_total_tiyn": price_total,
        "pays_tiyn": pays,
    }
