"""The recipient's page (R7, R23, R25, R26, R28, R30): the month's vouchers behind the link of the SMS.

A GET changes nothing, so that nobody who only looks at a link (a preview, a scanner of SMS, a prefetch) opens a
voucher; the page opens it by a POST of its own as soon as a browser shows it (docs/adr/0009).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.programmes import ProgrammeMonth
from infra.api.services import UNAVAILABLE
from infra.qr.image import svg
from infra.web.assets import Assets
from infra.web.guesses import Guesses
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.wallet.page import Stage, code_shown, stage_of, wallet_page
from infra.web.wallet.reading import WalletServices

log = structlog.get_logger(__name__)

_TOKEN = re.compile(r"[0-9A-Za-z]{16}", re.ASCII)
_FORM_BYTES = 2000
Answer = Callable[["Opened"], Response]


class Opened:
    """A link that leads somewhere: the family's month behind it, as of now."""

    def __init__(
        self,
        services: WalletServices,
        request: Request,
        token: str,
        stream: UUID,
        family: FamilyVouchers,
        month: ProgrammeMonth,
        stage: Stage,
    ) -> None:
        self.services = services
        self.request = request
        self.token = token
        self.stream = stream
        self.family = family
        self.month = month
        self.stage = stage
        self.language = chosen_language(request)

    def address(self, page: str = "", **query: object) -> str:
        """A page of this wallet, in the language that was chosen on it."""
        if "lang" in self.request.query_params:
            query["lang"] = self.language
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return f"/w/{self.token}{page}" + (f"?{text}" if text else "")


def wallet_router(services: WalletServices, assets: Assets) -> APIRouter:
    """The wallet's pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages, guesses = Pages(assets), Guesses()

    def opened(request: Request, token: str) -> Opened | Response:
        stream = services.stream_of(token) if _TOKEN.fullmatch(token) else None
        family = services.family(stream) if stream else None
        if stream is not None and family is not None:
            month = services.month_of(family)
            stage = stage_of(family, month, services.now())
            if stage is not None:
                return Opened(services, request, token, stream, family, month, stage)
        # Only a miss waits: phones behind one address of a carrier, or of a proxy, are many families'.
        address = request.client.host if request.client else ""
        if guesses.too_many(address):
            return pages.plain(request, 429, "too_many", {"Retry-After": "60"})
        guesses.missed(address)
        return pages.plain(request, 404, "unknown")

    async def answered(request: Request, token: str, answer: Answer) -> Response:
        def work() -> Response:
            try:
                found = opened(request, token)
                return answer(found) if isinstance(found, Opened) else found
            except UNAVAILABLE as error:
                return pages.unavailable(request, error, "unavailable_voucher")

        return await run_in_threadpool(work)

    def page(found: Opened, status: int = 200, refusal: str = "") -> HTMLResponse:
        values = _common(found) | {"refusal": refusal}
        if found.stage in ("ended", "withdrawn"):
            return pages.render("ended.html", found.language, 410, **values)
        if found.stage in ("ready", "early"):
            # Shown to a page that may never be seen (a prefetch), the voucher waits for the button.
            unseen = "prefetch" in found.request.headers.get("sec-purpose", "").lower()
            return pages.render("ready.html", found.language, status, unseen=unseen, **values)
        now = services.now()
        shown = wallet_page(services, found.stream, found.family, found.language, now)
        if found.stage == "active":
            values["code"] = code_shown(services.keys.sign(found.stream, now))
        return pages.render("wallet.html", found.language, status, page=shown, **values)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def home(request: Request) -> Response:
        """Whoever came without the link: where to go."""
        return pages.plain(request, 200, "home")

    @router.api_route("/w/{token}", methods=["GET", "HEAD"])
    async def wallet(token: str, request: Request) -> Response:
        return await answered(request, token, page)

    @router.api_route("/w/{token}/full", methods=["GET", "HEAD"])
    async def full(token: str, request: Request) -> Response:
        def answer(found: Opened) -> Response:
            if found.stage != "active":
                return _to(found.address())
            code = code_shown(services.keys.sign(found.stream, services.now()))
            return pages.render("full.html", found.language, code=code, **_common(found))

        return await answered(request, token, answer)

    @router.api_route("/w/{token}/shops/{shop}", methods=["GET", "HEAD"])
    async def shop_prices(token: str, shop: str, request: Request) -> Response:
        """What a shop of the family's place has on the list, and at what price (R6, R13)."""

        def answer(found: Opened) -> Response:
            known = [one for one in services.shops(found.family) if one.id == shop]
            if not known or found.stage not in ("active", "spent"):
                return _to(found.address())
            offers = services.offers(found.family, shop)
            values = _common(found) | {"base": f"/w/{found.token}/shops/{quote(shop, safe='')}"}
            return pages.render("shop.html", found.language, shop=known[0], offers=offers, **values)

        return await answered(request, token, answer)

    @router.get("/w/{token}/code")
    async def code(token: str, request: Request) -> Response:
        """The QR alone, for htmx to put in the place of the last one; the whole page anew when anything changed."""

        def answer(found: Opened) -> Response:
            if found.stage != "active" or request.query_params.get("seen") != str(found.family.version):
                return Response(headers={**HEADERS, "HX-Refresh": "true"})
            shown = code_shown(services.keys.sign(found.stream, services.now()))
            return pages.render("code.html", found.language, code=shown, renewed=True, **_common(found))

        return await answered(request, token, answer)

    @router.api_route("/w/{token}/qr.svg", methods=["GET", "HEAD"])
    async def qr(token: str, request: Request) -> Response:
        def answer(found: Opened) -> Response:
            if found.stage != "active":
                return pages.plain(request, 410 if found.stage in ("ended", "withdrawn") else 404, "unknown")
            signed = services.keys.sign(found.stream, services.now())
            return Response(svg(signed.text), media_type="image/svg+xml", headers=HEADERS)

        return await answered(request, token, answer)

    @router.post("/w/{token}/open")
    async def open_vouchers(token: str, request: Request) -> Response:
        """Activate the month's vouchers (R7): by the page itself when it is shown, or by its button."""

        def answer(found: Opened) -> Response:
            try:
                services.activate(found.stream)
            except Refusal as refusal:
                # The page of what the voucher is now tells it better.
                log.info("not_opened", code=refusal.code)
            if request.headers.get("hx-request"):
                return Response(headers={**HEADERS, "HX-Refresh": "true"})
            return _to(found.address())

        return await answered(request, token, answer)

    @router.post("/w/{token}/ratings")
    async def rate(token: str, request: Request) -> Response:
        """Rate the service at a purchase (R30)."""
        form = await _form(request)

        def answer(found: Opened) -> Response:
            redemption, stars = form.get("redemption", ""), form.get("stars", "")
            try:
                services.rate(found.stream, redemption, int(stars) if stars in _STARS else 0)
            except Refusal as refusal:
                return page(found, 422, refusal.sentence(found.language))
            return _to(found.address() + f"#p-{redemption}")

        return await answered(request, token, answer)

    return router


_STARS = ("1", "2", "3", "4", "5")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form, each once; nothing of what is larger or is no form."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _common(found: Opened) -> dict[str, Any]:
    return {
        "family": found.family,
        "month": found.month,
        "stage": found.stage,
        "address": found.address,
        "base": f"/w/{found.token}",
        "title": found.month.programme.names.get(found.language, ""),
    }


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, headers=HEADERS)
