"""The view `sold_lines`: each line of each purchase, and each time something of it came back (O3.2, R2.1).

Rows are never changed: a purchase's status, and the position it was paid for at, are in `purchases`, by its position.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

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
    seen: set[tuple[Any, ...]] = set()
    for number, line in enumerate(data["lines"]):
        key = (data["redemption"], str(number), "")
        goods = [(line["position"],), (line["position"], line["gtin"])]
        new = sum(one not in seen for one in goods)
        seen.update(goods)
        rows[key] = _row(key, event) | {
            "programme": programme,
            "month": month,
            "held": int(event.topic == F.Held.TOPIC),
            "first_of": new,
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
            "held": None,
            "first_of": None,
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
    unit, prices in tiyn a unit. `held` is 1 where the
    purchase was held first, and paid for later or not at all. `first_of` is 2
    where no line before it in the purchase is of its position of the goods list, 1 where none is of its article, else
    0: purchases are counted by lines.
    """

    name = "sold_lines"
    version = 2
    table = Table(
        columns=(
            ("redemption", "text"),
            ("line", "text"),
            ("returned", "text"),
            ("stream", "uuid"),
            ("position", "bigint"),
            ("programme", "text"),
            ("month", "text"),
            ("held", "integer"),
            ("first_of", "integer"),
            ("gtin", "text"),
            ("goods_position", "integer"),
            ("shelf_price_tiyn", "bigint"),
            ("price_tiyn", "bigint"),
            ("thousandths", "bigint"),
        ),
        key=("redemption", "line", "returned"),
        indexes=(("programme", "month", "returned"), ("position",)),
    )
    on = {
        F.Redeemed.TOPIC: On(_bought, _sold, creates=True),
        F.Held.TOPIC: On(_bought, _sold, creates=True),
        F.Reversed.TOPIC: On(_returned, _back, creates=True),
    }
