"""How papers write terms, days, hours and numbers in kk, ru and en."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from domain.calendar import ALMATY
from domain.procedures.definition import Hours, Term, Unit
from infra.papers.words import WORDS

_NBSP = "\N{NO-BREAK SPACE}"
# One, two to four, five and more; Kazakh has one form, English two.
_UNITS: dict[Unit, dict[str, tuple[str, ...]]] = {
    Unit.MINUTES: {"kk": ("минут",), "ru": ("минута", "минуты", "минут"), "en": ("minute", "minutes")},
    Unit.HOURS: {"kk": ("сағат",), "ru": ("час", "часа", "часов"), "en": ("hour", "hours")},
    Unit.WORKING_DAYS: {
        "kk": ("жұмыс күні",),
        "ru": ("рабочий день", "рабочих дня", "рабочих дней"),
        "en": ("working day", "working days"),
    },
    Unit.CALENDAR_DAYS: {
        "kk": ("күнтізбелік күн",),
        "ru": ("календарный день", "календарных дня", "календарных дней"),
        "en": ("calendar day", "calendar days"),
    },
    Unit.MONTHS: {"kk": ("ай",), "ru": ("месяц", "месяца", "месяцев"), "en": ("month", "months")},
    Unit.YEARS: {"kk": ("жыл",), "ru": ("год", "года", "лет"), "en": ("year", "years")},
}
_MONTHS = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": "January February March April May June July August September October November December",
}
_WEEKDAYS = {
    "kk": "дүйсенбі сейсенбі сәрсенбі бейсенбі жұма сенбі жексенбі",
    "ru": "понедельник вторник среда четверг пятница суббота воскресенье",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_HOURS = {
    "kk": "{days}, {hours}{pause}; демалыс: {off} мереке күндері",
    "ru": "{days}, {hours}{pause}; выходные: {off} праздничные дни",
    "en": "{days}, {hours}{pause}; closed: {off} public holidays",
}
_PAUSE = {"kk": ", түскі үзіліс {pause}", "ru": ", перерыв {pause}", "en": ", break {pause}"}
_AND = {"kk": "және", "ru": "и", "en": "and"}


def _form(number: int, forms: tuple[str, ...]) -> str:
    if len(forms) == 1:
        return forms[0]
    if len(forms) == 2:
        return forms[number != 1]
    if number % 10 == 1 and number % 100 != 11:
        return forms[0]
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return forms[1]
    return forms[2]


def term_in_words(term: Term, language: str) -> str:
    """A term, as "2 рабочих дня"."""
    return f"{term.number}{_NBSP}{_form(term.number, _UNITS[term.unit][language])}"


def minutes_in_words(minutes: int, language: str) -> str:
    """So many minutes, as "20 minutes"."""
    return term_in_words(Term(minutes, Unit.MINUTES), language)


def day_in_words(day: date, language: str) -> str:
    """A day, as "2019 жылғы 25 қараша"."""
    month = _MONTHS[language].split()[day.month - 1]
    if language == "kk":
        return f"{day.year}{_NBSP}жылғы {day.day}{_NBSP}{month}"
    if language == "ru":
        return f"{day.day}{_NBSP}{month} {day.year}{_NBSP}года"
    return f"{day.day}{_NBSP}{month} {day.year}"


def period_in_words(start: date, end: date | None, language: str) -> str:
    """From which day to which, or without an end."""
    words = WORDS[language]
    short = short_day(start)
    if end is None:
        return words["from_day"].format(day=short)
    return words["from_to"].format(start=short, end=short_day(end))


def short_day(day: date) -> str:
    """A day in figures, as "25.11.2019"."""
    return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"


def instant(at: datetime) -> str:
    """An instant in Kazakhstan, with its offset."""
    local = at.astimezone(ALMATY)
    offset = local.utcoffset()
    assert offset is not None
    return f"{short_day(local.date())} {local:%H:%M} (UTC{offset.total_seconds() / 3600:+g})"


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02d}"


def _span(start: time, end: time) -> str:
    return f"{_clock(start)}–{_clock(end)}"


def hours_in_words(hours: Hours, language: str) -> str:
    """A working day: weekdays, hours, break, days off."""
    names = _WEEKDAYS[language].split()
    working = sorted(hours.weekdays)
    off = [names[day - 1] for day in range(1, 8) if day not in working]
    runs: list[list[int]] = []
    for day in working:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    days = ", ".join(
        names[run[0] - 1] if len(run) == 1 else f"{names[run[0] - 1]} – {names[run[-1] - 1]}" for run in runs
    )
    pause = ""
    if hours.break_from and hours.break_to:
        pause = _PAUSE[language].format(pause=_span(hours.break_from, hours.break_to))
    listed = f"{', '.join(off)} {_AND[language]}" if off else ""
    return (
        _HOURS[language]
        .format(days=days, hours=_span(hours.opens, hours.closes), pause=pause, off=listed)
        .replace("  ", " ")
    )


def value_in_words(value: Any, language: str) -> str:
    """A fact: yes or no, a day in figures (also from its ISO text), a number, a text."""
    if isinstance(value, bool):
        return WORDS[language]["yes" if value else "no"]
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return short_day(value)
    if isinstance(value, Decimal | float):
        return f"{value:f}" if language == "en" else f"{value:f}".replace(".", ",")
    return str(value)


def listed(parts: list[str], language: str) -> str:
    """Parts joined as in a sentence: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {_AND[language]} {parts[-1]}"


def sentence(text: str) -> str:
    """With a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]
