"""Sums of the hashes of rows: the same rows in any order give the same sums, in constant memory."""

from __future__ import annotations

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


class HashingLines:
    """A file for COPY to write to: adds each line, which begins with the stream in hex."""

    def __init__(self, sums: Sums) -> None:
        self._sums = sums

    def write(self, line: bytes) -> None:
        self._sums.add(int(line[:2], 16), line)
