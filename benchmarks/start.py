"""How long a command takes to start, and the demonstration to play."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

AZYQ = Path(sys.executable).with_name("azyq")
RUNS = 10


def measure_start() -> dict[str, Any]:
    """Median seconds of `azyq --help`, and of one `azyq demo` in an empty folder."""
    helps = [_seconds("--help")[0] for _ in range(RUNS)]
    with tempfile.TemporaryDirectory(prefix="azyq-bench-") as folder:
        demo, code = _seconds("demo", "--json", AZYQ_DATA=f"{folder}/data")
    return {
        "help_seconds": statistics.median(helps),
        "help_runs": helps,
        "demo_seconds": demo,
        "demo_exit_code": code,
    }


def _seconds(*arguments: str, **environment: str) -> tuple[float, int]:
    begun = time.perf_counter()
    done = subprocess.run(
        [AZYQ, *arguments], env={**os.environ, **environment}, capture_output=True, check=False
    )
    return time.perf_counter() - begun, done.returncode
