"""The PostgreSQL server that is measured: how it is set, and what it does before a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from psycopg2.extensions import cursor as Cursor

from infra.postgres.connect import connect


def settled(dsn: str, *statements: str) -> None:
    """Have it do such maintenance now, so that it doesn't fall into some runs and not into others."""
    with _cursor(dsn) as cursor:
        for statement in statements:
            cursor.execute(statement)


def server_settings(dsn: str) -> dict[str, Any]:
    """Its version, what it does before it calls a transaction committed, and how large the database is."""
    with _cursor(dsn) as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'),"
            " current_setting('synchronous_commit'), pg_database_size(current_database())"
        )
        version, fsync, commit, size = cursor.fetchone() or ("", "", "", 0)
    return {"version": version, "fsync": fsync, "synchronous_commit": commit, "megabytes": size / 1e6}


@contextmanager
def _cursor(dsn: str) -> Iterator[Cursor]:
    with (
        closing(connect(dsn, autocommit=True, application_name="azyq-bench")) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor
