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


RESUMED_WITHIN = timedelta(hours=24)


def resumed(start: datetime, newest: datetime | None) -> datetime:
    """Where a trial clock set to `start` begins, when what was recorded last is of the time `newest`.

    A trial that is started again with the same setting goes on from where it was: at an earlier time the codes that it
    has seen would be of the future.
    """
    if newest is not None and start <= newest < start + RESUMED_WITHIN:
        return newest.astimezone(start.tzinfo) + timedelta(seconds=1)
    return start


class SetClock:
    """A clock that stands where it was last set: for playing a month."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
