"""Redemptions while a national list is taken in beside them: their p99 alone, and as long as the import goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.counter.ours_side import AZYQ, OursSide
from benchmarks.counter.plan import KATO, PROGRAMME, make_plan
from benchmarks.counter.run import Sizes, one_run
from benchmarks.phases import load
from infra.postgres.connect import connect
from infra.postgres.embedded import EmbeddedPostgres
from infra.sample import write_sample

NEXT_MONTH, LIST_CAME = "2025-08", "2025-07-31T12:00:00+05:00"
MEMBERS_A_FAMILY = 4
PATIENCE_SECONDS = 900.0
MOST_RUNS = 40


def measure_beside(sizes: Sizes, members: int) -> dict[str, Any]:
    """Figures of runs alone and beside the import of a list of `members`, at each number of clients."""
    folder = Path(tempfile.mkdtemp(prefix="azyq-bench-"))
    try:
        with ExitStack() as stack:
            dsn = stack.enter_context(EmbeddedPostgres(folder / "data"))
            plan = make_plan(folder, sizes.families[0])
            ours = OursSide(dsn, plan, sizes.views)
            print(f"ours: {plan.families:,} families are set up", file=sys.stderr, flush=True)
            ours.fill()
            files = folder / "next"
            print(f"a list of {members:,} is written", file=sys.stderr, flush=True)
            write_sample(files, families=members // MEMBERS_A_FAMILY, seed=2, month=NEXT_MONTH, kato=[KATO])
            ports = ours.start(sizes.workers[0])
            stack.callback(ours.stop)
            runs = []
            for clients in sizes.clients:
                for _ in range(sizes.rounds):
                    runs.append(one_run(ours, "redeem", ports, clients, sizes, plan) | {"beside": False})
            begun, before = time.monotonic(), _head(dsn)
            log = stack.enter_context((folder / "import.log").open("wb"))
            importing = subprocess.Popen(_command(files), env=_environment(ours, dsn), stdout=log, stderr=log)
            stack.callback(importing.kill)
            _wait_for_events(dsn, before, importing)
            while importing.poll() is None and len(runs) < MOST_RUNS:
                for clients in sizes.clients:
                    figures = one_run(ours, "redeem", ports, clients, sizes, plan)
                    if importing.poll() is None:  # else it ended on the way
                        runs.append(figures | {"beside": True})
            code = importing.wait(PATIENCE_SECONDS)
            if code:
                raise SystemExit(
                    f"the import ended with {code}:\n{(folder / 'import.log').read_text()[-2000:]}"
                )
            seconds = time.monotonic() - begun
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "members": members,
        "families": plan.families,
        "import_seconds": seconds,
        "runs": runs,
        "load": load(),
    }


def _command(files: Path) -> list[str]:
    options = ["--programme", PROGRAMME, "--month", NEXT_MONTH, "--numbers", str(files / "numbers.csv")]
    # As docs/performance.md advises where one machine does both
    return ["nice", "-n", "10", AZYQ, "month", "import", str(files / "list.csv"), *options]


def _environment(ours: OursSide, dsn: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": dsn,
        "AZYQ_DATA": str(ours.data),
        "AZYQ_CLOCK": LIST_CAME,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    }


def _wait_for_events(dsn: str, before: int, importing: subprocess.Popen[bytes]) -> None:
    """Until the import writes: it reads the file first."""
    while _head(dsn) == before and importing.poll() is None:
        time.sleep(0.2)


def _head(dsn: str) -> int:
    connection = connect(dsn, autocommit=True, application_name="azyq-bench")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
            (head,) = cursor.fetchone() or (0,)
    finally:
        connection.close()
    return int(head)
