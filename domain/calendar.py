"""Local days, and what a programme's calendar asks of each: the list, the SMS, the month's end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.programmes import ProgrammeMonth

# UTC+5 since 2024-03-01, UTC+6 before: the offset of an old record is the zone's, never a constant.
ALMATY = ZoneInfo("Asia/Almaty")


class Task(StrEnum):
    """What a day of the calendar asks for, in the order in which one day's tasks are done."""

    CLOSE_LIST = "close_list"
    FIRST_SMS = "first_sms"
    REMINDER = "reminder"
    LAPSE = "lapse"
    EXPIRE = "expire"
    CLOSE = "close"


def local_day(at: datetime) -> date:
    """The day in Kazakhstan at the instant `at`. Raises ValueError when `at` has no offset."""
    if at.utcoffset() is None:
        raise ValueError("a time without an offset is on no particular day")
    return at.astimezone(ALMATY).date()


def day_start(day: date) -> datetime:
    """The first instant of `day`, with its offset in Kazakhstan."""
    return datetime.combine(day, time.min, ALMATY)


def day_end(day: date) -> datetime:
    """The last instant of `day`, with its offset in Kazakhstan."""
    # By way of UTC: 2024-02-29 had its last hour twice; wall-clock arithmetic would end it in the first.
    following = day_start(day + timedelta(days=1)).astimezone(UTC)
    return (following - timedelta(microseconds=1)).astimezone(ALMATY)


def due_dates(pm: ProgrammeMonth) -> list[tuple[Task, date]]:
    """The month's tasks with the day each is due, in order.

    The list closes the day after its cut-off (R19); the SMS go out on the first day and `reminder_after_days`
    later (R20, R21), the repeat only while consent can still be given; unanswered families lapse, vouchers
    expire and the month closes at the end of its last day (R7, R8, R21, O9).
    """
    due = [
        (Task.CLOSE_LIST, pm.list_cutoff + timedelta(days=1)),
        (Task.FIRST_SMS, pm.first_sms_on),
        (Task.REMINDER, pm.reminder_on),
        (Task.LAPSE, pm.deadline),
        (Task.EXPIRE, pm.valid_to),
        (Task.CLOSE, pm.valid_to),
    ]
    if pm.reminder_on > pm.deadline:
        due = [(task, day) for task, day in due if task is not Task.REMINDER]
    return sorted(due, key=lambda item: item[1])


def tasks_on(pm: ProgrammeMonth, day: date) -> list[Task]:
    """What the calendar asks of `day`, in order; nothing on most days."""
    return [task for task, due_on in due_dates(pm) if due_on == day]


def tasks_due(pm: ProgrammeMonth, done: Collection[tuple[Task, date]], day: date) -> list[tuple[Task, date]]:
    """What is to be done by `day`, missed days first: (task, the day it was due), in order.

    `done` holds the (task, due day) already carried out; running twice therefore asks once.
    """
    return [(task, due_on) for task, due_on in due_dates(pm) if due_on <= day and (task, due_on) not in done]
