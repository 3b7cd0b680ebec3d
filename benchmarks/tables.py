"""Figures as tables: phases with their growth, goals, and the plain ways side by side."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.carrying_tables import show_carrying
from benchmarks.cases import show_cases
from benchmarks.counter.tables import show_beside, show_counter
from benchmarks.deadlines import show_deadlines
from benchmarks.plain import GROUP_BY_LACKS, IMPORT_LACKS
from benchmarks.reports import show_reports

# What the month's five minutes are made of; audit, rebuild and the plain ways are timed beside it
MONTH = (
    "import",
    "first SMS",
    "replies and issue",
    "confirmations",
    "activation",
    "purchases",
    "reminder",
    "lapses and expiry",
    "views up to date",
)
ENOUGH = 20_000  # events below which a rate says nothing
NATIONAL = 500_000  # members from which a month counts as a national one


def show(figures: dict[str, Any]) -> None:
    """Print `figures` as `python -m benchmarks` keeps them."""
    console = Console()
    machine = figures["machine"]
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']};"
        f" load when begun {machine['load'][0]} (figures are pessimistic when others share the cores)"
    )
    months = figures.get("months", [])
    if months:
        console.print(_phases(months))
    if months or "start" in figures:
        console.print(_goals(figures))
    if counter := figures.get("counter"):
        show_counter(counter, console)
    if beside := figures.get("beside"):
        show_beside(beside, console)
    if kafka := figures.get("kafka"):
        show_carrying(kafka, console)
    if deadlines := figures.get("deadlines"):
        show_deadlines(deadlines, console)
    if found := figures.get("cases"):
        show_cases(found, console)
    if months:
        console.print(_side_by_side(months[-1]))
        if reports := months[-1]["views"].get("reports"):
            show_reports(reports, console)


def total_seconds(month: dict[str, Any]) -> float:
    """The whole month without the audit."""
    return sum(float(phase["seconds"]) for phase in month["phases"] if phase["name"] in MONTH)


def _named(month: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((phase for phase in month["phases"] if phase["name"] == name), None)


def _phases(months: list[dict[str, Any]]) -> Table:
    server = months[-1]["database"]
    table = Table(
        title=f"A month, phase by phase (PostgreSQL {server['version']}, fsync {server['fsync']},"
        f" synchronous_commit {server['synchronous_commit']})"
    )
    table.add_column("phase")
    for month in months:
        table.add_column(f"{month['members']:,} members\ns", justify="right")
        table.add_column("CPU s\nours + PostgreSQL", justify="right")
        table.add_column("per s", justify="right")
    if len(months) > 1:
        table.add_column("growth of time\na member", justify="right")
    names = [phase["name"] for phase in months[-1]["phases"]]
    for name in [n for n in MONTH if n in names] + [n for n in names if n not in MONTH]:
        cells = [name]
        found = [_named(month, name) for month in months]
        for phase in found:
            if phase is None:
                cells += ["", "", ""]
                continue
            rate = f"{phase['count'] / phase['seconds']:,.0f} {phase['unit']}" if phase["count"] else ""
            cells += [
                f"{phase['seconds']:,.1f}",
                f"{phase['python_seconds']:,.1f} + {phase['postgres_seconds']:,.1f}",
                rate,
            ]
        first, last = found[0], found[-1]
        if len(months) > 1 and first and last:
            cells.append(
                f"x {_growth(first['seconds'], months[0]['members'], last['seconds'], months[-1]['members']):.2f}"
            )
        table.add_row(*cells)
    cells = ["the month (without the audit)"]
    for month in months:
        cells += [
            f"{total_seconds(month):,.1f}",
            "",
            f"{month['members'] / total_seconds(month):,.0f} members",
        ]
    if len(months) > 1:
        grown = _growth(
            total_seconds(months[0]), months[0]["members"], total_seconds(months[-1]), months[-1]["members"]
        )
        cells.append(f"x {grown:.2f}")
    table.add_section()
    table.add_row(*cells, style="bold")
    return table


def _growth(first: float, first_members: int, last: float, last_members: int) -> float:
    return (last / last_members) / (first / first_members)


def _goals(figures: dict[str, Any]) -> Table:
    table = Table(title="Goals")
    for heading in ("what", "goal", "measured", ""):
        table.add_column(heading, justify="right" if heading == "measured" else "left")

    def goal(what: str, wanted: str, measured: str, met: bool) -> None:
        table.add_row(what, wanted, measured, "[green]met[/]" if met else "[red]missed[/]")

    for month in figures.get("months", []):
        if month["members"] >= NATIONAL:
            seconds = total_seconds(month)
            goal("a national month, all phases but the audit", "< 300 s", f"{seconds:,.0f} s", seconds < 300)
            seconds = _named(month, "import")["seconds"]  # type: ignore[index]
            goal(f"import of {month['rows']:,} rows", "< 60 s", f"{seconds:,.1f} s", seconds < 60)
        goal(
            f"memory of our process, {month['members']:,} members",
            "< 500 MB",
            f"{month['peak_mb']:,.0f} MB",
            month["peak_mb"] < 500,
        )
        if month is not figures["months"][-1]:
            continue  # rates are the largest size's: at a smaller one the fixed cost of a start counts
        for phase in month["phases"]:
            rate = phase["count"] / phase["seconds"] if phase["seconds"] else 0
            if phase["name"].startswith("rebuild ") and phase["count"] >= ENOUGH:
                goal(
                    f"{phase['name']}, {phase['count']:,} events",
                    "> 50,000 events/s",
                    f"{rate:,.0f} events/s",
                    rate > 50_000,
                )
            if phase["name"] == "audit":
                goal(
                    f"audit, {phase['count']:,} events",
                    "1,000,000 in < 30 s",
                    f"{1_000_000 / rate:,.1f} s a million",
                    rate > 1_000_000 / 30,
                )
    if start := figures.get("start"):
        goal(
            "azyq --help, median of 10",
            "< 0.3 s",
            f"{start['help_seconds']:.2f} s",
            start["help_seconds"] < 0.3,
        )
        played = start["demo_exit_code"] == 0
        goal(
            "azyq demo",
            "< 30 s",
            f"{start['demo_seconds']:.1f} s" + ("" if played else f" (exit {start['demo_exit_code']})"),
            played and start["demo_seconds"] < 30,
        )
    return table


def _side_by_side(month: dict[str, Any]) -> Table:
    table = Table(title=f"Side by side, {month['members']:,} members", show_lines=True)
    for heading in ("ours", "s", "instead", "s", "ours takes", "what the other does not do"):
        table.add_column(heading, justify="right" if heading in ("s", "ours takes") else "left")
    pairs = [("import", "plain CRUD import", IMPORT_LACKS)]
    pairs += [
        (name, "plain GROUP BY", GROUP_BY_LACKS) for name in ("rebuild month_status", "rebuild families")
    ]
    for ours, other, lacks in pairs:
        mine, theirs = _named(month, ours), _named(month, other)
        if mine and theirs:
            table.add_row(
                ours,
                f"{mine['seconds']:,.1f}",
                other,
                f"{theirs['seconds']:,.1f}",
                f"{mine['seconds'] / theirs['seconds']:.1f} x",
                lacks,
            )
    return table
