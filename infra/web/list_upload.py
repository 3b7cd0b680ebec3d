"""A list on its way in: the form's files are handed on as they come, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from infra.web.uploads import FormMalformed, FormTooLarge

MOST = 300_000_000  # bytes of a whole form
_PARTS = 10
_LONGEST_TEXT = 200  # bytes of a typed value


class _Parts:
    """Takes what the parser finds: texts by name, and what came of files since the last look."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.ended = False
        self._came: list[tuple[str, bytes]] = []
        self._name, self._is_file, self._parts = "", False, 0
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}

    def on_part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > _PARTS:
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
        filename = options.get(b"filename")
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = filename is not None
        if filename:
            self._came.append((self._name, b""))  # a file, though it may be an empty one
        elif not self._is_file:
            if self._name in self.texts:
                raise FormMalformed
            self.texts[self._name] = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._came.append((self._name, data[start:end]))
        elif len(self.texts[self._name]) + end - start <= _LONGEST_TEXT:
            self.texts[self._name] += data[start:end]

    def on_end(self) -> None:
        self.ended = True

    def in_words(self) -> dict[str, str]:
        """The typed values so far."""
        return {name: text.decode("utf-8", "replace") for name, text in self.texts.items()}

    def came(self) -> Iterator[tuple[str, bytes]]:
        """What came of files, once."""
        came, self._came = self._came, []
        yield from came


async def read_upload(
    request: Request, take: Callable[[dict[str, str], str, bytes], Awaitable[None]]
) -> dict[str, str]:
    """The form's texts. `take` is handed what comes of each file: the texts so far, its field, bytes; the first are none.

    Raises FormMalformed when the form is not one, or breaks off; FormTooLarge; what `take` raises.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormMalformed
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > MOST:
        raise FormTooLarge
    parts = _Parts()
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
        {f"on_{name}": getattr(parts, f"on_{name}") for name in names},  # type: ignore[arg-type]
    )
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > MOST:
                raise FormTooLarge
            parser.write(piece)
            texts = parts.in_words()
            for name, data in parts.came():
                await take(texts, name, data)
        parser.finalize()
    except (FormParserError, ClientDisconnect, ValueError):
        raise FormMalformed from None
    if not parts.ended:
        raise FormMalformed
    return parts.in_words()
