"""What nobody expected becomes a 503 or a 500. The log gets the error's kind and place, never its text, which may hold
what the caller sent."""

from __future__ import annotations

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.api.problems import Problem, problem_response
from infra.api.services import UNAVAILABLE

log = structlog.get_logger(__name__)


def problem_of(error: Exception) -> Problem:
    """What the caller hears of `error`, which is noted."""
    if isinstance(error, UNAVAILABLE):
        problem = Problem(503, "not_available", headers={"Retry-After": "5"})
    else:
        problem = Problem(500, "internal_error")
    log.error(problem.code, error=type(error).__name__, at=_place(error))
    return problem


class Failures:
    """ASGI middleware: answers for what the application did not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and answer what failed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            problem = problem_of(error)
            if not started:
                await problem_response(Request(scope), problem)(scope, receive, send)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
