"""State services over HTTP: what is asked for, and how they are kept up (S002-10, S002-36)."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from domain.procedures.acts import Actor
from domain.procedures.case_refusals import ServiceNotInForce, ServiceUnknown
from infra.api.cases import models
from infra.api.cases.routes import day_in
from infra.api.cases.services import CaseServices
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.staff_auth import StaffAuth

_LISTED = ("service", "version", "name", "kinds")


def state_services_router(services: CaseServices, auth: StaffAuth) -> APIRouter:
    """GET /v1/services, /v1/services/{id} for anybody; /v1/services/{id}/levels for its staff."""
    router = APIRouter(prefix="/v1/services", tags=["cases"])
    signed_in = Depends(auth)

    @router.get("", summary="The services in force", response_model=models.ServiceList, responses=PROBLEMS)
    async def every() -> Response:
        found = await run_in_threadpool(services.services)
        return _json({"services": [{name: one[name] for name in _LISTED} for one in found]})

    @router.get(
        "/{id}",
        summary="What a service asks for, and its steps",
        response_model=models.ServiceAnswer,
        responses=PROBLEMS,
    )
    async def one_of(id: str) -> Response:
        for one in await run_in_threadpool(services.services):
            if one["service"] == id:
                return _json(one)
        raise Problem(404, "not_found")

    @router.get(
        "/{id}/levels",
        summary="How a service is kept up, of cases received in a period",
        response_model=models.LevelsAnswer,
        responses=PROBLEMS,
        openapi_extra={
            "parameters": [
                {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
                for name, about in (
                    ("from", "a day; 90 days ago by default"),
                    ("to", "a day; today by default"),
                )
            ]
        },
    )
    async def levels(request: Request, id: str, caller: Actor = signed_in) -> Response:
        start, end = day_in(request, "from"), day_in(request, "to")
        try:
            told = await run_in_threadpool(services.levels, caller, id, start, end)
        except (ServiceUnknown, ServiceNotInForce):
            raise Problem(404, "not_found") from None
        return _json(told, "private, no-store")

    return router


def _json(body: dict[str, Any], kept: str = "public, max-age=60") -> Response:
    return Response(orjson.dumps(body), headers={"Cache-Control": kept}, media_type="application/json")
