"""Shops as the view has them now."""

from __future__ import annotations

from collections.abc import Iterator

from infra.postgres.view_store import ViewStore


def shops_in_batches(store: ViewStore, at_once: int) -> Iterator[list[str]]:
    """The ids of all shops, in order, `at_once` of them a time."""
    with store.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('azyq_views.shops')")
        if cursor.fetchone() == (None,):
            return
        cursor.execute("SELECT shop FROM azyq_views.shops ORDER BY shop")
        shops = [row[0] for row in cursor]
    for start in range(0, len(shops), at_once):
        yield shops[start : start + at_once]
