"""Prices and listed goods of the CRUD application, from its tables, held for a minute."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

HELD_SECONDS = 60.0
FARM_DISCOUNT_PERCENT = 10


class LineRefused(Exception):
    """A line that a rule is against."""

    def __init__(self, code: str, line: int) -> None:
        self.code = code
        self.line = line
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Book:
    """What was in the tables at one moment."""

    positions: dict[str, int]
    listed: dict[int, str]
    prices: dict[tuple[str, str], list[tuple[date, int, str]]]
    market: dict[tuple[int, str], list[tuple[date, int]]]
    kato: dict[str, str]

    def price_line(self, number: int, line: Any, shop: str, day: date) -> tuple[Any, ...]:
        """The columns of redemption_line after its ids. Raises LineRefused."""
        position = self.positions.get(line.gtin)
        history = self.prices.get((shop, line.gtin), [])
        index = bisect_right(history, day, key=lambda entry: entry[0]) - 1
        if position is None or index < 0:
            raise LineRefused("price_missing", number + 1)
        if position not in self.listed:
            raise LineRefused("not_listed", number + 1)
        _, cap, source = history[index]
        if source == "farm":
            market = self.market.get((position, self.kato[shop]), [])
            index = bisect_right(market, day, key=lambda entry: entry[0]) - 1
            if index < 0:
                raise LineRefused("price_missing", number + 1)
            cap = market[index][1] * (100 - FARM_DISCOUNT_PERCENT) // 100
        if line.price_tiyn > cap:
            raise LineRefused("over_cap", number + 1)
        if line.price_tiyn > line.shelf_price_tiyn:
            raise LineRefused("price_out_of_bounds", number + 1)
        quantity = Decimal(line.quantity)
        if not 0 < quantity <= 10_000:
            raise LineRefused("quantity_out_of_bounds", number + 1)
        shelf, price = _total(line.shelf_price_tiyn, quantity), _total(line.price_tiyn, quantity)
        return (
            line.gtin,
            position,
            line.quantity,
            source,
            line.shelf_price_tiyn,
            line.price_tiyn,
            cap,
            shelf,
            price,
            shelf - price,
        )


class Books:
    """The book of this minute; one thread reads it anew, the others go on with the one before."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def now(self, cursor: Any) -> Book:
        """The prices, read through `cursor` when they are a minute old."""
        if self._book is not None and (time.monotonic() < self._until or self._lock.locked()):
            return self._book
        with self._lock:
            if self._book is None or time.monotonic() >= self._until:
                self._book = _read(cursor)
                self._until = time.monotonic() + HELD_SECONDS
            return self._book


def _read(cursor: Any) -> Book:
    prices: dict[tuple[str, str], list[tuple[date, int, str]]] = defaultdict(list)
    cursor.execute("SELECT shop, gtin, valid_from, tiyn, source FROM crud.price ORDER BY valid_from")
    for shop, gtin, *entry in cursor:
        prices[shop, gtin].append(tuple(entry))
    market: dict[tuple[int, str], list[tuple[date, int]]] = defaultdict(list)
    cursor.execute("SELECT position, kato, valid_from, tiyn FROM crud.market ORDER BY valid_from")
    for position, kato, *price in cursor:
        market[position, kato].append(tuple(price))
    cursor.execute("SELECT gtin, position FROM crud.article")
    positions = dict(cursor.fetchall())
    cursor.execute("SELECT position, version FROM crud.goods")
    listed = dict(cursor.fetchall())
    cursor.execute("SELECT id, kato FROM crud.shop WHERE open")
    return Book(positions, listed, dict(prices), dict(market), dict(cursor.fetchall()))


def _total(price_tiyn: int, quantity: Decimal) -> int:
    return int((Decimal(price_tiyn) * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
