"""Where a list's rows wait while it is taken in (R15)."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg2
import pytest

from infra.postgres.staging import PostgresStaging
from tests.integration.month_in_process import query


def import_cut_off(staging: PostgresStaging, cycle: UUID, database: str) -> None:
    with staging.exclusive(cycle) as mine:
        assert mine
        query(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'azyq-import' AND datname = current_database()",
        )
        staging.begin(cycle)


def test_a_connection_that_dies_during_an_import_is_the_reason_that_is_told(database: str) -> None:
    staging, cycle = PostgresStaging(database), uuid4()
    try:
        # when the connection of an import under way dies
        with pytest.raises(psycopg2.OperationalError, match="terminat"):
            import_cut_off(staging, cycle, database)
        # then the next import has the month to itself again
        with staging.exclusive(cycle) as mine:
            assert mine
    finally:
        staging.close()
