"""What a case says on its papers, gathered from its events and from what the vault keeps of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from domain.calendar import local_day
from domain.errors import LANGUAGES
from domain.procedures.case import Case
from domain.procedures.definition import APPLICANT, Field, Outcome, Service, Step
from infra.papers.case_papers import CasePaper, Discussion, Office, Remark

ADDRESS = "address"  # the field that the receipt F3 puts under the name, where a service asks for it
# What the report F2 asks for besides the remarks; fields of these names hold it.
DRAFT, READ_AT, OTHER = "draft_name", "read_at", "other_information"
ABOUT, DECIDED_ON = "remark", ("taken", "not_taken")

TELLS = "notice"  # the form of results that tell what was done, in the words of those who did it

Event = tuple[str, Mapping[str, Any]]  # topic and state
Unseal = Callable[[str], str | None]  # the personal value behind a digest; None when it was erased


def paper_of_case(
    case: Case,
    service: Service,
    events: Sequence[Event],
    unseal: Unseal,
    name_of: Callable[[str], str] = lambda staff: "",
) -> CasePaper:
    """What the case's papers say; `events` are all of its stream, in order. Its last result is the one given out.

    `name_of` tells the name of a member of staff, "" where it is not known.

    Of the application, what decides on conditions stays inside, as do personal values but for the name and address.
    """
    personal = {name: unseal(digest) or "" for name, digest in case.sealed.items()}
    known = {**case.facts, **personal}
    name = " ".join(str(known[field]) for field in service.holder if known.get(field))
    lines = tuple(line for line in (name, str(known.get(ADDRESS, ""))) if line)
    decides = _names_in_conditions(service)
    facts = {
        field.id: case.facts[field.id]
        for field in service.fields
        if field.id in case.facts
        and field.id not in decides
        and field.id not in service.holder
        and field.id != ADDRESS
        and not field.known_from
    }
    result, number, issued, until = case.results[-1] if case.results else ("", "", "", "")
    if result and service.results[result].form == TELLS and not service.results[result].refusal:
        facts |= _said_on_the_way(service, events, decides)
    signer, role, signed_at = _signer(events)
    return CasePaper(
        number=case.case,
        service=service,
        kind=case.kind,
        applicant=lines,
        facts=facts,
        missing=tuple(case.missing),
        result=result,
        result_number=number,
        issued_on=date.fromisoformat(issued) if issued else None,
        valid_until=date.fromisoformat(until) if until else None,
        ground=case.ground,
        note=_reasons(service, events),
        signer=signer,
        signer_role=role,
        signed_at=signed_at,
        office=_office(case, service, events, name_of),
        discussion=_discussion(case, service, events, unseal),
    )


def _office(
    case: Case, service: Service, events: Sequence[Event], name_of: Callable[[str], str]
) -> Mapping[str, Office]:
    """Where the package was refused, by language, and by whom; what nobody knows is a line to be written (S002-F3)."""
    channel = next((one for one in service.channels if one.id == case.channel), None)
    refusers = [str(state["actor"]) for topic, state in events if topic == "case.acceptance_refused"]
    # An applicant at the portal, or a portal for him, is nobody's worker.
    worker = name_of(refusers[-1]) if refusers and case.opener_role != APPLICANT else ""
    if channel is None:
        return {}
    return {
        language: Office(
            channel.department,
            channel.address.get(language, ""),
            worker,
            phone=channel.phone,
            corporation=channel.id == "state_corporation",
        )
        for language in LANGUAGES
    }


def _said_on_the_way(service: Service, events: Sequence[Event], decides: set[str]) -> dict[str, str]:
    """What officials filled in up to the last result: an answer is made of it."""
    last = max(place for place, (topic, _) in enumerate(events) if topic == "case.result_issued")
    found = {}
    for act in _acts(events[:last]):
        outcome = _outcome(service, act["step"], act["outcome"])
        for field in outcome.fields if outcome else ():
            if field.id in act["facts"] and field.id not in decides:
                found[field.id] = str(act["facts"][field.id])
    return found


def _names_in_conditions(service: Service) -> set[str]:
    texts = [*service.conditions.values(), *(kind.when for kind in service.kinds.values())]
    texts += [field.required for field in service.fields]
    texts += [document.required for document in service.documents]
    for step in service.steps.values():
        texts += [step.when, *(outcome.when for outcome in step.outcomes)]
    return {
        node.id
        for text in texts
        for node in ast.walk(ast.parse(text.strip(), mode="eval"))
        if isinstance(node, ast.Name)
    }


def _acts(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    return [state for topic, state in events if topic == "case.acted"]


def _signer(events: Sequence[Event]) -> tuple[str, str, datetime | None]:
    """Who did the act that gave the result out, in what role, and when, if it was signed."""
    last: Mapping[str, Any] | None = None
    giver: Mapping[str, Any] | None = None
    for topic, state in events:
        if topic == "case.acted":
            last = state
        elif topic == "case.result_issued":
            giver = last
    if giver is None or not giver["signature"]:
        return "", "", None
    return str(giver["actor"]), str(giver["role"]), _instant(giver["timestamp"])


def _reasons(service: Service, events: Sequence[Event]) -> str:
    """What the last act that named a ground said in words."""
    for act in reversed(_acts(events)):
        if act["ground"]:
            outcome = _outcome(service, act["step"], act["outcome"])
            texts = [field.id for field in outcome.fields if field.type == "text"] if outcome else []
            return "\n".join(str(act["facts"][field]) for field in texts if act["facts"].get(field))
    return ""


def _discussion(case: Case, service: Service, events: Sequence[Event], unseal: Unseal) -> Discussion | None:
    """The discussion of a case, folded from its remarks and the decisions on them (S002-05); the last one held."""
    held = [step for step in service.steps.values() if any(one.remark == "made" for one in step.outcomes)]
    opened = [
        state
        for topic, state in events
        if topic == "case.step_opened" and state["step"] in {step.id for step in held}
    ]
    if not opened:
        return None
    last = opened[-1]
    ends_at = last["due_at"] or last["timestamp"]
    remarks: dict[int, Remark] = {}
    for topic, state in events:
        if topic != "case.remark_recorded":
            continue
        outcome = _outcome(service, state["step"], state["outcome"])
        if outcome is None:
            continue
        if outcome.remark == "made":
            remarks[state["number"]] = _made(outcome, state, unseal)
        elif outcome.remark in DECIDED_ON:
            number = int(state["facts"][ABOUT])
            if number in remarks:
                remarks[number] = _decided(remarks[number], outcome, state)
    return Discussion(
        draft=str(case.facts.get(DRAFT, "")) or str(next(iter(case.facts.values()), "")),
        reworked=str(case.facts.get(READ_AT, "")),
        starts_on=local_day(_instant(last["from_at"])),
        ends_on=local_day(_instant(ends_at)),
        other=str(case.facts.get(OTHER, "")),
        remarks=tuple(remarks[number] for number in sorted(remarks)),
    )


def _made(outcome: Outcome, state: Mapping[str, Any], unseal: Unseal) -> Remark:
    by = [unseal(state["sealed"][field.id]) for field in outcome.fields if field.id in state["sealed"]]
    said = [str(state["facts"][field.id]) for field in outcome.fields if _is_said(field, state)]
    return Remark(
        int(state["number"]), " ".join(one for one in by if one), "\n".join(said), late=bool(state["late"])
    )


def _is_said(field: Field, state: Mapping[str, Any]) -> bool:
    return field.type == "text" and bool(state["facts"].get(field.id))


def _decided(remark: Remark, outcome: Outcome, state: Mapping[str, Any]) -> Remark:
    grounds = [str(state["facts"][field.id]) for field in outcome.fields if _is_said(field, state)]
    return replace(
        remark,
        decision="taken" if outcome.remark == "taken" else "not_taken",
        grounds="\n".join(grounds),
    )


def _outcome(service: Service, step: str, outcome: str) -> Outcome | None:
    found: Step | None = service.steps.get(step)
    return next((one for one in found.outcomes if one.id == outcome), None) if found else None


def _instant(told: Any) -> datetime:
    return told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
