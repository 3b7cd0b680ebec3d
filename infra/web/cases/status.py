"""GET /c/{token}: where a request stands, for whoever made it (S000-07, S000-09, S002-15).

The link is all the proof there is. What the applicant may do is a form of the page; papers that were given out are opened
from it. Nothing of the page is kept by a browser, and its address is told to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from domain.commands.case_calls import ActOnCase
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_refusals import RequestKeyReused
from domain.procedures.definition import APPLICANT, Outcome, Service
from infra.api.services import UNAVAILABLE
from infra.web.assets import Assets
from infra.web.cases.apply import form_of, query_of
from infra.web.cases.reading import CasePagesServices, CasePaperKind
from infra.web.cases.signing import Signing, ToSign
from infra.web.cases.status_page import status_page
from infra.web.forms import Offered, act_form, applicants_outcomes, values_of
from infra.web.guesses import Guesses
from infra.web.pages import HEADERS, POLICY, Pages, chosen_language
from infra.web.uploads import Form
from infra.web.words import WORDS

_TOKEN = re.compile(r"[0-9A-Za-z]{16}", re.ASCII)
PAPER_TYPES = {
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# A paper has its style inside, and is made of nothing else.
PAPER_POLICY = POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'").replace(
    "script-src 'self'", "script-src 'none'"
)


class _Refused:
    """A form of the page that was sent and refused: which, what was in it, and why."""

    def __init__(
        self, id_: str = "", form: Form | None = None, refusal: Refusal | None = None, said: str = ""
    ) -> None:
        self.id, self.form, self.refusal, self.said = id_, form, refusal, said


def status_router(services: CasePagesServices, assets: Assets) -> APIRouter:
    """The applicant's pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages, guesses = Pages(assets), Guesses()
    signing = Signing(services, pages)

    async def answered(request: Request, token: str, answer: Callable[[Case], Response]) -> Response:
        def work() -> Response:
            try:
                case = services.case_of(token) if _TOKEN.fullmatch(token) else None
                if case is not None:
                    return answer(case)
                # Only a miss waits: many phones are behind one address of a carrier.
                address = request.client.host if request.client else ""
                if guesses.too_many(address):
                    return pages.plain(request, 429, "too_many", {"Retry-After": "60"})
                guesses.missed(address)
                return pages.plain(request, 404, "unknown_case")
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)

        return await run_in_threadpool(work)

    def page(request: Request, token: str, case: Case, refused: _Refused | None = None) -> Response:
        language = chosen_language(request)
        words, running = WORDS[language], services.running(case)
        shown = status_page(
            case, running, services.events(case), services.reasons(case), words, services.now()
        )
        refused = refused or _Refused()
        if case.closed_at is None:
            shown.acts = [
                Offered(
                    step,
                    outcome,
                    act_form(
                        running.service,
                        outcome,
                        words,
                        services.new_key(),
                        *((refused.form, refused.refusal) if refused.id == f"{step.id}.{outcome.id}" else ()),
                    ),
                )
                for step, outcome in applicants_outcomes(case, running)
            ]
        told = any(one.id == refused.id for one in shown.acts)
        return pages.render(
            "status.html",
            language,
            422 if refused.refusal or refused.said else 200,
            page=shown,
            case=case,
            refused=refused,
            said=refused.said
            or ("" if told or refused.refusal is None else refused.refusal.sentence(language)),
            code=services.code(case),
            trial=services.trial,
            by_certificate=services.by_certificate,
            megabytes=services.largest_document // 1_000_000,
            title=words("own_case"),
            base=f"/c/{token}",
            query=query_of(request),
        )

    @router.api_route("/c/{token}", methods=["GET", "HEAD"])
    async def status(token: str, request: Request) -> Response:
        return await answered(request, token, lambda case: page(request, token, case))

    @router.api_route("/c/{token}/{kind}.{suffix}", methods=["GET", "HEAD"])
    async def paper(token: str, kind: str, suffix: str, request: Request) -> Response:
        """A paper of the case, as a page or a document."""

        def answer(case: Case) -> Response:
            language = chosen_language(request)
            content = None
            if kind in get_args(CasePaperKind) and suffix in PAPER_TYPES:
                content = services.paper(case, kind, language, suffix)  # type: ignore[arg-type]
            if content is None:
                return pages.plain(request, 404, "unknown_case")
            headers = {**HEADERS, "Content-Security-Policy": PAPER_POLICY, "Content-Language": language}
            if suffix == "docx":
                headers["Content-Disposition"] = f'attachment; filename="{case.case}.docx"'
            return Response(content, media_type=PAPER_TYPES[suffix], headers=headers)

        return await answered(request, token, answer)

    @router.post("/c/{token}/acts")
    async def act(token: str, request: Request) -> Response:
        """What the applicant does on a step of theirs."""
        async with form_of(request, services.largest_document) as sent:
            return await acted(token, request, sent)

    async def acted(token: str, request: Request, sent: Form | str) -> Response:
        def answer(case: Case) -> Response:
            language = chosen_language(request)
            if isinstance(sent, str):
                said = WORDS[language](sent, megabytes=services.largest_document // 1_000_000)
                return page(request, token, case, _Refused(said=said))
            back = RedirectResponse(f"/c/{token}{query_of(request)}", 303, headers=HEADERS)
            uploader = f"{case.id.hex}-{sent.texts.get('key', '')[:64]}"

            def take(call: ActOnCase) -> Response:
                services.act(call)
                return back

            def to_sign() -> ToSign:
                service = services.running(case).service
                outcome = _outcome(service, sent)
                assert outcome is not None  # who wants a signature is known
                form = act_form(service, outcome, WORDS[language], "", sent)
                name, title = outcome.names[language], WORDS[language]("own_case")
                action = f"/c/{token}/acts{query_of(request)}"
                return ToSign(title, name, form, action, language, uploader, f"/c/{token}")

            if signing.wants_change(sent):
                return page(request, token, case, _Refused(_id(sent), sent))
            try:
                return signing.done(
                    _call(services, signing, case, sent, uploader), sent, take, to_sign, f"{case.case}.json"
                )
            except RequestKeyReused:
                said = WORDS[language]("form_sent_before")
                return page(request, token, case, _Refused(_id(sent), sent, said=said))
            except Refusal as refusal:
                return page(request, token, case, _Refused(_id(sent), sent, refusal))

        return await answered(request, token, answer)

    return router


def _id(form: Form) -> str:
    return f"{form.texts.get('step', '')}.{form.texts.get('outcome', '')}"


def _outcome(service: Service, form: Form) -> Outcome | None:
    step = service.steps.get(form.texts.get("step", ""))
    return next((one for one in step.outcomes if one.id == form.texts.get("outcome")), None) if step else None


def _call(services: CasePagesServices, signing: Signing, case: Case, form: Form, uploader: str) -> ActOnCase:
    """The act that a form asks for; whatever is not the applicant's is refused by the case. Raises PaperUnknown."""
    asked = _outcome(services.running(case).service, form)
    person = case.applicant or (case.opener if case.opener_role == APPLICANT else "")
    return ActOnCase(
        case.case,
        form.texts.get("step", ""),
        form.texts.get("outcome", ""),
        Actor(person, (APPLICANT,)),
        fields=values_of(asked.fields, form) if asked else {},
        documents=signing.papers(asked.documents, form, uploader) if asked else {},
        ground=form.texts.get("ground", ""),
        key=form.texts.get("key", "")[:64],
    )
