"""Workbooks of many rows are written by a process of their own, one at a time: beside the counter's work, not in its way.

A thread that writes a hundred thousand rows would hold the interpreter for seconds, and every till would wait for it.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from infra.reporting.formats import write_xlsx
from infra.reporting.running import Answer, Table
from projections.reports.report import Cells

APART_FROM = 5_000  # rows: fewer are written sooner than a process starts
NICE = 10
SECONDS = 120.0
_one_at_a_time = threading.Lock()


def xlsx(answer: Answer, language: str) -> bytes:
    """The workbook of `infra.reporting.formats.write_xlsx`. Raises OSError when the process fails."""
    if sum(len(table.rows) for table in answer.tables) < APART_FROM:
        file = io.BytesIO()
        write_xlsx(answer, file, language)
        return file.getvalue()
    with _one_at_a_time:
        # Of this very program to itself: nobody else's bytes are unpickled.
        done = subprocess.run(
            [sys.executable, "-m", "infra.reporting.apart"],
            input=pickle.dumps((_portable(answer), language)),
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    if done.returncode:
        raise OSError(f"the workbook's process ended with {done.returncode}")
    return done.stdout


def _portable(answer: Answer) -> Answer:
    """The answer without what computes it."""
    tables = [Table(replace(one.section, from_log=_nothing), one.rows) for one in answer.tables]
    return replace(answer, report=replace(answer.report, sections=()), tables=tables)


def _nothing(*_: Any) -> Sequence[Cells]:
    return ()


def main() -> None:
    """Write the workbook of the answer at standard input to standard output."""
    os.nice(max(0, NICE - os.nice(0)))  # whoever started it may have yielded already
    answer, language = pickle.load(sys.stdin.buffer)  # noqa: S301
    file = io.BytesIO()
    write_xlsx(answer, file, language)
    sys.stdout.buffer.write(file.getbuffer())


if __name__ == "__main__":
    main()
