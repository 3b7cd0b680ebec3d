"""What the domain needs of the world, as protocols; infra/ has the adapters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID


class PersonalData(NamedTuple):
    """What the vault keeps of a person; it never enters an event, a view or a log line."""

    iin: str
    surname: str
    given_name: str
    patronymic: str
    birth_date: str  # YYYY-MM-DD


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """A message for a gateway: `message_id` is ours and the same at every attempt; `to` is E.164 (`+7701…`)."""

    message_id: str
    to: str
    text: str
    purpose: str
    language: str


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a gateway said of one message: accepted; or not, to be tried again (`retry`) or given up, and why."""

    message_id: str
    accepted: bool
    retry: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IncomingReply:
    """A reply as a gateway delivered it: `message_id` is the gateway's, `sender` a phone in any usual spelling."""

    message_id: str
    sender: str
    to: str
    text: str
    received_at: datetime
    channel: str  # "http", "kannel", "cli", "kafka"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a message of ours: `status` is delivered, failed, buffered, accepted or rejected."""

    message_id: str
    status: str
    received_at: datetime


class SmsGateway(Protocol):
    """Hands messages to people. `idempotent`: a second hand-over of the same message id sends nothing."""

    name: str
    idempotent: bool

    def send(self, messages: Sequence[OutgoingSms]) -> list[SendResult]:
        """Hand over `messages`; one result each, in order. Never raises for a message: the result says so."""
        ...


class NumberDatabase(Protocol):
    """The citizens' mobile-number database, MCDB (R2.13, R16)."""

    def numbers_of(self, iins: Sequence[str]) -> Mapping[str, str]:
        """Phone (E.164) by IIN; whoever has no number is absent."""
        ...


class Vault(Protocol):
    """Personal data, one key a person; elsewhere there are random subject ids (32 hex digits)."""

    def enrol(self, people: Sequence[PersonalData]) -> list[str]:
        """Subject id of each person, in order: kept by IIN, made at first sight; changed data replace the old."""
        ...

    def families(self, references: Sequence[str]) -> list[str]:
        """Subject id of each family reference (the list's `family_id`), in order; made at first sight."""
        ...

    def find_family(self, reference: str) -> str | None: ...

    def find_person(self, iin: str) -> str | None: ...

    def set_phones(self, phones: Mapping[str, str]) -> None:
        """Keep the phone (E.164) of each subject."""
        ...

    def phones(self, subjects: Sequence[str]) -> dict[str, str]:
        """Phone by subject; whoever has none, or was erased, is absent."""
        ...

    def people(self, subjects: Sequence[str]) -> dict[str, PersonalData]:
        """Data by subject; whoever was erased is absent."""
        ...

    def digest(self, kind: str, text: str) -> str:
        """Keyed digest (32 hex digits) of something that may name a person, so that it can be compared, not read."""
        ...

    def note_asked(self, asked: Iterable[tuple[str, str, str]]) -> None:
        """Remember (phone, stream id, subject): an SMS about this stream went to this person's number. Idempotent."""
        ...

    def asked_on(self, phones: Sequence[str]) -> dict[str, list[str]]:
        """Stream ids asked on each phone, in the order they were asked."""
        ...

    def wallet_tokens(self, streams: Sequence[str]) -> dict[str, str]:
        """The unguessable token of each stream's wallet link (R23); the same at every call."""
        ...

    def stream_of_token(self, token: str) -> str | None: ...


class Log(Protocol):
    """The event log as commands use it."""

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        """Aggregates by stream; a stream without events is absent."""
        ...

    def save(
        self,
        *aggregates: Any,
        claims: Sequence[tuple[UUID, UUID]] = (),
        releases: Sequence[tuple[UUID, UUID]] = (),
        due: Sequence[tuple[str, UUID, str]] = (),
        receipts: Sequence[tuple[UUID, UUID]] = (),
        codes: Sequence[tuple[UUID, datetime]] = (),
    ) -> None:
        """Append the pending events of `aggregates` in one transaction.

        `claims` are (key, stream): what only one stream may have, such as a person in a programme's month (R5);
        `releases` give it back; `due` are (message, stream, purpose) of SMS to send; `receipts` are
        (key, stream) of purchases, claimed for good (R27); `codes` are (stream, when the code was made) of QR
        codes that paid. Raises LogConflict when another writer was there first: load and decide again.
        """
        ...

    def families(self, cycle: UUID, stages: Sequence[str], after: UUID | None, limit: int) -> list[UUID]:
        """Streams of the cycle's families in one of `stages`, in order of id after `after`."""
        ...


class LogConflict(Exception):
    """Another writer appended to a stream first; nothing was recorded."""


class KeptPaper(NamedTuple):
    """Something of a case that the vault keeps: its SHA-256 in hex, and the content."""

    sha256: str
    content: bytes


class Papers(Protocol):
    """Documents and personal values of cases: under the applicant's key where there is one, erased with the person."""

    def keep(self, holder: str, subject: str, papers: Sequence[KeptPaper]) -> None:
        """Keep `papers` of a holder (32 hex digits: a case's or a sitting's stream), a person's where `subject` is given.

        Idempotent. Of someone erased nothing is kept.
        """
        ...

    def read(self, holder: str, sha256: str) -> bytes | None:
        """The content; None for what that holder never had, or what was erased."""
        ...


class Registers(Protocol):
    """State registers in which facts of an applicant are looked up before anything is asked for (S003-11)."""

    def known(self, register: str, applicant: str) -> Mapping[str, str] | None:
        """Facts of the applicant (a subject of the vault) by field; None when the register doesn't know them."""
        ...


class Signer(NamedTuple):
    """Whose signature it is: the actor's id, and the SHA-256 of the signature in hex."""

    actor: str
    digest: str


class Signatures(Protocol):
    """Electronic digital signatures."""

    def verify(self, content: bytes, signature: bytes, at: datetime) -> Signer | None:
        """Who signed `content` by a certificate in force at `at`.

        Raises SignatureUnsound, which says why it doesn't hold; None where there is no more to say than that.
        """
        ...
