"""A shop's day as its till asks for it (`infra.api.counter.sales.SalesServices`), from the view `purchases`."""

from __future__ import annotations

from datetime import date

from domain.calendar import ALMATY, day_start
from infra.api.counter.sales import Day, Sale
from infra.bootstrap import Azyq
from infra.postgres.connect import ThreadConnections

_NEWEST = 200


class Sales:
    """As new as the view is: a moment behind the log."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._connections = ThreadConnections(azyq.dsn, "azyq-sales", autocommit=True)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def day(self, shop: str, on: date) -> Day:
        """What a shop sold on a local day; captured purchases are counted, held and voided ones only listed."""
        there = self._azyq.desk.shop(shop)
        # The day's end is the database's to reckon: Python has no day after 9999-12-31.
        bounds = {"shop": shop, "first": day_start(on)}
        of_the_day = (
            "FROM azyq_views.purchases WHERE shop = %(shop)s AND bought_at >= %(first)s"
            " AND bought_at < %(first)s::timestamptz + interval '24 hours'"
        )
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT count(*), coalesce(sum(drawn_tiyn), 0), coalesce(sum(shelf_total_tiyn), 0),"
                f" coalesce(sum(price_total_tiyn), 0) {of_the_day} AND status = 'captured'",
                bounds,
            )
            totals = cursor.fetchone()
            assert totals is not None
            cursor.execute(
                "SELECT redemption, receipt, status, bought_at, drawn_tiyn, shelf_total_tiyn, price_total_tiyn"
                f" {of_the_day} ORDER BY bought_at DESC, redemption LIMIT {_NEWEST}",
                bounds,
            )
            newest = [
                Sale(
                    redemption=redemption,
                    receipt=receipt,
                    status=status,
                    bought_at=bought_at.astimezone(ALMATY),
                    drawn_tiyn=drawn,
                    shelf_total_tiyn=shelf,
                    price_total_tiyn=price,
                )
                for redemption, receipt, status, bought_at, drawn, shelf, price in cursor
            ]
        count, drawn, shelf, price = map(int, totals)
        return Day(
            name=there.name if there else "",
            count=count,
            drawn_tiyn=drawn,
            shelf_total_tiyn=shelf,
            price_total_tiyn=price,
            purchases=newest,
        )
