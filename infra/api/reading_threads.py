"""Threads for what analysts read: few, so that tills, wallets and clerks find theirs however many read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from infra.api.problems import Problem

THREADS = 6
MOST_WAITING = 200

T = TypeVar("T")
_limiter: RunVar[CapacityLimiter] = RunVar("azyq_reading_threads")


async def in_reading_thread(work: Callable[..., T], *arguments: object) -> T:
    """What `work` returns. Raises what it raises, and Problem 503 when too many wait already."""
    limiter = _limiter.get(None)  # of this event loop
    if limiter is None:
        limiter = CapacityLimiter(THREADS)
        _limiter.set(limiter)
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        raise Problem(503, "not_available", headers={"Retry-After": "5"})
    return await run_sync(partial(work, *arguments), limiter=limiter)


async def pieces_in_reading_threads(pieces: Iterator[str]) -> AsyncIterator[str]:
    """The pieces, each made in such a thread."""
    while (piece := await in_reading_thread(next, pieces, None)) is not None:
        yield piece
