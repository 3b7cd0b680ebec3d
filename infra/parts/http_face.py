"""The HTTP face as a FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from domain.errors import Refusal
from domain.seal import Sealed
from infra.api.access import AccessServices, access_router
from infra.api.cases.discussion_services import DiscussionServices
from infra.api.cases.discussions import discussions_router
from infra.api.cases.papers import papers_router
from infra.api.cases.routes import cases_router
from infra.api.cases.services import CaseServices
from infra.api.cases.state_services import state_services_router
from infra.api.counter.goods import GoodsServices, goods_router
from infra.api.counter.often import Often
from infra.api.counter.qr_keys import qr_keys_router
from infra.api.counter.routes import Counter
from infra.api.counter.sales import SalesServices, sales_router
from infra.api.counter.terminal_auth import TerminalAuth
from infra.api.counter.terminals import terminals_router
from infra.api.failures import Failures
from infra.api.handed_on import HandedOn, Place, Reached
from infra.api.metrics import Requests, Watched, metrics_router, new_registry
from infra.api.problems import Problem, problem_response
from infra.api.published.schemas import schemas_router
from infra.api.seals import seals_router
from infra.api.services import ApiServices, CounterServices
from infra.api.sms.routes import sms_router
from infra.api.staff_auth import StaffAuth
from infra.measuring import Counts
from infra.sms.webhooks import SignatureMissing, SignatureWrong, TimestampOff
from infra.web.analytics.asked import PATH as ANALYTICS
from infra.web.analytics.reading import AnalyticsServices
from infra.web.analytics.routes import analytics_router, cut_off
from infra.web.assets import Assets
from infra.web.cases.apply import apply_router
from infra.web.cases.discussion import discussion_router
from infra.web.cases.paper_check import paper_check_router
from infra.web.cases.reading import CasePagesServices
from infra.web.cases.status import status_router
from infra.web.office.elsewhere import elsewhere_router
from infra.web.office.lists import lists_router
from infra.web.office.lists_reading import ListServices
from infra.web.office.reading import OfficeServices
from infra.web.office.routes import office_router
from infra.web.pages import Pages
from infra.web.till.key import TillKey
from infra.web.till.routes import till_router
from infra.web.wallet.reading import WalletServices
from infra.web.wallet.requests import wallet_requests_router
from infra.web.wallet.routes import wallet_router

# Each keeps some connections to PostgreSQL, which takes 100 from all processes if nobody has told it otherwise; two cores
# have work for no more. Tills' purchases don't wait for them.
THREADS = 12

log = structlog.get_logger(__name__)


def create_app(
    services: ApiServices,
    real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    watched: Watched | None = None,
    wallet: WalletServices | None = None,
    counter: CounterServices | None = None,
    goods: GoodsServices | None = None,
    sales: SalesServices | None = None,
    seals: Callable[[], Sequence[Sealed]] | None = None,
    access: AccessServices | None = None,
    case_pages: CasePagesServices | None = None,
    cases: CaseServices | None = None,
    discussions: DiscussionServices | None = None,
    analytics: AnalyticsServices | None = None,
    office: OfficeServices | None = None,
    lists: ListServices | None = None,
    counts: Counts | None = None,
    reached: Reached | None = None,
) -> FastAPI:
    """The application over `services`; `real_now` is the clock that signatures are checked by.

    With `watched` there is /metrics too (of `counts`), with `wallet` the recipient's pages and the keys of their codes,
    with `counter` what terminals call and the page that is one, with `goods` too what they keep at hand, with `sales` their
    day, with `seals` those of the log, with `access` what analysts read, with `case_pages` the pages of requests and of
    those who make them, with `cases` what clerks and portals call, with `discussions` drafts that anybody comments on,
    with `analytics` the pages of analysts, with `office` those of staff, with `lists` too
    those of lists that are brought in. With `reached` it is another process that answers analysts
    (`create_reading_app`).

    Raises ValueError when the webhook secret is none. Addresses hold phones and a token (Kannel's), so the
    server's own access log is to be off.
    """
    app = Often(
        lifespan=_few_threads,
        title="azyq",
        summary="Digital food vouchers",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for kind in (Problem, Refusal, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _refused)
    if counter is not None:
        auth = TerminalAuth(counter)
        tills = Counter(counter, auth)
        app.often = tills.often
        app.add_middleware(TillKey)
    assets = Assets()
    if reached is not None:
        app.add_middleware(HandedOn, places=_places(Pages(assets)), reached=reached)
    app.add_middleware(Failures)
    if watched is not None:
        counts = counts or Counts()
        app.add_middleware(Requests, observe=counts.observe)
        app.observe, app.refused = counts.observe, counts.refused
        app.include_router(metrics_router(new_registry(watched, counts)))
    app.include_router(sms_router(services, real_now))
    app.include_router(schemas_router())
    app.include_router(assets.router())
    if wallet is not None:
        app.include_router(wallet_router(wallet, assets))
        app.include_router(qr_keys_router(wallet.keys))
    if case_pages is not None:
        app.include_router(status_router(case_pages, assets))
        app.include_router(apply_router(case_pages, assets))
        if wallet is not None:
            app.include_router(wallet_requests_router(wallet, case_pages, assets))
            app.include_router(paper_check_router(wallet.keys, wallet.now, case_pages.standing, assets))
    if discussions is not None:
        app.include_router(discussion_router(discussions, assets))
    if seals is not None:
        app.include_router(seals_router(seals))
    if access is not None:
        app.include_router(access_router(access))
    if analytics is not None:
        app.include_router(analytics_router(analytics, assets))
    if office is not None:
        app.include_router(office_router(office, assets))
        if lists is not None:
            app.include_router(lists_router(lists, office, assets))
        app.include_router(elsewhere_router(office.trial, assets))
    if cases is not None:
        staff = StaffAuth(cases.authenticate, cases.staff_per_second)
        app.include_router(cases_router(cases, staff))
        app.include_router(papers_router(cases, staff))
        app.include_router(state_services_router(cases, staff))
        if discussions is not None:
            app.include_router(discussions_router(discussions, staff))
    if counter is not None:
        app.include_router(terminals_router(counter, auth))
        app.include_router(sales_router(counter, sales, auth))
        app.include_router(tills.router)
        app.include_router(till_router(counter, auth, assets))
        if goods is not None:
            app.include_router(goods_router(goods, auth))

    @app.get("/healthz", tags=["operators"], summary="The process is up")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", tags=["operators"], summary="What we stand on works")
    async def readyz() -> JSONResponse:
        try:
            parts = await run_in_threadpool(services.ready)
        except Exception as error:
            log.warning("not_ready", error=type(error).__name__)
            parts = {"services": False}
        ready = all(part is not False for part in parts.values())
        return JSONResponse({"status": "ready" if ready else "not ready", **parts}, 200 if ready else 503)

    return app


@asynccontextmanager
async def _few_threads(_: FastAPI) -> AsyncIterator[None]:
    """While the application runs: threads for what blocks are as many as PostgreSQL has connections for."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def create_reading_app(access: AccessServices, analytics: AnalyticsServices) -> FastAPI:
    """What analysts read, for a process of its own (`infra.api.handed_on`); paths of `_places` alone come to it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for kind in (Problem, Refusal, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _refused)
    app.add_middleware(Failures)
    app.include_router(access_router(access))
    app.include_router(analytics_router(analytics, Assets()))
    return app


def _places(pages: Pages) -> list[Place]:
    def page(request: Request) -> Response:
        return pages.unavailable(request)

    def problem(request: Request) -> Response:
        return problem_response(request, Problem(503, "not_available", headers={"Retry-After": "5"}))

    return [
        Place(ANALYTICS, page, lambda language: cut_off(language).encode()),
        Place("/v1/access", problem),
        Place("/v1/reports", problem),
    ]


async def _refused(request: Request, error: Exception) -> Response:
    response = _answer_of(request, error)
    refused = getattr(request.app, "refused", None)
    if refused is not None and isinstance(error, Problem | Refusal) and response.status_code < 500:
        refused(getattr(request.scope.get("route"), "path", ""), error.code)
    return response


def _answer_of(request: Request, error: Exception) -> Response:
    if isinstance(error, SignatureMissing | SignatureWrong | TimestampOff):
        return problem_response(request, error, 401)
    if isinstance(error, Problem | Refusal):
        return problem_response(request, error)
    if isinstance(error, HTTPException):
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return problem_response(request, Problem(error.status_code, code, headers=error.headers))
    return problem_response(request, Problem(422, "field_wrong"))
