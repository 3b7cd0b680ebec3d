"""The view `market_prices`: official retail prices by place and position, from which day on; the whole history (R13)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.trade.market import Market
from projections.view import Key, On, Recorded, Rows, Table, View, amount


def _prices(event: Recorded) -> Iterator[Key]:
    data = event.data
    return (
        (data["kato"], data["goods_version"], str(amount(position)), data["valid_from"])
        for position, _ in data["prices"]
    )


def _set(rows: Rows, event: Recorded) -> None:
    data = event.data
    for position, tiyn in data["prices"]:
        rows[data["kato"], data["goods_version"], str(position), data["valid_from"]] = {
            "kato": data["kato"],
            "goods_version": data["goods_version"],
            "position": str(position),
            "valid_from": data["valid_from"],
            "stream": event.stream,
            "price_tiyn": amount(tiyn),
            "set_at": data["timestamp"],
        }


class MarketPrices(View):
    """One row a place, position of a goods list and first day."""

    name = "market_prices"
    version = 1
    table = Table(
        columns=(
            ("kato", "text"),
            ("goods_version", "text"),
            ("position", "text"),
            ("valid_from", "text"),
            ("stream", "uuid"),
            ("price_tiyn", "bigint"),
            ("set_at", "timestamptz"),
        ),
        key=("kato", "goods_version", "position", "valid_from"),
    )
    on = {Market.PricesSet.TOPIC: On(_prices, _set, creates=True)}
