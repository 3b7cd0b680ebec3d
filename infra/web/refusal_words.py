"""Refusals as pages say them: with months, days and the ids of a service in the reader's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import Refusal
from domain.procedures.definition import Service
from infra.web.words import WORDS

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

# What ids stand for, by the refusal's detail that holds them.
Names = Mapping[str, Mapping[str, str]]


def refusal_words(refusal: Refusal, language: str, names: Names | None = None) -> str:
    """The refusal's sentence."""
    told = {
        name: _told(value, language, (names or {}).get(name, {})) for name, value in refusal.details.items()
    }
    return refusal.retold(**told).sentence(language)


def service_names(service: Service, language: str) -> Names:
    """What refusals about a case of the service name by id: steps, outcomes, grounds."""
    outcomes = {one.id: one.names[language] for step in service.steps.values() for one in step.outcomes}
    grounds = {one.id: one.names[language] for one in service.grounds.values()}
    return {
        "open": {one.id: one.names[language] for one in service.steps.values()},
        **dict.fromkeys(("outcome", "outcomes"), outcomes),
        **dict.fromkeys(("ground", "grounds"), grounds),
    }


def _told(value: Any, language: str, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    if _MONTH.fullmatch(value):
        return WORDS[language].month(value)
    if _DAY.fullmatch(value):
        try:
            return WORDS[language].iso_day(value)
        except ValueError:
            return value
    parts = value.split(", ")
    return "; ".join(names[part] for part in parts) if all(part in names for part in parts) else value
