"""/office/sittings: a step of many cases decided together, recorded in one act (S000-T6, S000-T11, S000-T16)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.commands.case_calls import Decision, HoldSitting
from domain.errors import LANGUAGES, Refusal
from domain.procedures.acts import Actor
from domain.procedures.case_guards import who_takes
from domain.procedures.case_input import shown as can_be_shown
from domain.procedures.definition import Document, Outcome, Service, Step
from infra.web.cases.apply import form_of
from infra.web.cases.signing import KEPT, Signing, ToSign
from infra.web.forms import DOCUMENT, FIELD, FormShown, Input, act_form, field_words, values_of
from infra.web.office.page import Span, Speaker
from infra.web.office.plain import PATH
from infra.web.office.reading import OfficeServices, SittingCase
from infra.web.office.sittings_words import sitting_words
from infra.web.office.words import office_words
from infra.web.pages import HEADERS, chosen_language
from infra.web.uploads import Form
from infra.web.words import WORDS

SITTINGS = PATH + "/sittings"
MOST_SHOWN = 100
_PARTS = 3000  # of a form: what a hundred cases may ask for
_OUTCOME, _LEFT_OUT, _MEMBER = ".outcome", "-", "m."
_MINUTES = Document("minutes", dict.fromkeys(LANGUAGES, "minutes"))
_BETWEEN_MEMBERS = re.compile(r"[,;\n]")

Answered = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class CaseShown:
    """A case of a sitting's form: what is known of it, its outcomes, what they ask for, and what was wrong last time."""

    number: str
    span: Span | None
    about: str
    outcomes: Sequence[Outcome]
    chosen: str
    inputs: Sequence[Input]
    errors: Sequence[str]


def sittings_router(
    services: OfficeServices,
    signing: Signing,
    answered: Answered,
    shown: Callable[..., Response],
    said: Callable[..., Response],
) -> APIRouter:
    """The pages; `answered`, `shown` and `said` are the office's."""
    router = APIRouter(include_in_schema=False)

    @router.api_route(SITTINGS, methods=["GET", "HEAD"])
    async def listed(request: Request) -> Response:
        def work(actor: Actor) -> Response:
            s = sitting_words(chosen_language(request))
            count = request.query_params.get("count", "")[:4]
            told = request.query_params.get("said") == "held" and count.isascii() and count.isdigit()
            return shown(
                request,
                actor,
                "sittings",
                "office_sittings.html",
                s=s,
                rows=services.sittings(actor),
                told=s("held", count=count) if told else "",
            )

        return await answered(request, "sittings", work)

    def page(
        request: Request,
        actor: Actor,
        asked: tuple[Service, Step],
        sent: Form | None = None,
        refusal: Refusal | None = None,
        status: int = 200,
    ) -> Response:
        values = sitting_values(services, actor, asked, chosen_language(request), sent, refusal)
        return shown(request, actor, "sittings", "office_sitting.html", status, **values)

    @router.api_route(SITTINGS + "/{service}/{step}", methods=["GET", "HEAD"])
    async def form(service: str, step: str, request: Request) -> Response:
        def work(actor: Actor) -> Response:
            return page(request, actor, services.sitting_step(actor, service[:60], step[:60]))

        return await answered(request, "sitting", work)

    @router.post(SITTINGS + "/{service}/{step}")
    async def hold(service: str, step: str, request: Request) -> Response:
        async with form_of(request, services.largest_document, _PARTS) as sent:
            return await answered(
                request, "sitting", lambda actor: held(request, actor, service[:60], step[:60], sent)
            )

    def held(request: Request, actor: Actor, service: str, step: str, sent: Form | str) -> Response:
        language = chosen_language(request)
        asked = services.sitting_step(actor, service, step)
        way = f"{SITTINGS}/{service}/{step}"
        if isinstance(sent, str):
            why = WORDS[language](sent, megabytes=services.largest_document // 1_000_000)
            return said(request, 422, office_words(language)("refused"), why, way, "tab_sittings")
        if signing.wants_change(sent):
            return page(request, actor, asked, sent)
        uploader = f"sitting-{service}-{step}-{actor.id}-{sent.texts.get('key', '')[:64]}"

        def take(call: HoldSitting) -> Response:
            services.pages.hold_sitting(call)
            told = urlencode({"said": "held", "count": len(call.decisions), "lang": language})
            return RedirectResponse(f"{SITTINGS}?{told}", 303, headers=HEADERS)

        try:
            call = _call(services, signing, actor, asked, sent, uploader)
            action = f"{way}?{urlencode({'lang': language})}"
            return signing.done(
                call,
                sent,
                take,
                lambda: _to_sign(call, asked, action, language, uploader),
                f"{service}-{step}.json",
            )
        except Refusal as refusal:
            return page(request, actor, asked, sent, refusal, 422)

    return router


# --- what was asked for ------------------------------------------------------------------------------------


def _call(
    services: OfficeServices,
    signing: Signing,
    actor: Actor,
    asked: tuple[Service, Step],
    sent: Form,
    uploader: str,
) -> HoldSitting:
    """The sitting that a form asks for. Raises CaseUnknown, PaperUnknown."""
    service, step = asked
    decisions = []
    for number in _numbers(sent):
        chosen = _chosen(sent, number)
        if not chosen:
            continue
        found = services.sitting_case(actor, number)
        part = _part_of(sent, number)
        here = found.running.service.steps.get(step.id)
        outcome = next((one for one in here.outcomes if one.id == chosen), None) if here else None
        papers = signing.papers(outcome.documents, part, uploader) if outcome else {}
        decisions.append(
            Decision(
                found.case.case,
                chosen,
                values_of(outcome.fields, part) if outcome else {},
                papers,
                part.texts.get("ground", "") if outcome and outcome.grounds else "",
                part.texts.get("assignee", "")[:64] if outcome and outcome.assigns else "",
            )
        )
    return HoldSitting(
        service.id,
        step.id,
        actor,
        _members(sent),
        decisions,
        signing.papers([_MINUTES], sent, uploader).get("minutes"),
        key=sent.texts.get("key", "")[:64],
    )


def _numbers(sent: Form) -> list[str]:
    """The cases of the form, in its order."""
    return [name.removesuffix(_OUTCOME)[:60] for name in sent.texts if name.endswith(_OUTCOME)]


def _chosen(sent: Form, number: str) -> str:
    """The outcome that was chosen for a case, "" for none in this sitting."""
    chosen = sent.texts.get(number + _OUTCOME, "") or sent.texts.get("rest", "")
    return "" if chosen == _LEFT_OUT else chosen[:60]


def _members(sent: Form) -> list[str]:
    ticked = [name.removeprefix(_MEMBER) for name in sent.texts if name.startswith(_MEMBER)]
    typed = [one.strip() for one in _BETWEEN_MEMBERS.split(sent.texts.get("members", ""))]
    return [*ticked, *(one for one in typed if one)]


def _part_of(sent: Form, number: str) -> Form:
    """What of the form is about one case, by the names that the case's own form would have."""
    begins = f"{number}."
    texts = {name.removeprefix(begins): text for name, text in sent.texts.items() if name.startswith(begins)}
    for name, text in sent.texts.items():
        if name.startswith(KEPT + begins):
            texts[KEPT + name.removeprefix(KEPT + begins)] = text
    return Form(
        texts,
        {name.removeprefix(begins): one for name, one in sent.documents.items() if name.startswith(begins)},
    )


# --- what is shown -----------------------------------------------------------------------------------------


def sitting_values(
    services: OfficeServices,
    actor: Actor,
    asked: tuple[Service, Step],
    language: str,
    sent: Form | None = None,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    """What the page of a sitting is made of; with the form that was `sent` and refused, if one was."""
    service, step = asked
    waiting = list(services.sitting_cases(actor, service.id, step.id, MOST_SHOWN + 1))
    refusals = [refusal, *refusal.also] if refusal else []
    speaker = Speaker(language, services.now())
    waiting_numbers = {can_be_shown(one.case.case) for one in waiting[:MOST_SHOWN]}
    errors = [
        _beside(one, language)
        for one in refusals
        if (one.field or "").partition(".")[0] not in waiting_numbers
    ]
    cases = [
        _case_shown(one, step, speaker, actor, sent, [_within(each, one.case.case) for each in refusals])
        for one in waiting[:MOST_SHOWN]
    ]
    colleagues = services.colleagues(step.role, service.roles[step.role].unit)
    rest = {one.id: one for case in cases for one in case.outcomes}
    return {
        "s": sitting_words(language),
        "service": service.names[language],
        "step": step.names[language],
        "action": f"{SITTINGS}/{service.id}/{step.id}?{urlencode({'lang': language})}",
        "key": (sent.texts.get("key", "")[:64] if sent else "") or services.new_key(),
        "cases": cases,
        "more": len(waiting) > MOST_SHOWN,
        "rest": list(rest.values()),
        "rest_chosen": sent.texts.get("rest", "") if sent else "",
        "colleagues": [(one, sent is not None and _MEMBER + one in sent.texts) for one in colleagues],
        "members": sent.texts.get("members", "") if sent else "",
        "errors": errors,
        "refused": bool(refusals),
        "left_out": _LEFT_OUT,
        "signs": "certificate" if services.pages.by_certificate else "trial" if services.trial else "",
        "anything_signed": any(one.signs for one in rest.values()),
        "megabytes": services.largest_document // 1_000_000,
    }


def _beside(refusal: Refusal, language: str) -> str:
    """A refusal that stands beside no case of the page: with the number it is about, if it is about one."""
    number, dot, _ = (refusal.field or "").partition(".")
    sentence = refusal.sentence(language)
    return f"{number}: {sentence}" if dot and "-" in number else sentence


def _within(refusal: Refusal, number: str) -> Refusal | None:
    """The refusal, now with the field that the case's own form has; None for one about something else."""
    name, _, rest = (refusal.field or "").partition(".")
    if name != can_be_shown(number):
        return None
    refusal.field, refusal.also = rest or None, ()
    return refusal


def _case_shown(
    found: SittingCase,
    step: Step,
    speaker: Speaker,
    actor: Actor,
    sent: Form | None,
    refusals: Iterable[Refusal | None],
) -> CaseShown:
    case, running = found.case, found.running
    number = case.case
    here = running.service.steps[step.id]
    facts = case.facts_with({})
    outcomes = [
        one
        for one in here.outcomes
        if not (one.stays or one.alone)
        and who_takes(here, one) in actor.roles
        and running.holds(one.when, facts)
    ]
    wrong = [one for one in refusals if one is not None]
    if wrong:
        wrong[0].also = tuple(wrong[1:])
    part = _part_of(sent, number) if sent else None
    form = _form(running.service, outcomes, speaker, part, wrong[0] if wrong else None)
    standing = case.steps[step.id]
    about = [
        field_words(one, case.facts[one.id], speaker.t, speaker.t.iso_day)
        for one in running.service.fields
        if one.id in case.facts and not one.long
    ]
    return CaseShown(
        number,
        speaker.span(standing.due_at),
        " · ".join(about),
        outcomes,
        part.texts.get("outcome", "") if part else "",
        [replace(one, name=f"{number}.{one.name}") for one in form.inputs],
        form.errors,
    )


def _form(
    service: Service,
    outcomes: Sequence[Outcome],
    speaker: Speaker,
    sent: Form | None,
    refusal: Refusal | None,
) -> FormShown:
    """All that the outcomes ask for, each said of which."""
    if not outcomes:
        errors = [one.sentence(speaker.language) for one in (refusal, *refusal.also)] if refusal else []
        return FormShown("", (), errors=errors)
    fields = {one.id: one for outcome in outcomes for one in outcome.fields}
    documents = {one.id: one for outcome in outcomes for one in outcome.documents}
    whole = replace(
        outcomes[0],
        fields=tuple(fields.values()),
        documents=tuple(documents.values()),
        grounds=any(one.grounds for one in outcomes),
    )
    form = act_form(service, whole, speaker.t, "", sent, refusal)
    inputs = [replace(one, must=False, hint=_hint(one, outcomes, speaker)) for one in form.inputs]
    errors = list(form.errors)
    if assigning := [one for one in outcomes if one.assigns]:
        wanted = Input("assignee", speaker.w("assignee"), "text", False)
        inputs.append(
            replace(
                wanted,
                hint=_of_outcomes(assigning, outcomes, speaker),
                value=sent.texts.get("assignee", "") if sent else "",
            )
        )
    return replace(form, inputs=inputs, errors=errors)


def _hint(one: Input, outcomes: Sequence[Outcome], speaker: Speaker) -> str:
    """Of which outcomes something is asked, and when."""
    asking = [outcome for outcome in outcomes if one.name in _asked_by(outcome)]
    told = _of_outcomes(asking, outcomes, speaker)
    return f"{told}; {one.hint}" if one.hint else told


def _asked_by(outcome: Outcome) -> set[str]:
    names = {FIELD + one.id for one in outcome.fields} | {DOCUMENT + one.id for one in outcome.documents}
    return names | ({"ground"} if outcome.grounds else set())


def _of_outcomes(asking: Sequence[Outcome], outcomes: Sequence[Outcome], speaker: Speaker) -> str:
    s = sitting_words(speaker.language)
    if len(asking) == len(outcomes):
        return s("if_decided")
    return s("if_outcome", outcomes=", ".join(one.names[speaker.language] for one in asking))


def _to_sign(
    call: HoldSitting, asked: tuple[Service, Step], action: str, language: str, uploader: str
) -> ToSign:
    """The sitting as its signer is shown it: who sat, and each case with what was decided."""
    service, step = asked
    s, words = sitting_words(language), WORDS[language]
    names = {one.id: one.names[language] for one in step.outcomes}
    fields = {one.id: one for outcome in step.outcomes for one in outcome.fields}
    inputs = [Input("members", s("who_sat"), "text", True, value=", ".join(call.members))]
    if call.minutes is not None:
        inputs.append(Input(DOCUMENT + "minutes", s("minutes"), "file", False))
    for one in call.decisions:
        told = [names.get(one.outcome, one.outcome)]
        if one.ground in service.grounds:
            told.append(service.grounds[one.ground].names[language])
        told += [
            f"{fields[id_].names[language]}: {field_words(fields[id_], value, words, words.iso_day)}"
            for id_, value in one.fields.items()
            if id_ in fields
        ]
        told += [one.assignee] if one.assignee else []
        inputs.append(Input(f"{one.case}.told", one.case, "text", True, value="; ".join(told)))
    return ToSign(
        step.names[language], service.names[language], FormShown("", inputs), action, language, uploader
    )
