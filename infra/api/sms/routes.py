"""Where SMS gateways call: replies and delivery reports, signed JSON or Kannel's query strings."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse

from domain.ports import DeliveryReport, IncomingReply
from infra.api.problems import MEDIA_TYPE, Problem
from infra.api.services import ApiServices, ReplyOutcome
from infra.api.sms.kannel_query import decoded, kannel_parameters
from infra.api.sms.models import (
    ProblemBody,
    ReceiptAnswer,
    ReceiptCall,
    ReplyAnswer,
    ReplyCall,
    checked,
    incoming,
    storable,
    time_from,
)
from infra.api.strict_json import check_media_type, parse_object, read_body
from infra.sms.kannel import DELIVERY_STATUS
from infra.sms.webhooks import secret_bytes, verify

_MAX_ID = 200


def sms_router(services: ApiServices, real_now: Callable[[], datetime]) -> APIRouter:
    """The addresses of contract.md under /v1/sms. Raises ValueError when the webhook secret is none."""
    router = APIRouter(prefix="/v1/sms", tags=["SMS gateways"])
    key = secret_bytes(services.sms_secret)

    async def signed_object(request: Request) -> dict[str, Any]:
        body = await read_body(request)
        # Signed before read: a stranger's body is never parsed.
        verify(key, request.headers, body, real_now())
        check_media_type(request)
        return parse_object(body)

    def record(reply: IncomingReply) -> ReplyOutcome:
        (outcome,) = services.record_replies([reply])
        return outcome

    @router.post("/replies", **_described(ReplyCall, ReplyAnswer, "A reply of a recipient (R21, R22)"))
    async def replies(request: Request) -> JSONResponse:
        call = checked(ReplyCall, await signed_object(request))
        reply = incoming(call, services.now(), "http")
        outcome = await run_in_threadpool(record, reply)
        return JSONResponse({"outcome": outcome.outcome}, 202)

    @router.post("/receipts", **_described(ReceiptCall, ReceiptAnswer, "A delivery report"))
    async def receipts(request: Request) -> JSONResponse:
        call = checked(ReceiptCall, await signed_object(request))
        at = time_from(call.received_at) if call.received_at else services.now()
        await run_in_threadpool(services.record_reports, [DeliveryReport(call.message_id, call.status, at)])
        return JSONResponse({"outcome": "recorded"}, 202)

    def check_token(token: str) -> None:
        if not hmac.compare_digest(token.encode("utf-8", "replace"), services.kannel_token.encode()):
            raise Problem(404, "not_found")

    @router.get(
        "/kannel/{token}",
        response_class=PlainTextResponse,
        summary="A reply, by Kannel's get-url",
        openapi_extra={"parameters": _parameters("from", "text", optional=("to", "id", "charset"))},
        responses=_PROBLEMS,
    )
    async def kannel_reply(request: Request, token: str) -> PlainTextResponse:
        check_token(token)
        given = kannel_parameters(request.scope["query_string"])
        charset = decoded(given.get("charset", b""), "latin1")
        sender = _line(given, "from", required=True)
        to = _line(given, "to")
        raw = _required(given, "text")
        now = services.now()
        message_id = _line(given, "id") or _derived_id(services.kannel_token, now, sender, to, raw)
        text = storable(decoded(raw, charset))
        reply = IncomingReply(message_id, sender, to, text, now, "kannel")
        outcome = await run_in_threadpool(record, reply)
        return PlainTextResponse(outcome.answer or "")

    @router.get(
        "/kannel/{token}/receipt",
        response_class=PlainTextResponse,
        summary="A delivery report, by Kannel's dlr-url",
        openapi_extra={"parameters": _parameters("id", "status")},
        responses=_PROBLEMS,
    )
    async def kannel_receipt(request: Request, token: str) -> PlainTextResponse:
        check_token(token)
        given = kannel_parameters(request.scope["query_string"])
        message_id = _line(given, "id", required=True)
        code = _line(given, "status", required=True)
        status = DELIVERY_STATUS.get(int(code)) if code in _STATUS_CODES else None
        if status is None:
            raise Problem(422, "status_unknown", "/status")
        await run_in_threadpool(services.record_reports, [DeliveryReport(message_id, status, services.now())])
        return PlainTextResponse("")

    return router


_STATUS_CODES = frozenset(str(code) for code in DELIVERY_STATUS)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
}


def _described(call: type[Any], answer: type[Any], summary: str) -> dict[str, Any]:
    """What OpenAPI tells of a signed call, whose body is read raw because it is signed."""
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ]
    schema = call.model_json_schema(by_alias=True)
    return {
        "summary": summary,
        "status_code": 202,
        "response_model": answer,
        "responses": {**_PROBLEMS, 401: {**_PROBLEMS["default"], "model": ProblemBody}},
        "openapi_extra": {
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        },
    }


def _parameters(*required: str, optional: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": name in required, "schema": {"type": "string"}}
        for name in (*required, *optional)
    ]


def _required(given: dict[str, bytes], name: str) -> bytes:
    if name not in given:
        raise Problem(422, "field_missing", f"/{name}")
    return given[name]


def _line(given: dict[str, bytes], name: str, required: bool = False) -> str:
    """A short parameter without control characters; "" when it is absent and not required."""
    if name not in given and not required:
        return ""
    text = decoded(_required(given, name), "utf-8").strip()
    # A plus sign that was not escaped (from=+7701…) arrives as a space, and stripping it leaves 7701….
    if (required and not text) or len(text) > _MAX_ID or not text.isprintable():
        raise Problem(422, "field_wrong", f"/{name}")
    return text


def _derived_id(token: str, now: datetime, sender: str, to: str, raw: bytes) -> str:
    """An id for a reply without one: the same for a repeat within the minute; keyed, for it names a phone."""
    minute = str(int(now.timestamp()) // 60)
    content = b"\x00".join((minute.encode(), sender.encode(), to.encode(), raw))
    return "kannel-" + hmac.new(token.encode(), content, hashlib.sha256).hexdigest()[:32]
