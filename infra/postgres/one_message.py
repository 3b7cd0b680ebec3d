"""Events saved in one message to PostgreSQL.

A transaction of its own: one round trip however many tables it writes to, and the log is locked for no longer than the
server takes to write and commit, whatever else the process of the writer is busy with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from psycopg2.extensions import connection as Connection

from infra.postgres.arrays import array

# Each statement may wait for a lock as long as is left of the whole: none of them beyond it.
_BOUND = (
    "SELECT set_config('lock_timeout', greatest(1, %s - 1000 * extract(epoch FROM"
    " clock_timestamp() - transaction_timestamp()))::int::text, true)"
)
_LOCK_AND_WRITE = (
    "LOCK TABLE azyq_log.azyq_events IN EXCLUSIVE MODE",
    "NOTIFY azyq_events",
    "INSERT INTO azyq_log.azyq_events AS t (originator_id, originator_version, topic, state)"
    " SELECT id, version, topic, convert_to(state, 'UTF8')"
    " FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[]) AS e(id, version, topic, state)"
    " RETURNING notification_id",
)
_RAISED = (
    (psycopg2.IntegrityError, IntegrityError),
    (psycopg2.InterfaceError, InterfaceError),
    (psycopg2.OperationalError, OperationalError),
    (psycopg2.ProgrammingError, ProgrammingError),
    (psycopg2.DataError, DataError),
    (psycopg2.InternalError, InternalError),
    (psycopg2.Error, PersistenceError),
)


def insert_in_one_message(
    connection: Connection,
    events: Sequence[StoredEvent],
    beside: Iterable[tuple[str, Sequence[Sequence[Any]]]],
    patience_seconds: float,
) -> list[int]:
    """Commit `events` on `connection` (in autocommit) and what is `beside` them: statements over arrays, with their rows.

    Their positions in the log. Waits for locks at most `patience_seconds` in all. Raises what eventsourcing's own
    recorder does: IntegrityError when another was first, OperationalError when a wait was too long.
    """
    statements: list[str] = []
    values: list[Any] = []

    def bounded() -> None:
        statements.append(_BOUND)
        values.append(max(1, int(patience_seconds * 1000)))

    for statement, rows in beside:
        bounded()
        statements.append(statement)
        values += (array(column) for column in zip(*rows, strict=True))
    bounded()
    statements += _LOCK_AND_WRITE
    values += (
        array(event.originator_id for event in events),
        array(event.originator_version for event in events),
        array(event.topic for event in events),
        [event.state.decode() for event in events],
    )
    with raising_as_eventsourcing(), connection.cursor() as cursor:
        cursor.execute("; ".join(statements), values)
        return [position for (position,) in cursor]


@contextmanager
def raising_as_eventsourcing() -> Iterator[None]:
    """psycopg2's errors as the eventsourcing library names them, whichever driver it uses."""
    try:
        yield
    except psycopg2.Error as error:
        for kind, raised in _RAISED:
            if isinstance(error, kind):
                raise raised(str(error)) from error
        raise
