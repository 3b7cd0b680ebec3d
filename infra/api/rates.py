"""How often somebody may ask: a bucket of tokens each, filled at a steady rate, in this process."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from infra.api.problems import Problem


class Rate:
    """`per_second` in the long run, `burst` at once; for one thread. The longest unheard of is forgotten."""

    def __init__(
        self,
        per_second: float,
        burst: float,
        most: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = max(1.0, burst)
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when

    def take(self, name: str) -> None:
        """One request of `name`. Raises Problem 429, with Retry-After, when it is one too many."""
        now = self._clock()
        tokens, since = self._buckets.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        allowed = tokens >= 1
        self._buckets[name] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = max(1, math.ceil((1 - tokens) / self._per_second))
            raise Problem(429, "too_many_requests", headers={"Retry-After": str(wait)})

    def give_back(self, name: str) -> None:
        """A request of `name` is not to count after all."""
        tokens, since = self._buckets.get(name, (self._burst, self._clock()))
        self._buckets[name] = (min(self._burst, tokens + 1), since)
