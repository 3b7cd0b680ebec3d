"""What readers of the reports do by SQL: their sessions, and the end of those that do harm (A1, A6).

PostgreSQL lets every role set its own `statement_timeout` and hold advisory locks, and transactions that stay open keep
tables from being changed. Roles can't be denied that, so whoever does it is disconnected.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from infra.postgres.connect import READER_ROLE, connect
from infra.postgres.reader_roles import IDLE_SECONDS, STATEMENT_SECONDS


class Limits(NamedTuple):
    """How long a reader's statement and transaction may take, in seconds: the server's own timeouts come first."""

    statement_seconds: float = STATEMENT_SECONDS + 1
    transaction_seconds: float = IDLE_SECONDS + 1


class Misuse(NamedTuple):
    """A reader that was disconnected: `reason` is reader_lock_held, reader_statement_long or reader_transaction_long."""

    role: str
    reason: str


class Seen(NamedTuple):
    """A session of a reader, by the server's clock; `backend` tells it from every other one."""

    role: str
    backend: str
    since: datetime


class Look(NamedTuple):
    """What was found at one look."""

    sessions: list[Seen]
    misuses: list[Misuse]


# In a subselect, for a session is ended once, whatever it did.
_END = """
    SELECT role, pid || ' ' || backend_start, backend_start, reason,
        CASE WHEN reason <> '' THEN pg_terminate_backend(pid) END
    FROM (
        SELECT a.usename AS role, a.pid, a.backend_start, CASE
            WHEN EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory')
                THEN 'reader_lock_held'
            WHEN a.state <> 'idle' AND a.state NOT LIKE 'idle in%%'
                AND a.query_start < clock_timestamp() - make_interval(secs => %(statement_seconds)s)
                THEN 'reader_statement_long'
            WHEN a.xact_start < clock_timestamp() - make_interval(secs => %(transaction_seconds)s)
                THEN 'reader_transaction_long'
            ELSE '' END AS reason
        FROM pg_stat_activity a
        JOIN pg_auth_members m ON m.member = a.usesysid
        JOIN pg_roles r ON r.oid = m.roleid AND r.rolname = %(readers)s
        WHERE a.datname = current_database() AND a.usename ^@ %(names)s
    ) AS seen
    ORDER BY backend_start
"""


def end_misuse(dsn: str, limits: Limits | None = None) -> Look:
    """Disconnect readers of this database that hold an advisory lock, or take longer than `limits`.

    Raises psycopg2.errors.InsufficientPrivilege when the login may end no session of theirs.
    """
    connection = connect(dsn, autocommit=True, application_name="azyq-reader-watch")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _END, {**(limits or Limits())._asdict(), "readers": READER_ROLE, "names": f"{READER_ROLE}_"}
            )
            found = cursor.fetchall()
    finally:
        connection.close()
    return Look(
        [Seen(role, backend, since) for role, backend, since, _, _ in found],
        [Misuse(role, reason) for role, _, _, reason, _ in found if reason],
    )
