"""Workers on a real Kafka and a real PostgreSQL: whatever happens on the way, every view is the fold of the log."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer
from structlog.testing import capture_logs

from domain.ports import IncomingReply
from infra.kafka.cluster import Cluster
from infra.kafka.publishing import publisher
from infra.kafka.reread import MessageGone, read_message, retry_message
from infra.parts.carrying import reply_intake, reply_parser
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.parked_messages import PostgresParkedMessages
from infra.postgres.schema import migrate
from projections.all_views import VIEWS
from streams.messages import NotOurs
from streams.partition_feed import Delivery, Taken
from streams.reply_intake import ReplyIntake
from streams.topics import EVENTS, REPLIES
from tests.broker.fixtures import OwnBroker
from tests.broker.server import Access
from tests.integration.month_in_process import Town, a_month
from tests.integration.publishing import URL, made_topics, until
from tests.integration.test_feed import Parts
from tests.integration.test_partition_feed import then_all_is_as_folded
from tests.integration.working import WorkerProcess, a_feed, committed, members, working

N = 4
SOON = datetime(2025, 7, 6, 9, tzinfo=UTC)


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


@pytest.fixture
def cluster(empty_kafka: Access) -> Cluster:
    return made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(N))


@pytest.fixture
def start() -> Iterator[Callable[..., WorkerProcess]]:
    with ExitStack() as stack:

        def begin(*arguments: Any) -> WorkerProcess:
            process = WorkerProcess(*arguments)
            stack.callback(process.close)
            return process

        yield begin


@pytest.fixture
def messages(database: str) -> Iterator[PostgresParkedMessages]:
    messages = PostgresParkedMessages(database)
    yield messages
    messages.close()


def publish(dsn: str, cluster: Cluster) -> None:
    with publisher(dsn, cluster, URL) as active:
        until(lambda: not active.run_once())


def produce(cluster: Cluster, topic: str, *sent: tuple[int, bytes | None, bytes | None]) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    for partition, key, value in sent:
        producer.send(topic, key=key, value=value, partition=partition).get(20)
    producer.close()


def caught_up(parts: Parts) -> bool:
    head = parts.reader.head()
    return all(parts.store.position(view) == head for view in VIEWS)


def some_are_in(parts: Parts) -> bool:
    return any((place := parts.store.place(view)) and place.ahead for view in VIEWS)


def test_O3_2_what_is_published_is_in_every_view(parts: Parts, cluster: Cluster, database: str) -> None:
    parts.tell(1)
    publish(database, cluster)
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
        then_all_is_as_folded(parts)
        parts.tell(2, 10, None, "2025-08")
        publish(database, cluster)
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)
    assert parts.store.parked() == []


def test_messages_of_a_partition_come_many_at_once_and_never_more_than_a_batch(
    parts: Parts, cluster: Cluster, database: str
) -> None:
    parts.tell(3, 60)
    publish(database, cluster)
    batches: list[int] = []

    class Counted:
        def take(self, deliveries: Sequence[Delivery]) -> Taken:
            batches.append(len(deliveries))
            return feed.take(deliveries)

        def check_tails(self, partitions: Sequence[int]) -> int:
            return feed.check_tails(partitions)

    with a_feed(database, N) as feed, working(cluster, Counted(), batch=100) as worker:
        until(lambda: caught_up(parts))
        until(lambda: worker.taken == sum(batches) == parts.reader.head())
    assert 20 < max(batches) <= 100


def test_stopped_it_commits_leaves_the_group_and_the_next_one_goes_on(
    parts: Parts, cluster: Cluster, database: str
) -> None:
    parts.tell(3, 10)
    publish(database, cluster)
    with a_feed(database, N) as feed:
        with working(cluster, feed) as worker:
            until(lambda: caught_up(parts))
            until(lambda: worker.taken == len(parts.reader.after(0, 10_000)))
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert members(cluster) == 0
        assert committed(cluster) == worker.taken
        with working(cluster, feed) as again:
            parts.tell(4, 5, None, "2025-08")
            publish(database, cluster)
            until(lambda: caught_up(parts))
        assert again.taken == len(parts.reader.after(0, 10_000)) - worker.taken
    then_all_is_as_folded(parts)


def test_two_workers_share_the_partitions_and_one_is_killed_half_way(
    parts: Parts, cluster: Cluster, database: str, empty_kafka: Access, start: Callable[..., WorkerProcess]
) -> None:
    first, second = start(database, empty_kafka, N), start(database, empty_kafka, N)
    until(lambda: members(cluster) == 2)
    parts.tell(5, 150)
    publish(database, cluster)
    until(lambda: some_are_in(parts))
    first.kill()
    parts.tell(6, 20, None, "2025-08")
    publish(database, cluster)
    until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)
    assert second.stop() == 0


class Held:
    """A feed that stops in the middle of a batch, until it is let go."""

    def __init__(self, feed: Any) -> None:
        self._feed = feed
        self.reached = threading.Event()
        self.let_go = threading.Event()
        self.taken: list[int] = []

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        self.reached.set()
        assert self.let_go.wait(60)
        self.taken += [delivery.partition for delivery in deliveries]
        taken: Taken = self._feed.take(deliveries)
        return taken

    def check_tails(self, partitions: Sequence[int]) -> int:
        return 0


def test_a_rebalance_in_the_middle_of_a_batch_is_harmless(
    parts: Parts, cluster: Cluster, database: str
) -> None:
    parts.tell(7)
    publish(database, cluster)
    with a_feed(database, N) as feed, a_feed(database, N) as other:
        held = Held(feed)
        with working(cluster, held, batch=50):
            assert held.reached.wait(60)
            with working(cluster, other) as newcomer:
                until(lambda: members(cluster) == 2)
                until(lambda: newcomer.taken)
                held.let_go.set()
                until(lambda: caught_up(parts))
                parts.tell(8, 10, None, "2025-08")
                publish(database, cluster)
                until(lambda: caught_up(parts))
    assert held.taken
    then_all_is_as_folded(parts)


def test_stopped_while_a_batch_hangs_it_returns_and_acknowledges_nothing(
    parts: Parts, cluster: Cluster, database: str
) -> None:
    parts.tell(8, 5)
    publish(database, cluster)
    with a_feed(database, N) as feed:
        held = Held(feed)
        with working(cluster, held) as worker:
            assert held.reached.wait(60)
            began = time.monotonic()
        assert time.monotonic() - began < 4
        assert (worker.taken, committed(cluster)) == (0, 0)
        held.let_go.set()
        until(lambda: held.taken)
        with working(cluster, feed):
            until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)


def test_one_that_hangs_writes_its_heartbeat_no_more(
    parts: Parts, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    beat = tmp_path / "beat"

    def age() -> float:
        return time.time() - beat.stat().st_mtime

    with a_feed(database, N) as feed:
        held = Held(feed)
        with working(cluster, held, heartbeat=beat, hung_seconds=3.0):
            until(beat.exists)  # nothing to take, and yet at work
            until(lambda: age() < 0.5)
            parts.tell(8, 5)
            publish(database, cluster)
            assert held.reached.wait(60)
            until(lambda: age() > 5)
            held.let_go.set()
            until(lambda: age() < 2)
            until(lambda: caught_up(parts))


def test_postgresql_killed_under_the_worker(cluster: Cluster, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data")
    dsn = server.start()
    try:
        migrate(dsn)
        parts = Parts(dsn)
        parts.tell(9, 100)
        publish(dsn, cluster)
        with a_feed(dsn, N) as feed, capture_logs() as logs, working(cluster, feed, batch=20):
            until(lambda: some_are_in(parts))
            parts.close()
            os.kill(int((tmp_path / "data/postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            until(lambda: any(line["event"] == "worker_waits" for line in logs))
            with EmbeddedPostgres(tmp_path / "data") as again:
                parts = Parts(again)
                until(lambda: caught_up(parts))
                then_all_is_as_folded(parts)
                parts.close()
        assert all("postgres" not in str(line).lower() for line in logs)
    finally:
        server.release()


def test_the_broker_killed_under_the_worker(parts: Parts, own_broker: OwnBroker, database: str) -> None:
    broker = own_broker()
    cluster = made_topics(broker.plain, AZYQ_KAFKA_PARTITIONS=str(N))
    parts.tell(10)
    publish(database, cluster)
    with a_feed(database, N) as feed, working(cluster, feed, batch=20):
        until(lambda: some_are_in(parts))
        broker.kill()
        broker.start()
        parts.tell(11, 10, None, "2025-08")
        publish(database, cluster)
        until(lambda: caught_up(parts), 90)
    then_all_is_as_folded(parts)


def test_it_waits_for_brokers_that_are_not_there_yet(
    parts: Parts, own_broker: OwnBroker, database: str
) -> None:
    broker = own_broker()
    cluster = made_topics(broker.plain, AZYQ_KAFKA_PARTITIONS=str(N))
    parts.tell(12, 5)
    publish(database, cluster)
    broker.stop()
    with a_feed(database, N) as feed, capture_logs() as logs, working(cluster, feed):
        until(lambda: any(line["event"] == "worker_interrupted" for line in logs))
        broker.start()
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)


def test_strange_messages_are_parked_and_the_rest_goes_on(
    parts: Parts, cluster: Cluster, database: str, messages: PostgresParkedMessages
) -> None:
    parts.tell(13, 10)
    strange = [(0, b"k", b"hello"), (1, b"k", None), (2, b"k", b"x" * 1_000_000), (0, b"\xff", b"{}")]
    produce(cluster, EVENTS, *strange)
    publish(database, cluster)
    produce(cluster, EVENTS, *strange)
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
        until(lambda: len(messages.list()) == 8)
    then_all_is_as_folded(parts)
    first = messages.list()[0]
    assert (first.topic, first.partition, first.offset) == (EVENTS, 0, 0)
    assert messages.discard(EVENTS, 0, 0, "a test of a gateway")
    assert not messages.discard(EVENTS, 0, 0, "again")
    with a_feed(database, N) as feed:
        takers = {EVENTS: feed.take}
        assert not retry_message(cluster, messages, takers, EVENTS, 1, 0)
        assert [m.state for m in messages.list(None) if m.partition == 1] == ["open", "open"]
        with pytest.raises(MessageGone):
            retry_message(cluster, messages, takers, EVENTS, 1, 10_000)


def test_what_never_arrived_is_read_from_the_log(parts: Parts, cluster: Cluster, database: str) -> None:
    parts.tell(14, 10)
    publish(database, cluster)
    client = cluster.admin()
    client.delete_topics([EVENTS])  # with all that was in it
    client.close()
    until(lambda: _made_again(cluster))
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)


def _made_again(cluster: Cluster) -> bool:
    from infra.kafka import topics
    from tests.integration.publishing import settings_of

    settings = settings_of(Access(",".join(cluster.servers)), AZYQ_KAFKA_PARTITIONS=str(N))
    return any(done.outcome == "created" for done in topics.init(cluster, settings))


# --- replies ------------------------------------------------------------------------------------------


class Recorder:
    """Records replies as the command does: the same message id once."""

    def __init__(self) -> None:
        self.replies: dict[str, IncomingReply] = {}
        self.trouble: dict[str, Exception] = {}
        self.calls = 0

    def __call__(self, replies: Sequence[IncomingReply]) -> list[str]:
        self.calls += 1
        for reply in replies:
            if error := self.trouble.get(reply.text):
                raise error
        for reply in replies:
            self.replies.setdefault(reply.message_id, reply)
        return ["consented"] * len(replies)


class Passing(Exception):
    """The database is away."""


def intake(recorder: Recorder, messages: PostgresParkedMessages) -> ReplyIntake:
    return ReplyIntake(
        reply_parser(lambda: SOON), recorder, messages, lambda error: isinstance(error, Passing)
    )


def a_reply(number: int, text: str = "21*1", **more: Any) -> bytes:
    return orjson.dumps({"message_id": f"m-{number}", "from": "+77010000000", "text": text} | more)


BAD = [
    (None, "without a value"),
    (b"hello", "json_malformed"),
    (b"[]", "field_wrong"),
    (b"\xff", "encoding_wrong"),
    (b'{"text": "a", "text": "b"}', "key_twice"),
    (a_reply(1)[:-1] + b', "n": NaN}', "number_not_finite"),
    (orjson.dumps({"message_id": "m", "from": "1"}), "field_missing"),
    (a_reply(1, received_at="yesterday"), "time_wrong"),
    (a_reply(1, "x" * 70_000), "body_too_large"),
    (b"[" * 60_000, "nested_too_deep"),
]


@pytest.mark.parametrize(("value", "reason"), BAD)
def test_R21_a_reply_that_can_not_be_read_is_parked_and_the_others_go_on(
    messages: PostgresParkedMessages, value: bytes | None, reason: str
) -> None:
    recorder = Recorder()
    taker = intake(recorder, messages)
    taken = taker.take(
        [Delivery(0, 1, None, a_reply(1)), Delivery(0, 2, None, value), Delivery(0, 3, None, a_reply(3))]
    )
    assert taken == Taken(2, 0, 1)
    assert list(recorder.replies) == ["m-1", "m-3"]
    (parked,) = messages.list()
    assert (parked.topic, parked.offset) == (REPLIES, 2)
    assert reason in parked.reason
    assert {reply.channel for reply in recorder.replies.values()} == {"kafka"}


def test_R21_a_poisonous_reply_does_not_stop_the_others(messages: PostgresParkedMessages) -> None:
    recorder = Recorder()
    recorder.trouble["poison"] = RuntimeError("+77010000000")
    with capture_logs() as logs:
        intake(recorder, messages).take(
            [Delivery(0, n, None, a_reply(n, "poison" if n == 2 else "21*1")) for n in range(5)]
        )
    assert sorted(recorder.replies) == ["m-0", "m-1", "m-3", "m-4"]
    assert [(m.offset, m.reason) for m in messages.list()] == [(2, "can't be recorded: RuntimeError")]
    assert "7701" not in str(logs)


def test_an_error_that_passes_goes_out_and_parks_nothing(messages: PostgresParkedMessages) -> None:
    recorder = Recorder()
    recorder.trouble["21*1"] = Passing()
    with pytest.raises(Passing):
        intake(recorder, messages).take([Delivery(0, 1, None, a_reply(1)), Delivery(0, 2, None, b"hello")])
    assert messages.list() == []


def test_R21_replies_through_kafka_are_recorded_once_and_retried_from_kafka(
    parts: Parts, cluster: Cluster, database: str, messages: PostgresParkedMessages
) -> None:
    recorder = Recorder()
    recorder.trouble["poison"] = RuntimeError()
    taker = intake(recorder, messages)
    sent = [(0, None, a_reply(n, "poison" if n == 3 else "21*1")) for n in range(6)]
    produce(cluster, REPLIES, *sent, *sent, (0, b"k", None), (0, None, b"hello"))
    with a_feed(database, N) as feed, working(cluster, feed, taker) as worker:
        until(lambda: worker.taken == 14)
    assert sorted(recorder.replies) == ["m-0", "m-1", "m-2", "m-4", "m-5"]
    poisonous, again, null, torn = messages.list()
    assert (poisonous.offset, again.offset, null.offset, torn.offset) == (3, 9, 12, 13)
    assert read_message(cluster, REPLIES, 0, 3).value == sent[3][2]
    recorder.trouble.clear()
    takers = {REPLIES: taker.take}
    assert retry_message(cluster, messages, takers, REPLIES, 0, 3)
    assert not retry_message(cluster, messages, takers, REPLIES, 0, 13)
    assert "m-3" in recorder.replies
    assert [m.offset for m in messages.list()] == [9, 12, 13]
    with pytest.raises(NotOurs):
        reply_parser(lambda: SOON)(b"hello")


def test_R22_a_yes_through_kafka_is_a_consent_once_and_by_http_again_the_same(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    with a_month(database, tmp_path) as july:
        taker = reply_intake(july.azyq, lambda: None)
        home = Town().household(3)
        july.asked(home)
        july.at(6)
        yes = orjson.dumps({"message_id": "m-1", "from": home.phone, "text": "21*1"})
        produce(cluster, REPLIES, *[(0, None, yes)] * 3)
        with a_feed(database, N) as feed:
            with working(cluster, feed, taker) as worker:
                until(lambda: worker.taken == 3)
            produce(cluster, REPLIES, (0, None, yes))
            with working(cluster, feed, taker) as worker:
                until(lambda: worker.taken == 1)
        assert july.reply(home.phone, "21*1", "m-1") == "consented"
        assert july.topics(home)[-2:] == ["family.consented", "voucher.issued"]
        assert july.topics(home).count("family.consented") == 1
