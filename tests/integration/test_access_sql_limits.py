"""What a reader of the database could do harm by, or learn of other regions sideways, and what stops it (A1, A2, A6)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from infra.clock import real_clock
from infra.parts.reader_watch import ReaderWatch
from infra.parts.scheduler import schedule
from infra.postgres.connect import clean_dsn
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.reader_roles import Reader, settle
from infra.postgres.reader_watch import Limits, Misuse, end_misuse
from tests.integration.access_in_process import AUTHORISED, INTEGRATOR, Bureau, a_bureau
from tests.integration.month_in_process import query
from tests.integration.test_access_sql import connected, granted, rows

__all__ = ["granted"]


@pytest.fixture
def bureau(month_database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(month_database, tmp_path, families=0) as bureau:
        yield bureau


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """What `condition` gives as soon as it is true; fails naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


def run(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def roles_of(dsn: str, role: str) -> list[tuple[Any, ...]]:
    return query(dsn, f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'")


def test_A2_the_planner_tells_nothing_of_how_many_families_live_elsewhere(bureau: Bureau) -> None:
    user, case = bureau.granted()
    table = query(
        bureau.azyq.dsn,
        "SELECT table_name FROM azyq_views.view_state WHERE view = 'families' AND status = 'current'",
    )[0][0]
    query(bureau.azyq.dsn, f"ANALYZE azyq_views.{table}; SELECT 1")

    def estimate(connection: Connection, statement: str) -> list[float]:
        ((plan,),) = rows(connection, f"EXPLAIN (FORMAT JSON) {statement}")
        told = plan if isinstance(plan, list) else json.loads(plan)

        def walk(node: dict[str, Any]) -> Iterator[float]:
            yield node["Plan Rows"]
            for below in node.get("Plans", ()):
                yield from walk(below)

        return list(walk(told[0]["Plan"]))

    with connected(bureau, bureau.role(user, case)) as connection:
        # 551010 is where the other oblast's families live, 551011 is nowhere
        there = estimate(connection, "SELECT stream FROM families WHERE region = '551010'")
        nowhere = estimate(connection, "SELECT stream FROM families WHERE region = '551011'")
        assert there == nowhere
        many = estimate(connection, "SELECT stream FROM families WHERE size = 2")
        assert many == estimate(connection, "SELECT stream FROM families WHERE size = 77")
        of_month = [
            estimate(connection, f"SELECT 1 FROM months WHERE month = '{month}'")
            for month in ("2026-03", "2020-01")
        ]
        assert of_month[0] == of_month[1]
        assert rows(connection, "SELECT count(*) FROM pg_stats WHERE schemaname = 'azyq_views'") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE mine AS SELECT repeat('x', 1000) FROM generate_series(1, 10)",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user AND usename IS NOT NULL",
        "SELECT pg_reload_conf()",
        "SELECT * FROM pg_ls_dir('.')",
        "SET log_statement = 'none'",
        "SET temp_file_limit = -1",
        "BEGIN; LOCK TABLE azyq_reports.families IN SHARE MODE",
        "ALTER SYSTEM SET work_mem = '1TB'",
        "CREATE SCHEMA mine",
        "SELECT * FROM azyq_access.families()",
        "SELECT * FROM azyq_access.turn",
    ],
)
def test_A1_a_reader_fills_no_disk_and_disturbs_nobody(granted: tuple[Bureau, str], statement: str) -> None:
    bureau, role = granted
    with connected(bureau, role) as connection:
        assert rows(connection, "SHOW temp_file_limit") == [("1GB",)]  # what large sorts may put on the disk
        run(connection, "SET default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            run(connection, statement)


def test_A1_the_servers_log_says_which_role_asked_for_what_is_not_for_it_and_not_what_it_typed(
    tmp_path: Path,
) -> None:
    server = EmbeddedPostgres(tmp_path)
    with server as dsn:
        query(dsn, "CREATE ROLE azyq_reader_x LOGIN; CREATE SCHEMA vault; SELECT 1")
        with (
            psycopg2.connect(
                psycopg2.extensions.make_dsn(clean_dsn(dsn), user="azyq_reader_x")
            ) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            run(connection, "SELECT '880504300001' FROM vault.person")
        told = server.log_file.read_text(encoding="utf-8", errors="replace")
    assert re.search(r"azyq_reader_x@\w+ ERROR:  permission denied for schema vault", told)
    assert "880504300001" not in told


def test_A1_a_reader_sees_nothing_of_what_others_ask(granted: tuple[Bureau, str]) -> None:
    bureau, role = granted
    told = "SELECT query FROM pg_stat_activity WHERE usename <> current_user AND query <> ''"
    with connected(bureau, role) as connection:
        assert {text for (text,) in rows(connection, told)} <= {"<insufficient privilege>"}


def test_A1_a_fourth_connection_of_a_reader_is_refused(granted: tuple[Bureau, str]) -> None:
    bureau, role = granted
    with (
        connected(bureau, role),
        connected(bureau, role),
        connected(bureau, role),
        pytest.raises(psycopg2.OperationalError, match="too many connections"),
        connected(bureau, role),
    ):
        pass


LIMITS = Limits(statement_seconds=0.2, transaction_seconds=0.5)


def ended(bureau: Bureau, role: str) -> list[str]:
    return [one.reason for one in end_misuse(bureau.azyq.dsn, LIMITS).misuses if one.role == role]


def test_A1_a_statement_that_goes_on_beyond_the_timeout_is_ended(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        run(connection, "SET statement_timeout = 0")  # PostgreSQL lets anybody
        failed: list[Exception] = []

        def ask() -> None:
            try:
                rows(connection, "SELECT count(*) FROM pg_sleep(120)")
            except psycopg2.Error as error:
                failed.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: ended(bureau, role) == ["reader_statement_long"], "the watch")
        asking.join(30)
        assert not asking.is_alive()
        assert failed
    # what a plain reader does is let alone
    with connected(bureau, role) as connection:
        assert rows(connection, "SELECT count(*) > 0 FROM families") == [(True,)]
        assert ended(bureau, role) == []
        assert rows(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("BEGIN; SELECT count(*) FROM azyq_reports.families", "reader_transaction_long"),
        ("SELECT pg_advisory_lock(1)", "reader_lock_held"),
    ],
)
def test_A1_whoever_holds_up_others_is_disconnected(bureau: Bureau, statement: str, reason: str) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        run(connection, "SET idle_in_transaction_session_timeout = 0")
        run(connection, statement)
        until(lambda: ended(bureau, role) == [reason], "the watch")
        with pytest.raises(psycopg2.Error):
            rows(connection, "SELECT 1")


def test_A8_sessions_in_the_database_are_recorded_once_and_so_is_a_disconnection(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    watches = [ReaderWatch(bureau.azyq, bureau.access, LIMITS) for _ in range(2)]  # two schedulers
    with connected(bureau, role) as connection:
        rows(connection, "SELECT 1")
        for watch in (*watches, *watches):
            watch.look()
        told = [(one["user"], one["case"], one["way"]) for one in bureau.events("access.signed_in")]
        assert told == [(user.subject, case.case, "sql")]
        run(connection, "SELECT pg_advisory_lock(1)")
        watches[0].look()
        (gone,) = bureau.events("access.disconnected")
        assert (gone["user"], gone["case"], gone["reason"]) == (user.subject, case.case, "reader_lock_held")
    with connected(bureau, role):
        watches[1].look()
    assert len(bureau.events("access.signed_in")) == 2


def test_A1_while_the_scheduler_runs_readers_are_watched(bureau: Bureau) -> None:
    user, case = bureau.granted()
    stop, wake = threading.Event(), threading.Event()
    running = threading.Thread(target=schedule, args=(bureau.azyq, stop, wake))
    running.start()
    try:
        with connected(bureau, bureau.role(user, case)) as connection:
            run(connection, "SELECT pg_advisory_lock(1)")
            until(lambda: bureau.events("access.disconnected"), "the watch")
    finally:
        stop.set()
        wake.set()
        running.join(60)
    assert not running.is_alive()


def test_A6_a_reader_that_holds_any_advisory_lock_is_blocked_all_the_same(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        for key in (0x61636373, 0x617A7971):
            run(connection, f"SELECT pg_advisory_lock({key})")
        bureau.block(case)
        following = threading.Thread(target=bureau.follow, daemon=True)
        following.start()
        following.join(20)
        assert not following.is_alive()
    assert roles_of(bureau.azyq.dsn, role) == []


def test_A6_a_reader_that_holds_its_own_role_is_blocked_at_once_all_the_same(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        run(connection, "SET default_transaction_read_only = off")
        run(connection, "SET idle_in_transaction_session_timeout = 0")
        run(connection, "BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'of-my-own'")
        bureau.block(case)
        following = threading.Thread(target=bureau.follow, daemon=True)
        following.start()
        following.join(20)
        assert not following.is_alive()
    assert roles_of(bureau.azyq.dsn, role) == []


def test_A6_a_blocked_role_is_not_made_again_by_whoever_looked_before_the_block(bureau: Bureau) -> None:
    # given a grant in the log whose role isn't there yet
    user, case = bureau.user(), None
    case = bureau.apply(user)
    bureau.act(case, "consider", "passed_on", AUTHORISED)
    bureau.act(case, "grant", "granted", INTEGRATOR, trained_on="2026-04-03", account_role="auditor")
    bureau.azyq.catch_up_views()
    bureau.access._grants.follow(case.id, bureau.clock())
    bureau.azyq.catch_up_views()
    role = bureau.role(user, case)
    # when one process is to make it, and has to wait for its turn
    with psycopg2.connect(clean_dsn(bureau.azyq.dsn)) as other:
        run(other, "SELECT pg_advisory_xact_lock(1633903475); LOCK TABLE azyq_access.turn")
        made: list[object] = []
        first = threading.Thread(target=lambda: made.append(bureau.access.settle_roles(bureau.clock())))
        first.start()
        until(
            lambda: query(
                bureau.azyq.dsn,
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'azyq-readers'"
                " AND wait_event_type = 'Lock' AND datname = current_database()",
            ),
            "the one that waits",
        )
        # and another one blocks meanwhile
        bureau.block(case)
        assert bureau.access._grants.follow(case.id, bureau.clock()) == "blocked"
    first.join(60)
    # then the first finds the block, and makes nothing
    assert made == [([], [])]
    assert roles_of(bureau.azyq.dsn, role) == []


def test_A6_what_a_reader_left_behind_does_not_keep_the_role(bureau: Bureau) -> None:
    user, case = bureau.granted()
    role = bureau.role(user, case)
    with connected(bureau, role) as connection:
        run(connection, "SET default_transaction_read_only = off")
        run(connection, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO azyq_reader")
    bureau.block(case)
    bureau.follow()
    assert roles_of(bureau.azyq.dsn, role) == []


def test_A6_a_login_that_is_no_superuser_makes_roles_and_ends_them_and_their_sessions(bureau: Bureau) -> None:
    name = f"azyq_test_{uuid4().hex[:12]}"
    role = f"azyq_reader_{uuid4().hex[:12]}"
    query(
        bureau.azyq.dsn,
        f"CREATE ROLE {name} LOGIN CREATEROLE; GRANT azyq_app TO {name};"
        f" GRANT azyq_reader TO {name} WITH ADMIN OPTION; SELECT 1",
    )
    dsn = psycopg2.extensions.make_dsn(clean_dsn(bureau.azyq.dsn), user=name)
    until_when = real_clock().replace(year=real_clock().year + 1)
    try:
        assert settle(dsn, lambda: {role: Reader(("11",), until_when)}) == ([role], [])
        with connected(bureau, role) as connection:
            assert rows(connection, "SELECT count(*) > 0 FROM families") == [(True,)]
            run(connection, "SELECT pg_advisory_lock(1)")
            assert end_misuse(dsn, LIMITS).misuses == [Misuse(role, "reader_lock_held")]
        with connected(bureau, role) as connection:
            assert settle(dsn, dict) == ([], [role])
            with pytest.raises(psycopg2.Error):
                rows(connection, "SELECT 1")
        assert roles_of(bureau.azyq.dsn, role) == []
        assert query(bureau.azyq.dsn, f"SELECT 1 FROM azyq_access.scope WHERE role = '{role}'") == []
    finally:
        query(
            bureau.azyq.dsn, f"DROP ROLE IF EXISTS {role}; DROP OWNED BY {name}; DROP ROLE {name}; SELECT 1"
        )
