"""Families on targeted assistance, as large and young as such families are, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from infra.sample.names import KAZAKH, RUSSIAN, Names
from infra.sample.numbers import Iins

# family_id, iin, surname, given_name, patronymic, birth_date, role, kato, assistance_on
Row = tuple[str, str, str, str, str, str, str, str, str]

# Of a hundred families, how many have so many children; with the adults, four people on the average.
_CHILDREN = (0,) * 10 + (1,) * 19 + (2,) * 28 + (3,) * 24 + (4,) * 13 + (5,) * 4 + (6,) * 1 + (7,)
_WITH_SPOUSE = 0.63
_WITH_GRANDPARENT = 0.05
_KAZAKH = 0.78
# The number need not match the birth date: birth dates are corrected in registers, the IIN stays.
_IIN_OF_ANOTHER_DAY = 0.005


class Families:
    """Makes families up from `rng`; all people live in one of the places `kato`."""

    def __init__(self, rng: Random, kato: Sequence[str], assistance_on: date) -> None:
        self._rng = rng
        self._kato = tuple(kato)
        self._assistance_on = assistance_on.isoformat()
        self._today = assistance_on.toordinal()
        self._iins = Iins(rng)

    def __call__(self, count: int) -> Iterator[list[Row]]:
        """`count` families, each a list of rows with the applicant first."""
        for index in range(1, count + 1):
            yield self._family(f"F{index:07}")

    def stranger(self, family: str) -> list[str]:
        """A row of an applicant who lives alone, to be spoilt."""
        surname = int(self._rng.random() * len(KAZAKH.surnames))
        return list(
            self._person(family, 1, "applicant", KAZAKH, surname, self._born(20, 60), self._kato[0], None)
        )

    def _family(self, family: str) -> list[Row]:
        pick = self._rng.random
        names = KAZAKH if pick() < _KAZAKH else RUSSIAN
        surname = int(pick() * len(names.surnames))
        kato = self._kato[int(pick() * len(self._kato))]
        woman = pick() < 0.8
        born = self._born(21, 47)
        rows = [self._person(family, woman, "applicant", names, surname, born, kato, None)]
        father = rows[0][3]
        if pick() < _WITH_SPOUSE:
            years = self._born(21, 49)
            rows.append(self._person(family, not woman, "member", names, surname, years, kato, None))
            father = rows[1][3] if woman else father
        elif woman:
            father = names.given[0][int(pick() * len(names.given[0]))]
        oldest = min(18, (self._today - born.toordinal()) // 366 - 18)
        for _ in range(_CHILDREN[int(pick() * len(_CHILDREN))]):
            girl = pick() < 0.49
            child = self._born(0, max(1, oldest))
            rows.append(self._person(family, girl, "member", names, surname, child, kato, father))
        if pick() < _WITH_GRANDPARENT:
            rows.append(
                self._person(family, pick() < 0.8, "member", names, surname, self._born(58, 86), kato, None)
            )
        return rows

    def _born(self, youngest: int, oldest: int) -> date:
        days = int(self._rng.random() * (oldest - youngest) * 365.25)
        return date.fromordinal(self._today - int(youngest * 365.25) - days)

    def _person(
        self,
        family: str,
        woman: int,
        role: str,
        names: Names,
        surname: int,
        born: date,
        kato: str,
        father: str | None,
    ) -> Row:
        pick = self._rng.random
        given = names.given[woman]
        if father is None:
            fathers = names.given[0]
            father = fathers[int(pick() * len(fathers))]
        registered = born - timedelta(days=31) if pick() < _IIN_OF_ANOTHER_DAY else born
        return (
            family,
            self._iins.next(registered, bool(woman)),
            names.surnames[surname][woman],
            given[int(pick() * len(given))],
            # Now and then a person has no patronymic.
            names.patronymics[father][woman] if pick() < 0.97 else "",
            born.isoformat(),
            role,
            kato,
            self._assistance_on,
        )
