"""Requests that another process answers: what is said on either side arrives on the other, whatever happens between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from infra.api.handed_on import HandedOn, Place, answer

LARGE = bytes(range(256)) * 4096


def nobody(_: Request) -> Response:
    return PlainTextResponse("nobody answers", 503)


def other_process() -> FastAPI:
    """What answers at the other end."""
    app = FastAPI()

    @app.post("/read/back")
    async def back(request: Request) -> Response:
        body = await request.body()
        said = f"{request.client.host if request.client else ''} {request.url.query} {request.headers['x-asked']}"
        return Response(body, 201, {"X-Said": said})

    @app.get("/read/large")
    async def large() -> Response:
        return Response(LARGE)

    @app.post("/read/refused")
    async def refused() -> Response:
        return Response("no", 401)

    @app.get("/read/page")
    async def page() -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield "<p>first"
            raise ConnectionError("it was killed")

        return StreamingResponse(pieces(), media_type="text/html", headers={"Content-Language": "ru"})

    return app


class Asked:
    """Both ends in one loop, and a client of the first."""

    def __init__(self, place: Place) -> None:
        self.there = True
        self.tasks: list[asyncio.Task[None]] = []
        own = FastAPI()

        @own.get("/own")
        @own.get("/readings")
        async def mine() -> str:
            return "own"

        self._other = other_process()
        self.routes: list[str] = []
        handed = HandedOn(own, [place], self._reached)

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            await handed(scope, receive, send)
            self.routes.append(getattr(scope.get("route"), "path", ""))

        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(noting, client=("203.0.113.9", 7)), base_url="http://azyq"
        )

    def _reached(self) -> socket.socket:
        if not self.there:
            raise ConnectionRefusedError
        ours, theirs = socket.socketpair()
        self.tasks.append(asyncio.create_task(self._answer(theirs)))
        return ours

    async def _answer(self, theirs: socket.socket) -> None:
        async def other(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/read/dies":
                raise ConnectionError("it was killed")
            await self._other(scope, receive, send)

        await answer(other, theirs)


def asking(do: Callable[[Asked], Awaitable[None]], cut_off: Callable[[str], bytes] | None = None) -> None:
    async def run() -> None:
        asked = Asked(Place("/read", nobody, cut_off))
        async with asked.client:
            await do(asked)
        await asyncio.wait_for(asyncio.gather(*asked.tasks), 10)

    asyncio.run(run())


def test_what_is_asked_and_answered_arrives() -> None:
    async def do(asked: Asked) -> None:
        told = await asked.client.post("/read/back?a=1&b=ә", content=LARGE, headers={"X-Asked": "y"})
        assert (told.status_code, told.content) == (201, LARGE)
        assert told.headers["x-said"] == "203.0.113.9 a=1&b=%D3%99 y"
        assert (await asked.client.get("/read/large")).content == LARGE
        assert (await asked.client.head("/read/back")).status_code == 405
        assert (await asked.client.get("/own")).json() == "own"
        assert (await asked.client.get("/readings")).json() == "own"  # no path below /read
        assert asked.routes[:2] == ["/read/back", "/read/large"]

    asking(do)


def test_an_answer_to_what_was_not_read_arrives() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield LARGE[:50_000]
            await asyncio.sleep(0)

    async def do(asked: Asked) -> None:
        told = [await asked.client.post("/read/refused", content=pieces()) for _ in range(20)]
        assert {(one.status_code, one.text) for one in told} == {(401, "no")}

    asking(do)


def test_who_finds_nobody_or_whose_process_dies_is_told() -> None:
    async def do(asked: Asked) -> None:
        told = await asked.client.get("/read/dies")
        assert (told.status_code, told.text) == (503, "nobody answers")
        asked.there = False
        told = await asked.client.get("/read/large")
        assert (told.status_code, told.text) == (503, "nobody answers")

    asking(do)


def test_a_page_that_was_begun_ends_with_what_happened() -> None:
    async def do(asked: Asked) -> None:
        told = await asked.client.get("/read/page")
        assert told.text == "<p>first<p>ru: the rest is away"

    asking(do, lambda language: f"<p>{language}: the rest is away".encode())


def test_anything_else_that_was_begun_has_no_end() -> None:
    async def do(asked: Asked) -> None:
        with pytest.raises(AssertionError):  # of httpx' transport: the answer was not completed
            await asked.client.get("/read/page")

    asking(do)


def test_who_goes_away_ends_the_work() -> None:
    async def run() -> None:
        waits, gone = asyncio.Event(), asyncio.Event()

        async def other(scope: Any, receive: Any, send: Any) -> None:
            waits.set()
            assert (await receive())["type"] == "http.request"
            assert (await receive())["type"] == "http.disconnect"
            gone.set()

        ends: list[asyncio.Task[None]] = []

        def reached() -> socket.socket:
            ours, theirs = socket.socketpair()
            ends.append(asyncio.create_task(answer(other, theirs)))
            return ours

        left = asyncio.Event()
        said = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if said:
                return said.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        handed = HandedOn(FastAPI(), [Place("/read", nobody)], reached)
        scope = {"type": "http", "method": "GET", "path": "/read/x", "headers": [], "query_string": b""}
        asks = asyncio.create_task(handed(scope, receive, send))
        await asyncio.wait_for(waits.wait(), 10)
        left.set()
        await asyncio.wait_for(asyncio.gather(asks, *ends), 10)
        assert gone.is_set()
        assert sent == []

    asyncio.run(run())
