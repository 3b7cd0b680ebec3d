"""The counter over HTTP: check a code, buy, capture or void, bring back, look up (R25–R27).

Nothing here waits for a thread or the database: what is asked goes into a lane and is awaited.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from domain.code_refusals import CodeExpired, CodeNotYetValid
from domain.commands import counter_calls as calls
from domain.commands.terminals import Credentials
from domain.voucher_refusals import UnknownRedemption
from infra.api.counter import models
from infra.api.counter.often import Answered, Asked, Endpoint
from infra.api.counter.terminal_auth import SCHEME, TerminalAuth, full
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import Problem
from infra.api.services import CounterServices
from infra.api.strict_json import check_media_type, parse_object, read_body
from infra.counter import answers
from infra.counter.admission import Caller
from infra.counter.lanes import LaneFull
from infra.counter.reader import Check, Find, Found, Left, Question
from infra.counter.writer import Wanted
from infra.qr.codec import SignedCode

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ID = re.compile(r"[0-9a-f]{32}")
_RECEIPT_MOST = 64
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "of the terminal's making, one for each thing it wants; the same again gets the same answer",
}

M = TypeVar("M", bound=models.Call)
Q = TypeVar("Q", models.CheckCall, models.RedemptionCall)


class Counter:
    """The addresses of contract.md under /v1/vouchers and /v1/redemptions; `often` are those asked most, by path."""

    def __init__(self, services: CounterServices, auth: TerminalAuth) -> None:
        self.often: dict[str, Endpoint] = {}
        self.router = _router(services, auth, self.often)


def _router(services: CounterServices, auth: TerminalAuth, often: dict[str, Endpoint]) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["terminals"])
    signed_in = Depends(auth)

    async def write(caller: Credentials, at: datetime, call: Callable[[Caller], calls.Call]) -> calls.Answer:
        try:
            return await services.lanes.writing.ask(Wanted(caller, at, call))
        except LaneFull:
            raise full() from None

    def shown(signed: SignedCode, at: datetime) -> calls.ShownCode:
        try:
            signed.code.check_time(at)
        except (CodeExpired, CodeNotYetValid) as refusal:
            # Not refused yet: whoever asks again for what he bought with it gets his answer.
            return calls.ShownCode(signed.digest, signed.code.issued_at, refusal)
        return calls.ShownCode(signed.digest, signed.code.issued_at)

    @router.post(
        "/vouchers/check", **_described(models.CheckCall, models.CheckAnswer, 200, "What is left (R26)")
    )
    async def check(request: Request) -> Response:
        return _response(await checked(request))

    async def checked(request: Asked) -> Answered:
        caller = await auth.let_in(request)
        call = await _read(request, models.CheckCall)
        at = services.now()
        signed = services.qr_keys.verify(call.code)
        left = await auth.ask(Question(caller, at, Check(signed.code.stream, shown(signed, at))))
        assert isinstance(left, Left)
        return _answered(
            200,
            {
                "family": left.family,
                "available_tiyn": left.available_tiyn,
                "vouchers": [{"voucher": voucher, "available_tiyn": tiyn} for voucher, tiyn in left.vouchers],
                "valid_until": left.valid_until.isoformat(),
                "goods_version": left.goods_version,
            },
        )

    @router.post(
        "/redemptions",
        **_described(
            models.RedemptionCall, models.RedemptionAnswer, 201, "Buy, or hold (R25, R27)", keyed=True
        ),
    )
    async def redeem(request: Request) -> Response:
        return _response(await redeemed(request))

    async def redeemed(request: Asked) -> Answered:
        caller = await auth.let_in(request)
        key = _key(request)
        call = await _read(request, models.RedemptionCall)
        if call.draw_tiyn is not None and call.draws is not None:
            raise Problem(422, "draw_twice", "/draws")
        at = services.now()
        signed = services.qr_keys.verify(call.code)
        code = shown(signed, at)
        draws = None if call.draws is None else tuple((draw.voucher, draw.draw_tiyn) for draw in call.draws)

        def purchase(who: Caller) -> calls.Call:
            return calls.Purchase(
                stream=signed.code.stream,
                shop=who.shop,
                terminal=who.terminal,
                cashier=call.cashier,
                receipt=call.receipt,
                key=key,
                lines=call.basket(),
                at=at,
                draw_tiyn=call.draw_tiyn,
                capture=call.capture,
                draws=draws,
                partial=call.partial,
                code=code,
            )

        answer = await write(caller, at, purchase)
        assert isinstance(answer, calls.Bought)
        return _answered(201, answers.bought(answer))

    async def settle(request: Request, redemption: str, model: type[M]) -> Response:
        caller = await auth.let_in(request)
        key = _key(request)
        call = await _body(request, model, optional=True)
        found = _redemption(redemption)
        reason = call.reason if isinstance(call, models.VoidCall) else ""
        at = services.now()

        def settlement(who: Caller) -> calls.Call:
            captured = not isinstance(call, models.VoidCall)
            return calls.Settlement(found, who.shop, who.terminal, key, at, captured, reason)

        answer = await write(caller, at, settlement)
        assert isinstance(answer, calls.Settled)
        return _json(200, answers.bought(answer))

    @router.post(
        "/redemptions/{id}/capture",
        **_described(
            models.CaptureCall, models.RedemptionAnswer, 200, "It was paid (R27)", keyed=True, optional=True
        ),
    )
    async def capture(request: Request, id: str) -> Response:
        return await settle(request, id, models.CaptureCall)

    @router.post(
        "/redemptions/{id}/void",
        **_described(
            models.VoidCall,
            models.RedemptionAnswer,
            200,
            "It came to nothing (R27)",
            keyed=True,
            optional=True,
        ),
    )
    async def void(request: Request, id: str) -> Response:
        return await settle(request, id, models.VoidCall)

    @router.post(
        "/redemptions/{id}/reversals",
        **_described(
            models.ReversalCall, models.ReversalAnswer, 201, "Goods came back, whole or by line", keyed=True
        ),
    )
    async def reverse(request: Request, id: str) -> Response:
        caller = await auth.let_in(request)
        key = _key(request)
        call = await _body(request, models.ReversalCall)
        found = _redemption(id)
        lines = None if call.lines is None else tuple((line.line, line.quantity) for line in call.lines)
        at = services.now()
        answer = await write(
            caller,
            at,
            lambda who: calls.Return(found, who.shop, who.terminal, key, at, lines, call.reason),
        )
        assert isinstance(answer, calls.Returned)
        return _json(201, answers.returned(answer))

    async def find(caller: Credentials, what: Find) -> Response:
        found = await auth.ask(Question(caller, services.now(), what))
        assert isinstance(found, Found)
        return _json(200, found.body)

    @router.get(
        "/redemptions/{id}",
        summary="What became of a purchase, of this shop",
        response_model=models.RedemptionStanding,
        responses=PROBLEMS,
    )
    async def by_id(id: str, caller: Credentials = signed_in) -> Response:
        return await find(caller, Find(_redemption(id), None))

    @router.get(
        "/redemptions",
        summary="What became of a purchase of this shop, by its receipt",
        response_model=models.RedemptionStanding,
        responses=PROBLEMS,
        openapi_extra={
            "parameters": [
                {
                    "name": "receipt",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1, "maxLength": _RECEIPT_MOST},
                }
            ]
        },
    )
    async def by_receipt(request: Request, caller: Credentials = signed_in) -> Response:
        receipt = request.query_params.get("receipt")
        if receipt is None:
            raise Problem(422, "field_missing", "/receipt")
        if not 1 <= len(receipt) <= _RECEIPT_MOST or not receipt.isprintable():
            raise UnknownRedemption("id")
        return await find(caller, Find(None, receipt))

    often["/v1/vouchers/check"] = checked
    often["/v1/redemptions"] = redeemed
    return router


def _answered(status: int, body: dict[str, Any]) -> Answered:
    return Answered(status, orjson.dumps(body))


def _response(answer: Answered) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")


def _json(status: int, body: dict[str, Any]) -> Response:
    return _response(_answered(status, body))


async def _read(request: Asked, model: type[Q]) -> Q:
    """The body as `model`, of the calls that come all day."""
    raw = await read_body(request)
    check_media_type(request)
    return models.read_quickly(model, raw) or models.read_call(model, parse_object(raw))


async def _body(request: Request, model: type[M], optional: bool = False) -> M:
    """The body as `model`; nothing at all where it is optional is an empty one."""
    raw = await read_body(request)
    if optional and not raw:
        return model()
    check_media_type(request)
    return models.read_call(model, parse_object(raw))


def _key(request: Asked) -> str:
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing")
    return key


def _redemption(id: str) -> str:
    """The id in a path. Raises UnknownRedemption for what can be none."""
    if not _ID.fullmatch(id):
        raise UnknownRedemption("id")
    return id


def _described(
    call: type[models.Call],
    answer: type[Any],
    status: int,
    summary: str,
    keyed: bool = False,
    optional: bool = False,
) -> dict[str, Any]:
    """What OpenAPI tells of a call, whose body is read by hand because it is read strictly."""
    schema = models.schema_of(call)
    return {
        "summary": summary,
        "status_code": status,
        "response_model": answer,
        "responses": PROBLEMS,
        "openapi_extra": {
            "security": [{SCHEME: []}],
            **({"parameters": [_KEY_HEADER]} if keyed else {}),
            "requestBody": {
                "required": not optional,
                "content": {"application/json": {"schema": schema}},
            },
        },
    }
