"""What a family bought, as its own events tell it (R28)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class PastLine:
    """One article: its position in the goods list, the quantity as a decimal text, and what the voucher paid (tiyn)."""

    gtin: str
    position: int
    quantity: str
    price_total_tiyn: int
    pays_tiyn: int
    returned: str = "0"


@dataclass(slots=True)
class PastPurchase:
    """A purchase and what became of it; sums in tiyn, `status` is held, captured or voided."""

    id: str
    shop: str
    at: datetime
    status: str
    drawn_tiyn: int
    goods_version: str
    hold_until: datetime | None = None
    lines: list[PastLine] = field(default_factory=list)
    reversals: list[tuple[datetime, int]] = field(default_factory=list)
    stars: int = 0

    @property
    def reversed_tiyn(self) -> int:
        return sum(amount for _, amount in self.reversals)


TOPICS = (
    "voucher.redeemed",
    "voucher.held",
    "voucher.captured",
    "voucher.voided",
    "voucher.reversed",
    "family.rated",
)


def fold(events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[PastPurchase]:
    """The purchases in (topic, data) of one family in order, the newest first (R28); other topics are passed over."""
    found: dict[str, PastPurchase] = {}
    for topic, data in events:
        if topic in ("voucher.redeemed", "voucher.held"):
            found[data["redemption"]] = _bought(topic, data)
        elif topic in TOPICS and (purchase := found.get(data["redemption"])) is not None:
            _changed(purchase, topic, data)
    return sorted(found.values(), key=lambda purchase: purchase.at, reverse=True)


def _bought(topic: str, data: Mapping[str, Any]) -> PastPurchase:
    held = topic == "voucher.held"
    return PastPurchase(
        data["redemption"],
        data["shop"],
        datetime.fromisoformat(data["timestamp"]),
        "held" if held else "captured",
        data["drawn_tiyn"],
        data["goods_version"],
        datetime.fromisoformat(data["hold_until"]) if held else None,
        [
            PastLine(
                line["gtin"], line["position"], line["quantity"], line["price_total_tiyn"], line["pays_tiyn"]
            )
            for line in data["lines"]
        ],
    )


def _changed(purchase: PastPurchase, topic: str, data: Mapping[str, Any]) -> None:
    match topic:
        case "voucher.captured" | "voucher.voided":
            purchase.status = topic.removeprefix("voucher.")
        case "voucher.reversed":
            purchase.reversals.append((datetime.fromisoformat(data["timestamp"]), data["reversed_tiyn"]))
            for line, returned in data["lines"]:
                purchase.lines[line].returned = returned
        case "family.rated":
            purchase.stars = data["stars"]
