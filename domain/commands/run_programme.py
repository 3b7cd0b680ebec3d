"""A day of the calendar over all months of a programme, as `month run` and the scheduler ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from domain.calendar import due_dates
from domain.commands.conflicts import until_saved
from domain.commands.run_day import ListMissing, ListUnfinished, Progress, RunDay, TaskOutcome
from domain.family import FamilyVouchers
from domain.ports import Log
from domain.programmes import Programme, ProgrammeMonth

FAMILIES_AT_ONCE = 500


class HeldLog(Log, Protocol):
    """A log that also knows whose holds are over."""

    def held_until(self, now: datetime, limit: int) -> list[UUID]:
        """Streams with a hold that ended by `now`."""
        ...


@dataclass(frozen=True, slots=True)
class DayDone:
    """A task done in a month of the programme."""

    month: str
    outcome: TaskOutcome


class RunProgramme:
    """`run` does a day; `release_holds` gives back what was held past its time."""

    def __init__(
        self, log: HeldLog, run_day: RunDay, month_of: Callable[[FamilyVouchers], ProgrammeMonth]
    ) -> None:
        self._log = log
        self._run_day = run_day
        self._month_of = month_of

    def run(
        self,
        programme: Programme,
        day: date,
        now: Callable[[], datetime],
        *,
        only_when_over: bool = False,
        progress: Progress = lambda task, done: None,
    ) -> list[DayDone]:
        """What was done in each month that has something due by `day`, oldest first (R19–R21, R7, R8, R27).

        Raises ListMissing when the month of `day` has no list and nothing else was due; other months without one
        are passed over. Raises ListUnfinished when a list was not finished and no other month had anything due.
        """
        self.release_holds(now)
        done: list[DayDone] = []
        unfinished: ListUnfinished | None = None
        for name in programme.months():
            month = programme.month(name)
            if due_dates(month)[0][1] > day:
                break
            try:
                outcomes = self._run_day.run(month, day, now, progress, only_when_over=only_when_over)
            except ListUnfinished as refusal:
                unfinished = refusal  # the other months go on
                continue
            except ListMissing:
                if name == f"{day:%Y-%m}" and not done:
                    raise
                continue
            done += [DayDone(name, outcome) for outcome in outcomes]
        if unfinished is not None and not done:
            raise unfinished
        return done

    def release_holds(self, now: Callable[[], datetime]) -> int:
        """Void what was held past its time (R27); how many redemptions."""
        released = 0
        while streams := self._log.held_until(now(), FAMILIES_AT_ONCE):
            count = self._release(streams, now())
            if not count:
                break
            released += count
        return released

    def _release(self, streams: list[UUID], at: datetime) -> int:
        def decide() -> int:
            families: dict[UUID, FamilyVouchers] = self._log.load(streams)
            count = sum(family.release_holds(self._month_of(family), at) for family in families.values())
            self._log.save(*families.values())
            return count

        return until_saved(decide)
