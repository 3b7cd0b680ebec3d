"""Who acts on a case, with what it is opened, what is done on a step, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.procedures.definition import SYSTEM


class Actor(NamedTuple):
    """Who acts: an id of the installation's (an applicant's is the vault's subject), in these roles, of a unit.

    `subject` is the vault's of a member of staff whose person is known: a certificate leads to it.
    """

    id: str
    roles: tuple[str, ...]
    unit: str = ""
    subject: str = ""

    @property
    def person(self) -> str:
        """The vault's subject where it is known, else the id."""
        return self.subject or self.id


THE_SYSTEM = Actor(SYSTEM, (SYSTEM,))


class Request(NamedTuple):
    """What a case is opened with, read and checked; `sealed` are digests of personal values, by field.

    `through` is the portal's id; empty where there is none.
    """

    kind: str
    channel: str
    applicant: str
    language: str
    consent: bool
    facts: Mapping[str, str]
    sealed: Mapping[str, str]
    documents: Sequence[list[Any]]
    known: Sequence[str]
    missing: Sequence[str]
    signature: tuple[str, ...] = ()
    key: str = ""
    body: str = ""
    through: str = ""


class Act(NamedTuple):
    """What an actor does on a step, read and checked; `signature` is (signer, digest) or empty."""

    step: str
    outcome: str
    facts: Mapping[str, str] = {}
    sealed: Mapping[str, str] = {}
    documents: Sequence[list[Any]] = ()
    ground: str = ""
    assignee: str = ""
    signature: tuple[str, ...] = ()
    sitting: str = ""
    key: str = ""
    body: str = ""


@dataclass(slots=True)
class OpenStep:
    """A step whose turn it is."""

    step: str
    turn: int
    role: str
    unit: str
    assignee: str
    automatic: bool
    from_at: datetime
    due_at: datetime | None
    overdue: bool = False
    escalated_to: str = ""
