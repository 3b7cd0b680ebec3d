"""The calendar's days on real PostgreSQL (R7, R8, R18–R21, O9)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.calendar import day_end
from domain.commands.run_day import ListMissing, ListUnfinished
from domain.cycle import Cycle
from domain.identity import message_id
from domain.ports import OutgoingSms, SendResult
from infra.cli.month_tables import TITLES, _calendar
from infra.month_report import month_report
from tests.integration.month_in_process import (
    AKKOL,
    Household,
    Month,
    Town,
    a_month,
    as_csv,
    events_of,
    query,
)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def tasks(month: Month) -> list[tuple[str, str, int]]:
    done = [event.state for event in events_of(month.azyq.dsn) if event.topic == "cycle.task_done"]
    return [(state["task"], state["due_on"][-2:], state["days_late"]) for state in done]


def test_R20_the_first_sms_goes_to_the_eligible_with_a_number_and_to_nobody_else(
    july: Month, town: Town
) -> None:
    with_number, without, left = town.household(), town.household(phone=False), town.household()
    july.list_of([with_number, without, left])
    july.list_of([with_number, without], day=3)
    outcomes = july.day(5)
    assert [(o.task, o.families, o.waiting) for o in outcomes] == [("close_list", 0, 0), ("first_sms", 1, 0)]
    assert [message["to"] for message in july.outbox()] == [with_number.phone]
    assert july.family(with_number).stage == "asked"
    assert july.family(without).stage == "no_number"


def test_R18_a_number_that_is_missing_on_the_5th_is_recorded_then(july: Month, town: Town) -> None:
    # A list without a file of numbers: that a number is missing shows only when it is needed.
    known, unknown = town.household(), town.household()
    july.receive(july.write_list(as_csv(july.rows([known, unknown]))))
    july.azyq.vault.set_phones({july.subject(known.people[0]): known.phone or ""})
    july.day(5)
    assert july.topics(known)[-1] == "sms.sent"
    assert july.topics(unknown) == ["family.eligible", "family.number_missing"]


def test_R21_no_answer_is_reminded_after_five_days_once(july: Month, town: Town) -> None:
    silent, answered, refused = town.households(3)
    july.asked(silent, answered, refused)
    july.at(6)
    july.reply(answered.phone, "21*1", "m-1")
    july.reply(refused.phone, "21*2", "m-2")
    assert july.day(9) == []
    assert [(o.task, o.families) for o in july.day(10)] == [("reminder", 1)]
    assert july.day(10) == []
    purposes = Counter((m["purpose"], m["to"]) for m in july.outbox())
    assert purposes[("reminder", silent.phone or "")] == 1
    assert sum(count for (purpose, _), count in purposes.items() if purpose == "reminder") == 1


def test_nothing_is_done_before_its_day(july: Month, town: Town) -> None:
    july.list_of(town.households(2))
    before = events_of(july.azyq.dsn)
    assert july.day(4, 23) == []
    assert events_of(july.azyq.dsn) == before
    july.at(5, 0)
    assert [o.task for o in july.day(5, 0)] == ["close_list", "first_sms"]


def test_a_run_cut_off_is_counted_whole_by_the_next(july: Month, town: Town) -> None:
    homes = town.households(4)
    july.asked(*homes)
    july.at(10)
    # As a crash leaves it: two were reminded, the task isn't done.
    july.azyq.log.save(
        july.family(homes[0]),
        due=[(message_id(july.stream(h), "reminder"), july.stream(h), "reminder") for h in homes[:1]],
    )
    july.azyq.drain_sms()
    assert july.family(homes[0]).reminded
    assert [(o.task, o.families) for o in july.day(10)] == [("reminder", 4)]
    family = july.family(homes[1])
    july.at(31, 23)
    assert family.lapse(july.month, day_end(july.month.deadline))
    july.azyq.log.save(family)
    assert [(o.task, o.families) for o in july.day(31)] == [("lapse", 4), ("expire", 0), ("close", 0)]


def test_a_day_run_twice_is_run_once(july: Month, town: Town) -> None:
    july.asked(*town.households(3))
    before, outbox = events_of(july.azyq.dsn), july.outbox()
    assert july.day(5, 18) == []
    assert (events_of(july.azyq.dsn), july.outbox()) == (before, outbox)


def test_missed_days_are_caught_up_in_order_and_recorded_as_late(july: Month, town: Town) -> None:
    july.list_of(town.households(2))
    july.day(7)
    july.day(12)
    july.day(31, 23)
    assert tasks(july) == [
        ("close_list", "05", 2),
        ("first_sms", "05", 2),
        ("reminder", "10", 2),
        ("lapse", "31", 0),
        ("expire", "31", 0),
        ("close", "31", 0),
    ]
    assert july.counted()["family.lapsed"] == 2


def test_R21_after_a_late_first_sms_the_repeat_waits_its_days_too(july: Month, town: Town) -> None:
    july.list_of(town.households(2))
    july.day(12)
    assert {message["purpose"] for message in july.outbox()} == {"consent_request"}
    july.day(17)
    assert [message["purpose"] for message in july.outbox()][2:] == ["reminder", "reminder"]


def test_R21_a_month_run_only_after_its_end_asks_nobody(july: Month, town: Town) -> None:
    july.list_of(town.households(2))
    july.at(5)
    july.clock.now = datetime.fromisoformat("2025-08-03T09:00:00+05:00")
    july.azyq.run_day.run(july.month, date(2025, 8, 3), july.clock)
    assert july.outbox() == []
    assert [task for task, _, _ in tasks(july)] == [
        "close_list",
        "first_sms",
        "reminder",
        "lapse",
        "expire",
        "close",
    ]
    assert july.counted()["family.lapsed"] == 2


def test_R7_R8_at_the_month_s_end_answers_lapse_and_vouchers_expire(july: Month, town: Town) -> None:
    silent, consented, activated, refused = town.households(4)
    july.asked(silent, consented, activated, refused)
    july.at(6)
    july.reply(consented.phone, "21*1", "m-1")
    july.reply(activated.phone, "21*1", "m-2")
    july.reply(refused.phone, "21*2", "m-3")
    family = july.family(activated)
    family.activate(july.month, via="link", at=july.clock())
    july.azyq.log.save(family)

    july.day(31, 12, only_when_over=True)
    assert july.family(silent).stage == "asked", "the last day isn't over"
    july.day(31, 12)
    july.day(31, 13)

    stages = [july.family(h).stage for h in (silent, consented, activated, refused)]
    assert stages == ["lapsed", "expired", "expired", "refused"]
    ends = [
        event for event in events_of(july.azyq.dsn) if event.topic in ("voucher.expired", "family.lapsed")
    ]
    assert len(ends) == 3
    assert {e.state["timestamp"] for e in ends} == {"2025-07-31T23:59:59.999999+05:00"}
    expired = [e.state for e in ends if e.topic == "voucher.expired"]
    assert sorted((s["activated"], s["expired_tiyn"]) for s in expired) == [(False, 786_400), (True, 786_400)]


def test_R14_no_list_is_said(july: Month) -> None:
    with pytest.raises(ListMissing) as caught:
        july.day(5)
    assert caught.value.code == "list_missing"
    assert all("2025-07" in caught.value.sentence(language) for language in ("kk", "ru", "en"))
    assert events_of(july.azyq.dsn) == []
    assert july.day(4) == []


def test_R5_a_list_begun_and_not_finished_is_said(july: Month, town: Town) -> None:
    july.list_of(town.households(2))
    cycle = july.azyq.log.load([july.cycle()])[july.cycle()]
    assert isinstance(cycle, Cycle)
    cycle.start_list(july.month, "f" * 64, july.at(4))
    july.azyq.log.save(cycle)
    with pytest.raises(ListUnfinished) as caught:
        july.day(5)
    assert caught.value.code == "list_unfinished"
    assert july.outbox() == []


def test_O9_september_ends_with_the_order_on_the_26th(database: str, tmp_path: Path, town: Town) -> None:
    with a_month(database, tmp_path, month="2025-09") as september:
        silent, consented = town.households(2)
        september.asked(silent, consented)
        assert "26 қыркүйег" in september.outbox()[0]["text"].lower()
        september.at(6)
        september.reply(consented.phone, "21*1")
        assert [o.task for o in september.day(10)] == ["reminder"]
        assert september.day(25) == []
        assert september.family(consented).stage == "consented"
        september.day(26, 23)
        assert (september.family(silent).stage, september.family(consented).stage) == ("lapsed", "expired")
        assert tasks(september)[-1] == ("close", "26", 0)


def test_a_queue_that_could_not_be_emptied_leaves_the_task_for_the_next_run(july: Month, town: Town) -> None:
    july.list_of(town.households(3))
    query(july.azyq.dsn, "ALTER TABLE vault.outbox RENAME TO outbox_gone")
    july.azyq.send_sms._pause = lambda seconds: None
    outcomes = july.day(5)
    assert [(o.task, o.waiting) for o in outcomes] == [("close_list", 0), ("first_sms", 3)]
    assert [task for task, _, _ in tasks(july)] == ["close_list"]
    query(july.azyq.dsn, "ALTER TABLE vault.outbox_gone RENAME TO outbox")
    outcomes = july.day(6)
    assert [(o.task, o.days_late, o.families, o.waiting) for o in outcomes] == [("first_sms", 1, 3, 0)]
    assert len(july.outbox()) == 3


def test_R21_several_months_and_programmes_do_not_touch_one_another(july: Month, town: Town) -> None:
    august = Month(july.azyq, july.clock, july.folder, july.azyq.programme(AKKOL).month("2025-08"))
    in_july, in_august = town.households(2)
    july.asked(in_july)
    august.list_of([in_august])
    july.day(31, 23)
    assert july.family(in_july).stage == "lapsed"
    assert august.family(in_august).stage == "eligible"


class TestCaughtUp:
    """What is sent depends on the day it is done on, not on the day that is caught up (R20, R21)."""

    def test_R21_first_sms_on_the_last_day_is_not_followed_by_a_repeat(self, july: Month, town: Town) -> None:
        # given nothing was run until the last day; when that day is run
        july.list_of(town.households(2))
        july.day(31, 12, only_when_over=True)
        # then the families are asked, late, and not asked again in the same breath
        assert [message["purpose"] for message in july.outbox()] == ["consent_request"] * 2
        assert tasks(july) == [("close_list", "05", 26), ("first_sms", "05", 26), ("reminder", "10", 21)]
        # and the day's end finds them unanswered
        july.clock.now = datetime.fromisoformat("2025-08-01T00:00:01+05:00")
        july.azyq.run_day.run(july.month, date(2025, 8, 1), july.clock, only_when_over=True)
        assert len(july.outbox()) == 2
        assert july.counted()["family.lapsed"] == 2

    def test_R21_the_repeat_waits_its_days_from_the_day_the_first_sms_left(
        self, july: Month, town: Town
    ) -> None:
        # given that on the 20th somebody catches up the 12th, by its name
        july.list_of(town.households(1))
        july.at(20)
        july.azyq.run_day.run(july.month, date(2025, 7, 12), july.clock)
        assert tasks(july) == [("close_list", "05", 15), ("first_sms", "05", 15)]
        # then the SMS is sent again five days after the 20th
        assert july.day(24) == []
        assert [(o.task, o.days_late) for o in july.day(25)] == [("reminder", 15)]
        assert [message["purpose"] for message in july.outbox()] == ["consent_request", "reminder"]

    def test_R21_after_the_deadline_nobody_is_asked_whichever_day_is_caught_up(
        self, july: Month, town: Town
    ) -> None:
        july.list_of(town.households(2))
        july.clock.now = datetime.fromisoformat("2025-08-01T00:00:00+05:00")
        july.azyq.run_day.run(july.month, date(2025, 7, 31), july.clock)
        assert july.outbox() == []
        assert tasks(july)[1:] == [
            ("first_sms", "05", 27),
            ("reminder", "10", 22),
            ("lapse", "31", 0),
            ("expire", "31", 0),
            ("close", "31", 0),
        ]

    def test_R21_a_days_end_is_late_from_the_day_after_it(self, july: Month, town: Town) -> None:
        july.list_of(town.households(1))
        july.clock.now = datetime.fromisoformat("2025-08-03T00:00:00+05:00")
        july.azyq.run_day.run(july.month, date(2025, 7, 31), july.clock)
        assert tasks(july)[-3:] == [("lapse", "31", 2), ("expire", "31", 2), ("close", "31", 2)]

    def test_R21_what_waits_in_the_queue_at_the_deadline_is_not_sent_after_it(
        self, july: Month, town: Town
    ) -> None:
        # given a request that no gateway took until the last day was over
        (home,) = town.households(1)
        july.list_of([home])
        message = message_id(july.stream(home), "consent_request")
        july.azyq.log.save(july.family(home), due=[(message, july.stream(home), "consent_request")])
        july.clock.now = datetime.fromisoformat("2025-08-01T00:00:00+05:00")
        # when the queue is emptied
        outcome = july.azyq.drain_sms()
        # then it isn't sent, and isn't left for the next time
        assert (outcome.sent, outcome.waiting, july.outbox()) == (0, 0, [])

    def test_R21_the_report_tells_what_was_done_when_and_when_the_repeat_is_now(
        self, july: Month, town: Town
    ) -> None:
        july.list_of(town.households(1))
        july.day(12)
        july.azyq.catch_up_views()
        calendar = {e["task"]: e for e in month_report(july.azyq.view_store, july.month)["calendar"]}
        assert calendar["first_sms"] == {"task": "first_sms", "on": "2025-07-05", "done_on": "2025-07-12"}
        assert calendar["reminder"] == {"task": "reminder", "on": "2025-07-17", "done_on": None}
        assert calendar["lapse"] == {"task": "lapse", "on": "2025-07-31", "done_on": None}
        told = "\n".join(_calendar(TITLES["en"], list(calendar.values())))
        assert "lists are taken up to" in told
        assert "04.07.2025\n" in told
        assert "05.07.2025 (done on 12.07.2025)" in told
        assert told.count("done on") == 1

    def test_R20_nothing_is_done_before_its_day_whatever_day_is_asked_for(
        self, july: Month, town: Town
    ) -> None:
        july.list_of(town.households(1))
        july.at(4, 23)
        assert july.azyq.run_day.run(july.month, date(2025, 7, 5), july.clock) == []
        assert july.outbox() == []


class TestOneStuckMessage:
    """One SMS that no gateway settles holds nobody else up (R20, R21)."""

    @staticmethod
    def stick(month: Month, stuck: Household) -> None:
        """The outbox takes every number but this one, of which it never tells what became."""
        gateway: Any = month.azyq.gateway
        take = gateway.send

        def send(messages: Sequence[OutgoingSms]) -> list[SendResult]:
            taken = iter(take([m for m in messages if m.to != stuck.phone]))
            return [
                SendResult(m.message_id, False, True, "gateway_busy") if m.to == stuck.phone else next(taken)
                for m in messages
            ]

        gateway.send = send
        month.azyq.send_sms._pause = lambda seconds: None

    @staticmethod
    def asked_again(month: Month) -> list[str]:
        return [message["to"] for message in month.outbox() if message["purpose"] == "reminder"]

    def test_R21_who_was_asked_is_asked_again_while_another_still_waits_for_the_first(
        self, july: Month, town: Town
    ) -> None:
        silent, answered, stuck = town.households(3)
        july.list_of([silent, answered, stuck])
        gateway: Any = july.azyq.gateway
        settled = gateway.send
        self.stick(july, stuck)
        july.day(5)
        july.reply(answered.phone, "21*1")
        # when five days are over
        july.day(10)
        july.day(10, 10)
        # then who did not answer is asked again, once
        assert self.asked_again(july) == [silent.phone]
        assert [task for task, _, _ in tasks(july)] == ["close_list"]
        # and when the gateway takes the last one, it is asked again after its own days, and that ends the task
        gateway.send = settled
        july.day(12)
        assert july.family(stuck).stage == "asked"
        assert july.day(16) == []
        assert [(o.task, o.families, o.waiting) for o in july.day(17)] == [("reminder", 2, 0)]
        assert self.asked_again(july) == [silent.phone, stuck.phone]
        assert july.day(18) == []

    def test_R21_what_a_first_sms_that_never_ended_did_is_counted_after_the_deadline(
        self, july: Month, town: Town
    ) -> None:
        silent, other, stuck = town.households(3)
        july.list_of([silent, other, stuck])
        self.stick(july, stuck)
        july.day(5)
        july.day(10)
        july.clock.now = datetime.fromisoformat("2025-08-01T00:00:00+05:00")
        outcomes = july.azyq.run_day.run(july.month, date(2025, 8, 1), july.clock)
        assert [(o.task, o.families) for o in outcomes[:3]] == [
            ("first_sms", 2),
            ("reminder", 2),
            ("lapse", 3),
        ]

    def test_R21_a_day_that_was_looked_through_is_not_read_again(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # given a round that ended after midnight: some are to be asked again a day after the others
        early, late = town.households(2)
        july.list_of([early, late])
        gateway: Any = july.azyq.gateway
        settled = gateway.send
        self.stick(july, late)
        july.day(5)
        gateway.send = settled
        july.day(6)
        july.day(10)
        assert self.asked_again(july) == [early.phone]
        loaded: list[UUID] = []
        load = july.azyq.log.load

        def noted(streams: Sequence[UUID]) -> Any:
            loaded.extend(streams)
            return load(streams)

        monkeypatch.setattr(july.azyq.log, "load", noted)
        # when the scheduler comes by again that day
        assert july.day(10, 11) == []
        # then it reads the month alone
        assert loaded == [july.cycle()]
        monkeypatch.undo()
        assert [(o.task, o.families) for o in july.day(11)] == [("reminder", 2)]


class TestTwoAtOnce:
    """The same day run by two at the same time: both end well, and the day is done once."""

    DONE = (("close_list", "05", 0), ("first_sms", "05", 0))

    @pytest.mark.parametrize("save", [0, 1, 2])
    def test_R20_whoever_comes_second_goes_on_from_what_the_first_did(
        self,
        july: Month,
        town: Town,
        database: str,
        tmp_path: Path,
        save: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # given a run that another overtakes just before it closes the list, asks the families, or is done
        with_number, without = town.household(), town.household()
        july.receive(july.write_list(as_csv(july.rows([with_number, without]))))
        july.azyq.vault.set_phones({july.subject(with_number.people[0]): with_number.phone or ""})
        ours, saves = july.azyq.log.save, 0
        others: list[Any] = []
        with a_month(database, tmp_path) as other:

            def overtaken(*aggregates: Any, **more: Any) -> None:
                nonlocal saves
                saves += 1
                if saves == save + 1:
                    others.extend(other.day(5))
                ours(*aggregates, **more)

            monkeypatch.setattr(july.azyq.log, "save", overtaken)
            # when both run the day
            mine = july.day(5)
        # then each task is done once, and told by whoever did it
        assert tasks(july) == list(self.DONE)
        assert [o.task for o in mine + others] == ["close_list", "first_sms"]
        assert [message["to"] for message in july.outbox()] == [with_number.phone]
        assert july.counted()["family.number_missing"] == 1
        assert july.day(5) == []

    def test_R8_R20_R21_two_that_run_a_whole_month_together_do_it_once(
        self, july: Month, town: Town, database: str, tmp_path: Path
    ) -> None:
        homes = [town.household(1, phone=number % 3 > 0) for number in range(60)]
        july.receive(july.write_list(as_csv(july.rows(homes))))
        july.azyq.vault.set_phones({july.subject(h.people[0]): h.phone for h in homes if h.phone})
        together = threading.Barrier(2)

        def run(month: Month) -> list[str]:
            done = []
            for day in (5, 10, 31):
                together.wait(60)
                done += [outcome.task for outcome in month.day(day) if not outcome.waiting]
            return done

        with a_month(database, tmp_path) as other, ThreadPoolExecutor(2) as threads:
            mine, theirs = threads.map(run, (july, other))
        assert sorted(mine + theirs) == sorted(task for task, _, _ in tasks(july))
        assert [task for task, _, _ in tasks(july)] == [
            "close_list",
            "first_sms",
            "reminder",
            "lapse",
            "expire",
            "close",
        ]
        counted = july.counted()
        assert (counted["family.number_missing"], counted["sms.sent"], counted["family.lapsed"]) == (
            20,
            80,
            40,
        )
