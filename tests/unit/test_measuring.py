"""What a process counts in memory, and how it tells the log (R29, R32)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from domain.calendar import ALMATY
from domain.ports import LogConflict
from domain.serving import LATENCY_STEPS, Measurement
from infra.api.metrics import RequestsCollector
from infra.measuring import NOTHING, Counts, Measuring, kind_of

NOON = datetime(2025, 7, 15, 12, tzinfo=ALMATY)


class Log:
    """Keeps what it is given; `fails` are the errors of the next saves."""

    def __init__(self, *fails: Exception) -> None:
        self.fails = list(fails)
        self.told: list[Measurement.Measured] = []
        self.streams: list[object] = []

    def save(self, measurement: Measurement, /) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.streams.append(measurement.id)
        self.told += measurement.collect_events()  # type: ignore[arg-type]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def measuring(log: Log, clock: Clock, counts: Counts) -> Measuring:
    return Measuring(counts, log, clock, lambda: 3)


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        ("/v1/vouchers/check", "counter"),
        ("/v1/redemptions/{id}/void", "counter"),
        ("/v1/terminals/enrol", "terminals"),
        ("/w/{token}/code", "wallet"),
        ("/analytics/rows/{report}/{section}", "analysts"),
        ("/office", "office"),
        ("/healthz", "operators"),
        ("none", "other"),
    ],
)
def test_R29_each_request_is_somebodys(route: str, kind: str) -> None:
    assert kind_of(route) == kind


def test_R29_a_span_has_what_was_counted_in_it_and_nothing_else() -> None:
    log, clock, counts = Log(), Clock(), Counts()
    told = measuring(log, clock, counts)
    counts.observe("POST", "/v1/redemptions", 201, 0.0015)
    counts.observe("POST", "/v1/redemptions", 422, 0.002)
    counts.observe("GET", "/w/{token}", 500, 99.0)
    counts.refused("/v1/redemptions", "over_cap")
    counts.refused("/analytics", "region_foreign")  # not at the counter
    counts.refused_at("S001", "over_cap")
    clock.now += timedelta(minutes=5)
    assert told.measure()
    counts.observe("GET", "/healthz", 200, 0.0001)
    clock.now += timedelta(minutes=5)
    assert told.measure()
    first, second = log.told
    assert first.latency == {"counter": [0, 2], "wallet": [0] * (len(LATENCY_STEPS) - 1) + [1]}
    assert first.errors == {"counter": [1, 0], "wallet": [0, 1]}
    assert (first.refusals, first.refusals_by_shop) == ({"over_cap": 1}, {"S001": {"over_cap": 1}})
    assert (first.day, first.parked, first.number) == ("2025-07-15", 3, 1)
    assert first.from_at == NOON.isoformat()
    assert first.upto_at == second.from_at
    assert (second.latency, second.errors, second.refusals) == ({"operators": [1]}, {}, {})


def test_R29_what_could_not_be_told_is_told_later_and_once() -> None:
    log, clock, counts = Log(OSError(), OSError()), Clock(), Counts()
    told = measuring(log, clock, counts)
    counts.observe("GET", "/readyz", 200, 0.001)
    clock.now += timedelta(minutes=5)
    assert not told.measure()
    counts.observe("GET", "/readyz", 200, 0.001)
    clock.now += timedelta(minutes=5)
    assert not told.measure()
    clock.now += timedelta(minutes=5)
    assert told.measure()
    assert [one.number for one in log.told] == [1, 2, 3]
    assert [one.latency for one in log.told] == [{"operators": [1]}, {"operators": [1]}, {}]
    # a commit whose answer was lost: the stream is there, and its span isn't told under another name
    log.fails = [LogConflict()]
    assert told.measure()
    assert told.measure()
    assert [one.number for one in log.told] == [1, 2, 3, 5]
    assert len(set(log.streams)) == 4


def test_R29_where_the_database_is_away_the_parked_are_as_last_known() -> None:
    log, clock, counts = Log(), Clock(), Counts()
    answers = iter([7])
    told = Measuring(counts, log, clock, lambda: next(answers))
    told.measure()
    told.measure()
    assert [one.parked for one in log.told] == [7, 7]


def test_R29_refusals_are_counted_from_any_thread() -> None:
    counts = Counts()

    def refuse() -> None:
        for _ in range(5_000):
            counts.refused_at("S001", "over_cap")
            counts.refused("/v1/redemptions", "over_cap")

    threads = [threading.Thread(target=refuse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = counts.total().since(NOTHING)
    assert counted.refusals == {"over_cap": 20_000}
    assert counted.refusals_by_shop == {"S001": {"over_cap": 20_000}}


def test_R29_it_measures_at_each_fifth_minute_until_it_is_stopped() -> None:
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            clock.now += timedelta(seconds=timeout or 0)
            return len(waited) == 3

    log, clock = Log(), Clock()
    clock.now += timedelta(minutes=3, seconds=20)
    measuring(log, clock, Counts()).run(Stop())
    assert waited == [100, 300, 300]
    assert [one.upto_at[11:19] for one in log.told] == ["12:05:00", "12:10:00"]


def test_prometheus_reads_the_same_counts() -> None:
    counts = Counts()
    counts.observe("POST", "/v1/redemptions", 201, 0.0015)
    counts.observe("POST", "/v1/redemptions", 201, 90.0)
    registry = CollectorRegistry()
    registry.register(RequestsCollector(counts))
    text = generate_latest(registry).decode()
    series = 'method="POST",route="/v1/redemptions",status="201"'
    assert f'azyq_http_request_seconds_bucket{{le="0.002",{series}}} 1.0' in text
    assert f'azyq_http_request_seconds_bucket{{le="60.0",{series}}} 1.0' in text
    assert f"azyq_http_request_seconds_count{{{series}}} 2.0" in text
    assert f"azyq_http_request_seconds_sum{{{series}}} 90.0015" in text
