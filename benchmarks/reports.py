"""How long analysts wait after a national month: each report now and as of an earlier position, a seal, a proof, a file."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from domain.calendar import ALMATY
from infra.bootstrap import Azyq
from infra.reporting.formats import write_xlsx
from infra.reporting.running import Reports, Request
from infra.sealing import check_seals, prove, seal_what_is_over
from projections.reports.all_reports import REPORTS

MONTH, DAY = "2025-07", "2025-07-06"
MID = "2025-07-20T00:00:00+05:00"
KINDS = (("now_ms", 5), ("position_ms", 5), ("time_ms", 1))  # and how often each is asked: the median counts
ROWS = 100_000
GOAL_NOW_MS, GOAL_AS_OF_MS, GOAL_XLSX_S = 300, 10_000, 15


def measure_reports(azyq: Azyq) -> dict[str, Any]:
    """Milliseconds of each report, the median; seconds of the rest. The views must be up to date."""
    reports, now = Reports(azyq.dsn, azyq.programmes), datetime(2025, 8, 2, tzinfo=ALMATY)
    head = azyq.log.head()
    found: dict[str, Any] = {"events": head, "reports": {}}
    for name, report in REPORTS.items():
        parameters = {"on": DAY} if "on" in report.parameters else {"month": MONTH}
        asked = [Request(name, parameters, as_of) for as_of in ("", str(head * 2 // 3), MID)]
        found["reports"][name] = {
            kind: _milliseconds(partial(reports.answer, request, now), times)
            for (kind, times), request in zip(KINDS, asked, strict=True)
        }
    begun = time.perf_counter()
    keys = azyq.seal_keys
    assert keys is not None
    seal_what_is_over(azyq.dsn, azyq.log, keys, now)
    sealed = time.perf_counter()
    check_seals(azyq.dsn, keys.trusted)
    checked = time.perf_counter()
    stream = azyq.log_reader.after(head // 2, 1)[0].stream
    prove(azyq.dsn, [UUID(stream)], stream)
    found["seal_seconds"], found["check_seconds"] = sealed - begun, checked - sealed
    found["prove_seconds"] = time.perf_counter() - checked
    found["xlsx_seconds"] = _xlsx(reports, now)
    return found


def _milliseconds(ask: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(median(taken), 1)


def _xlsx(reports: Reports, now: datetime) -> float:
    """Seconds to write ROWS rows of the goods report's articles."""
    answer = reports.answer(Request("goods", {"month": MONTH}), now)
    table = answer.tables[-1]
    rows = (table.rows * (ROWS // max(len(table.rows), 1) + 1))[:ROWS]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        write_xlsx(replace(answer, tables=[replace(table, rows=rows)]), Path(folder) / "goods.xlsx", "kk")
        return time.perf_counter() - begun


def show_reports(found: dict[str, Any], console: Console) -> None:
    """Print what `measure_reports` found."""
    table = Table(title=f"Reports after a national month ({found['events']:,} events), milliseconds")
    for heading in ("report", "now", "as of a position", "as of a time"):
        table.add_column(heading, justify="left" if heading == "report" else "right")
    for name, taken in found["reports"].items():
        table.add_row(name, *(f"{taken[kind]:,.0f}" for kind in ("now_ms", "position_ms", "time_ms")))
    table.add_row("goal", f"{GOAL_NOW_MS}", f"{GOAL_AS_OF_MS:,}", f"{GOAL_AS_OF_MS:,}", style="dim")
    console.print(table)
    console.print(
        f"seal {found['seal_seconds']:.1f} s, check of the seals {found['check_seconds']:.1f} s,"
        f" proof of a voucher {found['prove_seconds']:.2f} s, XLSX of {ROWS:,} rows {found['xlsx_seconds']:.1f} s"
        f" (goal {GOAL_XLSX_S})"
    )
