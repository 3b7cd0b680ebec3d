"""What a report is: tables with a definition in words, read from the views as of a log position, provable by the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """One column: sums are integers in tiyn, quantities decimal text, days YYYY-MM-DD.

    `places`: how many decimal places a quantity is told with; by default as many as it has.
    """

    id: str
    names: Names = field(hash=False)
    kind: Kind = "count"
    places: int | None = None


class AppealService(NamedTuple):
    """A version of a service whose cases are appeals; the fields with their topic, shop and region, "" for none (R30)."""

    service: str
    version: str
    topic: str
    shop: str
    region: str


class Scope(NamedTuple):
    """What a report is about: positions of the log up to `upto`, and the rest as its parameters say ("" is all).

    `months` are pairs (programme, month); `first` and `end` the instants a day, or a month of the calendar, begins and
    ends at; `region` is a prefix of a KATO code; `at` is when the event at `upto` was recorded. `appeals` are the
    services of appeals, `working_days` the offices' until `at`, as YYYY-MM-DD. `settled`: the views hold nothing that is
    later than `upto`.
    """

    upto: int
    months: tuple[tuple[str, str], ...] = ()
    on: str = ""
    first: str = ""
    end: str = ""
    shop: str = ""
    region: str = ""
    at: str = ""
    appeals: tuple[AppealService, ...] = ()
    working_days: tuple[str, ...] = ()
    settled: bool = False

    def values(self) -> dict[str, Any]:
        """For SQL: the fields, the months as `programme/month` and apart, with whether they are all pairs of these, and how
        many digits the next level of regions has."""
        found = self._asdict()
        found["months"] = [f"{programme}/{month}" for programme, month in self.months]
        found["programmes"] = sorted({programme for programme, _ in self.months})
        found["of_months"] = sorted({month for _, month in self.months})
        found["all_pairs"] = len(set(self.months)) == len(found["programmes"]) * len(found["of_months"])
        found["digits"] = next_level(self.region)
        found["appeals"] = json.dumps(self.appeals)
        found["working_days"] = list(self.working_days)
        return found


def next_level(region: str) -> int:
    """How many digits of the KATO code name what lies within `region`: oblast, district, rural district, all."""
    return next((digits for digits in (2, 4, 6) if digits > len(region)), 9)


class Cut(NamedTuple):
    """How a section's rows are summed up from finer ones: the places of its keys, and of the figures that follow them."""

    keys: tuple[int, ...]
    figures: tuple[int, ...]

    def rows(self, finer: Iterable[Cells]) -> list[Cells]:
        """The rows in order of their keys."""
        sums: dict[Cells, list[Any]] = {}
        for row in finer:
            key = tuple(row[place] for place in self.keys)
            figures = [row[place] for place in self.figures]
            found = sums.get(key)
            sums[key] = figures if found is None else [a + b for a, b in zip(found, figures, strict=True)]
        return [(*key, *sums[key]) for key in sorted(sums)]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report. The first `keys` columns name a row; the others are figures that add up.

    `sql` gives the rows in order, with the names of `Scope.values` as parameters; `from_log` the same rows from the
    events themselves. `views` are those that the SQL reads. With a `cut` the SQL's rows are finer: sections of one SQL
    are read at once. `definition`: what it counts, in words, beside what the report's own says.
    """

    id: str
    names: Names = field(hash=False)
    columns: tuple[Column, ...]
    keys: int
    views: tuple[str, ...]
    sql: str
    from_log: Callable[[Ledger, Scope], Sequence[Cells]]
    cut: Cut | None = None
    definition: Names = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its title, what is counted from which events, the clauses it answers, what it can be asked for.

    `whole`: without a month it is about all months of its programmes, else about this month. `calendar`: its months are
    those of the calendar, whether or not a programme runs.
    """

    id: str
    names: Names = field(hash=False)
    definition: Names = field(hash=False)
    clauses: tuple[str, ...]
    parameters: frozenset[Parameter]
    sections: tuple[Section, ...]
    whole: bool = False
    calendar: bool = False
