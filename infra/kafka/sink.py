"""Sending to Kafka: what one call sends is, for each partition, one batch that Kafka takes whole or not at all.

kafka-python may send a later batch of a partition though an earlier one failed. So nothing is sent until what went
before was acknowledged; and a producer that failed once is thrown away, with all that it still holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from infra.kafka.cluster import LARGEST_BATCH, Cluster
from streams.messages import Message
from streams.trouble import KafkaTrouble, TooLarge

_RECORD = 40  # bytes of a record beside key, value and headers, at most
_HEADER = 10
_CLOSE_SECONDS = 5.0


class Sending:
    """Messages on their way."""

    def __init__(self, sink: KafkaSink, topic: str, producer: KafkaProducer, futures: list[object]) -> None:
        self._sink = sink
        self._topic = topic
        self._producer = producer
        self._futures = futures

    def wait(self, seconds: float) -> bool:
        """Wait some `seconds`; whether Kafka has acknowledged all of them. Raises KafkaTrouble when one failed."""
        with suppress(kafka_errors.KafkaError):  # not yet; what failed is told by its future
            self._producer.flush(seconds)
        under_way = False
        for future in self._futures:
            if not future.is_done:  # type: ignore[attr-defined]
                under_way = True
            elif future.exception is not None:  # type: ignore[attr-defined]
                raise self._sink.trouble(self._topic, future.exception)  # type: ignore[attr-defined]
        return not under_way


class KafkaSink:
    """Sends to explicit partitions through an idempotent producer of its own. Not to be shared among threads."""

    batch_bytes = LARGEST_BATCH - 1_000

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._producer: KafkaProducer | None = None
        self._partitions: dict[str, int] = {}
        self._overhead: dict[tuple[tuple[str, bytes], ...], int] = {}

    def size(self, message: Message) -> int:
        """Bytes that `message` takes of a batch, at most."""
        key, value, headers = message
        if headers not in self._overhead:
            self._overhead[headers] = _RECORD + sum(len(n) + len(v) + _HEADER for n, v in headers)
        return len(key) + len(value) + self._overhead[headers]

    def partitions(self, topic: str) -> int:
        """How many partitions `topic` has; known ones until `close`. Raises KafkaTrouble, also without the topic."""
        if topic not in self._partitions:
            self._partitions[topic] = partition_count(self._cluster, topic)
        return self._partitions[topic]

    def send(self, topic: str, messages: Sequence[tuple[int, Message]]) -> Sending:
        """Send (partition, message) pairs, those of a partition in order, at most `batch_bytes` for each.

        To be called when all that was sent before was acknowledged. Raises KafkaTrouble.
        """
        if self._producer is None:
            self._producer = self._cluster.producer()
        send = self._producer.send
        headers: dict[tuple[tuple[str, bytes], ...], list[tuple[str, bytes]]] = {}
        futures = []
        try:
            for partition, (key, value, pairs) in messages:
                if pairs not in headers:
                    headers[pairs] = list(pairs)
                futures.append(send(topic, value, key, headers[pairs], partition))
        except (kafka_errors.KafkaError, ValueError) as error:
            raise self.trouble(topic, error) from error
        return Sending(self, topic, self._producer, futures)

    def trouble(self, topic: str, error: BaseException) -> KafkaTrouble:
        """What `error` of the producer means."""
        if isinstance(error, kafka_errors.MessageSizeTooLargeError | kafka_errors.RecordListTooLargeError):
            return TooLarge(topic)
        if isinstance(error, kafka_errors.UnknownTopicOrPartitionError):
            return topic_missing(topic)
        return self._cluster.trouble(error)

    def close(self) -> None:
        """Forget what was not acknowledged, and let go of Kafka; it is opened again when needed."""
        producer, self._producer = self._producer, None
        self._partitions.clear()
        if producer is None:
            return
        # `KafkaProducer.close` goes on sending what it holds, and would do so beside the next producer.
        sender = producer._sender
        sender.force_close()
        sender.join(_CLOSE_SECONDS)
        with suppress(Exception):
            producer.close(timeout=0)


def topic_missing(topic: str) -> KafkaTrouble:
    """The trouble of a topic that isn't there."""
    return KafkaTrouble("topic_missing", f"Kafka has no topic {topic}: run `azyq kafka init`.")


def partition_count(cluster: Cluster, topic: str) -> int:
    """How many partitions `topic` has now. Raises KafkaTrouble, also when it isn't there."""
    admin = cluster.admin(timeout_seconds=2.0)
    try:
        found = admin.describe_topics([topic])[0]
        if found["error_code"]:
            raise kafka_errors.for_code(found["error_code"])()
        return len(found["partitions"])
    except kafka_errors.UnknownTopicOrPartitionError:
        raise topic_missing(topic) from None
    except kafka_errors.KafkaError as error:
        raise cluster.trouble(error) from error
    finally:
        admin.close()
