"""Terminals: a key for a one-time code, another key (R2.7)."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from domain.commands.terminals import Credentials, IssuedKey
from infra.api.counter.models import EnrolCall, KeyAnswer, read_call, schema_of
from infra.api.counter.terminal_auth import TerminalAuth
from infra.api.problems import MEDIA_TYPE
from infra.api.rates import Rate
from infra.api.services import CounterServices
from infra.api.sms.models import ProblemBody
from infra.api.strict_json import check_media_type, parse_object, read_body

ENROLS_A_MINUTE = 20
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "model": ProblemBody,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
}


def terminals_router(services: CounterServices, auth: TerminalAuth) -> APIRouter:
    """POST /v1/terminals/enrol and /v1/terminals/rotate."""
    router = APIRouter(prefix="/v1/terminals", tags=["terminals"])
    signed_in = Depends(auth)
    tries = Rate(ENROLS_A_MINUTE / 60, ENROLS_A_MINUTE)

    @router.post(
        "/enrol",
        summary="A key for a one-time code; it is shown once",
        status_code=201,
        response_model=KeyAnswer,
        responses=PROBLEMS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_of(EnrolCall)}},
            }
        },
    )
    async def enrol(request: Request) -> Response:
        tries.take(request.client.host if request.client else "")
        check_media_type(request)
        call = read_call(EnrolCall, parse_object(await read_body(request)))
        return _shown(await run_in_threadpool(services.enrol, call.code))

    @router.post(
        "/rotate",
        summary="Another key; the one it is asked for with works 24 hours more",
        status_code=201,
        response_model=KeyAnswer,
        responses=PROBLEMS,
    )
    async def rotate(caller: Credentials = signed_in) -> Response:
        return _shown(await run_in_threadpool(services.rotate, caller))

    return router


def _shown(issued: IssuedKey) -> Response:
    body = {
        "terminal_id": issued.terminal,
        "key": issued.key,
        "expires_at": issued.expires_at.isoformat(),
    }
    return Response(
        orjson.dumps(body), 201, headers={"Cache-Control": "no-store"}, media_type="application/json"
    )
