"""A role in the database for each grant: it logs in without a password, sees azyq_reports, and ends with the grant (A1–A6).

Who may log in as it is the server's to say (`pg_hba.conf`: `cert`, `peer`): docs/access.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

import psycopg2
import structlog
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from domain.access_refusals import RolesNotAllowed
from infra.postgres.connect import APP_ROLE, READER_ROLE, VAULT_ROLE, connect
from infra.postgres.reader_views import open_current

STATEMENT_SECONDS, IDLE_SECONDS = 30, 60
# What a role has from the start; whoever changes them is ended by infra.postgres.reader_watch.
_SETTINGS = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "search_path": "azyq_reports",
    "default_transaction_read_only": "on",
}
# What a role can't change; to set it, a login that is no superuser wants the privilege.
_KEPT_SETTINGS = {"temp_file_limit": "1GB"}
CONNECTIONS = 3
END_SECONDS = 5  # for each step of a role's end: what takes longer is taken again at the next round
_LARGE_OBJECTS = "lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)"

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


def settle(dsn: str, wanted: Callable[[], Mapping[str, Reader]]) -> tuple[list[str], list[str]]:
    """Make the roles that are `wanted`, end all others that were made here: their names. Safe to repeat, and twice at once.

    One at a time: `wanted` is asked when it is our turn, so that nobody goes by what was before another's turn.
    Raises RolesNotAllowed when a role is to be made and the login may not, and what `wanted` raises.
    """
    connection = connect(dsn, application_name="azyq-readers")
    try:
        with _our_turn(dsn):
            asked = wanted()
            with connection, connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
                open_current(cursor)
                cursor.execute(
                    "SELECT role, array_agg(region ORDER BY region) FROM azyq_access.scope GROUP BY role"
                )
                there = {role: tuple(regions) for role, regions in cursor.fetchall()}
            over = sorted(there.keys() - asked.keys())
            for role in over:
                _end(connection, role)
            missing = [role for role in asked if role not in there and asked[role].regions]
            if missing and (statements := trouble(dsn)):
                raise RolesNotAllowed(None, user=connection.info.user, sql=statements)
            if missing:
                _close_ways(connection)
            for role in missing:
                _make(connection, role, asked[role])
            return missing, over
    finally:
        connection.close()


@contextmanager
def _our_turn(dsn: str) -> Iterator[None]:
    """While nobody else settles. A table's lock, for readers can take an advisory one and keep it.

    Raises psycopg2.errors.LockNotAvailable when another takes longer than a minute.
    """
    connection = connect(dsn, APP_ROLE, application_name="azyq-readers")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '60s'")
            cursor.execute("LOCK TABLE azyq_access.turn IN EXCLUSIVE MODE")
            yield
    finally:
        connection.close()


def open_ways(dsn: str) -> list[str]:
    """What an administrator had better run, for readers could fill the disk by it; none when all is closed."""
    connection = connect(dsn, autocommit=True, application_name="azyq-readers")
    try:
        with connection.cursor() as cursor:
            return [*_open_ways(cursor), *_ungranted(cursor)]
    finally:
        connection.close()


def _open_ways(cursor: Cursor) -> list[str]:
    """Privileges that all roles have from the start: temporary tables, which no limit holds, and large objects."""
    cursor.execute(
        "SELECT current_database(), has_database_privilege(%(reader)s, current_database(), 'TEMPORARY'),"
        " has_function_privilege(%(reader)s, 'lo_create(oid)', 'EXECUTE')",
        {"reader": READER_ROLE},
    )
    database, temporary, large = cursor.fetchone() or ("", False, False)
    found = []
    if temporary:
        found += [
            f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC;'
            f' GRANT TEMPORARY ON DATABASE "{database}" TO {APP_ROLE}, {VAULT_ROLE};'
        ]
    if large:
        found += [f"REVOKE EXECUTE ON FUNCTION {_LARGE_OBJECTS} FROM PUBLIC;"]
    return found


def _ungranted(cursor: Cursor) -> list[str]:
    """The settings of readers that this login may not make."""
    cursor.execute(
        "SELECT name FROM unnest(%s) AS name WHERE NOT has_parameter_privilege(name, 'SET')",
        (list(_KEPT_SETTINGS),),
    )
    names = [name for (name,) in cursor.fetchall()]
    cursor.execute("SELECT session_user")
    (user,) = cursor.fetchone() or ("",)
    return [f'GRANT SET ON PARAMETER {", ".join(names)} TO "{user}";'] if names else []


def _close_ways(connection: Connection) -> None:
    """Take from all roles what readers must not have, as far as the login may; `open_ways` tells the rest."""
    with connection, connection.cursor() as cursor:
        found = _open_ways(cursor)
    for statements in found:
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statements)
        except errors.InsufficientPrivilege as error:
            log.warning("readers_not_confined", error=type(error).__name__, left=statements)


def _make(connection: Connection, role: str, reader: Reader) -> None:
    name = sql.Identifier(role)
    with connection, connection.cursor() as cursor:
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
            cursor.execute(
                "SELECT name FROM unnest(%s) AS name WHERE has_parameter_privilege(name, 'SET')",
                (list(_KEPT_SETTINGS),),
            )
            kept = {name: _KEPT_SETTINGS[name] for (name,) in cursor.fetchall()}
            for setting, value in {**_SETTINGS, **kept}.items():
                cursor.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(
                        name, sql.Identifier(setting), sql.Literal(value)
                    )
                )
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() == (False,):
            # Whoever made a role may not end its sessions yet, nor what it owns.
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
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
    end_sessions = sql.SQL(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}"
    ).format(sql.Literal(role))
    for what, statements in (
        # First, for a session that has changed its own role holds it until its transaction ends; and those since.
        ("disconnected", (end_sessions,)),
        ("disabled", (sql.SQL("ALTER ROLE {} NOLOGIN").format(name),)),
        ("disconnected", (end_sessions,)),
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
                cursor.execute(f"SET LOCAL lock_timeout = '{END_SECONDS}s'")
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
