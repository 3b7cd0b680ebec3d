"""Cases for whoever comes by HTTP (`infra.api.cases.services.CaseServices`): what a member sees and acts as."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.calendar import local_day
from domain.commands.case_calls import ActOnCase, Decision, HoldSitting, OpenCase, ReassignStep
from domain.commands.enrol_staff import IssuedStaffKey
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.case_input import shown
from domain.procedures.case_refusals import CaseUnknown
from domain.procedures.definition import APPLICANT, Service
from infra.api.cases.models import ActCall, OpenCall, ReassignCall, SittingCall
from infra.api.cases.services import ListAsked
from infra.bootstrap import Azyq
from infra.cases.lists import DueStep
from infra.parts.cases.desk import Applicant, CaseDesk, Wanted
from infra.parts.cases.refusals import PlaceUnknown, RoleNotYours, ServiceNotYours
from infra.parts.cases.shown import ended_shown, service_shown, to_do_shown
from infra.parts.staff import enrol_staff

_NEVER = datetime.min.replace(tzinfo=UTC)


class CaseEntrance:
    """Called from worker threads; raises Refusals."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._desk = CaseDesk(azyq)
        self._staff = enrol_staff(azyq)
        self.largest_document = self._desk.largest_document
        self.staff_per_second = azyq.settings.staff_per_second

    # --- who -------------------------------------------------------------------------------------------

    def authenticate(self, key: str) -> Actor:
        """Who comes with the key. Raises what `EnrolStaff.authenticate` raises."""
        return self._staff.authenticate(key, self.now())

    def rotate(self, key: str) -> IssuedStaffKey:
        """Another key."""
        return self._staff.rotate(key, self.now())

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    def _roles(self, caller: Actor, service: Service) -> tuple[str, ...]:
        """The caller's roles that the service has in the caller's unit."""
        return tuple(
            role
            for role in caller.roles
            if role in service.roles
            and not (caller.unit and service.roles[role].unit not in ("", caller.unit))
        )

    def _sees(self, caller: Actor, case: Case) -> bool:
        roles = {*self._roles(caller, self._desk.running(case).service)}
        return bool(roles - {APPLICANT}) or (APPLICANT in roles and self._speaks_for(caller, case))

    def _speaks_for(self, caller: Actor, case: Case) -> bool:
        """Whether the caller is the portal that the case was opened through."""
        return APPLICANT in caller.roles and case.through == caller.id

    def _as_seen(self, caller: Actor, case: Case) -> Actor:
        """The caller as far as the case goes: of what another opened, nobody is the applicant by a role."""
        return caller if self._speaks_for(caller, case) else _of_staff(caller)

    def _case(self, caller: Actor, number: str) -> Case:
        """A case that the caller may see. Raises CaseUnknown, of others' too."""
        case = self._desk.case(number)
        if not self._sees(caller, case):
            raise CaseUnknown("case", case=shown(number))
        return case

    def _service(self, caller: Actor, service: str) -> Service:
        """A service in force that the caller works for. Raises ServiceUnknown, ServiceNotInForce, ServiceNotYours."""
        found = self._azyq.services.on(service, local_day(self.now())).service
        if not self._roles(caller, found):
            raise ServiceNotYours("service", service=found.names)
        return found

    # --- what is done ---------------------------------------------------------------------------------

    def open(self, caller: Actor, call: OpenCall, key: str) -> dict[str, Any]:
        """A new case. A portal opens it as the applicant, a clerk as himself (S000-L1)."""
        asked = self._opening(caller, call, key)
        return self._desk.open(self._desk.signed(asked) if call.sign else asked)

    def _opening(self, caller: Actor, call: OpenCall, key: str) -> OpenCase:
        service = self._service(caller, call.service)
        roles = self._roles(caller, service)
        self._desk.check_consent(service, call.consent)
        documents = self._desk.papers(caller.id, call.documents)
        subject = ""
        if call.applicant is not None:
            one = call.applicant
            subject = self._desk.subject(
                Applicant(one.iin, one.phone, one.surname, one.given_name, one.patronymic)
            )
        actor = caller._replace(roles=roles)
        if APPLICANT in roles:
            actor = Actor(subject or caller.id, (APPLICANT,))
        channels = [one.id for one in service.channels]
        return OpenCase(
            service=service.id,
            actor=actor,
            channel=call.channel or (channels[0] if len(channels) == 1 else ""),
            kind=call.kind,
            applicant=subject,
            fields=call.fields,
            documents=documents,
            consent=call.consent,
            language=call.language,
            signature=_signature(call.signature),
            key=key,
            through=caller.id if APPLICANT in roles else "",
        )

    def act(self, caller: Actor, number: str, call: ActCall, key: str) -> dict[str, Any]:
        """An outcome of a step (S002-36)."""
        asked = self._acting(caller, number, call, key)
        return self._desk.act(self._desk.signed(asked) if call.sign else asked)

    def _acting(self, caller: Actor, number: str, call: ActCall, key: str) -> ActOnCase:
        case = self._case(caller, number)
        return ActOnCase(
            case=case.case,
            step=call.step,
            outcome=call.outcome,
            actor=self._actor(caller, case, call.step, call.outcome),
            fields=call.fields,
            documents=self._desk.papers(caller.id, call.documents, case),
            ground=call.ground,
            assignee=call.assignee,
            signature=_signature(call.signature),
            key=key,
        )

    def _actor(self, caller: Actor, case: Case, step: str, outcome: str) -> Actor:
        """As whom the caller acts: a portal does the applicant's steps as the applicant."""
        if not self._speaks_for(caller, case):
            return _of_staff(caller)
        found = self._desk.running(case).service.steps.get(step)
        taken = {one.id: one for one in found.outcomes}.get(outcome) if found else None
        role = who_takes(found, taken) if found and taken else found.role if found else ""
        if role == APPLICANT:
            return self._desk.applicant_of(case)
        return _of_staff(caller)

    def reassign(self, caller: Actor, number: str, call: ReassignCall, key: str) -> dict[str, Any]:
        """Another person for a step."""
        case = self._case(caller, number)
        self._azyq.run_case.reassign(
            ReassignStep(case.case, call.step, self._as_seen(caller, case), call.assignee, key), self.now()
        )
        return {"case": case.case, "step": call.step, "assignee": call.assignee}

    def hold_sitting(self, caller: Actor, call: SittingCall, key: str) -> dict[str, Any]:
        """One step of many cases (S000-T16)."""
        asked = self._sitting(caller, call, key)
        try:
            return self._desk.hold_sitting(self._desk.signed(asked) if call.sign else asked)
        except Refusal as refusal:
            places = {shown(one.case): place for place, one in enumerate(call.decisions)}
            for one in (refusal, *refusal.also):
                case, _, rest = (one.field or "").partition(".")
                if case in places:  # a refusal of a sitting begins with the case's number
                    one.field = "/".join(["decisions", str(places[case]), *rest.split(".", 1)]).rstrip("/")
            raise

    def _sitting(self, caller: Actor, call: SittingCall, key: str) -> HoldSitting:
        service = self._service(caller, call.service)
        self._check_seen(caller, service, call)
        decisions = [
            Decision(
                one.case,
                one.outcome,
                one.fields,
                self._desk.papers(caller.id, one.documents),
                one.ground,
                one.assignee,
            )
            for one in call.decisions
        ]
        minutes = {} if call.minutes is None else {"minutes": call.minutes}
        return HoldSitting(
            service=service.id,
            step=call.step,
            actor=caller,
            members=call.members,
            decisions=decisions,
            minutes=self._desk.papers(caller.id, minutes).get("minutes"),
            signature=_signature(call.signature),
            key=key,
        )

    def _check_seen(self, caller: Actor, service: Service, call: SittingCall) -> None:
        """A portal is not told of others' cases by a sitting either. Raises CaseUnknown."""
        if {*self._roles(caller, service)} - {APPLICANT}:
            return
        for place, one in enumerate(call.decisions):
            try:
                self._case(caller, one.case)
            except CaseUnknown as unknown:
                unknown.field = f"decisions/{place}/case"
                raise

    def to_sign(self, caller: Actor, call: OpenCall | ActCall | SittingCall, number: str) -> bytes:
        """What an electronic signature of the call is over; nothing is recorded."""
        match call:
            case OpenCall():
                return self._opening(caller, call, "").content()
            case ActCall():
                return self._acting(caller, number, call, "").content()
        return self._sitting(caller, call, "").content()

    def take_paper(self, caller: Actor, content: bytes) -> dict[str, Any]:
        """An upload of the caller's."""
        return self._desk.take_paper(caller.id, content)._asdict()

    # --- what is read ---------------------------------------------------------------------------------

    def case(self, caller: Actor, number: str) -> dict[str, Any]:
        """A case as it stands. The applicant's page is for whoever opened the case to pass on: it acts as the applicant."""
        case = self._case(caller, number)
        told = self._desk.shown(case)
        if not self._speaks_for(caller, case) and caller.id != case.opener:
            told["status_page"] = ""
        return told

    def document(self, caller: Actor, number: str, digest: str) -> tuple[str, bytes] | None:
        """(type, content) of a document; None when there is none, or it was erased."""
        return self._desk.paper_of(self._case(caller, number), digest)

    def listed(self, caller: Actor, asked: ListAsked) -> tuple[list[dict[str, Any]], str | None]:
        """A page of what the caller has to do, or of a service's cases that are over; and where the next one begins.

        Raises RoleNotYours, ServiceUnknown, ServiceNotYours, PlaceUnknown.
        """
        if asked.role and asked.role not in caller.roles:
            raise RoleNotYours("role", role=shown(asked.role), roles=", ".join(caller.roles))
        if asked.state in ("closed", "refused"):
            return self._ended(caller, asked)
        if asked.service:
            self._azyq.services.files.latest(asked.service)
        roles = [asked.role] if asked.role else list(caller.roles)
        services = [asked.service]
        if asked.state == "escalated":
            services = [
                name
                for name in self._azyq.services.files.ids()
                if asked.service in ("", name) and self._roles(caller, self._azyq.services.files.latest(name))
            ]
        wanted = Wanted(
            roles=[(role, caller.unit) for role in roles],
            services=services,
            assignee=caller.id if asked.mine else "",
            due_before=asked.due_before,
            escalated=asked.state == "escalated",
            through=caller.id,
        )
        place = None if asked.after is None else _due_step(asked.after)
        steps = self._desk.to_do(wanted, place, asked.limit + 1)
        now = self.now()
        page = [to_do_shown(one, now) for one in steps[: asked.limit]]
        return page, _place_of(steps[asked.limit - 1]) if len(steps) > asked.limit else None

    def _ended(self, caller: Actor, asked: ListAsked) -> tuple[list[dict[str, Any]], str | None]:
        service = self._azyq.services.files.latest(asked.service)
        if not {*self._roles(caller, service)} - {APPLICANT}:
            raise ServiceNotYours("service", service=service.names)
        place = None if asked.after is None else _received(asked.after)
        rows = self._desk.ended(asked.service, asked.state, place, asked.limit + 1)
        page = [ended_shown(one) for one in rows[: asked.limit]]
        if len(rows) <= asked.limit:
            return page, None
        last = rows[asked.limit - 1]
        return page, _written(last["received_at"], UUID(last["stream"]).hex)

    def levels(self, caller: Actor, service: str, start: date | None, end: date | None) -> dict[str, Any]:
        """How a service is kept up, by default in the last 90 days. Raises ServiceNotYours."""
        found = self._service(caller, service)
        return self._desk.levels_of(found.id, start, end)

    def services(self) -> list[dict[str, Any]]:
        """The services in force today."""
        day = local_day(self.now())
        return [
            service_shown(one.service)
            for one in self._azyq.services.files
            if one.service.effective_from <= day and day <= (one.service.effective_to or date.max)
        ]


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b"?"  # no signature, and refused as one that doesn't hold


def _written(*parts: str) -> str:
    return base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")


def _parts(place: str, count: int) -> list[str]:
    """Raises PlaceUnknown for a place that is none of ours."""
    try:
        parts = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode().split("|")
    except (ValueError, binascii.Error):
        raise PlaceUnknown("after") from None
    if len(parts) != count or not all(one.isprintable() for one in parts):
        raise PlaceUnknown("after")
    return parts


def _of_staff(caller: Actor) -> Actor:
    """The caller without a part of the applicant's."""
    return caller._replace(roles=tuple(one for one in caller.roles if one != APPLICANT))


def _place_of(step: DueStep) -> str:
    due = "" if step.due_at is None else step.due_at.isoformat()
    return _written(due, step.stream.hex, step.step, step.turn)


def _due_step(place: str) -> DueStep:
    due, stream, step, turn = _parts(place, 4)
    at = _instant(due) if due else None
    return DueStep(_uuid(stream), step, turn, "", "", "", "", "", "", _NEVER, at, None, None)


def _received(place: str) -> tuple[datetime, UUID]:
    received, stream = _parts(place, 2)
    return _instant(received), _uuid(stream)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise PlaceUnknown("after") from None
    if at.tzinfo is None or not 2000 <= at.year < 2200:
        raise PlaceUnknown("after")
    return at


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise PlaceUnknown("after") from None
