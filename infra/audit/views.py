"""The audit of views: every table of a view holds what the log, folded anew up to the view's position, gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from domain.audit.audited_log import Findings
from domain.audit.facts import Finding
from infra.audit.streams import LogStreams
from infra.audit.sums import Sums, bounds, sums_of
from infra.postgres.turn import SCHEMA, Place, place_of
from projections.all_views import VIEWS
from projections.events import read_event
from projections.folding import Parked, fold_steps, fold_stream, steps
from projections.view import Key, Recorded, Row, Rows, Unreadable, View
from streams.topics import partition_of

PARKED_KEPT = 10_000
_PLAIN = ("uuid", "text", "integer", "bigint")
_TIME = "timestamptz"

Event = Recorded | Unreadable


@dataclass(slots=True)
class _Audited:
    """A view with a table: where it stands, and the sums of the rows it must have."""

    view: View
    place: Place
    sums: Sums = field(default_factory=Sums)
    whole: Rows = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    events: int = 0

    @property
    def table(self) -> str:
        return self.place.table

    @property
    def furthest(self) -> int:
        return max(self.place.position, *self.place.ahead.values(), 0)

    def held(self, events: Sequence[Event]) -> Sequence[Event]:
        """Those of one stream's `events` that the table must hold."""
        upto = self.place.position
        if self.place.ahead:
            upto = self.place.ahead.get(partition_of(events[0].stream, self.place.partitions), upto)
        if max(event.position for event in events) <= upto:
            return events
        return [event for event in events if event.position <= upto]


class ViewsAudited(NamedTuple):
    """What an audit of the views found, how many times each check ran, and which views it says nothing of."""

    findings: Findings
    ran: dict[str, int]
    notes: list[str]


def audit_views(connection: Connection, head: int) -> ViewsAudited:
    """Fold the log up to `head`, as `connection` sees it, into every view, and compare."""
    return _ViewAudit(connection, head).run()


class _ViewAudit:
    """Views that aren't kept by stream have few rows, which are held in memory."""

    def __init__(self, connection: Connection, head: int) -> None:
        self._connection = connection
        self._log = LogStreams(connection)
        self._head = head
        self._notes: list[str] = []
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('azyq_views.view_state')")
            there = cursor.fetchone() != (None,)
            places = {view.name: place_of(cursor, view.name) if there else None for view in VIEWS}
        self._audited: list[_Audited] = []
        for view in VIEWS:
            place = places[view.name]
            if place is None:
                self._notes.append(f"the view {view.name} has no table yet")
            elif place.version != view.version:
                self._notes.append(
                    f"the view {view.name} has version {place.version}, not {view.version}: rebuild it"
                )
            else:
                self._audited.append(_Audited(view, place))

    def run(self) -> ViewsAudited:
        for events in self._streams():
            self._fold(events)
        findings, ran = Findings(), dict[str, int]()
        self._compare(findings, ran)
        return ViewsAudited(findings, ran, self._notes)

    def _streams(self, where: str = "", values: tuple[Any, ...] = ()) -> Iterator[Sequence[Event]]:
        for _, of_stream in groupby(self._log.raws(where, values), key=attrgetter("stream")):
            yield [read_event(raw) for raw in of_stream]

    def _fold(self, events: Sequence[Event]) -> None:
        """All events of one stream, in order."""
        bucket = int(events[0].stream[:2], 16)
        for audited in self._audited:
            mine = audited.held(events)
            audited.events += len(mine)
            if audited.view.per_stream:
                rows, parked = fold_stream(audited.view, mine)
                for row in rows.values():
                    if row is not None:
                        audited.sums.add(bucket, _line(audited.view, row))
            else:
                _, parked = fold_steps(audited.view, audited.whole, steps(audited.view, mine))
            if parked and len(audited.parked) < PARKED_KEPT:
                audited.parked += parked

    def _compare(self, findings: Findings, ran: dict[str, int]) -> None:
        """Tables with sums; where those differ, streams of the log are read again."""
        for audited in self._audited:
            if audited.furthest > self._head:
                what = f"{audited.view.name} stands at {audited.furthest}, the log at {self._head}"
                findings.add(Finding("view", "R32", None, "", 0, "", what))
            if audited.view.per_stream:
                ran["view"] = ran.get("view", 0) + audited.sums.rows
                for bucket in self._differing(audited):
                    self._compare_rows(
                        audited, self._folded(audited, bucket), self._kept(audited, bucket), findings
                    )
            else:
                ran["view"] = ran.get("view", 0) + len(audited.whole)
                expected = {key: row for key, row in audited.whole.items() if row is not None}
                self._compare_rows(audited, expected, self._kept(audited, None), findings)
        if self._audited:
            ran["parked"] = sum(audited.events for audited in self._audited)
            self._compare_parked(findings)

    def _differing(self, audited: _Audited) -> list[int]:
        table = sql.Identifier(SCHEMA, audited.table)
        select = sql.SQL("SELECT {} FROM {}").format(_selected(audited.view), table)
        return audited.sums.differing(sums_of(self._connection, select))

    def _folded(self, audited: _Audited, bucket: int) -> dict[Key, Row]:
        found: dict[Key, Row] = {}
        for events in self._streams("WHERE originator_id BETWEEN %s AND %s", bounds(bucket)):
            for key, row in fold_stream(audited.view, audited.held(events))[0].items():
                if row is not None:
                    found[key] = row
        return found

    def _kept(self, audited: _Audited, bucket: int | None) -> dict[Key, tuple[str, list[str | None]]]:
        """The table's rows, as (stream, columns in text), by key."""
        view = audited.view
        query = sql.SQL("SELECT {} FROM {}").format(
            _selected(view, as_text=True), sql.Identifier(SCHEMA, audited.table)
        )
        values: tuple[str, ...] = ()
        if bucket is not None:
            query += sql.SQL(" WHERE stream BETWEEN %s AND %s")
            values = bounds(bucket)
        names = view.table.names
        found = {}
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            for stream, *columns in cursor:
                key = tuple(columns[names.index(name)] for name in view.table.key)
                found[key] = stream or "", columns
        return found

    def _compare_rows(
        self,
        audited: _Audited,
        expected: dict[Key, Row],
        kept: dict[Key, tuple[str, list[str | None]]],
        findings: Findings,
    ) -> None:
        view = audited.view
        for key, row in expected.items():
            stream = str(row.get("stream", "")).replace("-", "")
            now = kept.pop(key, None)
            if now is None:
                findings.add(_finding(view, stream, f"the row {'/'.join(key)} is missing"))
                continue
            for (name, kind), is_now in zip(view.table.columns, now[1], strict=True):
                must = _text(kind, row[name])
                if must != is_now:
                    what = f"the row {'/'.join(key)}: {name} is {is_now} in the view, {must} by the log"
                    findings.add(_finding(view, stream, what))
                    break
        for key, (stream, _) in kept.items():
            what = f"the row {'/'.join(map(str, key))} is in the view, not in the log"
            findings.add(_finding(view, stream.replace("-", ""), what))

    def _compare_parked(self, findings: Findings) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT view, position, stream, topic, reason, state FROM azyq_views.parked")
            states = {}
            for view, position, stream, topic, reason, state in cursor:
                states[view, position] = state
                if state == "open":
                    what = f"{view}: parked: {reason}"
                    findings.add(Finding("parked", "R32", position, stream.replace("-", ""), 0, topic, what))
        for audited in self._audited:
            for parked in audited.parked:
                state = states.get((audited.view.name, parked.position))
                if state not in ("open", "discarded"):
                    what = f"{audited.view.name}: can't be folded, yet isn't parked: {parked.reason}"
                    stream = parked.stream.replace("-", "")
                    findings.add(Finding("parked", "R32", parked.position, stream, 0, parked.topic, what))


def _finding(view: View, stream: str, what: str) -> Finding:
    return Finding("view", "R32", None, stream, 0, "", f"{view.name}: {what}")


def _selected(view: View, as_text: bool = False) -> sql.Composable:
    """The stream, then every column, times in UTC to the microsecond."""
    stream = sql.SQL("stream::text") if "stream" in view.table.names else sql.SQL("NULL::text")
    chosen: list[sql.Composable] = [stream]
    for name, kind in view.table.columns:
        column: sql.Composable = sql.Identifier(name)
        if kind == _TIME:
            column = sql.SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')").format(column)
        elif as_text:
            column = sql.SQL("{}::text").format(column)
        chosen.append(column)
    return sql.SQL(", ").join(chosen)


def _text(kind: str, value: Any) -> str | None:
    """A folded value as PostgreSQL writes it."""
    if value is None:
        return None
    if kind in _PLAIN:
        return str(value)
    if kind == _TIME:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")[:26]
    raise NotImplementedError(f"the audit can't compare columns of type {kind}")


_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
)
_ESCAPED = re.compile(r"[\\\x08-\x0d]")


def _line(view: View, row: Row) -> bytes:
    """A folded row as COPY writes it."""
    parts = [row["stream"]]
    escape = False
    for name, kind in view.table.columns:
        value = row[name]
        if value is None:
            parts.append("\\N")
        elif kind == "text":
            escape = escape or _ESCAPED.search(value) is not None
            parts.append(value)
        else:
            parts.append(_text(kind, value) or "")
    if escape:
        parts = [part if part == "\\N" else part.translate(_ESCAPES) for part in parts]
    return ("\t".join(parts) + "\n").encode()
