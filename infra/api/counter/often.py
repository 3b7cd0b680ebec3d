"""The addresses that tills call all day, answered before the framework: its layers cost more than the calls themselves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

from fastapi import FastAPI, Request
from starlette.datastructures import Address
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from domain.errors import Refusal
from infra.api.failures import problem_of
from infra.api.problems import Problem, problem_response


class Asked(Protocol):
    """What an endpoint reads of a request: of Starlette's, or of the lighter one here."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        ...

    @property
    def client(self) -> Address | None:
        """Who asks."""
        ...

    def stream(self) -> AsyncIterator[bytes]:
        """The body in pieces. Raises ClientDisconnect."""
        ...


class Answered(NamedTuple):
    """A status and JSON."""

    status: int
    body: bytes


Endpoint = Callable[[Asked], Awaitable[Answered]]
# Method, route's pattern, status and seconds of a request: what measures take.
Observer = Callable[[str, str, int, float], None]
Refused = Callable[[str, str], None]  # the route's pattern and the code


def _heard_by_nobody(route: str, code: str) -> None:
    return None


class Often(FastAPI):
    """The application; a POST to one of its `often`, by its exact path, goes straight to the endpoint.

    The same endpoints are routes too, for OpenAPI and for other methods. Problems, failures and measures are as there.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.often: dict[str, Endpoint] = {}
        self.observe: Observer | None = None
        self.refused: Refused = _heard_by_nobody

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        endpoint = self.often.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] != "POST":
            await super().__call__(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500
        try:
            status = await _answer(endpoint, scope, receive, send, self.refused)
        finally:
            if self.observe is not None:
                self.observe("POST", scope["path"], status, time.perf_counter() - begun)


async def _answer(endpoint: Endpoint, scope: Scope, receive: Receive, send: Send, refused: Refused) -> int:
    """The status of what was sent."""
    try:
        status, body = await endpoint(_Request(scope, receive))
    except Exception as error:
        problem = error if isinstance(error, Problem | Refusal) else problem_of(error)
        response = problem_response(Request(scope), problem)
        if response.status_code < 500:
            refused(scope["path"], problem.code)
        await response(scope, receive, send)
        return response.status_code
    length = b"content-length", str(len(body)).encode()
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length]})
    await send({"type": "http.response.body", "body": body})
    return status


_JSON = (b"content-type", b"application/json")


class _Request:
    """`Asked`, with no more work than that takes."""

    __slots__ = ("_receive", "_scope", "headers")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        # Of a header that is there twice the first counts, as in Starlette's.
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }

    @property
    def client(self) -> Address | None:
        """Who asks."""
        found = self._scope.get("client")
        return Address(*found) if found else None

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in pieces. Raises ClientDisconnect."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if piece := message.get("body", b""):
                yield piece
            if not message.get("more_body", False):
                return
