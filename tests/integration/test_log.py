"""The event log on real PostgreSQL: nobody misses an event, nothing is changed afterwards, no connection is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.application import Application

from domain.cycle import StrayReply
from domain.errors import LANGUAGES
from infra.clock import real_clock
from infra.postgres.connect import APP_ROLE, connect, eventsourcing_env
from infra.postgres.log import LogBusy, PostgresLog
from tests.integration.month_in_process import Town, a_month, query

WRITERS, EACH = 8, 25


@pytest.fixture
def log(database: str) -> Iterator[PostgresLog]:
    log = PostgresLog(database)
    yield log
    log.close()


def a_stray() -> StrayReply:
    return StrayReply.receive(reply=uuid4().hex, channel="http", answer="yes", at=real_clock())


def connections(dsn: str) -> int:
    return int(query(dsn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'azyq-log'")[0][0])


def test_R32_a_reader_that_follows_misses_nothing_while_eight_write(log: PostgresLog, database: str) -> None:
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        reader = connect(database, role=APP_ROLE, autocommit=True)
        at = 0
        with reader.cursor() as cursor:
            while True:
                ended = done.is_set()
                cursor.execute(
                    "SELECT notification_id FROM azyq_log.azyq_events WHERE notification_id > %s"
                    " ORDER BY notification_id",
                    (at,),
                )
                found = [row[0] for row in cursor]
                seen.extend(found)
                at = found[-1] if found else at
                if ended and not found:
                    break
        reader.close()

    def write(_: int) -> None:
        for number in range(EACH):
            log.save(*(a_stray() for _ in range(1 + number % 3)))

    follower = threading.Thread(target=follow)
    follower.start()
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    done.set()
    follower.join()
    every = [row[0] for row in query(database, "SELECT notification_id FROM azyq_log.azyq_events ORDER BY 1")]
    assert len(every) == WRITERS * sum(1 + number % 3 for number in range(EACH))
    assert seen == every


def test_an_insert_waits_for_the_one_before_it(log: PostgresLog, database: str) -> None:
    # The lock that keeps the log without gaps: positions become visible in their order.
    holder = connect(database, role=APP_ROLE)
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE azyq_log.azyq_events IN EXCLUSIVE MODE")
        writer = threading.Thread(target=lambda: log.save(a_stray()))
        writer.start()
        end = time.monotonic() + 60
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock'"
        while query(database, waiting) == [(0,)]:
            assert time.monotonic() < end, "the writer doesn't take the lock"
        assert query(database, "SELECT count(*) FROM azyq_log.azyq_events") == [(0,)]
    holder.rollback()
    writer.join()
    holder.close()
    assert log.head() == 1


def test_the_library_s_safe_mode_is_on(log: PostgresLog, database: str) -> None:
    env = eventsourcing_env(database)
    assert env["POSTGRES_ENABLE_DB_FUNCTIONS"] == "n"
    assert log._application.factory.datastore.enable_db_functions is False  # type: ignore[attr-defined]
    functions = query(
        database,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'azyq_log'::regnamespace ORDER BY proname",
    )
    assert functions == [("refuse_change",)]


@contextmanager
def held(dsn: str, *statements: tuple[str, tuple[str, ...]]) -> Iterator[None]:
    """Another's transaction, open, that did these."""
    holder = connect(dsn, role=APP_ROLE)
    try:
        with holder.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(statement, values)
        yield
    finally:
        holder.close()


LOCKED = ("LOCK TABLE azyq_log.azyq_events IN EXCLUSIVE MODE", ())


class TestPatience:
    """How long a writer waits for others, in all; an hour's wait is no answer to anybody."""

    def test_R32_a_save_behind_a_lock_that_stays_ends_as_busy(self, database: str) -> None:
        log = PostgresLog(database, patience_seconds=1.5)
        stray = a_stray()
        begun = time.monotonic()
        with held(database, LOCKED), pytest.raises(LogBusy) as caught:
            log.save(stray)
        assert 1.4 < time.monotonic() - begun < 10
        assert all(caught.value.sentence(language) for language in LANGUAGES)
        # and nothing was recorded; the next save goes through
        assert log.head() == 0
        log.save(a_stray())
        assert log.head() == 1
        log.close()

    def test_R5_so_does_one_behind_claims_of_a_transaction_that_stays(self, database: str) -> None:
        log = PostgresLog(database, patience_seconds=3)
        first, second = uuid4(), uuid4()
        claim = "INSERT INTO azyq_log.claim VALUES (%s, %s)"
        receipt = "INSERT INTO azyq_log.receipt VALUES (%s, %s)"
        begun = time.monotonic()
        with (
            held(database, (claim, (str(first), str(uuid4())))),
            held(database, (receipt, (str(second), str(uuid4())))),
            pytest.raises(LogBusy),
        ):
            log.save(a_stray(), claims=[(first, uuid4())], receipts=[(second, uuid4())])
        assert time.monotonic() - begun < 5.8
        log.close()

    def test_R32_more_writers_than_connections_are_no_exception(self, database: str) -> None:
        log = PostgresLog(database, patience_seconds=3)

        def save(_: int) -> float:
            begun = time.monotonic()
            with pytest.raises(LogBusy):
                log.save(a_stray())
            return time.monotonic() - begun

        with held(database, LOCKED), ThreadPoolExecutor(30) as threads:
            assert max(threads.map(save, range(30))) < 8
        log.close()

    def test_R32_a_lock_that_is_given_back_in_time_is_waited_for(self, database: str) -> None:
        log = PostgresLog(database, patience_seconds=20)
        with ThreadPoolExecutor(1) as thread, held(database, LOCKED):
            saving = thread.submit(log.save, a_stray())
            waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock'"
            end = time.monotonic() + 60
            while not query(database, waiting):
                assert time.monotonic() < end, "the writer doesn't take the lock"
        saving.result(60)
        assert log.head() == 1
        log.close()

    def test_R32_a_connection_that_broke_is_opened_again(self, log: PostgresLog, database: str) -> None:
        log.save(a_stray())
        query(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'azyq-log'",
        )
        log.save(a_stray())
        assert query(database, "SELECT count(*) FROM azyq_log.azyq_events") == [(2,)]

    def test_what_an_idle_transaction_may_hold_ends(self, log: PostgresLog) -> None:
        datastore: Any = log._application.factory.datastore  # type: ignore[attr-defined]
        assert datastore.idle_in_transaction_session_timeout == 60


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE azyq_log.azyq_events SET topic = 'x'",
        "DELETE FROM azyq_log.azyq_events",
        "TRUNCATE azyq_log.azyq_events",
        "INSERT INTO azyq_log.azyq_events SELECT originator_id, originator_version, topic, state, 99"
        " FROM azyq_log.azyq_events ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 'x'",
    ],
)
def test_the_log_is_append_only_even_for_its_owner(log: PostgresLog, database: str, statement: str) -> None:
    log.save(a_stray())
    with pytest.raises(psycopg2.Error, match="append-only"):
        query(database, statement)
    assert log.head() == 1
    assert query(database, "SELECT topic FROM azyq_log.azyq_events") == [("reply.unknown_sender",)]


def test_our_tables_are_those_the_library_would_make(database: str) -> None:
    query(database, "CREATE SCHEMA made_by_library")

    class Theirs(Application):  # type: ignore[type-arg]
        name = "azyq"

    theirs = Theirs(
        env={
            **eventsourcing_env(database, role=None),
            "POSTGRES_SCHEMA": "made_by_library",
            "CREATE_TABLE": "y",
        }
    )
    theirs.close()

    def shape(schema: str) -> dict[str, list[tuple[Any, ...]]]:
        columns = query(
            database,
            "SELECT column_name, ordinal_position, data_type, is_nullable,"
            " replace(column_default, table_schema || '.', '')"
            " FROM information_schema.columns WHERE table_schema = %s AND table_name = 'azyq_events'"
            " ORDER BY ordinal_position",
            schema,
        )
        indexes = query(
            database,
            "SELECT indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes"
            " WHERE schemaname = %s AND tablename = 'azyq_events' ORDER BY indexname",
            schema,
        )
        options = query(
            database,
            "SELECT unnest(reloptions) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = %s AND relname = 'azyq_events' ORDER BY 1",
            schema,
        )
        composite = query(
            database,
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = %s AND relname = 'stored_event_uuid' ORDER BY attnum",
            schema,
        )
        return {"columns": columns, "indexes": indexes, "options": options, "type": composite}

    theirs_shape = shape("made_by_library")
    assert len(theirs_shape["columns"]) == 5
    assert len(theirs_shape["indexes"]) == 2
    assert shape("azyq_log") == theirs_shape


def test_threads_that_end_leave_no_connection(log: PostgresLog, database: str) -> None:
    def work(_: int) -> None:
        stray = a_stray()
        log.save(stray)
        assert stray.id in log.load([stray.id])

    for _ in range(4):
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(work, range(30)))
    # The library's pool keeps at most its size and overflow, 2 + 10, however many threads there were.
    end = time.monotonic() + 60
    while (count := connections(database)) > 12 and time.monotonic() < end:
        time.sleep(0.02)
    assert count <= 12
    assert len(log._connections) == 0
    log.close()
    end = time.monotonic() + 60
    while (count := connections(database)) and time.monotonic() < end:
        time.sleep(0.02)
    assert count == 0


def test_an_azyq_that_is_closed_leaves_no_connection(database: str, tmp_path: Path) -> None:
    town = Town()
    with a_month(database, tmp_path) as july:
        homes = town.households(3)
        july.asked(*homes)
        july.at(6)
        for number, home in enumerate(homes):
            july.reply(home.phone, "21*1", f"m-{number}")
        july.azyq.drain_sms()
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^azyq' AND pid <> pg_backend_pid()"
        open_now = query(database, count + " AND datname = current_database()")[0][0]
        assert 0 < open_now <= 12
    end = time.monotonic() + 60
    while query(database, count + " AND datname = current_database()") != [(0,)]:
        assert time.monotonic() < end, "connections are left"
        time.sleep(0.02)
