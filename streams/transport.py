"""Faust's transport to Kafka, which hands many messages of a partition on as one.

What Faust does for a message takes three times as long as what we do with it, and is the same for a run of them. And
for each that it hands on it makes four tasks, to notice while it waits for room that a rebalance began; there is
nothing to wait for nearly always.

Nor does Faust keep to a size of a topic's queue: it holds 4,096 of whatever is handed on, and what is waiting in it is
what fills the memory of a worker that has much to catch up with. So Kafka is asked for more of a topic when little of
it waits.
"""

from __future__ import annotations

import logging
import time
import types
from collections.abc import Coroutine, Generator, Mapping, Sequence
from inspect import iscoroutine
from math import ceil
from typing import Any, NamedTuple
from weakref import WeakSet

from faust.transport.drivers import aiokafka
from faust.types.tuples import ConsumerMessage


class Run(ConsumerMessage):
    """Consecutive messages of a partition as one of Faust's: acknowledged together, with the offset of the last."""

    __slots__ = ("records",)
    records: Sequence[Any]


class _Waited(NamedTuple):
    """What Faust's waiting gives: what ended, with what results, and whether the service was stopped instead."""

    done: list[Any]
    results: list[Any]
    stopped: bool


_AT_ONCE = _Waited([], [], False)
_FULL_SECONDS = 0.01  # until it is looked again whether there is room; a batch takes ten times as long
_PARTITIONS_AT_ONCE = 20


class _ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    consumer: _Consumer

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        """Of each partition that was fetched as many; of one alone they would fill batch after batch."""
        fetcher = consumer._fetcher
        fetched = fetcher._records
        here = [tp for tp in fetched if tp in active_partitions][:_PARTITIONS_AT_ONCE]
        found: dict[Any, list[Any]] = {}
        for tp in here:
            failed = hasattr(fetched.get(tp), "check_raise")
            if found and (failed or fetcher._subscriptions.reassignment_in_progress):
                break  # an error or a wait would lose what was found; it comes the next time
            run = self.consumer.transport.longest_runs.get(tp.topic, 1)
            runs = None if max_records is None else ceil(max_records / len(here) / run) * run
            found |= await super()._fetch_records(consumer, {tp}, 0, runs)
            if tp in fetched:
                fetched[tp] = fetched.pop(tp)  # behind those whose turn it is now
        return found or await super()._fetch_records(consumer, active_partitions, timeout, max_records)


class _Consumer(aiokafka.Consumer):
    logger = logging.getLogger("faust.transport")
    transport: KafkaTransport

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def waiting(self) -> set[Any]:
        """Partitions of which messages were fetched and are not acknowledged yet; of those that come as Runs."""
        consumer = self._thread._consumer
        fetched = () if consumer is None else consumer._fetcher._records
        return {run.tp for run in self.transport.runs if not run.acked}.union(fetched)

    async def _wait_next_records(self, timeout: float) -> Any:
        self.transport.polled_at = time.monotonic()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        full = {
            topic for channel in self.app.topics for topic in channel.topics if self._is_full(channel, topic)
        }
        wanted = {tp for tp in active_partitions if tp.topic not in full}
        if full:
            timeout = _FULL_SECONDS
        if not wanted:
            await self.sleep(timeout)
            return {}
        found = await super()._getmany(wanted, timeout)
        longest = self.transport.longest_runs
        return {
            tp: _cut(records, most) if (most := longest.get(tp.topic)) else records
            for tp, records in found.items()
        }

    def _is_full(self, channel: Any, topic: str) -> bool:
        most = self.transport.most_waiting.get(topic)
        return most is not None and channel.queue.qsize() >= most

    def _to_message(self, tp: Any, record: Any) -> ConsumerMessage:
        if not isinstance(record, list):
            return super()._to_message(tp, record)
        last = record[-1]
        run = Run(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            headers=None,
            key=None,
            value=None,
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )
        run.records = record
        self.transport.runs.add(run)
        return run

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self.transport.longest_runs:
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: Any) -> int | None:
        """The offset to commit: runs are acknowledged in order, and so everything before the last of them was."""
        if tp.topic not in self.transport.longest_runs:
            return super()._new_offset(tp)
        acked = self._acked[tp]
        if not acked:
            return None
        newest = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return newest + 1

    async def wait_first(self, *coros: Any, timeout: Any = None) -> Any:
        """As Faust's; but when the first of two coroutines needs not wait, it is done at once."""
        if len(coros) != 2 or timeout is not None or not all(map(iscoroutine, coros)):
            return await super().wait_first(*coros, timeout=timeout)
        handing_on, other = coros
        try:
            waiting_for = handing_on.send(None)
        except StopIteration:
            other.close()
            return _AT_ONCE
        except BaseException:
            other.close()
            raise
        return await super().wait_first(_resumed(handing_on, waiting_for), other)


async def _resumed(begun: Coroutine[Any, Any, Any], waiting_for: Any) -> Any:
    return await _rest(begun, waiting_for)


@types.coroutine
def _rest(begun: Coroutine[Any, Any, Any], waiting_for: Any) -> Generator[Any, Any, Any]:
    """The rest of a coroutine that was begun and gave `waiting_for` to wait for."""
    while True:
        failed: BaseException | None = None
        try:
            yield waiting_for
        except BaseException as error:
            failed = error
        try:
            waiting_for = begun.send(None) if failed is None else begun.throw(failed)
        except StopIteration as end:
            return end.value


class KafkaTransport(aiokafka.Transport):
    """For `App.transport`. `longest_runs`: by topic whose messages come as Runs, how many messages one has at most.

    `most_waiting`: by topic, from how many on that wait for their agent (runs, where it has them) no more are fetched;
    beyond it come at most the `broker_max_poll_records` that were asked for before.
    `runs`: those that somebody holds. `polled_at`: when Kafka was last asked for messages, monotonic; 0.0 before.
    """

    Consumer = _Consumer

    def __init__(
        self, *args: Any, longest_runs: Mapping[str, int], most_waiting: Mapping[str, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.longest_runs = longest_runs
        self.most_waiting = most_waiting
        self.runs: WeakSet[Run] = WeakSet()
        self.polled_at = 0.0


def _cut(records: list[Any], most: int) -> list[list[Any]]:
    return [records[at : at + most] for at in range(0, len(records), most)]
