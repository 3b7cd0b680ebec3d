"""A case as its page at the office shows it: its course, its papers, its events, and acts as forms (S002-36)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.case_refusals import RequestKeyReused
from domain.procedures.definition import Outcome, Step
from domain.procedures.running import RunningService
from infra.web.cases.status_page import status_page
from infra.web.forms import FormShown, act_form, field_words
from infra.web.office.page import Speaker
from infra.web.office.reading import OfficeServices, StaffCase
from infra.web.refusal_words import refusal_words, service_names
from infra.web.uploads import Form
from infra.web.words import Words

_MOST_EVENTS = 200
_WHO = ("actor", "opener", "by")


class OfferedAct(NamedTuple):
    """An outcome that is the member's to take now; `colleagues` where it gives a step to somebody."""

    step: Step
    outcome: Outcome
    form: FormShown
    colleagues: Sequence[str] | None
    assignee: str

    @property
    def id(self) -> str:
        return f"{self.step.id}.{self.outcome.id}"


def case_values(
    services: OfficeServices,
    actor: Actor,
    found: StaffCase,
    language: str,
    sent: Form | None = None,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    """What the page of a case is made of; with the form that was `sent` and refused, if one was."""
    speaker = Speaker(language, services.now())
    case, running = found.case, found.running
    page = status_page(case, running, found.events, found.reasons, speaker.t, services.now())
    wrong = f"{sent.texts.get('step', '')}.{sent.texts.get('outcome', '')}" if sent else ""
    acts = []
    for step, outcome in staff_outcomes(case, running, actor):
        again = wrong == f"{step.id}.{outcome.id}"
        form = act_form(
            running.service,
            outcome,
            speaker.t,
            services.new_key(),
            *((sent, refusal) if again else ()),
        )
        given = running.service.roles.get(outcome.assigns)
        acts.append(
            OfferedAct(
                step,
                outcome,
                form,
                services.colleagues(given.id, given.unit) if given else None,
                sent.texts.get("assignee", "") if sent and again else "",
            )
        )
    sitting = [
        step
        for step in (running.service.steps[name] for name in case.steps)
        if step.group and step.role in actor.roles
    ]
    told_beside = any(one.id == wrong for one in acts) and not isinstance(refusal, RequestKeyReused)
    return {
        "case": case,
        "page": page,
        "shown": found.shown,
        "asked": _asked(found, speaker.t),
        "documents": _documents(found, language),
        "span": speaker.span(case.due_at) if case.closed_at is None else None,
        "acts": acts,
        "sitting": sitting,
        "wrong": wrong,
        "error": "" if refusal is None or told_beside else _sentences(refusal, running, language),
        "signs": "certificate" if services.pages.by_certificate else "trial" if services.trial else "",
        "megabytes": services.largest_document // 1_000_000,
        "events": [
            (
                one.position,
                one.at,
                one.topic,
                next((str(one.data[key]) for key in _WHO if key in one.data), ""),
            )
            for one in found.events[-_MOST_EVENTS:]
        ],
        "standing": [
            (running.service.steps[one.step].names[language], one, speaker.span(one.due_at))
            for one in case.steps.values()
        ],
    }


def staff_outcomes(case: Case, running: RunningService, actor: Actor) -> list[tuple[Step, Outcome]]:
    """What the member may do on the case now, outside of sittings: outcomes of open steps for a role held here."""
    if case.closed_at is not None:
        return []
    facts = case.facts_with({})
    found = []
    for standing in case.steps.values():
        step = running.service.steps[standing.step]
        for outcome in step.outcomes:
            role = who_takes(step, outcome)
            unit = running.service.roles[role].unit if role in running.service.roles else ""
            if (
                role in actor.roles
                and not (unit and actor.unit and unit != actor.unit)
                and not (role == step.role and standing.assignee not in ("", actor.id))
                and (outcome.alone or outcome.stays or not step.group)
                and running.holds(outcome.when, facts)
            ):
                found.append((step, outcome))
    return found


def _documents(found: StaffCase, language: str) -> list[tuple[str, str, str, int]]:
    """(name, SHA-256, type, bytes)."""
    outcomes = [one for step in found.running.service.steps.values() for one in step.outcomes]
    known = {
        one.id: one.names[language]
        for one in (
            *(document for outcome in outcomes for document in outcome.documents),
            *found.running.service.documents,
        )
    }
    return [(known.get(id_, id_), digest, kind, size) for id_, digest, kind, size in found.case.documents]


def _sentences(refusal: Refusal, running: RunningService, language: str) -> str:
    names = service_names(running.service, language)
    return " ".join(refusal_words(one, language, names) for one in (refusal, *refusal.also))


def _asked(found: StaffCase, words: Words) -> list[tuple[str, str]]:
    """(label, value) of what was applied with, plain and sealed, in the form's order; then what else is sealed."""
    service, facts, sealed = found.running.service, found.case.facts, found.shown["personal"]
    later = (one for step in service.steps.values() for outcome in step.outcomes for one in outcome.fields)
    of_form = {one.id for one in service.fields}
    told: dict[str, tuple[str, str]] = {}
    for one in (*service.fields, *later):
        value = sealed.get(one.id) or (facts.get(one.id) if one.id in of_form else None)
        if value is not None and one.id not in told:
            name = one.names[words.language].strip()
            told[one.id] = (name[:1].upper() + name[1:], field_words(one, value, words, words.iso_day))
    return [*told.values(), *((id_, value) for id_, value in sorted(sealed.items()) if id_ not in told)]
