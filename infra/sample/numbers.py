"""Made-up numbers that pass for real ones: IIN and BIN with their check digit, phones, GTIN."""

from __future__ import annotations

from datetime import date
from random import Random

_FIRST = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
# Codes of Kazakhstan's mobile operators.
_OPERATORS = ("700", "701", "702", "705", "706", "707", "708", "747", "771", "775", "776", "777", "778")


def check_digit(eleven: str) -> int | None:
    """The twelfth digit of an IIN or BIN; None when these eleven digits are never given out."""
    for weights in (_FIRST, _SECOND):
        digit = sum(int(figure) * weight for figure, weight in zip(eleven, weights, strict=True)) % 11
        if digit < 10:
            return digit
    return None


def _part(digits: str, start: int) -> tuple[int, int]:
    return (
        sum(int(digit) * weight for digit, weight in zip(digits, _FIRST[start:], strict=False)),
        sum(int(digit) * weight for digit, weight in zip(digits, _SECOND[start:], strict=False)),
    )


# A serial number with its share of both sums: an IIN then costs two additions.
_SERIALS = [(f"{serial:04}", *_part(f"{serial:04}", 7)) for serial in range(10_000)]


class Iins:
    """Gives out IINs, each once; what it remembers grows with the days of birth, not with the people."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._next: dict[tuple[date, bool], list[int]] = {}
        self._heads: dict[tuple[date, bool], tuple[str, int, int]] = {}

    def next(self, born: date, woman: bool) -> str:
        """An IIN for a person born on `born`. Raises ValueError when that day's 9,999 are used up."""
        key = (born, woman)
        state = self._next.get(key)
        if state is None:
            # The seventh digit tells century and sex: 3 and 4 for the 1900s, 5 and 6 for the 2000s.
            head = f"{born:%y%m%d}{(3 if born.year < 2000 else 5) + woman}"
            self._heads[key] = (head, *_part(head, 0))
            start = int(self._rng.random() * 9000)
            state = self._next[key] = [start, start]
        head, first, second = self._heads[key]
        while True:
            state[0] = (state[0] + 1) % 10_000
            if state[0] == state[1]:
                raise ValueError(f"no IIN is left for people born on {born}")
            serial, first_part, second_part = _SERIALS[state[0]]
            digit = (first + first_part) % 11
            if digit == 10:
                digit = (second + second_part) % 11
            if digit < 10:
                return f"{head}{serial}{digit}"


class Phones:
    """Gives out mobile numbers by an index: the same index, the same number; no two indices share one."""

    def __init__(self, rng: Random) -> None:
        self._offset = rng.randrange(10**7)

    def of(self, index: int) -> str:
        """The E.164 number of `index`, 0 to 9,999,999."""
        # The factor shares no divisor with 10**7, so each index has another number.
        operator = _OPERATORS[(index * 2_654_435_761 >> 9) % len(_OPERATORS)]
        return f"+7{operator}{(self._offset + index * 7_654_321) % 10**7:07}"


def bin_number(registered: date, serial: int) -> str:
    """The BIN of a resident company's head office registered in that month."""
    while True:
        eleven = f"{registered:%y%m}40{serial % 100_000:05}"
        digit = check_digit(eleven)
        if digit is not None:
            return f"{eleven}{digit}"
        serial += 1


def gtin13(twelve: str) -> str:
    """Twelve digits with the check digit of a GTIN-13."""
    total = sum(int(figure) * (3 if place % 2 else 1) for place, figure in enumerate(twelve))
    return f"{twelve}{-total % 10}"
