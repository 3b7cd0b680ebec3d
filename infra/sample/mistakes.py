"""Rows that a list must not let in, one kind after the other, each in a family of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from infra.sample.people import Families, Row

FAMILY, IIN, SURNAME, GIVEN, _PATRONYMIC, BORN, ROLE, KATO, ASSISTANCE = range(9)
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

Spoil = Callable[[list[str], Row], None]


def _set(column: int, change: Callable[[str], str]) -> Spoil:
    def spoil(row: list[str], _other: Row) -> None:
        row[column] = change(row[column])

    return spoil


def _taken(row: list[str], other: Row) -> None:
    row[IIN] = other[IIN]


def _cut_off(row: list[str], _other: Row) -> None:
    del row[BORN:]


def _month_earlier(day: str) -> str:
    return date.fromordinal(date.fromisoformat(day).toordinal() - 31).isoformat()


KINDS: dict[str, Spoil] = {
    "wrong check digit": _set(IIN, lambda iin: iin[:-1] + str((int(iin[-1]) + 1) % 10)),
    "eleven digits": _set(IIN, lambda iin: iin[:-1]),
    "thirteen digits": _set(IIN, lambda iin: iin + "0"),
    "no IIN": _set(IIN, lambda _iin: ""),
    "full-width digits": _set(IIN, lambda iin: iin.translate(_FULL_WIDTH)),
    "a person of another family": _taken,
    "a day that is none": _set(BORN, lambda born: born[:4] + "-02-30"),
    "born in the future": _set(BORN, lambda _born: "2099-01-01"),
    "unknown role": _set(ROLE, lambda _role: "neighbour"),
    "no applicant": _set(ROLE, lambda _role: "member"),
    "outside the region": _set(KATO, lambda _kato: "751110000"),
    "KATO of letters": _set(KATO, lambda kato: kato[:-2] + "OO"),
    "assistance of another day": _set(ASSISTANCE, _month_earlier),
    "no surname": _set(SURNAME, lambda _name: ""),
    "a formula": _set(GIVEN, lambda name: f"=1+1 {name}"),
    "no family": _set(FAMILY, lambda _family: ""),
    "a row cut off": _cut_off,
}


def spoilt(families: Families) -> Iterator[Callable[[Row], list[str]]]:
    """Rows without end, of each kind in turn; each is made when called with a good row to clash with."""
    number = 0
    while True:
        for spoil in KINDS.values():
            number += 1

            def make(other: Row, spoil: Spoil = spoil, family: str = f"X{number:07}") -> list[str]:
                row = families.stranger(family)
                spoil(row, other)
                return row

            yield make
