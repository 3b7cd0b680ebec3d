"""Faust's transport to Kafka, which hands a message on without a task of its own where there is room for it.

For each message Faust makes four tasks, to notice while it waits for room that a rebalance began. There is nothing to
wait for nearly always, and then those tasks are half of what Faust costs.
"""

from __future__ import annotations

import logging
import types
from collections.abc import Coroutine, Generator
from inspect import iscoroutine
from typing import Any, NamedTuple

from faust.transport.drivers import aiokafka


class _Waited(NamedTuple):
    """What Faust's waiting gives: what ended, with what results, and whether the service was stopped instead."""

    done: list[Any]
    results: list[Any]
    stopped: bool


_AT_ONCE = _Waited([], [], False)


class _Consumer(aiokafka.Consumer):
    logger = logging.getLogger("faust.transport")

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
    """For `App.transport`."""

    Consumer = _Consumer
