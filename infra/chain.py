"""The chain log → Kafka → views: where each link stands, for `/metrics` and `azyq status`."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import orjson
from psycopg2.extensions import connection as Connection

from infra.postgres.connect import ThreadConnections
from infra.postgres.published import publisher_holds
from infra.postgres.view_store import ViewStore
from projections.view import View
from streams.topics import EVENTS

SAMPLE_SECONDS = 1.0
_SAMPLES = 7_200
_KNOWN = 100  # positions whose next event's time is kept


class Published(NamedTuple):
    """How far the publisher is: log position, when it last moved, whether one is at work."""

    position: int
    partitions: int
    moved_at: datetime
    active: bool


class ViewPlace(NamedTuple):
    """How far a view is: everything up to `position` is in it; `behind` counts log positions after it."""

    view: str
    version: int
    outdated: bool
    position: int
    behind: int
    parked: int


class Chain(NamedTuple):
    """Every link at one moment; `published` is None where nothing was ever published."""

    head: int
    published: Published | None
    views: list[ViewPlace]
    parked_messages: int
    sms_due: dict[str, int]


class ChainReader:
    """Reads the links from PostgreSQL; safe to share among threads. Raises psycopg2.OperationalError without it."""

    def __init__(self, dsn: str, store: ViewStore, views: Sequence[View]) -> None:
        self._connections = ThreadConnections(dsn, "azyq-chain", autocommit=True)
        self._store = store
        self._views = views

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def head(self) -> int:
        """The position of the last event; 0 when there is none."""
        return _number(
            self._connections.mine(), "SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events"
        )

    def recorded_at(self, position: int) -> datetime | None:
        """The time that the first event after `position` bears; None where it bears none with an offset."""
        with self._connections.mine().cursor() as cursor:
            cursor.execute(
                "SELECT state FROM azyq_log.azyq_events WHERE notification_id > %s"
                " ORDER BY notification_id LIMIT 1",
                (position,),
            )
            row = cursor.fetchone()
        try:
            at = datetime.fromisoformat(orjson.loads(row[0])["timestamp"]) if row else None
        except (KeyError, TypeError, ValueError):
            return None
        return at if at is not None and at.tzinfo is not None else None

    def read(self) -> Chain:
        """Where the log, the publisher and each view stand, the views first, so that none seems ahead of the log."""
        connection = self._connections.mine()
        places = self._store.positions(self._views)
        parked = _counts(
            connection, "SELECT view, count(*) FROM azyq_views.parked WHERE state = 'open' GROUP BY view"
        )
        versions = _counts(
            connection, "SELECT view, version FROM azyq_views.view_state WHERE status = 'current'"
        )
        published = self._published(connection)
        head = self.head()
        return Chain(
            head,
            published,
            [
                ViewPlace(
                    view.name,
                    versions.get(view.name, 0),
                    versions.get(view.name, view.version) != view.version,
                    places[view.name],
                    max(0, head - places[view.name]),
                    parked.get(view.name, 0),
                )
                for view in self._views
            ],
            _number(connection, "SELECT count(*) FROM azyq_views.parked_message WHERE state = 'open'"),
            _counts(connection, "SELECT state, count(*) FROM azyq_log.sms_due GROUP BY state"),
        )

    def _published(self, connection: Connection) -> Published | None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, partitions, moved_at FROM azyq_log.published WHERE topic = %s", (EVENTS,)
            )
            row = cursor.fetchone()
        return (
            None
            if row is None
            else Published(row[0], row[1], row[2], bool(_number(connection, publisher_holds(EVENTS))))
        )


class Ages:
    """How old the first event is that a reader at some position has not seen, to the sampling's second.

    The head is watched as it moves. What was there when the watching began is at least as old as it says itself, by
    `clock`: the one that commands are given.
    """

    def __init__(
        self,
        head: Callable[[], int],
        recorded_at: Callable[[int], datetime | None],
        clock: Callable[[], datetime],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`recorded_at`: the time that the first event after a position bears."""
        self._head = head
        self._recorded_at = recorded_at
        self._clock = clock
        self._now = now
        self._at: deque[float] = deque(maxlen=_SAMPLES)
        self._heads: deque[int] = deque(maxlen=_SAMPLES)
        self._lock = threading.Lock()
        self._known: dict[int, datetime | None] = {}

    def sample(self) -> None:
        """Note where the log's head is."""
        head = self._head()
        with self._lock:
            if not self._heads or head > self._heads[-1]:
                self._heads.append(head)
                self._at.append(self._now())

    def age(self, position: int) -> float:
        """Seconds since the log went beyond `position`; 0 when it never did."""
        with self._lock:
            first = bisect_right(self._heads, position)
            if first == len(self._heads):
                return 0.0
            watched = self._now() - self._at[first]
        if first > 0:
            return watched
        recorded = self._time_after(position)
        return watched if recorded is None else max(watched, (self._clock() - recorded).total_seconds())

    def _time_after(self, position: int) -> datetime | None:
        if position not in self._known:
            try:
                found = self._recorded_at(position)
            except Exception:  # the database is away: what was watched is all there is
                return None
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[position] = found
        return self._known[position]

    def watch(self, stop: threading.Event) -> None:
        """Sample until `stop`; without a database, nothing is noted and it goes on."""
        while not stop.is_set():
            with suppress(Exception):  # /metrics says that the database is away
                self.sample()
            stop.wait(SAMPLE_SECONDS)


def _number(connection: Connection, query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _counts(connection: Connection, query: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {str(name): int(count) for name, count in cursor}
