"""The audit of a family's purchases: draws, holds, captures, voids, returns, sum by sum (R25–R27)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import Any

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import MonthFacts, instant, local_day_text, thousandths
from domain.audit.lines import check_lines
from domain.audit.trade import TradeBook

Data = dict[str, Any]
Handler = Callable[[Any, Data], None]
AMOUNT, SPENT, HELD, EXPIRED, CANCELLED = range(5)
NAMES = {SPENT: "has spent", HELD: "holds", EXPIRED: "has expired", CANCELLED: "has cancelled"}

HANDLERS: dict[str, Handler] = {}
FAMILY_CHECKS: dict[str, tuple[str, ...]] = {}
ALWAYS = ("stream_identity", "rules_version", "after_end")


def on_topic(topic: str, *checks: str) -> Callable[[Handler], Handler]:
    """The method applies events of this topic, and carries out these checks on them."""

    def register(method: Handler) -> Handler:
        HANDLERS[topic] = method
        FAMILY_CHECKS[topic] = (*ALWAYS, *checks)
        return method

    return register


def available(kept: list[int]) -> int:
    """What a voucher has left, in tiyn."""
    return kept[AMOUNT] - kept[SPENT] - kept[HELD] - kept[EXPIRED] - kept[CANCELLED]


class _Purchase:
    __slots__ = (
        "credited",
        "draws",
        "hold_until",
        "lines",
        "pays",
        "returned",
        "reversal_keys",
        "shop",
        "status",
    )

    def __init__(self, status: str, data: Data, pays: int) -> None:
        self.status = status
        self.shop: str = data["shop"]
        self.draws: list[list[Any]] = data["draws"]
        self.lines: list[Data] = data["lines"]
        self.pays = pays
        self.hold_until: str | None = data.get("hold_until")
        self.returned: dict[int, int] = {}  # line -> thousandths
        self.credited: dict[str, int] = {}
        self.reversal_keys: set[str] = set()


class PurchasesFold:
    """The vouchers of a family and what was bought with them."""

    __slots__ = (
        "_audit",
        "_trade",
        "facts",
        "keys",
        "position",
        "purchases",
        "receipts",
        "stage",
        "stream",
        "topic",
        "version",
        "vouchers",
    )

    def __init__(self, audit: AuditedLog, stream: str, trade: TradeBook) -> None:
        self._audit = audit
        self._trade = trade
        self.stream = stream
        self.stage = ""
        self.facts: MonthFacts | None = None
        self.position = 0
        self.version = 0
        self.topic = ""
        self.vouchers: dict[str, list[int]] = {}
        self.purchases: dict[str, _Purchase] = {}
        self.receipts: set[tuple[str, str]] = set()
        self.keys: set[tuple[str, str]] = set()

    def bad(self, check: str, clause: str, what: str) -> None:
        """Note a finding at the event in hand."""
        self._audit.bad(check, clause, self.position, self.stream, self.version, self.topic, what)

    def _move(self, voucher: str, amount: int, source: int | None, to: int | None) -> None:
        """`amount` tiyn of a voucher from one of its sums to another; None is what is available."""
        kept = self.vouchers.get(voucher)
        if kept is None:
            self.bad("voucher_known", "R5", "a sum on a voucher that wasn't issued here")
            return
        if type(amount) is not int or amount <= 0:
            self.bad("balance", "R26", f"a sum of {amount!r} tiyn")
            return
        if source is not None:
            kept[source] -= amount
            if kept[source] < 0:
                self.bad("balance", "R26", f"a voucher {NAMES[source]} {kept[source]} tiyn")
        if to is not None:
            kept[to] += amount
        if available(kept) < 0:
            self.bad("balance", "R26", f"a voucher has {available(kept)} tiyn left")

    def _in_window(self, check: str, clause: str, data: Data) -> str:
        facts = self.facts
        assert facts is not None
        day = local_day_text(data["timestamp"])
        if not facts.valid_from <= day <= facts.valid_to:
            self.bad(check, clause, f"on {day}: the days are {facts.valid_from} to {facts.valid_to}")
        return day

    # --- purchases ------------------------------------------------------------------------------------

    def _draw(self, data: Data, status: str, to: int) -> None:
        facts = self.facts
        assert facts is not None
        if self.stage != "activated":
            self.bad("spending_open", "R7", f"a purchase by a family that is {self.stage}")
        day = self._in_window("spending_day", "R8", data)
        goods = self._audit.goods_on(facts, day)
        if goods is None:
            self.bad("goods_listed", "R2.3", "no goods list was in force")
        elif data["goods_version"] != goods[0]:
            self.bad("goods_listed", "R2.3", f"the list in force on {day} is {goods[0]}")
        lines = data["lines"]
        pays = check_lines(lines, facts, None if goods is None else goods[1], self.bad)
        self._audit.counts["line"] += len(lines)
        if self._trade:
            goods_lists = self._audit.goods_of(facts)
            self._trade.check(self.position, data, facts, day, goods_lists, self.bad)
            self._audit.counts["shop_open"] += 1
            self._audit.counts["terminal_in"] += 1
            self._audit.counts["price_in_log"] += len(lines)
        drawn = data["drawn_tiyn"]
        draws = data["draws"]
        if drawn != sum(amount for _, amount in draws) or len({voucher for voucher, _ in draws}) != len(
            draws
        ):
            self.bad("drawn_sum", "R26", "the draws don't add up to what was drawn")
        if not 0 < drawn <= pays:
            self.bad("drawn_sum", "R2.1", f"{drawn} tiyn drawn, the voucher may pay {pays}")
        for voucher, amount in draws:
            self._move(voucher, amount, None, to)
        redemption, receipt = data["redemption"], (data["shop"], data["receipt"])
        key = data["shop"], data["key"]
        if redemption in self.purchases:
            self.bad("redemption_once", "R27", "the redemption's id was used before")
        if receipt in self.receipts:
            self.bad("receipt_once", "R27", "the shop's receipt was used before")
        else:
            self.receipts.add(receipt)
            self._unique("receipt_once", f"{data['shop']}/{data['receipt']}")
        if key in self.keys:
            self.bad("key_once", "R27", "the idempotency key was used before in this shop")
        self.keys.add(key)
        if redemption not in self.purchases:
            self._unique("redemption_once", redemption)
        self.purchases[redemption] = _Purchase(status, data, pays)

    def _unique(self, check: str, name: str) -> None:
        self._audit.on_unique(check, name, self.position, self.stream, self.version, self.topic)

    @on_topic(
        "voucher.redeemed",
        *("spending_open", "spending_day", "goods_listed", "price_cap", "line_totals", "discount_cap"),
        *("draw_rule", "drawn_sum", "balance", "redemption_once", "receipt_once", "key_once"),
    )
    def _redeemed(self, data: Data) -> None:
        self._draw(data, "captured", SPENT)

    @on_topic(
        "voucher.held",
        *("spending_open", "spending_day", "goods_listed", "price_cap", "line_totals", "discount_cap"),
        *("draw_rule", "drawn_sum", "balance", "redemption_once", "receipt_once", "key_once", "hold_time"),
    )
    def _held(self, data: Data) -> None:
        assert self.facts is not None
        self._draw(data, "held", HELD)
        held = instant(data["hold_until"]) - instant(data["timestamp"])
        if held != timedelta(minutes=self.facts.hold_minutes):
            self.bad("hold_time", "R27", f"a hold of {held}, by the rules {self.facts.hold_minutes} minutes")

    def _settle(self, data: Data, status: str) -> bool:
        """A hold ends: once, and with the sums that were held."""
        purchase = self.purchases.get(data["redemption"])
        if purchase is None or purchase.status != "held":
            found = "unknown" if purchase is None else purchase.status
            self.bad("hold_once", "R27", f"a redemption that is {found}, not held")
            return False
        purchase.status = status
        if data["draws"] != purchase.draws or data["drawn_tiyn"] != sum(
            amount for _, amount in data["draws"]
        ):
            self.bad("hold_sum", "R27", "not the sums that were held")
        return True

    @on_topic("voucher.captured", "hold_once", "hold_sum", "balance")
    def _captured(self, data: Data) -> None:
        if self._settle(data, "captured"):
            for voucher, amount in data["draws"]:
                self._move(voucher, amount, HELD, SPENT)

    @on_topic("voucher.voided", "hold_once", "hold_sum", "credit_to", "balance")
    def _voided(self, data: Data) -> None:
        to = self._credit_to(data["to"])
        if self._settle(data, "voided"):
            for voucher, amount in data["draws"]:
                self._move(voucher, amount, HELD, to)

    def _credit_to(self, to: str) -> int | None:
        right = {"expired": "expired", "withdrawn": "cancelled"}.get(self.stage, "available")
        if to != right:
            self.bad("credit_to", "R8", f"the sum goes to {to}: the family is {self.stage}, so it is {right}")
        return {"expired": EXPIRED, "cancelled": CANCELLED}.get(to)

    @on_topic("voucher.reversed", "reversal_once", "reversal_sum", "credit_to", "balance")
    def _reversed(self, data: Data) -> None:
        to = self._credit_to(data["to"])
        purchase = self.purchases.get(data["redemption"])
        if purchase is None or purchase.status != "captured":
            found = "unknown" if purchase is None else purchase.status
            self.bad("reversal_once", "R27", f"goods come back of a redemption that is {found}")
            return
        if data["key"] in purchase.reversal_keys:
            self.bad("reversal_once", "R27", "the reversal was recorded before")
        purchase.reversal_keys.add(data["key"])
        for line, quantity in data["lines"]:
            now = thousandths(quantity)
            if now > thousandths(purchase.lines[line]["quantity"]) or now <= purchase.returned.get(line, 0):
                self.bad("reversal_sum", "R27", f"line {line + 1}: {quantity} come back in all")
            purchase.returned[line] = now
        credits = data["credits"]
        if data["reversed_tiyn"] != sum(amount for _, amount in credits):
            self.bad("reversal_sum", "R27", "the credits don't add up to what was reversed")
        drawn = dict(purchase.draws)
        for voucher, amount in credits:
            purchase.credited[voucher] = purchase.credited.get(voucher, 0) + amount
            if purchase.credited[voucher] > drawn.get(voucher, 0):
                self.bad("reversal_sum", "R27", "more comes back to a voucher than was drawn on it")
            self._move(voucher, amount, SPENT, to)
        # What all that came back is worth, of what was drawn: half up, over the whole purchase.
        worth = sum(
            Fraction(purchase.lines[line]["pays_tiyn"] * back, thousandths(purchase.lines[line]["quantity"]))
            for line, back in purchase.returned.items()
        )
        exact = Fraction(worth) * sum(drawn.values()) / purchase.pays
        if floor(exact + Fraction(1, 2)) != sum(purchase.credited.values()):
            self.bad("reversal_sum", "R27", "the sum isn't what the returned goods are worth")

    def held_until(self) -> str | None:
        """The earliest end of a hold that is still open, as the event has it."""
        held = [p.hold_until for p in self.purchases.values() if p.status == "held" and p.hold_until]
        return min(held, key=instant, default=None)
