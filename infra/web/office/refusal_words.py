"""Refusals as the office says them: with months, days and the ids of a service in the reader's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import Refusal
from infra.web.words import WORDS

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def refusal_words(refusal: Refusal, language: str, names: Mapping[str, str] | None = None) -> str:
    """The refusal's sentence; `names` are what ids stand for in it, such as those of steps."""
    told = {name: _told(value, language, names or {}) for name, value in refusal.details.items()}
    again = type(refusal).__new__(type(refusal))
    again.__dict__.update({**refusal.__dict__, "details": told})
    return again.sentence(language)


def _told(value: Any, language: str, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    words = WORDS[language]
    if _MONTH.fullmatch(value):
        return words.month(value)
    if _DAY.fullmatch(value):
        try:
            return words.iso_day(value)
        except ValueError:
            return value
    parts = value.split(", ")
    if all(part in names for part in parts):
        return ", ".join(f"«{names[part]}»" for part in parts) if len(parts) > 1 else names[parts[0]]
    return value
