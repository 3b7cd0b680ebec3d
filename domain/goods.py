"""Goods lists by date: what a voucher may buy (R2.3, R6)."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from domain.errors import LANGUAGES, Refusal

UNITS = ("kg", "litre", "piece")
COLUMNS = (
    "version",
    "effective_from",
    "effective_to",
    "position",
    "name_en",
    "name_ru",
    "name_kk",
    "unit",
)


class GoodsListMissing(Refusal):
    code: ClassVar[str] = "goods_list_missing"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{day} күніне қолданыстағы тауарлар тізбесі жоқ.",
        "ru": "На {day} нет действующего перечня товаров.",
        "en": "No goods list is in force on {day}.",
    }


class GoodsInvalid(Refusal):
    """A goods list that can't be used; `problems` has every (line, reason), line 1 being the header."""

    code: ClassVar[str] = "goods_list_invalid"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Тауарлар тізбесінде қателер бар: {problems}.",
        "ru": "В перечне товаров есть ошибки: {problems}.",
        "en": "The goods list has errors: {problems}.",
    }

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems="; ".join(f"line {line}: {reason}" for line, reason in problems))


@dataclass(frozen=True, slots=True)
class Position:
    """One position of a goods list; `unit` is kg, litre or piece."""

    number: int
    names: Mapping[str, str] = field(hash=False)
    unit: str


@dataclass(frozen=True, slots=True)
class GoodsVersion:
    """A goods list in force from `effective_from` to `effective_to`, both inclusive; None: no end set."""

    version: str
    positions: Mapping[int, Position] = field(hash=False)
    effective_from: date
    effective_to: date | None = None

    def in_force(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True, slots=True)
class GoodsCatalogue:
    """The versions of a goods list, in order of date and without overlaps."""

    versions: tuple[GoodsVersion, ...]

    def on(self, day: date) -> GoodsVersion:
        """The list in force on `day`. Raises GoodsListMissing in a gap, before the first, after the last."""
        for version in self.versions:
            if version.in_force(day):
                return version
        raise GoodsListMissing(day=day)


def catalogue_of(versions: list[GoodsVersion]) -> GoodsCatalogue:
    """`versions` put in order of date. Raises ValueError when two overlap or one ends before it begins."""
    ordered = sorted(versions, key=lambda version: version.effective_from)
    for version in ordered:
        if version.effective_to is not None and version.effective_to < version.effective_from:
            raise ValueError(f"{version.version} ends before it begins")
    for earlier, later in itertools.pairwise(ordered):
        if earlier.in_force(later.effective_from):
            raise ValueError(f"{earlier.version} and {later.version} overlap on {later.effective_from}")
    return GoodsCatalogue(tuple(ordered))


def load_goods(text: str) -> GoodsCatalogue:
    """The catalogue of a goods-list CSV: a row a position, both dates inclusive. Raises GoodsInvalid."""
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise GoodsInvalid([(0, f"not a CSV file: {error}")]) from None
    if not rows:
        raise GoodsInvalid([(1, "the file is empty")])
    header = [name.strip() for name in rows[0]]
    problems = [(1, f"column {name} is missing") for name in COLUMNS if name not in header]
    problems += [(1, f"unknown column {name!r}") for name in header if name not in COLUMNS]
    problems += [(1, f"column {name} is doubled") for name in COLUMNS if header.count(name) > 1]
    if problems:
        raise GoodsInvalid(problems)

    spans: dict[str, tuple[date, date | None]] = {}
    positions: dict[str, dict[int, Position]] = {}
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            problems.append((line, f"{len(cells)} cells where the header has {len(header)}"))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        try:
            version, span, position = _read_row(row)
        except ValueError as error:
            problems.append((line, str(error)))
            continue
        if spans.setdefault(version, span) != span:
            problems.append((line, f"version {version} has other dates above"))
        if position.number in positions.setdefault(version, {}):
            problems.append((line, f"position {position.number} is in version {version} twice"))
        positions[version][position.number] = position
    if not spans and not problems:
        problems.append((1, "the file has no positions"))
    if problems:
        raise GoodsInvalid(problems)
    try:
        return catalogue_of([GoodsVersion(name, positions[name], *span) for name, span in spans.items()])
    except ValueError as error:
        raise GoodsInvalid([(1, str(error))]) from None


def _read_row(row: Mapping[str, str]) -> tuple[str, tuple[date, date | None], Position]:
    if not row["version"]:
        raise ValueError("version is empty")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", row["position"]):
        raise ValueError(f"position {row['position']!r} is not a whole number from 1 to 9999")
    if row["unit"] not in UNITS:
        raise ValueError(f"unit {row['unit']!r} is none of {', '.join(UNITS)}")
    names = {language: row[f"name_{language}"] for language in LANGUAGES}
    if not all(names.values()):
        raise ValueError("a name is empty: every position has one in kk, ru and en")
    effective_to = _day(row["effective_to"], "effective_to") if row["effective_to"] else None
    span = (_day(row["effective_from"], "effective_from"), effective_to)
    return row["version"], span, Position(int(row["position"]), names, row["unit"])


def _day(text: str, column: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"{column} {text!r} is not a date as 2025-07-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column} {text!r} is no day of the calendar") from None
