"""A shop's own receipts against the log's: sums as spreadsheets write them, each row told once (R27)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.reporting.receipts import Difference, Reconciled, reconcile
from infra.reporting.running import Reports, Request


class Kept(Reports):
    """A shop's month as the log has it: tiyn by receipt."""

    def __init__(self, **kept: int) -> None:
        self._kept = kept

    def receipts(self, request: Request, now: datetime) -> tuple[dict[str, int], str, int]:
        return {name.removeprefix("n"): tiyn for name, tiyn in self._kept.items()}, "2025-07", 9


def against(folder: Path, *rows: str, **kept: int) -> Reconciled:
    """`rows` of a shop's file against `kept`, receipts by number after an `n`."""
    file = folder / "own.csv"
    file.write_text("\n".join(["receipt;amount", *rows]), "utf-8")
    asked = Request("reconciliation", {"month": "2025-07", "shop": "S1"})
    return reconcile(Kept(**kept), asked, file, datetime(2025, 8, 1, tzinfo=UTC))


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_R27_a_sum_is_read_with_any_space_between_its_thousands(tmp_path: Path, space: str) -> None:
    found = against(tmp_path, f"1;1{space}650,00", f"2;12{space}000", n1=165_000, n2=1_200_000)
    assert (found.agree, found.differences) == (2, [])


def test_R27_a_row_whose_sum_cant_be_read_is_told_once(tmp_path: Path) -> None:
    found = against(tmp_path, "1;100", "2;1.650,00", "2;50", n1=10_000, n2=5_000)
    assert found.differences == [
        Difference("unreadable", "2", 2, 5_000, None),
        Difference("twice_in_file", "2", 3, None, 5_000),
    ]
    assert (found.agree, found.log_tiyn, found.file_tiyn) == (1, 15_000, 15_000)


def test_R27_receipts_that_lost_their_leading_zeros_are_told_with_the_one_they_are_like(
    tmp_path: Path,
) -> None:
    found = against(tmp_path, "1;100", "7;50", "0;1", n0001=10_000, n07=5_000, n007=5_000, n9=100)
    assert [(one.kind, one.receipt, one.like) for one in found.differences] == [
        ("only_in_file", "1", "0001"),
        ("only_in_file", "7", None),  # of two
        ("only_in_file", "0", None),
        ("only_in_log", "0001", "1"),
        ("only_in_log", "007", None),
        ("only_in_log", "07", None),
        ("only_in_log", "9", None),
    ]
