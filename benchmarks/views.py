"""The views' feed beside a month, or rebuilds and audit after it, in a process of its own.

`python -m benchmarks.views DATA --follow` feeds until its standard input ends, and then what is left.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.phases import Phases, peak_mb
from benchmarks.reports import measure_reports
from infra.audit.run import run_audit
from infra.bootstrap import open_azyq
from infra.settings import Settings
from streams.rebuild import rebuild


def follow(data: Path) -> dict[str, Any]:
    """Keep every view in step with the log, as a worker does, until standard input ends."""
    stop = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    with open_azyq(Settings(DATABASE_URL=None, AZYQ_DATA=data)) as azyq:
        azyq.feed.follow(stop)
        azyq.catch_up_views()
    return {"feed_peak_mb": peak_mb(), "feed_python_seconds": time.process_time()}


def run(data: Path, profiles: Path | None) -> dict[str, Any]:
    """Feed every view what it has not had yet, rebuild each, audit all."""
    with open_azyq(Settings(DATABASE_URL=None, AZYQ_DATA=data)) as azyq:
        phases = Phases(data / "postgres", profiles)
        events = azyq.log.head()
        if any(azyq.view_store.position(view) != events for view in azyq.views):
            with phases.phase("views up to date", "events") as phase:
                azyq.catch_up_views()
                phase.count = events
        for view in azyq.views:
            with phases.phase(f"rebuild {view.name}", "events") as phase:
                phase.count = rebuild(azyq.log_reader, azyq.view_store, view).events
        parked = len(azyq.view_store.parked())
        rebuilt = peak_mb()
        with phases.phase("audit", "events") as phase:
            verdict = run_audit(azyq.dsn, azyq.programmes, azyq.goods)
            phase.count = verdict.events
        reports = measure_reports(azyq, data)
        return {
            "reports": reports,
            "phases": [asdict(phase) for phase in phases.done],
            "audit_holds": verdict.holds,
            "audit_found": verdict.found,
            "parked": parked,
            "rebuild_peak_mb": rebuilt,
            "audit_peak_mb": peak_mb(),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    done = follow(arguments.data) if arguments.follow else run(arguments.data, arguments.profiles)
    arguments.out.write_text(json.dumps(done))


if __name__ == "__main__":
    main()
