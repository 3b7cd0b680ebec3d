"""The file of numbers from the citizens' mobile-number database: IIN and phone (R2.13, R16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from domain.beneficiary import Rejection, iin_problem
from infra.lists.columns import NUMBERS_COLUMNS
from infra.lists.files import ListFile
from infra.lists.reading import Detected, ListSource, open_list
from infra.sms.phones import normalise_phone


class Numbers:
    """Pairs (IIN, phone in E.164) of a numbers file, streamed; `rejected` counts the other rows by code.

    `rejected` belongs to the latest run through the pairs and is complete when that is at its end. An IIN may
    come more than once: the later row is the newer number.
    """

    def __init__(self, source: ListSource) -> None:
        self.source = source
        self.rejected: Counter[str] = Counter()

    @property
    def detected(self) -> Detected:
        return self.source.detected

    def __iter__(self) -> Iterator[tuple[str, str]]:
        rejected: Counter[str] = Counter()
        self.rejected = rejected
        for _, checked in self.checked():
            if isinstance(checked, Rejection):
                rejected[checked.code] += 1
            else:
                yield checked

    def checked(self) -> Iterator[tuple[int, tuple[str, str] | Rejection]]:
        """Each row's number with its pair, or with the first rule that says no: row, IIN, phone."""
        for number, row in self.source.rows():
            yield number, row.rejection or check_number(row.values)


def check_number(values: tuple[str, ...]) -> tuple[str, str] | Rejection:
    """The cells `iin` and `phone` as (IIN, E.164), or why not."""
    iin, phone = values[0].strip(), values[1].strip()
    problem = iin_problem(iin)
    if problem:
        return Rejection(problem, "iin")
    if not phone:
        return Rejection("phone_missing", "phone")
    e164 = normalise_phone(phone)
    return (iin, e164) if e164 else Rejection("phone_invalid", "phone")


def read_numbers(path: Path | ListFile) -> Numbers:
    """Open a numbers file (CSV, XLSX or JSON lines, packed or not). Raises a ListRefusal."""
    return Numbers(open_list(path, NUMBERS_COLUMNS))
