"""The view `sold_lines`: each line of each purchase, and each time something of it came back (O3.2, R2.1).

Rows are never changed: a purchase's status, and the position it was paid for at, are in `purchases`, by its position.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.family import FamilyVouchers as F
from projections.view import Key, On, Recorded, Rows, Table, View, amount, programme_month

THOUSANDTHS = 1000


def _thousandths(quantity: str) -> int:
    return int(Decimal(quantity) * THOUSANDTHS)


def _bought(event: Recorded) -> list[Key]:
    redemption = event.data["redemption"]
    return [(redemption, str(line), "") for line in range(len(event.data["lines"]))]


def _sold(rows: Rows, event: Recorded) -> None:
    data = event.data
    redemption, shop, at = data["redemption"], data["shop"], data["timestamp"]
    programme, month = programme_month(data["cycle"])
    goods_list = data["goods_version"]
    held = int(event.topic == F.Held.TOPIC)
    seen: set[Any] = set()
    for number, line in enumerate(data["lines"]):
        gtin, position = line["gtin"], amount(line["position"])
        new = (position not in seen) + ((position, gtin) not in seen)
        seen.update((position, (position, gtin)))
        name = str(number)
        rows[redemption, name, ""] = {
            "stream": event.stream,
            "position": event.position,
            "goods_position": position,
            "held": held,
            "first_of": new,
            "shelf_price_tiyn": amount(line["shelf_price_tiyn"]),
            "price_tiyn": amount(line["price_tiyn"]),
            "thousandths": _thousandths(line["quantity"]),
            "bought_at": at,
            "programme": programme,
            "month": month,
            "shop": shop,
            "gtin": gtin,
            "goods_list": goods_list,
            "redemption": redemption,
            "line": name,
            "returned": "",
        }


def _returned(event: Recorded) -> list[Key]:
    redemption, position = event.data["redemption"], str(event.position)
    return [(redemption, str(line), position) for line, _ in event.data["lines"]]


def _back(rows: Rows, event: Recorded) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    for key, (_, returned) in zip(_returned(event), data["lines"], strict=True):
        rows[key] = dict.fromkeys(SoldLines.table.names) | {
            "stream": event.stream,
            "position": event.position,
            "thousandths": _thousandths(returned),
            "programme": programme,
            "month": month,
            **dict(zip(SoldLines.table.key, key, strict=True)),
        }


class SoldLines(View):
    """One row a line of a purchase, `position` that of the purchase in the log; and one a line and return.

    Of a return `returned` is its position in text, and `thousandths` what of the line has come back in all by then; what
    was bought is in the line's own row. There `returned` is empty, and `thousandths` the quantity bought. Quantities are
    in thousandths of the article's unit, prices in tiyn a unit. `goods_list` is the version of the list that
    `goods_position` is a number of (R2.3). `held` is 1 where the purchase was held first, and paid
    for later or not at all. `first_of` is 2 where no line before it in the purchase is of its position of the goods list,
    1 where none is of its article, else 0: purchases are counted by lines.
    """

    name = "sold_lines"
    version = 4
    table = Table(
        # Those of one width first: PostgreSQL finds them without looking at what is before.
        columns=(
            ("stream", "uuid"),
            ("position", "bigint"),
            ("goods_position", "integer"),
            ("held", "integer"),
            ("first_of", "integer"),
            ("shelf_price_tiyn", "bigint"),
            ("price_tiyn", "bigint"),
            ("thousandths", "bigint"),
            ("bought_at", "timestamptz"),
            ("programme", "text"),
            ("month", "text"),
            ("shop", "text"),
            ("gtin", "text"),
            ("goods_list", "text"),
            ("redemption", "text"),
            ("line", "text"),
            ("returned", "text"),
        ),
        key=("redemption", "line", "returned"),
        indexes=(("programme", "month"), ("bought_at",)),
        lasting=True,
    )
    on = {
        F.Redeemed.TOPIC: On(_bought, _sold, creates=True),
        F.Held.TOPIC: On(_bought, _sold, creates=True),
        F.Reversed.TOPIC: On(_returned, _back, creates=True),
    }
