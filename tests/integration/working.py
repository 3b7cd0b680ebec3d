"""A worker on a real Kafka, in a thread or as a process of its own.

`python -m tests.integration.working` feeds the views of DATABASE_URL until SIGTERM.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from infra.kafka.cluster import Cluster
from infra.logging import configure_logging
from infra.postgres.log_reader import LogReader
from infra.postgres.parked_messages import PostgresParkedMessages
from infra.postgres.view_store import ViewStore
from infra.settings import Settings
from projections.all_views import VIEWS
from streams.partition_feed import PartitionFeed
from streams.topics import EVENTS
from streams.worker import GROUP, Worker
from tests.broker.server import Access
from tests.broker.topics import NOT_YET
from tests.integration.publishing import ROOT

FAST: dict[str, Any] = {"tail_seconds": 1.0, "session_seconds": 6.0}


@contextmanager
def a_feed(dsn: str, partitions: int) -> Iterator[PartitionFeed]:
    """A feed into all views of `dsn`, with connections of its own."""
    with ExitStack() as stack:
        parts = LogReader(dsn), ViewStore(dsn), PostgresParkedMessages(dsn)
        for part in parts:
            stack.callback(part.close)
        yield PartitionFeed(*parts, VIEWS, partitions)


@contextmanager
def working(cluster: Cluster, events: Any, replies: Any = None, **options: Any) -> Iterator[Worker]:
    """A worker in a thread, stopped at the end."""
    worker = Worker(cluster.faust_options(), events, replies, **FAST | options)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


class WorkerProcess:
    """A worker that can be killed."""

    def __init__(self, dsn: str, access: Access, partitions: int, batch: int = 20) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA", "AZYQ"))}
        environment |= {"DATABASE_URL": dsn, **access.environment()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(partitions), str(batch)], cwd=ROOT, env=environment
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()


def members(cluster: Cluster, group: str = GROUP) -> int:
    """How many members the group has, once they agree."""
    client = cluster.admin()
    try:
        found = client.describe_groups([group]).get(group, {})
        return len(found["members"]) if found.get("group_state") == "Stable" else 0
    except NOT_YET:  # no group was ever there
        return 0
    finally:
        client.close()


def committed(cluster: Cluster, topic: str = EVENTS, group: str = GROUP) -> int:
    """The sum of the group's offsets."""
    client = cluster.admin()
    try:
        offsets = client.list_group_offsets([group])[group]
        return sum(found.offset for place, found in offsets.items() if place.topic == topic)
    finally:
        client.close()


def main(partitions: int, batch: int) -> None:
    """Feed the views until SIGTERM."""
    configure_logging()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = Settings()
    assert settings.database_url is not None
    with a_feed(settings.database_url, partitions) as feed:
        Worker(Cluster(settings).faust_options(), feed, batch=batch, **FAST).run(stop)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
