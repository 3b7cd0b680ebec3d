"""The audit of shops, articles and prices, and of purchases by them: open shops (R2.7), prices as the log had them (R13).

Written anew over the events' plain data, as the rest of the audit. The book of prices is filled before the fold, for a
purchase is judged by what stood in the log when it was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import MonthFacts, azyq_name, instant, local_day_text
from domain.audit.terminals import TERMINAL_CHECKS, TerminalBook, TerminalFold
from domain.goods import GoodsCatalogue, GoodsListMissing, GoodsVersion

Data = dict[str, Any]
Bad = Callable[[str, str, str], None]

TRADE_TOPICS = ("shop.", "catalogue.", "market.", "terminal.")
# A purchase is decided a moment before it is recorded: what was recorded in between may not have been seen.
SLACK = timedelta(seconds=60)
_UNITS = {"kg": "kg", "litre": "l", "piece": "piece"}


class _State(NamedTuple):
    position: int
    at: str
    kato: str
    opened_on: str
    closed: bool


class _Price(NamedTuple):
    position: int
    at: str
    valid_from: str
    source: str
    tiyn: int


class _Listed(NamedTuple):
    position: int
    at: str
    goods_version: str
    number: int
    measure: str


Recorded = TypeVar("Recorded", _State, _Price, _Listed)


class TradeBook:
    """Shops, articles and prices as the log had them at each position. Feed it their events in order of position."""

    def __init__(self) -> None:
        self._shops: dict[str, list[_State]] = defaultdict(list)
        self._prices: dict[tuple[str, str], list[_Price]] = defaultdict(list)
        self._articles: dict[str, list[_Listed]] = defaultdict(list)
        self._market: dict[tuple[str, str, int], list[_Price]] = defaultdict(list)
        self._terminals = TerminalBook()

    def __bool__(self) -> bool:
        return bool(self._shops)

    def feed(self, position: int, topic: str, data: Data) -> None:
        """One event of a shop, the catalogue, a market or a terminal. Raises what a malformed event raises."""
        at = data["timestamp"]
        if topic.startswith("terminal."):
            self._terminals.feed(position, topic, data)
            return
        match topic:
            case "shop.joined":
                state = _State(position, at, data["kato"], data["opened_on"], False)
                self._shops[data["shop"]].append(state)
            case "shop.changed":
                before = self._shops[data["shop"]][-1]
                state = before._replace(
                    position=position, at=at, kato=data["kato"], opened_on=data["opened_on"]
                )
                self._shops[data["shop"]].append(state)
            case "shop.closed" | "shop.opened":
                before = self._shops[data["shop"]][-1]
                closed = topic == "shop.closed"
                self._shops[data["shop"]].append(before._replace(position=position, at=at, closed=closed))
            case "shop.prices_set":
                for gtin, source, tiyn in data["prices"]:
                    price = _Price(position, at, data["valid_from"], source, tiyn)
                    self._prices[data["shop"], gtin].append(price)
            case "catalogue.articles_listed":
                for gtin, _, number, measure in data["articles"]:
                    entry = _Listed(position, at, data["goods_version"], number, measure)
                    self._articles[gtin].append(entry)
            case "market.prices_set":
                for number, tiyn in data["prices"]:
                    price = _Price(position, at, data["valid_from"], "market", tiyn)
                    self._market[data["kato"], data["goods_version"], number].append(price)

    def check(
        self, position: int, data: Data, facts: MonthFacts, day: str, goods: GoodsCatalogue, bad: Bad
    ) -> None:
        """A purchase at `position` on the local `day`, by the goods lists of its programme. `bad` is told of faults."""
        self._terminals.check(position, data, bad)
        at, shop = data["timestamp"], data["shop"]
        states = self._shops.get(shop, ())
        now = self._latest(states, position, None)
        fault = _fault(now, facts, day)
        if fault and _fault(self._latest(states, position, at), facts, day):
            bad("shop_open", "R2.7", f"the shop {shop} {fault}")
        if now is None:
            return
        try:
            version = goods.on(facts.day(day))
        except GoodsListMissing:
            return
        for number, line in enumerate(data["lines"], start=1):
            said = line["position"], line["source"], line["cap_tiyn"]
            about = shop, line["gtin"], day, facts, goods, version, position
            due = self._due(now.kato, *about, None)
            if due == said:
                continue
            then = self._latest(states, position, at)
            if then is None or self._due(then.kato, *about, at) != said:
                by_log = "no price" if due is None else f"position {due[0]}, {due[1]}, a cap of {due[2]} tiyn"
                what = f"line {number}: position {said[0]}, {said[1]}, a cap of {said[2]} tiyn; by the log {by_log}"
                bad("price_in_log", "R13", what)

    def _due(
        self,
        kato: str,
        shop: str,
        gtin: str,
        day: str,
        facts: MonthFacts,
        goods: GoodsCatalogue,
        version: GoodsVersion,
        position: int,
        before: str | None,
    ) -> tuple[int, str, int] | None:
        """(position in the goods list, source, cap in tiyn) by the log; None where there is no price."""
        gtin = gtin.lstrip("0").rjust(13, "0") if len(gtin) != 13 else gtin
        price = self._in_force(self._prices.get((shop, gtin), ()), day, position, before)
        listed = self._number(gtin, goods, version, position, before)
        if price is None or listed is None:
            return None
        number, measure = listed
        if price.source == "trade":
            return number, "trade", price.tiyn
        if price.source != "farm" or _UNITS[version.positions[number].unit] != measure:
            return None
        for zeros in (0, 3, 5, 7):
            place = kato[: len(kato) - zeros] + "0" * zeros
            entries = self._market.get((place, version.version, number), ())
            official = self._in_force(entries, day, position, before)
            if official is not None:
                over, under = facts.farm_percent
                return number, "farm", official.tiyn * (100 * under - over) // (100 * under)
        return None

    def _number(
        self, gtin: str, goods: GoodsCatalogue, version: GoodsVersion, position: int, before: str | None
    ) -> tuple[int, str] | None:
        """Position and measure of an article by `version`, or by an older list that names the same goods."""
        seen = self._seen(self._articles.get(gtin, ()), position, before)
        if not seen:
            return None
        numbers = {entry.goods_version: entry.number for entry in seen}
        measure = seen[-1].measure
        if version.version in numbers:
            return numbers[version.version], measure
        older = [
            v for v in goods.versions if v.effective_from < version.effective_from and v.version in numbers
        ]
        if not older:
            return None
        named = older[-1].positions[numbers[older[-1].version]]
        for number, other in version.positions.items():
            if dict(other.names) == dict(named.names) and other.unit == named.unit:
                return number, measure
        return None

    @staticmethod
    def _seen(entries: Iterable[Recorded], position: int, before: str | None) -> list[Recorded]:
        """What stood in the log at `position`; with `before`, without what is as new as that time."""
        until = None if before is None else instant(before) - SLACK
        return [
            entry
            for entry in entries
            if entry.position < position and (until is None or instant(entry.at) < until)
        ]

    def _latest(self, states: Sequence[_State], position: int, before: str | None) -> _State | None:
        seen = self._seen(states, position, before)
        return seen[-1] if seen else None

    def _in_force(
        self, prices: Sequence[_Price], day: str, position: int, before: str | None
    ) -> _Price | None:
        seen = [price for price in self._seen(prices, position, before) if price.valid_from <= day]
        return max(seen, key=lambda price: (price.valid_from, price.position), default=None)


def _fault(state: _State | None, facts: MonthFacts, day: str) -> str:
    if state is None:
        return "is not known"
    if state.closed:
        return "was closed"
    if day < state.opened_on:
        return f"takes part from {state.opened_on} on"
    return "" if facts.programme.covers(state.kato) else "is outside the region"


TRADE_CHECKS: dict[str, tuple[str, ...]] = {
    "shop.joined": ("stream_identity",),
    "shop.changed": ("stream_identity",),
    "shop.closed": ("stream_identity", "shop_order"),
    "shop.opened": ("stream_identity", "shop_order"),
    "shop.loan_recorded": ("stream_identity",),
    "shop.loan_ended": ("stream_identity", "shop_order"),
    "shop.breach_recorded": ("stream_identity", "shop_order"),
    "shop.breach_mended": ("stream_identity", "shop_order"),
    "shop.prices_set": ("stream_identity", "price_sane", "price_history"),
    "catalogue.begun": ("stream_identity",),
    "catalogue.articles_listed": ("stream_identity",),
    "market.begun": ("stream_identity",),
    "market.prices_set": ("stream_identity", "price_sane", "price_history"),
    **TERMINAL_CHECKS,
}
_FIRST = {"shop": "shop.joined", "catalogue": "catalogue.begun", "market": "market.begun"}


class TradeFold:
    """One stream of a shop, of the catalogue, of a place's market prices, or of a terminal."""

    def __init__(self, audit: AuditedLog, stream: str) -> None:
        self._audit = audit
        self._stream = stream
        self._closed = False
        self._contract: str | None = None
        self._breaches: set[str] = set()
        self._first_days: dict[Any, str] = {}
        self._terminal = TerminalFold(stream)

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the stream. Raises what a malformed event raises."""

        def bad(check: str, clause: str, what: str) -> None:
            self._audit.bad(check, clause, position, self._stream, version, topic, what)

        kind = topic.partition(".")[0]
        if topic not in TRADE_CHECKS:
            bad("topic_unknown", "", "the audit knows no such event")
            return
        if kind == "terminal":
            self._terminal.apply(topic, data, bad)
            return
        name = {"shop": lambda: f"shop/{data['shop']}", "market": lambda: f"market/{data['kato']}"}
        if azyq_name(name.get(kind, lambda: "catalogue")()) != self._stream:
            bad("stream_identity", "R2.7", "the stream isn't that of what it names")
        if (version == 1) != (topic == _FIRST[kind]):
            bad("stream_identity", "R2.7", "the stream doesn't begin with its first event")
        match topic:
            case "shop.closed" | "shop.opened":
                if self._closed == (topic == "shop.closed"):
                    bad("shop_order", "R2.7", "the shop was so before")
                self._closed = topic == "shop.closed"
            case "shop.loan_recorded":
                self._contract = data["contract"]
            case "shop.loan_ended":
                if self._contract != data["contract"]:
                    bad("shop_order", "R11", "no such loan")
                self._contract = None
            case "shop.breach_recorded":
                if self._contract is None:
                    bad("shop_order", "R12", "a breach by a shop without a loan")
                self._breaches.add(data["breach"])
            case "shop.breach_mended":
                if data["breach"] not in self._breaches:
                    bad("shop_order", "R12", "no such breach stands")
                self._breaches.discard(data["breach"])
            case "shop.prices_set":
                for gtin, source, tiyn in data["prices"]:
                    sane = tiyn == 0 if source == "none" else type(tiyn) is int and tiyn > 0
                    if source not in ("trade", "farm", "none") or not sane:
                        bad("price_sane", "R13", f"a price of {tiyn!r} tiyn")
                    self._history(gtin, data, bad)
            case "market.prices_set":
                for number, tiyn in data["prices"]:
                    if type(tiyn) is not int or tiyn <= 0:
                        bad("price_sane", "R13", f"a price of {tiyn!r} tiyn")
                    self._history((data["goods_version"], number), data, bad)

    def _history(self, about: Any, data: Data, bad: Bad) -> None:
        """A day that is over keeps the price it had."""
        day, valid_from = local_day_text(data["timestamp"]), data["valid_from"]
        first = self._first_days.get(about)
        if first is not None and first <= valid_from < day:
            bad("price_history", "R13", f"a price from {valid_from} on was set on {day}")
        self._first_days[about] = valid_from if first is None else min(first, valid_from)
