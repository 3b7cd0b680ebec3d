"""The view `sms_journal`: every message of ours and what became of it (R20, R21, R23)."""

from __future__ import annotations

from domain.family import FamilyVouchers as F
from projections.view import Key, On, Recorded, Rows, Table, View, own_row, programme_month


def _message(event: Recorded) -> tuple[Key]:
    return ((event.data["message"],),)


def _sent(rows: Rows, event: Recorded) -> None:
    data = event.data
    _add(rows, event, "sent", data["language"], data["encoding"], data["parts"], data["gateway"], None)


def _failed(rows: Rows, event: Recorded) -> None:
    _add(rows, event, "failed", None, None, None, None, event.data["reason"])


def _add(
    rows: Rows,
    event: Recorded,
    status: str,
    language: str | None,
    encoding: str | None,
    parts: int | None,
    gateway: str | None,
    reason: str | None,
) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    rows[(data["message"],)] = {
        "message": data["message"],
        "stream": event.stream,
        "programme": programme,
        "month": month,
        "purpose": data["purpose"],
        "language": language,
        "encoding": encoding,
        "parts": parts,
        "gateway": gateway,
        "sent_at": data["timestamp"] if status == "sent" else None,
        "status": status,
        "status_at": data["timestamp"],
        "reason": reason,
    }


def _reported(rows: Rows, event: Recorded) -> None:
    data = event.data
    row = own_row(rows, (data["message"],), event.stream)
    row["status"] = data["status"]
    row["status_at"] = data["timestamp"]


class SmsJournal(View):
    """One row a message; one that no gateway took has no `sent_at`, but a `reason`."""

    name = "sms_journal"
    version = 1
    table = Table(
        columns=(
            ("message", "text"),
            ("stream", "uuid"),
            ("programme", "text"),
            ("month", "text"),
            ("purpose", "text"),
            ("language", "text"),
            ("encoding", "text"),
            ("parts", "bigint"),
            ("gateway", "text"),
            ("sent_at", "timestamptz"),
            ("status", "text"),
            ("status_at", "timestamptz"),
            ("reason", "text"),
        ),
        key=("message",),
        indexes=(("stream",),),
    )
    on = {
        F.SmsSent.TOPIC: On(_message, _sent, creates=True),
        F.SmsFailed.TOPIC: On(_message, _failed, creates=True),
        F.SmsReported.TOPIC: On(_message, _reported),
    }
