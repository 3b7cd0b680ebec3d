"""Folding events into rows of views: a batch, one stream, the whole log. Pure: rows in, rows out.

An event that can't be folded is parked and leaves no trace in the rows; the ones after it go on, those of its own
stream too. So one that needs a row which the parked event would have made is parked as well, and once the cause is
mended the stream is folded anew, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from projections.events import KNOWN_TOPICS
from projections.view import Key, Recorded, Rows, Unfoldable, Unreadable, View


class Parked(NamedTuple):
    """An event that a view could not fold, and why; the reason holds no values of the event."""

    position: int
    stream: str
    topic: str
    reason: str


class Step(NamedTuple):
    """An event that matters to a view, with the keys it touches; or None and why there are none."""

    event: Recorded | Unreadable
    keys: tuple[Key, ...]
    reason: str


class Batch:
    """Events in order of the log, sorted by topic once for all views."""

    def __init__(self, events: Sequence[Recorded | Unreadable]) -> None:
        self.events = events
        self._by_topic: dict[str, list[Recorded | Unreadable]] = {}
        for event in events:
            self._by_topic.setdefault(event.topic, []).append(event)

    def concerning(self, view: View) -> Sequence[Recorded | Unreadable]:
        """Those that matter to `view`, in order; an unknown topic matters to every view."""
        on = view.on
        found = [
            events for topic, events in self._by_topic.items() if topic in on or topic not in KNOWN_TOPICS
        ]
        if len(found) < 2:
            return found[0] if found else ()
        return sorted(chain.from_iterable(found), key=attrgetter("position"))


def steps(view: View, events: Iterable[Recorded | Unreadable]) -> list[Step]:
    """The events that matter to `view`, each with its keys; an unknown topic matters to every view."""
    on = view.on
    found = []
    for event in events:
        doing = on.get(event.topic)
        if doing is None:
            if event.topic not in KNOWN_TOPICS:
                found.append(Step(event, (), "unknown topic"))
        elif isinstance(event, Unreadable):
            found.append(Step(event, (), event.reason))
        else:
            try:
                found.append(Step(event, tuple(doing.keys(event)), ""))
            except Exception as error:
                found.append(Step(event, (), reason_of(error)))
    return found


def keys_to_load(view: View, batch: Iterable[Step]) -> set[Key]:
    """Keys of rows that must be there before `batch` is folded: all but those that it makes itself."""
    made: set[Key] = set()
    wanted: set[Key] = set()
    for step in batch:
        if not step.reason:
            (made if view.on[step.event.topic].creates else wanted).update(step.keys)
    return wanted - made


def fold_steps(view: View, rows: Rows, batch: Iterable[Step]) -> tuple[set[Key], list[Parked]]:
    """Fold `batch` into `rows`; the keys that changed, and what was parked."""
    changed: set[Key] = set()
    parked: list[Parked] = []
    on = view.on
    for event, keys, reason in batch:
        if not reason:
            assert isinstance(event, Recorded)
            touched: Rows = {}
            for key in keys:
                row = rows.get(key)
                touched[key] = None if row is None else row.copy()
            try:
                on[event.topic].fold(touched, event)
            except Exception as error:
                reason = reason_of(error)
            else:
                rows.update(touched)
                changed.update(keys)
        if reason:
            parked.append(Parked(event.position, event.stream, event.topic, reason))
    return changed, parked


def reason_of(error: Exception) -> str:
    """Why a fold failed, without the event's values: our own words, else the kind of error."""
    if isinstance(error, Unfoldable):
        return str(error)
    return f"the fold failed: {type(error).__name__}"


def fold_stream(view: View, events: Iterable[Recorded | Unreadable]) -> tuple[Rows, list[Parked]]:
    """Rows of `view` from all events of one stream, in order; None stands for a row that was taken away again."""
    rows: Rows = {}
    _, parked = fold_steps(view, rows, steps(view, events))
    return rows, parked
