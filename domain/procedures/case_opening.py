"""What a request must be before it becomes a case: channel, consent, fields, documents, kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from domain.calendar import local_day
from domain.errors import LANGUAGES, Refusal
from domain.ports import Registers
from domain.procedures.acts import Request
from domain.procedures.case_input import (
    Brought,
    missing_documents,
    missing_fields,
    raise_all,
    read_brought,
    shown,
)
from domain.procedures.case_refusals import ChannelUnknown, ConsentMissing, KindNotOpen, KindUnknown
from domain.procedures.conditions import Facts
from domain.procedures.running import RunningService


class Called(Protocol):
    """The parts of `domain.commands.case_calls.OpenCase` that are read here."""

    @property
    def channel(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def applicant(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def documents(self) -> Mapping[str, bytes]: ...
    @property
    def consent(self) -> bool: ...
    @property
    def language(self) -> str: ...


def read_request(
    running: RunningService,
    call: Called,
    registers: Registers,
    digest: Callable[[bytes], str],
    at: datetime,
    largest: int,
) -> tuple[Brought, Request, bool]:
    """What was brought, the request, and whether its acceptance is refused for what is missing (S002-23).

    Raises ChannelUnknown, ConsentMissing, KindUnknown, KindNotOpen, FieldMissing, and what `read_brought` raises.
    """
    service = running.service
    channel = {one.id: one for one in service.channels}.get(call.channel)  # type: ignore[call-overload]
    if channel is None:
        channels = ", ".join(one.id for one in service.channels)
        raise ChannelUnknown("channel", channel=shown(call.channel), channels=channels)
    if service.consent and not call.consent:
        raise ConsentMissing("consent")
    brought = read_brought(service.fields, service.documents, call.fields, call.documents, digest, largest)
    brought, known = _looked_up(running, call.applicant, registers, brought, digest)
    facts = Facts(
        {**brought.facts, "channel": call.channel, "received_on": local_day(running.received(at))},
        brought.papers,
        known,
    )
    kind = _kind_of(running, call.kind, facts)
    facts = facts._replace(values={**facts.values, "kind": kind})

    def holds(condition: str) -> bool:
        return running.holds(condition, facts)

    raise_all(missing_fields(service.fields, holds, {*brought.facts, *brought.personal}))
    missing = missing_documents(service.documents, holds, brought.papers, known)
    request = Request(
        kind=kind,
        channel=call.channel,
        applicant=call.applicant,
        language=call.language if call.language in LANGUAGES else LANGUAGES[0],
        consent=call.consent,
        facts=brought.facts,
        sealed={},
        documents=[paper.row(document) for document, paper in brought.papers.items()],
        known=known,
        missing=[one.id for one in missing],
    )
    return brought, request, bool(missing) and channel.incomplete == "refuse"


def _kind_of(running: RunningService, asked: str, facts: Facts) -> str:
    """The kind of the request: the one asked for, else the only one that is open (S003-A04)."""
    kinds = running.service.kinds
    if asked and asked not in kinds:
        raise KindUnknown("kind", kind=shown(asked), kinds=", ".join(kinds) or "–")
    if asked or not kinds:
        if asked and not running.holds(kinds[asked].when, facts):
            raise KindNotOpen("kind", kind=kinds[asked].names)
        return asked
    open_now = [kind.id for kind in kinds.values() if running.holds(kind.when, facts)]
    if len(open_now) != 1:
        raise KindUnknown("kind", kind="", kinds=", ".join(open_now or kinds))
    return open_now[0]


def _looked_up(
    running: RunningService,
    applicant: str,
    registers: Registers,
    brought: Brought,
    digest: Callable[[bytes], str],
) -> tuple[Brought, list[str]]:
    """What was brought with what registers know besides, and the registers that know the applicant (S003-11)."""
    if not applicant:
        return brought, []
    known = []
    facts, personal = dict(brought.facts), dict(brought.personal)
    for register in sorted(running.registers):
        found = registers.known(register, applicant)
        if found is None:
            continue
        known.append(register)
        for one in running.service.fields:
            if one.known_from == register and one.id in found and one.id not in {*facts, *personal}:
                try:
                    read = read_brought([one], [], {one.id: found[one.id]}, {}, digest)
                except Refusal:
                    continue  # what a register has in no form of ours is asked for
                facts |= read.facts
                personal |= read.personal
    return Brought(facts, personal, brought.papers), known
