"""The month report's figures against the families they are about (O3.2)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.family import FamilyVouchers
from domain.goods import load_goods
from domain.money import line_total_tiyn
from infra.cases.running_services import InstalledServices
from infra.month_report import month_report
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programme, load_programmes
from infra.reporting.naming import Naming
from infra.reporting.running import Reports, Request
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.months import random_month, save_month

ROOT = Path(__file__).parents[2]
MONTH = load_programmes(ROOT / "programmes")["akkol-2025"].month("2025-07")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))


def sold(families: list[FamilyVouchers], price: str) -> int:
    """What was paid for and not brought back, in tiyn."""
    return sum(
        line_total_tiyn(
            line[price], Decimal(line["quantity"]) - Decimal(redemption.returned.get(number, "0"))
        )
        for family in families
        for redemption in family.redemptions.values()
        if redemption.status == "captured"
        for number, line in enumerate(redemption.lines)
    )


def test_O3_2_goods_sold_are_without_holds_voids_and_what_came_back(database: str) -> None:
    # given a month in which some purchases are voided, some held to the end, and some goods come back
    told = random_month(5, 120, MONTH, GOODS.on(MONTH.valid_from))
    families = [a for a in told if isinstance(a, FamilyVouchers)]
    redemptions = [r for family in families for r in family.redemptions.values()]
    assert {r.status for r in redemptions} >= {"captured", "voided"}
    assert any(r.returned for r in redemptions)
    log = PostgresLog(database)
    save_month(log, told)
    log.close()
    reader, store = LogReader(database), ViewStore(database)
    # when
    Feed(reader, store, VIEWS).catch_up()
    sums = month_report(store, MONTH)["sums"]
    reader.close()
    store.close()
    # then
    assert sums["shelf_total_tiyn"] == sold(families, "shelf_price_tiyn") > 0
    assert sums["price_total_tiyn"] == sold(families, "price_tiyn")
    assert sums["spent_tiyn"] == sum(v.spent_tiyn for f in families for v in f.vouchers.values())


def test_O3_2_goods_of_two_programmes_are_not_added_up_where_their_lists_differ(database: str) -> None:
    # given a month of food vouchers and of gas vouchers, whose lists have different goods at the same number
    programmes = load_programmes(ROOT / "programmes")
    log = PostgresLog(database)
    for seed, name in enumerate(("akkol-2025", "gas-2025")):
        month = programmes[name].month("2025-09")
        save_month(log, random_month(seed, 30, month, programmes[name].catalogue(GOODS).on(month.valid_from)))
    log.close()
    reader, store = LogReader(database), ViewStore(database)
    Feed(reader, store, VIEWS).catch_up()
    reader.close()
    store.close()
    naming = Naming(database, programmes, GOODS, InstalledServices(ROOT / "services"))
    now = datetime(2025, 10, 1, tzinfo=ALMATY)
    reports = Reports(database, programmes)
    for request, section in (
        (Request("pilot"), 1),
        (Request("goods", {"month": "2025-09"}), 0),
        (Request("goods", {"month": "2025-09"}), 1),
        (Request("daily", {"on": "2025-09-15"}), 2),
    ):
        # when
        answer = naming.named(reports.answer(request, now), "en")
        # then
        rows = answer.tables[section].rows
        assert {row[0] for row in rows} == {"akkol-2025", "gas-2025"}
        first = {(row[0], row[2]) for row in rows if row[1] == 1}
        assert ("gas-2025", "Natural gas") in first
        assert first <= {("akkol-2025", "Wheat flour, first grade"), ("gas-2025", "Natural gas")}
        from_log = naming.named(reports.from_log(request, now), "en")
        assert answer.tables[section].rows == from_log.tables[section].rows
    reports.close()


@pytest.mark.parametrize("on", ["2025-07", "2025-07-32", "2025-07-1", "2025-07-x"])
def test_what_is_no_day_names_no_position(database: str, on: str) -> None:
    naming = Naming(
        database, load_programmes(ROOT / "programmes"), GOODS, InstalledServices(ROOT / "services")
    )
    assert naming.positions({"on": "2025-07-01"})["akkol-2025", 1]
    assert naming.positions({"on": on}) == {}


def test_R2_3_foods_of_two_lists_are_not_added_up_at_one_position(database: str, tmp_path: Path) -> None:
    # given a programme in which the official list changes
    text = (ROOT / "programmes" / "akkol-2025.toml").read_text("utf-8")
    for old, new in (
        ("akkol-2025", "winter-2025"),
        ("2025-06-26", "2025-12-01"),
        ("2025-09-26", "2026-02-28"),
    ):
        text = text.replace(old, new)
    (tmp_path / "winter-2025.toml").write_text(text, "utf-8")
    winter = load_programme(tmp_path / "winter-2025.toml")
    log, told = PostgresLog(database), []
    for name in ("2025-12", "2026-01"):
        month = winter.month(name)
        goods = GOODS.on(month.valid_from)
        told.append(random_month(3, 40, month, goods, "buys"))
        save_month(log, told[-1])
    log.close()
    reader, store = LogReader(database), ViewStore(database)
    Feed(reader, store, VIEWS).catch_up()
    reader.close()
    store.close()
    sold_then = [_sold_at(11, month) for month in told]
    assert all(sold_then)
    # when
    reports, programmes = Reports(database, {winter.id: winter}), {winter.id: winter}
    answer = reports.answer(Request("pilot"), datetime(2026, 3, 1, tzinfo=ALMATY))
    proved = reports.from_log(Request("pilot"), datetime(2026, 3, 1, tzinfo=ALMATY))
    assert [table.rows for table in answer.tables] == [table.rows for table in proved.tables]
    named = Naming(database, programmes, GOODS, InstalledServices(ROOT / "services")).named(answer, "en")
    goods_sold = named.tables[1]
    # then each food has its own row, with the list that its number is of
    names = [column.id for column in goods_sold.section.columns]
    rows = [dict(zip(names, row, strict=True)) for row in goods_sold.rows]
    lists = [GOODS.on(day) for day in (date(2025, 12, 31), date(2026, 1, 31))]
    assert [
        (row["list"], row["position_name"], row["quantity"]) for row in rows if row["position"] == 11
    ] == sorted(
        (one.version, one.positions[11].names["en"], sold) for one, sold in zip(lists, sold_then, strict=True)
    )
    reports.close()


def _sold_at(position: int, told: list[Any]) -> Decimal:
    """How much was sold of the position, less what came back."""
    lines = [
        (line, Decimal(line["quantity"]) - Decimal(redemption.returned.get(number, "0")))
        for family in told
        if isinstance(family, FamilyVouchers)
        for redemption in family.redemptions.values()
        if redemption.status == "captured"
        for number, line in enumerate(redemption.lines)
    ]
    return sum((kept for line, kept in lines if line["position"] == position), Decimal(0))
