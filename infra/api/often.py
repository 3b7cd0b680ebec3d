"""The addresses that tills call all day, answered without the framework's routing, which costs more than they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import Refusal
from infra.api.problems import Problem, problem_response


class _Route(NamedTuple):
    path: str  # what measures go by


class Often:
    """ASGI middleware: a POST to one of `endpoints`, by its exact path, goes straight to it; the rest goes on.

    The same endpoints are routes of the application too, for OpenAPI and for other methods.
    """

    def __init__(
        self, app: ASGIApp, endpoints: Mapping[str, Callable[[Request], Awaitable[Response]]]
    ) -> None:
        self._app = app
        self._endpoints = {path: (endpoint, _Route(path)) for path, endpoint in endpoints.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        found = self._endpoints.get(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        endpoint, scope["route"] = found
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except (Problem, Refusal) as problem:
            response = problem_response(request, problem)
        await response(scope, receive, send)
