"""Cases: 100,000 open ones of a shipped service; an act, the due list of a role, and a day's run of deadlines."""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from benchmarks.cases_filled import FIRST, SERVICE, STAFF, common_number, fill
from benchmarks.cases_http import measure_http, show_http
from benchmarks.http_calls import spread
from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase, OpenCase
from domain.procedures.acts import Actor
from infra.bootstrap import Azyq, open_azyq
from infra.cases.service_levels import service_levels
from infra.clock import SetClock
from infra.postgres.connect import connect
from infra.sample.numbers import bin_number
from infra.settings import Settings

CALLS = 1_000
GOALS = {"act_ms": 10.0, "list_ms": 50.0, "day_seconds": 30.0}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("cases")
    group.add_argument("--cases", type=int, default=100_000, help="open cases (default: %(default)s)")


def measure_cases(cases: int) -> dict[str, Any]:
    """All figures; times are of one process on an embedded PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="azyq-bench-", ignore_cleanup_errors=True) as folder:
        settings = Settings(_env_file=None, AZYQ_DATA=Path(folder) / "data")
        clock = SetClock(FIRST)
        with open_azyq(settings, clock) as azyq:
            azyq.view_store.prepare(azyq.views)
            return _measure(azyq, clock, cases, Path(folder))


def _measure(azyq: Azyq, clock: SetClock, cases: int, folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = {"cases": cases}
    _ = azyq.run_case  # what it imports is no part of the first act
    _say(f"Cases: {cases:,} are opened, three steps of each taken")
    figures["fill_seconds"] = _timed(lambda: fill(azyq, cases))
    figures["feed_seconds"] = _timed(azyq.catch_up_views)
    figures["events"] = azyq.log.head()
    connection = connect(azyq.dsn, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE; CHECKPOINT")
    connection.close()
    clock.now = FIRST + timedelta(days=18)
    figures["memory_mb_before"] = _memory()
    chance = random.Random(1)
    numbers = [common_number(chance.randrange(cases // 2, cases)) for _ in range(CALLS)]
    figures["act"] = spread(
        [_timed(lambda number=number: _prepare(azyq, clock, number)) for number in dict.fromkeys(numbers)]  # type: ignore[misc]
    )
    figures["open"] = spread([_timed(lambda: _open(azyq, clock)) for _ in range(CALLS // 5)])
    azyq.catch_up_views()
    lists = azyq.case_lists
    tomorrow = clock.now + timedelta(days=1)
    figures["list"] = spread([_timed(lambda: lists.to_do("executor")) for _ in range(100)])
    figures["list_due"] = spread(
        [_timed(lambda: lists.to_do("executor", due_before=tomorrow)) for _ in range(100)]
    )
    figures["levels_seconds"] = _timed(
        lambda: service_levels(azyq.view_store, FIRST.date(), clock.now.date(), clock.now)
    )
    _say("Cases: a backlog of deadlines, a day's, then all that are left")
    for name, wait in (("backlog", None), ("day", None), ("all", timedelta(days=60))):
        at = clock.now if name == "backlog" else clock.now + wait if wait else _next_day(azyq, clock.now)
        clock.now = at
        begun = time.perf_counter()
        done = azyq.settle_cases.run_due(at)
        figures[name] = {
            "seconds": time.perf_counter() - begun,
            "cases": done.cases,
            "overdue": done.overdue,
            "failed": len(done.failed),
        }
        figures[name]["views_seconds"] = _timed(azyq.catch_up_views)
        if name == "backlog":
            _say("Cases: over HTTP, beside a CRUD application")
            figures["http"] = measure_http(azyq, folder, cases, clock.now)
    figures["memory_mb"] = _memory()
    return figures


def _next_day(azyq: Azyq, now: datetime) -> datetime:
    """The evening of the next day on which a step is due."""
    with azyq.view_store.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT min(wakes_at) FROM azyq_views.case_steps WHERE wakes_at > %s", (now,))
        (due,) = cursor.fetchone() or (now,)
    return datetime.combine(due.astimezone(ALMATY).date(), time_of_day(23, 59), ALMATY)


def _prepare(azyq: Azyq, clock: SetClock, number: str) -> None:
    grounds = next(iter(azyq.services.on(SERVICE, FIRST.date()).service.grounds))
    call = ActOnCase(number, "L5", "refusal_prepared", STAFF["executor"], ground=grounds, key="bench")
    azyq.run_case.act(call, clock())


def _open(azyq: Azyq, clock: SetClock) -> UUID:
    """A request by the portal, with its documents into the vault."""
    service = azyq.services.on(SERVICE, clock().date()).service
    samples: dict[str, Any] = {
        "text": "text",
        "date": "2020-01-01",
        "number": "1",
        "yes_no": True,
        "email": "a@example.kz",
        "phone": "+77011234567",
        "iin": bin_number(FIRST.date(), 1),
        "bin": bin_number(FIRST.date(), 1),
        "kato": "113220100",
    }
    call = OpenCase(
        SERVICE,
        Actor("company", ("applicant",)),
        service.channels[0].id,
        kind="issue",
        fields={one.id: samples.get(one.type, next(iter(one.choices), "")) for one in service.fields},
        documents={one.id: b"%PDF-" + bytes(100_000) for one in service.documents if not one.filled},
        consent=True,
    )
    signatures: Any = azyq.signatures
    signed = replace(call, signature=signatures.sign("company", call.content()))
    return azyq.run_case.open(signed, clock()).id


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _memory() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show_cases(figures: dict[str, Any], console: Console) -> None:
    """Print what `measure_cases` found."""
    table = Table(title=f"Cases: {figures['cases']:,} open", title_justify="left")
    for name in ("", "median", "99th percentile", "goal"):
        table.add_column(name, justify="left" if not name else "right")
    for key, name, goal in (
        ("act", "an act", "10 ms"),
        ("open", "a request with its documents", ""),
        ("list", "the due list of a role", "50 ms"),
        ("list_due", "what is due by tomorrow", "50 ms"),
    ):
        one = figures[key]
        table.add_row(name, f"{one['median_ms']:.1f} ms", f"{one['p99_ms']:.1f} ms", goal)
    for key, name, goal in (
        ("backlog", "a backlog of deadlines", ""),
        ("day", "a day's deadlines", "30 s"),
        ("all", "all that are left at once", ""),
    ):
        one = figures[key]
        table.add_row(f"{name}: {one['overdue']:,}", f"{one['seconds']:.1f} s", "", goal)
    table.add_row("levels of a service", f"{figures['levels_seconds'] * 1000:.0f} ms", "", "")
    table.add_row("memory at most", f"{figures['memory_mb']:.0f} MB", "", "")
    console.print(table)
    if http := figures.get("http"):
        show_http(http, console)
