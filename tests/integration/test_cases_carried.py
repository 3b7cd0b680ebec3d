"""Events of cases on their way: through Kafka into the same views, and through the audit, by a shipped service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.audit.run import run_audit
from infra.kafka.cluster import Cluster
from projections.all_views import VIEWS
from tests.broker.server import Access
from tests.integration.cases_in_process import Office, an_office, save_told
from tests.integration.publishing import made_topics, until
from tests.integration.test_feed import Parts
from tests.integration.test_partition_feed import then_all_is_as_folded
from tests.integration.test_worker import caught_up, publish
from tests.integration.working import a_feed, working
from tests.unit.case_desk import CLERK, DEPUTY, EXECUTOR, HEAD
from tests.unit.test_audit_cases import told_by
from tests.unit.test_services_construction import ACCREDITED, ATTESTED, ISSUED

N = 4


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


@pytest.fixture
def cluster(empty_kafka: Access) -> Cluster:
    return made_topics(empty_kafka, AZYQ_KAFKA_PARTITIONS=str(N))


def some_cases(office: Office) -> None:
    for number in range(6):
        case = office.open(key=f"k{number}", fields={"activity": "design", "phone": "+77011234567"})
        if number % 2:
            office.act(case, "accept", "accepted", CLERK)
            office.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
            office.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})
            office.act(case, "sign", "granted", DEPUTY, sign=True)


def test_cases_come_through_kafka_into_the_same_views(
    parts: Parts, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    with an_office(database, tmp_path) as office:
        some_cases(office)
    publish(database, cluster)
    with a_feed(database, N) as feed, working(cluster, feed):
        until(lambda: caught_up(parts))
    then_all_is_as_folded(parts)
    views = {view.name: view for view in VIEWS}
    states = [row["state"] for row in parts.store.rows(views["cases"]).values()]
    assert sorted(states) == ["closed"] * 3 + ["open"] * 3
    assert parts.store.parked() == []


def test_what_is_told_of_shipped_services_holds_by_the_audit(database: str, tmp_path: Path) -> None:
    # given a licence, an attestation and an accreditation, as their tests tell them
    told = [event for way in (ISSUED, ATTESTED, ACCREDITED) for event in told_by(way)]
    with an_office(database, tmp_path) as office:
        save_told(database, told)
        office.rows("cases")
        verdict = run_audit(database, office.azyq.programmes, office.azyq.goods)
        assert [(one.check, one.topic, one.what) for one in verdict.findings] == []
        assert verdict.checks["case_role"] == sum(event.topic == "case.acted" for event in told)
