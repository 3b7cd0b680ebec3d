"""GET /v/{seal}: whether a paper is genuine, for whoever points a phone at its QR (S000-07, S003-A03).

The page tells no more than the seal says: numbers and days. Nothing of the person is in it, and nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from domain.calendar import local_day
from infra.papers.case_words import WORDS
from infra.papers.seal import Verdict, verify
from infra.papers.spelling import day_in_words
from infra.qr.keys import QrKeys
from infra.web.assets import Assets
from infra.web.pages import Pages, chosen_language

LONGEST_SHOWN = 500


def paper_check_router(keys: QrKeys, now: Callable[[], datetime], assets: Assets) -> APIRouter:
    """The page behind the QR of papers; /V/ is the same, for codes are in capitals."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)

    @router.api_route("/v/{seal}", methods=["GET", "HEAD"])
    @router.api_route("/V/{seal}", methods=["GET", "HEAD"])
    async def check(seal: str, request: Request) -> HTMLResponse:
        language = chosen_language(request)
        found = verify(seal, keys, local_day(now()))
        genuine = found.verdict in (Verdict.GENUINE, Verdict.EXPIRED)
        words = WORDS[language]
        rows = []
        if found.seal is not None and genuine:
            until = found.seal.valid_until
            last = words["no_end"] if until is None else day_in_words(until, language)
            rows = [
                (words["result_number"], found.seal.result),
                (words["case_number"], found.seal.case),
                (words["issued_on"], day_in_words(found.seal.issued_on, language)),
                (words["valid_until"], last),
            ]
        return pages.render(
            "paper_check.html",
            language,
            200 if genuine else 404,
            verdict=found.verdict.value,
            words=words,
            rows=rows,
            base=request.url.path if len(seal) <= LONGEST_SHOWN else "",
            title="azyq",
        )

    return router
