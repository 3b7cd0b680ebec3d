"""The view `voucher_balances`: what each member's voucher is worth, and where its sum went (R5, R26, O3.2)."""

from __future__ import annotations

from collections.abc import Callable

from domain.family import FamilyVouchers as F
from projections.view import (
    CREDITED,
    Key,
    On,
    Recorded,
    Row,
    Rows,
    Table,
    View,
    amount,
    own_row,
    programme_month,
)


def _issued(rows: Rows, event: Recorded) -> None:
    programme, month = programme_month(event.data["cycle"])
    for voucher, member, tiyn in event.data["vouchers"]:
        rows[(voucher,)] = {
            "voucher": voucher,
            "stream": event.stream,
            "member": member,
            "programme": programme,
            "month": month,
            "amount_tiyn": amount(tiyn),
            "spent_tiyn": 0,
            "held_tiyn": 0,
            "expired_tiyn": 0,
            "cancelled_tiyn": 0,
            "available_tiyn": tiyn,
            "status": "issued",
        }


def _moving(field: str, move: Callable[[Row, int, Recorded], None]) -> On:
    """What an event does to each [voucher, tiyn] of `field`."""

    def keys(event: Recorded) -> list[Key]:
        return [(voucher,) for voucher, _ in event.data[field]]

    def fold(rows: Rows, event: Recorded) -> None:
        for voucher, tiyn in event.data[field]:
            row = own_row(rows, (voucher,), event.stream)
            move(row, amount(tiyn), event)
            row["status"] = _status(row)

    return On(keys, fold)


def _status(row: Row) -> str:
    if row["expired_tiyn"]:
        return "expired"
    if row["cancelled_tiyn"]:
        return "cancelled"
    return "issued" if row["available_tiyn"] or row["held_tiyn"] else "spent"


def _from_to(source: str, target: str) -> Callable[[Row, int, Recorded], None]:
    def move(row: Row, tiyn: int, _event: Recorded) -> None:
        row[source] -= tiyn
        row[target] += tiyn

    return move


def _back_from(source: str) -> Callable[[Row, int, Recorded], None]:
    def move(row: Row, tiyn: int, event: Recorded) -> None:
        row[source] -= tiyn
        row[CREDITED[event.data["to"]]] += tiyn

    return move


class VoucherBalances(View):
    """One row a voucher; a voucher was used when `spent_tiyn` is not 0. What is held is not yet spent."""

    name = "voucher_balances"
    version = 1
    table = Table(
        columns=(
            ("voucher", "text"),
            ("stream", "uuid"),
            ("member", "text"),
            ("programme", "text"),
            ("month", "text"),
            ("amount_tiyn", "bigint"),
            ("spent_tiyn", "bigint"),
            ("held_tiyn", "bigint"),
            ("expired_tiyn", "bigint"),
            ("cancelled_tiyn", "bigint"),
            ("available_tiyn", "bigint"),
            ("status", "text"),
        ),
        key=("voucher",),
        indexes=(("stream",),),
    )
    on = {
        F.Issued.TOPIC: On(lambda event: [(v,) for v, _, _ in event.data["vouchers"]], _issued, creates=True),
        F.Redeemed.TOPIC: _moving("draws", _from_to("available_tiyn", "spent_tiyn")),
        F.Held.TOPIC: _moving("draws", _from_to("available_tiyn", "held_tiyn")),
        F.Captured.TOPIC: _moving("draws", _from_to("held_tiyn", "spent_tiyn")),
        F.Voided.TOPIC: _moving("draws", _back_from("held_tiyn")),
        F.Reversed.TOPIC: _moving("credits", _back_from("spent_tiyn")),
        F.Expired.TOPIC: _moving("vouchers", _from_to("available_tiyn", "expired_tiyn")),
        F.ConsentWithdrawn.TOPIC: _moving("cancelled", _from_to("available_tiyn", "cancelled_tiyn")),
    }
