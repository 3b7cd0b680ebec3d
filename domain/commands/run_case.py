"""Cases: open one, act on it, hold a sitting over many (S000, S002, S003).

A case and what the vault keeps of it are written one after the other, the vault first: what a crash leaves there without
a case is never read, and the same call with the same key does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.calendar import local_day
from domain.commands.case_calls import ActOnCase, Decision, HoldSitting, OpenCase, ReassignStep, kept_key
from domain.commands.conflicts import until_saved
from domain.commands.enrol_staff import person_of
from domain.commands.known_cases import SALT_BYTES, KnownCases, RunningServices
from domain.errors import Refusal
from domain.identity import case_id, sitting_id
from domain.ports import KeptPaper, Log, LogConflict, Papers, Registers, Signatures
from domain.procedures.acts import Act
from domain.procedures.case import Case
from domain.procedures.case_guards import Turn, check_content, check_signature, check_turn
from domain.procedures.case_input import (
    LARGEST_DOCUMENT,
    Brought,
    paper_problem,
    person_problem,
    raise_all,
    read_brought,
    shown,
)
from domain.procedures.case_number import number_of
from domain.procedures.case_opening import read_request
from domain.procedures.case_refusals import (
    CaseUnknown,
    RequestKeyReused,
    SignatureMissing,
)
from domain.procedures.case_results import withdraw_elsewhere
from domain.procedures.definition import Outcome
from domain.procedures.published_service import PublishedService
from domain.procedures.running import RunningService
from domain.procedures.sitting import Sitting, check_sitting


class RunCase:
    """The commands. Every one raises what the guards raise, all of them `domain.errors.Refusal`."""

    def __init__(
        self,
        log: Log,
        cases: KnownCases,
        papers: Papers,
        services: RunningServices,
        registers: Registers,
        signatures: Signatures,
        digest: Callable[[str, str], str],
        random: Callable[[int], bytes],
        largest_document: int = LARGEST_DOCUMENT,
    ) -> None:
        """`digest` is the vault's keyed one of (kind, text), `random` gives so many bytes that nobody can guess."""
        self._log = log
        self._cases = cases
        self._papers = papers
        self._services = services
        self._registers = registers
        self._signatures = signatures
        self._digest = digest
        self._person_of = partial(person_of, log)
        self._random = random
        self._largest = largest_document
        self._published: dict[tuple[str, str], str] = {}

    # --- opening --------------------------------------------------------------------------------------

    def open(self, call: OpenCase, at: datetime) -> Case:
        """A new case; the one that this key opened before (S000-L1, S002-20).

        Raises, besides what fields and documents are refused for, ServiceUnknown, ServiceNotInForce,
        ServiceVersionChanged, ChannelUnknown, KindUnknown, KindNotOpen, ConsentMissing, SignatureMissing,
        SignatureInvalid, RequestKeyReused.
        """
        key = kept_key(call.key) or self._random(16).hex()
        body = self._digest("case", call.content().decode("utf-8", "surrogatepass"))

        def decide() -> Case:
            running = self._services.on(call.service, local_day(at))
            number, there = self._place(running, call, key, at)
            if there is not None:
                if there.body != body:
                    raise RequestKeyReused("Idempotency-Key")
                return there
            brought, request, refused = read_request(
                running, call, self._registers, _sha256, at, self._largest
            )
            signature = check_signature(self._signatures, call.content(), call.signature, call.actor, at)
            if not signature and any(one.signs for one in running.service.channels if one.id == call.channel):
                raise SignatureMissing("signature")
            sealed, kept = self._seal(brought)
            request = request._replace(
                sealed=sealed, signature=signature, key=key, body=body, through=call.through
            )
            case = Case.open(running, number, call.actor, request, at)
            if refused:
                case.refuse_acceptance(call.actor, at)
            else:
                case.begin(running, at)
            published = self._publish(running, at)
            self._papers.keep(case.id.hex, case.applicant, kept)
            self._log.save(*published, case, due=case.notices_beyond(()))
            self._published[running.service.id, running.service.version] = running.digest
            return case

        return until_saved(decide)

    def lacking(self, call: OpenCase, at: datetime) -> Sequence[str]:
        """The documents that a request would lack, by id; nothing is recorded (S002-20).

        Raises what `open` raises for channel, consent, kind, fields and documents.
        """
        running = self._services.on(call.service, local_day(at))
        return read_request(running, call, self._registers, _sha256, at, self._largest)[1].missing

    def _place(
        self, running: RunningService, call: OpenCase, key: str, at: datetime
    ) -> tuple[str, Case | None]:
        """The number of the case to be, or the case that this key opened: this year, or just before its turn."""
        service, year = running.service, local_day(at).year
        wanted = (service.id, call.actor.id, key, call.through)
        whose = f"{call.through}/{call.actor.id}" if call.through else call.actor.id
        for attempt in range(100):
            name = f"{service.id}/{whose}/{key}/{attempt}"
            numbers = [number_of(service.prefix, one, name) for one in (year, year - 1)]
            found = self._log.load([case_id(number) for number in numbers])
            for case in found.values():
                if (case.service, case.opener, case.key, case.through) == wanted:
                    return case.case, case
            if case_id(numbers[0]) not in found:
                return numbers[0], None
        raise LogConflict("no number is free")

    def _publish(self, running: RunningService, at: datetime) -> list[PublishedService]:
        """What makes the version known to the log; nothing when it is. Raises ServiceVersionChanged."""
        service = running.service
        if self._published.get((service.id, service.version)) == running.digest:
            return []
        published = self._cases.published(service.id) or PublishedService.begin(service.id, at)
        return [published] if published.publish(running, at) else []

    # --- acting ---------------------------------------------------------------------------------------

    def act(self, call: ActOnCase, at: datetime) -> Case:
        """Take an outcome of a step; the case afterwards. What was done with this key before is done once.

        Raises CaseUnknown, RequestKeyReused, ResultUnknown, and what `check_turn`, `check_content` and `read_brought`
        raise.
        """
        key, body = kept_key(call.key), self._digest("act", call.content().decode("utf-8", "surrogatepass"))

        def decide() -> Case:
            case = self._cases.case(call.case)
            if case.seen(call.actor.id, key, body):
                return case
            told = set(case.notices)
            running = self._cases.running(case)
            case.pass_due(running, at)
            turn = check_turn(
                case,
                running,
                call.actor,
                call.step,
                call.outcome,
                in_sitting=False,
                person_of=self._person_of,
            )
            signature = check_signature(self._signatures, call.content(), call.signature, call.actor, at)
            act, kept = self._prepared(case, running, turn, call, signature)
            case.act(running, call.actor, act._replace(key=key, body=body if key else ""), at)
            others = self._withdraw(case, turn.outcome, at)
            self._papers.keep(case.id.hex, case.applicant, kept)
            self._log.save(case, *others, due=case.notices_beyond(told))
            return case

        return until_saved(decide)

    def _withdraw(self, case: Case, outcome: Outcome, at: datetime) -> list[Case]:
        """The other case, if it gave out what the outcome ends by its number."""
        if not outcome.withdraws_by:
            return []

        def case_of(number: str) -> Case | None:
            try:
                found = self._cases.case(number)
            except CaseUnknown:
                return None
            return case if found.id == case.id else found

        found = withdraw_elsewhere(case, outcome, case_of, at)
        return [] if found is None or found is case else [found]

    def reassign(self, call: ReassignStep, at: datetime) -> Case:
        """Another person does a step.

        Raises CaseUnknown, CaseClosed, StepNotOpen, NotMayReassign, AssigneeMissing, FieldMalformed, RequestKeyReused.
        """
        key, body = kept_key(call.key), self._digest("act", call.content().decode("utf-8", "surrogatepass"))

        def decide() -> Case:
            case = self._cases.case(call.case)
            if not case.seen(call.actor.id, key, body):
                raise_all(person_problem(call.assignee, "assignee"))
                running = self._cases.running(case)
                told = set(case.notices)
                case.pass_due(running, at)
                case.reassign(running, call.actor, call.step, call.assignee, at, key, body if key else "")
                self._log.save(case, due=case.notices_beyond(told))
            return case

        return until_saved(decide)

    def hold_sitting(self, call: HoldSitting, at: datetime) -> Sitting:
        """One step of many cases, all or none (S000-T16); the sitting that this key recorded before.

        Raises the first refusal of any case, its field beginning with the case's number, the others in `also`.
        """
        sitting = sha256(
            f"{call.service}/{call.actor.id}/{call.key or self._random(16).hex()}".encode(
                "utf-8", "surrogatepass"
            )
        ).hexdigest()[:32]
        body = self._digest("sitting", call.content().decode("utf-8", "surrogatepass"))
        check_sitting(call.members, [one.case for one in call.decisions])
        raise_all([problem for member in call.members for problem in person_problem(member, "members")])

        def decide() -> Sitting:
            streams = [self._cases.stream(one.case) for one in call.decisions]
            found = self._log.load([sitting_id(sitting), *streams])
            before: Sitting | None = found.get(sitting_id(sitting))
            if before is not None:
                if before.body != body:
                    raise RequestKeyReused("Idempotency-Key")
                return before
            return self._hold(call, sitting, body, found, at)

        return until_saved(decide)

    def _hold(
        self, call: HoldSitting, sitting: str, body: str, found: Mapping[UUID, Any], at: datetime
    ) -> Sitting:
        signature = check_signature(self._signatures, call.content(), call.signature, call.actor, at)
        problems: list[Refusal] = []
        cases: list[Case] = []
        kept: list[tuple[Case, list[KeptPaper]]] = []
        due: list[tuple[str, UUID, str]] = []
        role = ""
        for one in call.decisions:
            case = found.get(self._cases.stream(one.case))
            try:
                if not isinstance(case, Case) or case.service != call.service:
                    raise CaseUnknown("case", case=shown(one.case))
                told = set(case.notices)
                running = self._cases.running(case)
                case.pass_due(running, at)
                turn = check_turn(
                    case,
                    running,
                    call.actor,
                    call.step,
                    one.outcome,
                    in_sitting=True,
                    person_of=self._person_of,
                )
                role = turn.outcome.role or turn.step.role
                act, papers = self._prepared(case, running, turn, one, signature)
                case.act(running, call.actor, act._replace(sitting=sitting), at)
            except Refusal as refusal:
                problems += [_of_case(one.case, each) for each in (refusal, *refusal.also)]
                continue
            cases.append(case)
            kept.append((case, papers))
            due += case.notices_beyond(told)
        if call.minutes is not None:
            problem, kind = paper_problem(call.minutes, "minutes", _MINUTES, self._largest)
            problems += [problem] if problem else []
        raise_all(problems)
        digest = _sha256(call.minutes or b"")
        held = Sitting.hold(
            sitting,
            service=call.service,
            step=call.step,
            role=role,
            actor=call.actor.id,
            members=call.members,
            decisions=[(case.case, one.outcome) for case, one in zip(cases, call.decisions, strict=True)],
            minutes=[digest, kind, len(call.minutes)] if call.minutes else [],
            signature=signature,
            body=body,
            at=at,
        )
        if call.minutes:
            self._papers.keep(held.id.hex, "", [KeptPaper(digest, call.minutes)])
        for case, papers in kept:
            self._papers.keep(case.id.hex, case.applicant, papers)
        self._log.save(held, *cases, due=due)
        return held

    def _prepared(
        self,
        case: Case,
        running: RunningService,
        turn: Turn,
        call: ActOnCase | Decision,
        signature: tuple[str, ...],
    ) -> tuple[Act, list[KeptPaper]]:
        """The act that was asked for, checked, and what the vault is to keep of it."""
        outcome = turn.outcome
        brought = read_brought(
            outcome.fields, outcome.documents, call.fields, call.documents, _sha256, self._largest
        )
        check_content(case, running, turn, brought, call.ground, call.assignee, bool(signature))
        sealed, kept = self._seal(brought)
        act = Act(
            turn.step.id,
            outcome.id,
            brought.facts,
            sealed,
            [paper.row(document) for document, paper in brought.papers.items()],
            call.ground,
            call.assignee,
            signature,
        )
        return act, kept

    def _seal(self, brought: Brought) -> tuple[dict[str, str], list[KeptPaper]]:
        """The digests of personal values, by field, and what the vault keeps.

        A value is salted: of an IIN or a phone there are so few that a plain digest could be looked up.
        """
        kept = [KeptPaper(paper.sha256, paper.content) for paper in brought.papers.values()]
        sealed = {}
        for name, value in brought.personal.items():
            content = self._random(SALT_BYTES) + value.encode()
            sealed[name] = _sha256(content)
            kept.append(KeptPaper(sealed[name], content))
        return sealed, kept


_MINUTES = {"kk": "хаттама", "ru": "протокол", "en": "minutes"}


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()


def _of_case(case: str, refusal: Refusal) -> Refusal:
    refusal.field = f"{shown(case)}.{refusal.field}" if refusal.field else shown(case)
    refusal.also = ()
    return refusal
