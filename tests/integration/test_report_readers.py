"""Reports for many readers: the log's position at a time, answers that are kept, connections that are counted."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import anyio
import orjson
import psycopg2
import pytest
from psycopg2.extras import execute_values

from domain.calendar import ALMATY
from domain.errors import LANGUAGES
from infra.api import reading_threads
from infra.api.problems import Problem
from infra.postgres.connect import connect
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.reporting import log_times, running, snapshots
from infra.reporting.kept import OF_LATE_SECONDS, OLDEST_SECONDS, SHARE, KeptReports, Once
from infra.reporting.log_times import LogTimes
from infra.reporting.refusals import AsOfAhead, LogDamaged, MonthWithoutProgramme, ParameterMalformed
from infra.reporting.running import Reports, Request
from infra.reporting.snapshots import NoTurn, Snapshots
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.integration.test_audit import PROGRAMMES
from tests.integration.test_reports_proved import told

__all__ = ["told"]  # a month as the log and the views have it

NOW = datetime(2026, 3, 1, tzinfo=ALMATY)
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
JULY = Request("month", {"month": "2025-07"})


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def recorded(dsn: str, minutes: list[int]) -> None:
    """Events of these times after noon, in the log's order; None leaves a gap in the positions."""
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            rows = [
                (
                    number,
                    uuid4(),
                    orjson.dumps({"timestamp": at(one).isoformat(), "timestamp_of": "timestamp"}),
                )
                for number, one in enumerate(minutes, start=1)
                if one >= 0
            ]
            execute_values(
                cursor,
                "INSERT INTO azyq_log.azyq_events (notification_id, originator_id, originator_version, topic, state)"
                " VALUES %s",
                [(number, str(stream), 1, "x.happened", state) for number, stream, state in rows],
            )
    finally:
        connection.close()


class Reads:
    """A cursor that notes the positions between which it read."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.ranges: list[tuple[int, int]] = []

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        self._cursor.execute(statement, values)
        if values:
            self.ranges.append(values[:2])

    def fetchone(self) -> Any:
        return self._cursor.fetchone()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_times, "BLOCK", 8)
    monkeypatch.setattr(log_times, "_AT_A_TIME", 16)


def test_the_log_stood_before_the_first_event_that_is_dated_later(database: str, small_blocks: None) -> None:
    rng = random.Random(7)
    minutes = [max(0, number + rng.randrange(-30, 8)) for number in range(150)]
    for gap in (3, 17, 18, 19, 40, 41):
        minutes[gap] = -1
    minutes[16:24] = [-1] * 8  # a whole block of none
    recorded(database, minutes)
    times = LogTimes()
    connection = connect(database, autocommit=True)
    try:
        with connection.cursor() as cursor:
            for asked in [*rng.sample(range(-1, 170), 60), 149, 170]:
                later = [n for n, one in enumerate(minutes, start=1) if one >= 0 and one > asked]
                expected = min(later) - 1 if later else len(minutes)
                assert times.position(cursor, at(asked)) == expected, asked
                assert LogTimes().position(cursor, at(asked)) == expected, asked
    finally:
        connection.close()


def test_a_log_that_grows_is_read_on_from_where_it_was(database: str, small_blocks: None) -> None:
    times = LogTimes()
    connection = connect(database, autocommit=True)
    try:
        with connection.cursor() as cursor:
            assert times.position(cursor, at(5)) == 0
            recorded(database, list(range(20)))
            assert times.position(cursor, at(5)) == 6
            read = Reads(cursor)
            assert times.position(read, at(30)) == 20
            assert times.position(read, at(-5)) == 0
            assert read.ranges == [(16, 24), (0, 8)]  # what was noted is not read again
    finally:
        connection.close()


@pytest.fixture
def kept(told: str) -> Iterator[KeptReports]:
    reports = KeptReports(told, PROGRAMMES)
    yield reports
    reports.close()


def test_what_is_kept_is_what_is_read(told: str, kept: KeptReports) -> None:
    plain = Reports(told, PROGRAMMES)
    head, _ = plain.stands()
    for as_of in ("", str(head // 2), "2025-07-20T00:00:00+05:00"):
        for name, parameters in (
            ("month", {"month": "2025-07"}),
            ("goods", {"month": "2025-08", "region": "11"}),
        ):
            request = Request(name, parameters, as_of)
            assert kept.answer(request, NOW) == kept.answer(request, NOW) == plain.answer(request, NOW)
            first = plain.answer(request, NOW).report.sections[0].id
            assert kept.answer(request, NOW, [first]) == plain.answer(request, NOW, [first])
    assert kept.stands() == plain.stands()


def test_many_who_ask_at_once_read_once(kept: KeptReports, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = Reports.answer

    def counted(self: Reports, request: Request, *rest: object) -> object:
        reads.append(request)
        time.sleep(0.05)
        return read(self, request, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Reports, "answer", counted)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: kept.answer(JULY, NOW), range(50)))
    assert len(reads) == 1
    assert all(one == answers[0] for one in answers)


def test_what_was_recorded_just_now_is_waited_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a log that the views follow, and an event that they don't hold yet
    reader, store = LogReader(database), ViewStore(database)
    feed = Feed(reader, store, VIEWS)
    feed.catch_up()
    recorded(database, [1])
    reports = Reports(database, PROGRAMMES)
    asked = Request("month", {"month": "2025-07"}, "1")
    # when it is asked for and the views don't follow, it is refused
    monkeypatch.setattr(running, "FOLLOWING_SECONDS", 0.2)
    with pytest.raises(AsOfAhead, match="as_of"):
        reports.answer(asked, NOW)
    # when they follow while it is asked for, it is answered
    monkeypatch.setattr(running, "FOLLOWING_SECONDS", 60.0)
    with ThreadPoolExecutor(3) as pool:
        answer = pool.submit(reports.answer, asked, NOW)
        stands = pool.submit(reports.stands, at(1).isoformat())
        feed.catch_up()
        assert answer.result(30).log_position == 1
        assert stands.result(30)[0] == 1
    # and what nobody has recorded is refused at once
    with pytest.raises(AsOfAhead):
        reports.answer(Request("month", {"month": "2025-07"}, "2"), NOW)
    reports.close()
    reader.close()
    store.close()


def test_a_log_that_was_damaged_is_told_without_its_text(database: str) -> None:
    recorded(database, [1, 2])
    connection = connect(database, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE azyq_log.azyq_events SET state = 'phone +77011234567' WHERE notification_id = 1"
        )
    connection.close()
    reports = Reports(database, PROGRAMMES)
    with pytest.raises(LogDamaged) as refusal:
        reports.stands(at(1).isoformat())
    assert "+7701" not in "".join(refusal.value.sentence(language) for language in LANGUAGES)
    reports.close()


def test_what_cannot_be_asked_is_refused_and_not_kept(kept: KeptReports) -> None:
    for _ in range(2):
        with pytest.raises(AsOfAhead):
            kept.answer(Request("month", {"month": "2025-07"}, "999999999"), NOW)
        with pytest.raises(ParameterMalformed):
            kept.answer(Request("month", {"month": "2025-07"}, "2025-13-45T"), NOW)
        with pytest.raises(MonthWithoutProgramme):
            kept.answer(Request("month", {"month": "2031-01"}), NOW)
    assert kept.answer(JULY, NOW).tables


def test_what_is_kept_is_bounded() -> None:
    once: Once[int] = Once(lambda: 1e9, 100, lambda value: value)
    for number in range(50):
        assert once.get(number, lambda: 10) == 10
    assert sum(once.has(number) for number in range(50)) == 10
    assert once.has(49)
    assert not once.has(0)


def test_what_failed_is_made_again() -> None:
    once: Once[int] = Once(lambda: 1e9, 100, lambda value: value)
    with pytest.raises(ZeroDivisionError):
        once.get("x", lambda: 1 // 0)
    assert once.get("x", lambda: 3) == 3


def connections(dsn: str) -> int:
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'azyq-report' AND datname = current_database()"
            )
            (found,) = cursor.fetchone() or (0,)
    finally:
        connection.close()
    return int(found)


def test_fifty_readers_take_as_many_connections_as_there_are_turns(told: str) -> None:
    reports = KeptReports(told, PROGRAMMES)
    head, _ = reports.stands()
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.is_set():
            most = max(most, connections(told))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with ThreadPoolExecutor(50) as pool:
            asked = [Request("month", {"month": "2025-07"}, str(head - n)) for n in range(100)]
            list(pool.map(lambda one: reports.answer(one, NOW), asked))
    finally:
        over.set()
        watching.join()
    assert 1 <= most <= snapshots.AT_ONCE
    assert connections(told) <= snapshots.AT_ONCE
    reports.close()
    until = time.monotonic() + 10
    while connections(told) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert connections(told) == 0


def test_who_does_not_come_to_a_turn_is_told_so(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "TURN_SECONDS", 0.05)
    few = Snapshots(told, at_once=1, serving=True)
    with few.one(), pytest.raises(NoTurn), few.one():
        pass
    with few.one() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    few.close()


def test_a_connection_that_the_server_ended_is_opened_again(told: str) -> None:
    kept = Snapshots(told, at_once=1, serving=True)
    with kept.one() as connection:
        ended = connection.info.backend_pid
    killing = connect(told, autocommit=True)
    with killing.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (ended,))
    killing.close()
    with kept.one() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("30s",)
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute("CREATE TABLE azyq_views.x ()")
    assert len(kept) == 1
    kept.close()


def test_now_is_of_some_moments_ago_while_reading_takes_its_share(kept: KeptReports) -> None:
    assert kept.fresh_seconds() == 0
    kept.share(OF_LATE_SECONDS * SHARE + 1)
    assert kept.fresh_seconds() == OLDEST_SECONDS
    kept._spent_at -= 10 * OF_LATE_SECONDS  # long ago
    assert kept.fresh_seconds() == 0


def test_the_databases_process_yields_where_it_is_on_this_machine(told: str) -> None:
    with Snapshots(told).one() as connection:
        assert os.getpriority(os.PRIO_PROCESS, connection.info.backend_pid) == 0  # the command line's
    serving = Snapshots(told, serving=True)
    with serving.one() as connection:
        here = (connection.info.host or "").startswith("/")
        nice = os.getpriority(os.PRIO_PROCESS, connection.info.backend_pid) if here else snapshots.NICE
        assert nice == snapshots.NICE
    serving.close()


def test_readers_wait_in_line_and_not_in_others_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_threads, "MOST_WAITING", 3)
    refused, others, then, pieces = anyio.run(many_readers)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert (others, then, pieces) == ("others are answered", 7, ["a", "b"])


async def many_readers() -> tuple[Problem, str, int, list[str]]:
    """Who comes when too many wait, what others hear meanwhile, and what readers hear afterwards."""
    go = threading.Event()
    async with anyio.create_task_group() as group:
        for _ in range(reading_threads.THREADS + 3):
            group.start_soon(reading_threads.in_reading_thread, go.wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Problem) as refused:
            await reading_threads.in_reading_thread(go.wait)
        others = await anyio.to_thread.run_sync(lambda: "others are answered")
        go.set()
    then = await reading_threads.in_reading_thread(lambda: 7)
    pieces = [piece async for piece in reading_threads.pieces_in_reading_threads(iter(["a", "b"]))]
    return refused.value, others, then, pieces
