"""Take in files of shops, articles, purchase prices and official market prices (R2.7, R2.17, R9–R13).

Every row is accepted or rejected with a code. What is known already changes nothing, so that the same file twice, or
one that was killed half-way, records each thing once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from domain.calendar import local_day
from domain.commands.conflicts import until_saved
from domain.commands.list_staging import ListRow
from domain.commands.receive_list import Progress
from domain.goods import GoodsCatalogue, GoodsVersion
from domain.identity import catalogue_id, market_id, shop_id
from domain.money import kzt
from domain.ports import Log, LogConflict
from domain.trade.catalogue import MEASURE_OF_UNIT, Article, Catalogue
from domain.trade.market import Market, places_of
from domain.trade.prices import listed, market_price
from domain.trade.rows import (
    MarketRow,
    PriceRow,
    Rejected,
    ShopRow,
    check_article_row,
    check_market_row,
    check_price_row,
    check_shop_row,
)
from domain.trade.shop import FARM, Shop
from domain.trade.shop_refusals import GoodsVersionUnknown

ROWS_AT_ONCE = 2000  # bounded, so that redemptions never wait long for the log's lock
STREAMS_KEPT = 2000  # some 100 kB a shop
TIMES_MARKET = 3  # a purchase price so many times the official market price is a slip of the point

Row = TypeVar("Row")
Numbered = list[tuple[int, Row]]
Verdict = Rejected | bool  # taken: whether it was anything new
Streams = dict[UUID, Any]


@dataclass(slots=True)
class TradeOutcome:
    """What came of a file: rows that told something new, rows known already, and (row, code, details) of the rest."""

    rows: int = 0
    new: int = 0
    known: int = 0
    rejections: list[tuple[int, str, dict[str, object]]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.new + self.known

    @property
    def rejected(self) -> dict[str, int]:
        """How many rows were rejected, by code."""
        return dict(Counter(code for _, code, _ in self.rejections))


class ReceiveTrade:
    """Takes in one file after another. `digest` makes the IIN of a sole trader something that can't be read."""

    def __init__(self, log: Log, lists: Sequence[GoodsCatalogue], digest: Callable[[str], str]) -> None:
        """`lists` are the official goods list first, then programmes' own."""
        self._log = log
        self._lists = lists
        self._digest = digest

    def goods(self, version: str | None, day: date) -> GoodsVersion:
        """The goods list of that version; by default the official one of `day`. Raises GoodsVersionUnknown,
        GoodsListMissing."""
        if version is None:
            return self._lists[0].on(day)
        known = {found.version: found for goods in self._lists for found in goods.versions}
        if version not in known:
            raise GoodsVersionUnknown("goods", version=version, versions=", ".join(known))
        return known[version]

    def shops(self, rows: Iterable[tuple[int, ListRow]], at: datetime, progress: Progress) -> TradeOutcome:
        """A file of shops (SHOP_FIELDS); shops it does not name stay as they are (R2.7, R9–R11)."""
        today = local_day(at)
        return self._run(
            rows,
            lambda values: check_shop_row(values, today),
            lambda row: row.shop,
            "shop_twice",
            lambda found: self._decide_shops(found, at),
            progress,
        )

    def articles(
        self,
        rows: Iterable[tuple[int, ListRow]],
        at: datetime,
        progress: Progress,
        goods_version: str | None = None,
    ) -> TradeOutcome:
        """A file of articles (ARTICLE_FIELDS) whose positions are those of a goods list (R2.3, R2.17)."""
        goods = self.goods(goods_version, local_day(at))
        return self._run(
            rows,
            lambda values: check_article_row(values, goods.positions, goods.version),
            lambda row: row.gtin,
            "article_twice",
            lambda found: self._decide_articles(found, goods, at),
            progress,
        )

    def prices(self, rows: Iterable[tuple[int, ListRow]], at: datetime, progress: Progress) -> TradeOutcome:
        """A file of purchase prices (PRICE_FIELDS); a day that is over keeps the price it had (R13)."""
        today = local_day(at)
        return self._run(
            rows,
            lambda values: check_price_row(values, today),
            lambda row: (row.shop, row.gtin, row.valid_from),
            "price_twice",
            lambda found: self._decide_prices(found, at),
            progress,
        )

    def market(
        self,
        rows: Iterable[tuple[int, ListRow]],
        at: datetime,
        progress: Progress,
        goods_version: str | None = None,
    ) -> TradeOutcome:
        """A file of official market prices (MARKET_FIELDS) by positions of a goods list (R13)."""
        today = local_day(at)
        goods = self.goods(goods_version, today)
        return self._run(
            rows,
            lambda values: check_market_row(values, goods.positions, goods.version, today),
            lambda row: (row.position, row.kato, row.valid_from),
            "price_twice",
            lambda found: self._decide_market(found, goods, at),
            progress,
        )

    # --- all alike ------------------------------------------------------------------------------------

    def _run(
        self,
        rows: Iterable[tuple[int, ListRow]],
        check: Callable[[Sequence[str]], Row | Rejected],
        key: Callable[[Row], object],
        twice: str,
        decide: Callable[[Numbered[Row]], Callable[[Streams], Iterator[tuple[int, Verdict]]]],
        progress: Progress,
    ) -> TradeOutcome:
        outcome = TradeOutcome()
        seen: set[object] = set()
        streams: Streams = {}  # kept from batch to batch, for files name the same shops again and again
        source = iter(rows)
        while batch := list(islice(source, ROWS_AT_ONCE)):
            outcome.rows += len(batch)
            if len(streams) > STREAMS_KEPT:
                streams.clear()
            found: Numbered[Row] = []
            refused: list[tuple[int, str, dict[str, object]]] = []
            for number, raw in batch:
                if raw.rejection is not None:
                    code, column = raw.rejection
                    refused.append((number, code, {"field": column, **(raw.details or {})}))
                    continue
                row = check(raw.values)
                if isinstance(row, Rejected):
                    refused.append(_rejection(number, row))
                elif key(row) in seen:
                    refused.append((number, twice, {}))
                else:
                    seen.add(key(row))
                    found.append((number, row))
            for number, verdict in self._saved(decide(found), streams) if found else ():
                if isinstance(verdict, Rejected):
                    refused.append(_rejection(number, verdict))
                elif verdict:
                    outcome.new += 1
                else:
                    outcome.known += 1
            outcome.rejections += sorted(refused, key=lambda rejection: rejection[0])
            progress("rows", outcome.rows, None)
        return outcome

    def _saved(
        self, decide: Callable[[Streams], Iterator[tuple[int, Verdict]]], streams: Streams
    ) -> list[tuple[int, Verdict]]:
        def attempt() -> list[tuple[int, Verdict]]:
            try:
                verdicts = list(decide(streams))
                self._log.save(*streams.values())
            except LogConflict:
                streams.clear()
                raise
            return verdicts

        return until_saved(attempt)

    def _load(self, streams: Streams, wanted: Iterable[UUID]) -> None:
        missing = [stream for stream in dict.fromkeys(wanted) if stream not in streams]
        streams |= self._log.load(missing)

    # --- each kind ------------------------------------------------------------------------------------

    def _decide_shops(
        self, found: Numbered[ShopRow], at: datetime
    ) -> Callable[[Streams], Iterator[tuple[int, Verdict]]]:
        def decide(streams: Streams) -> Iterator[tuple[int, Verdict]]:
            self._load(streams, (shop_id(row.shop) for _, row in found))
            for number, row in found:
                facts = row.facts
                if facts.trader:
                    facts = facts._replace(trader=self._digest(facts.trader))
                shop: Shop | None = streams.get(shop_id(row.shop))
                new = shop is None
                if shop is None:
                    shop = streams[shop_id(row.shop)] = Shop.join(row.shop, facts, at)
                else:
                    new = shop.change(facts, at)
                if row.loan is not None:
                    new |= shop.record_loan(row.loan, at)
                else:
                    new |= shop.end_loan("", at)
                yield number, new

        return decide

    def _decide_articles(
        self, found: Numbered[Article], goods: GoodsVersion, at: datetime
    ) -> Callable[[Streams], Iterator[tuple[int, Verdict]]]:
        def decide(streams: Streams) -> Iterator[tuple[int, Verdict]]:
            self._load(streams, [catalogue_id()])
            catalogue: Catalogue | None = streams.get(catalogue_id())
            if catalogue is None:
                catalogue = streams[catalogue_id()] = Catalogue.begin(at)
            verdicts = [(number, catalogue.find(row.gtin, goods.version) != row) for number, row in found]
            catalogue.list_articles(goods.version, [row for _, row in found], at)
            yield from verdicts

        return decide

    def _decide_prices(
        self, found: Numbered[PriceRow], at: datetime
    ) -> Callable[[Streams], Iterator[tuple[int, Verdict]]]:
        def decide(streams: Streams) -> Iterator[tuple[int, Verdict]]:
            self._load(streams, [catalogue_id(), *(shop_id(row.shop) for _, row in found)])
            shops: list[Shop | None] = [streams.get(shop_id(row.shop)) for _, row in found]
            katos = {shop.kato for shop in shops if shop is not None}
            self._load(streams, (market_id(place) for kato in katos for place in places_of(kato)))
            taken: dict[tuple[UUID, str], list[tuple[str, str, int]]] = defaultdict(list)
            verdicts: list[tuple[int, Verdict]] = []
            for (number, row), shop in zip(found, shops, strict=True):
                verdict = self._price_verdict(row, shop, streams, local_day(at))
                verdicts.append((number, verdict))
                if shop is not None and verdict is True:
                    taken[shop.id, row.valid_from].append((row.gtin, row.source, row.tiyn))
            for (stream, valid_from), prices in taken.items():
                streams[stream].set_prices(valid_from, prices, at)
            yield from verdicts

        return decide

    def _price_verdict(self, row: PriceRow, shop: Shop | None, streams: Streams, today: date) -> Verdict:
        catalogue: Catalogue | None = streams.get(catalogue_id())
        if shop is None:
            return Rejected("shop_unknown", "shop_id")
        if catalogue is None or row.gtin not in catalogue.names:
            return Rejected("article_unknown", "gtin")
        if (row.valid_from, row.source, row.tiyn) in shop.prices.get(row.gtin, ()):
            return False
        if shop.would_rewrite(row.gtin, row.valid_from, today):
            return Rejected("price_backdated", "valid_from", {"day": today.isoformat()})
        day = date.fromisoformat(row.valid_from)
        found = listed(catalogue, row.gtin, self._lists, day)
        if found is None:
            return True
        goods, position = found
        unit = MEASURE_OF_UNIT[goods.positions[position].unit]
        if unit != catalogue.names[row.gtin][1]:
            return Rejected("farm_measure", "source", {"unit": unit}) if row.source == FARM else True
        markets = [streams.get(market_id(place)) for place in places_of(shop.kato)]
        market = market_price(markets, goods.version, position, day)
        if market is not None and row.tiyn > TIMES_MARKET * market:
            return Rejected("price_absurd", "purchase_price", {"market": kzt(market), "times": TIMES_MARKET})
        return True

    def _decide_market(
        self, found: Numbered[MarketRow], goods: GoodsVersion, at: datetime
    ) -> Callable[[Streams], Iterator[tuple[int, Verdict]]]:
        def decide(streams: Streams) -> Iterator[tuple[int, Verdict]]:
            self._load(streams, (market_id(row.kato) for _, row in found))
            taken: dict[tuple[UUID, str], list[tuple[int, int]]] = defaultdict(list)
            verdicts: list[tuple[int, Verdict]] = []
            today = local_day(at)
            for number, row in found:
                market: Market | None = streams.get(market_id(row.kato))
                if market is None:
                    market = streams[market_id(row.kato)] = Market.begin(row.kato, at)
                known = market.prices.get((goods.version, row.position), ())
                if (row.valid_from, row.tiyn) in known:
                    verdicts.append((number, False))
                elif market.would_rewrite(goods.version, row.position, row.valid_from, today):
                    refused = Rejected("price_backdated", "valid_from", {"day": today.isoformat()})
                    verdicts.append((number, refused))
                else:
                    verdicts.append((number, True))
                    taken[market.id, row.valid_from].append((row.position, row.tiyn))
            for (stream, valid_from), prices in taken.items():
                streams[stream].set_prices(goods.version, valid_from, prices, at)
            yield from verdicts

        return decide


def _rejection(number: int, rejected: Rejected) -> tuple[int, str, dict[str, object]]:
    return number, rejected.code, {"field": rejected.field, **rejected.details}
