"""The text of an SMS: its parts, which are what an operator charges for, and its words in kk, ru and en."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from domain.errors import LANGUAGES

# GSM 03.38, the default alphabet and its extension table (without the escape character itself).
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = "\f^{}\\[~]|€"
_GSM = re.compile(f"[{re.escape(GSM_BASIC + GSM_EXTENSION)}]*")
_EXTENDED = re.compile(f"[{re.escape(GSM_EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

GSM_7 = "GSM-7"
UCS_2 = "UCS-2"

_MONTHS = {
    "kk": [
        "қаңтарына",
        "ақпанына",
        "наурызына",
        "сәуіріне",
        "мамырына",
        "маусымына",
        "шілдесіне",
        "тамызына",
        "қыркүйегіне",
        "қазанына",
        "қарашасына",
        "желтоқсанына",
    ],
    "ru": [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_DEADLINE = {
    "kk": "{year} жылдың {day} {month} дейін",
    "ru": "до {day} {month} {year} года",
    "en": "until {day} {month} {year}",
}


class SmsParts(NamedTuple):
    """`encoding` is GSM-7 or UCS-2; `units` are septets or 16-bit units; `parts` are what it costs."""

    encoding: str
    units: int
    parts: int


def parts(text: str) -> SmsParts:
    """How `text` goes over the air: 160 units alone or 153 in each of several (GSM-7), 70 or 67 (UCS-2).

    Characters of the extension table and those beyond U+FFFF take two units, and are never cut in two.
    An empty text still costs one part.
    """
    if _GSM.fullmatch(text):
        doubled = _EXTENDED
        encoding, alone, joined = GSM_7, 160, 153
    else:
        doubled = _ASTRAL
        encoding, alone, joined = UCS_2, 70, 67
    wide = [match.start() for match in doubled.finditer(text)]
    units = len(text) + len(wide)
    if units <= alone:
        return SmsParts(encoding, units, 1)
    # A part that would end in the middle of a two-unit character ends one unit sooner; the lost units add up.
    lost = 0
    for before, at in enumerate(wide):
        if (at + before + lost) % joined == joined - 1:
            lost += 1
    return SmsParts(encoding, units, -(-(units + lost) // joined))


def deadline_in_words(day: date, language: str) -> str:
    """`day` as the last day of something: "2025 жылдың 31 шілдесіне дейін", "до 31 июля 2025 года".

    Raises ValueError for a language other than kk, ru, en.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no SMS texts in {language!r}: one of {', '.join(LANGUAGES)}")
    return _DEADLINE[language].format(year=day.year, day=day.day, month=_MONTHS[language][day.month - 1])


@lru_cache(maxsize=256)
def _pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    pieces = []
    for literal, field, spec, conversion in Formatter().parse(template):
        if field is not None and (spec or conversion or not field.isidentifier()):
            raise ValueError(f"a placeholder of an SMS text is a plain name in braces, not {field!r}")
        pieces.append((literal, field))
    return tuple(pieces)


def placeholders(template: str) -> set[str]:
    """The names `template` wants values for. Raises ValueError when it is not a template."""
    return {field for _, field in _pieces(template) if field is not None}


def render(template: str, language: str, **values: object) -> str:
    """`template` with each `{name}` replaced; a date becomes a deadline in words of `language` (R20).

    Raises ValueError when a placeholder has no value, or is more than a name.
    """
    text = []
    for literal, field in _pieces(template):
        text.append(literal)
        if field is None:
            continue
        if field not in values:
            raise ValueError(f"the SMS text wants {{{field}}}, which has no value")
        value = values[field]
        text.append(deadline_in_words(value, language) if isinstance(value, date) else str(value))
    return "".join(text)
