"""Cases over HTTP: open, act, hold a sitting, see what there is to do (S000-L1 to S000-L6, S002-36)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from domain.calendar import day_start, local_day
from domain.checked_file import FIRST_YEAR, LAST_YEAR
from domain.procedures.acts import Actor
from domain.trade.rows import plain_day
from infra.api.cases import models
from infra.api.cases.services import CaseServices, ListAsked
from infra.api.counter.models import Call, read_call, schema_of
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.staff_auth import SCHEME, StaffAuth, key_in
from infra.api.strict_json import check_media_type, parse_object, read_body

MAX_BODY_BYTES = 256 * 1024
MOST_LISTED = 500
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_STATES = ("open", "escalated", "closed", "refused")
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "of the caller's making, one for each thing it wants; the same again gets the same answer",
}
_ABOUT: dict[str, tuple[str, dict[str, Any]]] = {
    "state": ("open steps (default), those escalated to you, or cases that are over", {"enum": [*_STATES]}),
    "role": ("one of your roles; all by default", {"maxLength": 60}),
    "service": ("of one service; closed and refused cases are listed by service", {"maxLength": 60}),
    "due": ("overdue, today, or a day: what is due by its end", {"maxLength": 10}),
    "mine": ("yes: without what is assigned to others", {"enum": ["yes", "no"]}),
    "after": ("where the page before ended", {"maxLength": 400}),
    "limit": ("at most so many", {"pattern": "^[1-9][0-9]{0,2}$"}),
}

C = TypeVar("C", bound=Call)
T = TypeVar("T", models.OpenCall, models.ActCall, models.SittingCall)


def cases_router(services: CaseServices, auth: StaffAuth) -> APIRouter:
    """The addresses under /v1/cases, /v1/sittings and /v1/staff."""
    router = APIRouter(prefix="/v1", tags=["cases"])
    signed_in = Depends(auth)

    @router.post("/cases", **_described(models.OpenCall, models.OpenedAnswer, "Open a case (S000-L1)"))
    async def open_case(request: Request) -> Response:
        caller = await auth(request)
        key, call = key_of(request), await read_json(request, models.OpenCall)
        return _json(201, await run_in_threadpool(services.open, caller, call, key))

    @router.post(
        "/cases/{id}/acts", **_described(models.ActCall, models.ActAnswer, "Act on a case (S002-36)")
    )
    async def act(request: Request, id: str) -> Response:
        caller = await auth(request)
        key, call = key_of(request), await read_json(request, models.ActCall)
        return _json(201, await run_in_threadpool(services.act, caller, id, call, key))

    @router.post(
        "/cases/{id}/assignments",
        **_described(models.ReassignCall, models.ReassignAnswer, "Give a step to another person"),
    )
    async def reassign(request: Request, id: str) -> Response:
        caller = await auth(request)
        key, call = key_of(request), await read_json(request, models.ReassignCall)
        return _json(201, await run_in_threadpool(services.reassign, caller, id, call, key))

    @router.post(
        "/sittings",
        **_described(models.SittingCall, models.SittingAnswer, "Decide on many cases at once (S000-T16)"),
    )
    async def sit(request: Request) -> Response:
        caller = await auth(request)
        key, call = key_of(request), await read_json(request, models.SittingCall)
        return _json(201, await run_in_threadpool(services.hold_sitting, caller, call, key))

    async def to_sign(request: Request, model: type[T], id: str = "") -> Response:
        caller = await auth(request)
        call = await read_json(request, model)
        content = await run_in_threadpool(services.to_sign, caller, call, id)
        return _json(200, {"content": base64.b64encode(content).decode()})

    @router.post("/cases/content", **_told(models.OpenCall, "What a signature of an application is over"))
    async def sign_case(request: Request) -> Response:
        return await to_sign(request, models.OpenCall)

    @router.post("/cases/{id}/acts/content", **_told(models.ActCall, "What a signature of an act is over"))
    async def sign_act(request: Request, id: str) -> Response:
        return await to_sign(request, models.ActCall, id)

    @router.post("/sittings/content", **_told(models.SittingCall, "What a signature of a sitting is over"))
    async def sign_sitting(request: Request) -> Response:
        return await to_sign(request, models.SittingCall)

    @router.get(
        "/cases",
        summary="What there is to do, or cases that are over",
        response_model=models.CaseList,
        responses=PROBLEMS,
        openapi_extra={
            "parameters": [
                {"name": name, "in": "query", "description": about, "schema": {"type": "string", **schema}}
                for name, (about, schema) in _ABOUT.items()
            ]
        },
    )
    async def listed(request: Request, caller: Actor = signed_in) -> Response:
        asked = _list_asked(request, services.now)
        cases, after = await run_in_threadpool(services.listed, caller, asked)
        return _json(200, {"cases": cases, "after": after})

    @router.get(
        "/cases/{id}", summary="A case as it stands", response_model=models.CaseAnswer, responses=PROBLEMS
    )
    async def by_number(id: str, caller: Actor = signed_in) -> Response:
        return _json(200, await run_in_threadpool(services.case, caller, id))

    @router.get(
        "/cases/{id}/documents/{sha256}",
        summary="A document of a case",
        response_class=Response,
        responses={**PROBLEMS, 200: {"description": "the document", "content": {"*/*": {}}}},
    )
    async def document(id: str, sha256: str, caller: Actor = signed_in) -> Response:
        found = await run_in_threadpool(services.document, caller, id, sha256)
        if found is None:
            raise Problem(404, "not_found")
        kind, content = found
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": "attachment",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, media_type=kind, headers=headers)

    @router.get("/staff/me", summary="Whose key it is", response_model=models.StaffAnswer, responses=PROBLEMS)
    async def whose(caller: Actor = signed_in) -> Response:
        return _json(200, {"staff": caller.id, "roles": list(caller.roles), "unit": caller.unit})

    @router.post(
        "/staff/rotate",
        summary="Another key; the one it is asked for with works 24 hours more",
        status_code=201,
        response_model=models.StaffKeyAnswer,
        responses=PROBLEMS,
    )
    async def rotate(request: Request, caller: Actor = signed_in) -> Response:
        issued = await run_in_threadpool(services.rotate, key_in(request))
        return _json(
            201, {"staff": caller.id, "key": issued.key, "expires_at": issued.expires_at.isoformat()}
        )

    return router


def _list_asked(request: Request, now: Callable[[], datetime]) -> ListAsked:
    """The query of a list. Raises Problem 422 with a pointer to what is wrong with it."""
    given = request.query_params
    asked: dict[str, str] = {}
    for name in given:
        if name not in _ABOUT:
            raise Problem(422, "field_unknown", f"/{name[:60]}")
        if len(given.getlist(name)) > 1:
            raise Problem(422, "field_wrong", f"/{name}")
        if len(given[name]) > int(_ABOUT[name][1].get("maxLength", 10)) or not given[name].isprintable():
            raise Problem(422, "field_wrong", f"/{name}")
        asked[name] = given[name]
    state, limit = asked.get("state", "open"), asked.get("limit", "100")
    if state not in _STATES:
        raise Problem(422, "field_wrong", "/state")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", limit, re.ASCII) or int(limit) > MOST_LISTED:
        raise Problem(422, "field_wrong", "/limit")
    if asked.get("mine", "no") not in ("yes", "no"):
        raise Problem(422, "field_wrong", "/mine")
    if state in ("closed", "refused") and not asked.get("service"):
        raise Problem(422, "field_missing", "/service")
    return ListAsked(
        cast(Any, state),
        asked.get("role", ""),
        asked.get("service", ""),
        _due_before(asked.get("due", ""), now),
        asked.get("mine") == "yes",
        asked.get("after") or None,
        int(limit),
    )


def _due_before(due: str, now: Callable[[], datetime]) -> datetime | None:
    if not due:
        return None
    if due == "overdue":
        return now()
    day = local_day(now()) if due == "today" else _day(due, "due")
    return day_start(day + timedelta(days=1))


def day_in(request: Request, name: str) -> date | None:
    """A day of the query, None where it is not asked for. Raises Problem 422."""
    given = request.query_params.getlist(name)
    if not given:
        return None
    if len(given) > 1:
        raise Problem(422, "field_wrong", f"/{name}")
    return _day(given[0], name)


def _day(text: str, name: str) -> date:
    day = plain_day(text)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Problem(422, "field_wrong", f"/{name}")
    return day


async def read_json(request: Request, model: type[C]) -> C:
    """The body of a request, strictly read. Raises Problem."""
    raw = await read_body(request, MAX_BODY_BYTES, "body_above_256_kb")
    check_media_type(request)
    return read_call(model, parse_object(raw))


def key_of(request: Request) -> str:
    """The idempotency key of a request. Raises Problem 400."""
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing")
    return key


def _json(status: int, body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "private, no-store"}
    return Response(orjson.dumps(body), status, headers=headers, media_type="application/json")


def _described(call: type[Call], answer: type[Any], summary: str) -> dict[str, Any]:
    """What OpenAPI tells of a call, whose body is read by hand because it is read strictly."""
    return {
        "summary": summary,
        "status_code": 201,
        "response_model": answer,
        "responses": PROBLEMS,
        "openapi_extra": {
            "security": [{SCHEME: []}],
            "parameters": [KEY_HEADER],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_of(call)}},
            },
        },
    }


def _told(call: type[Call], summary: str) -> dict[str, Any]:
    """The same of a call that records nothing."""
    described = _described(call, models.ToSignAnswer, summary) | {"status_code": 200}
    extra = {name: one for name, one in described["openapi_extra"].items() if name != "parameters"}
    return described | {"openapi_extra": extra}
