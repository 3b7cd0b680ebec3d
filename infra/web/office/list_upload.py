"""A list on its way in: the form's files are handed on as they come, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from infra.web.multipart import FormMalformed, FormTooLarge, Parts, Reading, length_of

MOST = 300_000_000  # bytes of a whole form
_PARTS = 10
_LONGEST_TEXT = 200  # bytes of a typed value


class _Came(Parts):
    """Texts by name, and what came of files since the last look."""

    def __init__(self) -> None:
        super().__init__(_PARTS)
        self.texts: dict[str, bytes] = {}
        self._came: list[tuple[str, bytes]] = []
        self._name, self._is_file = "", False

    def begin(self, name: str, is_file: bool, has_file: bool) -> None:
        """Raises FormMalformed for a text that came before."""
        self._name, self._is_file = name, is_file
        if has_file:
            self._came.append((name, b""))  # a file, though it may be an empty one
        elif not is_file:
            if name in self.texts:
                raise FormMalformed
            self.texts[name] = b""

    def take(self, data: bytes, start: int, end: int) -> None:
        """A file's bytes wait to be handed on; of a text that is too long no more is kept."""
        if self._is_file:
            self._came.append((self._name, data[start:end]))
        elif len(self.texts[self._name]) + end - start <= _LONGEST_TEXT:
            self.texts[self._name] += data[start:end]

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
    parts = _Came()
    reading = Reading(request, parts)
    if length_of(request, 0) > MOST:
        raise FormTooLarge
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > MOST:
                raise FormTooLarge
            reading.feed(piece)
            texts = parts.in_words()
            for name, data in parts.came():
                await take(texts, name, data)
    except ClientDisconnect:
        raise FormMalformed from None
    reading.finish()
    return parts.in_words()
