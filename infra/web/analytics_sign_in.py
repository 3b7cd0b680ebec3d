"""/analytics/sign-in and /analytics/sign-out: an electronic signature over a challenge becomes a session's cookie (A8)."""

from __future__ import annotations

import base64

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from domain.access_refusals import SignInFailed
from domain.errors import LANGUAGES, Refusal
from infra.api.problems import Problem
from infra.api.rates import Rate
from infra.api.services import UNAVAILABLE
from infra.web.analytics_asked import PATH, Asked
from infra.web.analytics_reading import AnalyticsServices
from infra.web.analytics_words import analytics_words
from infra.web.assets import Assets
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.till_key import seconds_until
from infra.web.uploads import Form, FormMalformed, FormTooLarge, read_form

log = structlog.get_logger(__name__)

COOKIE = "azyq_analytics"
SIGN_IN, SIGN_OUT = PATH + "/sign-in", PATH + "/sign-out"
_LARGEST_SIGNATURE = 100_000  # bytes: it comes with its chain of certificates
_TOKEN_MOST = 200
_TRIES_A_MINUTE = 20


def token_in(request: Request) -> str:
    """The token of the cookie; "" without one."""
    found = request.cookies.get(COOKIE, "")
    return found if found.isascii() and len(found) <= _TOKEN_MOST else ""


def sign_in_router(services: AnalyticsServices, assets: Assets) -> APIRouter:
    """The page that shows a challenge and takes its signature; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)
    tries = Rate(_TRIES_A_MINUTE / 60, _TRIES_A_MINUTE)

    def shown(request: Request, challenge: str, refusal: Refusal | None = None) -> Response:
        language = chosen_language(request)
        return pages.render(
            "analytics_sign_in.html",
            language,
            200 if refusal is None else 422,
            w=analytics_words(language),
            asked=Asked(language),
            languages={code: f"{SIGN_IN}?lang={code}" for code in LANGUAGES},
            challenge=challenge,
            error="" if refusal is None else refusal.sentence(language),
            action=f"{SIGN_IN}?lang={language}",
            trial=services.trial,
        )

    async def in_turn(request: Request) -> Response | None:
        """What is said to whoever asks too often."""
        try:
            tries.take(request.client.host if request.client else "")
        except Problem as problem:
            return pages.plain(request, problem.status, "too_many", problem.headers)
        return None

    @router.api_route(SIGN_IN, methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        if said := await in_turn(request):
            return said
        try:
            return shown(request, await run_in_threadpool(services.challenge))
        except UNAVAILABLE:
            return pages.plain(request, 503, "unavailable", {"Retry-After": "5"})

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        if said := await in_turn(request):
            return said
        try:
            form = await read_form(request, _LARGEST_SIGNATURE)
        except (FormMalformed, FormTooLarge):
            form = Form({}, {})

        def work() -> Response:
            try:
                session = services.sign_in(form.texts.get("challenge", ""), _signature(form))
            except Refusal as refusal:
                return shown(request, services.challenge(), refusal)
            answer = RedirectResponse(Asked(chosen_language(request)).link(), 303, headers=HEADERS)
            answer.set_cookie(
                COOKIE,
                session.token,
                max_age=max(0, int(seconds_until(session.expires_at, services.now()))),
                path=PATH,
                secure=request.url.scheme == "https" or not services.trial,
                httponly=True,
                # Not "strict": an address that a colleague passed on is to open; these pages change nothing.
                samesite="lax",
            )
            return answer

        try:
            return await run_in_threadpool(work)
        except UNAVAILABLE as error:
            log.warning("not_available", error=type(error).__name__)
            return pages.plain(request, 503, "unavailable", {"Retry-After": "5"})

    @router.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        if token_in(request):
            await run_in_threadpool(services.sign_out, request)
        answer = RedirectResponse(f"{SIGN_IN}?lang={chosen_language(request)}", 303, headers=HEADERS)
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
        return answer

    return router


def _signature(form: Form) -> str:
    """The signature in base64: as it was pasted, or the bytes of a file, which may be text already."""
    content = form.documents.get("file", b"")
    if not content:
        return "".join(form.texts.get("signature", "").split())
    if len(content) > _LARGEST_SIGNATURE:
        raise SignInFailed("signature")
    text = content.strip()
    if text.startswith(b"-----BEGIN"):
        return base64.b64encode(text).decode()
    try:
        base64.b64decode(b"".join(text.split()), validate=True)
    except ValueError:
        return base64.b64encode(content).decode()
    return b"".join(text.split()).decode()
