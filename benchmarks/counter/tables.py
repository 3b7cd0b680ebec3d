"""The counter's figures as tables: a row a call, processes and clients, the sides beside each other."""

from __future__ import annotations

from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.crud.tables import LACKS

CHECKS_WANTED = 4_000
TIMES_WANTED = 2.0
CLIENTS_OF_THE_GOAL = 64

Key = tuple[str, int, int]


def show_counter(figures: dict[str, Any], console: Console) -> None:
    """Print what `benchmarks.counter.run.measure` found."""
    for size in figures["sizes"]:
        console.print(_side_by_side(size, figures["seconds"]))
        goals = _goals(size)
        if goals.row_count:
            console.print(goals)
    best = max((run["per_second"] for run in figures["generator"]), default=0.0)
    console.print(
        f"The clients alone, against a server that does nothing: {best:,.0f} requests/s, on the same cores. "
        "CPU is that of a request, in the processes that answer and in PostgreSQL; CPU less says how many times less "
        "ours takes: where cores are shared with others' work that says more than the rates do. "
        f"Not in the CRUD application: {LACKS}."
    )


def show_beside(figures: dict[str, Any], console: Console) -> None:
    """Print what `benchmarks.counter.beside.measure_beside` found."""
    table = Table(
        title=f"Redemptions alone, and while a list of {figures['members']:,} is taken in"
        f" ({figures['import_seconds']:.0f} s), {figures['families']:,} families"
    )
    for heading in ("clients", "import", "runs", "/s", "p50 ms", "p95", "p99", "max", "errors"):
        table.add_column(heading, justify="right")
    for clients in sorted({run["clients"] for run in figures["runs"]}):
        for beside in (False, True):
            runs = [run for run in figures["runs"] if (run["clients"], run["beside"]) == (clients, beside)]
            if not runs:
                continue
            found = _median([{"server_us": 0.0, "postgres_us": 0.0, **run} for run in runs])
            table.add_row(
                str(clients),
                "beside" if beside else "none",
                str(len(runs)),
                f"{found['per_second']:,.0f}",
                *(f"{found['ms'][name]:.1f}" for name in ("p50", "p95", "p99")),
                f"{max(run['ms']['max'] for run in runs):.0f}",
                "; ".join(f"{code} x {count}" for code, count in found["errors"].items()),
            )
        table.add_section()
    console.print(table)


def medians(size: dict[str, Any]) -> dict[Key, dict[str, dict[str, Any]]]:
    """By call, processes and clients, then by side: the median of the rounds."""
    found: dict[Key, dict[str, list[dict[str, Any]]]] = {}
    for run in size["runs"]:
        key = run["call"], run["workers"], run["clients"]
        found.setdefault(key, {}).setdefault(run["side"], []).append(run)
    return {
        key: {side: _median(runs) for side, runs in sides.items()} for key, sides in sorted(found.items())
    }


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    errors: dict[str, int] = {}
    for run in runs:
        for code, count in run["errors"].items():
            errors[code] = errors.get(code, 0) + count
    return {
        "per_second": median(run["per_second"] for run in runs),
        "ms": {name: median(run["ms"][name] for run in runs) for name in runs[0]["ms"]},
        "cpu_us": median(run["server_us"] for run in runs),
        "postgres_us": median(run["postgres_us"] for run in runs),
        "errors": errors,
    }


def _side_by_side(size: dict[str, Any], seconds: float) -> Table:
    table = Table(
        title=f"The counter, {size['families']:,} families, runs of {seconds:g} s by turns (PostgreSQL"
        f" {size['version']}, fsync {size['fsync']}, synchronous_commit {size['synchronous_commit']})"
    )
    table.add_column("call")
    for heading in ("processes", "clients"):
        table.add_column(heading, justify="right")
    table.add_column("side")
    for heading in ("/s", "p50 ms", "p95", "p99", "max", "CPU µs", "PostgreSQL's", "times CRUD", "CPU less"):
        table.add_column(heading, justify="right")
    table.add_column("errors")
    for (call, workers, clients), found in medians(size).items():
        for place, (side, run) in enumerate(found.items()):
            ms = run["ms"]
            what = [call, str(workers), str(clients)] if place == 0 else ["", "", ""]
            both = side == "ours" and "CRUD" in found
            table.add_row(
                *what,
                side,
                f"{run['per_second']:,.0f}",
                *(f"{ms[name]:.1f}" for name in ("p50", "p95", "p99")),
                f"{ms['max']:.0f}",
                f"{run['cpu_us']:,.0f}",
                f"{run['postgres_us']:,.0f}",
                f"{_times(found):.2f}" if both else "",
                f"{_cpu(found['CRUD']) / max(1.0, _cpu(run)):.2f}" if both else "",
                "; ".join(f"{code} x {count}" for code, count in run["errors"].items()),
            )
        table.add_section()
    return table


def _cpu(run: dict[str, Any]) -> float:
    return float(run["cpu_us"]) + float(run["postgres_us"])


def _times(found: dict[str, dict[str, Any]]) -> float:
    other = float(found["CRUD"]["per_second"])
    return float(found["ours"]["per_second"]) / other if other else 0.0


def _goals(size: dict[str, Any]) -> Table:
    table = Table(title=f"Goals, {size['families']:,} families")
    for heading in ("what", "goal", "measured", ""):
        table.add_column(heading, justify="right" if heading == "measured" else "left")

    def goal(what: str, wanted: str, measured: str, met: bool) -> None:
        table.add_row(what, wanted, measured, "[green]met[/]" if met else "[red]missed[/]")

    for (call, workers, clients), found in medians(size).items():
        if clients != CLIENTS_OF_THE_GOAL or "ours" not in found:
            continue
        ours, where = found["ours"], f"{workers} process{'es' if workers > 1 else ''}, {clients} clients"
        if call == "check":
            rate = ours["per_second"]
            goal(f"check, {where}", f"> {CHECKS_WANTED:,}/s", f"{rate:,.0f}/s", rate > CHECKS_WANTED)
        elif "CRUD" in found:
            times, p99, other = _times(found), ours["ms"]["p99"], found["CRUD"]["ms"]["p99"]
            goal(
                f"redemptions, {where}",
                f">= {TIMES_WANTED:g} x CRUD",
                f"{times:.2f} x",
                times >= TIMES_WANTED,
            )
            goal(f"p99 of redemptions, {where}", f"<= CRUD's {other:.0f} ms", f"{p99:.0f} ms", p99 <= other)
    best = _best(size)
    if {"ours", "CRUD"} <= best.keys():
        times = best["ours"][0] / best["CRUD"][0] if best["CRUD"][0] else 0.0
        said = ", ".join(f"{side} {rate:,.0f}/s with {workers}" for side, (rate, workers) in best.items())
        goal(
            f"redemptions, each at its best, {CLIENTS_OF_THE_GOAL} clients ({said})",
            f">= {TIMES_WANTED:g} x CRUD",
            f"{times:.2f} x",
            times >= TIMES_WANTED,
        )
    return table


def _best(size: dict[str, Any]) -> dict[str, tuple[float, int]]:
    """By side: its most redemptions a second with the goal's clients, and with how many processes."""
    best: dict[str, tuple[float, int]] = {}
    for (call, workers, clients), found in medians(size).items():
        if call == "redeem" and clients == CLIENTS_OF_THE_GOAL:
            for side, run in found.items():
                best[side] = max(best.get(side, (0.0, 0)), (run["per_second"], workers))
    return best
