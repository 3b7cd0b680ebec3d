"""multipart/form-data as it comes: each part's name and whether it is a file, then its bytes, for whoever keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


class FormMalformed(Exception):
    """What came is no form of ours, or not all of it."""


class FormTooLarge(Exception):
    """All documents together are more than one form may bring."""


class Parts:
    """Takes what the parser finds, `most` parts at most; a subclass keeps of it what it wants."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self.ended = False

    def begin(self, name: str, is_file: bool, has_file: bool) -> None:
        """A part begins: a field, or a file that was chosen or, without `has_file`, was not."""
        raise NotImplementedError

    def take(self, data: bytes, start: int, end: int) -> None:
        """Bytes of the part that began last."""
        raise NotImplementedError

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self.take,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._headers = {}
        if not self._left:
            raise FormMalformed
        self._left -= 1

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        # A file's name says nothing that is needed: it is looked at only for whether a file was chosen.
        filename = options.get(b"filename")
        self.begin(options.get(b"name", b"").decode("utf-8", "replace"), filename is not None, bool(filename))

    def _end(self) -> None:
        self.ended = True


class Reading:
    """A request's form, fed to `parts`. Raises FormMalformed where its headers say that it is none."""

    def __init__(self, request: Request, parts: Parts) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise FormMalformed
        self._parts = parts
        self._parser = MultipartParser(options[b"boundary"], parts.callbacks())

    def feed(self, piece: bytes) -> None:
        """The next bytes. Raises FormMalformed."""
        try:
            self._parser.write(piece)
        except (FormParserError, ValueError):
            raise FormMalformed from None

    def finish(self) -> None:
        """Nothing more comes. Raises FormMalformed when that is too early."""
        try:
            self._parser.finalize()
        except (FormParserError, ValueError):
            raise FormMalformed from None
        if not self._parts.ended:
            raise FormMalformed


def length_of(request: Request, unsaid: int) -> int:
    """How long the body says to be, in bytes; `unsaid` where it doesn't say."""
    length = request.headers.get("content-length", "")
    return int(length[:15]) if length.isascii() and length.isdigit() else unsaid
