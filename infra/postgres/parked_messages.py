"""Messages of Kafka that could not be read as ours: by place and reason, never with what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from infra.postgres.connect import ThreadConnections


class ParkedMessage(NamedTuple):
    """A message that was set aside; `state` is open, retried or discarded, `note` why it was discarded."""

    topic: str
    partition: int
    offset: int
    reason: str
    parked_at: datetime
    state: str
    note: str | None


class PostgresParkedMessages:
    """The table azyq_views.parked_message; safe to share among threads. Raises psycopg2.OperationalError."""

    def __init__(self, dsn: str) -> None:
        self._connections = ThreadConnections(dsn, "azyq-parked", autocommit=True)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def park(
        self, topic: str, strange: Sequence[tuple[int, int, str, int | None]]
    ) -> list[tuple[int, int, str]]:
        """Note (partition, offset, reason, ms since 1970 when it was written) of messages of `topic`.

        Gives partition, offset and reason of those that were not noted before. One that was written at another
        time than the one noted at its place is another one, and takes its place.
        """
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "INSERT INTO azyq_views.parked_message AS p (topic, partition, message_offset, reason, written_at)"
                " SELECT %s, * FROM unnest(%s::integer[], %s::bigint[], %s::text[], %s::bigint[])"
                " ON CONFLICT (topic, partition, message_offset) DO UPDATE SET reason = EXCLUDED.reason,"
                " written_at = EXCLUDED.written_at, parked_at = now(), state = 'open', note = NULL,"
                " announced_at = NULL WHERE p.written_at <> EXCLUDED.written_at"
                " RETURNING partition, message_offset, reason",
                (topic, *(list(column) for column in zip(*strange, strict=True))),
            )
            return [(partition, offset, reason) for partition, offset, reason in cursor]

    def list(self, state: str | None = "open") -> list[ParkedMessage]:
        """Parked messages by topic, partition and offset, by default the open ones."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT topic, partition, message_offset, reason, parked_at, state, note"
                " FROM azyq_views.parked_message WHERE %s::text IS NULL OR state = %s ORDER BY 1, 2, 3",
                (state, state),
            )
            return [ParkedMessage(*row) for row in cursor]

    def written_at(self, topic: str, partition: int, offset: int) -> int | None:
        """When the message parked at this place was written, in ms since 1970; None where that was not noted."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT written_at FROM azyq_views.parked_message"
                " WHERE topic = %s AND partition = %s AND message_offset = %s",
                (topic, partition, offset),
            )
            row = cursor.fetchone()
            return None if row is None else row[0]

    def settle(self, topic: str, partition: int, offset: int) -> bool:
        """Call an open parked message retried; False when there is no such one."""
        return self._close(topic, partition, offset, "retried", None)

    def discard(self, topic: str, partition: int, offset: int, reason: str) -> bool:
        """Give an open parked message up, saying why; False when there is no such one."""
        if not reason.strip():
            raise ValueError("say why it is discarded")
        return self._close(topic, partition, offset, "discarded", reason)

    def _close(self, topic: str, partition: int, offset: int, state: str, note: str | None) -> bool:
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "UPDATE azyq_views.parked_message SET state = %s, note = %s WHERE topic = %s"
                " AND partition = %s AND message_offset = %s AND state = 'open'",
                (state, note, topic, partition, offset),
            )
            return cursor.rowcount == 1
