"""The scheduler: days that were missed, the last day's end, and one round at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from domain.calendar import ALMATY
from domain.cycle import Cycle
from domain.trade.shop import Loan, Shop, ShopFacts
from infra.parts.api import Replies
from infra.parts.scheduler import Scheduler
from tests.integration.month_in_process import Month, Town, a_month, an_answer, events_of


@pytest.fixture
def month(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as opened:
        yield opened


def done(month: Month) -> list[tuple[Any, ...]]:
    """(task, days late) of what was done, in order."""
    events = [event.state for event in events_of(month.azyq.dsn) if event.topic == "cycle.task_done"]
    return [(event["task"], event["days_late"]) for event in events]


def test_R20_a_missed_day_is_caught_up_and_recorded_as_late(month: Month) -> None:
    households = Town().households(3)
    month.list_of(households)
    # given that nothing ran on the 5th; when the scheduler comes up on the 7th
    month.at(7, 14)
    Scheduler(month.azyq).tick()
    # then the list is closed and the SMS go out, two days late
    assert done(month) == [("close_list", 2), ("first_sms", 2)]
    assert len(month.outbox()) == 3


def test_R21_R8_the_last_day_ends_when_it_is_over(month: Month) -> None:
    households = Town().households(2)
    month.asked(*households)
    assert month.reply(households[0].phone, "yes") == "consented"
    scheduler = Scheduler(month.azyq)
    # when the last day has begun, and at its last minute
    for hour, minute in ((0, 1), (23, 59)):
        month.clock.now = datetime(2025, 7, 31, hour, minute, tzinfo=ALMATY)
        scheduler.tick()
        # then nothing lapses, and an answer still counts
        assert not {"family.lapsed", "voucher.expired"} & set(month.counted())
    assert month.reply(households[1].phone, "yes", "m-2") == "consented"
    # when it is over
    month.clock.now = datetime(2025, 8, 1, 0, 0, tzinfo=ALMATY)
    scheduler.tick()
    # then the vouchers expire, and the month closes
    assert month.counted()["voucher.expired"] == 2
    assert [task for task, _ in done(month)][-3:] == ["lapse", "expire", "close"]


def test_rounds_without_anything_due_record_nothing(month: Month) -> None:
    month.asked(*Town().households(2))
    scheduler = Scheduler(month.azyq)
    scheduler.tick()
    before = events_of(month.azyq.dsn)
    for _ in range(3):
        scheduler.tick()
    assert events_of(month.azyq.dsn) == before


def test_R14_a_month_without_a_list_is_complained_of_once(month: Month) -> None:
    month.at(5)
    scheduler = Scheduler(month.azyq)
    with capture_logs() as logged:
        for _ in range(3):
            scheduler.tick()
    assert [line.get("code") for line in logged] == ["list_missing"]
    # and when the list is there after all, the round goes out
    month.list_of(Town().households(1), day=4)
    month.at(5, 11)
    scheduler.tick()
    assert len(month.outbox()) == 1


def test_R19_a_list_that_was_not_finished_is_complained_of_once_a_day(month: Month) -> None:
    cycle = Cycle.open(month.month, month.at(3))
    assert cycle.start_list(month.month, "a" * 64, month.clock())
    month.azyq.log.save(cycle)
    scheduler = Scheduler(month.azyq)
    with capture_logs() as logged:
        for day in (5, 5, 6):
            month.at(day)
            scheduler.tick()
    assert [line.get("code") for line in logged] == ["list_unfinished"] * 2


def test_R20_what_goes_wrong_in_one_programme_holds_neither_the_others_nor_the_sms_up(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    month.list_of(Town().households(1))
    azyq, run = month.azyq, month.azyq.run_programme.run
    broken = Mock(id="broken-2025")
    azyq.programmes = {"broken-2025": broken, **azyq.programmes}

    def breaks(programme: Any, *day: Any, **how: Any) -> Any:
        if programme is broken:
            raise KeyError("+77010000000")
        return run(programme, *day, **how)

    monkeypatch.setattr(azyq.run_programme, "run", breaks)
    drain = Mock(wraps=azyq.drain_sms)
    monkeypatch.setattr(azyq, "drain_sms", drain)
    scheduler = Scheduler(azyq)
    month.at(5)
    with capture_logs() as logged:
        for _ in range(3):
            scheduler.tick()
    # then the other programme's families are asked, and the error is told once, without what it says
    assert len(month.outbox()) == 1
    assert drain.call_count >= 3
    (told,) = [line for line in logged if line["log_level"] == "error"]
    assert (told["about"], told["error"]) == ("broken-2025", "KeyError")
    assert told["at"].startswith("test_scheduler.py:")
    assert "7701" not in str(told)


def test_a_reply_from_the_future_is_one_of_now(month: Month) -> None:
    household = Town().household()
    month.asked(household)
    replies = Replies(month.azyq, lambda: None)
    assert household.phone is not None
    future = datetime(2026, 1, 1, tzinfo=ALMATY)
    (outcome,) = replies.record_replies([an_answer(household.phone, "yes", "m-1", future)])
    assert str(outcome.outcome) == "consented"
    (event,) = [e for e in events_of(month.azyq.dsn) if e.topic == "family.consented"]
    assert datetime.fromisoformat(event.state["timestamp"]) <= month.clock()


def test_O3_1_R12_once_a_day_shops_are_looked_through(month: Month) -> None:
    azyq = month.azyq
    shop = Shop.join("S001", ShopFacts("Дүкен", "", "", "113220100", "", "2020-01-01"), month.at(1))
    shop.record_loan(Loan("ОК-1", "2026-07-01"), month.clock())
    azyq.log.save(shop)
    azyq.catch_up_views()
    scheduler = Scheduler(azyq)
    with capture_logs() as said:
        month.at(3)
        scheduler.tick()
        month.at(3, 15)
        scheduler.tick()
    told = [entry for entry in said if entry["event"] == "assortment"]
    assert [(entry["on"], entry["shops"], entry["lacking"]) for entry in told] == [("2025-07-03", 1, 1)]
    month.at(4)
    scheduler.tick()
    assert month.counted()["shop.breach_recorded"] == 1  # nothing else is missing than the day before


def test_R29_a_day_that_is_over_is_sealed_once(month: Month) -> None:
    month.list_of(Town().households(1))
    # given a clock that is the installation's
    settings = month.azyq.settings.model_copy(update={"clock": month.at(2, 9)})
    month.azyq.settings = settings
    scheduler = Scheduler(month.azyq)
    for hour in (9, 10):
        month.at(3, hour)
        scheduler.tick()
    month.at(4, 9)
    scheduler.tick()
    # then each day before is sealed, whatever rounds there were
    seals = [event.state for event in events_of(month.azyq.dsn) if event.topic == "seal.day_sealed"]
    assert [(seal["number"], seal["on"]) for seal in seals] == [(1, "2025-07-02"), (2, "2025-07-03")]
    assert seals[1]["previous"] == seals[0]["hash"]
    assert month.azyq.seal_keys is not None
    assert seals[0]["key"] == month.azyq.seal_keys.public
