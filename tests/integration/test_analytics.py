"""The analysts' pages asked with anything: figures that agree, problems in words, never a 500, nobody without access."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import openpyxl
import psycopg2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.chain import Chain, ChainReader
from infra.parts.access import AnalystAccess
from infra.parts.analytics import FRESH_SECONDS, Analytics
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.reporting.running import Request
from infra.web import pages
from infra.web.analytics.asked import exact_time
from infra.web.analytics.refusals import TimeUnclear
from infra.web.analytics.words import ANALYTICS_WORDS, analytics_words
from projections.reports.all_reports import REPORTS
from tests.browser.analytics_site import AnalyticsSite, analytics_site
from tests.conftest import new_database

HERE = "http://127.0.0.1:8080"
MONTH = "month=2025-07"


@pytest.fixture(scope="module")
def site(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AnalyticsSite]:
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        analytics_site(dsn, tmp_path_factory.mktemp("analytics"), 60) as site,
    ):
        yield site


def asking(
    site: AnalyticsSite, client: tuple[str, int] = ("127.0.0.1", 5000), base: str = HERE
) -> TestClient:
    analytics = Analytics(site.azyq, AnalystAccess(site.azyq))
    app = create_app(Replies(site.azyq, lambda: None), analytics=analytics)
    return TestClient(app, base_url=base, client=client, raise_server_exceptions=False)


@pytest.fixture
def here(site: AnalyticsSite) -> TestClient:
    return asking(site)


def report(site: AnalyticsSite, name: str, section: str, **parameters: str) -> list[dict[str, Any]]:
    analytics = Analytics(site.azyq, AnalystAccess(site.azyq))
    answer = analytics._reports.answer(Request(name, parameters), site.azyq.clock(), [section])
    (table,) = answer.tables
    return [{c.id: v for c, v in zip(table.section.columns, row, strict=True)} for row in table.rows]


def links(text: str) -> list[str]:
    return [href.replace("&amp;", "&") for href in re.findall(r'href="(/analytics[^"]*)"', text)]


def test_O3_2_the_dashboard_shows_the_report_and_where_it_stands(
    site: AnalyticsSite, here: TestClient
) -> None:
    told = here.get(f"/analytics?{MONTH}&lang=en")
    assert told.status_code == 200
    (whole,) = report(site, "month", "months", month="2025-07")
    assert f">{whole['families']}</a>" in told.text
    assert f">{whole['activated']}</a>" in told.text
    position = site.azyq.log_reader.head()
    assert f"Log position: {position:,}".replace(",", " ") in told.text
    assert REPORTS["month"].definition["en"] in unescape(told.text)


def test_every_link_of_the_dashboard_leads_to_a_page(here: TestClient) -> None:
    text = here.get(f"/analytics?{MONTH}&lang=ru&compare=2025-07-10").text
    found = set(links(text))
    assert len(found) > 40
    for link in found:
        assert here.get(link).status_code == 200, link


@pytest.mark.parametrize("name", REPORTS)
def test_every_table_of_every_report_is_shown_sorted_and_downloaded(here: TestClient, name: str) -> None:
    for section in REPORTS[name].sections:
        base = f"/analytics/rows/{name}/{section.id}"
        for column in section.columns:
            for order in ("asc", "desc"):
                told = here.get(f"{base}?{MONTH}&on=2025-07-20&sort={column.id}&order={order}&limit=5")
                assert told.status_code == 200, told.text
        plain = here.get(f"{base}/file?{MONTH}&on=2025-07-20&form=csv")
        own = [column.id for column in section.columns]
        told_by = [one for one in plain.text.splitlines()[0].split(",") if one not in own]
        assert all(one == "sentence" or one == "article" or one.endswith("_name") for one in told_by)
        assert [one for one in plain.text.splitlines()[0].split(",") if one in own] == own
        count = len(plain.text.splitlines()) - 1
        told = here.get(f"{base}/file?{MONTH}&on=2025-07-20&form=json").json()
        assert len(told["sections"][section.id]) == count
        book = here.get(f"{base}/file?{MONTH}&on=2025-07-20&form=xlsx")
        assert "attachment" in book.headers["content-disposition"]
        sheets = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
        assert sheets[0].max_row - 1 == count


def test_the_days_add_up_to_what_was_spent_and_a_day_to_its_rows(
    site: AnalyticsSite, here: TestClient
) -> None:
    (whole,) = report(site, "month", "months", month="2025-07")
    days = report(site, "reconciliation", "days", month="2025-07")
    assert sum(row["to_settle_tiyn"] for row in days) == whole["spent_tiyn"] > 0
    day = days[0]["day"]
    told = here.get(f"/analytics/rows/reconciliation/days/file?{MONTH}&only=day:{day}&form=csv")
    rows = list(csv.DictReader(io.StringIO(told.text)))
    assert {row["day"] for row in rows} == {day}
    assert len(rows) == sum(row["day"] == day for row in days)


def test_rows_come_a_page_at_a_time_in_the_order_asked_for(site: AnalyticsSite, here: TestClient) -> None:
    rows = report(site, "goods", "articles", month="2025-07")
    best = sorted((row["price_total_tiyn"] for row in rows), reverse=True)
    base = f"/analytics/rows/goods/articles?{MONTH}&lang=en&sort=price_total_tiyn&order=desc&limit=4"
    first, second = (here.get(f"{base}&page={page}").text for page in (1, 2))
    sums = [tiyn // 100 for tiyn in best[:8]]
    for text, part in ((first, sums[:4]), (second, sums[4:8])):
        assert all(f"{one:,}".replace(",", "\N{NO-BREAK SPACE}") in text for one in part)
    assert "page=2" in first
    assert "page=1" in second


def test_as_of_shows_what_was_known_and_comparing_what_was_added(
    site: AnalyticsSite, here: TestClient
) -> None:
    early = here.get(f"/analytics?{MONTH}&lang=en&as_of=2025-07-10").text
    now = here.get(f"/analytics?{MONTH}&lang=en").text
    assert re.findall(r"Log position: [\d ]+", early) != re.findall(r"Log position: [\d ]+", now)
    (then,) = report(site, "month", "months", month="2025-07")
    compared = here.get(f"/analytics?{MONTH}&lang=en&compare=0").text
    assert f"+{then['families']}<" in compared  # nothing was known at the first position
    changes = here.get(f"/analytics/rows/month/regions?{MONTH}&lang=en&compare=0").text
    assert f"+{then['families']}<" in changes
    head = site.azyq.log_reader.head()
    same = here.get(f"/analytics/rows/month/regions?{MONTH}&lang=en&as_of={head}&compare={head}").text
    assert "Nothing has changed." in same


def panel(text: str, heading: str) -> str:
    """From a heading of the dashboard to the end of its section."""
    return text[text.index(f'<h2 id="{heading}"') :].partition("</section>")[0]


def bars(text: str, label: str) -> list[tuple[str, str, str]]:
    """Label, address and text of each bar of a table."""
    table = text[text.index(f">{label}</caption>") :].partition("</table>")[0]
    found = re.findall(r'<th scope="row">([^<]*).*?<a href="([^"]*)">([^<]*)</a>', table, re.DOTALL)
    return [(name, href.replace("&amp;", "&"), said) for name, href, said in found]


def test_the_largest_turnovers_and_the_hours_lead_to_the_rows_that_make_them(here: TestClient) -> None:
    text = here.get(f"/analytics?{MONTH}&lang=en").text
    hours = re.findall(r"<caption[^>]*>([^<]*by hour)</caption>", text)[0]
    for label in ("With the largest turnover", hours):
        found = [one for one in bars(text, label) if not one[2].startswith("0")]
        assert len(found) > 1
        for name, href, said in found:
            rows = here.get(href).text
            assert "Rows: 1 " in rows, (name, href)
            assert f">{said}</td>" in rows, (name, href)


def test_R2_3_a_position_leads_to_the_articles_of_its_own_list(here: TestClient) -> None:
    text = here.get(f"/analytics?{MONTH}&lang=en").text
    found = bars(text, "Goods by position of the list")
    assert len(found) > 5
    for name, href, said in found:
        rows = here.get(href).text
        foot = rows.partition("<tfoot>")[2] or rows
        assert f">{said}</td>" in foot, (name, href)
        assert f"Only: {name.strip()}" in rows, (name, href)


def test_a_month_without_a_list_shows_what_needs_none(here: TestClient) -> None:
    told = here.get("/analytics?month=2025-09&lang=en").text
    assert "No families are on this month" in told
    assert "Shops with breaches" in panel(told, "shops")
    assert "Complaints received" in panel(told, "appeals")
    assert 'id="funnel"' not in told
    for link in set(links(told)):
        assert here.get(link).status_code == 200, link


@pytest.mark.parametrize("path", ["nothing", "rows", "rows/month", "rows/month/months/more", "é", "sign-out"])
def test_unknown_pages_are_told_of_in_the_readers_language(here: TestClient, path: str) -> None:
    for language in ("kk", "ru", "en"):
        told = here.get(f"/analytics/{path}", headers={"Accept-Language": language})
        assert told.status_code == 404
        assert f'<html lang="{language}">' in told.text
        assert analytics_words(language)("not_there") in unescape(told.text)


@pytest.mark.parametrize("path", ["/analytics", "/analytics/rows/month/regions"])
def test_a_slash_at_the_end_is_no_other_page(here: TestClient, path: str) -> None:
    told = here.get(f"{path}/?{MONTH}&lang=ru", follow_redirects=False)
    assert told.status_code == 307
    assert told.headers["location"] == f"{path}?{MONTH}&lang=ru"
    for elsewhere in ("//evil.example/", "/%0d%0aSet-Cookie:x/", "/..;/", "//"):
        told = here.get(f"/analytics{elsewhere}", follow_redirects=False)
        assert told.status_code in (307, 404)
        assert told.headers.get("location", "/analytics") == "/analytics"


def test_refusals_call_parameters_by_their_labels(here: TestClient) -> None:
    told = unescape(here.get("/analytics?month=2025-13&lang=ru").text)
    assert "«Месяц»" in told
    assert "«month»" not in told
    rows = unescape(here.get(f"/analytics/rows/month/regions?{MONTH}&limit=0&lang=kk").text)
    assert "«Беттегі жол саны»" in rows
    many = unescape(here.get("/analytics?" + "&".join(f"a{n}=1" for n in range(100)) + "&lang=en").text)
    assert "40 at most" in many
    only = unescape(here.get(f"/analytics/rows/month/regions?{MONTH}&only=region&lang=en").text)
    assert "region:…" in only


@pytest.mark.parametrize(
    ("wrong", "label"),
    [("region=Акмола", "Region (KATO)"), ("as_of=yesterday", "As of"), ("limit=0", "Rows a page")],
)
def test_what_else_was_chosen_is_kept_when_one_thing_is_refused(
    here: TestClient, wrong: str, label: str
) -> None:
    page = "/analytics/rows/month/regions" if "limit" in wrong else "/analytics"
    told = here.get(f"{page}?{MONTH}&compare=7&{wrong}&lang=en")
    assert told.status_code == 422
    kept = f"{page}?{MONTH}&compare=7&lang=en"
    assert f'<a href="{kept}">Show without “{label}”</a>' in unescape(told.text)
    assert here.get(kept).status_code == 200


def test_a_time_to_come_is_said_to_be_now(here: TestClient) -> None:
    said = "what is known until now is shown"
    for page in ("/analytics", "/analytics/rows/month/regions"):
        assert said in here.get(f"{page}?{MONTH}&as_of=2030-01-01&lang=en").text
        assert said not in here.get(f"{page}?{MONTH}&as_of=2025-07-20&lang=en").text
        assert said not in here.get(f"{page}?{MONTH}&as_of=7&lang=en").text


def test_parked_items_make_no_warning_of_views_that_are_current(
    site: AnalyticsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ChainReader.read

    def parked(self: ChainReader) -> Chain:
        return read(self)._replace(parked_messages=3)

    monkeypatch.setattr(ChainReader, "read", parked)
    text = asking(site).get(f"/analytics?{MONTH}&lang=en").text
    assert '<p class="well">Every view is at the log' in text
    assert '<p class="warn">Some items are parked: figures may be incomplete.' in text


def test_loans_have_no_total_of_nothing(here: TestClient) -> None:
    assert "<tfoot>" not in here.get(f"/analytics/rows/shops/loans?{MONTH}").text
    assert "<tfoot>" in here.get(f"/analytics/rows/shops/turnover?{MONTH}").text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/analytics?month=2025-13", 422),
        ("/analytics?month=0000-00", 422),
        ("/analytics?month=2099-12", 422),
        ("/analytics?month=２０２５-07", 422),
        ("/analytics?month=' OR 1=1--", 422),
        ("/analytics?programme=nobody", 422),
        ("/analytics?programme=%00", 422),
        (f"/analytics?{MONTH}&region=' OR 1=1--", 422),
        (f"/analytics?{MONTH}&region=11%25", 422),
        (f"/analytics?{MONTH}&on=2025-02-30", 422),
        (f"/analytics?{MONTH}&on=<script>alert(1)</script>", 422),
        (f"/analytics?{MONTH}&as_of=yesterday", 422),
        (f"/analytics?{MONTH}&as_of=2025-07-32", 422),
        (f"/analytics?{MONTH}&as_of=999999999999999999", 422),
        (f"/analytics?{MONTH}&as_of=99999999999999999999999", 422),
        (f"/analytics?{MONTH}&as_of=2025-07-15T12:00:00%2B99:00", 422),
        (f"/analytics?{MONTH}&as_of=5&compare=9", 422),
        (f"/analytics?{MONTH}&{MONTH}", 422),
        (f"/analytics?{MONTH}&sort=families", 422),
        ("/analytics?" + "&".join(f"a{n}=1" for n in range(100)), 422),
        ("/analytics/rows/nothing/here", 404),
        ("/analytics/rows/month/nothing", 404),
        ("/analytics/rows/';DROP TABLE azyq_log.azyq_events;--/x", 404),
        (f"/analytics/rows/month/regions?{MONTH}&sort=iin", 422),
        (f"/analytics/rows/month/regions?{MONTH}&sort=' OR 1=1--", 422),
        (f"/analytics/rows/month/regions?{MONTH}&order=sideways", 422),
        (f"/analytics/rows/month/regions?{MONTH}&limit=1000000000", 422),
        (f"/analytics/rows/month/regions?{MONTH}&limit=0", 422),
        (f"/analytics/rows/month/regions?{MONTH}&limit=-5", 422),
        (f"/analytics/rows/month/regions?{MONTH}&limit=٣", 422),
        (f"/analytics/rows/month/regions?{MONTH}&page=1e9", 422),
        (f"/analytics/rows/month/regions?{MONTH}&only=families:3", 422),
        (f"/analytics/rows/month/regions?{MONTH}&only=;--", 422),
        (f"/analytics/rows/month/regions/file?{MONTH}&form=exe", 422),
        (f"/analytics/rows/month/regions/file?{MONTH}", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(here: TestClient, address: str, status: int) -> None:
    for language in ("kk", "ru", "en"):
        told = here.get(address, headers={"Accept-Language": language})
        assert told.status_code == status, told.text
        assert f'<html lang="{language}">' in told.text
        assert analytics_words(language)("refused") in unescape(told.text)
        assert "<script>alert" not in told.text
        assert "OR 1=1" not in told.text


def test_a_page_beyond_the_last_is_the_last(here: TestClient) -> None:
    told = here.get(f"/analytics/rows/goods/positions?{MONTH}&page=900000&limit=2&lang=en")
    assert told.status_code == 200
    (found,) = set(re.findall(r"Page (\d+ of \d+)", told.text))
    assert len(set(found.split(" of "))) == 1


@pytest.mark.parametrize(
    ("client", "base", "headers"),
    [
        (("203.0.113.9", 5000), HERE, {}),
        (("127.0.0.1", 5000), "http://azyq.example.kz", {}),
        (("127.0.0.1", 5000), HERE, {"X-Forwarded-For": "127.0.0.1"}),
        (("127.0.0.1", 5000), HERE, {"Forwarded": "for=127.0.0.1"}),
        (("127.0.0.1", 5000), HERE, {"Cookie": "azyq_analytics=made-up", "Via": "1.1 proxy"}),
    ],
)
def test_A4_whoever_is_not_at_the_trials_machine_signs_in(
    site: AnalyticsSite, client: tuple[str, int], base: str, headers: dict[str, str]
) -> None:
    http = asking(site, client, base)
    for path in (
        "/analytics",
        "/analytics/rows/month/regions",
        "/analytics/rows/month/regions/file?form=csv",
    ):
        told = http.get(path, headers=headers)
        assert told.status_code == 401
        assert "/analytics/sign-in" in told.text


def test_A4_in_production_nobody_reads_without_a_session(
    site: AnalyticsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.azyq.settings, "env", "production")
    assert asking(site).get(f"/analytics?{MONTH}").status_code == 401


def test_pages_are_kept_by_nobody_and_run_nothing_of_others(here: TestClient) -> None:
    told = here.get(f"/analytics?{MONTH}")
    assert told.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in told.headers["content-security-policy"]
    assert not re.search("style=|<style", told.text)
    assert "&lt;b&gt;Нан" in told.text
    assert "<b>Нан" not in told.text


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("", ""),
        ("1234", "1234"),
        ("2025-07-15", "2025-07-15T23:59:59.999999+05:00"),
        ("2025-07-15 12:00", "2025-07-15T12:00:00+05:00"),
        ("2025-07-15T12:00:30", "2025-07-15T12:00:30+05:00"),
        ("2025-07-15T12:00:00+03:00", "2025-07-15T12:00:00+03:00"),
        ("2025-07-15T12:00:00 05:00", "2025-07-15T12:00:00+05:00"),
        ("2025-07-15T07:00:00Z", "2025-07-15T07:00:00+00:00"),
    ],
)
def test_a_time_is_taken_as_people_write_it(text: str, exact: str) -> None:
    assert exact_time(text, "as_of") == exact


@pytest.mark.parametrize(
    "text", ["x", "2025-7-1", "2025-07-15 25:00", "12 июля", "١٢٣", "2025-07-15T12:00+99:99"]
)
def test_a_time_that_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(TimeUnclear):
        exact_time(text, "as_of")


def test_words_are_there_in_three_languages_with_the_same_placeholders_and_all_are_said() -> None:
    folder = Path(pages.__file__).parent
    said = "".join(
        path.read_text()
        for pattern in ("analytics/*.py", "templates/analytics*.html", "templates/desk_*.html")
        for path in folder.glob(pattern)
        if path.name != "words.py"
    )
    made = ("stage_", "aside_", "status_", "serving_")
    for key, texts in ANALYTICS_WORDS.items():
        assert len({frozenset(re.findall(r"\{\w+\}", text)) for text in texts}) == 1, key
        assert key.startswith(made) or f'"{key}"' in said or f'"{key}_tiyn"' in said, key


def test_figures_that_cannot_be_read_are_said_so_on_the_page(
    site: AnalyticsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise psycopg2.OperationalError("the server went away")

    monkeypatch.setattr(Analytics, "answers", away)
    told = asking(site).get(f"/analytics?{MONTH}&lang=en")
    assert '<section class="refusal"' in told.text
    assert told.text.rstrip().endswith("</html>")
    assert "went away" not in told.text
    rows = asking(site).get(f"/analytics/rows/month/regions?{MONTH}&lang=en")
    assert rows.status_code == 503


NAMES = (
    "programme",
    "month",
    "region",
    "on",
    "as_of",
    "compare",
    "lang",
    "sort",
    "order",
    "page",
    "limit",
    "only",
    "form",
)
LIKELY = (
    "2025-07",
    "akkol-2025",
    "11",
    "113220",
    "2025-07-20",
    "2025-07-20 12:00",
    "7",
    "desc",
    "region",
    "csv",
    "kk",
)
JUNK = st.one_of(st.text(max_size=20), st.from_regex(r"[0-9T:+ -]{1,25}"), st.sampled_from(LIKELY))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.one_of(
        st.just("/analytics"),
        st.builds(
            lambda name, file: f"/analytics/rows/{name}{file}",
            st.sampled_from([f"{r.id}/{s.id}" for r in REPORTS.values() for s in r.sections]),
            st.sampled_from(["", "/file"]),
        ),
        st.text(max_size=20).map(lambda text: f"/analytics/rows/{quote(text)}/x"),
    ),
    query=st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=4),
    cookie=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "DELETE"]),
)
def test_whatever_is_asked_is_answered_in_words(
    here: TestClient, path: str, query: dict[str, str], cookie: str, method: str
) -> None:
    told = here.request(method, f"{path}?{urlencode(query)}", headers={"Cookie": f"azyq_analytics={cookie}"})
    assert told.status_code < 500, (path, query)
    assert "not available" not in told.text


def test_what_stands_now_is_read_once_for_readers_of_the_same_moment(
    site: AnalyticsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ChainReader.read
    reads = []

    def counted(self: ChainReader) -> Chain:
        reads.append(1)
        return read(self)

    monkeypatch.setattr(ChainReader, "read", counted)
    here, begun = asking(site), time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: here.get(f"/analytics?{MONTH}&lang=en"), range(8)))
    assert {one.status_code for one in told} == {200}
    assert len({re.sub(r"as_of=\d+", "", one.text) for one in told}) == 1
    seconds = time.monotonic() - begun
    assert 1 <= len(reads) <= 1 + seconds / FRESH_SECONDS
