"""Lanes: what queues up is worked on together, every caller gets his own, and what is queued is never dropped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.counter.lanes import Lane, LaneFull


class _Gate:
    """Work that waits until it is let through, and notes its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = threading.Event()
        self.go = threading.Event()

    def __call__(self, batch: Sequence[int]) -> list[int | BaseException]:
        self.began.set()
        assert self.go.wait(10)
        self.batches.append(list(batch))
        return [ValueError(str(item)) if item < 0 else item * 2 for item in batch]


def test_what_came_meanwhile_is_one_batch_and_each_gets_its_own() -> None:
    gate = _Gate()
    lane: Lane[int, int] = Lane("test", gate)

    async def main() -> list[int | BaseException]:
        first = asyncio.ensure_future(lane.ask(1))
        await asyncio.to_thread(gate.began.wait, 10)
        rest = [asyncio.ensure_future(lane.ask(item)) for item in (2, -3, 4)]
        while lane.waiting() < 3:
            await asyncio.sleep(0)
        gate.go.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    one, two, three, four = asyncio.run(main())
    assert (one, two, four) == (2, 4, 8)
    assert isinstance(three, ValueError)
    assert gate.batches == [[1], [2, -3, 4]]
    assert lane.close(10)


def test_what_is_asked_in_one_turn_of_the_loop_is_one_batch_and_bounded_too() -> None:
    gate = _Gate()
    gate.go.set()
    lane: Lane[int, int] = Lane("test", gate, waiting=4)

    async def main() -> list[int | BaseException]:
        return await asyncio.gather(*(lane.ask(item) for item in range(5)), return_exceptions=True)

    *first, last = asyncio.run(main())
    assert first == [0, 2, 4, 6]
    assert isinstance(last, LaneFull)
    assert gate.batches == [[0, 1, 2, 3]]
    assert asyncio.run(main())[:4] == first  # from another loop
    assert lane.close(10)


def test_R32_who_asked_just_before_it_closed_hears_that_it_is_full() -> None:
    lane: Lane[int, int] = Lane("test", list)

    async def main() -> None:
        asked = asyncio.ensure_future(lane.ask(1))
        asyncio.get_running_loop().call_soon(lane.close, 10)  # after the asking, before it is handed over
        with pytest.raises(LaneFull):
            await asked
        with pytest.raises(LaneFull):
            await lane.ask(2)

    asyncio.run(main())


def test_a_batch_has_a_most_and_the_queue_too() -> None:
    gate = _Gate()
    lane: Lane[int, int] = Lane("test", gate, at_once=2, waiting=3)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(lane.wait, 0)]
        assert gate.began.wait(10)
        asked += [threads.submit(lane.wait, item) for item in (1, 2, 3)]
        while lane.waiting() < 3:
            pass
        with pytest.raises(LaneFull):
            lane.wait(9)
        gate.go.set()
        assert sorted(one.result(10) for one in asked) == [0, 2, 4, 6]
    assert [len(batch) for batch in gate.batches] == [1, 2, 1]
    assert lane.close(10)


def test_R32_who_hangs_up_loses_nothing() -> None:
    gate = _Gate()
    lane: Lane[int, int] = Lane("test", gate)

    async def main() -> None:
        asked = asyncio.ensure_future(lane.ask(1))
        await asyncio.to_thread(gate.began.wait, 10)
        second = asyncio.ensure_future(lane.ask(2))
        await asyncio.sleep(0)
        asked.cancel()
        second.cancel()

    asyncio.run(main())  # the loop is closed before there are answers
    gate.go.set()
    assert lane.close(10)
    assert gate.batches == [[1], [2]]


def test_R32_closing_finishes_what_is_queued_and_takes_nothing_more() -> None:
    gate = _Gate()
    lane: Lane[int, int] = Lane("test", gate, at_once=1)
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(lane.wait, item) for item in (1, 2, 3)]
        while lane.waiting() < 2:
            pass
        assert lane.close(0.01) is False
        with pytest.raises(LaneFull):
            lane.wait(4)
        gate.go.set()
        assert [one.result(10) for one in asked] == [2, 4, 6]
    assert lane.close(10)


def test_what_the_work_raises_is_every_ones() -> None:
    def work(batch: Sequence[int]) -> list[int | BaseException]:
        raise OSError("no database")

    lane: Lane[int, int] = Lane("test", work)
    with pytest.raises(OSError, match="no database"):
        lane.wait(1)
    with pytest.raises(OSError, match="no database"):
        lane.wait(2)
    assert lane.close(10)
