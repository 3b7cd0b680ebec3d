"""A programme's month as a whole: its lists, its calendar, and replies nobody stands behind."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from domain.calendar import Task, tasks_due
from domain.cycle import Cycle, StrayReply
from domain.errors import LANGUAGES
from domain.voucher_refusals import ListClosed, ListClosedAlready, ListTooEarly
from tests.unit.given_when_then import MAPPER, on, programme, replayed

MONTH = programme().month("2025-07")


class Month:
    """The story of a cycle: what happened since the last look."""

    def __init__(self) -> None:
        self.cycle = Cycle.open(MONTH, on(1))
        self.log: list[Any] = []
        self.then_in_order("cycle.opened")

    def start(self, digest: str, at: datetime) -> str | None:
        return self.cycle.start_list(MONTH, digest, at)

    def finish(self, delivery: str, at: datetime, **rejected: int) -> None:
        self.cycle.finish_list(
            MONTH,
            delivery=delivery,
            rows=10 + sum(rejected.values()),
            accepted=10,
            rejected=rejected,
            families={"added": 3},
            members=10,
            no_number=1,
            at=at,
        )

    def take_in(self, digest: str, at: datetime) -> str:
        delivery = self.start(digest, at)
        assert delivery is not None
        self.finish(delivery, at)
        self.then_in_order("cycle.list_started", "cycle.list_received")
        return delivery

    def then_in_order(self, *topics: str) -> list[Any]:
        """Exactly these happened, and their stored form makes the same cycle."""
        events: list[Any] = list(self.cycle.collect_events())
        assert [event.TOPIC for event in events] == list(topics)
        self.log += [MAPPER.to_stored_event(event) for event in events]
        assert vars(replayed(self.log)) == vars(self.cycle)
        return events


def test_R14_R15_a_list_is_started_and_received() -> None:
    told = Month()
    delivery = told.start("a" * 64, on(2))
    assert delivery == "1-" + "a" * 16
    told.finish(delivery, on(2), iin_invalid=2)
    _, received = told.then_in_order("cycle.list_started", "cycle.list_received")
    assert (received.rows, received.accepted, received.rejected) == (12, 10, {"iin_invalid": 2})
    assert received.rules == MONTH.terms.version


def test_R14_every_row_is_accepted_or_rejected() -> None:
    told = Month()
    delivery = told.start("a", on(2))
    with pytest.raises(AssertionError):
        told.cycle.finish_list(
            MONTH,
            delivery=str(delivery),
            rows=3,
            accepted=1,
            rejected={"iin_invalid": 1},
            families={},
            members=1,
            no_number=0,
            at=on(2),
        )


def test_R19_the_same_file_twice_is_one() -> None:
    told = Month()
    told.take_in("a", on(2))
    assert told.start("a", on(3)) is None
    told.then_in_order()


def test_R19_the_same_file_after_the_cut_off_is_still_one() -> None:
    told = Month()
    told.take_in("a", on(2))
    assert told.start("a", on(20)) is None


def test_R19_deliveries_replace_one_another_and_the_first_may_come_again() -> None:
    told = Month()
    assert [told.take_in(digest, on(3)) for digest in "aba"] == ["1-a", "2-b", "3-a"]


def test_R19_a_list_killed_half_way_goes_on_where_it_stood() -> None:
    told = Month()
    delivery = told.start("a", on(3))
    told.then_in_order("cycle.list_started")
    assert told.start("a", on(4)) == delivery
    told.then_in_order()


def test_R19_a_list_begun_in_time_is_finished_after_the_cut_off() -> None:
    told = Month()
    delivery = told.start("a", on(4, 23, 59))
    assert told.start("a", on(6)) == delivery
    told.finish(str(delivery), on(6))
    told.then_in_order("cycle.list_started", "cycle.list_received")


def test_R19_another_file_in_the_middle_of_one_takes_its_place() -> None:
    told = Month()
    told.take_in("a", on(2))
    assert told.start("b", on(3)) == "2-b"
    assert told.start("a", on(3)) == "3-a"
    told.then_in_order("cycle.list_started", "cycle.list_started")


def test_R19_a_list_after_the_cut_off_is_refused() -> None:
    told = Month()
    told.take_in("a", on(4, 23, 59))
    with pytest.raises(ListClosed) as refusal:
        told.start("b", on(5, 0, 0))
    assert refusal.value.code == "list_after_cutoff"
    assert all("2025-07-04" in refusal.value.sentence(language) for language in LANGUAGES)
    told.then_in_order()


def test_R2_2_a_list_before_the_day_it_is_about_is_refused() -> None:
    told = Month()
    with pytest.raises(ListTooEarly) as refusal:
        told.start("a", on(29, 23, 59, month=6))
    assert all("2025-06-30" in refusal.value.sentence(language) for language in LANGUAGES)
    assert told.start("a", on(30, 0, 0, month=6)) == "1-a"


def test_R20_R21_a_task_of_the_calendar_is_done_once() -> None:
    told = Month()
    done: dict[str, Any] = {
        "task": Task.FIRST_SMS.value,
        "due_on": date(2025, 7, 5),
        "days_late": 2,
        "families": 7,
    }
    assert told.cycle.finish_task(MONTH, **done, at=on(7))
    (event,) = told.then_in_order("cycle.task_done")
    assert (event.task, event.due_on, event.days_late, event.families) == ("first_sms", "2025-07-05", 2, 7)
    assert not told.cycle.finish_task(MONTH, **done, at=on(8))
    told.then_in_order()


def test_R20_what_is_done_is_not_due_any_more() -> None:
    told = Month()
    told.cycle.finish_task(
        MONTH, task=Task.CLOSE_LIST.value, due_on=date(2025, 7, 5), days_late=0, families=0, at=on(5)
    )
    done = {(Task(task), day) for task, day in told.cycle.done}
    assert tasks_due(MONTH, done, date(2025, 7, 6)) == [(Task.FIRST_SMS, date(2025, 7, 5))]


def test_R22_a_reply_from_an_unknown_sender_is_kept() -> None:
    kept = StrayReply.receive(reply="digest", channel="kannel", answer="yes", at=on(6))
    events: list[Any] = list(kept.collect_events())
    (event,) = events
    assert (event.TOPIC, event.reply, event.answer) == ("reply.unknown_sender", "digest", "yes")
    assert kept.id == StrayReply.receive(reply="digest", channel="http", answer="no", at=on(7)).id
    assert replayed([MAPPER.to_stored_event(event)]).id == kept.id


def test_R19_a_backdated_list_is_refused_once_the_list_is_closed() -> None:
    told = Month()
    told.take_in("a", on(4))
    told.cycle.finish_task(MONTH, task="close_list", due_on=on(5).date(), days_late=0, families=3, at=on(5))
    told.then_in_order("cycle.task_done")
    with pytest.raises(ListClosedAlready) as refusal:
        told.start("b", on(4))
    # and the sentence is about the close, for by its date the list came in time
    assert refusal.value.code == "list_closed"
    assert all("2025-07-05" in refusal.value.sentence(language) for language in LANGUAGES)
    assert not any("2025-07-04" in refusal.value.sentence(language) for language in LANGUAGES)
    told.then_in_order()
