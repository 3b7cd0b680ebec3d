"""What every file that an installation writes is read with: its tables key by key, its faults by file, key and reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from string import Formatter
from typing import Any, NamedTuple, TypeVar
from unicodedata import category

from domain.errors import LANGUAGES

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 2000, 2099


class Problem(NamedTuple):
    """A fault in a file; `key` is the path in it (`terms[2].amount`, counted from 1), empty for all of it."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}" if self.key else f"{self.file}: {self.reason}"


def toml_of(text: str, file: str, problems: list[Problem]) -> dict[str, Any] | None:
    """The TOML `text` as Python has it; None, with its problem added to `problems`, when it is none."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        # Of numbers too long Python speaks to programmers.
        told = "a number has too many digits" if "set_int_max_str_digits" in str(error) else error
        problems.append(Problem(file, "", f"not TOML: {told}"))
        return None


@dataclass(slots=True)
class Table:
    """A table of the file: takes values out of it by key and notes what is wrong with them."""

    raw: Mapping[str, Any]
    path: str
    file: str
    problems: list[Problem]
    taken: set[str] = field(default_factory=set)

    def problem(self, key: str, reason: str) -> None:
        """Notes what is wrong with `key`; with "" of the whole table."""
        self.problems.append(Problem(self.file, f"{self.path}.{key}".strip("."), reason))

    def optional(self, key: str, read: Callable[[Any], T]) -> T | None:
        """What `read` makes of the value of `key`; None when there is none, or it is a problem."""
        self.taken.add(key)
        if key not in self.raw:
            return None
        try:
            return read(self.raw[key])
        except ValueError as error:
            self.problem(key, str(error))
            return None

    def required(self, key: str, read: Callable[[Any], T]) -> T | None:
        """As `optional`; a missing one is a problem."""
        if key not in self.raw:
            self.problem(key, "is missing")
        return self.optional(key, read)

    def tables(self, key: str, *, needed: bool = True) -> list[Table]:
        """The tables of an array of tables (`[[key]]`); none at all is a problem when they are `needed`."""
        self.taken.add(key)
        found = self.raw.get(key)
        if found is None:
            if needed:
                self.problem(key, "is missing")
            return []
        if type(found) is not list or not found or not all(type(item) is dict for item in found):
            self.problem(key, f"must be one or more [[{key}]] tables")
            return []
        return [
            Table(item, f"{self.path}.{key}[{number}]".strip("."), self.file, self.problems)
            for number, item in enumerate(found, start=1)
        ]

    def table(self, key: str) -> Table | None:
        """The table of `key`; a missing one is a problem."""
        self.taken.add(key)
        found = self.raw.get(key)
        if found is None:
            self.problem(key, "is missing")
        elif type(found) is not dict:
            self.problem(key, f"must be a table, not {kind_of(found)}")
        else:
            return Table(found, f"{self.path}.{key}".strip("."), self.file, self.problems)
        return None

    def by_id(self, key: str, *, needed: bool = True) -> dict[str, Table]:
        """The tables within the table of `key` (`[key.id]`), by their ids."""
        if key not in self.raw and not needed:
            self.taken.add(key)
            return {}
        found = self.table(key)
        return {one: table for one in found.raw if (table := found.table(one))} if found else {}

    def names(self, key: str = "names") -> dict[str, str]:
        """The text of `key` in each language; those that are wrong or missing are problems."""
        names = self.table(key)
        return names.by_language() if names is not None else {}

    def by_language(self, read: Callable[[Any], str] | None = None) -> dict[str, str]:
        """The table itself as a text in each language, by `read`, else a line of text."""
        found = {language: self.required(language, read or plain_text) for language in LANGUAGES}
        self.finish()
        return {language: text for language, text in found.items() if text is not None}

    def finish(self) -> None:
        """Notes the keys that nothing took as unknown."""
        for key in self.raw:
            if key not in self.taken:
                near = get_close_matches(key, self.taken, n=1)
                self.problem(key, "unknown key" + (f"; did you mean {near[0]}?" if near else ""))


# Single values: each raises ValueError with the reason


def kind_of(value: Any) -> str:
    """What `value` is, as the reason of a problem says it."""
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a decimal number",
        str: "a text",
        list: "an array",
        dict: "a table",
        date: "a date",
    }.get(type(value), "a time")


def plain_text(value: Any, besides: str = "") -> str:
    """A text; of the control characters, which neither terminal nor phone shows, it may have those `besides`."""
    if type(value) is not str:
        raise ValueError(f"must be a text, not {kind_of(value)}")
    if not value.strip():
        raise ValueError("is empty")
    text = value.strip()
    if strange := {c for c in text if category(c) in ("Cc", "Zl", "Zp")} - set(besides):
        raise ValueError(f"holds the control character U+{ord(min(strange)):04X}")
    return text


def https_address(value: Any) -> str:
    """An address of https."""
    if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[\w./?=&%+~-]*)?", plain_text(value), re.ASCII):
        raise ValueError("must be an address that begins with https://")
    return plain_text(value)


def slug(value: Any) -> str:
    """An id that names a file: small Latin letters and digits joined by hyphens, at most 40."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", plain_text(value)) or len(value) > 40:
        raise ValueError(f"{value!r} must be small Latin letters and digits, joined by hyphens, at most 40")
    return plain_text(value)


def plain_date(value: Any) -> date:
    """A day of TOML, within the years that an installation may speak of."""
    if type(value) is not date:
        raise ValueError(f"must be a date as 2025-07-31, without quotes, not {kind_of(value)}")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"{value} is not within the years {FIRST_YEAR} to {LAST_YEAR}")
    return value


def truth(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise ValueError(f"must be true or false, not {kind_of(value)}")
    return value


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Reads a whole number from `least` to `most`."""

    def read(value: Any) -> int:
        # `type`, not isinstance: true is an int to Python.
        if type(value) is not int:
            raise ValueError(f"must be a whole number, not {kind_of(value)}")
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value

    return read


def one_of(*allowed: str) -> Callable[[Any], str]:
    """Reads one of the texts `allowed`."""

    def read(value: Any) -> str:
        if type(value) is not str or value not in allowed:
            raise ValueError("must be " + " or ".join(f'"{one}"' for one in allowed))
        return value

    return read


def with_placeholders(needed: Set[str], besides: Set[str]) -> Callable[[Any], str]:
    """Reads a text that must have the placeholders `needed`, as `{deadline}`, and may have those `besides`."""

    def read(value: Any) -> str:
        text = plain_text(value, besides="\n")
        try:
            parts = [part for part in Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"braces don't match: {error}") from None
        for _, name, form, conversion in parts:
            if name not in needed | besides or form or conversion:
                known = " and ".join(f"{{{one}}}" for one in sorted(needed | besides))
                raise ValueError(f"unknown placeholder {{{name}}}; this text has {known}")
        for name in sorted(needed - {part[1] for part in parts}):
            raise ValueError(f"lacks the placeholder {{{name}}}")
        return text

    return read
