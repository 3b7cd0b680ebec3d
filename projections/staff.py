"""The view `staff`: who may act on cases by HTTP, in which roles, and until when."""

from __future__ import annotations

from typing import Any

from domain.staff import Staff as S
from projections.view import On, Recorded, Row, Rows, Table, View, by_stream, changing


def _enrolled(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "staff": data["staff"],
        "unit": data["unit"],
        "roles": ",".join(data["roles"]),
        "subject": "",
        "stage": "enrolled",
        "env": data["env"],
        "enrolled_at": data["timestamp"],
        "expires_at": data["expires_at"],
        "revoked_at": None,
    }


def _changed(row: Row, data: dict[str, Any]) -> None:
    row["unit"] = data["unit"]
    row["roles"] = ",".join(data["roles"])


def _identified(row: Row, data: dict[str, Any]) -> None:
    row["subject"] = data["subject"]


def _new_key(row: Row, data: dict[str, Any]) -> None:
    row["expires_at"] = data["expires_at"]


def _revoked(row: Row, data: dict[str, Any]) -> None:
    row["stage"] = "revoked"
    row["revoked_at"] = data["timestamp"]


class StaffMembers(View):
    """One row a member; `roles` with commas between them, `expires_at` the end of the newest key. No key, no hash.

    `subject` is the vault's of the person whose certificate signs for the member, "" while nobody told.
    """

    name = "staff"
    version = 2
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("staff", "text"),
            ("unit", "text"),
            ("roles", "text"),
            ("subject", "text"),
            ("stage", "text"),
            ("env", "text"),
            ("enrolled_at", "timestamptz"),
            ("expires_at", "timestamptz"),
            ("revoked_at", "timestamptz"),
        ),
        key=("stream",),
        indexes=(("unit",),),
    )
    on = {
        S.Enrolled.TOPIC: On(by_stream, _enrolled, creates=True),
        S.Changed.TOPIC: changing(_changed),
        S.Identified.TOPIC: changing(_identified),
        S.KeyIssued.TOPIC: changing(_new_key),
        S.KeyRotated.TOPIC: changing(_new_key),
        S.Revoked.TOPIC: changing(_revoked),
    }
