"""The view `accesses`: who may read the reports, by which case, of which regions, until when (A1–A6)."""

from __future__ import annotations

import json
from typing import Any

from domain.access import Access as A
from projections.view import Key, On, Recorded, Row, Rows, Table, View, changing


def _grant(event: Recorded) -> tuple[Key]:
    return ((event.stream, event.data["case"]),)


def _granted(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[_grant(event)[0]] = {
        "stream": event.stream,
        "number": data["case"],
        "user_id": data["user"],
        "body": data["body"],
        "body_kind": data["body_kind"],
        "regions": json.dumps(data["regions"]),
        "granted_at": data["timestamp"],
        "until": data["until"],
        "state": "granted",
        "over_at": None,
    }


def _blocked(row: Row, data: dict[str, Any]) -> None:
    row["state"] = "blocked"
    row["over_at"] = data["timestamp"]


def _ended(row: Row, data: dict[str, Any]) -> None:
    row["state"] = "ended"
    row["over_at"] = data["timestamp"]


class Accesses(View):
    """One row a grant: `state` granted, blocked or ended; `number` is of its case, `regions` (JSON) prefixes of KATO."""

    name = "accesses"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("number", "text"),
            ("user_id", "text"),
            ("body", "text"),
            ("body_kind", "text"),
            ("regions", "text"),
            ("granted_at", "timestamptz"),
            ("until", "timestamptz"),
            ("state", "text"),
            ("over_at", "timestamptz"),
        ),
        key=("stream", "number"),
        indexes=(("state",), ("number",)),
    )
    on = {
        A.Granted.TOPIC: On(_grant, _granted, creates=True),
        A.Blocked.TOPIC: changing(_blocked, _grant),
        A.Ended.TOPIC: changing(_ended, _grant),
    }
