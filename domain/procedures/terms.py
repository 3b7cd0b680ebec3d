"""Terms, hours and other values as a service's file writes them. Each raises ValueError with the reason."""

from __future__ import annotations

import re
from datetime import time

from domain.checked_file import plain_text
from domain.procedures.definition import Hours, Term, Unit

LONGEST = {
    Unit.MINUTES: 10_000,
    Unit.HOURS: 1_000,
    Unit.WORKING_DAYS: 1_000,
    Unit.CALENDAR_DAYS: 3_660,
    Unit.MONTHS: 120,
    Unit.YEARS: 100,
}
_HOURS = re.compile(
    r"([1-7])(?:-([1-7]))? ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})"
    r"(?: break ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2}))?"
)


def term(value: object) -> Term:
    """A term: "20 min", "1 h", "2 wd" (working days), "30 cd" (calendar days), "3 mo", "1 y"."""
    found = re.fullmatch(r"([0-9]{1,5}) (min|h|wd|cd|mo|y)", plain_text(value))
    if found is None:
        raise ValueError(f'{value!r} is not a term as "20 min", "1 h", "2 wd", "30 cd", "3 mo" or "1 y"')
    number, unit = int(found[1]), Unit(found[2])
    if not 1 <= number <= LONGEST[unit]:
        raise ValueError(f"must be from 1 to {LONGEST[unit]} {unit}")
    return Term(number, unit)


def hours(value: object) -> Hours:
    """Hours of work: "1-5 09:00-18:30 break 13:00-14:30", weekdays from 1, Monday, to 7; the break may be missing."""
    found = _HOURS.fullmatch(plain_text(value))
    if found is None:
        raise ValueError(f'{value!r} is not hours as "1-5 09:00-18:30 break 13:00-14:30"')
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"the weekday {last} is before {first}")
    opens, closes, pause, goes_on = (None if one is None else _clock(one) for one in found.group(3, 4, 5, 6))
    assert opens is not None
    assert closes is not None
    if closes <= opens:
        raise ValueError(f"closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}")
    if pause is not None and goes_on is not None and not opens < pause < goes_on < closes:
        raise ValueError(
            f"the break {pause:%H:%M}-{goes_on:%H:%M} does not lie within {opens:%H:%M}-{closes:%H:%M}"
        )
    return Hours(tuple(range(first, last + 1)), opens, closes, pause, goes_on)


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a time of day") from None
