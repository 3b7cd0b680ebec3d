"""Databases for the tests: a real PostgreSQL, a migrated template, a fresh copy for each test that asks; and Kafka."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from hypothesis import HealthCheck, settings

from infra.postgres.connect import clean_dsn, connect
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.schema import migrate
from infra.postgres.view_store import ViewStore
from infra.vault.store import PostgresVault
from projections.all_views import VIEWS
from tests.broker.fixtures import empty_kafka, kafka, kafka_turn, new_broker, own_broker
from tests.workers import pytest_deselected, pytest_sessionfinish, pytest_testnodedown

__all__ = [
    "empty_kafka",
    "kafka",
    "kafka_turn",
    "new_broker",
    "own_broker",
    "pytest_deselected",
    "pytest_sessionfinish",
    "pytest_testnodedown",
]

MASTER_KEY = bytes(range(32))
# Where a file costs no disk, and what must be free there: a copied database has hundreds of files, and nearly every
# test copies one.
MEMORY = Path("/dev/shm")
MEMORY_FREE = 4 << 30

# Both would measure how busy the machine is.
settings.register_profile("azyq", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("azyq")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kill-rounds", type=int, default=3, metavar="N", help="months that are killed at random points"
    )


def pytest_collection_finish() -> None:
    """What collecting made stays to the end: half a million objects, which no collection has to walk through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def kill_rounds(pytestconfig: pytest.Config) -> int:
    """How many months the simulation kills."""
    return int(pytestconfig.getoption("--kill-rounds"))


@contextmanager
def new_database(dsn: str, template: str | None = None) -> Iterator[str]:
    """A database of its own on the server of `dsn`, dropped afterwards; its DSN."""
    name = f"azyq_test_{uuid.uuid4().hex[:16]}"
    source = f' TEMPLATE "{template}"' if template else ""
    if template and not os.environ.get("DATABASE_URL"):
        source += " STRATEGY FILE_COPY"  # the quicker one where nothing waits for the disk
    _command(dsn, f'CREATE DATABASE "{name}"{source}')
    try:
        yield psycopg2.extensions.make_dsn(clean_dsn(dsn), dbname=name)
    finally:
        _command(dsn, f'DROP DATABASE "{name}" WITH (FORCE)')


def _command(dsn: str, statement: str) -> None:
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def as_url(dsn: str) -> str:
    """`dsn` (key=value or URL) as a URL, the form that DATABASE_URL usually has."""
    parts = psycopg2.extensions.parse_dsn(clean_dsn(dsn))
    name = parts.pop("dbname", "")
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    return f"postgresql:///{quote(name, safe='')}?{query}"


def _quick_folder() -> str | None:
    """Where the server of a run lives: in memory where there is plenty, as tempfile sees fit elsewhere."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_FREE:
        return str(MEMORY)
    return None


@contextmanager
def _ended_with_us(folder: str) -> Iterator[None]:
    """The PostgreSQL of `folder` ends also when this process is killed, as pytest-xdist does with slow workers."""
    guard = Path(__file__).with_name("postgres_guard.py")
    with subprocess.Popen(
        [sys.executable, "-I", str(guard), folder], stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        try:
            yield
        finally:
            process.stdin.write(b".")
            process.stdin.flush()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A server for the whole run: that of DATABASE_URL, in a database of its own, or an embedded one a process."""
    given = os.environ.get("DATABASE_URL")
    if given:
        with new_database(given) as dsn:
            yield as_url(dsn)
        return
    with (
        tempfile.TemporaryDirectory(prefix="azyq-test-", dir=_quick_folder()) as folder,
        _ended_with_us(folder),
        EmbeddedPostgres(Path(folder)) as dsn,
    ):
        # No test cuts the power; what outlives the end of its process is the same.
        _command(dsn, "ALTER SYSTEM SET fsync = off")
        _command(dsn, "ALTER SYSTEM SET max_wal_size = '512MB'")
        _command(dsn, "SELECT pg_reload_conf()")
        yield dsn


@pytest.fixture(scope="session")
def migrated_template(postgres_dsn: str) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to."""
    with new_database(postgres_dsn) as dsn:
        migrate(dsn)
        yield str(psycopg2.extensions.parse_dsn(dsn)["dbname"])


@pytest.fixture(scope="session")
def views_template(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """Name of a migrated database in which the views have their tables."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        store = ViewStore(dsn)
        store.prepare(VIEWS)
        store.close()
        yield str(psycopg2.extensions.parse_dsn(dsn)["dbname"])


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres_dsn: str) -> Iterator[str]:
    """URL of a fresh migrated database, dropped after the test.

    A test marked `views_ready` is not about how views come to be: it finds their tables there, which to make takes
    longer than all the rest of a fresh database.
    """
    ready = request.node.get_closest_marker("views_ready")
    template = request.getfixturevalue("views_template" if ready else "migrated_template")
    with new_database(postgres_dsn, template) as dsn:
        yield as_url(dsn)


@pytest.fixture
def vault(database: str) -> Iterator[PostgresVault]:
    """An empty vault in `database`."""
    vault = PostgresVault(database, MASTER_KEY)
    yield vault
    vault.close()
