"""Reports written out: JSON and CSV for programs, XLSX for people, Parquet for analysts' tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.money import TIYN_PER_KZT
from infra.reporting.diff import Difference
from infra.reporting.running import Answer, Table
from projections.reports.report import Cells, Names, Section

# What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_SHEET_NAME = 31
FEW_ROWS = 5_000
_WORDS: dict[str, Names] = {
    "how": {"kk": "Қалай есептелді", "ru": "Как рассчитано", "en": "How computed"},
    "report": {"kk": "Есеп", "ru": "Отчёт", "en": "Report"},
    "definition": {"kk": "Анықтама", "ru": "Определение", "en": "Definition"},
    "clauses": {"kk": "Ережелер", "ru": "Пункты правил", "en": "Clauses"},
    "parameters": {"kk": "Параметрлер", "ru": "Параметры", "en": "Parameters"},
    "log_position": {"kk": "Журналдағы орын", "ru": "Позиция журнала", "en": "Log position"},
    "recorded_at": {"kk": "Соңғы оқиға", "ru": "Последнее событие", "en": "Last event"},
    "rows": {"kk": "Жолдар", "ru": "Строк", "en": "Rows"},
    "empty": {"kk": "Бос ұяшық", "ru": "Пустая ячейка", "en": "Empty cell"},
    "empty_why": {
        "kk": "Көрсеткіш жоқ немесе көрсетілмейді: 5 адамнан аз не сондай санды шығарып береді.",
        "ru": "Показателя нет, или он не показан: меньше 5 человек или то, из чего такое число следует.",
        "en": "There is no figure, or it is not shown: fewer than 5 people, or what would tell such a number.",
    },
    "money": {
        "kk": "Ақша файлда теңгемен, JSON мен CSV-де тиынмен.",
        "ru": "Деньги здесь в тенге, в JSON и CSV – в тиынах.",
        "en": "Money is in KZT here, in tiyn in JSON and CSV.",
    },
}


def words(key: str, language: str) -> str:
    """A word of the papers."""
    return _WORDS[key][language]


def as_dict(answer: Answer, language: str = "en") -> dict[str, Any]:
    """For JSON: sums in tiyn, quantities as decimal text."""
    return {
        **_head(answer, language),
        "sections": {
            table.section.id: [_row(table.section, row) for row in table.rows] for table in answer.tables
        },
    }


def difference_answer(found: Difference) -> Answer:
    """For files: the rows that differ as a report's; its parameters say from which position."""
    parameters = {**found.later.parameters, "from": str(found.earlier.log_position)}
    return replace(found.later, parameters=parameters, tables=[Table(*one) for one in found.tables])


def difference_dict(found: Difference, language: str = "en") -> dict[str, Any]:
    """For JSON: the rows that differ, figures signed."""
    return {
        **_head(found.later, language),
        "from": {"log_position": found.earlier.log_position, "recorded_at": _time(found.earlier.recorded_at)},
        "sections": {section.id: [_row(section, row) for row in rows] for section, rows in found.tables},
    }


def _head(answer: Answer, language: str) -> dict[str, Any]:
    return {
        "report": answer.report.id,
        "title": answer.report.names[language],
        "definition": answer.report.definition[language],
        "definitions": {
            table.section.id: table.section.definition[language]
            for table in answer.tables
            if table.section.definition
        },
        "clauses": list(answer.report.clauses),
        "parameters": answer.parameters,
        "log_position": answer.log_position,
        "recorded_at": _time(answer.recorded_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _row(section: Section, row: Cells) -> dict[str, Any]:
    return {
        column.id: format(value, "f") if isinstance(value, Decimal) else value
        for column, value in zip(section.columns, row, strict=True)
    }


def as_csv(answer: Answer, section: str | None = None) -> Iterator[str]:
    """A section (the first by default) as CSV in UTF-8, a line at a time; texts that a spreadsheet would calculate are
    given an apostrophe."""
    table = _table(answer, section)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in ([column.id for column in table.section.columns], *table.rows):
        writer.writerow([_plain(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _table(answer: Answer, section: str | None) -> Table:
    return next((one for one in answer.tables if one.section.id == section), answer.tables[0])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return defused(value) if isinstance(value, str) else value


def defused(text: str) -> str:
    """`text`, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_xlsx(answer: Answer, path: Path | io.BytesIO, language: str) -> None:
    """A workbook with a sheet a section and one on how it was computed; cells have types, memory does not grow with rows."""
    import xlsxwriter

    few = sum(len(table.rows) for table in answer.tables) < FEW_ROWS
    options = {
        "in_memory": few,  # eight small files less on the way
        "constant_memory": not few,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    target = str(path) if isinstance(path, Path) else path
    with xlsxwriter.Workbook(target, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        formats = {
            "tiyn": book.add_format({"num_format": "#,##0.00"}),
            "quantity": book.add_format({"num_format": "#,##0.###"}),
            "count": book.add_format({"num_format": "#,##0"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for table in answer.tables:
            sheet = book.add_worksheet(table.section.names[language][:_SHEET_NAME])
            sheet.freeze_panes(1, table.section.keys)
            for place, column in enumerate(table.section.columns):
                sheet.set_column(place, place, 16)
                sheet.write_string(0, place, column.names[language], bold)
            cells = [
                (
                    column.kind,
                    formats.get(column.kind)
                    if column.places is None
                    else book.add_format({"num_format": f"#,##0.{'0' * column.places}"}),
                )
                for column in table.section.columns
            ]
            for number, row in enumerate(table.rows, start=1):
                _write_row(sheet, number, row, cells)
        _how(book, answer, language, bold)


def _write_row(sheet: Any, number: int, row: Cells, cells: Sequence[tuple[str, Any]]) -> None:
    """`cells` say of each column its kind, and the format of its values."""
    for place, (value, (kind, form)) in enumerate(zip(row, cells, strict=True)):
        if isinstance(value, str):
            if kind == "day" and value:
                sheet.write_datetime(number, place, date.fromisoformat(value), form)
            else:
                sheet.write_string(number, place, value)
        elif value is not None:
            sheet.write_number(number, place, value / TIYN_PER_KZT if kind == "tiyn" else value, form)


def _how(book: Any, answer: Answer, language: str, bold: Any) -> None:
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(words("how", language)[:_SHEET_NAME])
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    for row, (label, value) in enumerate(how(answer, language)):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, value, wrapped)


def how(answer: Answer, language: str) -> list[tuple[str, str]]:
    """How the report was computed: labels and values, for people."""
    report = answer.report
    empty = any(cell is None for one in answer.tables for row in one.rows for cell in row)
    counted = ", ".join(f"{one.section.names[language]}: {len(one.rows)}" for one in answer.tables)
    return [
        (words("report", language), report.names[language]),
        (words("definition", language), report.definition[language]),
        *(
            (one.section.names[language], one.section.definition[language])
            for one in answer.tables
            if one.section.definition
        ),
        (words("clauses", language), ", ".join(report.clauses)),
        (words("parameters", language), ", ".join(f"{k}={v}" for k, v in answer.parameters.items())),
        (words("log_position", language), str(answer.log_position)),
        (words("recorded_at", language), _time(answer.recorded_at) or ""),
        (words("rows", language), counted),
        *([(words("empty", language), words("empty_why", language))] if empty else []),
        ("KZT", words("money", language)),
    ]


def write_parquet(answer: Answer, path: Path | io.BytesIO, section: str | None = None) -> None:
    """A section (the first by default) as Parquet: sums int64 in tiyn, quantities decimal(18, 3), days date32; the
    report's head is in the file's metadata."""
    import orjson
    import pyarrow
    from pyarrow import parquet

    table = _table(answer, section)
    types = {"text": pyarrow.string(), "day": pyarrow.date32(), "quantity": pyarrow.decimal128(18, 3)}
    made = {types["quantity"]: lambda value: value.quantize(Decimal("0.001")), types["day"]: _day}
    schema = pyarrow.schema(
        [(column.id, types.get(column.kind, pyarrow.int64())) for column in table.section.columns],
        metadata={"azyq": orjson.dumps(_head(answer, "en"))},
    )
    cells: list[Sequence[Any]] = list(zip(*table.rows, strict=True)) or [()] * len(table.section.columns)
    arrays = [
        pyarrow.array(
            [None if value is None else made[field.type](value) for value in column]
            if field.type in made
            else column,
            field.type,
        )
        for column, field in zip(cells, schema, strict=True)
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
