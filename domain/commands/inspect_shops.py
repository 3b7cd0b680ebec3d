"""Open and close shops, record loans, and see to their conditions (R2.7, R9–R12, O3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from domain.calendar import local_day
from domain.commands.conflicts import until_saved
from domain.goods import GoodsCatalogue
from domain.identity import catalogue_id, shop_id
from domain.ports import Log
from domain.trade.catalogue import Catalogue
from domain.trade.gtin import canonical_gtin, gtin_is_valid
from domain.trade.prices import missing_positions
from domain.trade.shop import Loan, Shop
from domain.trade.shop_refusals import ShopUnknown

SHOPS_AT_ONCE = 100

T = TypeVar("T")


class Assortment(NamedTuple):
    """What a shop lacks of a goods list on a day; `loan`: it is a breach of R12, and `recorded` when it is news."""

    shop: str
    name: str
    on: str
    goods_version: str
    positions: int
    missing: list[int]
    loan: bool
    recorded: bool


class InspectShops:
    """One shop at a time; every method raises ShopUnknown."""

    def __init__(self, log: Log, lists: Sequence[GoodsCatalogue]) -> None:
        """`lists` are the official goods list first, then programmes' own."""
        self._log = log
        self._lists = lists

    def close(self, shop: str, reason: str, at: datetime) -> bool:
        """Nothing can be bought there any more; False when it was closed before (R2.7)."""
        return self._with(shop, lambda found: found.close(reason, at))

    def open(self, shop: str, at: datetime) -> bool:
        """It sells again; False when it was open (R2.7)."""
        return self._with(shop, lambda found: found.open(at))

    def record_loan(self, shop: str, loan: Loan, at: datetime) -> bool:
        """The shop has this working capital; False when that is known (R9–R11)."""
        return self._with(shop, lambda found: found.record_loan(loan, at))

    def end_loan(self, shop: str, reason: str, at: datetime) -> bool:
        """The loan ended before its day; False when there is none (R11)."""
        return self._with(shop, lambda found: found.end_loan(reason, at))

    def end_price(self, shop: str, gtin: str, valid_from: date, at: datetime) -> None:
        """The shop has the article no more from a day on (O3.1). Raises PriceUnknown, PriceBackdated."""
        known = canonical_gtin(gtin) if gtin_is_valid(gtin) else gtin
        self._with(shop, lambda found: found.end_price(known, valid_from, at))

    def breach(self, shop: str, condition: str, detail: str, at: datetime) -> str:
        """An inspector found a condition not kept; the breach's id (R12). Raises ConditionUnknown, LoanMissing."""
        return self._with(shop, lambda found: found.record_breach(condition, local_day(at), detail, at))

    def mend(self, shop: str, breach: str, detail: str, at: datetime) -> None:
        """The condition is kept again (R12). Raises BreachUnknown."""
        self._with(shop, lambda found: found.mend_breach(breach, local_day(at), detail, at))

    def check(self, shops: Iterable[str], on: date, at: datetime) -> list[Assortment]:
        """What each shop lacks of the official list in force on `on` (O3.1), breaches of R12.2 recorded at `at`.

        Closed shops are left out. Raises GoodsListMissing.
        """
        names = list(shops)
        found: list[Assortment] = []
        for start in range(0, len(names), SHOPS_AT_ONCE):
            some = names[start : start + SHOPS_AT_ONCE]
            found += until_saved(lambda some=some: self._check(some, on, at))  # type: ignore[misc]
        return found

    def _check(self, names: Sequence[str], on: date, at: datetime) -> list[Assortment]:
        goods = self._lists[0].on(on)
        streams = self._log.load([catalogue_id(), *map(shop_id, names)])
        catalogue: Catalogue = streams.get(catalogue_id()) or Catalogue.begin(at)
        found = []
        shops: list[Shop] = []
        for name in names:
            shop: Shop | None = streams.get(shop_id(name))
            if shop is None:
                raise ShopUnknown("shop", shop=name)
            if shop.closed or shop.opened_on > on.isoformat():
                continue
            missing = missing_positions(shop, catalogue, self._lists, goods, on)
            recorded = shop.check_assortment(missing, goods.version, on, at)
            loan = shop.loan_on(on) is not None
            found.append(
                Assortment(
                    name,
                    shop.name,
                    on.isoformat(),
                    goods.version,
                    len(goods.positions),
                    missing,
                    loan,
                    recorded,
                )
            )
            shops.append(shop)
        self._log.save(*shops)
        return found

    def _with(self, name: str, do: Callable[[Shop], T]) -> T:
        def attempt() -> T:
            shop: Shop | None = self._log.load([shop_id(name)]).get(shop_id(name))
            if shop is None:
                raise ShopUnknown("shop", shop=name)
            result = do(shop)
            self._log.save(shop)
            return result

        return until_saved(attempt)
