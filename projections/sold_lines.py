"""The view `sold_lines`: each line of each purchase, and each time something of it came back (O3.2, R2.1).

Rows are never changed: a purchase's status, and the position it was paid for at, are in `purchases`, by its position.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from domain.family import FamilyVouchers as F
from projections.view import Key, On, Recorded, Row, Rows, Table, View, amount, programme_month

THOUSANDTHS = 1000


def _thousandths(quantity: str) -> int:
    return int(Decimal(quantity) * THOUSANDTHS)


def _bought(event: Recorded) -> Iterator[Key]:
    redemption = event.data["redemption"]
    return ((redemption, str(line), "") for line in range(len(event.data["lines"])))


def _sold(rows: Rows, event: Recorded) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    for number, line in enumerate(data["lines"]):
        key = (data["redemption"], str(number), "")
        rows[key] = _row(key, event) | {
            "programme": programme,
            "month": month,
            "gtin": line["gtin"],
            "goods_position": amount(line["position"]),
            "shelf_price_tiyn": amount(line["shelf_price_tiyn"]),
            "price_tiyn": amount(line["price_tiyn"]),
            "thousandths": _thousandths(line["quantity"]),
        }


def _returned(event: Recorded) -> Iterator[Key]:
    redemption = event.data["redemption"]
    return ((redemption, str(line), str(event.position)) for line, _ in event.data["lines"])


def _back(rows: Rows, event: Recorded) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    for line, returned in data["lines"]:
        key = (data["redemption"], str(line), str(event.position))
        rows[key] = _row(key, event) | {
            "programme": programme,
            "month": month,
            "gtin": None,
            "goods_position": None,
            "shelf_price_tiyn": None,
            "price_tiyn": None,
            "thousandths": _thousandths(returned),
        }


def _row(key: Key, event: Recorded) -> Row:
    redemption, line, returned = key
    return {
        "redemption": redemption,
        "line": line,
        "returned": returned,
        "stream": event.stream,
        "position": event.position,
    }


class SoldLines(View):
    """One row a line of a purchase, `position` that of the purchase in the log; and one a line and return.

    Of a return `returned` is its position in text, and `thousandths` what of the line has come back in all by then;
    else `returned` is empty, and `thousandths` the quantity bought. Quantities are in thousandths of the article's
    unit, prices in tiyn a unit.
    """

    name = "sold_lines"
    version = 1
    table = Table(
        columns=(
            ("redemption", "text"),
            ("line", "text"),
            ("returned", "text"),
            ("stream", "uuid"),
            ("position", "bigint"),
            ("programme", "text"),
            ("month", "text"),
            ("gtin", "text"),
            ("goods_position", "integer"),
            ("shelf_price_tiyn", "bigint"),
            ("price_tiyn", "bigint"),
            ("thousandths", "bigint"),
        ),
        key=("redemption", "line", "returned"),
        indexes=(("programme", "month"), ("position",)),
    )
    on = {
        F.Redeemed.TOPIC: On(_bought, _sold, creates=True),
        F.Held.TOPIC: On(_bought, _sold, creates=True),
        F.Reversed.TOPIC: On(_returned, _back, creates=True),
    }
