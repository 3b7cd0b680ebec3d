"""What a report is: tables with a definition in words, read from the views as of a log position, provable by the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from domain.errors import LANGUAGES
from projections.reports.ledger import Ledger

Names = Mapping[str, str]
Kind = Literal["text", "count", "tiyn", "quantity", "day", "hour"]
Parameter = Literal["programme", "month", "on", "shop", "region"]
Cells = tuple[Any, ...]


def named(kk: str, ru: str, en: str) -> Names:
    """A text in the three languages."""
    return dict(zip(LANGUAGES, (kk, ru, en), strict=True))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: sums are integers in tiyn, quantities decimal text, days YYYY-MM-DD."""

    id: str
    names: Names = field(hash=False)
    kind: Kind = "count"


class Scope(NamedTuple):
    """What a report is about: positions of the log up to `upto`, and the rest as its parameters say ("" is all).

    `months` are pairs (programme, month); `first` and `end` the instants a day begins and ends at; `region` is a
    prefix of a KATO code.
    """

    upto: int
    months: tuple[tuple[str, str], ...] = ()
    on: str = ""
    first: str = ""
    end: str = ""
    shop: str = ""
    region: str = ""

    def values(self) -> dict[str, Any]:
        """For SQL: the fields, the months as `programme/month`, and how many digits the next level of regions has."""
        found = self._asdict()
        found["months"] = [f"{programme}/{month}" for programme, month in self.months]
        found["digits"] = next_level(self.region)
        return found


def next_level(region: str) -> int:
    """How many digits of the KATO code name what lies within `region`: oblast, district, rural district, all."""
    return next((digits for digits in (2, 4, 6) if digits > len(region)), 9)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report. The first `keys` columns name a row; the others are figures that add up.

    `sql` gives the rows in order, with the names of `Scope.values` as parameters; `from_log` the same rows from the
    events themselves. `views` are those that the SQL reads.
    """

    id: str
    names: Names = field(hash=False)
    columns: tuple[Column, ...]
    keys: int
    views: tuple[str, ...]
    sql: str
    from_log: Callable[[Ledger, Scope], Sequence[Cells]]


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its title, what is counted from which events, the clauses it answers, what it can be asked for.

    `whole`: without a month it is about all months of its programmes, else about this month.
    """

    id: str
    names: Names = field(hash=False)
    definition: Names = field(hash=False)
    clauses: tuple[str, ...]
    parameters: frozenset[Parameter]
    sections: tuple[Section, ...]
    whole: bool = False
