"""Deadlines a second: terms of every unit, from random instants of four years, by Kazakhstan's working time."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from domain.calendar import ALMATY
from domain.procedures.terms import hours, term
from domain.procedures.working_time import WorkingTime
from infra.cases.working_calendar import days_off
from infra.settings import ROOT

TERMS = ("20 min", "1 h", "2 wd", "15 wd", "30 cd", "3 mo", "1 y")
GOAL = 50_000
COUNT = 100_000


def measure_deadlines() -> dict[str, Any]:
    """Deadlines a second by term, the first of each year included; and receipts after hours."""
    office = WorkingTime(
        hours("1-5 09:00-18:30 break 13:00-14:30"), days_off(ROOT / "services" / "moved-days.csv")
    )
    chance = random.Random(1)
    first = datetime(2024, 1, 1, tzinfo=ALMATY)
    starts = [first + timedelta(minutes=chance.randrange(4 * 365 * 24 * 60)) for _ in range(COUNT)]
    rates = {}
    for text in TERMS:
        length = term(text)
        begun = time.perf_counter()
        for start in starts:
            office.add(start, length)
        rates[text] = COUNT / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for start in starts:
        office.received(start, rolls_over=True)
    return {"count": COUNT, "a_second": rates, "received_a_second": COUNT / (time.perf_counter() - begun)}


def show_deadlines(figures: dict[str, Any], console: Console) -> None:
    """The rates as a table, beside the goal."""
    table = Table(title=f"Deadlines, {figures['count']:,} of each (goal: {GOAL:,} a second)")
    for heading in ("term", "a second"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for text, rate in (*figures["a_second"].items(), ("received", figures["received_a_second"])):
        table.add_row(text, f"{rate:,.0f}", "[green]met[/]" if rate >= GOAL else "[red]missed[/]")
    console.print(table)
