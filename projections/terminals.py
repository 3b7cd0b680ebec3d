"""The view `terminals`: which tills there are, of which shop, and until when they can be used (R2.7)."""

from __future__ import annotations

from typing import Any

from domain.terminal import Terminal as T
from projections.view import On, Recorded, Row, Rows, Table, View, by_stream, changing


def _invited(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "terminal": data["terminal"],
        "shop": data["shop"],
        "stage": "invited",
        "env": None,
        "invited_at": data["timestamp"],
        "enrolled_at": None,
        "expires_at": data["expires_at"],
        "revoked_at": None,
    }


def _enrolled(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "enrolled"
    row["env"] = data["env"]
    row["enrolled_at"] = data["timestamp"]
    row["expires_at"] = data["expires_at"]


def _rotated(row: Row, data: dict[str, Any]) -> None:
    row["expires_at"] = data["expires_at"]


def _revoked(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "revoked"
    row["revoked_at"] = data["timestamp"]


class Terminals(View):
    """One row a terminal; `expires_at` is the end of its code while it is invited, then of its key. No key, no hash."""

    name = "terminals"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("terminal", "text"),
            ("shop", "text"),
            ("stage", "text"),
            ("env", "text"),
            ("invited_at", "timestamptz"),
            ("enrolled_at", "timestamptz"),
            ("expires_at", "timestamptz"),
            ("revoked_at", "timestamptz"),
        ),
        key=("stream",),
        indexes=(("shop",),),
    )
    on = {
        T.CodeIssued.TOPIC: On(by_stream, _invited, creates=True),
        T.Enrolled.TOPIC: changing(_enrolled),
        T.KeyRotated.TOPIC: changing(_rotated),
        T.Revoked.TOPIC: changing(_revoked),
    }
