"""What the pages about cases ask of the system behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from domain.commands.case_calls import ActOnCase, HoldSitting, OpenCase
from domain.family import FamilyVouchers
from domain.procedures.case import Case
from domain.procedures.definition import Names
from domain.procedures.running import RunningService
from infra.cases.history import CaseEvent
from infra.papers.seal import Seal
from infra.web.cases.paper_standing import PaperStanding

CasePaperKind = Literal["result", "receipt"]


class OwnCase(NamedTuple):
    """A case of a person: number and service, when it was received, its state (open, closed, refused), its page's path."""

    number: str
    service: Names
    received_at: datetime
    state: str
    path: str


class CasePagesServices(Protocol):
    """Called from worker threads, by several at once. A database that can't be reached becomes a page that says so."""

    largest_document: int

    @property
    def trial(self) -> bool:
        """Whether requests are signed by a trial's own signature."""
        ...

    @property
    def by_certificate(self) -> bool:
        """Whether signatures are made elsewhere, by certificates, and handed in."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...

    def case_of(self, token: str) -> Case | None:
        """The case behind a link of a status page; None for a link that was never given."""
        ...

    def path_of(self, case: Case) -> str:
        """The path of its status page: /c/ and a token."""
        ...

    def own_cases(self, subject: str) -> Sequence[OwnCase]:
        """A person's cases, the newest first."""
        ...

    def running(self, case: Case) -> RunningService:
        """The version of its service that the case runs under."""
        ...

    def events(self, case: Case) -> Sequence[CaseEvent]:
        """What happened to it, in order."""
        ...

    def reasons(self, case: Case) -> str:
        """What the refusal of the case says in words besides its ground."""
        ...

    def paper(self, case: Case, kind: CasePaperKind, language: str, suffix: str) -> bytes | None:
        """A paper of the case as .html or .docx; None when there is none, or not yet."""
        ...

    def code(self, case: Case) -> tuple[str, str] | None:
        """(the address where the paper given out is verified, its QR as SVG); None before anything is given out."""
        ...

    def standing(self, seal: Seal) -> PaperStanding:
        """How the result of a genuine seal stands now."""
        ...

    def known_of(self, family: FamilyVouchers) -> dict[str, str | Sequence[str]]:
        """What the wallet knows of a family by the ids of fields: applicant_name, phone, region; personal."""
        ...

    def open_to(self, channel: str) -> Sequence[RunningService]:
        """The services in force today that take requests through a channel."""
        ...

    def lacking(self, call: OpenCase) -> Sequence[str]:
        """The documents that a request would lack. Raises what is wrong with it, all of them Refusal."""
        ...

    def open(self, call: OpenCase) -> Case:
        """A new case. Raises what `RunCase.open` raises, all of them Refusal."""
        ...

    def act(self, call: ActOnCase) -> Case:
        """An act of the applicant. Raises what `RunCase.act` raises, all of them Refusal."""
        ...

    def hold_sitting(self, call: HoldSitting) -> None:
        """A sitting over many cases; a trial signs what is to be signed."""
        ...

    def as_signer(self, call: OpenCase) -> OpenCase:
        """The call as whoever signed it, who is the applicant. Raises what is wrong with it, SignatureUnsound."""
        ...

    def holder(self, content: bytes, signature: bytes) -> str:
        """The name in the certificate that signed `content`; "" when the signature doesn't hold."""
        ...

    def keep(self, uploader: str, documents: Mapping[str, bytes]) -> dict[str, str]:
        """Keep documents for a day, for this uploader alone; their SHA-256. Raises what documents are refused for."""
        ...

    def kept(self, uploader: str, digests: Mapping[str, str]) -> dict[str, bytes]:
        """What was kept, by document. Raises PaperUnknown."""
        ...

    def new_key(self) -> str:
        """A key that nobody can guess, for one form."""
        ...
