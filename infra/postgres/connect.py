"""How everything of ours reaches PostgreSQL: by psycopg2, and the eventsourcing library by its settings."""

from __future__ import annotations

import json
import re
import select
import threading
from weakref import WeakSet

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, make_dsn, parse_dsn
from psycopg2.extensions import connection as Connection

APP_ROLE = "azyq_app"
VAULT_ROLE = "azyq_vault"
READER_ROLE = "azyq_reader"  # of all who read the reports by SQL
LOG_SCHEMA = "azyq_log"
_KEEPALIVE = {
    "keepalives_idle": "3",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "8000",  # also for a server that reads nothing; a long COPY goes by `connect`, without it
    "connect_timeout": "5",
}
_LAST_WORDS = 3  # a server says why it ends a connection, and then ends it


def connect(
    dsn: str, role: str | None = None, autocommit: bool = False, application_name: str = "azyq"
) -> Connection:
    """A connection to `dsn` (a postgres URL or key=value DSN), acting as `role` when given.

    The role is set for the session, so a rollback keeps it. Raises psycopg2.OperationalError when the server
    can't be reached, and psycopg2.ProgrammingError when the DSN can't be read.
    """
    connection = psycopg2.connect(clean_dsn(dsn), application_name=application_name)
    try:
        connection.autocommit = True
        if role is not None:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def clean_dsn(dsn: str) -> str:
    """`dsn` without a driver suffix (`postgresql+psycopg2://…`), which libpq doesn't know."""
    return re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", dsn.strip())


def dsn_parts(dsn: str) -> dict[str, str]:
    """The parameters that `dsn` names. Raises psycopg2.ProgrammingError when it can't be read."""
    return {str(key): str(value) for key, value in parse_dsn(clean_dsn(dsn)).items()}


def steady_dsn(dsn: str) -> str:
    """`dsn`, its connections noticing within seconds that the server's host is gone; what it says itself stays."""
    given = dsn_parts(dsn)
    return str(
        make_dsn(clean_dsn(dsn), **{name: value for name, value in _KEEPALIVE.items() if name not in given})
    )


def eventsourcing_env(dsn: str, role: str | None = APP_ROLE) -> dict[str, str]:
    """Environment of the eventsourcing library for `dsn`: its log, in the schema azyq_log, written as `role`.

    Database functions are off, for with them a reader of the log misses events (pitfall 1). A writer waits at
    most 15 s for the log's lock (pitfall 2), and 5 s for a connection of the pool: our own recorder bounds a whole
    save (infra.postgres.log). What DSN and role need beyond the library's own settings goes in
    AZYQ_POSTGRES_OPTIONS, to infra.postgres.persistence. The library makes its table when it isn't there.
    """
    parts = dsn_parts(dsn)
    if not {"host", "port", "user", "dbname"} <= parts.keys():
        # What a DSN leaves open comes from the environment or libpq's defaults: ask a connection.
        connection = connect(dsn)
        used = connection.info
        found = {"host": used.host, "port": str(used.port), "user": used.user, "dbname": used.dbname}
        connection.close()
        parts = {**found, **parts}
    name, host, port, user, password = (parts.pop(key, "") for key in _OF_THE_LIBRARY)
    if role is not None:
        parts["options"] = f"{parts.get('options', '')} -c role={role}".strip()
    parts.setdefault("application_name", "azyq-log")
    return {
        "PERSISTENCE_MODULE": "infra.postgres.persistence",
        "POSTGRES_DBNAME": name,
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": port,
        "POSTGRES_USER": user,
        "POSTGRES_PASSWORD": password,
        "AZYQ_POSTGRES_OPTIONS": json.dumps(parts),
        "POSTGRES_SCHEMA": LOG_SCHEMA,
        "POSTGRES_CONNECT_TIMEOUT": "5",
        "POSTGRES_LOCK_TIMEOUT": "15",
        "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "60",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "n",
        "CREATE_TABLE": "y",
    }


_OF_THE_LIBRARY = ("dbname", "host", "port", "user", "password")


class ThreadConnections:
    """A connection for each thread that asks, opened again after the server went away; it ends with its thread.

    One whose server's host is gone fails within seconds.
    """

    def __init__(
        self, dsn: str, application_name: str, *, role: str = APP_ROLE, autocommit: bool, setup: str = ""
    ) -> None:
        """`setup`: a statement run on each new connection, before its first transaction."""
        self._dsn = steady_dsn(dsn)
        self._role = role
        self._autocommit = autocommit
        self._name = application_name
        self._setup = setup
        self._local = threading.local()
        self._all: WeakSet[Connection] = WeakSet()

    def mine(self) -> Connection:
        """This thread's connection. Raises psycopg2.OperationalError without a server."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed or _ended(connection):
            connection = connect(self._dsn, self._role, autocommit=True, application_name=self._name)
            if self._setup:
                with connection.cursor() as cursor:
                    cursor.execute(self._setup)
            connection.autocommit = self._autocommit
            self._local.connection = connection
            self._all.add(connection)
        return connection

    def __len__(self) -> int:
        return len(self._all)

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in list(self._all):
            connection.close()


def _ended(connection: Connection) -> bool:
    """Whether the server ended an idle `connection`, as when it was restarted; it isn't asked."""
    if connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
        return False  # what is under way fails, and whoever began it is to know
    heard = select.poll()
    heard.register(connection, select.POLLIN)
    try:
        for _ in range(_LAST_WORDS):
            if not heard.poll(0):
                break
            connection.poll()
    except psycopg2.Error:
        connection.close()
    return bool(connection.closed)
