"""Families and purchases as the log tells them: what the reports' figures are proved by, event by event.

Nothing here reads a view, and nothing is shared with the views' folds.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from projections.reports.entries import Family, Line, Purchase, Shop
from projections.reports.heard import HEARD_TOPICS, Heard
from projections.view import Recorded


class Ledger:
    """Every family, purchase and shop of the events fed, in order of the log; what was heard, measured and sealed."""

    def __init__(self) -> None:
        self.shops: dict[str, Shop] = {}
        self.families: dict[str, Family] = {}
        self.purchases: list[Purchase] = []
        self.heard = Heard()
        self.measured: list[dict[str, Any]] = []
        self.seals: list[dict[str, Any]] = []

    @classmethod
    def of(cls, events: Iterable[Recorded]) -> Ledger:
        """What these events come to."""
        ledger = cls()
        for event in events:
            ledger.feed(event)
        return ledger

    def feed(self, event: Recorded) -> None:
        """One event."""
        data = event.data
        if event.topic == "family.eligible":
            self.families[event.stream] = Family(
                data["programme"], data["month"], data["region"], len(data["members"])
            )
            return
        if event.topic.startswith("shop."):
            self._shop(event.topic, data)
            return
        family = self.families.get(event.stream)
        if event.topic.startswith(HEARD_TOPICS):
            self.heard.feed(event, family)
            return
        if event.topic == "serving.measured":
            self.measured.append(data)
            return
        if event.topic == "seal.day_sealed":
            self.seals.append(data)
            return
        if family is None:
            return
        if event.topic.startswith("voucher."):
            self._voucher(family, event.topic, data)
        else:
            _listed_or_answered(family, event.topic, data)

    def _shop(self, topic: str, data: dict[str, Any]) -> None:
        if topic == "shop.joined":
            self.shops[data["shop"]] = Shop(data["name"], data["kato"])
            return
        shop = self.shops[data["shop"]]
        match topic:
            case "shop.changed":
                shop.name, shop.region = data["name"], data["kato"]
            case "shop.closed" | "shop.opened":
                shop.closed = topic == "shop.closed"
            case "shop.loan_recorded":
                shop.loan = (data["contract"], data["until"])
            case "shop.loan_ended":
                shop.loan = (data["contract"], "")
            case "shop.breach_recorded":
                shop.breaches[data["breach"]] = len(data["missing"])
            case "shop.breach_mended":
                shop.breaches[data["breach"]] = None

    def _voucher(self, family: Family, topic: str, data: dict[str, Any]) -> None:
        match topic:
            case "voucher.issued":
                family.reached.add("issued")
                family.vouchers = len(data["vouchers"])
                family.issued_tiyn += data["issued_tiyn"]
            case "voucher.activated":
                family.reached.add("activated")
            case "voucher.redeemed" | "voucher.held":
                status = "captured" if topic == "voucher.redeemed" else "held"
                purchase = _purchase(family, status, data)
                family.purchases[data["redemption"]] = purchase
                self.purchases.append(purchase)
            case "voucher.captured":
                family.purchases[data["redemption"]].status = "captured"
            case "voucher.voided":
                family.purchases[data["redemption"]].status = "voided"
                _credit(family, data["to"], data["drawn_tiyn"])
            case "voucher.reversed":
                _reverse(family, data)
            case "voucher.expired":
                family.reached.add("expired")
                family.expired_tiyn += data["expired_tiyn"]


def _listed_or_answered(family: Family, topic: str, data: dict[str, Any]) -> None:
    match topic:
        case "family.changed":
            family.size += len(data["added"]) - len(data["removed"])
            family.region = data["region"]
        case "family.left":
            family.size, family.no_number = 0, False
        case "family.number_missing":
            family.no_number = True
        case "family.number_found" | "family.number_unsettled":
            family.no_number = False
        case "sms.sent" if data["purpose"] in ("consent_request", "reminder"):
            family.reached.add("asked" if data["purpose"] == "consent_request" else "reminded")
        case "family.consented" | "family.refused" | "family.lapsed":
            family.reached.add(topic.partition(".")[2])
        case "family.consent_withdrawn":
            family.reached.add("withdrawn")
            family.cancelled_tiyn += data["cancelled_tiyn"]


def _purchase(family: Family, status: str, data: dict[str, Any]) -> Purchase:
    lines = [
        Line(
            line["gtin"],
            line["position"],
            line["shelf_price_tiyn"],
            line["price_tiyn"],
            Decimal(line["quantity"]),
            Decimal(0),
            line["pays_tiyn"],
        )
        for line in data["lines"]
    ]
    return Purchase(
        data["redemption"],
        family,
        data["shop"],
        data["receipt"],
        data["timestamp"],
        status,
        data["drawn_tiyn"],
        dict(map(tuple, data["draws"])),
        lines,
        data["goods_version"],
    )


def _reverse(family: Family, data: dict[str, Any]) -> None:
    purchase = family.purchases[data["redemption"]]
    for line, returned in data["lines"]:
        purchase.lines[line].returned = Decimal(returned)
    for voucher, tiyn in data["credits"]:
        purchase.draws[voucher] -= tiyn
    purchase.returned_tiyn += data["reversed_tiyn"]
    purchase.returns += 1
    _credit(family, data["to"], data["reversed_tiyn"])


def _credit(family: Family, to: str, tiyn: int) -> None:
    if to == "expired":
        family.expired_tiyn += tiyn
    elif to == "cancelled":
        family.cancelled_tiyn += tiyn
