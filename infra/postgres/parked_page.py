"""A page of all that is parked: events of views and messages of topics, the oldest in front."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from infra.postgres.view_store import ViewStore


class ParkedItem(NamedTuple):
    """Something that waits: `place` and `number` name it, `topic` is the event's type or "" for a message."""

    place: str
    number: int
    topic: str
    reason: str
    parked_at: datetime


def parked_page(store: ViewStore, first: int, limit: int) -> tuple[list[ParkedItem], int]:
    """`limit` open ones from the `first` on, the oldest in front, and how many there are."""
    with store.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM azyq_views.parked WHERE state = 'open')"
            " + (SELECT count(*) FROM azyq_views.parked_message WHERE state = 'open')"
        )
        (count,) = cursor.fetchone() or (0,)
        cursor.execute(
            "SELECT view, position, topic, reason, parked_at FROM azyq_views.parked WHERE state = 'open'"
            " UNION ALL SELECT topic || '/' || partition, message_offset, '', reason, parked_at"
            " FROM azyq_views.parked_message WHERE state = 'open'"
            " ORDER BY parked_at, 1, 2 LIMIT %s OFFSET %s",
            (limit, first),
        )
        return [ParkedItem(*row) for row in cursor], int(count)
