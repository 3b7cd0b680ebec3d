"""Workbooks of many rows: written by a process of their own, the same as here, within a memory that rows don't grow."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from domain.calendar import ALMATY
from infra.reporting import apart
from infra.reporting.running import Answer, Table
from projections.reports.goods import GOODS

AT = datetime(2025, 8, 1, 9, tzinfo=ALMATY)
# Peak memory (kB) of writing so many rows beyond that of having them.
GROWTH = """
import sys
from pathlib import Path
from tests.integration.test_report_files import answer
from infra.reporting.formats import write_xlsx

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM:")).split()[1])

told = answer(int(sys.argv[1]))
write_xlsx(answer(10), Path(sys.argv[2]), "kk")
before = peak()
write_xlsx(told, Path(sys.argv[2]), "kk")
print(peak() - before)
"""


def answer(rows: int) -> Answer:
    section = GOODS.sections[-1]
    told = [
        (
            "food-2025",
            n % 30,
            "166-NQ-2023",
            f"=4870{n:09d}",
            n % 100,
            Decimal(n % 1000) / 4,
            n * 1000,
            n * 900,
            None,
        )
        for n in range(rows)
    ]
    return Answer(GOODS, {"month": "2025-07"}, 1_500_000, AT, [Table(section, told)])


def cells(book: bytes) -> list[list[tuple[object, ...]]]:
    sheets = openpyxl.load_workbook(io.BytesIO(book), read_only=True).worksheets
    return [list(sheet.iter_rows(values_only=True)) for sheet in sheets]


def test_many_rows_are_written_apart_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    many = answer(apart.APART_FROM)
    written = cells(apart.xlsx(many, "ru"))
    monkeypatch.setattr(apart, "APART_FROM", 10**9)
    assert written == cells(apart.xlsx(many, "ru"))
    rows = written[0][1:]
    assert len(rows) == len(many.tables[0].rows)
    assert rows[7] == ("food-2025", 7, "166-NQ-2023", "=4870000000007", 7, 1.75, 70, 63, None)  # KZT


@pytest.mark.parametrize(
    ("language", "label"), [("kk", "Бос ұяшық"), ("ru", "Пустая ячейка"), ("en", "Empty cell")]
)
def test_A2_a_workbook_says_why_a_cell_is_empty(language: str, label: str) -> None:
    with_one = cells(apart.xlsx(answer(1), language))
    whole = answer(1)
    whole.tables[0].rows[0] = (*whole.tables[0].rows[0][:-1], 100)
    assert [
        label in [row[0] for row in book[-1]] for book in (with_one, cells(apart.xlsx(whole, language)))
    ] == [
        True,
        False,
    ]


def test_a_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = replace(answer(apart.APART_FROM), parameters={"month": 7})  # type: ignore[dict-item]
    broken.tables[0].rows[5] = ("food-2025", 1, "x", object, 1, 1, 1, 1)
    with pytest.raises(OSError, match="ended with 1"):
        apart.xlsx(broken, "kk")


def test_memory_does_not_grow_with_rows(tmp_path: object) -> None:
    def growth(rows: int) -> int:
        command = [sys.executable, "-c", GROWTH, str(rows), f"{tmp_path}/book.xlsx"]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert growth(40_000) < growth(2_000) + 6_000
