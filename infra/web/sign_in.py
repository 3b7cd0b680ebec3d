"""Sign-in pages: an electronic signature over a challenge becomes a session's cookie (A8, docs/adr/0016)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from domain.errors import Refusal
from domain.signature_refusals import SignatureNotCms
from infra.api.access import Session
from infra.api.problems import Problem
from infra.api.rates import Rate
from infra.api.services import UNAVAILABLE
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.till.key import seconds_until
from infra.web.uploads import Form, read_form

_LARGEST_SIGNATURE = 100_000  # bytes: it comes with its chain of certificates
_TOKEN_MOST = 200
_TRIES_A_MINUTE = 60  # from one address, which may be an office's at nine in the morning


class SigningServices(Protocol):
    """Called from worker threads."""

    trial: bool

    def challenge(self) -> str:
        """A text to sign, for one sign-in within five minutes."""
        ...

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge. Raises a Refusal."""
        ...

    def sign_out(self, request: Request) -> None:
        """End the session of the cookie."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...


@dataclass(frozen=True)
class Door:
    """The pages behind a sign-in: their path, the cookie, and how the sign-in is shown: (request, challenge, refusal).

    `going`: the address below `path` that is opened afterwards; "" for the first page.
    """

    path: str
    cookie: str
    same_site: Literal["lax", "strict"]
    shown: Callable[[Request, str, Refusal | None], Response]
    going: Callable[[Request], str] = lambda _: ""

    @property
    def sign_in(self) -> str:
        return f"{self.path}/sign-in"


def token_in(request: Request, cookie: str) -> str:
    """The token of the cookie; "" without one."""
    found = request.cookies.get(cookie, "")
    return found if found.isascii() and len(found) <= _TOKEN_MOST else ""


def from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site's page makes this request."""
    # SameSite keeps the session's cookie from such a request; where no session is needed, this keeps it out.
    if site := request.headers.get("sec-fetch-site", ""):
        return site not in ("same-origin", "none")
    # Older browsers tell the origin only; ours is "null", for our pages name themselves to nobody.
    origin = request.headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.headers.get("host", "")


def let_in(request: Request, door: Door, session: Session, services: SigningServices) -> Response:
    """To the pages, with the session's cookie."""
    going = door.going(request) or f"{door.path}?lang={chosen_language(request)}"
    answer = RedirectResponse(going, 303, headers=HEADERS)
    answer.set_cookie(
        door.cookie,
        session.token,
        max_age=max(0, int(seconds_until(session.expires_at, services.now()))),
        path=door.path,
        secure=request.url.scheme == "https" or not services.trial,
        httponly=True,
        samesite=door.same_site,
    )
    return answer


def door_router(services: SigningServices, door: Door, pages: Pages) -> APIRouter:
    """The page that shows a challenge and takes its signature; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    tries = Rate(_TRIES_A_MINUTE / 60, _TRIES_A_MINUTE)

    async def in_turn(request: Request) -> Response | None:
        """What is said to whoever asks too often."""
        try:
            tries.take(request.client.host if request.client else "")
        except Problem as problem:
            return pages.plain(request, problem.status, "too_many", problem.headers)
        return None

    @router.api_route(door.sign_in, methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        if said := await in_turn(request):
            return said
        try:
            return await run_in_threadpool(lambda: door.shown(request, services.challenge(), None))
        except UNAVAILABLE as error:
            return pages.unavailable(request, error)

    @router.post(door.sign_in)
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
                return door.shown(request, services.challenge(), refusal)
            return let_in(request, door, session, services)

        try:
            return await run_in_threadpool(work)
        except UNAVAILABLE as error:
            return pages.unavailable(request, error)

    @router.post(f"{door.path}/sign-out")
    async def sign_out(request: Request) -> Response:
        if token_in(request, door.cookie):
            await run_in_threadpool(services.sign_out, request)
        answer = RedirectResponse(f"{door.sign_in}?lang={chosen_language(request)}", 303, headers=HEADERS)
        answer.delete_cookie(door.cookie, path=door.path, httponly=True, samesite=door.same_site)
        return answer

    return router


def _signature(form: Form) -> str:
    """The signature in base64: as it was pasted, or the bytes of a file, which may be text already."""
    content = form.documents.get("file", b"")
    if not content:
        return "".join(form.texts.get("signature", "").split())
    if len(content) > _LARGEST_SIGNATURE:
        raise SignatureNotCms("signature")
    text = content.strip()
    if text.startswith(b"-----BEGIN"):
        return base64.b64encode(text).decode()
    try:
        base64.b64decode(b"".join(text.split()), validate=True)
    except ValueError:
        return base64.b64encode(content).decode()
    return b"".join(text.split()).decode()
