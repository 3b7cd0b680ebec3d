"""/analytics/sign-in and /analytics/sign-out (A8)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from domain.errors import LANGUAGES, Refusal
from infra.web.analytics.asked import PATH, Asked
from infra.web.analytics.links import page_of, sign_in_for
from infra.web.analytics.reading import AnalyticsServices
from infra.web.analytics.words import analytics_words
from infra.web.assets import Assets
from infra.web.pages import Pages, chosen_language
from infra.web.sign_in import Door, door_router

COOKIE = "azyq_analytics"


def sign_in_router(services: AnalyticsServices, assets: Assets) -> APIRouter:
    """The page that shows a challenge and takes its signature."""
    pages = Pages(assets)

    def going(request: Request) -> str:
        return page_of(request.query_params.get("to", ""), chosen_language(request))

    def shown(request: Request, challenge: str, refusal: Refusal | None) -> Response:
        language, to = chosen_language(request), going(request)
        return pages.render(
            "analytics_sign_in.html",
            language,
            200 if refusal is None else 422,
            w=analytics_words(language),
            asked=Asked(language),
            languages={code: sign_in_for(page_of(to, code, instead=True), code) for code in LANGUAGES},
            challenge=challenge,
            error="" if refusal is None else refusal.sentence(language),
            action=sign_in_for(to, language),
            trial=services.trial,
        )

    # Not "strict": an address that a colleague passed on is to open; these pages change nothing.
    return door_router(services, Door(PATH, COOKIE, "lax", shown, going), pages)
