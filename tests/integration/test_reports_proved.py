"""Every report from the views equals the same report from the log, at any position of random months (O3.2, R29)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.serving import Counted, Measurement
from domain.trade.shop import Loan, Shop, ShopFacts
from domain.trade.shop_refusals import ShopUnknown
from infra.postgres.connect import connect
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.reporting.refusals import AsOfAhead, ParameterForeign, ParameterMalformed, ReportUnknown
from infra.reporting.running import Answer, Reports, Request
from projections.all_views import VIEWS
from projections.reports.all_reports import REPORTS
from projections.reports.report import Scope
from streams.feed import Feed
from tests.conftest import new_database
from tests.integration.complaints import SERVICES, random_complaints
from tests.integration.test_audit import GOODS, PROGRAMMES
from tests.months import random_month, save_month

MONTHS = (("akkol-2025", "2025-07", 11), ("akkol-2025", "2025-08", 12), ("tsa-2026", "2026-02", 13))
REGIONS = {"2025-08": ("113220100", "113220500"), "2026-02": ("111010000", "113220100", "551010000")}
NOW = datetime(2026, 3, 1, tzinfo=ALMATY)
SAME_TIME = (("15T12:00:00", "+05:00"), ("16T06:59:00", "+23:59"), ("14T07:01:00", "-23:59"))


@pytest.fixture(scope="module")
def told(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    with new_database(postgres_dsn, migrated_template) as dsn:
        log = PostgresLog(dsn)
        for programme, month, seed in MONTHS:
            facts = PROGRAMMES[programme].month(month)
            goods = facts.programme.catalogue(GOODS).on(facts.valid_from)
            save_month(log, random_month(seed, 70, facts, goods, regions=REGIONS.get(month, ())))
        asked = list(random_complaints(random.Random(6)))
        log.save(*asked[:20])  # before the shops they name take part
        for shop in shops_with_loans(random.Random(5)):
            log.save(shop)
        for case in asked[20:]:
            log.save(case)
        log.save(*measurements(random.Random(7)))
        log.close()
        reader, store = LogReader(dsn), ViewStore(dsn)
        Feed(reader, store, VIEWS).catch_up()
        reader.close()
        store.close()
        yield dsn


@pytest.fixture
def reports(told: str) -> Reports:
    return Reports(told, PROGRAMMES, SERVICES)


def measurements(rng: random.Random) -> Iterator[Measurement]:
    """Two processes on every day of the months, whose spans overlap, leave gaps and cross midnight."""
    for process in ("ab12", "cd34"):
        number = 0
        for month in ("2025-07", "2025-08", "2026-02"):
            at = datetime.fromisoformat(f"{month}-01T00:00:00+05:00")
            while f"{at:%Y-%m}" == month:
                number += 1
                until = at + timedelta(seconds=rng.randrange(1, 30_000), microseconds=rng.randrange(10**6))
                yield Measurement.of(
                    process=process,
                    number=number,
                    from_at=at,
                    upto_at=until,
                    counted=counted(rng),
                    parked=number % 3,
                )
                at = until + timedelta(seconds=rng.choice((0, 0, 7_000)))


def counted(rng: random.Random) -> Counted:
    """What a process may have counted; some refusals at shops that nobody knows, and some without a shop."""
    codes = rng.sample(("over_cap", "code_expired", "shop_closed"), 2)
    shops = {f"{rng.randrange(8):032x}": {code: rng.randrange(1, 5) for code in codes} for _ in range(3)}
    every = Counter({"key_missing": rng.randrange(3)})
    for times in shops.values():
        every.update(times)
    kinds = rng.sample(("counter", "wallet", "operators"), 2)
    latency = {kind: [rng.randrange(4) for _ in range(rng.randrange(24))] for kind in kinds}
    return Counted(latency, {kind: (0, min(1, sum(steps))) for kind, steps in latency.items()}, +every, shops)


def shops_with_loans(rng: random.Random) -> Iterator[Shop]:
    """Shops that were renamed, closed, opened; loans taken and repaid; conditions broken and mended."""
    for number in range(6):
        facts = ShopFacts(f"Дүкен {number}", "120240000013", "", "113220100", "Абая, 1", "2020-01-01")
        shop = Shop.join(f"{number:032x}", facts, day(1))
        if rng.random() < 0.7:
            shop.record_loan(Loan("ОК-1", "2026-07-01"), day(1))
            shop.check_assortment(rng.sample(range(1, 20), 3), "166-NQ-2023", date(2025, 7, 3), day(3))
            if rng.random() < 0.5:
                shop.check_assortment([], "166-NQ-2023", date(2025, 7, 4), day(4))
            if rng.random() < 0.5:
                shop.end_loan("repaid", day(5))
        if rng.random() < 0.5:
            shop.change(facts._replace(name=f"=Shop {number}"), day(6))
        shop.close("repairs", day(7))
        if rng.random() < 0.5:
            shop.open(day(8))
        yield shop


def day(number: int) -> datetime:
    return datetime(2025, 7, number, 12, tzinfo=ALMATY)


def rows(answer: Answer) -> dict[str, list[Any]]:
    return {table.section.id: sorted(table.rows, key=repr) for table in answer.tables}


def query(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def asked(name: str, told: str, rng: random.Random) -> list[dict[str, str]]:
    """What a report can be asked for, with values that occur and one that does not."""
    found: list[dict[str, str]] = []
    sold = "SELECT DISTINCT shop FROM azyq_views.purchases JOIN azyq_views.shops USING (shop) ORDER BY 1"
    shops = [row[0] for row in query(told, sold)]
    days = [
        row[0]
        for row in query(
            told,
            "SELECT DISTINCT to_char(bought_at AT TIME ZONE 'Asia/Almaty', 'YYYY-MM-DD') FROM azyq_views.purchases",
        )
    ]
    parameters = REPORTS[name].parameters
    for _, month, _ in MONTHS:
        one = {"month": month} if "month" in parameters else {"on": rng.choice(days)}
        found.append(one)
        if "shop" in parameters:
            found.append({**one, "shop": rng.choice(shops)})
        if "region" in parameters:
            found += [{**one, "region": region} for region in ("1", "11", "1132", "55", "99")]
    return found


def turning_points(told: str, rng: random.Random) -> list[int]:
    """The beginning and the end of the log, and some events that figures turn on, with what was before."""
    places: dict[str, list[int]] = {}
    for topic, position in query(
        told,
        "SELECT topic, notification_id FROM azyq_log.azyq_events"
        " WHERE topic ~ '^(family|voucher|sms|shop|serving)[.]|^case.(opened|closed)' ORDER BY 2",
    ):
        places.setdefault(topic, []).append(position)
    chosen = rng.sample([rng.choice(found) for found in places.values()], 8)
    chosen += [
        rng.choice(places[topic])
        for topic in ("case.opened", "case.closed", "family.rated", "serving.measured")
    ]
    head = query(told, "SELECT max(notification_id) FROM azyq_log.azyq_events")[0][0]
    return [0, head, *chosen, *(position - 1 for position in chosen)]


@pytest.mark.parametrize("name", REPORTS)
def test_the_views_and_the_log_agree_at_every_position(told: str, reports: Reports, name: str) -> None:
    rng = random.Random(name)
    positions = turning_points(told, rng)
    seen = 0
    for parameters in asked(name, told, rng):
        for position in positions if len(parameters) == 1 else positions[1:4]:
            request = Request(name, parameters, str(position))
            viewed, logged = reports.answer(request, NOW), reports.from_log(request, NOW)
            assert rows(viewed) == rows(logged), (parameters, position)
            assert viewed.log_position == position
            seen += sum(len(table.rows) for table in viewed.tables)
    assert seen > 50


@pytest.mark.parametrize("name", ["daily", "goods", "month", "pilot", "reconciliation"])
def test_the_region_is_where_the_list_says_that_a_family_lives_at_the_position(
    told: str, reports: Reports, name: str
) -> None:
    """By any share of the families that live there: all, some, one that moves, none."""
    changes = "SELECT min(notification_id), max(notification_id) FROM azyq_log.azyq_events WHERE topic = 'family.changed'"
    ((first, last),) = query(told, changes)
    head = query(told, "SELECT max(notification_id) FROM azyq_log.azyq_events")[0][0]
    rows_seen = Counter[str]()
    for month, regions in (("2025-07", ("113220",)), ("2026-02", ("11", "1132", "55", "551010000", "75"))):
        days = query(
            told,
            "SELECT to_char(bought_at AT TIME ZONE 'Asia/Almaty', 'YYYY-MM-DD') FROM azyq_views.purchases"
            f" WHERE month = '{month}' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        )
        base = {"on": days[0][0]} if name == "daily" else {"month": month}
        for region in regions:
            for position in (head, head - 20, last, last - 1, first):
                request = Request(name, {**base, "region": region}, str(position))
                viewed, logged = reports.answer(request, NOW), reports.from_log(request, NOW)
                assert rows(viewed) == rows(logged), (region, position)
                rows_seen[region] += len(viewed.tables[0].rows)
    assert rows_seen["75"] == 0
    assert all(rows_seen[region] for region in ("113220", "11", "1132", "55"))


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_reads_the_log_through(told: str, name: str) -> None:
    """A million events are read in half a second: what a report wants of the log it finds by an index."""
    scope = Scope(
        10**6,
        (("akkol-2025", "2025-07"),),
        on="2025-07-07",
        first="2025-07-07T00:00:00+05:00",
        end="2025-07-08T00:00:00+05:00",
        region="11",
        at="2025-07-09T00:00:00+05:00",
    )
    connection = connect(told, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE azyq_log.azyq_events; SET enable_seqscan = off")
            for section in REPORTS[name].sections:
                cursor.execute("EXPLAIN " + section.sql, scope.values())
                plan = "\n".join(line for (line,) in cursor)
                assert "Seq Scan on azyq_events" not in plan, (section.id, plan)
                assert "azyq_events_notification_id_idx" not in plan, (section.id, plan)
    finally:
        connection.close()


def test_sums_of_the_month_add_up_and_sections_agree(reports: Reports) -> None:
    answer = reports.answer(Request("month", {"month": "2025-07", "programme": "akkol-2025"}), NOW)
    by_id = {table.section.id: table for table in answer.tables}
    (whole,) = by_id["months"].rows
    columns = [column.id for column in by_id["months"].section.columns]
    total = dict(zip(columns, whole, strict=True))
    assert total["issued_tiyn"] > total["spent_tiyn"] > 0
    assert total["issued_tiyn"] == sum(
        total[f"{end}_tiyn"] for end in ("spent", "held", "expired", "cancelled", "available")
    )
    for section in ("regions", "sizes"):
        for place, column in enumerate(columns[2:], start=2):
            assert sum(row[place + 1] for row in by_id[section].rows) == total[column], column


def test_O3_1_a_shops_purchases_are_those_of_which_something_was_kept(told: str, reports: Reports) -> None:
    # given purchases all of whose goods came back
    kept = "SELECT shop, count(*) FILTER (WHERE price_total_tiyn > 0), count(*) FROM azyq_views.purchases"
    found = query(told, f"{kept} WHERE status = 'captured' AND month = '2025-07' GROUP BY shop")
    assert any(some < every for _, some, every in found)
    # then they are in no count, as in the report on goods
    (turnover, _) = reports.answer(Request("shops", {"month": "2025-07"}), NOW).tables
    assert turnover.rows
    told_of = {shop: some for shop, some, _ in found}
    assert {row[0]: row[3] for row in turnover.rows} == {
        row[0]: told_of.get(row[0], 0) for row in turnover.rows
    }


def test_R30_an_average_has_two_places(reports: Reports) -> None:
    request = Request("appeals", {"month": "2025-07"})
    for answer in (reports.answer(request, NOW), reports.from_log(request, NOW)):
        averages = [row[2] for row in answer.tables[1].rows]
        assert averages
        assert {average.as_tuple().exponent for average in averages} == {-2}


def test_as_of_a_time_is_what_was_recorded_before_anything_later(told: str, reports: Reports) -> None:
    before = reports.answer(Request("month", {"month": "2025-07"}, "2025-07-05T00:00:00+05:00"), NOW)
    assert before.recorded_at is not None
    assert before.recorded_at <= datetime(2025, 7, 5, tzinfo=ALMATY)
    later = query(
        told,
        "SELECT convert_from(state, 'UTF8')::json ->> 'timestamp' FROM azyq_log.azyq_events"
        f" WHERE notification_id = {before.log_position + 1}",
    )
    assert datetime.fromisoformat(later[0][0]) > datetime(2025, 7, 5, tzinfo=ALMATY)
    assert reports.answer(
        Request("month", {"month": "2025-07"}, "2000-01-01T00:00:00Z".replace("2000", "2001")), NOW
    )


def test_a_time_may_have_any_offset(reports: Reports) -> None:
    (one,) = {reports.stands(f"2025-07-{day}{offset}")[0] for day, offset in SAME_TIME}
    assert one > 0


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (Request("nothing"), ReportUnknown),
        (Request("'; DROP TABLE azyq_log.azyq_events; --"), ReportUnknown),
        (Request("daily", {"month": "2025-07"}), ParameterForeign),
        (Request("daily", {"sort": "shop"}), ParameterForeign),
        (Request("month", {"month": "2025-13"}), ParameterMalformed),
        (Request("month", {"month": "２０２５-07"}), ParameterMalformed),
        (Request("daily", {"on": "2025-02-30"}), ParameterMalformed),
        (Request("daily", {"on": "2025-07-07", "shop": "' OR 1=1--"}), ParameterMalformed),
        (Request("daily", {"on": "2025-07-07", "shop": "nobodys"}), ShopUnknown),
        (Request("goods", {"month": "2025-07", "region": "11%"}), ParameterMalformed),
        (Request("month", {"month": "2025-07"}, "yesterday"), ParameterMalformed),
        (Request("month", {"month": "2025-07"}, "2025-07-05T25:00:00"), ParameterMalformed),
        (Request("month", {"month": "2025-07"}, "9" * 18), AsOfAhead),
    ],
)
def test_what_a_report_cannot_be_asked_for_is_refused(
    reports: Reports, request_: Request, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        reports.answer(request_, NOW)
