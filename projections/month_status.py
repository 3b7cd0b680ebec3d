"""The view `month_status`: a programme's month in numbers, for the reports (O3.2, R18, R20, R21, R29).

Every figure is a sum over events, so that their order does not matter; but `families`, `members` and `no_number`,
which are what the latest delivery of the list said (R19).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.cycle import Cycle
from domain.family import FamilyVouchers as F
from domain.programmes import TEXT_PURPOSES
from projections.view import (
    CREDITED,
    Key,
    On,
    Recorded,
    Row,
    Rows,
    Table,
    Unfoldable,
    View,
    amount,
    programme_month,
)

COUNTERS = (
    "lists_received",
    "rows_accepted",
    "rows_rejected",
    "list_position",
    "families",
    "members",
    "no_number",
    *(f"sms_{purpose}" for purpose in TEXT_PURPOSES),
    *(f"parts_{purpose}" for purpose in TEXT_PURPOSES),
    "sms_failed",
    "sms_delivered",
    "sms_undelivered",
    "consented",
    "refused",
    "withdrawn",
    "not_understood",
    "ignored_too_late",
    "ignored_already_answered",
    "lapsed",
    "vouchers_issued",
    "issued_tiyn",
    "families_activated",
    "vouchers_activated",
    "redemptions",
    "spent_tiyn",
    "held_tiyn",
    "reversed_tiyn",
    "families_expired",
    "vouchers_expired",
    "expired_tiyn",
    "cancelled_tiyn",
    "last_position",
)
_NEW = dict.fromkeys(COUNTERS, 0)


def _month(event: Recorded) -> tuple[Key]:
    return (programme_month(event.data["cycle"]),)


def _counting(count: Callable[[Row, dict[str, Any]], None]) -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        count(_row(rows, event), event.data)

    return On(_month, fold)


def _row(rows: Rows, event: Recorded) -> Row:
    key = programme_month(event.data["cycle"])
    row = rows[key]
    if row is None:
        row = rows[key] = {"programme": key[0], "month": key[1], **_NEW}
    if event.position > row["last_position"]:
        row["last_position"] = event.position
    return row


def _one(column: str) -> On:
    def count(row: Row, _data: dict[str, Any]) -> None:
        row[column] += 1

    return _counting(count)


def _list_received(rows: Rows, event: Recorded) -> None:
    row, data = _row(rows, event), event.data
    row["lists_received"] += 1
    row["rows_accepted"] += data["accepted"]
    row["rows_rejected"] += sum(map(amount, data["rejected"].values()))
    if event.position > row["list_position"]:
        families = data["families"]
        row["list_position"] = event.position
        row["families"] = sum(amount(families.get(fate, 0)) for fate in ("added", "changed", "unchanged"))
        row["members"] = data["members"]
        row["no_number"] = data["no_number"]


def _sms_sent(row: Row, data: dict[str, Any]) -> None:
    if data["purpose"] not in TEXT_PURPOSES:
        raise Unfoldable("unknown purpose of an SMS")
    row[f"sms_{data['purpose']}"] += 1
    row[f"parts_{data['purpose']}"] += data["parts"]


def _sms_reported(row: Row, data: dict[str, Any]) -> None:
    if data["status"] == "delivered":
        row["sms_delivered"] += 1
    elif data["status"] == "failed":
        row["sms_undelivered"] += 1


def _ignored(row: Row, data: dict[str, Any]) -> None:
    if data["reason"] not in ("too_late", "already_answered"):
        raise Unfoldable("unknown reason to ignore an answer")
    row[f"ignored_{data['reason']}"] += 1


def _withdrawn(row: Row, data: dict[str, Any]) -> None:
    row["withdrawn"] += 1
    row["cancelled_tiyn"] += data["cancelled_tiyn"]


def _issued(row: Row, data: dict[str, Any]) -> None:
    row["vouchers_issued"] += len(data["vouchers"])
    row["issued_tiyn"] += data["issued_tiyn"]


def _activated(row: Row, data: dict[str, Any]) -> None:
    row["families_activated"] += 1
    row["vouchers_activated"] += len(data["vouchers"])


def _redeemed(row: Row, data: dict[str, Any]) -> None:
    row["redemptions"] += 1
    row["spent_tiyn"] += data["drawn_tiyn"]


def _held(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] += data["drawn_tiyn"]


def _captured(row: Row, data: dict[str, Any]) -> None:
    row["redemptions"] += 1
    row["held_tiyn"] -= data["drawn_tiyn"]
    row["spent_tiyn"] += data["drawn_tiyn"]


def _back(row: Row, to: str, tiyn: int) -> None:
    column = CREDITED[to]
    if column != "available_tiyn":  # follows from the others
        row[column] += tiyn


def _voided(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] -= data["drawn_tiyn"]
    _back(row, data["to"], data["drawn_tiyn"])


def _reversed(row: Row, data: dict[str, Any]) -> None:
    row["spent_tiyn"] -= data["reversed_tiyn"]
    row["reversed_tiyn"] += data["reversed_tiyn"]
    _back(row, data["to"], data["reversed_tiyn"])


def _expired(row: Row, data: dict[str, Any]) -> None:
    row["families_expired"] += 1
    row["vouchers_expired"] += len(data["vouchers"])
    row["expired_tiyn"] += data["expired_tiyn"]


class MonthStatus(View):
    """One row a programme and month. `spent_tiyn` is net of reversals; what was sold is in `purchases`."""

    name = "month_status"
    version = 2
    per_stream = False
    table = Table(
        columns=(("programme", "text"), ("month", "text"), *((counter, "bigint") for counter in COUNTERS)),
        key=("programme", "month"),
    )
    on = {
        Cycle.ListReceived.TOPIC: On(_month, _list_received),
        F.SmsSent.TOPIC: _counting(_sms_sent),
        F.SmsFailed.TOPIC: _one("sms_failed"),
        F.SmsReported.TOPIC: _counting(_sms_reported),
        F.Consented.TOPIC: _one("consented"),
        F.Refused.TOPIC: _one("refused"),
        F.ConsentWithdrawn.TOPIC: _counting(_withdrawn),
        F.NotUnderstood.TOPIC: _one("not_understood"),
        F.AnswerIgnored.TOPIC: _counting(_ignored),
        F.Lapsed.TOPIC: _one("lapsed"),
        F.Issued.TOPIC: _counting(_issued),
        F.Activated.TOPIC: _counting(_activated),
        F.Redeemed.TOPIC: _counting(_redeemed),
        F.Held.TOPIC: _counting(_held),
        F.Captured.TOPIC: _counting(_captured),
        F.Voided.TOPIC: _counting(_voided),
        F.Reversed.TOPIC: _counting(_reversed),
        F.Expired.TOPIC: _counting(_expired),
    }
