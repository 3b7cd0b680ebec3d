"""Cases without a database: a log, papers, registers and signatures in memory, behind the real commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from domain.commands.case_calls import ActOnCase, OpenCase
from domain.commands.known_cases import KnownCases
from domain.commands.run_case import RunCase
from domain.commands.settle_cases import SettleCases
from domain.ports import KeptPaper, LogConflict, Signer
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_refusals import ServiceNotInForce, ServiceUnknown
from domain.procedures.running import RunningService
from tests.unit.given_when_then import MAPPER, replayed

APPLICANT_ID = "a" * 32
PDF = b"%PDF-1.7 a plan"
CLERK = Actor("k.clerk", ("clerk",))
HEAD = Actor("h.head", ("head",))
DEPUTY = Actor("d.deputy", ("head",))
EXECUTOR = Actor("e.executor", ("executor",), "control")
OTHER = Actor("o.other", ("executor",), "control")
CITIZEN = Actor(APPLICANT_ID, ("applicant",))


class MemoryLog:
    """Streams as stored events, so that what is replayed has been through JSON."""

    def __init__(self) -> None:
        self.streams: dict[UUID, list[Any]] = {}
        self.due: list[tuple[str, UUID, str]] = []
        self.saves = 0
        self.conflicts = 0  # so many saves fail first

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        return {stream: replayed(self.streams[stream]) for stream in streams if stream in self.streams}

    def save(self, *aggregates: Any, due: Sequence[tuple[str, UUID, str]] = (), **_: Any) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise LogConflict
        stored = [MAPPER.to_stored_event(e) for a in aggregates for e in a.collect_events()]
        streams = {stream: [*events] for stream, events in self.streams.items()}
        for event in stored:
            stream = streams.setdefault(UUID(str(event.originator_id)), [])
            if len(stream) != event.originator_version - 1:
                raise LogConflict
            stream.append(event)
        self.streams = streams
        self.due += due
        self.saves += 1

    def families(self, *_: Any) -> list[UUID]:
        return []

    def events(self, stream: UUID) -> list[tuple[str, dict[str, Any]]]:
        return [(event.topic, json.loads(event.state)) for event in self.streams.get(stream, ())]


class MemoryPapers:
    """What was kept, by holder and digest."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def keep(self, holder: str, subject: str, papers: Sequence[KeptPaper]) -> None:
        self.kept |= {(holder, paper.sha256): paper.content for paper in papers}

    def read(self, holder: str, sha256: str) -> bytes | None:
        return self.kept.get((holder, sha256))


class SetRegisters:
    """Registers that know what they were told."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str], dict[str, str]] = {}

    def known(self, register: str, applicant: str) -> Mapping[str, str] | None:
        return self.facts.get((register, applicant))


class PlainSignatures:
    """A signature is `actor:` and the SHA-256 of what was signed."""

    def verify(self, content: bytes, signature: bytes, at: datetime) -> Signer | None:
        actor, _, digest = signature.decode().partition(":")
        return Signer(actor, digest) if digest == sha256(content).hexdigest() else None


def signed(call: Any) -> bytes:
    """The signature of the call's own actor."""
    return f"{call.actor.id}:{sha256(call.content()).hexdigest()}".encode()


class OneService:
    """The services of an installation: those given, of which the last in force counts."""

    def __init__(self, *versions: RunningService) -> None:
        self.versions = list(versions)
        self.texts = {one.text: one for one in versions}

    def on(self, service: str, day: date) -> RunningService:
        found = [one for one in self.versions if one.service.id == service]
        if not found:
            raise ServiceUnknown("service", service=service)
        newest = found[-1].service
        if not newest.effective_from <= day <= (newest.effective_to or day):
            raise ServiceNotInForce("service", service=service, day=day.isoformat())
        return found[-1]

    def version(self, service: str, version: str) -> RunningService | None:
        for one in self.versions:
            if (one.service.id, one.service.version) == (service, version):
                return one
        return None

    def of_text(self, text: str) -> RunningService:
        return self.texts[text]

    def prefixes(self) -> set[str]:
        return {one.service.prefix for one in self.versions}


class Desk:
    """A service's desk: `open` and `act` by short words, at `now`."""

    def __init__(self, *versions: RunningService, at: datetime) -> None:
        self.log = MemoryLog()
        self.papers = MemoryPapers()
        self.registers = SetRegisters()
        self.services = OneService(*versions)
        self.now = at
        numbers = count(1)
        self.cases = KnownCases(self.log, self.papers, self.services)
        self.settle = SettleCases(self.log, self.cases, self)
        self.commands = RunCase(
            self.log,
            self.cases,
            self.papers,
            self.services,
            self.registers,
            PlainSignatures(),
            lambda kind, text: sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
            lambda size: next(numbers).to_bytes(size, "big"),
        )

    def due(
        self, now: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[datetime, UUID]]:
        found = []
        for stream in self.log.streams:
            case = self.log.load([stream])[stream]
            if isinstance(case, Case):
                wakes = [
                    s.from_at if s.automatic else s.due_at
                    for s in case.steps.values()
                    if s.automatic or (s.due_at and not s.overdue)
                ]
                found += [(at, stream) for at in wakes if at is not None and at <= now]
        found.sort()
        return [one for one in found if after is None or one > after][:limit]

    def open(self, **parts: Any) -> Case:
        call = {
            "service": self.services.versions[-1].service.id,
            "actor": CITIZEN,
            "channel": "portal",
            "kind": "first",
            "applicant": APPLICANT_ID,
            "fields": {"activity": "design"},
            "documents": {"plan": PDF, "diploma": PDF},
        }
        return self.commands.open(OpenCase(**{**call, **parts}), self.now)

    def act(self, case: Case | str, step: str, outcome: str, actor: Actor, **parts: Any) -> Case:
        sign = parts.pop("sign", False)
        number = case if isinstance(case, str) else case.case
        call = ActOnCase(number, step, outcome, actor, **parts)
        if sign:
            call = ActOnCase(number, step, outcome, actor, **parts, signature=signed(call))
        return self.commands.act(call, self.now)

    def topics(self, case: Case) -> list[str]:
        return [topic for topic, _ in self.log.events(case.id)]
