"""A sitting: one step of many cases decided together, each with its own outcome (S000-T6, S000-T11, S000-T16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.identity import sitting_id
from domain.procedures.case_refusals import SittingMalformed

MOST_CASES = 1000
MOST_MEMBERS = 100


class Sitting(Aggregate):
    """What was decided; saved with the acts on its cases, or not at all."""

    TOPIC = "sitting"

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        sitting: str

    class Created(Aggregate.Created, Event):
        """The first event of a sitting."""

        TOPIC = "sitting.created"  # the library wants one; Held is what happens

    class Held(Created):
        """A sitting decided on a step of these cases (S000-T6): `decisions` are [case, outcome].

        `minutes` is the document's [SHA-256, type, bytes], `signature` [signer, digest of the signature]; empty lists
        where there is none.
        """

        TOPIC = "sitting.held"
        service: str
        step: str
        role: str
        actor: str
        members: list[str]
        decisions: list[list[str]]
        minutes: list[Any]
        signature: list[str]
        body: str

    def __init__(
        self,
        sitting: str,
        service: str,
        step: str,
        role: str,
        actor: str,
        members: list[str],
        decisions: list[list[str]],
        minutes: list[Any],
        signature: list[str],
        body: str,
    ) -> None:
        self.sitting = sitting
        self.service = service
        self.step = step
        self.role = role
        self.actor = actor
        self.members = members
        self.decisions = decisions
        self.minutes = minutes
        self.signature = signature
        self.body = body

    @staticmethod
    def create_id(sitting: str) -> UUID:
        return sitting_id(sitting)

    @classmethod
    def hold(
        cls,
        sitting: str,
        *,
        service: str,
        step: str,
        role: str,
        actor: str,
        members: Sequence[str],
        decisions: Sequence[tuple[str, str]],
        minutes: Sequence[Any],
        signature: Sequence[str],
        body: str,
        at: datetime,
    ) -> Sitting:
        """A sitting over (case, outcome), each case once. Raises SittingMalformed."""
        check_sitting(members, [case for case, _ in decisions])
        return cls._create(
            cls.Held,
            sitting=sitting,
            service=service,
            step=step,
            role=role,
            actor=actor,
            members=list(members),
            decisions=[list(one) for one in decisions],
            minutes=list(minutes),
            signature=list(signature),
            body=body,
            timestamp=at,
        )


def check_sitting(members: Sequence[str], cases: Sequence[str]) -> None:
    """Raises SittingMalformed: no member, no case, a case or a member twice, too many of either."""
    sound = 1 <= len(cases) <= MOST_CASES and len(set(cases)) == len(cases)
    sound &= 1 <= len(members) <= MOST_MEMBERS and len(set(members)) == len(members) and all(members)
    if not sound:
        raise SittingMalformed("decisions", most=MOST_CASES)
