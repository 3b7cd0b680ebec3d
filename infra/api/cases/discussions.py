"""Public discussions over HTTP, for portals that show them: no key is needed, for anybody may comment (S002-03, S002-04).

So many comments an hour are taken from one address; a portal, through which many people comment, comes with its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from domain.calendar import ALMATY
from domain.procedures.definition import Field as AskedField
from infra.api.cases import models
from infra.api.cases.discussion_services import Discussion, DiscussionServices, PublicPaper
from infra.api.cases.routes import KEY_HEADER, key_of, read_json
from infra.api.counter.models import Call, schema_of
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.staff_auth import SCHEME, StaffAuth


class CommentCall(Call):
    """A comment: by field of `asks`, as the discussion tells it."""

    fields: models.Values = Field(default_factory=dict)


class CommentAnswer(BaseModel):
    """The comment is recorded under a number of its own, by which the report answers it."""

    case: str
    number: int


class DiscussionDocument(BaseModel):
    """A document that anybody may read, at `documents/{sha256}`."""

    name: models.Names
    sha256: str
    type: str
    size: int


class DiscussionSaid(BaseModel):
    """Something that was said with the draft, or with the report."""

    field: str
    name: models.Names
    value: str


class DiscussionInList(BaseModel):
    """A discussion; `name` of the service, `draft` of the draft; `open`: comments are taken, `until` when."""

    case: str
    name: models.Names
    draft: str
    opened_at: str
    until: str | None
    open: bool


class DiscussionAnswer(DiscussionInList):
    """All of a discussion. `report`: the paths of the report (S002-F2), empty until it is posted."""

    comments: int
    about: list[DiscussionSaid]
    documents: list[DiscussionDocument]
    asks: list[models.FieldShown]
    report: Annotated[list[str], Field(description="HTML and DOCX")]
    answer: list[DiscussionSaid]
    reworked: list[DiscussionDocument]


class DiscussionList(BaseModel):
    """Those that go on, the one that ends first in front, then those that are over."""

    discussions: list[DiscussionInList]


def discussions_router(services: DiscussionServices, auth: StaffAuth) -> APIRouter:
    """The addresses under /v1/discussions."""
    router = APIRouter(prefix="/v1/discussions", tags=["discussions"])

    @router.get(
        "", summary="Drafts under public discussion", response_model=DiscussionList, responses=PROBLEMS
    )
    async def every() -> Response:
        rows = await run_in_threadpool(services.listed)
        told = [
            {
                "case": row.case,
                "name": dict(row.service),
                "draft": row.draft,
                "opened_at": _when(row.opened_at),
                "until": _when(row.until),
                "open": row.open,
            }
            for row in rows
        ]
        return _json(200, {"discussions": told})

    @router.get("/{case}", summary="A discussion", response_model=DiscussionAnswer, responses=PROBLEMS)
    async def one(case: str) -> Response:
        return _json(200, _shown(await run_in_threadpool(services.found, case)))

    @router.get(
        "/{case}/documents/{sha256}",
        summary="A document of the draft or of the report",
        response_class=Response,
        responses={**PROBLEMS, 200: {"description": "the document", "content": {"*/*": {}}}},
    )
    async def document(case: str, sha256: str) -> Response:
        found = await run_in_threadpool(services.document, case, sha256)
        if found is None:
            raise Problem(404, "not_found")
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(found[1], media_type=found[0], headers=headers)

    @router.post(
        "/{case}/comments",
        summary="Comment on a draft (S002-04)",
        status_code=201,
        response_model=CommentAnswer,
        responses=PROBLEMS,
        openapi_extra={
            "security": [{SCHEME: []}, {}],
            "parameters": [KEY_HEADER],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_of(CommentCall)}},
            },
        },
    )
    async def comment(case: str, request: Request) -> Response:
        key, call = key_of(request), await read_json(request, CommentCall)
        whose, limited = request.client.host if request.client else "", True
        if "authorization" in request.headers:
            whose, limited = (await auth(request)).id, False
        number = await run_in_threadpool(services.comment, case, call.fields, {}, key, whose, limited)
        return _json(201, {"case": case, "number": number})

    return router


def _shown(told: Discussion) -> dict[str, Any]:
    base = f"/discussions/{told.case.case}/report"
    return {
        "case": told.case.case,
        "name": dict(told.service.names),
        "draft": told.draft,
        "opened_at": _when(told.opened_at),
        "until": _when(told.until),
        "open": told.open,
        "comments": told.comments,
        "about": _said(told.about),
        "documents": _documents(told.documents),
        "asks": list(told.asks),
        "report": [f"{base}.html", f"{base}.docx"] if told.posted else [],
        "answer": _said(told.answer),
        "reworked": _documents(told.reworked),
    }


def _said(said: Sequence[tuple[AskedField, str]]) -> list[dict[str, Any]]:
    return [{"field": one.id, "name": dict(one.names), "value": value} for one, value in said]


def _documents(papers: Sequence[PublicPaper]) -> list[dict[str, Any]]:
    return [
        {"name": dict(one.names), "sha256": one.sha256, "type": one.type, "size": one.size} for one in papers
    ]


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(ALMATY).isoformat(timespec="seconds")


def _json(status: int, body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), status, headers=headers, media_type="application/json")
