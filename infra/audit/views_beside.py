"""The audit of views beside that of the log: where the log is long, by a process of its own, for each takes a core.

`python -m infra.audit.views_beside` is its own program, which sees the same state of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import cast

import structlog
from psycopg2.extensions import connection as Connection

from infra.apart import Apart, ApartFailed, work
from infra.audit.streams import open_snapshot
from infra.audit.views import ViewsAudited, audit_views

log = structlog.get_logger("azyq")

APART_FROM = 20_000  # events: fewer are read again sooner than a process starts
PROGRAM = "infra.audit.views_beside"


@contextmanager
def views_beside(
    connection: Connection, dsn: str, head: int, events: int
) -> Iterator[Callable[[], ViewsAudited]]:
    """What is found of the views, once it is asked for; `connection` to `dsn` sees `events` up to `head`.

    Where that process can't be started, or ends, it is done by this one.
    """
    if events < APART_FROM:
        yield lambda: audit_views(connection, head)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        ((snapshot,),) = cursor.fetchall()
    try:
        apart = Apart(PROGRAM, (dsn, snapshot, head))
    except OSError as error:
        yield partial(_here, connection, head, error)
        return
    with apart:

        def answer() -> ViewsAudited:
            try:
                return cast(ViewsAudited, apart.answer())
            except ApartFailed as error:
                return _here(connection, head, error)

        yield answer


def _here(connection: Connection, head: int, why: OSError) -> ViewsAudited:
    """By this process after all, as there was no other, or it ended."""
    log.warning("views_audited_here", reason=type(why).__name__)
    return audit_views(connection, head)


def _audited(told: tuple[str, str, int]) -> ViewsAudited:
    dsn, snapshot, head = told
    with closing(open_snapshot(dsn, snapshot)) as connection:
        return audit_views(connection, head)


if __name__ == "__main__":
    work(_audited)
