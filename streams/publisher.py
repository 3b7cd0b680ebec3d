"""The publisher: events of the log, in order, into Kafka; the position moves when Kafka has acknowledged them.

At least once, and in the log's order within each partition: of a partition nothing is sent while something before
it is not acknowledged, and every start goes on from the position, behind which nothing is missing. Each message
tells the log position of the one before it in its partition, which follows from the log alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from projections.events import Raw
from streams.messages import LARGEST_CARRIED, Message, encode
from streams.topics import EVENTS, PARKED, partition_of
from streams.trouble import KafkaTrouble, TooLarge, where

FLIGHT = 6_000  # messages sent at once
TURN_SECONDS = 0.5  # a stand-by asks so often whether it may take over; the active one says that it lives
POLL_SECONDS = 1.0
SLOW_SECONDS = 5.0
LAST_SECONDS = 3.0  # for what is on its way when the publisher is to stop
_FIRST_FLIGHT = 500
_LONGEST_PAUSE = 5.0
_ANNOUNCE_AGAIN_SECONDS = 30.0
_ANNOUNCING_SECONDS = 3.0
_ANNOUNCED_AT_ONCE = 500
_BEYOND_CARRYING = bytes(LARGEST_CARRIED + 1)
_log = structlog.get_logger(__name__)


class Source(Protocol):
    """The log, as the publisher reads it."""

    def after(self, position: int, limit: int) -> list[Raw]: ...
    def wait(self, seconds: float) -> bool: ...


class State(Protocol):
    """How far the log was published; only the active publisher moves it (infra.postgres.published)."""

    def acquire(self) -> bool: ...
    def keep(self) -> None: ...
    def place(self) -> tuple[int, list[int]] | None: ...
    def begin(self, partitions: int) -> None: ...
    def move(self, position: int, last: Sequence[int]) -> None: ...
    def release(self) -> None: ...


class Sending(Protocol):
    """Messages on their way: `wait` tells whether all were acknowledged, and raises KafkaTrouble when one failed."""

    def wait(self, seconds: float) -> bool: ...


class Sink(Protocol):
    """Kafka; whatever it raises is KafkaTrouble, and after that it has to be closed (infra.kafka.sink)."""

    batch_bytes: int

    def size(self, message: Message) -> int: ...
    def partitions(self, topic: str) -> int: ...
    def send(self, topic: str, messages: Sequence[tuple[int, Message]]) -> Sending: ...
    def close(self) -> None: ...


class Announcements(Protocol):
    """What was parked and not announced yet; `done` notes that the last ones handed out were."""

    def waiting(self, limit: int) -> list[Message]: ...
    def done(self) -> None: ...


class _Flight(NamedTuple):
    after: int
    position: int
    last: list[int]
    messages: list[tuple[int, Message]]


class Publisher:
    """Brings the log to Kafka; of any number of them in a database one is active, the others stand by."""

    def __init__(
        self,
        source: Source,
        state: State,
        sink: Sink,
        schemas_url: str,
        *,
        topic: str = EVENTS,
        announcements: Announcements | None = None,
        announcements_topic: str = PARKED,
        flight: int = FLIGHT,
    ) -> None:
        """`schemas_url`: address of the folder of schemas; `flight`: messages sent at once, at most."""
        self._source = source
        self._state = state
        self._sink = sink
        self._schemas = schemas_url.rstrip("/")
        self._topic = topic
        self._announcements = announcements
        self._announcements_topic = announcements_topic
        self._largest_flight = flight
        self._limit = min(_FIRST_FLIGHT, flight)
        self._place: tuple[int, list[int]] | None = None
        self._next: _Flight | None = None
        self._by_reference: set[int] = set()
        self._announce_at = 0.0
        self._stop = threading.Event()
        self._said: tuple[str, str] = ("", "")

    def run_once(self) -> int | None:
        """Send what fits in one flight and wait for its acknowledgement; how many events, None when another is active.

        Raises KafkaTrouble, and whatever the source and the state raise; then `close` and begin again.
        """
        if not self._state.acquire():
            self._place = self._next = None
            return None
        if self._place is None:
            self._place = self._start()
        position, last = self._place
        flight = self._next if self._next is not None else self._flight(position, last)
        self._next = None
        if not flight.messages:
            self._state.keep()
            return 0
        self._state.keep()
        try:
            sending = self._sink.send(self._topic, flight.messages)
            self._next = self._flight(flight.position, flight.last)
            self._settle(sending)
        except TooLarge:
            self._shrink(flight)
            raise
        self._state.move(flight.position, flight.last)
        self._place = (flight.position, flight.last)
        self._by_reference = {p for p in self._by_reference if p > flight.position}
        if not self._next.messages:
            self._next = None
        return len(flight.messages)

    def follow(self, stop: threading.Event) -> None:
        """Publish until `stop`; what is on its way then is waited for, some seconds.

        Kafka or PostgreSQL away, slow, or refusing: it is logged once, and tried again until it goes.
        """
        self._stop = stop
        pause = TURN_SECONDS / 2
        try:
            while not stop.is_set():
                try:
                    count = self.run_once()
                    if count is None:
                        self._say("publisher_standby")
                        stop.wait(TURN_SECONDS)
                        continue
                    self._say("publisher_active")
                    pause = TURN_SECONDS / 2
                    self._announce()
                    if not count:
                        self._source.wait(POLL_SECONDS)
                except KafkaTrouble as trouble:
                    self._reopen()
                    if isinstance(trouble, TooLarge):
                        continue
                    self._say("publisher_waiting", trouble.code, str(trouble))
                    pause = self._pause(pause)
                except Exception as error:
                    # The database is away, or another one is active by now: begin again from what it says.
                    code = getattr(error, "code", None) or type(error).__name__
                    self._say("publisher_interrupted", code, where(error))
                    self.close()
                    stop.wait(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE / 5)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of Kafka and of the lock; what was not acknowledged is sent again by whoever goes on."""
        self._reopen()
        self._state.release()

    def _reopen(self) -> None:
        self._place = self._next = None
        self._sink.close()

    def _start(self) -> tuple[int, list[int]]:
        self._source.wait(0)  # from here on it hears of appends
        partitions = self._sink.partitions(self._topic)
        place = self._state.place()
        if place is None:
            self._state.begin(partitions)
            return 0, [0] * partitions
        if len(place[1]) != partitions:
            raise KafkaTrouble(
                "partitions_differ",
                f"Kafka's topic {self._topic} has {partitions} partitions, the log was published to {len(place[1])}: "
                "stop the publishers and run `azyq kafka init --repartition`.",
            )
        return place

    def _flight(self, after: int, last: list[int]) -> _Flight:
        """The events after position `after` that may be sent at once: one batch for each partition."""
        last = list(last)
        partitions = len(last)
        most = self._sink.batch_bytes
        size = self._sink.size
        filled = [0] * partitions
        messages: list[tuple[int, Message]] = []
        position = after
        raws = self._source.after(after, self._limit)
        for raw in raws:
            partition = partition_of(raw.stream, partitions)
            message = self._message(raw, last[partition])
            filled[partition] += size(message)
            if filled[partition] > most and filled[partition] > size(message):
                break
            messages.append((partition, message))
            position = last[partition] = raw.position
        taken = len(messages)
        # Few large ones: let the next read fetch few.
        self._limit = min(
            self._largest_flight, 2 * taken if taken < len(raws) else max(2 * taken, self._limit)
        )
        return _Flight(after, position, last, messages)

    def _message(self, raw: Raw, previous: int) -> Message:
        if raw.position in self._by_reference:
            # As if it were too large to be carried: without data, and with `dataref`.
            raw = raw._replace(state=_BEYOND_CARRYING)
        return encode(raw, previous, self._schemas)

    def _shrink(self, flight: _Flight) -> None:
        """Kafka finds a message of `flight` too large: halves, until it is known which one."""
        if len(flight.messages) > 1:
            self._limit = len(flight.messages) // 2
            return
        if flight.position in self._by_reference:
            raise KafkaTrouble(
                "message_too_large",
                f"Kafka's topic {self._topic} takes not even a message without content: raise its max.message.bytes.",
            )
        self._by_reference.add(flight.position)
        _log.warning("message_by_reference", position=flight.position, topic=self._topic)

    def _settle(self, sending: Sending, most: float | None = None) -> None:
        """Wait until Kafka has all of it, for `most` seconds if given, and say meanwhile that this one is alive."""
        started = time.monotonic()
        stopping: float | None = None
        while not sending.wait(TURN_SECONDS):
            self._state.keep()
            now = time.monotonic()
            if most is not None and now - started > most:
                raise KafkaTrouble("slow", "Kafka does not acknowledge what it was sent.")
            if self._stop.is_set():
                stopping = stopping or now
                if now - stopping > LAST_SECONDS:
                    raise KafkaTrouble("stopped", "Kafka has not acknowledged what was sent last.")
            if now - started > SLOW_SECONDS:
                self._say("publisher_waiting", "slow", "Kafka does not acknowledge what it was sent.")

    def _announce(self) -> None:
        """Tell Kafka what was parked. It never holds up the events: what fails is tried again later."""
        if self._announcements is None or time.monotonic() < self._announce_at:
            return
        try:
            waiting = self._announcements.waiting(_ANNOUNCED_AT_ONCE)
            self._announce_at = time.monotonic() + POLL_SECONDS
            if not waiting:
                return
            partitions = self._sink.partitions(self._announcements_topic)
            batch = [(partition_of(message.key.decode(), partitions), message) for message in waiting]
            self._settle(self._sink.send(self._announcements_topic, batch), _ANNOUNCING_SECONDS)
            self._announcements.done()
        except Exception as error:
            self._announce_at = time.monotonic() + _ANNOUNCE_AGAIN_SECONDS
            reason = getattr(error, "code", None) or type(error).__name__
            _log.warning("parked_not_announced", reason=reason, at=where(error))
            self._reopen()

    def _pause(self, seconds: float) -> float:
        """Wait `seconds`, keeping the lock; the next pause."""
        until = time.monotonic() + seconds
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            try:
                self._state.keep()
            except Exception:
                self._state.release()
            self._stop.wait(min(left, TURN_SECONDS))
        return min(2 * seconds, _LONGEST_PAUSE)

    def _say(self, what: str, code: str = "", reason: str = "") -> None:
        """Log what the publisher does when it isn't what it did."""
        if (what, code) == self._said:
            return
        self._said = (what, code)
        if what in ("publisher_active", "publisher_standby"):
            position = self._place[0] if self._place else None
            _log.info(what, topic=self._topic, position=position)
        else:
            _log.error(what, topic=self._topic, code=code, **({"reason": reason} if reason else {}))
