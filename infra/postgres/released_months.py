"""What bodies of the republic see by SQL: months as they were released to them by HTTP (A2). azyq_reports.months."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2 import sql

from infra.postgres.connect import APP_ROLE, connect

FIGURES = ("families", "members", "vouchers", "issued_tiyn", "spent_tiyn")


def released_at(dsn: str) -> dict[str, datetime]:
    """The months that were released, and when last."""
    connection = connect(dsn, APP_ROLE, autocommit=True, application_name="azyq-releases")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT month, max(released_at) FROM azyq_access.released GROUP BY month")
            return dict(cursor.fetchall())
    finally:
        connection.close()


def release(dsn: str, month: str, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Show a month's `rows`, one a programme with FIGURES (None: hidden), in place of those before."""
    connection = connect(dsn, APP_ROLE, application_name="azyq-releases")
    columns: Collection[str] = ("programme", "month", *FIGURES)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM azyq_access.released WHERE month = %s", (month,))
            for row in rows:
                cursor.execute(
                    sql.SQL("INSERT INTO azyq_access.released ({}, released_at) VALUES ({}, %s)").format(
                        sql.SQL(", ").join(map(sql.Identifier, columns)),
                        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
                    ),
                    (*(row[name] for name in columns), at),
                )
    finally:
        connection.close()
