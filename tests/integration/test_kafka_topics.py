"""Making and checking our topics, and what is said of a cluster that can't be used."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition, errors
from kafka.admin import ConfigResource
from kafka.structs import OffsetAndMetadata

from infra.kafka import topics
from infra.kafka.cluster import Cluster
from infra.kafka.sink import KafkaSink
from infra.kafka.topics import GROUP, Difference, TopicOutcome
from infra.settings import Settings
from streams.messages import Message
from streams.topics import EVENTS, PARKED, REPLIES
from streams.trouble import KafkaTrouble
from tests.broker.fixtures import OwnBroker
from tests.broker.server import Access
from tests.integration.publishing import made_topics, settings_of


def configs_of(cluster: Cluster, topic: str) -> dict[str, str]:
    admin = cluster.admin()
    found = admin.describe_configs([ConfigResource("TOPIC", topic)], config_filter="all")["topic"][topic]
    admin.close()
    return {name: entry["value"] for name, entry in found.items()}


def outcomes(found: list[TopicOutcome]) -> list[str]:
    return [outcome.outcome for outcome in found]


def test_topics_are_made_as_the_settings_say_and_once(empty_kafka: Access) -> None:
    settings = settings_of(empty_kafka, AZYQ_KAFKA_PARTITIONS="4", AZYQ_KAFKA_RETENTION_HOURS="48")
    cluster = Cluster(settings)
    made = topics.init(cluster, settings)
    assert [outcome.topic for outcome in made] == [EVENTS, REPLIES, PARKED]
    assert outcomes(made) == ["created"] * 3
    assert outcomes(topics.init(cluster, settings)) == ["same"] * 3
    configs = configs_of(cluster, EVENTS)
    assert configs["retention.ms"] == str(48 * 3_600_000)
    assert configs["cleanup.policy"] == "delete"
    assert configs["min.insync.replicas"] == "1"
    assert configs["max.message.bytes"] == "1048588"
    assert [len(topic.partitions) for topic in topics.status(cluster, settings)] == [4, 4, 1]


def test_what_differs_is_told_and_set_only_when_asked(empty_kafka: Access) -> None:
    cluster = made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS="2")
    settings = settings_of(empty_kafka, AZYQ_KAFKA_PARTITIONS="3", AZYQ_KAFKA_RETENTION_HOURS="24")
    events = topics.init(cluster, settings)[0]
    retention = Difference("retention.ms", "604800000", "86400000")
    assert events == TopicOutcome(EVENTS, "differs", [Difference("partitions", "2", "3"), retention])
    assert configs_of(cluster, EVENTS)["retention.ms"] == "604800000"
    events, _, parked = topics.init(cluster, settings, apply=True)
    assert events == TopicOutcome(EVENTS, "differs", [Difference("partitions", "2", "3")])
    assert parked == TopicOutcome(PARKED, "altered", [])
    assert configs_of(cluster, EVENTS)["retention.ms"] == "86400000"
    assert configs_of(cluster, EVENTS)["max.message.bytes"] == "1048588"
    assert topics.status(cluster, settings)[0].differences == [Difference("partitions", "2", "3")]


def test_configs_that_kafka_does_not_take_are_told(
    empty_kafka: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = made_topics(empty_kafka)
    settings = settings_of(empty_kafka)
    monkeypatch.setattr(topics, "LARGEST_MESSAGE", "much")
    with pytest.raises(KafkaTrouble, match=r"max\.message\.bytes"):
        topics.init(cluster, settings, apply=True)


def test_what_a_user_may_not_do_is_told_without_a_trace() -> None:
    cluster = Cluster(settings_of(Access("127.0.0.1:1")))
    for error in (
        errors.TopicAuthorizationFailedError(),
        errors.GroupAuthorizationFailedError(),
        errors.ClusterAuthorizationFailedError(),
    ):
        trouble = cluster.trouble(error)
        assert trouble.code == "not_authorised"
        assert "an anonymous user" in str(trouble)
    with pytest.raises(KafkaTrouble) as told:
        topics._check({"topic": {EVENTS: "[Error 29] TopicAuthorizationFailedError: no"}}, cluster, EVENTS)
    assert told.value.code == "not_authorised"


def test_status_tells_offsets_and_the_lag_of_the_views(empty_kafka: Access) -> None:
    settings = settings_of(empty_kafka, AZYQ_KAFKA_PARTITIONS="2")
    cluster = Cluster(settings)
    assert [topic.partitions for topic in topics.status(cluster, settings)] == [[], [], []]
    topics.init(cluster, settings)
    producer = cluster.producer()
    for partition, count in ((0, 3), (1, 5)):
        for _ in range(count):
            producer.send(EVENTS, b"{}", partition=partition)
    producer.flush(10)
    producer.close()
    events = topics.status(cluster, settings)[0]
    assert events.lag is None
    assert [(p.begin, p.end, p.replicas, p.in_sync) for p in events.partitions] == [
        (0, 3, 1, 1),
        (0, 5, 1, 1),
    ]
    assert events.under_replicated == 0
    consumer: KafkaConsumer = cluster.consumer(group=GROUP)
    consumer.assign([TopicPartition(EVENTS, p) for p in range(2)])
    consumer.commit({TopicPartition(EVENTS, 1): OffsetAndMetadata(4, "", -1)})
    consumer.close()
    events, replies, _ = topics.status(cluster, settings)
    assert [p.lag for p in events.partitions] == [3, 1]
    assert events.lag == 4
    assert replies.lag is None


def test_more_replicas_than_brokers_is_told_with_both_numbers(empty_kafka: Access) -> None:
    settings = settings_of(empty_kafka, AZYQ_KAFKA_REPLICATION="3", AZYQ_KAFKA_MIN_INSYNC_REPLICAS="2")
    with pytest.raises(
        KafkaTrouble, match="AZYQ_KAFKA_REPLICATION is 3, and the cluster has 1 broker"
    ) as told:
        topics.init(Cluster(settings), settings)
    assert told.value.code == "too_few_brokers"


def test_more_replicas_in_sync_than_there_are_is_refused_before_kafka_is_asked() -> None:
    settings = settings_of(Access("127.0.0.1:1"), AZYQ_KAFKA_MIN_INSYNC_REPLICAS="2")
    with pytest.raises(KafkaTrouble, match="nothing could ever be written"):
        topics.init(Cluster(settings), settings)


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        ("127.0.0.1:1", "127.0.0.1:1: Connection refused"),
        ("nowhere.invalid:9092", "nowhere.invalid:9092: no such host"),
    ],
)
def test_a_cluster_that_can_not_be_reached(servers: str, said: str) -> None:
    settings = settings_of(Access(servers))
    with pytest.raises(KafkaTrouble, match=said) as told:
        Cluster(settings).producer()
    assert told.value.code == "unreachable"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"KAFKA_BOOTSTRAP_SERVERS": " , "},
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka"},
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka:９０９２"},
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka:99999999999999999999"},
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "AZYQ_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
    ],
)
def test_settings_that_can_not_be_used_are_told_at_once(environment: dict[str, str]) -> None:
    with pytest.raises(KafkaTrouble) as told:
        Cluster(Settings(_env_file=None, **environment))  # type: ignore[call-arg, arg-type]
    assert told.value.code == "not_configured"


def test_a_file_of_certificates_that_is_not_there(tmp_path: Path) -> None:
    settings = settings_of(Access("127.0.0.1:1", "SSL", ca=tmp_path / "ca.pem"))
    with pytest.raises(KafkaTrouble, match="AZYQ_KAFKA_CA can't be used") as told:
        Cluster(settings).producer()
    assert told.value.code == "not_configured"


def test_a_wrong_password_is_one_clear_sentence_without_the_password(
    own_broker: OwnBroker, caplog: pytest.LogCaptureFixture
) -> None:
    access = own_broker().sasl
    for mechanism in ("SCRAM-SHA-512", "PLAIN"):
        settings = settings_of(access, mechanism, AZYQ_KAFKA_PASSWORD="not-the-password")
        with pytest.raises(KafkaTrouble, match="refuses the login of azyq") as told:
            topics.init(Cluster(settings), settings)
        assert told.value.code == "not_authenticated"
        assert "not-the-password" not in str(told.value)
        with pytest.raises(KafkaTrouble, match="refuses the login of azyq"):
            Cluster(settings).producer()


def test_a_certificate_of_another_authority_is_not_accepted(own_broker: OwnBroker) -> None:
    access = own_broker().ssl
    assert access.ca is not None
    settings = settings_of(access, AZYQ_KAFKA_CA=str(access.ca.with_name("other-ca.pem")))
    with pytest.raises(KafkaTrouble, match="its certificate is not accepted") as told:
        Cluster(settings).producer()
    assert told.value.code == "unreachable"


def test_a_clients_own_certificate_is_shown(own_broker: OwnBroker) -> None:
    access = own_broker().ssl
    settings = settings_of(
        access, AZYQ_KAFKA_CERTIFICATE=str(access.certificate), AZYQ_KAFKA_KEY=str(access.key)
    )
    assert outcomes(topics.init(Cluster(settings), settings)) == ["created"] * 3


def test_faust_is_given_the_same_cluster(own_broker: OwnBroker) -> None:
    broker = own_broker()
    assert Cluster(settings_of(Access("a:1, b:2"))).faust_options() == {"broker": "kafka://a:1;kafka://b:2"}
    options = Cluster(settings_of(broker.sasl_ssl)).faust_options()
    credentials = options["broker_credentials"]
    assert credentials.protocol.value == "SASL_SSL"
    assert (credentials.username, credentials.password) == (
        broker.sasl_ssl.username,
        broker.sasl_ssl.password,
    )
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert Cluster(settings_of(broker.sasl)).faust_options()["broker_credentials"].ssl_context is None
    assert Cluster(settings_of(broker.ssl)).faust_options()["broker_credentials"].protocol.value == "SSL"


def test_kafka_python_does_not_fill_the_log() -> None:
    from infra.logging import configure_logging

    level = logging.getLogger("kafka").level
    try:
        for chosen in ("INFO", "DEBUG"):
            configure_logging(chosen)
            # At DEBUG it would tell a client's settings, the password among them.
            assert logging.getLogger("kafka").getEffectiveLevel() > logging.DEBUG
        configure_logging("INFO")
        assert not logging.getLogger("kafka.net.manager").isEnabledFor(logging.ERROR)
    finally:
        logging.getLogger("kafka").setLevel(level)


def test_the_wrong_kind_of_listener_is_told_from_one_that_does_not_answer(own_broker: OwnBroker) -> None:
    broker = own_broker()
    with pytest.raises(KafkaTrouble, match="AZYQ_KAFKA_SECURITY_PROTOCOL"):
        Cluster(settings_of(Access(broker.ssl.bootstrap))).producer()
    with pytest.raises(KafkaTrouble, match="AZYQ_KAFKA_SECURITY_PROTOCOL"):
        Cluster(settings_of(Access(broker.bootstrap, "SSL", ca=broker.ssl.ca))).producer()
    broker.pause()
    for access in (broker.plain, broker.sasl):
        with pytest.raises(KafkaTrouble, match=r"no answer\.$") as told:
            Cluster(settings_of(access)).producer()
        assert told.value.code == "unreachable"
    broker.resume()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_clients_that_could_not_be_made_leave_nothing_behind() -> None:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a record kept by pytest keeps a socket
    gc.collect()
    cluster = Cluster(settings_of(Access("127.0.0.1:1")))
    threads, files = threading.active_count(), open_files()
    for make in (
        cluster.producer,
        lambda: cluster.admin(timeout_seconds=1),
        lambda: cluster.consumer(bootstrap_timeout_ms=1_000),
    ):
        with pytest.raises(KafkaTrouble):
            make()
    gc.collect()
    assert threading.active_count() <= threads
    assert open_files() <= files


def test_a_sink_that_is_closed_leaves_nothing_behind_and_sends_nothing_more(own_broker: OwnBroker) -> None:
    broker = own_broker()
    cluster = made_topics(broker.plain)
    gc.collect()
    threads, files = threading.active_count(), open_files()
    sink = KafkaSink(cluster)
    message = Message(b"key", b"value")
    assert sink.send(EVENTS, [(0, message)]).wait(60)
    broker.pause()
    assert not sink.send(EVENTS, [(0, message)]).wait(0.5)
    sink.close()
    broker.kill()
    broker.start()
    assert sink.send(EVENTS, [(0, message)]).wait(60)
    broker.kill()
    sending = sink.send(EVENTS, [(0, message)])
    assert not sending.wait(0.5)
    sink.close()
    with pytest.raises(KafkaTrouble):
        sending.wait(0.5)
    gc.collect()
    assert threading.active_count() <= threads
    assert open_files() <= files
    broker.start()
    time.sleep(3)  # a producer that lives on is back within one
    settings = settings_of(broker.plain)
    assert topics.status(cluster, settings)[0].partitions[0].end == 2
