"""Lists of open steps out of many: whatever narrows them, they are right, in order, in pages, and read few rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.identity import AZYQ
from infra.bootstrap import Azyq, open_azyq
from infra.cases.lists import DueStep, PostgresCaseLists
from infra.clock import SetClock
from infra.postgres.connect import connect
from tests.integration.month_in_process import settings_for
from tests.unit.service_to_run import MONDAY

pytestmark = pytest.mark.views_ready

STEPS = 6_000
LIMIT = 20
NARROWED: list[Any] = [
    {"unit": unit, "assignee": assignee, "service": service}
    for unit, assignee, service in product(("", "big", "small"), ("", "busy", "idle"), ("", "common", "rare"))
]


def _row(number: int) -> dict[str, Any]:
    """An open step: nearly all of the common service and the big unit, named to the busy one."""
    rare, small, idle = number % 601 == 0, number % 701 == 0, number % 801 == 0
    return {
        "stream": str(uuid5(AZYQ, f"case/{number}")),
        "step": "L5",
        "turn": "1",
        "number": f"LD-2026-{number}",
        "service": "rare" if rare else "common",
        "role": "head" if number % 2_001 == 0 else "executor",
        "unit": "small" if small else "" if number % 901 == 0 else "big",
        "assignee": "idle" if idle else "" if number % 1_001 == 0 else "busy",
        "state": "open",
        "escalated_to": None if number % 5 == 0 else "director",
        "opened_at": MONDAY,
        "from_at": MONDAY,
        # some at one time, and some without any
        "due_at": None if number % 97 == 0 else MONDAY + timedelta(minutes=number // 3 % 1_500),
    }


def _applicants(number: int) -> dict[str, Any]:
    """The same as an applicant's step: nearly all through the big portal, some through the small one or none."""
    through = "small" if number % 603 == 0 else None if number % 11 == 0 else "big"
    row = _row(number)
    stream = str(uuid5(AZYQ, f"applicant/{number}"))
    return {**row, "stream": stream, "role": "applicant", "escalated_to": None, "through": through}


ROWS = [{**_row(number), "through": None} for number in range(STEPS)]
ROWS += [_applicants(number) for number in range(STEPS)]
PORTALS: list[Any] = [
    {"through": through, "service": service}
    for through, service in product(("big", "small", "none"), ("", "common", "rare"))
]


@pytest.fixture
def azyq(database: str, tmp_path: Path) -> Iterator[Azyq]:
    with open_azyq(settings_for(database, tmp_path), SetClock(MONDAY)) as azyq:
        azyq.view_store.prepare(azyq.views)
        connection = connect(azyq.dsn, autocommit=True)
        with connection.cursor() as cursor:
            names = ", ".join(ROWS[0])
            values = ", ".join(f"%({name})s" for name in ROWS[0])
            text = ",".join(
                cursor.mogrify(f"({values})", row).decode()
                for row in [*ROWS, *({**row, "state": "done", "turn": "0"} for row in ROWS)]
            )
            cursor.execute(f"INSERT INTO azyq_views.case_steps ({names}) VALUES {text}")
            cursor.execute("SELECT table_name FROM azyq_views.view_state WHERE view = 'case_steps'")
            ((table,),) = cursor.fetchall()
            cursor.execute(f"ANALYZE azyq_views.{table}")
        connection.close()
        yield azyq


def expected(role: str, narrowed: dict[str, str], due_before: datetime | None) -> list[str]:
    """The numbers of the steps asked for, in order."""
    found = [
        row
        for row in ROWS
        if row["role"] == role
        and (not narrowed.get("unit") or row["unit"] in (narrowed["unit"], ""))
        and (not narrowed.get("assignee") or row["assignee"] in (narrowed["assignee"], ""))
        and (not narrowed["service"] or row["service"] == narrowed["service"])
        and (not narrowed.get("through") or row["through"] == narrowed["through"])
        and (due_before is None or (row["due_at"] is not None and row["due_at"] < due_before))
    ]
    found.sort(key=lambda row: (row["due_at"] is None, row["due_at"] or MONDAY, UUID(row["stream"])))
    return [row["number"] for row in found]


@pytest.mark.parametrize("due_before", [None, MONDAY + timedelta(minutes=700)])
def test_whatever_narrows_a_list_it_is_right_and_in_order_page_by_page(
    azyq: Azyq, due_before: datetime | None
) -> None:
    for role, narrowed in [*product(["executor"], NARROWED), *product(["applicant"], PORTALS)]:
        seen: list[str] = []
        after: DueStep | None = None
        while page := azyq.case_lists.to_do(role, **narrowed, due_before=due_before, after=after, limit=900):
            seen += [one.case for one in page]
            after = page[-1]
        assert seen == expected(role, narrowed, due_before), (role, narrowed)


@pytest.mark.parametrize("services", [(), ("rare",), ("common", "rare", "none")])
def test_what_was_brought_before_a_role_is_in_order_page_by_page(
    azyq: Azyq, services: tuple[str, ...]
) -> None:
    found = [row for row in ROWS if row["escalated_to"] and (not services or row["service"] in services)]
    found.sort(key=lambda row: (row["due_at"] is None, row["due_at"] or MONDAY, UUID(row["stream"])))
    seen: list[str] = []
    after: DueStep | None = None
    while page := azyq.case_lists.escalated("director", services=services, after=after, limit=900):
        seen += [one.case for one in page]
        after = page[-1]
    assert seen == [row["number"] for row in found]


def test_whatever_narrows_a_list_few_rows_are_read(azyq: Azyq, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []
    plain = PostgresCaseLists._rows

    def noted(self: PostgresCaseLists, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        asked.append((query, values))
        return plain(self, query, values)

    lists = azyq.case_lists
    middle = lists.to_do("executor", limit=STEPS // 2)[-1]
    theirs = lists.to_do("applicant", limit=STEPS // 2)[-1]
    monkeypatch.setattr(PostgresCaseLists, "_rows", noted)
    for narrowed in NARROWED:
        for after in (None, middle):
            lists.to_do("executor", **narrowed, after=after, limit=LIMIT)
    lists.to_do("executor", due_before=MONDAY - timedelta(days=1), limit=LIMIT)
    for narrowed in PORTALS:
        for after in (None, theirs):
            lists.to_do("applicant", **narrowed, after=after, limit=LIMIT)
    for services in ((), ("rare",), ("common", "rare", "none")):
        for after in (None, middle):
            lists.escalated("director", services=services, after=after, limit=LIMIT)
    with azyq.view_store.connection() as connection, connection.cursor() as cursor:
        for query, values in asked:
            setup, _, statement = query.partition(";")
            cursor.execute(f"{setup}; EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
            ((plan,),) = cursor.fetchall()
            # up to four reads, each of a page and of what is due at the same time as its last
            assert _read(plan[0]["Plan"]) <= 5 * LIMIT, (query, values)


def _read(plan: dict[str, Any]) -> int:
    """How many rows of the table were looked at."""
    own = 0
    if "Relation Name" in plan:
        own = int((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
    return own + sum(_read(one) for one in plan.get("Plans", ()))
