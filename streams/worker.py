"""The worker: a Faust app that takes messages in batches, hands each to plain code in a thread, then acknowledges it.

Faust brings partitions and their sharing among workers; what was applied is known in PostgreSQL alone. So a message
acknowledged too early, too late or twice does no harm, and every trouble has one answer: the same batch again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import faust
import structlog
from faust.sensors import Monitor

from streams.partition_feed import Delivery, Taken
from streams.topics import EVENTS, REPLIES
from streams.transport import KafkaTransport, Run
from streams.trouble import where

GROUP = "azyq-views"
BATCH = 2_000
WITHIN_SECONDS = 0.03
TAIL_SECONDS = 5.0
HUNG_SECONDS = 60.0
_REPLIES_AT_ONCE = 100
_LONGEST_RUN = 100
_RUNS_AT_ONCE = 20  # a batch is so many runs of messages of the log at most
_FETCHED_BYTES = 1_048_576  # of a partition at once; a larger message still comes, alone
_TOPICS_MS = (
    10_000  # so soon it sees that a topic was made anew or has more partitions; by itself after 5 minutes
)
_PAUSE_SECONDS = 1.0
_BEAT_SECONDS = 1.0
_STOP_SECONDS = (1.5, 0.5, 1.0)  # for the batch at hand, its commit, and leaving the group
_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class EventFeed(Protocol):
    """Applies messages of the log (PartitionFeed)."""

    def take(self, deliveries: Sequence[Delivery]) -> Taken: ...
    def check_tails(self, partitions: Sequence[int]) -> int: ...


class ReplyFeed(Protocol):
    """Records replies (ReplyIntake)."""

    def take(self, deliveries: Sequence[Delivery]) -> Taken: ...


class Worker:
    """One member of the group; any number of them share the partitions.

    `cluster`: keyword arguments of `faust.App` that say where the brokers are and who we are. `events` and `replies`
    are used in one thread each, other than the caller's. `replies` None: that topic is left alone. `heartbeat`: a file
    that is written every few seconds while Kafka is asked for messages and the database takes them in; a worker that
    did either last `hung_seconds` ago leaves it be.
    """

    def __init__(
        self,
        cluster: Mapping[str, Any],
        events: EventFeed,
        replies: ReplyFeed | None = None,
        *,
        group: str = GROUP,
        events_topic: str = EVENTS,
        replies_topic: str = REPLIES,
        batch: int = BATCH,
        within_seconds: float = WITHIN_SECONDS,
        tail_seconds: float = TAIL_SECONDS,
        session_seconds: float = 10.0,
        heartbeat: Path | None = None,
        hung_seconds: float = HUNG_SECONDS,
    ) -> None:
        self._cluster = dict(cluster)
        self._events = events
        self._replies = replies
        self._group = group
        self._events_topic = events_topic
        self._replies_topic = replies_topic
        self._batch = batch
        self._within = within_seconds
        self._tail = tail_seconds
        self._session = session_seconds
        self._heartbeat = heartbeat
        self._hung = hung_seconds
        self._said = ""
        self.taken = 0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set: then finish the batch at hand, commit, leave the group, and return.

        Blocks, in any thread. What interrupts it, such as brokers or a database that restart, is logged and tried
        again.
        """
        for name in ("faust", "mode", "aiokafka"):
            logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
        while not stop.is_set():
            with tempfile.TemporaryDirectory(prefix="azyq-worker-") as folder:
                try:
                    asyncio.run(_Member(self, folder, stop).work())
                except Exception as error:
                    self._say("worker_interrupted", error)
            stop.wait(0 if stop.is_set() else _PAUSE_SECONDS)

    def _say(self, event: str, error: Exception) -> None:
        """Log a trouble once, until something else is the matter or work went on."""
        kind, at = type(error).__name__, where(error)
        if f"{event} {kind} {at}" != self._said:
            self._said = f"{event} {kind} {at}"
            _log.error(event, error=kind, at=at)

    def _beat(self) -> None:
        if self._heartbeat is not None:
            with suppress(OSError):  # a disk that is full holds no message up
                self._heartbeat.touch()

    def _transport(self, app: faust.App) -> KafkaTransport:
        longest = max(1, min(_LONGEST_RUN, self._batch // _RUNS_AT_ONCE))
        return KafkaTransport(
            app.conf.broker_consumer,
            app,
            longest_runs={self._events_topic: longest},
            most_waiting={self._events_topic: _RUNS_AT_ONCE, self._replies_topic: _REPLIES_AT_ONCE},
        )

    def _app(self, folder: str) -> faust.App:
        return faust.App(
            self._group,
            **self._cluster,
            autodiscover=False,
            datadir=folder,
            store="memory://",
            web_enabled=False,
            key_serializer="raw",
            value_serializer="raw",
            processing_guarantee="at_least_once",
            topic_disable_leader=True,
            topic_allow_declare=False,
            consumer_auto_offset_reset="earliest",
            consumer_max_fetch_size=_FETCHED_BYTES,
            consumer_metadata_max_age_ms=_TOPICS_MS,
            stream_wait_empty=False,
            broker_max_poll_records=self._batch,
            broker_commit_interval=1.0,
            broker_session_timeout=self._session,
            broker_heartbeat_interval=self._session / 5,
            broker_rebalance_timeout=max(20.0, self._session),
            broker_request_timeout=max(30.0, self._session + 5),
            monitor=_NoMonitor(),
        )


class _Member:
    """One membership of the group, from joining it to leaving it or to its end by an error."""

    def __init__(self, worker: Worker, folder: str, stop: threading.Event) -> None:
        self._worker = worker
        self._stop = stop
        self._app = worker._app(folder)
        self._app.transport = self._transport = worker._transport(self._app)
        self._worked_at = 0.0
        self._beat_at = 0.0
        self._seen: dict[int, float] = {}
        self._threads: list[_Thread] = []
        self._agent(worker._events_topic, worker._events.take, _RUNS_AT_ONCE)
        if worker._replies is not None:
            self._agent(worker._replies_topic, worker._replies.take, _REPLIES_AT_ONCE)

    async def work(self) -> None:
        app = self._app
        started = asyncio.ensure_future(app.start())
        tails = asyncio.ensure_future(self._look_at_tails())
        try:
            while not (self._stop.is_set() or app.crashed or app.should_stop):
                if started.done() and (failed := started.exception()):
                    raise failed
                if tails.done() and (failed := tails.exception()):
                    raise failed
                self._beat()
                await asyncio.sleep(0.1)
            if app.crashed and not self._stop.is_set():
                raise app.crash_reason or RuntimeError("Faust ended by itself")
        finally:
            await self._leave(started, tails)

    def _beat(self) -> None:
        now = time.monotonic()
        since = min(self._transport.polled_at, self._worked_at, *(thread.since for thread in self._threads))
        if since and now - since < self._worker._hung and now - self._beat_at >= _BEAT_SECONDS:
            self._beat_at = now
            self._worker._beat()

    async def _leave(self, *tasks: asyncio.Future[Any]) -> None:
        for_batch, for_commit, for_group = _STOP_SECONDS
        deadline = time.monotonic() + for_batch
        for thread in self._threads:
            thread.close()
        while any(thread.busy for thread in self._threads) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)  # the agents acknowledge what was finished
        for task in tasks:
            if not task.done():
                task.cancel()
        await _within(for_commit, self._app.consumer.commit())
        await _within(for_group, self._app.stop())

    def _agent(
        self,
        topic: str,
        take: Callable[[Sequence[Delivery]], Taken],
        at_once: int,
    ) -> None:
        thread = _Thread(f"worker-{topic}")
        self._threads.append(thread)

        async def agent(stream: Any) -> None:
            before: asyncio.Future[bool] | None = None
            async for events in stream.noack_take(at_once, within=self._worker._within):
                # Faust gathers the next batch while the thread is at this one.
                if before is not None and not await before:
                    return
                before = asyncio.ensure_future(self._apply(topic, thread, take, events))

        channel = self._app.topic(topic, key_type=bytes, value_type=bytes)
        self._app.agent(channel, name=topic)(agent)

    async def _apply(
        self,
        topic: str,
        thread: _Thread,
        take: Callable[[Sequence[Delivery]], Taken],
        events: Sequence[Any],
    ) -> bool:
        """Whether the batch was applied; False when the worker is to stop before that."""
        messages = [event.message for event in events]
        batch = [delivery for message in messages for delivery in _deliveries(message)]
        partitions = {message.partition for message in messages}
        self._note(topic, partitions)
        if not await self._until_done(thread, partial(take, batch)):
            return False
        self._note(topic, partitions)
        self._worked_at = time.monotonic()
        self._worker.taken += len(batch)
        self._worker._said = ""
        for event in events:
            event.ack()
        return True

    async def _until_done(self, thread: _Thread, work: Callable[[], object]) -> bool:
        """Do `work` in `thread`, again and again while it fails; False when the worker is to stop before it went."""
        while not self._stop.is_set():
            try:
                await thread.do(work)
                return True
            except _Closed:
                break
            except Exception as error:
                self._worker._say("worker_waits", error)
                until = time.monotonic() + _PAUSE_SECONDS
                while time.monotonic() < until and not self._stop.is_set():
                    await asyncio.sleep(0.05)
        return False

    def _note(self, topic: str, partitions: Iterable[int]) -> None:
        if topic == self._worker._events_topic:
            self._seen |= dict.fromkeys(partitions, time.monotonic())

    async def _look_at_tails(self) -> None:
        """Let the log tell what never came of partitions that are silent; what waits here will come by itself."""
        worker = self._worker
        while True:
            await asyncio.sleep(worker._tail)
            now = time.monotonic()
            mine = [tp for tp in self._assigned() if tp.topic == worker._events_topic]
            silent = {tp: now - self._seen.setdefault(tp.partition, now) for tp in mine}
            consumer: Any = self._app.consumer
            waiting = consumer.waiting()
            idle = [
                tp.partition
                for tp, seconds in silent.items()
                if seconds >= (worker._hung if tp in waiting else worker._tail)
            ]
            if await self._until_done(self._threads[0], partial(worker._events.check_tails, idle)):
                self._worked_at = time.monotonic()

    def _assigned(self) -> Sequence[Any]:
        try:
            return list(self._app.consumer.assignment())
        except Exception:
            return []


def _deliveries(message: Any) -> list[Delivery]:
    if isinstance(message, Run):
        return [Delivery(r.partition, r.offset, r.key, r.value, r.timestamp) for r in message.records]
    written_at = None if message.timestamp is None else round(message.timestamp * 1000)  # Faust has seconds
    return [Delivery(message.partition, message.offset, message.key, message.value, written_at)]


async def _within(seconds: float, work: Coroutine[Any, Any, Any]) -> None:
    """Do `work`, or give it up: Faust's commit, cancelled while it waits for another one, begins anew and never ends."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
    elif not task.cancelled():
        task.exception()


class _Closed(Exception):
    """The thread takes no more work."""


class _Thread:
    """A thread that does one thing after another, and never keeps a process from ending."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._waiting = 0
        self._begun = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    @property
    def since(self) -> float:
        """When it began what it is at; now, when it is at nothing."""
        return self._begun or time.monotonic()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._work.put(None)

    async def do(self, work: Callable[[], _T]) -> _T:
        if self._closed:
            raise _Closed
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()
        self._waiting += 1
        self._work.put((work, done))
        return await done

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, done = item
            loop = done.get_loop()
            self._begun = time.monotonic()
            try:
                result = work()
            except BaseException as error:
                self._begun = 0.0
                self._tell(loop, done, None, error)
            else:
                self._begun = 0.0
                self._tell(loop, done, result, None)

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[Any],
        result: Any,
        error: BaseException | None,
    ) -> None:
        def tell() -> None:
            self._waiting -= 1
            if done.cancelled():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell)


class _NoMonitor(Monitor):
    """Faust's statistics of every message, which nobody reads, take a good part of its time: none are kept."""

    logger = logging.getLogger("faust.sensors")

    def on_message_in(self, *_: Any) -> None:
        pass

    def on_message_out(self, *_: Any) -> None:
        pass

    def on_stream_event_in(self, *_: Any) -> None:
        pass

    def on_stream_event_out(self, *_: Any) -> None:
        pass

    def on_topic_buffer_full(self, *_: Any) -> None:
        pass
