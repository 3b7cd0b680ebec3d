"""What a terminal keeps at hand: the goods list of a day (R2.3, R6), and the price caps of its shop (R13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, NamedTuple, Protocol

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from domain.commands.terminals import Credentials
from domain.trade.rows import plain_day
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem

_AS_IT_WAS: dict[int | str, dict[str, Any]] = {
    304: {"description": "as it was: If-None-Match names its ETag"}
}


class PositionBody(BaseModel):
    position: int
    names: dict[str, str]
    unit: str


class GoodsBody(BaseModel):
    version: str
    effective_from: date
    effective_to: date | None
    positions: list[PositionBody]


class CapBody(BaseModel):
    programme: str
    rules: str
    cap_tiyn: int


class ArticleBody(BaseModel):
    gtin: str
    name: str
    position: int
    measure: str
    source: str
    caps: list[CapBody]


class PricesBody(BaseModel):
    shop: str
    on: date
    goods_version: str
    articles: list[ArticleBody]


class Tagged(NamedTuple):
    """An answer with its ETag, which follows from less than all of it: `body` makes it."""

    etag: str
    body: Callable[[], BaseModel]


class GoodsServices(Protocol):
    """Called from worker threads."""

    def goods(self, on: date | None) -> Tagged:
        """The official list in force on a day, today by default. Raises GoodsListMissing."""
        ...

    def prices(self, caller: Credentials, shop: str | None) -> Tagged:
        """Today's price caps of the terminal's shop (R13). Raises ShopForeign when `shop` names another, KeyUnknown,
        TerminalRevoked, KeyOver when the key lets nobody in any more (R2.7)."""
        ...


def goods_router(services: GoodsServices, auth: Callable[..., Any]) -> APIRouter:
    """GET /v1/goods, which is public, and /v1/prices; `auth` is the dependency that gives a terminal's Credentials."""
    router = APIRouter(prefix="/v1", tags=["goods"])
    signed_in = Depends(auth)

    @router.get(
        "/goods",
        summary="The goods list in force on a day",
        response_model=GoodsBody,
        responses={**PROBLEMS, **_AS_IT_WAS},
    )
    async def goods(
        request: Request,
        on: Annotated[str | None, Query(description="the day, as 2025-07-05; today by default")] = None,
    ) -> Response:
        day = None if on is None else plain_day(on)
        if on is not None and day is None:
            raise Problem(422, "field_wrong", "/on")
        return await _tagged(request, await run_in_threadpool(services.goods, day), "public, max-age=3600")

    @router.get(
        "/prices",
        summary="Today's price caps of the terminal's shop",
        response_model=PricesBody,
        responses={**PROBLEMS, **_AS_IT_WAS},
    )
    async def prices(
        request: Request,
        shop: Annotated[str | None, Query(description="the terminal's own shop; may be left out")] = None,
        caller: Credentials = signed_in,
    ) -> Response:
        found = await run_in_threadpool(services.prices, caller, shop)
        return await _tagged(request, found, "private, no-cache")

    return router


async def _tagged(request: Request, found: Tagged, keep: str) -> Response:
    headers = {"ETag": found.etag, "Cache-Control": keep}
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or found.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    body = await run_in_threadpool(found.body)
    return JSONResponse(body.model_dump(mode="json"), headers=headers)
