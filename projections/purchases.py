"""The view `purchases`: each purchase, and what of it stayed sold (R25–R28, O3.2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

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
            "position": event.position,
            "captured_position": event.position if status == "captured" else None,
            "voided_position": None,
            "voided_to": None,
            "purchase_tiyn": data["drawn_tiyn"],
            "draws": _json(data["draws"]),
            "drawn_tiyn": data["drawn_tiyn"],
            "returns": None,
        }
        _sold(row, [_line(line) for line in data["lines"]])

    return On(_purchase, fold, creates=True)


def _line(line: dict[str, Any]) -> list[Any]:
    shelf, price, pays = line["shelf_price_tiyn"], line["price_tiyn"], line["pays_tiyn"]
    return [
        line["gtin"],
        amount(line["position"]),
        amount(shelf),
        amount(price),
        line["quantity"],
        "0",
        amount(pays),
    ]


def _changing(change: Callable[[Row, Recorded], None]) -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        change(own_row(rows, (event.data["redemption"],), event.stream), event)

    return On(_purchase, fold)


def _captured(row: Row, event: Recorded) -> None:
    row["status"] = "captured"
    row["captured_position"] = event.position


def _voided(row: Row, event: Recorded) -> None:
    row["status"] = "voided"
    row["voided_position"] = event.position
    row["voided_to"] = event.data["to"]


def _reversed(row: Row, event: Recorded) -> None:
    data = event.data
    lines = orjson.loads(row["lines"])
    for line, returned in data["lines"]:
        lines[line][5] = returned
    row["drawn_tiyn"] -= data["reversed_tiyn"]
    back = [event.position, data["to"], data["reversed_tiyn"], data["lines"], data["credits"]]
    row["returns"] = _json([*orjson.loads(row["returns"] or "[]"), back])
    _sold(row, lines)


def _sold(row: Row, lines: list[list[Any]]) -> None:
    """Note `lines` and what the goods that were not returned cost."""
    shelf_total = price_total = 0
    for _, _, shelf, price, bought, returned, _ in lines:
        quantity = Decimal(bought) if returned == "0" else Decimal(bought) - Decimal(returned)
        shelf_total += line_total_tiyn(shelf, quantity)
        price_total += line_total_tiyn(price, quantity)
    row["shelf_total_tiyn"] = shelf_total
    row["price_total_tiyn"] = price_total
    row["lines"] = _json(lines)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Purchases(View):
    """One row a purchase; sums are without what came back, and count as sold when `status` is captured.

    `lines` is JSON: [article (GTIN), position in the goods list, shelf price, discounted price (tiyn a unit), quantity
    bought, quantity returned, what the voucher paid (tiyn)] of each line. `returns` is JSON too: [log position, where
    the sum went, sum in tiyn, [line, quantity returned in all] each, [voucher, tiyn] each]; `draws` [voucher, tiyn] of each
    voucher that paid. `position`, `captured_position` and
    `voided_position` are of the log; `purchase_tiyn` is what was drawn at first.
    """

    name = "purchases"
    version = 5
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
            ("position", "bigint"),
            ("captured_position", "bigint"),
            ("voided_position", "bigint"),
            ("voided_to", "text"),
            ("purchase_tiyn", "bigint"),
            ("draws", "text"),
            ("drawn_tiyn", "bigint"),
            ("shelf_total_tiyn", "bigint"),
            ("price_total_tiyn", "bigint"),
            ("lines", "text"),
            ("returns", "text"),
        ),
        key=("redemption",),
        # Which months are bought for on a day is read without the rows.
        indexes=(
            ("stream",),
            ("programme", "month"),
            ("shop", "bought_at"),
            ("bought_at", "programme", "month"),
        ),
        partial=((("programme", "month"), "returns IS NOT NULL"), (("bought_at",), "returns IS NOT NULL")),
    )
    on = {
        F.Redeemed.TOPIC: _drawing("captured"),
        F.Held.TOPIC: _drawing("held"),
        F.Captured.TOPIC: _changing(_captured),
        F.Voided.TOPIC: _changing(_voided),
        F.Reversed.TOPIC: _changing(_reversed),
    }
