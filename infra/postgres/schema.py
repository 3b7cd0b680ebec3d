"""The database's schema as numbered migrations, and the roles it is divided among."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection

from infra.postgres.access_schema import ACCESS_MIGRATIONS
from infra.postgres.connect import APP_ROLE, READER_ROLE, VAULT_ROLE, connect
from infra.postgres.log_schema import LOG_MIGRATIONS
from infra.postgres.partition_schema import PARTITION_MIGRATIONS
from infra.postgres.published_schema import PUBLISHED_MIGRATIONS
from infra.postgres.staging import STAGING_MIGRATIONS
from infra.postgres.view_schema import VIEW_MIGRATIONS
from infra.sms.outbox import OUTBOX_MIGRATIONS
from infra.vault.schema import VAULT_MIGRATIONS

Migration = tuple[str, str]

OLDEST_VERSION = 150000
_LOCK = 0x617A7971  # "azyq"

BASE_MIGRATIONS: list[Migration] = [
    (
        "base_1_schemas",
        f"""
        CREATE SCHEMA azyq_log AUTHORIZATION {APP_ROLE};
        CREATE SCHEMA azyq_views AUTHORIZATION {APP_ROLE};
        CREATE SCHEMA vault AUTHORIZATION {VAULT_ROLE};
        REVOKE ALL ON SCHEMA azyq_log, azyq_views, vault FROM PUBLIC;
        """,
    ),
    (
        "base_2_ledger",
        f"""
        -- Processes whose login may only act as our roles see that nothing is to be migrated.
        GRANT USAGE ON SCHEMA azyq_meta TO {APP_ROLE};
        GRANT SELECT ON azyq_meta.migration TO {APP_ROLE};
        """,
    ),
]

MIGRATIONS: list[Migration] = [
    *BASE_MIGRATIONS,
    *VAULT_MIGRATIONS,
    *OUTBOX_MIGRATIONS,
    *LOG_MIGRATIONS,
    *VIEW_MIGRATIONS,
    *STAGING_MIGRATIONS,
    *PUBLISHED_MIGRATIONS,
    *PARTITION_MIGRATIONS,
    *ACCESS_MIGRATIONS,
]


class SchemaError(RuntimeError):
    """The database can't be brought to our schema; the message tells an administrator what to do."""


def migrate(dsn: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is missing of `migrations` (all of ours by default), in order; the names of those applied.

    Each runs in a transaction of its own, as the user of `dsn`; it may `SET LOCAL ROLE`. Processes that
    migrate at once take turns. Raises SchemaError when the server is too old, or when the user may not make what
    is missing: roles, or what a migration makes.
    """
    applied = []
    connection = connect(dsn, application_name="azyq-migrate")
    try:
        _check_server(connection)
        for role in (APP_ROLE, VAULT_ROLE, READER_ROLE):
            _ensure_role(connection, role, acts=role != READER_ROLE)
        _ensure_ledger(connection)
        for name, statements in MIGRATIONS if migrations is None else migrations:
            with _as_migrator(connection, name), connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                cursor.execute("SELECT 1 FROM azyq_meta.migration WHERE name = %s", (name,))
                if cursor.fetchone() is None:
                    cursor.execute(statements)
                    cursor.execute("RESET ROLE")
                    cursor.execute("INSERT INTO azyq_meta.migration (name) VALUES (%s)", (name,))
                    applied.append(name)
    finally:
        connection.close()
    return applied


def status(dsn: str, migrations: Sequence[Migration] | None = None) -> list[tuple[str, datetime | None]]:
    """Each migration with the time it was applied, None for one that is to come; unknown ones come last."""
    connection = connect(dsn, autocommit=True, application_name="azyq-migrate")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('azyq_meta.migration')")
            done: dict[str, datetime] = {}
            if cursor.fetchone() != (None,):
                cursor.execute("SELECT name, applied_at FROM azyq_meta.migration ORDER BY applied_at, name")
                done = dict(cursor.fetchall())
    finally:
        connection.close()
    ours = [name for name, _ in (MIGRATIONS if migrations is None else migrations)]
    return [(name, done.get(name)) for name in ours] + [
        (name, at) for name, at in done.items() if name not in ours
    ]


def _check_server(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, version = cursor.fetchone() or (0, "?")
        if number < OLDEST_VERSION:
            raise SchemaError(f"PostgreSQL 15 or later is needed; the server is version {version}.")
        cursor.execute("SELECT current_setting('server_encoding')")
        encoding = (cursor.fetchone() or ("?",))[0]
        if encoding != "UTF8":
            raise SchemaError(f"The database must be in UTF8; its encoding is {encoding}.")


def _ensure_role(connection: Connection, role: str, acts: bool = True) -> None:
    """Make `role` exist, and be one the user can act as, if it `acts` as it.

    Roles are the cluster's, and migrations of its other databases make them at the same time.
    """
    name = sql.Identifier(role)
    for last in (False, False, False, False, True):
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
            if not acts or _can_act_as(connection, role):
                return
            with connection, connection.cursor() as cursor:
                cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
            return
        except errors.InsufficientPrivilege as error:
            user = connection.info.user
            raise SchemaError(
                f"The database user {user} can't make or use the role {role}. Let an administrator run: "
                f'CREATE ROLE {role} NOLOGIN; GRANT {role} TO "{user}";'
            ) from error
        except (errors.DuplicateObject, errors.UniqueViolation, errors.InternalError_):
            if last:
                raise


def _can_act_as(connection: Connection, role: str) -> bool:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    except errors.InsufficientPrivilege:
        return False
    return True


@contextmanager
def _as_migrator(connection: Connection, what: str) -> Iterator[None]:
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"The database user {connection.info.user} may not apply {what}. "
            "Run `azyq db migrate` with the login that made the database's schemas."
        ) from error


def _ensure_ledger(connection: Connection) -> None:
    with _as_migrator(connection, "migrations"), connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("SELECT to_regclass('azyq_meta.migration')")
        if cursor.fetchone() != (None,):
            return
        try:
            cursor.execute(
                """
                CREATE SCHEMA IF NOT EXISTS azyq_meta;
                CREATE TABLE azyq_meta.migration (
                    name text PRIMARY KEY,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                """
            )
        except errors.InsufficientPrivilege as error:
            raise SchemaError(
                f"The database user {connection.info.user} can't make schemas in {connection.info.dbname}."
            ) from error
