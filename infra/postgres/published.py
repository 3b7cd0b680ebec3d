"""How far the log was published, and which one of the publishers may move that on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from psycopg2.extensions import connection as Connection

from infra.postgres.connect import APP_ROLE, connect, steady_dsn

_CLASS = 0x617A7971  # "azyq"
_IDLE_SECONDS = 8
_SETUP = (
    f"SET idle_session_timeout = '{_IDLE_SECONDS}s'; SET statement_timeout = '30s'; SET lock_timeout = '5s'"
)


class NotActive(RuntimeError):
    """Another publisher may be the active one by now: this one has to take its turn again."""

    code = "not_active"


def lock_key(topic: str) -> int:
    """The second half of the advisory lock of the publisher of `topic`; the first is "azyq"."""
    return crc32(topic.encode()) & 0x7FFF_FFFF


def publisher_holds(topic: str) -> str:
    """A query: 1 while a publisher of `topic` holds its lock in this database, else 0."""
    return (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
        f" AND classid = {_CLASS} AND objid = {lock_key(topic)}"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )


class PublishedState:
    """The row of one topic, moved by the one that holds the lock, on the very connection that holds it.

    A connection that died or was idle for 8 s holds nothing, and so can't move the row: whoever may take over
    never meets a move of the one before. Not to be shared among threads. Every method may raise psycopg2.Error.
    """

    def __init__(self, dsn: str, topic: str) -> None:
        self._dsn = steady_dsn(dsn)
        self._topic = topic
        self._connection: Connection | None = None
        self._holds = False
        self._position = 0

    def acquire(self) -> bool:
        """Whether this one is active now; asks without waiting, and again costs nothing."""
        if self._connection is None or self._connection.closed:
            self.release()
            self._connection = connect(
                self._dsn, APP_ROLE, autocommit=True, application_name="azyq-publisher"
            )
            with self._connection.cursor() as cursor:
                cursor.execute(_SETUP)
        if not self._holds:
            row = self._ask("SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, lock_key(self._topic)))
            self._holds = bool(row and row[0])
        return self._holds

    def keep(self) -> None:
        """Say that this one is alive; to be called at least each second or so."""
        self._ask("SELECT 1", ())

    def place(self) -> tuple[int, list[int]] | None:
        """The position, and the last position of each partition; None when nothing was ever published."""
        row = self._ask("SELECT position, last FROM azyq_log.published WHERE topic = %s", (self._topic,))
        if row is None:
            return None
        self._position = int(row[0])
        return self._position, [int(last) for last in row[1]]

    def begin(self, partitions: int) -> None:
        """Make the row, at position 0, for a topic of so many partitions."""
        self._ask(
            "INSERT INTO azyq_log.published (topic, partitions, position, last)"
            " VALUES (%s, %s, 0, array_fill(0::bigint, ARRAY[%s])) RETURNING position",
            (self._topic, partitions, partitions),
        )
        self._position = 0

    def move(self, position: int, last: Sequence[int]) -> None:
        """Everything up to `position` was acknowledged. Raises NotActive when that isn't this one's to say."""
        if self._move(position, last) is None:
            self.release()
            raise NotActive("the publisher's position was moved by another")
        self._position = position

    def repartition(self, last: Sequence[int]) -> None:
        """The topic has `len(last)` partitions from here on; `last` as the log says at the present position.

        Raises NotActive when the position moved meanwhile.
        """
        if self._move(self._position, last, ", renumbered = position") is None:
            raise NotActive("the publisher's position was moved by another")

    def streams(self, upto: int) -> Iterable[tuple[str, int]]:
        """Each stream of the log with the position of its last event up to `upto`; the lock is kept, however long."""
        self._ask("SELECT set_config('idle_session_timeout', '0', false)", ())
        connection = connect(self._dsn, APP_ROLE, application_name="azyq-publisher-streams")
        try:
            with connection.cursor(name="azyq_streams") as cursor:
                cursor.itersize = 10_000
                cursor.execute(
                    "SELECT originator_id::text, max(notification_id) FROM azyq_log.azyq_events"
                    " WHERE notification_id <= %s GROUP BY originator_id",
                    (upto,),
                )
                yield from cursor
        finally:
            connection.close()

    def release(self) -> None:
        """Give the lock up, if this one holds it, and the connection with it."""
        connection, self._connection, self._holds = self._connection, None, False
        if connection is not None:
            connection.close()

    def _move(self, position: int, last: Sequence[int], also: str = "") -> object:
        return self._ask(
            "UPDATE azyq_log.published SET position = %s, last = %s::bigint[], partitions = %s, moved_at = now()"
            f"{also} WHERE topic = %s AND position = %s RETURNING position",
            (position, list(last), len(last), self._topic, self._position),
        )

    def _ask(self, query: str, parameters: tuple[object, ...]) -> tuple[Any, ...] | None:
        if self._connection is None:
            raise NotActive("the publisher's lock was given up")
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchone()
