"""Analysts and auditors sign in by an electronic signature over a challenge, and read reports within their scope (A1–A8)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.responses import Response
from fastapi.security.base import SecurityBase
from pydantic import StringConstraints

from domain.access import Grant
from domain.access_refusals import FormatUnknown, ParameterTwice, SectionUnknown, SessionOver
from domain.errors import Refusal
from infra.api.counter.models import Call, read_call, schema_of
from infra.api.counter.terminals import PROBLEMS
from infra.api.problems import language_of
from infra.api.rates import Rate
from infra.api.reading_threads import in_reading_thread
from infra.api.strict_json import check_media_type, parse_object, read_body
from infra.reporting import apart, formats
from infra.reporting.running import Answer, find_report
from infra.reporting.running import Request as ReportRequest

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
POSITION_HEADER = "Azyq-Log-Position"
_LARGEST_SIGN_IN = 200_000  # bytes: a signature comes with its chain of certificates
_TOKEN_MOST = 200
_SIGN_INS_A_MINUTE = 20
_READINGS_PER_SECOND, _READINGS_AT_ONCE = 5.0, 30.0


_ASKED_BY = {
    "programme": "the programme's id",
    "month": "as 2026-03; without it this month, of the pilot's report all",
    "on": "a day as 2026-03-15; without it today",
    "shop": "the shop's id",
    "region": "a prefix of KATO codes within the reader's own",
    "as_of": "a day (its end), a time (of Almaty, if it has no offset), or a log position: what was known then",
    "format": f"{', '.join(MEDIA_TYPES)}; json by default",
    "section": "one table of the report, for json, csv and parquet",
}


class SessionCall(Call):
    """A challenge, and a detached CMS signature over its bytes (RFC 5652), DER or PEM in base64."""

    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    signature: Annotated[str, StringConstraints(min_length=1, max_length=140_000)]


class Session(Protocol):
    """What a sign-in gives."""

    @property
    def token(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class Caller(NamedTuple):
    """Whoever asks, by the grant that is in force."""

    user: str
    grant: Grant


# As `map` of the answer over the requests, or several at a time.
Each = Callable[[Callable[[ReportRequest], Answer], Sequence[ReportRequest]], Iterable[Answer]]


class AccessServices(Protocol):
    """What analysts ask of the system behind them; called from worker threads. Each may raise a Refusal."""

    def challenge(self) -> str: ...

    def sign_in(self, challenge: str, signature: str) -> Session: ...

    def sign_out(self, token: str) -> None: ...

    def caller(self, token: str) -> Caller: ...

    def read(self, caller: Caller, request: ReportRequest, form: str) -> Answer: ...

    def read_all(
        self, caller: Caller, requests: Sequence[ReportRequest], form: str, each: Each = map
    ) -> list[Answer]: ...

    def refuse(self, caller: Caller, request: ReportRequest, refusal: Refusal) -> None: ...

    def named(self, answer: Answer, language: str) -> Answer: ...


class SessionAuth(SecurityBase):
    """A FastAPI dependency: whose session the Bearer token is, by the log as it is now."""

    def __init__(self, services: AccessServices) -> None:
        self.model = HTTPBearerModel(description="the token of POST /v1/access/sessions")
        self.scheme_name = "analystSession"
        self._services = services
        self._rate = Rate(_READINGS_PER_SECOND, _READINGS_AT_ONCE)
        self._strangers = Rate(1.0, _READINGS_AT_ONCE)

    async def __call__(self, request: Request) -> Caller:
        """Raises SessionOver, AccessBlocked, AccessOver, and Problem 429."""
        token = token_of(request)
        address = request.client.host if request.client else ""
        self._strangers.take(address)
        found = await in_reading_thread(self._services.caller, token)
        self._strangers.give_back(address)
        self._rate.take(found.user)
        return found


def token_of(request: Request) -> str:
    """The Bearer token. Raises SessionOver without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SessionOver
    return token.strip()[:_TOKEN_MOST]


def access_router(services: AccessServices) -> APIRouter:
    """POST /v1/access/challenge, POST and DELETE /v1/access/sessions, GET /v1/reports/{name}."""
    router = APIRouter(tags=["analysts"])
    auth = SessionAuth(services)
    signed_in = Depends(auth)
    tries = Rate(_SIGN_INS_A_MINUTE / 60, _SIGN_INS_A_MINUTE)

    @router.post(
        "/v1/access/challenge",
        summary="A text to sign, good for five minutes and one sign-in",
        status_code=201,
        responses=PROBLEMS,
    )
    async def challenge(request: Request) -> Response:
        tries.take(request.client.host if request.client else "")
        return _told({"challenge": await in_reading_thread(services.challenge)})

    @router.post(
        "/v1/access/sessions",
        summary="A session for whoever signed the challenge",
        status_code=201,
        responses=PROBLEMS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_of(SessionCall)}},
            }
        },
    )
    async def sign_in(request: Request) -> Response:
        check_media_type(request)
        call = read_call(SessionCall, parse_object(await read_body(request, _LARGEST_SIGN_IN)))
        session = await in_reading_thread(services.sign_in, call.challenge, call.signature)
        return _told({"token": session.token, "expires_at": session.expires_at.isoformat()})

    @router.delete("/v1/access/sessions", summary="Sign out", status_code=204, responses=PROBLEMS)
    async def sign_out(request: Request) -> Response:
        await in_reading_thread(services.sign_out, token_of(request))
        return Response(status_code=204)

    @router.get(
        "/v1/reports/{name}",
        summary="A report within the reader's scope; the reading is recorded",
        responses=PROBLEMS,
        openapi_extra={"parameters": [_described(name, what) for name, what in _ASKED_BY.items()]},
    )
    async def report(name: str, request: Request, caller: Caller = signed_in) -> Response:
        return await in_reading_thread(_report, services, caller, name, request)

    return router


def _described(name: str, what: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}, "description": what}


def _told(body: dict[str, str]) -> Response:
    return Response(
        orjson.dumps(body), 201, headers={"Cache-Control": "no-store"}, media_type="application/json"
    )


def _report(services: AccessServices, caller: Caller, name: str, request: Request) -> Response:
    given = request.query_params.multi_items()
    parameters = dict(given)
    form = parameters.pop("format", "json")
    section, as_of = parameters.pop("section", ""), parameters.pop("as_of", "")
    # "+" of an offset comes as a blank where it was not escaped
    asked = ReportRequest(name, parameters, as_of)
    try:
        if len({key for key, _ in given}) != len(given):
            raise ParameterTwice
        if form not in MEDIA_TYPES:
            raise FormatUnknown("format", formats=", ".join(MEDIA_TYPES))
        sections = [one.id for one in find_report(name).sections]
        if section and section not in sections:
            raise SectionUnknown("section", sections=", ".join(sections))
    except Refusal as refusal:
        services.refuse(caller, asked, refusal)
        raise
    language = language_of(request.headers.get("accept-language", ""))
    answer = services.named(services.read(caller, asked, form), language)
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language,
        POSITION_HEADER: str(answer.log_position),
    }
    if form != "json":
        file = f"{answer.report.id}-{answer.log_position}.{form}"
        headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return Response(_WRITTEN[form](answer, section, language), 200, headers, MEDIA_TYPES[form])


def _json(answer: Answer, section: str, language: str) -> bytes:
    told = formats.as_dict(answer, language)
    if section:
        told["sections"] = {section: told["sections"][section]}
    return orjson.dumps(told)


def _csv(answer: Answer, section: str, _: str) -> bytes:
    return "".join(formats.as_csv(answer, section or None)).encode()


def _xlsx(answer: Answer, _: str, language: str) -> bytes:
    return apart.xlsx(answer, language)


def _parquet(answer: Answer, section: str, _: str) -> bytes:
    file = io.BytesIO()
    formats.write_parquet(answer, file, section or None)
    return file.getvalue()


_WRITTEN: dict[str, Callable[[Answer, str, str], bytes]] = {
    "json": _json,
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
