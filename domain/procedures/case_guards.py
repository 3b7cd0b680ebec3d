"""Who may do what on a case, and with what: asked before anything is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.errors import Refusal
from domain.ports import Signatures
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_input import (
    Brought,
    missing_documents,
    missing_fields,
    person_problem,
    raise_all,
    refused_documents,
    shown,
)
from domain.procedures.case_refusals import (
    AssigneeMissing,
    AssigneeNotAsked,
    FieldMalformed,
    GroundMissing,
    GroundUnknown,
    InSittingOnly,
    NotAssignedToYou,
    NotInSitting,
    NotYourStep,
    OutcomeNotOpen,
    OutcomeUnknown,
    SamePerson,
    SignatureInvalid,
    SignatureMissing,
    SignatureOfAnother,
    StepNotOpen,
    StepUnknown,
)
from domain.procedures.definition import APPLICANT, SYSTEM, Outcome, Step
from domain.procedures.running import RunningService


class Turn(NamedTuple):
    """A step and the outcome that somebody means to take."""

    step: Step
    outcome: Outcome


def check_turn(
    case: Case,
    running: RunningService,
    actor: Actor,
    step: str,
    outcome: str,
    in_sitting: bool,
    person_of: Callable[[str], str],
) -> Turn:
    """The step and its outcome, when it is the actor's turn; `person_of` tells who acted before under another id.

    Raises CaseClosed, StepUnknown, StepNotOpen, NotYourStep, NotAssignedToYou, OutcomeUnknown, SamePerson,
    InSittingOnly, NotInSitting.
    """
    case.check_open()
    definition = running.service.steps.get(step)
    if definition is None:
        raise StepUnknown("step", step=shown(step))
    found = {one.id: one for one in definition.outcomes}.get(outcome)
    standing = case.steps.get(step)
    # What is said on a step that was open once is heard when it is over: it is recorded as late (S002-04).
    if standing is None and not (found is not None and found.stays and step in case.turns):
        raise StepNotOpen("step", step=definition.names, open=", ".join(case.steps))
    role = definition.role if found is None else who_takes(definition, found)
    _check_role(case, running, actor, definition, role)
    assigned = "" if standing is None or role != definition.role else standing.assignee
    if assigned and assigned != actor.id:
        raise NotAssignedToYou("actor", step=definition.names)
    if found is None:
        outcomes = ", ".join(one.id for one in definition.outcomes)
        raise OutcomeUnknown("outcome", step=definition.names, outcome=shown(outcome), outcomes=outcomes)
    for other in found.other_than:
        before = case.actors.get(other, "")
        if before and (before == actor.id or person_of(before) == actor.person):
            raise SamePerson("actor", step=definition.names, other=running.service.steps[other].names)
    if in_sitting and (found.stays or not definition.group):
        raise NotInSitting("step", step=definition.names)
    if not in_sitting and definition.group and not (found.stays or found.alone):
        raise InSittingOnly("step", step=definition.names)
    return Turn(definition, found)


def who_takes(step: Step, outcome: Outcome) -> str:
    """The role that takes an outcome: the step's, unless it names its own; the clock's is the system's (S002-04, A5)."""
    return SYSTEM if outcome.id == step.at_due else outcome.role or step.role


def _check_role(case: Case, running: RunningService, actor: Actor, step: Step, role_id: str) -> None:
    role = running.role(role_id)
    mine = role_id in actor.roles and not (role.unit and actor.unit and role.unit != actor.unit)
    if mine and role_id == APPLICANT:
        persons = {case.applicant, case.opener if case.opener_role == APPLICANT else ""} - {""}
        mine = actor.id in persons
    if not mine:
        raise NotYourStep("actor", step=step.names, role=role.names)


def check_signature(
    signatures: Signatures, content: bytes, signature: bytes, actor: Actor, at: datetime
) -> tuple[str, ...]:
    """(signer, digest); empty where nothing is signed. Raises SignatureUnsound, SignatureOfAnother."""
    if not signature:
        return ()
    signer = signatures.verify(content, signature, at)
    if signer is None:
        raise SignatureInvalid("signature")
    if signer.actor not in (actor.id, actor.person):
        raise SignatureOfAnother("signature")
    return tuple(signer)


def check_content(
    case: Case,
    running: RunningService,
    turn: Turn,
    brought: Brought,
    ground: str,
    assignee: str,
    signed: bool,
) -> None:
    """What the outcome asks for is there, and nothing else.

    Raises the first of what is wrong, with the rest in `also`: FieldMissing, DocumentMissing, GroundMissing,
    GroundUnknown, AssigneeMissing, AssigneeNotAsked, SignatureMissing, OutcomeNotOpen.
    """
    outcome = turn.outcome
    rows = [paper.row(document) for document, paper in brought.papers.items()]
    facts = case.facts_with(brought.facts, rows)
    problems: list[Refusal] = []

    def holds(condition: str) -> bool:
        return running.holds(condition, facts)

    if not holds(outcome.when):
        problems.append(OutcomeNotOpen("outcome", outcome=outcome.names))
    problems += missing_fields(outcome.fields, holds, {*brought.facts, *brought.personal})
    problems += refused_documents(missing_documents(outcome.documents, holds, brought.papers, case.known))
    problems += _ground(running, outcome, ground)
    if outcome.remark in ("taken", "not_taken") and "remark" in brought.facts:
        problems += _remark(case, turn, brought.facts["remark"])
    if outcome.assigns and not assignee:
        problems.append(AssigneeMissing("assignee", role=running.role(outcome.assigns).names))
    problems += person_problem(assignee, "assignee")
    if assignee and not outcome.assigns:
        problems.append(AssigneeNotAsked("assignee"))
    if outcome.signs and not signed:
        problems.append(SignatureMissing("signature"))
    raise_all(problems)


def _ground(running: RunningService, outcome: Outcome, ground: str) -> list[Refusal]:
    known: Mapping[str, object] = running.service.grounds if outcome.grounds else {}
    grounds = ", ".join(known)
    if outcome.grounds and not ground:
        return [GroundMissing("ground", grounds=grounds)]
    if ground and ground not in known:
        return [GroundUnknown("ground", ground=shown(ground), grounds=grounds or "–")]
    return []


def _remark(case: Case, turn: Turn, number: str) -> list[Refusal]:
    """A remark is answered by its number (S002-F2)."""
    if number.isdigit() and 1 <= int(number) <= case.remarks:
        return []
    names = next((one.names for one in turn.outcome.fields if one.id == "remark"), {})
    expected = {
        "en": f"the number of a remark, from 1 to {case.remarks}",
        "ru": f"номер замечания, от 1 до {case.remarks}",
        "kk": f"ескертудің нөмірі, 1-ден {case.remarks}-ға дейін",
    }
    return [FieldMalformed("fields.remark", name=names, expected=expected)]
