"""Folding a view anew from the whole log, beside the table in use, and switching over."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Protocol

from projections.events import Raw, read_event
from projections.folding import Parked, fold_steps, fold_stream, steps
from projections.view import Row, Rows, View
from streams.feed import BATCH, Turn, apply_batch

_ROWS_AT_ONCE = 5_000


class Rebuilt(NamedTuple):
    """What a rebuild did: events of the log that matter to the view, seconds, the position it stands at."""

    view: str
    events: int
    seconds: float
    position: int


class WholeLog(Protocol):
    """The log, as a rebuild reads it."""

    def head(self) -> int: ...
    def after(self, position: int, limit: int) -> list[Raw]: ...
    def in_stream_order(self, upto: int, topics: Sequence[str] | None = None) -> Iterator[Raw]: ...
    def in_any_order(self, upto: int, topics: Sequence[str] | None = None) -> Iterator[Raw]: ...


class Builder(Protocol):
    """A table that nobody reads yet."""

    def add(self, rows: Iterable[Row]) -> None: ...
    def finish(self, position: int) -> None: ...


class Generations(Protocol):
    """The views' tables, the next one beside the one in use."""

    def building(self, view: View) -> AbstractContextManager[Builder]: ...
    def turn(self, view: View, status: str = "current") -> AbstractContextManager[Turn]: ...
    def switching(self, view: View) -> AbstractContextManager[tuple[Turn, int]]: ...


def rebuild(log: WholeLog, store: Generations, view: View) -> Rebuilt:
    """Fold `view` anew from the whole log and switch over; until then the old table serves, and is fed.

    One stream is in memory at a time. Killed half-way, nothing has changed, and the next rebuild starts over.
    """
    started = time.monotonic()
    upto = log.head()
    with store.building(view) as builder:
        fold = _fold_by_stream if view.per_stream else _fold_whole
        events, parked = fold(log, view, builder, upto)
        builder.finish(upto)
        full = True
        while full:
            with store.turn(view, "building") as turn:
                full = _advance(log, turn, parked) == BATCH
        with store.switching(view) as (turn, current):
            while turn.position < current and _advance(log, turn, parked):
                pass
            turn.park(parked)
            turn.settle([p.position for p in parked], None, turn.position)
            position = turn.position
    return Rebuilt(view.name, events, time.monotonic() - started, position)


def _advance(log: WholeLog, turn: Turn, parked: list[Parked]) -> int:
    events = [read_event(raw) for raw in log.after(turn.position, BATCH)]
    if events:
        parked += apply_batch(turn, events)
        turn.move(events[-1].position)
    return len(events)


def _fold_by_stream(log: WholeLog, view: View, builder: Builder, upto: int) -> tuple[int, list[Parked]]:
    count = 0
    parked: list[Parked] = []
    waiting: list[Row] = []
    for _, raws in groupby(log.in_stream_order(upto, sorted(view.topics)), key=attrgetter("stream")):
        events = [read_event(raw) for raw in raws]
        count += len(events)
        rows, bad = fold_stream(view, events)
        parked += bad
        waiting += [row for row in rows.values() if row is not None]
        if len(waiting) >= _ROWS_AT_ONCE:
            builder.add(waiting)
            waiting = []
    builder.add(waiting)
    return count, parked


def _fold_whole(log: WholeLog, view: View, builder: Builder, upto: int) -> tuple[int, list[Parked]]:
    count = 0
    rows: Rows = {}
    parked: list[Parked] = []
    for raw in log.in_any_order(upto, sorted(view.topics)):
        count += 1
        parked += fold_steps(view, rows, steps(view, (read_event(raw),)))[1]
    builder.add(row for row in rows.values() if row is not None)
    return count, parked
