"""The till (R25–R27): a page for a shop without software of its own, a terminal like any other.

The page is the same for all; what it shows, its script asks for under /till/v1/ (`infra.web.till.key`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response

from domain.commands.terminals import IssuedKey, credentials_of
from infra.api.counter.models import EnrolCall, read_call
from infra.api.counter.terminal_auth import TerminalAuth
from infra.api.counter.terminals import ENROLS_A_MINUTE
from infra.api.problems import Problem
from infra.api.rates import Rate
from infra.api.services import CounterServices
from infra.api.strict_json import check_media_type, parse_object, read_body
from infra.counter.reader import Question, WhoAmI
from infra.web.assets import Assets
from infra.web.pages import POLICY, Pages, chosen_language
from infra.web.till.key import COOKIE, keep_key, key_in, seconds_until
from infra.web.till.words import script_words, till_words

# The decoder of the camera's pictures is WebAssembly, which runs only where that is said; the camera's picture itself
# is a stream, no address. Nothing else than on the wallet's pages.
_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
assert POLICY != _POLICY


def till_router(services: CounterServices, auth: TerminalAuth, assets: Assets) -> APIRouter:
    """GET /till; POST /till/enrol, /till/rotate and /till/leave, which set the cookie, change it and end it."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)
    tries = Rate(ENROLS_A_MINUTE / 60, ENROLS_A_MINUTE)

    def kept(request: Request, issued: IssuedKey) -> Response:
        body = {"terminal_id": issued.terminal, "expires_at": issued.expires_at.isoformat()}
        response = JSONResponse(body, 201, headers={"Cache-Control": "no-store"})
        secure = request.url.scheme == "https" or services.env == "production"
        keep_key(response, issued.key, seconds_until(issued.expires_at, services.now()), secure)
        return response

    @router.api_route("/till", methods=["GET", "HEAD"])
    async def till(request: Request) -> HTMLResponse:
        language = chosen_language(request)
        return pages.render(
            "till.html",
            language,
            headers=_HEADERS,
            w=till_words(language),
            script_words=script_words(language),
            base="/till",
            title="azyq",
        )

    @router.post("/till/enrol")
    async def enrol(request: Request) -> Response:
        tries.take(request.client.host if request.client else "")
        check_media_type(request)  # no form of another site can send one
        call = read_call(EnrolCall, parse_object(await read_body(request)))
        return kept(request, await run_in_threadpool(services.enrol, call.code))

    @router.post("/till/rotate")
    async def rotate(request: Request) -> Response:
        key = key_in(request.headers)
        if not key:
            raise Problem(401, "key_missing")
        check_media_type(request)
        caller = credentials_of(key)
        await auth.ask(Question(caller, services.now(), WhoAmI()))
        return kept(request, await run_in_threadpool(services.rotate, caller))

    @router.post("/till/leave")
    async def leave(request: Request) -> Response:
        check_media_type(request)
        response = Response(status_code=204, headers={"Cache-Control": "no-store"})
        response.delete_cookie(COOKIE, path="/till", httponly=True, samesite="strict")
        return response

    return router
