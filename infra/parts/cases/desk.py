"""Cases as the command line and the HTTP face ask for them: applicants, uploads, signatures, lists and levels."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import islice, product
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid5

from domain.beneficiary import iin_is_valid
from domain.calendar import local_day
from domain.commands.case_calls import ActOnCase, HoldSitting, OpenCase
from domain.commands.enrol_staff import named_actor
from domain.identity import AZYQ
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_input import paper_problem, raise_all, shown
from domain.procedures.case_refusals import ConsentMissing, FieldMalformed
from domain.procedures.definition import APPLICANT, Service
from domain.procedures.running import RunningService
from domain.procedures.sitting import Sitting
from infra.bootstrap import Azyq
from infra.cases.history import CaseEvent, case_events
from infra.cases.lists import DueStep
from infra.cases.service_levels import service_levels
from infra.parts.cases.refusals import ApplicantMissing, PaperUnknown, SignatureInTrialOnly
from infra.parts.cases.shown import act_shown, case_shown, opening_shown
from infra.signatures.trial import TrialSignatures
from infra.sms.phones import normalise_phone

LONGEST_NAME = 100
_NEVER = datetime.max.replace(tzinfo=UTC)
_UPLOAD = {"kk": "жүктелген файл", "ru": "загружаемый файл", "en": "the upload"}
_IIN = {"kk": "ЖСН", "ru": "ИИН", "en": "IIN"}
_PHONE = {"kk": "телефон", "ru": "телефон", "en": "phone"}
_NAME = {"kk": "аты-жөні", "ru": "имя", "en": "name"}
_IIN_EXPECTED = {
    "kk": "бақылау цифры дұрыс 12 цифр",
    "ru": "12 цифр с верным контрольным разрядом",
    "en": "12 digits with the right check digit",
}
_PHONE_EXPECTED = {
    "kk": "+77011234567 түріндегі ұялы нөмір",
    "ru": "мобильный номер вида +77011234567",
    "en": "a mobile number as +77011234567",
}
_NAME_EXPECTED = {
    "kk": f"{LONGEST_NAME} таңбадан аспайтын мәтін",
    "ru": f"текст не длиннее {LONGEST_NAME} знаков",
    "en": f"text of at most {LONGEST_NAME} characters",
}

Signed = TypeVar("Signed", OpenCase, ActOnCase, HoldSitting)


class Applicant(NamedTuple):
    """Who asks for a service, as told; all but the IIN may be left out. Personal: for the vault only."""

    iin: str
    phone: str = ""
    surname: str = ""
    given_name: str = ""
    patronymic: str = ""


class Paper(NamedTuple):
    """An upload that was taken: its SHA-256 in hex, its type by the content, its bytes."""

    sha256: str
    type: str
    size: int


class Wanted(NamedTuple):
    """Of whose steps a list is: `roles` as (role, unit or ""), `services` with "" for all; `assignee` leaves out what
    is another's.

    `escalated`: instead, what was brought before the roles because it is overdue. `through`: of what is the applicants',
    the cases that this portal opened; "" for all.
    """

    roles: Collection[tuple[str, str]]
    services: Collection[str] = ("",)
    assignee: str = ""
    due_before: datetime | None = None
    escalated: bool = False
    through: str = ""

    def portal_of(self, role: str) -> str:
        """The portal whose cases alone are listed for a role; "" for all cases."""
        return self.through if role == APPLICANT else ""


class CaseDesk:
    """What clerks, portals and commissions do; several threads may use it at once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq

    # --- who and with what ----------------------------------------------------------------------------

    def subject(self, applicant: Applicant) -> str:
        """The vault's subject of an applicant; somebody new is taken in. What the vault knows already stays.

        Raises FieldMalformed, with all that is wrong.
        """
        phone = normalise_phone(applicant.phone[:40]) if applicant.phone else ""
        names = applicant[2:]
        problems = []
        if not iin_is_valid(applicant.iin):
            problems.append(FieldMalformed("applicant/iin", name=_IIN, expected=_IIN_EXPECTED))
        if phone is None:
            problems.append(FieldMalformed("applicant/phone", name=_PHONE, expected=_PHONE_EXPECTED))
        if not all(len(name) <= LONGEST_NAME and name.isprintable() for name in names):
            problems.append(FieldMalformed("applicant", name=_NAME, expected=_NAME_EXPECTED))
        raise_all(problems)
        vault = self._azyq.vault
        subject = vault.find_person(applicant.iin)
        if subject is None:
            (subject,) = vault.enrol([PersonalData(applicant.iin, *names, "")])
        # The number that the mobile citizens' database gave is not a clerk's to change.
        if phone and subject not in vault.phones([subject]):
            vault.set_phones({subject: phone})
        return subject

    def check_consent(self, service: Service, consent: bool) -> None:
        """Whether anything of the applicant may be kept. Raises ConsentMissing."""
        if service.consent and not consent:
            raise ConsentMissing("consent")

    def applicant_of(self, case: Case) -> Actor:
        """Whoever the case's applicant acts as. Raises ApplicantMissing where nobody is known."""
        person = case.applicant or (case.opener if case.opener_role == APPLICANT else "")
        if not person:
            raise ApplicantMissing("applicant")
        return Actor(person, (APPLICANT,))

    def signed(self, call: Signed) -> Signed:
        """The call under its actor's signature, which a trial makes itself. Raises SignatureInTrialOnly elsewhere."""
        signatures = self._azyq.signatures
        if not isinstance(signatures, TrialSignatures):
            raise SignatureInTrialOnly("sign")
        return replace(call, signature=signatures.sign(call.actor.id, call.content()))

    def named(self, staff: str, role: str, unit: str) -> Actor:
        """Whoever is named at the command line, with the person behind the id where it is known. Raises StaffRevoked."""
        return named_actor(self._azyq.log, staff, (role,), unit)

    # --- uploads --------------------------------------------------------------------------------------

    @property
    def largest_document(self) -> int:
        """In bytes."""
        return self._azyq.settings.largest_document

    def take_paper(self, uploader: str, content: bytes) -> Paper:
        """Keep an upload, encrypted, for a day or until a case takes it over.

        Raises DocumentEmpty, DocumentTooLarge, DocumentWrongType.
        """
        problem, kind = paper_problem(content, "", _UPLOAD, self.largest_document)
        raise_all([problem] if problem else [])
        holder = _upload(uploader, sha256(content).hexdigest())
        digest = self._azyq.vault.papers.stage(holder, content)
        return Paper(digest, kind, len(content))

    def papers(self, uploader: str, wanted: Mapping[str, str], case: Case | None = None) -> dict[str, bytes]:
        """The contents of `wanted`, SHA-256 by document: uploads of the caller's, or papers of the case itself.

        Raises PaperUnknown.
        """
        found: dict[str, bytes] = {}
        problems: list[PaperUnknown] = []
        own = set() if case is None else {row[1] for row in case.documents}
        for document, digest in wanted.items():
            content = self._azyq.vault.papers.read(_upload(uploader, digest), digest)
            if content is None and case is not None and digest in own:
                content = self._azyq.vault.papers.read(case.id.hex, digest)
            if content is None:
                problems.append(PaperUnknown(f"documents.{shown(document)}", sha256=shown(digest)[:12] + "…"))
            else:
                found[document] = content
        raise_all(problems)
        return found

    def paper_of(self, case: Case, digest: str) -> tuple[str, bytes] | None:
        """(type, content) of a document of the case; None when there is none, or it was erased."""
        for _, kept, kind, _ in case.documents:
            if kept == digest:
                content = self._azyq.vault.papers.read(case.id.hex, digest)
                return None if content is None else (kind, content)
        return None

    # --- what is done ---------------------------------------------------------------------------------

    def open(self, call: OpenCase) -> dict[str, Any]:
        """A new case, as `opening_shown`. Raises what `RunCase.open` raises."""
        case = self._azyq.run_case.open(call, self.now())
        return opening_shown(case, self.events(case), self.link(case))

    def act(self, call: ActOnCase) -> dict[str, Any]:
        """An act, as `act_shown`. Raises what `RunCase.act` raises."""
        case = self._azyq.run_case.act(call, self.now())
        return act_shown(case, self.events(case), call.actor.id, call.key)

    def hold_sitting(self, call: HoldSitting) -> dict[str, Any]:
        """A sitting over many cases. Raises what `RunCase.hold_sitting` raises."""
        held: Sitting = self._azyq.run_case.hold_sitting(call, self.now())
        return {
            "sitting": held.sitting,
            "service": call.service,
            "step": call.step,
            "members": list(call.members),
            "decisions": [{"case": one.case, "outcome": one.outcome} for one in call.decisions],
        }

    # --- what is read ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    def case(self, number: str) -> Case:
        """The case. Raises CaseUnknown."""
        return self._azyq.known_cases.case(number)

    def running(self, case: Case) -> RunningService:
        """The version that the case began with."""
        return self._azyq.known_cases.running(case)

    def shown(self, case: Case) -> dict[str, Any]:
        """All of it, as `case_shown`."""
        personal = self._azyq.known_cases.sealed_values(case)
        return case_shown(case, self.running(case), personal, self.link(case), self.now())

    def events(self, case: Case) -> list[CaseEvent]:
        """What happened to it."""
        return case_events(self._azyq.log, case.id)

    def link(self, case: Case) -> str:
        """The address of the applicant's page."""
        return self._azyq.case_texts.link_of(case)

    def levels(self, start: date, end: date, service: str = "") -> dict[str, Any]:
        """How services were kept up, of cases received from `start` to `end`."""
        return service_levels(self._azyq.view_store, start, end, self.now(), service)

    def to_do(self, wanted: Wanted, after: DueStep | None = None, limit: int = 100) -> list[DueStep]:
        """Open steps, the one due first in front; those without a term come last. `after`: the page that follows."""
        lists = self._azyq.case_lists
        if wanted.escalated:
            services = [one for one in wanted.services if one]
            pages = [
                lists.escalated(
                    role, services=services, through=wanted.portal_of(role), after=after, limit=limit
                )
                for role, _ in sorted(wanted.roles)
                if wanted.services
            ]
        else:
            pages = [
                lists.to_do(
                    role,
                    unit=unit,
                    assignee=wanted.assignee,
                    service=service,
                    through=wanted.portal_of(role),
                    due_before=wanted.due_before,
                    after=after,
                    limit=limit,
                )
                for (role, unit), service in product(sorted(wanted.roles), sorted(wanted.services))
            ]
        merged = heapq.merge(*pages, key=lambda one: (one.due_at or _NEVER, one.stream, one.step, one.turn))
        return list(islice(merged, limit))

    def ended(
        self, service: str, state: str, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """A service's cases that are `closed`, or `refused` at acceptance, the newest in front, as the view has them."""
        return self._azyq.case_lists.ended(service, state, after, limit)

    def levels_of(self, service: str, start: date | None, end: date | None) -> dict[str, Any]:
        """How one service was kept up, by default in the last 90 days."""
        last = end or local_day(self.now())
        told = self.levels(start or last - timedelta(days=90), last, service)
        return {
            "service": service,
            "first_day": told["from"],
            "last_day": told["to"],
            "log_position": told["log_position"],
            "figures": told["services"].get(service),
            "waiting": told["waiting"],
        }


def _upload(uploader: str, digest: str) -> str:
    """Where an upload waits: its uploader's alone, so that nobody else can hand it in."""
    name: UUID = uuid5(AZYQ, f"upload/{uploader}/{digest}")
    return name.hex


def role_name(service: Service, role: str, language: str) -> str:
    """A role of the service in words."""
    found = service.roles.get(role)
    return found.names[language] if found else role
