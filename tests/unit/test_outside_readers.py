"""Readers from outside: no small count by any table, any total, any week (A2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, product
from operator import add
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import ALMATY
from infra.reporting.outside import (
    Cell,
    Shown,
    _pilot_cell,
    _rests,
    _small,
    _values,
    equations,
    in_fives,
    release_of,
    releases,
    week_before,
)
from infra.reporting.running import Table
from infra.reporting.small_cells import LEAST, solved
from projections.reports.appeals import APPEALS
from projections.reports.month import MONTH

GROUP = ("tsa-2026", "2026-03")
AMOUNT = 1_000_000
FLOW = ("asked", "consented", "issued", "activated", "spent")


class Family:
    """A family that goes its way week by week."""

    def __init__(self, rng: Random, regions: list[str]) -> None:
        self.region = rng.choice(regions)
        self.size = rng.randint(1, 4)
        self.weeks = {}
        week = rng.randint(0, 3)
        for stage in FLOW:
            self.weeks[stage] = week
            week += rng.choice((0, 0, 1, 2, 9))
        self.share = rng.random()
        self.withdraws = rng.random() < 0.1

    def figures(self, week: int) -> Counter[str]:
        reached = {stage: int(self.weeks[stage] <= week) for stage in FLOW}
        issued = reached["issued"] * self.size * AMOUNT
        withdrawn = self.withdraws * reached["spent"]
        reached["spent"] -= withdrawn
        spent = int(issued * self.share) * reached["spent"]
        cancelled = issued * withdrawn
        told = Counter(
            families=1, members=self.size, vouchers=reached["issued"] * self.size, issued_tiyn=issued
        )
        told.update(reached)
        told.update({"spent_tiyn": spent, "withdrawn": withdrawn, "cancelled_tiyn": cancelled})
        told.update({"available_tiyn": issued - spent - cancelled})
        return told


FEW = 500


def there(families: list[Family], week: int) -> list[Family]:
    return [family for family in families if family.weeks["asked"] <= week]


def tables(families: list[Family], week: int) -> list[Table]:
    """The month report of these families."""
    found = []
    keys: tuple[Callable[[Family], tuple[Any, ...]], ...] = (
        lambda _: (),
        lambda family: (family.region,),
        lambda family: (family.size,),
    )
    for section, key in zip(MONTH.sections, keys, strict=True):
        groups: dict[tuple[Any, ...], Counter[str]] = {}
        for family in there(families, week):
            groups.setdefault(key(family), Counter()).update(family.figures(week))
        columns = [column.id for column in section.columns[section.keys :]]
        rows = [(*GROUP, *name, *(told[c] for c in columns)) for name, told in sorted(groups.items())]
        found.append(Table(section, rows))
    return found


def few_left_over(values: dict[Cell, int], shown: Shown) -> list[tuple[Cell, str]]:
    """Where a stage less a later one, both told as they are, leaves fewer than 5 families."""
    fresh = {cell for cell in values if cell not in shown.hidden | shown.held}
    return [
        (cell, later)
        for cell in fresh
        for later in FLOW
        if cell.column in ("families", *FLOW)
        and (cell.column == "families" or FLOW.index(cell.column) < FLOW.index(later))
        and (other := cell._replace(column=later)) in fresh
        and 0 < values[cell] - values[other] < LEAST
    ]


@given(st.integers(0, 10_000), st.one_of(st.integers(0, 60), st.integers(500, 700)), st.integers(1, 4))
def test_A2_no_sequence_of_tables_gives_a_suppressed_count(seed: int, count: int, regions: int) -> None:
    rng = Random(seed)
    families = [Family(rng, [str(10 + n) for n in range(regions)]) for _ in range(count)]
    shown = Shown({}, frozenset())
    last: dict[Cell, int] = {}
    for week in range(6):
        told = tables(families, week)
        values = _values(told, GROUP)
        shown = release_of(told, GROUP, shown)
        seen = {cell: shown.values[cell] for cell in values if cell not in shown.hidden}
        counts = {cell: value for cell, value in seen.items() if not cell.column.endswith("_tiyn")}
        # what is shown is as it is, but for what is held
        assert all(value == values[cell] for cell, value in seen.items() if cell not in shown.held)
        # no table shows a small count
        assert not [cell for cell, value in counts.items() if 0 < value < LEAST]
        # none is what totals and parts, sums and sizes leave over
        small = {cell for cell, v in values.items() if 0 < v < LEAST and not cell.column.endswith("_tiyn")}
        # what was spent in all is no secret: the shops' own figures add up to it
        if len(there(families, week)) < FEW:  # of so few, nothing is told by size
            sizes = {cell for cell in values if cell.section == "sizes"}
            assert sizes <= shown.hidden
            values = {cell: value for cell, value in values.items() if cell not in sizes}
            small -= sizes
        unknown = (shown.hidden | shown.held) - {Cell("months", (), "spent_tiyn")}
        small |= {cell for cell in unknown if cell.column == "cancelled_tiyn" and _small(values, cell)}
        rests = _rests(values)
        unknown_with_rests = unknown | rests.keys()
        left = [
            {c: k for c, k in one.items() if c in unknown_with_rests} for one in equations(values | rests)
        ]
        held = {cell for cell in shown.held if cell.column != "spent_tiyn"}
        assert not solved(left) & (small | held | rests.keys())
        assert not few_left_over(values, shown)
        # nor the difference of two weeks
        assert not [
            cell for cell, value in counts.items() if cell in last and 0 < abs(value - last[cell]) < LEAST
        ]
        last |= counts


ENDS = ("no_number", "refused", "lapsed", "withdrawn", "expired")
ON_THE_WAY = {"withdrawn": ("asked", "consented", "issued"), "expired": ("asked", "consented", "issued")}
LEFT_OVER = {
    "no_number": ("families", "asked"),
    "asked": ("families", "no_number"),
    "lapsed": ("asked", "consented", "refused"),
    "refused": ("asked", "consented", "lapsed"),
    "withdrawn": ("issued", "expired"),
    "expired": ("issued", "withdrawn"),
}


def ended(end: str, size: int) -> Counter[str]:
    """The figures of a family whose month ended so."""
    told = Counter({"families": 1, "members": size, end: 1, "asked": int(end != "no_number")})
    told.update(ON_THE_WAY.get(end, ()))
    if told["issued"]:
        sums = {"withdrawn": "cancelled_tiyn", "expired": "expired_tiyn"}
        told.update({"vouchers": size, "issued_tiyn": size * AMOUNT, sums[end]: size * AMOUNT})
    return told


@pytest.mark.parametrize("seed", range(20))
def test_A2_what_is_left_over_between_two_stages_is_no_small_count(seed: int) -> None:
    rng = Random(seed)
    there = [
        (rng.choice("113"), rng.randint(1, 3), rng.choices(ENDS, (1, 2, 2, 2, 9))[0])
        for _ in range(rng.randint(60, 160))
    ]
    told = []
    for section, place in zip(MONTH.sections, (None, 0, 1), strict=True):
        groups: dict[tuple[Any, ...], Counter[str]] = {}
        for family in there:
            name = () if place is None else (family[place],)
            groups.setdefault(name, Counter()).update(ended(family[2], family[1]))
        columns = [column.id for column in section.columns[section.keys :]]
        rows = [(*GROUP, *name, *(figures[c] for c in columns)) for name, figures in groups.items()]
        told.append(Table(section, rows))
    values = _values(told, GROUP)
    shown = release_of(told, GROUP, Shown({}, frozenset()))
    for cell in shown.hidden:
        whole, *others = LEFT_OVER.get(cell.column, (cell.column,))
        known = [cell._replace(column=name) for name in (whole, *others)]
        left = values[known[0]] - sum(values[one] for one in known[1:])
        assert shown.hidden & set(known) or not 0 < left < LEAST, (cell, left)


@pytest.mark.parametrize(
    ("used", "using", "shown"), [(88, 88, 88), (88, 84, 85), (91, 88, 90), (88, 89, 85), (3, 3, None)]
)
def test_O3_2_no_fewer_vouchers_are_used_than_families_use_them(
    used: int, using: int, shown: int | None
) -> None:
    spent = Cell("months", (), "spent")
    assert _pilot_cell({"used": used}, "used", Shown({spent: using}, frozenset())) == shown


def test_what_is_large_enough_is_shown_as_it_is() -> None:
    rng = Random(1)
    families = [Family(rng, ["11"]) for _ in range(1200)]
    told = tables(families, 60)  # when every family has come as far as it goes
    shown = release_of(told, GROUP, Shown({}, frozenset()))
    assert shown.hidden == frozenset()
    assert shown.values == _values(told, GROUP)


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2026-03-04T12:00", "2026-03-02"),
        ("2026-03-02T00:00", "2026-03-02"),
        ("2026-03-01T23:59", "2026-02-23"),
    ],
)
def test_such_readers_see_the_end_of_a_week(at: str, monday: str) -> None:
    found = week_before(datetime.fromisoformat(at).replace(tzinfo=ALMATY))
    assert found.astimezone(ALMATY) == datetime.fromisoformat(monday).replace(tzinfo=ALMATY)


def test_the_weeks_of_a_month_begin_before_its_list_and_end() -> None:
    last = datetime(2026, 3, 16, tzinfo=ALMATY)
    found = list(releases("2026-03", last))
    assert found[-1] == last
    assert found[0] < datetime(2026, 2, 1, tzinfo=ALMATY)
    assert {later - one for one, later in pairwise(found)} == {timedelta(weeks=1)}
    assert len(list(releases("2026-03", datetime(2030, 1, 1, tzinfo=ALMATY)))) == 25


def stars(*counts: int) -> tuple[Any, ...]:
    """What is shown of a shop with so many ratings of one to five stars."""
    all_, sum_ = sum(counts), sum(n * count for n, count in enumerate(counts, 1))
    row = ("a", all_, (Decimal(sum_) / all_).quantize(Decimal("0.01"), ROUND_HALF_UP), *counts)
    section = next(one for one in APPEALS.sections if one.id == "rated_shops")
    return in_fives(Table(section, [row])).rows[0][1:]


def test_A2_of_ratings_and_complaints_no_small_count_and_none_exactly() -> None:
    assert stars(0, 0, 1, 2, 6) == (5, None, None, None, None, None, 5)
    assert stars(1, 1, 0, 1, 1) == (None,) * 7
    assert stars(2, 0, 11, 37, 81) == (130, Decimal("4.4"), None, None, 10, 35, 80)
    topics = next(one for one in APPEALS.sections if one.id == "topics")
    table = Table(
        topics,
        [
            ("complaint", "price", 23, 14, 3, 9, 0, Decimal("2.5")),
            ("complaint", "label", 9, 5, 0, 4, 0, Decimal(3)),
        ],
    )
    assert in_fives(table).rows == [
        ("complaint", "price", 20, 10, None, 5, None, Decimal("2.5")),
        ("complaint", "label", 5, 5, None, None, None, None),
    ]


ALL_FEW = list(product(range(LEAST), repeat=5))


@pytest.mark.parametrize(
    "fives", [(0, 0, 0, 0, 0), (5, 0, 0, 0, 0), (0, 0, 0, 0, 20), (0, 0, 5, 40, 60), (95, 0, 0, 0, 0)]
)
def test_A2_what_is_told_of_ratings_fits_several_counts_of_each_star(fives: tuple[int, ...]) -> None:
    # given all that there can be of so many fives of each star
    by_shown: dict[tuple[Any, ...], list[tuple[int, ...]]] = {}
    for few in ALL_FEW:
        if any(counts := tuple(map(add, fives, few))):
            by_shown.setdefault(stars(*counts), []).append(counts)
    # then no count of one to four people is the only one that fits what is shown
    for fitting in by_shown.values():
        for star in range(5):
            assert len({counts[star] for counts in fitting}) > 1 or not 0 < fitting[0][star] < LEAST, fitting
