"""Whoever tries links that lead nowhere, again and again, has to wait."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MISSES = 30
SECONDS = 60.0
ADDRESSES = 10_000


class Guesses:
    """Counts misses by client address, in this process's memory; 95 bits of a link need no more than that."""

    def __init__(
        self, misses: int = MISSES, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """At most `misses` in `seconds` from one address."""
        self._misses, self._seconds, self._clock = misses, seconds, clock
        self._since: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def too_many(self, address: str) -> bool:
        """Whether the address has missed too often of late."""
        with self._lock:
            since, count = self._since.get(address, (0.0, 0))
            return count >= self._misses and self._clock() - since < self._seconds

    def missed(self, address: str) -> None:
        """Note a miss; the addresses noted longest ago are forgotten first."""
        with self._lock:
            now = self._clock()
            since, count = self._since.pop(address, (now, 0))
            if now - since >= self._seconds:
                since, count = now, 0
            self._since[address] = since, count + 1
            if len(self._since) > ADDRESSES:
                self._since.popitem(last=False)
