"""What if: a month of the log folded again under another programme file, side by side with what happened (R31)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from eventsourcing.persistence import JSONTranscoder
from psycopg2.extensions import connection as Connection

from domain.goods import GoodsCatalogue
from domain.programmes import Programme
from domain.rule_replay import RuleReplay
from infra.postgres.connect import APP_ROLE, connect
from infra.postgres.log import FlatMapper
from projections.events import Raw, read_event
from projections.reports.ledger import Ledger
from projections.reports.month import MONTH
from projections.reports.report import Cells, Scope
from projections.view import Recorded

_MAPPER: FlatMapper = FlatMapper(JSONTranscoder())


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The month's figures as they are and as they would be, columns as in the report `month`; `refused` by code.

    `families` are those that the month's list ended with, as the figure of that name counts them.
    """

    programme: str
    rules: str
    month: str
    log_position: int
    families: int
    happened: Cells
    would_be: Cells
    refused: dict[str, int]


def what_if(
    dsn: str,
    happened_in: Programme,
    other: Programme,
    month: str,
    goods: GoodsCatalogue,
) -> WhatIf:
    """The month of `happened_in` under `other`. Reads one snapshot and writes nothing.

    Raises MonthOutsideProgramme, MonthMalformed when either has no such month.
    """
    then, now = happened_in.month(month), other.month(month)
    replay = RuleReplay(now, then, goods)
    actual, imagined = Ledger(), Ledger()
    connection = connect(dsn, role=APP_ROLE, application_name="azyq-whatif")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT notification_id, convert_from(state, 'UTF8')::json ->> 'timestamp'"
                " FROM azyq_log.azyq_events ORDER BY notification_id DESC LIMIT 1"
            )
            head, recorded_at = cursor.fetchone() or (0, "1970-01-01T00:00:00+00:00")
        until = datetime.fromisoformat(recorded_at)
        for events in _families(connection, head, f"{happened_in.id}/{month}"):
            for event in events:
                actual.feed(event)
            for event in _imagined(replay, events, until):
                imagined.feed(event)
    finally:
        connection.close()
    happened = _figures(actual, happened_in.id, month)
    return WhatIf(
        other.id,
        now.terms.version,
        month,
        head,
        happened[0],
        happened,
        _figures(imagined, other.id, month),
        dict(sorted(replay.refused.items())),
    )


def _figures(ledger: Ledger, programme: str, month: str) -> Cells:
    whole = MONTH.sections[0]
    rows = whole.from_log(ledger, Scope(0, ((programme, month),)))
    return rows[0][whole.keys :] if rows else (0,) * (len(whole.columns) - whole.keys)


def _imagined(replay: RuleReplay, events: list[Recorded], until: datetime) -> Iterator[Recorded]:
    family = replay.play(((event.topic, event.data) for event in events), until)
    for number, event in enumerate(family.collect_events() if family is not None else (), start=1):
        stored = _MAPPER.to_stored_event(event)
        yield Recorded(number, events[0].stream, number, stored.topic, orjson.loads(stored.state))


def _families(connection: Connection, head: int, cycle: str) -> Iterator[list[Recorded]]:
    with connection.cursor(name="azyq_whatif") as cursor:
        cursor.itersize = 5000
        cursor.execute(
            "SELECT notification_id, originator_id::text, originator_version, topic, state FROM azyq_log.azyq_events"
            " WHERE notification_id <= %s AND originator_id IN (SELECT stream FROM azyq_views.families"
            " WHERE programme || '/' || month = %s) ORDER BY originator_id, originator_version",
            (head, cycle),
        )
        for _, raws in groupby((Raw._make(row) for row in cursor), key=lambda raw: raw.stream):
            read = [read_event(raw) for raw in raws]
            yield [event for event in read if isinstance(event, Recorded)]


def side_by_side(found: WhatIf, language: str) -> list[tuple[str, str, int, int]]:
    """(column id, its name, as it is, as it would be) of every figure."""
    whole = MONTH.sections[0]
    return [
        (column.id, column.names[language], int(is_), int(would_be))
        for column, is_, would_be in zip(
            whole.columns[whole.keys :], found.happened, found.would_be, strict=True
        )
    ]


def as_dict(found: WhatIf, language: str = "en") -> Mapping[str, Any]:
    """For JSON: figures by name, sums in tiyn."""
    return {
        "programme": found.programme,
        "rules": found.rules,
        "month": found.month,
        "log_position": found.log_position,
        "families": found.families,
        "figures": {
            id: {"name": name, "is": is_, "would_be": would_be}
            for id, name, is_, would_be in side_by_side(found, language)
        },
        "refused": found.refused,
    }
