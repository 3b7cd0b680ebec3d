"""Sums of the hashes of rows: the same rows in any order give the same sums, in constant memory."""

from __future__ import annotations

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

BUCKETS = 256
_MASK = 2**64 - 1


class Sums:
    """Sums and counts by the first byte of the stream, so that a difference is found in a 256th of the rows."""

    def __init__(self) -> None:
        self._sums = [0] * BUCKETS
        self._counts = [0] * BUCKETS

    def add(self, bucket: int, line: bytes) -> None:
        """A row, as the line that COPY would write."""
        self._sums[bucket] += hash(line)
        self._counts[bucket] += 1

    @property
    def rows(self) -> int:
        return sum(self._counts)

    def differing(self, other: Sums) -> list[int]:
        """First bytes whose rows aren't the same."""
        return [
            bucket
            for bucket in range(BUCKETS)
            if self._counts[bucket] != other._counts[bucket]
            or (self._sums[bucket] - other._sums[bucket]) & _MASK
        ]


def sums_of(connection: Connection, select: sql.Composable) -> Sums:
    """Of the rows that `select` gives, each of which begins with its stream in hex."""
    sums = Sums()
    with connection.cursor() as cursor:
        cursor.copy_expert(sql.SQL("COPY ({}) TO STDOUT").format(select), _HashingLines(sums))
    return sums


def bounds(bucket: int) -> tuple[str, str]:
    """The first and the last stream that there can be in a bucket."""
    return f"{bucket:02x}{'0' * 30}", f"{bucket:02x}{'f' * 30}"


class _HashingLines:
    """A file for COPY to write to."""

    def __init__(self, sums: Sums) -> None:
        self._sums = sums

    def write(self, line: bytes) -> None:
        self._sums.add(int(line[:2], 16), line)
