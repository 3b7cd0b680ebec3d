"""Tables of the views: rows, positions and parked events, changed together in one transaction a batch."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

import orjson
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from infra.postgres.connect import APP_ROLE, ThreadConnections, connect
from projections.folding import Parked
from projections.view import Key, Row, Rows, View

SCHEMA = "azyq_views"
_LOCK_CLASS = 0x617A7976  # "azyv"
_REBUILD_LOCK_CLASS = 0x617A7972  # "azyr"


class ParkedEvent(NamedTuple):
    """An event that a view could not fold; `state` is open, retried or discarded, `note` why it was discarded."""

    view: str
    position: int
    stream: str
    topic: str
    reason: str
    parked_at: datetime
    state: str
    note: str | None


class ViewMissing(RuntimeError):
    """A view has no table of this version yet: prepare or rebuild it."""


class Turn:
    """One view's table within a transaction that holds the view's lock."""

    def __init__(self, cursor: Cursor, view: View, generation: int, table: str, position: int) -> None:
        self.view = view
        self.generation = generation
        self.position = position
        self.table_name = table
        self._cursor = cursor
        self._table = sql.Identifier(SCHEMA, table)

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
                " state = CASE WHEN p.state = 'discarded' THEN p.state ELSE 'open' END",
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
        self._cursor.execute(
            "UPDATE azyq_views.view_state SET position = %s WHERE view = %s AND generation = %s",
            (position, self.view.name, self.generation),
        )
        self.position = position

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


class ViewStore:
    """Where views are kept; safe to share among threads. Raises psycopg2.OperationalError without a server."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connections = ThreadConnections(dsn, "azyq-views", autocommit=False)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def connection(self) -> Connection:
        """This thread's connection, in transactions, as azyq_app."""
        return self._connections.mine()

    def prepare(self, views: Sequence[View]) -> list[View]:
        """Make the tables of views that have none; those of an older version, which want a rebuild."""
        outdated = []
        for view in views:
            with self.connection() as connection, connection.cursor() as cursor:
                _lock(cursor, view)
                state = _state(cursor, view, "current")
                if state is None:
                    table = _next_table(cursor, view)
                    create_table(cursor, view, table[1])
                    add_indexes(cursor, view, table[1])
                    insert_state(cursor, view, table, 0, "current")
                    show(cursor, view, table[1])
                elif state[1] != view.version:
                    outdated.append(view)
        return outdated

    @contextmanager
    def turn(self, view: View, status: str = "current") -> Iterator[Turn]:
        """A transaction on the view's table; a second one waits for the first. Raises ViewMissing."""
        with self.connection() as connection, connection.cursor() as cursor:
            _lock(cursor, view)
            state = _state(cursor, view, status)
            if state is None or state[1] != view.version:
                raise ViewMissing(f"the view {view.name} has no {status} table of version {view.version}")
            yield Turn(cursor, view, state[0], state[2], state[3])

    def position(self, view: View) -> int:
        """The position that the view's table holds everything up to; 0 when there is no table."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT position FROM azyq_views.view_state WHERE view = %s AND status = 'current'",
                (view.name,),
            )
            found = cursor.fetchone()
            return 0 if found is None else int(found[0])

    def rows(self, view: View) -> dict[Key, Row]:
        """Every row of the view, canonical. For views and logs that fit in memory."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT row_to_json(t)::text FROM {} t").format(sql.Identifier(SCHEMA, view.name))
            )
            rows = [view.canonical(orjson.loads(text)) for (text,) in cursor]
        return {tuple(row[name] for name in view.table.key): row for row in rows}

    def parked(self, view: str | None = None, state: str | None = "open") -> list[ParkedEvent]:
        """Parked events in order of position, by default the open ones of all views."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT view, position, stream, topic, reason, parked_at, state, note FROM azyq_views.parked"
                " WHERE (%s::text IS NULL OR view = %s) AND (%s::text IS NULL OR state = %s)"
                " ORDER BY position, view",
                (view, view, state, state),
            )
            return [ParkedEvent(*row) for row in cursor]

    def discard(self, view: str, position: int, reason: str) -> bool:
        """Give an open parked event up, saying why; False when there is no such one."""
        if not reason.strip():
            raise ValueError("say why it is discarded")
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE azyq_views.parked SET state = 'discarded', note = %s"
                " WHERE view = %s AND position = %s AND state = 'open'",
                (reason, view, position),
            )
            return cursor.rowcount == 1

    # --- rebuilding -----------------------------------------------------------------------------------

    @contextmanager
    def building(self, view: View) -> Iterator[Builder]:
        """The next generation's table, filled in one transaction and committed as `building` at the end.

        What an earlier rebuild left is cleaned away. One rebuild of a view at a time: a second one waits.
        """
        connection = connect(self._dsn, role=APP_ROLE, application_name="azyq-rebuild")
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_lock(%s, %s)",
                    (_REBUILD_LOCK_CLASS, crc32(view.name.encode()) & 0x7FFFFFFF),
                )
                connection.commit()
                drop_building(cursor, view)
                connection.commit()
                generation = _next_table(cursor, view)
                create_table(cursor, view, generation[1])
                yield Builder(connection, cursor, view, generation)
        finally:
            connection.close()  # ends the lock, and the transaction when it was not committed

    def switch(self, cursor: Cursor, view: View) -> None:
        """Let the building table be the current one, and drop the old; within the caller's transaction."""
        building = _state(cursor, view, "building")
        current = _state(cursor, view, "current")
        assert building is not None
        show(cursor, view, building[2])
        if current is not None:
            cursor.execute(
                "DELETE FROM azyq_views.view_state WHERE view = %s AND generation = %s",
                (view.name, current[0]),
            )
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, current[2])))
        cursor.execute(
            "UPDATE azyq_views.view_state SET status = 'current' WHERE view = %s AND generation = %s",
            (view.name, building[0]),
        )

    @contextmanager
    def switching(self, view: View) -> Iterator[tuple[Turn, int]]:
        """The building table and the current one's position, under the view's lock; switched at the end."""
        with self.connection() as connection, connection.cursor() as cursor:
            _lock(cursor, view)
            building, current = _state(cursor, view, "building"), _state(cursor, view, "current")
            if building is None:
                raise ViewMissing(f"the view {view.name} has no building table")
            yield (
                Turn(cursor, view, building[0], building[2], building[3]),
                0 if current is None else current[3],
            )
            self.switch(cursor, view)


class Builder:
    """Fills a table by COPY, before it has indexes."""

    def __init__(self, connection: Connection, cursor: Cursor, view: View, table: tuple[int, str]) -> None:
        self._connection = connection
        self._cursor = cursor
        self._view = view
        self._table = table
        self.turn = Turn(cursor, view, table[0], table[1], 0)

    def add(self, rows: Iterable[Row]) -> None:
        """Append `rows`, whose keys are new."""
        names = self._view.table.names
        lines = [_copy_line([row[name] for name in names]) for row in rows]
        self._cursor.copy_expert(
            sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(SCHEMA, self._table[1])),
            io.BytesIO("".join(lines).encode()),
        )

    def finish(self, position: int) -> None:
        """Add key and indexes, and commit the table as `building`, holding everything up to `position`."""
        add_indexes(self._cursor, self._view, self._table[1])
        insert_state(self._cursor, self._view, self._table, position, "building")
        self._connection.commit()


def _copy_line(values: list[Any]) -> str:
    line = "\t".join(["\\N" if value is None else str(value) for value in values])
    if (
        line.count("\t") != len(values) - 1
        or line.count("\\") != values.count(None)
        or "\n" in line
        or "\r" in line
    ):
        line = "\t".join(["\\N" if value is None else _escaped(str(value)) for value in values])
    return line + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _lock(cursor: Cursor, view: View) -> None:
    cursor.execute(
        "SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK_CLASS, crc32(view.name.encode()) & 0x7FFFFFFF)
    )


def _state(cursor: Cursor, view: View, status: str) -> tuple[int, int, str, int] | None:
    """(generation, version, table, position), locked."""
    cursor.execute(
        "SELECT generation, version, table_name, position FROM azyq_views.view_state"
        " WHERE view = %s AND status = %s FOR UPDATE",
        (view.name, status),
    )
    row: tuple[int, int, str, int] | None = cursor.fetchone()
    return row


def _next_table(cursor: Cursor, view: View) -> tuple[int, str]:
    cursor.execute(
        "SELECT coalesce(max(generation), 0) + 1 FROM azyq_views.view_state WHERE view = %s", (view.name,)
    )
    row = cursor.fetchone()
    assert row is not None
    return row[0], f"{view.name}_v{row[0]}"


def create_table(cursor: Cursor, view: View, table: str) -> None:
    """The view's table, without key and indexes."""
    columns = [sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in view.table.columns]
    cursor.execute(
        sql.SQL("CREATE TABLE {} ({}) WITH (fillfactor = 70)").format(
            sql.Identifier(SCHEMA, table), sql.SQL(", ").join(columns)
        )
    )


def add_indexes(cursor: Cursor, view: View, table: str) -> None:
    """The key and the further indexes of the view's table, and what the planner should know of it."""
    name = sql.Identifier(SCHEMA, table)
    cursor.execute(
        sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(
            name, sql.SQL(", ").join(map(sql.Identifier, view.table.key))
        )
    )
    for columns in view.table.indexes:
        cursor.execute(
            sql.SQL("CREATE INDEX ON {} ({})").format(name, sql.SQL(", ").join(map(sql.Identifier, columns)))
        )
    cursor.execute(sql.SQL("ANALYZE {}").format(name))


def insert_state(cursor: Cursor, view: View, table: tuple[int, str], position: int, status: str) -> None:
    """Note the generation `table` (number, name) with its status."""
    cursor.execute(
        "INSERT INTO azyq_views.view_state (view, generation, version, table_name, position, status)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (view.name, table[0], view.version, table[1], position, status),
    )


def show(cursor: Cursor, view: View, table: str) -> None:
    """Let the plain view of the view's name read `table`."""
    name = sql.Identifier(SCHEMA, view.name)
    cursor.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(name))
    cursor.execute(sql.SQL("CREATE VIEW {} AS SELECT * FROM {}").format(name, sql.Identifier(SCHEMA, table)))


def drop_building(cursor: Cursor, view: View) -> None:
    """Clean away what a rebuild that was ended half-way left."""
    state = _state(cursor, view, "building")
    if state is not None:
        cursor.execute(
            "DELETE FROM azyq_views.view_state WHERE view = %s AND generation = %s", (view.name, state[0])
        )
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(SCHEMA, state[2])))
