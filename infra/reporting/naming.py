"""What a report's codes are called: positions of the goods list of that day, articles, shops, refusals, topics, endings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from domain.errors import LANGUAGES, Refusal
from domain.goods import GoodsCatalogue
from domain.programmes import Programme
from infra.postgres.connect import ThreadConnections
from infra.problem_sentences import SENTENCES
from infra.reporting.diff import Difference
from infra.reporting.running import Answer, ServicesOfReports, Table
from projections.reports.report import Cells, Column, Names, Section, named

# By the column's id, then by value.
Labels = Mapping[str, Mapping[Any, Names]]
# By the programme, whose list it is, and the number; by "" and the number: whichever programme's.
PositionNames = Mapping[tuple[str, int], Names]

# The columns whose values have names, and the column that tells them.
_TELLING: Mapping[str, Column] = {
    "position": Column("position_name", named("тауар", "товар", "food"), "text"),
    "gtin": Column("article", named("тауардың атауы", "название товара", "article"), "text"),
    "shop": Column("shop_name", named("дүкеннің атауы", "название магазина", "shop's name"), "text"),
    "code": Column("sentence", named("мағынасы", "что это значит", "meaning"), "text"),
    "kind": Column("kind_name", named("не сұралды", "что запрашивали", "what was asked for"), "text"),
    "service": Column("service_name", named("қызметтің атауы", "название услуги", "service's name"), "text"),
    "topic": Column("topic_name", named("тақырыптың атауы", "название темы", "topic's name"), "text"),
    "ending": Column("ending_name", named("нәтиженің атауы", "название итога", "ending's name"), "text"),
}
NAMES = frozenset(column.id for column in _TELLING.values())
# Classes of requests (`infra.api.measuring`).
KINDS: Mapping[str, Names] = {
    "counter": named("касса", "касса", "counter"),
    "terminals": named("терминалдардың өзге сұраулары", "прочие запросы терминалов", "terminals besides"),
    "wallet": named("алушылардың әмияны", "кошелёк получателей", "recipients' wallet"),
    "sms": named("SMS шлюздері", "шлюзы SMS", "SMS gateways"),
    "requests": named("өтініштер мен істер", "заявления и дела", "requests and cases"),
    "analysts": named("талдаушылар", "аналитики", "analysts"),
    "office": named("кеңсе", "офис", "office"),
    "operators": named("операторлар", "операторы", "operators"),
    "other": named("өзге", "прочее", "other"),
}
_REFUSED = named("қабылдаудан бас тартылды", "отказано в приёме", "not accepted")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class Naming:
    """Names the codes in answers; safe to share among threads."""

    def __init__(
        self,
        dsn: str,
        programmes: Mapping[str, Programme],
        goods: GoodsCatalogue,
        services: ServicesOfReports,
    ) -> None:
        """`goods` is the list shared by the programmes that have none of their own."""
        self._connections = ThreadConnections(dsn, "azyq-names", autocommit=True)
        self._programmes = programmes
        self._goods = goods
        self._services = services

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def named(self, answer: Answer, language: str) -> Answer:
        """The answer with a column of names after each of codes, in `language`."""
        labels = self.labels(answer)
        tables = [Table(*_with_names(table.section, table.rows, labels, language)) for table in answer.tables]
        return replace(answer, tables=tables)

    def named_difference(self, found: Difference, language: str) -> Difference:
        """The same for what changed."""
        labels = self._labels(found.later, [rows for _, rows in found.tables])
        tables = [_with_names(section, rows, labels, language) for section, rows in found.tables]
        return replace(found, tables=tables)

    def labels(self, answer: Answer) -> Labels:
        """What the codes in the answer are called."""
        return self._labels(answer, [table.rows for table in answer.tables])

    def positions(self, parameters: Mapping[str, str]) -> PositionNames:
        """By the lists in force on the day, or when the month's vouchers begin; without either, in any month."""
        found: dict[tuple[str, int], list[Names]] = {}
        for programme, day in self._days(parameters):
            try:
                listed = programme.catalogue(self._goods).on(day).positions
            except Refusal:
                continue
            for number, position in listed.items():
                for of in (programme.id, ""):
                    found.setdefault((of, number), []).append(position.names)
        return {key: _joined(names) for key, names in found.items()}

    def _positions_of_lists(self) -> dict[tuple[str, str, int], Names]:
        """By the programme, the version of its list, and the number."""
        return {
            (programme.id, goods.version, number): position.names
            for programme in self._programmes.values()
            for goods in programme.catalogue(self._goods).versions
            for number, position in goods.positions.items()
        }

    def _days(self, parameters: Mapping[str, str]) -> Iterator[tuple[Programme, date]]:
        chosen, month, on = (parameters.get(name, "") for name in ("programme", "month", "on"))
        try:
            day = date.fromisoformat(on) if on else None
        except ValueError:
            return  # of a report that is not asked for by day
        for programme in self._programmes.values():
            if chosen not in ("", programme.id):
                continue
            for one in programme.months():
                if month in ("", one) and on[:7] in ("", one):
                    yield programme, day or programme.month(one).valid_from

    def _labels(self, answer: Answer, tables: Sequence[Sequence[Cells]]) -> Labels:
        values: dict[str, set[Any]] = {}
        for table, rows in zip(answer.tables, tables, strict=True):
            for place, column in enumerate(table.section.columns):
                if column.id in _TELLING:
                    values.setdefault(column.id, set()).update(row[place] for row in rows)
        labels: dict[str, Mapping[Any, Names]] = {"kind": KINDS}
        if "position" in values:
            labels["position"] = {**self.positions(answer.parameters), **self._positions_of_lists()}
        if "code" in values:
            labels["code"] = sentences()
        if values.keys() & {"service", "topic", "ending"}:
            labels |= self._of_services()
        if wanted := {name: values[name] - {""} for name in ("gtin", "shop") if values.get(name)}:
            labels |= self._looked_up(wanted)
        return labels

    def _of_services(self) -> dict[str, Mapping[Any, Names]]:
        services: dict[str, list[Names]] = {}
        topics: dict[str, list[Names]] = {}
        endings: dict[str, list[Names]] = {"acceptance_refused": [_REFUSED]}
        for file in self._services.files:
            service = file.service
            if service.appeals is None:
                continue
            services.setdefault(service.id, []).append(service.names)
            for ending, names in service.ends.items():
                endings.setdefault(ending, []).append(names)
            for field in service.fields:
                if field.id == service.appeals.topic:
                    for choice, names in field.choices.items():
                        topics.setdefault(choice, []).append(names)
        found = {"service": services, "topic": topics, "ending": endings}
        return {name: {key: _joined(names) for key, names in of.items()} for name, of in found.items()}

    def _looked_up(self, wanted: Mapping[str, Collection[str]]) -> dict[str, Mapping[Any, Names]]:
        statements = {
            "gtin": "SELECT DISTINCT ON (gtin) gtin, name FROM azyq_views.articles WHERE gtin = ANY(%s)"
            " ORDER BY gtin, goods_version DESC",
            "shop": "SELECT shop, name FROM azyq_views.shops WHERE shop = ANY(%s)",
        }
        found: dict[str, Mapping[Any, Names]] = {}
        with self._connections.mine().cursor() as cursor:
            for column, values in wanted.items():
                cursor.execute(statements[column], (list(values),))
                found[column] = {key: dict.fromkeys(LANGUAGES, name) for key, name in cursor}
        return found


def _with_names(
    section: Section, rows: Sequence[Cells], labels: Labels, language: str
) -> tuple[Section, list[Cells]]:
    ids = {column.id for column in section.columns}
    # A report that tells the shop's name by itself is not told it twice.
    telling = {
        place: labels.get(column.id, {})
        for place, column in enumerate(section.columns)
        if column.id in _TELLING and place < section.keys and not (column.id == "shop" and "name" in ids)
    }
    columns = [
        told
        for place, column in enumerate(section.columns)
        for told in ((column, _TELLING[column.id]) if place in telling else (column,))
    ]

    places = {column.id: place for place, column in enumerate(section.columns)}

    def row(cells: Cells) -> Iterator[Any]:
        for place, value in enumerate(cells):
            yield value
            if place in telling:
                key = value
                if section.columns[place].id == "position":
                    key = (*(cells[places[one]] for one in ("programme", "list") if one in places), value)
                names = telling[place].get(key)
                yield names[language] if names else ""

    told = replace(section, columns=tuple(columns), keys=section.keys + len(telling))
    return told, [tuple(row(cells)) for cells in rows]


def _joined(every: Iterable[Names]) -> Names:
    """One name where all agree, else all of them."""
    listed = list(every)
    return {language: " / ".join(dict.fromkeys(one[language] for one in listed)) for language in LANGUAGES}


@cache
def sentences() -> Mapping[str, Names]:
    """What each code of a refusal says in general, or its own values left open."""
    from infra.counter import reader, writer

    assert reader
    assert writer  # the refusals of the counter are known once it is there
    found: dict[str, Names] = {
        code: dict(zip(LANGUAGES, texts, strict=True)) for code, texts in SENTENCES.items()
    }
    for refusal in _refusals(Refusal):
        texts = refusal.__dict__.get("texts")
        if texts:
            said = refusal.__dict__.get("in_general") or texts
            found[refusal.code] = {language: _PLACEHOLDER.sub("…", text) for language, text in said.items()}
    return found


def _refusals(of: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in of.__subclasses__():
        yield one
        yield from _refusals(one)
