"""Tables of views: made, filled by COPY, shown under the view's name, and dropped."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from infra.postgres.reader_views import open_to_readers
from infra.postgres.turn import SCHEMA, Place, Turn, place_of
from projections.view import Row, View


class Builder:
    """Fills a table by COPY, before it has indexes."""

    def __init__(self, connection: Connection, cursor: Cursor, view: View, table: tuple[int, str]) -> None:
        self._connection = connection
        self._cursor = cursor
        self._view = view
        self._table = table
        self._values = itemgetter(*view.table.names)
        self.turn = Turn(cursor, view, Place(table[0], view.version, table[1], 0, 0, {}))

    def add(self, rows: Iterable[Row]) -> None:
        """Append `rows`, whose keys are new, as rows that everybody sees: indexes alone can be read from the first day."""
        self._cursor.copy_expert(
            sql.SQL("COPY {} FROM STDIN (FREEZE)").format(sql.Identifier(SCHEMA, self._table[1])),
            io.BytesIO(_copied([self._values(row) for row in rows]).encode()),
        )

    def finish(self, position: int) -> None:
        """Add key and indexes, and commit the table as `building`, holding everything up to `position`."""
        add_indexes(self._cursor, self._view, self._table[1])
        insert_state(self._cursor, self._view, self._table, position, "building")
        self._connection.commit()


def _copied(rows: Sequence[tuple[Any, ...]]) -> str:
    """`rows` in COPY's text format."""
    nulls = 0
    lines = []
    for values in rows:
        if None in values:
            nulls += values.count(None)
            lines.append("\t".join(["\\N" if value is None else str(value) for value in values]))
        else:
            lines.append("\t".join(map(str, values)))
    text = "\n".join([*lines, ""])
    tabs = sum(map(len, rows)) - len(rows)
    if (text.count("\t"), text.count("\n"), text.count("\\"), text.count("\r")) == (
        tabs,
        len(rows),
        nulls,
        0,
    ):
        return text
    # Some text holds what COPY sets apart.
    return "".join(
        "\t".join(["\\N" if value is None else _escaped(str(value)) for value in values]) + "\n"
        for values in rows
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def next_table(cursor: Cursor, view: View) -> tuple[int, str]:
    """Number and name of the generation to come."""
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
        sql.SQL("CREATE TABLE {} ({}) WITH (fillfactor = {})").format(
            sql.Identifier(SCHEMA, table),
            sql.SQL(", ").join(columns),
            sql.Literal(100 if view.table.lasting else 70),
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
    for columns, condition in (*((one, "true") for one in view.table.indexes), *view.table.partial):
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        only = sql.SQL("" if condition == "true" else " WHERE " + condition)
        cursor.execute(sql.SQL("CREATE INDEX ON {} ({}){}").format(name, listed, only))
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
    open_to_readers(cursor, view.name, table)


def drop_building(cursor: Cursor, view: View) -> None:
    """Clean away what a rebuild that was ended half-way left."""
    place = place_of(cursor, view.name, "building")
    if place is not None:
        drop_generation(cursor, view, place)


def drop_generation(cursor: Cursor, view: View, place: Place) -> None:
    """Take the generation at `place` away, table and positions."""
    for kept_in in ("view_state", "view_partition"):
        cursor.execute(
            f"DELETE FROM azyq_views.{kept_in} WHERE view = %s AND generation = %s",
            (view.name, place.generation),
        )
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(SCHEMA, place.table)))
