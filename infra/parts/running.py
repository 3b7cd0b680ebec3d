"""Running parts: threads of one process, stopped together by a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection
from contextlib import closing
from types import FrameType
from typing import Literal

import structlog

from infra.bootstrap import Azyq
from infra.parts.office.list_work import ListWork, work_at_lists
from infra.parts.scheduler import Scheduler, schedule
from infra.postgres.embedded import EmbeddedPostgres
from streams.trouble import KafkaTrouble

Part = Literal["api", "scheduler", "views", "publisher", "worker"]

log = structlog.get_logger("azyq")


def run_once(azyq: Azyq) -> None:
    """What is due now, and the views up to date."""
    with closing(ListWork(azyq)) as lists:
        lists.round()
    Scheduler(azyq).tick()
    azyq.catch_up_views()


def run_parts(azyq: Azyq, wanted: Collection[Part]) -> None:
    """Run until SIGTERM or SIGINT, then let each part finish what it is at; SystemExit(1) when one failed.

    `views` keeps the views in step: by a publisher and a worker where there is a Kafka, else from the log, beside `api`
    in a process of its own.
    Raises OSError: the address is taken; ValueError: AZYQ_SMS_GATEWAY names no gateway.
    """
    stop = azyq.stopping
    wake = threading.Event()
    works: dict[str, Callable[[], None]] = {}
    failed: list[BaseException] = []
    chosen = set(wanted)
    if "views" in chosen and azyq.settings.kafka_bootstrap_servers:
        chosen |= {"publisher", "worker"}
    elif "views" in chosen and "api" in chosen:
        from infra.parts.view_process import keep_views

        azyq.view_store.prepare(azyq.views)  # whoever asks at once finds their tables, be they empty
        works["views"] = lambda: keep_views(azyq.dsn, stop)
    elif "views" in chosen:
        works["views"] = lambda: azyq.feed.follow(stop)
    if chosen & {"api", "scheduler"}:
        _ = azyq.gateway  # a wrong setting is told now, not when the first SMS is due
    if "api" in chosen:
        from infra.parts.api import listen, serve

        listener = listen(azyq.settings.listen)
        works["api"] = lambda: serve(azyq, listener, stop, wake)
    if "scheduler" in chosen:
        works["scheduler"] = lambda: schedule(azyq, stop, wake)
        works["lists"] = lambda: work_at_lists(azyq, stop)
    if "publisher" in chosen:
        from infra.parts.carrying import publish

        works["publisher"] = lambda: publish(azyq, stop)
    if "worker" in chosen:
        from infra.parts.carrying import work

        works["worker"] = lambda: work(azyq, stop, wake)

    if azyq.settings.database_url is None:
        works["database"] = lambda: _keep_database(azyq)

    def guarded(name: str, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                if isinstance(error, KafkaTrouble):
                    log.error("part failed", part=name, code=error.code, reason=str(error))
                else:
                    log.error("part failed", part=name, exc_info=error)
                failed.append(error)
                stop.set()

        return threading.Thread(target=run, name=name)

    threads = [guarded(name, work) for name, work in works.items()]
    _on_signal(stop)
    for thread in threads:
        thread.start()
    stop.wait()
    wake.set()
    azyq.lists_wait.set()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(1)


def _keep_database(azyq: Azyq) -> None:
    embedded = EmbeddedPostgres(azyq.settings.data)
    with embedded:
        embedded.keep(azyq.stopping)


def _on_signal(stop: threading.Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
