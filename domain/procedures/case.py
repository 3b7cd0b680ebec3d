"""A case: one request for a service, from its opening to its end (S000, S002, S003), under one version of the service.

Guards stand in the public methods; the events (`domain.procedures.case_events`) only apply, for they also run at replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.calendar import local_day
from domain.identity import case_id, message_id
from domain.procedures import case_events as events
from domain.procedures.acts import THE_SYSTEM, Act, Actor, OpenStep, Request
from domain.procedures.case_notices import TellsApplicant
from domain.procedures.case_refusals import (
    AssigneeMissing,
    CaseClosed,
    NotMayReassign,
    RequestKeyReused,
    StepNotOpen,
)
from domain.procedures.case_results import GivesResults, Withdrawn
from domain.procedures.conditions import Facts
from domain.procedures.definition import Outcome
from domain.procedures.running import RunningService, started

# More than any chain of steps that the system does by itself; a circle of them would go on for ever.
STEPS_AT_ONCE = 200


class Case(TellsApplicant, GivesResults, Aggregate):
    """One request. `steps` are those open now; `done` how each that is over ended, `actors` who last did each."""

    TOPIC = "case"

    Event = events.Event
    Created = events.Created
    Opened = events.Opened
    AcceptanceRefused = events.AcceptanceRefused
    StepOpened = events.StepOpened
    StepPassedOver = events.StepPassedOver
    Acted = events.Acted
    RemarkRecorded = events.RemarkRecorded
    Reassigned = events.Reassigned
    BecameOverdue = events.BecameOverdue
    Escalated = events.Escalated
    ResultIssued = events.ResultIssued
    ResultWithdrawn = events.ResultWithdrawn
    NoticeDue = events.NoticeDue
    NoticeSent = events.NoticeSent
    NoticeFailed = events.NoticeFailed
    NoticeReported = events.NoticeReported
    Closed = events.Closed

    def __init__(
        self,
        case: str,
        service: str,
        version: str,
        digest: str,
        kind: str,
        channel: str,
        applicant: str,
        opener: str,
        opener_role: str,
        language: str,
        consent: bool,
        facts: dict[str, str],
        sealed: dict[str, str],
        documents: list[list[Any]],
        known: list[str],
        missing: list[str],
        signature: list[str],
        received_at: str,
        counted_from: str,
        due_at: str,
        key: str,
        body: str,
        through: str,
    ) -> None:
        self.case = case
        self.service = service
        self.service_version = version  # the library's own `version` counts events
        self.digest = digest
        self.kind = kind
        self.channel = channel
        self.applicant = applicant
        self.opener = opener
        self.opener_role = opener_role
        self.language = language
        self.facts = dict(facts)
        self.sealed = dict(sealed)
        self.documents = [*documents]
        self.known = tuple(known)
        self.missing = list(missing)
        self.received_at = datetime.fromisoformat(received_at)
        self.counted_from = datetime.fromisoformat(counted_from)
        self.due_at = _instant(due_at)
        self.key = key
        self.body = body
        self.through = through
        self.steps: dict[str, OpenStep] = {}
        self.turns: dict[str, int] = {}
        self.done: dict[str, str] = {}
        self.actors: dict[str, str] = {}
        self.assigned: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.remarks = 0
        self.results: list[tuple[str, str, str, str]] = []
        self.withdrawn: dict[str, Withdrawn] = {}
        self.notices: dict[str, str] = {}
        self.told: dict[str, str] = {}
        self.ground = ""
        self.closed_at: datetime | None = None
        self.end = ""

    @staticmethod
    def create_id(case: str) -> UUID:
        return case_id(case)

    # --- what is known --------------------------------------------------------------------------------

    def facts_with(self, more: Mapping[str, str], documents: Sequence[list[Any]] = ()) -> Facts:
        """What conditions are asked of, `more` facts and `documents` of an act included."""
        given = {row[0] for row in (*self.documents, *documents)}
        return Facts(
            {
                **self.facts,
                **more,
                "kind": self.kind,
                "channel": self.channel,
                "received_on": local_day(self.counted_from),
                "complete": not set(self.missing) - given,
            },
            given,
            self.known,
            self.done,
        )

    def seen(self, actor: str, key: str, body: str) -> bool:
        """Whether this very act was done before. Raises RequestKeyReused when the key came with another."""
        if not key:
            return False
        before = self.keys.get(f"{actor}/{key}")
        if before is not None and before != body:
            raise RequestKeyReused("Idempotency-Key")
        return before is not None

    def check_open(self) -> None:
        """Raises CaseClosed after the end."""
        if self.closed_at is not None:
            raise CaseClosed("case", case=self.case)

    # --- opening --------------------------------------------------------------------------------------

    @classmethod
    def open(cls, running: RunningService, number: str, actor: Actor, request: Request, at: datetime) -> Case:
        """A new case, its first steps open; what the system does at once is done (S000-L1, S000-C2)."""
        counted_from = running.received(at)
        due = running.promised(request.kind, request.facts, counted_from)
        return cls._create(
            cls.Opened,
            case=number,
            service=running.service.id,
            version=running.service.version,
            digest=running.digest,
            kind=request.kind,
            channel=request.channel,
            applicant=request.applicant,
            opener=actor.id,
            opener_role=next(iter(actor.roles), ""),
            language=request.language,
            consent=request.consent,
            facts=dict(request.facts),
            sealed=dict(request.sealed),
            documents=list(request.documents),
            known=list(request.known),
            missing=list(request.missing),
            signature=list(request.signature),
            received_at=at.isoformat(),
            counted_from=counted_from.isoformat(),
            due_at=_text(due),
            key=request.key,
            body=request.body,
            through=request.through,
            timestamp=at,
        )

    def refuse_acceptance(self, actor: Actor, at: datetime) -> None:
        """The package is incomplete, and here that ends it at once (S002-23)."""
        self.note(self.AcceptanceRefused, at, missing=list(self.missing), actor=actor.id)

    def begin(self, running: RunningService, at: datetime) -> None:
        """The first steps; what the system does at once is done (S000-C2)."""
        self._open_steps(running, running.service.first, at)
        self.run_automatic(running, at)

    def _open_steps(
        self, running: RunningService, steps: Iterable[str], at: datetime, over: str = ""
    ) -> None:
        """Open `steps`, and those that wait for what is over now (S002-07)."""
        news = {over}
        for step in steps:
            news |= self._open_step(running, step, at)
        while news:
            ready = [
                join.id
                for join in running.joins
                if news & {*join.after}
                and join.id not in self.steps
                and all(one in self.done for one in join.after)
            ]
            news = set()
            for step in ready:
                news |= self._open_step(running, step, at)

    def _open_step(self, running: RunningService, step_id: str, at: datetime) -> set[str]:
        """Open one; the steps that are over because they were passed over."""
        step = running.service.steps[step_id]
        if step_id in self.steps:
            return set()
        if not running.holds(step.when, self.facts_with({})):
            self.note(self.StepPassedOver, at, step=step_id)
            return {step_id}
        start = started(step.starts, self.facts, max(at, self.counted_from))
        self.note(
            self.StepOpened,
            at,
            step=step_id,
            turn=self.turns.get(step_id, 0) + 1,
            role=step.role,
            unit=running.role(step.role).unit,
            assignee=self.assigned.get(step.role, ""),
            automatic=running.is_automatic(step),
            from_at=start.isoformat(),
            due_at=_text(running.step_due(step, self.kind, start, self.due_at)),
        )
        return set()

    # --- acts -----------------------------------------------------------------------------------------

    def act(self, running: RunningService, actor: Actor, act: Act, at: datetime) -> None:
        """An act that passed the guards of `domain.procedures.case_guards.check_act`."""
        step = running.service.steps[act.step]
        outcome = next(one for one in step.outcomes if one.id == act.outcome)
        if outcome.stays:
            self._remark(outcome, outcome.role or step.role, actor, act, at)
        else:
            self._do(running, outcome.role or step.role, outcome, actor, act, at)
            self.run_automatic(running, at)

    def _remark(self, outcome: Outcome, role: str, actor: Actor, act: Act, at: datetime) -> None:
        standing = self.steps.get(act.step)
        self.note(
            self.RemarkRecorded,
            at,
            step=act.step,
            turn=self.turns[act.step],
            outcome=act.outcome,
            number=self.remarks + 1 if outcome.remark == "made" else 0,
            actor=actor.id,
            role=role,
            late=standing is None or _is_over(standing.due_at, at),
            facts=dict(act.facts),
            sealed=dict(act.sealed),
            documents=list(act.documents),
            signature=list(act.signature),
            key=act.key,
            body=act.body,
        )
        self._tell(outcome.notifies, at)

    def _do(
        self,
        running: RunningService,
        role: str,
        outcome: Outcome,
        actor: Actor,
        act: Act,
        at: datetime,
        at_due: bool = False,
    ) -> None:
        standing = self.steps[act.step]
        start = started(outcome.starts, {**self.facts, **act.facts}, standing.from_at)
        dues = [due for due in (standing.due_at, running.due(start, outcome.term)) if due is not None]
        due = None if at_due else min(dues, default=None)
        self.note(
            self.Acted,
            at,
            step=act.step,
            turn=standing.turn,
            outcome=outcome.id,
            actor=actor.id,
            role=role,
            due_at=_text(due),
            late=_is_over(due, at),
            facts=dict(act.facts),
            sealed=dict(act.sealed),
            documents=list(act.documents),
            ground=act.ground,
            assigned=[outcome.assigns, act.assignee] if outcome.assigns else [],
            signature=list(act.signature),
            sitting=act.sitting,
            key=act.key,
            body=act.body,
        )
        if outcome.withdraws and not outcome.withdraws_by:
            instead = self.next_number() if outcome.result else ""
            for number in self.standing():
                self.withdraw(number, outcome.withdraws, self.case, instead, at)
        if outcome.result:
            self.issue(running, outcome.result, at)
        self._tell(outcome.notifies, at)
        if outcome.ends:
            self.note(
                self.Closed,
                at,
                end=outcome.ends,
                late=_is_over(self.due_at, at),
                dropped=[[one.step, one.turn] for one in self.steps.values()],
            )
            return
        self._open_steps(running, outcome.opens, at, over=act.step)

    def _tell(self, notice: str, at: datetime) -> None:
        if notice:
            message = message_id(self.id, f"notice/{len(self.notices) + 1}")
            self.note(self.NoticeDue, at, notice=notice, message=message, language=self.language)

    def run_automatic(self, running: RunningService, at: datetime) -> None:
        """Do what the system does by itself (S000-C2), once its time has come (S002-19)."""
        for _ in range(STEPS_AT_ONCE):
            for standing in [*self.steps.values()]:
                if standing.automatic and standing.from_at <= at:
                    outcome = self._systems_choice(running, standing.step)
                    if outcome is not None:
                        act = Act(standing.step, outcome.id)
                        self._do(running, standing.role, outcome, THE_SYSTEM, act, at)
                        break
            else:
                return

    def _systems_choice(self, running: RunningService, step: str) -> Outcome | None:
        """The first outcome that holds and leaves the step."""
        facts = self.facts_with({})
        for outcome in running.service.steps[step].outcomes:
            if not outcome.stays and running.holds(outcome.when, facts):
                return outcome
        return None

    def reassign(
        self,
        running: RunningService,
        actor: Actor,
        step: str,
        assignee: str,
        at: datetime,
        key: str,
        body: str,
    ) -> bool:
        """Another person does the step; False when that is so already. Raises CaseClosed, StepNotOpen, NotMayReassign."""
        self.check_open()
        definition = running.service.steps.get(step)
        standing = self.steps.get(step)
        if definition is None or standing is None:
            raise StepNotOpen(
                "step", step=step if definition is None else definition.names, open=", ".join(self.steps)
            )
        if not assignee:
            raise AssigneeMissing("assignee", role=running.role(definition.role).names)
        may = {definition.escalates_to, *running.assigners(definition.role)} & {*actor.roles}
        if not may:
            raise NotMayReassign("step", step=definition.names)
        if standing.assignee == assignee:
            return False
        self.note(
            self.Reassigned,
            at,
            step=step,
            turn=standing.turn,
            assignee=assignee,
            actor=actor.id,
            role=min(may),
            key=key,
            body=body,
        )
        return True

    # --- terms ----------------------------------------------------------------------------------------

    def pass_due(self, running: RunningService, at: datetime) -> None:
        """What the clock asks for by `at`: the system's outcome of a step whose term is over, or its mark (S002-04)."""
        if self.closed_at is not None:
            return
        for _ in range(STEPS_AT_ONCE):
            acted = False
            for standing in [*self.steps.values()]:
                if self.closed_at is None and self.steps.get(standing.step) is standing:
                    acted |= self._pass_one(running, standing, at)
            if not acted:
                break
        if self.closed_at is None:
            self.run_automatic(running, at)

    def _pass_one(self, running: RunningService, standing: OpenStep, at: datetime) -> bool:
        """Whether the step was ended by its term."""
        if not _is_over(standing.due_at, at):
            return False
        step = running.service.steps[standing.step]
        for outcome in step.outcomes:
            if outcome.id == step.at_due and running.holds(outcome.when, self.facts_with({})):
                self._do(
                    running, standing.role, outcome, THE_SYSTEM, Act(step.id, outcome.id), at, at_due=True
                )
                return True
        if not standing.overdue:
            turn = standing.turn
            self.note(self.BecameOverdue, at, step=step.id, turn=turn, due_at=_text(standing.due_at))
            if step.escalates_to:
                self.note(self.Escalated, at, step=step.id, turn=turn, to_role=step.escalates_to)
        return False

    # --- what events do -------------------------------------------------------------------------------

    def note(self, event: Callable[..., Any], at: datetime, **fields: Any) -> None:
        """Record an event of this case; whoever calls has asked the guards."""
        self.trigger_event(event, case=self.case, service=self.service, timestamp=at, **fields)  # type: ignore[arg-type]

    def open_step(self, event: Any) -> None:
        """StepOpened."""
        self.turns[event.step] = event.turn
        self.done.pop(event.step, None)
        self.steps[event.step] = OpenStep(
            event.step,
            event.turn,
            event.role,
            event.unit,
            event.assignee,
            event.automatic,
            datetime.fromisoformat(event.from_at),
            _instant(event.due_at),
        )

    def close_step(self, event: Any) -> None:
        """Acted."""
        del self.steps[event.step]
        self.done[event.step] = event.outcome
        self.actors[event.step] = event.actor
        self.facts.update(event.facts)
        self.sealed.update(event.sealed)
        self.documents += event.documents
        brought = {row[0] for row in event.documents}
        self.missing = [one for one in self.missing if one not in brought]
        self.ground = event.ground or self.ground
        if event.assigned:
            role, person = event.assigned
            self.assigned[role] = person
        self.remember(event.actor, event.key, event.body)

    def reassign_step(self, event: Any) -> None:
        """Reassigned."""
        standing = self.steps[event.step]
        standing.assignee = self.assigned[standing.role] = event.assignee
        self.remember(event.actor, event.key, event.body)

    def mark_overdue(self, step: str) -> None:
        """BecameOverdue."""
        self.steps[step].overdue = True

    def mark_escalated(self, step: str, to: str) -> None:
        """Escalated."""
        self.steps[step].escalated_to = to

    def remember(self, actor: str, key: str, body: str) -> None:
        """An act's idempotency key, and what came with it."""
        if key:
            self.keys[f"{actor}/{key}"] = body


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _is_over(due_at: datetime | None, at: datetime) -> bool:
    return due_at is not None and at > due_at
