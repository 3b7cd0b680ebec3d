"""The view `families`: where each family of a month stands, and its sums together (R18, R21, R26, O3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.family import FamilyVouchers as F
from projections.view import CREDITED, On, Recorded, Row, Rows, Table, View, by_stream, own_row


def _eligible(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "programme": data["programme"],
        "month": data["month"],
        "family": data["family"],
        "applicant": data["applicant"],
        "region": data["region"],
        "size": len(data["members"]),
        "stage": "eligible",
        "asked_at": None,
        "answered_at": None,
        "issued_tiyn": 0,
        "available_tiyn": 0,
        "spent_tiyn": 0,
        "held_tiyn": 0,
        "expired_tiyn": 0,
        "cancelled_tiyn": 0,
        "redemptions": 0,
        "rules": data["rules"],
        "changed_at": data["timestamp"],
    }


def _changing(change: Callable[[Row, dict[str, Any]], None]) -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        row = own_row(rows, (event.stream,), event.stream)
        data = event.data
        change(row, data)
        row["rules"] = data["rules"]
        row["changed_at"] = data["timestamp"]

    return On(by_stream, fold)


def _to_stage(stage: str) -> On:
    def change(row: Row, _data: dict[str, Any]) -> None:
        row["stage"] = stage

    return _changing(change)


def _changed(row: Row, data: dict[str, Any]) -> None:
    row["size"] += len(data["added"]) - len(data["removed"])
    row["applicant"] = data["applicant"]
    row["region"] = data["region"]
    if row["stage"] == "left":
        row["stage"] = "eligible"


def _left(row: Row, _data: dict[str, Any]) -> None:
    row["size"] = 0
    row["stage"] = "left"


def _sms_sent(row: Row, data: dict[str, Any]) -> None:
    if row["stage"] == "eligible" and data["purpose"] in ("consent_request", "reminder"):
        row["stage"] = "asked"
        row["asked_at"] = data["timestamp"]


def _consented(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "consented"
    row["answered_at"] = data["timestamp"]


def _refused(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "refused"
    row["answered_at"] = data["timestamp"]


def _withdrawn(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "withdrawn"
    row["answered_at"] = data["timestamp"]
    row["cancelled_tiyn"] += data["cancelled_tiyn"]
    row["available_tiyn"] -= data["cancelled_tiyn"]


def _issued(row: Row, data: dict[str, Any]) -> None:
    row["issued_tiyn"] += data["issued_tiyn"]
    row["available_tiyn"] += data["issued_tiyn"]


def _redeemed(row: Row, data: dict[str, Any]) -> None:
    row["spent_tiyn"] += data["drawn_tiyn"]
    row["available_tiyn"] -= data["drawn_tiyn"]
    row["redemptions"] += 1


def _held(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] += data["drawn_tiyn"]
    row["available_tiyn"] -= data["drawn_tiyn"]


def _captured(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] -= data["drawn_tiyn"]
    row["spent_tiyn"] += data["drawn_tiyn"]
    row["redemptions"] += 1


def _voided(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] -= data["drawn_tiyn"]
    row[CREDITED[data["to"]]] += data["drawn_tiyn"]


def _reversed(row: Row, data: dict[str, Any]) -> None:
    row["spent_tiyn"] -= data["reversed_tiyn"]
    row[CREDITED[data["to"]]] += data["reversed_tiyn"]


def _expired(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "expired"
    row["expired_tiyn"] += data["expired_tiyn"]
    row["available_tiyn"] -= data["expired_tiyn"]


class Families(View):
    """One row a family and month; `redemptions` are those paid for, `answered_at` the last yes or no."""

    name = "families"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("programme", "text"),
            ("month", "text"),
            ("family", "text"),
            ("applicant", "text"),
            ("region", "text"),
            ("size", "integer"),
            ("stage", "text"),
            ("asked_at", "timestamptz"),
            ("answered_at", "timestamptz"),
            ("issued_tiyn", "bigint"),
            ("available_tiyn", "bigint"),
            ("spent_tiyn", "bigint"),
            ("held_tiyn", "bigint"),
            ("expired_tiyn", "bigint"),
            ("cancelled_tiyn", "bigint"),
            ("redemptions", "integer"),
            ("rules", "text"),
            ("changed_at", "timestamptz"),
        ),
        key=("stream",),
        indexes=(("programme", "month"),),
    )
    on = {
        F.Eligible.TOPIC: On(by_stream, _eligible, creates=True),
        F.Changed.TOPIC: _changing(_changed),
        F.Left.TOPIC: _changing(_left),
        F.NumberMissing.TOPIC: _to_stage("no_number"),
        F.NumberUnsettled.TOPIC: _to_stage("eligible"),
        F.NumberFound.TOPIC: _to_stage("eligible"),
        F.SmsSent.TOPIC: _changing(_sms_sent),
        F.Consented.TOPIC: _changing(_consented),
        F.Refused.TOPIC: _changing(_refused),
        F.ConsentWithdrawn.TOPIC: _changing(_withdrawn),
        F.Issued.TOPIC: _changing(_issued),
        F.Activated.TOPIC: _to_stage("activated"),
        F.Redeemed.TOPIC: _changing(_redeemed),
        F.Held.TOPIC: _changing(_held),
        F.Captured.TOPIC: _changing(_captured),
        F.Voided.TOPIC: _changing(_voided),
        F.Reversed.TOPIC: _changing(_reversed),
        F.Lapsed.TOPIC: _to_stage("lapsed"),
        F.Expired.TOPIC: _changing(_expired),
    }
