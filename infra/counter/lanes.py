"""A lane: one thread that takes what has queued up and works on it together; whoever asked awaits his own result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
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
        self._queue: SimpleQueue[_Job[T] | None] = SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(self, item: T) -> R:
        """The item's result. Raises what became of it, LaneFull when too many wait or the lane is closed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        self._put(_Job(item, loop, future))
        return await future  # type: ignore[return-value]

    def wait(self, item: T) -> R:
        """The same for a thread without an event loop."""
        future: Future[object] = Future()
        self._put(_Job(item, None, future))
        return future.result()  # type: ignore[return-value]

    def _put(self, job: _Job[T]) -> None:
        with self._closing:  # what is in the queue before the last word is worked on
            if self._closed or self._queue.qsize() >= self._waiting:
                raise LaneFull
            self._queue.put(job)

    def waiting(self) -> int:
        """How many wait to be taken."""
        return self._queue.qsize()

    def close(self, seconds: float) -> bool:
        """Take nothing more and finish what is queued, within `seconds`; whether it was."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            batch, last = [job], False
            while len(batch) < self._at_once:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    last = True
                    break
                batch.append(more)
            try:
                results: Sequence[R | BaseException] = self._work([one.item for one in batch])
            except BaseException as error:
                results = [error] * len(batch)
            _deliver(batch, results)
            if last:
                return


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
