"""The view `shop_prices`: what each shop pays for its articles, from which day on; the whole history (R13)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.trade.shop import Shop
from projections.view import Key, On, Recorded, Rows, Table, View, amount


def _prices(event: Recorded) -> Iterator[Key]:
    data = event.data
    return ((data["shop"], gtin, data["valid_from"]) for gtin, _, _ in data["prices"])


def _set(rows: Rows, event: Recorded) -> None:
    data = event.data
    for gtin, source, tiyn in data["prices"]:
        rows[data["shop"], gtin, data["valid_from"]] = {
            "shop": data["shop"],
            "gtin": gtin,
            "valid_from": data["valid_from"],
            "stream": event.stream,
            "source": source,
            "price_tiyn": amount(tiyn),
            "set_at": data["timestamp"],
        }


class ShopPrices(View):
    """One row a shop, article and first day; `source` is trade, farm, or none: not sold any more."""

    name = "shop_prices"
    version = 1
    table = Table(
        columns=(
            ("shop", "text"),
            ("gtin", "text"),
            ("valid_from", "text"),
            ("stream", "uuid"),
            ("source", "text"),
            ("price_tiyn", "bigint"),
            ("set_at", "timestamptz"),
        ),
        key=("shop", "gtin", "valid_from"),
    )
    on = {Shop.PricesSet.TOPIC: On(_prices, _set, creates=True)}
