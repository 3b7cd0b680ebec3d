"""What a granted reader sees by SQL: report views of its region, read only, nothing once the grant ended (A1, A2)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from domain.access_refusals import RolesNotAllowed
from domain.calendar import ALMATY
from infra.clock import real_clock
from infra.postgres.connect import clean_dsn
from infra.postgres.embedded import find_binaries
from infra.postgres.reader_roles import Reader, settle, trouble
from projections.families import Families
from projections.purchases import Purchases
from streams.rebuild import rebuild
from tests.conftest import as_url, new_database
from tests.integration.access_in_process import MONTH, Bureau, a_bureau
from tests.integration.month_in_process import query


@pytest.fixture
def bureau(month_database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(month_database, tmp_path, families=0) as bureau:
        yield bureau


@contextmanager
def connected(bureau: Bureau, role: str) -> Iterator[Connection]:
    """A connection of the role's own, by the way that the server lets it in."""
    dsn = psycopg2.extensions.make_dsn(clean_dsn(bureau.azyq.dsn), user=role)
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def both(bureau: Bureau) -> list[tuple[str, int]]:
    """Families by oblast, as the log's own eyes see them."""
    return query(
        bureau.azyq.dsn,
        "SELECT left(region, 2), count(*) FROM azyq_views.families GROUP BY 1 ORDER BY 1",
    )


def test_A2_a_reader_sees_the_families_and_purchases_of_its_region_alone(bureau: Bureau) -> None:
    user, case = bureau.granted()
    (akmola, there), (pavlodar, elsewhere) = both(bureau)
    assert (akmola, pavlodar) == ("11", "55")
    assert there > 0 < elsewhere
    with connected(bureau, bureau.role(user, case)) as connection:
        assert rows(
            connection, "SELECT count(*), min(left(region, 2)), max(left(region, 2)) FROM families"
        ) == [(there, "11", "11")]
        own = query(
            bureau.azyq.dsn,
            "SELECT count(*) FROM azyq_views.purchases p JOIN azyq_views.families f USING (stream)"
            " WHERE f.region ^@ '11'",
        )
        assert rows(connection, "SELECT count(*) FROM purchases") == own != [(0,)]
        for bent in (
            "SELECT count(*) FROM families WHERE region ^@ '55'",
            "SELECT count(*) FROM families WHERE region = '' OR 1=1--",
            "SELECT count(*) FROM purchases p WHERE NOT EXISTS (SELECT FROM families f WHERE f.stream = p.stream)",
        ):
            assert rows(connection, bent) in ([(0,)], [(there,)])
        assert rows(connection, "SELECT count(*) FROM months") == [(0,)]
        assert rows(connection, "SHOW statement_timeout") == [("30s",)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM azyq_views.families",
        "SELECT applicant FROM azyq_reports.families",
        "SELECT * FROM azyq_views.purchases",
        "SELECT * FROM azyq_log.azyq_events",
        "SELECT * FROM vault.person",
        "SELECT * FROM azyq_access.scope",
        "SELECT * FROM azyq_access.session",
        "UPDATE azyq_reports.families SET region = '55'",
        "DELETE FROM azyq_reports.families",
        "INSERT INTO azyq_access.scope VALUES (current_user, '55', 'infinity')",
        "SET ROLE azyq_app",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "GRANT azyq_app TO CURRENT_USER",
        "CREATE TABLE public.mine (a text)",
        "ALTER TABLE azyq_reports.families DISABLE ROW LEVEL SECURITY",
        "COPY azyq_reports.months TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_A1_a_reader_reads_report_views_and_nothing_else(granted: tuple[Bureau, str], statement: str) -> None:
    bureau, role = granted
    with connected(bureau, role) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SET default_transaction_read_only = off"
        )  # a reader can; it must not be what protects
        with pytest.raises(
            (
                errors.InsufficientPrivilege,
                errors.UndefinedTable,
                errors.UndefinedColumn,
                errors.WrongObjectType,
                errors.ObjectNotInPrerequisiteState,
            )
        ):
            cursor.execute(statement)


@pytest.fixture(scope="module")
def granted(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bureau, str]]:
    folder = tmp_path_factory.mktemp("sql")
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_bureau(as_url(dsn), folder, families=20) as bureau,
    ):
        user, case = bureau.granted()
        yield bureau, bureau.role(user, case)


def test_A2_row_level_security_is_forced_on_the_tables_and_no_reader_goes_round_it(
    granted: tuple[Bureau, str],
) -> None:
    bureau, role = granted
    forced = query(
        bureau.azyq.dsn,
        "SELECT s.view, c.relrowsecurity, c.relforcerowsecurity FROM azyq_views.view_state s"
        " JOIN pg_class c ON c.oid = ('azyq_views.' || s.table_name)::regclass"
        " WHERE s.view IN ('families', 'purchases') ORDER BY 1",
    )
    assert forced == [("families", True, True), ("purchases", True, True)]
    assert query(
        bureau.azyq.dsn,
        f"SELECT rolsuper, rolbypassrls, rolcreaterole, rolcanlogin, rolvaliduntil > now() + interval '300 days'"
        f" FROM pg_roles WHERE rolname = '{role}'",
    ) == [(False, False, False, True, True)]
    assert query(bureau.azyq.dsn, f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'") == [(None,)]
    owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname ^@ 'azyq_reader'"
    assert query(bureau.azyq.dsn, owned) == [(0,)]


def test_A2_what_a_reader_sees_survives_a_rebuild_of_the_views(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        seen = "SELECT (SELECT count(*) FROM families), (SELECT count(*) FROM purchases)"
        before = rows(connection, seen)
        for view in (Families(), Purchases(), Families()):
            rebuild(bureau.azyq.log_reader, bureau.azyq.view_store, view)
            assert rows(connection, seen) == before
        assert rows(connection, "SELECT DISTINCT left(region, 2) FROM families") == [("11",)]


def test_A6_with_the_block_the_open_connection_ends_and_the_role_is_gone(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        assert rows(connection, "SELECT count(*) > 0 FROM families") == [(True,)]
        bureau.block(case)
        bureau.follow()
        with pytest.raises(psycopg2.Error):
            rows(connection, "SELECT count(*) FROM families")
    with (
        pytest.raises(psycopg2.OperationalError, match=f'role "{role}" does not exist'),
        connected(bureau, role),
    ):
        pass
    assert query(bureau.azyq.dsn, "SELECT * FROM azyq_access.scope") == []


def test_A5_a_scope_that_is_over_shows_nothing_though_the_role_is_there_still(bureau: Bureau) -> None:
    user, case = bureau.granted()
    with connected(bureau, bureau.role(user, case)) as connection:
        query(bureau.azyq.dsn, "UPDATE azyq_access.scope SET until = now() RETURNING 1")
        assert rows(connection, "SELECT count(*) FROM families") == [(0,)]


def test_A2_of_the_republic_there_are_totals_of_months_that_are_over_as_reports_show_them_and_no_rows(
    bureau: Bureau,
) -> None:
    user, case = bureau.granted(body_kind="supreme_audit", region="")
    with connected(bureau, bureau.role(user, case)) as connection:
        assert rows(connection, "SELECT count(*) FROM families") == [(0,)]
        assert rows(connection, "SELECT count(*) FROM purchases") == [(0,)]
        assert bureau.access.release_months() == [MONTH]
        assert bureau.access.release_months() == []  # until the next week
        told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=bureau.sign_in(user)).json()
        (shown,) = told["sections"]["months"]
        names = ("programme", "month", "families", "members", "vouchers", "issued_tiyn", "spent_tiyn")
        assert shown["families"] > 100
        assert rows(connection, f"SELECT {', '.join(names)} FROM months") == [
            tuple(shown[name] for name in names)
        ]
        bureau.clock.now = datetime(2026, 4, 13, tzinfo=ALMATY)
        bureau.azyq.catch_up_views()
        assert bureau.access.release_months() == [MONTH]
    # and whoever sees a region sees none of it
    auditor, other = bureau.granted()
    with connected(bureau, bureau.role(auditor, other)) as connection:
        assert rows(connection, "SELECT count(*) FROM months") == [(0,)]


def test_A2_what_a_report_hides_is_not_told_by_sql(database: str, tmp_path: Path) -> None:
    # given a month so small that much of it is hidden from whoever is of no region
    names = ("families", "members", "vouchers", "issued_tiyn", "spent_tiyn")
    with a_bureau(database, tmp_path, families=5) as bureau:
        user, case = bureau.granted(body_kind="supreme_audit", region="")
        bureau.access.release_months()
        told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=bureau.sign_in(user)).json()
        (shown,) = told["sections"]["months"]
        # the probe: the database knows what is hidden here
        assert shown["vouchers"] is None
        assert query(bureau.azyq.dsn, "SELECT sum(vouchers) > 0 FROM azyq_views.families") == [(True,)]
        with connected(bureau, bureau.role(user, case)) as connection:
            (row,) = rows(connection, f"SELECT {', '.join(names)} FROM months")
        assert dict(zip(names, row, strict=True)) == {name: shown[name] for name in names}


def test_A1_psql_itself(bureau: Bureau) -> None:
    user, case = bureau.granted()
    parts = psycopg2.extensions.parse_dsn(clean_dsn(bureau.azyq.dsn))
    command = [
        str(find_binaries() / "psql"),
        "-X",
        "-At",
        "-h",
        parts["host"],
        "-p",
        parts.get("port", "5432"),
    ]
    command += ["-U", bureau.role(user, case), "-d", parts["dbname"]]
    found = subprocess.run(
        [*command, "-c", "SELECT DISTINCT left(region, 2) FROM families"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (found.stdout, found.stderr) == ("11\n", "")


def test_A1_a_login_that_may_not_make_roles_is_told_what_an_administrator_has_to_run(bureau: Bureau) -> None:
    name = f"azyq_test_{uuid4().hex[:12]}"
    query(bureau.azyq.dsn, f"CREATE ROLE {name} LOGIN; GRANT azyq_app TO {name}")
    dsn = psycopg2.extensions.make_dsn(clean_dsn(bureau.azyq.dsn), user=name)
    try:
        assert trouble(bureau.azyq.dsn) == ""
        assert "CREATEROLE" in trouble(dsn)
        with pytest.raises(RolesNotAllowed) as refusal:
            settle(dsn, lambda: {"azyq_reader_x": Reader(("11",), real_clock())})
        assert "CREATEROLE" in refusal.value.sentence("en")
    finally:
        query(bureau.azyq.dsn, f"DROP OWNED BY {name}; DROP ROLE {name}")
