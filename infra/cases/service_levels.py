"""How a service is kept up: cases opened, done, refused by ground, terms kept and missed, the median time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from psycopg2.errors import UndefinedTable

from domain.calendar import day_start
from infra.postgres.view_store import ViewStore, everything_upto

_FIGURES = """
    SELECT service,
        count(*),
        count(*) FILTER (WHERE state = 'open'),
        count(*) FILTER (WHERE state = 'closed'),
        count(*) FILTER (WHERE state = 'refused'),
        count(*) FILTER (WHERE term = 'kept'),
        count(*) FILTER (WHERE term = 'missed'),
        count(*) FILTER (WHERE state = 'open' AND due_at < %(now)s),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE state = 'closed')
    FROM azyq_views.cases
    WHERE received_at >= %(start)s AND received_at < %(end)s AND (%(service)s = '' OR service = %(service)s)
    GROUP BY service ORDER BY service"""
_GROUNDS = """
    SELECT service, ground, count(*) FROM azyq_views.cases
    WHERE received_at >= %(start)s AND received_at < %(end)s AND (%(service)s = '' OR service = %(service)s)
        AND state = 'closed' AND ground IS NOT NULL
    GROUP BY service, ground ORDER BY service, ground"""
_ENDS = """
    SELECT service, ending, count(*) FROM azyq_views.cases
    WHERE received_at >= %(start)s AND received_at < %(end)s AND (%(service)s = '' OR service = %(service)s)
        AND ending IS NOT NULL
    GROUP BY service, ending ORDER BY service, ending"""
_STEPS = """
    SELECT service, role, unit, count(*), count(*) FILTER (WHERE due_at < %(now)s)
    FROM azyq_views.case_steps WHERE state = 'open' AND (%(service)s = '' OR service = %(service)s)
    GROUP BY service, role, unit ORDER BY service, role, unit"""


def service_levels(
    store: ViewStore, start: date, end: date, now: datetime, service: str = ""
) -> dict[str, Any]:
    """Of each service the cases received on the local days `start` to `end`, both included; of one with `service`.

    `median_seconds` is from the receipt to the end; `refused_by_ground` counts cases that ended with a ground named,
    `refused_acceptance` those whose package was incomplete (S002-23); `overdue` are open after the promised time.
    `waiting` is who has how many steps to do now, and how many of them are over their time.
    """
    values = {
        "start": day_start(start),
        "end": day_start(end + timedelta(days=1)),
        "now": now,
        "service": service,
    }
    report: dict[str, Any] = {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "log_position": 0,
        "services": {},
        "waiting": [],
    }
    services: dict[str, dict[str, Any]] = report["services"]
    try:
        with store.connection() as connection, connection.cursor() as cursor:
            # One picture: what one query counts is what the next one sees.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"SELECT {everything_upto('%s')}", ("cases",))
            report["log_position"] = int((cursor.fetchone() or (0,))[0] or 0)
            cursor.execute(_FIGURES, values)
            for name, opened, standing, done, refused, kept, missed, overdue, median in cursor:
                services[name] = {
                    "opened": opened,
                    "open": standing,
                    "done": done,
                    "refused_acceptance": refused,
                    "terms_kept": kept,
                    "terms_missed": missed,
                    "overdue": overdue,
                    "median_seconds": None if median is None else int(median),
                    "ends": {},
                    "refused_by_ground": {},
                }
            for query, key in ((_GROUNDS, "refused_by_ground"), (_ENDS, "ends")):
                cursor.execute(query, values)
                for name, what, count in cursor:
                    services[name][key][what] = count
            cursor.execute(_STEPS, values)
            report["waiting"] = [
                {"service": name, "role": role, "unit": unit, "open": standing, "overdue": overdue}
                for name, role, unit, standing, overdue in cursor
            ]
    except UndefinedTable:
        pass
    return report
