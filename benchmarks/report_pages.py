"""The analysts' pages over HTTP: the dashboard in a real browser, and fifty readers beside the counter.

`python -m benchmarks.report_pages DATA` measures the readers alone on a data folder that holds a played month.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.counter.ours_side import AZYQ, OursSide
from benchmarks.counter.plan import make_plan
from benchmarks.counter.processes import Servers, cpu_seconds, free_port
from benchmarks.counter.run import Sizes, one_run
from benchmarks.phases import load
from benchmarks.server import settled
from infra.postgres.embedded import EmbeddedPostgres
from tests.browser.finding import NoBrowser, find

MONTH = "2025-07"
CLOCK = "2025-08-02T09:00:00+05:00"
OPENED = 5
READERS, THINK_SECONDS = 50, 5.0
# So many that a family buys no more often, all rounds together, than in a month or two: its stream is read at each start.
FAMILIES, ROUNDS, SECONDS = 20_000, 5, 8.0
AT_MOST = 3500  # redemptions a second: codes live 90 s, and making them takes its time
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def measure_paint(dsn: str, data: Path, head: int) -> dict[str, Any]:
    """Milliseconds to the first paint and to the whole page: the first after the start, then of others; `head` is the
    log's last position."""
    try:
        browser = find()
    except NoBrowser as error:
        return {"none": str(error)}
    from playwright.sync_api import sync_playwright

    servers, port = Servers(data / "pages.log"), free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": dsn,
        "AZYQ_DATA": str(data),
        "AZYQ_CLOCK": CLOCK,
        "AZYQ_LISTEN": f"127.0.0.1:{port}",
        "KAFKA_BOOTSTRAP_SERVERS": "",
    }
    servers.start([AZYQ, "api"], environment, port)
    opened: list[tuple[float, float]] = []
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            for number in range(OPENED):
                context = chromium.new_context()
                page = context.new_page()
                # Another position each time: nothing as of it was read before.
                as_of = f"&as_of={head - number}" if number else ""
                page.goto(f"http://127.0.0.1:{port}/analytics?month={MONTH}{as_of}", wait_until="load")
                page.wait_for_function(f"() => {_PAINTED} !== null")
                opened.append((page.evaluate(_PAINTED), page.evaluate(_LOADED)))
                context.close()
            chromium.close()
    finally:
        servers.stop()
    painted, whole = ([round(one[place]) for one in opened] for place in (0, 1))
    return {
        "first_paint_ms": painted[0],
        "first_whole_ms": whole[0],
        "paint_ms": median(painted[1:]),
        "whole_ms": median(whole[1:]),
    }


def measure_beside_readers(
    dsn: str,
    data: Path,
    cluster: int | None,
    clients: tuple[int, ...] = (8, 64),
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Redemptions alone and beside READERS, by turns, at one `azyq api` and its processes of the views and of analysts."""
    sizes = Sizes([FAMILIES], list(clients), [1], ["ours"], ["redeem"], seconds, rounds, 8, True)
    with tempfile.TemporaryDirectory(prefix="azyq-bench-") as name:
        plan = make_plan(Path(name), FAMILIES)
        side = OursSide(dsn, plan, views=True)
        side.data = data
        side.fill()
        settled(dsn, "VACUUM ANALYZE", "CHECKPOINT")  # what the month's import leaves to autovacuum
        runs = []
        for number in range(rounds):
            for count in clients:
                # Who is first takes turns, too.
                for readers in (0, READERS) if number % 2 == 0 else (READERS, 0):
                    ports = side.start(1)
                    try:
                        runs.append(_run(side, ports, count, readers, sizes, plan, cluster))
                    finally:
                        side.stop()
    return {
        "readers": READERS,
        "think_seconds": THINK_SECONDS,
        "runs": runs,
        "load": load(),
        "clients": {count: _compared(runs, count) for count in clients},
    }


def _run(
    side: OursSide, ports: list[int], clients: int, readers: int, sizes: Sizes, plan: Any, cluster: int | None
) -> dict[str, Any]:
    if not readers:
        return one_run(side, "redeem", ports, clients, sizes, plan, cluster, AT_MOST) | {"readers": 0}
    command = [sys.executable, "-m", "benchmarks.report_readers"]
    command += [str(ports[0]), str(readers), str(THINK_SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        before = cpu_seconds([process.pid])
        figures = one_run(side, "redeem", ports, clients, sizes, plan, cluster, AT_MOST)
        own = cpu_seconds([process.pid]) - before
        process.stdin.close()
        read = json.loads(process.stdout.readline())
    print(f"    beside readers: {read}", file=sys.stderr, flush=True)
    return figures | {"readers": readers, "read": read, "readers_cpu_seconds": round(own, 2)}


def _compared(runs: list[dict[str, Any]], clients: int) -> dict[str, Any]:
    """Medians of the rounds, alone and beside."""
    found: dict[str, Any] = {}
    for name, readers in (("alone", 0), ("beside", READERS)):
        chosen = [run for run in runs if run["clients"] == clients and run["readers"] == readers]
        found[name] = {
            "per_second": round(median(run["per_second"] for run in chosen)),
            **{key: round(median(run["ms"][key] for run in chosen), 1) for key in ("p50", "p99")},
        }
    found["p99_times"] = round(found["beside"]["p99"] / max(found["alone"]["p99"], 0.1), 2)
    paired = zip(*(_p99(runs, clients, readers) for readers in (0, READERS)), strict=True)
    found["p99_times_of_rounds"] = [round(beside / max(alone, 0.1), 2) for alone, beside in paired]
    return found


def _p99(runs: list[dict[str, Any]], clients: int, readers: int) -> list[float]:
    """Of each round."""
    return [run["ms"]["p99"] for run in runs if (run["clients"], run["readers"]) == (clients, readers)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_pages")
    parser.add_argument(
        "data", type=Path, help="a data folder with a month of MONTH in its embedded database"
    )
    parser.add_argument("--clients", default="8,64", help="tills at once (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    clients = tuple(int(part) for part in arguments.clients.split(","))
    with EmbeddedPostgres(arguments.data) as dsn:
        cluster = int((arguments.data / "postgres" / "postmaster.pid").read_text().split()[0])
        found = measure_beside_readers(
            dsn, arguments.data, cluster, clients, arguments.rounds, arguments.seconds
        )
    json.dump({key: found[key] for key in ("clients", "load")}, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
