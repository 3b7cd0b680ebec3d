"""What audits of the log came to: one stream, so that whoever asks how the log stands reads the last one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.commands.conflicts import until_saved
from domain.identity import audits_id
from domain.ports import Log


class Verdict(NamedTuple):
    """What an audit found in the log up to the position `upto`; `first`: the check of the first finding, or ""."""

    upto: int
    events: int
    checks: int
    findings: int
    first: str


class Audits(Aggregate):
    """The audits of an installation."""

    TOPIC = "audits"

    class Event(Aggregate.Event):
        """What all have in common."""

    class Created(Aggregate.Created, Event):
        """The first event of the stream."""

        TOPIC = "audit.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """The first audit was made."""

        TOPIC = "audit.begun"

    class Ended(Event):
        """An audit went through the log up to a position: events, checks, and findings (0: it holds)."""

        TOPIC = "audit.ended"
        upto: int
        events: int
        checks: int
        findings: int
        first: str

        def apply(self, audits: Any) -> None:
            """It is the last one."""
            audits.last = Verdict(self.upto, self.events, self.checks, self.findings, self.first)
            audits.last_at = self.timestamp

    def __init__(self) -> None:
        self.last: Verdict | None = None
        self.last_at: datetime | None = None

    @staticmethod
    def create_id() -> UUID:
        return audits_id()

    @classmethod
    def begin(cls, at: datetime) -> Audits:
        """The stream, before the first verdict."""
        return cls._create(cls.Begun, timestamp=at)

    def end(self, verdict: Verdict, at: datetime) -> None:
        """An audit came to this verdict."""
        self.trigger_event(self.Ended, **verdict._asdict(), timestamp=at)


def record_verdict(log: Log, verdict: Verdict, at: datetime) -> None:
    """Leave it in the log."""

    def decide() -> None:
        audits = audits_of(log) or Audits.begin(at)
        audits.end(verdict, at)
        log.save(audits)

    until_saved(decide)


def audits_of(log: Log) -> Audits | None:
    """The audits that were made; None before the first one."""
    return cast("Audits | None", log.load([audits_id()]).get(audits_id()))
