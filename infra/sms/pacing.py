"""Messages a second, as the gateway's contract allows."""

from __future__ import annotations

import time
from collections.abc import Callable


def paced(per_second: float) -> Callable[[int], None]:
    """`pace(n)` returns when `n` more messages may go, at `per_second` in the long run."""
    free_at = time.monotonic()

    def pace(count: int) -> None:
        nonlocal free_at
        now = time.monotonic()
        if free_at > now:
            time.sleep(free_at - now)
        free_at = max(free_at, now) + count / per_second

    return pace
