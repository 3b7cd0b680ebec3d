"""What was parked and has not been announced on Kafka yet."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from infra.postgres.connect import ThreadConnections


class ParkedEvent(NamedTuple):
    """An event that a view could not fold."""

    view: str
    position: int
    stream: str
    topic: str
    reason: str
    parked_at: datetime


class ParkedMessage(NamedTuple):
    """A message of Kafka that is none of ours."""

    topic: str
    partition: int
    offset: int
    reason: str
    parked_at: datetime


class UnannouncedParked:
    """Reads the rows that wait, and marks those that were announced. Raises psycopg2.Error without a server."""

    def __init__(self, dsn: str) -> None:
        self._connections = ThreadConnections(dsn, "azyq-announce", autocommit=True)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def events(self, limit: int) -> list[ParkedEvent]:
        """At most `limit` parked events, in the log's order."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT view, position, stream::text, topic, reason, parked_at FROM azyq_views.parked"
                " WHERE announced_at IS NULL ORDER BY position LIMIT %s",
                (limit,),
            )
            return [ParkedEvent(*row) for row in cursor]

    def messages(self, limit: int) -> list[ParkedMessage]:
        """At most `limit` parked messages, oldest first."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT topic, partition, message_offset, reason, parked_at FROM azyq_views.parked_message"
                " WHERE announced_at IS NULL ORDER BY parked_at LIMIT %s",
                (limit,),
            )
            return [ParkedMessage(*row) for row in cursor]

    def announced(self, events: list[ParkedEvent], messages: list[ParkedMessage]) -> None:
        """Mark them; what was parked anew meanwhile, at another time, stays to be announced."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "UPDATE azyq_views.parked p SET announced_at = now()"
                " FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[]) AS a(view, position, parked_at)"
                " WHERE p.view = a.view AND p.position = a.position AND p.parked_at = a.parked_at",
                ([e.view for e in events], [e.position for e in events], [e.parked_at for e in events]),
            )
            cursor.execute(
                "UPDATE azyq_views.parked_message p SET announced_at = now()"
                " FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::timestamptz[])"
                " AS a(topic, partition, message_offset, parked_at)"
                " WHERE p.topic = a.topic AND p.partition = a.partition"
                " AND p.message_offset = a.message_offset AND p.parked_at = a.parked_at",
                (
                    [m.topic for m in messages],
                    [m.partition for m in messages],
                    [m.offset for m in messages],
                    [m.parked_at for m in messages],
                ),
            )
