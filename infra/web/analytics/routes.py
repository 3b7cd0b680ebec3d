"""GET /analytics and /analytics/rows/…: what analysts and auditors read (A4); nobody without access."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from domain.errors import LANGUAGES, Refusal
from infra.api.reading_threads import in_reading_thread, pieces_in_reading_threads
from infra.api.services import UNAVAILABLE
from infra.reporting.running import Request as ReportRequest
from infra.web.analytics.asked import PATH, Asked, read_address
from infra.web.analytics.links import MOST_FIELDS, page_of, sign_in_for
from infra.web.analytics.page import Dashboard
from infra.web.analytics.reading import AnalyticsServices, Reader
from infra.web.analytics.refusals import FieldsTooMany, by_its_label, label_of
from infra.web.analytics.rows import OWN, RowsOf
from infra.web.analytics.sign_in import sign_in_router
from infra.web.analytics.words import analytics_words
from infra.web.assets import Assets
from infra.web.pages import FIRST_LANGUAGE, HEADERS, Pages, chosen_language
from infra.web.words import WORDS

log = structlog.get_logger(__name__)

_NOT_YOURS = ("region_foreign", "region_of_its_own_bodies", "report_not_by_region", "scope_empty")
_SHUT = ("access_blocked", "access_over", "access_unknown")
_NOT_THERE = ("report_unknown", "section_unknown")
_PLAIN = re.compile(rf"{PATH}(?:/[a-z0-9_-]+)*", re.ASCII)
_BEFORE_FIGURES = "<!-- figures -->"


def analytics_router(services: AnalyticsServices, assets: Assets) -> APIRouter:
    """The analysts' pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    router.include_router(sign_in_router(services, assets))
    pages = Pages(assets)

    def refused(
        request: Request, status: int, heading: str, why: str, sign_in: str = "", field: str | None = None
    ) -> Response:
        """`field`: the parameter without which the page may be shown."""
        language = chosen_language(request)
        label = label_of(field, language) if field in request.query_params else ""
        without = page_of(_address(request), language, without=field or "") if label else ""
        return pages.render(
            "analytics_refused.html",
            language,
            status,
            w=analytics_words(language),
            asked=Asked(language),
            languages={
                code: page_of(_address(request), code, instead=True) or Asked(code).link()
                for code in LANGUAGES
            },
            heading=heading,
            why=why,
            sign_in=sign_in,
            without=without,
            label=label,
            trial=services.trial,
        )

    async def answered(request: Request, report: str, work: Callable[[Reader], Response]) -> Response:
        def carefully() -> Response:
            reader = None
            words = analytics_words(chosen_language(request))
            try:
                reader = services.reader(request)
                if reader is None:
                    language = chosen_language(request)
                    way = sign_in_for(page_of(_address(request), language), language)
                    return refused(request, 401, words("sign_in"), words("sign_in_why"), way)
                return work(reader)
            except Refusal as refusal:
                if reader is not None and refusal.code in _NOT_YOURS:
                    region = request.query_params.get("region", "")
                    services.refused(reader, ReportRequest(report, {"region": region}), refusal)
                shut = refusal.code in (*_NOT_YOURS, *_SHUT)
                status = 403 if shut else 404 if refusal.code in _NOT_THERE else 422
                why = by_its_label(refusal, chosen_language(request))
                return refused(request, status, words("refused"), why, field=refusal.field)
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)

        return await in_reading_thread(carefully)

    @router.api_route(PATH, methods=["GET", "HEAD"])
    async def dashboard(request: Request) -> Response:
        def work(reader: Reader) -> Response:
            asked, _ = read_address(_fields(request), chosen_language(request), reader)
            values = Dashboard(services, reader, asked).values()
            headers = {**HEADERS, "Content-Language": asked.language}
            pieces = _in_two(pages.pieces("analytics.html", asked.language, **values), asked.language)
            streamed = pieces_in_reading_threads(pieces)
            return StreamingResponse(streamed, headers=headers, media_type="text/html")

        return await answered(request, "", work)

    @router.api_route(PATH + "/rows/{report}/{section}", methods=["GET", "HEAD"])
    async def rows(report: str, section: str, request: Request) -> Response:
        def work(reader: Reader) -> Response:
            asked, own = read_address(_fields(request), chosen_language(request), reader, OWN)
            found = RowsOf(services, reader, asked, own, report, section)
            return pages.render("analytics_rows.html", asked.language, **found.values())

        return await answered(request, report, work)

    @router.api_route(PATH + "/rows/{report}/{section}/file", methods=["GET", "HEAD"])
    async def file(report: str, section: str, request: Request) -> Response:
        def work(reader: Reader) -> Response:
            asked, own = read_address(_fields(request), chosen_language(request), reader, (*OWN, "form"))
            found = RowsOf(services, reader, asked, own, report, section).file(own["form"])
            headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{found.name}"'}
            return Response(found.body, media_type=found.media_type, headers=headers)

        return await answered(request, report, work)

    # The last of the routes: whatever none of the others answers.
    @router.api_route(PATH + "/{rest:path}", methods=["GET", "HEAD"])
    async def unknown(rest: str, request: Request) -> Response:
        path = request.url.path.rstrip("/")
        if path != request.url.path and _PLAIN.fullmatch(path):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(path + query, 307, headers=HEADERS)
        words = analytics_words(chosen_language(request))
        return refused(request, 404, words("not_there"), words("not_there_why"))

    return router


def _address(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"


def _in_two(pieces: Iterator[str], language: str) -> Iterator[str]:
    """What is known at once, which the browser shows while the figures are read; then the rest."""
    made: list[str] = []
    try:
        for piece in pieces:
            made.append(piece)
            if _BEFORE_FIGURES in piece:
                yield "".join(made)
                made = []
    except (Refusal, *UNAVAILABLE) as error:
        log.warning("not_available", error=type(error).__name__)
        made = [end_of_page(error.sentence(language)) if isinstance(error, Refusal) else cut_off(language)]
    yield "".join(made)


def end_of_page(said: str) -> str:
    """What ends a page that was begun and can't be finished."""
    return f'<section class="refusal" role="alert"><p>{escape(said)}</p></section></main></body></html>'


def cut_off(language: str) -> str:
    """The same where what the figures come from is away; of another language than ours, the state's."""
    return end_of_page(WORDS[language if language in LANGUAGES else FIRST_LANGUAGE]("unavailable_why"))


def _fields(request: Request) -> list[tuple[str, str]]:
    """The address's fields. Raises FieldsTooMany."""
    try:
        return parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise FieldsTooMany(most=MOST_FIELDS) from None
