"""Kafka's topics, and the partition that a stream's events go to."""

from __future__ import annotations

from zlib import crc32

EVENTS = "azyq.events.v1"
REPLIES = "azyq.sms.replies.v1"
PARKED = "azyq.parked.v1"


def partition_of(stream: str, partitions: int) -> int:
    """The partition of a stream (a UUID in text) among `partitions`: the same wherever it is asked, without its events."""
    return crc32(stream.encode()) % partitions
