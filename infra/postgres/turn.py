"""A view's table within one transaction: its rows, where it stands, and the events it could not fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import orjson
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from projections.folding import Parked
from projections.view import Key, Row, Rows, View

SCHEMA = "azyq_views"


class Place(NamedTuple):
    """A generation of a view's table, and where it stands.

    It holds every event up to `position`; and, by partition of Kafka's topic, the events of that partition up to the
    position in `ahead`. `partitions` is how many the topic has, 0 for a view that was never fed through Kafka.
    """

    generation: int
    version: int
    table: str
    position: int
    partitions: int
    ahead: dict[int, int]


def place_of(cursor: Cursor, view: str, status: str = "current", first: str = "") -> Place | None:
    """Where the table of `view` stands; None without one. `first`: statements to run in the same round trip."""
    return places_of(cursor, [view], status, first).get(view)


def places_of(
    cursor: Cursor, views: Sequence[str], status: str = "current", first: str = ""
) -> dict[str, Place]:
    """Where the tables of `views` stand, by view, of those that have one."""
    of_it = "FROM azyq_views.view_partition r WHERE r.view = s.view AND r.generation = s.generation"
    cursor.execute(
        f"{first}SELECT view, generation, version, table_name, position, partitions,"
        f" ARRAY(SELECT partition {of_it} ORDER BY partition), ARRAY(SELECT position {of_it} ORDER BY partition)"
        " FROM azyq_views.view_state s WHERE view = ANY(%s) AND status = %s",
        (list(views), status),
    )
    places = {}
    for view, generation, version, table, position, partitions, numbers, positions in cursor:
        ahead = {p: at for p, at in zip(numbers, positions, strict=True) if at > position}
        places[view] = Place(generation, version, table, position, partitions, ahead)
    return places


class Turn:
    """One view's table within a transaction that holds the view's lock, or that of some of its partitions."""

    def __init__(self, cursor: Cursor, view: View, place: Place) -> None:
        self.view = view
        self.generation = place.generation
        self.partitions = place.partitions
        self.table_name = place.table
        self._base = place.position
        self._ahead = dict(place.ahead)
        self._cursor = cursor
        self._table = sql.Identifier(SCHEMA, place.table)

    @property
    def position(self) -> int:
        """The table holds every event up to it, and perhaps some that come after."""
        if self._ahead and len(self._ahead) == self.partitions:
            return min(self._ahead.values())
        return self._base

    @property
    def furthest(self) -> int:
        """The table holds no event after it."""
        return max(self._base, *self._ahead.values()) if self._ahead else self._base

    def position_of(self, partition: int) -> int:
        """The table holds the events of `partition` up to it, and none of them after it."""
        return self._ahead.get(partition, self._base)

    def load(self, keys: Iterable[Key]) -> Rows:
        """The rows of `keys`; None for each that isn't there."""
        rows: Rows = dict.fromkeys(keys)
        if not rows:
            return rows
        self._cursor.execute(
            sql.SQL("SELECT json_agg(t)::text FROM {} t JOIN {} USING ({})").format(
                self._table, self._keys_sql(), self._key_names()
            ),
            self._columns_of(rows),
        )
        found = self._cursor.fetchone()
        if found is not None and found[0] is not None:
            for row in orjson.loads(found[0]):
                rows[tuple(row[name] for name in self.view.table.key)] = row
        return rows

    def write(self, rows: Mapping[Key, Row | None]) -> None:
        """Put `rows` in place of what was there; None takes the row away."""
        kept = [row for row in rows.values() if row is not None]
        gone = [key for key, row in rows.items() if row is None]
        if kept:
            key = set(self.view.table.key)
            updates = [sql.Identifier(name) for name in self.view.table.names if name not in key]
            self._cursor.execute(
                sql.SQL(
                    "INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, %s::json)"
                    " ON CONFLICT ({1}) DO UPDATE SET ({2}) = ROW({3})"
                ).format(
                    self._table,
                    self._key_names(),
                    sql.SQL(", ").join(updates),
                    sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(name) for name in updates),
                ),
                (orjson.dumps(kept).decode(),),
            )
        if gone:
            conditions = [sql.SQL("t.{0} = k.{0}").format(sql.Identifier(n)) for n in self.view.table.key]
            self._cursor.execute(
                sql.SQL("DELETE FROM {} t USING {} WHERE {}").format(
                    self._table, self._keys_sql(), sql.SQL(" AND ").join(conditions)
                ),
                self._columns_of(gone),
            )

    def forget_stream(self, stream: str) -> None:
        """Take away every row of `stream`."""
        self._cursor.execute(sql.SQL("DELETE FROM {} WHERE stream = %s").format(self._table), (stream,))

    def park(self, parked: Sequence[Parked]) -> None:
        """Note `parked`; one that was discarded stays discarded."""
        if parked:
            self._cursor.execute(
                "INSERT INTO azyq_views.parked AS p (view, position, stream, topic, reason)"
                " SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[])"
                " ON CONFLICT (view, position) DO UPDATE SET reason = EXCLUDED.reason,"
                " state = CASE WHEN p.state = 'discarded' THEN p.state ELSE 'open' END,"
                " parked_at = CASE WHEN p.state = 'retried' THEN now() ELSE p.parked_at END,"
                " announced_at = CASE WHEN p.state = 'retried' THEN NULL ELSE p.announced_at END",
                (self.view.name, *(list(column) for column in zip(*parked, strict=True))),
            )

    def settle(
        self, positions: Sequence[int] | None, stream: str | None = None, upto: int | None = None
    ) -> int:
        """Call open parked events retried: those at `positions`, or all but those (of `stream`, up to `upto`)."""
        if upto is None:
            condition, arguments = "position = ANY(%s::bigint[])", [list(positions or ())]
        else:
            condition = (
                "position <> ALL(%s::bigint[]) AND position <= %s AND (%s::uuid IS NULL OR stream = %s)"
            )
            arguments = [list(positions or ()), upto, stream, stream]  # type: ignore[list-item]
        self._cursor.execute(
            "UPDATE azyq_views.parked SET state = 'retried'"
            f" WHERE view = %s AND state = 'open' AND {condition}",
            (self.view.name, *arguments),
        )
        return self._cursor.rowcount

    def move(self, position: int) -> None:
        """The table now holds everything up to `position`."""
        Turns(self._cursor, [self]).move({self.view.name: position})

    def move_partitions(self, positions: Mapping[int, int]) -> None:
        """The table now holds the events of each partition up to its position."""
        Turns(self._cursor, [self]).move_partitions({self.view.name: positions})

    def repartition(self, partitions: int) -> None:
        """The topic has `partitions` from now on. Raises ValueError while some partition is ahead of the others."""
        if self._ahead:
            raise ValueError("some partitions are ahead: catch up from the log first")
        self._cursor.execute(
            "DELETE FROM azyq_views.view_partition WHERE view = %s AND generation = %s",
            (self.view.name, self.generation),
        )
        self._cursor.execute(
            "UPDATE azyq_views.view_state SET partitions = %s WHERE view = %s AND generation = %s",
            (partitions, self.view.name, self.generation),
        )
        self.partitions = partitions

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What happens inside is undone when the database refuses a value; raises ValueError then."""
        self._cursor.execute("SAVEPOINT attempt")
        try:
            yield
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            self._cursor.execute("ROLLBACK TO SAVEPOINT attempt")
            raise ValueError(f"the database refuses a value ({error.pgcode})") from None
        self._cursor.execute("RELEASE SAVEPOINT attempt")

    def _key_names(self) -> sql.Composable:
        return sql.SQL(", ").join(map(sql.Identifier, self.view.table.key))

    def _keys_sql(self) -> sql.Composable:
        kinds = dict(self.view.table.columns)
        arrays = [sql.SQL("%s::" + kinds[name] + "[]") for name in self.view.table.key]
        return sql.SQL("unnest({}) AS k({})").format(sql.SQL(", ").join(arrays), self._key_names())

    def _columns_of(self, keys: Iterable[Key]) -> list[list[str]]:
        return [list(column) for column in zip(*keys, strict=True)]


class Turns:
    """The turns of several views in one transaction, that of a view without a table of its version missing."""

    def __init__(self, cursor: Cursor, turns: Sequence[Turn]) -> None:
        self.each = turns
        self._cursor = cursor

    def move(self, positions: Mapping[str, int]) -> None:
        """The table of each view of `positions` now holds everything up to its position."""
        moved = [turn for turn in self.each if turn.view.name in positions]
        places = [(turn.view.name, turn.generation, positions[turn.view.name]) for turn in moved]
        columns = [list(column) for column in zip(*places, strict=True)]
        to = "unnest(%s::text[], %s::integer[], %s::bigint[]) AS moved(view, generation, position)"
        self._cursor.execute(
            f"UPDATE azyq_views.view_state s SET position = moved.position FROM {to}"
            " WHERE s.view = moved.view AND s.generation = moved.generation",
            columns,
        )
        if any(turn._ahead for turn in moved):
            self._cursor.execute(
                f"DELETE FROM azyq_views.view_partition r USING {to}"
                " WHERE r.view = moved.view AND r.generation = moved.generation AND r.position <= moved.position",
                columns,
            )
        for turn in moved:
            turn._base = position = positions[turn.view.name]
            turn._ahead = {p: at for p, at in turn._ahead.items() if at > position}

    def move_partitions(self, positions: Mapping[str, Mapping[int, int]]) -> None:
        """The table of each view of `positions` now holds the events of each partition up to its position."""
        moved = [turn for turn in self.each if turn.view.name in positions]
        places = [
            (turn.view.name, turn.generation, partition, position)
            for turn in moved
            for partition, position in positions[turn.view.name].items()
        ]
        self._cursor.execute(
            "INSERT INTO azyq_views.view_partition (view, generation, partition, position)"
            " SELECT * FROM unnest(%s::text[], %s::integer[], %s::integer[], %s::bigint[])"
            " ON CONFLICT (view, generation, partition) DO UPDATE SET position = EXCLUDED.position",
            [list(column) for column in zip(*places, strict=True)],
        )
        for turn in moved:
            turn._ahead |= positions[turn.view.name]
