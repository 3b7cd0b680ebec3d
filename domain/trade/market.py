"""The official market retail prices of a place, which goods straight from a farm are measured by (R13)."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.identity import market_id

PRICES_AT_ONCE = 500


class Market(Aggregate):
    """One place (KATO): prices by version of the goods list and position, in order of their first day."""

    TOPIC = "market"

    class Event(Aggregate.Event):
        kato: str

    class Created(Aggregate.Created, Event):
        """The first event of a place's market."""

        TOPIC = "market.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """Official prices are known of this place (R13)."""

        TOPIC = "market.begun"

    class PricesSet(Event):
        """Official retail prices [position, tiyn] from a day on, positions as a goods list numbers them (R13)."""

        TOPIC = "market.prices_set"
        goods_version: str
        valid_from: str
        prices: list[list[int]]

        def apply(self, market: Any) -> None:
            for position, tiyn in self.prices:
                history = market.prices.setdefault((self.goods_version, position), [])
                history[:] = [entry for entry in history if entry[0] != self.valid_from]
                insort(history, (self.valid_from, tiyn))

    def __init__(self, kato: str) -> None:
        self.kato = kato
        self.prices: dict[tuple[str, int], list[tuple[str, int]]] = {}

    @staticmethod
    def create_id(kato: str) -> UUID:
        return market_id(kato)

    @classmethod
    def begin(cls, kato: str, at: datetime) -> Market:
        """A place without a price."""
        return cls._create(cls.Begun, kato=kato, timestamp=at)

    def price_on(self, goods_version: str, position: int, day: date) -> int | None:
        """The price in force on the local `day`, in tiyn a unit of the position."""
        history = self.prices.get((goods_version, position), ())
        index = bisect_right(history, day.isoformat(), key=itemgetter(0)) - 1
        return None if index < 0 else history[index][1]

    def would_rewrite(self, goods_version: str, position: int, valid_from: str, today: date) -> bool:
        """Whether a price from that day on would change what was in force on a day that is over (R13)."""
        history = self.prices.get((goods_version, position))
        return history is not None and history[0][0] <= valid_from < today.isoformat()

    def set_prices(
        self, goods_version: str, valid_from: str, prices: Sequence[tuple[int, int]], at: datetime
    ) -> int:
        """Prices (position, tiyn) from a day on; how many of them were not known yet."""
        new = [
            [position, tiyn]
            for position, tiyn in prices
            if (valid_from, tiyn) not in self.prices.get((goods_version, position), ())
        ]
        for start in range(0, len(new), PRICES_AT_ONCE):
            self.trigger_event(
                self.PricesSet,
                kato=self.kato,
                goods_version=goods_version,
                valid_from=valid_from,
                prices=new[start : start + PRICES_AT_ONCE],
                timestamp=at,
            )
        return len(new)


def places_of(kato: str) -> tuple[str, ...]:
    """The place and those it lies in, the nearest first: settlement, rural district, district, oblast."""
    return tuple(dict.fromkeys((kato, f"{kato[:6]}000", f"{kato[:4]}00000", f"{kato[:2]}0000000")))
