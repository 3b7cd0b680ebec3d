"""What a service's file can't mean: outcomes that contradict themselves, acts that a machine can't do."""

from __future__ import annotations

from collections.abc import Iterator

from domain.procedures.definition import Outcome, Service, Step
from domain.procedures.vocabulary import outcomes_of

Fault = tuple[str, str]


def check_sense(service: Service) -> Iterator[Fault]:
    """What contradicts itself, as (key, reason); names in it lead somewhere already."""
    if not service.consent and any(channel.id == "state_corporation" for channel in service.channels):
        yield "consent", "must be true: the State Corporation takes in nothing without it (S002-21)"
    for number, step in enumerate(service.steps.values(), start=1):
        for fault, reason in _check_step(service, step):
            yield f"steps[{number}].{fault}", reason
    for key, step, outcome in outcomes_of(service):
        for fault, reason in _check_outcome(service, step, outcome):
            yield f"{key}.{fault}", reason


def _check_step(service: Service, step: Step) -> Iterator[Fault]:
    timed = step.term is not None or step.terms or (step.within and _has_term(service))
    for key, value in (("at_due", step.at_due), ("escalates_to", step.escalates_to)):
        if value and not timed:
            yield key, "never comes: the step has no term, and the service none that it is within"


def _has_term(service: Service) -> bool:
    return service.term is not None or any(kind.term is not None for kind in service.kinds.values())


def _check_outcome(service: Service, step: Step, outcome: Outcome) -> Iterator[Fault]:
    if outcome.ends and outcome.opens:
        yield "opens", f"can't open anything: the case ends, as {outcome.ends}"
    if outcome.stays:
        for key in ("opens", "ends", "result", "assigns", "withdraws"):
            if getattr(outcome, key):
                yield key, "can't be: the outcome stays, it is only recorded"
    if outcome.grounds and not service.grounds:
        yield "grounds", "asks for a ground, and the service has no [[grounds]] (S002-22)"
    if outcome.alone and not step.group:
        yield "alone", "says nothing: the step is not a group's"
    if outcome.starts and outcome.term is None:
        yield "starts", "says nothing without a term"
    if outcome.withdraws_by and not outcome.withdraws:
        yield "withdraws_by", "says nothing without withdraws: withdrawn, annulled or replaced"
    if outcome.withdraws_by and ((step.group and not outcome.alone) or _by_machine(service, step, outcome)):
        yield "withdraws_by", "is for what a person decides on one case: no sitting's, no machine's"
    if step.id in outcome.other_than:
        yield "other_than", f"names the step itself, {step.id}"
    if outcome.remark in ("taken", "not_taken") and not any(
        field.id == "remark" and field.type == "number" for field in outcome.fields
    ):
        yield "remark", "needs a field remark of type number: which remark it is about (S002-F2)"
    if _by_machine(service, step, outcome):
        yield from _check_machine(outcome)


def _by_machine(service: Service, step: Step, outcome: Outcome) -> bool:
    return outcome.id == step.at_due or service.roles[outcome.role or step.role].automatic


def _check_machine(outcome: Outcome) -> Iterator[Fault]:
    """The system takes this outcome: it can't be asked for anything."""
    for key in ("grounds", "assigns", "other_than"):
        if getattr(outcome, key):
            yield key, "can't be asked of the system, which takes this outcome"
    asked = [(f"fields[{n}]", one.required) for n, one in enumerate(outcome.fields, start=1)]
    asked += [(f"documents[{n}]", one.required) for n, one in enumerate(outcome.documents, start=1)]
    for key, required in asked:
        if required == "true":
            yield f"{key}.required", "can't be asked of the system, which takes this outcome"
