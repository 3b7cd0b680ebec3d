"""Uploads: documents of cases, taken by their content, read with a bound, kept encrypted."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from infra.api.cases.models import PaperAnswer
from infra.api.cases.services import CaseServices
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.staff_auth import SCHEME, StaffAuth
from infra.api.strict_json import check_length, read_body
from infra.api.upload_room import NoRoom, TooSlow, UploadRoom, in_pace

LARGEST_AT_ONCE = 8  # documents of the largest size that are in memory at one time, or more that are smaller
AT_ONCE_OF_ONE = 3  # whoever sends slowly leaves room for the others
SEALED_AT_ONCE = 2  # encrypted and kept: each is in memory some times over
_DESCRIBED: dict[str, Any] = {
    "security": [{SCHEME: []}],
    "requestBody": {
        "required": True,
        "description": "the file itself: PDF, PNG, JPEG or DOCX; what it is called is not asked",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
}


def papers_router(services: CaseServices, auth: StaffAuth) -> APIRouter:
    """POST /v1/papers."""
    router = APIRouter(prefix="/v1", tags=["cases"])
    largest = services.largest_document
    room, sealing = UploadRoom(LARGEST_AT_ONCE * largest), asyncio.Semaphore(SEALED_AT_ONCE)
    busy: Counter[str] = Counter()

    @router.post(
        "/papers",
        summary="Upload a document; cases name it by its SHA-256",
        status_code=201,
        response_model=PaperAnswer,
        responses=PROBLEMS,
        openapi_extra=_DESCRIBED,
    )
    async def upload(request: Request) -> Response:
        caller = await auth(request)
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            raise Problem(415, "upload_in_parts")
        if busy[caller.id] >= AT_ONCE_OF_ONE:
            raise Problem(429, "too_many_requests", headers={"Retry-After": "1"})
        size = check_length(request, largest, "upload_too_large")
        busy[caller.id] += 1
        try:
            async with room.held(size):
                async with in_pace() as came:
                    content = await read_body(request, largest, "upload_too_large", came)
                async with sealing:
                    taken = await run_in_threadpool(services.take_paper, caller, content)
        except TooSlow:
            raise Problem(400, "body_incomplete") from None
        except NoRoom:
            raise Problem(503, "not_available", headers={"Retry-After": "10"}) from None
        finally:
            busy[caller.id] -= 1
        headers = {"Cache-Control": "private, no-store"}
        return Response(orjson.dumps(taken), 201, headers=headers, media_type="application/json")

    return router
