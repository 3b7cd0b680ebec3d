"""What happens to a shop: the events of `domain.trade.shop.Shop`.

Stored for ever by TOPIC and fields, as those of `domain.family_events`. Prices are tiyn a unit, days ISO 8601.
"""

from __future__ import annotations

from bisect import insort
from typing import Any

from eventsourcing.domain import Aggregate


class Event(Aggregate.Event):
    """What all have in common: the shop's own id, so that each can be read by itself."""

    shop: str


class Created(Aggregate.Created, Event):
    """The first event of a shop."""

    TOPIC = "shop.created"  # the library wants one; Joined is what happens


class Joined(Created):
    """A stationary outlet takes part (R2.7).

    `bin` is the company's; a sole trader has an IIN instead, of which there is only a keyed digest, `trader`.
    """

    TOPIC = "shop.joined"
    name: str
    bin: str
    trader: str
    kato: str
    address: str
    opened_on: str


class Changed(Event):
    """A later file says something else of the shop (R2.7)."""

    TOPIC = "shop.changed"
    name: str
    bin: str
    trader: str
    kato: str
    address: str
    opened_on: str

    def apply(self, shop: Any) -> None:
        """The shop as the file has it."""
        shop.name = self.name
        shop.bin = self.bin
        shop.trader = self.trader
        shop.kato = self.kato
        shop.address = self.address
        shop.opened_on = self.opened_on


class Closed(Event):
    """From now on nothing can be bought here (R2.7)."""

    TOPIC = "shop.closed"
    reason: str

    def apply(self, shop: Any) -> None:
        """The shop is closed."""
        shop.closed = True


class Opened(Event):
    """The shop that was closed sells again (R2.7)."""

    TOPIC = "shop.opened"

    def apply(self, shop: Any) -> None:
        """The shop is open."""
        shop.closed = False


class LoanRecorded(Event):
    """The shop has working capital by this contract (R9–R11)."""

    TOPIC = "shop.loan_recorded"
    contract: str
    until: str

    def apply(self, shop: Any) -> None:
        """The shop has this loan."""
        shop.loan = (self.contract, self.until)


class LoanEnded(Event):
    """The working capital was paid back, or called back, before its day (R11)."""

    TOPIC = "shop.loan_ended"
    contract: str
    reason: str

    def apply(self, shop: Any) -> None:
        """The shop has no loan."""
        shop.loan = None


class BreachRecorded(Event):
    """A condition of the loan is not kept (R12): catalogue, assortment or label.

    Of an assortment, `missing` are the positions of the goods list that are not on the shelves (O3.1); recorded again
    with the same `breach` when they are others than before.
    """

    TOPIC = "shop.breach_recorded"
    breach: str
    condition: str
    found_on: str
    detail: str
    missing: list[int]
    goods_version: str

    def apply(self, shop: Any) -> None:
        """The breach stands."""
        shop.breaches[self.breach] = (self.condition, self.found_on, tuple(self.missing), self.goods_version)
        shop.breaches_recorded += 1


class BreachMended(Event):
    """The condition is kept again (R12)."""

    TOPIC = "shop.breach_mended"
    breach: str
    mended_on: str
    detail: str

    def apply(self, shop: Any) -> None:
        """The breach is over."""
        del shop.breaches[self.breach]


class PricesSet(Event):
    """What the shop pays for its articles from a day on (R2.1, R13).

    The source is trade, farm (straight from a producer), or none: no longer in the assortment (O3.1).
    """

    TOPIC = "shop.prices_set"
    valid_from: str
    prices: list[list[Any]]

    def apply(self, shop: Any) -> None:
        """The prices are those of that day; one set before for the same day gives way."""
        for gtin, source, tiyn in self.prices:
            history = shop.prices.setdefault(gtin, [])
            history[:] = [entry for entry in history if entry[0] != self.valid_from]
            insort(history, (self.valid_from, source, tiyn))
