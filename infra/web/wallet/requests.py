"""GET, POST /w/{token}/apply/{service}: what a family asks for from its wallet, such as a complaint about a shop (R30).

Which services take requests from the wallet is said by their files (the channel `wallet`). What the wallet knows of the
family is not asked again (S003-11): name, phone, place; the shops to choose from are those where it bought or can buy.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from domain.family import FamilyVouchers
from infra.api.services import UNAVAILABLE
from infra.web.assets import Assets
from infra.web.cases.apply import counts, form_of, query_of
from infra.web.cases.asking import Asker, Asking
from infra.web.cases.reading import CasePagesServices
from infra.web.guesses import Guesses
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.wallet.page import stage_of
from infra.web.wallet.reading import ShopShown, WalletServices

CHANNEL = "wallet"
REQUESTS_AN_HOUR = 10  # of one wallet
_TOKEN = re.compile(r"[0-9A-Za-z]{16}", re.ASCII)


def wallet_requests_router(wallet: WalletServices, services: CasePagesServices, assets: Assets) -> APIRouter:
    """The wallet's forms; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages, guesses = Pages(assets), Guesses()
    asking = Asking(services, pages)
    sent_by = Guesses(REQUESTS_AN_HOUR, 3600.0)

    async def answered(
        request: Request, token: str, answer: Callable[[Asker], Response], service: str
    ) -> Response:
        def work() -> Response:
            address = request.client.host if request.client else ""
            try:
                stream = wallet.stream_of(token) if _TOKEN.fullmatch(token) else None
                family = wallet.family(stream) if stream else None
                stage = stage_of(family, wallet.month_of(family), wallet.now()) if family else None
                if stream is None or family is None or stage is None:
                    if guesses.too_many(address):
                        return pages.plain(request, 429, "too_many", {"Retry-After": "60"})
                    guesses.missed(address)
                    return pages.plain(request, 404, "unknown")
                if stage in ("ended", "withdrawn"):
                    return RedirectResponse(f"/w/{token}{query_of(request)}", 303, headers=HEADERS)
                shops = [purchase.shop for purchase in wallet.purchases(stream)]
                known = services.known_of(family) | {"shop": _shops(wallet, family, shops)}
                language = chosen_language(request)
                return answer(
                    Asker(
                        CHANNEL,
                        family.applicant,
                        known,
                        language,
                        wallet.month_of(family).programme.names.get(language, ""),
                        f"/w/{token}/apply/{service}",
                        query_of(request),
                        f"/w/{token}{query_of(request)}",
                    )
                )
            except UNAVAILABLE as error:
                return pages.unavailable(request, error, "unavailable_voucher")

        return await run_in_threadpool(work)

    @router.api_route("/w/{token}/apply/{service}", methods=["GET", "HEAD"])
    async def form(token: str, service: str, request: Request) -> Response:
        def answer(asker: Asker) -> Response:
            running = asking.open_to(CHANNEL, service)
            return asking.shown(asker, running) if running else pages.plain(request, 404, "unknown_service")

        return await answered(request, token, answer, service)

    @router.post("/w/{token}/apply/{service}")
    async def apply(token: str, service: str, request: Request) -> Response:
        def answer(asker: Asker) -> Response:
            running = asking.open_to(CHANNEL, service)
            if running is None:
                return pages.plain(request, 404, "unknown_service")
            if sent_by.too_many(asker.subject):
                return pages.plain(request, 429, "too_many", {"Retry-After": "3600"})
            made = asking.sent(asker, running, sent)
            if counts(made, sent):
                sent_by.missed(asker.subject)
            return made

        async with form_of(request, services.largest_document) as sent:
            return await answered(request, token, answer, service)

    return router


def _shops(wallet: WalletServices, family: FamilyVouchers, bought: list[str]) -> list[str]:
    """Shops as a complaint names them: where the family bought first, then the others of its place."""
    near = wallet.shops(family)
    known = {shop.id: _shop(shop) for shop in near}
    names = wallet.shop_names(sorted({*bought} - {*known}))
    here = {
        shop: known.get(shop) or f"{names[shop]} ({shop})"
        for shop in bought
        if shop in known or shop in names
    }
    return list({**here, **known}.values())


def _shop(shop: ShopShown) -> str:
    return f"{', '.join(part for part in (shop.name, shop.address) if part)} ({shop.id})"
