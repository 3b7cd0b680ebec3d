"""Whatever fails between the log and Kafka: nothing is skipped, and each partition keeps the log's order."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import pytest

from projections.events import Raw
from streams.messages import Message, decode
from streams.publisher import Publisher
from streams.topics import PARKED, partition_of
from streams.trouble import KafkaTrouble, TooLarge

PARTITIONS = 3
LARGE = 5_000


class Log:
    """A log in memory; its positions have gaps, and some of its events are large."""

    def __init__(self, chance: random.Random, events: int) -> None:
        positions = sorted(chance.sample(range(1, events * 2), events))
        self.raws = [
            Raw(
                position,
                str(UUID(int=chance.randrange(20))),
                1,
                "sms.failed",
                b'"' + b"x" * (LARGE if chance.random() < 0.01 else chance.randrange(300)) + b'"',
            )
            for position in positions
        ]
        self.chance = chance

    def after(self, position: int, limit: int) -> list[Raw]:
        if self.chance.random() < 0.02:
            raise ConnectionError
        return [raw for raw in self.raws if raw.position > position][:limit]

    def wait(self, seconds: float) -> bool:
        return True


class State:
    """A row that only who holds the lock can move, and a connection that dies at times."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.row: tuple[int, list[int]] | None = None
        self.acknowledged: set[int] = set()
        self.log: Log | None = None

    def acquire(self) -> bool:
        return True

    def keep(self) -> None:
        self._die()

    def place(self) -> tuple[int, list[int]] | None:
        return self.row

    def begin(self, partitions: int) -> None:
        self.row = (0, [0] * partitions)

    def move(self, position: int, last: Sequence[int]) -> None:
        self._die()
        assert self.log is not None
        upto = {raw.position for raw in self.log.raws if raw.position <= position}
        assert upto <= self.acknowledged
        self.row = (position, list(last))
        self._die()

    def release(self) -> None: ...

    def _die(self) -> None:
        if self.chance.random() < 0.05:
            raise ConnectionError


class Kafka:
    """Takes a partition's batch whole or not at all, says so or doesn't, and refuses what is large."""

    batch_bytes = 3_000

    def __init__(self, chance: random.Random, acknowledged: set[int]) -> None:
        self.chance = chance
        self.acknowledged = acknowledged
        self.kept: dict[int, list[Message]] = {p: [] for p in range(PARTITIONS)}
        self.under_way = False

    def size(self, message: Message) -> int:
        return len(message.value)

    def partitions(self, topic: str) -> int:
        return PARTITIONS

    def send(self, topic: str, messages: Sequence[tuple[int, Message]]) -> Batches:
        assert not self.under_way, "sent before the last was acknowledged"
        self.under_way = True
        batches: dict[int, list[Message]] = {}
        for partition, message in messages:
            batches.setdefault(partition, []).append(message)
        for batch in batches.values():
            assert len(batch) == 1 or sum(map(self.size, batch)) <= self.batch_bytes
        return Batches(self, batches)

    def close(self) -> None:
        self.under_way = False


class Batches:
    def __init__(self, kafka: Kafka, batches: dict[int, list[Message]]) -> None:
        self.kafka = kafka
        self.batches = batches

    def wait(self, seconds: float) -> bool:
        chance = self.kafka.chance
        if chance.random() < 0.2:
            return False
        for partition, batch in self.batches.items():
            if chance.random() < 0.05:
                raise KafkaTrouble("unreachable", "it went away")
            if any(len(message.value) > LARGE for message in batch):
                raise TooLarge("events")
            self.kafka.kept[partition] += batch
            if chance.random() < 0.05:
                raise KafkaTrouble("unreachable", "the answer was lost")
        for batch in self.batches.values():
            self.kafka.acknowledged |= {decode(m.key, m.value).event.position for m in batch}
        self.kafka.under_way = False
        return True


@pytest.mark.parametrize("seed", range(25))
def test_whatever_fails_each_partition_holds_the_log_in_order(seed: int) -> None:
    chance = random.Random(seed)
    log, state = Log(chance, 400), State(chance)
    state.log = log
    kafka = Kafka(chance, state.acknowledged)
    publisher = Publisher(log, state, kafka, "https://vouchers.example/schemas", flight=60)
    for _ in range(5_000):
        try:
            count = publisher.run_once()
        except (KafkaTrouble, ConnectionError) as error:
            # Another process goes on at times; it knows nothing of this one.
            with suppress(ConnectionError):
                publisher.close()
            if not isinstance(error, TooLarge) and chance.random() < 0.3:
                publisher = Publisher(log, state, kafka, "https://vouchers.example/schemas", flight=60)
            continue
        if count == 0:
            break
    assert state.row is not None
    assert state.row[0] == log.raws[-1].position
    for partition, messages in kafka.kept.items():
        carried = [decode(message.key, message.value) for message in messages]
        once = list({c.event.position: c for c in reversed(carried)}.values())
        firsts = list(dict.fromkeys(c.event.position for c in carried))
        wanted = [r.position for r in log.raws if partition_of(r.stream, PARTITIONS) == partition]
        assert firsts == wanted
        previous = dict(zip(wanted, [0, *wanted], strict=False))
        assert all(c.previous == previous[c.event.position] for c in once)
        large = {r.position for r in log.raws if r.state is not None and len(r.state) > LARGE}
        assert {c.event.position for c in carried if c.dataref} == large & set(wanted)
        assert state.row[1][partition] == wanted[-1]


class _Deaf:
    """A Kafka that acknowledges events, and nothing that was parked."""

    batch_bytes = 1_000_000

    def __init__(self) -> None:
        self.kept = 0
        self.unheard = 0

    def size(self, message: Message) -> int:
        return len(message.value)

    def partitions(self, topic: str) -> int:
        return PARTITIONS

    def send(self, topic: str, messages: Sequence[tuple[int, Message]]) -> _Answer:
        if topic == PARKED:
            self.unheard += 1
            return _Answer(False)
        self.kept += len(messages)
        return _Answer(True)

    def close(self) -> None: ...


class _Answer:
    def __init__(self, comes: bool) -> None:
        self.comes = comes

    def wait(self, seconds: float) -> bool:
        return self.comes


class _OneParked:
    def waiting(self, limit: int) -> list[Message]:
        return [Message(b"view", b"{}")]

    def done(self) -> None:
        raise AssertionError("nobody has heard it")


def test_what_was_parked_and_is_not_acknowledged_does_not_hold_up_the_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.publisher._ANNOUNCING_SECONDS", 0.0)
    chance = random.Random(1)
    monkeypatch.setattr(chance, "random", lambda: 0.5)
    log, state, kafka, stop = Log(chance, 50), State(chance), _Deaf(), threading.Event()
    state.log, state.acknowledged = log, {raw.position for raw in log.raws}

    def wait(seconds: float) -> bool:
        if kafka.unheard and seconds:
            stop.set()
        return True

    log.wait = wait  # type: ignore[method-assign]
    Publisher(log, state, kafka, "", announcements=_OneParked(), flight=10).follow(stop)
    assert (kafka.kept, kafka.unheard) == (50, 1)
