"""Workbooks of many rows are written by a process of their own, one at a time: beside the counter's work, not in its way.

A thread that writes a hundred thousand rows would hold the interpreter for seconds, and every till would wait for it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from infra.apart import Apart, work
from infra.reporting.formats import FEW_ROWS, write_xlsx
from infra.reporting.running import Answer, Table
from projections.reports.report import Cells

APART_FROM = FEW_ROWS  # fewer are written sooner than a process starts
NICE = 10
SECONDS = 120.0
_one_at_a_time = threading.Lock()


def xlsx(answer: Answer, language: str) -> bytes:
    """The workbook of `infra.reporting.formats.write_xlsx`. Raises OSError when the process fails, or takes too long."""
    if sum(len(table.rows) for table in answer.tables) < APART_FROM:
        return _written((answer, language))
    with _one_at_a_time, Apart("infra.reporting.apart", (_portable(answer), language)) as writing:
        return cast(bytes, writing.answer(SECONDS))


def _portable(answer: Answer) -> Answer:
    """The answer without what computes it."""
    tables = [Table(replace(one.section, from_log=_nothing), one.rows) for one in answer.tables]
    return replace(answer, report=replace(answer.report, sections=()), tables=tables)


def _nothing(*_: Any) -> Sequence[Cells]:
    return ()


def _written(told: tuple[Answer, str]) -> bytes:
    file = io.BytesIO()
    write_xlsx(told[0], file, told[1])
    return file.getvalue()


if __name__ == "__main__":
    work(_written, NICE)
