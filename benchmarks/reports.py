"""How long analysts wait after a national month: reports now and as of earlier, the dashboard, files, a seal, a proof; the
month report beside one SQL query over a plain schema; and redemptions beside fifty readers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from benchmarks.report_file import measure_file
from benchmarks.report_pages import measure_beside_readers, measure_paint
from benchmarks.report_plain import measure_plain_month
from domain.calendar import ALMATY
from infra.bootstrap import Azyq
from infra.reporting.outside import OutsideReports
from infra.reporting.running import Reports, Request
from infra.sealing import check_seals, prove, seal_what_is_over
from projections.reports.all_reports import REPORTS

PROGRAMME, MONTH, DAY, REGION = "akkol-2025", "2025-07", "2025-07-06", "113220100"
MID = "2025-07-20T00:00:00+05:00"
NOW = datetime(2025, 8, 4, tzinfo=ALMATY)
TIMES = 5
ROWS = 100_000
GOAL_NOW_MS, GOAL_AS_OF_MS, GOAL_XLSX_S, GOAL_PAINT_MS, GOAL_P99_TIMES = 300, 10_000, 15, 1000, 1.2


def measure_reports(azyq: Azyq, data: Path) -> dict[str, Any]:
    """Milliseconds of each report, the median; seconds of the rest. The views must be up to date.

    Nothing is kept between two readings of a report. What follows the plain query adds events to the log.
    """
    reports = Reports(azyq.dsn, azyq.programmes, azyq.services)
    head = azyq.log.head()
    found: dict[str, Any] = {"events": head, "reports": {}}
    began = time.perf_counter()
    reports.stands(MID)  # the first time anybody asks a process of a time
    found["first_time_ms"] = round((time.perf_counter() - began) * 1000, 1)
    for name, report in REPORTS.items():
        base = {"on": DAY} if "on" in report.parameters else {"month": MONTH}
        asked = {"now_ms": Request(name, base), "position_ms": Request(name, base, str(head * 2 // 3))}
        asked["time_ms"] = Request(name, base, MID)
        if "region" in report.parameters:
            asked["region_ms"] = Request(name, {**base, "region": REGION})
        found["reports"][name] = {
            kind: _milliseconds(partial(reports.answer, request, NOW)) for kind, request in asked.items()
        }
    outside, republic = OutsideReports(reports), Request("month", {"month": MONTH})
    found["republic_first_ms"] = _milliseconds(lambda: outside.answer(republic, NOW), 1)
    found["republic_ms"] = _milliseconds(lambda: outside.answer(republic, NOW))
    whole = reports.answer(Request("month", {"month": MONTH, "programme": PROGRAMME}), NOW, ["months"])
    figures = list(whole.tables[0].rows[0][2:-1])
    found["plain"] = measure_plain_month(azyq.dsn, PROGRAMME, MONTH, figures, TIMES)
    found |= _sealed(azyq)
    found["file"] = measure_file(ROWS)
    found["paint"] = measure_paint(azyq.dsn, data, head)
    cluster = data / "postgres" / "postmaster.pid"
    found["beside"] = measure_beside_readers(azyq.dsn, data, int(cluster.read_text().split()[0]))
    return found


def _milliseconds(ask: Callable[[], object], times: int = TIMES) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(median(taken), 1)


def _sealed(azyq: Azyq) -> dict[str, Any]:
    begun = time.perf_counter()
    keys = azyq.seal_keys
    assert keys is not None
    seal_what_is_over(azyq.dsn, azyq.log, keys, NOW)
    sealed = time.perf_counter()
    check_seals(azyq.dsn, keys.trusted)
    checked = time.perf_counter()
    stream = azyq.log_reader.after(azyq.log.head() // 2, 1)[0].stream
    prove(azyq.dsn, [UUID(stream)], stream)
    return {
        "seal_seconds": sealed - begun,
        "check_seconds": checked - sealed,
        "prove_seconds": time.perf_counter() - checked,
    }


def show_reports(found: dict[str, Any], console: Console) -> None:
    """Print what `measure_reports` found."""
    table = Table(title=f"Reports after a national month ({found['events']:,} events), milliseconds")
    kinds = {
        "now_ms": "now",
        "region_ms": "of a region",
        "position_ms": "as of a position",
        "time_ms": "as of a time",
    }
    for heading in ("report", *kinds.values()):
        table.add_column(heading, justify="left" if heading == "report" else "right")
    for name, taken in found["reports"].items():
        table.add_row(name, *(f"{taken[kind]:,.0f}" if kind in taken else "" for kind in kinds))
    plain = found["plain"]
    table.add_row("month: one SQL query, plain schema", f"{plain['ms']:,.0f}", "", "", "", style="dim")
    goals = (GOAL_NOW_MS, GOAL_NOW_MS, GOAL_AS_OF_MS, GOAL_AS_OF_MS)
    table.add_row("goal", *(f"{goal:,}" for goal in goals), style="dim")
    console.print(table)
    file, paint, beside = found["file"], found["paint"], found["beside"]
    console.print(
        f"The plain query: {'the same figures' if plain['agrees'] else 'OTHER FIGURES'}; {plain['lacks']}.\n"
        f"The first as-of by a time of a process {found['first_time_ms']:,.0f} ms. A reader of the republic, small"
        f" counts hidden: {found['republic_first_ms']:,.0f} ms the first time, then {found['republic_ms']:,.0f} ms.\n"
        f"Seal {found['seal_seconds']:.1f} s, check of the seals {found['check_seconds']:.1f} s,"
        f" proof of a voucher {found['prove_seconds']:.2f} s.\n"
        f"XLSX of {file['rows']:,} rows {file['seconds']:.1f} s (goal {GOAL_XLSX_S}), {file['more_mb']:.1f} MB more than"
        f" the rows take, file {file['file_mb']:.1f} MB."
    )
    if "none" in paint:
        console.print(f"Dashboard not measured: {paint['none']}")
    else:
        console.print(
            f"Dashboard in Chromium: first paint {paint['first_paint_ms']} ms after the start of the API, then"
            f" {paint['paint_ms']:.0f} ms (goal {GOAL_PAINT_MS}); whole {paint['first_whole_ms']} ms, then"
            f" {paint['whole_ms']:.0f} ms."
        )
    for clients, one in beside["clients"].items():
        alone, with_readers = one["alone"], one["beside"]
        console.print(
            f"{clients} tills: redemptions alone {alone['per_second']:,}/s p99 {alone['p99']} ms; beside"
            f" {beside['readers']} readers {with_readers['per_second']:,}/s p99 {with_readers['p99']} ms:"
            f" {one['p99_times']} times (goal {GOAL_P99_TIMES}; of the rounds {one['p99_times_of_rounds']})."
        )
