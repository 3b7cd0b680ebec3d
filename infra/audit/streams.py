"""The log, stream by stream, in the one state of the database that an audit is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from infra.postgres.connect import APP_ROLE, connect
from projections.events import Raw

ROWS_AT_ONCE = 5000


def open_snapshot(dsn: str, snapshot: str = "") -> Connection:
    """A connection that sees one state of the database `dsn`: as of now, or that of another connection's `snapshot`."""
    connection = connect(dsn, role=APP_ROLE, application_name="azyq-audit")
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    with connection.cursor() as cursor:
        if snapshot:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot,))
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1.0")  # every row is read
    return connection


class LogStreams:
    """Reads events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursors = 0

    def raws(self, where: str = "", values: tuple[Any, ...] = ()) -> Iterator[Raw]:
        """Those events for which `where` (SQL) holds, in order of stream and version."""
        return self._read(f"{where} ORDER BY originator_id, originator_version", values)

    def in_order(self, where: str) -> Iterator[Raw]:
        """Those events for which `where` (SQL) holds, in order of the log."""
        return self._read(f"{where} ORDER BY notification_id", ())

    def _read(self, which: str, values: tuple[Any, ...]) -> Iterator[Raw]:
        self._cursors += 1
        with self._connection.cursor(name=f"azyq_audit_{self._cursors}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(
                "SELECT notification_id, originator_id::text, originator_version, topic, state"
                f" FROM azyq_log.azyq_events {which}",
                values,
            )
            yield from map(Raw._make, cursor)
