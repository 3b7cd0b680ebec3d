"""The views' tables: a transaction of one view, or of some partitions of one, at a time; positions; rebuilding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

import orjson
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from infra.postgres.connect import APP_ROLE, ThreadConnections, connect
from infra.postgres.turn import SCHEMA, Place, Turn, Turns, place_of, places_of
from infra.postgres.view_tables import (
    Builder,
    add_indexes,
    create_table,
    drop_building,
    drop_generation,
    insert_state,
    next_table,
    show,
)
from projections.view import Key, Row, View, ViewMissing

__all__ = ["SCHEMA", "Builder", "ParkedEvent", "Turn", "Turns", "ViewMissing", "ViewStore", "everything_upto"]

_LOCK_CLASS = 0x617A7976  # "azyv"
_PARTITION_LOCK_CLASS = 0x617A7970  # "azyp"
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


class Sent(NamedTuple):
    """What the publisher had acknowledged: everything up to `position`; `last` by partition, 0 for none.

    Up to `renumbered` it went by another number of partitions.
    """

    partitions: int
    position: int
    last: tuple[int, ...]
    renumbered: int


def everything_upto(view: str) -> str:
    """SQL for the position that the table of `view` (an SQL expression) holds everything up to; NULL without a table.

    A partition that has all that was ever published to it counts as far as the publisher is, for what it has not got
    is none of its own.
    """
    return f"""(
        SELECT coalesce(min(CASE
                WHEN greatest(s.position, r.position) >= sent.last[p + 1]
                THEN greatest(s.position, r.position, sent.position)
                ELSE greatest(s.position, r.position) END), s.position)
        FROM azyq_views.view_state s
        LEFT JOIN generate_series(0, s.partitions - 1) p ON true
        LEFT JOIN azyq_views.view_partition r
            ON r.view = s.view AND r.generation = s.generation AND r.partition = p
        LEFT JOIN azyq_log.published sent ON sent.topic = 'azyq.events.v1' AND sent.partitions = s.partitions
        WHERE s.view = {view} AND s.status = 'current'
        GROUP BY s.position)"""


def nothing_after(view: str) -> str:
    """SQL for the position that the table of `view` (an SQL expression) holds no event after; NULL without a table."""
    return f"""(
        SELECT max(greatest(s.position, r.position)) FROM azyq_views.view_state s
        LEFT JOIN azyq_views.view_partition r ON r.view = s.view AND r.generation = s.generation
        WHERE s.view = {view} AND s.status = 'current')"""


_BOUNDS = (
    "SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = '60s';"
    # A row is found by its key, whatever the statistics say of a table that was just filled.
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
)


class ViewStore:
    """Where views are kept; safe to share among threads. Raises psycopg2.OperationalError without a server.

    Who hangs in the middle of a turn, or whose host died, holds a view up for `hung_seconds` at most: then the server
    ends that turn, and nothing of it has happened.
    """

    def __init__(self, dsn: str, hung_seconds: float = 30) -> None:
        self._dsn = dsn
        self._connections = ThreadConnections(
            dsn,
            "azyq-views",
            autocommit=False,
            setup=f"SET idle_in_transaction_session_timeout = {int(hung_seconds * 1_000)}",
        )

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
                place = place_of(cursor, view.name, first=_locked([view]))
                if place is None:
                    table = next_table(cursor, view)
                    create_table(cursor, view, table[1])
                    add_indexes(cursor, view, table[1])
                    insert_state(cursor, view, table, 0, "current")
                    show(cursor, view, table[1])
                elif place.version != view.version:
                    outdated.append(view)
        return outdated

    @contextmanager
    def turn(self, view: View, status: str = "current") -> Iterator[Turn]:
        """A transaction on the view's table; a second one waits for the first.

        Raises ViewMissing, and psycopg2.OperationalError rather than waiting for ever (pitfall 14).
        """
        with self._turns([view], status, None) as turns:
            if not turns.each:
                raise ViewMissing(f"the view {view.name} has no {status} table of version {view.version}")
            yield turns.each[0]

    def turns(
        self, views: Sequence[View], partitions: Iterable[int] | None = None
    ) -> AbstractContextManager[Turns]:
        """One transaction on the tables of `views` in use, or on what `partitions` brought to them.

        Others on any of the tables wait; but those on other partitions of views per stream go on meanwhile, for no
        two of them share a row. A view without a table of its version has no turn.
        """
        return self._turns(views, "current", partitions)

    @contextmanager
    def _turns(self, views: Sequence[View], status: str, partitions: Iterable[int] | None) -> Iterator[Turns]:
        with self.connection() as connection, connection.cursor() as cursor:
            names = [view.name for view in views]
            places = places_of(cursor, names, status, _BOUNDS + _locked(views, partitions))
            yield Turns(
                cursor,
                [
                    Turn(cursor, view, place)
                    for view in views
                    if (place := places.get(view.name)) is not None and place.version == view.version
                ],
            )

    def position(self, view: View) -> int:
        """The position that the view's table holds everything up to; 0 when there is no table."""
        return self.positions([view])[view.name]

    def positions(self, views: Sequence[View]) -> dict[str, int]:
        """The same of several, by view, all at one time."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT name, coalesce({everything_upto('name')}, 0) FROM unnest(%s::text[]) name",
                ([view.name for view in views],),
            )
            return {name: int(position) for name, position in cursor}

    def place(self, view: View) -> Place | None:
        """Where the view's table stands just now, without waiting for anyone; None without a table."""
        return self.places([view]).get(view.name)

    def places(self, views: Sequence[View]) -> dict[str, Place]:
        """Where the tables of `views` stand just now, by view, of those that have one."""
        with self.connection() as connection, connection.cursor() as cursor:
            return places_of(cursor, [view.name for view in views])

    def sent(self, topic: str) -> Sent | None:
        """What the publisher had acknowledged on `topic`; None before it ever was at work."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT partitions, position, last, renumbered FROM azyq_log.published WHERE topic = %s",
                (topic,),
            )
            row = cursor.fetchone()
            return None if row is None else Sent(row[0], row[1], tuple(row[2]), row[3])

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
                    (_REBUILD_LOCK_CLASS, _number(view.name)),
                )
                connection.commit()
                drop_building(cursor, view)
                connection.commit()
                generation = next_table(cursor, view)
                create_table(cursor, view, generation[1])
                yield Builder(connection, cursor, view, generation)
        finally:
            connection.close()  # ends the lock, and the transaction when it was not committed

    def switch(self, cursor: Cursor, view: View) -> None:
        """Let the building table be the current one, and drop the old; within the caller's transaction."""
        building = place_of(cursor, view.name, "building")
        current = place_of(cursor, view.name)
        assert building is not None
        show(cursor, view, building.table)
        if current is not None:
            drop_generation(cursor, view, current)
        cursor.execute(
            "UPDATE azyq_views.view_state SET status = 'current', partitions = %s"
            " WHERE view = %s AND generation = %s",
            (0 if current is None else current.partitions, view.name, building.generation),
        )

    @contextmanager
    def switching(self, view: View) -> Iterator[tuple[Turn, int]]:
        """The building table, and how far the current one goes, under the view's lock; switched at the end."""
        with self.connection() as connection, connection.cursor() as cursor:
            building = place_of(cursor, view.name, "building", _locked([view]))
            current = place_of(cursor, view.name)
            if building is None:
                raise ViewMissing(f"the view {view.name} has no building table")
            yield (
                Turn(cursor, view, building),
                0 if current is None else Turn(cursor, view, current).furthest,
            )
            self.switch(cursor, view)


def _locked(views: Sequence[View], partitions: Iterable[int] | None = None) -> str:
    """SQL that locks the tables of `views`, or `partitions` of them, until the transaction ends."""
    partitions = None if partitions is None else sorted(partitions)
    statements = []
    numbers = []
    # In one order everywhere, tables before partitions, so that no two wait for one another.
    for view in sorted(views, key=lambda view: view.name):
        alone = partitions is None or not view.per_stream
        lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        statements.append(f"SELECT {lock}({_LOCK_CLASS}, {_number(view.name)});")
        if not alone:
            numbers += [_number(f"{view.name}/{partition}") for partition in partitions or ()]
    if numbers:
        statements.append(
            f"SELECT pg_advisory_xact_lock({_PARTITION_LOCK_CLASS}, n)"
            f" FROM unnest(ARRAY{sorted(set(numbers))}::integer[]) n;"
        )
    return "".join(statements)


def _number(name: str) -> int:
    return crc32(name.encode()) & 0x7FFFFFFF
