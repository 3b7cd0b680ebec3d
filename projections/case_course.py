"""The view `case_course`: what each request was about, and the positions of the log at which it came and ended (R30).

Beside the view `cases`, which has what is: from here reports read what was known at any position.
"""

from __future__ import annotations

import json
from typing import Any

from domain.procedures.case import Case as C
from projections.view import On, Recorded, Rows, Table, View, by_stream, own_row


def _opened(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "service": data["service"],
        "version": data["version"],
        "position": event.position,
        "received_at": data["received_at"],
        "due_at": data["due_at"] or None,
        "facts": json.dumps(data["facts"], ensure_ascii=False, sort_keys=True),
        "ended_position": None,
        "ended_at": None,
        "ending": None,
        "late": None,
    }


def _end(rows: Rows, event: Recorded, ending: str, late: bool) -> None:
    row: dict[str, Any] = own_row(rows, (event.stream,), event.stream)
    row["ended_position"] = event.position
    row["ended_at"] = event.data["timestamp"]
    row["ending"] = ending
    row["late"] = int(late)


def _refused(rows: Rows, event: Recorded) -> None:
    _end(rows, event, "acceptance_refused", late=False)


def _closed(rows: Rows, event: Recorded) -> None:
    _end(rows, event, event.data["end"], event.data["late"])


class CaseCourse(View):
    """One row a case; `facts` (JSON) are the values of its application that are nobody's personal data.

    `late`: 1 when it ended after the promised time, `due_at`.
    """

    name = "case_course"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("service", "text"),
            ("version", "text"),
            ("position", "bigint"),
            ("received_at", "timestamptz"),
            ("due_at", "timestamptz"),
            ("facts", "text"),
            ("ended_position", "bigint"),
            ("ended_at", "timestamptz"),
            ("ending", "text"),
            ("late", "integer"),
        ),
        key=("stream",),
        indexes=(("service", "version", "received_at"),),
    )
    on = {
        C.Opened.TOPIC: On(by_stream, _opened, creates=True),
        C.AcceptanceRefused.TOPIC: On(by_stream, _refused),
        C.Closed.TOPIC: On(by_stream, _closed),
    }
