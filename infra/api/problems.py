"""Errors as RFC 9457 problem documents, with a stable code and a sentence in the caller's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse

from domain.errors import LANGUAGES, Refusal
from infra.problem_sentences import SENTENCES, at_most

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
# The status of a refusal, 422 but for these.
_STATUS = {
    "redemption_unknown": 404,
    "terminal_key_unknown": 401,
    "terminal_key_expired": 401,
    "terminal_revoked": 403,
    "terminal_key_of_other_environment": 403,
    "shop_foreign": 403,
    "goods_list_missing": 404,
    "challenge_over": 401,
    "sign_in_failed": 401,
    "session_over": 401,
    "access_unknown": 403,
    "access_blocked": 403,
    "access_over": 403,
    "scope_empty": 403,
    "region_foreign": 403,
    "report_not_by_region": 403,
    "region_of_its_own_bodies": 403,
    "report_unknown": 404,
    "staff_key_unknown": 401,
    "staff_key_expired": 401,
    "staff_revoked": 403,
    "staff_key_of_other_environment": 403,
    "case_unknown": 404,
    "discussion_unknown": 404,
    "too_many_requests": 429,
    "not_your_step": 403,
    "not_assigned_to_you": 403,
    "same_person": 403,
    "office_role_missing": 403,
    "brought_list_unknown": 404,
    "may_not_reassign": 403,
    "service_not_yours": 403,
    "role_not_yours": 403,
    "document_too_large": 413,
}
# What a refusal may be about besides the body: no place in it to point to.
_NOT_IN_BODY = {"id", "Idempotency-Key", "actor", "case"}
_PARTS = re.compile(r"^(fields|documents)\.")
_QUALITY = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


class Problem(Exception):
    """A request that is refused: the HTTP `status`, a `code` of ours, and where in the body (`pointer`).

    `limit`: how many bytes are allowed, of what is too large.
    """

    def __init__(
        self,
        status: int,
        code: str,
        pointer: str | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.pointer = pointer
        self.headers = dict(headers or {})
        self.limit = limit
        super().__init__(code)


def language_of(accept_language: str, otherwise: str = "en") -> str:
    """kk, ru or en as `Accept-Language` prefers; `otherwise` when it names none of them."""
    best, language = 0.0, otherwise
    for item in accept_language.split(",")[:30]:
        match = _QUALITY.fullmatch(item)
        if match and match[1].lower() in LANGUAGES and float(match[2] or 1) > best:
            best, language = float(match[2] or 1), match[1].lower()
    return language


def pointer_to(*path: str | int) -> str:
    """The JSON pointer (RFC 6901) to a place in the body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _pointer_of(refusal: Refusal) -> str | None:
    if not refusal.field or refusal.field in _NOT_IN_BODY:
        return None
    # Of what a case asks for, fields and documents are told as `fields.name`.
    return pointer_to(*_PARTS.sub(r"\1/", refusal.field).split("/"))


def _limit_of(refusal: Refusal) -> dict[str, int]:
    """How many bytes are allowed, where it is about that."""
    if refusal.code != "document_too_large":
        return {}
    return {"limit_bytes": refusal.details["megabytes"] * 1_000_000}


def _error(refusal: Refusal, language: str) -> dict[str, str | int]:
    return {
        "code": refusal.code,
        "detail": refusal.sentence(language),
        "pointer": _pointer_of(refusal) or "",
        **({"rule": refusal.clause} if refusal.clause else {}),
        **_limit_of(refusal),
    }


def problem_response(request: Request, problem: Problem | Refusal, status: int | None = None) -> JSONResponse:
    """`problem` as the caller sees it; `status` is that of a Refusal if not its usual one, a Problem has its own."""
    errors: list[dict[str, str | int]] = []
    language = language_of(request.headers.get("accept-language", ""))
    if isinstance(problem, Refusal):
        every = (problem, *problem.also)
        detail = " ".join(one.sentence(language) for one in every)
        pointer = _pointer_of(problem)
        status = _STATUS.get(problem.code, 422) if status is None else status
        headers = {"WWW-Authenticate": "Bearer"} if problem.code in _STATUS and status == 401 else {}
        if problem.also:
            errors = [_error(one, language) for one in every]
    else:
        sentences = dict(zip(LANGUAGES, SENTENCES[problem.code], strict=True))
        detail, headers, pointer, status = (
            sentences[language],
            problem.headers,
            problem.pointer,
            problem.status,
        )
        if problem.limit is not None:
            detail = f"{detail} {at_most(problem.limit, language)}"
    body: dict[str, str | int] = {
        "type": f"urn:azyq:problem:{problem.code}",
        "title": _TITLES.get(status, "Request failed"),
        "status": status,
        "detail": detail,
        "code": problem.code,
    }
    if isinstance(problem, Refusal) and problem.clause:
        body["rule"] = problem.clause
    if pointer is not None:
        body["pointer"] = pointer
    if isinstance(problem, Refusal):
        body |= _limit_of(problem)
    elif problem.limit is not None:
        body["limit_bytes"] = problem.limit
    return JSONResponse(
        {**body, "errors": errors} if errors else body,
        status,
        headers={**headers, "Content-Language": language},
        media_type=MEDIA_TYPE,
    )
