"""The feed: events of the log, batch by batch, into every view; each batch and its position in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from projections.events import Raw, read_event
from projections.folding import Batch, Parked, Step, fold_steps, fold_stream, keys_to_load, steps
from projections.view import Key, Recorded, Row, Rows, Unreadable, View
from streams.topics import partition_of
from streams.trouble import where

BATCH = 5_000
GATHER_SECONDS = 0.1  # a batch of a hundred takes little more than one event
LOOK_AGAIN_SECONDS = 5.0  # for views that wait for their rebuild
_log = structlog.get_logger(__name__)

Event = Recorded | Unreadable


class Source(Protocol):
    """The log, as the feed reads it."""

    def head(self) -> int: ...
    def after(self, position: int, limit: int) -> list[Raw]: ...
    def of_stream(self, stream: str, upto: int) -> list[Raw]: ...
    def wait(self, seconds: float) -> bool: ...


class Turn(Protocol):
    """One view's table in a transaction of its own."""

    view: View
    partitions: int

    @property
    def position(self) -> int: ...
    @property
    def furthest(self) -> int: ...
    def position_of(self, partition: int) -> int: ...
    def load(self, keys: set[Key]) -> Rows: ...
    def write(self, rows: Mapping[Key, Row | None]) -> None: ...
    def forget_stream(self, stream: str) -> None: ...
    def park(self, parked: Sequence[Parked]) -> None: ...
    def settle(
        self, positions: Sequence[int] | None, stream: str | None = None, upto: int | None = None
    ) -> int: ...
    def move(self, position: int) -> None: ...
    def move_partitions(self, positions: Mapping[int, int]) -> None: ...
    def repartition(self, partitions: int) -> None: ...
    def attempt(self) -> AbstractContextManager[None]: ...


class Turns(Protocol):
    """Several views' tables in one transaction; those without a table of their version are missing."""

    @property
    def each(self) -> Sequence[Turn]: ...
    def move(self, positions: Mapping[str, int]) -> None: ...
    def move_partitions(self, positions: Mapping[str, Mapping[int, int]]) -> None: ...


class Store(Protocol):
    """The views' tables."""

    def prepare(self, views: Sequence[View]) -> list[View]: ...
    def turn(self, view: View, status: str = "current") -> AbstractContextManager[Turn]: ...
    def turns(
        self, views: Sequence[View], partitions: Iterable[int] | None = None
    ) -> AbstractContextManager[Turns]: ...


class Feed:
    """Keeps `views` in step with the log; any number of feeds may run at once, none applies an event twice."""

    def __init__(self, source: Source, store: Store, views: Sequence[View]) -> None:
        self._source = source
        self._store = store
        self._all = tuple(views)
        self._views: list[View] = []
        self._complained: set[str] = set()
        self._prepared = False
        self._looked = 0.0

    def prepare(self) -> None:
        """Make the tables that are missing; a view whose table is of another version waits for its rebuild."""
        outdated = self._store.prepare(self._all)
        self._views = list(self._all)
        for view in outdated:
            self._leave_out(view)
        self._looked = time.monotonic()
        self._prepared = True

    def run_once(self, max_events: int = BATCH, turned: Callable[[], None] = lambda: None) -> int:
        """One batch into every view, after each of which `turned` is called; how many events the view furthest behind
        took."""
        waiting = len(self._views) < len(self._all)
        if not self._prepared or (waiting and time.monotonic() - self._looked >= LOOK_AGAIN_SECONDS):
            self.prepare()
        read: dict[int, Batch] = {}
        moved: dict[str, int] = {}
        parked: list[tuple[View, list[Parked]]] = []
        with self._store.turns(self._views) as turns:
            for turn in turns.each:
                at = turn.position
                if at not in read:
                    read[at] = Batch([read_event(raw) for raw in self._source.after(at, max_events)])
                if events := read[at].events:
                    concerning = read[at].concerning(turn.view)
                    parked.append((turn.view, apply_batch(turn, not_held(turn, concerning))))
                    moved[turn.view.name] = events[-1].position
                turned()
            if moved:
                turns.move(moved)
        for view, some in parked:
            alarm(view, some)
        fed = {turn.view.name for turn in turns.each}
        for view in [view for view in self._views if view.name not in fed]:
            self._leave_out(view)
        return max((len(batch.events) for batch in read.values()), default=0)

    def catch_up(self) -> int:
        """Batches until there is nothing more; how many events."""
        total = 0
        while count := self.run_once():
            total += count
        return total

    def follow(
        self,
        stop: threading.Event,
        poll_seconds: float = 1.0,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep up until `stop` is set; woken by appends, and every `poll_seconds` for those it did not hear of.
        `turned` is called after each turn, and after each view's part of it.

        What interrupts it, such as a server that restarts, is logged and tried again.
        """
        while not stop.is_set():
            try:
                count = self.run_once(turned=turned)
                if not count:
                    self._source.wait(poll_seconds)
                elif count < BATCH:
                    stop.wait(GATHER_SECONDS)
            except Exception as error:
                _log.error("feed_interrupted", error=type(error).__name__, at=where(error))
                stop.wait(poll_seconds)
            turned()

    def retry(self, view: View, position: int, stream: str) -> bool:
        """Fold the parked event at `position` again, and all of its stream for a view per stream; whether it went."""
        with self._store.turn(view) as turn:
            upto = held_upto(turn, stream)
            events = [read_event(raw) for raw in self._source.of_stream(stream, upto)]
            if view.per_stream:
                rows, parked = fold_stream(view, events)
                turn.forget_stream(stream)
                turn.write(rows)
                turn.park(parked)
                turn.settle([p.position for p in parked], stream, upto)
            else:
                parked = apply_batch(turn, [event for event in events if event.position == position])
                turn.settle([] if parked else [position])
        alarm(view, parked)
        return all(p.position != position for p in parked)

    def _leave_out(self, view: View) -> None:
        """Until its table is of our version."""
        if view.name not in self._complained:
            self._complained.add(view.name)
            _log.error("view_outdated", view=view.name, version=view.version)
        self._views = [other for other in self._views if other is not view]


def held_upto(turn: Turn, stream: str) -> int:
    """The position that the table of `turn` holds the events of `stream` up to, and none of them after it."""
    if turn.furthest == turn.position:
        return turn.position
    return turn.position_of(partition_of(stream, turn.partitions))


def not_held(turn: Turn, events: Sequence[Event]) -> Sequence[Event]:
    """Those of `events` that the table of `turn` doesn't hold yet."""
    if not events or turn.furthest < events[0].position:
        return events
    return [event for event in events if event.position > held_upto(turn, event.stream)]


def apply_batch(turn: Turn, events: Sequence[Event]) -> list[Parked]:
    """Fold `events` into the table of `turn` and park what can't be; what was parked."""
    parked = _apply(turn, steps(turn.view, events))
    turn.park(parked)
    return parked


def _apply(turn: Turn, batch: Sequence[Step]) -> list[Parked]:
    """As one; or, when the database refuses a value of it, by halves until the event is found."""
    if not batch:
        return []
    try:
        with turn.attempt():
            rows = turn.load(keys_to_load(turn.view, batch))
            changed, parked = fold_steps(turn.view, rows, batch)
            turn.write({key: rows[key] for key in changed})
        return parked
    except ValueError as error:
        if len(batch) == 1:
            event = batch[0].event
            return [Parked(event.position, event.stream, event.topic, str(error))]
        middle = len(batch) // 2
        return _apply(turn, batch[:middle]) + _apply(turn, batch[middle:])


def alarm(view: View, parked: Sequence[Parked]) -> None:
    """Say aloud what was parked."""
    for event in parked:
        _log.error(
            "event_parked",
            view=view.name,
            position=event.position,
            stream=event.stream,
            topic=event.topic,
            reason=event.reason,
        )
