"""The office's pages as they ask for them (`infra.web.office.reading.OfficeServices`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from fastapi import Request
from psycopg2.errors import UndefinedTable

from domain.access_refusals import SignInFailed
from domain.audit_events import audits_of
from domain.commands.case_calls import ActOnCase
from domain.commands.enrol_staff import staff_of
from domain.errors import Refusal
from domain.office_acts import OfficeAct, reason_of
from domain.procedures.acts import Actor
from domain.procedures.definition import APPLICANT, Names, Service, Step
from infra.api.cases.services import ListAsked
from infra.bootstrap import Azyq
from infra.parts.analytics import asks_from_here
from infra.parts.office.cases import OfficeCases
from infra.parts.office.lists import OfficeLists
from infra.parts.office.month import OfficeMonths
from infra.parts.office.parked import Parked, place_of
from infra.parts.office.sittings import OfficeSittings
from infra.parts.signing_in import Session, SigningIn
from infra.parts.staff import member_of
from infra.postgres.parked_page import ParkedItem, parked_page
from infra.postgres.sign_in import SESSION_LIFE
from infra.sealing import seals_by
from infra.web.office.lists_reading import ListCounts
from infra.web.office.reading import (
    Health,
    Member,
    MonthShown,
    Papers,
    ServiceLoad,
    SittingCase,
    SittingWaiting,
    StaffCase,
)
from infra.web.office.sign_in import COOKIE
from infra.web.sign_in import token_in
from infra.web.uploads import Form

_STAFF = "staff:"  # what tells these sessions from those of analysts, in the same table
_MOST_CHOICES = 200
_STAFF_VIEW = "staff"

log = structlog.get_logger("azyq")


class Office:
    """Called from worker threads."""

    def __init__(
        self,
        azyq: Azyq,
        wake: Callable[[], None] = lambda: None,
        age: Callable[[int], float] = lambda _: 0.0,
    ) -> None:
        """`wake` tells whoever sends SMS that there may be one; `age`: seconds since the log went beyond a position."""
        self._azyq = azyq
        self._age = age
        self._signing_in = SigningIn(azyq)
        self._months = OfficeMonths(azyq)
        self._lists = OfficeLists(azyq)
        self._parked = Parked(azyq)
        self._cases = OfficeCases(azyq, wake)
        self._sittings = OfficeSittings(azyq)
        self.pages = self._cases.pages
        self.trial = azyq.settings.env == "trial"
        self.largest_document = azyq.settings.largest_document

    def close(self) -> None:
        """Close the connections."""
        self._signing_in.close()

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    def new_key(self) -> str:
        """A key for one form."""
        return secrets.token_hex(16)

    # --- who -------------------------------------------------------------------------------------------

    def challenge(self) -> str:
        """A text to sign in by."""
        return self._signing_in.challenge()

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge and is enrolled.

        Raises ChallengeOver, SignatureUnsound, SignInFailed.
        """
        now = self.now()
        subject = self._signing_in.signer(challenge, signature, now)
        actor = member_of(self._azyq, subject)
        if actor is None and self.trial:
            actor = self._enrolled(subject)  # a trial's own signatures are of members' ids
        if actor is None or not _works_here(actor):
            refusal = SignInFailed("signature")
            self.refused(actor, "sign_in", refusal)
            raise refusal
        return self._begin(actor, "signature", now)

    def chosen(self, request: Request, staff: str) -> Session:
        """A session for a member whom somebody at the machine of a trial chose to be. Raises SignInFailed."""
        actor = self._enrolled(staff) if self.trial and asks_from_here(request) else None
        if actor is None or not _works_here(actor):
            raise SignInFailed("staff")
        return self._begin(actor, "trial", self.now())

    def _begin(self, actor: Actor, way: str, now: datetime) -> Session:
        self._record(OfficeAct.SignedIn, actor.id, way=way)
        return self._signing_in.session(_STAFF + actor.id, now + SESSION_LIFE, now)

    def sign_out(self, request: Request) -> None:
        """End the session of the cookie."""
        actor = self.actor(request)
        self._signing_in.sign_out(token_in(request, COOKIE))
        if actor is not None:
            self._record(OfficeAct.SignedOut, actor.id)

    def actor(self, request: Request) -> Actor | None:
        """Whose session the cookie is, with the roles held now; None without one, or for a member who was revoked."""
        token = token_in(request, COOKIE)
        user = self._signing_in.user_of(token, self.now()) if token else None
        if user is None or not user.startswith(_STAFF):
            return None
        actor = self._enrolled(user.removeprefix(_STAFF))
        return actor if actor is not None and _works_here(actor) else None

    def _enrolled(self, staff: str) -> Actor | None:
        """By the log as it is now, so that a revocation holds at once."""
        found = staff_of(self._azyq.log, staff)
        if found is None or found.revoked or found.env != self._azyq.settings.env:
            return None
        return Actor(found.staff, found.roles, found.unit, found.subject)

    def choices(self, request: Request) -> Sequence[Member] | None:
        """Who may be chosen; None where nobody chooses: in production, or from another machine."""
        if not (self.trial and asks_from_here(request)):
            return None
        try:
            with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT staff, roles, unit FROM azyq_views.staff WHERE stage = 'enrolled' AND env = 'trial'"
                    " AND roles <> %s ORDER BY roles LIKE 'office-%%' DESC, staff LIMIT %s",
                    (APPLICANT, _MOST_CHOICES),
                )
                return [Member(staff, roles.split(","), unit) for staff, roles, unit in cursor]
        except UndefinedTable:
            return []

    def choices_behind(self) -> bool:
        """Whether somebody enrolled just now may be missing: the log tells of staff what the view has not yet."""
        places = [one for one in self._azyq.chain.read().views if one.view == _STAFF_VIEW]
        if any(one.outdated for one in places):
            return True
        with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM azyq_log.azyq_events WHERE notification_id > %s AND topic ^@ 'staff.')",
                (min((one.position for one in places), default=0),),
            )
            return bool(cursor.fetchone() == (True,))

    def refused(self, actor: Actor | None, act: str, refusal: Refusal) -> None:
        """Record that something was asked for and not done."""
        self._record(OfficeAct.Refused, actor.id if actor else "", act=act, code=refusal.code)

    def _record(self, kind: type[OfficeAct.Created], staff: str, **told: Any) -> None:
        self._azyq.log.save(OfficeAct.of(kind, uuid4(), staff, self.now(), **told))

    # --- the month -------------------------------------------------------------------------------------

    def lists_waiting(self) -> ListCounts:
        """How many lists want somebody."""
        return self._lists.waiting()

    def months(self, month: str) -> Sequence[MonthShown]:
        """The months that are at hand, or all programmes' `month`. Raises MonthMalformed."""
        return self._months.months(month)

    def missing_numbers(self, actor: Actor, programme: str, month: str) -> Iterator[bytes]:
        """Families without a number as CSV, once it is recorded that they are read. Raises ProgrammeUnknown and the like."""
        found = self._months.month_of(programme, month)
        families = self._months.missing_count(found)
        self._record(
            OfficeAct.NumbersMissingRead,
            actor.id,
            programme=found.programme.id,
            month=found.month,
            families=families,
        )
        return self._months.missing(found)

    # --- parked ----------------------------------------------------------------------------------------

    def parked(self, first: int, limit: int) -> tuple[Sequence[ParkedItem], int]:
        """A page of what is parked, and how much there is."""
        return parked_page(self._azyq.view_store, first, limit)

    def retry(self, actor: Actor, place: str, number: int) -> bool:
        """Whether it went this time. Raises PlaceMalformed, ParkedUnknown, ParkedMessageGone, KafkaAway."""
        taken = self._parked.retry(place_of(place), number)
        self._record(OfficeAct.ParkedRetried, actor.id, place=place, number=number, taken_in=taken)
        return taken

    def discard(self, actor: Actor, place: str, number: int, reason: str) -> None:
        """Leave it out. Raises ReasonMissing, PlaceMalformed, ParkedUnknown."""
        why = reason_of(reason)
        self._parked.discard(place_of(place), number, f"{why} ({actor.id})")
        self._record(OfficeAct.ParkedDiscarded, actor.id, place=place, number=number, reason=why)

    # --- cases -----------------------------------------------------------------------------------------

    def loads(self) -> Sequence[ServiceLoad]:
        """Open cases of all services."""
        return self._cases.loads()

    def listed(self, actor: Actor, asked: ListAsked) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """A page of cases, and where the next one begins. Raises RoleNotYours, ServiceNotYours, PlaceUnknown."""
        return self._cases.listed(actor, asked)

    def names(self, service: str, step: str) -> tuple[Names, Names]:
        """The service and its step in words."""
        return self._cases.names(service, step)

    def services_of(self, actor: Actor) -> Sequence[tuple[str, Names]]:
        """The services that the member works for."""
        return self._cases.services_of(actor)

    def role_names(self, role: str) -> Names:
        """A role of services in words."""
        return self._cases.role_names(role)

    def case(self, actor: Actor, number: str) -> StaffCase:
        """A case that the member may see. Raises CaseUnknown."""
        return self._cases.staff_case(actor, number)

    def document(self, actor: Actor, number: str, digest: str) -> tuple[str, bytes] | None:
        """(type, content) of a document of the case."""
        return self._cases.document(actor, number, digest)

    def colleagues(self, role: str, unit: str) -> Sequence[str]:
        """Who may be given a step of the role."""
        return self._cases.colleagues(role, unit)

    def has_sittings(self, actor: Actor) -> bool:
        """Whether a role of the member's decides in sittings."""
        return self._sittings.any_of(actor)

    def sittings(self, actor: Actor) -> Sequence[SittingWaiting]:
        """The steps that the member's roles decide in sittings."""
        return self._sittings.sittings(actor)

    def sitting_step(self, actor: Actor, service: str, step: str) -> tuple[Service, Step]:
        """One of them. Raises ServiceUnknown, ServiceNotYours, StepUnknown, NotInSitting, NotYourStep."""
        return self._sittings.sitting_step(actor, service, step)

    def sitting_cases(self, actor: Actor, service: str, step: str, limit: int) -> Sequence[SittingCase]:
        """Cases that wait for a sitting on the step, those due first in front."""
        return self._sittings.sitting_cases(actor, service, step, limit)

    def sitting_case(self, actor: Actor, number: str) -> SittingCase:
        """A case that the member may see. Raises CaseUnknown."""
        return self._sittings.sitting_case(actor, number)

    def call(self, actor: Actor, found: StaffCase, form: Form, papers: Papers) -> ActOnCase:
        """The act that a form of the case's page asks for."""
        return self._cases.call(actor, found, form, papers)

    # --- health ----------------------------------------------------------------------------------------

    def health(self) -> Health:
        """Read at each call."""
        chain = self._azyq.chain.read()
        furthest = max(chain.views, key=lambda one: one.behind)
        sealed = seals_by(self._azyq.log_reader)
        audits = audits_of(self._azyq.log)
        published = None
        if self._azyq.settings.kafka_bootstrap_servers and chain.published is not None:
            published = max(0, chain.head - chain.published.position)
        return Health(
            chain.head,
            furthest.view,
            furthest.behind,
            self._age(furthest.position) if furthest.behind else 0.0,
            published,
            [one.view for one in chain.views if one.outdated],
            sealed[-1].on if sealed else "",
            sealed[-1].upto if sealed else 0,
            audits.last_at if audits else None,
            audits.last if audits else None,
        )


def _works_here(actor: Actor) -> bool:
    """A portal speaks for applicants; it is nobody at the office."""
    return any(role != APPLICANT for role in actor.roles)
