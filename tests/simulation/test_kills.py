"""A month killed at random points and played again ends as one that never was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import new_database
from tests.integration.month_in_process import (
    WRITING,
    Household,
    Town,
    Twins,
    a_month,
    by_stream,
    in_a_child,
    query,
)
from tests.simulation.whole_month import play

FAMILIES = 30
KILLS_OF_EACH_KIND = 4


@pytest.fixture(scope="module")
def deliveries() -> list[list[Household]]:
    """Two lists: families come, leave, merge, and two share a phone."""
    town = Town(seed=9)
    first = [town.household(1 + number % 4, phone=number % 10 != 7) for number in range(FAMILIES)]
    first[4] = Household(first[4].reference, first[4].people, first[3].phone)
    second = [*first[:20], *first[22:], town.household(3)]
    second[8] = second[8].joined_by(*first[20].people)
    mover = second[10].people[-1]
    second[10], second[11] = second[10].without(mover), second[11].joined_by(mover)
    return [first, second]


@pytest.fixture(scope="module")
def twins(
    postgres_dsn: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    deliveries: list[list[Household]],
) -> Iterator[Twins]:
    everyone = list({h.reference: h for delivery in deliveries for h in delivery}.values())
    with new_database(postgres_dsn, migrated_template) as template:
        yield Twins(template, tmp_path_factory.mktemp("kills") / "template", everyone)


def played(dsn: str, folder: Path, deliveries: list[list[Household]]) -> None:
    with a_month(dsn, folder) as month:
        for index in range(month.lists_in(), len(deliveries)):
            month.list_of(deliveries[index], day=2 + index)
        play(month, deliveries[-1])


def end_state(dsn: str, folder: Path) -> dict[str, Any]:
    """All that a month leaves behind, without times and positions."""
    with a_month(dsn, folder) as month:
        outbox = [
            tuple(sorted((key, value) for key, value in message.items() if key != "sent_at"))
            for message in month.outbox()
        ]
    return {
        "events": by_stream(dsn),
        "outbox": Counter(outbox),
        "claims": set(query(dsn, "SELECT key, stream FROM azyq_log.claim")),
        "stages": set(query(dsn, "SELECT cycle, stream, stage, held_until FROM azyq_log.family_stage")),
        "queue": query(dsn, "SELECT * FROM azyq_log.sms_due"),
    }


def test_R33_a_month_killed_at_random_points_ends_like_one_that_was_not(
    twins: Twins, tmp_path: Path, deliveries: list[list[Household]], kill_rounds: int
) -> None:
    with twins.twin("never-killed") as (dsn, folder):
        counted = tmp_path / "points"
        assert in_a_child(lambda: played(dsn, folder, deliveries), counted=counted) == 0
        points: dict[frozenset[str] | None, int] = {None: int(counted.read_text())}
        expected = end_state(dsn, folder)
    with twins.twin("counted") as (dsn, folder):
        assert in_a_child(lambda: played(dsn, folder, deliveries), counted=counted, functions=WRITING) == 0
        points[WRITING] = int(counted.read_text())
        assert end_state(dsn, folder) == expected
    topics = Counter(topic for events in expected["events"].values() for topic, _ in events)
    assert len(topics) >= 20, topics
    assert topics["family.consented"] > 10
    assert max(Counter(dict(m)["message_id"] for m in expected["outbox"]).values()) == 1

    for round_number in range(kill_rounds):
        rng = Random(round_number)
        with twins.twin(f"killed-{round_number}") as (dsn, folder):
            ends = [
                in_a_child(
                    lambda: played(dsn, folder, deliveries),
                    rng.randrange(points[functions] // 4),  # each run has less to do than the one before
                    functions=functions,
                )
                for functions in (None, WRITING) * KILLS_OF_EACH_KIND
            ]
            assert set(ends) <= {-9, 0}, f"round {round_number}: a run failed"
            played(dsn, folder, deliveries)
            found = end_state(dsn, folder)
            for part, value in expected.items():
                assert found[part] == value, f"round {round_number}: {part}"
