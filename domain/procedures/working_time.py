"""Working time: when an office is open, when what arrives counts as received, when a term is over.

The clock on the wall is Kazakhstan's (`domain.calendar.ALMATY`): offices go by it, whatever its offset.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from domain.calendar import ALMATY
from domain.procedures.definition import Hours, Term, Unit

# Of a day: True, it is off though a weekday; False, it is worked though a weekend; None, its weekday decides.
DaysOff = Callable[[date], bool | None]

MINUTE = timedelta(minutes=1)
LAST_YEAR = 2199


class WorkingTime:
    """An office's hours on its working days. Raises ValueError for a time without an offset."""

    def __init__(self, hours: Hours, days_off: DaysOff, reception: Hours | None = None) -> None:
        """Terms run in the office's `hours`; what arrives is received in those of `reception`, else the same (S002-18)."""
        self._reception = (
            self if reception is None or reception == hours else WorkingTime(reception, days_off)
        )
        self._hours = hours
        self._days_off = days_off
        self._years: dict[int, list[int]] = {}
        spans = (
            [(hours.opens, hours.closes)]
            if hours.break_from is None or hours.break_to is None
            else [(hours.opens, hours.break_from), (hours.break_to, hours.closes)]
        )
        self._spans = [(_since_midnight(a), _since_midnight(b)) for a, b in spans]
        self._opens, self._closes = self._spans[0][0], self._spans[-1][1]
        self._day = sum((b - a for a, b in self._spans), timedelta())

    @property
    def minutes_a_day(self) -> int:
        """How many minutes of work a working day has."""
        return self._day // MINUTE

    def is_working(self, day: date) -> bool:
        """Whether the office works on `day` at all."""
        days, number = self._year(day.year), day.toordinal()
        at = bisect_left(days, number)
        return at < len(days) and days[at] == number

    def received(self, at: datetime, rolls_over: bool) -> datetime:
        """When what arrives at `at` counts as received (S002-18, S002-19, S003-06).

        With `rolls_over`, after reception, before it or on a day off: when reception next opens. The closing minute
        itself is still in time, and the break is no reason to wait. Without: at once.
        """
        local = _local(at)
        return self._reception._next_open(local) if rolls_over else at.astimezone(ALMATY)

    def _next_open(self, local: datetime) -> datetime:
        """The local time itself between opening and closing, else the next opening."""
        day = local.date()
        if self.is_working(day):
            since = local - datetime.combine(day, time.min)
            if since <= self._closes:
                return _aware(day, max(since, self._opens))
        return _aware(self._after(day, 1), self._opens)

    def add(self, start: datetime, term: Term, *, clocked: bool = False) -> datetime:
        """The last instant of `term`, counted from `start`.

        Minutes and hours are working time (S000-L2), the first instant at which so much of it has gone by; `clocked`,
        they run round the clock. The day of `start` does not count in days (S003-03 is silent): working days end when
        the office closes on the last of them; calendar days, months and years when it closes on their last day or,
        that being off, on the next working day. A month from the 31st ends on the last day of a shorter one.
        Raises OverflowError beyond the year 2199.
        """
        number, unit = term
        if unit in (Unit.MINUTES, Unit.HOURS):
            span = timedelta(minutes=number) if unit is Unit.MINUTES else timedelta(hours=number)
            if clocked:
                _local(start)
                return (start.astimezone(UTC) + span).astimezone(ALMATY)
            return self._add_time(_local(start), span)
        day = _local(start).date()
        if unit is Unit.WORKING_DAYS:
            return _aware(self._after(day, number), self._closes)
        last = _later(day, number, unit)
        return _aware(self._after(last - timedelta(days=1), 1), self._closes)

    def between(self, start: datetime, end: datetime) -> int:
        """Whole working minutes from `start` to `end`; below zero when `end` comes first."""
        if end < start:
            return -self.between(end, start)
        first, last = _local(start), _local(end)
        days = self._count(first.date(), last.date())
        return (days * self._day + self._worked(last) - self._worked(first)) // MINUTE

    def _add_time(self, start: datetime, span: timedelta) -> datetime:
        """Working time `span` after the local time `start`."""
        day = start.date()
        if self.is_working(day):
            due = self._worked(start) + span
        else:
            day, due = self._after(day, 1), span
        # At the very end of a day, the term is over then, not when the office next opens.
        days, left = divmod(due, self._day)
        if not left:
            days, left = days - 1, self._day
        if days:
            day = self._after(day, days)
        for opens, closes in self._spans:
            if left <= closes - opens:
                return _aware(day, opens + left)
            left -= closes - opens
        raise AssertionError(left)

    def _worked(self, at: datetime) -> timedelta:
        """How much of its working time the day of the local time `at` has behind it."""
        day = at.date()
        if not self.is_working(day):
            return timedelta()
        since, worked = at - datetime.combine(day, time.min), timedelta()
        for opens, closes in self._spans:
            if since < closes:
                return worked + since - opens if since > opens else worked
            worked += closes - opens
        return worked

    def _after(self, day: date, number: int) -> date:
        """The `number`-th working day after `day`, which does not count itself."""
        year = day.year
        days = self._year(year)
        at = bisect_right(days, day.toordinal()) + number - 1
        while at >= len(days):
            at -= len(days)
            year += 1
            days = self._year(year)
        return date.fromordinal(days[at])

    def _count(self, start: date, end: date) -> int:
        """Working days from `start` on, before `end`."""
        count = -bisect_left(self._year(start.year), start.toordinal())
        for year in range(start.year, end.year):
            count += len(self._year(year))
        return count + bisect_left(self._year(end.year), end.toordinal())

    def _year(self, year: int) -> list[int]:
        """The working days of a year, in order, as ordinals; worked out once."""
        found = self._years.get(year)
        if found is None:
            if year > LAST_YEAR:
                raise OverflowError(f"no working days are known after {LAST_YEAR}")
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            found = [n for n in range(first, last + 1) if self._works(date.fromordinal(n))]
            self._years[year] = found
        return found

    def _works(self, day: date) -> bool:
        off = self._days_off(day)
        return day.isoweekday() in self._hours.weekdays if off is None else not off


def _local(at: datetime) -> datetime:
    """What the clock on the wall says at `at`."""
    if at.utcoffset() is None:
        raise ValueError("a time without an offset is at no particular place")
    return at.astimezone(ALMATY).replace(tzinfo=None)


def _aware(day: date, since_midnight: timedelta) -> datetime:
    return datetime.combine(day, time.min, ALMATY) + since_midnight


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def _later(day: date, number: int, unit: Unit) -> date:
    """The day so many calendar days, months or years after `day`."""
    if unit is Unit.CALENDAR_DAYS:
        return day + timedelta(days=number)
    months = day.year * 12 + day.month - 1 + number * (12 if unit is Unit.YEARS else 1)
    year, month = divmod(months, 12)
    if year > LAST_YEAR:
        raise OverflowError(f"no working days are known after {LAST_YEAR}")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
