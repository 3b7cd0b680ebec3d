"""Whoever signs for staff: a person, by the vault's subject, is one member, so that two members are two persons."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.identity import signatory_id


class Signatory(Aggregate):
    """One person; `staff` is the member of staff that the person is, or was last."""

    TOPIC = "signatory"

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        subject: str

    class Created(Aggregate.Created, Event):
        """The first event of a person."""

        TOPIC = "signatory.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """The person becomes known as somebody who signs."""

        TOPIC = "signatory.begun"

    class Named(Event):
        """From now on the person is this member of staff."""

        TOPIC = "signatory.named"
        staff: str

        def apply(self, signatory: Any) -> None:
            """And no other one."""
            signatory.staff = self.staff

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.staff = ""

    @staticmethod
    def create_id(subject: str) -> UUID:
        return signatory_id(subject)

    @classmethod
    def begin(cls, subject: str, at: datetime) -> Signatory:
        """A person who is no member of staff yet."""
        return cls._create(cls.Begun, subject=subject, timestamp=at)

    def name(self, staff: str, at: datetime) -> bool:
        """The person is `staff` from now on; False when that is so already."""
        if self.staff == staff:
            return False
        self.trigger_event(self.Named, subject=self.subject, staff=staff, timestamp=at)
        return True
