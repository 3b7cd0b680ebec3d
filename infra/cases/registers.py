"""State registers that facts of an applicant are looked up in (S003-11).

No register is connected to an installation by itself. A trial may play them by a table, so that a check can be seen to
pass and to fail; where nothing answers, the applicant is asked, and a clerk confirms by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from domain.beneficiary import iin_is_valid
from domain.checked_file import Problem
from domain.errors import Refusal
from infra.project_files import read_table

FILE = "registers.csv"
COLUMNS = ("register", "iin", "field", "value")
_LONGEST = 10_000


class RegistersInvalid(Refusal):
    """The table of a trial's registers can't be used; `problems` by line. No row's content is in it."""

    code = "registers_invalid"
    texts = {
        "kk": "Тізілімдер кестесінде қателер бар:\n{problems}",
        "ru": "В таблице реестров есть ошибки:\n{problems}",
        "en": "The table of registers has errors:\n{problems}",
    }

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems="\n".join(map(str, problems)))


class NoRegisters:
    """Where no register is connected: none knows anybody, so all is asked for, and confirmed by hand."""

    def known(self, register: str, applicant: str) -> Mapping[str, str] | None:
        """None, whoever is asked about."""
        return None


class TrialRegisters:
    """Registers of a trial: what the table says, read anew when it changes; without a table they know nobody."""

    def __init__(self, table: Path, iin_of: Callable[[str], str | None]) -> None:
        """`iin_of` tells the IIN of a subject of the vault."""
        self._table = table
        self._iin_of = iin_of
        self._read: tuple[tuple[int, int], dict[tuple[str, str], dict[str, str]]] | None = None

    def known(self, register: str, applicant: str) -> Mapping[str, str] | None:
        """What the table has of the applicant in this register. Raises RegistersInvalid."""
        rows = self._rows()
        iin = self._iin_of(applicant) if any(name == register for name, _ in rows) else None
        return None if iin is None else rows.get((register, iin))

    def _rows(self) -> dict[tuple[str, str], dict[str, str]]:
        try:
            stat = self._table.stat()
        except FileNotFoundError:
            return {}
        stamp = stat.st_mtime_ns, stat.st_size
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, read_registers(self._table)
        return self._read[1]


def read_registers(table: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Values by field of whom registers know, by (register, IIN). Raises RegistersInvalid with every problem."""
    problems: list[Problem] = []
    found: dict[tuple[str, str], dict[str, str]] = {}

    def row(cells: list[str]) -> None:
        register, iin, field, value = cells
        if not register:
            raise ValueError("has no register")
        if not iin_is_valid(iin):
            raise ValueError("has no IIN of 12 digits with the right check digit")
        if len(value) > _LONGEST or not value.isprintable():
            raise ValueError(f"has no value of at most {_LONGEST} printable characters")
        if bool(field) != bool(value):
            raise ValueError("has a field without a value, or a value without a field")
        values = found.setdefault((register, iin), {})
        if field in values:
            raise ValueError("tells the field a second time")
        if field:
            values[field] = value

    read_table(table, COLUMNS, row, problems)
    if problems:
        raise RegistersInvalid(problems)
    return found
