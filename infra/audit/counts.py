"""The audit of how many events there are: as many, up to where an earlier audit went, as that audit counted (R29).

What was removed from a stream's end leaves no gap in its versions, nor does the last seal; but audits counted it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Connection

from domain.audit.facts import Finding

_MOST = 2**63 - 1


class Counted(NamedTuple):
    """An earlier audit: the stream, version and position of its verdict; it found `events` up to `upto`."""

    stream: str
    version: int
    position: int
    upto: int
    events: int


def counted(position: int, stream: str, version: int, data: Mapping[str, Any]) -> list[Counted]:
    """The verdict as its event has it; none when it can't be read, which the fold tells."""
    upto, events = data.get("upto"), data.get("events")
    if type(upto) is not int or type(events) is not int or not 0 <= upto < _MOST:
        return []
    return [Counted(stream, version, position, upto, events)]


def compare_counts(connection: Connection, earlier: Iterable[Counted]) -> Iterator[Finding]:
    """The audits since which events came or went, with how many there are now."""
    audits = sorted(earlier, key=lambda one: one.upto)
    if not audits:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT width_bucket(notification_id, %s::bigint[]), count(*) FROM azyq_log.azyq_events GROUP BY 1",
            ([one.upto + 1 for one in audits],),
        )
        found = dict(cursor.fetchall())
    until = accumulate(found.get(bucket, 0) for bucket in range(len(audits)))
    for audit, count in zip(audits, until, strict=True):
        if count != audit.events:
            what = f"{audit.events} events up to position {audit.upto} were counted, there are {count}"
            yield Finding(
                "audit_verdict", "R29", audit.position, audit.stream, audit.version, "audit.ended", what
            )
