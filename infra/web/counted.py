"""Numbers within sentences: the word that follows one agrees with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """A number and how it is written; in a text of ours `{count}` is the number and `{count:day|days}` its word.

    The forms are one (kk), two (en: 1, others) or three (ru: 1, 2, 5). None is a number that is withheld.
    """

    number: int | None
    text: str

    def __str__(self) -> str:
        return self.text

    def __format__(self, forms: str) -> str:
        if not forms:
            return self.text
        named = forms.split("|")
        return named[min(_form(self.number, len(named)), len(named) - 1)]


def _form(number: int | None, forms: int) -> int:
    if number is None:
        return forms - 1
    if forms < 3:
        return int(abs(number) != 1)
    tens, ones = divmod(abs(number) % 100, 10)
    if tens == 1 or ones == 0 or ones >= 5:
        return 2
    return 0 if ones == 1 else 1
