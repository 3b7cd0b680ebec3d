"""The view `case_steps`: whose turn it is on which case, until when, and who did what before."""

from __future__ import annotations

from typing import Any

from domain.procedures.case import Case as C
from domain.procedures.definition import APPLICANT
from projections.view import Key, On, Recorded, Row, Rows, Table, View, changing, own_row

_OPEN = "state = 'open'"
_ESCALATED = f"{_OPEN} AND escalated_to IS NOT NULL"
_APPLICANTS = f"{_OPEN} AND role = '{APPLICANT}'"


def _step(event: Recorded) -> tuple[Key]:
    return ((event.stream, event.data["step"], str(event.data["turn"])),)


def _portal(stream: str) -> Key:
    """The row that tells through which portal a case was opened; there is none where it was opened otherwise."""
    return (stream, "", "")


def _portals(event: Recorded) -> list[Key]:
    return [_portal(event.stream)] if event.data["through"] else []


def _step_and_portal(event: Recorded) -> list[Key]:
    return [*_step(event), _portal(event.stream)]


def _dropped(event: Recorded) -> list[Key]:
    return [(event.stream, step, str(turn)) for step, turn in event.data["dropped"]]


def _through(rows: Rows, event: Recorded) -> None:
    for key in _portals(event):
        rows[key] = {
            **dict.fromkeys(CaseSteps.table.names),
            "stream": event.stream,
            "step": "",
            "turn": "",
            "number": event.data["case"],
            "service": event.data["service"],
            "state": "portal",
            "through": event.data["through"],
        }


def _opened(rows: Rows, event: Recorded) -> None:
    data = event.data
    due = data["due_at"] or None
    portal = rows[_portal(event.stream)]
    rows[_step(event)[0]] = {
        "stream": event.stream,
        "step": data["step"],
        "turn": str(data["turn"]),
        "number": data["case"],
        "service": data["service"],
        "role": data["role"],
        "unit": data["unit"],
        "assignee": data["assignee"],
        "state": "open",
        "opened_at": data["timestamp"],
        "from_at": data["from_at"],
        "due_at": due,
        "wakes_at": data["from_at"] if data["automatic"] else due,
        "overdue_at": None,
        "escalated_to": None,
        "done_at": None,
        "outcome": None,
        "actor": None,
        "late": None,
        "through": portal["through"] if portal else None,
    }


def _acted(row: Row, data: dict[str, Any]) -> None:
    row["state"] = "done"
    row["done_at"] = data["timestamp"]
    row["wakes_at"] = None
    row["outcome"] = data["outcome"]
    row["actor"] = data["actor"]
    row["late"] = int(data["late"])


def _reassigned(row: Row, data: dict[str, Any]) -> None:
    row["assignee"] = data["assignee"]


def _overdue(row: Row, data: dict[str, Any]) -> None:
    row["overdue_at"] = data["timestamp"]
    row["wakes_at"] = None


def _escalated(row: Row, data: dict[str, Any]) -> None:
    row["escalated_to"] = data["to_role"]


def _closed(rows: Rows, event: Recorded) -> None:
    for key in _dropped(event):
        row = own_row(rows, key, event.stream)
        row["state"] = "dropped"
        row["done_at"] = event.data["timestamp"]
        row["wakes_at"] = None


class CaseSteps(View):
    """One row a turn of a step: `state` open, done, or dropped when its case ended without it.

    `wakes_at`: when the clock asks something of it next; `late`: 1 when it was done after its time. `through`: the portal
    that the case was opened through. A case with a portal has one row more, of the state `portal`, with step and turn
    empty: an event of a step does not tell the portal.
    """

    name = "case_steps"
    version = 3
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("step", "text"),
            ("turn", "text"),
            ("number", "text"),
            ("service", "text"),
            ("role", "text"),
            ("unit", "text"),
            ("assignee", "text"),
            ("state", "text"),
            ("opened_at", "timestamptz"),
            ("from_at", "timestamptz"),
            ("due_at", "timestamptz"),
            ("wakes_at", "timestamptz"),
            ("overdue_at", "timestamptz"),
            ("escalated_to", "text"),
            ("done_at", "timestamptz"),
            ("outcome", "text"),
            ("actor", "text"),
            ("late", "integer"),
            ("through", "text"),
        ),
        key=("stream", "step", "turn"),
        # Of what is open alone: what was done once is never listed again, and grows without end. Whatever narrows a
        # list may leave a few rows of a hundred thousand, so each has the order of the list within it.
        partial=(
            (("role", "due_at", "stream"), _OPEN),
            (("role", "service", "due_at", "stream"), _OPEN),
            (("role", "unit", "due_at", "stream"), _OPEN),
            (("role", "assignee", "due_at", "stream"), _OPEN),
            (("role", "unit", "assignee", "due_at", "stream"), _OPEN),
            (("role", "service", "assignee", "due_at", "stream"), _OPEN),
            (("escalated_to", "due_at", "stream"), _ESCALATED),
            (("escalated_to", "service", "due_at", "stream"), _ESCALATED),
            (("through", "due_at", "stream"), _APPLICANTS),
            (("through", "service", "due_at", "stream"), _APPLICANTS),
            (("wakes_at", "stream"), "wakes_at IS NOT NULL"),
        ),
    )
    on = {
        C.Opened.TOPIC: On(_portals, _through, creates=True),
        C.StepOpened.TOPIC: On(_step_and_portal, _opened),
        C.Acted.TOPIC: changing(_acted, _step),
        C.Reassigned.TOPIC: changing(_reassigned, _step),
        C.BecameOverdue.TOPIC: changing(_overdue, _step),
        C.Escalated.TOPIC: changing(_escalated, _step),
        C.Closed.TOPIC: On(_dropped, _closed),
    }
