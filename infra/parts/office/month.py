"""The month as the office sees it in the morning: what is due, what was done, the SMS round, who can't be asked."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from psycopg2.extensions import cursor as Cursor

from domain.calendar import Task, local_day
from domain.errors import Refusal
from domain.identity import cycle_id
from domain.programmes import MonthMalformed, Programme, ProgrammeMonth
from infra.bootstrap import Azyq
from infra.lists.rejects import escaped
from infra.month_report import calendar_of, tasks_done
from infra.web.office.reading import MonthShown, TaskShown, TaskState
from projections.month_status import COUNTERS

SOON_DAYS = 3
_AHEAD = timedelta(days=7)  # before the first list of a month can come
_LATEST_EVENTS = 2_000
_RATE_SECONDS = 120
_FAMILIES_AT_ONCE = 500
# What is done when its day is over.
_AT_ITS_END = (Task.CLOSE_LIST, Task.LAPSE, Task.EXPIRE, Task.CLOSE)
_HEADINGS = ("iin", "surname", "given_name", "patronymic", "region", "missing_since")


class OfficeMonths:
    """Reads the views and the log at each call; several threads may use it at once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq

    def months(self, month: str) -> list[MonthShown]:
        """The months at hand of all programmes, or their `month`; the last or the next one where none is at hand.

        Raises MonthMalformed.
        """
        programmes = self._azyq.programmes.values()
        today = local_day(self._azyq.clock())
        if month:
            found = [one for one in (_month(programme, month) for programme in programmes) if one]
        else:
            found = [one for programme in programmes for one in _at_hand(programme, today)]
            found = found or [one for programme in programmes for one in _nearest(programme, today)]
        return [
            self._shown(one, today) for one in sorted(found, key=lambda one: (one.month, one.programme.id))
        ]

    def _shown(self, month: ProgrammeMonth, today: date) -> MonthShown:
        programme, now = month.programme, self._azyq.clock()
        with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
            key = (programme.id, month.month)
            cursor.execute(
                "SELECT row_to_json(m), (SELECT count(*) FROM azyq_views.missing_numbers"
                " WHERE programme = %s AND month = %s) FROM (SELECT 1) one"
                " LEFT JOIN azyq_views.month_status m ON programme = %s AND month = %s",
                (*key, *key),
            )
            row, no_number = cursor.fetchone() or (None, 0)
            done = tasks_done(cursor, month, 2**63 - 1)
            due = self._due(cursor, month, now)
            rate = self._rate(cursor, now) if due["waiting"] or due["sending"] else 0.0
        figures = Counter({name: int((row or {}).get(name) or 0) for name in COUNTERS})
        left = due["waiting"] + due["sending"]
        pace = rate or self._azyq.settings.sms_per_second
        return MonthShown(
            programme.id,
            programme.names,
            month.month,
            month.list_cutoff,
            _tasks(month, done, today),
            figures,
            int(no_number),
            due["waiting"],
            due["sending"],
            due["unknown"],
            rate,
            now + timedelta(seconds=left / pace) if left else None,
            not rate,
        )

    def _due(self, cursor: Cursor, month: ProgrammeMonth, now: datetime) -> Counter[str]:
        """What is not handed over yet; `unknown`: in doubt since a crash (docs/adr/0003)."""
        doubtful = now - timedelta(seconds=self._azyq.settings.sms_unknown_after_seconds)
        cursor.execute(
            "SELECT state, count(*), count(*) FILTER (WHERE touched_at < %s) FROM azyq_log.sms_due"
            " WHERE state <> 'sent' AND cycle = %s GROUP BY state",
            (doubtful, str(cycle_id(month.programme.id, month.month))),
        )
        found: Counter[str] = Counter()
        for state, count, old in cursor:
            found[state] = count
            if state == "sending":
                found["unknown"] = old
        return found

    def _rate(self, cursor: Cursor, now: datetime) -> float:
        """SMS a second, by the newest events of the log; 0.0 when none went in the last two minutes."""
        cursor.execute(
            "SELECT convert_from(state, 'UTF8')::json->>'timestamp' FROM (SELECT topic, state"
            " FROM azyq_log.azyq_events ORDER BY notification_id DESC LIMIT %s) newest"
            " WHERE topic = 'sms.sent'",
            (_LATEST_EVENTS,),
        )
        at = [datetime.fromisoformat(text) for (text,) in cursor]
        late = [one for one in at if (now - one).total_seconds() < _RATE_SECONDS]
        if len(late) < 2:
            return 0.0
        return len(late) / max(1.0, (now - min(late)).total_seconds())

    # --- families without a number ---------------------------------------------------------------------

    def month_of(self, programme: str, month: str) -> ProgrammeMonth:
        """Raises ProgrammeUnknown, MonthMalformed, MonthOutsideProgramme."""
        return self._azyq.programme(programme).month(month)

    def missing_count(self, month: ProgrammeMonth) -> int:
        """Families of the month whose applicant has no number."""
        with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM azyq_views.missing_numbers WHERE programme = %s AND month = %s",
                (month.programme.id, month.month),
            )
            (count,) = cursor.fetchone() or (0,)
        return int(count)

    def missing(self, month: ProgrammeMonth) -> Iterator[bytes]:
        """The families without a number as CSV in UTF-8 with a BOM (R18); personal, so for whoever sends the lists."""
        yield "\ufeff".encode() + _csv([_HEADINGS])
        after = ""
        while rows := self._missing_after(month, after):
            people = self._azyq.vault.people([row["applicant"] for row in rows])
            yield _csv([_line(row, people.get(row["applicant"])) for row in rows])
            after = rows[-1]["stream"]

    def _missing_after(self, month: ProgrammeMonth, after: str) -> Sequence[Mapping[str, Any]]:
        with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT json_build_object('stream', f.stream, 'applicant', f.applicant,"
                " 'region', f.region, 'since', n.missing_since) FROM azyq_views.missing_numbers n"
                " JOIN azyq_views.families f USING (stream) WHERE n.programme = %s AND n.month = %s"
                " AND n.stream > %s ORDER BY n.stream LIMIT %s",
                (month.programme.id, month.month, after or "0" * 32, _FAMILIES_AT_ONCE),
            )
            return [row for (row,) in cursor]


def _line(row: Mapping[str, Any], person: Any) -> tuple[str, ...]:
    since = f"{local_day(datetime.fromisoformat(row['since']))}"
    if person is None:  # erased
        return ("", "", "", "", row["region"], since)
    return (*person[:4], row["region"], since)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[escaped(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _month(programme: Programme, month: str) -> ProgrammeMonth | None:
    """Raises MonthMalformed."""
    try:
        return programme.month(month)
    except MonthMalformed:
        raise
    except Refusal:
        return None


def _at_hand(programme: Programme, today: date) -> list[ProgrammeMonth]:
    """From a week before its first list can come to the day after its end."""
    months = [programme.month(one) for one in programme.months()]
    return [one for one in months if one.assistance_on - _AHEAD <= today <= one.valid_to + timedelta(days=1)]


def _nearest(programme: Programme, today: date) -> list[ProgrammeMonth]:
    months = [programme.month(one) for one in programme.months()]
    over = [one for one in months if one.valid_to < today]
    return over[-1:] or months[:1]


def _tasks(month: ProgrammeMonth, done: Mapping[str, tuple[date, int]], today: date) -> list[TaskShown]:
    found = []
    for entry in calendar_of(month, {task: on for task, (on, _) in done.items()}):
        task, on = Task(str(entry["task"])), date.fromisoformat(str(entry["on"]))
        at_its_end = task in _AT_ITS_END
        if task is Task.CLOSE_LIST:
            on -= timedelta(days=1)  # the last day on which a list is taken
        days = (today - on).days - at_its_end
        state: TaskState
        late = 0
        if task.value in done:
            done_on, families = done[task.value]
            state, late = "done", max(0, (done_on - on).days - (task is Task.CLOSE_LIST))
            found.append(TaskShown(task.value, on, state, done_on, families, late))
            continue
        if days > 0:
            state, late = "late", days
        elif today >= on:
            state = "today"
        else:
            state = "soon" if (on - today).days <= SOON_DAYS else "later"
        found.append(TaskShown(task.value, on, state, None, None, late))
    return found
