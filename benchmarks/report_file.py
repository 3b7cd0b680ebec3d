"""A workbook of many rows in a process of its own: `python -m benchmarks.report_file ROWS` prints seconds and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.phases import peak_mb
from domain.calendar import ALMATY
from infra.reporting.formats import write_xlsx
from infra.reporting.running import Answer, Table
from projections.reports.reconciliation import RECONCILIATION

DAYS = 31


def answer(rows: int) -> Answer:
    """The reconciliation of so many shops and days."""
    section = RECONCILIATION.sections[0]
    told = [
        (f"S{n // DAYS:05d}", f"2025-07-{n % DAYS + 1:02d}", n % 90, n * 1000, n % 7, n * 10, n * 990)
        for n in range(rows)
    ]
    now = datetime(2025, 8, 1, 9, tzinfo=ALMATY)
    return Answer(RECONCILIATION, {"month": "2025-07"}, 1_500_000, now, [Table(section, told)])


def measure_file(rows: int) -> dict[str, Any]:
    """Seconds, and MB that writing takes beside what the rows take."""
    command = [sys.executable, "-m", "benchmarks.report_file", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Write, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "days.xlsx"
        write_xlsx(answer(100), book, "kk")  # what the library takes by itself
        told = answer(int(sys.argv[1]))
        before, begun = peak_mb(), time.perf_counter()
        write_xlsx(told, book, "kk")
        seconds = time.perf_counter() - begun
        json.dump(
            {
                "rows": int(sys.argv[1]),
                "seconds": round(seconds, 2),
                "more_mb": round(peak_mb() - before, 1),
                "file_mb": round(book.stat().st_size / 1e6, 2),
            },
            sys.stdout,
        )


if __name__ == "__main__":
    main()
