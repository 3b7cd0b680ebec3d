"""The feed of Kafka's messages into the views, without Kafka, on a real PostgreSQL."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import orjson
import pytest

from infra.audit.run import run_audit
from infra.postgres.connect import connect
from infra.postgres.log_reader import LogReader
from infra.postgres.parked_messages import PostgresParkedMessages
from infra.postgres.view_store import Turns, ViewStore
from infra.programmes import load_programmes
from projections.all_views import VIEWS
from projections.events import Raw
from streams.feed import Feed
from streams.messages import decode, encode
from streams.partition_feed import Delivery, PartitionFeed
from streams.rebuild import rebuild
from streams.topics import EVENTS, partition_of
from tests.integration.test_feed import BY_NAME, GOOD, GOODS, ROOT, Parts

SCHEMAS = "https://azyq.example/schemas"
N = 3


class Kafka:
    """What a faithful publisher would have sent of a log, and what PostgreSQL knows of it."""

    def __init__(self, parts: Parts, partitions: int = N) -> None:
        self.partitions = partitions
        self.dsn = parts.dsn
        self.reader = parts.reader
        self.last = [0] * partitions
        self.sent: list[Delivery] = []
        self.position = 0
        self.messages = PostgresParkedMessages(parts.dsn)

    def publish(self) -> list[Delivery]:
        """Send what is new, noting it as the publisher does; the new messages."""
        new: list[Delivery] = []
        for raw in self.reader.after(self.position, 1_000_000):
            partition = partition_of(raw.stream, self.partitions)
            message = encode(raw, self.last[partition], SCHEMAS)
            new.append(Delivery(partition, len(self.sent) + len(new), message.key, message.value))
            self.last[partition] = self.position = raw.position
        self.sent += new
        connection = connect(self.dsn, autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO azyq_log.published (topic, partitions, position, last) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (topic) DO UPDATE SET partitions = EXCLUDED.partitions,"
                " position = EXCLUDED.position, last = EXCLUDED.last,"
                " renumbered = CASE WHEN azyq_log.published.partitions = EXCLUDED.partitions"
                " THEN azyq_log.published.renumbered ELSE azyq_log.published.position END",
                (EVENTS, self.partitions, self.position, self.last),
            )
        connection.close()
        return new

    def feed(self, reader: LogReader | None = None, store: ViewStore | None = None) -> PartitionFeed:
        reader = reader or self.reader
        return PartitionFeed(reader, store or ViewStore(self.dsn), self.messages, VIEWS, self.partitions)


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


@pytest.fixture
def kafka(parts: Parts) -> Iterator[Kafka]:
    kafka = Kafka(parts)
    yield kafka
    kafka.messages.close()


def sliced(deliveries: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(deliveries), size):
        yield deliveries[start : start + size]


def places(parts: Parts) -> list[int]:
    return [parts.store.position(view) for view in VIEWS]


def then_all_is_as_folded(parts: Parts) -> None:
    assert parts.tables() == parts.folded()
    assert places(parts) == [parts.reader.head()] * len(VIEWS)
    assert parts.store.parked() == []
    verdict = run_audit(parts.dsn, load_programmes(ROOT / "programmes"), GOODS)
    assert [finding for finding in verdict.findings if finding.check in ("view", "parked")] == []


def test_what_kafka_delivers_is_the_fold_of_the_log(parts: Parts, kafka: Kafka) -> None:
    parts.tell(1)
    feed = kafka.feed()
    taken = [feed.take(some) for some in sliced(kafka.publish(), 37)]
    assert sum(t.messages for t in taken) == len(kafka.sent)
    assert sum(t.refilled for t in taken) == 0
    then_all_is_as_folded(parts)


def test_delivered_again_from_the_start_changes_nothing(parts: Parts, kafka: Kafka) -> None:
    parts.tell(2)
    feed = kafka.feed()
    feed.take(kafka.publish())
    before = parts.tables()
    for some in sliced(kafka.sent, 50):
        feed.take(some)
        kafka.feed().take(some)
    feed.take([kafka.sent[0]] * 3)
    assert parts.tables() == before
    then_all_is_as_folded(parts)


def test_what_comes_out_of_order_is_applied_in_order(parts: Parts, kafka: Kafka) -> None:
    parts.tell(3)
    kafka.publish()
    feed = kafka.feed()
    assert feed.take(kafka.sent[59::-1]) == (60, 0, 0)  # within a batch it needs no look into the log
    for some in sliced(kafka.sent[:59:-1], 40):
        feed.take(some)
    then_all_is_as_folded(parts)


@pytest.mark.parametrize("lost", [1, 40])
def test_a_gap_is_filled_from_the_log(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setattr("streams.partition_feed.BATCH", 7)
    parts.tell(4)
    kafka.publish()
    feed = kafka.feed()
    gone = [d for d in kafka.sent if d.partition == 1][5 : 5 + lost]
    taken = feed.take([d for d in kafka.sent if d not in gone])
    assert taken.refilled == len(VIEWS) * lost
    then_all_is_as_folded(parts)


def test_a_loss_in_a_quiet_partition_reads_none_but_its_own_events(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.partition_feed._LOOKED_THROUGH", 50)
    parts.tell(4, 80)
    kafka.publish()
    feed = kafka.feed()
    of_it = [d for d in kafka.sent if d.partition == 1]
    feed.take([d for d in kafka.sent if d.partition != 1] + of_it[:1])
    read: list[Raw] = []
    at = parts.reader.at

    def noting(positions: Sequence[int]) -> list[Raw]:
        read.extend(found := at(positions))
        return found

    monkeypatch.setattr(parts.reader, "after", None)
    monkeypatch.setattr(parts.reader, "at", noting)
    taken = feed.take(of_it[-1:])
    assert {partition_of(raw.stream, N) for raw in read} == {1}
    # once for the views per stream together, and once for the one that isn't
    assert len(read) == 2 * (len(of_it) - 2)
    assert taken.refilled == len(VIEWS) * (len(of_it) - 2)
    monkeypatch.undo()
    then_all_is_as_folded(parts)


def test_a_partition_behind_shows_in_the_audit_and_in_the_position(parts: Parts, kafka: Kafka) -> None:
    parts.tell(5)
    kafka.publish()
    feed = kafka.feed()
    of_first = [d for d in kafka.sent if d.partition == 0]
    feed.take(of_first)
    assert places(parts) == [0] * len(VIEWS)
    verdict = run_audit(parts.dsn, load_programmes(ROOT / "programmes"), GOODS)
    assert verdict.holds, verdict.findings
    (place,) = {parts.store.place(view).ahead.get(0) for view in VIEWS}  # type: ignore[union-attr]
    assert place == kafka.last[0]
    feed.take([d for d in kafka.sent if d.partition])
    then_all_is_as_folded(parts)


def test_the_audit_sees_a_row_that_a_partition_ahead_should_have(parts: Parts, kafka: Kafka) -> None:
    parts.tell(5)
    kafka.publish()
    kafka.feed().take([d for d in kafka.sent if d.partition == 0])
    connection = connect(parts.dsn, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM azyq_views.families_v1 WHERE ctid = (SELECT min(ctid) FROM azyq_views.families_v1)"
        )
        assert cursor.rowcount == 1
    connection.close()
    verdict = run_audit(parts.dsn, load_programmes(ROOT / "programmes"), GOODS)
    assert [finding.check for finding in verdict.findings] == ["view"]


def test_what_was_lost_at_the_end_is_read_from_the_log(parts: Parts, kafka: Kafka) -> None:
    parts.tell(6)
    kafka.publish()
    feed = kafka.feed()
    ends = {partition: d for d in kafka.sent for partition in (d.partition,)}
    feed.take([d for d in kafka.sent if d not in ends.values()])
    assert places(parts) != [parts.reader.head()] * len(VIEWS)
    assert feed.check_tails([0]) == len(VIEWS)
    assert feed.check_tails(range(N)) == len(VIEWS) * (N - 1)
    assert feed.check_tails(range(N)) == 0
    then_all_is_as_folded(parts)


def test_before_anything_was_published_there_is_no_tail(parts: Parts, kafka: Kafka) -> None:
    parts.tell(6, 3)
    assert kafka.feed().check_tails(range(N)) == 0


def _changed(delivery: Delivery, **values: Any) -> Delivery:
    event = orjson.loads(delivery.value or b"")
    event.update(values)
    return delivery._replace(value=orjson.dumps(event))


def _swallowed(parts: Parts, kafka: Kafka, strange: Delivery) -> str:
    """The reason that `strange`, amid the others, was parked for; all the others are applied."""
    feed = kafka.feed()
    middle = len(kafka.sent) // 2
    feed.take([*kafka.sent[:middle], strange, *kafka.sent[middle:]])
    then_all_is_as_folded(parts)
    (parked,) = kafka.messages.list()
    assert (parked.topic, parked.partition, parked.offset) == (EVENTS, strange.partition, strange.offset)
    feed.take([strange])
    assert kafka.messages.list() == [parked]
    return parked.reason


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"k", b"hello", "not JSON"),
        (b"k", b"{}", "not a CloudEvent"),
        (None, None, "without a value"),
        (b"k", b'"' + b"x" * 5_000_000 + b'"', "more than"),
        (b"k", b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_foreign_message_is_parked_and_the_rest_goes_on(
    parts: Parts, kafka: Kafka, key: bytes | None, value: bytes | None, reason: str
) -> None:
    parts.tell(7, 5)
    kafka.publish()
    assert reason in _swallowed(parts, kafka, Delivery(1, 900, key, value))


def test_a_message_that_trips_the_reader_does_not_hold_up_its_partition(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(8, 5)
    kafka.publish()
    from streams import partition_feed

    def tripping(key: bytes | None, value: bytes | None) -> Any:
        if value == b"trip":
            raise RecursionError("77010000000")
        return decode(key, value)

    monkeypatch.setattr(partition_feed, "decode", tripping)
    assert _swallowed(parts, kafka, Delivery(1, 904, b"k", b"trip")) == "it can't be read: RecursionError"


def test_a_message_at_a_used_place_of_a_topic_made_anew_is_parked_too(parts: Parts, kafka: Kafka) -> None:
    feed = kafka.feed()
    torn = Delivery(1, 7, b"k", b"hello", written_at=1_000)
    other = Delivery(1, 7, b"k", None, written_at=2_000)
    for _ in range(2):
        assert feed.take([torn]).parked == 1
        (parked,) = kafka.messages.list()
        assert parked.reason == "the message is not JSON"
    kafka.messages.discard(EVENTS, 1, 7, "of a test")
    feed.take([torn])
    assert kafka.messages.list() == []  # delivered again, it stays discarded
    feed.take([other])
    (parked,) = kafka.messages.list()
    assert (parked.reason, parked.note) == ("a message without a value", None)
    assert kafka.messages.written_at(EVENTS, 1, 7) == 2_000


def test_a_message_on_the_wrong_partition_is_parked(parts: Parts, kafka: Kafka) -> None:
    parts.tell(8, 5)
    kafka.publish()
    last = kafka.sent[-1]
    strange = last._replace(partition=(last.partition + 1) % N, offset=901)
    assert "another partition" in _swallowed(parts, kafka, strange)


def test_an_id_beyond_the_log_moves_nothing(parts: Parts, kafka: Kafka) -> None:
    parts.tell(9, 5)
    kafka.publish()
    last = kafka.sent[-1]
    strange = _changed(last, id=str(10**9), previous=str(parts.reader.head()))._replace(offset=902)
    assert "beyond the end" in _swallowed(parts, kafka, strange)


def test_a_message_of_another_log_is_parked_and_moves_nothing(parts: Parts, kafka: Kafka) -> None:
    # given views that have all, and events that are not published yet
    parts.tell(9, 5)
    feed = kafka.feed()
    feed.take(kafka.publish())
    before = parts.reader.head()
    parts.tell(10, 3, None, "2025-08")
    mine = parts.reader.after(before, 10)
    # when messages come that another system's publisher made, as of a copy of the topic: the same ids, other streams
    strange = []
    for offset, raw in enumerate(mine, start=900):
        message = encode(raw._replace(stream=str(uuid4())), 0, SCHEMAS)
        stream = orjson.loads(message.value)["stream"]
        strange.append(Delivery(partition_of(stream, N), offset, message.key, message.value))
    other_version = encode(mine[0]._replace(version=7), kafka.last[0], SCHEMAS)
    strange.append(Delivery(partition_of(mine[0].stream, N), 999, other_version.key, other_version.value))
    assert feed.take(strange) == (0, 0, len(strange))
    assert {parked.reason for parked in kafka.messages.list()} == {"the log has another event at this id"}
    # then they have changed nothing, and what is ours goes on
    feed.take(kafka.publish())
    then_all_is_as_folded(parts)


def test_an_event_of_a_newer_version_is_parked_as_from_the_log(parts: Parts, kafka: Kafka) -> None:
    parts.append("sms.failed", GOOD | {"message": "b" * 32})
    parts.append("sms.failed", GOOD | {"class_version": 2})
    parts.append("family.moved_to_mars", GOOD)
    parts.append(None, None)
    parts.append("sms.failed", GOOD | {"reason": "a\x00b"})
    parts.append("sms.failed", GOOD | {"reason": "x" * 10_000_000})
    parts.append("sms.failed", GOOD | {"reason": "x" * 950_000, "message": "d" * 32})
    parts.append("sms.failed", GOOD | {"message": "c" * 32})
    feed = kafka.feed()
    feed.take(kafka.publish())
    by_kafka = [event[:5] for event in parts.store.parked()]
    assert kafka.messages.list() == []
    assert {event[1] for event in by_kafka} == {2, 3, 4, 5, 6}
    assert parts.tables() == parts.folded()
    connection = connect(parts.dsn, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM azyq_views.parked; DELETE FROM azyq_views.view_partition")
        cursor.execute("UPDATE azyq_views.view_state SET position = 0")
    connection.close()
    parts.feed.catch_up()
    assert [event[:5] for event in parts.store.parked()] == by_kafka


def test_a_reference_to_no_event_of_the_log_is_parked(parts: Parts, kafka: Kafka) -> None:
    parts.tell(10, 5)
    kafka.publish()
    event = orjson.loads(kafka.sent[-1].value or b"")
    other = next(
        d for d in kafka.sent if d.partition == kafka.sent[-1].partition and d.key != kafka.sent[-1].key
    )
    del event["data"]
    event["id"] = orjson.loads(other.value or b"")["id"]
    event |= {"previous": "0", "dataref": f"/azyq/log/{event['id']}"}
    strange = kafka.sent[-1]._replace(offset=903, value=orjson.dumps(event))
    assert "dataref" in _swallowed(parts, kafka, strange)


def test_both_feeds_beside_one_another_apply_each_event_once(parts: Parts, kafka: Kafka) -> None:
    parts.tell(11)
    kafka.publish()
    feed = kafka.feed()
    drawn = random.Random(11)
    rest = list(sliced(kafka.sent, 25))
    while rest:
        if drawn.random() < 0.5:
            feed.take(rest.pop(0))
        else:
            parts.feed.run_once(max_events=20)
    then_all_is_as_folded(parts)
    parts.feed.catch_up()
    then_all_is_as_folded(parts)
    for view in VIEWS:
        assert parts.store.place(view).ahead == {}  # type: ignore[union-attr]


def test_the_log_fed_after_kafka_skips_what_partitions_have(parts: Parts, kafka: Kafka) -> None:
    parts.tell(12)
    kafka.publish()
    middle = len(kafka.sent) // 2
    kafka.feed().take([d for d in kafka.sent if d.partition == 2 or d.offset < middle])
    while parts.feed.run_once(max_events=31):
        pass
    then_all_is_as_folded(parts)


def test_feeds_at_once_on_the_same_and_on_other_partitions(parts: Parts, kafka: Kafka) -> None:
    parts.tell(13, 60)
    kafka.publish()
    kafka.feed().prepare()
    failures: list[Exception] = []

    def run(partitions: set[int]) -> None:
        reader, store = LogReader(parts.dsn), ViewStore(parts.dsn)
        try:
            feed = kafka.feed(reader, store)
            for some in sliced([d for d in kafka.sent if d.partition in partitions], 9):
                feed.take(some)
        except Exception as error:
            failures.append(error)
        finally:
            reader.close()
            store.close()

    def run_embedded() -> None:
        reader, store = LogReader(parts.dsn), ViewStore(parts.dsn)
        try:
            feed = Feed(reader, store, VIEWS)
            while feed.run_once(max_events=7):
                pass
        except Exception as error:
            failures.append(error)
        finally:
            reader.close()
            store.close()

    threads = [threading.Thread(target=run, args=(some,)) for some in ({0}, {1, 2}, {0, 1, 2})]
    threads.append(threading.Thread(target=run_embedded))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    then_all_is_as_folded(parts)


def test_another_number_of_partitions_catches_up_from_the_log_first(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.partition_feed.BATCH", 20)
    parts.tell(14)
    kafka.publish()
    before = kafka.feed()
    before.take([d for d in kafka.sent if d.partition == 1][:9])
    wider = Kafka(parts, 5)
    parts.tell(15, 10, None, "2025-08")
    wider.publish()
    # given a worker of before, that still goes by three: it learns of it by a message, or by its own look
    before.take(wider.sent[:5])
    assert {parts.store.place(view).partitions for view in VIEWS} == {5}  # type: ignore[union-attr]
    before.take(kafka.sent)
    before.take(wider.sent)
    assert kafka.messages.list() == []
    then_all_is_as_folded(parts)


def test_a_new_view_does_not_go_by_the_chain_of_another_number_of_partitions(
    parts: Parts, kafka: Kafka
) -> None:
    parts.tell(16)
    kafka.publish()
    # given a topic made wider, while what was published is not taken yet
    wider = Kafka(parts, 5)
    wider.position = kafka.position
    for raw in parts.reader.after(0, 100_000):
        wider.last[partition_of(raw.stream, 5)] = raw.position
    parts.tell(17, 10, None, "2025-08")
    wider.publish()
    # when views without a table yet take the one and the other
    feed = wider.feed()
    for some in sliced([*kafka.sent, *wider.sent], 20):
        feed.take(some)
    assert kafka.messages.list() == []
    then_all_is_as_folded(parts)


def test_a_rebuild_goes_beyond_what_any_partition_has(parts: Parts, kafka: Kafka) -> None:
    parts.tell(16)
    kafka.publish()
    feed = kafka.feed()
    feed.take([d for d in kafka.sent if d.partition == 0])
    for view in VIEWS:
        assert rebuild(parts.reader, parts.store, view).position == parts.reader.head()
        place = parts.store.place(view)
        assert place is not None
        assert (place.ahead, place.partitions) == ({}, N)
    then_all_is_as_folded(parts)
    feed.take(kafka.sent)
    then_all_is_as_folded(parts)


class LateLog:
    """A log whose events after the rebuild's scan aren't seen at first, while `meanwhile` has them come."""

    def __init__(self, reader: LogReader, meanwhile: Callable[[], None]) -> None:
        self._reader = reader
        self._meanwhile: Callable[[], None] | None = meanwhile
        self._first = True

    def head(self) -> int:
        return self._reader.head()

    def after(self, position: int, limit: int) -> list[Raw]:
        if self._first:
            self._first = False
            return []
        return self._reader.after(position, limit)

    def in_stream_order(self, upto: int, topics: Sequence[str] | None = None) -> Iterator[Raw]:
        yield from self._reader.in_stream_order(upto, topics)
        if self._meanwhile:
            self._meanwhile()
        self._meanwhile = None

    in_any_order = in_stream_order


def test_a_rebuild_never_takes_a_partition_back(parts: Parts, kafka: Kafka) -> None:
    parts.tell(16, 10)
    kafka.publish()
    feed = kafka.feed()
    feed.take(kafka.sent)
    view = BY_NAME["families"]

    def meanwhile() -> None:
        parts.tell(17, 10, None, "2025-08")
        feed.take([d for d in kafka.publish() if d.partition == 0])

    rebuild(LateLog(parts.reader, meanwhile), parts.store, view)
    place = parts.store.place(view)
    assert place is not None
    assert max(place.position, place.ahead.get(0, 0)) >= kafka.last[0]
    feed.take(kafka.sent)
    then_all_is_as_folded(parts)


def test_a_rebuild_while_kafka_delivers(parts: Parts, kafka: Kafka) -> None:
    parts.tell(17, 60)
    kafka.publish()
    feed = kafka.feed()
    feed.prepare()
    failures: list[Exception] = []

    def run() -> None:
        try:
            for some in sliced(kafka.sent, 15):
                feed.take(some)
        except Exception as error:
            failures.append(error)

    taking = threading.Thread(target=run)
    taking.start()
    reader, store = LogReader(parts.dsn), ViewStore(parts.dsn)
    for view in VIEWS:
        rebuild(reader, store, view)
    taking.join()
    reader.close()
    store.close()
    assert failures == []
    then_all_is_as_folded(parts)


def test_a_view_of_another_version_is_left_out_until_it_is_rebuilt(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(18, 10)
    kafka.publish()
    feed = kafka.feed()
    feed.take(kafka.sent[:20])
    view = BY_NAME["families"]
    with monkeypatch.context() as patch:
        patch.setattr(type(view), "version", view.version + 1)
        feed.take(kafka.sent[20:])
        assert parts.store.position(BY_NAME["month_status"]) == parts.reader.head()
        assert parts.store.position(view) < parts.reader.head()
        rebuild(parts.reader, parts.store, view)
        parts.tell(19, 10, None, "2025-08")
        lost = kafka.publish()
        feed.take(lost)
        assert parts.store.position(view) < parts.reader.head()
        feed.check_tails([])  # where messages keep coming in, no tail is looked at
        parts.tell(20, 10, None, "2025-09")
        feed.take(kafka.publish())
        feed.check_tails(range(N))
        then_all_is_as_folded(parts)


def test_what_was_parked_from_kafka_is_retried_up_to_where_its_partition_is(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(20)

    def broken(*_: object) -> None:
        raise RuntimeError("77010000000")

    for view in VIEWS:
        on = dict(view.on)
        if "sms.sent" in on:
            on["sms.sent"] = type(on["sms.sent"])(on["sms.sent"].keys, broken, on["sms.sent"].creates)
            monkeypatch.setattr(type(view), "on", on)
    kafka.publish()
    feed = kafka.feed()
    feed.take([d for d in kafka.sent if d.partition == 1])
    monkeypatch.undo()
    parked = parts.store.parked()
    assert parked
    for event in parked:
        assert parts.feed.retry(BY_NAME[event.view], event.position, event.stream)
    assert parts.store.parked() == []
    feed.take(kafka.sent)
    then_all_is_as_folded(parts)


def test_taken_half_way_it_is_taken_again(
    parts: Parts, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(21)
    kafka.publish()
    feed = kafka.feed()
    calls = 0
    move = Turns.move_partitions

    def die_at_second(self: Turns, positions: dict[str, dict[int, int]]) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionError
        move(self, positions)

    monkeypatch.setattr(Turns, "move_partitions", die_at_second)
    with pytest.raises(ConnectionError):
        feed.take(kafka.sent[:60])
    feed.take(kafka.sent[:60])
    feed.take(kafka.sent[60:])
    then_all_is_as_folded(parts)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_deliveries_with_a_look_at_the_tails_gives_the_fold(
    parts: Parts, kafka: Kafka, seed: int
) -> None:
    drawn = random.Random(seed)
    feeds = [kafka.feed() for _ in range(2)]
    waiting: list[Delivery] = []
    for round_ in range(3):
        parts.tell(seed * 10 + round_, 12, None, f"2025-{7 + round_:02d}")
        for delivery in kafka.publish():
            if drawn.random() < 0.1:
                continue
            waiting += [delivery] * drawn.choice((1, 1, 1, 2, 3))
        for position in range(len(waiting)):  # moved some places, as by retries of a producer
            other = min(len(waiting) - 1, position + drawn.choice((0, 0, 0, 1, 30)))
            waiting[position], waiting[other] = waiting[other], waiting[position]
        while len(waiting) > 30:
            size = drawn.randint(1, 120)
            some, waiting = waiting[:size], waiting[size:]
            drawn.choice(feeds).take(some)
            if drawn.random() < 0.2:
                parts.feed.run_once(drawn.randint(1, 90))
            if drawn.random() < 0.1:
                drawn.choice(feeds).take(drawn.sample(kafka.sent, 40))
    feeds[0].take(waiting)
    feeds[1].check_tails(range(N))
    then_all_is_as_folded(parts)
