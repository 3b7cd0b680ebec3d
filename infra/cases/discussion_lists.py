"""Turns of steps that are the public's, out of the view `case_steps`."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from psycopg2.errors import UndefinedTable

from domain.procedures.definition import PUBLIC
from infra.postgres.view_store import ViewStore


class PublicTurn(NamedTuple):
    """A turn of the public's: case and service, its step, whether it is open, from when until when."""

    case: str
    service: str
    step: str
    open: bool
    opened_at: datetime
    due_at: datetime | None


def public_turns(store: ViewStore, limit: int) -> list[PublicTurn]:
    """At most so many that are open, the one due first in front, and so many that are over, the newest in front."""
    query = (
        "SELECT number, service, step, state = 'open', opened_at, due_at FROM azyq_views.case_steps"
        " WHERE role = %s AND state = ANY(%s) ORDER BY {order} LIMIT %s"
    )
    try:
        with store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(query.format(order="due_at, number"), (PUBLIC, ["open"], limit))
            turns = [PublicTurn(*row) for row in cursor]
            cursor.execute(query.format(order="opened_at DESC, number"), (PUBLIC, ["done", "dropped"], limit))
            return turns + [PublicTurn(*row) for row in cursor]
    except UndefinedTable:
        return []
