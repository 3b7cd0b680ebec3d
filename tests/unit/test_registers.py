"""Registers that a trial plays by a table: known, not known, and what a broken table is told (S003-11)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.cases.registers import NoRegisters, RegistersInvalid, TrialRegisters, read_registers

IIN, OTHER = "880504300001", "900101300007"
HEADING = "register,iin,field,value\n"


def registers(tmp_path: Path, *rows: str) -> TrialRegisters:
    table = tmp_path / "registers.csv"
    table.write_text(HEADING + "\n".join(rows) + "\n", encoding="utf-8")
    return TrialRegisters(table, {"s1": IIN, "s2": OTHER}.get)


def test_S003_11_a_register_knows_whom_the_table_names(tmp_path: Path) -> None:
    made = registers(
        tmp_path,
        "# a graduate, and somebody of whom no field is told",
        f"education,{IIN},graduated_on,2016-06-30",
        f"education,{IIN},school,«КазНМУ, Алматы»".replace("«КазНМУ, Алматы»", '"КазНМУ, Алматы"'),
        f"labour-contracts,{OTHER},,",
    )
    assert made.known("education", "s1") == {"graduated_on": "2016-06-30", "school": "КазНМУ, Алматы"}
    assert made.known("labour-contracts", "s2") == {}
    for register, subject in (
        ("education", "s2"),
        ("labour-contracts", "s1"),
        ("tax", "s1"),
        ("education", "s9"),
    ):
        assert made.known(register, subject) is None


def test_S003_11_without_a_table_nobody_is_known(tmp_path: Path) -> None:
    assert TrialRegisters(tmp_path / "none.csv", {"s1": IIN}.get).known("education", "s1") is None
    assert NoRegisters().known("education", "s1") is None


def test_S003_11_a_table_that_changes_is_read_anew(tmp_path: Path) -> None:
    made = registers(tmp_path)
    assert made.known("education", "s1") is None
    table = tmp_path / "registers.csv"
    table.write_text(f"{HEADING}education,{IIN},,\n", encoding="utf-8")
    os.utime(table, ns=(1, 1))
    assert made.known("education", "s1") == {}


@pytest.mark.parametrize(
    "row",
    [
        f",{IIN},a,b",
        "education,880504300002,a,b",
        "education,,a,b",
        f"education,{IIN},a,",
        f"education,{IIN},,b",
        f"education,{IIN},a",
        f"education,{IIN},a,{'x' * 10_001}",
        f'education,{IIN},a,"b',
    ],
)
def test_S003_11_a_broken_row_is_told_by_its_line_and_without_its_content(tmp_path: Path, row: str) -> None:
    with pytest.raises(RegistersInvalid) as caught:
        registers(tmp_path, row).known("education", "s1")
    assert "line 2" in caught.value.sentence("en")
    assert IIN not in caught.value.sentence("en")


@pytest.mark.parametrize("content", [b"", b"register;iin\n", b"\xff\xfe", f"education,{IIN},a,b\n".encode()])
def test_S003_11_a_table_without_its_heading_is_none(tmp_path: Path, content: bytes) -> None:
    table = tmp_path / "registers.csv"
    table.write_bytes(content)
    with pytest.raises(RegistersInvalid):
        read_registers(table)


def test_S003_11_a_value_told_twice_is_a_problem(tmp_path: Path) -> None:
    row = f"education,{IIN},a,b"
    with pytest.raises(RegistersInvalid, match="line 3"):
        registers(tmp_path, row, row).known("education", "s1")
