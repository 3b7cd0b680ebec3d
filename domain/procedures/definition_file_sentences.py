"""Why a service's file can't be used, with a stable code and in kk, ru and en (S002-33).

The checks say it in English, where they find it; here each such sentence has its code and its translations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from domain.checked_file import Problem
from domain.procedures.definition_file_course_texts import COURSE_TEXTS
from domain.procedures.definition_file_value_texts import VALUE_TEXTS

OTHER = "file_wrong"  # what has no sentence of its own, such as the words of the TOML reader

# By code: en, ru, kk. What stands in braces is taken over; of `kind` and `what` the words below.
_SENTENCES: Mapping[str, tuple[str, str, str]] = {**VALUE_TEXTS, **COURSE_TEXTS}
_NEAR = ("; did you mean {near}?", "; может быть, {near}?", "; мүмкін {near}?")
_WORDS: Mapping[str, tuple[str, str]] = {
    "true or false": ("да или нет", "иә не жоқ"),
    "a whole number": ("целое число", "бүтін сан"),
    "a decimal number": ("дробное число", "бөлшек сан"),
    "a text": ("текст", "мәтін"),
    "an array": ("список", "тізім"),
    "a table": ("таблица", "кесте"),
    "a date": ("дата", "күн"),
    "a time": ("время", "уақыт"),
    "text": ("текст", "мәтін"),
    "number": ("число", "сан"),
    "date": ("дата", "күн"),
    "yes_no": ("да или нет", "иә не жоқ"),
    "step": ("шаг", "қадам"),
    "field": ("поле", "өріс"),
    "field of the application": ("поле заявления", "өтініш өрісі"),
    "role": ("роль", "рөл"),
    "unit": ("подразделение", "бөлімше"),
    "kind": ("вид", "түр"),
    "end": ("завершение", "аяқталу"),
    "result": ("результат", "нәтиже"),
    "notice": ("уведомление", "хабарлама"),
    "condition": ("условие", "шарт"),
    "outcome of the step": ("исход шага", "қадам нәтижесі"),
    "fact": ("факт", "факт"),
    "call": ("функция", "функция"),
    "document": ("документ", "құжат"),
    "register": ("реестр", "тізілім"),
}


class Told(NamedTuple):
    """A problem in words: its stable code and the reason."""

    code: str
    reason: str


def reason_told(reason: str, language: str) -> Told:
    """The code of an English `reason`, and the reason in `language`; itself where it has no sentence here."""
    plain, near = _parted(reason)
    for code, pattern in _patterns():
        if match := pattern.fullmatch(plain):
            if language == "en":
                return Told(code, reason)
            index = 1 if language == "ru" else 2
            parts = {name: _word(name, text, index - 1) for name, text in match.groupdict().items()}
            return Told(
                code,
                _SENTENCES[code][index].format(**parts) + (_NEAR[index].format(near=near) if near else ""),
            )
    return Told(OTHER, reason)


def line(problem: Problem, language: str) -> str:
    """The problem as `Problem` writes itself, with its reason in `language`."""
    return str(problem._replace(reason=reason_told(problem.reason, language).reason))


def _parted(reason: str) -> tuple[str, str]:
    """The reason, and the name that it guesses was meant."""
    match = re.fullmatch(r"(.*); did you mean ([^;]+)\?", reason, re.DOTALL)
    return (match[1], match[2]) if match else (reason, "")


def _word(name: str, text: str, place: int) -> str:
    if name == "choices":
        return text.replace('" or "', ('" или "', '" немесе "')[place])
    if name == "known":
        return text.replace(" and ", (" и ", " және ")[place])
    return _WORDS[text][place] if name in ("kind", "kind2", "what") and text in _WORDS else text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The English sentences as patterns, those with the most words of their own in front."""
    found = sorted(_SENTENCES.items(), key=lambda one: -len(re.sub(r"\{\w+\}", "", one[1][0])))
    return tuple((code, _pattern(en)) for code, (en, _, _) in found)


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", sentence)
    text = "".join(
        f"(?P<{part}>{'[a-z _]+' if part == 'what' else '.+?'})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(text, re.DOTALL)
