"""A programme's month: which lists came, what the calendar did, when it was closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.calendar import Task, local_day
from domain.identity import cycle_id, reply_stream_id
from domain.programmes import ProgrammeMonth
from domain.voucher_refusals import ListClosed, ListClosedAlready, ListTooEarly

LISTS_OWN = 32  # hex digits of a delivery's digest that are the list's alone, whatever numbers came with it


def delivery_digest(of_list: str, of_numbers: str | None) -> str:
    """64 hex digits for a list (its SHA-256) and the numbers with it: other numbers make another delivery (R16, R19)."""
    if of_numbers is None:
        return of_list
    return of_list[:LISTS_OWN] + sha256(f"{of_list} {of_numbers}".encode()).hexdigest()[:LISTS_OWN]


class Cycle(Aggregate):
    """The month of a programme, as a whole (R14, R19–R21)."""

    TOPIC = "cycle"

    class Event(Aggregate.Event):
        cycle: str  # programme/month, so that each event can be read by itself

    class Created(Aggregate.Created, Event):
        TOPIC = "cycle.created"  # the library wants one; Opened is what happens

    class Opened(Created):
        """The first list of the month is at the door (R14)."""

        TOPIC = "cycle.opened"
        programme: str
        month: str
        rules: str

    class ListStarted(Event):
        """A delivery's file is being taken in; killed half-way, the same file goes on where it stood."""

        TOPIC = "cycle.list_started"
        delivery: str
        digest: str

        def apply(self, cycle: Any) -> None:
            cycle.started = (self.delivery, self.digest)
            cycle.deliveries += 1

    class ListReceived(Event):
        """A delivery is in (R14, R15): counts of rows and of families by difference to the one before (R19)."""

        TOPIC = "cycle.list_received"
        delivery: str
        digest: str
        rows: int
        accepted: int
        rejected: dict[str, int]
        families: dict[str, int]  # added, changed, unchanged, left
        members: int
        no_number: int
        rules: str

        def apply(self, cycle: Any) -> None:
            cycle.received = (self.delivery, self.digest)
            cycle.started = None

    class TaskDone(Event):
        """The calendar's task of a day is done (R19–R21); `days_late` when the day was missed."""

        TOPIC = "cycle.task_done"
        task: str
        due_on: str
        days_late: int
        families: int
        rules: str

        def apply(self, cycle: Any) -> None:
            due_on = date.fromisoformat(self.due_on)
            cycle.done.add((self.task, due_on))
            cycle.done_on[self.task] = due_on + timedelta(days=self.days_late)

    def __init__(self, cycle: str, programme: str, month: str, rules: str) -> None:
        self.cycle = cycle
        self.programme = programme
        self.month = month
        self.started: tuple[str, str] | None = None
        self.received: tuple[str, str] | None = None
        self.deliveries = 0
        self.done: set[tuple[str, date]] = set()
        self.done_on: dict[str, date] = {}

    @staticmethod
    def create_id(programme: str, month: str) -> UUID:
        return cycle_id(programme, month)

    @classmethod
    def open(cls, month: ProgrammeMonth, at: datetime) -> Cycle:
        """The month's first list is at the door."""
        return cls._create(
            cls.Opened,
            cycle=f"{month.programme.id}/{month.month}",
            programme=month.programme.id,
            month=month.month,
            rules=month.terms.version,
            timestamp=at,
        )

    def start_list(self, month: ProgrammeMonth, digest: str, at: datetime, alone: bool = False) -> str | None:
        """Begin, or go on with, the delivery with this digest; its id, or None when it is in already.

        `alone`: no numbers came with the list, so it is in already too when it came with some. Raises ListTooEarly,
        ListClosed and ListClosedAlready (R19); a delivery begun in time is finished after the cut-off too.
        """
        if self.started is not None and self.started[1] == digest:
            return self.started[0]
        if self.started is None and self.received is not None:
            known = self.received[1]
            if known == digest or (alone and known[:LISTS_OWN] == digest[:LISTS_OWN]):
                return None
        day = local_day(at)
        if day > month.list_cutoff:
            raise ListClosed(
                "file", month=month.month, cutoff=month.list_cutoff.isoformat(), day=day.isoformat()
            )
        if (closed_on := self.done_on.get(Task.CLOSE_LIST.value)) is not None:
            raise ListClosedAlready("file", month=month.month, closed_on=closed_on.isoformat())
        if day < month.assistance_on:
            raise ListTooEarly(
                "file",
                month=month.month,
                start=month.assistance_on.isoformat(),
                assistance_on=month.assistance_on.isoformat(),
                day=day.isoformat(),
            )
        delivery = f"{self.deliveries + 1}-{digest[:16]}"
        self.trigger_event(self.ListStarted, cycle=self.cycle, delivery=delivery, digest=digest, timestamp=at)
        return delivery

    def finish_list(
        self,
        month: ProgrammeMonth,
        *,
        delivery: str,
        rows: int,
        accepted: int,
        rejected: Mapping[str, int],
        families: Mapping[str, int],
        members: int,
        no_number: int,
        at: datetime,
    ) -> None:
        """The delivery is in, every row accepted or rejected."""
        assert self.started is not None
        assert self.started[0] == delivery
        assert rows == accepted + sum(rejected.values())
        self.trigger_event(
            self.ListReceived,
            cycle=self.cycle,
            delivery=delivery,
            digest=self.started[1],
            rows=rows,
            accepted=accepted,
            rejected=dict(rejected),
            families=dict(families),
            members=members,
            no_number=no_number,
            rules=month.terms.version,
            timestamp=at,
        )

    def finish_task(
        self, month: ProgrammeMonth, *, task: str, due_on: date, days_late: int, families: int, at: datetime
    ) -> bool:
        """The calendar's task is done; False when it was done before."""
        if (task, due_on) in self.done:
            return False
        self.trigger_event(
            self.TaskDone,
            cycle=self.cycle,
            task=task,
            due_on=due_on.isoformat(),
            days_late=days_late,
            families=families,
            rules=month.terms.version,
            timestamp=at,
        )
        return True


class StrayReply(Aggregate):
    """An SMS from a number that nobody was asked on: kept, so that nothing is lost."""

    TOPIC = "reply"

    class Event(Aggregate.Event):
        pass

    class Created(Aggregate.Created, Event):
        TOPIC = "reply.created"  # the library wants one; Received is what happens

    class Received(Created):
        """A reply that belongs to no family; `reply` is a keyed digest of the gateway's message id."""

        TOPIC = "reply.unknown_sender"
        reply: str
        channel: str
        answer: str

    def __init__(self, reply: str, channel: str, answer: str) -> None:
        self.reply = reply

    @staticmethod
    def create_id(reply: str) -> UUID:
        return reply_stream_id(reply)

    @classmethod
    def receive(cls, *, reply: str, channel: str, answer: str, at: datetime) -> StrayReply:
        """Keep a reply from an unknown sender."""
        return cls._create(cls.Received, reply=reply, channel=channel, answer=answer, timestamp=at)
