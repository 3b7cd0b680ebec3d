"""What waits in a worker while Kafka has more than it can take in: little, and in the way of nobody."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from kafka import KafkaProducer

from infra.kafka.cluster import Cluster
from streams.partition_feed import Delivery, Taken
from streams.topics import EVENTS, REPLIES
from tests.broker.server import Access
from tests.integration.publishing import made_topics, until
from tests.integration.working import working

BATCH = 100
MANY = 500
EMPTY, FEW = 100, 10  # the partition where nothing is, after those with a few messages each
TAIL_SECONDS, SLOW_SECONDS = 1.0, 1.2


class Taker:
    """Notes what it is given; at its first batch it waits until it is let go."""

    def __init__(self, held: bool = False) -> None:
        self.offsets: dict[int, list[int]] = {}
        self.reached = threading.Event()
        self.let_go = threading.Event()
        if not held:
            self.let_go.set()

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        self.reached.set()
        assert self.let_go.wait(60)
        for delivery in deliveries:
            self.offsets.setdefault(delivery.partition, []).append(delivery.offset)
        return Taken(len(deliveries), 0, 0)

    def check_tails(self, partitions: Sequence[int]) -> int:
        return 0


def produce(cluster: Cluster, topic: str, partitions: int, messages: int) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    for _ in range(messages):
        for partition in range(partitions):
            producer.send(topic, value=b"x", partition=partition)
    producer.flush(60)
    producer.close()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """By topic, how many messages were handed out to the worker."""
    counts = {EVENTS: 0, REPLIES: 0}
    getmany = AIOKafkaConsumerThread.getmany

    async def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        found = await getmany(self, *arguments, **named)
        for tp, records in found.items():
            counts[tp.topic] += len(records)
        return found

    monkeypatch.setattr(AIOKafkaConsumerThread, "getmany", counted)
    return counts


@pytest.mark.parametrize(("full", "other"), [(EVENTS, REPLIES), (REPLIES, EVENTS)])
def test_little_waits_in_memory_and_it_holds_the_other_topic_up_never(
    empty_kafka: Access, fetched: dict[str, int], full: str, other: str
) -> None:
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS="4")
    takers = {full: Taker(held=True), other: Taker()}
    # given much of one topic, that is not taken in
    produce(cluster, full, 4, MANY)
    with working(cluster, takers[EVENTS], takers[REPLIES], batch=BATCH):
        assert takers[full].reached.wait(60)
        # when messages of the other come, one after the other
        for count in (1, 2, 3):
            produce(cluster, other, 1, 1)
            until(lambda count=count: takers[other].offsets == {0: [*range(count)]})  # type: ignore[misc]
        # then of the first one wait what is at hand, the next batch, and two more at most
        assert fetched[full] <= 4 * BATCH
        takers[full].let_go.set()
        until(lambda: sum(map(len, takers[full].offsets.values())) == 4 * MANY)
    assert takers[full].offsets == {partition: [*range(MANY)] for partition in range(4)}


class SlowTaker(Taker):
    """Some batches take it long; it notes when it is asked to read from the log what Kafka still has of a partition."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[int] = set()
        self.too_early: set[int] = set()
        self._slow = 3

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        if self._slow:
            self._slow -= 1
            threading.Event().wait(SLOW_SECONDS)
        return super().take(deliveries)

    def check_tails(self, partitions: Sequence[int]) -> int:
        self.asked |= set(partitions)
        self.too_early |= {p for p in partitions if p != EMPTY and len(self.offsets.get(p, ())) < FEW}
        return 0


def test_what_waits_for_its_turn_is_not_read_from_the_log(empty_kafka: Access) -> None:
    # given so many partitions that a batch has messages of some of them alone, and one where nothing is
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(EMPTY + 1))
    produce(cluster, EVENTS, EMPTY, FEW)
    taker = SlowTaker()
    # when batches take longer than a partition may be silent
    with working(cluster, taker, batch=20, tail_seconds=TAIL_SECONDS):
        until(lambda: sum(map(len, taker.offsets.values())) == EMPTY * FEW)
        # then only what was taken in is looked for in the log, and what there is nothing of
        assert (EMPTY in taker.asked, taker.too_early) == (True, set())
        until(lambda: taker.asked == {*range(EMPTY + 1)})
    assert taker.offsets == {partition: [*range(FEW)] for partition in range(EMPTY)}
