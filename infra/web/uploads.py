"""A form with documents as it comes: read part by part, so that what is too large fills no memory and no disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request
from starlette.requests import ClientDisconnect

from infra.api.upload_room import NoRoom, TooSlow, UploadRoom, in_pace
from infra.web.multipart import FormMalformed, FormTooLarge, Parts, Reading, length_of

PARTS = 200
LONGEST_TEXT = 60_000  # bytes of one typed value; what a service takes of it is for the service to say
KEPT_DOCUMENTS = 4  # of the largest size, in one form
# So many are read, the rest thrown away, so that what was typed beside a document that is too large is not lost.
READ_DOCUMENTS = 6
ROOM = 80_000_000  # bytes of forms with documents that are in memory at one time


class FormNoRoom(Exception):
    """Too many documents are coming just now."""


@dataclass
class Form:
    """`texts` by name as typed; `documents` by name, one byte more than allowed where it was too large."""

    texts: Mapping[str, str]
    documents: Mapping[str, bytes] = field(repr=False)


@dataclass
class _Part:
    name: str
    is_file: bool
    has_file: bool
    content: bytearray = field(default_factory=bytearray)


class _Kept(Parts):
    """Every part, cut off one byte beyond what it may have."""

    def __init__(self, largest: int, parts: int) -> None:
        super().__init__(parts)
        self._largest = largest
        self.parts: list[_Part] = []
        self.kept = 0

    def begin(self, name: str, is_file: bool, has_file: bool) -> None:
        """One part more."""
        self.parts.append(_Part(name, is_file, has_file))

    def take(self, data: bytes, start: int, end: int) -> None:
        """As much as there is room for."""
        part = self.parts[-1]
        room = (self._largest if part.is_file else LONGEST_TEXT) + 1 - len(part.content)
        piece = data[start : min(end, start + max(0, room))]
        part.content += piece
        self.kept += len(piece)


async def read_form(request: Request, largest: int, parts: int = PARTS) -> Form:
    """The form of a request whose documents may have `largest` bytes each, in so many parts at most.

    Raises FormMalformed, of one that comes too slowly too, and FormTooLarge as soon as it is known, however much is still
    to come: the server throws that away.
    """
    most = READ_DOCUMENTS * largest + parts * LONGEST_TEXT
    if length_of(request, most) > most:
        raise FormTooLarge
    kept = _Kept(largest, parts)
    reading = Reading(request, kept)
    came = 0
    try:
        async with in_pace() as told:
            async for piece in request.stream():
                came += len(piece)
                told(came)
                reading.feed(piece)
                if came > most or kept.kept > KEPT_DOCUMENTS * largest:
                    raise FormTooLarge
    except (ClientDisconnect, TooSlow):
        raise FormMalformed from None
    reading.finish()
    return _form(kept.parts)


def _form(parts: list[_Part]) -> Form:
    names = [part.name for part in parts]
    once = [part for part in parts if names.count(part.name) == 1]
    texts = {
        part.name: part.content.decode("utf-8", "replace").replace("\r\n", "\n")
        for part in once
        if not part.is_file
    }
    documents = {}
    for part in once:
        if part.is_file and part.has_file:
            documents[part.name] = bytes(part.content)
            part.content = bytearray()  # no more than one of them is there twice
    return Form(texts, documents)


@asynccontextmanager
async def room_for(request: Request, largest: int) -> AsyncIterator[None]:
    """Room in memory for the form of a request, from its first byte until it is done with. Raises FormNoRoom."""
    try:
        async with _room.held(min(length_of(request, KEPT_DOCUMENTS * largest), KEPT_DOCUMENTS * largest)):
            yield
    except NoRoom:
        raise FormNoRoom from None


_room = UploadRoom(ROOM)
