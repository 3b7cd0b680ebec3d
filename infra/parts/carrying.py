"""Publisher and worker: the log into Kafka, and from Kafka into the views; replies from Kafka into the log."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg2
import structlog
from eventsourcing import persistence

from domain.ports import IncomingReply, LogConflict
from infra.api.problems import Problem
from infra.api.sms.models import ReplyCall, checked, incoming
from infra.api.strict_json import MAX_BODY_BYTES, parse_object
from infra.bootstrap import Azyq
from infra.clock import Clock
from infra.kafka.cluster import Cluster
from infra.kafka.publishing import publisher
from infra.kafka.sink import partition_count
from infra.parts.replies import Replies
from infra.vault.sealing import VaultKeyWrong
from streams.messages import NotOurs
from streams.partition_feed import PartitionFeed
from streams.reply_intake import ReplyIntake
from streams.topics import EVENTS
from streams.trouble import KafkaTrouble
from streams.worker import Worker

_AGAIN_SECONDS = 2.0
# What an operator mends and no reply is to blame for: the database away, a table or a right missing, a key.
_PASSING = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    psycopg2.ProgrammingError,
    LogConflict,
    persistence.OperationalError,
    persistence.InterfaceError,
    persistence.ProgrammingError,
    persistence.ConnectionPoolClosedError,
    VaultKeyWrong,
)

log = structlog.get_logger("azyq")


def publish(azyq: Azyq, stop: threading.Event) -> None:
    """Bring the log to Kafka until `stop`. Raises KafkaTrouble for settings that can't be used."""
    with publisher(azyq.dsn, Cluster(azyq.settings, "azyq-publisher"), azyq.settings.public_url) as at_work:
        at_work.follow(stop)


def work(azyq: Azyq, stop: threading.Event, wake: threading.Event) -> None:
    """Bring Kafka's messages to the views, and its replies to the log, until `stop`. Raises KafkaTrouble: settings."""
    cluster = Cluster(azyq.settings, "azyq-worker")
    partitions = _partitions(cluster, stop)
    if partitions is None:
        return
    feed, replies = event_intake(azyq, partitions), reply_intake(azyq, wake.set)
    Worker(cluster.faust_options(), feed, replies, heartbeat=azyq.settings.heartbeat).run(stop)


def reply_intake(azyq: Azyq, wake: Callable[[], None]) -> ReplyIntake:
    """What takes replies from Kafka's messages; `wake` is called when something was recorded."""
    return ReplyIntake(
        reply_parser(azyq.clock),
        Replies(azyq, wake).record_replies,
        azyq.parked_messages,
        lambda error: isinstance(error, _PASSING),
    )


def event_intake(azyq: Azyq, partitions: int) -> PartitionFeed:
    """What takes the log's events from the messages of a topic of so many partitions."""
    return PartitionFeed(azyq.log_reader, azyq.view_store, azyq.parked_messages, azyq.views, partitions)


def reply_parser(clock: Clock) -> Callable[[bytes], IncomingReply]:
    """Reads a message as the body of `POST /v1/sms/replies`; raises NotOurs with the code and place of what is wrong."""

    def parse(value: bytes) -> IncomingReply:
        if len(value) > MAX_BODY_BYTES:
            raise NotOurs("body_too_large")
        try:
            return incoming(checked(ReplyCall, parse_object(value)), clock(), "kafka")
        except Problem as problem:
            # The pointer of a 400 may be made of what was sent; that of a 422 names a field of ours.
            where = problem.pointer if problem.status == 422 else ""
            raise NotOurs(f"{problem.code} {where or ''}".strip()) from None

    return parse


def _partitions(cluster: Cluster, stop: threading.Event) -> int | None:
    """How many partitions the topic of events has, once Kafka says so; None when `stop` came first."""
    said = ""
    while not stop.is_set():
        try:
            return partition_count(cluster, EVENTS)
        except KafkaTrouble as trouble:
            if trouble.code != said:
                said = trouble.code
                log.error("worker_waiting", code=trouble.code, reason=str(trouble))
            stop.wait(_AGAIN_SECONDS)
    return None
