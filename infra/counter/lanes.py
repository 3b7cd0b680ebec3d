"""A lane: one thread that takes what has queued up and works on it together; whoever asked awaits his own result."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

import structlog

AT_ONCE = 200
WAITING = 2_000

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger("azyq")


class LaneFull(Exception):
    """Too many are waiting: to be asked again in a moment (503)."""


class _Job(NamedTuple, Generic[T]):
    item: T
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[object] | Future[object]


class Lane(Generic[T, R]):
    """`ask` and `wait` give an item in and get its result. What is queued is worked on whether or not anybody still
    waits for it: a caller who hangs up loses nothing."""

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[T]], Sequence[R | BaseException]],
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        """`work` gives one result an item, in order, an exception where it has none; what it raises is every item's."""
        self._work = work
        self._at_once = at_once
        self._waiting = waiting
        self._jobs: deque[_Job[T]] = deque()
        self._gathered = threading.local()  # an event loop's jobs, until its turn ends
        self._closed = False
        self._changed = threading.Condition(threading.Lock())
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(self, item: T) -> R:
        """The item's result. Raises what became of it, LaneFull when too many wait or the lane is closed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        job = _Job(item, loop, future)
        # Who asks in the same turn of the loop is handed over together: waking the thread costs as much as an answer.
        gathered: list[_Job[T]] = getattr(self._gathered, "jobs", [])
        if gathered and gathered[0].loop is not loop:  # of a loop that is over
            gathered = []
        if self._closed or len(self._jobs) + len(gathered) >= self._waiting:
            raise LaneFull
        if gathered:
            gathered.append(job)
        else:
            self._gathered.jobs = jobs = [job]
            loop.call_soon(self._hand_over, jobs)
        return await future  # type: ignore[return-value]

    def _hand_over(self, jobs: list[_Job[T]]) -> None:
        taken = jobs.copy()
        jobs.clear()
        if not self._put(taken):
            _deliver(taken, [LaneFull()] * len(taken))

    def wait(self, item: T) -> R:
        """The same for a thread without an event loop."""
        future: Future[object] = Future()
        if len(self._jobs) >= self._waiting or not self._put([_Job(item, None, future)]):
            raise LaneFull
        return future.result()  # type: ignore[return-value]

    def _put(self, jobs: Sequence[_Job[T]]) -> bool:
        """Whether they will be worked on: not once it is closed."""
        with self._changed:
            if not self._closed:
                self._jobs.extend(jobs)
                self._changed.notify()
            return not self._closed

    def waiting(self) -> int:
        """How many wait to be taken."""
        return len(self._jobs)

    def close(self, seconds: float) -> bool:
        """Take nothing more and finish what is queued, within `seconds`; whether it was."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while batch := self._next():
            try:
                results: Sequence[R | BaseException] = self._work([one.item for one in batch])
            except BaseException as error:
                results = [error] * len(batch)
            _deliver(batch, results)

    def _next(self) -> list[_Job[T]]:
        """What has queued up, as much as is taken at once; nothing when the lane is closed and all is done."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            return [self._jobs.popleft() for _ in range(min(self._at_once, len(self._jobs)))]


def _deliver(batch: Sequence[_Job[T]], results: Sequence[object]) -> None:
    """Each result to its future: of an event loop all in one go, for waking it costs as much as a result."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[object], object]]] = {}
    for job, result in zip(batch, results, strict=True):
        if job.loop is not None:
            assert isinstance(job.future, asyncio.Future)
            by_loop.setdefault(job.loop, []).append((job.future, result))
        elif isinstance(result, BaseException):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:  # the loop is over: nobody waits any more
            log.info("answers_unheard", answers=len(settled))


def _settle(settled: Sequence[tuple[asyncio.Future[object], object]]) -> None:
    for future, result in settled:
        if future.done():  # given up by whoever asked
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
