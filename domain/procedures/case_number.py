"""A case's number, PREFIX-YYYY-XXXXXXXX: how it is made, and how one that somebody typed is read.

A number is read aloud, copied from paper and typed on a Kazakh or Russian keyboard. So it has no vowels and nothing that
is read as something else; and what is typed for what was meant is read so (Crockford's rule): O as 0, I and l as 1,
small letters as capitals, Cyrillic letters as the Latin ones they look like, any dash or blank, or none, as the hyphen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from domain.identity import case_id
from domain.procedures.case_input import shown

_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH = 8
_LONGEST_TYPED = 60
_FOLDED = str.maketrans("OIL", "011")
_LOOK_ALIKE = str.maketrans("АВЕКМНОРСТУХІЅЈҺ", "ABEKMHOPCTYXISJH")
_SEPARATORS = re.compile(r"[\s\u00ad\u200b-\u200d\u2010-\u2015\u2212\ufeff_./-]+")
_TYPED = re.compile(
    rf"([0-9A-Z]{{1,8}}?)-?(2[0O][0-9OIL]{{2}})-?((?:[{_LETTERS}]-?){{{_LENGTH - 1}}}[{_LETTERS}])(?:-([0-9OIL]{{1,3}}))?",
    re.ASCII,
)


class CaseNumber(NamedTuple):
    """A number as it was typed, in its one spelling: `case`, and `result`, "-N" where it is that of a result, else ""."""

    case: str
    result: str


def number_of(prefix: str, year: int, name: str) -> str:
    """A case's number: the same for the same `name`."""
    rest = int.from_bytes(sha256(name.encode("utf-8", "surrogatepass")).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        rest, place = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[place])
    return f"{prefix}-{year}-{''.join(letters)}"


def folded(prefix: str) -> str:
    """A prefix as those who take O for 0, and I or L for 1, can't tell it from others."""
    return prefix.translate(_FOLDED)


def read_number(typed: str, prefixes: Iterable[str] = ()) -> CaseNumber | None:
    """The number that `typed` means, or None when it can be none of a case.

    Of `prefixes`, those that are in use, the one that looks like the typed one is meant. Letters that no number has are
    not guessed at: it would be somebody else's case.
    """
    typed = typed.strip()
    if len(typed) > _LONGEST_TYPED:
        return None
    text = unicodedata.normalize("NFKC", typed.lstrip(" №#")).upper().translate(_LOOK_ALIKE)
    match = _TYPED.fullmatch(_SEPARATORS.sub("-", text).strip("-"))
    if match is None:
        return None
    begins, year, rest, result = match.groups()
    known = [*prefixes]
    prefix = (
        begins if begins in known else next((one for one in known if folded(one) == folded(begins)), begins)
    )
    number = f"{prefix}-{year.translate(_FOLDED)}-{rest.replace('-', '')}"
    return CaseNumber(number, f"-{int(result.translate(_FOLDED))}" if result else "")


def is_written_apart(typed: str) -> bool:
    """Whether it has its parts apart, as numbers of cases are written and other references seldom are."""
    return _SEPARATORS.search(typed.strip()) is not None


def stream_of_number(typed: str, prefixes: Iterable[str]) -> UUID:
    """The stream of the case of a number, or of a result's number, or of the stream's id, in any usual spelling.

    `prefixes` as for `read_number`. What can be no number is the stream of no case.
    """
    text = typed.strip()
    if len(text) in (32, 36):
        try:
            return UUID(text)
        except ValueError:
            pass
    found = read_number(text, prefixes)
    return case_id(found.case if found else shown(text).upper())
