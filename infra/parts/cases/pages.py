"""Requests as their applicants' pages ask for them (`infra.web.cases.reading.CasePagesServices`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from domain.calendar import local_day
from domain.commands.case_calls import ActOnCase, HoldSitting, OpenCase
from domain.commands.known_cases import SALT_BYTES
from domain.errors import LANGUAGES
from domain.family import FamilyVouchers
from domain.identity import case_link_name
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_refusals import ServiceNotInForce, SignatureInvalid
from domain.procedures.definition import APPLICANT, Names, Outcome
from domain.procedures.definition_file import ServiceInvalid
from domain.procedures.running import RunningService
from domain.signature_refusals import SignatureUnsound
from infra.bootstrap import Azyq
from infra.cases.history import CaseEvent, case_events
from infra.papers.case_papers import CasePaper, receipt, result_paper
from infra.papers.docx import docx
from infra.papers.from_case import paper_of_case
from infra.papers.html import html
from infra.papers.seal import Seal, link, sealed
from infra.parts.cases.desk import Applicant, CaseDesk
from infra.parts.cases.paper_standing import paper_standing
from infra.parts.staff import name_of
from infra.qr.image import on_paper
from infra.signatures.trial import NoSignatures, TrialSignatures
from infra.web.cases.paper_standing import PaperStanding
from infra.web.cases.reading import CasePaperKind, OwnCase

log = structlog.get_logger(__name__)

_LINK = case_link_name(UUID(int=0)).partition("/")[0] + "/"
OWN_CASES = 20

Call = TypeVar("Call", OpenCase, ActOnCase, HoldSitting)


class CasePages:
    """Reads the log and the vault at each call, so that a page is never behind the clerk."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` tells whoever sends SMS that there may be one."""
        self._azyq = azyq
        self._desk = CaseDesk(azyq)
        self._wake = wake
        self.largest_document = azyq.settings.largest_document

    @property
    def trial(self) -> bool:
        """Whether requests are signed by a trial's own signature."""
        return isinstance(self._azyq.signatures, TrialSignatures)

    @property
    def by_certificate(self) -> bool:
        """Whether signatures are made elsewhere, by certificates, and handed in."""
        return not isinstance(self._azyq.signatures, TrialSignatures | NoSignatures)

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    def new_key(self) -> str:
        """A key for one form."""
        return secrets.token_hex(16)

    # --- cases ----------------------------------------------------------------------------------------

    def case_of(self, token: str) -> Case | None:
        """The case behind a link."""
        name = self._azyq.vault.stream_of_token(token) or ""
        if not name.startswith(_LINK):
            return None
        stream = UUID(name.removeprefix(_LINK))
        found = self._azyq.log.load([stream]).get(stream)
        return found if isinstance(found, Case) else None

    def path_of(self, case: Case) -> str:
        """The path of its status page."""
        return self._path_of(case.id)

    def _path_of(self, stream: UUID) -> str:
        name = case_link_name(stream)
        return f"/c/{self._azyq.vault.wallet_tokens([name])[name]}"

    def own_cases(self, subject: str) -> Sequence[OwnCase]:
        """A person's cases, the newest first, as the view has them."""
        rows = self._azyq.case_lists.of_applicant(subject, OWN_CASES)
        return [
            OwnCase(
                row["number"],
                self._name_of(row["service"], row["version"]),
                datetime.fromisoformat(row["received_at"]),
                row["state"],
                self._path_of(UUID(row["stream"])),
            )
            for row in rows
        ]

    def _name_of(self, service: str, version: str) -> Names:
        found = self._azyq.services.version(service, version)
        return found.service.names if found else dict.fromkeys(LANGUAGES, service)

    def running(self, case: Case) -> RunningService:
        """The version that the case runs under."""
        return self._azyq.known_cases.running(case)

    def events(self, case: Case) -> Sequence[CaseEvent]:
        """What happened to it."""
        return case_events(self._azyq.log, case.id)

    # --- papers ---------------------------------------------------------------------------------------

    def reasons(self, case: Case) -> str:
        """What the refusal says in words."""
        return self._paper_of(case).note if case.results else ""

    def paper(self, case: Case, kind: CasePaperKind, language: str, suffix: str) -> bytes | None:
        """A paper of the case."""
        told = self._paper_of(case)
        if kind == "result" and told.result:
            keys, url = self._azyq.qr_keys, self._azyq.settings.public_url
            made = result_paper(told, language, self.now(), keys, url)
        elif kind == "receipt" and case.end == "acceptance_refused":
            made = receipt(told, language, self.now())
        else:
            return None
        return docx(made) if suffix == "docx" else html(made).encode()

    def code(self, case: Case) -> tuple[str, str] | None:
        """Where the paper given out is verified, and its QR."""
        if not case.results:
            return None
        address = link(
            self._azyq.settings.public_url, sealed(self._paper_of(case).seal(), self._azyq.qr_keys)
        )
        return address, on_paper(address)[0]

    def standing(self, seal: Seal) -> PaperStanding:
        """How the result of a genuine seal stands now."""
        return paper_standing(self._azyq, seal)

    def _paper_of(self, case: Case) -> CasePaper:
        papers = self._azyq.vault.papers

        def unseal(digest: str) -> str | None:
            content = papers.read(case.id.hex, digest)
            return None if content is None else content[SALT_BYTES:].decode()

        events = [(event.topic, event.data) for event in self.events(case)]
        names = partial(name_of, self._azyq)
        return paper_of_case(case, self.running(case).service, events, unseal, names)

    # --- services -------------------------------------------------------------------------------------

    def known_of(self, family: FamilyVouchers) -> dict[str, str | Sequence[str]]:
        """What the wallet knows of a family: name and phone from the vault, the place."""
        vault = self._azyq.vault
        person = vault.people([family.applicant]).get(family.applicant)
        names = (person.surname, person.given_name, person.patronymic) if person else ()
        return {
            "applicant_name": " ".join(name.title() for name in names if name),
            "phone": vault.phones([family.applicant]).get(family.applicant, ""),
            "region": family.region,
        }

    def open_to(self, channel: str) -> Sequence[RunningService]:
        """Services in force today that take requests through the channel."""
        services, today = self._azyq.services, local_day(self.now())
        try:
            files = services.files
        except ServiceInvalid as error:
            # The wallet pays all the same.
            log.error("services_invalid", problems=len(error.problems))
            return []
        found = []
        for service in sorted({file.service.id for file in files}):
            try:
                in_force = files.on(service, today)
            except ServiceNotInForce:
                continue
            if any(one.id == channel for one in in_force.channels):
                found.append(services.on(service, today))
        return found

    def lacking(self, call: OpenCase) -> Sequence[str]:
        """The documents that a request would lack."""
        return self._azyq.run_case.lacking(call, self.now())

    def open(self, call: OpenCase) -> Case:
        """A new case; a trial signs what is to be signed."""
        running = self._azyq.services.on(call.service, local_day(self.now()))
        signs = any(one.signs for one in running.service.channels if one.id == call.channel)
        case = self._azyq.run_case.open(self._signed(call) if signs else call, self.now())
        self._wake()
        return case

    def act(self, call: ActOnCase) -> Case:
        """An act of the applicant; a trial signs what is to be signed."""
        service = self.running(self._azyq.known_cases.case(call.case)).service
        step = service.steps.get(call.step)
        outcomes: Sequence[Outcome] = step.outcomes if step else ()
        signs = any(one.signs for one in outcomes if one.id == call.outcome)
        case = self._azyq.run_case.act(self._signed(call) if signs else call, self.now())
        self._wake()
        return case

    def hold_sitting(self, call: HoldSitting) -> None:
        """A sitting over many cases; a trial signs what is to be signed."""
        step = self._azyq.services.files.latest(call.service).steps.get(call.step)
        chosen = {one.outcome for one in call.decisions}
        signs = step is not None and any(one.signs for one in step.outcomes if one.id in chosen)
        self._azyq.run_case.hold_sitting(self._signed(call) if signs else call, self.now())
        self._wake()

    # --- signing by certificate -----------------------------------------------------------------------

    def as_signer(self, call: OpenCase) -> OpenCase:
        """The call as whoever signed it: the applicant by the certificate, whom the vault takes in if need be."""
        self.lacking(call)
        person = self._person(call.content(), call.signature)
        if person is None:
            raise SignatureInvalid("signature")
        fields = self._azyq.services.on(call.service, local_day(self.now())).service.fields
        phone = next(
            (str(call.fields[one.id]) for one in fields if one.type == "phone" and one.id in call.fields), ""
        )
        subject = self._desk.subject(
            Applicant(person.iin, phone, person.surname, person.given_name, person.patronymic)
        )
        return replace(call, actor=Actor(subject, (APPLICANT,)), applicant=subject)

    def holder(self, content: bytes, signature: bytes) -> str:
        """The name in the certificate that signed `content`."""
        try:
            person = self._person(content, signature)
        except SignatureUnsound:
            return ""
        return "" if person is None else " ".join(filter(None, (person.surname, person.given_name)))

    def _person(self, content: bytes, signature: bytes) -> PersonalData | None:
        signatures = self._azyq.signatures
        if isinstance(signatures, TrialSignatures | NoSignatures):
            return None
        return signatures.person(content, signature, self.now())

    def keep(self, uploader: str, documents: Mapping[str, bytes]) -> dict[str, str]:
        """Keep documents for a day, for this uploader alone."""
        return {name: self._desk.take_paper(uploader, content).sha256 for name, content in documents.items()}

    def kept(self, uploader: str, digests: Mapping[str, str]) -> dict[str, bytes]:
        """What was kept."""
        return self._desk.papers(uploader, digests)

    def _signed(self, call: Call) -> Call:
        signatures = self._azyq.signatures
        if not isinstance(signatures, TrialSignatures):
            return call
        return replace(call, signature=signatures.sign(call.actor.id, call.content()))
