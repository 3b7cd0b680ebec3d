"""A log to publish, a publisher as a process, and what Kafka holds afterwards.

`python -m tests.integration.publishing FLIGHT` follows the log of DATABASE_URL until SIGTERM.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from kafka import TopicPartition
from psycopg2.extensions import make_dsn, parse_dsn

from infra.kafka import topics
from infra.kafka.cluster import Cluster
from infra.kafka.publishing import publisher
from infra.logging import configure_logging
from infra.postgres.connect import connect
from infra.settings import Settings
from streams.messages import decode
from streams.publisher import Publisher
from streams.topics import EVENTS, partition_of
from tests.broker.server import Access

ROOT = Path(__file__).parents[2]
URL = "https://vouchers.example"
GOOD = {
    "timestamp": "2025-07-05T09:00:00+05:00",
    "cycle": "akkol-2025/2025-07",
    "message": "a" * 32,
    "purpose": "reminder",
    "reason": "gone",
    "rules": "1",
}


class Received(NamedTuple):
    """A message as Kafka has it."""

    position: int
    previous: int
    stream: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    by_reference: bool


def settings_of(access: Access, mechanism: str = "SCRAM-SHA-512", **more: str) -> Settings:
    """Settings with nothing of the environment's Kafka but that of `access`."""
    return Settings(_env_file=None, **{**access.environment(mechanism), **more})  # type: ignore[call-arg, arg-type]


def made_topics(access: Access, **more: str) -> Cluster:
    """The cluster, with our topics made."""
    settings = settings_of(access, **more)
    cluster = Cluster(settings)
    topics.init(cluster, settings)
    return cluster


class Log:
    """The log's table, written to as the eventsourcing library would."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection = connect(dsn, autocommit=True)

    def append(self, topic: str | None = "sms.failed", data: Any = GOOD, stream: str | None = None) -> int:
        """The position of an event of its own stream, unless given."""
        state = data if data is None or isinstance(data, bytes) else orjson.dumps(data)
        with self._connection.cursor() as cursor:
            cursor.execute(
                "WITH told AS (SELECT pg_notify('azyq_events', '')) INSERT INTO azyq_log.azyq_events"
                " (originator_id, originator_version, topic, state) SELECT %s, 1, %s, %s FROM told"
                " RETURNING notification_id",
                (stream or str(uuid4()), topic, state),
            )
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])

    def fill(self, events: int) -> None:
        """So many events, four to a stream."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO azyq_log.azyq_events (originator_id, originator_version, topic, state)"
                " SELECT md5(%s || i %% (%s / 4 + 1))::uuid, i, 'sms.failed', %s"
                " FROM generate_series(1, %s) i ORDER BY i",
                (uuid4().hex, events, orjson.dumps(GOOD), events),
            )

    def events(self) -> list[tuple[int, str]]:
        """Position and stream of each event."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT notification_id, originator_id::text FROM azyq_log.azyq_events ORDER BY notification_id"
            )
            return list(cursor.fetchall())

    def head(self) -> int:
        events = self.events()
        return events[-1][0] if events else 0

    def published(self) -> int:
        """The publisher's position."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT position FROM azyq_log.published WHERE topic = %s", (EVENTS,))
            row = cursor.fetchone()
            return int(row[0]) if row else 0

    def cut(self, application: str = "azyq-publisher") -> int:
        """End the database connections of that name; how many there were."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                (application,),
            )
            return cursor.rowcount

    def close(self) -> None:
        self._connection.close()


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `condition` gives when it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def received(cluster: Cluster, topic: str = EVENTS) -> dict[int, list[Received]]:
    """Everything that `topic` holds, by partition."""
    consumer = cluster.consumer()
    try:
        places = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning()
        found: dict[int, list[Received]] = {place.partition: [] for place in places}
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(timeout_ms=500).items():
                for record in records:
                    carried = decode(record.key, record.value)
                    event = carried.event
                    found[place.partition].append(
                        Received(
                            event.position,
                            carried.previous,
                            event.stream,
                            record.key,
                            record.value,
                            record.headers,
                            carried.dataref,
                        )
                    )
        return found
    finally:
        consumer.close()


def first_occurrences(messages: list[Received]) -> list[Received]:
    """Without the repetitions."""
    seen: dict[int, Received] = {}
    for message in messages:
        seen.setdefault(message.position, message)
    return list(seen.values())


def assert_carried(log: Log, cluster: Cluster) -> int:
    """Each event of the log is in its partition, in order, in one chain; how many messages there are, repeated ones too."""
    found = received(cluster)
    for partition, messages in found.items():
        once = first_occurrences(messages)
        wanted = [p for p, stream in log.events() if partition_of(stream, len(found)) == partition]
        assert [message.position for message in once] == wanted
        assert [message.previous for message in once] == [0, *wanted][: len(wanted)]
        by_position = {message.position: message for message in once}
        for message in messages:
            assert message.value == by_position[message.position].value  # a repetition is the same message
    return sum(len(messages) for messages in found.values())


class Passage:
    """A network between a client and the database, which can go silent without closing anything."""

    def __init__(self, dsn: str) -> None:
        parts = parse_dsn(dsn)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port', '5432')}"
        self._sockets: list[socket.socket] = []
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.dsn = make_dsn(dsn, host="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        self._open.clear()

    def close(self) -> None:
        """Everything that goes through it is cut; whoever comes anew gets through."""
        self._open.set()
        sockets, self._sockets = self._sockets, []
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._open.wait()
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Process:
    """A publisher that can be killed; its log lines are kept."""

    def __init__(self, dsn: str, access: Access, flight: int = 200) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA", "AZYQ"))}
        environment |= {"DATABASE_URL": dsn, **access.environment()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(flight)],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
        )
        self.lines: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(orjson.loads(line) if line.startswith(b"{") else {"event": line.decode()})

    def said(self) -> list[str]:
        """The events of its log, with their codes."""
        return [" ".join(filter(None, (line["event"], line.get("code")))) for line in list(self.lines)]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()


def main(flight: int) -> None:
    """Follow the log until SIGTERM."""
    configure_logging()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = Settings()
    assert settings.database_url is not None
    with publisher(settings.database_url, Cluster(settings), URL, flight=flight) as active:
        active.follow(stop)


if __name__ == "__main__":
    main(int(sys.argv[1]))


def send_once(active: Publisher) -> int:
    """One flight, once the server has noticed that the publisher before is gone."""
    counts: list[int | None] = []

    def sent() -> bool:
        counts.append(active.run_once())
        return counts[-1] is not None

    until(sent)
    return counts[-1] or 0


def send_all(active: Publisher) -> int:
    """Flights until there is nothing more; how many events."""
    total = 0
    while count := send_once(active):
        total += count
    return total
