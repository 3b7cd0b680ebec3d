"""Running a report: its parameters checked, its tables read in one snapshot, each figure with its log position."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol, cast

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection as Connection

from domain.calendar import ALMATY, day_start, local_day
from domain.procedures.services import Services
from domain.procedures.working_time import DaysOff
from domain.programmes import Programme, ProgrammeUnknown
from domain.trade.shop_refusals import ShopUnknown
from infra.cases.working_calendar import working_days
from infra.postgres.view_store import everything_upto, nothing_after
from infra.reporting.as_of import time_written
from infra.reporting.log_times import LogTimes
from infra.reporting.refusals import (
    AsOfAhead,
    LogDamaged,
    MonthWithoutProgramme,
    ParameterForeign,
    ParameterMalformed,
    ReportUnknown,
)
from infra.reporting.snapshots import Snapshots
from projections.events import Raw, read_event
from projections.reports.all_reports import REPORTS
from projections.reports.facts import LAST_CHANGE
from projections.reports.ledger import Ledger
from projections.reports.reconciliation import RECEIPTS
from projections.reports.report import AppealService, Cells, Report, Scope, Section
from projections.view import Recorded, ViewMissing

FOLLOWING_SECONDS = 2.0  # that views may be behind the log with what is asked for
FIRST_DAY = date(2025, 1, 1)  # no request was made before
_FORMS: dict[str, tuple[str, str]] = {
    "programme": (r"[a-z0-9][a-z0-9-]{0,63}", "food-2025"),
    "month": (r"20[0-9]{2}-(0[1-9]|1[0-2])", "2025-07"),
    "on": (r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", "2025-07-15"),
    "shop": (r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", "S001"),
    "region": (r"[0-9]{1,9}", "1132"),
    "as_of": (r"[0-9]{1,18}|20[0-9]{2}-.{5,40}", "2025-07-15T12:00:00+05:00, 2025-07-15, 12345"),
}
_LEDGER_TOPICS = ("family.", "voucher.", "sms.sent", "shop.", "case.", "serving.", "seal.day_sealed")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the report's name and parameters as text, `as_of` a time, a day (its end), or a log position."""

    report: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A section's rows."""

    section: Section
    rows: list[Cells]


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as of `log_position`, recorded at `recorded_at` (the time of the last event it counts)."""

    report: Report
    parameters: dict[str, str]
    log_position: int
    recorded_at: datetime | None
    tables: list[Table]


class ServicesOfReports(Protocol):
    """The services of an installation, and its calendar."""

    @property
    def files(self) -> Services: ...

    @property
    def days_off(self) -> DaysOff: ...


class _OnItsWay(Exception):
    """The log has what is asked for, the views hold it up to `held`."""

    def __init__(self, held: int) -> None:
        super().__init__(held)
        self.held = held


class Reports:
    """Answers requests on the database `dsn`; `now` is the clock that an absent month or day is of."""

    def __init__(
        self,
        dsn: str,
        programmes: Mapping[str, Programme],
        services: ServicesOfReports | None = None,
        serving: bool = False,
    ) -> None:
        """`services` say which cases are appeals; without them none is. `serving`: beside the counter, until `close`."""
        self._snapshots = Snapshots(dsn, serving=serving)
        self._times = LogTimes()
        self._programmes = programmes
        self._services = services

    def close(self) -> None:
        """Close the connections."""
        self._snapshots.close()

    def stands(self, as_of: str = "") -> tuple[int, datetime | None]:
        """The log position that every report can be asked for at `as_of` (now by default), and when its last event was
        recorded. Raises ParameterMalformed, AsOfAhead."""
        if as_of:
            _check("as_of", as_of)
        with self._held(REPORTS.values(), as_of) as (_, upto, recorded_at):
            return upto, recorded_at

    def stand(self, report: Report, as_of: str) -> tuple[int, datetime | None]:
        """The log position that one report is answered at. Raises ParameterMalformed, AsOfAhead."""
        if as_of:
            _check("as_of", as_of)
        with self._held([report], as_of) as (_, upto, recorded_at):
            return upto, recorded_at

    def unchanged(self, request: Request, now: datetime) -> tuple[int, int]:
        """Positions between which nothing happened to the families of the request's months, the later one being now."""
        report = find_report(request.report)
        scope = self._scope(report, self._parameters(report, request, now), 0)
        with self._held([report], "") as (connection, held, _), connection.cursor() as cursor:
            cursor.execute(LAST_CHANGE, scope.values())
            ((last,),) = cursor.fetchall()
        return min(last, held), held

    def check(self, request: Request, now: datetime) -> None:
        """Nothing, if the report can be asked for so; reads nothing. Raises what `answer` does, but AsOfAhead."""
        report = find_report(request.report)
        self._scope(report, self._parameters(report, request, now), 0)

    def answer(self, request: Request, now: datetime, sections: Collection[str] = ()) -> Answer:
        """The report from the views, within one snapshot; all of it, or these sections. Raises a Refusal of
        `infra.reporting.refusals`, ShopUnknown."""
        report = find_report(request.report)
        parameters = self._parameters(report, request, now)
        with self._held([report], request.as_of) as (connection, upto, recorded_at):
            scope = self._scope(report, parameters, upto, recorded_at)
            scope = scope._replace(settled=_settled(connection, upto))
            wanted = [one for one in report.sections if not sections or one.id in sections]
            tables = _read(connection, wanted, scope)
            if scope.shop and not _rows_of_shops(tables):
                _known_shop(connection, scope.shop)
        return Answer(report, parameters, upto, recorded_at, tables)

    def from_log(self, request: Request, now: datetime) -> Answer:
        """The same report computed from the events themselves."""
        report = find_report(request.report)
        parameters = self._parameters(report, request, now)
        with self._held([report], request.as_of) as (connection, upto, recorded_at):
            ledger = Ledger.of(_events(connection, upto))
        scope = self._scope(report, parameters, upto, recorded_at)
        tables = [
            Table(one, [_cells(one, row) for row in one.from_log(ledger, scope)]) for one in report.sections
        ]
        return Answer(report, parameters, upto, recorded_at, tables)

    def receipts(self, request: Request, now: datetime) -> tuple[dict[str, int], str, int]:
        """What the vouchers paid in a month by receipt of one shop, returns taken off (tiyn); month and position.
        Raises ShopUnknown, and what `answer` does."""
        report = find_report(request.report)
        parameters = self._parameters(report, request, now)
        with self._held([report], request.as_of) as (connection, upto, _), connection.cursor() as cursor:
            cursor.execute(RECEIPTS, self._scope(report, parameters, upto).values())
            found = dict(cursor.fetchall())
            if not found:
                _known_shop(connection, parameters.get("shop", ""))
            return found, parameters["month"], upto

    # --- what is asked --------------------------------------------------------------------------------

    def _parameters(self, report: Report, request: Request, now: datetime) -> dict[str, str]:
        given = {name: value for name, value in request.parameters.items() if value}
        for name, value in (*given.items(), *((("as_of", request.as_of),) if request.as_of else ())):
            if name != "as_of" and name not in report.parameters:
                known = ", ".join(sorted(report.parameters))
                raise ParameterForeign(name, report=report.id, parameter=name, parameters=known)
            _check(name, value)
        if "month" in report.parameters and not report.whole:
            given.setdefault("month", f"{local_day(now):%Y-%m}")
        if "on" in report.parameters:
            given.setdefault("on", local_day(now).isoformat())
            try:
                date.fromisoformat(given["on"])
            except ValueError:
                raise ParameterMalformed("on", parameter="on", example=_FORMS["on"][1]) from None
        if "programme" in given and given["programme"] not in self._programmes:
            raise ProgrammeUnknown("programme", programme=given["programme"])
        return dict(sorted(given.items()))

    def _scope(
        self, report: Report, parameters: Mapping[str, str], upto: int, at: datetime | None = None
    ) -> Scope:
        month, chosen = parameters.get("month", ""), parameters.get("programme", "")
        months = tuple(
            (programme.id, one)
            for programme in self._programmes.values()
            for one in programme.months()
            if chosen in ("", programme.id) and month in ("", one)
        )
        if not months and not report.calendar:
            raise MonthWithoutProgramme("month", month=month)
        first = end = ""
        if on := parameters.get("on", ""):
            day = date.fromisoformat(on)
            first, end = (day_start(one).isoformat() for one in (day, day + timedelta(days=1)))
        elif month and report.calendar:
            day = date.fromisoformat(f"{month}-01")
            after = (day + timedelta(days=31)).replace(day=1)
            first, end = (day_start(one).isoformat() for one in (day, after))
        shop, region = parameters.get("shop", ""), parameters.get("region", "")
        scope = Scope(upto, months, on, first, end, shop, region, "" if at is None else at.isoformat())
        if not report.calendar or self._services is None:
            return scope
        last = (local_day(at) if at is not None else FIRST_DAY) + timedelta(days=366)
        return scope._replace(
            appeals=appeal_services(self._services.files),
            working_days=tuple(working_days(self._services.days_off, FIRST_DAY, last)),
        )

    @contextmanager
    def _held(
        self, reports: Iterable[Report], as_of: str
    ) -> Iterator[tuple[Connection, int, datetime | None]]:
        """A snapshot in which the views hold what is asked for, the position, and when its last event was recorded.

        What was recorded just now is waited for a moment: views follow the log. Raises AsOfAhead, LogDamaged.
        """
        until = time.monotonic() + FOLLOWING_SECONDS
        while True:
            with self._snapshots.one() as connection:
                try:
                    upto, recorded_at = self._position(connection, reports, as_of)
                except psycopg2.DataError:
                    raise LogDamaged("as_of") from None
                except _OnItsWay as ahead:
                    if time.monotonic() > until:
                        raise AsOfAhead("as_of", position=ahead.held) from None
                else:
                    yield connection, upto, recorded_at
                    return
            time.sleep(0.05)

    def _position(
        self, connection: Connection, reports: Iterable[Report], as_of: str
    ) -> tuple[int, datetime | None]:
        """The position the answer stands at, and when its last event was recorded. Raises AsOfAhead, _OnItsWay."""
        views = sorted({view for report in reports for section in report.sections for view in section.views})
        with connection.cursor() as cursor:
            places = ", ".join(everything_upto(f"'{view}'") for view in views)
            cursor.execute(f"SELECT least({places})")
            held = int(cast(tuple[Any], cursor.fetchone())[0] or 0)
            upto = held if not as_of else self._asked(cursor, as_of)
            if upto > held:
                cursor.execute(
                    "SELECT FROM azyq_log.azyq_events WHERE notification_id >= %s LIMIT 1", (upto,)
                )
                raise _OnItsWay(held) if cursor.rowcount else AsOfAhead("as_of", position=held)
            cursor.execute(
                "SELECT convert_from(state, 'UTF8')::json ->> 'timestamp' FROM azyq_log.azyq_events"
                " WHERE notification_id <= %s ORDER BY notification_id DESC LIMIT 1",
                (upto,),
            )
            row = cursor.fetchone()
        return upto, None if row is None else datetime.fromisoformat(row[0]).astimezone(ALMATY)

    def _asked(self, cursor: Any, as_of: str) -> int:
        """The log position that `as_of` means: itself, or where the log stood at a time."""
        return int(as_of) if as_of.isdigit() else self._times.position(cursor, time_of(as_of))


def appeal_services(services: Services) -> tuple[AppealService, ...]:
    """The versions of services whose cases are appeals (R30)."""
    return tuple(
        AppealService(one.service.id, one.service.version, fields.topic, fields.shop, fields.region)
        for one in services
        if (fields := one.service.appeals) is not None
    )


def find_report(name: str) -> Report:
    """The report of this name. Raises ReportUnknown."""
    try:
        return REPORTS[name]
    except KeyError:
        raise ReportUnknown("name", name=name[:40], names=", ".join(sorted(REPORTS))) from None


def time_of(as_of: str) -> datetime:
    """The time that an `as_of` without a position names. Raises ParameterMalformed."""
    _check("as_of", as_of)
    try:
        return time_written(as_of)
    except ValueError:
        raise ParameterMalformed("as_of", parameter="as_of", example=_FORMS["as_of"][1]) from None


def _check(name: str, value: str) -> None:
    form, example = _FORMS[name]
    if not re.fullmatch(form, value, re.ASCII):
        raise ParameterMalformed(name, parameter=name, example=example)


def _rows_of_shops(tables: Iterable[Table]) -> bool:
    return any(
        table.rows and "shop" in (column.id for column in table.section.columns[: table.section.keys])
        for table in tables
    )


def _known_shop(connection: Connection, shop: str) -> None:
    """Raise ShopUnknown for a shop that never joined."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM azyq_views.shops WHERE shop = %s", (shop,))
        if not cursor.rowcount:
            raise ShopUnknown("shop", shop=shop)


def _settled(connection: Connection, upto: int) -> bool:
    """Whether the view of the families has nothing that is later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + nothing_after("'families'") + " <= %s", (upto,))
        (found,) = cursor.fetchone() or (False,)
    return bool(found)


def _read(connection: Connection, sections: Sequence[Section], scope: Scope) -> list[Table]:
    """The sections' rows; what several are cut from is read once. Raises ViewMissing until an upgrade's rebuild is done."""
    values, found, tables = scope.values(), dict[str, list[Cells]](), []
    with connection.cursor() as cursor:
        for section in sections:
            if section.sql not in found:
                try:
                    cursor.execute(section.sql, values)
                except psycopg2.errors.UndefinedColumn as error:  # an upgrade's, until the view is rebuilt
                    wanted = ", ".join(section.views)
                    raise ViewMissing(
                        f"one of {wanted} is of another version: azyq status names it, azyq rebuild VIEW makes it anew"
                    ) from error
                found[section.sql] = cursor.fetchall()
            read = found[section.sql]
            rows = read if section.cut is None else section.cut.rows(read)
            tables.append(Table(section, [_cells(section, row) for row in rows]))
    return tables


def _cells(section: Section, row: Sequence[Any]) -> Cells:
    """Whole numbers as int, quantities as exact decimals of the column's places or without empty ones, None where there is
    nothing to tell."""
    return tuple(
        _quantity(value, column.places)
        if column.kind == "quantity" and value is not None
        else int(value)
        if isinstance(value, Decimal)
        else value
        for column, value in zip(section.columns, row, strict=True)
    )


def _quantity(value: Any, places: int | None) -> Decimal:
    if places is not None:
        return Decimal(value).quantize(Decimal(1).scaleb(-places))
    found = Decimal(value).normalize()
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def _events(connection: Connection, upto: int) -> Iterator[Recorded]:
    with connection.cursor(name="azyq_report") as cursor:
        cursor.itersize = 5000
        cursor.execute(
            "SELECT notification_id, originator_id::text, originator_version, topic, state"
            " FROM azyq_log.azyq_events WHERE notification_id <= %s"
            " AND (SELECT bool_or(topic ^@ prefix) FROM unnest(%s::text[]) prefix) ORDER BY notification_id",
            (upto, list(_LEDGER_TOPICS)),
        )
        for row in cursor:
            event = read_event(Raw._make(row))
            if isinstance(event, Recorded):
                yield event
