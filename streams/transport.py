"""Faust's transport to Kafka, which hands many messages of a partition on as one.

What Faust does for a message takes three times as long as what we do with it, and is the same for a run of them. And
for each that it hands on it makes four tasks, to notice while it waits for room that a rebalance began; there is
nothing to wait for nearly always.
"""

from __future__ import annotations

import logging
import time
import types
from collections.abc import Coroutine, Generator, Mapping, Sequence
from inspect import iscoroutine
from typing import Any, NamedTuple

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


class _Consumer(aiokafka.Consumer):
    logger = logging.getLogger("faust.transport")
    transport: KafkaTransport

    async def _wait_next_records(self, timeout: float) -> Any:
        self.transport.polled_at = time.monotonic()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        found = await super()._getmany(active_partitions, timeout)
        longest = self.transport.longest_runs
        return {
            tp: _cut(records, most) if (most := longest.get(tp.topic)) else records
            for tp, records in found.items()
        }

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

    `polled_at`: when Kafka was last asked for messages, monotonic; 0.0 before.
    """

    Consumer = _Consumer

    def __init__(self, *args: Any, longest_runs: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.longest_runs = longest_runs
        self.polled_at = 0.0


def _cut(records: list[Any], most: int) -> list[list[Any]]:
    return [records[at : at + most] for at in range(0, len(records), most)]
