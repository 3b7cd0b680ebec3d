"""The view `families`: where each family of a month stands, and its sums together (R18, R21, R26, O3.2).

Beside what is, the position of the event that made it so: what was known at a position is read from the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from domain.family import FamilyVouchers as F
from projections.view import CREDITED, On, Recorded, Row, Rows, Table, View, amount, by_stream, own_row

# Stages whose first position is kept, each in a column of its own.
REACHED = (
    *("asked", "reminded", "consented", "refused", "withdrawn"),
    *("lapsed", "issued", "activated", "expired"),
)


def _eligible(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = dict.fromkeys(f"{stage}_position" for stage in REACHED) | {
        "stream": event.stream,
        "programme": data["programme"],
        "month": data["month"],
        "family": data["family"],
        "applicant": data["applicant"],
        "region": data["region"],
        "size": len(data["members"]),
        "no_number": 0,
        "position": event.position,
        "listed_position": event.position,
        "listed_before": None,
        "stage": "eligible",
        "asked_at": None,
        "answered_at": None,
        "vouchers": 0,
        "issued_tiyn": 0,
        "available_tiyn": 0,
        "spent_tiyn": 0,
        "held_tiyn": 0,
        "expired_tiyn": 0,
        "cancelled_tiyn": 0,
        "lapsed_tiyn": 0,
        "withdrawn_tiyn": 0,
        "redemptions": 0,
        "draws": None,
        "vouchers_used": 0,
        "rules": data["rules"],
        "changed_at": data["timestamp"],
    }


def _changing(change: Callable[[Row, dict[str, Any]], None], reached: str = "") -> On:
    def fold(rows: Rows, event: Recorded) -> None:
        row = own_row(rows, (event.stream,), event.stream)
        data = event.data
        change(row, data)
        if reached:
            _reach(row, reached, event.position)
        _note(row, event)

    return On(by_stream, fold)


def _note(row: Row, event: Recorded) -> None:
    row["position"] = event.position
    row["rules"] = event.data["rules"]
    row["changed_at"] = event.data["timestamp"]


def _reach(row: Row, stage: str, position: int) -> None:
    column = f"{stage}_position"
    if row[column] is None:
        row[column] = position


def _to_stage(stage: str) -> On:
    def change(row: Row, _data: dict[str, Any]) -> None:
        row["stage"] = stage

    return _changing(change, stage)


def _listing(change: Callable[[Row, dict[str, Any]], None]) -> On:
    """A change of what the list says of the family: what it said before is kept with its position (R19)."""

    def fold(rows: Rows, event: Recorded) -> None:
        row = own_row(rows, (event.stream,), event.stream)
        before = [row["listed_position"], row["region"], row["size"], row["no_number"]]
        change(row, event.data)
        row["listed_before"] = orjson.dumps([*orjson.loads(row["listed_before"] or "[]"), before]).decode()
        row["listed_position"] = event.position
        _note(row, event)

    return On(by_stream, fold)


def _changed(row: Row, data: dict[str, Any]) -> None:
    row["size"] += len(data["added"]) - len(data["removed"])
    row["applicant"] = data["applicant"]
    row["region"] = data["region"]
    if row["stage"] == "left":
        row["stage"] = "eligible"


def _left(row: Row, _data: dict[str, Any]) -> None:
    row["size"] = 0
    row["no_number"] = 0
    row["stage"] = "left"


def _number_missing(row: Row, _data: dict[str, Any]) -> None:
    row["no_number"] = 1
    row["stage"] = "no_number"


def _number_known(row: Row, _data: dict[str, Any]) -> None:
    row["no_number"] = 0
    row["stage"] = "eligible"


def _sms_sent(rows: Rows, event: Recorded) -> None:
    row = own_row(rows, (event.stream,), event.stream)
    data = event.data
    if data["purpose"] in ("consent_request", "reminder"):
        _reach(row, "asked" if data["purpose"] == "consent_request" else "reminded", event.position)
        if row["stage"] == "eligible":
            row["stage"] = "asked"
            row["asked_at"] = data["timestamp"]
    _note(row, event)


def _consented(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "consented"
    row["answered_at"] = data["timestamp"]


def _refused(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "refused"
    row["answered_at"] = data["timestamp"]


def _withdrawn(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "withdrawn"
    row["answered_at"] = data["timestamp"]
    row["withdrawn_tiyn"] = data["cancelled_tiyn"]
    row["cancelled_tiyn"] += data["cancelled_tiyn"]
    row["available_tiyn"] -= data["cancelled_tiyn"]


def _issued(row: Row, data: dict[str, Any]) -> None:
    row["vouchers"] = len(data["vouchers"])
    row["issued_tiyn"] += data["issued_tiyn"]
    row["available_tiyn"] += data["issued_tiyn"]


def _draw(row: Row, draws: list[list[Any]], sign: int) -> None:
    """What each voucher has paid for and was not brought back; those it is nothing of were not used."""
    drawn = orjson.loads(row["draws"] or "{}")
    for voucher, tiyn in draws:
        drawn[voucher] = drawn.get(voucher, 0) + sign * amount(tiyn)
    row["draws"] = orjson.dumps(drawn).decode()
    row["vouchers_used"] = sum(tiyn > 0 for tiyn in drawn.values())


def _redeemed(row: Row, data: dict[str, Any]) -> None:
    _draw(row, data["draws"], 1)
    row["spent_tiyn"] += data["drawn_tiyn"]
    row["available_tiyn"] -= data["drawn_tiyn"]
    row["redemptions"] += 1


def _held(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] += data["drawn_tiyn"]
    row["available_tiyn"] -= data["drawn_tiyn"]


def _captured(row: Row, data: dict[str, Any]) -> None:
    _draw(row, data["draws"], 1)
    row["held_tiyn"] -= data["drawn_tiyn"]
    row["spent_tiyn"] += data["drawn_tiyn"]
    row["redemptions"] += 1


def _voided(row: Row, data: dict[str, Any]) -> None:
    row["held_tiyn"] -= data["drawn_tiyn"]
    row[CREDITED[data["to"]]] += data["drawn_tiyn"]


def _reversed(row: Row, data: dict[str, Any]) -> None:
    _draw(row, data["credits"], -1)
    row["spent_tiyn"] -= data["reversed_tiyn"]
    row[CREDITED[data["to"]]] += data["reversed_tiyn"]


def _expired(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "expired"
    row["lapsed_tiyn"] = data["expired_tiyn"]
    row["expired_tiyn"] += data["expired_tiyn"]
    row["available_tiyn"] -= data["expired_tiyn"]


class Families(View):
    """One row a family and month; `redemptions` are those paid for, `answered_at` the last yes or no.

    `position` is that of the last event that changed the row: as of it and later, the row is what was known. A column
    `…_position` has the log position at which the family first came to that stage. `listed_position` is where
    the list last said something new of it, `listed_before` (JSON) what it had said: [position, region, size, no
    number] each. `lapsed_tiyn` and `withdrawn_tiyn` are what ended with the month, and with the consent; sums returned
    afterwards are in `expired_tiyn` and `cancelled_tiyn` besides. `draws` is JSON: what each voucher paid for and was not
    brought back, in tiyn; `vouchers_used` how many paid for anything.
    """

    name = "families"
    version = 4
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("programme", "text"),
            ("month", "text"),
            ("family", "text"),
            ("applicant", "text"),
            ("region", "text"),
            ("size", "integer"),
            ("no_number", "integer"),
            ("position", "bigint"),
            ("listed_position", "bigint"),
            ("listed_before", "text"),
            ("stage", "text"),
            ("asked_at", "timestamptz"),
            ("answered_at", "timestamptz"),
            *((f"{stage}_position", "bigint") for stage in REACHED),
            ("vouchers", "integer"),
            ("issued_tiyn", "bigint"),
            ("available_tiyn", "bigint"),
            ("spent_tiyn", "bigint"),
            ("held_tiyn", "bigint"),
            ("expired_tiyn", "bigint"),
            ("cancelled_tiyn", "bigint"),
            ("lapsed_tiyn", "bigint"),
            ("withdrawn_tiyn", "bigint"),
            ("redemptions", "integer"),
            ("draws", "text"),
            ("vouchers_used", "integer"),
            ("rules", "text"),
            ("changed_at", "timestamptz"),
        ),
        key=("stream",),
        # Who lives in a region, and since when the list says so, is read without the rows.
        indexes=(("programme", "month", "region", "listed_position", "stream"),),
        partial=((("programme", "month"), "listed_before IS NOT NULL"),),
    )
    on = {
        F.Eligible.TOPIC: On(by_stream, _eligible, creates=True),
        F.Changed.TOPIC: _listing(_changed),
        F.Left.TOPIC: _listing(_left),
        F.NumberMissing.TOPIC: _listing(_number_missing),
        F.NumberUnsettled.TOPIC: _listing(_number_known),
        F.NumberFound.TOPIC: _listing(_number_known),
        F.SmsSent.TOPIC: On(by_stream, _sms_sent),
        F.Consented.TOPIC: _changing(_consented, "consented"),
        F.Refused.TOPIC: _changing(_refused, "refused"),
        F.ConsentWithdrawn.TOPIC: _changing(_withdrawn, "withdrawn"),
        F.Issued.TOPIC: _changing(_issued, "issued"),
        F.Activated.TOPIC: _to_stage("activated"),
        F.Redeemed.TOPIC: _changing(_redeemed),
        F.Held.TOPIC: _changing(_held),
        F.Captured.TOPIC: _changing(_captured),
        F.Voided.TOPIC: _changing(_voided),
        F.Reversed.TOPIC: _changing(_reversed),
        F.Lapsed.TOPIC: _to_stage("lapsed"),
        F.Expired.TOPIC: _changing(_expired, "expired"),
    }
