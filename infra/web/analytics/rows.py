"""The rows behind a figure: a report's table, in the order that is asked for, a page at a time, or as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from domain.access_refusals import FormatUnknown, ReportNotByRegion, SectionUnknown
from domain.calendar import local_day
from domain.errors import LANGUAGES
from infra.reporting import apart
from infra.reporting.diff import difference
from infra.reporting.formats import as_csv, as_dict
from infra.reporting.naming import Labels
from infra.reporting.running import Answer, Request, Table, find_report
from infra.web.analytics.about import about
from infra.web.analytics.asked import PATH, Asked, whole_number, with_month
from infra.web.analytics.cells import Writing
from infra.web.analytics.page import choices, earlier_stand, stand_of
from infra.web.analytics.panels import request_of
from infra.web.analytics.reading import AnalyticsServices, Reader, Stand
from infra.web.analytics.refusals import ChoiceUnknown, ColumnUnknown
from infra.web.analytics.words import analytics_words
from projections.reports.all_reports import REPORTS
from projections.reports.report import Cells, Column, Report, Section

OWN = ("sort", "order", "page", "limit", "only")
FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
ORDERS = ("asc", "desc")
ROWS_A_PAGE = 50
MOST_A_PAGE = 500
MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class File:
    """A table to download."""

    name: str
    media_type: str
    body: bytes


class RowsOf:
    """One reading of a report's table; blocking, so for threads. Raises Refusals of what is asked."""

    def __init__(
        self,
        services: AnalyticsServices,
        reader: Reader,
        asked: Asked,
        own: Mapping[str, str],
        report: str,
        section: str,
    ) -> None:
        self._services = services
        self._reader = reader
        self._own = own
        self.report = find_report(report)
        self.section = _section(self.report, section)
        if not reader.everything and "region" not in self.report.parameters:
            raise ReportNotByRegion("name", report=self.report.id, regions=", ".join(reader.regions))
        self._columns = {column.id: place for place, column in enumerate(self.section.columns)}
        self._labels: Labels = {}
        self._order = self._read_order()
        self._only = self._read_only()
        asked = with_month(asked, services.programmes, services.now())
        if "on" in self.report.parameters and not asked.on:
            asked = asked.on_day(local_day(services.now()).isoformat())
        self.asked = asked
        self.stand = services.stands(self.asked.as_of_position())
        self.earlier = earlier_stand(services, self.asked, self.stand)

    def file(self, form: str) -> File:
        """The whole table, in the order that is asked for. Raises FormatUnknown."""
        if form not in FORMS:
            raise FormatUnknown("form", formats=", ".join(FORMS))
        answer = self._answer(self.stand, form)
        answer = replace(answer, tables=[Table(self.section, self._chosen(answer.tables[0].rows))])
        answer = self._services.named(answer, self.asked.language)
        if form == "csv":
            body = "".join(as_csv(answer)).encode()
        elif form == "json":
            body = orjson.dumps(as_dict(answer, self.asked.language), option=orjson.OPT_INDENT_2)
        else:
            body = apart.xlsx(answer, self.asked.language)
        about = "-".join(("azyq", self.report.id, self.section.id, *answer.parameters.values()))
        return File(f"{about}-{answer.log_position}.{form}", FORMS[form], body)

    def values(self) -> dict[str, Any]:
        """What the template shows."""
        limit = whole_number(self._own, "limit", 1, MOST_A_PAGE, ROWS_A_PAGE)
        number = whole_number(self._own, "page", 1, MOST_PAGES, 1)
        rows = self._rows()
        pages = max(1, -(-len(rows) // limit))
        number = min(number, pages)
        signed = self.earlier is not None
        words = analytics_words(self.asked.language)
        writing = Writing(
            self.asked.language,
            {
                **self._services.position_names(self.asked.programme, self.asked.month, self.asked.on),
                **self._labels.get("position", {}),
            },
            # Where a shop's name has a column of its own, its id is shown beside it.
            {
                name: told
                for name, told in self._labels.items()
                if name != "shop" or "name" not in self._columns
            },
        )
        shown = rows[(number - 1) * limit : number * limit]
        only = self._only_words(writing)
        return {
            "asked": self.asked,
            "w": words,
            "writing": writing,
            "report": self.report,
            "section": self.section,
            "stand": self.stand,
            "earlier": self.earlier,
            "ahead": self.asked.ahead(self._services.now()),
            "reader": self._reader,
            "trial": self._services.trial,
            "choices": choices(self._services, self._reader, self.asked),
            "headings": [self._heading(column, place) for place, column in enumerate(self.section.columns)],
            "rows": [
                [
                    (
                        column,
                        writing.cell(column, value, signed, *self._list_of(row)),
                        self._href(column, value, row),
                    )
                    for column, value in zip(self.section.columns, row, strict=True)
                ]
                for row in shown
            ],
            "totals": self._totals(rows, writing, signed),
            "count": len(rows),
            "page": number,
            "pages": pages,
            "before": self._here(page=str(number - 1)) if number > 1 else "",
            "after": self._here(page=str(number + 1)) if number < pages else "",
            "only": only,
            "about": about(self.asked, self.report.parameters, self._services.programmes, only),
            "only_end": self._here(only="", page=""),
            "compare_end": self._here(compare="", page=""),
            "languages": {code: self._here(language=code) for code in LANGUAGES},
            "path": f"{PATH}/rows/{self.report.id}/{self.section.id}",
            "own": {name: self._own.get(name, "") for name in OWN if name != "page"},
            "downloads": [(form, self._link("/file", form=form)) for form in FORMS],
            "reports": [
                one for one in REPORTS.values() if self._reader.everything or "region" in one.parameters
            ],
        }

    def _answer(self, stand: Stand, form: str) -> Answer:
        request = self._request(stand)
        (answer,) = self._services.answers(self._reader, [(request, [self.section.id])], form)
        return answer

    def _request(self, stand: Stand) -> Request:
        return request_of(self.report.id, self.report.parameters, self.asked, str(stand.position))

    def _rows(self) -> list[Cells]:
        now = self._answer(self.stand, "page")
        self.stand = stand_of(now)
        self._labels = self._services.labels(now)
        if self.earlier is None:
            return self._chosen(now.tables[0].rows)
        then = self._answer(self.earlier, "page")
        self.earlier = stand_of(then)
        ((_, rows),) = difference(then, now).tables
        return self._chosen(rows)

    def _chosen(self, rows: Sequence[Cells]) -> list[Cells]:
        found = list(rows)
        for place, text in self._only:
            found = [row for row in found if str(row[place]) == text]
        if self._order is not None:
            column, down = self._order
            # What has no value comes last, whichever way.
            having = [row for row in found if row[column] is not None]
            having.sort(key=lambda row: row[column], reverse=down)
            found = having + [row for row in found if row[column] is None]
        return found

    def _read_order(self) -> tuple[int, bool] | None:
        order = self._own.get("order", "")
        if order not in ("", *ORDERS):
            raise ChoiceUnknown("order", parameter="order", names=", ".join(ORDERS))
        sort = self._own.get("sort", "")
        return (self._place(sort, "sort"), order == "desc") if sort else None

    def _read_only(self) -> list[tuple[int, str]]:
        """Columns that name rows, and their values."""
        text = self._own.get("only", "")
        keys = list(self._columns)[: self.section.keys]
        found = []
        # A value may have a semicolon of its own.
        for part in re.split(rf";(?=(?:{'|'.join(keys)}):)", text) if text else ():
            name, colon, value = part.partition(":")
            if not colon:
                raise ChoiceUnknown("only", parameter="only", names=", ".join(f"{one}:…" for one in keys))
            found.append((self._place(name, "only", len(keys)), value))
        return found

    def _place(self, name: str, field: str, of: int | None = None) -> int:
        names = list(self._columns)[:of]
        if name not in names:
            raise ColumnUnknown(field, names=", ".join(names))
        return self._columns[name]

    def _list_of(self, row: Cells) -> tuple[str, str]:
        """The programme that a row is of, and the version of its goods list; "" where the table does not tell."""
        places = [self._columns.get(name) for name in ("programme", "list")]
        programme, goods_list = ("" if place is None else str(row[place]) for place in places)
        return programme, goods_list

    def _link(self, more: str = "", **changes: str) -> str:
        own = {name: self._own.get(name, "") for name in OWN}
        path = f"/rows/{self.report.id}/{self.section.id}{more}"
        return self.asked.link(path, **{**own, **changes})

    def _here(self, **changes: str) -> str:
        return self._link(**changes)

    def _heading(self, column: Column, place: int) -> dict[str, Any]:
        """A column's name, the address that sorts by it, and how it is sorted now."""
        now = ""
        if self._order is not None and self._order[0] == place:
            now = "descending" if self._order[1] else "ascending"
        figures = place >= self.section.keys
        order = "asc" if now == "descending" or (not figures and now == "") else "desc"
        return {
            "column": column,
            "href": self._here(sort=column.id, order=order, page=""),
            "sorted": now,
        }

    def _href(self, column: Column, value: Any, row: Cells) -> str:
        """Where a cell leads: a region to what lies within it, a position to its articles, a shop and a day to theirs."""
        own: dict[str, Callable[[], str]] = {
            "region": lambda: self._here(region=value, page=""),
            "position": lambda: self._articles_of(value, *self._list_of(row)),
            "shop": lambda: self.asked.link("/rows/reconciliation/days", only=f"shop:{value}"),
            "day": lambda: self.asked.link("/rows/daily/shops", on=value),
        }
        drilled = column.id == "region" and self._reader.outside
        if column.id not in own or value in ("", None) or drilled or self._leads_here(column):
            return ""
        return own[column.id]()

    def _articles_of(self, position: int, programme: str, goods_list: str) -> str:
        only = f"position:{position}" + (f";list:{goods_list}" if goods_list else "")
        return self.asked.link("/rows/goods/articles", programme=programme or self.asked.programme, only=only)

    def _leads_here(self, column: Column) -> bool:
        leads = {"position": "articles", "shop": "days"}
        return leads.get(column.id) == self.section.id and self._own.get("only", "").startswith(column.id)

    def _totals(self, rows: Sequence[Cells], writing: Writing, signed: bool) -> list[str]:
        """Sums of the columns that add up: money, and families, of which each is in one row."""
        if len(rows) < 2:
            return []
        found = []
        for place, column in enumerate(self.section.columns):
            adds = column.kind == "tiyn" or (self.report.id == "month" and column.kind == "count")
            if place < self.section.keys or not adds:
                found.append("")
            else:
                values = [row[place] for row in rows]
                # A sum would tell what is withheld of one row.
                found.append("" if None in values else writing.figure(column.kind, sum(values), signed))
        return found if any(found) else []

    def _only_words(self, writing: Writing) -> str:
        chosen = {self.section.columns[place].id: value for place, value in self._only}
        return ", ".join(
            self._one_word(writing, self.section.columns[place], chosen) for place, _ in self._only
        )

    def _one_word(self, writing: Writing, column: Column, chosen: Mapping[str, str]) -> str:
        name, value = column.names[self.asked.language], chosen[column.id]
        if column.id == "position" and value.isascii() and value.isdigit():
            programme = chosen.get("programme", self.asked.programme)
            return writing.position(int(value[:9]), programme, chosen.get("list", ""))
        if names := self._labels.get(column.id, {}).get(value):
            return f"{name} {names[self.asked.language]}"
        try:
            return f"{name} {writing.cell(column, int(value) if column.kind == 'hour' else value)}"
        except (ValueError, IndexError):
            return f"{name} {value}"  # of no row


def _section(report: Report, id: str) -> Section:
    for section in report.sections:
        if section.id == id:
            return section
    raise SectionUnknown("section", sections=", ".join(one.id for one in report.sections))
