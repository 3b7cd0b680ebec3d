"""The dashboard: what stands at a log position, read once for all its panels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from domain.calendar import local_day
from domain.errors import LANGUAGES
from infra.reporting.running import Answer, find_report
from infra.web.analytics.about import about
from infra.web.analytics.asked import Asked, with_month
from infra.web.analytics.cells import Writing
from infra.web.analytics.panels import (
    COMPLAINTS,
    DAYS,
    GOODS,
    HOURS,
    LOANS,
    MONTH,
    RATINGS,
    REGIONS,
    REQUESTS,
    SERVICE,
    SHOPS_SHOWN,
    TOPICS,
    TURNOVER,
    Groups,
    Panels,
    Table,
    Wanted,
    grouped,
    request_of,
)
from infra.web.analytics.reading import AnalyticsServices, Reader, Stand
from infra.web.analytics.refusals import ComparedLater
from infra.web.analytics.region_names import oblasts, region_name
from infra.web.analytics.words import analytics_words

SEALS_SHOWN = 5
_LEVELS = (2, 4, 6, 9)
_LATE_SECONDS = 5
_ABOUT = ("month", "region", "programme")


class Dashboard:
    """One reading of the dashboard; blocking, so for threads. Raises Refusals of what is asked."""

    def __init__(self, services: AnalyticsServices, reader: Reader, asked: Asked) -> None:
        self._services = services
        self._reader = reader
        self.asked = with_month(asked, services.programmes, services.now())
        self.stand = services.stands(self.asked.as_of_position())
        self.earlier = earlier_stand(services, self.asked, self.stand)
        self._position = str(self.stand.position)
        self._wanted = [MONTH, REGIONS, DAYS, GOODS, TURNOVER, LOANS, RATINGS, COMPLAINTS, TOPICS]
        for report in {one.report for one in (*self._wanted, HOURS)}:
            services.check(request_of(report, find_report(report).parameters, self.asked, self._position))
        self._read_panels: dict[str, Any] | None = None
        self._words = analytics_words(self.asked.language)

    def values(self) -> dict[str, Any]:
        """What the template shows: what is known at once, and `panels`, which reads the rest when it is called."""
        if self._reader.outside:
            # They are shown the end of a week: the answers say where they stand.
            self._panels()
        return {
            "asked": self.asked,
            "about": about(self.asked, _ABOUT, self._services.programmes),
            "w": self._words,
            "stand": self.stand,
            "exact": self.asked.link(as_of=self._position),
            "earlier": self.earlier,
            "ahead": self.asked.ahead(self._services.now()),
            "languages": {code: self.asked.link(language=code) for code in LANGUAGES},
            "places": self._places(),
            "choices": choices(self._services, self._reader, self.asked),
            "definitions": {one.report: find_report(one.report) for one in (*self._wanted, HOURS)},
            "reader": self._reader,
            "trial": self._services.trial,
            "panels": self._panels,
        }

    def _panels(self) -> dict[str, Any]:
        if self._read_panels is None:
            self._read_panels = self._made_panels()
        return self._read_panels

    def _made_panels(self) -> dict[str, Any]:
        now, then = self._read(self._wanted)
        self.stand = stand_of(now["month"])
        self.earlier = stand_of(then["month"]) if then else None
        positions = {
            **self._services.position_names(self.asked.programme, self.asked.month),
            **self._services.labels(now[GOODS.report]).get("position", {}),
        }
        writing = Writing(self.asked.language, positions)
        panels = Panels(self.asked, writing, self._words, drill=not self._reader.outside)
        whole, whole_then = _one(now, then)
        days = _table(DAYS, ["day"], now, then)
        regions = panels.regions(_table(REGIONS, ["region"], now, then))
        goods = panels.goods(_table(GOODS, _keys(GOODS), now, then))
        day = self._day(panels, days)
        return {
            "writing": writing,
            "empty": whole is None,
            "key_figures": panels.key_figures(whole, whole_then) if whole else [],
            "funnel": panels.funnel(whole, whole_then) if whole else [],
            "aside": panels.aside(whole, whole_then) if whole else [],
            "days": panels.days(_every_day(days)),
            "regions": sorted(regions, key=lambda one: -one.value),
            "goods": sorted(goods, key=lambda one: -one.value),
            "shops": self._shops(panels, writing, now, then),
            "hours": day,
            "serving": day["serving"],
            "appeals": self._appeals(panels, now, then),
            "chain": self._chain(),
            "seals": list(reversed(self._services.seals()))[:SEALS_SHOWN],
        }

    def _read(self, wanted: list[Wanted]) -> tuple[dict[str, Answer], dict[str, Answer]]:
        """The answers of each report, now and then."""
        reports = list(dict.fromkeys(one.report for one in wanted))
        stands = [self.stand, *([self.earlier] if self.earlier else [])]
        requests = [
            request_of(report, find_report(report).parameters, self.asked, str(stand.position))
            for stand in stands
            for report in reports
        ]
        sections = {report: [one.section for one in wanted if one.report == report] for report in reports}
        answers = self._services.answers(
            self._reader, [(request, sections[request.report]) for request in requests], "page"
        )
        found = dict(zip(reports, answers, strict=False))
        return found, dict(zip(reports, answers[len(reports) :], strict=False))

    def _places(self) -> list[tuple[str, str]]:
        """The region and those around it that may be read: names and addresses, the widest first."""
        region = self.asked.region
        codes = [
            "",
            *(region[:digits] for digits in _LEVELS if digits < len(region)),
            *([region] if region else []),
        ]
        return [
            (region_name(code, self.asked.language), self.asked.link(region=code))
            for code in codes
            if self._reader.may_read(code)
        ]

    def _chain(self) -> dict[str, Any]:
        chain = self._services.chain()
        ages = {place.view: self._services.age(place.position) for place in chain.views}
        return {
            "chain": chain,
            "ages": ages,
            # Each reading is an event itself: what is behind by a moment is at work, not in trouble.
            "behind": sum(place.behind > 0 and ages[place.view] >= _LATE_SECONDS for place in chain.views),
            "parked": sum(place.parked for place in chain.views) + chain.parked_messages,
            "sms": sum(chain.sms_due.values()),
        }

    def _shops(
        self, panels: Panels, writing: Writing, now: dict[str, Answer], then: dict[str, Answer]
    ) -> dict[str, Any]:
        turnover = _table(TURNOVER, ["shop", "name"], now, then)
        loans = _table(LOANS, ["shop", "name"], now, then)
        status: Counter[str] = Counter(
            row[2]
            for table in now["shops"].tables
            if table.section.id == TURNOVER.section
            for row in table.rows
        )
        breached = {key: group for key, group in loans.now.items() if group["open"] or group["missing"]}
        largest = panels.bars(
            turnover,
            "turnover_tiyn",
            "tiyn",
            lambda key: key[1] or key[0],
            lambda key: panels.link(TURNOVER, only=f"shop:{key[0]}"),
        )
        return {
            "open": status["open"],
            "closed": status["closed"],
            "breaches": sum(group["open"] for group in loans.now.values()),
            "missing": sum(group["missing"] for group in loans.now.values()),
            "breached": [
                (key[1] or key[0], panels.link(LOANS, only=f"shop:{key[0]}"), group["open"], group["missing"])
                for key, group in sorted(breached.items(), key=lambda one: (-one[1]["missing"], one[0]))
            ][:SHOPS_SHOWN],
            "largest": [one for one in sorted(largest, key=lambda one: -one.value) if one.value][
                :SHOPS_SHOWN
            ],
        }

    def _appeals(self, panels: Panels, now: dict[str, Answer], then: dict[str, Answer]) -> dict[str, Any]:
        """What recipients said in the month: figures, and the topics of complaints."""
        names = self._services.labels(now["appeals"]).get("topic", {})
        return {
            "figures": panels.appeals(
                _table(RATINGS, ["month"], now, then),
                _table(COMPLAINTS, ["month"], now, then),
                grouped(now[RATINGS.report], RATINGS.section, ["programme", "month"]),
            ),
            "topics": sorted(
                panels.topics(_table(TOPICS, ["topic"], now, then), names), key=lambda one: -one.value
            ),
        }

    def _day(self, panels: Panels, days: Table) -> dict[str, Any]:
        """The day that is asked for, else the last on which anything was bought: its hours, and how the service did."""
        day = self.asked.on or max(days.now, default=local_day(self._services.now()).isoformat())
        asked = replace(self.asked, on=day)
        request = request_of("daily", find_report("daily").parameters, asked, self._position)
        sections = [HOURS.section, SERVICE.section, REQUESTS.section]
        (answer,) = self._services.answers(self._reader, [(request, sections)], "page")
        found = grouped(answer, HOURS.section, ["hour"])
        if found:
            empty = dict.fromkeys(next(iter(found.values())), 0)
            found = {hour: found.get(hour, empty) for hour in range(min(found), max(found) + 1)}
        at = date.fromisoformat(day)
        own = Panels(asked, Writing(asked.language), self._words)
        return {
            "day": day,
            "bars": own.hours(Table(found, None)),
            "before": self.asked.link(on=(at - timedelta(days=1)).isoformat()) + "#hours",
            "after": self.asked.link(on=(at + timedelta(days=1)).isoformat()) + "#hours",
            "rows": own.link(HOURS),
            "serving": own.serving(
                grouped(answer, SERVICE.section, ["day"]).get(day),
                grouped(answer, REQUESTS.section, ["kind"]),
            ),
        }


def stand_of(answer: Answer) -> Stand:
    """Where an answer stands."""
    return Stand(answer.log_position, answer.recorded_at)


def earlier_stand(services: AnalyticsServices, asked: Asked, stand: Stand) -> Stand | None:
    """Where what is compared with stands; None where nothing is. Raises TimeUnclear, ComparedLater."""
    if not asked.compare:
        return None
    earlier = services.stands(asked.compared_position())
    if earlier.position > stand.position:
        raise ComparedLater("compare")
    return earlier


def choices(services: AnalyticsServices, reader: Reader, asked: Asked) -> dict[str, Any]:
    """What the form offers: programmes, the months in which one runs, the regions that may be read."""
    months = sorted({month for one in services.programmes.values() for month in one.months()}, reverse=True)
    return {
        "programmes": [(one.id, one.names[asked.language]) for one in services.programmes.values()],
        "months": months,
        "regions": []
        if reader.outside
        else [one for one in oblasts(asked.language) if reader.may_read(one[0])]
        or [(code, region_name(code, asked.language)) for code in reader.regions],
    }


def _keys(wanted: Wanted) -> list[str]:
    """The columns that name the rows of a section."""
    section = next(one for one in find_report(wanted.report).sections if one.id == wanted.section)
    return [column.id for column in section.columns[: section.keys]]


def _table(wanted: Wanted, by: list[str], now: dict[str, Answer], then: dict[str, Answer]) -> Table:
    earlier = then.get(wanted.report)
    return Table(
        grouped(now[wanted.report], wanted.section, by),
        None if earlier is None else grouped(earlier, wanted.section, by),
    )


def _one(now: dict[str, Answer], then: dict[str, Answer]) -> tuple[Any, Any]:
    """The figures of the month in all, of all its programmes together; None where there are none."""
    table = _table(MONTH, ["month"], now, then)
    whole = next(iter(table.now.values()), None)
    if whole is None or table.then is None:
        return whole, None
    return whole, next(iter(table.then.values()), dict.fromkeys(whole, 0))


def _every_day(table: Table) -> Table:
    """With the days between the first and the last on which nothing was bought."""
    days: Groups = {
        **table.now,
        **{day: group for day, group in (table.then or {}).items() if day not in table.now},
    }
    if not days:
        return table
    empty = dict.fromkeys(next(iter(days.values())), 0)
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    every = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    return Table({day: table.now.get(day, empty) for day in every}, table.then)
