"""`make bench`: a national month at two sizes, side by side with plain ways, how long a command takes to start,
the counter under load beside a CRUD application, the log on its way through Kafka, deadlines of services, and cases."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import carrying, cases
from benchmarks.counter.beside import measure_beside
from benchmarks.counter.run import add_options, measure, sizes_of
from benchmarks.deadlines import measure_deadlines
from benchmarks.phases import load
from benchmarks.start import measure_start
from benchmarks.tables import show

MEMBERS_A_FAMILY = 4
PARTS = ("month", "start", "counter", "kafka", "deadlines", "cases")
RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": load(),
    }


def month_of(members: int, profiles: Path | None, feed_after: bool) -> dict[str, Any]:
    """The figures of one size, from a process of its own: its memory is that month's alone."""
    print(f"A month of {members:,} members", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="azyq-bench-") as folder:
        out = Path(folder) / "figures.json"
        command = [
            sys.executable,
            "-m",
            "benchmarks.national",
            "--families",
            str(members // MEMBERS_A_FAMILY),
        ]
        if profiles:
            command += ["--profiles", str(profiles / str(members))]
        if feed_after:
            command.append("--feed-after")
        with subprocess.Popen([*command, "--out", str(out)]) as process:
            try:
                code = process.wait()
            except BaseException:
                process.terminate()
                raise
        if code:
            raise SystemExit(code)
        figures: dict[str, Any] = json.loads(out.read_text())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--members", default="60000,600000", help="sizes of the month, smaller first")
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    parser.add_argument(
        "--out", type=Path, help="where the figures go, as JSON (default: benchmarks/results)"
    )
    parser.add_argument("--profiles", type=Path, help="a folder for each phase's profile (slows it down)")
    parser.add_argument(
        "--feed-after", action="store_true", help="feed the views after the month, not beside it"
    )
    parser.add_argument("--show", type=Path, help="print the tables of earlier figures; measure nothing")
    add_options(parser)
    carrying.add_options(parser)
    cases.add_options(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.show:
        show(json.loads(arguments.show.read_text()))
        return
    begun = datetime.now(UTC)
    figures: dict[str, Any] = {"begun_at": begun.isoformat(timespec="seconds"), "machine": machine()}
    if arguments.only in (None, "start"):
        figures["start"] = measure_start()
    if arguments.only in (None, "month"):
        figures["months"] = [
            month_of(int(members), arguments.profiles, arguments.feed_after)
            for members in arguments.members.replace("_", "").split(",")
        ]
    if arguments.only in (None, "counter"):
        sizes = sizes_of(arguments)
        if arguments.beside_import:
            figures["beside"] = measure_beside(sizes, arguments.beside_import)
        else:
            figures["counter"] = measure(sizes)
    if arguments.only in (None, "kafka"):
        figures["kafka"] = carrying.measure(arguments.carried_families, arguments.outage)
    if arguments.only in (None, "deadlines"):
        figures["deadlines"] = measure_deadlines()
    if arguments.only in (None, "cases"):
        figures["cases"] = cases.measure_cases(arguments.cases)
    out = arguments.out or RESULTS / f"{begun:%Y%m%dT%H%M%SZ}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    show(figures)
    print(f"kept as {out}")


if __name__ == "__main__":
    main()
