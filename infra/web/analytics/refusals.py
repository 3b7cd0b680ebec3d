"""What the analysts' pages can't be asked for."""

from __future__ import annotations

from typing import ClassVar

from domain.errors import Refusal
from infra.web.analytics.words import analytics_words

# What a parameter of the address is called on the page.
_LABELS = {
    "programme": "programme",
    "month": "month",
    "region": "region",
    "on": "day",
    "as_of": "as_of",
    "compare": "compare",
    "sort": "order",
    "order": "order",
    "page": "page_number",
    "limit": "page_rows",
    "only": "rows_chosen",
}


class ColumnUnknown(Refusal):
    """The table has no such column."""

    code: ClassVar[str] = "column_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Кестеде мұндай баған жоқ; бары: {names}.",
        "ru": "В таблице нет такого столбца; есть: {names}.",
        "en": "The table has no such column; it has: {names}.",
    }


class AddressUnknown(Refusal):
    """The address names something that these pages are not asked by."""

    code: ClassVar[str] = "parameter_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Мекенжайда артық параметр бар; бұл бет мыналар бойынша сұралады: {names}.",
        "ru": "В адресе лишний параметр; эту страницу запрашивают по: {names}.",
        "en": "The address has a parameter too many; this page is asked by: {names}.",
    }


class FieldsTooMany(Refusal):
    """The address has absurdly many parameters."""

    code: ClassVar[str] = "parameters_too_many"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Мекенжайда параметр тым көп: {most} артық болмауы керек.",
        "ru": "В адресе слишком много параметров: не больше {most}.",
        "en": "The address has too many parameters: {most} at most.",
    }


class NumberOutside(Refusal):
    """A number that is none, or outside of what is allowed."""

    code: ClassVar[str] = "number_outside"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{parameter}» – {least} мен {most} арасындағы бүтін сан.",
        "ru": "«{parameter}» – целое число от {least} до {most}.",
        "en": "“{parameter}” is a whole number between {least} and {most}.",
    }


class ChoiceUnknown(Refusal):
    """Not one of the words that the parameter takes."""

    code: ClassVar[str] = "choice_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{parameter}» мәні мыналардың бірі: {names}.",
        "ru": "Значение «{parameter}» – одно из: {names}.",
        "en": "“{parameter}” is one of: {names}.",
    }


class TimeUnclear(Refusal):
    """A time that can't be understood."""

    code: ClassVar[str] = "time_unclear"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Уақыт былай жазылады: 2025-07-15 12:00 (Алматы уақыты), 2025-07-15 (күннің соңы) немесе журнал орны: 12345.",
        "ru": "Время пишут так: 2025-07-15 12:00 (время Алматы), 2025-07-15 (конец дня) или позиция журнала: 12345.",
        "en": "A time is written 2025-07-15 12:00 (Almaty time), 2025-07-15 (the day's end), or as a log position: 12345.",
    }


class ComparedLater(Refusal):
    """What is compared with is not earlier."""

    code: ClassVar[str] = "compared_later"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Салыстырылатын уақыт есептің өз уақытынан ерте болуы керек.",
        "ru": "Сравнивать можно только с более ранним временем, чем у самого отчёта.",
        "en": "What is compared with must be earlier than the report itself.",
    }


def label_of(parameter: str | None, language: str) -> str:
    """What the page calls a parameter of the address; "" for what is none."""
    label = _LABELS.get(parameter or "")
    return analytics_words(language)(label) if label else ""


def by_its_label(refusal: Refusal, language: str) -> str:
    """The refusal's sentence, in which a parameter is called what the page calls it."""
    label = label_of(refusal.details.get("parameter"), language)
    return (refusal.retold(parameter=label) if label else refusal).sentence(language)
