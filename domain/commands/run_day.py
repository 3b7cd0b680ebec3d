"""Do what a programme's calendar asks of a day: the SMS round, the repeat, lapses, expiry (R19–R21, R7, R8).

In bounded batches; each family's event is its own proof, so a run cut off goes on and a second one does nothing. A
missed day is caught up in order, and recorded as late. What is sent follows from the day it is done on, whichever
day is caught up (docs/adr/0008): the first SMS as long as an answer is in time, the repeat to each family so many
days after its own first one left, and only while an answer is in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from domain.calendar import Task, day_end, local_day, tasks_due
from domain.commands.conflicts import until_saved
from domain.cycle import Cycle
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.identity import cycle_id, message_id
from domain.ports import Log, Vault
from domain.programmes import ProgrammeMonth

FAMILIES_AT_ONCE = 500
IDS_AT_ONCE = 20_000
ASKED = ("asked", "consented", "activated", "refused", "withdrawn")  # what a first SMS leads to

Progress = Callable[[str, int], None]


class ListMissing(Refusal):
    """No list came for the month, so there is nobody to ask (R14)."""

    code = "list_missing"
    texts = {
        "en": "No list has been received for {month} of {programme}.",
        "ru": "Список за {month} по программе {programme} не поступал.",
        "kk": "{programme} бағдарламасының {month} айына тізім келген жоқ.",
    }


class ListUnfinished(Refusal):
    """A list was begun and not finished: a person may stand in two families until it is (R5)."""

    code = "list_unfinished"
    texts = {
        "en": "The list {delivery} was begun and not finished; import the same file, with the same numbers, again first.",
        "ru": "Приём списка {delivery} начат и не завершён; сначала загрузите тот же файл с теми же номерами ещё раз.",
        "kk": "{delivery} тізімін қабылдау басталып, аяқталған жоқ; алдымен сол файлды сол нөмірлерімен қайта жүктеңіз.",
    }


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """A task of the calendar: how many families it touched, and whether anything is left for the next run.

    `days_late`: from the day it was due to the day it was done on, or from the day after it for what ends a day;
    `no_number`: families that can't be asked (R18).
    """

    task: str
    due_on: date
    days_late: int
    families: int
    waiting: int
    no_number: int = 0


class RunDay:
    """`run` does the tasks of a day, missed ones first."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        send_due: Callable[[Callable[[], datetime]], Any],
        waiting: Callable[[UUID], int],
    ) -> None:
        """`send_due(now)` drains the SMS queue; `waiting(cycle)` counts what is left in it."""
        self._log = log
        self._vault = vault
        self._send_due = send_due
        self._waiting = waiting
        # By cycle, the day on which nobody else will be due for the repeat: not to read all families each round.
        self._queued_on: dict[UUID, date] = {}
        self._later_on: dict[UUID, date] = {}

    def run(
        self,
        month: ProgrammeMonth,
        on: date,
        now: Callable[[], datetime],
        progress: Progress = lambda task, done: None,
        only_when_over: bool = False,
    ) -> list[TaskOutcome]:
        """What was due by `on` and done here, which is not what another process did meanwhile.

        `now` gives the time of each event, and says what may still be sent; nothing is done before its day, even if
        `on` is later than `now`. `only_when_over` leaves the last day's end to its end. When another process was
        first, the day begins again from what is recorded then. Raises ListMissing, ListUnfinished.
        """
        outcomes: list[TaskOutcome] = []
        until_saved(lambda: self._go_on(month, on, now, progress, only_when_over, outcomes))
        return outcomes

    def _go_on(
        self,
        month: ProgrammeMonth,
        on: date,
        now: Callable[[], datetime],
        progress: Progress,
        only_when_over: bool,
        outcomes: list[TaskOutcome],
    ) -> None:
        """Do what is due and not among `outcomes` yet; raises LogConflict."""
        stream = cycle_id(month.programme.id, month.month)
        cycle: Cycle | None = self._log.load([stream]).get(stream)
        tried = {(Task(outcome.task), outcome.due_on) for outcome in outcomes}
        done = {(Task(task), day) for task, day in cycle.done} if cycle else set()
        due = tasks_due(month, done | tried, min(on, local_day(now())))
        if not due:
            return
        if cycle is None:
            raise ListMissing("month", month=month.month, programme=month.programme.id)
        if cycle.started is not None and any(task is not Task.CLOSE_LIST for task, _ in due):
            raise ListUnfinished("month", delivery=cycle.started[0])
        for task, due_on in due:
            ends_the_day = task in (Task.LAPSE, Task.EXPIRE, Task.CLOSE)
            if ends_the_day and only_when_over and now() < day_end(due_on):
                continue
            clock = _at_the_end_of(due_on, now) if ends_the_day else now
            families, waiting = self._do(task, month, cycle, clock, progress)
            if task is Task.REMINDER and waiting and not families:
                continue  # nobody's days are over yet
            at = clock()
            # What ends a day is in time right after it.
            days_late = max(0, (local_day(at) - due_on).days - ends_the_day)
            if not waiting:
                cycle.finish_task(
                    month, task=task.value, due_on=due_on, days_late=days_late, families=families, at=at
                )
                self._log.save(cycle)
            # What waits is not done: the next run goes on.
            without = self._count(stream, ("no_number",)) if task is Task.FIRST_SMS else 0
            outcomes.append(TaskOutcome(task.value, due_on, days_late, families, waiting, without))

    def _do(
        self,
        task: Task,
        month: ProgrammeMonth,
        of: Cycle,
        now: Callable[[], datetime],
        progress: Progress,
    ) -> tuple[int, int]:
        cycle = of.id
        match task:
            case Task.FIRST_SMS:
                waiting = 0
                if local_day(now()) <= month.deadline:  # later nobody could answer
                    self._queue_sms(month, cycle, "consent_request", now, progress)
                    self._send_due(now)
                    waiting = self._waiting(cycle)
                return self._count(cycle, ASKED), waiting
            case Task.REMINDER:
                return self._ask_again(month, of, now, progress)
            case Task.LAPSE:
                self._each(cycle, ("eligible", "asked"), lambda f: f.lapse(month, now()), task, progress)
                return self._count(cycle, ("lapsed",)), 0
            case Task.EXPIRE:
                self._each(
                    cycle, ("consented", "activated"), lambda f: f.expire(month, now()), task, progress
                )
                return self._count(cycle, ("expired",)), 0
        return 0, 0

    def _ask_again(
        self, month: ProgrammeMonth, of: Cycle, now: Callable[[], datetime], progress: Progress
    ) -> tuple[int, int]:
        """(families, still to be done): the repeat to each whose days are over, once the others' are too (R21)."""
        cycle, today = of.id, local_day(now())
        if today > month.deadline:
            return self._reminded(month, cycle, today, progress)[0], 0
        count = 0
        if self._queued_on.get(cycle) != today:
            count = self._queue_sms(month, cycle, "reminder", now, progress)
            self._queued_on[cycle] = today
        self._send_due(now)
        first_ones_left = Task.FIRST_SMS.value not in of.done_on
        if waiting := self._waiting(cycle) or first_ones_left:
            return count, int(waiting)
        if self._later_on.get(cycle) == today:
            return 0, 1
        reminded, later = self._reminded(month, cycle, today, progress)
        if later:
            self._later_on[cycle] = today
            return count, later
        return reminded, 0

    def _reminded(
        self, month: ProgrammeMonth, cycle: UUID, today: date, progress: Progress
    ) -> tuple[int, int]:
        """How many families were asked again, and how many are to be on a later day."""
        reminded = later = read = 0
        after: UUID | None = None
        while streams := self._log.families(cycle, ASKED, after, FAMILIES_AT_ONCE):
            after = streams[-1]
            families: dict[UUID, FamilyVouchers] = self._log.load(streams)
            for family in families.values():
                reminded += family.reminded
                if family.wants_sms("reminder", message_id(family.id, "reminder")):
                    later += today < _ask_again_on(month, family) <= month.deadline
            read += len(streams)
            progress(Task.REMINDER.value, read)
        return reminded, later

    def _count(self, cycle: UUID, stages: tuple[str, ...]) -> int:
        """How many families are in `stages`: what a task did, also in runs before that were cut off."""
        count = 0
        after: UUID | None = None
        while streams := self._log.families(cycle, stages, after, IDS_AT_ONCE):
            after = streams[-1]
            count += len(streams)
        return count

    def _queue_sms(
        self,
        month: ProgrammeMonth,
        cycle: UUID,
        purpose: str,
        now: Callable[[], datetime],
        progress: Progress,
    ) -> int:
        stage = "eligible" if purpose == "consent_request" else "asked"
        count = 0
        after: UUID | None = None
        while streams := self._log.families(cycle, (stage,), after, FAMILIES_AT_ONCE):
            after = streams[-1]
            count += until_saved(partial(self._queue_batch, streams, month, purpose, now))
            progress(purpose, count)
        return count

    def _queue_batch(
        self, streams: Sequence[UUID], month: ProgrammeMonth, purpose: str, now: Callable[[], datetime]
    ) -> int:
        """How many of these families are sent an SMS now, and wait for it."""
        today = local_day(now())
        families: dict[UUID, FamilyVouchers] = self._log.load(streams)
        phones = self._vault.phones([family.applicant for family in families.values()])
        due = []
        for family in families.values():
            message = message_id(family.id, purpose)
            if not family.wants_sms(purpose, message):
                continue
            if purpose == "reminder" and today < _ask_again_on(month, family):
                continue
            if family.applicant in phones:
                due.append((message, family.id, purpose))
            else:
                family.record_number(month, False, now())
        self._log.save(*families.values(), due=due)
        return len(due)

    def _each(
        self,
        cycle: UUID,
        stages: tuple[str, ...],
        act: Callable[[FamilyVouchers], bool],
        task: Task,
        progress: Progress,
    ) -> None:
        count = 0
        after: UUID | None = None
        while streams := self._log.families(cycle, stages, after, FAMILIES_AT_ONCE):
            after = streams[-1]
            count += self._act(streams, act)
            progress(task.value, count)

    def _act(self, streams: list[UUID], act: Callable[[FamilyVouchers], bool]) -> int:
        def decide() -> int:
            families = self._log.load(streams)
            count = sum(act(family) for family in families.values())
            self._log.save(*families.values())
            return count

        return until_saved(decide)


def _ask_again_on(month: ProgrammeMonth, family: FamilyVouchers) -> date:
    """The day on which this family is due for the repeat: so many days after its first SMS left (R21)."""
    if family.asked_at is None:
        return date.max
    return local_day(family.asked_at) + timedelta(days=month.terms.reminder_after_days)


def _at_the_end_of(day: date, now: Callable[[], datetime]) -> Callable[[], datetime]:
    return lambda: max(now(), day_end(day))
