"""Local days, and the tasks a programme's calendar asks of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.calendar import Task, day_end, day_start, due_dates, local_day, tasks_due, tasks_on
from domain.programmes import ProgrammeMonth
from infra.programmes import load_programmes

PROGRAMMES = load_programmes(Path(__file__).parents[2] / "programmes")


@pytest.fixture
def july() -> ProgrammeMonth:
    return PROGRAMMES["akkol-2025"].month("2025-07")


# Local days


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2025-07-31T18:59:59.999999+00:00", date(2025, 7, 31)),
        ("2025-07-31T19:00:00+00:00", date(2025, 8, 1)),
        ("2025-07-31T23:59:59+05:00", date(2025, 7, 31)),
        ("2024-01-01T18:00:00+00:00", date(2024, 1, 2)),  # UTC+6 until 2024-03-01
        ("2024-03-02T18:00:00+00:00", date(2024, 3, 2)),
    ],
)
def test_a_day_is_kazakhstans(at: str, day: date) -> None:
    assert local_day(datetime.fromisoformat(at)) == day


def test_a_time_without_offset_is_on_no_day() -> None:
    with pytest.raises(ValueError, match="without an offset"):
        local_day(datetime(2025, 7, 5, 9, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2025, 7, 31), 24), (date(2024, 2, 29), 25), (date(2024, 3, 1), 24), (date(2023, 12, 31), 24)],
)
def test_a_day_runs_from_its_first_instant_to_its_last(day: date, hours: int) -> None:
    start, end = day_start(day), day_end(day)

    # Subtracting two times of one zone would compare the clock faces, which repeat an hour on 2024-02-29.
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours, microseconds=-1)
    assert local_day(start) == local_day(end) == day
    assert local_day(end.astimezone(UTC) + timedelta(microseconds=1)) == day + timedelta(days=1)
    assert local_day(start.astimezone(UTC) - timedelta(microseconds=1)) == day - timedelta(days=1)


# What a day asks for


def test_R19_the_list_closes_the_day_after_its_cutoff(july: ProgrammeMonth) -> None:
    assert tasks_on(july, date(2025, 7, 4)) == []
    assert tasks_on(july, date(2025, 7, 5))[0] is Task.CLOSE_LIST


def test_R20_the_first_sms_goes_out_on_the_5th_after_the_list_closed(july: ProgrammeMonth) -> None:
    assert tasks_on(july, date(2025, 7, 5)) == [Task.CLOSE_LIST, Task.FIRST_SMS]


def test_R21_the_sms_is_repeated_five_calendar_days_later(july: ProgrammeMonth) -> None:
    assert tasks_on(july, date(2025, 7, 9)) == []
    assert tasks_on(july, date(2025, 7, 10)) == [Task.REMINDER]


def test_R21_gas_repeats_after_seven_days() -> None:
    september = PROGRAMMES["gas-2025"].month("2025-09")

    assert tasks_on(september, date(2025, 9, 7)) == [Task.CLOSE_LIST, Task.FIRST_SMS]
    assert tasks_on(september, date(2025, 9, 14)) == [Task.REMINDER]
    assert tasks_on(september, date(2025, 9, 29)) == [Task.LAPSE, Task.EXPIRE, Task.CLOSE]


def test_R8_R21_lapse_expiry_and_close_belong_to_the_last_day(july: ProgrammeMonth) -> None:
    assert tasks_on(july, date(2025, 7, 31)) == [Task.LAPSE, Task.EXPIRE, Task.CLOSE]
    assert tasks_on(july, date(2025, 8, 1)) == []


def test_O9_the_last_month_closes_on_the_programmes_last_day() -> None:
    september = PROGRAMMES["akkol-2025"].month("2025-09")

    assert tasks_on(september, date(2025, 9, 26)) == [Task.LAPSE, Task.EXPIRE, Task.CLOSE]
    assert tasks_on(september, date(2025, 9, 30)) == []


def test_R21_nobody_is_reminded_once_consent_can_no_longer_be_given(july: ProgrammeMonth) -> None:
    shortened = replace(july, valid_to=date(2025, 7, 9), deadline=date(2025, 7, 9))

    assert Task.REMINDER not in [task for task, _ in due_dates(shortened)]
    assert Task.REMINDER in [task for task, _ in due_dates(replace(july, deadline=date(2025, 7, 10)))]


def test_every_task_is_due_once_a_month_in_order() -> None:
    for programme in PROGRAMMES.values():
        for month in programme.months():
            due = due_dates(programme.month(month))
            assert [task for task, _ in due] == list(Task)
            assert [day for _, day in due] == sorted(day for _, day in due)


# Catching up


def test_nothing_is_due_before_the_first_task(july: ProgrammeMonth) -> None:
    assert tasks_due(july, set(), date(2025, 7, 4)) == []


def test_missed_days_are_caught_up_in_order(july: ProgrammeMonth) -> None:
    assert tasks_due(july, set(), date(2025, 7, 11)) == [
        (Task.CLOSE_LIST, date(2025, 7, 5)),
        (Task.FIRST_SMS, date(2025, 7, 5)),
        (Task.REMINDER, date(2025, 7, 10)),
    ]


def test_what_is_done_is_not_asked_again(july: ProgrammeMonth) -> None:
    done = {(Task.CLOSE_LIST, date(2025, 7, 5)), (Task.FIRST_SMS, date(2025, 7, 5))}

    assert tasks_due(july, done, date(2025, 7, 5)) == []
    assert tasks_due(july, done, date(2025, 7, 10)) == [(Task.REMINDER, date(2025, 7, 10))]


def test_a_month_never_run_is_caught_up_whole(july: ProgrammeMonth) -> None:
    due = tasks_due(july, set(), date(2025, 8, 2))

    assert [task for task, _ in due] == list(Task)
    assert [day.day for _, day in due] == [5, 5, 10, 31, 31, 31]
