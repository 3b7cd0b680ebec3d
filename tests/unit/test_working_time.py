"""Working time of state bodies: the worked cases, days off, and every deadline against a slow count by minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import ALMATY
from domain.procedures.definition import Term, Unit
from domain.procedures.terms import hours, term
from domain.procedures.working_time import WorkingTime

OFFICE = hours("1-5 09:00-18:30 break 13:00-14:30")
# New Year, Nauryz with the Monday that a Saturday's holiday moved to, a Saturday worked for it.
OFF = {
    date(2025, 1, 1),
    date(2025, 1, 2),
    date(2025, 1, 3),
    date(2025, 1, 7),
    date(2025, 3, 21),
    date(2025, 3, 24),
    date(2025, 3, 25),
}
WORKED = {date(2025, 1, 5)}


def days_off(day: date) -> bool | None:
    return True if day in OFF else False if day in WORKED else None


TIME = WorkingTime(OFFICE, days_off)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY)


def due(start: str, length: str) -> str:
    return TIME.add(at(start), term(length)).strftime("%Y-%m-%d %H:%M")


def test_S003_06_what_arrives_on_friday_at_18_31_is_received_on_monday() -> None:
    assert TIME.received(at("2025-07-04 18:31"), rolls_over=True) == at("2025-07-07 09:00")


def test_S003_05_an_hour_from_12_30_ends_at_15_00() -> None:
    assert due("2025-07-04 12:30", "1 h") == "2025-07-04 15:00"


def test_S000_L2_twenty_minutes_from_friday_18_20_end_on_monday_at_9_10() -> None:
    assert due("2025-07-04 18:20", "20 min") == "2025-07-07 09:10"


def test_S002_17_a_working_day_has_eight_hours_in_the_office_and_seven_at_reception() -> None:
    assert TIME.minutes_a_day == 480
    reception = WorkingTime(hours("1-5 09:00-17:30 break 13:00-14:30"), days_off)
    assert reception.minutes_a_day == 420


RECEIVING = WorkingTime(OFFICE, days_off, hours("1-5 09:00-17:30 break 13:00-14:30"))


@pytest.mark.parametrize(
    ("arrives", "received"),
    [
        ("2025-07-04 17:30", "2025-07-04 17:30"),  # the last minute is in time
        ("2025-07-04 17:31", "2025-07-07 09:00"),  # the office works on, nobody receives
        ("2025-07-04 18:29", "2025-07-07 09:00"),
        ("2025-07-04 12:59", "2025-07-04 12:59"),  # the last minute before the break
        ("2025-07-04 13:00", "2025-07-04 13:00"),
        ("2025-07-04 14:29", "2025-07-04 14:29"),
        ("2025-07-04 08:00", "2025-07-04 09:00"),
        ("2024-12-31 17:31", "2025-01-05 09:00"),  # over New Year, to a Sunday that is worked
        ("2025-01-05 17:30", "2025-01-05 17:30"),
        ("2025-03-20 17:31", "2025-03-26 09:00"),  # over Nauryz
        ("2025-03-24 10:00", "2025-03-26 09:00"),  # a Monday that a holiday moved to
    ],
)
def test_S002_18_what_arrives_after_reception_counts_from_the_next(arrives: str, received: str) -> None:
    assert RECEIVING.received(at(arrives), rolls_over=True) == at(received)
    assert RECEIVING.received(at(arrives), rolls_over=False) == at(arrives)


def test_S002_18_terms_run_in_the_offices_hours_whatever_those_of_reception() -> None:
    start = RECEIVING.received(at("2025-07-04 17:20"), rolls_over=True)
    assert RECEIVING.add(start, term("20 min")) == at("2025-07-04 17:40")
    assert RECEIVING.add(start, term("2 wd")) == at("2025-07-08 18:30")
    assert RECEIVING.minutes_a_day == 480


def test_S002_18_reception_on_some_days_and_mornings_only() -> None:
    mornings = WorkingTime(OFFICE, days_off, hours("2-4 10:00-12:00"))
    assert mornings.received(at("2025-07-04 10:30"), rolls_over=True) == at("2025-07-08 10:00")
    assert mornings.received(at("2025-07-08 09:15"), rolls_over=True) == at("2025-07-08 10:00")
    assert mornings.received(at("2025-07-10 12:01"), rolls_over=True) == at("2025-07-15 10:00")
    # A day off that is worked by an act is one of reception too.
    assert mornings.received(at("2025-01-05 11:00"), rolls_over=True) == at("2025-01-05 11:00")


@settings(max_examples=60, deadline=None)
@given(
    minute=st.integers(0, 60 * 24 * 60),
    receives=st.sampled_from(["1-5 09:00-17:30 break 13:00-14:30", "2-4 10:00-12:00", "1-6 08:00-20:00"]),
)
def test_S002_19_a_reception_is_the_one_that_a_slow_count_finds(minute: int, receives: str) -> None:
    reception = hours(receives)
    arrives = at("2024-12-20 00:00") + timedelta(minutes=minute)

    def receiving(moment: datetime) -> bool:
        off = days_off(moment.date())
        works = moment.isoweekday() in reception.weekdays if off is None else not off
        return works and reception.opens <= moment.time() <= reception.closes

    slow = arrives
    while not receiving(slow):
        slow += timedelta(minutes=1)
    assert WorkingTime(OFFICE, days_off, reception).received(arrives, rolls_over=True) == slow


@pytest.mark.parametrize(
    ("arrives", "received"),
    [
        ("2025-07-04 08:59", "2025-07-04 09:00"),  # S003-06 is silent on this: the same day
        ("2025-07-04 09:00", "2025-07-04 09:00"),
        ("2025-07-04 13:10", "2025-07-04 13:10"),  # the break does not hold up what arrives
        ("2025-07-04 18:30", "2025-07-04 18:30"),
        ("2025-07-05 11:00", "2025-07-07 09:00"),
        ("2024-12-31 20:00", "2025-01-05 09:00"),  # over New Year, to a Sunday that is worked
        ("2025-03-20 23:59", "2025-03-26 09:00"),
    ],
)
def test_S002_19_what_arrives_after_hours_rolls_over(arrives: str, received: str) -> None:
    assert TIME.received(at(arrives), rolls_over=True) == at(received)


def test_S002_19_a_fully_automated_service_takes_in_at_once() -> None:
    assert TIME.received(at("2025-07-05 03:00"), rolls_over=False) == at("2025-07-05 03:00")


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2025-07-04 12:59", "1 min", "2025-07-04 13:00"),
        ("2025-07-04 12:59", "2 min", "2025-07-04 14:31"),
        ("2025-07-04 13:00", "1 min", "2025-07-04 14:31"),
        ("2025-07-04 14:29", "30 min", "2025-07-04 15:00"),
        ("2025-07-04 17:30", "1 h", "2025-07-04 18:30"),
        ("2025-07-04 18:30", "1 min", "2025-07-07 09:01"),
        ("2025-07-04 09:00", "8 h", "2025-07-04 18:30"),
        ("2025-07-04 09:00", "16 h", "2025-07-07 18:30"),
        ("2025-07-04 06:00", "30 min", "2025-07-04 09:30"),
        ("2025-07-05 12:00", "30 min", "2025-07-07 09:30"),
        ("2024-12-31 18:00", "1 h", "2025-01-05 09:30"),
        ("2025-03-20 18:29", "2 min", "2025-03-26 09:01"),
    ],
)
def test_S000_T4_minutes_and_hours_are_working_time(start: str, length: str, end: str) -> None:
    assert due(start, length) == end


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2025-07-04 10:00", "1 wd", "2025-07-07 18:30"),
        ("2025-07-04 23:00", "1 wd", "2025-07-07 18:30"),
        ("2025-07-05 10:00", "1 wd", "2025-07-07 18:30"),
        ("2025-07-04 10:00", "5 wd", "2025-07-11 18:30"),
        ("2024-12-31 10:00", "2 wd", "2025-01-06 18:30"),
        ("2025-03-19 10:00", "2 wd", "2025-03-26 18:30"),
        ("2025-07-01 10:00", "30 cd", "2025-07-31 18:30"),
        ("2025-07-04 10:00", "1 cd", "2025-07-07 18:30"),  # a Saturday: on the next working day
        ("2025-01-31 10:00", "1 mo", "2025-02-28 18:30"),
        ("2025-05-31 10:00", "1 mo", "2025-06-30 18:30"),
        ("2024-02-29 10:00", "1 y", "2025-02-28 18:30"),
        ("2024-11-30 10:00", "3 mo", "2025-02-28 18:30"),
        ("2024-12-21 10:00", "3 mo", "2025-03-26 18:30"),  # Nauryz, and what was moved to after it
    ],
)
def test_S002_04_days_and_months_end_when_the_office_closes(start: str, length: str, end: str) -> None:
    assert due(start, length) == end


def test_S000_C2_clocked_minutes_run_through_the_night_and_days_off() -> None:
    start = at("2025-07-04 23:40")
    assert TIME.add(start, Term(40, Unit.MINUTES), clocked=True) == start + timedelta(minutes=40)


def test_clocked_time_is_true_over_the_hour_that_came_twice() -> None:
    """Kazakhstan's clocks went back by an hour in the night to 2024-03-01."""
    start = datetime(2024, 2, 29, 17, 30, tzinfo=UTC)
    end = TIME.add(start, Term(1, Unit.HOURS), clocked=True)
    assert end.astimezone(UTC) == datetime(2024, 2, 29, 18, 30, tzinfo=UTC)


def test_a_time_without_an_offset_is_refused() -> None:
    for ask in (
        lambda: TIME.add(datetime(2025, 7, 4, 9), Term(1, Unit.HOURS)),  # noqa: DTZ001
        lambda: TIME.add(datetime(2025, 7, 4, 9), Term(1, Unit.HOURS), clocked=True),  # noqa: DTZ001
        lambda: TIME.received(datetime(2025, 7, 4, 9), rolls_over=False),  # noqa: DTZ001
    ):
        with pytest.raises(ValueError, match="offset"):
            ask()


def test_an_office_that_never_opens_is_told_and_not_waited_for() -> None:
    with pytest.raises(OverflowError, match="2199"):
        WorkingTime(OFFICE, lambda day: True).add(at("2025-07-04 10:00"), Term(1, Unit.WORKING_DAYS))


# Against the slow count


def open_at(moment: datetime) -> bool:
    """Whether the office works in the minute that begins at the local time `moment`."""
    off = days_off(moment.date())
    working = moment.isoweekday() <= 5 if off is None else not off
    return working and (time(9) <= moment.time() < time(13) or time(14, 30) <= moment.time() < time(18, 30))


def slow_add(start: datetime, minutes: int) -> datetime:
    """Minute after minute until so many were worked."""
    moment = start.replace(tzinfo=None)
    while minutes:
        minutes -= open_at(moment)
        moment += timedelta(minutes=1)
    return moment.replace(tzinfo=ALMATY)


MOMENTS = st.datetimes(datetime(2024, 12, 27), datetime(2025, 3, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=ALMATY)
)


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 2000))
def test_minutes_are_those_of_the_slow_count(start: datetime, minutes: int) -> None:
    assert TIME.add(start, Term(minutes, Unit.MINUTES)) == slow_add(start, minutes)


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 20))
def test_hours_are_sixty_minutes(start: datetime, number: int) -> None:
    assert TIME.add(start, Term(number, Unit.HOURS)) == slow_add(start, 60 * number)


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 15))
def test_working_days_are_those_of_the_slow_count(start: datetime, number: int) -> None:
    day, left = start.date(), number
    while left:
        day += timedelta(days=1)
        left -= open_at(datetime.combine(day, time(9)))
    assert TIME.add(start, Term(number, Unit.WORKING_DAYS)) == datetime.combine(day, time(18, 30), ALMATY)


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_the_time_between_is_that_of_the_slow_count(first: datetime, last: datetime) -> None:
    first, last = sorted((first, last))
    last = min(last, first + timedelta(days=12))
    slow = 0
    moment = first.replace(tzinfo=None)
    while moment < last.replace(tzinfo=None):
        slow += open_at(moment)
        moment += timedelta(minutes=1)
    assert TIME.between(first, last) == slow
    assert TIME.between(last, first) == -slow


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 5000), st.integers(0, 59))
def test_so_much_time_later_so_much_time_has_gone_by(start: datetime, minutes: int, seconds: int) -> None:
    start += timedelta(seconds=seconds)
    assert TIME.between(start, TIME.add(start, Term(minutes, Unit.MINUTES))) == minutes
