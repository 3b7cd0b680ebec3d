"""Cases as whoever works on them sees them: plain values, names in all languages, times with an offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.calendar import ALMATY
from domain.commands.case_calls import kept_key
from domain.procedures.acts import OpenStep
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.case_input import is_personal
from domain.procedures.definition import Document, Field, Outcome, Service
from domain.procedures.running import RunningService
from infra.cases.history import CaseEvent
from infra.cases.lists import DueStep

_ACTS = ("case.acted", "case.remark_recorded", "case.reassigned")


def when(at: datetime | None) -> str | None:
    """A time as Kazakhstan's clocks show it, with the offset; None for none."""
    return None if at is None else at.astimezone(ALMATY).isoformat(timespec="seconds")


def instant(text: str) -> str | None:
    """A time of an event, as `when`."""
    return when(datetime.fromisoformat(text)) if text else None


def state_of(case: Case) -> str:
    """open, closed, or refused at its acceptance, as the view has it."""
    if case.closed_at is None:
        return "open"
    return "refused" if case.end == "acceptance_refused" else "closed"


def case_shown(
    case: Case, running: RunningService, personal: Mapping[str, str], link: str, now: datetime
) -> dict[str, Any]:
    """All of a case as it stands; `personal` are its sealed values by field, `link` the applicant's page."""
    service = running.service
    return {
        "case": case.case,
        "service": case.service,
        "version": case.service_version,
        "name": dict(service.names),
        "kind": case.kind,
        "channel": case.channel,
        "language": case.language,
        "state": state_of(case),
        "received_at": when(case.received_at),
        "counted_from": when(case.counted_from),
        "due_at": when(case.due_at),
        "overdue": case.closed_at is None and case.due_at is not None and now > case.due_at,
        "opener": case.opener,
        "through": case.through,
        "fields": dict(case.facts),
        "personal": dict(personal),
        "documents": documents_shown(case.documents),
        "missing": list(case.missing),
        "registers": _registers(case, running),
        "steps": [_open_step(case, running, standing, now) for standing in case.steps.values()],
        "done": [
            {"step": step, "outcome": outcome, "actor": case.actors.get(step, "")}
            for step, outcome in case.done.items()
        ],
        "remarks": case.remarks,
        "ground": case.ground,
        "results": [
            dict(zip(("result", "number", "valid_from", "valid_until"), result, strict=False))
            | {"withdrawn": case.withdrawn[result[1]].how if result[1] in case.withdrawn else ""}
            for result in case.results
        ],
        "ending": case.end,
        "closed_at": when(case.closed_at),
        "status_page": link,
    }


def _registers(case: Case, running: RunningService) -> list[dict[str, Any]]:
    """The state registers that the service asks first: which knew the applicant; what others would say is by hand."""
    channels = {channel.id for channel in running.service.channels}
    return [
        {"register": one, "known": one in case.known}
        for one in sorted(running.registers)
        if one not in channels
    ]


def documents_shown(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Documents as events tell them."""
    return [dict(zip(("document", "sha256", "type", "size"), row, strict=True)) for row in rows]


def _open_step(case: Case, running: RunningService, standing: OpenStep, now: datetime) -> dict[str, Any]:
    step = running.service.steps[standing.step]
    facts = case.facts_with({})
    return {
        "step": standing.step,
        "name": dict(step.names),
        "role": standing.role,
        "unit": standing.unit,
        "assignee": standing.assignee,
        "sitting": step.group,
        "from_at": when(standing.from_at),
        "due_at": when(standing.due_at),
        "overdue": standing.due_at is not None and now > standing.due_at,
        "escalated_to": standing.escalated_to,
        "outcomes": [
            outcome_shown(running.service, one, who_takes(step, one))
            | {"open": running.holds(one.when, facts)}
            for one in step.outcomes
        ],
    }


def outcome_shown(service: Service, outcome: Outcome, role: str) -> dict[str, Any]:
    """One way to end a step, and what it asks for."""
    return {
        "outcome": outcome.id,
        "name": dict(outcome.names),
        "role": role,
        "fields": [field_shown(one) for one in outcome.fields],
        "documents": [document_shown(one) for one in outcome.documents],
        "grounds": list(service.grounds) if outcome.grounds else [],
        "signs": outcome.signs,
        "assigns": outcome.assigns,
        "stays": outcome.stays,
        "when": outcome.when,
        "other_than": list(outcome.other_than),
        "ends": outcome.ends,
        "opens": list(outcome.opens),
    }


def field_shown(field: Field) -> dict[str, Any]:
    """What is asked for, and when it must be given."""
    return {
        "field": field.id,
        "name": dict(field.names),
        "type": field.type,
        "required": field.required,
        "personal": is_personal(field),
        "choices": {choice: dict(names) for choice, names in field.choices.items()},
    }


def document_shown(document: Document) -> dict[str, Any]:
    """A paper that is asked for; one that is `filled` is made of the fields and never uploaded."""
    return {
        "document": document.id,
        "name": dict(document.names),
        "required": document.required,
        "filled": document.filled,
        "if_any": document.if_any,
    }


def service_shown(service: Service) -> dict[str, Any]:
    """What somebody has to know of a service to ask for it."""
    return {
        "service": service.id,
        "version": service.version,
        "name": dict(service.names),
        "provider": dict(service.provider),
        "effective_from": service.effective_from.isoformat(),
        "effective_to": service.effective_to.isoformat() if service.effective_to else None,
        "term": str(service.term) if service.term else None,
        "consent": service.consent,
        "channels": [
            {"channel": one.id, "incomplete": one.incomplete, "signs": one.signs} for one in service.channels
        ],
        "kinds": [
            {
                "kind": one.id,
                "name": dict(one.names),
                "term": str(one.term) if one.term else None,
                "when": one.when,
            }
            for one in service.kinds.values()
        ],
        "fields": [field_shown(one) for one in service.fields],
        "documents": [document_shown(one) for one in service.documents],
        "grounds": [{"ground": one.id, "name": dict(one.names)} for one in service.grounds.values()],
        "conditions": dict(service.conditions),
        "steps": [
            {
                "step": one.id,
                "name": dict(one.names),
                "role": one.role,
                "unit": service.roles[one.role].unit if one.role in service.roles else "",
                "sitting": one.group,
                "term": str(one.term) if one.term else None,
                "terms": {kind: str(term) for kind, term in one.terms.items()},
                "outcomes": [outcome_shown(service, each, who_takes(one, each)) for each in one.outcomes],
            }
            for one in service.steps.values()
        ],
    }


def opening_shown(case: Case, events: Sequence[CaseEvent], link: str) -> dict[str, Any]:
    """What an application came to at once; the same whenever it is asked for again."""
    first = events[0].data
    opening = [one for one in events if one.at == events[0].at]
    return {
        "case": case.case,
        "service": case.service,
        "version": case.service_version,
        "kind": case.kind,
        "state": "refused" if any(one.topic == "case.acceptance_refused" for one in events) else "open",
        "received_at": instant(first["received_at"]),
        "counted_from": instant(first["counted_from"]),
        "due_at": instant(first["due_at"]),
        "missing": list(first["missing"]),
        "opened": [one.data["step"] for one in _until_somebody_acts(opening[1:])],
        "status_page": link,
    }


def act_shown(case: Case, events: Sequence[CaseEvent], actor: str, key: str) -> dict[str, Any]:
    """What an act came to; the same whenever it is asked for again. Without a key, the actor's last act."""
    place = max(
        place
        for place, one in enumerate(events)
        if one.topic in _ACTS and one.data["actor"] == actor and one.data["key"] == kept_key(key)
    )
    act = events[place]
    after = []
    for one in events[place + 1 :]:
        if one.topic in _ACTS and one.data["actor"] != "system":
            break
        if one.at != act.at:
            break
        after.append(one)
    by_topic: dict[str, list[dict[str, Any]]] = {}
    for one in after:
        by_topic.setdefault(one.topic, []).append(one.data)
    closed = by_topic.get("case.closed", [])
    return {
        "case": case.case,
        "step": act.data["step"],
        "outcome": act.data.get("outcome", ""),
        "at": when(act.at),
        "late": bool(act.data.get("late", False)),
        "number": int(act.data.get("number", 0)),
        "opened": [one["step"] for one in by_topic.get("case.step_opened", [])],
        "results": [
            {"result": one["result"], "number": one["number"], "valid_until": one["valid_until"]}
            for one in by_topic.get("case.result_issued", [])
        ],
        "ending": closed[0]["end"] if closed else "",
    }


def _until_somebody_acts(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    opened = []
    for one in events:
        if one.topic in _ACTS and one.data["actor"] != "system":
            break
        if one.topic == "case.step_opened":
            opened.append(one)
    return opened


def to_do_shown(step: DueStep, now: datetime) -> dict[str, Any]:
    """A step that somebody has to take."""
    return {
        "case": step.case,
        "service": step.service,
        "state": "open",
        "step": step.step,
        "role": step.role,
        "unit": step.unit,
        "assignee": step.assignee,
        "opened_at": when(step.opened_at),
        "due_at": when(step.due_at),
        "overdue": step.due_at is not None and now > step.due_at,
        "escalated_to": step.escalated_to or "",
        "ending": "",
        "term": "",
        "closed_at": None,
    }


def ended_shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A case that is over, out of the view `cases`."""
    return {
        "case": row["number"],
        "service": row["service"],
        "state": row["state"],
        "step": "",
        "role": "",
        "unit": "",
        "assignee": "",
        "opened_at": instant(row["received_at"]),
        "due_at": instant(row["due_at"] or ""),
        "overdue": False,
        "escalated_to": "",
        "ending": row["ending"] or "",
        "term": row["term"] or "",
        "closed_at": instant(row["closed_at"] or ""),
    }
