"""The audit of views: placeholder until they land."""

from __future__ import annotations

from collections.abc import Callable

from psycopg2.extensions import connection as Connection

from domain.audit import Findings


def check_views(
    connection: Connection,
    head: int,
    findings: Findings,
    ran: dict[str, int],
    progress: Callable[[str, int, int | None], None],
) -> list[str]:
    return []
