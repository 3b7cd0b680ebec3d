"""/office: the month, the SMS round, parked items and cases, as staff see them in the morning and act on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from domain.calendar import day_start, local_day
from domain.commands.case_calls import ActOnCase
from domain.errors import Refusal
from domain.office_acts import OfficeRoleMissing, ReasonMissing
from domain.procedures.acts import Actor
from domain.procedures.definition import APPLICANT
from infra.api.cases.services import ListAsked
from infra.api.services import UNAVAILABLE
from infra.web.analytics.asked import whole_number
from infra.web.analytics.refusals import AddressUnknown
from infra.web.assets import Assets
from infra.web.cases.apply import form_of
from infra.web.cases.signing import Signing, ToSign
from infra.web.forms import act_form
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.office.case import case_values
from infra.web.office.lists_reading import ListCounts
from infra.web.office.member import APPROVER, CLERK, OFFICE_ROLES, OPERATOR
from infra.web.office.page import Speaker, frame, member_of, needs, next_month, role_words, works_cases
from infra.web.office.plain import PATH, SIGN_IN, plain_page
from infra.web.office.reading import OfficeServices
from infra.web.office.sign_in import office_door_router
from infra.web.office.sittings import sittings_router
from infra.web.office.words import office_words
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.refusal_words import refusal_words
from infra.web.sign_in import from_elsewhere
from infra.web.uploads import Form, read_form
from infra.web.words import WORDS

PAGE = 50
FIRST_CASES = 8
FIRST_PARKED = 5
_MOST_PAGES = 100_000
_MOST_FIELDS = 20
_LARGEST_FORM = 10_000  # bytes, where no document is sent
_STATES = ("open", "escalated", "closed", "refused")
_SAID = ("taken", "still", "discarded")
_PLACE = re.compile(r"[A-Za-z0-9_./-]{1,120}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_NOT_YOURS = (
    *("office_role_missing", "role_not_yours", "service_not_yours"),
    *("not_your_step", "not_assigned_to_you", "same_person"),
)
_NOT_THERE = ("case_unknown", "parked_unknown", "programme_unknown", "month_outside_programme")

Work = Callable[[Actor], Response]


def office_router(services: OfficeServices, assets: Assets) -> APIRouter:
    """The office's pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)
    signing = Signing(services.pages, pages)
    router.include_router(office_door_router(services, pages))

    def shown(
        request: Request, actor: Actor, here: str, template: str, status: int = 200, **values: Any
    ) -> Response:
        language = chosen_language(request)
        query = {name: value for name, value in request.query_params.items() if name not in ("lang", "said")}
        return pages.render(
            template, language, status, **frame(services, language, actor, here, query), **values
        )

    def said(
        request: Request, status: int, heading: str, why: str, way: str = PATH, way_words: str = "tab_morning"
    ) -> Response:
        language = chosen_language(request)
        return plain_page(
            pages,
            request,
            services.trial,
            status,
            heading,
            why,
            way=f"{way}?lang={language}",
            way_words=office_words(language)(way_words),
        )

    async def answered(request: Request, act: str, work: Work, *roles: str) -> Response:
        """What `work` gives for the member whose session it is, if one of `roles` is held; refusals in words."""

        def carefully() -> Response:
            language = chosen_language(request)
            w, actor = office_words(language), None
            try:
                if request.method == "POST" and from_elsewhere(request):
                    return said(request, 403, w("foreign"), w("foreign_why"))
                actor = services.actor(request)
                if actor is None and request.method == "POST":
                    return said(request, 401, w("session_over"), w("session_over_why"), SIGN_IN, "sign_in_do")
                if actor is None:
                    return RedirectResponse(f"{SIGN_IN}?lang={language}", 303, headers=HEADERS)
                if roles and not member_of(actor).has(*roles):
                    raise OfficeRoleMissing("role", roles=", ".join(w(f"role_{role}") for role in roles))
                return work(actor)
            except Refusal as refusal:
                if actor is not None and refusal.code in (*_NOT_YOURS, *_NOT_THERE):
                    services.refused(actor, act, refusal)
                status = 403 if refusal.code in _NOT_YOURS else 404 if refusal.code in _NOT_THERE else 422
                own = {one: role_words(services, one, language) for one in actor.roles} if actor else {}
                why = refusal_words(refusal, language, {"role": own, "roles": own})
                return said(request, status, w("refused"), why)
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)

        return await run_in_threadpool(carefully)

    def broken(request: Request) -> Response:
        w = office_words(chosen_language(request))
        return said(request, 422, w("refused"), w("form_broken"))

    router.include_router(sittings_router(services, signing, answered, shown, said))

    # --- the morning ------------------------------------------------------------------------------------

    @router.api_route(PATH, methods=["GET", "HEAD"])
    async def morning(request: Request) -> Response:
        def work(actor: Actor) -> Response:
            asked = _fields(request, "month")
            language, at_office = chosen_language(request), member_of(actor).has(*OFFICE_ROLES)
            today = services.months("") if at_office else []  # what is pressing, whatever month is looked at
            months = services.months(asked["month"]) if at_office and asked["month"] else today
            parked, count = services.parked(0, FIRST_PARKED) if at_office else ([], 0)
            cases = _cases(services, actor, language, ListAsked(limit=FIRST_CASES))
            health = services.health() if at_office else None
            framed = frame(services, language, actor, "morning", {"month": asked["month"]})
            first = asked["month"] or (months[-1].month if months else f"{local_day(services.now()):%Y-%m}")
            return pages.render(
                "office.html",
                language,
                **framed,
                at_office=at_office,
                needs=needs(
                    framed["speaker"],
                    actor,
                    today,
                    count,
                    any(one["span"] and one["span"].over for one in cases["rows"]),
                    services.lists_waiting() if at_office else ListCounts(0, 0, 0),
                    health,
                    elsewhere=bool(asked["month"]),
                ),
                months=months,
                asked_month=asked["month"],
                before=f"{PATH}?{urlencode({'month': next_month(first, -1), 'lang': language})}",
                after=f"{PATH}?{urlencode({'month': next_month(first, 1), 'lang': language})}",
                cases=cases,
                works_cases=works_cases(actor),
                loads=services.loads() if at_office else [],
                parked=parked,
                parked_count=count,
                may_discard=member_of(actor).has(OPERATOR),
                may_download=member_of(actor).has(CLERK, APPROVER),
                health=health,
            )

        return await answered(request, "morning", work)

    @router.get(PATH + "/no-number")
    async def no_number(request: Request) -> Response:
        def work(actor: Actor) -> Response:
            asked = _fields(request, "programme", "month")
            found = services.missing_numbers(actor, asked["programme"], asked["month"])
            name = f"azyq-no-number-{asked['programme']}-{asked['month']}.csv"
            headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
            return StreamingResponse(found, media_type="text/csv; charset=utf-8", headers=headers)

        return await answered(request, "no_number", work, CLERK, APPROVER)

    # --- parked -----------------------------------------------------------------------------------------

    def parked_page(
        request: Request,
        actor: Actor,
        page: int = 1,
        told: str = "",
        refused: Mapping[str, str] | None = None,
    ) -> Response:
        """A page of them; `refused`: why, and what was typed where."""
        items, count = services.parked(PAGE * (page - 1), PAGE)
        return shown(
            request,
            actor,
            "parked",
            "office_parked.html",
            422 if refused else 200,
            items=items,
            count=count,
            page=page,
            pages=-(-count // PAGE),
            may_discard=member_of(actor).has(OPERATOR),
            told=told,
            refused=refused,
        )

    @router.api_route(PATH + "/parked", methods=["GET", "HEAD"])
    async def parked(request: Request) -> Response:
        def work(actor: Actor) -> Response:
            asked = _fields(request, "page", "said", "place", "number")
            page = whole_number(asked, "page", 1, _MOST_PAGES, 1)
            say = asked["said"] in _SAID and _PLACE.fullmatch(asked["place"])
            w = office_words(chosen_language(request))
            told = (
                w(f"said_{asked['said']}", place=asked["place"], number=asked["number"][:18]) if say else ""
            )
            return parked_page(request, actor, page, told)

        return await answered(request, "parked", work, *OFFICE_ROLES)

    async def parked_act(
        request: Request, act: str, work: Callable[[Actor, str, int, Form], str]
    ) -> Response:
        try:
            form = await read_form(request, _LARGEST_FORM)
        except (FormMalformed, FormTooLarge):
            form = Form({}, {})

        def carefully(actor: Actor) -> Response:
            place, number = form.texts.get("place", ""), form.texts.get("number", "")
            if not (_PLACE.fullmatch(place) and _NUMBER.fullmatch(number)):
                return broken(request)
            try:
                done = work(actor, place, int(number), form)
            except ReasonMissing as refusal:
                why, reason = refusal.sentence(chosen_language(request)), form.texts.get("reason", "")[:200]
                kept = {"why": why, "place": place, "number": number, "reason": reason}
                return parked_page(request, actor, refused=kept)
            told = {"said": done, "place": place, "number": number, "lang": chosen_language(request)}
            return RedirectResponse(f"{PATH}/parked?{urlencode(told)}", 303, headers=HEADERS)

        return await answered(request, act, carefully, OPERATOR)

    @router.post(PATH + "/parked/retry")
    async def retry(request: Request) -> Response:
        def work(actor: Actor, place: str, number: int, _form: Form) -> str:
            return "taken" if services.retry(actor, place, number) else "still"

        return await parked_act(request, "parked_retry", work)

    @router.post(PATH + "/parked/discard")
    async def discard(request: Request) -> Response:
        def work(actor: Actor, place: str, number: int, form: Form) -> str:
            services.discard(actor, place, number, form.texts.get("reason", ""))
            return "discarded"

        return await parked_act(request, "parked_discard", work)

    # --- cases ------------------------------------------------------------------------------------------

    @router.api_route(PATH + "/cases", methods=["GET", "HEAD"])
    async def cases(request: Request) -> Response:
        def work(actor: Actor) -> Response:
            names = ("state", "role", "service", "due", "mine", "after")
            asked = _fields(request, *names)
            state = asked["state"] if asked["state"] in _STATES else "open"
            over = state in ("closed", "refused")
            language = chosen_language(request)
            wanted = ListAsked(
                cast(Any, state),
                asked["role"][:60],
                asked["service"][:60],
                _due_before(asked["due"], services.now()),
                asked["mine"] == "yes",
                asked["after"][:400] or None,
                PAGE,
            )
            nothing = (over and not wanted.service) or not works_cases(actor)
            found = {"rows": [], "after": None} if nothing else _cases(services, actor, language, wanted)
            query = {name: asked[name] for name in names if asked[name] and name != "after"}
            own = [one for one in actor.roles if one not in (*OFFICE_ROLES, APPLICANT)]
            return shown(
                request,
                actor,
                "cases",
                "office_cases.html",
                cases=found,
                asked={**asked, "state": state},
                states=_STATES,
                own_roles=[(one, role_words(services, one, language)) for one in own],
                loads=services.loads() if member_of(actor).has(*OFFICE_ROLES) else [],
                services=services.services_of(actor),
                works_cases=works_cases(actor),
                wants_service=over and not wanted.service,
                first=f"{PATH}/cases?{urlencode({**query, 'lang': language})}" if asked["after"] else "",
                more=f"{PATH}/cases?{urlencode({**query, 'after': found['after'], 'lang': language})}"
                if found["after"]
                else "",
            )

        return await answered(request, "cases", work)

    def case_page(
        request: Request,
        actor: Actor,
        number: str,
        sent: Form | None = None,
        refusal: Refusal | None = None,
        status: int = 200,
    ) -> Response:
        language = chosen_language(request)
        values = case_values(services, actor, services.case(actor, number), language, sent, refusal)
        done = request.query_params.get("said") == "done" and refusal is None
        return shown(
            request,
            actor,
            "cases",
            "office_case.html",
            status,
            **values,
            told=office_words(language)("said_done") if done else "",
        )

    @router.api_route(PATH + "/cases/{number}", methods=["GET", "HEAD"])
    async def case(number: str, request: Request) -> Response:
        def work(actor: Actor) -> Response:
            _fields(request, "said")
            return case_page(request, actor, number[:60])

        return await answered(request, "case", work)

    @router.get(PATH + "/cases/{number}/documents/{digest}")
    async def document(number: str, digest: str, request: Request) -> Response:
        def work(actor: Actor) -> Response:
            found = services.document(actor, number[:60], digest)
            if found is None:
                w = office_words(chosen_language(request))
                return said(request, 404, w("refused"), w("case_unknown"))
            kind, content = found
            headers = {
                **HEADERS,
                "Content-Disposition": "attachment",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            }
            return Response(content, media_type=kind, headers=headers)

        return await answered(request, "document", work)

    @router.get(PATH + "/cases/{number}/acts")
    async def acts(number: str, request: Request) -> Response:
        """Where a page that was sent and not finished leads to, in another language say."""
        way = f"{PATH}/cases/{number[:60]}?{urlencode({'lang': chosen_language(request)})}"
        return await answered(request, "case", lambda _: RedirectResponse(way, 303, headers=HEADERS))

    @router.post(PATH + "/cases/{number}/acts")
    async def act(number: str, request: Request) -> Response:
        async with form_of(request, services.largest_document) as sent:
            return await answered(request, "act", lambda actor: acted(request, actor, number[:60], sent))

    def acted(request: Request, actor: Actor, number: str, sent: Form | str) -> Response:
        """What a form of a case's page came to: the case's page, or what is to be signed first."""
        language = chosen_language(request)
        if isinstance(sent, str):
            why = WORDS[language](sent, megabytes=services.largest_document // 1_000_000)
            way = f"{PATH}/cases/{number}"
            return said(request, 422, office_words(language)("refused"), why, way, "back_cases")
        found = services.case(actor, number)
        uploader = f"{found.case.id.hex}-{actor.id}-{sent.texts.get('key', '')[:64]}"
        way = f"{PATH}/cases/{found.case.case}"

        def take(call: ActOnCase) -> Response:
            services.pages.act(call)
            told = urlencode({"said": "done", "lang": language})
            return RedirectResponse(f"{way}?{told}", 303, headers=HEADERS)

        def to_sign() -> ToSign:
            step = found.running.service.steps[sent.texts["step"]]
            outcome = next(one for one in step.outcomes if one.id == sent.texts["outcome"])
            form = act_form(found.running.service, outcome, WORDS[language], "", sent)
            action = f"{way}/acts?{urlencode({'lang': language})}"
            return ToSign(found.case.case, outcome.names[language], form, action, language, uploader)

        if signing.wants_change(sent):
            return case_page(request, actor, number, sent)
        try:
            call = services.call(actor, found, sent, lambda asked: signing.papers(asked, sent, uploader))
            return signing.done(call, sent, take, to_sign, f"{found.case.case}.json")
        except Refusal as refusal:
            if refusal.code in _NOT_YOURS:
                services.refused(actor, "act", refusal)
            status = 403 if refusal.code in _NOT_YOURS else 422
            return case_page(request, actor, number, sent, refusal, status)

    return router


def _cases(services: OfficeServices, actor: Actor, language: str, asked: ListAsked) -> dict[str, Any]:
    """A page of cases in words; nothing for whoever has no role in any."""
    if not works_cases(actor):
        return {"rows": [], "after": None}
    speaker = Speaker(language, services.now())
    found, after = services.listed(actor, asked)

    def row(one: Mapping[str, Any]) -> dict[str, Any]:
        service, step = services.names(one["service"], one["step"])
        due = datetime.fromisoformat(one["due_at"]) if one["due_at"] else None
        closed = datetime.fromisoformat(one["closed_at"]) if one["closed_at"] else None
        return {
            **one,
            "service": service[language],
            "step": step[language],
            "span": speaker.span(due) if one["state"] == "open" else None,
            "closed": speaker.t.minute(closed) if closed else "",
            "mine": one["assignee"] == actor.id,
        }

    return {"rows": [row(one) for one in found], "after": after}


def _due_before(due: str, now: datetime) -> datetime | None:
    if due == "overdue":
        return now
    return day_start(local_day(now) + timedelta(days=1)) if due == "today" else None


def _fields(request: Request, *names: str) -> dict[str, str]:
    """The address's fields, "" where one is absent. Raises AddressUnknown for a name of none of them, or twice."""
    found: dict[str, str] = {}
    try:
        given: Sequence[tuple[str, str]] = parse_qsl(
            request.url.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise AddressUnknown(names=", ".join(names)) from None
    for name, value in given:
        if name in found or name not in (*names, "lang"):
            raise AddressUnknown(names=", ".join((*names, "lang")))
        found[name] = value.strip()
    return {name: found.get(name, "") for name in names}
