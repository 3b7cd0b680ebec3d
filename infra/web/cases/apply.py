"""GET /apply, /apply/{service}: services that take requests through the portal, each with a form made of its file.

Whoever asks is not known to us: the link of the status page is all that leads back to the request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from domain.procedures.definition import Service
from infra.api.services import UNAVAILABLE
from infra.papers.spelling import term_in_words
from infra.web.assets import Assets
from infra.web.cases.asking import Asker, Asking
from infra.web.cases.reading import CasePagesServices
from infra.web.guesses import Guesses
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.pages import Pages, chosen_language
from infra.web.uploads import PARTS, Form, FormNoRoom, read_form, room_for
from infra.web.words import WORDS

CHANNEL = "portal"
REQUESTS_AN_HOUR = 60  # from one address; a body's people share theirs


def apply_router(services: CasePagesServices, assets: Assets) -> APIRouter:
    """The public forms; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)
    asking = Asking(services, pages)
    sent_by = Guesses(REQUESTS_AN_HOUR, 3600.0)

    async def answered(request: Request, work: Callable[[], Response]) -> Response:
        def carefully() -> Response:
            try:
                return work()
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)

        return await run_in_threadpool(carefully)

    def asker_of(request: Request, service: str) -> Asker:
        language = chosen_language(request)
        return Asker(
            CHANNEL,
            "",
            {},
            language,
            WORDS[language]("apply_title"),
            f"/apply/{service}",
            query_of(request),
            "/apply" + query_of(request),
        )

    @router.api_route("/apply", methods=["GET", "HEAD"])
    async def listed(request: Request) -> Response:
        def work() -> Response:
            language = chosen_language(request)
            return pages.render(
                "apply_list.html",
                language,
                services=[(one.service, _terms(one.service, language)) for one in services.open_to(CHANNEL)],
                title=WORDS[language]("apply_title"),
                base="/apply",
                query=query_of(request),
            )

        return await answered(request, work)

    @router.api_route("/apply/{service}", methods=["GET", "HEAD"])
    async def form(service: str, request: Request) -> Response:
        def work() -> Response:
            running = asking.open_to(CHANNEL, service)
            if running is None:
                return pages.plain(request, 404, "unknown_service")
            return asking.shown(asker_of(request, service), running)

        return await answered(request, work)

    @router.post("/apply/{service}")
    async def apply(service: str, request: Request) -> Response:
        address = request.client.host if request.client else ""

        def work() -> Response:
            running = asking.open_to(CHANNEL, service)
            if running is None:
                return pages.plain(request, 404, "unknown_service")
            if sent_by.too_many(address):
                return pages.plain(request, 429, "too_many", {"Retry-After": "3600"})
            answer = asking.sent(asker_of(request, service), running, sent)
            if counts(answer, sent):
                sent_by.missed(address)
            return answer

        async with form_of(request, services.largest_document) as sent:
            return await answered(request, work)

    return router


def counts(answer: Response, sent: Form | str) -> bool:
    """Whether the form left something behind: a case, or documents that wait for a signature."""
    return answer.status_code == 303 or (
        answer.status_code == 200 and isinstance(sent, Form) and bool(sent.documents)
    )


def query_of(request: Request) -> str:
    """The language that was chosen on a page, for the addresses on it."""
    return f"?lang={chosen_language(request)}" if "lang" in request.query_params else ""


@asynccontextmanager
async def form_of(request: Request, largest: int, parts: int = PARTS) -> AsyncIterator[Form | str]:
    """The form that was sent, in memory until it is done with; the key of what to say when it is none."""
    try:
        async with room_for(request, largest):
            try:
                sent: Form | str = await read_form(request, largest, parts)
            except FormTooLarge:
                sent = "form_too_large"
            except FormMalformed:
                sent = "form_broken"
            yield sent
    except FormNoRoom:
        yield "form_no_room"


def _terms(service: Service, language: str) -> str:
    """The term that is promised; where it goes by the kind of request, each kind's."""
    if service.term:
        return term_in_words(service.term, language)
    kinds = [(one.term, one.names[language]) for one in service.kinds.values()]
    return "; ".join(f"{term_in_words(term, language)} ({name})" for term, name in kinds if term)
