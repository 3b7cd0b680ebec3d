"""Months that many tests look at: told once a process, copied for each test that asks. And an installation to serve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from infra.bootstrap import open_azyq
from infra.clock import SetClock
from tests.conftest import as_url, new_database
from tests.integration.access_in_process import APRIL, FAMILIES, tell_month
from tests.integration.month_in_process import settings_for
from tests.integration.served_site import Site


@pytest.fixture(scope="session")
def told_month(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with the month that `access_in_process.a_bureau` tells, its views fed."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        settings = settings_for(as_url(dsn), tmp_path_factory.mktemp("told-month"))
        with open_azyq(settings, SetClock(APRIL)) as azyq:
            tell_month(azyq, FAMILIES)
        yield str(parse_dsn(dsn)["dbname"])


@pytest.fixture
def month_database(postgres_dsn: str, told_month: str) -> Iterator[str]:
    """URL of a database of the test's own in which that month stands, dropped after the test."""
    with new_database(postgres_dsn, told_month) as dsn:
        yield as_url(dsn)


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    """An installation; its processes end with the test."""
    with ExitStack() as stack:
        yield Site(database, tmp_path, stack)
