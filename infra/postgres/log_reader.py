"""Reading the log: after a position, stream by stream, one stream; and waiting for what is appended."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from datetime import datetime

from infra.postgres.connect import APP_ROLE, ThreadConnections, connect, steady_dsn
from projections.events import KNOWN_TOPICS, Raw

CHANNEL = "azyq_events"
_COLUMNS = "notification_id, originator_id::text, originator_version, topic, state"
_ROWS_AT_ONCE = 5_000


class LogReader:
    """Reads what others append; safe to share among threads. Raises psycopg2.OperationalError without a server."""

    def __init__(self, dsn: str) -> None:
        self._dsn = steady_dsn(dsn)
        self._reading = ThreadConnections(dsn, "azyq-feed", autocommit=True)
        self._listening = ThreadConnections(dsn, "azyq-listen", autocommit=True, setup=f"LISTEN {CHANNEL}")

    def close(self) -> None:
        """Close every connection."""
        self._reading.close()
        self._listening.close()

    def head(self) -> int:
        """The position of the last event; 0 when there is none."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])

    def after(self, position: int, limit: int) -> list[Raw]:
        """At most `limit` events after `position`, in order."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM azyq_log.azyq_events"
                " WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
                (position, limit),
            )
            return [Raw(*row) for row in cursor]

    def identities(self, positions: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Stream and version of the events at these positions, by position, of those that there are."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute(
                "SELECT notification_id, originator_id::text, originator_version FROM azyq_log.azyq_events"
                " WHERE notification_id = ANY(%s)",
                (list(positions),),
            )
            return {position: (stream, version) for position, stream, version in cursor}

    def streams_after(self, position: int, limit: int) -> list[tuple[int, str]]:
        """Position and stream of at most `limit` events after `position`, in order."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute(
                "SELECT notification_id, originator_id::text FROM azyq_log.azyq_events"
                " WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
                (position, limit),
            )
            return cursor.fetchall()

    def at(self, positions: Sequence[int]) -> list[Raw]:
        """The events at these positions, in order, of those that there are."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM azyq_log.azyq_events"
                " WHERE notification_id = ANY(%s) ORDER BY notification_id",
                (list(positions),),
            )
            return [Raw(*row) for row in cursor]

    def of_stream(self, stream: str, upto: int) -> list[Raw]:
        """Events of one stream up to position `upto`, in order."""
        with self._reading.mine().cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM azyq_log.azyq_events"
                " WHERE originator_id = %s AND notification_id <= %s ORDER BY originator_version",
                (stream, upto),
            )
            return [Raw(*row) for row in cursor]

    def in_stream_order(self, upto: int, topics: Sequence[str] | None = None) -> Iterator[Raw]:
        """Events up to position `upto`, by stream and version; with `topics`, those and the unknown ones."""
        # With the table's name, or it were the text that is selected, which no index has and which sorts slower.
        return self._scan(upto, topics, " ORDER BY azyq_events.originator_id, azyq_events.originator_version")

    def in_any_order(self, upto: int, topics: Sequence[str] | None = None) -> Iterator[Raw]:
        """Events up to position `upto` as they come quickest; with `topics`, those and the unknown ones."""
        return self._scan(upto, topics, "")

    def _scan(self, upto: int, topics: Sequence[str] | None, order: str) -> Iterator[Raw]:
        condition, arguments = "", [upto]
        if topics is not None:
            condition = " AND (topic = ANY(%s) OR topic <> ALL(%s) OR topic IS NULL)"
            arguments += [list(topics), list(KNOWN_TOPICS)]  # type: ignore[list-item]
        connection = connect(self._dsn, role=APP_ROLE, application_name="azyq-fold")
        try:
            with connection.cursor() as setup:
                setup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                setup.execute("SET LOCAL cursor_tuple_fraction = 1.0")
                setup.execute("SET LOCAL work_mem = '32MB'")
            with connection.cursor(name="azyq_fold") as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(
                    f"SELECT {_COLUMNS} FROM azyq_log.azyq_events"
                    f" WHERE notification_id <= %s{condition}{order}",
                    arguments,
                )
                for row in cursor:
                    yield Raw._make(row)
        finally:
            connection.close()

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for an append; True when one was announced. A missed one waits for the next poll."""
        connection = self._listening.mine()
        connection.poll()
        if not connection.notifies:
            poll = select.poll()
            poll.register(connection, select.POLLIN)
            poll.poll(seconds * 1000)
            connection.poll()
        announced = bool(connection.notifies)
        connection.notifies.clear()
        return announced


def newest_time(dsn: str) -> datetime | None:
    """The time of what was recorded last: an event, or a code that a till was shown; None for an empty log."""
    connection = connect(dsn, role=APP_ROLE, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT greatest((SELECT max(newest) FROM azyq_log.code_seen),"
                " (SELECT (convert_from(state, 'UTF8')::json ->> 'timestamp')::timestamptz"
                " FROM azyq_log.azyq_events ORDER BY notification_id DESC LIMIT 1))"
            )
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()
