"""Room for uploads: first come, first let in; who waits too long or comes too slowly is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient

from domain.procedures.acts import Actor
from infra.api import upload_room
from infra.api.cases import papers
from infra.api.problems import Problem, problem_response
from infra.api.upload_room import NoRoom, TooSlow, UploadRoom, in_pace
from infra.web import uploads
from infra.web.cases.apply import form_of
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.uploads import read_form


async def stay(room: UploadRoom, size: int, name: str, seen: list[str], until: asyncio.Event) -> None:
    async with room.held(size):
        seen.append(name)
        await until.wait()


async def settled() -> None:
    """All tasks have gone as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_who_came_first_is_let_in_first_and_no_more_than_there_is_room_for() -> None:
    async def run() -> list[str]:
        room, seen, over = UploadRoom(100), list[str](), [asyncio.Event() for _ in range(4)]
        tasks = [
            asyncio.create_task(stay(room, size, name, seen, one))
            for (name, size), one in zip((("a", 60), ("b", 60), ("c", 10), ("d", 1_000)), over, strict=True)
        ]
        await settled()
        assert seen == ["a"]  # c would fit, but b came before it
        over[0].set()
        await settled()
        assert seen == ["a", "b", "c"]
        over[1].set()
        await settled()
        assert seen == ["a", "b", "c"]
        over[2].set()
        await settled()
        over[3].set()
        await asyncio.gather(*tasks)
        return seen

    assert asyncio.run(run()) == ["a", "b", "c", "d"]  # what is larger than the room has it alone


def test_who_gives_up_waiting_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_room, "WAIT_SECONDS", 0.05)

    async def run() -> list[str]:
        room, seen, over = UploadRoom(100), list[str](), asyncio.Event()
        first = asyncio.create_task(stay(room, 60, "first", seen, over))
        await settled()
        large = asyncio.create_task(stay(room, 100, "large", seen, over))
        small = asyncio.create_task(stay(room, 40, "small", seen, over))
        await settled()
        large.cancel()
        await settled()
        assert seen == ["first", "small"]
        with pytest.raises(NoRoom):
            await stay(room, 1, "late", seen, over)
        over.set()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(first, large, small)
        async with room.held(100):  # nothing was lost
            return seen

    assert asyncio.run(run()) == ["first", "small"]


def test_what_stops_coming_is_not_waited_for_however_fast_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_room, "GRACE_SECONDS", 0.5)

    async def run(pieces: list[tuple[float, int]]) -> None:
        size = 0
        async with in_pace() as came:
            for seconds, piece in pieces:
                await asyncio.sleep(seconds)
                size += piece
                came(size)

    asyncio.run(run([(0.2, 10_000)] * 4))  # 50 kB/s
    with pytest.raises(TooSlow):
        asyncio.run(run([(0.0, 10_000_000), (2.0, 1)]))
    with pytest.raises(TooSlow):
        asyncio.run(run([(0.2, 1_000)] * 8))


class Desk:
    """What uploads ask of the system: documents of a megabyte are taken."""

    largest_document = 1_000_000

    def take_paper(self, caller: Actor, content: bytes) -> dict[str, int]:
        return {"size": len(content)}


def test_S002_20_who_finds_no_room_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_room, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(papers, "LARGEST_AT_ONCE", 1)
    app, over = FastAPI(), asyncio.Event()

    async def anybody(request: Request) -> Actor:
        return Actor(request.headers["x-caller"], ("applicant",))

    app.include_router(papers.papers_router(cast(Any, Desk()), cast(Any, anybody)))
    app.add_exception_handler(Problem, lambda request, error: problem_response(request, cast(Problem, error)))

    async def slowly() -> AsyncIterator[bytes]:
        yield b"%PDF-"
        await over.wait()

    async def run() -> None:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://azyq") as client:
            first = asyncio.create_task(
                client.post("/v1/papers", content=slowly(), headers={"x-caller": "a"})
            )
            await asyncio.sleep(0.02)
            late = await client.post("/v1/papers", content=b"%PDF-1", headers={"x-caller": "b"})
            assert (late.status_code, late.json()["code"]) == (503, "not_available")
            assert late.headers["retry-after"] == "10"
            over.set()
            assert (await first).json() == {"size": 5}

    asyncio.run(run())


def test_a_form_that_finds_no_room_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_room, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(uploads, "_room", UploadRoom(1_000_000))

    async def run() -> None:
        first, second = Coming("1000000", 0), Coming("1000000", 1)
        async with form_of(first.request, 1_000_000) as sent:
            assert sent == "form_broken"
            async with form_of(second.request, 1_000_000) as sent:
                assert (sent, second.read) == ("form_no_room", 0)
        async with form_of(second.request, 1_000_000) as sent:
            assert second.read > 0

    asyncio.run(run())


class Coming:
    """The pieces of a form that was said to be so long, each of a megabyte; how many were asked for."""

    def __init__(self, says: str, pieces: int, seconds: float = 0.0) -> None:
        kind = (b"content-type", b"multipart/form-data; boundary=x")
        length = [(b"content-length", says.encode())] if says else []
        self.read, self.pieces, self.seconds = 0, self._all(pieces), seconds
        self.request = Request({"type": "http", "method": "POST", "headers": [kind, *length]}, self.receive)

    async def _all(self, pieces: int) -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="d"; filename="a.pdf"\r\n\r\n'
        for _ in range(pieces):
            yield bytes(1_000_000)

    async def receive(self) -> dict[str, object]:
        self.read += 1
        await asyncio.sleep(self.seconds)
        piece = await anext(self.pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}


def test_a_form_of_a_hundred_megabytes_is_refused_before_it_is_read_whole() -> None:
    said = Coming("100000000", 100)
    with pytest.raises(FormTooLarge):
        asyncio.run(read_form(said.request, 1_000_000))
    assert said.read == 0
    unsaid = Coming("", 100)
    with pytest.raises(FormTooLarge):
        asyncio.run(read_form(unsaid.request, 1_000_000))
    assert unsaid.read < 25


def test_a_form_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_room, "GRACE_SECONDS", 0.05)
    with pytest.raises(FormMalformed):
        asyncio.run(read_form(Coming("3000000", 3, seconds=0.2).request, 4_000_000))
