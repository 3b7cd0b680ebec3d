"""The report `daily` about the service: what a counter refused and how quick it was, from its events (R29, R32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from domain.serving import Counted, Measurement
from domain.trade.shop import Shop, ShopFacts
from infra.measuring import Counts, Measuring
from infra.parts.api import Replies, Watching
from infra.parts.counter.tills import Tills, terminals
from infra.parts.http_face import create_app
from infra.reporting.naming import Naming
from infra.reporting.running import Reports, Request
from tests.integration.counter_in_process import AKKOL_KATO, Till, line, open_vouchers, stock
from tests.integration.month_in_process import Month, Town, a_month

pytestmark = pytest.mark.views_ready

DAY = "2025-07-06"


class Site:
    """A counter whose process measures; the clock is the month's."""

    def __init__(self, month: Month, family: UUID) -> None:
        self.month = month
        self._family = family
        self.counts = Counts()
        self.tills = Tills(month.azyq, self.counts)
        watching = Watching(month.azyq)
        app = create_app(
            Replies(month.azyq, lambda: None), watched=watching, counter=self.tills, counts=self.counts
        )
        self.client = TestClient(app)
        self.measuring = Measuring(self.counts, month.azyq.log, month.clock, watching.parked)

    def code(self) -> str:
        """The family's QR of this moment."""
        return self.tills.qr_keys.sign(self._family, self.month.clock()).text

    def later(self, **passed: float) -> None:
        self.month.clock.now += timedelta(**passed)

    def report(self, section: str, **parameters: str) -> list[dict[str, Any]]:
        azyq = self.month.azyq
        azyq.catch_up_views()
        reports = Reports(azyq.dsn, azyq.programmes, azyq.services)
        request = Request("daily", {"on": DAY, **parameters})
        answer = reports.answer(request, self.month.clock())
        proved = reports.from_log(request, self.month.clock())
        assert [table.rows for table in answer.tables] == [table.rows for table in proved.tables]
        named = Naming(azyq.dsn, azyq.programmes, azyq.goods, azyq.services).named(answer, "ru")
        table = next(one for one in named.tables if one.section.id == section)
        names = [column.id for column in table.section.columns]
        return [dict(zip(names, row, strict=True)) for row in table.rows]


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_month(database, tmp_path, AZYQ_TERMINAL_PER_SECOND=1e6) as month:
        stock(month, {"S001": AKKOL_KATO, "FAR": "751110000"})
        (family,) = open_vouchers(month, Town().households(1, 1))
        month.at(6, 12)
        site = Site(month, family)
        try:
            yield site
        finally:
            assert site.tills.lanes.close()


def till(site: Site, shop: str = "S001") -> Till:
    invited = terminals(site.month.azyq).invite(shop, site.month.clock())
    answer = site.client.post("/v1/terminals/enrol", json={"code": invited.code})
    return Till(site.client, shop, answer.json()["terminal_id"], answer.json()["key"])


def test_R29_refusals_by_code_with_their_sentence_and_by_shop(site: Site) -> None:
    # given: a purchase, one above the cap, a check elsewhere, and somebody without a key
    code = site.code()
    here, far = till(site), till(site, "FAR")
    assert here.buy(code, line(price_tiyn=45_001)).status_code == 422
    assert here.buy(code).status_code == 201
    assert far.check(code).status_code in (403, 422)
    assert site.client.post("/v1/redemptions", json={}).status_code == 401
    site.later(minutes=5)
    assert site.measuring.measure()
    # when
    found = {row["code"]: row for row in site.report("refusals")}
    # then
    assert {code: row["refusals"] for code, row in found.items()}["key_missing"] == 1
    assert len(found) == 3
    assert all(row["sentence"] for row in found.values())
    assert found["key_missing"]["sentence"].startswith("Нужен ключ терминала")
    by_shop = {(row["shop"], row["code"]): row["refusals"] for row in site.report("refusals_by_shop")}
    assert by_shop[("", "key_missing")] == 1
    assert {shop for shop, _ in by_shop} == {"", "S001", "FAR"}
    # and a region's reader sees the refusals of its shops
    assert {row["shop"] for row in site.report("refusals_by_shop", region="11")} == {"S001"}
    assert len(site.report("refusals", region="75")) == 1
    assert site.report("refusals", shop="S001", region="75") == []


def test_R32_uptime_latency_and_errors_of_the_day(site: Site) -> None:
    code = site.code()
    assert till(site).check(code).status_code == 200
    site.later(minutes=10)
    site.measuring.measure()
    # a process that began at noon, and a day that is over half an hour past it
    site.later(minutes=20)
    other = Measuring(Counts(), site.month.azyq.log, site.month.clock, lambda: 2)
    site.later(minutes=10)
    other.measure()
    (day,) = site.report("service")
    assert (day["up_seconds"], day["processes"], day["parked"]) == (1200, 2, 2)
    assert day["up_percent"] == round(Decimal(1200 * 100) / (12 * 3600 + 40 * 60), 2)
    assert (day["requests"], day["failed"]) == (2, 0)
    (counter,) = [row for row in site.report("requests") if row["kind"] == "counter"]
    assert counter["kind_name"] == "касса"
    assert 0 < counter["p50_ms"] <= counter["p99_ms"] <= 60_000
    assert site.report("service", on="2025-07-07") == []


def measured(site: Site, process: str, number: int, since: str, minutes: float) -> None:
    """A process that was at work from `since`, and told so at the end."""
    at = datetime.fromisoformat(f"{since}+05:00")
    upto = at + timedelta(minutes=minutes)
    counted = Counted({"counter": [1]}, {}, {}, {})
    one = Measurement.of(
        process=process, number=number, from_at=at, upto_at=upto, counted=counted, parked=number
    )
    site.month.azyq.log.save(one)


def happens(site: Site) -> None:
    """Any event, at the clock's time."""
    at = site.month.clock()
    facts = ShopFacts("Дүкен", "120240000013", "", AKKOL_KATO, "Абая, 1", "2025-01-01")
    site.month.azyq.log.save(Shop.join(f"{at:%H%M%S}", facts, at))


def test_R32_the_minutes_since_the_last_measurement_are_not_down(site: Site) -> None:
    # given a process that never stopped, measured each fifth minute, and an event that follows at once or later
    site.month.clock.now = datetime.fromisoformat("2025-07-08T00:10:00+05:00")
    measured(site, "ab12", 1, "2025-07-08T00:00:00", 5)
    measured(site, "ab12", 2, "2025-07-08T00:05:00", 5)
    for seconds, share in ((4, 100), (294, 100), (299, 100), (60, Decimal("47.73"))):
        site.later(seconds=seconds)
        happens(site)
        (day,) = site.report("service", on="2025-07-08")
        # then it is down only when it should have been told of, and was not
        assert (day["up_seconds"], day["up_percent"]) == (600, share), seconds


def test_R32_a_span_across_midnight_counts_to_each_day_its_part(site: Site) -> None:
    for number in range(5):
        measured(site, "ab12", number, f"2025-07-08T23:{40 + 4 * number}:00", 4)
    measured(site, "ab12", 5, "2025-07-09T00:00:00", 3)
    measured(site, "ab12", 6, "2025-07-09T23:57:30", 5)
    (eighth,), (ninth,), (tenth,) = (
        site.report("service", on=f"2025-07-{day}") for day in ("08", "09", "10")
    )
    assert (eighth["up_seconds"], eighth["requests"]) == (1200, 5)
    assert (ninth["up_seconds"], ninth["requests"], ninth["processes"]) == (180 + 150, 2, 1)
    assert (tenth["up_seconds"], tenth["up_percent"], tenth["requests"], tenth["parked"]) == (150, 100, 0, 6)
    assert site.report("service", on="2025-07-11") == []
