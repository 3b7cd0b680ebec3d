"""`azyq serve`, and its parts as processes of their own: `api`, `scheduler`."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

import typer

from infra.cli.running import LANGUAGE, opened, refusals, usage

if TYPE_CHECKING:
    from infra.parts.running import Part


def serve(lang: str = LANGUAGE) -> None:
    """The API and the scheduler; processes beside them keep the views and answer analysts."""
    _run(lang, "api", "scheduler", "views")


def api(lang: str = LANGUAGE) -> None:
    """The HTTP API alone (replies, delivery reports, health, metrics); without Kafka it keeps the views too."""
    _run(lang, "api", *_alone())


def scheduler(
    once: bool = typer.Option(False, "--once", help="Do what is due now, and end."), lang: str = LANGUAGE
) -> None:
    """The calendar of every programme, day by day, and the SMS that are due."""
    if once:
        with opened(lang) as azyq:
            from infra.parts.running import run_once

            run_once(azyq)
    else:
        _run(lang, "scheduler", *_alone())


def publisher(lang: str = LANGUAGE) -> None:
    """The log to Kafka, in order; one is at work at a time, others stand by."""
    _needs_kafka("publisher")
    _run(lang, "publisher")


def worker(lang: str = LANGUAGE) -> None:
    """Kafka to the views, and replies from gateways that speak Kafka; any number share the work."""
    _needs_kafka("worker")
    _run(lang, "worker")


def _alone() -> tuple[Part, ...]:
    """Without Kafka each process keeps the views in step; they take turns."""
    from infra.settings import Settings

    with refusals():
        return () if Settings().kafka_bootstrap_servers else ("views",)


def _needs_kafka(command: str) -> None:
    from infra.settings import Settings

    with refusals():
        if not Settings().kafka_bootstrap_servers:
            usage(
                f"{command} needs KAFKA_BOOTSTRAP_SERVERS; without it `azyq serve` feeds the views from the log"
            )


def _run(lang: str, *parts: Part) -> None:
    # While it starts nothing is under way, so that it may end at once; where an import that is under way swallows the exit,
    # what is started sees that it is to end.
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    with opened(lang) as azyq:
        azyq.stopping = ended
        from infra.parts.running import run_parts

        _ = azyq.signatures  # a wrong file in AZYQ_TRUST is told now, not to everybody who signs
        run_parts(azyq, parts)
