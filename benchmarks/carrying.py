"""The log through Kafka: publisher, worker, catch-up, and how long a purchase takes to be seen; each process by itself.

`python -m benchmarks.carrying --families N`; a broker of KAFKA_BOOTSTRAP_SERVERS without topics of ours, or one of its own.
"""

from __future__ import annotations

import argparse
import json
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

    def look(self) -> None:
        """Take its memory down."""
        self.peak_mb = max(self.peak_mb, self._process.memory_info().rss / 1e6)

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
        time.sleep(0.02)
    return time.perf_counter() - begun


def run(families: int) -> dict[str, Any]:
    """The figures of a log of `families`' month."""
    folder = Path(tempfile.mkdtemp(prefix="azyq-bench-"))
    try:
        with ExitStack() as stack:
            return _run(families, folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(families: int, folder: Path, stack: ExitStack) -> dict[str, Any]:
    write_sample(folder, families=families, seed=1, month=MONTH, kato=[KATO])
    clock = SetClock(datetime(2025, 7, 2, 9, tzinfo=ALMATY))
    settings = Settings(
        DATABASE_URL=None, AZYQ_DATA=folder / "data", AZYQ_SMS_PER_SECOND=1e9, AZYQ_SMS_GATEWAY="outbox:"
    )
    azyq = stack.enter_context(open_azyq(settings, clock))
    play(azyq, clock, folder, Phases(folder / "data" / "postgres"), until_day=9)
    head = azyq.log.head()
    address = stack.enter_context(broker())
    env = os.environ | {
        "DATABASE_URL": azyq.dsn,
        "AZYQ_DATA": str(folder / "data"),
        "KAFKA_BOOTSTRAP_SERVERS": address,
        "AZYQ_LOG_LEVEL": "WARNING",
    }
    subprocess.run([AZYQ, "kafka", "init"], cwd=ROOT, env=env, check=True)
    begun_with = load()

    def published() -> int:
        sent = azyq.view_store.sent(EVENTS)
        return 0 if sent is None else sent.position

    def seen() -> int:
        return min(azyq.view_store.position(view) for view in azyq.views)

    publisher = Part("publisher", env, folder / "publisher.log")
    stack.callback(publisher.stop)
    until(lambda: published() > 0, [publisher])
    first, cpu = published(), publisher.cpu_seconds()
    seconds = until(lambda: published() >= head, [publisher])
    sending = _rate(head - first, seconds, publisher.cpu_seconds() - cpu, publisher.peak_mb)
    worker = Part("worker", env, folder / "worker.log")
    stack.callback(worker.stop)
    until(lambda: seen() > 0, [worker])
    first, cpu = seen(), worker.cpu_seconds()
    seconds = until(lambda: seen() >= head, [worker])
    applying = _rate(head - first, seconds, worker.cpu_seconds() - cpu, worker.peak_mb)
    applying["views"] = len(azyq.views)
    return {
        "families": families,
        "events": head,
        "load": begun_with,
        "publisher": sending,
        "worker": applying,
        "purchase to view": _timed(azyq, clock, folder, families),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=25_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    text = json.dumps(run(arguments.families), indent=2)
    if arguments.out:
        arguments.out.write_text(text)
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
