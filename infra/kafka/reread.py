"""One message of a topic, read again by its place: what is parked keeps no content."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from kafka import TopicPartition
from kafka.errors import KafkaError

from infra.kafka.cluster import Cluster
from infra.postgres.parked_messages import PostgresParkedMessages
from streams.partition_feed import Delivery, Taken

_SECONDS = 20.0

Take = Callable[[Sequence[Delivery]], Taken]


class MessageGone(LookupError):
    """A message that Kafka doesn't keep any more, or never had at this place."""


def read_message(
    cluster: Cluster, topic: str, partition: int, offset: int, seconds: float = _SECONDS
) -> Delivery:
    """The message at `offset`. Raises MessageGone, and KafkaTrouble without a cluster."""
    consumer = cluster.consumer(max_poll_records=1)
    try:
        place = TopicPartition(topic, partition)
        if partition not in (consumer.partitions_for_topic(topic) or ()):
            raise MessageGone(f"{topic} has no partition {partition}")
        consumer.assign([place])
        first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
        if not first <= offset < end:
            raise MessageGone(f"{topic}/{partition} holds {first} to {end - 1}: {offset} is none of them")
        consumer.seek(place, offset)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for record in consumer.poll(timeout_ms=500).get(place, ()):
                if record.offset == offset:
                    return Delivery(partition, offset, record.key, record.value, record.timestamp)
                raise MessageGone(f"{topic}/{partition} has nothing at {offset} any more")
        raise MessageGone(f"{topic}/{partition} gave nothing at {offset} within {seconds:g} s")
    except KafkaError as error:
        raise cluster.trouble(error) from error
    finally:
        consumer.close()


def retry_message(
    cluster: Cluster,
    messages: PostgresParkedMessages,
    takers: Mapping[str, Take],
    topic: str,
    partition: int,
    offset: int,
) -> bool:
    """Read the parked message again and let the taker of its topic have it; whether it went, and is settled now.

    Raises MessageGone, KafkaTrouble, KeyError for a topic that nobody takes, and what the taker raises.
    """
    take = takers[topic]
    message = read_message(cluster, topic, partition, offset)
    if messages.written_at(topic, partition, offset) not in (None, message.written_at):
        raise MessageGone(f"{topic}/{partition} was made anew and has another message at {offset}")
    if take([message]).parked:
        return False
    messages.settle(topic, partition, offset)
    return True
