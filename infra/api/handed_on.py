"""Requests that another process of ours answers: ASGI's messages over a socket of its own for each request.

A frame is four bytes of length and a marshalled dict: first the scope, then what either side has to say. Both ends are
this very program, so nobody else's bytes are unmarshalled.
"""

from __future__ import annotations

import asyncio
import marshal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SILENT_SECONDS = 180.0  # longer than any report or workbook may take
TAKEN_SECONDS = 5.0  # for the other end to take an answer
_PIECE = 256 * 1024
_HANDED = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "root_path",
    "headers",
    "client",
    "server",
)
_ENDED: Message = {"type": "http.disconnect"}

log = structlog.get_logger(__name__)

Reached = Callable[[], socket.socket]


class Place(NamedTuple):
    """What is handed on: `path` and all below it, and what its readers hear when nobody answers."""

    path: str
    unavailable: Callable[[Request], Response]
    # What ends a page of this language that was begun and can't be finished.
    cut_off: Callable[[str], bytes] | None = None


class Route(NamedTuple):
    """A route of the other process: its pattern, as measures ask for it."""

    path: str


class HandedOn:
    """ASGI middleware: the requests of `places` are answered at the other end of what `reached` gives."""

    def __init__(self, app: ASGIApp, places: Sequence[Place], reached: Reached) -> None:
        """`reached`: a socket whose other end is answered by `answer`; OSError where nobody does."""
        self._app = app
        self._places = places
        self._reached = reached

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, or on."""
        place = self._place(scope) if scope["type"] == "http" else None
        if place is None:
            await self._app(scope, receive, send)
            return
        began: Message | None = None
        over = False

        async def told(message: Message) -> None:
            nonlocal began, over
            if message["type"] == "http.response.start":
                began = message
            over = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._hand_on(scope, receive, told)
        except (OSError, EOFError, TimeoutError) as error:
            log.warning("not_available", error=type(error).__name__, begun=began is not None)
            if began is None:
                await place.unavailable(Request(scope))(scope, receive, send)
            elif not over and (end := _end_of(place, began)) is not None:
                await send({"type": "http.response.body", "body": end})
            # Otherwise the server sees that the answer has no end, and cuts the connection.

    def _place(self, scope: Scope) -> Place | None:
        path = scope["path"]
        for place in self._places:
            if path == place.path or path.startswith(place.path + "/"):
                return place
        return None

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader, writer = await _opened(self._reached())
        asking = asyncio.create_task(_ask(scope, receive, writer))
        try:
            more = True
            while more:
                async with asyncio.timeout(SILENT_SECONDS):
                    message = await _read(reader)
                if "route" in message:
                    scope["route"] = Route(message.pop("route"))
                await send(message)
                more = message["type"] == "http.response.start" or message["more_body"]
        except EOFError:
            gone = asking.done() and not asking.cancelled() and asking.exception() is None
            if not gone:  # whoever asked is still there
                raise
        finally:
            asking.cancel()
            writer.close()
            with suppress(asyncio.CancelledError, OSError):
                await asking


async def answer(app: ASGIApp, own: socket.socket) -> None:
    """Answer the request that comes over `own`, and close it. Raises what `app` raises."""
    try:
        reader, writer = await _opened(own)
    except OSError:
        own.close()
        return
    try:
        scope = await _read(reader)
        await app(scope, _heard(reader), _told(scope, writer))
        # Whoever asked may still be sending what nobody wanted to know: closed now, that would take the answer with it.
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKEN_SECONDS):
                while await reader.read(_PIECE):
                    pass
    except (OSError, EOFError):
        pass  # whoever asked has gone
    finally:
        writer.close()


def _heard(reader: asyncio.StreamReader) -> Receive:
    async def receive() -> Message:
        try:
            return await _read(reader)
        except (OSError, EOFError):
            return _ENDED

    return receive


def _told(scope: Scope, writer: asyncio.StreamWriter) -> Send:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            route = getattr(scope.get("route"), "path", "none")
            start = {**message, "headers": list(message.get("headers", ())), "route": route}
            writer.write(_frame(start))  # the other end is woken once for it and the first piece
            return
        body, more = bytes(message.get("body", b"")), message.get("more_body", False)
        for start_of_piece in range(0, max(len(body), 1), _PIECE):
            end = start_of_piece + _PIECE
            piece = {"type": message["type"], "body": body[start_of_piece:end]}
            writer.write(_frame({**piece, "more_body": more or end < len(body)}))
            await writer.drain()

    return send


async def _ask(scope: Scope, receive: Receive, writer: asyncio.StreamWriter) -> None:
    """Send the request, then the end of it when whoever asks has gone."""
    writer.write(_frame({name: scope[name] for name in _HANDED if name in scope}))
    while (message := await receive())["type"] == "http.request":
        writer.write(_frame(message))
        await writer.drain()
    writer.close()


async def _opened(own: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    own.setblocking(False)
    try:
        return await asyncio.open_unix_connection(sock=own)
    except BaseException:
        own.close()
        raise


async def _read(reader: asyncio.StreamReader) -> Message:
    """The next frame. Raises EOFError when there is none, OSError."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    found: Any = marshal.loads(await reader.readexactly(length))  # noqa: S302
    message: Message = found
    return message


def _frame(message: Any) -> bytes:
    frame = marshal.dumps(message)
    return len(frame).to_bytes(4, "big") + frame


def _end_of(place: Place, began: Message) -> bytes | None:
    """What ends a page that was begun, where it is one and its length was not told."""
    headers = {name.lower(): value for name, value in began["headers"]}
    if place.cut_off is None or b"content-length" in headers:
        return None
    if not headers.get(b"content-type", b"").startswith(b"text/html"):
        return None
    return place.cut_off(headers.get(b"content-language", b"").decode("latin-1"))
