"""Room for uploads: how much of them one process has in memory at a time, and how slowly one may come.

Whoever finds no room waits without being read: what is not read stays in the sender's own buffers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

WAIT_SECONDS = 30.0
GRACE_SECONDS = 10.0
SLOWEST = 20_000  # bytes a second: what comes slower keeps room from the others


class NoRoom(Exception):
    """Too much is being uploaded just now."""


class TooSlow(Exception):
    """An upload that comes so slowly is not waited for."""


class UploadRoom:
    """So many bytes, for the uploads of one process; whoever came first is let in first."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def held(self, size: int) -> AsyncIterator[None]:
        """Room for `size` bytes, or all there is for what is larger. Raises NoRoom after 30 s."""
        size = min(size, self._size)
        if self._waiting or self._free < size:
            await self._wait(size)
        else:
            self._free -= size
        try:
            yield
        finally:
            self._give(size)

    async def _wait(self, size: int) -> None:
        place = size, asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await place[1]
        except BaseException as error:
            if place[1].done() and not place[1].cancelled():
                self._give(size)  # it was let in just as it gave up
            else:
                self._waiting.remove(place)
                self._give(0)  # who stood behind a large one may be small
            if isinstance(error, TimeoutError):
                raise NoRoom from None
            raise

    def _give(self, size: int) -> None:
        self._free += size
        while self._waiting and self._free >= self._waiting[0][0]:
            size, ready = self._waiting.popleft()
            if not ready.done():
                self._free -= size
                ready.set_result(None)


@asynccontextmanager
async def in_pace() -> AsyncIterator[Callable[[int], None]]:
    """What is told after each piece how many bytes have come. Raises TooSlow when those of 10 s were too few.

    What came fast before is no excuse: who then stops keeps the room of others.
    """
    loop, counted = asyncio.get_running_loop(), 0
    try:
        async with asyncio.timeout(GRACE_SECONDS) as limit:

            def came(size: int) -> None:
                nonlocal counted
                if size - counted >= GRACE_SECONDS * SLOWEST:
                    counted = size
                    limit.reschedule(loop.time() + GRACE_SECONDS)

            yield came
    except TimeoutError:
        raise TooSlow from None
