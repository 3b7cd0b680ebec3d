"""A member of staff, or a portal, that acts on cases by HTTP (S002-36): unit, roles, keys by their hashes, an end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.access_keys import KEY_LIFE, HoldsKeys
from domain.identity import staff_stream_id
from domain.staff_refusals import (
    StaffIdentified,
    StaffIdMalformed,
    StaffKeyOver,
    StaffKeyUnknown,
    StaffOfOtherEnvironment,
    StaffRevoked,
)

# Never as a subject of the vault looks: whoever acts is told by one or the other.
ID = "(?![0-9a-f]{32}(?![a-z0-9.-]))[a-z][a-z0-9.-]{1,39}"


class Staff(HoldsKeys, Aggregate):
    """One member. Keys are SHA-256 hashes in hex, times ISO 8601 with an offset; no name of a person."""

    TOPIC = "staff"
    UNKNOWN, OVER, ELSEWHERE = StaffKeyUnknown, StaffKeyOver, StaffOfOtherEnvironment
    REVOKED = StaffRevoked

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        staff: str

    class Created(Aggregate.Created, Event):
        """The first event of a member."""

        TOPIC = "staff.created"  # the library wants one; Enrolled is what happens

    class Enrolled(Created):
        """Somebody may act in these roles, of a unit or of none in particular; `env` is where the key is good."""

        TOPIC = "staff.enrolled"
        unit: str
        roles: list[str]
        key_hash: str
        expires_at: str
        env: str

    class Changed(Event):
        """Another unit, other roles, from now on."""

        TOPIC = "staff.changed"
        unit: str
        roles: list[str]

        def apply(self, staff: Any) -> None:
            """Both at once."""
            staff.unit = self.unit
            staff.roles = tuple(self.roles)

    class KeyIssued(Event):
        """Another key for one that was lost: no other one works from now on."""

        TOPIC = "staff.key_issued"
        key_hash: str
        expires_at: str

        def apply(self, staff: Any) -> None:
            """The only one."""
            staff.hold((self.key_hash, self.expires_at))

    class KeyRotated(Event):
        """A new key; the one it was asked for with, `old_hash`, works until `old_until`, no other one does."""

        TOPIC = "staff.key_rotated"
        key_hash: str
        expires_at: str
        old_hash: str
        old_until: str

        def apply(self, staff: Any) -> None:
            """Two keys at most."""
            staff.hold((self.old_hash, self.old_until), (self.key_hash, self.expires_at))

    class Identified(Event):
        """Whose certificate signs for the member: the vault's subject of the person."""

        TOPIC = "staff.identified"
        subject: str

        def apply(self, staff: Any) -> None:
            """For good: an id in the log is one person's."""
            staff.subject = self.subject

    class Revoked(Event):
        """The keys are good for nothing from now on."""

        TOPIC = "staff.revoked"
        reason: str

        def apply(self, staff: Any) -> None:
            """For good."""
            staff.revoked = True
            staff.keys = []

    def __init__(
        self, staff: str, unit: str, roles: list[str], key_hash: str, expires_at: str, env: str
    ) -> None:
        self.staff = staff
        self.unit = unit
        self.roles = tuple(roles)
        self.env = env
        self.subject = ""
        self.hold((key_hash, expires_at))
        self.revoked = False

    @staticmethod
    def create_id(staff: str) -> UUID:
        return staff_stream_id(staff)

    @classmethod
    def enrol(
        cls, *, staff: str, unit: str, roles: Sequence[str], key_hash: str, env: str, at: datetime
    ) -> Staff:
        """Somebody new, with a key good for a year. Raises StaffIdMalformed."""
        if not re.fullmatch(ID, staff):
            raise StaffIdMalformed("staff")
        return cls._create(
            cls.Enrolled,
            staff=staff,
            unit=unit,
            roles=list(roles),
            key_hash=key_hash,
            expires_at=(at + KEY_LIFE).isoformat(),
            env=env,
            timestamp=at,
        )

    def change(self, *, unit: str, roles: Sequence[str], at: datetime) -> bool:
        """Another unit or other roles; False when it is so already. Raises StaffRevoked."""
        if self.revoked:
            raise StaffRevoked("staff")
        if (self.unit, self.roles) == (unit, tuple(roles)):
            return False
        self._record(self.Changed, unit=unit, roles=list(roles), timestamp=at)
        return True

    def identify(self, *, subject: str, at: datetime) -> bool:
        """The person behind the id, by the vault's subject; False when that is known already.

        Raises StaffRevoked, StaffIdentified.
        """
        if self.revoked:
            raise StaffRevoked("staff")
        if self.subject == subject:
            return False
        if self.subject:
            raise StaffIdentified("staff", staff=self.staff)
        self._record(self.Identified, subject=subject, timestamp=at)
        return True

    def issue_key(self, *, key_hash: str, at: datetime) -> datetime:
        """Another key for a lost one; the end of its life. Raises StaffRevoked."""
        if self.revoked:
            raise StaffRevoked("staff")
        until = at + KEY_LIFE
        self._record(self.KeyIssued, key_hash=key_hash, expires_at=until.isoformat(), timestamp=at)
        return until

    def _record(self, event_class: type[Any], **fields: Any) -> None:
        self.trigger_event(event_class, staff=self.staff, **fields)
