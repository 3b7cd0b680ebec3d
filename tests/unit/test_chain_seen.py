"""The chain log → Kafka → views as `/metrics` and `azyq status` show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prometheus_client import generate_latest

from infra.api.metrics import Audited, new_registry
from infra.chain import Ages, Chain, Published, ViewPlace
from infra.cli.status import _WORDS, lines
from infra.measuring import Counts

NOON = datetime(2025, 7, 6, 12, tzinfo=UTC)
CHAIN = Chain(
    head=120,
    published=Published(100, 6, datetime(2025, 7, 6, 9, tzinfo=UTC), False),
    views=[ViewPlace("families", 2, False, 90, 30, 1), ViewPlace("sms_journal", 1, True, 120, 0, 0)],
    parked_messages=3,
    sms_due={"waiting": 5},
)


class Seen:
    def __init__(self, chain: Chain | None, kafka: bool = True, last: Audited | None = None) -> None:
        self._chain = chain
        self.kafka = kafka
        self._last = last

    def chain(self) -> Chain:
        if self._chain is None:
            raise ConnectionError("the database is away")
        return self._chain

    def audited(self) -> Audited | None:
        return self._last

    def age(self, position: int) -> float:
        return {0: 9.0, 100: 2.5, 90: 4.0, 120: 60.0}[position]


def told(chain: Chain | None, kafka: bool = True, last: Audited | None = None) -> dict[str, float]:
    text = generate_latest(new_registry(Seen(chain, kafka, last), Counts())).decode()
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("azyq_"))
    return {name: float(value) for name, value in samples}


def test_the_last_audit_is_measured() -> None:
    assert not [name for name in told(CHAIN) if "audit" in name]
    found = told(CHAIN, last=Audited(3600.0, 2))
    assert (found["azyq_audit_findings"], found["azyq_audit_age_seconds"]) == (2, 3600)


def test_every_link_is_measured_in_events_and_in_seconds() -> None:
    assert told(CHAIN) == {
        "azyq_up": 1,
        "azyq_log_position": 120,
        "azyq_publisher_position": 100,
        "azyq_publisher_lag_events": 20,
        "azyq_publisher_lag_seconds": 2.5,
        "azyq_publisher_active": 0,
        'azyq_view_position{view="families"}': 90,
        'azyq_view_position{view="sms_journal"}': 120,
        'azyq_view_lag_events{view="families"}': 30,
        'azyq_view_lag_events{view="sms_journal"}': 0,
        'azyq_view_lag_seconds{view="families"}': 4.0,
        'azyq_view_lag_seconds{view="sms_journal"}': 0,
        'azyq_view_outdated{view="families"}': 0,
        'azyq_view_outdated{view="sms_journal"}': 1,
        'azyq_parked_events{view="families"}': 1,
        'azyq_parked_events{view="sms_journal"}': 0,
        "azyq_parked_messages": 3,
        'azyq_sms_due{state="waiting"}': 5,
        'azyq_sms_due{state="sending"}': 0,
    }


def test_without_a_database_only_that_is_told() -> None:
    assert told(None) == {"azyq_up": 0}


def test_the_age_is_that_of_the_first_event_not_seen() -> None:
    heads = iter([10, 10, 30, 30])
    now = [0.0]
    ages = Ages(lambda: next(heads), lambda position: None, lambda: NOON, lambda: now[0])
    for second in range(4):
        now[0] = second
        ages.sample()
    now[0] = 10
    assert [ages.age(position) for position in (0, 9, 10, 29, 30, 31)] == [10, 10, 8, 8, 0, 0]


def test_what_was_there_before_the_watching_is_as_old_as_it_says_itself() -> None:
    heads = iter([20, 30])
    now = [0.0]
    asked: list[int] = []

    def recorded_at(position: int) -> datetime | None:
        asked.append(position)
        return {5: NOON - timedelta(hours=1), 6: NOON + timedelta(days=1), 7: None}[position]

    ages = Ages(lambda: next(heads), recorded_at, lambda: NOON, lambda: now[0])
    assert ages.age(5) == 0  # nothing was watched yet
    ages.sample()
    now[0] = 2
    ages.sample()
    now[0] = 5
    assert [ages.age(position) for position in (5, 6, 7, 20, 30)] == [3600, 5, 5, 3, 0]
    assert ages.age(5) == 3600
    assert asked == [5, 6, 7]
    away = Ages(lambda: 10, lambda position: 1 // 0, lambda: NOON, lambda: now[0])  # type: ignore[arg-type,return-value]
    away.sample()
    assert away.age(3) == 0


def test_status_shows_the_chain_at_a_glance() -> None:
    said = lines(CHAIN, True, _WORDS["en"])
    assert [line.split()[:2] for line in said[:1]] == [["log", "120"]]
    assert "100  behind 20; NONE AT WORK; last moved" in said[1]
    assert "families" in said[2]
    assert "90  behind 30; parked: 1 (see: azyq parked list)" in said[2]
    assert "120  waits for its rebuild" in said[3]
    assert said[4:] == ["Kafka messages parked: 3 (see: azyq parked list)", "SMS due: 5"]


def test_status_says_when_there_is_no_kafka_and_when_nothing_was_published() -> None:
    never = CHAIN._replace(published=None)
    assert lines(never, False, _WORDS["en"])[1].endswith("no Kafka: the views are fed from the log")
    assert lines(never, True, _WORDS["en"])[1].endswith("nothing published yet")


def test_a_publisher_that_never_started_shows_and_without_kafka_there_is_none() -> None:
    never = CHAIN._replace(published=None)
    seen = {name: value for name, value in told(never).items() if "publisher" in name}
    assert seen == {
        "azyq_publisher_position": 0,
        "azyq_publisher_lag_events": 120,
        "azyq_publisher_lag_seconds": 9.0,
        "azyq_publisher_active": 0,
    }
    assert not [name for name in told(never, kafka=False) if "publisher" in name]
