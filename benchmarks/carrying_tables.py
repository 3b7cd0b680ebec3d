"""The figures of the way through Kafka as tables, beside their goals."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

PUBLISHED_WANTED = 15_000
APPLIED_WANTED = 8_000
P50_WANTED_MS = 150
P99_WANTED_MS = 1_000
GROWTH_ALLOWED = 1.25  # of the time of the later half of an outage, beside the earlier one's
MEMORY_ALLOWED_MB = 500


def show_carrying(figures: dict[str, Any], console: Console) -> None:
    """Print what `benchmarks.carrying.measure` found."""
    table = Table(title=f"Through Kafka: {figures['events']:,} events, load when begun {figures['load'][0]}")
    for heading in ("what", "goal", "measured", ""):
        table.add_column(heading, justify="right" if heading == "measured" else "left")

    def goal(what: str, wanted: str, measured: str, met: bool) -> None:
        table.add_row(what, wanted, measured, "[green]met[/]" if met else "[red]missed[/]")

    for name, wanted in (("publisher", PUBLISHED_WANTED), ("worker", APPLIED_WANTED)):
        part = figures[name]
        goal(
            name if name == "publisher" else f"one worker, all {part['views']} views",
            f"> {wanted:,} events/s",
            f"{part['a_second']:,.0f} events/s, {part['cpu_seconds'] / part['events'] * 1e6:.0f} µs of CPU an event,"
            f" {part['peak_mb']:.0f} MB",
            part["a_second"] > wanted,
        )
    timed = figures["purchase to view"]
    goal(
        f"purchase to view at {timed['a_second']:.0f}/s",
        f"p50 < {P50_WANTED_MS} ms, p99 < {P99_WANTED_MS:,} ms",
        f"p50 {timed['p50_ms']:.0f} ms, p99 {timed['p99_ms']:.0f} ms",
        timed["p50_ms"] < P50_WANTED_MS and timed["p99_ms"] < P99_WANTED_MS,
    )
    outage = figures.get("outage")
    if outage:
        goal(
            f"after an outage of {outage['events']:,} events",
            "linear",
            f"{outage['seconds']:.0f} s, {outage['a_second']:,.0f} events/s; later half x {outage['growth']:.2f}",
            outage["growth"] < GROWTH_ALLOWED,
        )
        peak = max(outage["publisher_peak_mb"], outage["worker_peak_mb"])
        goal(
            "memory meanwhile",
            f"< {MEMORY_ALLOWED_MB} MB each",
            f"publisher {outage['publisher_peak_mb']:.0f} MB, worker {outage['worker_peak_mb']:.0f} MB",
            peak < MEMORY_ALLOWED_MB,
        )
    console.print(table)
    if outage:
        console.print(_by_tenths(outage))


def _by_tenths(outage: dict[str, Any]) -> Table:
    table = Table(title="Catching up, publisher and worker at once, by tenths of the events")
    for heading in ("tenth", "s", "events/s in it", "publisher, MB", "worker, MB"):
        table.add_column(heading, justify="right")
    before = 0.0
    for number, tenth in enumerate(outage["tenths"], 1):
        took = tenth["seconds"] - before
        before = tenth["seconds"]
        rate = outage["events"] / len(outage["tenths"]) / took if took else 0.0
        table.add_row(
            str(number),
            f"{tenth['seconds']:.1f}",
            f"{rate:,.0f}",
            f"{tenth['publisher_mb']:.0f}",
            f"{tenth['worker_mb']:.0f}",
        )
    return table
