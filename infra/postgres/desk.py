"""The desk: shops, articles, prices and whatever else a till asks for, read from the log and kept in memory.

One query a batch tells what has happened to any of them since the one before; what is concerned is read again. So a
price, a closing or a revocation holds at once, in every process, without waiting for a view.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain.basket import ArticlePrice
from domain.calendar import local_day
from domain.goods import GoodsCatalogue
from domain.identity import catalogue_id, market_id, shop_id
from domain.programmes import Programme
from domain.trade.catalogue import Catalogue
from domain.trade.gtin import canonical_gtin, gtin_is_valid
from domain.trade.market import Market, places_of
from domain.trade.prices import article_price
from domain.trade.shop import Shop, check_shop
from infra.postgres.log import PostgresLog
from infra.postgres.prepared import EXECUTE_NEWS

STREAMS_KEPT = 20_000  # a shop with 300 articles is some 100 kB
PRICE_LISTS_KEPT = 2_000  # of a shop and a day each
NEWS_AT_ONCE = 20_000  # events that are looked through; beyond that all is read again
NOWHERE = 2**62  # after every event


@lru_cache(maxsize=100_000)
def _shop(shop: str) -> UUID:
    return shop_id(shop)


@lru_cache(maxsize=20_000)
def _markets(kato: str) -> tuple[UUID, ...]:
    """Streams of the market prices of a place, from near to far."""
    return tuple(map(market_id, places_of(kato)))


# By shop, versions of all that its prices follow from, and day: the prices that were asked for, filled as they are.
PriceList = Callable[[UUID, tuple[int, ...], date], dict[str, ArticlePrice]]


class Look:
    """What the desk knew at one moment. Nobody may record anything on the aggregates in it: they are shared."""

    def __init__(
        self, streams: Mapping[UUID, Any], lists: Sequence[GoodsCatalogue], price_list: PriceList
    ) -> None:
        self._streams = streams
        self._lists = lists
        self._price_list = price_list
        self._known: dict[tuple[str, date], dict[str, ArticlePrice]] = {}

    def stream(self, stream: UUID) -> Any:
        """The aggregate of a stream that was asked for; None when it has no events."""
        return self._streams[stream]

    def shop(self, shop: str) -> Shop | None:
        """The shop of this id, one of those asked for (R2.7)."""
        found: Shop | None = self._streams[_shop(shop)]
        return found

    @property
    def catalogue(self) -> Catalogue | None:
        """The articles; None before the first (R2.17)."""
        found: Catalogue | None = self._streams[catalogue_id()]
        return found

    def markets(self, shop: Shop) -> list[Market | None]:
        """The markets that a shop's farm goods are measured by, from near to far (R13)."""
        return [self._streams.get(market) for market in _markets(shop.kato)]

    def check_sale(self, shop: str, programme: Programme, at: datetime) -> None:
        """Raises ShopUnknown, ShopClosed, ShopNotOpenYet, ShopOutsideRegion (R2.7, R4)."""
        check_shop(self.shop(shop), shop, programme, at)

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> dict[str, ArticlePrice]:
        """The price in force at `at` of each article the shop has one for, by the number as it was given (R13)."""
        there, catalogue, day = self.shop(shop), self.catalogue, local_day(at)
        if there is None or catalogue is None:
            return {}
        known = self._known.get((shop, day))
        if known is None:
            versions = tuple(one.version if one else 0 for one in (there, catalogue, *self.markets(there)))
            known = self._known[shop, day] = self._price_list(there.id, versions, day)
        found = {}
        for gtin in gtins:
            price = known.get(gtin)
            if price is None:
                number = gtin if len(gtin) == 13 else canonical_gtin(gtin) if gtin_is_valid(gtin) else ""
                price = article_price(there, catalogue, self.markets(there), self._lists, number, day)
                if price is None:
                    continue
                known[gtin] = price
            found[gtin] = price
        return found


def _new_price_list(shop: UUID, versions: tuple[int, ...], day: date) -> dict[str, ArticlePrice]:
    return {}


class Desk:
    """Reads for the counter (`domain.commands.counter.Desk`); safe to share among threads."""

    def __init__(self, log: PostgresLog, lists: Sequence[GoodsCatalogue]) -> None:
        """`lists` are the official goods list first, then programmes' own."""
        self._log = log
        self._lists = lists
        self._lock = threading.Lock()
        self._kept: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()  # with the log's head when it was read
        self._heard = NOWHERE  # the log's head at the last look
        self._changed: dict[UUID, int] = {}  # where the log last told of a stream, of those heard of
        self._all_changed = 0  # what was read before this head may have changed
        self._price_list: PriceList = lru_cache(maxsize=PRICE_LISTS_KEPT)(_new_price_list)

    def look(self, shops: Iterable[str] = (), streams: Iterable[UUID] = ()) -> Look:
        """The shops, what their prices follow from, and further `streams`, as the log has them now.

        One query when nothing of it is new; what is, and a shop seen for the first time, take one more each.
        """
        outlets = [_shop(shop) for shop in shops]
        wanted = dict.fromkeys([*outlets, catalogue_id(), *streams])
        wanted |= dict.fromkeys(self._places(outlets))
        found = self._current(list(wanted))
        # Of a shop that was not known, or has moved, the place is known only now.
        katos = {shop.kato for outlet in outlets if (shop := found[outlet]) is not None}
        more = [market for kato in katos for market in _markets(kato)]
        if missing := [stream for stream in dict.fromkeys(more) if stream not in found]:
            found |= self._current(missing)
        return Look(found, self._lists, self._price_list)

    def shop(self, shop: str) -> Shop | None:
        """The shop of this id as the log has it now (R2.7)."""
        return self.look([shop]).shop(shop)

    def check_sale(self, shop: str, programme: Programme, at: datetime) -> None:
        """Raises ShopUnknown, ShopClosed, ShopNotOpenYet, ShopOutsideRegion (R2.7, R4)."""
        self.look([shop]).check_sale(shop, programme, at)

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> dict[str, ArticlePrice]:
        """The price in force at `at` of each article the shop has one for (R13)."""
        return self.look([shop]).of(shop, gtins, at)

    def _places(self, outlets: Sequence[UUID]) -> list[UUID]:
        with self._lock:
            shops = [self._kept[outlet][1] for outlet in outlets if outlet in self._kept]
        katos = {shop.kato for shop in shops if shop is not None}
        return [market for kato in katos for market in _markets(kato)]

    def _current(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        head = self._hear()
        found, stale = {}, []
        with self._lock:
            for stream in streams:
                kept = self._kept.get(stream)
                if kept is not None and kept[0] >= max(self._all_changed, self._changed.get(stream, 0)):
                    found[stream] = kept[1]
                    self._kept.move_to_end(stream)
                else:
                    stale.append(stream)
        if not stale:
            return found
        loaded = self._log.load(stale)
        with self._lock:
            for stream in stale:
                found[stream] = loaded.get(stream)
                kept = self._kept.get(stream)
                if kept is None or kept[0] < head:
                    self._kept[stream] = head, found[stream]
                self._kept.move_to_end(stream)
            while len(self._kept) > STREAMS_KEPT:
                self._kept.popitem(last=False)
        return found

    def _hear(self) -> int:
        """Note what has happened to the desk's streams since the last look; the log's head.

        The log's positions are given out in order of commit, so at a head all before it is there.
        """
        with self._log.prepared().cursor() as cursor:
            cursor.execute(EXECUTE_NEWS, (self._heard, NEWS_AT_ONCE))
            (head, told, _), *news = cursor.fetchall()
        with self._lock:
            self._heard = head if self._heard == NOWHERE else max(self._heard, head)
            if told > NEWS_AT_ONCE:
                self._all_changed = max(self._all_changed, head)
            for position, _, stream in news:
                self._changed[UUID(stream)] = position
            if len(self._changed) > STREAMS_KEPT:
                self._changed.clear()
                self._all_changed = max(self._all_changed, head)
        return int(head)
