"""Addresses under /office that are no page: those that a refused form leaves behind lead back, others say what they are."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from infra.web.assets import Assets
from infra.web.office.plain import PATH, SIGN_IN, plain_page
from infra.web.office.words import office_words
from infra.web.pages import HEADERS, Pages, chosen_language

_BACK = {
    "parked/retry": f"{PATH}/parked",
    "parked/discard": f"{PATH}/parked",
    "sign-in/chosen": SIGN_IN,
    "sign-out": PATH,
}


def elsewhere_router(trial: bool, assets: Assets) -> APIRouter:
    """What no other address under /office is; it comes after them."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)

    @router.api_route(PATH + "/{rest:path}", methods=["GET", "HEAD", "POST"])
    async def elsewhere(rest: str, request: Request) -> Response:
        language = chosen_language(request)
        page = rest.rstrip("/")
        if request.method != "POST" and (page != rest or not page or page in _BACK):
            way = _BACK.get(page) or (f"{PATH}/{quote(page)}" if page else PATH)
            return RedirectResponse(f"{way}?{urlencode({'lang': language})}", 303, headers=HEADERS)
        w = office_words(language)
        return await run_in_threadpool(
            plain_page,
            pages,
            request,
            trial,
            404,
            w("no_page"),
            w("no_page_why"),
            way=f"{PATH}?lang={language}",
            way_words=w("tab_morning"),
        )

    return router
