"""What the addresses about cases ask of the system behind them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol

from domain.commands.enrol_staff import IssuedStaffKey
from domain.procedures.acts import Actor
from infra.api.cases.models import ActCall, OpenCall, ReassignCall, SittingCall


class ListAsked(NamedTuple):
    """Which cases: `open` steps to do, those `escalated` to the caller, or a service's cases that are over.

    `after` is where the page before ended; `mine` leaves out what is assigned to others.
    """

    state: Literal["open", "escalated", "closed", "refused"] = "open"
    role: str = ""
    service: str = ""
    due_before: datetime | None = None
    mine: bool = False
    after: str | None = None
    limit: int = 100


class CaseServices(Protocol):
    """Called from worker threads, so any of these may block; all raise Refusals. Answers are plain values."""

    largest_document: int
    staff_per_second: float

    def authenticate(self, key: str) -> Actor:
        """Who comes with a key."""
        ...

    def rotate(self, key: str) -> IssuedStaffKey:
        """Another key for the one shown."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...

    def open(self, caller: Actor, call: OpenCall, key: str) -> dict[str, Any]:
        """An OpenedAnswer; the same for the same key and call."""
        ...

    def act(self, caller: Actor, number: str, call: ActCall, key: str) -> dict[str, Any]:
        """An ActAnswer; the same for the same key and call."""
        ...

    def reassign(self, caller: Actor, number: str, call: ReassignCall, key: str) -> dict[str, Any]:
        """A ReassignAnswer."""
        ...

    def hold_sitting(self, caller: Actor, call: SittingCall, key: str) -> dict[str, Any]:
        """A SittingAnswer; the same for the same key and call."""
        ...

    def to_sign(self, caller: Actor, call: OpenCall | ActCall | SittingCall, number: str) -> bytes:
        """What an electronic signature of the call is over."""
        ...

    def take_paper(self, caller: Actor, content: bytes) -> dict[str, Any]:
        """A PaperAnswer."""
        ...

    def case(self, caller: Actor, number: str) -> dict[str, Any]:
        """A CaseAnswer."""
        ...

    def document(self, caller: Actor, number: str, digest: str) -> tuple[str, bytes] | None:
        """(type, content) of a document of a case."""
        ...

    def listed(self, caller: Actor, asked: ListAsked) -> tuple[list[dict[str, Any]], str | None]:
        """ListedCases, and where the next page begins."""
        ...

    def levels(self, caller: Actor, service: str, start: date | None, end: date | None) -> dict[str, Any]:
        """A LevelsAnswer."""
        ...

    def services(self) -> list[dict[str, Any]]:
        """A ServiceAnswer of each service in force."""
        ...
