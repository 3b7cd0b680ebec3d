"""What a view is: a table, the events that matter to it, and a pure fold of an event into rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

Key = tuple[str, ...]
Row = dict[str, Any]
Rows = dict[Key, Row | None]

# The column that a returned sum goes to, by the event's `to`.
CREDITED = {"available": "available_tiyn", "expired": "expired_tiyn", "cancelled": "cancelled_tiyn"}


class Recorded(NamedTuple):
    """An event of the log as views see it: `stream` is a UUID in text, `data` the checked JSON of the event."""

    position: int
    stream: str
    version: int
    topic: str
    data: dict[str, Any]


class Unreadable(NamedTuple):
    """An event that can't be read as one of ours, and why (the reason holds no values)."""

    position: int
    stream: str
    version: int
    topic: str
    reason: str


class Unfoldable(Exception):
    """A view can't fold an event; the message says why and holds no values of the event."""


class ViewMissing(RuntimeError):
    """A view has no table of this version yet: prepare or rebuild it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as (name, SQL type), the key's columns, and the columns of each further index.

    `partial` are indexes of the rows alone for which an SQL condition holds: (columns, condition). `lasting`: no row is
    ever changed, so that pages are filled to the end.
    """

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    partial: tuple[tuple[tuple[str, ...], str], ...] = ()
    lasting: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


@dataclass(frozen=True, slots=True)
class On:
    """What a view does at one topic: the keys the event reads or changes, the fold, and whether it makes the rows."""

    keys: Callable[[Recorded], Iterable[Key]]
    fold: Callable[[Rows, Recorded], None]
    creates: bool = False


class View:
    """One view: one file, one table. A new `version` is due whenever the same log would give other rows.

    `per_stream`: each row belongs to one stream (its column `stream`), so that a stream can be folded by itself;
    a view that isn't must give the same rows for any order of events.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    table: ClassVar[Table]
    per_stream: ClassVar[bool] = True
    on: ClassVar[Mapping[str, On]]

    @property
    def topics(self) -> frozenset[str]:
        """Topics of the events that matter; the others change nothing here."""
        return frozenset(self.on)

    def keys(self, event: Recorded) -> Iterable[Key]:
        """Keys of the rows that `event` reads or changes."""
        return self.on[event.topic].keys(event)

    def creates(self, topic: str) -> bool:
        """Whether events of `topic` make their rows anew, so that there is nothing to read before."""
        return self.on[topic].creates

    def fold(self, rows: Rows, event: Recorded) -> None:
        """Fold `event` into `rows`, which has its keys; None is no row. Raises Unfoldable, KeyError, TypeError."""
        self.on[event.topic].fold(rows, event)

    def canonical(self, row: Row) -> Row:
        """`row` with every time in UTC, so that a folded row and one from the table compare."""
        return {
            name: datetime.fromisoformat(value).astimezone(UTC).isoformat()
            if kind == "timestamptz" and (value := row[name]) is not None
            else row[name]
            for name, kind in self.table.columns
        }


def by_stream(event: Recorded) -> tuple[Key]:
    """The key of a view with one row a stream."""
    return ((event.stream,),)


def own_row(rows: Rows, key: Key, stream: str) -> Row:
    """The row of `key`, which must be there and belong to `stream`. Raises Unfoldable."""
    row = rows[key]
    if row is None:
        raise Unfoldable("no row: the event that makes it is missing or parked")
    if row["stream"] != stream:
        raise Unfoldable("the row belongs to another stream")
    return row


def changing(
    change: Callable[[Row, dict[str, Any]], None], keys: Callable[[Recorded], tuple[Key]] = by_stream
) -> On:
    """A change, by the event's data, of the one row that `keys` names, which must be there."""

    def fold(rows: Rows, event: Recorded) -> None:
        change(own_row(rows, keys(event)[0], event.stream), event.data)

    return On(keys, fold)


def amount(value: Any) -> int:
    """A sum in tiyn out of an event's list. Raises Unfoldable for anything but an integer."""
    if type(value) is not int:
        raise Unfoldable("a sum is not an integer")
    return value


def programme_month(cycle: str) -> tuple[str, str]:
    """(programme, month) of an event's `cycle`. Raises Unfoldable."""
    programme, slash, month = cycle.partition("/")
    if not (programme and slash and month):
        raise Unfoldable("cycle is not programme/month")
    return programme, month
