"""A role in the database for each grant: it logs in without a password, sees azyq_reports, and ends with the grant (A1–A6).

Who may log in as it is the server's to say (`pg_hba.conf`: `cert`, `peer`): docs/access.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

import psycopg2
import structlog
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from domain.access_refusals import RolesNotAllowed
from infra.postgres.connect import APP_ROLE, READER_ROLE, connect
from infra.postgres.reader_views import open_current

_LOCK = 0x61636373  # "accs"
_SETTINGS = {
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "azyq_reports",
    "default_transaction_read_only": "on",
}
CONNECTIONS = 3

log = structlog.get_logger("azyq")


class Reader(NamedTuple):
    """A role as it ought to be: its regions as prefixes of KATO codes, and the server's time when it ends."""

    regions: tuple[str, ...]
    until: datetime


def role_of(stream: UUID, case: str) -> str:
    """The role's name of a user's grant."""
    return f"{READER_ROLE}_{uuid5(stream, case).hex[:20]}"


def trouble(dsn: str) -> str:
    """What an administrator has to run before roles can be made; empty when they can."""
    connection = connect(dsn, autocommit=True, application_name="azyq-readers")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
            superuser, creates = cursor.fetchone() or (False, False)
            cursor.execute("SELECT current_setting('server_version_num')::int")
            (version,) = cursor.fetchone() or (0,)
            # A creator of roles may pass on any role before version 16, and its own ones after it.
            cursor.execute("SELECT pg_has_role(%s, 'MEMBER WITH ADMIN OPTION')", (READER_ROLE,))
            (administers,) = cursor.fetchone() or (False,)
            if superuser or (creates and (administers or version < 160000)):
                return ""
            user = connection.info.user
            return f'ALTER ROLE "{user}" CREATEROLE; GRANT {READER_ROLE} TO "{user}" WITH ADMIN OPTION;'
    finally:
        connection.close()


def settle(dsn: str, wanted: Mapping[str, Reader]) -> tuple[list[str], list[str]]:
    """Make the roles `wanted`, end all others that were made here: their names. Safe to repeat, and twice at once.

    Raises RolesNotAllowed when a role is to be made and the login may not.
    """
    connection = connect(dsn, application_name="azyq-readers")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
            open_current(cursor)
            cursor.execute(
                "SELECT role, array_agg(region ORDER BY region) FROM azyq_access.scope GROUP BY role"
            )
            there = {role: tuple(regions) for role, regions in cursor.fetchall()}
        over = sorted(there.keys() - wanted.keys())
        for role in over:
            _end(connection, role)
        missing = [role for role in wanted if role not in there and wanted[role].regions]
        if missing and (statements := trouble(dsn)):
            raise RolesNotAllowed(None, user=connection.info.user, sql=statements)
        for role in missing:
            _make(connection, role, wanted[role])
        return missing, over
    finally:
        connection.close()


def _make(connection: Connection, role: str, reader: Reader) -> None:
    name = sql.Identifier(role)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD NULL"
                    " CONNECTION LIMIT {} VALID UNTIL {} IN ROLE {}"
                ).format(
                    name,
                    sql.Literal(CONNECTIONS),
                    sql.Literal(reader.until.isoformat()),
                    sql.Identifier(READER_ROLE),
                )
            )
            for setting, value in _SETTINGS.items():
                cursor.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(
                        name, sql.Identifier(setting), sql.Literal(value)
                    )
                )
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        _note(cursor, role, reader)


def _note(cursor: Cursor, role: str, reader: Reader) -> None:
    cursor.executemany(
        "INSERT INTO azyq_access.scope (role, region, until) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [(role, region, reader.until) for region in reader.regions],
    )


def _end(connection: Connection, role: str) -> None:
    """Nothing is seen from here on, not by a session that is open either; then the role goes."""
    name = sql.Identifier(role)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        cursor.execute("UPDATE azyq_access.scope SET until = '-infinity' WHERE role = %s", (role,))
    for what, statements in (
        ("disabled", (sql.SQL("ALTER ROLE {} NOLOGIN").format(name),)),
        (
            "disconnected",
            (
                sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}").format(
                    sql.Literal(role)
                ),
            ),
        ),
        (
            "dropped",
            (
                sql.SQL("DROP OWNED BY {}").format(name),
                sql.SQL("DROP ROLE {}").format(name),
                # The rows go with the role: what fails half-way is done at the next round.
                sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP_ROLE)),
                sql.SQL("DELETE FROM azyq_access.scope WHERE role = {}").format(sql.Literal(role)),
            ),
        ),
    ):
        try:
            with connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        except errors.UndefinedObject:
            _forget(connection, role)
            return
        except psycopg2.Error as error:
            log.warning("reader_not_ended", role=role, left=what, error=type(error).__name__)


def _forget(connection: Connection, role: str) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        cursor.execute("DELETE FROM azyq_access.scope WHERE role = %s", (role,))
