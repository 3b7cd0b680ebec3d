"""What happened to a case, out of the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from infra.postgres.log import PostgresLog
from projections.events import Raw, read_event
from projections.view import Recorded


class CaseEvent(NamedTuple):
    """One event of a case or a sitting: its log position, when, what, and its fields."""

    position: int
    at: datetime
    topic: str
    data: dict[str, Any]


def case_events(log: PostgresLog, stream: UUID) -> list[CaseEvent]:
    """The events of a stream, in order; what can't be read is left out (the audit tells of it)."""
    with log.connection().cursor() as cursor:
        cursor.execute(
            "SELECT notification_id, originator_id::text, originator_version, topic, state"
            " FROM azyq_log.azyq_events WHERE originator_id = %s ORDER BY originator_version",
            (stream.hex,),
        )
        read = [read_event(Raw(*row)) for row in cursor]
    return [
        CaseEvent(one.position, datetime.fromisoformat(one.data["timestamp"]), one.topic, one.data)
        for one in read
        if isinstance(one, Recorded)
    ]
