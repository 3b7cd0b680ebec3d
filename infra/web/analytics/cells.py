"""How the analysts' pages write figures: in the reader's language, and signed where they are differences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from infra.reporting.naming import Labels
from infra.web.analytics.region_names import region_name
from infra.web.analytics.words import analytics_words
from infra.web.words import WORDS
from projections.reports.report import Column, Names

_NBSP = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_NOTHING = "–"


class Writing:
    """Writes cells in one language; `positions` are the names of the goods list's positions."""

    def __init__(
        self, language: str, positions: Mapping[Any, Names] | None = None, labels: Labels | None = None
    ) -> None:
        """`positions`: by programme and number, and by programme, version of its list and number. `labels`: what other
        codes are called."""
        self._language = language
        self._labels = labels or {}
        self._words = WORDS[language]
        self._positions = positions or {}

    def cell(
        self, column: Column, value: Any, signed: bool = False, programme: str = "", goods_list: str = ""
    ) -> str:
        """A cell of a report's table; `programme` and the version of its `goods_list`: those that its row is of."""
        if value is None and column.kind == "quantity":
            return _NOTHING
        if column.id == "position":
            return self.position(int(value), programme, goods_list)
        if column.id == "region":
            return region_name(value, self._language)
        if column.id == "status" and value in ("open", "closed"):
            return analytics_words(self._language)(f"status_{value}")
        if column.id == "month":
            return self._words.month(value)
        if value and (names := self._labels.get(column.id, {}).get(value)):
            return names[self._language]
        if column.kind == "day":
            return self._words.day(date.fromisoformat(value)) if value else ""
        if column.kind == "hour":
            return f"{value:02d}:00"
        if isinstance(value, str):
            return value
        return self.figure(column.kind, value, signed)

    def figure(self, kind: str, value: Any, signed: bool = False) -> str:
        """A number by its kind; `signed` with + before what was added; None is withheld (A2)."""
        if value is None:
            return analytics_words(self._language)("withheld")
        if kind == "tiyn":
            text = self._words.money(value)
        elif isinstance(value, Decimal):
            text = self._decimal(value)
        else:
            text = self.count(value)
        return f"+{text}" if signed and value > 0 else text

    def count(self, number: int | None) -> str:
        """12345 as `12 345`."""
        if number is None:
            return self.figure("count", None)
        return f"{_MINUS if number < 0 else ''}{abs(number):,}".replace(",", _NBSP)

    def percent(self, part: int | None, whole: int | None) -> str:
        """`63,4 %` of the whole; a dash where there is none."""
        if not whole or part is None:
            return "–"
        text = f"{Decimal(100) * part / whole:.1f}"
        point = "." if self._language == "en" else ","
        return f"{text.replace('.', point)}{'' if self._language == 'en' else _NBSP}%"

    def position(self, number: int, programme: str = "", goods_list: str = "") -> str:
        """A position of the programme's goods list with its name, of that version where it is told; without a
        programme, of each one's."""
        names = self._positions.get((programme, goods_list, number)) or self._positions.get(
            (programme, number)
        )
        return f"{number}. {names[self._language]}" if names else str(number)

    def _decimal(self, value: Decimal) -> str:
        whole, _, rest = format(abs(value), "f").partition(".")
        point = "." if self._language == "en" else ","
        text = self.count(int(whole)) + (point + rest if rest else "")
        return _MINUS + text if value < 0 else text
