"""The report `appeals`: what recipients rated, what they complained of, and how soon they were answered (R30)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.goods import load_goods
from domain.trade.shop import Shop, ShopFacts
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programmes
from infra.reporting.diff import difference
from infra.reporting.naming import Naming
from infra.reporting.running import Reports, Request
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.integration.complaints import SERVICES, complaint

PROGRAMMES = load_programmes(Path(__file__).parents[2] / "programmes")
GOODS = load_goods((Path(__file__).parents[2] / "goods/goods-list.csv").read_text(encoding="utf-8"))
SHOP = "a" * 32
NOW = datetime(2026, 3, 1, tzinfo=ALMATY)
FRIDAY = datetime(2025, 8, 29, 10, tzinfo=ALMATY)


class Told:
    def __init__(self, dsn: str) -> None:
        self.log = PostgresLog(dsn)
        self._reader, self._store = LogReader(dsn), ViewStore(dsn)
        self._feed = Feed(self._reader, self._store, VIEWS)
        self.reports = Reports(dsn, PROGRAMMES, SERVICES)

    def save(self, *aggregates: Any) -> int:
        self.log.save(*aggregates)
        self._feed.catch_up()
        return self.log.head()

    def section(self, name: str, as_of: str = "", **parameters: str) -> list[dict[str, Any]]:
        answer = self.reports.answer(Request("appeals", parameters, as_of), NOW)
        table = next(one for one in answer.tables if one.section.id == name)
        names = [column.id for column in table.section.columns]
        return [dict(zip(names, row, strict=True)) for row in table.rows]

    def close(self) -> None:
        self.log.close()
        self._reader.close()
        self._store.close()


@pytest.fixture
def told(database: str) -> Iterator[Told]:
    found = Told(database)
    yield found
    found.close()


def facts(
    category: str = "price", region: str = "113220100", shop: str = f"Дүкен ({SHOP})"
) -> dict[str, str]:
    return {"category": category, "region": region, "shop": shop}


def a_shop() -> Shop:
    known = ShopFacts("Дүкен", "120240000013", "", "113220100", "Абая, 1", "2020-01-01")
    return Shop.join(SHOP, known, FRIDAY)


def test_R30_an_answer_is_counted_in_the_offices_working_days(told: Told) -> None:
    # given: Constitution day is a Saturday, so that the Monday after it is off
    told.save(a_shop(), complaint(1, FRIDAY, facts(), "upheld", FRIDAY + timedelta(days=3)))
    (row,) = told.section("complaints")
    assert row["median_days"] == 0
    told.save(complaint(2, FRIDAY, facts("service"), "not_upheld", FRIDAY + timedelta(days=7)))
    (row,) = told.section("complaints")
    assert row["median_days"] == 2  # of none and four
    told.save(
        complaint(3, FRIDAY, facts(), "upheld", FRIDAY + timedelta(days=7)),
        complaint(4, FRIDAY, facts(), "upheld", FRIDAY + timedelta(days=10)),
    )
    (row,) = told.section("complaints")
    assert row["median_days"] == 4  # of none, four, four and five
    told.save(complaint(5, FRIDAY, facts(), "upheld"), complaint(6, FRIDAY, facts()))
    assert [one["median_days"] for one in told.section("endings")] == [Decimal(4), Decimal("2.0")]
    assert (row["service"], row["month"], row["received"], row["closed"]) == ("complaint", "2025-08", 4, 4)


def test_R30_what_is_open_overdue_and_late_as_of_any_position(told: Told) -> None:
    opened = told.save(a_shop(), complaint(1, FRIDAY, facts()))
    late = told.save(complaint(2, FRIDAY, facts("service"), "upheld", FRIDAY + timedelta(days=60)))
    (before,) = told.section("complaints", str(opened))
    assert (before["received"], before["open"], before["overdue"], before["closed"]) == (1, 1, 0, 0)
    assert before["median_days"] is None
    # sixty days on, the first one is still open
    (after,) = told.section("complaints", str(late))
    assert {name: after[name] for name in ("received", "open", "overdue", "closed", "late")} == {
        "received": 2,
        "open": 1,
        "overdue": 1,
        "closed": 1,
        "late": 1,
    }
    (ending,) = told.section("endings")
    assert (ending["ending"], ending["closed"], ending["late"]) == ("upheld", 1, 1)


def test_R30_by_region_shop_and_topic(told: Told) -> None:
    told.save(a_shop())
    told.save(
        complaint(1, FRIDAY, facts()),
        complaint(2, FRIDAY, facts("service", "551010000", "some other place (87011234567)")),
        complaint(3, FRIDAY, facts("service", "113240100", SHOP)),
    )
    assert {row["region"]: row["received"] for row in told.section("regions")} == {"11": 2, "55": 1}
    assert {row["region"]: row["received"] for row in told.section("regions", region="11")} == {"1132": 2}
    # what somebody typed and is no shop's id is told to nobody
    assert {row["shop"]: row["received"] for row in told.section("shops")} == {SHOP: 2, "": 1}
    assert {row["topic"]: row["received"] for row in told.section("topics")} == {"price": 1, "service": 2}
    assert [row["received"] for row in told.section("topics", shop=SHOP)] == [1, 1]
    # a month in which no programme runs is a month all the same
    assert [row["received"] for row in told.section("complaints", month="2025-08")] == [3]
    assert told.section("complaints", month="2025-11") == []


def test_R30_only_cases_of_services_of_appeals_count(told: Told, database: str) -> None:
    told.save(complaint(1, FRIDAY, facts()))
    assert len(told.section("complaints")) == 1
    without = Reports(database, PROGRAMMES).answer(Request("appeals"), NOW)
    assert all(not table.rows for table in without.tables)


def test_R30_what_changed_is_told_as_a_difference(told: Told) -> None:
    opened = told.save(complaint(1, FRIDAY, facts()))
    told.save(complaint(2, FRIDAY, facts("service"), "upheld", FRIDAY))
    earlier = told.reports.answer(Request("appeals", {}, str(opened)), NOW)
    now = told.reports.answer(Request("appeals"), NOW)
    found = {section.id: rows for section, rows in difference(earlier, now).tables}
    assert found["complaints"] == [("complaint", "2025-08", 1, 0, 0, 1, 0, None)]


def test_R30_topics_and_endings_are_named_in_the_readers_language(told: Told, database: str) -> None:
    told.save(a_shop(), complaint(1, FRIDAY, facts(), "upheld", FRIDAY), complaint(2, FRIDAY, facts("label")))
    naming = Naming(database, PROGRAMMES, GOODS, SERVICES)
    answer = told.reports.answer(Request("appeals"), NOW)
    named = {table.section.id: table for table in naming.named(answer, "ru").tables}
    topics = named["topics"]
    assert [column.id for column in topics.section.columns][:4] == [
        "service",
        "service_name",
        "topic",
        "topic_name",
    ]
    assert [row[3] for row in topics.rows] == ["Нет специальной маркировки", "Цена выше льготной"]
    (ending,) = named["endings"].rows
    assert ending[:4] == (
        "complaint",
        "Рассмотрение жалобы по продовольственным ваучерам",
        "upheld",
        "Жалоба удовлетворена",
    )
    (shop,) = named["shops"].rows
    assert shop[:2] == (SHOP, "Дүкен")
    nothing = told.reports.answer(Request("appeals", {}, "0"), NOW)
    changed = naming.named_difference(difference(nothing, answer), "en")
    assert {section.id: rows for section, rows in changed.tables}["topics"][0][:5] == (
        "complaint",
        "Complaint about the food vouchers",
        "label",
        "The special label is missing",
        1,
    )
