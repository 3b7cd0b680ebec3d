"""Kazakhstan's days off: state holidays by the library `holidays`, and the days that the authorities moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from domain.checked_file import FIRST_YEAR, LAST_YEAR, Problem
from domain.procedures.definition_file import ServiceInvalid
from domain.procedures.working_time import DaysOff
from infra.project_files import read_table

COLUMNS = ("day", "state", "basis")
STATES = {"off": True, "working": False}
FRIDAY = 5


def days_off(table: Path) -> DaysOff:
    """Of each day whether it is off: by the `table` of moved days, then the holidays; None for its weekday to decide.

    Holidays on a weekend come with the working days that follow as days off; Kurban ait and 7 January stay where they
    are. Raises ServiceInvalid with the problems of the table; a folder without one has no moved days.
    """
    moved = read_moved_days(table) if table.exists() else {}
    return (_state_holidays() | moved).get


@cache
def _state_holidays() -> dict[date, bool]:
    import holidays

    # All years at once: the library fills a year at the first question about it, and two threads would trip over that.
    known = holidays.country_holidays("KZ", years=range(FIRST_YEAR, LAST_YEAR + 1), expand=False)
    return dict.fromkeys(known.weekend_workdays, False) | dict.fromkeys(known.keys(), True)


def working_days(off: DaysOff, first: date, last: date) -> Iterator[str]:
    """The days from `first` to `last` on which offices that work from Monday to Friday are open, as YYYY-MM-DD."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        state = off(day)
        if not (day.isoweekday() > FRIDAY if state is None else state):
            yield day.isoformat()


def read_moved_days(table: Path) -> dict[date, bool]:
    """The moved days: whether each is off. Raises ServiceInvalid with every problem by file, line and reason."""
    problems: list[Problem] = []
    seen: set[date] = set()

    def row(cells: list[str]) -> tuple[date, bool]:
        day, off = _moved(*cells)
        if day in seen:
            raise ValueError(f"{day} is there twice")
        seen.add(day)
        return day, off

    found = read_table(table, COLUMNS, row, problems)
    if problems:
        raise ServiceInvalid(problems)
    return dict(found)


def _moved(day: str, state: str, basis: str) -> tuple[date, bool]:
    if len(day) != 10 or not day.isascii():
        raise ValueError(f"{day!r} is not a day as 2025-01-03")
    try:
        read = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day!r} is not a day as 2025-01-03") from None
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError(f"{day} is not within the years {FIRST_YEAR} to {LAST_YEAR}")
    if state not in STATES:
        near = get_close_matches(state, STATES, n=1)
        raise ValueError(
            f"{state!r} is neither off nor working" + (f"; did you mean {near[0]}?" if near else "")
        )
    if not basis:
        raise ValueError("has no basis: which act moved the day")
    return read, STATES[state]
