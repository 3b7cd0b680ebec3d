"""Topics that change under a worker: made anew, or with more partitions. Nobody has to restart it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.kafka import topics
from infra.postgres.published import PublishedState
from streams.topics import EVENTS
from tests.broker.server import Access
from tests.integration.publishing import made_topics, settings_of, until
from tests.integration.test_feed import Parts
from tests.integration.test_partition_feed import then_all_is_as_folded
from tests.integration.test_worker import caught_up, publish
from tests.integration.working import a_feed, members, working

N = 3


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


def test_O3_2_a_topic_made_anew_is_read_within_seconds(
    parts: Parts, empty_kafka: Access, database: str
) -> None:
    # given a worker that has read what there was
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(N))
    parts.tell(1)
    publish(database, cluster)
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
        # when the topic is deleted, the group finds it missing, and it is made anew
        admin = cluster.admin()
        admin.delete_topics([EVENTS])
        admin.close()
        with a_feed(database, N) as another, working(cluster, another):
            until(lambda: members(cluster) == 2)
        until(lambda: members(cluster) == 1)
        made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(N))
        parts.tell(2, 10, None, "2025-08")
        publish(database, cluster)
        # then the views go on
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)


def test_O3_2_more_partitions_are_shared_out_within_seconds(
    parts: Parts, empty_kafka: Access, database: str
) -> None:
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(N))
    parts.tell(1)
    publish(database, cluster)
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
        # when the topic gets more partitions while the worker is at work
        more = settings_of(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(3 * N))
        assert topics.repartition(cluster, more, PublishedState(database, EVENTS)) == 3 * N
        parts.tell(2, 20, None, "2025-08")
        publish(database, cluster)
        until(lambda: caught_up(parts))
        # then what goes to the new ones comes by way of Kafka too
        parts.tell(3, 20, None, "2025-09")
        publish(database, cluster)
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)
