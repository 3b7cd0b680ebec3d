"""The fixtures: one broker for all of a process's tests, brokers of a test's own, and a clean slate on the shared one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import pytest

from tests.broker.java import NoKafka, find
from tests.broker.server import Access, Broker, Template, admin
from tests.broker.topics import remove_ours, topics_of_ours
from tests.workers import folder_of_the_run, one_at_a_time

OwnBroker = Callable[[], Broker]
Turn = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def new_broker() -> Iterator[OwnBroker]:
    """Makes brokers, not yet started; the caller closes them. Skips the test where no Kafka can be run."""
    with tempfile.TemporaryDirectory(prefix="azyq-kafka-template-") as folder:
        made: list[Template] = []

        def make() -> Broker:
            try:
                java = find()
                if not made:
                    made.append(Template(java, Path(folder).resolve()))
            except NoKafka as missing:
                pytest.skip(f"NO KAFKA: {missing}")
            return Broker(java, made[0])

        yield make


@pytest.fixture(scope="session")
def kafka_turn(tmp_path_factory: pytest.TempPathFactory) -> Turn:
    """For as long as nobody else of the run may touch the cluster: that of KAFKA_BOOTSTRAP_SERVERS is one for all."""
    if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return nullcontext
    return lambda: one_at_a_time(folder_of_the_run(tmp_path_factory) / "kafka.turn")


@pytest.fixture(scope="session")
def kafka(
    new_broker: OwnBroker, kafka_turn: Turn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Access]:
    """The cluster that tests share: that of KAFKA_BOOTSTRAP_SERVERS, or a broker of the process's own."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        access = Access(given)
        was_empty = folder_of_the_run(tmp_path_factory) / "kafka.was-empty"
        with kafka_turn():
            if not was_empty.exists():
                found = topics_of_ours(access)
                if found:
                    pytest.fail(
                        f"KAFKA_BOOTSTRAP_SERVERS has topics {', '.join(found)}. The tests delete such topics: "
                        "give them a cluster without any, or delete these yourself."
                    )
                was_empty.touch()
        yield access
        with kafka_turn():
            remove_ours(access)
        return
    with new_broker() as broker:
        yield broker.plain


@pytest.fixture
def empty_kafka(kafka: Access, kafka_turn: Turn) -> Iterator[Access]:
    """The shared cluster without any topic or consumer group of azyq's; the test's alone until it is over."""
    with kafka_turn():
        remove_ours(kafka)
        yield kafka


@pytest.fixture
def own_broker(new_broker: OwnBroker) -> Iterator[OwnBroker]:
    """Starts brokers of the test's own, for it to kill, freeze or reach by SASL and TLS; closed afterwards."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(new_broker())


__all__ = ["OwnBroker", "admin", "empty_kafka", "kafka", "kafka_turn", "new_broker", "own_broker"]
