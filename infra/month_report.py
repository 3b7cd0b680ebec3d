"""The month report: families, SMS, consents, vouchers, sums, as the view `month_status` has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from psycopg2.extensions import cursor as Cursor

from domain.calendar import Task, due_dates
from domain.identity import cycle_id
from domain.programmes import TEXT_PURPOSES, ProgrammeMonth
from infra.postgres.view_store import ViewStore, everything_upto

# The views that a report reads, as SQL.
_READ = ("'month_status'", "'missing_numbers'", "'voucher_balances'", "'purchases'")


def calendar_of(month: ProgrammeMonth, done: Mapping[str, date]) -> list[dict[str, str | None]]:
    """The month's tasks: the day each is due, and the day it was done on.

    `done` has the days by task. After a late first SMS the repeat is due so much later, where that is in time (R21).
    """
    due = dict(due_dates(month))
    first = done.get(Task.FIRST_SMS)
    if first is not None and Task.REMINDER in due:
        later = first + timedelta(days=month.terms.reminder_after_days)
        if later <= month.deadline:
            due[Task.REMINDER] = max(due[Task.REMINDER], later)
    return [
        {
            "task": task.value,
            "on": on.isoformat(),
            "done_on": day.isoformat() if (day := done.get(task)) else None,
        }
        for task, on in due.items()
    ]


def tasks_done(cursor: Cursor, month: ProgrammeMonth, upto: int) -> dict[str, tuple[date, int]]:
    """The month's tasks that are done by the log up to a position: the day of each, and the families it touched."""
    cursor.execute(
        "SELECT convert_from(state, 'UTF8')::json FROM azyq_log.azyq_events"
        " WHERE originator_id = %s AND topic = 'cycle.task_done' AND notification_id <= %s",
        (str(cycle_id(month.programme.id, month.month)), upto),
    )
    return {
        state["task"]: (
            date.fromisoformat(state["due_on"]) + timedelta(days=state["days_late"]),
            int(state["families"]),
        )
        for (state,) in cursor
    }


def month_report(store: ViewStore, month: ProgrammeMonth) -> dict[str, Any]:
    """The month's figures (O3.2), with the log position that they hold everything up to; sums in tiyn.

    `shelf_total_tiyn` and `price_total_tiyn` are of goods paid for and not brought back.
    """
    key = (month.programme.id, month.month)
    with store.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row_to_json(m), least({', '.join(map(everything_upto, _READ))}),"
            " (SELECT count(*) FROM azyq_views.missing_numbers WHERE programme = %(p)s AND month = %(m)s),"
            " (SELECT count(*) FROM azyq_views.voucher_balances"
            " WHERE programme = %(p)s AND month = %(m)s AND spent_tiyn > 0),"
            " (SELECT ARRAY[coalesce(sum(shelf_total_tiyn), 0), coalesce(sum(price_total_tiyn), 0)]"
            " FROM azyq_views.purchases WHERE programme = %(p)s AND month = %(m)s AND status = 'captured')"
            " FROM (SELECT 1) one LEFT JOIN azyq_views.month_status m ON programme = %(p)s AND month = %(m)s",
            {"p": key[0], "m": key[1]},
        )
        found, position, no_number, spent, sold = cursor.fetchone() or (None, 0, 0, 0, (0, 0))
        done = {task: on for task, (on, _) in tasks_done(cursor, month, position).items()}
    row = {
        name: int(value or 0) for name, value in (found or {}).items() if name not in ("programme", "month")
    }
    return {
        "programme": month.programme.id,
        "names": dict(month.programme.names),
        "month": month.month,
        "rules": month.terms.version,
        "valid_from": month.valid_from.isoformat(),
        "valid_to": month.valid_to.isoformat(),
        "log_position": position,
        "calendar": calendar_of(month, done),
        **_sections(Counter(row), no_number, spent, (int(sold[0]), int(sold[1]))),
    }


def _sections(
    row: Counter[str], no_number: int, spent: int, sold: tuple[int, int]
) -> dict[str, dict[str, int]]:
    return {
        "list": {
            "lists": row["lists_received"],
            "rows_accepted": row["rows_accepted"],
            "rows_rejected": row["rows_rejected"],
            "families": row["families"],
            "members": row["members"],
            "no_number": no_number,
        },
        "sms": {
            "sms_sent": sum(row[f"sms_{purpose}"] for purpose in TEXT_PURPOSES),
            **{purpose: row[f"sms_{purpose}"] for purpose in TEXT_PURPOSES},
            "parts": sum(row[f"parts_{purpose}"] for purpose in TEXT_PURPOSES),
            "failed": row["sms_failed"],
        },
        "answers": {key: row[key] for key in ("consented", "refused", "withdrawn", "lapsed")},
        "vouchers": {
            "issued": row["vouchers_issued"],
            "activated": row["vouchers_activated"],
            "spent": spent,
            "expired": row["vouchers_expired"],
            "redemptions": row["redemptions"],
        },
        "sums": {
            "issued_tiyn": row["issued_tiyn"],
            "spent_tiyn": row["spent_tiyn"],
            "expired_tiyn": row["expired_tiyn"],
            "cancelled_tiyn": row["cancelled_tiyn"],
            "held_tiyn": row["held_tiyn"],
            "available_tiyn": row["issued_tiyn"]
            - row["spent_tiyn"]
            - row["expired_tiyn"]
            - row["cancelled_tiyn"]
            - row["held_tiyn"],
            "shelf_total_tiyn": sold[0],
            "price_total_tiyn": sold[1],
        },
    }
