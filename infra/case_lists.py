"""Lists of cases out of the views: who has to do what until when, what the clock asks for, and cases themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg2.errors import UndefinedTable

from domain.procedures.case_number import read_number
from infra.postgres.view_store import ViewStore

_STEP = "stream, step, turn, number, service, role, unit, assignee, state, opened_at, due_at, overdue_at, escalated_to"


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
    """Reads of the views `cases` and `case_steps`; empty lists before there are views."""

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
        due_before: datetime | None = None,
        after: DueStep | None = None,
        limit: int = 200,
    ) -> list[DueStep]:
        """The open steps of a role, the one due first in front; those without a term come last.

        `unit` and `assignee` leave out what is another's, `service` the others'; `due_before` what has time. `after`: the
        page that follows.
        """
        where, values = ["role = %s", "state = 'open'"], [role]
        if unit:
            where.append("unit IN (%s, '')")
            values.append(unit)
        if assignee:
            where.append("assignee IN (%s, '')")
            values.append(assignee)
        if service:
            where.append("service = %s")
            values.append(service)
        return self._page(where, values, due_before, after, limit)

    def escalated(
        self, role: str, *, service: str = "", after: DueStep | None = None, limit: int = 200
    ) -> list[DueStep]:
        """What is overdue and was brought before a role, the longest overdue in front."""
        where, values = ["escalated_to = %s", "state = 'open'"], [role]
        if service:
            where.append("service = %s")
            values.append(service)
        return self._page(where, values, None, after, limit)

    def _page(
        self,
        where: list[str],
        values: list[Any],
        due_before: datetime | None,
        after: DueStep | None,
        limit: int,
    ) -> list[DueStep]:
        if due_before is not None:
            where.append("due_at < %s")
            values.append(due_before)
        if after is None:
            return self._steps(where, values, limit)
        place = (str(after.stream), after.step, after.turn)
        if after.due_at is None:
            without = [*where, 'due_at IS NULL AND (stream, step COLLATE "C", turn) > (%s, %s, %s)']
            return self._steps(without, [*values, *place], limit)
        # Two reads, for an index finds each and not both at once.
        later = [*where, '(due_at, stream, step COLLATE "C", turn) > (%s, %s, %s, %s)']
        found = self._steps(later, [*values, after.due_at, *place], limit)
        if len(found) < limit and due_before is None:
            found += self._steps([*where, "due_at IS NULL"], values, limit - len(found))
        return found

    def _steps(self, where: list[str], values: list[Any], limit: int) -> list[DueStep]:
        """In order of time; those without a term come last."""
        order = 'due_at, stream, step COLLATE "C", turn'
        if where[0].startswith("role"):  # the index begins with them
            order = f"role, state, {order}"
        # The planner takes a page in the middle for a few rows, and would gather and sort all that follow.
        rows = self._rows(
            "SET LOCAL enable_bitmapscan = off;"
            f"SELECT {_STEP} FROM azyq_views.case_steps WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %s",
            (*values, limit),
        )
        return [DueStep(UUID(row[0]), *row[1:]) for row in rows]

    def of_applicant(self, subject: str, limit: int = 100) -> list[dict[str, Any]]:
        """A person's cases, the newest in front, as rows of the view."""
        return self._dicts("applicant = %s", [subject], limit)

    def of_service(self, service: str, state: str = "open", limit: int = 100) -> list[dict[str, Any]]:
        """A service's cases in a state (open, closed, refused), the newest in front."""
        return self._dicts("service = %s AND state = %s", [service, state], limit)

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
