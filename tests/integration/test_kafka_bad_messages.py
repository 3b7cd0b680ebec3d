"""Messages that nobody should have written to Kafka, through publisher and worker as processes, and `azyq parked`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from kafka import KafkaProducer

from infra.kafka.cluster import Cluster
from infra.kafka.topics import LARGEST_MESSAGE
from infra.postgres.parked_messages import PostgresParkedMessages
from projections.all_views import VIEWS
from projections.events import Raw
from streams.messages import Message, encode
from streams.partition_feed import Strange
from streams.topics import EVENTS, PARKED, REPLIES, partition_of
from tests.broker.server import Access
from tests.integration.month_in_process import events_of
from tests.integration.publishing import GOOD, URL, made_topics, until
from tests.integration.served_site import Process, Site
from tests.integration.test_feed import Parts

N = 3
PATIENCE = 120.0  # for a machine that has much else to do
OVERHEAD = 200  # of a batch with one message
AT = "2025-07-06T09:00:00+05:00"


class Place:
    """An installation with publisher and worker, and a producer that anybody might have."""

    def __init__(self, site: Site, kafka: Access, stack: ExitStack) -> None:
        self.site = site
        self.kafka = kafka.environment()
        self.cluster: Cluster = made_topics(kafka, AZYQ_KAFKA_PARTITIONS=str(N))
        self.parts = Parts(site.dsn)
        self.messages = PostgresParkedMessages(site.dsn)
        # It takes what the topic takes, and sends each message by itself.
        self._producer = KafkaProducer(
            bootstrap_servers=kafka.bootstrap, acks="all", max_request_size=2 * LARGEST_MESSAGE
        )
        for part in (self.parts, self.messages, self._producer):
            stack.callback(part.close)

    def start(self, name: str) -> Process:
        return self.site.start(name, **self.kafka)

    def write(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> tuple[int, int]:
        """Its partition and offset."""
        sent = self._producer.send(topic, key=key, value=value, partition=partition).get(30)
        return sent.partition, sent.offset

    def send(self, message: Message, stream: str) -> tuple[int, int]:
        return self.write(EVENTS, partition_of(stream, N), message.key, message.value)

    def caught_up(self) -> None:
        head = self.parts.reader.head()
        until(lambda: all(self.parts.store.position(view) == head for view in VIEWS), PATIENCE)

    def parked(self) -> list[dict[str, Any]]:
        """As `azyq parked list` has it."""
        found: list[dict[str, Any]] = json.loads(self.azyq("parked", "list", "--json"))
        return found

    def azyq(self, *words: str, ends: int = 0) -> str:
        done = self.site.run(*words, **self.kafka)
        assert done.returncode == ends, done.stderr
        return done.stdout or done.stderr

    def announced(self) -> list[dict[str, Any]]:
        consumer = self.cluster.consumer(PARKED)
        try:
            found: list[dict[str, Any]] = []
            for records in consumer.poll(timeout_ms=2_000).values():
                found += [orjson.loads(record.value) for record in records]
            return found
        finally:
            consumer.close()


@pytest.fixture
def place(database: str, tmp_path: Path, empty_kafka: Access) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(Site(database, tmp_path, stack), empty_kafka, stack)


def changed(message: Message, **values: Any) -> Message:
    return Message(message.key, orjson.dumps(orjson.loads(message.value) | values))


def encoded(raws: list[Raw], last: list[int]) -> list[tuple[Message, str]]:
    """What the publisher sends of `raws`, with their streams; `last` as it was published before."""
    found = []
    for raw in raws:
        partition = partition_of(raw.stream, N)
        found.append((encode(raw, last[partition], f"{URL}/schemas"), raw.stream))
        last[partition] = raw.position
    return found


def test_what_nobody_should_have_written_is_parked_or_left_out_and_the_rest_goes_on(place: Place) -> None:
    # given a month that came through Kafka
    parts = place.parts
    parts.tell(3, 8)
    publisher, worker = place.start("publisher"), place.start("worker")
    place.caught_up()
    assert publisher.end() == 0
    sent = parts.store.sent(EVENTS)
    assert sent is not None
    # when, with no publisher, events of a second month are written in the wrong order, the last one not at all
    before = parts.reader.head()
    parts.tell(4, 4, None, "2025-08")
    *ours, _ = encoded(parts.reader.after(before, 10_000), list(sent.last))
    first = encoded(parts.reader.after(0, 1), [0] * N)
    for message, stream in [*reversed(ours), *first, *first]:
        place.send(message, stream)
    # and what is none of ours
    message, stream = ours[-1]
    home = partition_of(stream, N)
    # as of a copy of another system's topic
    raw, elsewhere = parts.reader.after(parts.reader.head() - 1, 1)[0], str(uuid4())
    beyond = str(parts.reader.head() + 10_000)
    strange = {
        place.write(EVENTS, 0, b"k", b"hello"): "the message is not JSON",
        place.write(EVENTS, 1, b"k", None): "a message without a value",
        place.write(EVENTS, 2, b"k", b"{}"): "not a CloudEvent",
        place.send(changed(message, specversion="2.0"), stream): "not a CloudEvent",
        place.send(changed(message, source="/elsewhere"), stream): "source",
        place.send(changed(message, id=beyond), stream): "beyond the end of the log",
        place.write(EVENTS, (home + 1) % N, message.key, message.value): "another partition",
        place.send(encode(raw._replace(stream=elsewhere), 0, f"{URL}/schemas"), elsewhere): "another event",
        place.write(EVENTS, 0, b"k", b"x" * (LARGEST_MESSAGE - OVERHEAD)): "",
    }
    # and events of a newer version are in the log
    parts.append("sms.failed", GOOD | {"class_version": 2})
    newer = parts.reader.head()
    parts.append("family.moved_to_mars", GOOD)
    parts.tell(5, 4, None, "2025-09")
    publisher = place.start("publisher")
    place.caught_up()
    # then every view holds what the log says, and what is strange is parked, each once
    assert parts.tables() == parts.folded()
    found = until(lambda: len(found := place.messages.list()) == len(strange) and found, PATIENCE)
    for one in found:
        assert one.topic == EVENTS
        assert strange[one.partition, one.offset] in one.reason, one
    assert {(one.partition, one.offset) for one in found} == set(strange)
    of_views = parts.store.parked()
    assert {event.position for event in of_views} == {newer, newer + 1}
    # and announced, without its content
    announced = until(
        lambda: len(found := place.announced()) >= len(strange) + len(of_views) and found, PATIENCE
    )
    places = [
        (one["data"]["partition"], int(one["data"]["offset"])) for one in announced if "offset" in one["data"]
    ]
    assert set(places) == set(strange)
    assert {(e["data"]["view"], int(e["data"]["position"])) for e in announced if "view" in e["data"]} == {
        (event.view, event.position) for event in of_views
    }
    assert "hello" not in str(announced)
    assert worker.end() == 0
    assert publisher.end() == 0


def test_R21_replies_that_can_not_be_read_are_parked_and_the_others_are_recorded_once(place: Place) -> None:
    def reply(number: int, text: str = "21*1", **more: Any) -> bytes:
        body = {"message_id": f"m-{number}", "from": "+77010000000", "text": text, "received_at": AT}
        return orjson.dumps(body | more)

    worker = place.start("worker")
    strange = {}
    for number in range(3):
        for _ in range(2):
            place.write(REPLIES, number, b"7701", reply(number))
    strange[place.write(REPLIES, 0, b"k", None)] = "a message without a value"
    strange[place.write(REPLIES, 0, b"k", b"hello")] = "json_malformed"
    strange[place.write(REPLIES, 1, b"k", orjson.dumps({"message_id": "m"}))] = "field_missing"
    strange[place.write(REPLIES, 1, b"k", reply(9, received_at="yesterday"))] = "time_wrong"
    strange[place.write(REPLIES, 2, b"k", reply(9, "x" * (LARGEST_MESSAGE - 2 * OVERHEAD)))] = (
        "body_too_large"
    )
    # what a later version of the gateway adds is left alone
    place.write(REPLIES, 2, b"k", reply(4, colour="green"))
    place.write(REPLIES, 0, b"k", reply(0))

    until(lambda: len(place.messages.list()) == len(strange), PATIENCE)
    until(lambda: len(events_of(place.site.dsn)) >= 4, PATIENCE)
    assert worker.end() == 0
    found = {(one.partition, one.offset): one.reason for one in place.messages.list()}
    assert found.keys() == strange.keys()
    assert all(strange[at] in reason for at, reason in found.items())
    assert "7701" not in str(found)
    # each reply that can be read is one event, however often it came
    recorded = [event.state["reply"] for event in events_of(place.site.dsn)]
    assert len(recorded) == len(set(recorded)) == 4


def test_parked_messages_and_events_are_listed_retried_and_discarded_with_a_reason(place: Place) -> None:
    # given an event that no view can take, a message that came before its event (the third), one that is torn, a reply
    parts = place.parts
    parts.append("sms.failed", GOOD | {"class_version": 2})
    stream = str(uuid4())
    raw = Raw(3, stream, 1, "sms.failed", orjson.dumps(GOOD))
    partition, early = place.send(encode(raw, 0, f"{URL}/schemas"), stream)
    _, torn = place.write(EVENTS, 0, b"k", b"hello")
    body = orjson.dumps({"message_id": "m-1", "from": "+77010000000", "text": "21*1", "received_at": AT})
    _, good = place.write(REPLIES, 1, b"k", body)
    worker, publisher = place.start("worker"), place.start("publisher")
    until(lambda: len(place.messages.list()) == 2, PATIENCE)
    until(lambda: parts.reader.head() == 2, PATIENCE)  # the reply
    parts.append("sms.failed", GOOD, stream)
    place.caught_up()
    assert (worker.end(), publisher.end()) == (0, 0)
    place.messages.park(REPLIES, [Strange(1, good, "can't be recorded: RuntimeError")])

    # then they are listed
    listed = place.parked()
    of_views = [one for one in listed if one["what"] == "event"]
    assert {one["position"] for one in of_views} == {1}
    assert [
        (one["topic"], one["partition"], one["offset"]) for one in listed if one["what"] == "message"
    ] == [
        *sorted([(EVENTS, partition, early), (EVENTS, 0, torn)]),
        (REPLIES, 1, good),
    ]
    # what can be taken now is taken, what can't stays
    events = f"{EVENTS}/{partition}"
    told = json.loads(place.azyq("parked", "retry", events, str(early), "--json"))
    assert told == {"topic": EVENTS, "partition": partition, "offset": early, "taken_in": True}
    assert place.azyq("parked", "retry", f"{REPLIES}/1", str(good)) == "taken in\n"
    assert place.azyq("parked", "retry", f"{EVENTS}/0", str(torn), ends=1) == "still parked\n"
    view = of_views[0]["view"]
    assert place.azyq("parked", "retry", view, "1", ends=1) == "still parked\n"
    # the rest is discarded, with a reason
    why = ("--reason", "written by a test")
    told = json.loads(place.azyq("parked", "discard", f"{EVENTS}/0", str(torn), *why, "--json"))
    assert told["state"] == "discarded"
    for event in of_views:
        assert place.azyq("parked", "discard", event["view"], "1", *why) == "discarded\n"
    assert {one.state for one in parts.store.parked(state=None)} == {"discarded"}
    assert [one.state for one in place.messages.list(None)].count("retried") == 2
    assert "0 open" in place.azyq("parked", "list")
    # and nothing was recorded or applied twice
    assert len(events_of(place.site.dsn)) == 3
    assert parts.tables() == parts.folded()
    # what is settled, or is no place at all, is refused
    for words, says in (
        (("retry", f"{EVENTS}/0", str(torn)), "no open parked message"),
        (("retry", f"{EVENTS}/²", "0"), "no partition"),
        (("retry", "nonsense", "1"), "no open parked event"),
        (("retry", f"{EVENTS}/0", str(2**63)), "OFFSET"),
    ):
        assert says in place.azyq("parked", *words, ends=2)
    # what Kafka keeps no longer can only be discarded
    place.messages.park(EVENTS, [Strange(0, 10_000, "the message is not JSON")])
    assert "message_gone" in place.azyq("parked", "retry", f"{EVENTS}/0", "10000", ends=1)
    (gone,) = place.messages.list()
    assert gone.offset == 10_000
    # nor can what was parked at a place that another message has by now
    place.messages.park(EVENTS, [Strange(0, torn, "the message is not JSON", written_at=1)])
    assert "message_gone" in place.azyq("parked", "retry", f"{EVENTS}/0", str(torn), ends=1)
