"""What the office's pages ask of the system behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol

from fastapi import Request

from domain.audit_events import Verdict
from domain.commands.case_calls import ActOnCase
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.definition import Document, Names, Service, Step
from domain.procedures.running import RunningService
from infra.api.access import Session
from infra.api.cases.services import ListAsked
from infra.cases.history import CaseEvent
from infra.postgres.parked_page import ParkedItem
from infra.web.cases.reading import CasePagesServices
from infra.web.office.lists_reading import ListCounts
from infra.web.uploads import Form

TaskState = Literal["done", "today", "soon", "later", "late"]


class TaskShown(NamedTuple):
    """A task of the month's calendar: its day, what has become of it, families it touched, days it is or was late."""

    task: str
    on: date
    state: TaskState
    done_on: date | None
    families: int | None
    days_late: int


class MonthShown(NamedTuple):
    """A month of a programme as a clerk sees it in the morning; figures are those of the view `month_status`.

    `waiting` and `sending` SMS are not handed over yet; of `unknown` ones nobody knows whether they were. `rate` is SMS a
    second as of late, 0.0 when none went; `ends_at` follows from it, or from the limit where `by_limit`.
    """

    programme: str
    names: Mapping[str, str]
    month: str
    cutoff: date
    tasks: Sequence[TaskShown]
    figures: Mapping[str, int]
    no_number: int
    waiting: int
    sending: int
    unknown: int
    rate: float
    ends_at: datetime | None
    by_limit: bool

    @property
    def asked(self) -> bool:
        """Whether its SMS round has begun."""
        return any(one.task == "first_sms" and one.state == "done" for one in self.tasks) or bool(
            self.waiting or self.sending or self.figures["sms_consent_request"]
        )


class ServiceLoad(NamedTuple):
    """Open cases of a service; of their open steps those over their term, and those whose term ends in three days."""

    service: str
    names: Names
    open: int
    overdue: int
    soon: int


class Member(NamedTuple):
    """Somebody enrolled, as a trial lists them."""

    staff: str
    roles: Sequence[str]
    unit: str


class Health(NamedTuple):
    """The chain in short: log position, the view furthest behind and by how much, the last seal, the last audit."""

    head: int
    furthest: str
    behind: int
    seconds: float
    published_behind: int | None
    outdated: Sequence[str]
    sealed_on: str
    sealed_upto: int
    audited_at: datetime | None
    audited: Verdict | None


class StaffCase(NamedTuple):
    """A case as its page shows it: `shown` are plain values, `personal` sealed values among them."""

    case: Case
    running: RunningService
    events: Sequence[CaseEvent]
    shown: Mapping[str, Any]
    reasons: str


class SittingWaiting(NamedTuple):
    """A step that is decided in sittings: its service and name in words, cases that wait for one, those over their term."""

    service: Service
    step: Step
    cases: int
    overdue: int


class SittingCase(NamedTuple):
    """A case that may be decided on in a sitting."""

    case: Case
    running: RunningService


# Contents by document, of those that are asked for.
Papers = Callable[[Sequence[Document]], dict[str, bytes]]


class OfficeServices(Protocol):
    """Called from worker threads, by several at once. A database that can't be reached becomes a page that says so."""

    trial: bool
    largest_document: int

    @property
    def pages(self) -> CasePagesServices:
        """What the pages of cases ask for, whoever they are for: acts, and signatures made elsewhere."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...

    # --- who

    def challenge(self) -> str:
        """A text to sign in by."""
        ...

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge. Raises ChallengeOver, SignatureUnsound, SignInFailed."""
        ...

    def chosen(self, request: Request, staff: str) -> Session:
        """A session for a member, at the machine of a trial. Raises SignInFailed."""
        ...

    def sign_out(self, request: Request) -> None:
        """End the session of the cookie."""
        ...

    def actor(self, request: Request) -> Actor | None:
        """Whose session the cookie is, with the roles held now; None without one, or for a member who was revoked."""
        ...

    def choices(self, request: Request) -> Sequence[Member] | None:
        """Who may be chosen; None where nobody chooses: in production, or from another machine."""
        ...

    def choices_behind(self) -> bool:
        """Whether somebody enrolled just now may be missing from the choices."""
        ...

    def refused(self, actor: Actor | None, act: str, refusal: Refusal) -> None:
        """Record that something was asked for and not done."""
        ...

    # --- the month

    def lists_waiting(self) -> ListCounts:
        """How many lists want somebody."""
        ...

    def months(self, month: str) -> Sequence[MonthShown]:
        """The months that are at hand, or all programmes' `month`. Raises MonthMalformed."""
        ...

    def missing_numbers(self, actor: Actor, programme: str, month: str) -> Iterator[bytes]:
        """Families without a number as CSV, once it is recorded that they are read. Raises ProgrammeUnknown and the like."""
        ...

    # --- parked

    def parked(self, first: int, limit: int) -> tuple[Sequence[ParkedItem], int]:
        """A page of what is parked, and how much there is."""
        ...

    def retry(self, actor: Actor, place: str, number: int) -> bool:
        """Whether it went this time. Raises ParkedUnknown and the like."""
        ...

    def discard(self, actor: Actor, place: str, number: int, reason: str) -> None:
        """Leave it out. Raises ReasonMissing, ParkedUnknown."""
        ...

    # --- cases

    def loads(self) -> Sequence[ServiceLoad]:
        """Open cases of all services."""
        ...

    def listed(self, actor: Actor, asked: ListAsked) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """A page of cases, and where the next one begins. Raises RoleNotYours, ServiceNotYours, PlaceUnknown."""
        ...

    def names(self, service: str, step: str) -> tuple[Names, Names]:
        """The service and its step in words."""
        ...

    def services_of(self, actor: Actor) -> Sequence[tuple[str, Names]]:
        """The services that the member works for."""
        ...

    def role_names(self, role: str) -> Names:
        """A role of services in words."""
        ...

    def case(self, actor: Actor, number: str) -> StaffCase:
        """A case that the member may see. Raises CaseUnknown."""
        ...

    def document(self, actor: Actor, number: str, digest: str) -> tuple[str, bytes] | None:
        """(type, content) of a document of the case."""
        ...

    def colleagues(self, role: str, unit: str) -> Sequence[str]:
        """Who may be given a step of the role."""
        ...

    def call(self, actor: Actor, found: StaffCase, form: Form, papers: Papers) -> ActOnCase:
        """The act that a form of the case's page asks for; what is not the member's is refused by the case."""
        ...

    def has_sittings(self, actor: Actor) -> bool:
        """Whether a role of the member's decides in sittings."""
        ...

    def sittings(self, actor: Actor) -> Sequence[SittingWaiting]:
        """The steps that the member's roles decide in sittings."""
        ...

    def sitting_step(self, actor: Actor, service: str, step: str) -> tuple[Service, Step]:
        """One of them. Raises ServiceUnknown, ServiceNotYours, StepUnknown, NotInSitting, NotYourStep."""
        ...

    def sitting_cases(self, actor: Actor, service: str, step: str, limit: int) -> Sequence[SittingCase]:
        """Cases that wait for a sitting on the step, those due first in front."""
        ...

    def sitting_case(self, actor: Actor, number: str) -> SittingCase:
        """A case that the member may see. Raises CaseUnknown."""
        ...

    def new_key(self) -> str:
        """A key for one form."""
        ...

    # --- health

    def health(self) -> Health:
        """Read at each call."""
        ...
