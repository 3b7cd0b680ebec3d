"""`azyq report`: a report as a table or a file, as of any position, and the difference between two."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import FOUND, JSON, LANGUAGE, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from infra.bootstrap import Azyq
    from infra.reporting.diff import Difference
    from infra.reporting.naming import Naming
    from infra.reporting.running import Answer, Reports, Request
    from projections.reports.report import Cells, Section

FORMATS = ("table", "csv", "xlsx", "json", "parquet")
_FILES = ("xlsx", "parquet")
_WORDS = {
    "en": {
        "position": "log position {position}, last event {at}",
        "none": "nothing",
        "more": "{left} more rows: --format csv has all",
        "changed": "from log position {before} to {after}",
        "same": "nothing changed",
        "against": "receipts that agree: {agree}, differences: {differ}; by the log {log} KZT, by the file {file} KZT",
        "only_in_log": "not in the file",
        "only_in_file": "not in the log",
        "differs": "other sums",
        "twice_in_file": "twice in the file, or without a number",
        "unreadable": "can't be read",
        "like": "without leading zeros the same as {like}",
    },
    "ru": {
        "position": "позиция журнала {position}, последнее событие {at}",
        "none": "нет данных",
        "more": "ещё строк: {left}; все – с --format csv",
        "changed": "от позиции журнала {before} до {after}",
        "same": "ничего не изменилось",
        "against": "совпало чеков: {agree}, расхождений: {differ}; по журналу {log} тг, по файлу {file} тг",
        "only_in_log": "нет в файле",
        "only_in_file": "нет в журнале",
        "differs": "разные суммы",
        "twice_in_file": "дважды в файле или без номера",
        "unreadable": "не читается",
        "like": "без начальных нулей то же, что {like}",
    },
    "kk": {
        "position": "журналдағы орны {position}, соңғы оқиға {at}",
        "none": "деректер жоқ",
        "more": "тағы {left} жол; бәрі --format csv арқылы",
        "changed": "журналдың {before} орнынан {after} орнына дейін",
        "same": "ештеңе өзгерген жоқ",
        "against": "сәйкес чектер: {agree}, айырмашылық: {differ}; журнал бойынша {log} тг, файл бойынша {file} тг",
        "only_in_log": "файлда жоқ",
        "only_in_file": "журналда жоқ",
        "differs": "сомалары әртүрлі",
        "twice_in_file": "файлда екі рет не нөмірсіз",
        "unreadable": "оқылмайды",
        "like": "бастапқы нөлдерсіз {like} сияқты",
    },
}
SHOWN = 40
NAME_WIDTH = 10
WIDEST_LABEL = 30
WIDEST_CELL = 46
UNBOUNDED = 10_000


def report(
    name: str = typer.Argument(
        help="daily, month, pilot, goods, shops, appeals, reconciliation; `diff` compares two answers."
    ),
    compared: str = typer.Argument(None, metavar="[REPORT]", help="With diff: the report that is compared."),
    programme: str = typer.Option(
        None, "--programme", help="The programme's id (default: all of the month)."
    ),
    month: str = typer.Option(None, "--month", help="The month, as 2025-07 (default: this month)."),
    on: str = typer.Option(None, "--on", help="The day, as 2025-07-15 (default: today)."),
    shop: str = typer.Option(None, "--shop", help="One shop."),
    region: str = typer.Option(None, "--region", help="A prefix of KATO codes."),
    as_of: str = typer.Option(
        None,
        "--as-of",
        help="What was known then: a day (its end), a time (of Almaty, if it has no offset), or a position.",
    ),
    from_: str = typer.Option(None, "--from", help="With diff: the earlier time or position."),
    to: str = typer.Option(None, "--to", help="With diff: the later one (default: now)."),
    against: Path = typer.Option(
        None, "--against", help="With reconciliation and --shop: the shop's own receipts (receipt, amount)."
    ),
    section: str = typer.Option(None, "--section", help="One table of the report, for csv and parquet."),
    format_: str = typer.Option("table", "--format", help="table, csv, xlsx, json or parquet."),
    out: Path = typer.Option(None, "--out", help="Write to this file."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """A report, with the log position it stands at; as it was known at a time, or the difference between two."""
    language = language_of(lang)
    chosen = "json" if as_json else format_
    if chosen not in FORMATS:
        usage(f"--format is one of {', '.join(FORMATS)}, not {format_!r}")
    if chosen in _FILES and out is None:
        usage(f"--format {chosen} needs --out FILE")
    _known(compared or "" if name == "diff" else name)
    given = {"programme": programme, "month": month, "on": on, "shop": shop, "region": region}
    parameters = {key: value for key, value in given.items() if value is not None}
    with opened(lang) as azyq:
        from infra.reporting.running import Reports, Request

        azyq.catch_up_views()
        reports = Reports(azyq.dsn, azyq.programmes, azyq.services)
        if against is not None:
            _against(reports, Request(name, parameters, as_of or ""), against, azyq, chosen, language)
            return
        if name == "diff":
            _difference(
                azyq,
                reports,
                [Request(compared or "", parameters, one or "") for one in (from_, to)],
                chosen,
                language,
                section,
                out,
            )
            return
        if name == "month" and not (as_of or region or out) and chosen in ("table", "json"):
            _month_now(azyq, reports, Request(name, parameters), chosen, language)
            return
        answer = reports.answer(Request(name, parameters, as_of or ""), azyq.clock())
        _write(_naming(azyq).named(answer, language), chosen, section, out, language)


def _naming(azyq: Azyq) -> Naming:
    from infra.reporting.naming import Naming

    return Naming(azyq.dsn, azyq.programmes, azyq.goods, azyq.services)


def _known(name: str) -> None:
    from projections.reports.all_reports import REPORTS

    if name and name not in REPORTS:
        usage(f"there is no report {name!r}; there are: {', '.join(sorted(REPORTS))}")


def _against(reports: Reports, request: Request, file: Path, azyq: Azyq, chosen: str, language: str) -> None:
    """A shop's own receipts against the log; exit 3 when they differ."""
    from domain.money import kzt
    from infra.reporting.receipts import reconcile

    if request.report != "reconciliation" or not file.exists():
        usage("--against FILE goes with reconciliation, and the file must be there")
    found = reconcile(reports, request, file, azyq.clock())
    if chosen == "json":
        print_json(found.as_dict())
    else:
        words = _WORDS[language]
        typer.echo(
            words["against"].format(
                agree=found.agree,
                differ=len(found.differences),
                log=kzt(found.log_tiyn),
                file=kzt(found.file_tiyn),
            )
        )
        for one in found.differences:
            sums = (kzt(tiyn) if tiyn is not None else "-" for tiyn in (one.log_tiyn, one.file_tiyn))
            told = (
                f"{words[one.kind]}; {words['like'].format(like=one.like)}" if one.like else words[one.kind]
            )
            typer.echo(f"  {one.receipt or '?':<20} {'  '.join(sums):>28}  {told}")
    if found.differences:
        raise typer.Exit(FOUND)


def _difference(
    azyq: Azyq,
    reports: Reports,
    requests: list[Request],
    chosen: str,
    language: str,
    section: str | None,
    out: Path | None,
) -> None:
    from infra.reporting.diff import difference
    from infra.reporting.formats import difference_answer, difference_dict

    if not requests[0].as_of:
        usage("report diff REPORT --from TIME [--to TIME]")
    now = azyq.clock()
    earlier, later = (reports.answer(request, now) for request in requests)
    found = _naming(azyq).named_difference(difference(earlier, later), language)
    if chosen == "json":
        _write_json(difference_dict(found, language), out)
    elif chosen == "table":
        _show_difference(found, language)
    else:
        _write(difference_answer(found), chosen, section, out, language)


def _show_difference(found: Difference, language: str) -> None:
    words = _WORDS[language]
    before, after = found.earlier.log_position, found.later.log_position
    typer.echo(
        f"{found.later.report.names[language]}, {words['changed'].format(before=before, after=after)}\n"
    )
    if not any(rows for _, rows in found.tables):
        typer.echo(words["same"])
        return
    for section, rows in found.tables:
        if rows:
            show_table(section, rows, language, signed=True)


def _month_now(azyq: Azyq, reports: Reports, request: Request, chosen: str, language: str) -> None:
    """The month as it stands: lists, SMS, calendar and sums; in JSON the report's own tables too."""
    from domain.calendar import local_day
    from infra.cli.month_tables import month_tables
    from infra.month_report import month_report
    from infra.reporting.formats import as_dict

    month = request.parameters.get("month") or f"{local_day(azyq.clock()):%Y-%m}"
    programme = request.parameters.get("programme")
    chosen_programmes = [azyq.programme(programme)] if programme else list(azyq.programmes.values())
    months = [one.month(month) for one in chosen_programmes if programme or month in one.months()]
    if not months:
        usage(f"no programme has a month {month}; `azyq programme list` shows their months")
    found: list[dict[str, Any]] = [month_report(azyq.view_store, one) for one in months]
    if chosen == "json":
        for one in found:
            asked = type(request)("month", {"month": month, "programme": one["programme"]})
            answer = _naming(azyq).named(reports.answer(asked, azyq.clock()), language)
            one["sections"] = as_dict(answer, language)["sections"]
        print_json(found[0] if programme else found)
        return
    for one in found:
        month_tables(one, language)


def _write(answer: Answer, chosen: str, section: str | None, out: Path | None, language: str) -> None:
    from infra.reporting import formats

    if section is not None and section not in (table.section.id for table in answer.tables):
        usage(f"--section is one of {', '.join(table.section.id for table in answer.tables)}")
    if chosen == "table":
        _show(answer, language)
    elif chosen == "json":
        _write_json(formats.as_dict(answer, language), out)
    elif chosen == "csv":
        lines = formats.as_csv(answer, section)
        if out is None:
            sys.stdout.writelines(line.replace("\r\n", "\n") for line in lines)
        else:
            with out.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
    elif out is not None:
        if chosen == "xlsx":
            formats.write_xlsx(answer, out, language)
        else:
            formats.write_parquet(answer, out, section)


def _write_json(found: dict[str, Any], out: Path | None) -> None:
    if out is None:
        print_json(found)
    else:
        import orjson

        out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")


def _show(answer: Answer, language: str) -> None:
    words = _WORDS[language]
    typer.echo("\n" + ", ".join((answer.report.names[language], *answer.parameters.values())) + "\n")
    for table in answer.tables:
        if table.rows:
            show_table(table.section, table.rows, language)
        else:
            typer.echo(f"{table.section.names[language]}: {words['none']}\n")
    typer.echo(words["position"].format(position=answer.log_position, at=answer.recorded_at or "-"))


def show_table(section: Section, rows: list[Cells], language: str, signed: bool = False) -> None:
    """Print a table: money in KZT, figures at the right and never cut; `signed` with + and -.

    Where the columns don't fit beside each other they stand one below the other, as many rows at a time as fit.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    cells = [
        [
            _cell(column.kind, value, signed and place >= section.keys)
            for place, (column, value) in enumerate(zip(section.columns, row, strict=True))
        ]
        for row in rows[:SHOWN]
    ]
    beside = _beside(section, cells, language)
    if console.measure(beside, options=console.options.update(width=UNBOUNDED)).minimum <= console.width:
        console.print(beside)
    else:
        console.print(section.names[language])
        for one in _below(section, cells, language, console.width):
            console.print(one)
    if len(rows) > SHOWN:
        console.print(_WORDS[language]["more"].format(left=len(rows) - SHOWN))
    console.print()


def _beside(section: Section, cells: list[list[str]], language: str) -> RichTable:
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table

    table = Table(title=section.names[language], title_justify="left", box=SIMPLE_HEAD, show_edge=False)
    for place, column in enumerate(section.columns):
        # Names are long: they may take several lines, so that the figures beside them are seen.
        told = (
            []
            if column.id in _long_names()
            else [*column.names[language].split(), *(row[place] for row in cells)]
        )
        table.add_column(
            column.names[language],
            justify="left" if column.kind in ("text", "day") else "right",
            overflow="fold",
            min_width=max(map(cell_len, told), default=NAME_WIDTH),
        )
    for row in cells:
        table.add_row(*row)
    return table


def _below(section: Section, cells: list[list[str]], language: str, width: int) -> Iterator[RichTable]:
    from rich.cells import cell_len
    from rich.table import Table

    labels = [column.names[language] for column in section.columns]
    left = min(max(map(cell_len, labels)), WIDEST_LABEL)
    rest = list(cells)
    while rest:
        taken, room = 0, width - left
        for row in rest:
            room -= 2 + min(max(map(cell_len, row)), WIDEST_CELL)
            if room < 0 and taken:
                break
            taken += 1
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(max_width=left, min_width=left)
        for _ in range(taken):
            table.add_column(justify="right", overflow="fold", max_width=WIDEST_CELL)
        for label, *values in zip(labels, *rest[:taken], strict=True):
            table.add_row(label, *values)
        table.add_row("")
        yield table
        rest = rest[taken:]


def _long_names() -> Collection[str]:
    from infra.reporting.naming import NAMES

    return (*NAMES, "name")


def _cell(kind: str, value: Any, signed: bool) -> str:
    from domain.money import kzt
    from infra.cli.month_tables import grouped

    if value is None:
        return ""
    if isinstance(value, str):
        return value
    shown = (
        kzt(value) if kind == "tiyn" else format(value, "f") if isinstance(value, Decimal) else grouped(value)
    )
    return f"+{shown}" if signed and value > 0 else shown
