"""Reports for readers of no region's own body (A2): without counts of fewer than 5 people, and without what tells them.

Such a reader sees the republic and each oblast at the end of a week. A count that has changed by fewer than 5 people since
it was last shown is hidden like a small one, and stands there as it was then: neither within a table nor between two does
subtraction tell (docs/adr/0014).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from domain.access_refusals import RegionOfItsOwnBodies
from domain.calendar import ALMATY, day_start, local_day
from infra.reporting.running import Answer, Reports, Request, Table, time_of
from infra.reporting.small_cells import LEAST, Equation, hidden_cells
from projections.reports.appeals import STARS
from projections.reports.report import Cells, Section

WEEKS_BEFORE, WEEKS_AFTER = 5, 20  # of a month: when its list comes, and when nothing happens to it any more
_BEFORE_THE_LOG = datetime(2000, 1, 3, tzinfo=ALMATY)
_KEPT, _KEPT_ANSWERS = 2000, 100
# A sum follows from these people; from how many vouchers, that is the programme's amount.
_OF_PEOPLE = {
    "issued_tiyn": "issued",
    "spent_tiyn": "spent",
    "held_tiyn": "spent",
    "expired_tiyn": "expired",
    "cancelled_tiyn": "withdrawn",
    "available_tiyn": "issued",
}
# Of the families that came so far some went on so: those left over are a count of families too.
_PARTS = {
    "families": (
        *("no_number", "asked", "reminded", "consented", "refused", "lapsed"),
        *("issued", "activated", "spent", "withdrawn", "expired"),
    ),
    "asked": (
        *("reminded", "consented", "refused", "lapsed"),
        *("issued", "activated", "spent", "withdrawn", "expired"),
    ),
    "consented": ("issued", "activated", "spent", "withdrawn", "expired"),
    "issued": ("activated", "spent", "withdrawn", "expired"),
    "activated": ("spent",),
}
# Where nobody is left over of these, everybody may know it: so it goes in the end.
_GONE_ON = (
    ("families", "no_number", "asked"),
    ("asked", "consented", "refused", "lapsed"),
    ("consented", "issued"),
)
_WAYS = (
    *_GONE_ON,
    ("issued", "withdrawn", "expired"),
    *((whole, part) for whole, parts in _PARTS.items() for part in parts if (whole, part) not in _GONE_ON),
)
_BALANCE = ("spent_tiyn", "held_tiyn", "expired_tiyn", "cancelled_tiyn", "available_tiyn")
# The pilot's figures, as the month report has them.
_PILOT = {
    "families": "issued",
    "issued": "vouchers",
    "issued_tiyn": "issued_tiyn",
    "families_using": "spent",
    "used": "spent",
    "used_tiyn": "spent_tiyn",
}
_MANY_RATINGS = 100
# Of so few, families times their sizes are few sums, which tell how many there are of each.
_FEW_FAMILIES = 500
_ONE_PLACE = Decimal("0.1")
Group = tuple[Any, Any]  # programme, month
K = TypeVar("K")
V = TypeVar("V")


class Cell(NamedTuple):
    """A figure of the month report: its table, the key of its row after programme and month, its column."""

    section: str
    row: tuple[Any, ...]
    column: str


Values = dict[Cell, int]
# The shops' own figures, which are no people's, add up to it (`reconciliation`).
_KNOWN = frozenset({Cell("months", (), "spent_tiyn")})


class Shown(NamedTuple):
    """A programme's month as it is shown at a release: the figures as last shown, which are hidden, and which are held,
    that is shown as they were before."""

    values: Values
    hidden: frozenset[Cell]
    held: frozenset[Cell] = frozenset()


class OutsideReports:
    """Answers the requests of readers from outside."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._shown_before: OrderedDict[tuple[Group, datetime], Shown] = OrderedDict()
        self._months: OrderedDict[tuple[str, int], Answer] = OrderedDict()
        self._unchanged: dict[str, list[tuple[int, int]]] = {}
        self._positions: dict[datetime, int] = {}
        self._lock = threading.Lock()  # so that a month's releases are read once, however many ask

    def answer(self, request: Request, now: datetime) -> Answer:
        """The report at the end of the last week before `now`, or before the `as_of` of the request.

        Raises RegionOfItsOwnBodies for one region's, and what reports are refused for.
        """
        if request.parameters.get("region"):
            raise RegionOfItsOwnBodies("region")
        at = now
        if request.as_of:
            # A week that is not over has no end yet; before the first event nothing was known.
            at = min(self._known_at(request.as_of) or _BEFORE_THE_LOG, now)
        release = week_before(at)
        position = self._position(release)
        found = self._reports.answer(replace(request, as_of=str(position)), now)
        if found.report.id == "appeals":
            return replace(found, tables=[in_fives(table) for table in found.tables])
        if found.report.id not in ("month", "pilot"):
            return found
        protected = found.report.id == "month"
        tables = [
            self._protected(table, release, now) if protected or table.section.id == "vouchers" else table
            for table in found.tables
        ]
        return replace(found, tables=tables)

    def _protected(self, table: Table, release: datetime, now: datetime) -> Table:
        months = {(row[0], row[1]) for row in table.rows}
        shown = {group: self._shown(group, release, now) for group in months}
        columns = [column.id for column in table.section.columns]
        rows = [
            _month_row(table.section, columns, row, shown[row[0], row[1]])
            if table.section.id != "vouchers"
            else _pilot_row(table.section, columns, row, shown[row[0], row[1]])
            for row in table.rows
        ]
        return replace(table, rows=rows)

    def _shown(self, group: Group, release: datetime, now: datetime) -> Shown:
        with self._lock:
            shown = Shown({}, frozenset())
            for one in releases(group[1], release):
                found = self._shown_before.get((group, one))
                if found is None:
                    answer = self._month(group[1], self._position(one), now)
                    found = release_of(answer.tables, group, shown)
                    _keep(self._shown_before, (group, one), found, _KEPT)
                shown = found
            return shown

    def _month(self, month: str, position: int, now: datetime) -> Answer:
        """The month report at the position, or at an earlier one since which nothing happened to its families."""
        request = Request("month", {"month": month})
        known = self._unchanged.setdefault(month, [])
        if not known or known[-1][1] < position:
            known.append(self._reports.unchanged(request, now))
        same = next((first for first, last in known if first <= position <= last), position)
        found = self._months.get((month, same))
        if found is None:
            found = self._reports.answer(replace(request, as_of=str(same)), now)
            _keep(self._months, (month, same), found, _KEPT_ANSWERS)
        return found

    def _known_at(self, as_of: str) -> datetime | None:
        return self._reports.stands(as_of)[1] if as_of.isdigit() else time_of(as_of)

    def _position(self, release: datetime) -> int:
        found = self._positions.get(release)
        if found is None:
            found = self._positions[release] = self._reports.stands(release.isoformat())[0]
        return found


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)


def in_fives(table: Table) -> Table:
    """Counts to the nearest five below, and none of fewer than 5, be it of nobody: no total and no week tells one exactly.

    What follows from a count is withheld with it. The average of ratings would tell how many gave which: it is made of the
    counts as they are told, each taken in the middle of what it may be, has one place, and is told of 100 ratings or more.
    """
    columns = [column.id for column in table.section.columns]
    keys = table.section.keys

    def row(cells: Cells) -> Cells:
        given = dict(zip(columns, cells, strict=True))
        told = {column: _five(given, column) for column in columns[keys:]}
        if "average" in told:
            told["average"] = _average({n: told[f"stars_{n}"] for n in STARS})
        return cells[:keys] + tuple(told.values())

    return replace(table, rows=[row(cells) for cells in table.rows])


def _five(given: Mapping[str, Any], column: str) -> Any:
    value = given[column]
    if column == "average":
        return None
    if column == "median_days":
        return None if value is None or given["closed"] < LEAST else value.quantize(_ONE_PLACE, ROUND_HALF_UP)
    if column == "ratings" and all(given[f"stars_{n}"] % LEAST == LEAST - 1 for n in STARS):
        value -= LEAST  # no more could be in any of them, so that the total would tell each
    return None if value < LEAST else value // LEAST * LEAST


def _average(told: Mapping[int, int | None]) -> Decimal | None:
    """Of stars, by how many are told of each."""
    if sum(count or 0 for count in told.values()) < _MANY_RATINGS:
        return None
    middle = {n: (count or 0) + LEAST // 2 for n, count in told.items()}
    stars = Decimal(sum(n * count for n, count in middle.items()))
    return (stars / sum(middle.values())).quantize(_ONE_PLACE, ROUND_HALF_UP)


def week_before(at: datetime) -> datetime:
    """The last Monday's midnight in Kazakhstan by `at`."""
    day = local_day(at)
    return day_start(day - timedelta(days=day.weekday()))


def releases(month: str, last: datetime) -> Iterator[datetime]:
    """The ends of weeks up to `last` in which something can happen to a programme's month."""
    middle = week_before(day_start(local_day(datetime.fromisoformat(f"{month}-01T12:00:00+05:00"))))
    for weeks in range(-WEEKS_BEFORE, WEEKS_AFTER):
        one = week_before(middle + timedelta(weeks=weeks, hours=12))
        if one > last:
            return
        yield one


def release_of(tables: Sequence[Table], group: Group, before: Shown) -> Shown:
    """The month report's figures of a programme's month at one more release, after those shown `before`."""
    values, sizes = _values(tables, group), set[Cell]()
    if values.get(Cell("months", (), "families"), 0) < _FEW_FAMILIES:
        sizes = {cell for cell in values if cell.section == "sizes"}
        values = {cell: value for cell, value in values.items() if cell not in sizes}
    small = {cell for cell in values if _small(values, cell)}
    moves = {cell: value - before.values[cell] for cell, value in values.items() if cell in before.values}
    moved = {cell for cell in moves if 0 < abs(moves.get(_people_of(cell), 0)) < LEAST} - small - _KNOWN
    rests = _rests(values)
    hidden = hidden_cells(
        values | rests,
        small | moved | rests.keys(),
        equations(values | rests),
        _KNOWN,
        moves,
        _bounds(values),
    )
    held = moved & hidden
    shown = {cell: value for cell, value in values.items() if cell not in hidden}
    # A figure that is hidden now was shown at times: what it was then is compared with what it will be.
    return Shown({**before.values, **shown}, frozenset(hidden - held - rests.keys() | sizes), frozenset(held))


def _people_of(cell: Cell) -> Cell:
    """The count of people that a sum is of; a count itself."""
    return cell._replace(column=_OF_PEOPLE.get(cell.column, cell.column))


def _rests(values: Values) -> Values:
    """What is left over of families that went on, where it is fewer than 5: shown nowhere, and not to be worked out."""
    found: Values = {}
    for section, row in {(cell.section, cell.row) for cell in values}:
        for way in _WAYS:
            whole, *parts = (values.get(Cell(section, row, name)) for name in way)
            if whole is not None and None not in parts:
                left = whole - sum(part or 0 for part in parts)
                if 0 < left < LEAST:
                    found[_rest(section, row, way)] = left
    return found


def _rest(section: str, row: tuple[Any, ...], way: Sequence[str]) -> Cell:
    return Cell(section, row, "-".join(way))


def _values(tables: Sequence[Table], group: Group) -> Values:
    found: Values = {}
    for table in tables:
        keys = table.section.keys
        for row in table.rows:
            if (row[0], row[1]) == group:
                for column, value in zip(table.section.columns[keys:], row[keys:], strict=True):
                    found[Cell(table.section.id, tuple(row[2:keys]), column.id)] = value
    return found


def _small(values: Values, cell: Cell) -> bool:
    """Whether the figure is of fewer than 5 people, or a sum of theirs."""
    people = values.get(_people_of(cell), 0)
    return 0 < people < LEAST and values[cell] != 0


def equations(values: Values) -> list[Equation[Cell]]:
    """What follows from what, wherever it does: totals and parts, sums and balances, sizes and members, stages with what
    `_rests` has left over between them."""
    one = Fraction(1)
    found: list[dict[Cell, Fraction]] = []
    parts: dict[tuple[str, str], list[Cell]] = {}
    for cell in values:
        if cell.section != "months" and "-" not in cell.column:
            parts.setdefault((cell.section, cell.column), []).append(cell)
    for (_, column), cells in parts.items():
        found.append({Cell("months", (), column): one, **dict.fromkeys(cells, -one)})
    for section, row in {(cell.section, cell.row) for cell in values}:
        at = {name: Cell(section, row, name) for name in ("families", "members", "issued", "vouchers")}
        issued = Cell(section, row, "issued_tiyn")
        found.append({issued: one, **{Cell(section, row, name): -one for name in _BALANCE}})
        for way in _WAYS:
            if _rest(section, row, way) in values:
                found.append(_left_over(section, row, way))
            elif way in _GONE_ON:
                found.append(
                    {Cell(section, row, name): -one for name in way[1:]} | {Cell(section, row, way[0]): one}
                )
        if values.get(at["vouchers"]):
            found.append({issued: one, at["vouchers"]: -Fraction(values[issued], values[at["vouchers"]])})
        if section == "sizes":
            found.append({at["members"]: one, at["families"]: -Fraction(row[0])})
            found.append({at["vouchers"]: one, at["issued"]: -Fraction(row[0])})
    return [
        equation
        for equation in found
        if all(cell in values for cell in equation)
        and sum(values[cell] * k for cell, k in equation.items()) == 0
    ]


def _left_over(section: str, row: tuple[Any, ...], way: Sequence[str]) -> dict[Cell, Fraction]:
    """Of those who came so far some went on, the rest did not."""
    parts = dict.fromkeys((Cell(section, row, name) for name in way[1:]), Fraction(-1))
    return {Cell(section, row, way[0]): Fraction(1), **parts, _rest(section, row, way): Fraction(-1)}


def _bounds(values: Values) -> Sequence[Equation[Cell]]:
    """What everybody knows besides: who is left over is nobody or some, in each row and in all."""
    one = Fraction(1)
    rows = {(cell.section, cell.row) for cell in values}
    found: list[dict[Cell, Fraction]] = []
    for way in _WAYS:
        there = [
            (section, row) for section, row in rows if all(Cell(section, row, name) in values for name in way)
        ]
        found += [_left_over(section, row, way) for section, row in there]
        for section in {section for section, _ in there} - {"months"}:
            parts = [_rest(section, row, way) for of, row in there if of == section]
            found.append({_rest("months", (), way): one, **dict.fromkeys(parts, -one)})
    for section, row in rows:
        at = {name: Cell(section, row, name) for name in ("families", "members", "issued", "vouchers")}
        for whole, part in (("members", "families"), ("vouchers", "issued"), ("members", "vouchers")):
            if at[whole] in values and at[part] in values:
                found.append(_left_over(section, row, (whole, part)))
    return found


def _month_row(section: Section, columns: Sequence[str], row: Cells, shown: Shown) -> Cells:
    keys = section.keys
    return row[:keys] + tuple(
        _cell(shown, Cell(section.id, tuple(row[2:keys]), column)) for column in columns[keys:]
    )


def _pilot_row(section: Section, columns: Sequence[str], row: Cells, shown: Shown) -> Cells:
    keys = section.keys
    told = dict(zip(columns, row, strict=True))
    return row[:keys] + tuple(_pilot_cell(told, column, shown) for column in columns[keys:])


def _pilot_cell(told: Mapping[str, Any], column: str, shown: Shown) -> Any:
    same = Cell("months", (), _PILOT[column])
    if column != "used":
        return _cell(shown, same)
    few = 0 < told[column] < LEAST or same in shown.hidden
    if few:
        return None
    # Vouchers used are at least the families using them: shown to the nearest five below, and no fewer than those.
    using, below = shown.values.get(same, 0), told[column] // LEAST * LEAST
    return max(using, below) if using <= told[column] else below


def _cell(shown: Shown, cell: Cell) -> int | None:
    return None if cell in shown.hidden else shown.values.get(cell)
