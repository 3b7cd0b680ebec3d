"""Many rows at once into PostgreSQL: COPY in its binary format, each field given as its binary form."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from psycopg2.extensions import cursor as Cursor

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_ROWS_AT_ONCE = 1000
_LARGE = 100_000  # bytes of a field that is handed on as it is


def copy_rows(cursor: Cursor, target: str, rows: Iterable[Sequence[bytes]]) -> None:
    """Put `rows` in `target` (a table with its columns, trusted SQL); rows are drawn as they are sent."""
    cursor.copy_expert(f"COPY {target} FROM STDIN (FORMAT binary)", _Feed(_packed(rows)), 1 << 16)


def _packed(rows: Iterable[Sequence[bytes]]) -> Iterator[bytes]:
    yield _HEADER
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        out = bytearray()
        for row in some:
            out += len(row).to_bytes(2, "big")
            for field in row:
                out += len(field).to_bytes(4, "big")
                if len(field) > _LARGE:
                    yield bytes(out)
                    yield field
                    out.clear()
                else:
                    out += field
        yield bytes(out)
    yield _TRAILER


class _Feed(io.RawIOBase):
    """What psycopg2 reads from: pieces of any length, handed on in the lengths it asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if self._at >= len(self._piece):
            self._piece, self._at = next(self._pieces, b""), 0
        start = self._at
        self._at = len(self._piece) if size < 0 else start + size
        return self._piece[start : self._at]
