"""GET /v/{seal}: whether a paper is genuine, for whoever points a phone at its QR (S000-07, S003-A03).

The seal tells whether the paper is ours; the log, whether it still stands. The page tells numbers and days, and nothing
of the person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from domain.calendar import local_day
from infra.api.services import UNAVAILABLE
from infra.papers.case_words import WORDS
from infra.papers.seal import Seal, Verdict, verify
from infra.papers.spelling import day_in_words
from infra.qr.keys import QrKeys
from infra.web.assets import Assets
from infra.web.cases.paper_standing import PaperStanding, Standing
from infra.web.pages import Pages, chosen_language

log = structlog.get_logger(__name__)

LONGEST_SHOWN = 500


def paper_check_router(
    keys: QrKeys,
    now: Callable[[], datetime],
    standing: Callable[[Seal], PaperStanding],
    assets: Assets,
) -> APIRouter:
    """The page behind the QR of papers; /V/ is the same, for codes are in capitals. `standing` may block."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)

    @router.api_route("/v/{seal}", methods=["GET", "HEAD"])
    @router.api_route("/V/{seal}", methods=["GET", "HEAD"])
    async def check(seal: str, request: Request) -> HTMLResponse:
        language = chosen_language(request)
        found = verify(seal, keys, local_day(now()))
        verdict, rows, status = found.verdict.value, [], 404
        if found.seal is not None and found.verdict in (Verdict.GENUINE, Verdict.EXPIRED):
            try:
                stands = await run_in_threadpool(standing, found.seal)
            except UNAVAILABLE as error:
                log.warning("not_available", error=type(error).__name__)
                verdict, rows, status = "unchecked", _rows(found.seal, None, language), 503
            else:
                if stands.standing is Standing.UNRECORDED:
                    verdict = stands.standing.value
                else:
                    rows, status = _rows(found.seal, stands, language), 200
                    verdict = verdict if stands.standing is Standing.IN_FORCE else stands.standing.value
        return pages.render(
            "paper_check.html",
            language,
            status,
            {"Retry-After": "5"} if status == 503 else {},
            verdict=verdict,
            words=WORDS[language],
            rows=rows,
            base=request.url.path if len(seal) <= LONGEST_SHOWN else "",
            title="azyq",
        )

    return router


def _rows(seal: Seal, stands: PaperStanding | None, language: str) -> list[tuple[str, str]]:
    words = WORDS[language]
    last = words["no_end"] if seal.valid_until is None else day_in_words(seal.valid_until, language)
    rows = [
        (words["result_number"], seal.result),
        (words["case_number"], seal.case),
        (words["issued_on"], day_in_words(seal.issued_on, language)),
        (words["valid_until"], last),
    ]
    if stands is not None and stands.ended_on is not None:
        rows.append((words[f"{stands.standing}_on"], day_in_words(stands.ended_on, language)))
    if stands is not None and stands.replaced_by:
        rows.append((words["replaced_by"], stands.replaced_by))
    return rows
