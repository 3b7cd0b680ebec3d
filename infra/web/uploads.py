"""A form with documents as it comes: read part by part, so that what is too large fills no memory and no disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from infra.api.upload_room import NoRoom, TooSlow, UploadRoom, in_pace

PARTS = 200
LONGEST_TEXT = 60_000  # bytes of one typed value; what a service takes of it is for the service to say
KEPT_DOCUMENTS = 4  # of the largest size, in one form
# So many are read, the rest thrown away, so that what was typed beside a document that is too large is not lost.
READ_DOCUMENTS = 6
ROOM = 80_000_000  # bytes of forms with documents that are in memory at one time


class FormNoRoom(Exception):
    """Too many documents are coming just now."""


class FormMalformed(Exception):
    """What came is no form of ours, or not all of it."""


class FormTooLarge(Exception):
    """All documents together are more than one form may bring."""


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


class _Reader:
    """Takes what the parser of multipart/form-data finds."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self.parts: list[_Part] = []
        self.kept = 0
        self.ended = False

    def on_part_begin(self) -> None:
        self._headers = {}
        if len(self.parts) >= PARTS:
            raise FormMalformed

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        # A file's name says nothing that is needed: it is looked at only for whether a file was chosen.
        filename = options.get(b"filename")
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self.parts.append(_Part(name, filename is not None, bool(filename)))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        room = (self._largest if part.is_file else LONGEST_TEXT) + 1 - len(part.content)
        piece = data[start : min(end, start + max(0, room))]
        part.content += piece
        self.kept += len(piece)

    def on_end(self) -> None:
        self.ended = True


async def read_form(request: Request, largest: int) -> Form:
    """The form of a request whose documents may have `largest` bytes each.

    Raises FormMalformed, of one that comes too slowly too, and FormTooLarge as soon as it is known, however much is still
    to come: the server throws that away.
    """
    most = READ_DOCUMENTS * largest + PARTS * LONGEST_TEXT
    if _length(request, most) > most:
        raise FormTooLarge
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormMalformed
    reader = _Reader(largest)
    names = (
        "part_begin",
        "header_field",
        "header_value",
        "header_end",
        "headers_finished",
        "part_data",
        "end",
    )
    parser = MultipartParser(
        options[b"boundary"],
        {f"on_{name}": getattr(reader, f"on_{name}") for name in names},  # type: ignore[arg-type]
    )
    came = 0
    try:
        async with in_pace() as told:
            async for piece in request.stream():
                came += len(piece)
                told(came)
                parser.write(piece)
                if came > most or reader.kept > KEPT_DOCUMENTS * largest:
                    raise FormTooLarge
        parser.finalize()
    except (FormParserError, ClientDisconnect, TooSlow, ValueError):
        raise FormMalformed from None
    if not reader.ended:
        raise FormMalformed
    return _form(reader.parts)


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
        async with _room.held(min(_length(request, KEPT_DOCUMENTS * largest), KEPT_DOCUMENTS * largest)):
            yield
    except NoRoom:
        raise FormNoRoom from None


_room = UploadRoom(ROOM)


def _length(request: Request, unsaid: int) -> int:
    """How long the body says to be, in bytes; `unsaid` where it doesn't say."""
    length = request.headers.get("content-length", "")
    return int(length[:15]) if length.isascii() and length.isdigit() else unsaid
