"""A day of the calendar over all months of a programme, as `month run` and the scheduler ask for it."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar import due_dates
from domain.commands.run_day import ListMissing, Progress
from infra.bootstrap import Azyq
from infra.clock import Clock


def run_programme_day(
    azyq: Azyq,
    programme: str,
    day: date,
    clock: Clock,
    *,
    only_when_over: bool = False,
    progress: Progress = lambda task, done: None,
) -> list[dict[str, Any]]:
    """What was done in each month that has something due by `day`, oldest first.

    Raises ListMissing when the month of `day` has no list and nothing else was due; other months without one are
    passed over.
    Holds whose time is over are released on the way (R27).
    """
    release_holds(azyq, clock)
    done: list[dict[str, Any]] = []
    found = azyq.programme(programme)
    for name in found.months():
        month = found.month(name)
        if due_dates(month)[0][1] > day:
            break
        try:
            outcomes = azyq.run_day.run(month, day, clock, progress, only_when_over=only_when_over)
        except ListMissing:
            if name == f"{day:%Y-%m}" and not done:
                raise
            continue
        for outcome in outcomes:
            done.append(
                {
                    "programme": programme,
                    "month": name,
                    "task": outcome.task,
                    "due_on": outcome.due_on.isoformat(),
                    "days_late": outcome.days_late,
                    "families": outcome.families,
                    "waiting": outcome.waiting,
                }
            )
    return done


def release_holds(azyq: Azyq, clock: Clock) -> int:
    """Void what was held past its time; how many families."""
    released = 0
    while streams := azyq.log.held_until(clock(), 500):
        families = azyq.log.load(streams)
        count = sum(family.release_holds(azyq.month_of(family), clock()) for family in families.values())
        azyq.log.save(*families.values())
        released += len(families)
        if not count:
            break
    return released
