"""Our topics: made explicitly, compared with the settings, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, Protocol

from kafka import KafkaAdminClient, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, OffsetSpec

from infra.kafka.cluster import Cluster
from infra.kafka.sink import topic_missing
from infra.settings import Settings
from streams.topics import EVENTS, PARKED, REPLIES, partition_of
from streams.trouble import KafkaTrouble

GROUP = "azyq-views"
LARGEST_MESSAGE = (
    1_048_588  # bytes; Kafka's own default, stated so that a cluster with another one takes our batches
)
_NAMES = (EVENTS, REPLIES, PARKED)

Configs = dict[str, str]
Described = dict[str, Any]  # a topic, as kafka-python describes it


class Difference(NamedTuple):
    """A setting of a topic that is not as `azyq kafka init` would make it."""

    name: str
    found: str
    wanted: str


class TopicOutcome(NamedTuple):
    """What `init` did or found: `altered` lists nothing that still differs."""

    topic: str
    outcome: Literal["created", "same", "altered", "differs"]
    differences: list[Difference]


class PartitionStatus(NamedTuple):
    """One partition: brokers that keep it, those in sync, first and next offset, and the group's lag in messages."""

    partition: int
    leader: int
    replicas: int
    in_sync: int
    begin: int
    end: int
    lag: int | None


class TopicStatus(NamedTuple):
    """A topic as it is; `partitions` is empty for one that is not there."""

    topic: str
    partitions: list[PartitionStatus]
    differences: list[Difference]

    @property
    def lag(self) -> int | None:
        """Messages that the group has not taken; None when nobody reads the topic as that group."""
        lags = [p.lag for p in self.partitions if p.lag is not None]
        return sum(lags) if lags else None

    @property
    def under_replicated(self) -> int:
        """How many partitions have replicas that are not in sync, or no leader."""
        return sum(p.in_sync < p.replicas or p.leader < 0 for p in self.partitions)


class PublishedPlace(Protocol):
    """The publisher's state, as a change of partitions moves it (infra.postgres.published)."""

    def acquire(self) -> bool: ...
    def place(self) -> tuple[int, list[int]] | None: ...
    def streams(self, upto: int) -> Iterable[tuple[str, int]]: ...
    def repartition(self, last: Sequence[int]) -> None: ...
    def release(self) -> None: ...


def wanted(settings: Settings) -> dict[str, tuple[int, Configs]]:
    """Partitions and configs of each of our topics, as the settings have them. Raises KafkaTrouble."""
    if settings.kafka_min_insync > settings.kafka_replication:
        raise KafkaTrouble(
            "not_configured",
            f"AZYQ_KAFKA_MIN_INSYNC_REPLICAS ({settings.kafka_min_insync}) is more than AZYQ_KAFKA_REPLICATION "
            f"({settings.kafka_replication}): nothing could ever be written.",
        )
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.kafka_retention_hours * 3_600_000),
        "min.insync.replicas": str(settings.kafka_min_insync),
        "max.message.bytes": str(LARGEST_MESSAGE),
    }
    return {
        EVENTS: (settings.kafka_partitions, configs),
        REPLIES: (settings.kafka_partitions, configs),
        PARKED: (1, configs),
    }


def init(cluster: Cluster, settings: Settings, apply: bool = False) -> list[TopicOutcome]:
    """Make the topics that are missing; run twice, it is as run once.

    What is there and differs is told; with `apply`, configs are set as wanted. Partitions and replicas are never
    changed here. Raises KafkaTrouble.
    """
    targets = wanted(settings)
    with _admin(cluster) as admin:
        present = _describe(admin)
        done = []
        for topic, (partitions, configs) in targets.items():
            if topic not in present and _create(admin, cluster, settings, topic, partitions, configs):
                done.append(TopicOutcome(topic, "created", []))
                continue
            found = present.get(topic) or _describe(admin)[topic]
            differences = _differences(admin, found, partitions, configs, settings.kafka_replication)
            changes = {d.name: d.wanted for d in differences if d.name in configs}
            if apply and changes:
                _check(admin.alter_configs([ConfigResource("TOPIC", topic, changes)]), cluster, topic)
                differences = [d for d in differences if d.name not in changes]
                done.append(TopicOutcome(topic, "altered" if not differences else "differs", differences))
            else:
                done.append(TopicOutcome(topic, "differs" if differences else "same", differences))
        return done


def status(cluster: Cluster, settings: Settings, group: str = GROUP) -> list[TopicStatus]:
    """Our topics as they are, with the lag of consumer group `group`. Raises KafkaTrouble."""
    targets = wanted(settings)
    with _admin(cluster) as admin:
        present = _describe(admin)
        committed = _committed(admin, group) if present else {}
        return [
            TopicStatus(
                topic,
                _partitions(admin, present[topic], committed),
                _differences(admin, present[topic], partitions, configs, settings.kafka_replication),
            )
            if topic in present
            else TopicStatus(topic, [], [])
            for topic, (partitions, configs) in targets.items()
        ]


def repartition(cluster: Cluster, settings: Settings, state: PublishedPlace) -> int:
    """Give the topic of events AZYQ_KAFKA_PARTITIONS partitions, and tell the publisher; how many it has then.

    From there on each stream's events go to its partition among so many; what was published stays where it is.
    A topic that has more keeps them. Raises KafkaTrouble, also while a publisher is at work.
    """
    try:
        if not state.acquire():
            raise KafkaTrouble(
                "publisher_at_work", "A publisher is at work or stands by: stop them all first."
            )
        place = state.place()
        with _admin(cluster) as admin:
            present = _describe(admin)
            if EVENTS not in present:
                raise topic_missing(EVENTS)
            count = len(present[EVENTS]["partitions"])
            if settings.kafka_partitions > count:
                admin.create_partitions({EVENTS: settings.kafka_partitions})
                count = settings.kafka_partitions
        if place is not None and len(place[1]) != count:
            last = [0] * count
            for stream, position in state.streams(place[0]):
                partition = partition_of(stream, count)
                last[partition] = max(last[partition], position)
            state.repartition(last)
        return count
    finally:
        state.release()


@contextmanager
def _admin(cluster: Cluster) -> Iterator[KafkaAdminClient]:
    admin = cluster.admin()
    try:
        yield admin
    except kafka_errors.KafkaError as error:
        raise cluster.trouble(error) from error
    finally:
        admin.close()


def _describe(admin: KafkaAdminClient) -> dict[str, Described]:
    """Our topics that are there, by name."""
    names = [name for name in _NAMES if name in set(admin.list_topics())]
    found = {}
    for topic in admin.describe_topics(names) if names else []:
        _raise_for(topic["error_code"])
        found[topic["name"]] = topic
    return found


def _create(
    admin: KafkaAdminClient,
    cluster: Cluster,
    settings: Settings,
    topic: str,
    partitions: int,
    configs: Configs,
) -> bool:
    """Whether it was made; False when another one made it meanwhile. Raises KafkaTrouble."""
    options = {
        "num_partitions": partitions,
        "replication_factor": settings.kafka_replication,
        "configs": configs,
    }
    try:
        admin.create_topics({topic: options}, wait_for_metadata=True)
    except kafka_errors.TopicAlreadyExistsError:
        return False
    except kafka_errors.InvalidReplicationFactorError:
        brokers = len(admin.describe_cluster()["brokers"])
        raise KafkaTrouble(
            "too_few_brokers",
            f"AZYQ_KAFKA_REPLICATION is {settings.kafka_replication}, and the cluster has {brokers} broker"
            f"{'' if brokers == 1 else 's'}.",
        ) from None
    except kafka_errors.PolicyViolationError as error:
        raise KafkaTrouble(
            "not_authorised", f"The cluster's policy refuses the topic {topic}: {error}."
        ) from None
    return True


def _partitions(
    admin: KafkaAdminClient, topic: Described, committed: dict[TopicPartition, int]
) -> list[PartitionStatus]:
    places = {TopicPartition(topic["name"], p["partition_index"]): p for p in topic["partitions"]}
    led = [place for place, p in places.items() if p["leader_id"] >= 0]  # only a leader knows offsets
    begins = admin.list_partition_offsets(dict.fromkeys(led, OffsetSpec.EARLIEST)) if led else {}
    ends = admin.list_partition_offsets(dict.fromkeys(led, OffsetSpec.LATEST)) if led else {}
    is_read = any(place.topic == topic["name"] for place in committed)
    rows = []
    for place, found in sorted(places.items()):
        begin = begins[place].offset if place in begins else 0
        end = ends[place].offset if place in ends else 0
        lag = max(0, end - max(begin, committed.get(place, begin))) if is_read else None
        replicas, in_sync = len(found["replica_nodes"]), len(found["isr_nodes"])
        rows.append(PartitionStatus(place.partition, found["leader_id"], replicas, in_sync, begin, end, lag))
    return rows


def _differences(
    admin: KafkaAdminClient,
    found: Described,
    partitions: int,
    configs: Configs,
    replication: int,
) -> list[Difference]:
    topic, described = found["name"], found["partitions"]
    differences = []
    if len(described) != partitions:
        differences.append(Difference("partitions", str(len(described)), str(partitions)))
    replicas = {len(p["replica_nodes"]) for p in described}
    if replicas != {replication}:
        differences.append(Difference("replication", ", ".join(map(str, sorted(replicas))), str(replication)))
    resource = ConfigResource("TOPIC", topic, list(configs))
    present = admin.describe_configs([resource], config_filter="all")["topic"][topic]
    for name, value in configs.items():
        is_now = present[name]["value"] if name in present else "unknown"  # it may not be ours to read
        if is_now != value:
            differences.append(Difference(name, str(is_now), value))
    return differences


def _committed(admin: KafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    try:
        offsets = admin.list_group_offsets(group)[group]
    except (
        kafka_errors.GroupIdNotFoundError,
        kafka_errors.CoordinatorNotAvailableError,
        kafka_errors.KafkaTimeoutError,
    ):
        return {}  # the group has never been there; on a new cluster its coordinator hasn't either
    return {tp: found.offset for tp, found in offsets.items() if found.offset >= 0}


def _check(answer: dict[str, dict[str, str]], cluster: Cluster, topic: str) -> None:
    """Raises KafkaTrouble when kafka-python's answer to an alteration isn't "OK"."""
    said = answer["topic"][topic]
    if said != "OK":
        code = re.match(r"\[Error (\d+)\]", said)
        error = kafka_errors.for_code(int(code[1]))() if code else None
        if isinstance(error, kafka_errors.AuthorizationError):
            raise cluster.trouble(error)
        raise KafkaTrouble("kafka_error", f"Kafka does not set the configs of {topic}: {said}")


def _raise_for(code: object) -> None:
    if code:
        raise kafka_errors.for_code(code)()
