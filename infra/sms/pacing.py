"""Messages a second, as the gateway's contract allows."""

from __future__ import annotations

import time
from collections.abc import Callable


def paced(per_second: float, pause: Callable[[float], object]) -> Callable[[int], None]:
    """`pace(n)` returns when `n` more messages may go, at `per_second` in the long run.

    It waits by `pause` (seconds), which may come back before its time when the process is to end.
    """
    free_at = time.monotonic()

    def pace(count: int) -> None:
        nonlocal free_at
        now = time.monotonic()
        if free_at > now:
            pause(free_at - now)
        free_at = max(free_at, now) + count / per_second

    return pace
