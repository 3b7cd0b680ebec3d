"""Views up to date, rebuilt and audited after a month, in a process of its own: `python -m benchmarks.views DATA`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.phases import Phases, peak_mb
from infra.audit import run_audit
from infra.bootstrap import open_azyq
from infra.settings import Settings
from streams.rebuild import rebuild


def run(data: Path, profiles: Path | None) -> dict[str, Any]:
    """Feed every view from the log's beginning, rebuild each, audit all."""
    with open_azyq(Settings(DATABASE_URL=None, AZYQ_DATA=data)) as azyq:
        phases = Phases(data / "postgres", profiles)
        events = azyq.log.head()
        with phases.phase("views up to date", "events") as phase:
            azyq.catch_up_views()
            phase.count = events
        fed = peak_mb()
        for view in azyq.views:
            with phases.phase(f"rebuild {view.name}", "events") as phase:
                phase.count = rebuild(azyq.log_reader, azyq.view_store, view).events
        parked = len(azyq.view_store.parked())
        rebuilt = peak_mb()
        with phases.phase("audit", "events") as phase:
            verdict = run_audit(azyq.dsn, azyq.programmes, azyq.goods)
            phase.count = verdict.events
        return {
            "phases": [asdict(phase) for phase in phases.done],
            "audit_holds": verdict.holds,
            "audit_found": verdict.found,
            "parked": parked,
            "feed_peak_mb": fed,
            "rebuild_peak_mb": rebuilt,
            "audit_peak_mb": peak_mb(),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.write_text(json.dumps(run(arguments.data, arguments.profiles)))


if __name__ == "__main__":
    main()
