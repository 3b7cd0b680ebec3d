"""The demonstration's month gives the same report, to the tiyn, fed from the log and through Kafka."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import infra.bootstrap
from domain.calendar import ALMATY
from infra.bootstrap import open_azyq
from infra.cli.demonstration.month import LAST_DAY, Story
from infra.clock import SetClock
from infra.postgres.schema import migrate
from infra.settings import Settings
from tests.broker.server import Access
from tests.conftest import as_url, new_database
from tests.integration.month_in_process import query, settings_for
from tests.integration.publishing import made_topics, until
from tests.integration.served_site import KEY, Process, Site
from tests.integration.working import members

FAMILIES, SEED = 40, 1
PATIENCE = 120.0  # for a machine that has much else to do


def played(settings: Settings, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The demonstration's report and its audit's verdict."""
    clock = SetClock(datetime(2025, 7, 1, 9, tzinfo=ALMATY))
    with open_azyq(settings, clock) as azyq:
        report, verdict = Story(azyq, clock, folder, SEED, "en", True).run(FAMILIES, LAST_DAY)
    verdict.pop("seconds")
    return report, verdict


class HalfWay(threading.Thread):
    """Kills a process when the views hold half of the month."""

    def __init__(self, dsn: str, half: int, victim: Process) -> None:
        super().__init__(daemon=True)
        self._dsn, self._half, self._victim = dsn, half, victim
        self.places: tuple[int, int] = (0, 0)

    def run(self) -> None:
        until(lambda: self._look()[1] >= self._half, PATIENCE)
        self._victim.process.kill()
        self.places = self._look()

    def _look(self) -> tuple[int, int]:
        """The ends of the log and of what views hold."""
        ((head, held),) = query(
            self._dsn,
            "SELECT (SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events),"
            " (SELECT coalesce(max(position), 0) FROM azyq_views.view_partition)",
        )
        return int(head), int(held)


@pytest.mark.timeout(600)
def test_O3_2_the_demonstration_reports_the_same_through_kafka_with_two_workers_one_killed_half_way(
    database: str,
    postgres_dsn: str,
    empty_kafka: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given what the month comes to when its views are fed from the log
    for name in ("straight", "through-kafka"):
        (tmp_path / name).mkdir()
    folder = tmp_path / "straight"
    expected = played(settings_for(database, folder, AZYQ_MASTER_KEY=KEY), folder)
    assert expected[0]["sums"]["spent_tiyn"] > 0
    # when it is played again, with a publisher and two workers, of which one is killed half-way
    monkeypatch.setattr(infra.bootstrap, "WORKERS_SECONDS", PATIENCE)
    folder = tmp_path / "through-kafka"
    kafka = empty_kafka.environment()
    cluster = made_topics(empty_kafka)
    with new_database(postgres_dsn) as fresh, ExitStack() as stack:
        dsn = as_url(fresh)
        migrate(dsn)
        site = Site(dsn, folder, stack)
        publisher, first, second = (site.start(name, **kafka) for name in ("publisher", "worker", "worker"))
        until(lambda: members(cluster) == 2, PATIENCE)
        killer = HalfWay(dsn, expected[0]["log_position"] // 2, first)
        killer.start()
        found = played(settings_for(dsn, folder, AZYQ_MASTER_KEY=KEY, **kafka), folder)
        killer.join(PATIENCE)
        assert first.process.wait(10) == -9
        assert (second.end(), publisher.end()) == (0, 0)
        assert query(dsn, "SELECT view FROM azyq_views.view_state WHERE partitions = 0") == []
    # then it comes to the same
    assert 0 < killer.places[0] < expected[0]["log_position"], "the worker was killed after the month"
    assert found == expected
    assert found[1]["holds"] is True
