"""The log through Kafka: publisher, worker, how long a purchase takes to be seen, and catching up after an outage.

Each part is a process of its own; the broker that of KAFKA_BOOTSTRAP_SERVERS without topics of ours, or one of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich.console import Console

from benchmarks.carrying_tables import show_carrying
from benchmarks.national import KATO, MONTH, SamplePrices, play, purchases
from benchmarks.phases import Phases, load
from domain.calendar import ALMATY
from domain.identity import cycle_id
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.sample import write_sample
from infra.settings import Settings
from streams.topics import EVENTS

ROOT = Path(__file__).parent.parent
AZYQ = str(Path(sys.executable).parent / "azyq")
RATE = 300  # purchases a second while their way to the view is timed
TIMED_SECONDS = 20
LIMIT_SECONDS = 1_200
LOOK_SECONDS = 0.1
EVENTS_A_FAMILY = 5.7  # of a month up to the 9th
TENTHS = 10


@contextmanager
def broker() -> Iterator[str]:
    """Address of a Kafka for the run."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    with subprocess.Popen(
        [sys.executable, "-m", "tests.broker", "run"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("KAFKA_BOOTSTRAP_SERVERS="):
                raise SystemExit("no Kafka can be run here; its reason is above")
            yield line.strip().partition("=")[2]
        finally:
            process.terminate()


class Part:
    """`azyq publisher` or `azyq worker` as a process, with the CPU it took and the most it had resident."""

    def __init__(self, name: str, env: dict[str, str], log: Path) -> None:
        self._log = log.open("w")
        self._process = psutil.Popen([AZYQ, name], cwd=ROOT, env=env, stdout=self._log, stderr=self._log)
        self.peak_mb = 0.0

    def look(self) -> float:
        """Take its memory down, in MB."""
        resident: float = self._process.memory_info().rss / 1e6
        self.peak_mb = max(self.peak_mb, resident)
        return resident

    def cpu_seconds(self) -> float:
        """What it used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


def until(reached: Callable[[], bool], parts: list[Part], seconds: float = LIMIT_SECONDS) -> float:
    """Seconds until `reached`; the memory of `parts` is looked at meanwhile."""
    begun = time.perf_counter()
    while not reached():
        if time.perf_counter() - begun > seconds:
            raise SystemExit("it takes too long; see the parts' logs")
        for part in parts:
            part.look()
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun


class Bench:
    """A log of `families`' month up to the 9th, a broker with the topics, and the parts that are started."""

    def __init__(self, families: int, folder: Path, stack: ExitStack) -> None:
        self.families = families
        self.folder = folder
        self._stack = stack
        write_sample(folder, families=families, seed=1, month=MONTH, kato=[KATO])
        self.clock = SetClock(datetime(2025, 7, 2, 9, tzinfo=ALMATY))
        settings = Settings(
            DATABASE_URL=None, AZYQ_DATA=folder / "data", AZYQ_SMS_PER_SECOND=1e9, AZYQ_SMS_GATEWAY="outbox:"
        )
        self.azyq = stack.enter_context(open_azyq(settings, self.clock))
        play(self.azyq, self.clock, folder, Phases(folder / "data" / "postgres"), until_day=9)
        self.head = self.azyq.log.head()
        self._env = os.environ | {
            "DATABASE_URL": self.azyq.dsn,
            "AZYQ_DATA": str(folder / "data"),
            "KAFKA_BOOTSTRAP_SERVERS": stack.enter_context(broker()),
            "AZYQ_LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [AZYQ, "kafka", "init"], cwd=ROOT, env=self._env, check=True, stdout=subprocess.DEVNULL
        )
        # The last that a worker applies, so that one query tells where all are.
        self._last = next(view for view in reversed(self.azyq.views) if not view.per_stream)

    def start(self, name: str) -> Part:
        """The part `name`, stopped at the end."""
        part = Part(name, self._env, self.folder / f"{name}.log")
        self._stack.callback(part.stop)
        return part

    def published(self) -> int:
        """The position that the publisher says."""
        sent = self.azyq.view_store.sent(EVENTS)
        return 0 if sent is None else sent.position

    def seen(self) -> int:
        """The position that every view holds everything up to."""
        position = self.azyq.view_store.position(self._last)
        if position < self.head:
            return position
        return min(self.azyq.view_store.position(view) for view in self.azyq.views)


@contextmanager
def _bench(families: int) -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="azyq-bench-"))
    try:
        with ExitStack() as stack:
            yield Bench(families, folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(families: int, outage: int) -> dict[str, Any]:
    """The figures of a log of `families`' month; and, if any, of catching up with `outage` events."""
    print(f"A month of {families:,} families through Kafka", file=sys.stderr, flush=True)
    with _bench(families) as bench:
        figures = _one_by_one(bench)
    if outage:
        print(f"An outage of {outage:,} events", file=sys.stderr, flush=True)
        with _bench(math.ceil(outage / EVENTS_A_FAMILY)) as bench:
            figures["outage"] = _catch_up(bench)
    return figures


def _one_by_one(bench: Bench) -> dict[str, Any]:
    """Publisher, then worker, then purchases."""
    begun_with = load()
    figures: dict[str, Any] = {"families": bench.families, "events": bench.head, "load": begun_with}
    for name, reached in (("publisher", bench.published), ("worker", bench.seen)):
        part = bench.start(name)
        until(lambda reached=reached: reached() > 0, [part])  # type: ignore[misc]
        first, cpu = reached(), part.cpu_seconds()
        seconds = until(lambda reached=reached: reached() >= bench.head, [part])  # type: ignore[misc]
        figures[name] = _rate(bench.head - first, seconds, part.cpu_seconds() - cpu, part.peak_mb)
    figures["worker"]["views"] = len(bench.azyq.views)
    figures["purchase to view"] = _timed(bench.azyq, bench.clock, bench.folder, bench.families)
    return figures


def _catch_up(bench: Bench) -> dict[str, Any]:
    """Publisher and worker started at once on a log that neither has seen; by tenths of it, seconds and memory."""
    begun_with = load()
    parts = {name: bench.start(name) for name in ("publisher", "worker")}
    begun = time.perf_counter()
    tenths: list[dict[str, float]] = []
    while len(tenths) < TENTHS:
        resident = {f"{name}_mb": part.look() for name, part in parts.items()}
        position, seconds = bench.seen(), time.perf_counter() - begun
        while position >= math.ceil(bench.head * (len(tenths) + 1) / TENTHS) and len(tenths) < TENTHS:
            tenths.append({"seconds": seconds, **resident})
        if seconds > LIMIT_SECONDS:
            raise SystemExit("it takes too long; see the parts' logs")
        time.sleep(LOOK_SECONDS)
    # Without the first tenth, in which the parts start.
    early = tenths[TENTHS // 2 - 1]["seconds"] - tenths[0]["seconds"]
    late = tenths[-1]["seconds"] - tenths[TENTHS // 2]["seconds"]
    return {
        "events": bench.head,
        "load": begun_with,
        "seconds": tenths[-1]["seconds"],
        "a_second": bench.head / tenths[-1]["seconds"],
        "growth": late / early if early else 1.0,
        "tenths": tenths,
        **{f"{name}_peak_mb": part.peak_mb for name, part in parts.items()},
    }


def _rate(events: int, seconds: float, cpu: float, peak: float) -> dict[str, Any]:
    return {
        "events": events,
        "seconds": seconds,
        "a_second": events / seconds,
        "cpu_seconds": cpu,
        "peak_mb": peak,
    }


def _timed(azyq: Azyq, clock: SetClock, folder: Path, families: int) -> dict[str, Any]:
    """From the commit of a purchase to its view, at RATE purchases a second, each a transaction of its own."""
    prices = SamplePrices(folder)
    redeem = azyq.redeem(prices)
    streams = azyq.log.families(cycle_id("akkol-2025", MONTH), ("activated",), None, families)[
        -RATE * TIMED_SECONDS :
    ]
    view = next(view for view in azyq.views if view.name == "purchases")
    committed: list[tuple[int, float]] = []
    seen: list[tuple[int, float]] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            position = azyq.view_store.position(view)
            if not seen or position > seen[-1][0]:
                seen.append((position, time.perf_counter()))
            time.sleep(0.003)

    watching = threading.Thread(target=watch)
    watching.start()
    begun = time.perf_counter()
    for number, purchase in enumerate(purchases(prices, clock, streams, tag="timed")):
        ahead = begun + number / RATE - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        redeem.run([purchase])
        committed.append((azyq.log.head(), time.perf_counter()))
    took = time.perf_counter() - begun
    until(lambda: bool(seen) and seen[-1][0] >= committed[-1][0], [], 60)
    stop.set()
    watching.join()
    waited, at = [], 0
    for position, when in committed:
        while seen[at][0] < position:
            at += 1
        waited.append(max(0.0, seen[at][1] - when) * 1000)
    cuts = statistics.quantiles(waited, n=100)
    return {
        "purchases": len(waited),
        "a_second": len(waited) / took,
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "max_ms": max(waited),
    }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `measure` is called with."""
    parser.add_argument(
        "--carried-families", type=int, default=15_000, help="families whose month goes through Kafka"
    )
    parser.add_argument(
        "--outage", type=int, default=1_000_000, help="events to catch up with, about; 0: no outage"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = measure(arguments.carried_families, arguments.outage)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    show_carrying(figures, Console())


if __name__ == "__main__":
    main()
