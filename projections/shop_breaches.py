"""The view `shop_breaches`: which conditions of their loans shops did not keep, and when they did again (R12, O3.1)."""

from __future__ import annotations

from domain.trade.shop import Shop
from projections.view import Key, On, Recorded, Rows, Table, View, amount, own_row


def _breach(event: Recorded) -> tuple[Key]:
    return ((event.data["breach"],),)


def _recorded(rows: Rows, event: Recorded) -> None:
    data = event.data
    missing = sorted(amount(position) for position in data["missing"])
    rows[(data["breach"],)] = {
        "breach": data["breach"],
        "stream": event.stream,
        "shop": data["shop"],
        "condition": data["condition"],
        "found_on": data["found_on"],
        "detail": data["detail"],
        "missing": ",".join(map(str, missing)),
        "goods_version": data["goods_version"],
        "mended_on": None,
    }


def _mended(rows: Rows, event: Recorded) -> None:
    own_row(rows, (event.data["breach"],), event.stream)["mended_on"] = event.data["mended_on"]


class ShopBreaches(View):
    """One row a breach, as it was last recorded; `missing` are positions of the goods list, with commas."""

    name = "shop_breaches"
    version = 1
    table = Table(
        columns=(
            ("breach", "text"),
            ("stream", "uuid"),
            ("shop", "text"),
            ("condition", "text"),
            ("found_on", "text"),
            ("detail", "text"),
            ("missing", "text"),
            ("goods_version", "text"),
            ("mended_on", "text"),
        ),
        key=("breach",),
        indexes=(("shop",),),
    )
    on = {
        Shop.BreachRecorded.TOPIC: On(_breach, _recorded, creates=True),
        Shop.BreachMended.TOPIC: On(_breach, _mended),
    }
