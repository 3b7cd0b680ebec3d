"""A shop's own receipts against the log's purchases, differences one by one (the report `reconciliation`, R27)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from domain.commands.list_staging import ListRow
from domain.money import tiyn_from_kzt
from infra.lists.columns import RECEIPT_COLUMNS
from infra.lists.reading import Detected, open_list
from infra.reporting.refusals import ParameterMalformed
from infra.reporting.running import Reports, Request

ONLY_OURS, ONLY_THEIRS, DIFFERS, TWICE, UNREADABLE = (
    *("only_in_log", "only_in_file", "differs"),
    *("twice_in_file", "unreadable"),
)


class Difference(NamedTuple):
    """One difference: its kind, the receipt, the row of the file, what the vouchers paid by the log and by the file.

    `like`: the one receipt of the other side that differs in leading zeros alone, which a spreadsheet takes off.
    """

    kind: str
    receipt: str
    row: int | None
    log_tiyn: int | None
    file_tiyn: int | None
    like: str | None = None


@dataclass(slots=True)
class Reconciled:
    """What a comparison found: how many receipts agree, both totals in tiyn, the differences in order."""

    shop: str
    month: str
    log_position: int
    detected: Detected
    agree: int = 0
    log_tiyn: int = 0
    file_tiyn: int = 0
    differences: list[Difference] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; sums in tiyn."""
        return {
            "shop": self.shop,
            "month": self.month,
            "log_position": self.log_position,
            "agree": self.agree,
            "log_tiyn": self.log_tiyn,
            "file_tiyn": self.file_tiyn,
            "differences": [difference._asdict() for difference in self.differences],
        }


def reconcile(reports: Reports, request: Request, file: Path, now: datetime) -> Reconciled:
    """The shop's file (columns receipt, amount in KZT paid by vouchers, returns taken off) against a month of the log.

    Raises ParameterMalformed without a shop, ListRefusal for a file that can't be read, and what a report raises.
    """
    if not request.parameters.get("shop"):
        raise ParameterMalformed("shop", parameter="shop", example="S001")
    source = open_list(file, RECEIPT_COLUMNS)
    kept, month, position = reports.receipts(request, now)
    found = Reconciled(request.parameters["shop"], month, position, source.detected)
    found.log_tiyn = sum(kept.values())
    found.differences += _compare(source.rows(), kept, found)
    found.differences += [
        Difference(ONLY_OURS, receipt, None, tiyn, None) for receipt, tiyn in sorted(kept.items()) if tiyn
    ]
    found.differences = _with_likes(found.differences)
    return found


def _with_likes(differences: list[Difference]) -> list[Difference]:
    sides: dict[str, dict[str, list[str]]] = {ONLY_OURS: {}, ONLY_THEIRS: {}}
    for one in differences:
        if one.kind in sides:
            sides[one.kind].setdefault(one.receipt.lstrip("0"), []).append(one.receipt)
    other = {ONLY_OURS: sides[ONLY_THEIRS], ONLY_THEIRS: sides[ONLY_OURS]}

    def like(one: Difference) -> str | None:
        number = one.receipt.lstrip("0")
        alone = one.kind in sides and len(sides[one.kind][number]) == 1
        found = other[one.kind].get(number, []) if alone else []
        return found[0] if len(found) == 1 else None

    return [one._replace(like=like(one)) for one in differences]


def _compare(
    rows: Iterable[tuple[int, ListRow]], kept: dict[str, int], found: Reconciled
) -> Iterator[Difference]:
    """The differences of the file's rows; what they name is taken out of `kept`."""
    seen: set[str] = set()
    for number, row in rows:
        if row.rejection is not None:
            yield Difference(UNREADABLE, "", number, None, None)
            continue
        receipt, text = (value.strip() for value in row.values)
        try:
            tiyn = tiyn_from_kzt("".join(text.replace(",", ".").split()))
        except ValueError:
            seen.add(receipt)
            yield Difference(UNREADABLE, receipt, number, kept.pop(receipt, None), None)
            continue
        found.file_tiyn += tiyn
        if receipt in seen or not receipt:
            yield Difference(TWICE, receipt, number, None, tiyn)
            continue
        seen.add(receipt)
        ours = kept.pop(receipt, None)
        if ours is None:
            yield Difference(ONLY_THEIRS, receipt, number, None, tiyn)
        elif ours != tiyn:
            yield Difference(DIFFERS, receipt, number, ours, tiyn)
        else:
            found.agree += 1
