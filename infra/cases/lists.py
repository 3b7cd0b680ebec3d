"""Lists of cases out of the views: who has to do what until when, what the clock asks for, and cases themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from psycopg2.errors import UndefinedColumn, UndefinedTable

from domain.procedures.case_number import read_number
from infra.postgres.view_store import ViewMissing, ViewStore

_STEP = "stream, step, turn, number, service, role, unit, assignee, state, opened_at, due_at, overdue_at, escalated_to"


_ORDER = 'due_at, stream, step COLLATE "C", turn'


@dataclass
class _Asked:
    """What narrows a list: of each column one of some values; what is due before a time."""

    either: dict[str, tuple[str, ...]]
    due_before: datetime | None = None


class DueStep(NamedTuple):
    """A turn of a step that somebody has to take; times with an offset, None where there is none."""

    stream: UUID
    step: str
    turn: str
    case: str
    service: str
    role: str
    unit: str
    assignee: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    overdue_at: datetime | None
    escalated_to: str | None


class PostgresCaseLists:
    """Reads of the views `cases` and `case_steps`; empty lists before there are views.

    Each may raise ViewMissing where an upgrade asks for a rebuild that was not done yet.
    """

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def due(
        self, now: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[datetime, UUID]]:
        """Cases that the clock asks something of by `now`: (since when, stream), in this order, after `after`."""
        where, values = "", []
        if after is not None:
            where, values = " AND (wakes_at, stream) > (%s, %s)", [after[0], str(after[1])]
        rows = self._rows(
            "SELECT wakes_at, stream FROM azyq_views.case_steps WHERE wakes_at <= %s"
            f"{where} ORDER BY wakes_at, stream LIMIT %s",
            (now, *values, limit),
        )
        return [(at, UUID(stream)) for at, stream in rows]

    def to_do(
        self,
        role: str,
        *,
        unit: str = "",
        assignee: str = "",
        service: str = "",
        through: str = "",
        due_before: datetime | None = None,
        after: DueStep | None = None,
        limit: int = 200,
    ) -> list[DueStep]:
        """The open steps of a role, the one due first in front; those without a term come last.

        `unit` and `assignee` leave out what is another's, `service` and `through`, a portal, the others'; `due_before` what
        has time. `after`: the page that follows.
        """
        asked = _Asked({"role": (role,)}, due_before)
        if unit:
            asked.either["unit"] = (unit, "")
        if assignee:
            asked.either["assignee"] = (assignee, "")
        if service:
            asked.either["service"] = (service,)
        if through:
            asked.either["through"] = (through,)
        return self._page(asked, after, limit)

    def escalated(
        self,
        role: str,
        *,
        services: Collection[str] = (),
        through: str = "",
        after: DueStep | None = None,
        limit: int = 200,
    ) -> list[DueStep]:
        """What is overdue and was brought before a role, the longest overdue in front.

        Of `services` only, and of the portal `through`, where given.
        """
        asked = _Asked({"escalated_to": (role,)})
        if through:
            asked.either["through"] = (through,)
        if services:
            asked.either["service"] = tuple(services)
        return self._page(asked, after, limit)

    def waiting(
        self, steps: Collection[tuple[str, str]], assignee: str, now: datetime
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """By (service, step): how many are open for a person or for nobody in particular, how many of them overdue."""
        rows = self._rows(
            "SELECT service, step, count(*), count(*) FILTER (WHERE due_at < %s) FROM azyq_views.case_steps"
            " WHERE state = 'open' AND (service, step) IN %s AND assignee IN (%s, '') GROUP BY service, step",
            (now, tuple(steps), assignee),
        )
        return {(service, step): (cases, overdue) for service, step, cases, overdue in rows}

    def at_step(self, service: str, step: str, assignee: str, limit: int) -> list[UUID]:
        """The streams of cases whose step is open for a person or for nobody in particular, those due first in front."""
        rows = self._rows(
            "SELECT stream FROM azyq_views.case_steps WHERE state = 'open' AND service = %s AND step = %s"
            " AND assignee IN (%s, '') ORDER BY due_at, stream LIMIT %s",
            (service, step, assignee, limit),
        )
        return [UUID(stream) for (stream,) in rows]

    def _page(self, asked: _Asked, after: DueStep | None, limit: int) -> list[DueStep]:
        if after is None:
            return self._steps(asked, "true", (), limit)
        place = (str(after.stream), after.step, after.turn)
        if after.due_at is None:
            where = 'due_at IS NULL AND (stream, step COLLATE "C", turn) > (%s, %s, %s)'
            return self._steps(asked, where, place, limit)
        # Two reads, for an index finds each and not both at once.
        later = '(due_at, stream, step COLLATE "C", turn) > (%s, %s, %s, %s)'
        found = self._steps(asked, later, (after.due_at, *place), limit)
        if len(found) < limit and asked.due_before is None:
            found += self._steps(asked, "due_at IS NULL", (), limit - len(found))
        return found

    def _steps(self, asked: _Asked, where: str, values: tuple[Any, ...], limit: int) -> list[DueStep]:
        """In order of time; those without a term come last."""
        # One read for each value of what is narrowed: within it, an index has the order.
        reads: list[str] = []
        all_values: list[Any] = []
        for chosen in product(*asked.either.values()):
            conditions = [*(f"{name} = %s" for name in asked.either), "state = 'open'", where]
            all_values += [*chosen, *values]
            if asked.due_before is not None:
                conditions.append("due_at < %s")
                all_values.append(asked.due_before)
            reads.append(
                f"(SELECT {_STEP} FROM azyq_views.case_steps WHERE {' AND '.join(conditions)}"
                f" ORDER BY {_ORDER} LIMIT %s)"
            )
            all_values.append(limit)
        # The planner takes a page in the middle for a few rows, and would gather and sort all that follow.
        rows = self._rows(
            "SET LOCAL enable_bitmapscan = off;"
            f"SELECT {_STEP} FROM ({' UNION ALL '.join(reads)}) found ORDER BY {_ORDER} LIMIT %s",
            (*all_values, limit),
        )
        return [DueStep(UUID(row[0]), *row[1:]) for row in rows]

    def of_applicant(self, subject: str, limit: int = 100) -> list[dict[str, Any]]:
        """A person's cases, the newest in front, as rows of the view."""
        return self._dicts("applicant = %s", [subject], limit)

    def ended(
        self, service: str, state: str, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """A service's cases that are closed or were refused, the newest in front; `after` (received, stream) one of them."""
        values: list[Any] = [service, state]
        where = "service = %s AND state = %s"
        if after is not None:
            where += " AND (received_at, stream) < (%s, %s)"
            values += [after[0], str(after[1])]
        rows = self._rows(
            f"SELECT row_to_json(c) FROM azyq_views.cases c WHERE {where}"
            " ORDER BY received_at DESC, stream DESC LIMIT %s",
            (*values, limit),
        )
        return [row for (row,) in rows]

    def by_result(self, number: str) -> dict[str, Any] | None:
        """The case that issued a licence, certificate or refusal of this number, to verify it."""
        typed = read_number(number)
        found = self._dicts("result_number = %s", ["".join(typed) if typed else number], 1)
        return found[0] if found else None

    def _dicts(self, where: str, values: list[Any], limit: int) -> list[dict[str, Any]]:
        rows = self._rows(
            f"SELECT row_to_json(c) FROM azyq_views.cases c WHERE {where} ORDER BY received_at DESC LIMIT %s",
            (*values, limit),
        )
        return [row for (row,) in rows]

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._store.connection() as connection, connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()
        except UndefinedTable:
            return []
        except UndefinedColumn as error:  # an upgrade's, until the view is rebuilt
            raise ViewMissing("a view of cases is of another version") from error
