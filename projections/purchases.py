"""The view `purchases`: each purchase, and what of it stayed sold (R25–R28, O3.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.family import FamilyVouchers as F
from domain.money import line_total_tiyn
from projections.view import Key, On, Recorded, Row, Rows, Table, View, amount, own_row, programme_month


def _purchase(event: Recorded) -> tuple[Key]:
    return ((event.data["redemption"],),)


def _drawing(status: str) -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        data = event.data
        programme, month = programme_month(data["cycle"])
        row = rows[(data["redemption"],)] = {
            "redemption": data["redemption"],
            "stream": event.stream,
            "programme": programme,
            "month": month,
            "shop": data["shop"],
            "receipt": data["receipt"],
            "status": status,
            "bought_at": data["timestamp"],
            "drawn_tiyn": data["drawn_tiyn"],
        }
        _sold(
            row,
            [
                [amount(line["shelf_price_tiyn"]), amount(line["price_tiyn"]), line["quantity"], "0"]
                for line in data["lines"]
            ],
        )

    return On(_purchase, fold, creates=True)


def _changing(change: Callable[[Row, dict[str, Any]], None]) -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        change(own_row(rows, (event.data["redemption"],), event.stream), event.data)

    return On(_purchase, fold)


def _captured(row: Row, _data: dict[str, Any]) -> None:
    row["status"] = "captured"


def _voided(row: Row, _data: dict[str, Any]) -> None:
    row["status"] = "voided"


def _reversed(row: Row, data: dict[str, Any]) -> None:
    lines = json.loads(row["lines"])
    for line, returned in data["lines"]:
        lines[line][3] = returned
    row["drawn_tiyn"] -= data["reversed_tiyn"]
    _sold(row, lines)


def _sold(row: Row, lines: list[list[Any]]) -> None:
    """Note `lines` and what the goods that were not returned cost."""
    kept = [(shelf, price, Decimal(bought) - Decimal(returned)) for shelf, price, bought, returned in lines]
    row["shelf_total_tiyn"] = sum(line_total_tiyn(shelf, quantity) for shelf, _, quantity in kept)
    row["price_total_tiyn"] = sum(line_total_tiyn(price, quantity) for _, price, quantity in kept)
    row["lines"] = json.dumps(lines, separators=(",", ":"))


class Purchases(View):
    """One row a purchase; sums are without what came back, and count as sold when `status` is captured.

    `lines` is JSON: [shelf price, discounted price (tiyn a unit), quantity bought, quantity returned] of each line.
    """

    name = "purchases"
    version = 2
    table = Table(
        columns=(
            ("redemption", "text"),
            ("stream", "uuid"),
            ("programme", "text"),
            ("month", "text"),
            ("shop", "text"),
            ("receipt", "text"),
            ("status", "text"),
            ("bought_at", "timestamptz"),
            ("drawn_tiyn", "bigint"),
            ("shelf_total_tiyn", "bigint"),
            ("price_total_tiyn", "bigint"),
            ("lines", "text"),
        ),
        key=("redemption",),
        indexes=(("stream",), ("programme", "month"), ("shop", "bought_at")),
    )
    on = {
        F.Redeemed.TOPIC: _drawing("captured"),
        F.Held.TOPIC: _drawing("held"),
        F.Captured.TOPIC: _changing(_captured),
        F.Voided.TOPIC: _changing(_voided),
        F.Reversed.TOPIC: _changing(_reversed),
    }
