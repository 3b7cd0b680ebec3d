"""Sign-ins of analysts and auditors, their refusals and their ends (A8): each a stream of its own, so that none waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.identity import access_id

BY_SIGNATURE, BY_SQL = "signature", "sql"


class SignIn(Aggregate):
    """`user` is the vault's subject, a random id; empty where nobody is known by the signature."""

    TOPIC = "sign_in"

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        user: str

    class Created(Aggregate.Created, Event):
        """The first event of a sign-in."""

        TOPIC = "sign_in.created"  # the library wants one; those below are what happens

    class SignedIn(Created):
        """A session began, under the grant of a case: by signature over a challenge, or in the database."""

        TOPIC = "access.signed_in"
        case: str
        way: str

    class SignInRefused(Created):
        """Somebody was not let in: the refusal's code."""

        TOPIC = "access.sign_in_refused"
        code: str

    class SignedOut(Created):
        """A session was ended by whoever had it."""

        TOPIC = "access.signed_out"

    class Disconnected(Created):
        """A session in the database was ended by us: `reason` is what it did harm by."""

        TOPIC = "access.disconnected"
        case: str
        reason: str

    def __init__(self, user: str, **_: Any) -> None:
        self.user = user

    @classmethod
    def signed_in(cls, stream: UUID, user: str, case: str, way: str, at: datetime) -> SignIn:
        """A session that began, in the stream of this id; `way` is BY_SIGNATURE or BY_SQL."""
        return cls._create(cls.SignedIn, id=stream, user=user, case=case, way=way, timestamp=at)

    @classmethod
    def refused(cls, stream: UUID, user: str, code: str, at: datetime) -> SignIn:
        """Somebody who was not let in."""
        return cls._create(cls.SignInRefused, id=stream, user=user, code=code, timestamp=at)

    @classmethod
    def signed_out(cls, stream: UUID, user: str, at: datetime) -> SignIn:
        """A session that its user ended."""
        return cls._create(cls.SignedOut, id=stream, user=user, timestamp=at)

    @classmethod
    def disconnected(cls, stream: UUID, user: str, case: str, reason: str, at: datetime) -> SignIn:
        """A session in the database that did harm."""
        return cls._create(cls.Disconnected, id=stream, user=user, case=case, reason=reason, timestamp=at)


def sql_session_id(user: str, case: str, backend: str) -> UUID:
    """The stream of a session in the database, the same for all who see it; `backend` tells it from every other one."""
    return uuid5(access_id(user), f"sql/{case}/{backend}")
