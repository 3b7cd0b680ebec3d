"""The view `cases`: every request, where it stands and how it ended; what a service's levels are counted from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.procedures.case import Case as C
from projections.view import On, Recorded, Row, Rows, Table, View, by_stream, changing


def _opened(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "number": data["case"],
        "service": data["service"],
        "version": data["version"],
        "kind": data["kind"],
        "channel": data["channel"],
        "applicant": data["applicant"],
        "state": "open",
        "received_at": data["received_at"],
        "counted_from": data["counted_from"],
        "due_at": data["due_at"] or None,
        "missing": len(data["missing"]),
        "overdue_steps": 0,
        "late_acts": 0,
        "remarks": 0,
        "ground": None,
        "result": None,
        "result_number": None,
        "valid_until": None,
        "ending": None,
        "closed_at": None,
        "term": None,
        "seconds": None,
    }


def _refused(row: Row, data: dict[str, Any]) -> None:
    row["state"] = "refused"
    _end(row, data)
    row["ending"] = "acceptance_refused"


def _acted(row: Row, data: dict[str, Any]) -> None:
    row["late_acts"] += data["late"]
    row["ground"] = data["ground"] or row["ground"]


def _overdue(row: Row, _data: dict[str, Any]) -> None:
    row["overdue_steps"] += 1


def _remarked(row: Row, data: dict[str, Any]) -> None:
    row["remarks"] = max(row["remarks"], data["number"])


def _issued(row: Row, data: dict[str, Any]) -> None:
    row["result"] = data["result"]
    row["result_number"] = data["number"]
    row["valid_until"] = data["valid_until"] or None


def _closed(row: Row, data: dict[str, Any]) -> None:
    row["state"] = "closed"
    _end(row, data)
    row["ending"] = data["end"]
    if row["due_at"] is not None:
        row["term"] = "missed" if data["late"] else "kept"


def _end(row: Row, data: dict[str, Any]) -> None:
    row["closed_at"] = data["timestamp"]
    span = datetime.fromisoformat(data["timestamp"]) - datetime.fromisoformat(row["received_at"])
    row["seconds"] = int(span.total_seconds())


class Cases(View):
    """One row a case: `state` open, closed, or refused at its acceptance; `term` kept or missed once it is closed.

    `applicant` is the vault's subject; `seconds` from the receipt to the end; `ground` the last one named.
    """

    name = "cases"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("number", "text"),
            ("service", "text"),
            ("version", "text"),
            ("kind", "text"),
            ("channel", "text"),
            ("applicant", "text"),
            ("state", "text"),
            ("received_at", "timestamptz"),
            ("counted_from", "timestamptz"),
            ("due_at", "timestamptz"),
            ("missing", "integer"),
            ("overdue_steps", "integer"),
            ("late_acts", "integer"),
            ("remarks", "integer"),
            ("ground", "text"),
            ("result", "text"),
            ("result_number", "text"),
            ("valid_until", "text"),
            ("ending", "text"),
            ("closed_at", "timestamptz"),
            ("term", "text"),
            ("seconds", "bigint"),
        ),
        key=("stream",),
        indexes=(("service", "state", "received_at"), ("applicant",), ("number",), ("result_number",)),
    )
    on = {
        C.Opened.TOPIC: On(by_stream, _opened, creates=True),
        C.AcceptanceRefused.TOPIC: changing(_refused),
        C.Acted.TOPIC: changing(_acted),
        C.BecameOverdue.TOPIC: changing(_overdue),
        C.RemarkRecorded.TOPIC: changing(_remarked),
        C.ResultIssued.TOPIC: changing(_issued),
        C.Closed.TOPIC: changing(_closed),
    }
