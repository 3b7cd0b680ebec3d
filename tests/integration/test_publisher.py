"""The publisher, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from kafka.admin import ConfigResource
from psycopg2.extensions import parse_dsn
from structlog.testing import capture_logs

from infra.kafka import topics
from infra.kafka.cluster import Cluster
from infra.kafka.publishing import publisher
from infra.postgres.connect import connect
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.published import NotActive, PublishedState
from infra.postgres.schema import migrate
from streams.publisher import Publisher
from streams.topics import EVENTS, PARKED, partition_of
from streams.trouble import KafkaTrouble
from tests.broker.fixtures import OwnBroker
from tests.broker.server import Access
from tests.integration.publishing import (
    GOOD,
    URL,
    Log,
    Passage,
    Process,
    assert_carried,
    first_occurrences,
    made_topics,
    received,
    send_all,
    send_once,
    settings_of,
    until,
)

Start = Callable[..., Process]


@pytest.fixture
def log(database: str) -> Iterator[Log]:
    log = Log(database)
    yield log
    log.close()


@pytest.fixture
def cluster(empty_kafka: Access) -> Cluster:
    """The shared cluster with our topics."""
    return made_topics(empty_kafka)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts publishers as processes; all are ended afterwards."""
    with ExitStack() as stack:

        def run(dsn: str, access: Access, flight: int = 200) -> Process:
            process = Process(dsn, access, flight)
            stack.callback(process.close)
            return process

        yield run


@contextmanager
def following(dsn: str, cluster: Cluster, flight: int = 200) -> Iterator[Publisher]:
    stop = threading.Event()
    with publisher(dsn, cluster, URL, flight=flight) as active:
        thread = threading.Thread(target=active.follow, args=(stop,))
        thread.start()
        try:
            yield active
        finally:
            stop.set()
            thread.join(60)
            assert not thread.is_alive()


def events_of(logs: Iterable[Mapping[str, object]]) -> list[str]:
    return [" ".join(filter(None, (str(entry["event"]), str(entry.get("code") or "")))) for entry in logs]


def test_events_go_to_their_partition_in_order_each_once(log: Log, cluster: Cluster) -> None:
    log.fill(3_000)
    with publisher(log.dsn, cluster, URL, flight=700) as active:
        assert send_all(active) == 3_000
        assert log.published() == log.head()
        log.append()
        assert active.run_once() == 1
        assert active.run_once() == 0
    assert assert_carried(log, cluster) == 3_001


def test_the_next_one_goes_on_where_the_last_one_ended(log: Log, cluster: Cluster) -> None:
    log.fill(400)
    for _ in range(2):
        with publisher(log.dsn, cluster, URL, flight=100) as active:
            assert send_once(active) == 100
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    assert assert_carried(log, cluster) == 400


def test_an_event_is_in_kafka_soon_after_its_commit(
    log: Log, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with following(log.dsn, cluster):
        log.append()
        until(lambda: log.published() == log.head())
        monkeypatch.setattr("streams.publisher.POLL_SECONDS", 30.0)
        waits = []
        for _ in range(15):
            position = log.append()
            committed = time.monotonic()
            until(lambda position=position: log.published() == position)
            waits.append(time.monotonic() - committed)
        monkeypatch.undo()
        log.append()  # so that it does not sit out the half minute
    # By polling alone it would be half a minute.
    assert max(waits) < 20
    assert min(waits) < 0.3


def test_events_that_nobody_can_read_are_carried_as_they_are(log: Log, cluster: Cluster) -> None:
    positions = [
        log.append("sms.failed", None),
        log.append(None, GOOD),
        log.append("family.moved_to_mars", GOOD),
        log.append("sms.failed", b"{"),
        log.append("sms.failed", b"\xff\xfe"),
        log.append("unknown", GOOD),
        log.append("cycle.opened", {"cycle": "akkol-2025/2025-07"}),
        log.append("sms.failed", GOOD | {"reason": "x" * 1_200_000}),
        log.append(),
    ]
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    assert assert_carried(log, cluster) == len(positions)
    found = {m.position: m for messages in received(cluster).values() for m in messages}
    assert found[positions[6]].key == b"akkol-2025/2025-07"
    assert found[positions[7]].by_reference
    assert not found[positions[8]].by_reference
    assert found[positions[8]].headers == [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def test_large_events_do_not_fill_more_than_one_batch_of_a_partition(log: Log, cluster: Cluster) -> None:
    for size in (500_000, 600_000, 800_000, 10, 899_000, 10, 450_000, 450_000):
        log.append(data=GOOD | {"reason": os.urandom(size // 2).hex()}, stream=None)
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    assert assert_carried(log, cluster) == 8


def test_a_message_that_kafka_refuses_as_too_large_goes_by_reference(log: Log, empty_kafka: Access) -> None:
    settings = settings_of(empty_kafka)
    cluster = Cluster(settings)
    topics.init(cluster, settings)
    admin = cluster.admin()
    admin.alter_configs([ConfigResource("TOPIC", EVENTS, {"max.message.bytes": "20000"})])
    admin.close()
    log.fill(40)
    large = log.append(data=GOOD | {"reason": os.urandom(30_000).hex()})
    log.fill(40)
    with following(log.dsn, cluster, flight=500):
        until(lambda: log.published() == log.head())
    for partition, messages in received(cluster).items():
        once = first_occurrences(messages)
        assert [m.position for m in once] == sorted(m.position for m in once), partition
    found = {m.position: m for messages in received(cluster).values() for m in messages}
    assert set(found) == {position for position, _ in log.events()}
    assert [m.position for m in found.values() if m.by_reference] == [large]


def test_killed_at_random_moments_it_misses_nothing_and_keeps_the_order(
    log: Log, cluster: Cluster, empty_kafka: Access, start: Start
) -> None:
    chance = random.Random(4)
    for _ in range(5):
        log.fill(4_000)
        before = log.published()
        process = start(log.dsn, empty_kafka, flight=150)
        until(lambda before=before: log.published() > before)
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
    assert log.published() < log.head()
    last = start(log.dsn, empty_kafka, flight=1_000)
    until(lambda: log.published() == log.head())
    assert last.stop() == 0
    assert assert_carried(log, cluster) >= 20_000


def test_killed_before_the_position_moved_it_sends_the_same_messages_again(
    log: Log, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.fill(300)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, publisher(log.dsn, cluster, URL) as active:
        patch.setattr(PublishedState, "move", die)
        with pytest.raises(KeyboardInterrupt):
            active.run_once()
    assert log.published() == 0
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    assert assert_carried(log, cluster) == 600


def test_a_second_publisher_stands_by_and_takes_over_from_a_killed_one(
    log: Log, cluster: Cluster, empty_kafka: Access, start: Start
) -> None:
    log.fill(10)
    first = start(log.dsn, empty_kafka)
    until(lambda: log.published() == log.head())
    second = start(log.dsn, empty_kafka)
    until(lambda: "publisher_standby" in second.said())
    first.kill()
    killed = time.monotonic()
    position = log.append()
    until(lambda: log.published() == position)
    assert time.monotonic() - killed < 10
    until(lambda: second.said()[:2] == ["publisher_standby", "publisher_active"])
    assert second.stop() == 0
    assert assert_carried(log, cluster) == 11


def test_a_publisher_that_hangs_loses_its_place_within_10_seconds_and_does_no_harm_when_it_wakes(
    log: Log, cluster: Cluster, empty_kafka: Access, start: Start
) -> None:
    log.fill(10)
    first = start(log.dsn, empty_kafka)
    until(lambda: log.published() == log.head())
    second = start(log.dsn, empty_kafka)
    until(lambda: "publisher_standby" in second.said())
    first.signal(signal.SIGSTOP)
    hung = time.monotonic()
    position = log.append()
    until(lambda: log.published() == position)
    took = time.monotonic() - hung
    assert took < 10
    first.signal(signal.SIGCONT)
    until(lambda: "publisher_standby" in first.said())
    position = log.append()
    until(lambda: log.published() == position)
    until(lambda: second.said()[-1] == "publisher_active")
    assert assert_carried(log, cluster) >= 12


def test_cut_from_the_database_it_takes_its_turn_again(log: Log, cluster: Cluster) -> None:
    log.fill(10)
    with capture_logs() as logs, following(log.dsn, cluster):
        until(lambda: log.published() == log.head())
        assert log.cut() == 1
        log.cut("azyq-feed")
        position = log.append()
        until(lambda: log.published() == position)
    assert events_of(logs)[0] == "publisher_active"
    assert events_of(logs)[-1] == "publisher_active"
    assert len(logs) <= 5
    assert assert_carried(log, cluster) == 11


def test_cut_off_in_silence_another_one_takes_over_within_10_seconds(
    log: Log, cluster: Cluster, empty_kafka: Access, start: Start, database: str
) -> None:
    if not str(parse_dsn(database).get("host", "")).startswith("/"):
        pytest.skip("the passage leads to a socket of the embedded PostgreSQL")
    log.fill(10)
    passage = Passage(database)
    first = start(passage.dsn, empty_kafka)
    until(lambda: log.published() == log.head())
    second = start(log.dsn, empty_kafka)
    until(lambda: "publisher_standby" in second.said())
    passage.silence()
    cut = time.monotonic()
    position = log.append()
    until(lambda: log.published() == position)
    assert time.monotonic() - cut < 10
    passage.close()
    until(lambda: "publisher_standby" in first.said())
    assert assert_carried(log, cluster) >= 11


def test_who_lost_the_lock_can_not_move_the_position(log: Log, database: str) -> None:
    first, second = PublishedState(database, EVENTS), PublishedState(database, EVENTS)
    assert first.acquire()
    first.begin(3)
    first.place()
    assert not second.acquire()
    first._connection.close()  # type: ignore[union-attr]
    until(second.acquire)
    assert second.place() == (0, [0, 0, 0])
    second.move(5, [5, 0, 0])
    with pytest.raises(Exception, match="closed"):
        first.move(4, [4, 0, 0])
    first.release()
    with pytest.raises(NotActive):
        first.move(4, [4, 0, 0])
    second.release()
    until(first.acquire)
    assert first.place() == (5, [5, 0, 0])
    connection = connect(database, autocommit=True)
    connection.cursor().execute("UPDATE azyq_log.published SET position = 9")
    connection.close()
    with pytest.raises(NotActive):
        first.move(6, [6, 0, 0])


def test_kafka_killed_and_started_again_in_the_middle(log: Log, own_broker: OwnBroker, database: str) -> None:
    broker = own_broker()
    cluster = made_topics(broker.plain)
    log.fill(10_000)
    with capture_logs() as logs, following(database, cluster, flight=150):
        until(lambda: log.published() > 0)
        for _ in range(2):
            broker.kill()
            log.fill(2_000)
            broker.start()
            reached = log.published()
            until(lambda reached=reached: log.published() > reached)
        until(lambda: log.published() == log.head())
    assert assert_carried(log, cluster) >= 14_000
    assert len(logs) < 20, events_of(logs)


def test_a_kafka_that_hangs_is_waited_for(
    log: Log, own_broker: OwnBroker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.publisher.SLOW_SECONDS", 1.0)
    broker = own_broker()
    cluster = made_topics(broker.plain)
    log.fill(1_000)
    with capture_logs() as logs, following(database, cluster):
        until(lambda: log.published() == log.head())
        broker.pause()
        position = log.append()
        until(lambda: "publisher_waiting slow" in events_of(logs))
        # Longer than the lock would live without a word.
        time.sleep(9)
        assert log.published() < position
        broker.resume()
        until(lambda: log.published() == position)
    assert events_of(logs) == ["publisher_active", "publisher_waiting slow", "publisher_active"]
    assert assert_carried(log, cluster) == 1_001


def test_a_kafka_that_is_not_there_yet_costs_a_line_and_the_log_goes_on(
    log: Log, own_broker: OwnBroker, database: str
) -> None:
    broker = own_broker()
    cluster = Cluster(settings_of(broker.plain))
    broker.stop()
    log.fill(100)
    with capture_logs() as logs, following(database, cluster):
        until(lambda: "publisher_waiting unreachable" in events_of(logs))
        log.fill(100)
        time.sleep(5)
        assert events_of(logs) == ["publisher_waiting unreachable"]
        assert "refused" in str(logs[0]["reason"])
        broker.start()
        until(lambda: "publisher_waiting topic_missing" in events_of(logs))
        made_topics(broker.plain)
        until(lambda: log.published() == log.head())
    assert assert_carried(log, cluster) == 200


def test_without_its_topic_it_says_what_to_do_and_goes_on_once_it_is_there(
    log: Log, empty_kafka: Access
) -> None:
    cluster = Cluster(settings_of(empty_kafka))
    log.fill(10)
    with publisher(log.dsn, cluster, URL) as active, pytest.raises(KafkaTrouble, match="azyq kafka init"):
        active.run_once()
    with capture_logs() as logs, following(log.dsn, cluster):
        until(lambda: "publisher_waiting topic_missing" in events_of(logs))
        made_topics(empty_kafka)
        until(lambda: log.published() == log.head())
    assert events_of(logs) == ["publisher_waiting topic_missing", "publisher_active"]


def test_another_number_of_partitions_is_refused_until_told(log: Log, empty_kafka: Access) -> None:
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS="3")
    log.fill(100)
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    more = settings_of(empty_kafka, AZYQ_KAFKA_PARTITIONS="5")
    state = PublishedState(log.dsn, EVENTS)
    holder = PublishedState(log.dsn, EVENTS)
    assert holder.acquire()
    with pytest.raises(KafkaTrouble, match="stop them all"):
        topics.repartition(cluster, more, state)
    holder.release()
    admin = cluster.admin()
    admin.create_partitions({EVENTS: 5})
    admin.close()
    log.fill(100)
    with (
        publisher(log.dsn, cluster, URL) as active,
        pytest.raises(KafkaTrouble, match="--repartition") as told,
    ):
        until(active.run_once)
    assert told.value.code == "partitions_differ"
    assert topics.repartition(cluster, more, state) == 5
    assert topics.repartition(cluster, more, state) == 5
    before = log.published()
    with publisher(log.dsn, cluster, URL) as active:
        send_all(active)
    later = [m for messages in received(cluster).values() for m in messages if m.position > before]
    assert len(later) == 100
    last = [0] * 5
    by_position = {m.position: m for m in later}
    for position, stream in log.events():
        if position > before:
            assert by_position[position].previous == last[partition_of(stream, 5)]
        last[partition_of(stream, 5)] = position


def test_postgresql_restarted_in_the_middle(cluster: Cluster, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data")
    dsn = server.start()
    try:
        migrate(dsn)
        log = Log(dsn)
        log.fill(6_000)
        with capture_logs() as logs, following(dsn, cluster, flight=150):
            until(lambda: log.published() > 0)
            log.close()
            os.kill(int((tmp_path / "data/postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            until(lambda: any("interrupted" in e for e in events_of(logs)))
            with EmbeddedPostgres(tmp_path / "data") as again:
                log = Log(again)
                until(lambda: log.published() == log.head())
                log.append()
                until(lambda: log.published() == log.head())
                assert assert_carried(log, cluster) >= 6_001
                log.close()
        assert len(logs) < 12, events_of(logs)
    finally:
        server.release()


@pytest.mark.parametrize("listener", ["sasl", "ssl", "sasl_ssl"])
def test_it_logs_in_and_speaks_tls(log: Log, new_broker: OwnBroker, database: str, listener: str) -> None:
    with new_broker() as broker:
        access = getattr(broker, listener)
        cluster = made_topics(access)
        log.fill(50)
        with publisher(database, cluster, URL) as active:
            assert send_once(active) == 50
        assert assert_carried(log, cluster) == 50


def test_what_was_parked_is_announced_once_without_its_content(log: Log, cluster: Cluster) -> None:
    connection = connect(log.dsn, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO azyq_views.parked (view, position, stream, topic, reason)"
            " VALUES ('families', 7, gen_random_uuid(), 'sms.failed', 'no field reason')"
        )
        cursor.execute(
            "INSERT INTO azyq_views.parked_message (topic, partition, message_offset, reason)"
            " VALUES (%s, 2, 40, 'the message is not JSON')",
            (EVENTS,),
        )

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM azyq_views.parked WHERE announced_at IS NULL)"
                " + (SELECT count(*) FROM azyq_views.parked_message WHERE announced_at IS NULL)"
            )
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])

    with following(log.dsn, cluster):
        until(lambda: not waiting())
        log.append()
        until(lambda: log.published() == log.head())
    connection.close()
    consumer = cluster.consumer(PARKED)
    found: list[bytes] = []
    while len(found) < 2:
        for records in consumer.poll(timeout_ms=500).values():
            found += [record.value for record in records]
    consumer.close()
    assert b"kz.azyq.parked.event" in found[0]
    assert b"kz.azyq.parked.message" in found[1]
