"""A worker that is to stop ends, whatever Faust does meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
from faust.transport.consumer import Consumer

from streams.topics import EVENTS
from tests.broker.server import Access
from tests.integration.publishing import made_topics, until
from tests.integration.test_worker_waiting import Taker, produce
from tests.integration.working import working


def test_it_ends_though_a_commit_goes_on_when_it_is_cancelled(
    empty_kafka: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a commit that waits for another one: cancelled, Faust's begins anew
    async def commit(*_: Any, **__: Any) -> bool:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()
        return True

    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS="1")
    produce(cluster, EVENTS, 1, 1)
    taker = Taker()
    with working(cluster, taker):
        until(lambda: taker.offsets)
        # when it is to stop
        monkeypatch.setattr(Consumer, "commit", commit)
        began = time.monotonic()
    # then it does
    assert time.monotonic() - began < 10
