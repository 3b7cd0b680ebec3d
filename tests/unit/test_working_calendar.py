"""Kazakhstan's days off: its holidays, those that a weekend moves, and the table of days moved by an act."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from domain.calendar import ALMATY
from domain.procedures.definition_file import ServiceInvalid
from domain.procedures.terms import hours, term
from domain.procedures.working_time import WorkingTime
from infra.cases.working_calendar import days_off, read_moved_days
from infra.settings import ROOT

MOVED = ROOT / "services" / "moved-days.csv"
KAZAKHSTAN = days_off(MOVED)
OFFICE = WorkingTime(hours("1-5 09:00-18:30 break 13:00-14:30"), KAZAKHSTAN)


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 1, 1),
        date(2025, 1, 2),
        date(2025, 1, 7),  # Orthodox Christmas
        date(2026, 1, 7),
        date(2024, 6, 16),  # Kurban ait, the first day
        date(2025, 6, 6),
        date(2026, 5, 27),
        date(2025, 3, 21),
        date(2025, 3, 22),
        date(2025, 3, 23),
        date(2025, 3, 24),  # for the Saturday and the Sunday of Nauryz
        date(2025, 3, 25),
        date(2025, 10, 27),  # for Republic Day, a Saturday
        date(2025, 12, 16),
    ],
)
def test_S003_05_holidays_are_off(day: date) -> None:
    assert KAZAKHSTAN(day) is True
    assert not OFFICE.is_working(day)


def test_S003_05_a_religious_holiday_on_a_weekend_moves_nothing() -> None:
    assert date(2024, 1, 7).isoweekday() == 7
    assert OFFICE.is_working(date(2024, 1, 8))
    assert date(2024, 6, 16).isoweekday() == 7
    assert OFFICE.is_working(date(2024, 6, 17))


@pytest.mark.parametrize(
    ("off", "working"), [(date(2024, 5, 8), date(2024, 5, 4)), (date(2025, 1, 3), date(2025, 1, 5))]
)
def test_S002_17_a_day_off_that_was_moved_is_worked_where_it_came_from(off: date, working: date) -> None:
    assert not OFFICE.is_working(off)
    assert OFFICE.is_working(working)


def test_the_table_agrees_with_the_holidays_where_both_know_a_day(tmp_path: Path) -> None:
    without = days_off(tmp_path / "none.csv")
    for day, off in read_moved_days(MOVED).items():
        assert without(day) is off


def test_S002_17_the_table_has_the_last_word(tmp_path: Path) -> None:
    table = tmp_path / "moved.csv"
    table.write_text("day,state,basis\n2026-05-27,working,act\n2026-05-28,off,act\n", encoding="utf-8")
    moved = days_off(table)
    assert (moved(date(2026, 5, 27)), moved(date(2026, 5, 28))) == (False, True)  # Kurban ait by another day


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2024-12-31 18:00", "1 h", "2025-01-05 09:30"),  # New Year; the Sunday is worked for the Friday
        ("2024-12-31 10:00", "3 wd", "2025-01-08 18:30"),
        ("2025-03-20 18:29", "2 min", "2025-03-26 09:01"),  # Nauryz and the two days after its weekend
        ("2024-03-20 10:00", "1 wd", "2024-03-26 18:30"),
        ("2024-05-03 10:00", "2 wd", "2024-05-06 18:30"),  # the Saturday is worked
        ("2024-05-06 10:00", "1 wd", "2024-05-10 18:30"),
        ("2025-05-07 10:00", "1 cd", "2025-05-08 18:30"),
        ("2024-12-07 10:00", "1 mo", "2025-01-08 18:30"),  # Christmas: on the next working day
    ],
)
def test_terms_run_over_holidays_and_moved_days(start: str, length: str, end: str) -> None:
    due = OFFICE.add(datetime.fromisoformat(start).replace(tzinfo=ALMATY), term(length))
    assert due.strftime("%Y-%m-%d %H:%M") == end


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("day,state\n", "t.csv: line 1: must be day,state,basis"),
        ("day,state,basis\n2025-02-30,off,act\n", "line 2: '2025-02-30' is not a day"),
        ("day,state,basis\n20250102,off,act\n", "line 2: '20250102' is not a day"),
        ("day,state,basis\n２０２５-01-02,off,act\n", "line 2: '２０２５-01-02' is not a day"),
        ("day,state,basis\n1925-01-02,off,act\n", "line 2: 1925-01-02 is not within the years"),
        ("day,state,basis\n2025-01-02,wroking,act\n", "did you mean working?"),
        ("day,state,basis\n2025-01-02,off,\n", "line 2: has no basis"),
        ('day,state,basis\n2025-01-02,off,"act\n2025-01-04,off,act\n', "line 2: can't be read"),
        ("# nothing\n", "line 1: must be day,state,basis"),
        ("day,state,basis\n2025-01-02,off\n", "line 2: must have day, state, basis"),
        (
            "# why\nday,state,basis\n2025-01-02,off,a\n2025-01-02,working,a\n",
            "line 4: 2025-01-02 is there twice",
        ),
    ],
)
def test_a_wrong_row_of_moved_days_is_named_by_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ServiceInvalid) as refused:
        days_off(tmp_path / "t.csv")
    assert problem in refused.value.sentence("en")


def test_a_table_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"day,state,basis\n\xff")
    with pytest.raises(ServiceInvalid, match="not in UTF-8 from byte 17 on"):
        days_off(tmp_path / "t.csv")
