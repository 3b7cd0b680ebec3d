"""The tests' own Kafka: it is real, it comes back with its data, and it is reached by password and TLS."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from tests.broker.fixtures import OwnBroker
from tests.broker.java import ROOT, cache
from tests.broker.server import Access, answers
from tests.broker.topics import remove_ours, topics_of_ours

TOPIC = "azyq.broker.test"


def create(access: Access, partitions: int = 2) -> None:
    client = KafkaAdminClient(**access.client())
    client.create_topics({TOPIC: {"num_partitions": partitions, "replication_factor": 1}})
    client.close()


def send(access: Access, values: list[bytes]) -> None:
    producer = KafkaProducer(**access.client(), acks="all", enable_idempotence=True)
    for sent in [producer.send(TOPIC, value) for value in values]:
        sent.get(10)
    producer.close()


def receive(access: Access, count: int, group: str | None = None) -> list[bytes]:
    consumer = KafkaConsumer(TOPIC, **access.client(), auto_offset_reset="earliest", group_id=group)
    found: list[bytes] = []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        for messages in consumer.poll(500).values():
            found += [message.value for message in messages]
    if group:
        consumer.commit()
    consumer.close()
    return sorted(found)


def test_the_shared_cluster_starts_empty_for_each_test(empty_kafka: Access) -> None:
    for round_number in (b"1", b"2"):
        create(empty_kafka)
        send(empty_kafka, [round_number])
        # An offset that outlived its topic would hide the second round's message.
        assert receive(empty_kafka, 1, group="azyq-broker-test") == [round_number]
        remove_ours(empty_kafka)
        assert topics_of_ours(empty_kafka) == []


def test_a_killed_broker_comes_back_with_its_data(own_broker: OwnBroker) -> None:
    broker = own_broker()
    create(broker.plain)
    send(broker.plain, [b"a", b"b"])
    broker.kill()
    assert not answers(broker.plain)
    broker.start()
    assert receive(broker.plain, 2) == [b"a", b"b"]
    broker.stop()
    broker.start()
    assert receive(broker.plain, 2) == [b"a", b"b"]


def test_a_frozen_broker_says_nothing_until_it_goes_on(own_broker: OwnBroker) -> None:
    broker = own_broker()
    create(broker.plain)
    broker.pause()
    with pytest.raises(KafkaError):
        KafkaAdminClient(**broker.plain.client(), request_timeout_ms=1000, api_version_auto_timeout_ms=1000)
    broker.resume()
    assert topics_of_ours(broker.plain) == [TOPIC]


def test_password_and_certificate_are_asked_for(own_broker: OwnBroker) -> None:
    broker = own_broker()
    create(broker.plain)
    send(broker.sasl, [b"scram"])
    send(broker.ssl, [b"tls"])
    send(broker.sasl_ssl, [b"both"])
    assert receive(broker.plain, 3) == [b"both", b"scram", b"tls"]
    plain = KafkaAdminClient(**broker.sasl_ssl.client("PLAIN"))
    assert plain.describe_cluster()["brokers"]
    plain.close()
    own = {"ssl_certfile": str(broker.ssl.certificate), "ssl_keyfile": str(broker.ssl.key)}
    certified = KafkaAdminClient(**broker.ssl.client(), **own)
    assert certified.describe_cluster()["brokers"]
    certified.close()

    quick = {"request_timeout_ms": 3000, "api_version_auto_timeout_ms": 3000}
    with pytest.raises(KafkaError):
        KafkaAdminClient(**broker.sasl.client() | {"sasl_plain_password": "wrong"}, **quick)
    assert broker.ssl.ca
    strange = str(broker.ssl.ca.with_name("other-ca.pem"))
    with pytest.raises(KafkaError):
        KafkaAdminClient(**broker.ssl.client() | {"ssl_cafile": strange}, **quick)


def test_a_broker_ends_with_a_run_that_is_killed(empty_kafka: Access, tmp_path: Path) -> None:
    # A folder with a space in it, at the same time.
    folder = tmp_path / "with space"
    folder.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.broker", "run"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    line = running.stdout.readline().strip()
    access = Access(line.removeprefix("KAFKA_BOOTSTRAP_SERVERS="))
    assert answers(access)
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    deadline = time.monotonic() + 20
    while (answers(access) or list(folder.glob("*/kafka.log"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(access)
    assert list(folder.glob("*/kafka.log")) == []


@pytest.mark.parametrize("home", ["", "relative"])
def test_the_jars_lie_in_the_users_cache_else_below_the_project(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a b"))
    assert cache() == tmp_path / "a b" / "azyq" / "kafka-4.1.1"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache() == tmp_path / ".cache" / "azyq" / "kafka-4.1.1"
    monkeypatch.setenv("HOME", home)
    assert cache().is_absolute()
