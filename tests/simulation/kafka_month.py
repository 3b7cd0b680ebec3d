"""A month on publisher, workers, broker and PostgreSQL of its own, any of which may be killed while it is played."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg2
from eventsourcing.persistence import PersistenceError
from kafka import KafkaProducer
from kafka.errors import KafkaError

from domain.ports import IncomingReply, LogConflict
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.kafka.cluster import Cluster
from infra.postgres.embedded import EmbeddedPostgres
from streams.topics import REPLIES
from tests.broker.server import Broker
from tests.integration.month_in_process import AKKOL, Household, Month, query, settings_for
from tests.integration.publishing import made_topics
from tests.integration.served_site import KEY, Process, Site, reply_body
from tests.simulation.whole_month import play

VICTIMS = ("publisher", "worker", "broker", "postgres")
PATIENCE = 120.0  # for a machine that has much else to do
SLOWEST_STEP = 0.05
WITHOUT_A_DATABASE = 2  # how a process ends that finds none when it starts
# What a month is played again after: PostgreSQL or the broker is away, or went in the middle.
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, PersistenceError, KafkaError, LogConflict)


class SlowClock(SetClock):
    """Whoever asks it for the time waits a moment, so that the month goes on while things are killed."""

    def __init__(self, now: datetime, rng: Random) -> None:
        super().__init__(now)
        self._rng = rng

    def __call__(self) -> datetime:
        time.sleep(self._rng.uniform(0, SLOWEST_STEP))
        return super().__call__()


@dataclass
class Fleet:
    """Two publishers, two workers, a broker, a PostgreSQL. What ends by itself is started again, as Compose does."""

    folder: Path
    broker: Broker
    stack: ExitStack
    running: dict[str, Process] = field(default_factory=dict)
    started: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._server = EmbeddedPostgres(self.folder / "server")
        self.stack.callback(self._server.release)
        self.dsn = self._server.start()
        self.cluster: Cluster = made_topics(self.broker.plain, AZYQ_KAFKA_PARTITIONS="4")
        self._site = Site(self.dsn, self.folder, self.stack)

    def start(self, name: str) -> None:
        """`publisher-1`, `worker-2`, `broker` or `postgres`."""
        self.started[name] += 1
        if name == "broker":
            self.broker.start()
        elif name == "postgres":
            self._server.start()
        else:
            kafka = self.broker.plain.environment()
            self.running[name] = self._site.start(name.partition("-")[0], **kafka)

    def start_all(self) -> None:
        for name in ("publisher-1", "publisher-2", "worker-1", "worker-2"):
            self.start(name)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        if name == "broker":
            self.broker.kill()
        elif name == "postgres":
            pid = (self.folder / "server/postgres/postmaster.pid").read_text().split()[0]
            os.kill(int(pid), signal.SIGKILL)
        else:
            process = self.running.pop(name)
            process.process.kill()
            process.process.wait()

    def mended(self) -> bool:
        """Whether nothing had ended by itself; what had is started again. Only for want of a database it may."""
        before = self.started.total()
        for name, process in list(self.running.items()):
            code = process.process.poll()
            if code is not None:
                assert code == WITHOUT_A_DATABASE, (name, code, "".join(process.raw))
                self.start(name)
        return self.started.total() == before

    def stop(self) -> dict[str, int]:
        """SIGTERM to every process; their exit codes."""
        for process in self.running.values():
            process.process.terminate()
        return {name: process.process.wait(30) for name, process in self.running.items()}

    def output(self) -> str:
        return "\n".join(f"--- {name}\n{''.join(process.raw)}" for name, process in self.running.items())


def kill_at_random(fleet: Fleet, rng: Random, kills: int, over: threading.Event) -> list[str]:
    """Kill each kind of victim `kills` times at random moments, and start it again a little later; who was killed.

    Returns when all is up again; early, after one of each kind, when the month is `over`.
    """
    kinds = [kind for _ in range(kills) for kind in rng.sample(VICTIMS, len(VICTIMS))]
    killed: list[str] = []
    down: list[tuple[float, str]] = []
    while kinds or down:
        over.wait(rng.uniform(0.1, 1.5)) if not over.is_set() else time.sleep(0.1)
        fleet.mended()
        for due, name in sorted(down):
            if due <= time.monotonic() or not kinds:
                fleet.start(name)
                down.remove((due, name))
        if not kinds or (over.is_set() and len(killed) >= len(VICTIMS)):
            kinds = []
            continue
        kind = kinds[0]
        alive = [kind] if kind in ("broker", "postgres") else [n for n in fleet.running if n.startswith(kind)]
        alive = [name for name in alive if all(name != gone for _, gone in down)]
        if alive:
            name = rng.choice(alive)
            fleet.kill(name)
            killed.append(name)
            down.append((time.monotonic() + rng.uniform(0, 2.5), name))
            kinds.pop(0)
    return killed


class Gateway:
    """Stands for the command that records replies: each second reply goes through Kafka instead, twice."""

    def __init__(self, azyq: Azyq, bootstrap: str, stop: threading.Event) -> None:
        self._azyq, self._bootstrap, self._stop = azyq, bootstrap, stop
        self._command = azyq.record_reply

    def run(self, replies: Sequence[IncomingReply]) -> list[str]:
        """Returns when all are recorded; raises what is in AWAY."""
        self._command.run(replies[::2])
        through_kafka = replies[1::2]
        if not through_kafka:
            return []
        producer = KafkaProducer(bootstrap_servers=self._bootstrap, acks="all", max_block_ms=5_000)
        try:
            for reply in [*through_kafka, *through_kafka]:
                body = reply_body(reply.sender, reply.text, reply.message_id, reply.received_at.isoformat())
                producer.send(REPLIES, body, reply.sender.encode()).get(20)
        finally:
            producer.close(5)
        digests = [self._azyq.vault.digest("reply", reply.message_id) for reply in through_kafka]
        until = time.monotonic() + PATIENCE
        while len(answers(self._azyq.dsn).keys() & set(digests)) < len(digests):
            assert time.monotonic() < until, "replies through Kafka don't arrive"
            assert not self._stop.wait(0.1), "the others gave up"
        return []


def answers(dsn: str) -> Counter[str]:
    """How many events tell of each reply, by its digest."""
    found = query(
        dsn,
        "SELECT convert_from(state, 'UTF8')::jsonb ->> 'reply' FROM azyq_log.azyq_events"
        " WHERE state IS NOT NULL AND convert_from(state, 'UTF8')::jsonb ? 'reply'",
    )
    return Counter(digest for (digest,) in found)


@contextmanager
def a_slow_month(
    dsn: str, folder: Path, rng: Random, bootstrap: str, stop: threading.Event
) -> Iterator[Month]:
    clock = SlowClock(datetime.fromisoformat("2025-07-02T09:00:00+05:00"), rng)
    with open_azyq(settings_for(dsn, folder, AZYQ_MASTER_KEY=KEY), clock) as azyq:
        vars(azyq)["record_reply"] = Gateway(azyq, bootstrap, stop)
        yield Month(azyq, clock, folder, azyq.programme(AKKOL).month("2025-07"))


def play_all(month: Month, deliveries: Sequence[Sequence[Household]]) -> None:
    """The month with its lists; goes on where an earlier try ended."""
    for index in range(month.lists_in(), len(deliveries)):
        month.list_of(deliveries[index], day=2 + index)
    play(month, deliveries[-1])


class Player(threading.Thread):
    """Plays the month, from its start again whenever PostgreSQL or the broker went away under it."""

    def __init__(self, fleet: Fleet, deliveries: Sequence[Sequence[Household]], rng: Random) -> None:
        super().__init__(daemon=True)
        self._fleet, self._deliveries, self._rng = fleet, deliveries, rng
        self.over, self.stopping = threading.Event(), threading.Event()
        self.tries = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.tries += 1
                try:
                    self._once()
                    return
                except AWAY:
                    self.stopping.wait(0.2)
        except BaseException as error:
            self.error = error
        finally:
            self.over.set()

    def _once(self) -> None:
        fleet = self._fleet
        with a_slow_month(fleet.dsn, fleet.folder, self._rng, fleet.broker.bootstrap, self.stopping) as month:
            play_all(month, self._deliveries)


def position(dsn: str) -> dict[str, Any]:
    """Where log and publisher are."""
    ((head, published),) = query(
        dsn,
        "SELECT (SELECT max(notification_id) FROM azyq_log.azyq_events),"
        " (SELECT max(position) FROM azyq_log.published)",
    )
    return {"log": head, "published": published}
