"""What a till wants to know besides its purchases: what one would come to, and what was sold today."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Protocol

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from domain.calendar import local_day
from domain.code_refusals import CodeExpired, CodeNotYetValid
from domain.commands.counter_calls import ShownCode
from domain.commands.terminals import Credentials
from domain.trade.rows import plain_day
from infra.api.counter import models
from infra.api.counter.terminal_auth import SCHEME, TerminalAuth
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.services import CounterServices
from infra.api.strict_json import check_media_type, parse_object, read_body
from infra.counter.admission import Caller
from infra.counter.answers import quoted
from infra.counter.reader import Question, Quote, Quoted, WhoAmI


class PreviewCall(models.Call):
    """A basket as in a purchase, without what names it."""

    code: Annotated[str, Field(min_length=1, max_length=300)]
    lines: Annotated[list[models.LineCall], Field(max_length=1000)]
    draw_tiyn: Annotated[int, Field(ge=0, le=10**12)] | None = None
    draws: Annotated[list[models.DrawCall], Field(max_length=100)] | None = None
    partial: bool = False


class PreviewAnswer(BaseModel):
    """What a purchase of this basket would be answered now; `pays_tiyn` is the most the vouchers may pay for it.
    `draw` is what they pay in this programme: the discount, or the discounted price."""

    draw: Literal["discount", "price"]
    pays_tiyn: int
    drawn_tiyn: int
    available_tiyn: int
    remaining_tiyn: int
    lines: list[models.LineAnswer]
    left_out: list[models.LeftOut]
    draws: list[models.DrawAnswer]


class Sale(BaseModel):
    """A purchase of the day; sums are without what came back."""

    redemption: str
    receipt: str
    status: str
    bought_at: datetime
    drawn_tiyn: int
    shelf_total_tiyn: int
    price_total_tiyn: int


class Day(BaseModel):
    """A shop's day; the sums (tiyn) are of all that was captured, `purchases` the newest, of any status."""

    name: str
    count: int
    drawn_tiyn: int
    shelf_total_tiyn: int
    price_total_tiyn: int
    purchases: list[Sale]


class SalesAnswer(Day):
    """The day of a terminal's shop."""

    shop: str
    on: date


class SalesServices(Protocol):
    """Called from worker threads."""

    def day(self, shop: str, on: date) -> Day:
        """What a shop sold by vouchers on a local day; as new as the views are."""
        ...


def sales_router(services: CounterServices, sales: SalesServices | None, auth: TerminalAuth) -> APIRouter:
    """POST /v1/vouchers/preview; GET /v1/sales with `sales`."""
    router = APIRouter(prefix="/v1", tags=["terminals"])
    signed_in = Depends(auth)

    @router.post(
        "/vouchers/preview",
        summary="What a purchase would come to; nothing is recorded",
        response_model=PreviewAnswer,
        responses=PROBLEMS,
        openapi_extra={
            "security": [{SCHEME: []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": models.schema_of(PreviewCall)}},
            },
        },
    )
    async def preview(request: Request) -> Response:
        caller = await auth(request)
        check_media_type(request)
        call = models.read_call(PreviewCall, parse_object(await read_body(request)))
        if call.draw_tiyn is not None and call.draws is not None:
            raise Problem(422, "draw_twice", "/draws")
        at = services.now()
        signed = services.qr_keys.verify(call.code)
        refusal = None
        try:
            signed.code.check_time(at)
        except (CodeExpired, CodeNotYetValid) as too:
            refusal = too
        draws = None if call.draws is None else tuple((draw.voucher, draw.draw_tiyn) for draw in call.draws)
        code = ShownCode(signed.digest, signed.code.issued_at, refusal)
        basket = tuple(line.basket_line() for line in call.lines)
        quote = Quote(signed.code.stream, code, basket, call.draw_tiyn, draws, call.partial)
        answer = await auth.ask(Question(caller, at, quote))
        assert isinstance(answer, Quoted)
        return Response(orjson.dumps(quoted(answer)), media_type="application/json")

    if sales is None:
        return router

    @router.get(
        "/sales",
        summary="What this shop sold by vouchers on a day",
        response_model=SalesAnswer,
        responses=PROBLEMS,
    )
    async def day(
        on: Annotated[str | None, Query(description="the day, as 2025-07-05; today by default")] = None,
        caller: Credentials = signed_in,
    ) -> Response:
        asked = local_day(services.now()) if on is None else plain_day(on)
        if asked is None:
            raise Problem(422, "field_wrong", "/on")
        who = await auth.ask(Question(caller, services.now(), WhoAmI()))
        assert isinstance(who, Caller)
        found = await run_in_threadpool(sales.day, who.shop, asked)
        answer = SalesAnswer(shop=who.shop, on=asked, **dict(found))
        return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "private, no-store"})

    return router
