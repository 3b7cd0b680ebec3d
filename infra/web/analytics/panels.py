"""The panels of the dashboard: figures of reports, each with the address of its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from infra.reporting.running import Answer, Request
from infra.web.analytics.asked import Asked
from infra.web.analytics.cells import Writing
from infra.web.analytics.region_names import region_name
from infra.web.counted import Counted
from projections.reports.report import Names

STAGES = ("families", "asked", "consented", "issued", "activated", "spent")
ASIDE = ("no_number", "reminded", "refused", "withdrawn", "lapsed", "expired")
SUMS = ("issued_tiyn", "spent_tiyn", "held_tiyn", "expired_tiyn", "cancelled_tiyn", "available_tiyn")
SHOPS_SHOWN = 8
_PLACES, _ROUNDED = Decimal("0.01"), Decimal("0.1")

Figures = Mapping[str, Any]
Groups = dict[Any, dict[str, Any]]


class Wanted(NamedTuple):
    """A section of a report."""

    report: str
    section: str


MONTH = Wanted("month", "months")
REGIONS = Wanted("month", "regions")
DAYS = Wanted("reconciliation", "days")
GOODS = Wanted("goods", "positions")
TURNOVER = Wanted("shops", "turnover")
LOANS = Wanted("shops", "loans")
HOURS = Wanted("daily", "hours")
SERVICE = Wanted("daily", "service")
REQUESTS = Wanted("daily", "requests")
RATINGS = Wanted("appeals", "ratings")
COMPLAINTS = Wanted("appeals", "complaints")
RATED_SHOPS = Wanted("appeals", "rated_shops")
TOPICS = Wanted("appeals", "topics")
# Of the counter, for it is what people wait at.
_WAITED_AT = "counter"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure: as text, what changed since what it is compared with, where its rows are, and its part of the largest
    (0 to 100, for a bar)."""

    label: str
    text: str
    change: str
    href: str
    part: float = 0.0
    note: str = ""
    value: Any = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A section's figures now and then, added up by one of its columns."""

    now: Groups
    then: Groups | None


def grouped(answer: Answer, section: str, by: Sequence[str]) -> Groups:
    """The section's figures, added up over rows that are alike in the columns `by`; None where one of them is withheld."""
    table = next(one for one in answer.tables if one.section.id == section)
    names = [column.id for column in table.section.columns]
    places = [names.index(one) for one in by]
    first = table.section.keys
    groups: Groups = {}
    for row in table.rows:
        key = row[places[0]] if len(places) == 1 else tuple(row[place] for place in places)
        group = groups.setdefault(key, dict.fromkeys(names[first:], 0))
        for name, value in zip(names[first:], row[first:], strict=True):
            held = group[name]
            group[name] = None if held is None or value is None else held + value
    return groups


def request_of(
    report: str, parameters: Sequence[str] | Collection[str], asked: Asked, position: str
) -> Request:
    """The report about what is asked, as of a position."""
    return Request(report, asked.parameters(sorted(parameters)), position)


def mean_rating(ratings: Groups) -> Decimal | None:
    """The average rating; to one place of counts that are rounded, as the report has it; None where it is withheld."""
    groups, stars = ratings.values(), range(1, 6)
    given = sum(group["ratings"] or 0 for group in groups)
    counts = [group[f"stars_{n}"] for group in groups for n in stars]
    if given and None not in counts and sum(counts) == given:
        total = Decimal(sum(n * group[f"stars_{n}"] for group in groups for n in stars))
        return (total / Decimal(given)).quantize(_PLACES)
    if not given or any(group["average"] is None for group in groups):
        return None
    weighed = sum((group["average"] * group["ratings"] for group in groups), Decimal(0))
    return (weighed / Decimal(given)).quantize(_ROUNDED)


class Panels:
    """Makes figures of tables, in the reader's language."""

    def __init__(self, asked: Asked, writing: Writing, words: Any, drill: bool = True) -> None:
        """`drill`: whether a region leads to what lies within it."""
        self._drill = drill
        self._asked = asked
        self._writing = writing
        self._words = words

    def link(self, wanted: Wanted, **own: str) -> str:
        """The address of the rows of a section."""
        return self._asked.link(f"/rows/{wanted.report}/{wanted.section}", **own)

    def figure(
        self,
        label: str,
        kind: str,
        now: Any,
        then: Any,
        href: str,
        largest: Any = 0,
        note: str = "",
    ) -> Shown:
        """A figure; `then` is None where nothing is compared."""
        change = "" if then is None or now is None else self._change(kind, now - then)
        part = round(100 * float(now) / float(largest), 2) if largest and now and now > 0 else 0.0
        return Shown(label, self._writing.figure(kind, now), change, href, part, note, now or 0)

    def _change(self, kind: str, change: Any) -> str:
        text: str = (
            self._words("unchanged") if not change else self._writing.figure(kind, change, signed=True)
        )
        return text

    def funnel(self, now: Figures, then: Figures | None) -> list[Shown]:
        """The stages of the month, each with its part of the families on the list."""
        return [
            self.figure(
                self._words(f"stage_{stage}"),
                "count",
                now[stage],
                None if then is None else then[stage],
                self.link(REGIONS, sort=stage, order="desc"),
                now["families"],
                self._writing.percent(now[stage], now["families"]),
            )
            for stage in STAGES
        ]

    def aside(self, now: Figures, then: Figures | None) -> list[Shown]:
        """Who did not go on."""
        return [
            self.figure(
                self._words(f"aside_{stage}"),
                "count",
                now[stage],
                None if then is None else then[stage],
                self.link(REGIONS, sort=stage, order="desc"),
            )
            for stage in ASIDE
        ]

    def key_figures(self, now: Figures, then: Figures | None) -> list[Shown]:
        """What a minister asks first."""
        words, writing = self._words, self._writing
        notes = {
            "families": words("members", count=Counted(now["members"], writing.count(now["members"]))),
            "issued_tiyn": words("vouchers_of", count=writing.count(now["vouchers"])),
            "spent_tiyn": words("of_issued", percent=writing.percent(now["spent_tiyn"], now["issued_tiyn"])),
            "available_tiyn": words(
                "held_cancelled",
                held=writing.figure("tiyn", now["held_tiyn"]),
                cancelled=writing.figure("tiyn", now["cancelled_tiyn"]),
            ),
            "expired_tiyn": words(
                "of_issued", percent=writing.percent(now["expired_tiyn"], now["issued_tiyn"])
            ),
        }
        return [
            _in_two_lines(
                self.figure(
                    words(name.removesuffix("_tiyn")),
                    "tiyn" if name.endswith("_tiyn") else "count",
                    now[name],
                    None if then is None else then[name],
                    self.link(REGIONS, sort=name, order="desc"),
                    note=note,
                )
            )
            for name, note in notes.items()
        ]

    def bars(
        self,
        table: Table,
        figure: str,
        kind: str,
        label: Any,
        href: Any,
        note: Any = lambda group: "",
    ) -> list[Shown]:
        """A bar for each group of a table; those that are gone since are there with nothing."""
        keys = sorted({*table.now, *(table.then or {})})
        largest = max((group[figure] or 0 for group in table.now.values()), default=0)
        empty: dict[str, Any] = defaultdict(int)
        return [
            self.figure(
                label(key),
                kind,
                table.now.get(key, empty)[figure],
                None if table.then is None else table.then.get(key, empty)[figure],
                href(key),
                largest,
                note(table.now.get(key, empty)),
            )
            for key in keys
        ]

    def days(self, table: Table) -> list[Shown]:
        """What was spent each day."""
        return self.bars(
            table,
            "to_settle_tiyn",
            "tiyn",
            lambda day: f"{day[8:]}.{day[5:7]}.{day[:4]}",
            lambda day: self.link(DAYS, only=f"day:{day}"),
            lambda group: self._words("purchases_of", count=self._writing.count(group["purchases"])),
        )

    def hours(self, table: Table) -> list[Shown]:
        """What was paid in each hour of a day."""
        return self.bars(
            table,
            "drawn_tiyn",
            "tiyn",
            lambda hour: f"{hour:02d}:00",
            lambda hour: self.link(HOURS, only=f"hour:{hour}"),
        )

    def regions(self, table: Table) -> list[Shown]:
        """What was spent in each region; each leads to what lies within it."""
        writing, words = self._writing, self._words
        return self.bars(
            table,
            "spent_tiyn",
            "tiyn",
            lambda region: region_name(region, self._asked.language),
            lambda region: self._asked.link(region=region) if self._drill else self.link(REGIONS),
            lambda group: " · ".join(
                (
                    f"{words('families')}: {writing.count(group['families'])}",
                    words("of_issued", percent=writing.percent(group["spent_tiyn"], group["issued_tiyn"])),
                )
            ),
        )

    def goods(self, table: Table) -> list[Shown]:
        """What was sold of each position of each programme's list."""
        several = len({key[0] for key in table.now}) > 1

        def label(key: tuple[Any, ...]) -> str:
            programme, number, *goods_list = key
            position = self._writing.position(number, programme, *goods_list)
            return f"{programme}: {position}" if several else position

        def href(key: tuple[Any, ...]) -> str:
            programme, number, *goods_list = key
            only = ";".join((f"position:{number}", *(f"list:{one}" for one in goods_list)))
            return self.link(Wanted("goods", "articles"), programme=programme, only=only)

        return self.bars(
            table,
            "price_total_tiyn",
            "tiyn",
            label,
            href,
            lambda group: self._words(
                "discount_of", sum=self._writing.figure("tiyn", group["discount_tiyn"])
            ),
        )

    def appeals(self, ratings: Table, complaints: Table, by_programme: Groups) -> list[Shown]:
        """How the service was rated (`by_programme`, for the average), and what became of complaints."""

        def one(label: str, wanted: Wanted, table: Table, figure: str, kind: str = "count") -> Shown:
            now, then = (
                None if groups is None else next(iter(groups.values()), {figure: 0})[figure]
                for groups in (table.now, table.then)
            )
            return self.figure(self._words(label), kind, now, then, self.link(wanted))

        mean = "–" if not by_programme else self._writing.figure("quantity", mean_rating(by_programme))
        return [
            one("ratings", RATINGS, ratings, "ratings"),
            Shown(self._words("average"), mean, "", self.link(RATED_SHOPS, sort="average", order="asc")),
            one("complaints", COMPLAINTS, complaints, "received"),
            one("complaints_open", COMPLAINTS, complaints, "open"),
            one("complaints_overdue", COMPLAINTS, complaints, "overdue"),
        ]

    def topics(self, table: Table, names: Mapping[Any, Names]) -> list[Shown]:
        """What complaints are about."""
        return self.bars(
            table,
            "received",
            "count",
            lambda key: names[key][self._asked.language] if key in names else key,
            lambda key: self.link(TOPICS, only=f"topic:{key}"),
        )

    def serving(self, day: Figures | None, requests: Groups) -> list[Shown]:
        """How the service did on a day; nothing where nothing was measured."""
        if day is None:
            return []
        words, writing = self._words, self._writing
        counter = requests.get(_WAITED_AT)
        shown = [
            ("up", f"{writing.figure('quantity', day['up_percent'])} %", self.link(SERVICE)),
            ("requests", writing.count(day["requests"]), self.link(REQUESTS)),
            ("failed", writing.count(day["failed"]), self.link(REQUESTS, sort="failed", order="desc")),
            ("p99", "–" if counter is None else f"≤ {writing.count(counter['p99_ms'])}", self.link(REQUESTS)),
            ("parked_then", writing.count(day["parked"]), self.link(SERVICE)),
        ]
        return [Shown(words(f"serving_{label}"), text, "", href) for label, text, href in shown]


def _in_two_lines(shown: Shown) -> Shown:
    """On a narrow card a large sum breaks before its unit, nowhere else."""
    number, space, unit = shown.text.rpartition("\N{NO-BREAK SPACE}")
    return replace(shown, text=f"{number} {unit}") if space and unit.isalpha() else shown
