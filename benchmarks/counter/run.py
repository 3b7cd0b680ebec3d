"""Runs by turns: each side at each number of processes and clients, round after round, on one PostgreSQL."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.counter.crud_side import CrudSide
from benchmarks.counter.ours_side import OursSide
from benchmarks.counter.plan import Plan, Side, make_plan
from benchmarks.counter.processes import Servers, cpu_seconds, free_port
from benchmarks.phases import load
from benchmarks.server import server_settings, settled
from infra.postgres.embedded import EmbeddedPostgres

CALLS = ("check", "redeem")
AT_MOST = {"check": 8_000, "redeem": 6_000}  # a second: so many codes are made for a run
WARM_UP_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is varied."""

    families: Sequence[int]
    clients: Sequence[int]
    workers: Sequence[int]
    sides: Sequence[str]
    calls: Sequence[str]
    seconds: float
    rounds: int
    threads: int
    views: bool


def sizes_of(arguments: argparse.Namespace) -> Sizes:
    """From the options that `add_options` made."""

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.replace("_", "").split(",")]

    return Sizes(
        numbers(arguments.families),
        numbers(arguments.clients),
        numbers(arguments.workers),
        arguments.sides.split(","),
        arguments.calls.split(","),
        arguments.seconds,
        arguments.rounds,
        arguments.threads,
        arguments.views,
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("the counter")
    group.add_argument("--families", default="5000", help="families with a voucher (default: %(default)s)")
    group.add_argument("--clients", default="1,64", help="clients at once (default: %(default)s)")
    group.add_argument("--workers", default="1,2", help="processes that answer (default: %(default)s)")
    group.add_argument("--sides", default="crud,ours", help="which of the two (default: %(default)s)")
    group.add_argument("--calls", default="check,redeem", help="which calls (default: %(default)s)")
    group.add_argument("--seconds", type=float, default=5.0, help="of each run (default: %(default)s)")
    group.add_argument("--rounds", type=int, default=2, help="runs of each side (default: %(default)s)")
    group.add_argument("--threads", type=int, default=8, help="of a CRUD process (default: %(default)s)")
    group.add_argument(
        "--beside-import",
        type=int,
        metavar="MEMBERS",
        help="instead: redemptions alone, and while a list of so many is taken in",
    )
    group.add_argument("--views", action="store_true", help="our API keeps the views too, as without Kafka")


def measure(sizes: Sizes) -> dict[str, Any]:
    """All figures."""
    return {
        "seconds": sizes.seconds,
        "views": sizes.views,
        "generator": _generator(sizes),
        "sizes": [_of_size(sizes, families) for families in sizes.families],
    }


def _of_size(sizes: Sizes, families: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="azyq-bench-"))
    try:
        with ExitStack() as stack:
            dsn = stack.enter_context(EmbeddedPostgres(folder / "data"))
            plan = make_plan(folder, families)
            sides = [_side(name, dsn, plan, sizes) for name in sizes.sides]
            cluster = int((folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
            runs = []
            for workers in sizes.workers:
                for number in range(sizes.rounds):
                    for side in sides:
                        runs += _round(side, workers, number, sizes, dsn, plan, cluster)
            return {"families": families, "runs": runs, **server_settings(dsn)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _side(name: str, dsn: str, plan: Plan, sizes: Sizes) -> Side:
    print(f"{name}: {plan.families:,} families are set up", file=sys.stderr, flush=True)
    if name == "crud":
        side = CrudSide(dsn, plan, sizes.threads)
        side.fill()
        return side
    ours = OursSide(dsn, plan, sizes.views)
    ours.fill()
    return ours


def _round(
    side: Side, workers: int, number: int, sizes: Sizes, dsn: str, plan: Plan, cluster: int
) -> list[dict[str, Any]]:
    """Each call at each number of clients, on servers freshly started."""
    runs = []
    ports = side.start(workers)
    try:
        for call in sizes.calls:
            for clients in sizes.clients:
                settled(dsn, "CHECKPOINT")
                runs.append(one_run(side, call, ports, clients, sizes, plan, cluster) | {"round": number})
    finally:
        side.stop()
    return runs


def one_run(
    side: Side,
    call: str,
    ports: Sequence[int],
    clients: int,
    sizes: Sizes,
    plan: Plan,
    cluster: int | None = None,
    most: int | None = None,
) -> dict[str, Any]:
    """The figures of `clients` asking the servers at `ports` for `call`, `most` of it a second."""
    codes, reuse = side.codes(call, int((most or AT_MOST[call]) * (sizes.seconds + WARM_UP_SECONDS)))
    corpus = {
        "call": call,
        "run": f"{side.name}-{time.monotonic_ns()}",
        "ports": ports,
        "clients": clients,
        "seconds": sizes.seconds,
        "warm_up": WARM_UP_SECONDS,
        "tills": side.tills(),
        "codes": codes,
        "reuse": reuse,
    }
    figures = _drive(corpus, plan.folder, side.pids(), cluster) | {
        "side": side.name,
        "call": call,
        "workers": len(ports),
        "clients": clients,
        "load": load()[0],
    }
    _say(figures)
    return figures


def _drive(
    corpus: dict[str, Any], folder: Path, servers: Sequence[int] = (), cluster: int | None = None
) -> dict[str, Any]:
    """The clients' figures, and the CPU of a request (µs) once they are warm."""
    path = folder / "corpus.json"
    path.write_text(json.dumps(corpus))
    command = [sys.executable, "-m", "benchmarks.counter.clients", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
        assert clients.stdout is not None
        databases = [cluster] if cluster else []
        clients.stdout.readline()
        before = cpu_seconds(servers), cpu_seconds(databases)
        line = clients.stdout.readline()
        after = cpu_seconds(servers), cpu_seconds(databases)
    if clients.returncode:
        raise SystemExit(f"the clients ended with {clients.returncode}")
    figures: dict[str, Any] = json.loads(line)
    if servers:
        done = max(1, figures["done"] + sum(figures["errors"].values()))
        figures["server_us"], figures["postgres_us"] = (
            (now - then) / done * 1e6 for now, then in zip(after, before, strict=True)
        )
    return figures


def _generator(sizes: Sizes) -> list[dict[str, Any]]:
    """What the clients can do, against a server that does nothing."""
    found = []
    with tempfile.TemporaryDirectory(prefix="azyq-bench-") as name:
        folder = Path(name)
        plan = make_plan(folder, 1)
        port = free_port()
        servers = Servers(folder / "echo.log")
        servers.start([sys.executable, "-m", "benchmarks.counter.echo", str(port)], os.environ, port)
        try:
            for clients in sizes.clients:
                corpus = {
                    "call": "redeem",
                    "run": "echo",
                    "ports": [port],
                    "clients": clients,
                    "seconds": min(3.0, sizes.seconds),
                    "warm_up": 0.3,
                    "tills": [{"key": "k" * 70, "baskets": plan.baskets[plan.shops[0]]}],
                    "codes": ["c" * 146],
                    "reuse": True,
                }
                figures = _drive(corpus, folder) | {
                    "side": "echo",
                    "call": "redeem",
                    "workers": 1,
                    "clients": clients,
                }
                _say(figures)
                found.append(figures)
        finally:
            servers.stop()
    return found


def _say(run: dict[str, Any]) -> None:
    ms = run["ms"]
    cpu = (
        f"  CPU a request, µs: server {run['server_us']:,.0f}, PostgreSQL {run['postgres_us']:,.0f}"
        if "server_us" in run
        else ""
    )
    print(
        f"  {run['side']:<5}{run['call']:<7}{run['workers']} processes {run['clients']:>3} clients"
        f"{run['per_second']:>9,.0f}/s   p50 {ms['p50']:.1f}  p95 {ms['p95']:.1f}  p99 {ms['p99']:.1f}"
        f"  max {ms['max']:.0f} ms{cpu}  clients {run['generator_cores']:.2f} cores  {run['errors'] or ''}",
        file=sys.stderr,
        flush=True,
    )
