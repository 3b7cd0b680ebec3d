"""A month through Kafka, with publisher, worker, broker and PostgreSQL killed at random: nothing lost, nothing twice."""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.audit.run import run_audit
from infra.month_report import month_report
from infra.postgres.parked_messages import PostgresParkedMessages
from infra.programmes import load_programmes
from infra.settings import ROOT
from projections.all_views import VIEWS
from tests.broker.fixtures import OwnBroker
from tests.integration.month_in_process import Household, Town, a_month
from tests.integration.publishing import Log, assert_carried, until
from tests.integration.test_feed import GOODS, Parts
from tests.simulation.kafka_month import PATIENCE, Fleet, Player, answers, kill_at_random, play_all, position

FAMILIES = 14
MOST_KILLS_OF_EACH_KIND = 4


@pytest.fixture(scope="module")
def deliveries() -> list[list[Household]]:
    """Two lists: families come, leave, merge."""
    town = Town(seed=23)
    first = [town.household(1 + number % 3, phone=number % 10 != 7) for number in range(FAMILIES)]
    second = [*first[:9], *first[10:], town.household(2)]
    second[8] = second[8].joined_by(*first[9].people)
    return [first, second]


def test_R32_a_month_through_kafka_whose_parts_are_killed_at_random_loses_nothing_and_does_nothing_twice(
    database: str, own_broker: OwnBroker, tmp_path: Path, deliveries: list[list[Household]], kill_rounds: int
) -> None:
    expected, told = never_killed(database, tmp_path / "never-killed", deliveries)
    for number in range(max(1, kill_rounds // 3)):
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        with ExitStack() as stack:
            fleet = Fleet(folder, own_broker(), stack)
            try:
                killed = a_killed_month(
                    fleet, deliveries, Random(number), 1 + number % MOST_KILLS_OF_EACH_KIND
                )
                then_nothing_is_lost_or_twice(fleet, told)
                assert the_report(fleet.dsn, folder) == expected
            except BaseException:
                print(f"round {number}\n{fleet.output()}")
                raise
            print(f"round {number}: killed {', '.join(killed)}")
            fleet.broker.close()


def never_killed(
    dsn: str, folder: Path, deliveries: list[list[Household]]
) -> tuple[dict[str, Any], Counter[str]]:
    """The report of the month when nothing happens to it, and its events by topic."""
    folder.mkdir()
    with a_month(dsn, folder) as month:
        play_all(month, deliveries)
        month.azyq.catch_up_views()
        counted = month.counted()
    assert all(counted[topic] for topic in ("family.consented", "voucher.redeemed", "voucher.expired"))
    return the_report(dsn, folder), counted


def the_report(dsn: str, folder: Path) -> dict[str, Any]:
    with a_month(dsn, folder) as month:
        report = dict(month_report(month.azyq.view_store, month.month))
    assert report.pop("log_position") > 0
    return report


def a_killed_month(fleet: Fleet, deliveries: list[list[Household]], rng: Random, kills: int) -> list[str]:
    """Play it while things are killed; when it returns, all is up, the month over, and Kafka's way walked to its end."""
    fleet.start_all()
    player = Player(fleet, deliveries, Random(rng.random()))
    player.start()
    try:
        killed = kill_at_random(fleet, rng, kills, player.over)
        until(lambda: fleet.mended() and player.over.is_set(), PATIENCE)
    finally:
        player.stopping.set()
        player.join(30)
    if player.error is not None:
        raise player.error
    with ExitStack() as stack:
        parts = Parts(fleet.dsn)
        stack.callback(parts.close)
        head = parts.reader.head()
        until(lambda: fleet.mended() and position(fleet.dsn)["published"] == head, PATIENCE)
        until(lambda: all(parts.store.position(view) == head for view in VIEWS), PATIENCE)
    # One that was started a moment ago has nothing yet to finish.
    assert set(fleet.stop().values()) <= {0, -signal.SIGTERM}
    return killed


def then_nothing_is_lost_or_twice(fleet: Fleet, told: Counter[str]) -> None:
    with ExitStack() as stack:
        parts, log, messages = Parts(fleet.dsn), Log(fleet.dsn), PostgresParkedMessages(fleet.dsn)
        for part in (parts, log, messages):
            stack.callback(part.close)
        # In Kafka: each event, in order and in one chain.
        assert assert_carried(log, fleet.cluster) >= len(log.events())
        # In the views: each event once.
        assert parts.tables() == parts.folded()
        assert parts.store.parked() == []
        assert messages.list(None) == []
    assert set(answers(fleet.dsn).values()) == {1}
    verdict = run_audit(fleet.dsn, load_programmes(ROOT / "programmes"), GOODS)
    assert verdict.findings == []
    with a_month(fleet.dsn, fleet.folder) as month:
        assert month.counted() == told
        sent = Counter(message["message_id"] for message in month.outbox())
    assert set(sent.values()) == {1}
