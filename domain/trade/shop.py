"""A shop that takes part: where it is, whether it is open, what it pays for its goods, its loan (R2.7, R9–R13).

Guards stand in the public methods; the events (`domain.trade.shop_events`) only apply, for they also run at replay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.calendar import local_day
from domain.identity import shop_id
from domain.programmes import Programme
from domain.trade import shop_events as events
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

PRICES_AT_ONCE = 500
TRADE, FARM, NONE = "trade", "farm", "none"
CATALOGUE, ASSORTMENT, LABEL = CONDITIONS = ("catalogue", "assortment", "label")


class ShopFacts(NamedTuple):
    """What a file of shops says of one; `trader` is a keyed digest of a sole trader's IIN, who has no BIN."""

    name: str
    bin: str
    trader: str
    kato: str
    address: str
    opened_on: str  # YYYY-MM-DD


class Loan(NamedTuple):
    """Working capital by a contract, up to and including a day (R9–R11)."""

    contract: str
    until: str  # YYYY-MM-DD


class Breach(NamedTuple):
    """A condition of R12 that is not kept since `found_on`; of an assortment, the positions not on the shelves."""

    condition: str
    found_on: str
    missing: tuple[int, ...]
    goods_version: str


class PurchasePrice(NamedTuple):
    """What the shop pays from a day on: `source` is trade, farm, or none for what it no longer has."""

    valid_from: str  # YYYY-MM-DD
    source: str
    tiyn: int


class Shop(Aggregate):
    """One outlet; prices by article in order of their first day, which is the history (R13)."""

    TOPIC = "shop"

    Event = events.Event
    Created = events.Created
    Joined = events.Joined
    Changed = events.Changed
    Closed = events.Closed
    Opened = events.Opened
    LoanRecorded = events.LoanRecorded
    LoanEnded = events.LoanEnded
    BreachRecorded = events.BreachRecorded
    BreachMended = events.BreachMended
    PricesSet = events.PricesSet

    def __init__(
        self, shop: str, name: str, bin: str, trader: str, kato: str, address: str, opened_on: str
    ) -> None:
        self.shop = shop
        self.name = name
        self.bin = bin
        self.trader = trader
        self.kato = kato
        self.address = address
        self.opened_on = opened_on
        self.closed = False
        self.loan: tuple[str, str] | None = None
        self.breaches: dict[str, tuple[str, str, tuple[int, ...], str]] = {}
        self.breaches_recorded = 0
        self.prices: dict[str, list[tuple[str, str, int]]] = {}

    @staticmethod
    def create_id(shop: str) -> UUID:
        return shop_id(shop)

    # --- the outlet -----------------------------------------------------------------------------------

    @classmethod
    def join(cls, shop: str, facts: ShopFacts, at: datetime) -> Shop:
        """A shop that no file named before (R2.7)."""
        return cls._create(cls.Joined, shop=shop, **facts._asdict(), timestamp=at)

    @property
    def facts(self) -> ShopFacts:
        return ShopFacts(self.name, self.bin, self.trader, self.kato, self.address, self.opened_on)

    def change(self, facts: ShopFacts, at: datetime) -> bool:
        """What a file says of the shop now; False when that is nothing new."""
        if facts == self.facts:
            return False
        self.trigger_event(self.Changed, shop=self.shop, **facts._asdict(), timestamp=at)
        return True

    def close(self, reason: str, at: datetime) -> bool:
        """From `at` on nothing can be bought here; False when it is closed already."""
        if self.closed:
            return False
        self.trigger_event(self.Closed, shop=self.shop, reason=reason, timestamp=at)
        return True

    def open(self, at: datetime) -> bool:
        """It sells again; False when it is open already."""
        if not self.closed:
            return False
        self.trigger_event(self.Opened, shop=self.shop, timestamp=at)
        return True

    # --- prices ---------------------------------------------------------------------------------------

    def price_on(self, gtin: str, day: date) -> PurchasePrice | None:
        """What the shop pays for the article on the local `day`; None when it has it not, or not any more."""
        history = self.prices.get(gtin, ())
        index = bisect_right(history, day.isoformat(), key=itemgetter(0)) - 1
        if index < 0 or history[index][1] == NONE:
            return None
        return PurchasePrice(*history[index])

    def would_rewrite(self, gtin: str, valid_from: str, today: date) -> bool:
        """Whether a price from that day on would change what was in force on a day that is over (R13)."""
        history = self.prices.get(gtin)
        return history is not None and history[0][0] <= valid_from < today.isoformat()

    def set_prices(self, valid_from: str, prices: Sequence[tuple[str, str, int]], at: datetime) -> int:
        """Prices (article, source, tiyn) from a day on; how many of them were not known yet (R13)."""
        new = [
            [gtin, source, tiyn]
            for gtin, source, tiyn in prices
            if (valid_from, source, tiyn) not in self.prices.get(gtin, ())
        ]
        for start in range(0, len(new), PRICES_AT_ONCE):
            self.trigger_event(
                self.PricesSet,
                shop=self.shop,
                valid_from=valid_from,
                prices=new[start : start + PRICES_AT_ONCE],
                timestamp=at,
            )
        return len(new)

    def end_price(self, gtin: str, valid_from: date, at: datetime) -> None:
        """The shop has the article no more from a day on (O3.1). Raises PriceUnknown, PriceBackdated."""
        if self.price_on(gtin, valid_from) is None:
            raise PriceUnknown("gtin", shop=self.shop, gtin=gtin, day=valid_from.isoformat())
        if valid_from < local_day(at):
            raise PriceBackdated("from", day=local_day(at).isoformat())
        self.set_prices(valid_from.isoformat(), [(gtin, NONE, 0)], at)

    def assortment(self, day: date) -> list[str]:
        """The articles the shop has on the local `day` (O3.1)."""
        return sorted(gtin for gtin in self.prices if self.price_on(gtin, day) is not None)

    # --- the loan and its conditions ------------------------------------------------------------------

    def loan_on(self, day: date) -> Loan | None:
        """The loan that runs on `day` (R9–R11)."""
        if self.loan is None or self.loan[1] < day.isoformat():
            return None
        return Loan(*self.loan)

    def record_loan(self, loan: Loan, at: datetime) -> bool:
        """The shop has this loan (R9–R11); False when that is known."""
        if self.loan == tuple(loan):
            return False
        self.trigger_event(self.LoanRecorded, shop=self.shop, **loan._asdict(), timestamp=at)
        return True

    def end_loan(self, reason: str, at: datetime) -> bool:
        """The loan is over before its day (R11); False when there is none."""
        if self.loan is None:
            return False
        self.trigger_event(self.LoanEnded, shop=self.shop, contract=self.loan[0], reason=reason, timestamp=at)
        return True

    def breach_of(self, condition: str) -> tuple[str, Breach] | None:
        """The open breach of a condition, with its id."""
        for breach, standing in self.breaches.items():
            if standing[0] == condition:
                return breach, Breach(*standing)
        return None

    def record_breach(self, condition: str, found_on: date, detail: str, at: datetime) -> str:
        """An inspector found a condition of the loan not kept (R12); the breach's id, of one that stands the same.

        Raises ConditionUnknown, LoanMissing.
        """
        if condition not in CONDITIONS:
            raise ConditionUnknown("condition", condition=condition, conditions=", ".join(CONDITIONS))
        if self.loan_on(found_on) is None:
            raise LoanMissing("shop", shop=self.shop, day=found_on.isoformat())
        standing = self.breach_of(condition)
        if standing is not None:
            return standing[0]
        return self._record(condition, found_on, detail, [], "", at)

    def mend_breach(self, breach: str, mended_on: date, detail: str, at: datetime) -> None:
        """The condition is kept again (R12). Raises BreachUnknown."""
        if breach not in self.breaches:
            raise BreachUnknown("breach", breach=breach, shop=self.shop)
        self.trigger_event(
            self.BreachMended,
            shop=self.shop,
            breach=breach,
            mended_on=mended_on.isoformat(),
            detail=detail,
            timestamp=at,
        )

    def check_assortment(self, missing: Sequence[int], goods_version: str, on: date, at: datetime) -> bool:
        """The positions of the goods list `missing` on `on` (O3.1), a breach for a shop with a loan (R12).

        Recorded when they are others than before, mended when there are none; whether anything was recorded.
        """
        standing = self.breach_of(ASSORTMENT)
        if self.loan_on(on) is None and standing is None:
            return False
        if not missing or self.loan_on(on) is None:
            if standing is None:
                return False
            self.mend_breach(standing[0], on, "", at)
            return True
        if standing is None:
            self._record(ASSORTMENT, on, "", list(missing), goods_version, at)
            return True
        if (standing[1].missing, standing[1].goods_version) == (tuple(missing), goods_version):
            return False
        found_on = date.fromisoformat(standing[1].found_on)
        self._record(ASSORTMENT, found_on, "", list(missing), goods_version, at, standing[0])
        return True

    def _record(
        self,
        condition: str,
        found_on: date,
        detail: str,
        missing: list[int],
        goods_version: str,
        at: datetime,
        breach: str | None = None,
    ) -> str:
        breach = breach or uuid5(self.id, f"breach/{self.breaches_recorded + 1}").hex
        self.trigger_event(
            self.BreachRecorded,
            shop=self.shop,
            breach=breach,
            condition=condition,
            found_on=found_on.isoformat(),
            detail=detail,
            missing=missing,
            goods_version=goods_version,
            timestamp=at,
        )
        return breach


def check_shop(shop: Shop | None, name: str, programme: Programme, at: datetime) -> Shop:
    """The shop, when vouchers of `programme` can be spent there at `at` (R2.7, R4).

    Raises ShopUnknown, ShopClosed, ShopNotOpenYet, ShopOutsideRegion.
    """
    if shop is None:
        raise ShopUnknown("shop", shop=name)
    if shop.closed:
        raise ShopClosed("shop", shop=name)
    if local_day(at).isoformat() < shop.opened_on:
        raise ShopNotOpenYet("shop", shop=name, opened_on=shop.opened_on)
    if not programme.covers(shop.kato):
        raise ShopOutsideRegion("shop", shop=name, programme=programme.id)
    return shop
