"""The time of the system: the real one, or a trial clock that starts where it is told and ticks on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def real_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def trial_clock(start: datetime) -> Clock:
    """A clock that shows `start` now and ticks on from there."""
    begun = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begun)


class SetClock:
    """A clock that stands where it was last set: for playing a month."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
